"""What a reader has to know of a window that was lived through, and of the plan that it is a part of."""

from __future__ import annotations

from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import calendar
from gigawatt.simulation.timeline import Window
from gigawatt.study import implausible, site_notes
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.note import Note
from gigawatt.study.result import Result
from gigawatt.study.simulation.event import EventOutcome
from gigawatt.units import show

# A site with less than this share of the IT power that it would have is dark.
DARK_FRAC = 1e-6


def known_notes(scenario: Scenario, saved: Result) -> tuple[Note, ...]:
    """What was known of a saved plan, with what a scenario that differs brings."""
    kept = [note for note in saved.notes if note.code not in site_notes.CODES]
    found = [*implausible.notes(scenario.implausible), *site_notes.file_notes(scenario)]
    return (*kept, *(note for note in found if note not in kept))


def window_notes(scenario: Scenario, saved: Result | None, asked: Window, found: EventOutcome | None) -> list[Note]:
    """How the plan was lived through, and what an event could not take."""
    notes = [Note(code="mode", path="simulate.mode", text=mode_text(scenario))]
    if saved is not None and scenario.hash != saved.scenario.hash:
        text = (
            f"The plan is that of the result {saved.scenario.hash[:HASH_LENGTH]}; what differs from its scenario, mode "
            "and seed among it, counts for the simulation only."
        )
        notes.append(Note(code="saved_plan", path="scenario", text=text))
    edges = calendar.edges_h(scenario.quarters)
    whole = asked.first_h in edges and asked.last_h in edges
    if scenario.asked.simulate.mode != "expected" and not whole:
        text = (
            "The window begins or ends within a quarter: the plan's figures are the quarter's mean for as long, while "
            "what is simulated grows through it."
        )
        notes.append(Note(code="part_of_quarter", path="from", text=text))
    for site, lost_w in _dark(found):
        text = (
            f"{scenario.records.sites[site].name} would draw {show(lost_w, 'w')} at that time, and all of it is given "
            "up: the event asks for that much or more."
        )
        notes.append(Note(code="dark_site", path="event", text=text))
    return notes


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
