"""Measured energy of serving from a CSV file: one row a measurement, text to numbers, every mistake named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.csv_rows import MOST_FAULTS_COUNT, CsvColumn, floats, read_rows, remark

TEXTS = ("source", "task", "model", "gpu", "precision", "engine", "measured_date")
# Column of a file → field of a row; an empty cell is None.
NUMBERS = {
    "n_gpus": "packages_count",
    "tensor_parallel": "tensor_count",
    "expert_parallel": "expert_count",
    "data_parallel": "data_count",
    "input_tokens_assumed": "input_tokens",
    "output_tokens": "output_tokens",
    "batch_measured": "batch_count",
    "tokens_per_s_total": "tokens_per_s",
    "power_w_total": "power_w",
    "energy_j_per_token": "energy_j_per_token",
}
NEEDED = ("model", "gpu", "n_gpus")
# Energy and rate of a row are those of its power, but for rounding.
_ALIKE_FRAC = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyRow:
    """One measurement as its source tells it; what it does not say is None or empty. `cells` is the row as read.

    Rate, power and energy are of all GPUs of the engine, and of them alone; energy is per output token. batch_count:
    mean requests in flight.
    """

    source: str
    task: str
    model: str
    gpu: str
    precision: str
    engine: str
    measured_date: str
    packages_count: float
    tensor_count: float | None
    expert_count: float | None
    data_count: float | None
    input_tokens: float | None
    output_tokens: float | None
    batch_count: float | None
    tokens_per_s: float | None
    power_w: float | None
    energy_j_per_token: float | None
    cells: Mapping[str, str]

    @property
    def campaign(self) -> str:
        """The source without its version, with what was asked of the model."""
        return f"{re.split(r' *[@(]', self.source)[0]}, {self.task}" if self.task else self.source


def read_energy_rows(path: Path) -> list[EnergyRow]:
    """The rows of a file with these columns (others are kept in `cells`).

    Raises CatalogError where the file cannot be read, a column is missing, a cell is no number above 0, or energy
    times rate is not the power.
    """
    table = read_rows(path, (*TEXTS, *NUMBERS))
    faults: list[Fault] = []
    for name in NEEDED:
        column = table.column(name)
        remark(column, np.array([not cell for cell in column.cells]), "a value", faults)
    numbers = {field: _numbers(table.column(name), faults) for name, field in NUMBERS.items()}
    faults += [] if faults else _contradictions(path.name, table.lines, numbers)
    if faults:
        raise CatalogError(faults[:MOST_FAULTS_COUNT])
    return [
        EnergyRow(
            cells=cells,
            **{name: cells[name].strip() for name in TEXTS},  # type: ignore[arg-type]
            **{field: values[n] for field, values in numbers.items()},  # type: ignore[arg-type]
        )
        for n, cells in enumerate(table.rows)
    ]


def _numbers(column: CsvColumn, faults: list[Fault]) -> list[float | None]:
    """The cells as numbers above 0, None where they are empty; one fault names the first that is neither."""
    values = floats([cell or "nan" for cell in column.cells])
    empty = np.array([not cell for cell in column.cells])
    remark(column, ~empty & ~(np.isfinite(values) & (values > 0)), "a number above 0, or nothing", faults)
    return [None if nothing else float(value) for nothing, value in zip(empty, values, strict=True)]


def _contradictions(file: str, lines: Sequence[int], numbers: Mapping[str, list[float | None]]) -> list[Fault]:
    """Rows whose energy, rate and power cannot all be right."""
    found = []
    stated = (numbers["energy_j_per_token"], numbers["tokens_per_s"], numbers["power_w"])
    for line, energy, rate, power in zip(lines, *stated, strict=True):
        if energy and rate and power and abs(energy * rate / power - 1) > _ALIKE_FRAC:
            expected = f"{power / rate:.4g}, the power over the rate of the row"
            path = f"{file} row {line} column energy_j_per_token"
            found.append(Fault(path=path, given=f'"{energy:g}"', expected=expected))
    return found
