"""Whole training runs whose GPU-hours were published, from a CSV file: one row a run, mistakes named by row and column.

model,gpu,gpus,precision,trillion_tokens,sequence,million_batch,million_gpu_hours,source
llama-2-7b,a100,1024,bf16,2,4096,4,0.184320,Llama 2 paper table 2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.csv_rows import MOST_FAULTS_COUNT, Rows, numbers, read_rows, remark

TEXTS = ("model", "gpu", "precision", "source")
# Column of a file → field of a row, and how many of the field's unit one of the column's is.
NUMBERS = {
    "gpus": ("packages_count", 1.0),
    "trillion_tokens": ("run_tokens", 1e12),
    "sequence": ("sequence_tokens", 1.0),
    "million_batch": ("batch_tokens", 1e6),
    "million_gpu_hours": ("package_hours_count", 1e6),
}
# Columns that may be empty: the usual recipe stands in.
OPTIONAL = ("sequence", "million_batch", "precision", "source")
WHOLE = ("gpus",)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRunRow:
    """One run as its source tells it, first token to last; what it does not say is None or empty. `cells`: as read."""

    model: str
    gpu: str
    precision: str
    source: str
    packages_count: int
    run_tokens: float
    sequence_tokens: float | None
    batch_tokens: float | None
    package_hours_count: float
    where: str
    cells: Mapping[str, str]


def read_whole_run_rows(path: Path) -> list[WholeRunRow]:
    """The rows of a file with these columns (others are kept in `cells`).

    Raises CatalogError where the file cannot be read, a column or all rows are missing, a cell is empty that may not
    be, or a number is none, not above 0, or no whole number where packages are counted.
    """
    table = read_rows(path, (*TEXTS, *NUMBERS))
    faults: list[Fault] = []
    for name in (*TEXTS, *NUMBERS):
        _check(table, name, faults)
    if faults:
        raise CatalogError(faults[:MOST_FAULTS_COUNT])
    return [_row(table, place) for place in range(len(table.rows))]


def _check(table: Rows, name: str, faults: list[Fault]) -> None:
    column = table.column(name)
    empty = np.array([not cell for cell in column.cells])
    if name not in OPTIONAL:
        remark(column, empty, "a value", faults)
    if name not in NUMBERS:
        return
    kept: list[int] = np.flatnonzero(~empty).tolist()
    told = replace(
        column,
        lines=[column.lines[n] for n in kept],
        cells=[column.cells[n] for n in kept],
    )
    values = numbers(told, faults)
    known = np.isfinite(values)
    remark(told, known & ~(values > 0), "a number above 0", faults)
    if name in WHOLE:
        remark(told, known & (values > 0) & (values != np.round(values)), "a whole number", faults)


def _row(table: Rows, place: int) -> WholeRunRow:
    cells = table.rows[place]
    texts = {name: cells[name].strip() for name in TEXTS}
    values = {field: _number(cells[name], scale) for name, (field, scale) in NUMBERS.items()}
    values["packages_count"] = round(values["packages_count"] or 0)
    where = f"{table.file} row {table.lines[place]}"
    return WholeRunRow(**texts, **values, where=where, cells=cells)  # type: ignore[arg-type]


def _number(text: str, scale: float) -> float | None:
    return float(text) * scale if text.strip() else None
