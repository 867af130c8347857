"""The page of arrays is current, and names every table that a stage is checked against."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import arrays  # noqa: E402

TEXT = arrays.PAGE.read_text(encoding="utf-8")


def test_the_page_is_current() -> None:
    assert arrays.page() == TEXT, "python tools/arrays.py writes it anew"


@pytest.mark.parametrize("title", [title for title, _, _ in arrays.SECTIONS])
def test_every_array_has_a_row_with_its_unit(title: str) -> None:
    part = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    table = {title: table for title, _, table in arrays.SECTIONS}[title]
    rows = [line.split(" | ") for line in part.splitlines() if line.startswith("| `")]
    assert [(row[0].strip("| `"), row[2]) for row in rows] == [(name, one.unit) for name, one in table.items()]
