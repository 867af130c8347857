"""The physical plan: state it, solve it pro rata, round the milestones, improve until the time is spent.

Rounding makes the schedule of milestones whole and shifts them one by one while that helps; each trial is a linear
programme that starts from the last one's basis. It mostly ends at the optimum, which branch and bound then proves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import linopy
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.plan import buildout, milestones, work
from gigawatt.plan.solve import NOISE, UNITS, Clock, NoPlan, Program
from gigawatt.scenario.schema import Asked

# Weight of a billion USD against 1e15 tokens where tokens are the objective: enough to break ties, no more.
TIE_BREAK = 1e-3
WHOLE = 1e-6
# Quarters by which rounding tries to be later than the pro-rata plan, and the most shifts that it tries.
DELAYS = (0, 1, 2, 3)
MAX_TRIALS = 40
# Wall time for one trial [s], some twenty times what it takes: HiGHS now and then circles on a schedule without a plan.
TRIAL_S = 5.0
# Share of the solver's time after which shifting gives way to branch and bound.
SHIFTING_FRAC = 0.6

Progress = Callable[[str], None]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best plan found: its program (all milestones fixed, solved), objective, bound and how the search ended.

    objective and bound are in the objective's own unit: billion USD, or 1e15 tokens.
    """

    program: Program
    objective: float
    bound: float
    status: str
    wall_s: float


def state(data: xr.Dataset, asked: Asked) -> linopy.Model:
    """The whole physical plan as a linopy model, maximising the scenario's objective."""
    model = linopy.Model()
    buildout.add_buildout(model, data, asked)
    work.add_work(model, data, asked)
    milestones.add_capital(model, data, asked)
    value = net_value(model, data, asked)
    if asked.objective == "welfare":
        value = value + (model.variables["valued"] * work.social_revenue(data) * discounts(data, asked)).sum()
    if asked.objective == "tokens":
        value = TIE_BREAK * value + (model.variables["sold"] * work.quadrillions()).sum()
    model.add_objective(value, sense="max")
    return model


