"""From which prices on anything at all is worth building.

With prices p times what they are, the best plan is worth V(p) = max over plans x of p R(x) − C(x). As long as the same
plans can be afforded that is a maximum of straight lines, flat at what no plan is worth up to the break-even p*, and
Newton's method from above finds p* in a few linear programmes: each step goes to where the best plan of the last one
breaks even [1]. Where prices also pay for what is built, a step may land below p*; bisection then closes in on it.

References
----------
[1] W. Dinkelbach, "On nonlinear fractional programming", Management Science 13(7), 1967, doi:10.1287/mnsc.13.7.492.
"""

from __future__ import annotations

import xarray as xr

from gigawatt.plan import search
from gigawatt.programme import book
from gigawatt.scenario.schema import Asked
from gigawatt.solver import UNITS, Program

# Prices are raised by this factor until something is built, for so many times, and known to this share in the end.
RAISE_RATIO, MOST_RAISES = 4.0, 5
CLOSE_FRAC, MOST_STEPS = 1e-3, 40
# Fewer racks are what the solver's tolerance on cash buys, in thousands.
LEAST_BUILT = 1e-6


def price_ratio(data: xr.Dataset, asked: Asked, nothing_usd: float) -> float | None:
    """The least factor on what tokens sell for at which some plan is worth more than none, where none is at 1.

    nothing_usd: the objective of building nothing, what is missed counted [USD]. None where no factor up to
    `RAISE_RATIO ** MOST_RAISES` makes one. Tranches are released in proportion, which can only make building easier:
    with whole ones prices have to be at least this high.
    """
    nothing = nothing_usd / UNITS["usd"]
    program = Program(search.state(data, asked))
    for raised in range(1, MOST_RAISES + 1):
        ratio = RAISE_RATIO**raised
        step = _step(program, data, asked, ratio, nothing)
        if step is not None:
            return _descend(program, data, asked, ratio, step, nothing)
    return None


def _descend(program: Program, data: xr.Dataset, asked: Asked, high: float, step: float, nothing: float) -> float:
    """From a factor at which something is built, and the step down from it, to the least one."""
    low = 1.0
    for _ in range(MOST_STEPS):
        if high - low <= CLOSE_FRAC * high:
            break
        ratio = min(high - step, high * (1 - CLOSE_FRAC))
        ratio = ratio if ratio > low else (low + high) / 2
        found = _step(program, data, asked, ratio, nothing)
        if found is None:
            low = ratio
        else:
            high, step = ratio, found
    return high


def _step(program: Program, data: xr.Dataset, asked: Asked, ratio: float, nothing: float) -> float | None:
    """By how much the factor may fall before the best plan at it is worth no more than none; None where that is none.

    Tax is left out of what a plan gains with prices, which is then too much, and the step too short: it still goes down
    to the break-even and never below it.
    """
    program.coefficient("revenue", "revenue", 1 / ratio)  # revenue / ratio is what the prices given bring
    gain = program.solve_lp() - nothing
    if gain <= 0 or float(program.value("install").sum()) < LEAST_BUILT:
        return None
    earned = float((program.value("revenue") * book.discounts(data, asked)).sum())
    gained = (1 - asked.finance.non_compute_frac) * earned
    return gain / gained * ratio if gained > 0 else None
