"""The physical plan: state it, solve it pro rata, round the milestones, improve until the work is done.

Rounding makes the schedule of milestones whole and shifts them one by one while that helps; each trial is a linear
programme that starts from the last one's basis. It mostly ends at the optimum, which branch and bound then proves.

All of it is limited by work (trials, iterations, nodes), and of plans within the gap one is chosen by rule: the
earliest gigawatt, then the fewest racks. A question thus has one answer, however fast and busy the machine is. The
clock is a guard; a search that it ends says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.ndarrays import Floats, Ints
from gigawatt.plan import buildout, milestones, work
from gigawatt.plan.rows import Form, LinearModel, form
from gigawatt.programme import book, tranches, unit_costs
from gigawatt.progress import Progress
from gigawatt.scenario.schema import Asked
from gigawatt.solver import NOISE, UNITS, Clock, GivenUp, NoPlan, Program, SolverFailure

# Weight of a billion USD against 1e15 tokens where tokens are the objective: enough to break ties, no more.
TIE_BREAK = 1e-3
# Share of its price that a rack more costs, of plans that are worth the same: above the solver's noise, no more.
FEWEST_FRAC = 1e-6
WHOLE = 1e-6
# Share of the gap asked for to which the best plan is proven; the rest is left to the rule by which one is chosen.
PROOF_FRAC = 0.5
# Quarters by which rounding tries to be later than the pro-rata plan.
DELAYS = (0, 1, 2, 3)
# Iterations of one trial per iteration of the pro-rata plan, and the least: some twenty times what the longest takes.
# HiGHS now and then circles on a schedule without a plan.
TRIAL_RATIO, LEAST_TRIAL = 20, 20_000
# What a trial may take where the clock has run out [s]: rounding alone makes a plan, however short the time.
LEAST_TRIAL_S = 30.0
GIGAWATT = 1e9 / UNITS["w"]

# What ended a search early → the scenario's key behind it, and in words.
ENDED = {
    "work_limit": ("solver.nodes", "at its limit of work, before the gap that was asked for"),
    "time_limit": ("solver.time_limit", "by the clock, which only guards it: another machine may find another plan"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best plan found: its program (all milestones fixed, solved), objective, bound and how the search ended.

    objective and bound are in the objective's own unit: billion USD, or 1e15 tokens. status: "optimal" (proven to the
    gap), or what ended it before that. by_clock: whether the clock cut it short, proven or not.
    """

    program: Program
    objective: float
    bound: float
    status: str
    by_clock: bool
    wall_s: float


def state(data: xr.Dataset, asked: Asked) -> LinearModel:
    """The whole physical plan as it is stated, maximising the scenario's objective."""
    model = LinearModel()
    buildout.add_buildout(model, data, asked)
    work.add_work(model, data, asked)
    milestones.add_capital(model, data, asked)
    value = net_value(model, data, asked)
    if asked.objective == "welfare":
        value = value + form(model.variables["valued"]) * (work.social_revenue(data) * book.discounts(data, asked))
    if asked.objective == "tokens":
        value = TIE_BREAK * value + form(model.variables["sold"]) * work.quadrillions()
    model.value = value
    return model


def net_value(model: LinearModel, data: xr.Dataset, asked: Asked) -> Form:
    """Unlevered NPV + terminal value − penalties, billion USD."""
    discount = book.discounts(data, asked)
    flows = milestones.free_cash_flow(model, asked) * discount
    end = float(dollars.discount_ratio(asked.finance.discount_per_year, data.sizes["period"] / 4))
    finance = asked.finance
    for name, life in (("rack_capex", finance.rack_life_years), ("shell_capex", finance.shell_life_years)):
        flows = flows + form(model.variables[name]) * (end * book.terminal_frac(data, asked, life))
    return flows - work.penalties(model, data, discount)


