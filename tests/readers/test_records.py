"""A sheet of facts: every row an event, what is no row refused by its line, and the rest read on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.readings import FileAsked, FileEvent, Rejected
from gigawatt.readers.records import read

MARCH_MS = 1_772_323_200_000  # 2026-03-01T00:00Z


def sheet(tmp_path: Path, *lines: str) -> Path:
    place = tmp_path / "records.csv"
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def test_a_row_is_an_event_and_an_empty_cell_says_nothing(tmp_path: Path) -> None:
    file = sheet(tmp_path, "Kind,at,site,racks,source,,", "racks,2026-03-01,a,40,,,", ",,,,,,")
    (event,) = read(file, FileAsked())
    assert event == FileEvent(line=2, kind="racks", happened_ms=MARCH_MS, values={"site": "a", "racks": "40"})


def test_a_time_needs_its_clock_and_a_day_does_not(tmp_path: Path) -> None:
    file = sheet(tmp_path, "kind,at", "racks,2026-03-01T01:00", "racks,2026-03-01")
    refused, day = read(file, FileAsked())
    assert isinstance(refused, Rejected)
    assert (refused.line, "utc_offset" in refused.reason) == (2, True)
    assert isinstance(day, FileEvent)
    early, _ = read(file, FileAsked(utc_offset_s=3600.0))
    assert isinstance(early, FileEvent)
    assert early.happened_ms == day.happened_ms == MARCH_MS


def test_a_broken_row_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    file = sheet(tmp_path, "kind,at", "racks", 'racks,"2026-03-01"x', "racks,2026-03-01")
    short, loose, whole = read(file, FileAsked())
    assert isinstance(short, Rejected)
    assert isinstance(loose, Rejected)
    assert (short.line, loose.line) == (2, 3)
    assert isinstance(whole, FileEvent)


@pytest.mark.parametrize("head", ["", "a,b", "kind,kind,at", "kind"])
def test_a_sheet_without_its_columns_is_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(CatalogError, match=r"columns kind and at"):
        list(read(sheet(tmp_path, head, "x,y"), FileAsked()))
