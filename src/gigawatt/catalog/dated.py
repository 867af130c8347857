"""Tables as of a day: what became known later is laid over what was known before.

A file states what was known first, and then, under `[[later]]`, what became known on which day (`known`), in order of
days. Tables merge, a course or a quantity replaces what it follows. `grade`, `source` and `note` of such an entry are
the defaults of the values in it, as those of a file are. The day of a number is its `known`, which every table may
state for all that is in it. A row of a list that has a `day` of its own, as a point of a history has, is not there
before that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date
from typing import Any, get_args, get_origin

from gigawatt import units
from gigawatt.catalog.records import Source
from gigawatt.catalog.tables import INHERITED, Reader, is_named, is_table, keys_of, type_at
from gigawatt.quarters import Course

LATER, KNOWN, ROW_DAY = "later", "known", "day"
EXPECTED_DAY = "a day, such as 2026-07-01"


def is_day(text: object) -> bool:
    """Whether a value is a day, as 2026-07-01."""
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def as_of(table: Mapping[str, Any], hint: type, day: str | None, reader: Reader) -> dict[str, Any]:
    """A file's table as it was known on a day, without its `later`; all of it where no day is asked.

    hint: the record that the table is of. Entries that are none, or out of order, are faults.
    """
    world = {key: value for key, value in table.items() if key != LATER}
    for entry in _entries(table.get(LATER, []), reader):
        if day is None or entry[KNOWN] <= day:
            defaults = {key: entry[key] for key in INHERITED if key in entry}
            news = {key: value for key, value in entry.items() if key not in defaults}
            world = merge(world, _dated(news, hint, defaults), hint)
    return world if day is None else {key: _until(value, type_at(hint, key), day) for key, value in world.items()}


def _until(value: Any, hint: Any, day: str) -> Any:
    """Rows of a list without those that speak of a later day; anything else as it is."""
    row = get_args(hint)[0] if get_origin(hint) is tuple else None
    if not (is_dataclass(row) and ROW_DAY in keys_of(row) and isinstance(value, list)):  # type: ignore[arg-type]
        return value
    return [one for one in value if not (isinstance(one, Mapping) and is_day(one.get(ROW_DAY)) and one[ROW_DAY] > day)]


def days_of(table: Mapping[str, Any]) -> tuple[str, ...]:
    """The days on which more became known, of a table without faults."""
    return tuple(entry[KNOWN] for entry in table.get(LATER, []))


def _entries(rows: object, reader: Reader) -> list[Mapping[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        reader.remark(LATER, "no list of tables", "tables under [[later]]")
        return []
    found: list[Mapping[str, Any]] = []
    for n, row in enumerate(rows):
        path, day = f"{LATER}[{n}].{KNOWN}", row.get(KNOWN, "missing")
        if not is_day(day):
            reader.fault(path, day, EXPECTED_DAY)
        elif found and day < found[-1][KNOWN]:
            reader.fault(path, day, f"{found[-1][KNOWN]} or later: entries stand in order of their days")
        else:
            found.append(row)
    return found


def _dated(news: Mapping[str, Any], hint: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A table with the day, grade and source of its entry beside every value in it that does not state its own."""
    names = keys_of(hint) if is_dataclass(hint) else {}  # type: ignore[arg-type]
    return {key: _leaf(value, type_at(hint, key), names.get(key, ""), defaults) for key, value in news.items()}


def _leaf(value: Any, hint: Any, name: str, defaults: Mapping[str, Any]) -> Any:
    if is_table(hint):
        return _dated(value, hint, defaults) if isinstance(value, Mapping) else value
    if get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]) and isinstance(value, list):
        return [_beside(row, defaults) if isinstance(row, Mapping) else row for row in value]
    quantity = hint in (float, int) and (units.split(name)[1] or name in units.WHOLE_NAMES)
    if hint is not Course and not quantity:
        return value
    return _beside(value if isinstance(value, Mapping) else {"value": value}, defaults)


def _beside(stated: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What is stated, and of the defaults what is not; an assumed value takes no source from there, nor a note."""
    alone = ("source", "note") if stated.get("grade") == "assumed" else ("note",) if "grade" in stated else ()
    return {**{key: value for key, value in defaults.items() if key not in alone}, **stated}


def merge(base: Mapping[str, Any], over: Mapping[str, Any], hint: Any) -> dict[str, Any]:
    """One table of a type laid over another, entry by entry."""
    merged = dict(base)
    for key, value in over.items():
        lay(merged, key, value, hint)
    return merged


def lay(table: dict[str, Any], key: str, value: Any, within: Any) -> None:
    """Put a value into a table of a type.

    Tables that have keys of their own merge with what was there; anything else, an annotated value or a course,
    replaces it. `key = false` takes an entry away, unless it is true or false by its type; a table that a record may do
    without need not be there.
    """
    hint, there = entry_type(within, key), table.get(key)
    if value is False and hint is not bool and (key in table or (is_table(hint) and not is_named(within))):
        table.pop(key, None)
    elif isinstance(value, Mapping) and isinstance(there, Mapping) and is_table(hint):
        table[key] = merge(there, value, hint)
    else:
        table[key] = value


def entry_type(hint: Any, key: str) -> Any:
    """The type of an entry of a file's table, which holds sources beside what its record has."""
    found = type_at(hint, key)
    return Mapping[str, Source] if found is None and key == "sources" else found
