"""What many outcomes say: quantiles, first-order indices, and what it would be worth to know a quantity beforehand.

First-order index of a quantity: S = Var(E[Y | x]) / Var(Y), the share of an outcome's variance that would go if the
quantity were known; estimated from the given draws, whatever else moves with it [1]. Where quantities are correlated a
share may count more than once. Draws are grouped by the order of the quantity, and Var(E[Y | x]) is the mean product of
two different draws of a group less that of any two, which is free of the bias of the variance of group means [2]. What
happens now and then has an edge too sharp for the few harmonics of a random balance design; groups follow it if they
are small against the draws in which it happens: these carry the variance, and are draws / kurtosis.

Outcomes without a value (NaN or infinite) are left out: in a base of `saltelli_shares` all rows that belong to it.

Value of perfect information [3]: with the value v(s, x) of strategy s in future x, one decides for the best on average,
max_s E[v]; who knew x_i beforehand would decide for each value of it, so knowing it is worth

    EVPPI_i = E_i[max_s E[v(s) | x_i]] − max_s E[v(s)],

and knowing all of the future is worth E[max_s v(s)] − max_s E[v(s)]. E[v(s) | x_i] is a regression on the draws [4].

References
----------
[1] E. Plischke, E. Borgonovo, C. Smith, "Global sensitivity measures from given data", European Journal of Operational
    Research 226(3), 2013, doi:10.1016/j.ejor.2012.11.047.
[2] S. R. Searle, G. Casella, C. E. McCulloch, "Variance Components", Wiley, 1992, ch. 3: the one-way classification.
[3] H. Raiffa, R. Schlaifer, "Applied statistical decision theory", Harvard University, 1961.
[4] M. Strong, J. Oakley, A. Brennan, "Estimating multiparameter partial expected value of perfect information from a
    probabilistic sensitivity analysis sample", Medical Decision Making 34(3), 2014, doi:10.1177/0272989X13505910.
[5] A. Saltelli et al., "Variance based sensitivity analysis of model output", Computer Physics Communications 181(2),
    2010, doi:10.1016/j.cpc.2009.09.018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.ndarrays import Floats

SHARES_FRAC = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
# Fewer draws say nothing about indices; a regression has this degree, and leaves out a fold at a time.
LEAST_DRAWS, DEGREE, FOLDS = 64, 3, 5
# Groups are so many times smaller than the draws that carry the variance, and at most a twentieth of all.
GROUPS_OF_RARE, LEAST_GROUPS = 5, 20
# Parts that are left out in turn for a confidence, and its half-width in standard deviations.
PARTS, CONFIDENCE = 20, 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A share of variance that goes with a quantity, give or take its 95 % confidence; total_frac: with all that it
    does together with others, where that was asked for."""

    name: str
    first_frac: float
    confidence_frac: float
    total_frac: float | None = None
    total_confidence_frac: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """A figure over futures, in its own unit."""

    p10: float
    p50: float
    p90: float
    mean: float


def quantiles(values: ArrayLike) -> Quantiles:
    """Of figures, in their unit; what never happens (NaN) is later than everything."""
    array = np.asarray(values, dtype=float)
    if not array.size:
        return Quantiles(p10=nan, p50=nan, p90=nan, mean=nan)
    ordered = np.sort(np.where(np.isnan(array), np.inf, array))
    # Inverted distribution function: every quantile is one of the values, so that infinite ones do not spread.
    found = {name: float(ordered[max(int(np.ceil(q * len(ordered))) - 1, 0)]) for name, q in SHARES_FRAC.items()}
    return Quantiles(**found, mean=float(ordered.mean()))


def first_order(names: Sequence[str], drawn: Floats, values: Floats) -> list[Index]:
    """First-order indices from given draws, the largest first; none where there are too few or nothing differs.

    drawn: (draw, quantity). Only the order of a quantity's draws counts.
    """
    drawn, values = drawn[np.isfinite(values)], values[np.isfinite(values)]
    if len(values) < LEAST_DRAWS or not np.ptp(values) > 0:
        return []
    return _sorted([_grouped_index(name, column, values) for name, column in zip(names, drawn.T, strict=True)])


def _grouped_index(name: str, column: Floats, values: Floats) -> Index:
    """The index of a quantity, and its confidence from leaving out one part of the draws after another, but no less
    than what chance makes of a quantity without effect, √(2 / (draws · (group − 1)))."""
    part, size = np.arange(len(values)) % PARTS, _group_size(values)
    without = np.array([_grouped_frac(column[part != n], values[part != n], size) for n in range(PARTS)])
    spread = float(np.sqrt((PARTS - 1) * np.mean((without - without.mean()) ** 2)))
    chance = float(np.sqrt(2 / (len(values) * (size - 1))))
    found = _grouped_frac(column, values, size)
    return Index(name=name, first_frac=found, confidence_frac=CONFIDENCE * max(spread, chance))


