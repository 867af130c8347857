"""The physical plan: state it, solve it pro rata, round the milestones, improve until the time is spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import linopy
import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.plan import buildout, milestones, work
from gigawatt.plan.solve import UNITS, Clock, NoPlan, Program
from gigawatt.scenario.schema import Asked

# Weight of a billion USD against 1e15 tokens where tokens are the objective: enough to break ties, no more.
TIE_BREAK = 1e-3
WHOLE = 1e-6

Progress = Callable[[str], None]


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
    steps = "released" in program.model.variables and asked.capital.tranches is not None
    if not (steps and asked.capital.tranches and asked.capital.tranches.release == "step"):
        return Found(program=program, objective=bound, bound=bound, status="optimal", wall_s=clock.spent_s)
    gap = allowed_gap(program, asked, data, bound)
    objective = round_milestones(program, asked)
    if objective >= bound - gap:
        return Found(program=program, objective=objective, bound=bound, status="optimal", wall_s=clock.spent_s)
    progress("improving the milestones")
    objective, bound, status = improve(program, clock, gap, objective, bound)
    return Found(program=program, objective=objective, bound=bound, status=status, wall_s=clock.spent_s)


def allowed_gap(program: Program, asked: Asked, data: xr.Dataset, objective: float) -> float:
    """The gap at which to stop: a share of the objective, or of the present value of capex where that is more.

    An NPV near zero is the small difference of large flows; a relative gap alone would ask for cents.
    """
    capex = program.value("rack_capex") + program.value("shell_capex")
    present = float((capex * discounts(data, asked)).sum())
    if asked.objective == "tokens":
        return asked.solver.gap_frac * abs(objective)
    return max(asked.solver.gap_frac * abs(objective), asked.solver.gap_of_capex_frac * present)


def round_milestones(program: Program, asked: Asked) -> float:
    """A feasible plan with whole milestones: round released shares down, solve again, until all are whole.

    Leaves the program with its milestones fixed and solved; returns the objective.
    """
    use = asked.capital.tranches
    assert use is not None
    sizes = np.array([step.power_w for step in milestones.milestones(asked)])
    while True:
        lawful = dollars.released_frac(program.value("gross").values * UNITS["w"], sizes, use.lag_count, step=True)
        released = program.value("released")
        whole = released.copy(data=np.where(lawful * released.values >= 1 - WHOLE, 1.0, 0.0))
        program.bound("released", xr.zeros_like(whole), whole)
        objective = program.solve_lp()
        left = program.value("released").values
        if np.all(np.minimum(left, 1 - left) < WHOLE):
            return objective


def improve(program: Program, clock: Clock, gap: float, objective: float, bound: float) -> tuple[float, float, str]:
    """Branch and bound from the rounded plan for the rest of the time; then all milestones fixed and solved again."""
    start = program.values.copy()
    released = program.value("released")
    upper = program.model.variables["released"].upper
    program.bound("released", xr.zeros_like(upper), upper)
    status = "time_limit"
    if clock.left_s > 1:
        _, proven, status = program.solve_mip(start, clock.left_s, gap)
        bound = min(bound, proven)
        released = program.value("released")
    whole = released.round()
    program.bound("released", whole, whole)
    try:
        objective = program.solve_lp()
    except NoPlan:  # the milestones hold to the solver's integer tolerance only: let them be less
        program.bound("released", xr.zeros_like(whole), whole)
        objective = program.solve_lp()
    return objective, max(bound, objective), status
