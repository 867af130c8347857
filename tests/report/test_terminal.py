"""The terminal: narrow, plain, readable aloud."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from rich.console import Console

from gigawatt.catalog.records import Source
from gigawatt.report import listings, terminal, words
from gigawatt.scenario.load import load
from gigawatt.study import verbs
from gigawatt.study.answer import Head
from gigawatt.study.check.answer import outline
from gigawatt.study.claims.answer import CheckedClaims
from gigawatt.study.claims.claim import Claim, ClaimRow, Computed, Stated
from gigawatt.study.result import Result
from gigawatt.study.run.answer import answer_of
from gigawatt.study.sources.answer import rests_on

FILES = {"folder": "gigawatt-runs/x", "report": "gigawatt-runs/x/report.html", "workbook": "gigawatt-runs/x/w.xlsx"}
CLAIM = Claim(
    id="ten_gw",
    claim="At least ten gigawatts.",
    speaker="someone",
    stated=Stated(value=10e9, unit="w"),
    computed=Computed(low=8e9, mid=9e9, high=10e9, unit="w"),
    verdict="holds_if",
    assumption="demand grows as assumed",
    sources=(Source(title="A page", url="https://example.org/page", date="2025-09-22"),),
    rows=(ClaimRow(label="all of one kind", low=4e6, high=4e6, unit="count"),),
)


def printed(show: Callable[[Console], None], width: int) -> str:
    out = io.StringIO()
    show(Console(file=out, width=width, highlight=False, markup=False, emoji=False))
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_summary_fits(result: Result, width: int) -> None:
    text = printed(lambda out: terminal.show(answer_of(result), FILES, out), width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    for heading in ("What binds", "What one more is worth", "Plan against simulation", "To keep in mind", "Files"):
        assert heading in text


def test_a_summary_says_the_headline(result: Result) -> None:
    text = printed(lambda out: terminal.show(answer_of(result), FILES, out), 80)
    assert words.headline(result) in " ".join(text.split())
    assert FILES["report"] in text


@pytest.mark.parametrize("name", ["one-campus", "loi-2025-09"])
def test_outline_and_sources_fit(name: str) -> None:
    scenario = load(name)
    for text in (
        printed(lambda out: terminal.show_outline(outline(scenario), {}, out), 80),
        printed(lambda out: terminal.show_sources(rests_on(scenario), {}, out), 80),
    ):
        assert max(map(len, text.splitlines())) <= 80
        assert scenario.hash[:8] in text


def test_the_catalog_fits() -> None:
    listing = printed(lambda out: terminal.show_listing(verbs.catalog_list(), {}, out), 80)
    entry = printed(lambda out: terminal.show_entry(verbs.catalog_show("GB300 NVL72"), {}, out), 80)
    assert max(map(len, (listing + entry).splitlines())) <= 80
    assert "gb300-nvl72" in listing
    assert "wait-for-rubin" in listing
    assert "15 PFLOP/s" in entry


def test_a_course_shows_its_ends() -> None:
    text = printed(lambda out: terminal.show_entry(verbs.catalog_show("abilene"), {}, out), 120)
    (line,) = [line for line in text.splitlines() if line.startswith("ramp ")]
    assert re.search(r"MW \d{4}Q\d to 1\.2 GW \d{4}Q\d", line)


@pytest.mark.parametrize("count", [1, 2])
def test_claims_fit_and_say_their_verdict(count: int) -> None:
    found = CheckedClaims(head=Head(), claims=(CLAIM,) * count)
    text = printed(lambda out: terminal.show_claims(found, {}, out), 60)
    assert max(map(len, text.splitlines())) <= 60
    assert text.count("holds if At least ten gigawatts.") == count
    assert ("The announcement, checked" in text) is (count > 1)
    assert "computed 8 GW to 10 GW, 9 GW in the middle" in text
    assert "all of one kind: 4 million" in text
    assert "https://example.org/page" in text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "w", "–"),
        ("2026-07-01", "date", "by the end of Q3 2026"),
        (1e9, "ratio", "1 billion"),
        (3.0, "racks", "3 racks"),
    ],
)
def test_figures_of_claims(value: float | str | None, unit: str, text: str) -> None:
    assert listings.with_unit(value, unit) == text
