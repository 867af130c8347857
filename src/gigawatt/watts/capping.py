"""What a power cap costs in performance.

A part under a cap runs at lower clocks and voltages: the last watts buy the least. One curve per class of work says how
much is left, fitted to published measurements in the catalog (tools/fit_capping.py).

References
----------
1. S. Samsi et al., "From words to watts: benchmarking the energy costs of large language model inference", IEEE HPEC
   2023, arXiv:2310.03003: inference under power caps.
2. J. Chung et al., "Reducing energy bloat in large model training" (Perseus), SOSP 2024, doi:10.1145/3694715.3695970,
   and its published data: training under power caps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.watts.air import SHARE, Array, check


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCurve:
    """Performance of a class of work against power, as scalars or as arrays of one entry per class.

    perf(p) = 1 − a (1 − p)^b, with p the power over the power that the work draws without a cap. `loss_ratio` is a > 0,
    `exponent_ratio` b ≥ 1: the curve rises to perf(1) = 1, and it is concave, so the first watts saved cost least.
    `least_frac` is the lowest p that the curve speaks for: a part does not go below it.
    """

    loss_ratio: float | Array
    exponent_ratio: float | Array
    least_frac: float | Array


def performance(curve: PowerCurve, power_frac: ArrayLike) -> Array:
    """Performance under a cap over that without one [0 … 1]: 1 − a (1 − p)^b.

    power_frac: cap over the power without one; below `least_frac` the part stays at `least_frac`. Shapes broadcast.
    """
    _check(curve)
    held = np.maximum(check("power_frac", power_frac, SHARE), curve.least_frac)
    left: Array = 1 - curve.loss_ratio * (1 - held) ** curve.exponent_ratio
    return left


def mixed_performance(
    memory_bound: PowerCurve, compute_bound: PowerCurve, power_frac: ArrayLike, compute_frac: ArrayLike
) -> Array:
    """Performance under a cap of work that matrix units bind for a part of its time and memory for the rest [0 … 1].

    Times add: 1 / perf = (1 − s) / perf_memory(p) + s / perf_compute(p), with s the share of the time without a cap
    that goes to computing (compute_frac). Memory runs on while clocks fall, so that work of more s loses more.
    """
    share = check("compute_frac", compute_frac, SHARE)
    moving, computing = performance(memory_bound, power_frac), performance(compute_bound, power_frac)
    mixed: Array = 1 / ((1 - share) / moving + share / computing)
    return mixed


def _check(curve: PowerCurve) -> None:
    least = check("least_frac", curve.least_frac, SHARE)
    loss, exponent = np.asarray(curve.loss_ratio, dtype=float), np.asarray(curve.exponent_ratio, dtype=float)
    if not (loss > 0).all():
        raise ValueError(f"loss_ratio = {loss.min():g}: expected above 0")
    if not (exponent >= 1).all():
        raise ValueError(f"exponent_ratio = {exponent.min():g}: expected at least 1")
    if (loss * (1 - least) ** exponent > 1).any():
        raise ValueError(f"least_frac = {least.min():g}: expected a power at which the curve is not below 0")
