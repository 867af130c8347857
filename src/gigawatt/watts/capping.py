"""What a power cap costs in performance, and how many racks a facility holds with and without one.

A part under a cap runs at lower clocks and voltages: the last watts buy the least. One curve per class of work says how
much is left, fitted to published measurements in the catalog.

References
----------
1. S. Samsi et al., "From words to watts: benchmarking the energy costs of large language model inference", IEEE HPEC
   2023, arXiv:2310.03003: inference under power caps.
2. J. Chung et al., "Reducing energy bloat in large model training" (Perseus), SOSP 2024, doi:10.1145/3694715.3695970,
   and its published data: training under power caps.
3. P. Patel et al., "Characterizing power management opportunities for LLMs in the cloud" (POLCA), ASPLOS 2024,
   doi:10.1145/3620666.3651329: oversubscribed racks, capped when their sum comes near the limit.
4. D. R. Hunter, K. Lange, "A tutorial on MM algorithms", The American Statistician 58(1), 2004,
   doi:10.1198/0003130042836: least squares to ranges instead of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.watts.air import SHARE, Array, check

EXPONENTS = np.arange(1.0, 4.005, 0.01)  # those that `fit_curve` tries; at least 1, so that a curve is concave
APART_RATIO = 0.3  # deviation of the logarithms of a part's loss and exponent from the common ones
APART = np.arange(-1.0, 1.005, 0.01)  # logarithms of a part's loss over the common one that `fit_curve_near` tries
_PASSES = 500
_ROUNDING = 1e-9  # of a count of racks that is whole but for floating point


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


def racks_within(
    limit_w: ArrayLike, rack_w: ArrayLike, overhead_ratio: ArrayLike, cap_frac: ArrayLike
) -> NDArray[np.int64]:
    """Racks that a facility limit holds: ⌊limit / (rack × overhead × cap)⌋.

    limit_w: at the connection. rack_w: power of a rack without a cap. overhead_ratio: facility power over rack power.
    cap_frac: what telemetry-driven capping holds the mean rack to; 1 provides for every rack at once. Shapes broadcast.
    """
    cap = check("cap_frac", cap_frac, SHARE)
    if np.any(cap == 0):
        raise ValueError("cap_frac = 0: expected above 0, for racks without power are without number")
    count = np.asarray(limit_w, dtype=float) / (np.asarray(rack_w, dtype=float) * np.asarray(overhead_ratio) * cap)
    return np.floor(count + _ROUNDING).astype(np.int64)


def cap_within(limit_w: ArrayLike, racks_count: ArrayLike, rack_w: ArrayLike, overhead_ratio: ArrayLike) -> Array:
    """The cap on every rack [0 … 1] that keeps so many of them within a facility limit: min(1, limit / (n r o))."""
    whole = np.asarray(racks_count, dtype=float) * np.asarray(rack_w, dtype=float) * np.asarray(overhead_ratio)
    cap: Array = np.minimum(1.0, np.asarray(limit_w, dtype=float) / whole)
    return cap


def common_cap(draw_w: ArrayLike, budget_w: float) -> float:
    """The highest common cap [W] under which measured draws stay within a budget: Σ min(draw, cap) = budget [3].

    draw_w: what each rack draws without a cap, by telemetry. Where the sum is within the budget no cap is needed and
    the answer is the largest draw. Racks that draw little leave their share to the others.
    """
    draws = np.sort(np.asarray(draw_w, dtype=float))
    if draws.sum() <= budget_w:
        return float(draws[-1])
    below = np.concatenate([[0.0], np.cumsum(draws)[:-1]])
    caps = (budget_w - below) / np.arange(draws.size, 0, -1)
    return float(caps[np.argmax(caps <= draws)])


def fit_curve(
    power_frac: ArrayLike, low_frac: ArrayLike, high_frac: ArrayLike, weight_ratio: ArrayLike, *, least_frac: float
) -> PowerCurve:
    """The curve of least squared distance to published ranges of performance, weighted; exponents of `EXPONENTS`.

    For each exponent the loss is found by replacing every range with its point next to the curve and solving the
    least squares in closed form, until nothing moves [4].

    power_frac: power of each point, below 1. low_frac, high_frac: its published performance, equal for a single value.
    """
    saved = (1 - check("power_frac", power_frac, SHARE)) ** EXPONENTS[:, None]
    low, high = check("low_frac", low_frac, SHARE), check("high_frac", high_frac, SHARE)
    weight = np.asarray(weight_ratio, dtype=float)
    scale = (weight * saved**2).sum(axis=1)
    target = np.broadcast_to((low + high) / 2, saved.shape)
    loss = np.zeros_like(EXPONENTS)
    for _ in range(_PASSES):
        loss = (weight * saved * (1 - target)).sum(axis=1) / scale
        target = np.clip(1 - loss[:, None] * saved, low, high)
    error = (weight * (1 - loss[:, None] * saved - target) ** 2).sum(axis=1)
    best = int(np.argmin(error))
    return PowerCurve(loss_ratio=float(loss[best]), exponent_ratio=float(EXPONENTS[best]), least_frac=least_frac)


def fit_curve_near(
    common: PowerCurve, power_frac: ArrayLike, low_frac: ArrayLike, high_frac: ArrayLike, *, noise_frac: float
) -> PowerCurve:
    """The curve of one kind of part, drawn to a common one: squares of distances over `noise_frac`, and of logarithms.

    The logarithms of loss and exponent leave those of the common curve with deviations of `APART_RATIO`; the best of a
    grid is taken. power_frac, low_frac, high_frac: the points of the part as in `fit_curve`.
    """
    power = check("power_frac", power_frac, SHARE)
    low, high = check("low_frac", low_frac, SHARE), check("high_frac", high_frac, SHARE)
    steps, exponents = APART[:, None, None], EXPONENTS[None, :, None]
    losses = common.loss_ratio * np.exp(steps)
    left = 1 - losses * (1 - power) ** exponents
    error = (((left - np.clip(left, low, high)) / noise_frac) ** 2).sum(axis=-1)
    away = (steps[..., 0] ** 2 + np.log(exponents[..., 0] / common.exponent_ratio) ** 2) / APART_RATIO**2
    lawful = losses[..., 0] * (1 - common.least_frac) ** exponents[..., 0] <= 1
    first, second = np.unravel_index(int(np.argmin(np.where(lawful, error + away, np.inf))), error.shape)
    return PowerCurve(
        loss_ratio=float(losses[first, 0, 0]),
        exponent_ratio=float(EXPONENTS[second]),
        least_frac=common.least_frac,
    )


def _check(curve: PowerCurve) -> None:
    least = check("least_frac", curve.least_frac, SHARE)
    loss, exponent = np.asarray(curve.loss_ratio, dtype=float), np.asarray(curve.exponent_ratio, dtype=float)
    if not (loss > 0).all():
        raise ValueError(f"loss_ratio = {loss.min():g}: expected above 0")
    if not (exponent >= 1).all():
        raise ValueError(f"exponent_ratio = {exponent.min():g}: expected at least 1")
    if (loss * (1 - least) ** exponent > 1).any():
        raise ValueError(f"least_frac = {least.min():g}: expected a power at which the curve is not below 0")
