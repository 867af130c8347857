"""The part of docs/accuracy.md about energy: its bars and what stands below them (see tools/accuracy.py)."""

from __future__ import annotations

from collections.abc import Callable

from gigawatt.catalog import records
from gigawatt.study.validate.energy import MEASURED_RATE
from gigawatt.study.validate.score import Validation

FILE = "energy-2026.csv"
TEXT = """
Energy per output token of GPUs alone (their own counters), in steady state at a measured batch. With our own throughput
the error of that is in it; at the measured throughput the model of power stands alone. A package draws its idle power
and, by the square-root-like law u^{exponent:g} of how busy they are, what its matrix units, memory and network add, up
to its limit; shares are fitted to H100 and B200 with shrinkage between them, and other parts take the mean of the two
with a wider band. The baseline is one energy per operation, which knows no batch.

Where not to trust it: prompt lengths of these rows are assumed; engines that wait for their host (small models on B200
at small batches) draw less than the law says, and experts in eight bits more; parts of which no power was measured
(AMD, TPU, Rubin) rest on two architectures of one vendor. A rack's other parts are counted at two fifths of their
nameplate, from servers of eight B200 measured at the wall. Errors with a model or a GPU left out are printed by
`tools/fit_power.py FILE.csv`.
"""
Bar = tuple[str, float, Callable[[float], bool], str]


def bars(found: Validation, power: records.PowerCalibration) -> list[Bar]:
    """What was asked of the model of power, and what it reaches."""
    alone = found.also[MEASURED_RATE]
    return [
        ("mean error, our throughput at the measured batch", found.scores.mape_frac or 0.0, _at_most(0.30), "≤ 30 %"),
        ("mean error, at the measured throughput", alone.mape_frac if alone else 0.0, _at_most(0.20), "≤ 20 %"),
        ("the same, model left out", power.left_out_model_mape_frac, _at_most(0.20), "≤ 20 %"),
        ("the same, GPU left out", power.left_out_gpu_mape_frac, _at_most(0.20), "≤ 20 %"),
        ("coverage", found.scores.coverage_frac or 0.0, lambda x: x >= 0.97, "≥ 97 %"),
        ("rows inside P10 to P90", found.scores.band_coverage_frac or 0.0, lambda x: 0.7 <= x <= 0.9, "70 to 90 %"),
    ]


def text(power: records.PowerCalibration) -> str:
    """What stands below the bars."""
    return TEXT.format(exponent=power.exponent_ratio)


def _at_most(most_frac: float) -> Callable[[float], bool]:
    return lambda value: value <= most_frac
