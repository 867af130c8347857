"""The page: one file without a network, well-formed, accessible, deterministic, and true to the document."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from gigawatt.report import charts
from gigawatt.report.document import Column, Depth, Document, Exhibit, Facts, Paragraph, Section, Table
from gigawatt.report.writers import page
from gigawatt.study.numbers import CitedSource

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def html(handmade: Document) -> str:
    return page.render(handmade)


@pytest.fixture(scope="module")
def tree(html: str) -> ElementTree.Element:
    return parsed(html)


def parsed(html: str) -> ElementTree.Element:
    """The page read as XML: every element is closed, every attribute quoted. The script is no XML."""
    return ElementTree.fromstring(re.sub(r"(<script>).*(</script>)", r"\1\2", html, flags=re.DOTALL)[len(DOCTYPE) :])


DOCTYPE = "<!DOCTYPE html>\n"


def exhibits(document: Document) -> list[Exhibit]:
    return [part for part in document.parts() if isinstance(part, Exhibit)]


def words(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_nothing_comes_from_a_network(html: str, tree: ElementTree.Element) -> None:
    names = {element.tag.removeprefix(SVG) for element in tree.iter()}
    assert not names & {"link", "img", "iframe", "object", "embed", "image", "use", "form"}
    assert not [element for element in tree.iter() if element.get("src")]
    assert "url(" not in html
    assert "@import" not in html
    outside = [a for a in tree.iter("a") if not str(a.get("href")).startswith("#")]
    sources = tree.find(".//ol[@class='sources']")
    assert sources is not None
    assert outside == list(sources.iter("a"))


def test_the_policy_allows_one_style_sheet_and_one_script(html: str, tree: ElementTree.Element) -> None:
    policy = str(next(meta for meta in tree.iter("meta") if meta.get("http-equiv")).get("content"))
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for name in ("style", "script"):
        (content,) = re.findall(rf"<{name}>(.*?)</{name}>", html, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    attributes = {name for element in tree.iter() for name in element.keys()}  # noqa: SIM118 (no mapping)
    assert not [name for name in attributes if name == "style" or name.startswith("on")]


def test_every_form_of_chart_is_among_what_is_tested(handmade: Document) -> None:
    drawn = {chart.draw.__qualname__.partition(".")[0] for chart in handmade.charts().values()}
    assert {name for name in charts.__all__ if name.islower()} - drawn == {"ladder"}  # which `xy` draws


def test_every_exhibit_is_a_sentence_two_drawings_and_their_figures(
    handmade: Document, tree: ElementTree.Element
) -> None:
    figures = list(tree.iter("figure"))
    assert len(figures) == len(exhibits(handmade))
    for figure, exhibit in zip(figures, exhibits(handmade), strict=True):
        assert exhibit.says in words(figure)
        drawn = [div.get("class") for div in figure.findall("div") if div.find(f"{SVG}svg") is not None]
        assert drawn == (["wide", "narrow"] if exhibit.chart else [])
        assert all(svg.find(f"{SVG}title") is not None for svg in figure.iter(f"{SVG}svg"))
        assert (figure.find("details") is not None) is (exhibit.chart is not None)
        assert len(list(figure.iter("table"))) == 1


def test_addresses_are_unique_and_links_lead_somewhere(tree: ElementTree.Element) -> None:
    ids = [str(element.get("id")) for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    named = {name for element in tree.iter() for name in str(element.get("aria-labelledby") or "").split()}
    inner = {str(a.get("href"))[1:] for a in tree.iter("a") if str(a.get("href")).startswith("#")}
    assert {"power", "money", "work", "nothing"} <= inner
    assert named | inner <= set(ids)


def test_tables_are_rectangular_and_headed(tree: ElementTree.Element) -> None:
    for table in tree.iter("table"):
        heads = table.findall("./thead/tr/*")
        assert heads
        assert not [cell for cell in table.iter("th") if not words(cell)]
        for row in table.findall("./tbody/tr"):
            assert len(row) == len(heads)
            assert row[0].get("scope") == "row"


def test_what_is_on_it_and_what_is_for_files_only(handmade: Document, tree: ElementTree.Element) -> None:
    text = words(tree)
    for said in (handmade.title, *handmade.names, handmade.made, "Nothing was checked against anything here."):
        assert said in text
    tiles = [
        [str(one.text).replace("\xa0", " ") for one in div] for div in tree.iter("div") if div.get("class") == "tile"
    ]
    assert tiles == [[text for text in (tile.label, tile.value, tile.note) if text] for tile in handmade.tiles]
    assert "Every line of the books" not in text
    facts = tree.find(".//dl[@class='facts']")
    assert facts is not None
    assert [len(list(facts.iter(tag))) for tag in ("dt", "dd")] == [4, 4]


def test_a_verdict_is_marked_by_more_than_colour(tree: ElementTree.Element) -> None:
    marks = {mark.get("aria-label"): mark.text for mark in tree.iter("span") if mark.get("class") == "mark"}
    assert marks == {"good": "✓", "fair": "!", "bad": "×"}


def test_no_figure_is_broken(tree: ElementTree.Element) -> None:
    body = tree.find("body")
    assert body is not None
    assert not re.search(r"\b(nan|inf|None|Undefined)\b", words(body))


def test_the_same_document_gives_the_same_bytes(html: str, handmade: Document) -> None:
    assert page.render(handmade) == html


def test_what_a_person_wrote_is_escaped(html: str) -> None:
    assert html.count("<script") == 1
    assert "What a person wrote: &lt;script&gt;" in html


def test_a_part_of_a_notebook_reaches_nothing_else(handmade: Document) -> None:
    part = page.fragment(handmade)
    tree = ElementTree.fromstring(part)
    assert (tree.tag, tree.get("class")) == ("div", "gw")
    assert not {element.tag for element in tree.iter()} & {"html", "head", "body", "script", "meta", "nav"}
    assert len(list(tree.iter("figure"))) == len(exhibits(handmade))
    css = re.sub(r"@[^{]*\{|/\*.*?\*/", "", str(tree.findtext("style")), flags=re.DOTALL)
    selectors = [one.strip() for rule in re.findall(r"([^{}]+)\{", css) for one in rule.split(",")]
    assert len(selectors) > 50
    assert not [one for one in selectors if not one.startswith(".gw")]
    assert "@page" not in part


def test_two_half_exhibits_stand_in_a_row(tree: ElementTree.Element) -> None:
    pairs = [div for div in tree.iter("div") if div.get("class") == "pair"]
    assert [[figure.get("class") for figure in pair] for pair in pairs] == [["half", "half"]] * 3


def test_parts_that_have_nothing_leave_nothing() -> None:
    blank = Table(name="a", title="", columns=(Column(title=""), Column(title="")), rows=(("one", "two"),))
    none = Table(name="b", title="Nothing", columns=(Column(title="A"),), rows=())
    items = Facts(name="c", title="", pairs=(("", "first"), ("", "second")))
    hidden = Section(slug="hidden", title="Hidden", parts=(Paragraph(text="unseen", depth=Depth.DATA),))
    shown = Section(slug="shown", title="Shown", parts=(blank, none, items, Paragraph(text="seen")))
    html = page.render(Document(title="Little", sections=(hidden, shown)))
    tree = parsed(html)
    assert [section.get("id") for section in tree.iter("section")] == ["shown"]
    assert not list(tree.iter("thead"))
    assert len(list(tree.iter("table"))) == 1
    assert [item.text for item in tree.iter("li")] == ["first", "second"]
    assert not list(tree.iter("nav"))
    assert not list(tree.iter("footer"))


def test_a_title_is_said_once_and_a_source_without_a_date_has_none() -> None:
    table = Table(name="a", title="Sites", columns=(Column(title="Site"),), rows=(("Abilene",),))
    source = CitedSource(title="Map", url="https://example.org", date="", numbers_count=1)
    section = Section(slug="sites-all", title="Sites", parts=(table,))
    tree = parsed(page.render(Document(title="Little", sections=(section,), sources=(source,))))
    assert not list(tree.iter("caption"))
    assert ["".join(one.itertext()) for one in tree.iter("span") if one.get("class") == "date"] == ["1 number"]


def test_a_note_more_is_another_page(html: str, handmade: Document) -> None:
    assert page.render(replace(handmade, notes=("Another.",))) != html


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("it takes 10 GW and 95 % of 2.5 billion USD", "it takes 10\xa0GW and 95\xa0% of 2.5\xa0billion\xa0USD"),
        ("in 2030 the plan", "in 2030 the plan"),
        ("by the end of Q1 2032", "by the end of Q1\xa02032"),
        ("as `gigawatt run` says", "as <code>gigawatt run</code> says"),
        ("`<b>` of 5 %", "<code>&lt;b&gt;</code> of 5\xa0%"),
    ],
)
def test_text_stays_whole_and_becomes_markup(text: str, whole: str) -> None:
    assert page.whole(text) == whole
