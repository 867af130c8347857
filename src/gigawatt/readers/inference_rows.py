"""Measured serving throughput from a CSV file: one row a measurement, text to numbers, every mistake named."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import read_csv
from gigawatt.readers.csv_rows import number

TEXTS = ("source", "gpu", "model", "precision", "scenario", "backend", "parallel", "measured_date")
# Column of a file → field of a row; an empty cell is None.
NUMBERS = {
    "n_gpus": "packages_count",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "concurrency_or_batch": "batch_count",
    "ttft_limit_s": "ttft_limit_s",
    "tpot_limit_s": "tpot_limit_s",
    "tokens_per_s_per_gpu": "tokens_per_s",
}
MOST_FAULTS_COUNT = 20
MONTHS_COUNT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceRow:
    """One measurement as its source tells it; what it does not say is None or empty. `cells` is the row as read.

    tokens_per_s: output tokens per second and package; batch_count: requests in flight in the whole system.
    """

    source: str
    gpu: str
    model: str
    precision: str
    scenario: str
    backend: str
    parallel: str
    measured_date: str
    packages_count: float | None
    input_tokens: float | None
    output_tokens: float | None
    batch_count: float | None
    ttft_limit_s: float | None
    tpot_limit_s: float | None
    tokens_per_s: float | None
    cells: Mapping[str, str]

    @property
    def engine(self) -> str:
        """The engine and how it is run: by name, with the benchmark before it where it was tuned for one."""
        backend = self.backend.lower()
        if self.source.startswith("MLPerf"):
            return "mlperf-trtllm" if "tensorrt" in backend or backend.startswith("cuda") else "mlperf-vllm"
        name = re.match(r"[a-z]+", backend)
        plain = name.group() if name else ""
        return f"{plain}-table" if self.scenario == "offline max load" else plain

    @property
    def release(self) -> str:
        """The engine with its version, where the row tells both and the engine is one that serves."""
        words = self.backend.lower().split()
        told = len(words) == 2 and not self.source.startswith("MLPerf")
        return " ".join(words) if told else ""

    @property
    def year(self) -> float | None:
        """When it was measured, as a year with its part of months."""
        found = re.match(r"([0-9]{4})-([0-9]{2})", self.measured_date)
        return int(found[1]) + (int(found[2]) - 1 / 2) / MONTHS_COUNT if found else None


def read_inference_rows(path: Path) -> list[InferenceRow]:
    """The rows of a file with these columns (others are kept in `cells`).

    Raises CatalogError where the file cannot be read, a column is missing or a cell is no number.
    """
    header, lines = _lines(path)
    lacking = [column for column in (*TEXTS, *NUMBERS) if column not in header]
    if lacking:
        given = f"no column {', '.join(lacking)}"
        raise CatalogError([Fault(path=path.name, given=given, expected=f"columns {', '.join((*TEXTS, *NUMBERS))}")])
    faults: list[Fault] = []
    rows = [_row(line, f"{path.name} row {n}", faults) for n, line in enumerate(lines, start=1)]
    if faults:
        raise CatalogError(faults[:MOST_FAULTS_COUNT])
    return rows


def _lines(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Header and rows; cells that a row lacks are empty, and those beyond the header are passed over."""
    table = [line for line in read_csv(path) if line]
    header = table[0] if table else []
    return header, [dict(zip_longest(header, line[: len(header)], fillvalue="")) for line in table[1:]]


def _row(cells: dict[str, str], place: str, faults: list[Fault]) -> InferenceRow:
    texts = {name: cells[name].strip() for name in TEXTS}
    numbers = {field: _number(cells[column], f"{place} column {column}", faults) for column, field in NUMBERS.items()}
    return InferenceRow(**texts, **numbers, cells=cells)  # type: ignore[arg-type]


def _number(text: str, place: str, faults: list[Fault]) -> float | None:
    """A number above 0, or None for an empty cell."""
    if not text.strip():
        return None
    value = number(text)
    if not 0 < value < math.inf:
        faults.append(Fault(path=place, given=f'"{text.strip()}"', expected="a number above 0, or nothing"))
    return value
