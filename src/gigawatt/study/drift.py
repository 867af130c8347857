"""What a reader is told where the catalog has moved on from what a saved result was made of: notes, no refusal."""

from __future__ import annotations

from typing import Any

from gigawatt import units
from gigawatt.scenario.drift import Change, drift
from gigawatt.scenario.schema import Scenario
from gigawatt.study.note import Note

CODE = "catalog_drift"
# Notes before the rest is only counted, and significant figures: as few as tell one value from the other.
MOST_NOTES = 10
FIGURES = range(3, 16)


def notes(scenario: Scenario) -> list[Note]:
    """A note for each value that today's catalog has otherwise, and for each record that it has no more."""
    found = drift(scenario)
    told = [
        *(("catalog", f"The catalog cannot be read today: {fault}.") for fault in found.broken),
        *(
            (path, f"{path} is no longer in the catalog; it counts as it was when this was made.")
            for path in found.gone
        ),
        *((change.path, _text(change)) for change in found.changes),
    ]
    rest = len(told) - MOST_NOTES
    if rest > 0:
        more = f"{rest:,} more values of the catalog are not what they were when this was made."
        told = [*told[:MOST_NOTES], ("catalog", more)]
    return [Note(code=CODE, path=path, text=text) for path, text in told]


def _text(change: Change) -> str:
    suffix = units.suffix_at(change.path)
    pairs = [(_shown(change.then, suffix, figures), _shown(change.now, suffix, figures)) for figures in FIGURES]
    then, now = next((pair for pair in pairs if pair[0] != pair[1]), (repr(change.then), repr(change.now)))
    return f"{change.path}: {then} when this was made, {now} now; it counts as it was."


def _shown(value: Any, suffix: str, figures: int) -> str:
    if value is None:
        return "none"
    is_quantity = bool(suffix) and isinstance(value, int | float) and not isinstance(value, bool)
    return units.show(value, suffix, figures) if is_quantity else str(value)
