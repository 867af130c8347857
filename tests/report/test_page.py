"""The page: one file without a network, well-formed, accessible, deterministic, and true to the result."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from gigawatt.report import page, words
from gigawatt.study.note import Note
from gigawatt.study.result import Result

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def html(result: Result) -> str:
    return page.render(result)


@pytest.fixture(scope="module")
def tree(html: str) -> ElementTree.Element:
    """The page read as XML: every element is closed, every attribute quoted."""
    return ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>\n").replace("&nbsp;", " "))


def test_nothing_comes_from_a_network(html: str, tree: ElementTree.Element) -> None:
    names = {element.tag.removeprefix(SVG) for element in tree.iter()}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "image", "use"}
    assert not [element for element in tree.iter() if element.get("src")]
    assert "url(" not in html
    assert "@import" not in html
    outside = [a for a in tree.iter("a") if not str(a.get("href")).startswith("#")]
    sources = tree.find(".//ol[@class='sources']")
    assert sources is not None
    assert outside == list(sources.iter("a"))


def test_every_chart_has_a_title_and_a_takeaway(tree: ElementTree.Element) -> None:
    figures = list(tree.iter("figure"))
    assert len(figures) >= 11
    for figure in figures:
        charts = list(figure.iter(f"{SVG}svg"))
        assert len(charts) == 1
        title = charts[0].find(f"{SVG}title")
        assert title is not None
        assert title.text
        says = figure.find(".//span[@class='says']")
        assert says is not None
        assert str(says.text).endswith(".")


def test_addresses_are_unique_and_links_lead_somewhere(tree: ElementTree.Element) -> None:
    ids = [str(element.get("id")) for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    named = {name for element in tree.iter() for name in str(element.get("aria-labelledby") or "").split()}
    inner = {str(a.get("href"))[1:] for a in tree.iter("a") if str(a.get("href")).startswith("#")}
    assert named | inner <= set(ids)


def test_tables_are_rectangular_and_headed(tree: ElementTree.Element) -> None:
    for table in tree.iter("table"):
        heads = table.findall("./thead/tr/th")
        assert heads
        for row in table.findall("./tbody/tr"):
            assert len(row) == len(heads)
            assert row[0].get("scope") == "row"


def test_no_figure_is_broken(html: str) -> None:
    words_ = re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)
    assert not re.search(r"\b(nan|inf|None|Undefined)\b", words_)


def test_the_headline_is_on_it(html: str, result: Result) -> None:
    assert page.whole(words.headline(result)) in html
    assert result.scenario.hash in html


def test_the_same_result_gives_the_same_bytes(html: str, result: Result) -> None:
    assert page.render(result) == html
    slower = replace(result, plan=replace(result.plan, wall_s=result.plan.wall_s + 1))
    assert page.render(slower) == html


def test_what_a_person_wrote_is_escaped(result: Result) -> None:
    note = Note(code="x", path="", text='<script>alert("x")</script>')
    html = page.render(replace(result, notes=(note,)))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_result_without_limits_or_worth(result: Result) -> None:
    html = page.render(replace(result, plan=replace(result.plan, worth=(), binds=())))
    assert "Nothing but demand is in the way of this plan." in html
    assert "One more of any limit would be worth nothing to this plan." in html


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("it takes 10 GW and 95 % of 2.5 billion USD", "it takes 10\xa0GW and 95\xa0% of 2.5\xa0billion\xa0USD"),
        ("in 2030 the plan", "in 2030 the plan"),
    ],
)
def test_figures_stay_with_their_units(text: str, whole: str) -> None:
    assert page.whole(text) == whole
