"""Which futures break a strategy: a box in what was drawn, of at most three sides, found greedily.

Of all conditions "quantity at most / at least a bound" the one is added that raises F = 2 C D / (C + D) most, with the
coverage C, the share of broken futures in the box, and the density D, the share of the box's futures that are broken
[1, 2]. A condition that chance explains is left out: had it been drawn without regard to what is broken, the box would
have held so many broken futures with a probability above `MOST_CHANCE_FRAC`, the quasi-p-value of [2].

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
from numpy.typing import NDArray

from gigawatt.scenario.check_uncertainty import SLIPS

Floats = NDArray[np.float64]
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
# Bounds are looked for at these quantiles; a condition has to add so much.
BOUND_FRAC = tuple(n / 20 for n in range(1, 20))
LEAST_GAIN, MOST_CHANCE_FRAC = 0.02, 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A quantity on one side of a bound, the bound included; bound: in the unit of the quantity."""

    name: str
    side: Literal["at most", "at least"]
    bound: float  # a factor or quarters, by the quantity

    def holds(self, column: Floats) -> Flags:
        """In which futures."""
        return np.asarray(column <= self.bound if self.side == "at most" else column >= self.bound)

    def words(self) -> str:
        """The condition as one says it."""
        if self.name not in SLIPS:
            return f"{WORDS[self.name]} {self.side} {self.bound:.2f} of what is stated"
        if self.bound == 0:
            return f"{WORDS[self.name]} on time"
        return f"{WORDS[self.name]} late by {self.side} {self.bound:g} {'quarter' if self.bound == 1 else 'quarters'}"


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
    chosen: tuple[Condition, ...] = ()
    inside = np.ones(len(broken), dtype=bool)
    if not broken.any() or broken.all():
        return None
    for _ in range(MOST_CONDITIONS):
        score, best, within = max(
            ((_score(box, broken), condition, box) for condition, box in _boxes(names, drawn, inside)),
            key=lambda item: item[0],
            default=(0.0, None, inside),
        )
        gain = score - _score(inside, broken)
        if best is None or gain < LEAST_GAIN or _chance(inside, within, broken) > MOST_CHANCE_FRAC:
            break
        # A tighter bound on the same side takes the place of the looser one.
        chosen = (*(c for c in chosen if (c.name, c.side) != (best.name, best.side)), best)
        inside = within
    if not chosen:
        return None
    hits = float((inside & broken).sum())
    return Rule(conditions=chosen, coverage_frac=hits / float(broken.sum()), density_frac=hits / float(inside.sum()))


def _boxes(names: Sequence[str], drawn: Floats, inside: Flags) -> Iterator[tuple[Condition, Flags]]:
    """Every way to add a condition to a box that leaves something of it."""
    for name, column in zip(names, drawn.T, strict=True):
        for bound in np.unique(np.quantile(column[inside], BOUND_FRAC, method="inverted_cdf")).tolist():
            for side in ("at most", "at least"):
                condition = Condition(name=name, side=side, bound=bound)
                box = inside & condition.holds(column)
                if 0 < box.sum() < inside.sum():
                    yield condition, box


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


def _score(box: Flags, broken: Flags) -> float:
    hits = float((box & broken).sum())
    return 2 * hits / float(box.sum() + broken.sum())
