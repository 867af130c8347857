"""Dates promised for sites: each is sourced, as its site's ramp tells it, and a file that cannot be is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.catalog.load import get, ids, read_file
from gigawatt.catalog.records import SiteSchedules
from gigawatt.errors import CatalogError
from gigawatt.quarters import quarter_number

# Sites of the programme that the catalog does not have.
ABROAD = {"Stargate UK"}
TEXT = """
name = "Mine"
seen = "2026-11-28"
grade = "assumed"

[[milestones]]
site = "here"
what = "all of it"
milestone = "full"
told = [{ said = "2025-06-30", stage = "announced", quarter = "2026Q1", span = 2 }]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def test_every_date_has_a_grade_and_a_source_or_says_that_none_is_on_record() -> None:
    record: SiteSchedules = get("schedules", "stargate")
    for n, milestone in enumerate(record.milestones):
        for k in range(len(milestone.told)):
            evidence = record.evidence[f"milestones.{n}.told.{k}.span_count"]
            assert evidence.grade in ("press", "derived")
            assert evidence.source is not None or "not on record" in evidence.note
            assert evidence.note


def test_every_site_is_one_of_the_catalog_and_every_real_site_has_a_date() -> None:
    named = {milestone.site for milestone in get("schedules", "stargate").milestones}
    real = {site for site in ids("sites") if not site.startswith(("example", "assumed"))}
    assert named == real | ABROAD


def test_the_latest_date_of_a_site_is_that_of_its_ramp() -> None:
    """A ramp reaches its first power, and its full, in the last quarter that is promised, or at the end of it."""
    for milestone in get("schedules", "stargate").milestones:
        if milestone.site in ABROAD:
            continue
        told, ramp = milestone.told[-1], get("sites", milestone.site).ramp_w
        at = next(q for q, value in zip(ramp.periods, ramp.values, strict=True) if value > 0)
        quarter = ramp.periods[-1] if milestone.milestone == "full" else at
        assert quarter_number(quarter) - quarter_number(told.quarter) - told.span_count + 1 in (0, 1), milestone


def test_a_file_of_ones_own_is_read(file: Path) -> None:
    file.write_text(TEXT, encoding="utf-8")
    (milestone,) = read_file(SiteSchedules, file).milestones
    assert (milestone.told[0].quarter, milestone.told[0].span_count, milestone.delivered) == ("2026Q1", 2, None)


@pytest.mark.parametrize(
    ("old", "new", "path", "expected"),
    [
        ('"2026Q1"', '"2026"', "milestones[0].told[0].quarter", 'a quarter such as "2026Q3"'),
        ('"2026Q1"', '"2024Q4"', "milestones[0].told[0].quarter", "none that was over on 2025-06-30"),
        ('"2025-06-30"', '"2025-06-31"', "milestones[0].told[0].said", "a day, such as 2026-07-01"),
        ('"2026-11-28"', '"2026-11-31"', "seen", "a day, such as 2026-07-01"),
        ("span = 2", "span = 0", "milestones[0].told[0].span", "at least 1; plausible is 1 to 4"),
        ("span = 2", "span = 1.5", "milestones[0].told[0].span", "a whole number"),
        ('"full"\n', '"full"\nwithdrawn = "2026-02-30"\n', "milestones[0].withdrawn", "a day, such as 2026-07-01"),
        (
            '"full"\n',
            '"full"\ndelivered = { quarter = "2026-Q1", power = "1 GW" }\n',
            "milestones[0].delivered.quarter",
            'a quarter such as "2026Q3"',
        ),
        ("told = [{", "told = []\nother = [{", "milestones[0].told", "at least one date, in order of days"),
        (
            "span = 2 }]",
            'span = 2 }, { said = "2025-01-01", stage = "announced", quarter = "2026Q1", span = 1 }]',
            "milestones[0].told",
            "at least one date, in order of days",
        ),
        ('"announced"', '"rumoured"', "milestones[0].told[0].stage", "'announced', 'contracted'"),
    ],
)
def test_a_file_that_cannot_be_is_refused(file: Path, old: str, new: str, path: str, expected: str) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    file.write_text(text.replace("other = [{", "# [{"), encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        read_file(SiteSchedules, file)
    faults = {fault.path.removeprefix("mine.toml: "): fault.expected for fault in caught.value.faults}
    assert expected in faults[path]
