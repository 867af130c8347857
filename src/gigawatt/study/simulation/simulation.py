"""The question: what happens to this plan, or to one that was saved, and what does an event of the grid do to it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gigawatt.account.accounts import account
from gigawatt.plan import plan
from gigawatt.plan.exact import exact
from gigawatt.plan.plan import quiet
from gigawatt.quarters import first_day
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import Timeline, calendar, simulate
from gigawatt.simulate.timeline import Window
from gigawatt.study import implausible, site_notes
from gigawatt.study.note import Note
from gigawatt.study.result import Result
from gigawatt.study.run import notes, provenance
from gigawatt.study.simulation.event import EventOutcome, outcome
from gigawatt.study.simulation.question import SimulationQuestion, opened, window
from gigawatt.units import show

Progress = Callable[[str], None]

HASH_LENGTH = 8
# A site with less than this share of the IT power that it would have is dark.
DARK_FRAC = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class LivedResult:
    """A plan, and what happens to it in a window. first, last: days of it, both included; step_h: of its time."""

    result: Result
    first_date: date
    last_date: date
    step_h: float

    @property
    def mode(self) -> str:
        return self.result.scenario.asked.simulate.mode

    @property
    def seed(self) -> int:
        return self.result.scenario.asked.seed


@exact()
def simulate_result(question: SimulationQuestion, progress: Progress = quiet) -> LivedResult:
    """Live through the plan of a result, or through one that is made first.

    Raises ScenarioError for bad input with every fault that was found, Infeasible where there is no plan.
    """
    scenario, saved = opened(question)
    asked = window(question, scenario)
    planned = saved.plan if saved is not None else plan.make(scenario, progress, with_worth=question.out is not None)
    timeline = simulate(scenario, planned, progress, asked)
    found = None
    if asked.events:
        progress("living through the same hours without the event")
        without = simulate(scenario, planned, window=replace(asked, events=()))
        found = outcome(question.events, asked, timeline, without, planned)
    accounts = saved.accounts if saved is not None else account(scenario, planned)
    known = _known(scenario, saved) if saved is not None else notes(scenario, planned, accounts)
    result = Result(
        scenario=scenario,
        plan=planned,
        timeline=timeline,
        accounts=accounts,
        notes=(*known, *site_notes.call_notes(scenario, timeline), *_notes(scenario, saved, asked, found)),
        provenance=provenance(scenario),
        outcome=found,
    )
    first, last = _days(scenario, asked, timeline)
    return LivedResult(result=result, first_date=first, last_date=last, step_h=asked.step_h)


def _days(scenario: Scenario, asked: Window, timeline: Timeline) -> tuple[date, date]:
    """First and last day that was lived through: of whole quarters in expected mode."""
    edges = calendar.edges_h(scenario.quarters)
    begin_h, end_h = asked.first_h or 0.0, edges[-1] if asked.last_h is None else asked.last_h
    if scenario.asked.simulate.mode == "expected":
        lived = [scenario.quarters.index(quarter) for quarter in timeline.periods]
        begin_h, end_h = edges[lived[0]], edges[lived[-1] + 1]
    origin = date.fromisoformat(first_day(scenario.quarters[0]))
    return origin + timedelta(hours=float(begin_h)), origin + timedelta(hours=float(end_h)) - timedelta(days=1)


def _known(scenario: Scenario, saved: Result) -> tuple[Note, ...]:
    """What was known of a saved plan, with what a scenario that differs brings."""
    kept = [note for note in saved.notes if note.code not in site_notes.CODES]
    found = [*implausible.notes(scenario.implausible), *site_notes.file_notes(scenario)]
    return (*kept, *(note for note in found if note not in kept))


def _notes(scenario: Scenario, saved: Result | None, asked: Window, found: EventOutcome | None) -> list[Note]:
    """How the plan was lived through, and what an event could not take."""
    notes_ = [Note(code="mode", path="simulate.mode", text=mode_text(scenario))]
    if saved is not None and scenario.hash != saved.scenario.hash:
        text = (
            f"The plan is that of the result {saved.scenario.hash[:HASH_LENGTH]}; what differs from its scenario, mode "
            "and seed among it, counts for the simulation only."
        )
        notes_.append(Note(code="saved_plan", path="SCENARIO", text=text))
    if scenario.asked.simulate.mode != "expected" and not _whole_quarters(scenario, asked):
        text = (
            "The window begins or ends within a quarter: the plan's figures are the quarter's mean for as long, while "
            "what is simulated grows through it."
        )
        notes_.append(Note(code="part_of_quarter", path="--from", text=text))
    for site, lost_w in _dark(found):
        text = (
            f"{scenario.records.sites[site].name} would draw {show(lost_w, 'w')} at that time, and all of it is given "
            "up: the event asks for that much or more."
        )
        notes_.append(Note(code="dark_site", path="--event", text=text))
    return notes_


def _whole_quarters(scenario: Scenario, asked: Window) -> bool:
    edges = calendar.edges_h(scenario.quarters)
    return asked.first_h in edges and asked.last_h in edges


def _dark(found: EventOutcome | None) -> list[tuple[str, float]]:
    """Sites that an event leaves nothing, and what they would draw."""
    if found is None:
        return []
    return [
        (site, found.without.sites[site].facility_w)
        for site, means in found.during.sites.items()
        if means.it_w <= DARK_FRAC * found.without.sites[site].it_w
    ]


def mode_text(scenario: Scenario) -> str:
    """How time is lived through, in words."""
    if scenario.asked.simulate.mode == "expected":
        return (
            "Expected mode: a representative week of each quarter, with the share of racks that works on average; "
            "there are no single failures, and no dates for events."
        )
    return (
        "Stochastic mode: every hour by the calendar, racks fail and are mended one by one, seed "
        f"{scenario.asked.seed}; another seed gives another history."
    )
