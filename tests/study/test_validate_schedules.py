"""Promised dates of sites against what came: what is predicted, from which promises, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog.load import get, known_by
from gigawatt.errors import CatalogError
from gigawatt.study import verbs
from gigawatt.study.validate.lateness import alike, promises, slip_curve
from gigawatt.study.validate.schedules import validate_schedules
from gigawatt.study.validate.score import Validation

TEXT = """
name = "Mine"
seen = "2026-11-28"
grade = "assumed"
"""
MILESTONE = """
[[milestones]]
site = "{site}"
what = "all of it"
milestone = "full"
told = [{{ said = "2025-06-30", stage = "contracted", quarter = "2026Q1", span = 1 }}]
{came}
"""


def validate(folder: Path, **came: str) -> Validation:
    file = folder / "mine.toml"
    lines = [MILESTONE.format(site=site, came=words) for site, words in came.items()]
    file.write_text(TEXT + "".join(lines), encoding="utf-8")
    return validate_schedules(file)


def delivered(quarter: str) -> str:
    return f'delivered = {{ quarter = "{quarter}", power = "1 GW" }}'


@pytest.fixture(scope="module")
def found() -> Validation:
    return verbs.ask("validate schedules")


def test_a_site_is_predicted_from_the_others_alone(tmp_path: Path) -> None:
    """Three quarters to the date: 2 and 4 late say of the third, which came 1 late, 2; the first is told 1 by them."""
    rows = validate(tmp_path, a=delivered("2026Q3"), b=delivered("2026Q4"), c=delivered("2026Q2")).scored
    assert [(row.measured, row.baseline, row.p10, row.p50, row.p90) for row in rows] == [
        (5, 3, 4, 4, 6),
        (6, 3, 4, 4, 5),
        (4, 3, 5, 5, 6),
    ]
    assert rows[0].note == "promised 2026Q1, came in 2026Q3: 2 quarters late"


def test_a_site_alone_has_nobody_to_learn_from(tmp_path: Path) -> None:
    alone = validate(tmp_path, a=delivered("2026Q3"))
    assert [(row.reason, row.eligible) for row in alone.skipped] == [("no other site to learn from", True)]
    assert alone.scores.coverage_frac == 0
    assert [note.code for note in alone.head.notes] == ["slips"]


def test_what_is_not_due_or_withdrawn_is_outside(found: Validation) -> None:
    reasons = {row.line: row.reason for row in found.skipped}
    assert not any(row.eligible for row in found.skipped)
    uk = next(line for line, cells in enumerate(found.cells) if cells["site"] == "Stargate UK")
    pike = next(line for line, cells in enumerate(found.cells) if cells["site"] == "ports_pike")
    assert (reasons[uk], reasons[pike]) == (
        "withdrawn or overdue, without a new date",
        "has nothing yet to be held against",
    )
    assert found.cells[uk]["late_quarters"] == "at least 3"
    assert (found.scores.rows, found.scores.evaluated, found.scores.coverage_frac) == (24, 8, 1.0)


def test_the_shipped_dates_are_nearer_than_as_announced(found: Validation) -> None:
    mape, plain = found.scores.mape_frac, found.scores.baseline_mape_frac
    assert mape == pytest.approx(0.197, abs=1e-3)
    assert plain == pytest.approx(0.409, abs=1e-3)
    off = np.mean([abs(row.p50 - row.measured) for row in found.scored])
    announced = np.mean([abs(row.baseline - row.measured) for row in found.scored])
    assert f"{off:.1f} quarters off in the mean" in found.head.notes[-1].text
    assert f"the date as announced is {announced:.1f}" in found.head.notes[-1].text


def test_leaving_a_site_out_leaves_out_all_of_its_dates(found: Validation) -> None:
    known = promises(get("schedules", "stargate"))
    for row in found.scored:
        each = known[row.line]
        curve = slip_curve(alike([p for p in known if p.milestone.site != each.milestone.site], each.told.stage))
        assert curve is not None
        assert row.p50 == each.lead_count + curve.within_count(0.5)
        assert row.measured == each.lead_count + np.mean(each.late_counts)


def test_every_row_says_where_it_is_from(found: Validation) -> None:
    assert all(cells["grade"] and cells["source"] and cells["promised"] for cells in found.cells)
    announced = [cells for cells in found.cells if cells["stage"] == "announced" and cells["late_quarters"]]
    assert sorted(cells["late_quarters"] for cells in announced) == ["1", "4 to 7", "5 to 8", "5 to 8", "at least 3"]


def test_notes_tell_the_slips_by_stage(found: Validation) -> None:
    notes = {note.path: note.text for note in found.head.notes}
    assert notes["by.stage.announced"] == (
        "announced: 5 promises; late by 6 quarters in the median (4 to 8 by the first and the last quarter of every "
        "latest date), 1 in P10 and 8 in P90."
    )
    assert notes["by.stage.energised"].startswith("energised: 1 promise, taken with others to 4; late by 2 quarters")
    assert "by.stage.it_loaded" not in notes


def test_on_an_earlier_day_what_came_later_is_not_known() -> None:
    with known_by("2026-05-01"):
        then = validate_schedules()
    assert then.scores.evaluated == 0
    assert then.scores.mape_frac is None
    assert {cells["said"] for cells in then.cells} <= {cells["said"] for cells in validate_schedules().cells}


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(CatalogError, match=r"rows\.csv"):
        verbs.ask("validate schedules", str(file))
    with pytest.raises(CatalogError, match=r"none\.toml"):
        verbs.ask("validate schedules", str(tmp_path / "none.toml"))