def _group_size(values: Floats) -> int:
    apart = (values - values.mean()) / values.std()
    carrying = len(values) / float(np.mean(apart**4))
    return int(np.clip(carrying / GROUPS_OF_RARE, 2, len(values) // LEAST_GROUPS))


def _grouped_frac(column: Floats, values: Floats, size: int) -> float:
    """Var(E[Y | x]) / Var(Y) from groups of draws that are next to each other in x; 0 where nothing differs."""
    if not np.ptp(values) > 0:
        return 0.0
    count, order = len(values), np.argsort(column, kind="stable")
    first = np.arange(0, count - size + 1, size)
    sizes = np.diff(first, append=count)
    apart = values[order] - values.mean()
    total, squares = np.add.reduceat(apart, first), np.add.reduceat(apart**2, first)
    within = float(((total**2 - squares) / (sizes - 1)).sum()) / count
    # Any two different draws, about the mean: −Σ apart² / (count · (count − 1)).
    return (within + float(squares.sum()) / (count * (count - 1))) / float(values.var(ddof=1))


def saltelli_shares(quantities_count: int, base_count: int, seed: int) -> Floats:
    """Shares at which to take each quantity's quantile for `saltelli_indices`.

    Shape (base × (quantities + 2), quantity); base_count: a power of 2.
    """
    from SALib.sample import sobol

    names = [str(n) for n in range(quantities_count)]
    problem = {"num_vars": quantities_count, "names": names, "bounds": [[0.0, 1.0]] * quantities_count}
    return np.asarray(sobol.sample(problem, base_count, calc_second_order=False, seed=seed))


def saltelli_indices(names: Sequence[str], values: Floats, seed: int) -> list[Index]:
    """First-order and total indices [5] of outcomes at the rows of `saltelli_shares`: of independent quantities.

    None where fewer than two bases have all their values, or nothing differs.
    """
    bases = values.reshape(-1, len(names) + 2)
    values = bases[np.isfinite(bases).all(axis=1)].ravel()
    if values.size < 2 * bases.shape[1] or not np.ptp(values) > 0:
        return []
    from SALib.analyze import sobol

    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    found = sobol.analyze(problem, values, calc_second_order=False, seed=seed)
    rows = zip(names, *(found[key].tolist() for key in ("S1", "S1_conf", "ST", "ST_conf")), strict=True)
    return _sorted(
        [
            Index(name=name, first_frac=s, confidence_frac=c, total_frac=total, total_confidence_frac=spread)
            for name, s, c, total, spread in rows
        ]
    )


def _sorted(found: list[Index]) -> list[Index]:
    return sorted(found, key=lambda index: -index.first_frac)


def ranks(drawn: Floats) -> Floats:
    """Ranks of draws within each column, ties in the order of the draws: the same on every machine."""
    return np.asarray(np.argsort(np.argsort(drawn, axis=0, kind="stable"), axis=0, kind="stable"), dtype=float)


def evpi_usd(values_usd: Floats) -> float:
    """What it is worth to know the whole future before deciding; values_usd: (strategy, draw)."""
    values_usd = values_usd.compress(valued(values_usd), axis=1)
    return float(values_usd.max(axis=0).mean() - values_usd.mean(axis=1).max())


def valued(values_usd: Floats) -> NDArray[np.bool_]:
    """Draws in which every strategy has a value; values_usd: (strategy, draw)."""
    return np.asarray(np.isfinite(values_usd).all(axis=0))


def evppi_usd(names: Sequence[str], drawn: Floats, values_usd: Floats) -> dict[str, float]:
    """What it is worth to know one quantity before deciding, the dearest first; 0 where it changes no decision.

    drawn: (draw, quantity); values_usd: (strategy, draw). Each draw is decided upon by a regression on others, so that
    noise in it adds nothing.
    """
    some = valued(values_usd)
    drawn, values_usd = drawn[some], values_usd.compress(some, axis=1)
    blind = float(values_usd.mean(axis=1).max())
    worth = {name: _informed(column, values_usd) - blind for name, column in zip(names, drawn.T, strict=True)}
    return dict(sorted(((name, max(usd, 0.0)) for name, usd in worth.items()), key=lambda item: -item[1]))


def _informed(drawn: Floats, values: Floats) -> float:
    """Mean value where each draw has the strategy that the other folds expect most of, given the quantity."""
    fold = np.arange(len(drawn)) % min(FOLDS, len(drawn))
    chosen = np.empty(len(drawn), dtype=int)
    for one in range(fold.max() + 1):
        known = fold != one if fold.max() > 0 else fold == one
        chosen[fold == one] = np.argmax([conditional_mean(drawn, row, known)[fold == one] for row in values], axis=0)
    return float(values[chosen, np.arange(len(drawn))].mean())


def conditional_mean(drawn: Floats, values: Floats, known: NDArray[np.bool_]) -> Floats:
    """E[v | x] at every draw, from the draws whose values are known.

    The mean of each value of x where there are few of them, else a polynomial in the ranks of x.
    """
    levels, which = np.unique(drawn, return_inverse=True)
    if len(levels) <= 2 * DEGREE:
        count = np.bincount(which[known], minlength=len(levels))
        total = np.bincount(which[known], values[known], minlength=len(levels))
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), values[known].mean())[which])
    at = 2 * ranks(drawn[:, None])[:, 0] / (len(drawn) - 1) - 1
    fitted = np.polynomial.Legendre.fit(at[known], values[known], min(DEGREE, int(known.sum()) - 1), domain=[-1, 1])
    return np.asarray(fitted(at))


def regret_usd(values_usd: Floats) -> Floats:
    """How much less each strategy is worth than the best one, in each future: (strategy, draw), least 0 in each."""
    return np.asarray(values_usd.max(axis=0) - values_usd)
