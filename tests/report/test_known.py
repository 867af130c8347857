"""What documents say of scenarios before they are solved, of the catalog, of sources and of claims."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from gigawatt.catalog.records import Source
from gigawatt.report.document import Document, Exhibit
from gigawatt.report.documents import claims, entry, imported, listing, outline, sources
from gigawatt.report.writers import csv, terminal
from gigawatt.scenario.load import load
from gigawatt.study import verbs
from gigawatt.study.answer import Head
from gigawatt.study.catalog.importing import ImportedModel
from gigawatt.study.check import answer as check
from gigawatt.study.claims.answer import CheckedClaims
from gigawatt.study.claims.claim import Claim, ClaimRow, Computed, Stated
from gigawatt.study.sources.answer import rests_on

CLAIM = Claim(
    id="ten_gw",
    claim="At least ten gigawatts.",
    speaker="someone",
    stated=Stated(value=10e9, unit="w"),
    computed=Computed(low=8e9, mid=9e9, high=10e9, unit="w"),
    verdict="holds_if",
    assumption="demand grows as assumed from 2027Q1",
    sources=(Source(title="A page", url="https://example.org/page", date="2025-09-22"),),
    rows=(ClaimRow(label="all of one kind", low=4e6, high=4e6, unit="count"),),
)


def printed(document: Document, width: int = 80) -> str:
    out = io.StringIO()
    terminal.show(document, {}, Console(file=out, width=width, highlight=False, markup=False, emoji=False))
    assert all("https://" in line for line in out.getvalue().splitlines() if len(line) > width)
    return out.getvalue()


@pytest.mark.parametrize("name", ["one-campus", "loi-2025-09"])
def test_outline_and_sources_fit(name: str) -> None:
    scenario = load(name)
    for document in (outline.document(check.outline(scenario)), sources.document(rests_on(scenario))):
        assert scenario.hash[:8] in printed(document)


def test_an_outline_says_what_is_asked() -> None:
    document = outline.document(check.outline(load("loi-2025-09")))
    assert list(document.tables()) == ["question", "sites", "platforms", "demand", "research"]
    asked = dict(document.tables()["question"].rows)
    assert asked["Target"] == "10 GW of facility power in service"
    assert re.match(r"Q\d 20\d\d to Q\d 20\d\d", str(asked["Reported"]))
    *sites, total = document.tables()["sites"].rows
    assert total[2] == pytest.approx(sum(float(row[2] or 0) for row in sites))
    assert document.tables()["platforms"].texts()[0][-2:] == ["132", "3.7"]
    titles = [column.title for column in document.tables()["sites"].columns]
    assert titles == ["Site", "First, GW", "Last, GW", "Slip, quarters", "Power price, USD/MWh"]


def test_every_number_is_in_a_table_for_people_and_in_one_of_figures() -> None:
    found = rests_on(load("one-campus"))
    tables = sources.document(found).tables()
    figures = tables.pop("numbers")
    assert sum(count for _, count, _ in tables.pop("grades").rows) == len(found.numbers)
    assert sum(len(table.rows) for table in tables.values()) == len(found.numbers)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in tables)
    assert {(row[0], row[1]) for row in figures.rows if row[2] == ""} >= {("capital", "debt_limit")}
    (limit,) = (row for row in figures.rows if row[:2] == ("capital", "debt_limit"))
    assert limit[3:7] == (3e9, None, None, "USD")
    assert csv.heads(figures)[3] == "Value"


def test_the_catalog_fits() -> None:
    listed = printed(listing.document(verbs.catalog_list()))
    assert "gb300-nvl72" in listed
    assert "wait-for-rubin" in listed
    assert "15 PFLOP/s" in printed(entry.document(verbs.catalog_show("GB300 NVL72")))


def test_a_course_shows_its_ends_and_holds_all_quarters() -> None:
    document = entry.document(verbs.catalog_show("abilene"))
    (ramp,) = (row for row in document.tables()["values"].rows if row[0] == "ramp")
    assert re.match(r"300 MW Q\d \d{4} to 1\.2 GW Q\d \d{4}", str(ramp[1]))
    quarters = [row for row in document.tables()["numbers"].rows if row[1] == "ramp"]
    assert (quarters[0][3], quarters[-1][3]) == (300e6, 1.2e9)
    assert all(re.fullmatch(r"\d{4}Q\d", str(row[2])) for row in quarters)


def test_a_model_that_was_made_says_where_it_is() -> None:
    sizes = {"total_params_count": 7.24e9, "active_params_count": 7.24e9, "cached_values_per_token_count": 65536}
    text = printed(imported.document(ImportedModel(head=Head(), path=Path("mine.toml"), name="mine", **sizes)))
    assert "mine.toml: mine, 7.24 billion parameters, 7.24 billion active" in text


@pytest.mark.parametrize("count", [1, 2])
def test_claims_fit_and_say_their_verdict(count: int) -> None:
    found = (CLAIM, replace(CLAIM, id="eleven_gw", verdict="fails"))[:count]
    document = claims.document(CheckedClaims(head=Head(), claims=found))
    text = printed(document, 60)
    assert text.count("Holds if: At least ten gigawatts.") == 1
    assert ("Of 2 claims 1 hold on a condition, 1 fail." in text) is (count > 1)
    assert ("claims" in document.tables()) is (count > 1)
    assert "computed 8 GW to 10 GW, 9 GW in the middle" in text
    assert "demand grows as assumed from Q1 2027" in text
    assert document.tables()["ten-gw-figures"].rows == (("all of one kind", "4 million"),)
    assert "https://example.org/page" in text
    assert document.sources[0].numbers_count == count


def test_claims_of_quantities_are_drawn_over_what_was_stated_and_dates_are_not() -> None:
    day = replace(CLAIM, id="a_day", stated=Stated(value="2026-12-31", unit="date"))
    none = replace(CLAIM, id="no_range", computed=replace(CLAIM.computed, low=None))
    high = replace(CLAIM, id="too_much", stated=Stated(value=20e9, unit="w"), verdict="fails")
    document = claims.document(CheckedClaims(head=Head(), claims=(CLAIM, day, none, high)))
    rows = document.tables()["ranges"].rows
    assert [(row[0], row[4]) for row in rows] == [("ten_gw", "holds if"), ("too_much", "fails")]
    assert rows[1][1:4] == pytest.approx((0.4, 0.45, 0.5))
    (drawn,) = (part for part in document.parts() if isinstance(part, Exhibit))
    assert drawn.says == "Of 2 quantities that were stated, 1 lie above all that is computed."
    assert "ranges" in document.charts()
    assert "ranges" not in claims.document(CheckedClaims(head=Head(), claims=(day, none))).tables()


def test_every_kind_of_thing_says_what_hangs_on_its_numbers() -> None:
    document = sources.document(verbs.sources("one-campus"))
    told = {section.slug: section.lead for section in document.sections if section.slug not in ("grades", "data")}
    assert {"scenario", "sites", "accelerators", "models", "calibrations", "reliability"} <= set(told)
    assert all(lead.startswith("On these hangs ") for lead in told.values())


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
    assert claims.with_unit(value, unit) == text


@pytest.mark.parametrize(
    ("computed", "said"),
    [
        (("2027-07-01", "2027-10-01", "2028-01-01"), "by the end of Q3 2027 to Q1 2028, Q4 2027 in the middle"),
        (("2027-07-01", "2027-07-01", None), "by the end of Q3 2027 or never"),
        (("2027-07-01", "2027-07-01", "2027-07-01"), "by the end of Q3 2027"),
        ((None, None, None), "–"),
    ],
)
def test_claims_say_by_when(computed: tuple[str | None, ...], said: str) -> None:
    """users 4: "2027-07-01 to 2028-01-01" for the ends of quarters."""
    low, mid, high = computed
    assert claims.span(Computed(low=low, mid=mid, high=high, unit="date")) == said


def test_a_claim_is_shown_under_the_name_that_only_takes() -> None:
    """users 17: "ten gw" shown where `--only` needs ten_gw."""
    told = claims.document(CheckedClaims(head=Head(), claims=(CLAIM, CLAIM)))
    assert told.tables()["claims"].rows[0][0] == "ten_gw"
