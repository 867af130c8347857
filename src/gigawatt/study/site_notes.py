"""What the files and contracts of sites came to, in words: how each file was read, and calls that ask for nothing."""

from __future__ import annotations

from gigawatt.scenario.resolve import FILE_KEYS
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import Timeline
from gigawatt.study.note import Note

IDLE_CALLS, NO_CALLS = "idle_calls", "no_calls"
CODES = (*FILE_KEYS, IDLE_CALLS, NO_CALLS)


def file_notes(scenario: Scenario) -> list[Note]:
    """What was made of each file of hours, by the key that names it."""
    return [
        Note(code=key, path=f"sites.{site}.{key}", text=text)
        for site, series in scenario.records.series.items()
        for key, text in series.notes
    ]


def call_notes(scenario: Scenario, timeline: Timeline) -> list[Note]:
    """Contracts to curtail that ask for nothing, or are not called, in what was lived through."""
    calls = timeline.summary.calls
    called = {} if calls is None else {site.site: site for site in calls.sites}
    found = []
    for key, use in scenario.asked.sites.items():
        if use.curtailment is None:
            continue
        name, path = scenario.records.sites[key].name, f"sites.{key}.curtailment"
        seen = called.get(key)
        if seen is None:
            text = f"{name}: its contract to curtail is never called in what was lived through."
            found.append(Note(code=NO_CALLS, path=path, text=text))
        elif seen.unasked_h > 0:
            text = (
                f"{name}: the grid calls in {seen.called_h:,.0f} hours, and in {seen.unasked_h:,.0f} of them asks for "
                "nothing, because the site draws no more than the contract leaves it"
            )
            other = ""
            if use.curtailment.depth_of == "connection":
                other = '; depth_of = "draw" asks for a share of what it would draw'
            found.append(Note(code=IDLE_CALLS, path=path, text=f"{text}{other}."))
    return found
