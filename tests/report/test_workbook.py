"""The workbook: every formula has its value, and the value is right; the same result gives the same bytes."""

from __future__ import annotations

import re
import time
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gigawatt.report import workbook
from gigawatt.study.result import Result

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SHEETS = ["headline", "build-out", "tranches", "statements", "classes", "platforms", "long table", "sources"]
Cells = dict[str, tuple[str | None, float]]


@pytest.fixture(scope="module")
def sheets(written: Path) -> dict[str, Cells]:
    """Sheet → cell → (formula, number); text is left out."""
    found = {}
    with zipfile.ZipFile(written / "workbook.xlsx") as book:
        names = [s.get("name") for s in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
        for n, name in enumerate(names, start=1):
            root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{n}.xml"))
            cells: Cells = {}
            for cell in root.iter(f"{MAIN}c"):
                formula, value = cell.find(f"{MAIN}f"), cell.find(f"{MAIN}v")
                if value is not None and cell.get("t") is None:
                    text = None if formula is None else formula.text
                    cells[str(cell.get("r"))] = (text, float(str(value.text)))
            found[str(name)] = cells
    return found


def split(cell: str) -> tuple[str, int]:
    match = re.fullmatch(r"([A-Z]+)(\d+)", cell)
    assert match
    return match[1], int(match[2])


def column(name: str) -> int:
    number = 0
    for letter in name:
        number = 26 * number + ord(letter) - 64
    return number


def evaluate(formula: str, cells: Cells) -> float:
    """What a sum of cells, or of a block of cells, comes to."""
    block = re.search(r"([A-Z]+\d+):([A-Z]+\d+)", formula)
    if block is None:
        return sum(cells.get(part, (None, 0.0))[1] for part in formula.split("+"))
    (left, top), (right, bottom) = split(block[1]), split(block[2])
    return sum(
        value
        for name, (_, value) in cells.items()
        if column(left) <= column(split(name)[0]) <= column(right) and top <= split(name)[1] <= bottom
    )


def test_sheets(sheets: dict[str, Cells]) -> None:
    assert list(sheets) == SHEETS


@pytest.mark.parametrize("name", ["build-out", "tranches", "statements", "classes", "platforms", "long table"])
def test_every_total_is_a_formula_with_its_value(sheets: dict[str, Cells], name: str) -> None:
    cells = sheets[name]
    formulas = {at: (text, value) for at, (text, value) in cells.items() if text is not None}
    assert formulas
    scale = max(abs(value) for _, value in cells.values())
    for at, (text, value) in formulas.items():
        assert evaluate(str(text), cells) == pytest.approx(value, rel=1e-9, abs=1e-9 * scale), (name, at, text)


def test_the_books_balance(sheets: dict[str, Cells], result: Result) -> None:
    shown = [value for text, value in sheets["statements"].values() if text is not None]
    assert float(result.accounts.statements.free_cash_flow[0]) in shown
    assert result.accounts.table.usd.values.sum() == pytest.approx(sheets["long table"]["G3"][1])


def test_the_same_result_gives_the_same_bytes(written: Path, result: Result, tmp_path: Path) -> None:
    time.sleep(1.1)  # a clock that got into the file would show
    workbook.write(result, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == (written / "workbook.xlsx").read_bytes()
