"""What a stream of quarterly flows is worth and what it yields.

The value of flows c at times t is a sum of exponentials of L = ln(1 + r), Σ c·e^(−tL). By Descartes' rule it has at
most as many roots as the flows change sign, and Rolle's theorem finds them all [1]: times e^(sL), with s between the
times of a change of sign, the derivative has one change less; between its roots the product rises or falls, and so
crosses nought at most once.

References
----------
[1] G. J. O. Jameson, "Counting zeros of generalised polynomials: Descartes' rule of signs and Laguerre's extensions",
    The Mathematical Gazette 90(518), 2006, pp. 223–234.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.dollars.annuity import discount_ratio, mid_quarters_years
from gigawatt.ndarrays import Floats

# Rates that are looked at, per year; and the flow that is a solver's rounding, as a share of the largest.
LEAST_RATE, MOST_RATE = -0.99, 100.0
ROUNDING_FRAC = 1e-9
# Halvings of a bracket of ln(1 + r), which is at most 10 wide: to the last digit.
HALVINGS = 60
# Digits of a rate that bisection settles: what comes after them is rounding.
DIGITS = 12
# A root this close to the discount rate is that rate.
SAME_RATE = 1e-9

ONE_SIGN = "the flows never change sign"
NO_ROOT = "at no rate are the flows worth nothing"
NO_FALL = "at no rate on the side of the discount where it could lie does the value of the flows fall through nought"


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """The yield of flows [per year]: rate_frac, the root that is meant, None with its reason where there is none.

    roots_frac: every rate at which the flows are worth nothing, rising.
    """

    rate_frac: float | None
    roots_frac: tuple[float, ...]
    reason: str = ""


def npv(flows_usd: ArrayLike, rate_per_year: float, final_usd: float = 0.0) -> float:
    """Net present value [USD] at the start of the horizon.

    flows_usd: one flow in the middle of each quarter, shape (quarters,). final_usd: received at the horizon's end.
    """
    flows = np.asarray(flows_usd, dtype=float)
    value = flows @ discount_ratio(rate_per_year, mid_quarters_years(flows.size))
    return float(value + final_usd * discount_ratio(rate_per_year, flows.size / 4))


def irr(flows_usd: ArrayLike, discount_per_year: float, final_usd: float = 0.0) -> Return:
    """Internal rate of return of the flows that `npv` values.

    Of several roots the return is the one at which the value falls through nought as the rate rises, next to the
    discount rate: above it where the flows are worth something at that rate, below it where they are worth less than
    nothing. So a return never contradicts the value beside it.
    """
    flows = np.asarray(flows_usd, dtype=float)
    found = roots(flows, final_usd)
    if not found:
        amounts = np.append(flows, final_usd)
        mixed = bool(np.any(amounts > 0) and np.any(amounts < 0))
        return Return(rate_frac=None, roots_frac=(), reason=NO_ROOT if mixed else ONE_SIGN)
    # The value changes sign at every root, so that every other one is a fall.
    beyond = _value(*_terms(flows, final_usd), np.log1p(MOST_RATE))
    falls = found[::-2] if beyond < 0 else found[-2::-2]
    if npv(flows, discount_per_year, final_usd) >= 0:
        meant = min((rate for rate in falls if rate >= discount_per_year - SAME_RATE), default=None)
    else:
        meant = max((rate for rate in falls if rate <= discount_per_year + SAME_RATE), default=None)
    return Return(rate_frac=meant, roots_frac=found, reason="" if meant is not None else NO_FALL)


def roots(flows_usd: ArrayLike, final_usd: float = 0.0) -> tuple[float, ...]:
    """Every rate [per year] at which `npv` changes sign, rising, between −99 % and 10,000 %.

    Flows below a billionth of the largest count as nothing.
    """
    amounts, years = _terms(np.asarray(flows_usd, dtype=float), final_usd)
    return tuple(round(float(np.expm1(at)), DIGITS) for at in _crossings(amounts, years))


def _terms(flows: Floats, final_usd: float) -> tuple[Floats, Floats]:
    """Amounts other than nought, and their times [years]."""
    amounts = np.append(flows, final_usd)
    years = np.append(mid_quarters_years(flows.size), flows.size / 4)
    some = np.abs(amounts) > ROUNDING_FRAC * np.abs(amounts).max()
    return amounts[some], years[some]


def _crossings(amounts: Floats, years: Floats) -> list[float]:
    """ln(1 + r) of every rate at which Σ amount·(1 + r)^−year changes sign, rising; years rise."""
    changes = np.flatnonzero(amounts[:-1] * amounts[1:] < 0)
    if not changes.size:
        return []
    middle = (years[changes[0]] + years[changes[0] + 1]) / 2
    turns = _crossings(amounts * (middle - years), years)
    ends = [float(np.log1p(LEAST_RATE)), *turns, float(np.log1p(MOST_RATE))]
    return [
        _bisected(amounts, years, low, high)
        for low, high in pairwise(ends)
        if _value(amounts, years, low) * _value(amounts, years, high) < 0
    ]


def _bisected(amounts: Floats, years: Floats, low: float, high: float) -> float:
    rising = _value(amounts, years, low) < 0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if (_value(amounts, years, middle) < 0) == rising else (low, middle)
    return (low + high) / 2


def _value(amounts: Floats, years: Floats, log_rate: float) -> float:
    """The value over its largest discount factor, which leaves the sign and never overflows."""
    weights = -years * log_rate
    return float(amounts @ np.exp(weights - weights.max()))