def discounts(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Value today of a dollar in the middle of each quarter, dims (period)."""
    years = dollars.mid_quarters_years(data.sizes["period"])
    ratios = dollars.discount_ratio(asked.finance.discount_per_year, years)
    return xr.DataArray(ratios, dims="period", coords={"period": data.indexes["period"]})


def net_value(model: linopy.Model, data: xr.Dataset, asked: Asked) -> linopy.LinearExpression:
    """Unlevered NPV + terminal value − penalties, billion USD."""
    discount = discounts(data, asked)
    flows = (milestones.free_cash_flow(model, asked) * discount).sum()
    end = float(dollars.discount_ratio(asked.finance.discount_per_year, data.sizes["period"] / 4))
    finance = asked.finance
    for name, life in (("rack_capex", finance.rack_life_years), ("shell_capex", finance.shell_life_years)):
        flows = flows + (model.variables[name] * (end * buildout.terminal_frac(data, asked, life))).sum()
    return flows - work.penalties(model, data, discount)


def search(data: xr.Dataset, asked: Asked, progress: Progress) -> Found:
    """The best plan that the solver's budget allows.

    Raises NoPlan where hard limits conflict.
    """
    clock = Clock(asked.solver.time_limit_s)
    progress("stating the plan")
    program = Program(state(data, asked))
    progress("solving pro rata")
    bound = program.solve_lp()
    use = asked.capital.tranches
    if use is None or use.release == "pro_rata" or "released" not in program.model.variables:
        return Found(program=program, objective=bound, bound=bound, status="optimal", wall_s=clock.spent_s)
    gap = allowed_gap(program, asked, data, bound)
    progress("rounding the milestones")
    best, whole = shift_milestones(program, round_milestones(program, asked), clock)
    status = "optimal"
    if best.objective < bound - gap:
        progress("improving the milestones")
        best, bound, status = improve(program, best, clock, gap, bound)
    if not whole:  # the clock had a say in what was found, and another machine may find something else
        status = "time_limit"
    fix(program, best.dates)
    objective = program.solve_lp()
    return Found(program=program, objective=objective, bound=max(bound, objective), status=status, wall_s=clock.spent_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Quarter in which each milestone's tranche is released (the number of quarters: never), its plan and value."""

    dates: tuple[int, ...]
    objective: float
    columns: Floats


def allowed_gap(program: Program, asked: Asked, data: xr.Dataset, objective: float) -> float:
    """The gap at which to stop: a share of the objective, or of the present value of capex where that is more.

    An NPV near zero is the small difference of large flows; a relative gap alone would ask for cents.
    """
    capex = program.value("rack_capex") + program.value("shell_capex")
    present = float((capex * discounts(data, asked)).sum())
    if asked.objective == "tokens":
        return asked.solver.gap_frac * abs(objective)
    return max(asked.solver.gap_frac * abs(objective), asked.solver.gap_of_capex_frac * present)


def fix(program: Program, dates: tuple[int, ...]) -> None:
    """Release each tranche in its quarter, and in no other."""
    released = program.model.variables["released"].labels
    whole = np.arange(released.sizes["period"])[None, :] >= np.array(dates)[:, None]
    bounds = released.copy(data=whole.astype(float))
    program.bound("released", bounds, bounds)


def trial(program: Program, dates: tuple[int, ...]) -> Schedule:
    """The best plan on a schedule; worth −∞ where no plan keeps to it, or where that takes far longer than it does."""
    upper = program.model.variables["released"].upper.transpose("milestone", "period").values
    never = upper.shape[1]
    possible = all(date == never or (0 <= date < never and upper[n, date] > 0) for n, date in enumerate(dates))
    try:
        if not possible or list(dates) != sorted(dates):
            raise NoPlan
        fix(program, dates)
        return Schedule(dates=dates, objective=program.solve_lp(TRIAL_S), columns=program.values.copy())
    except NoPlan:
        return Schedule(dates=dates, objective=-np.inf, columns=np.zeros(0))


def round_milestones(program: Program, asked: Asked) -> Schedule:
    """The best of a few whole schedules: the lawful dates of the pro-rata plan, and the same some quarters later.

    Whole tranches come later than shares of them, so what the pro-rata plan builds is often a little too early.
    """
    use = asked.capital.tranches
    assert use is not None
    sizes = np.array([step.power_w for step in milestones.milestones(asked)])
    lawful = dollars.released_frac(program.value("gross").values * UNITS["w"], sizes, use.lag_count, step=True)
    count = lawful.shape[1]
    first = [int(np.argmax(row)) if row.any() else count for row in lawful]
    trials = [trial(program, tuple(min(date + later, count) for date in first)) for later in DELAYS]
    trials.append(trial(program, (count,) * len(first)))
    return max(trials, key=lambda schedule: schedule.objective)


def shift_milestones(program: Program, best: Schedule, clock: Clock) -> tuple[Schedule, bool]:
    """Shift one milestone by one quarter as long as a shift improves the plan, for at most `MAX_TRIALS` trials.

    The best schedule, and whether that was the end: False where `SHIFTING_FRAC` of the time was spent before.
    """
    moves = [(n, step) for n in range(len(best.dates)) for step in (-1, 1)]
    tried, since = 0, 0
    while since < len(moves) and tried < MAX_TRIALS:
        if clock.spent_s > SHIFTING_FRAC * clock.budget_s:
            return best, False
        n, step = moves[tried % len(moves)]
        dates = (*best.dates[:n], best.dates[n] + step, *best.dates[n + 1 :])
        found = trial(program, dates)
        tried += 1
        improved = found.objective > best.objective + NOISE * max(1.0, abs(best.objective))
        best, since = (found, 0) if improved else (best, since + 1)
    return best, True


def improve(program: Program, best: Schedule, clock: Clock, gap: float, bound: float) -> tuple[Schedule, float, str]:
    """Branch and bound from a schedule for the rest of the time; the better schedule, the bound, and how it ended."""
    upper = program.model.variables["released"].upper
    program.bound("released", xr.zeros_like(upper), upper)
    if clock.left_s < 1:
        return best, bound, "time_limit"
    _, proven, status = program.solve_mip(best.columns, clock.left_s, gap)
    whole = program.value("released").transpose("milestone", "period").values > 1 - WHOLE
    dates = tuple(int(np.argmax(row)) if row.any() else row.size for row in whole)
    found = trial(program, dates)
    return (found if found.objective > best.objective else best), min(bound, proven), status
