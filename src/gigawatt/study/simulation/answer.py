"""What a simulation answers: a window in figures, what differs from the plan, and what events of the grid did."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from gigawatt.account.accounts import account
from gigawatt.exact import exact
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.quarters import first_day
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import Timeline, calendar, simulate
from gigawatt.simulation.summary import Summary
from gigawatt.simulation.timeline import Window
from gigawatt.simulation.user_wait import UserWait
from gigawatt.study import site_notes
from gigawatt.study.answer import SPREAD, UNTOLD, Head, head_of
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.question import refuse, wrong
from gigawatt.study.result import Result, check_out
from gigawatt.study.run.notes import plan_notes
from gigawatt.study.run.stages import provenance
from gigawatt.study.simulation.event import EventOutcome, outcome
from gigawatt.study.simulation.notes import known_notes, window_notes
from gigawatt.study.simulation.opening import opened
from gigawatt.study.simulation.outages import ListedOutage, longest_first
from gigawatt.study.simulation.question import SimulationQuestion
from gigawatt.study.simulation.window import window
from gigawatt.units import HOUR_S

LONGEST_COUNT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationAnswer:
    """A plan, and what happens to it in a window.

    from_, to: first and last day of it, both included. step_s: of its time. lived: its figures. outages: the longest.
    outcome: what events did; None where none was asked about. waits: what users wait for, by class and hour; empty
    where nobody asked.
    """

    head: Head = field(metadata=SPREAD)
    mode: str
    seed: int
    from_: date
    to: date
    step_s: int
    failures_count: float
    lived: Summary = field(metadata=SPREAD)
    outages: tuple[ListedOutage, ...]
    outcome: EventOutcome | None = field(metadata=SPREAD)
    waits: tuple[UserWait, ...]
    result: Result = field(metadata=UNTOLD)


@exact()
def answer(question: SimulationQuestion, job: Job) -> SimulationAnswer:
    """Live through the plan of a result, or through one that is made first.

    Raises ScenarioError for bad input with every fault that was found, Infeasible where there is no plan.
    """
    _check(question, job)
    if job.folder is not None:
        check_out(job.folder)
    scenario, saved = opened(question)
    asked = window(question, scenario)
    planned = saved.plan if saved is not None else plan.make(scenario, job.say, with_worth=job.folder is not None)
    timeline = simulate(scenario, planned, job.say, asked)
    found = None
    if asked.events:
        job.say("living through the same hours without the event")
        without = simulate(scenario, planned, window=replace(asked, events=()))
        found = outcome(question.event, asked, timeline, without, planned)
    waits = _waits(scenario, planned, timeline, job) if question.latency else ()
    accounts = saved.accounts if saved is not None else account(scenario, planned)
    known = known_notes(scenario, saved) if saved is not None else plan_notes(scenario, planned, accounts)
    called = site_notes.call_notes(scenario, timeline)
    result = Result(
        scenario=scenario,
        plan=planned,
        timeline=timeline,
        accounts=accounts,
        notes=(*known, *called, *window_notes(scenario, saved, asked, found)),
        provenance=provenance(scenario),
        outcome=found,
        waits=waits,
    )
    return answer_of(result, asked)


def _waits(scenario: Scenario, planned: Plan, timeline: Timeline, job: Job) -> tuple[UserWait, ...]:
    """What users wait for. The request simulator is loaded only where it is asked for."""
    from gigawatt.simulation.waits import user_waits

    return user_waits(scenario, planned, timeline.data, job.say)


def _check(question: SimulationQuestion, job: Job) -> None:
    faults = []
    if question.seed is not None and question.seed < 0:
        faults.append(wrong("seed", question.seed, "a whole number from 0 on"))
    if question.events is not None and job.folder is None:
        faults.append(wrong("events", question.events, "a folder for the result, for that is where they go"))
    refuse(faults)


def answer_of(result: Result, asked: Window) -> SimulationAnswer:
    """The answer that a result of a window gives."""
    scenario, timeline = result.scenario, result.timeline
    first, last = _days(scenario, asked, timeline)
    assumed = (Note(code="simulation", path="simulate", text=text) for text in timeline.notes)
    return SimulationAnswer(
        head=head_of(scenario, (*result.notes, *assumed)),
        mode=scenario.asked.simulate.mode,
        seed=scenario.asked.seed,
        from_=first,
        to=last,
        step_s=round(asked.step_h * HOUR_S),
        failures_count=sum(timeline.summary.failures.values()),
        lived=timeline.summary,
        outages=longest_first(timeline.outages, LONGEST_COUNT),
        outcome=result.outcome,
        waits=result.waits,
        result=result,
    )


def _days(scenario: Scenario, asked: Window, timeline: Timeline) -> tuple[date, date]:
    """First and last day that was lived through: of whole quarters in expected mode."""
    edges = calendar.edges_h(scenario.quarters)
    begin_h, end_h = asked.first_h or 0.0, edges[-1] if asked.last_h is None else asked.last_h
    if scenario.asked.simulate.mode == "expected":
        lived = [scenario.quarters.index(quarter) for quarter in timeline.periods]
        begin_h, end_h = edges[lived[0]], edges[lived[-1] + 1]
    origin = date.fromisoformat(first_day(scenario.quarters[0]))
    return origin + timedelta(hours=float(begin_h)), origin + timedelta(hours=float(end_h)) - timedelta(days=1)
