"""The accuracy page's part about promised dates: its figures are those of the rows, and every point is shown."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import accuracy
import accuracy_schedules

from gigawatt.catalog import load
from gigawatt.study.validate.schedules import validate_schedules

RECORD = load.get("schedules", "stargate")


def test_stages_with_their_slips() -> None:
    head, *rows = accuracy_schedules.stage_rows(RECORD)
    assert {row[0]: row[1:] for row in rows} == {
        "announced": ["8", "5", "5", "1", "6", "8", "4", "8", "6"],
        "contracted": ["9", "2", "4", "1", "2", "5", "1", "2", "2"],
        "under construction": ["4", "1", "4", "1", "2", "5", "1", "2", "2"],
        "energised": ["3", "1", "4", "1", "2", "5", "1", "2", "2"],
    }
    assert {len(row) for row in rows} == {len(head)}


def test_every_judged_date_is_a_row() -> None:
    found = validate_schedules()
    head, *rows = accuracy_schedules.point_rows(found)
    assert {len(row) for row in rows} == {len(head)}
    assert len(rows) == sum(bool(cells["late_quarters"]) for cells in found.cells) == 9
    assert rows[0] == [
        *("abilene", "all eight buildings, 1.2 GW", "energised", "2025-09-22", "2026Q2", "now 2026Q4", "2", "2"),
        *("+0.0 %", "press"),
    ]
    (uk,) = (row for row in rows if row[0] == "Stargate UK")
    assert uk[5:9] == ["withdrawn on 2026-04-09", "at least 3", "–", "–"]


def test_the_text_has_the_figures_of_the_rows() -> None:
    found = validate_schedules()
    text = " ".join(accuracy_schedules.text(found, RECORD).split())
    assert text.startswith("Stargate: of 24 dates that were told for milestones of 11 sites, 9 have a later date")
    assert "a date is 1.5 quarters off in the mean; as announced it is 3.8." in text
    assert "over all stages, 0 in 65 %, 1 in 17 %, 2 in 13 %, 3 in 3 %, 4 in 3 %." in text


def test_the_part_of_the_page() -> None:
    part = accuracy.promised()
    assert part.count("| Stargate UK |") == 1
    assert "### By stage" in part
    assert "### By source" not in part
