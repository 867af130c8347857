"""Measured training runs from a CSV file: one row a run, text to numbers, mistakes named by file, row and column."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import read_csv
from gigawatt.readers.csv_rows import number

TEXTS = ("source", "model", "gpu", "precision", "recompute", "verified", "url")
# Column of a file → field of a row; an empty cell is None.
NUMBERS = {
    "params": "params_count",
    "n_gpus": "packages_count",
    "seq_len": "sequence_tokens",
    "global_batch": "global_batch_count",
    "tp": "tensor_count",
    "pp": "pipeline_count",
    "cp": "context_count",
    "dp": "data_count",
    "ep": "expert_count",
    "vp": "chunk_count",
    "mbs": "micro_batch_count",
    "fsdp": "shards_count",
    "achieved_tflops_per_gpu": "achieved_flops",
    "mfu": "mfu_frac",
    "tokens_per_s_per_gpu": "tokens_per_s",
    "time_to_train_s": "time_to_train_s",
}
SCALES = {"params": 1e9, "achieved_tflops_per_gpu": 1e12}
NEEDED = ("source", "model", "gpu", "n_gpus")
# Zero says "not spread" here, and is a mistake elsewhere.
ZERO_ALLOWED = ("fsdp",)
# What a row tells in words of its machine and run: field → pattern, and what its product is in SI.
CONDITIONS = {
    "power_limit_w": (r"(\d+(?:\.\d+)?) W limit", 1.0),
    "hbm_capacity_bytes": (r"(\d+(?:\.\d+)?) GB HBM", 1e9),
    "hbm_bandwidth_bytes_per_s": (r"(\d+(?:\.\d+)?) TB/s", 1e12),
    "run_tokens": (r"(\d+(?:\.\d+)?) ?T tokens", 1e12),
    "node_network_bytes_per_s": (r"(\d+) ?x ?(\d+) Gb\b.* a node", 1e9 / 8),
}
MOST_FAULTS_COUNT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow:
    """One run as its source tells it; what it does not say is None or empty. `cells` is the row as read.

    Counts as in `tokens.Layout`; shards_count: ranks that weights are spread over (FSDP), 0 where they are not.
    conditions: what it tells in words of its machine, where that is not the usual one, and of its run, by the names of
    `CONDITIONS`.
    """

    source: str
    model: str
    gpu: str
    precision: str
    recompute: str
    verified: str
    url: str
    params_count: float | None
    packages_count: float
    sequence_tokens: float | None
    global_batch_count: float | None
    tensor_count: float | None
    pipeline_count: float | None
    context_count: float | None
    data_count: float | None
    expert_count: float | None
    chunk_count: float | None
    micro_batch_count: float | None
    shards_count: float | None
    achieved_flops: float | None
    mfu_frac: float | None
    tokens_per_s: float | None
    time_to_train_s: float | None
    conditions: Mapping[str, float]
    cells: Mapping[str, str]


def read_training_rows(path: Path) -> list[TrainingRow]:
    """The rows of a file with these columns (others are kept in `cells`).

    Raises CatalogError where the file cannot be read, a column is missing or a cell is no number.
    """
    header, lines = _lines(path)
    lacking = [column for column in (*TEXTS, *NUMBERS) if column not in header]
    if lacking:
        expected = f"a table of training runs with the columns {', '.join((*TEXTS, *NUMBERS))}"
        raise CatalogError([Fault(path=path.name, given=f"no column {', '.join(lacking)}", expected=expected)])
    faults: list[Fault] = []
    rows = [_row(cells, f"{path.name} row {number}", faults) for number, cells in enumerate(lines, start=2)]
    if faults:
        raise CatalogError(faults[:MOST_FAULTS_COUNT])
    return rows


def _lines(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    table = [line for line in read_csv(path) if line]
    header = table[0] if table else []
    faults = [
        Fault(path=f"{path.name} row {number}", given=f"{len(line)} cells", expected=f"{len(header)} as in the header")
        for number, line in enumerate(table[1:], start=2)
        if len(line) != len(header)
    ]
    if faults:
        raise CatalogError(faults[:MOST_FAULTS_COUNT])
    return header, [dict(zip(header, line, strict=True)) for line in table[1:]]


def _row(cells: dict[str, str], where: str, faults: list[Fault]) -> TrainingRow:
    for column in NEEDED:
        if not cells[column].strip():
            faults.append(Fault(path=f"{where} column {column}", given="empty", expected="a value"))
    values: dict[str, object] = {column: cells[column].strip() for column in TEXTS}
    for column, name in NUMBERS.items():
        values[name] = _number(cells[column].strip(), column, where, faults)
    if values["packages_count"] is None:
        values["packages_count"] = math.nan
    return TrainingRow(cells=cells, conditions=conditions_of(cells), **values)  # type: ignore[arg-type]


def conditions_of(cells: Mapping[str, str]) -> dict[str, float]:
    """What the words of a row say of its machine and its run.

    >>> conditions_of({"source": "", "verified": "", "url": "report (H100 96 GB HBM2e, 2.4 TB/s, 500 W limit)"})
    {'power_limit_w': 500.0, 'hbm_capacity_bytes': 96000000000.0, 'hbm_bandwidth_bytes_per_s': 2400000000000.0}
    """
    words = " ".join(cells[column] for column in ("source", "url", "verified"))
    found = {name: (re.search(pattern, words), scale) for name, (pattern, scale) in CONDITIONS.items()}
    return {
        name: math.prod(float(text) for text in match.groups()) * scale
        for name, (match, scale) in found.items()
        if match is not None
    }


def _number(text: str, column: str, where: str, faults: list[Fault]) -> float | None:
    if not text:
        return None
    value = number(text)
    if not math.isfinite(value) or value < 0 or (value == 0 and column not in ZERO_ALLOWED):
        faults.append(Fault(path=f"{where} column {column}", given=f'"{text[:40]}"', expected="a number above 0"))
    return value * SCALES.get(column, 1.0)
