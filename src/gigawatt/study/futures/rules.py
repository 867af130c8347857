"""Which futures break a strategy: a box in what was drawn, of at most three sides.

With the coverage C, the share of broken futures in the box, and the density D, the share of the box's futures that are
broken, the box is the one of highest F = 2 C D / (C + D) [1, 2]: of all single conditions "quantity at most / at least
a bound", of all pairs of them, and of all that make a third to the best pair. A further condition has to add to F, and
chance must not explain it: had it been drawn without regard to what is broken, the box would hold so many broken
futures with a probability of at most `MOST_CHANCE_FRAC`, the quasi-p-value of [2].

References
----------
[1] J. H. Friedman, N. I. Fisher, "Bump hunting in high-dimensional data", Statistics and Computing 9, 1999,
    doi:10.1023/A:1008894516817.
[2] B. P. Bryant, R. J. Lempert, "Thinking inside the box", Technological Forecasting and Social Change 77(1), 2010,
    doi:10.1016/j.techfore.2009.08.002.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.ndarrays import Floats
from gigawatt.study.futures.draws import DrawnUnit, unit_of

Flags = NDArray[np.bool_]

MOST_CONDITIONS = 3
# Uncertain quantities in words.
WORDS = {
    "demand": "demand",
    "price": "token prices",
    "throughput": "throughput",
    "rack_price": "rack prices",
    "energy_price": "energy prices",
    "failure_rate": "failures",
    "capital_cost": "cost of capital",
    "chip_slip": "chips",
    "power_slip": "power",
}
# Bounds are looked for at these quantiles, in so many futures; a condition has to add so much.
BOUND_FRAC = tuple(n / 20 for n in range(1, 20))
LEAST_GAIN, MOST_CHANCE_FRAC, MOST_SEARCHED = 0.02, 0.01, 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A quantity on one side of a bound, the bound included: `value`, a factor or quarters."""

    name: str
    side: Literal["at most", "at least"]
    value: float
    unit: DrawnUnit

    def holds(self, column: Floats) -> Flags:
        """In which futures."""
        return np.asarray(column <= self.value if self.side == "at most" else column >= self.value)

    def words(self) -> str:
        """The condition as one says it."""
        if self.unit == "ratio":
            return f"{WORDS[self.name]} {self.side} {self.value:.2f} of what is stated"
        if self.value == 0:
            return f"{WORDS[self.name]} on time"
        return f"{WORDS[self.name]} late by {self.side} {self.value:g} {'quarter' if self.value == 1 else 'quarters'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A box that holds broken futures: share of the broken ones in it, share of those in it that are broken."""

    conditions: tuple[Condition, ...]
    coverage_frac: float
    density_frac: float

    def words(self) -> str:
        """The rule as one says it."""
        return " and ".join(condition.words() for condition in self.conditions)


def find_rule(names: Sequence[str], drawn: Floats, broken: Flags) -> Rule | None:
    """The box of at most `MOST_CONDITIONS` sides; None where no condition tells broken futures from others.

    drawn: (draw, quantity); broken: (draw).
    """
    if not broken.any() or broken.all():
        return None
    known, seen = drawn[:MOST_SEARCHED], broken[:MOST_SEARCHED]
    found = list(_conditions(names, known))
    flags = np.array([condition.holds(known[:, names.index(condition.name)]) for condition in found])
    chosen: tuple[int, ...] = ()
    for better in (_best(flags, seen, ()), _best_pair(flags, seen)):
        chosen = _preferred(flags, seen, chosen, better)
    if len(chosen) == MOST_CONDITIONS - 1:
        chosen = _preferred(flags, seen, chosen, (*chosen, *_best(flags, seen, chosen)))
    if not chosen:
        return None
    conditions = tuple(found[n] for n in chosen)
    inside = np.all([condition.holds(drawn[:, names.index(condition.name)]) for condition in conditions], axis=0)
    hits = float((inside & broken).sum())
    return Rule(
        conditions=conditions, coverage_frac=hits / float(broken.sum()), density_frac=hits / float(inside.sum())
    )


def _conditions(names: Sequence[str], drawn: Floats) -> Iterator[Condition]:
    for name, column in zip(names, drawn.T, strict=True):
        for bound in np.unique(np.quantile(column, BOUND_FRAC, method="inverted_cdf")).tolist():
            yield Condition(name=name, side="at most", value=bound, unit=unit_of(name))
            yield Condition(name=name, side="at least", value=bound, unit=unit_of(name))


def _best(flags: Flags, broken: Flags, given: tuple[int, ...]) -> tuple[int, ...]:
    """The condition that makes the best box with the given ones."""
    boxes = flags & _box(flags, given)
    return (int(np.argmax(_score((boxes & broken).sum(axis=1), boxes.sum(axis=1), broken))),)


def _best_pair(flags: Flags, broken: Flags) -> tuple[int, ...]:
    """The two conditions that make the best box together."""
    every = flags.astype(np.float32)
    scores = _score((every * broken) @ every.T, every @ every.T, broken)
    one, other = np.unravel_index(int(np.argmax(scores)), scores.shape)
    return tuple(sorted({int(one), int(other)}))


def _preferred(flags: Flags, broken: Flags, chosen: tuple[int, ...], better: tuple[int, ...]) -> tuple[int, ...]:
    """The better box where it is better by enough and chance explains none of its conditions; else the chosen one."""

    def score(box: Flags) -> float:
        return float(_score((box & broken).sum(), box.sum(), broken))

    if score(_box(flags, better)) < score(_box(flags, chosen)) + LEAST_GAIN:
        return chosen
    for one in better:
        outer = _box(flags, tuple(n for n in better if n != one))
        if _chance(outer, _box(flags, better), broken) > MOST_CHANCE_FRAC:
            return chosen
    return better


def _box(flags: Flags, chosen: tuple[int, ...]) -> Flags:
    return np.asarray(flags[list(chosen)].all(axis=0))


def _chance(outer: Flags, inner: Flags, broken: Flags) -> float:
    """Probability of as many broken futures as the inner box holds, or more, in as many draws from the outer one."""
    share, size, hits = float(broken[outer].mean()), int(inner.sum()), int((inner & broken).sum())
    if share in (0.0, 1.0):
        return 1.0
    logs = [
        lgamma(size + 1) - lgamma(k + 1) - lgamma(size - k + 1) + k * log(share) + (size - k) * log(1 - share)
        for k in range(hits, size + 1)
    ]
    return min(sum(map(exp, logs)), 1.0)


def _score(hits: ArrayLike, size: ArrayLike, broken: Flags) -> Floats:
    return np.asarray(2 * np.asarray(hits, dtype=float) / (np.asarray(size, dtype=float) + float(broken.sum())))
