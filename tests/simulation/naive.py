"""Failures rack by rack and hour by hour: slow, and too simple to be wrong; what faster kernels are compared with.

In each hour a rack that works fails with the chance p = 1 - e^{-λ(age)}. The failure takes effect at the next hour, so
the rack counts as up in the hour in which it fails. A repair begins on an hour boundary and takes whole hours, M
rounded up. In the steady state, with infinitely many crews, constant λ and the mean repair E[M], the share of racks up
is that of continuous time with a repair longer by δ:

    1 / (1 + λ (E[M] + δ)),    δ = E[⌈M⌉] p/λ - E[M]    (½ h, less λ E[M]/2, where repairs take many hours)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NaiveHours:
    """up_count: racks up, shape (hours,); failures_count: failures, shape (hours, classes)."""

    up_count: Counts
    failures_count: Counts


def simulate(
    *,
    hours_count: int,
    entered_h: Counts,
    rate_per_h: Floats,
    share_frac: Floats,
    repair_median_h: Floats,
    repair_mean_h: Floats,
    crews_count: int | None,
    random: np.random.Generator,
) -> NaiveHours:
    """Hours of racks that enter service at whole hours and never leave.

    entered_h: one entry a rack; rate_per_h: failures per rack and hour by age in hours, the last value for all later
    ages. share_frac, repair_median_h, repair_mean_h: of each class of failures; repairs are lognormal. crews_count:
    repairs at a time, first come first served, None for as many as it takes.
    """
    chance = -np.expm1(-np.asarray(rate_per_h, dtype=float))
    spread = np.sqrt(2 * np.log(np.asarray(repair_mean_h) / repair_median_h))
    crews = len(entered_h) if crews_count is None else crews_count
    up, failures = _loop(
        hours_count,
        np.asarray(entered_h),
        chance,
        np.cumsum(share_frac),
        np.log(np.asarray(repair_median_h, dtype=float)),
        spread,
        crews,
        random,
    )
    return NaiveHours(up_count=up, failures_count=failures)


@njit
def _loop(hours_count, entered, chance, cumulated, log_median, spread, crews, random):
    racks, classes = len(entered), len(cumulated)
    up, failures = np.zeros(hours_count, np.int64), np.zeros((hours_count, classes), np.int64)
    back = np.zeros(racks, np.int64)  # hour from which a rack works; of one that waits for a crew, never
    repair, queue = np.zeros(racks), np.zeros(racks, np.int64)  # a rack waits once at most: a ring of racks is enough
    first, waiting = 0, 0
    freed = np.zeros(hours_count, np.int64)
    for hour in range(hours_count):
        crews += freed[hour]
        while crews > 0 and waiting > 0:
            rack = queue[first]
            back[rack] = hour + max(np.int64(np.ceil(repair[rack])), 1)
            if back[rack] < hours_count:
                freed[back[rack]] += 1
            crews, first, waiting = crews - 1, (first + 1) % racks, waiting - 1
        for rack in range(racks):
            if entered[rack] > hour or back[rack] > hour:
                continue
            up[hour] += 1
            if random.random() < chance[min(hour - entered[rack], len(chance) - 1)]:
                kind = min(np.searchsorted(cumulated, random.random() * cumulated[-1], side="right"), classes - 1)
                failures[hour, kind] += 1
                repair[rack] = np.exp(log_median[kind] + spread[kind] * random.standard_normal())
                back[rack] = hours_count + 1
                queue[(first + waiting) % racks] = rack
                waiting += 1
    return up, failures


def mean_whole_hours(median_h: float, mean_h: float, most_h: int = 100_000) -> float:
    """E[⌈M⌉] of a lognormal M: Σ P(M > k) over k = 0, 1, … [h]."""
    spread = np.sqrt(2 * np.log(mean_h / median_h))
    return 1 + sum((1 - erf((np.log(k / median_h)) / spread / np.sqrt(2))) / 2 for k in range(1, most_h))


def extra_repair_h(rate_per_h: float, median_h: float, mean_h: float) -> float:
    """δ above [h]."""
    return mean_whole_hours(median_h, mean_h) * -np.expm1(-rate_per_h) / rate_per_h - mean_h
