"""Tables in CSV files as rows of text, and columns of numbers; mistakes are named by file, row and column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import read_csv
from gigawatt.ndarrays import Floats

MOST_FAULTS_COUNT = 20
# What spreadsheets write between columns where a comma is the decimal sign, and others by choice.
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvColumn:
    """One column of a file: its cells, and the line of the file that each stands on."""

    file: str
    name: str
    lines: Sequence[int]
    cells: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a CSV file as dictionaries, and the line of the file that each stands on."""

    file: str
    lines: Sequence[int]
    rows: Sequence[dict[str, str]]

    def column(self, name: str) -> CsvColumn:
        """One column, without the blanks around its cells."""
        return CsvColumn(file=self.file, name=name, lines=self.lines, cells=[row[name].strip() for row in self.rows])


def read_rows(path: Path, columns: Sequence[str]) -> Rows:
    """The rows of a CSV file that has these columns, and perhaps others; empty lines are passed over.

    Raises CatalogError where the file cannot be read, a column or all rows are missing, or a row has too few cells.
    """
    table = [(n, line) for n, line in enumerate(read_csv(path), start=1) if line]
    header = [name.strip() for name in table[0][1]] if table else []
    expected = f"a table with the columns {', '.join(columns)}, commas between them and points in numbers"
    lacking = [name for name in columns if name not in header]
    if lacking:
        given = _other_separator(header, columns) or f"no column {', '.join(lacking)}"
        raise CatalogError([Fault(path=path.name, given=given, expected=expected)])
    if len(table) == 1:
        raise CatalogError([Fault(path=path.name, given="a header alone", expected=expected)])
    faults = [
        Fault(path=f"{path.name} row {n}", given=f"{len(line)} cells", expected=f"{len(header)} as in the header")
        for n, line in table[1:]
        if len(line) != len(header)
    ]
    if faults:
        raise CatalogError(faults[:MOST_FAULTS_COUNT])
    rows = [dict(zip(header, line, strict=True)) for _, line in table[1:]]
    return Rows(file=path.name, lines=[n for n, _ in table[1:]], rows=rows)


def _other_separator(header: Sequence[str], columns: Sequence[str]) -> str:
    """What stands between the columns of a header in place of commas, in words; nothing where that is not it."""
    for sign, name in SEPARATORS.items():
        if {part.strip() for part in ",".join(header).split(sign)} >= set(columns):
            return f"{name} between the columns"
    return ""


def numbers(column: CsvColumn, faults: list[Fault]) -> Floats:
    """The cells as numbers; one fault, at the first cell that is none, says how many follow."""
    values = floats(column.cells)
    comma = any("," in cell for cell in column.cells)
    remark(column, ~np.isfinite(values), "a number with a decimal point" if comma else "a number", faults)
    return values


def remark(column: CsvColumn, wrong: NDArray[np.bool_], expected: str, faults: list[Fault]) -> None:
    """One fault for all cells that are wrong: it names the first, and says how many more there are."""
    places = np.flatnonzero(wrong)
    if not places.size:
        return
    more = f" and {places.size - 1} more" if places.size > 1 else ""
    where = f"{column.file} row {column.lines[places[0]]} column {column.name}"
    faults.append(Fault(path=where, given=f'"{column.cells[places[0]][:40]}"{more}', expected=expected))


def number(text: str) -> float:
    """A cell as a number; NaN where it is none: digits other than those of ASCII are none to the eye, nor is "1_0"."""
    try:
        return float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return math.nan


def floats(texts: Sequence[str]) -> Floats:
    """Cells as `number` reads each, at once where all are numbers."""
    whole = "".join(texts)
    try:
        if "_" in whole or not whole.isascii():
            raise ValueError
        return np.fromiter(map(float, texts), float, len(texts))
    except ValueError:
        return np.array([number(text) for text in texts], float)
