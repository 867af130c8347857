"""Futures: one number for each uncertain quantity, and for some a course over the quarters.

Quantities are correlated by a Gaussian copula [1]: with L L' the correlation matrix, u = Φ(L z) is uniform, and the
quantity is its own distribution's quantile of u. A course follows the quantity with a random walk of its logarithm on
top, exp(Σ σ √¼ ε − σ² t/2), whose mean stays 1. Streams [2] are keyed by the seed, the number of the future and the
quantity, so that a future is the same whoever draws it and however many are drawn, and quantities that no correlation
ties are the same whatever else is uncertain.

References
----------
[1] R. B. Nelsen, "An Introduction to Copulas", 2nd ed., Springer, 2006, doi:10.1007/0-387-28678-0.
[2] J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405: Philox.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal
from zlib import crc32

import numpy as np

from gigawatt.ndarrays import Floats
from gigawatt.scenario.check_uncertainty import SLIPS, correlation
from gigawatt.scenario.schema import Asked, Scenario, Uncertainty

# What an uncertain quantity is counted in: a factor on what is stated, or quarters of slip.
DrawnUnit = Literal["ratio", "quarters"]

QUARTERS_PER_YEAR = 4
# 90th percentile of the normal distribution, in standard deviations.
P90 = NormalDist().inv_cdf(0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Future:
    """number: which one of a seed's; value: by name of the uncertain quantity; course: by quarter, where it walks."""

    number: int
    value: Mapping[str, float]
    course: Mapping[str, Floats]

    def mean(self, name: str) -> float:
        """A quantity over the whole time: its mean over the quarters where it walks."""
        return float(np.mean(self.course[name])) if name in self.course else self.value[name]


def unit_of(name: str) -> DrawnUnit:
    """The unit of an uncertain quantity."""
    return "quarters" if name in SLIPS else "ratio"


def drawing(scenario: Scenario, seed: int, vary: Collection[str] = ()) -> Callable[[int], Future]:
    """The futures of a seed by number: the same for every strategy. vary: the quantities that differ, all if empty."""
    return lambda number: draw(scenario.asked, seed, number, len(scenario.quarters), vary or None)


def draw(asked: Asked, seed: int, number: int, periods_count: int, names: Collection[str] | None = None) -> Future:
    """Future number `number` of a seed. names: the quantities that differ from what is stated, by default all."""
    normal, shocks = _normals(asked, seed, number, periods_count)
    value, course = {}, {}
    for name, spread in asked.uncertainty.items():
        if names is None or name in names:
            value[name] = quantile(spread, NormalDist().cdf(normal[name]))
            if spread.walk_ratio > 0:
                course[name] = value[name] * walk(spread.walk_ratio, shocks[name])
    return Future(number=number, value=value, course=course)


def _normals(asked: Asked, seed: int, number: int, periods_count: int) -> tuple[dict[str, float], dict[str, Floats]]:
    """Correlated normals of the quantities, and the shocks of their walks; each quantity has a stream of its own."""
    order = sorted(asked.uncertainty)
    rows = np.empty((len(order), 1 + periods_count))
    for row, name in zip(rows, order, strict=True):
        key = np.random.SeedSequence(seed, spawn_key=(number, crc32(name.encode())))
        row[:] = np.random.Generator(np.random.Philox(key)).standard_normal(len(row))
    normals = np.linalg.cholesky(correlation(asked, order)) @ rows[:, 0]
    return dict(zip(order, normals.tolist(), strict=True)), dict(zip(order, rows[:, 1:], strict=True))


def quantile(spread: Uncertainty, share_frac: float) -> float:
    """The quantile of a distribution, in the unit of its quantity."""
    if spread.distribution == "discrete":
        reached = np.cumsum(spread.weights) / np.sum(spread.weights)
        return float(spread.values[min(int(np.searchsorted(reached, share_frac)), len(spread.values) - 1)])
    if spread.distribution == "lognormal":
        low, high = np.log([spread.p10_ratio, spread.p90_ratio])
        return float(np.exp((low + high) / 2 + (high - low) / (2 * P90) * NormalDist().inv_cdf(_open(share_frac))))
    return _triangular(spread.low_ratio, spread.mode_ratio, spread.high_ratio, share_frac)


def _triangular(low: float, mode: float, high: float, share: float) -> float:
    if high == low:
        return low
    at_mode = (mode - low) / (high - low)
    if share < at_mode:
        return low + sqrt(share * (high - low) * (mode - low))
    return high - sqrt((1 - share) * (high - low) * (high - mode))


def _open(share: float) -> float:
    """A share that is neither 0 nor 1, which no quantile of an unbounded distribution has."""
    tiny = float(np.finfo(float).eps)
    return min(max(share, tiny), 1 - tiny)


def walk(yearly_ratio: float, shocks: Floats) -> Floats:
    """A random walk over quarters with mean 1: yearly_ratio is the standard deviation of its logarithm after a year."""
    time = (np.arange(len(shocks)) + 1) / QUARTERS_PER_YEAR
    steps = yearly_ratio / sqrt(QUARTERS_PER_YEAR) * np.cumsum(shocks)
    return np.asarray(np.exp(steps - yearly_ratio**2 * time / 2))


def at_quantiles(asked: Asked, names: Sequence[str], shares_frac: Sequence[float], number: int) -> Future:
    """The future without walks in which quantities are at these quantiles of theirs, and all others as stated."""
    value = {name: quantile(asked.uncertainty[name], share) for name, share in zip(names, shares_frac, strict=True)}
    return Future(number=number, value=value, course={})