def search(data: xr.Dataset, asked: Asked, progress: Progress) -> Found:
    """The best plan that the solver's limits of work allow.

    Raises NoPlan where hard limits conflict.
    """
    clock = Clock(asked.solver.time_limit_s)
    progress("stating the plan")
    program = Program(state(data, asked))
    progress("solving pro rata")
    bound = program.solve_lp()
    status, by_clock = "optimal", False
    use = asked.capital.tranches
    if use is not None and use.release == "step" and "released" in program.given.variables:
        gap = allowed_gap(program, asked, data, bound)
        root = every_schedule(program, bound)
        effort = Effort(clock=clock, iterations_count=max(LEAST_TRIAL, TRIAL_RATIO * program.iterations_count))
        progress("rounding the milestones")
        best = shift_milestones(
            program, round_milestones(program, data, asked, effort), effort, asked.solver.trials_count
        )
        if best.objective < bound - gap:
            progress("improving the milestones")
            best, bound, status = improve(program, best, effort, gap, root, asked.solver.nodes_count)
        if not best.columns.size:
            raise SolverFailure("no plan with whole tranches was found within solver.time_limit")
        progress("looking for an earlier gigawatt")
        soonest = int(tranches.buildable_w(data, asked).searchsorted(1e9))
        best = hasten(program, best, effort, min(bound - gap, best.objective), soonest)
        by_clock = clock.left_s <= 0
        fix(program, best)
    prefer_few_racks(program, data, asked)
    objective = program.solve_lp()
    bound = max(bound, objective)
    return Found(
        program=program, objective=objective, bound=bound, status=status, by_clock=by_clock, wall_s=clock.spent_s
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a trial may take: iterations, and what is left on the clock."""

    clock: Clock
    iterations_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """Quarter in which each milestone's tranche is released (the number of quarters: never), its plan and value.

    gigawatt: quarter by whose end a gigawatt stands because it is asked for; None where it stands when it pays best.
    """

    dates: tuple[int, ...]
    gigawatt: int | None = None
    objective: float = -np.inf
    columns: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedules:
    """Schedules in which each tranche is released from quarter `first` on and by quarter `last` (their number: never).

    bound: no plan of them is worth more. shares: released of each tranche by the end of each quarter in the plan that
    is worth that, where they may come in shares.
    """

    first: Ints
    last: Ints
    bound: float
    shares: Floats

    @property
    def whole(self) -> bool:
        """Whether no tranche comes in shares."""
        return bool((np.abs(self.shares - np.round(self.shares)) <= WHOLE).all())

    @property
    def dates(self) -> tuple[int, ...]:
        """Quarter in which each tranche is released, where all are whole."""
        return tuple(int(quarters) for quarters in (self.shares < 0.5).sum(axis=1))


def every_schedule(program: Program, bound: float) -> Schedules:
    """All schedules, with the plan that is at hand, in which tranches come in shares."""
    lower, upper = program.bounds("released")
    return Schedules(
        first=(upper <= 0).sum(axis=1),
        last=(lower < 1).sum(axis=1),
        bound=bound,
        shares=program.value("released").values,
    )


def prefer_few_racks(program: Program, data: xr.Dataset, asked: Asked) -> None:
    """Of plans that are worth the same, take the one with the fewest racks."""
    dearest = float(unit_costs.rack_cost_usd(data, asked).max()) * UNITS["racks"] / UNITS["usd"]
    program.lean("install", -FEWEST_FRAC * dearest)


def free(program: Program) -> None:
    """Lift what chose among plans within the gap, so that duals say what limits are worth and not what the rule is."""
    program.lean("install", 0.0)
    _ask_for_a_gigawatt(program, None)
    program.solve_lp()


def allowed_gap(program: Program, asked: Asked, data: xr.Dataset, objective: float) -> float:
    """The gap at which to stop: a share of the objective, or of the present value of capex where that is more.

    An NPV near zero is the small difference of large flows; a relative gap alone would ask for cents.
    """
    capex = program.value("rack_capex") + program.value("shell_capex")
    present = float((capex * book.discounts(data, asked)).sum())
    if asked.objective == "tokens":
        return asked.solver.gap_frac * abs(objective)
    return max(asked.solver.gap_frac * abs(objective), asked.solver.gap_of_capex_frac * present)


def fix(program: Program, schedule: Releases) -> None:
    """Release each tranche in its quarter, and in no other; have a gigawatt in the quarter that is asked for."""
    released = program.columns("released").reshape(len(schedule.dates), -1)
    whole = np.arange(released.shape[1])[None, :] >= np.array(schedule.dates)[:, None]
    program.bound("released", whole, whole)
    _ask_for_a_gigawatt(program, schedule.gigawatt)


def _ask_for_a_gigawatt(program: Program, quarter: int | None) -> None:
    quarters = np.arange(program.columns("facility").size)
    program.bound("facility", np.where(quarters == quarter, GIGAWATT, 0.0), np.inf)


def trial(
    program: Program, dates: tuple[int, ...], effort: Effort, gigawatt: int | None = None, least: float = -np.inf
) -> Releases:
    """The best plan on a schedule; worth −∞ where no plan keeps to it that is worth `least`, or where that takes far
    longer than it does."""
    asked = Releases(dates=dates, gigawatt=gigawatt, columns=np.zeros(0))
    lower, upper = program.bounds("released")
    never = upper.shape[1]
    possible = all(date == never or (0 <= date < never and upper[n, date] > 0) for n, date in enumerate(dates))
    paid = all(date == 0 for n, date in enumerate(dates) if lower[n, 0] > 0)
    if not (possible and paid) or list(dates) != sorted(dates):
        return asked
    fix(program, asked)
    try:
        objective = program.solve_lp(effort.iterations_count, max(effort.clock.left_s, LEAST_TRIAL_S), least)
    except (NoPlan, GivenUp):
        return asked
    return replace(asked, objective=objective, columns=program.values.copy())


def round_milestones(program: Program, data: xr.Dataset, asked: Asked, effort: Effort) -> Releases:
    """The best of a few whole schedules: the lawful dates of the pro-rata plan, and the same some quarters later.

    Tranches that were paid before the horizon stay in its first quarter.

    Whole tranches come later than shares of them, so what the pro-rata plan builds is often a little too early.
    """
    use = asked.capital.tranches
    assert use is not None
    lawful = tranches.lawful_frac(program.value("gross").values * UNITS["w"], asked, data, step=True)
    count = lawful.shape[1]
    first = [int(np.argmax(row)) if row.any() else count for row in lawful]
    paid = tranches.drawn_frac(asked) > 0

    def after(later: int) -> tuple[int, ...]:
        """The lawful dates, so many quarters later, as far as a tranche is still to come."""
        return tuple(0 if there else min(date + later, count) for date, there in zip(first, paid, strict=True))

    best, *others = [after(later) for later in (*DELAYS, count)]
    found = trial(program, best, effort)
    for dates in others:
        found = better(found, trial(program, dates, effort, least=found.objective))
    return found


def better(one: Releases, other: Releases) -> Releases:
    """The schedule that is worth more; the first of two that are worth the same."""
    return other if other.objective > one.objective else one


def shift_milestones(program: Program, best: Releases, effort: Effort, trials_count: int) -> Releases:
    """Shift one milestone by one quarter as long as a shift improves the plan, for at most so many trials."""
    moves = [(n, step) for n in range(len(best.dates)) for step in (-1, 1)]
    tried, since = 0, 0
    while since < len(moves) and tried < trials_count and effort.clock.left_s > 0:
        n, step = moves[tried % len(moves)]
        dates = (*best.dates[:n], best.dates[n] + step, *best.dates[n + 1 :])
        found = trial(program, dates, effort, least=best.objective)
        tried += 1
        improved = found.objective > best.objective + NOISE * max(1.0, abs(best.objective))
        best, since = (found, 0) if improved else (best, since + 1)
    return best


def improve(
    program: Program, best: Releases, effort: Effort, gap: float, root: Schedules, nodes_count: int
) -> tuple[Releases, float, str]:
    """Branch and bound over the dates of tranches, for at most so many parts that are split; root: all schedules.

    The better schedule, the bound, and how it ended. Depth first, so that each programme starts beside the last one.
    """
    parts, split = [*halves(root)], 1
    while parts:
        enough = best.objective + PROOF_FRAC * gap
        if split >= nodes_count or effort.clock.left_s <= 0:
            ended = "work_limit" if split >= nodes_count else "time_limit"
            return best, max(enough, *(part.bound for part in parts)), ended
        part = relaxed(program, parts.pop(), effort, enough)
        if part is not None and part.whole:
            best = better(best, trial(program, part.dates, effort))
        elif part is not None:
            parts += halves(part)
            split += 1
    return best, min(root.bound, best.objective + PROOF_FRAC * gap), "optimal"


def relaxed(program: Program, part: Schedules, effort: Effort, least: float) -> Schedules | None:
    """A part with its best plan where tranches may come in shares; None where none of its plans is worth `least`."""
    lower, upper = program.bounds("released")
    quarters = np.arange(lower.shape[1])
    sooner, later = quarters >= part.first[:, None], quarters >= part.last[:, None]
    program.bound("released", np.maximum(later, lower), np.minimum(sooner, upper))
    try:
        bound = program.solve_lp(seconds=max(effort.clock.left_s, LEAST_TRIAL_S), least=least)
    except NoPlan:
        return None
    except GivenUp:  # by the clock: then the search ends with the bound that it has
        return part
    return replace(part, bound=bound, shares=program.value("released").values)


def halves(part: Schedules) -> tuple[Schedules, Schedules]:
    """A part by the date of its first tranche that comes in shares: after their mean quarter, or by then."""
    which = int(np.argmax(np.abs(part.shares - np.round(part.shares)).max(axis=1) > WHOLE))
    mean = int((1 - part.shares[which]).sum())
    quarter = int(np.clip(mean, part.first[which], part.last[which] - 1))
    order = np.arange(part.first.size)
    by = np.where(order <= which, np.minimum(part.last, quarter), part.last)
    after = np.where(order >= which, np.maximum(part.first, quarter + 1), part.first)
    return replace(part, first=after), replace(part, last=by)


def hasten(program: Program, best: Releases, effort: Effort, least: float, soonest: int) -> Releases:
    """Of plans worth at least `least`, the one whose first gigawatt stands earliest, from the quarter `soonest` on.

    Its tranches come as in `best`, or the first of them as soon as that gigawatt allows.
    """
    power = best.columns[program.columns("facility")]
    reached = np.flatnonzero(power >= GIGAWATT * (1 - WHOLE))
    for quarter in range(soonest, int(reached[0]) if reached.size else 0):
        for dates in dict.fromkeys((best.dates, (min(quarter + 1, best.dates[0]), *best.dates[1:]))):
            if effort.clock.left_s <= 0:
                return best
            found = trial(program, dates, effort, gigawatt=quarter, least=least)
            if found.objective >= least:
                return found
    return best
