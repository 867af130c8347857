"""A plan in seconds: lawful, with the most that any plan could be worth.

The planner solves a scenario pro rata, which bounds what any plan is worth, rounds its milestones to whole tranches and
shifts them while that helps. A full plan then branches and bounds, says what one more of each limit is worth, and is
lived through; all that is left out here. What branching can add is at most the distance to the bound; what it did add
to questions that were asked both ways stands in measured.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files

from gigawatt.account.accounts import account
from gigawatt.account.metrics import Headline
from gigawatt.errors import Infeasible
from gigawatt.exact import exact
from gigawatt.plan import plan
from gigawatt.plan.worth import Binding
from gigawatt.scenario.schema import Scenario
from gigawatt.study import nothing
from gigawatt.study.answer import SPREAD, UNTOLD, Head, copied, head_of
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.opened import scenario_of
from gigawatt.study.preview.question import PreviewQuestion
from gigawatt.study.run.answer import SolverReport
from gigawatt.study.run.notes import plan_notes
from gigawatt.units import show

# Plans that are kept in memory: what is changed again and again is held against the same scenario.
KEPT_COUNT = 16
# Schedules of milestones that are tried at most, and the wall time that guards them.
TRIALS_COUNT, GUARD_S = 40, 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickPlan:
    """What a quick plan comes to: its headline, its proof, its limits, what stands at the end of reported quarters."""

    headline: Headline
    solver: SolverReport
    binds: tuple[Binding, ...]
    periods: tuple[str, ...]
    facility_w: tuple[float, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPower:
    """Facility power in service at the end of a quarter, and what it is without the overrides; None where there are
    none, or no plan is lawful without them."""

    period: str
    facility_w: float
    before_facility_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickPlanRecord:
    """How far quick plans were from full ones, over questions that were asked both ways."""

    measured_date: str
    """Day of the measurements."""
    questions_count: int
    """Questions that were asked both ways: presets as they ship, and with overrides."""
    same_count: int
    """Of those, where the full plan was worth no more, to a thousandth of a percent."""
    most_added_frac: float
    """The most that a full plan was worth above the quick one, over the objective."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewAnswer:
    """A quick plan of a scenario, and of the scenario without the overrides where there are any.

    before: None where nothing is overridden, or no plan is lawful without. measured: of quick plans against full ones.
    """

    head: Head = field(metadata=SPREAD)
    headline: Headline
    before: Headline | None
    solver: SolverReport
    binds: tuple[Binding, ...]
    power: tuple[PreviewPower, ...]
    measured: QuickPlanRecord
    scenario: Scenario = field(metadata=UNTOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class _QuickAsked:
    """A scenario by its identity, and who hears how its plan comes about."""

    hash: str
    scenario: Scenario = field(compare=False)
    say: Callable[[str], None] = field(compare=False)


@cache
def measured() -> QuickPlanRecord:
    """How far quick plans were from full ones."""
    return QuickPlanRecord(**tomllib.loads((files("gigawatt.study.preview") / "measured.toml").read_text()))


@exact()
def answer(question: PreviewQuestion, job: Job) -> PreviewAnswer:
    """Plan a scenario quickly, and the same without the overrides.

    Raises ScenarioError, CatalogError or CalibrationError for bad input, Infeasible where hard limits conflict.
    """
    scenario, _ = scenario_of(question.scenario, question.set)
    found = _made(_QuickAsked(hash=scenario.hash, scenario=scenario, say=job.say))
    before = _before(question, scenario, job) if question.set else None
    at = {} if before is None else dict(zip(before.periods, before.facility_w, strict=True))
    return PreviewAnswer(
        head=head_of(scenario, (_how(found.solver), *found.notes)),
        headline=found.headline,
        before=None if before is None else before.headline,
        solver=found.solver,
        binds=found.binds,
        power=tuple(
            PreviewPower(period=period, facility_w=power, before_facility_w=at.get(period))
            for period, power in zip(found.periods, found.facility_w, strict=True)
        ),
        measured=measured(),
        scenario=scenario,
    )


def quick(scenario: Scenario) -> Scenario:
    """The scenario with a search that rounds milestones, shifts them while that helps, and branches nowhere."""
    asked = scenario.asked.solver
    trials_count, time_limit_s = min(asked.trials_count, TRIALS_COUNT), min(asked.time_limit_s, GUARD_S)
    solver = replace(asked, trials_count=trials_count, nodes_count=0, time_limit_s=time_limit_s)
    return replace(scenario, asked=replace(scenario.asked, solver=solver))


def _before(question: PreviewQuestion, scenario: Scenario, job: Job) -> QuickPlan | None:
    """The plan without the overrides; None where hard limits conflict, which the overrides may be there to mend."""
    base, _ = scenario_of(question.scenario)
    if base.hash == scenario.hash:
        return None
    try:
        return _made(_QuickAsked(hash=base.hash, scenario=base, say=job.say))
    except Infeasible:
        return None


@lru_cache(maxsize=KEPT_COUNT)
def _made(of: _QuickAsked) -> QuickPlan:
    scenario = quick(of.scenario)
    planned = plan.make(scenario, of.say, with_worth=False)
    books = account(scenario, planned)
    power = planned.data.facility_w.sum("site")[: scenario.reported_count]
    told = plan_notes(scenario, planned, books)
    return QuickPlan(
        headline=books.headline,
        solver=copied(SolverReport, planned, gap_usd=planned.gap if planned.unit == "USD" else None, wall_s=None),
        binds=nothing.binds(planned),
        periods=tuple(map(str, power.period.values)),
        facility_w=tuple(power.values.tolist()),
        notes=tuple(note for note in told if note.code != planned.ended),
    )


def _how(solver: SolverReport) -> Note:
    """What a reader has to know of a quick plan: what a full one could add, and what full ones did add."""
    known, suffix = measured(), "usd" if solver.unit == "USD" else "tokens"
    gap = f"at most {show(max(solver.bound - solver.objective, 0.0), suffix)} ({100 * solver.gap_frac:.2g} %) more"
    text = (
        f"A quick plan: lawful, its milestones rounded and shifted, without branch and bound. By the bound a full plan "
        f"is worth {gap}. Of {known.questions_count} questions that were asked both ways, the full plan was worth the "
        f"same in {known.same_count}, and in the others up to {100 * known.most_added_frac:.2g} % more, where hardly "
        "anything was worth building."
    )
    return Note(code="quick", path="solver", text=text)
