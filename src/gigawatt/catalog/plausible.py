"""Which values of a record leave the plausible range of their field: those to be named, and those to be refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from gigawatt import units
from gigawatt.catalog.fitting import annotations_of
from gigawatt.catalog.records import EvidenceMap
from gigawatt.catalog.tables import joined
from gigawatt.errors import Fault
from gigawatt.quarters import HELD, Course
from gigawatt.units import Plausible

# Quarters of a course.
QUARTERS = Plausible(1990, 2150, least=1900, most=2200)


@cache
def ranges(cls: type) -> dict[str, Plausible]:
    """The plausible range of every field of a record that has one."""
    return {
        name: extra
        for name, hint in annotations_of(cls).items()
        for extra in getattr(hint, "__metadata__", ())
        if isinstance(extra, Plausible)
    }


def refused(record: object, path: str = "") -> list[Fault]:
    """A fault for every value of a record, and of all records in it, that is beyond anything that could be meant.

    path: dotted path of the record, "" at the top.
    """
    return [fault for judged in _judged(record, path) for fault in _absurd(*judged)]


def refused_spans(record: object, evidence: EvidenceMap) -> list[Fault]:
    """As `refused`, for the low and the high that the evidence of a record's own numbers states."""
    cls: type = type(record)
    return [
        fault
        for name, plausible in ranges(cls).items()
        for end in ("low", "high")
        if (value := getattr(evidence.get(name), end, None)) is not None
        for fault in _absurd(f"{units.split(name)[0]}.{end}", units.split(name)[1], plausible, value)
    ]


def _finite(value: float) -> bool:
    """Whether a value is a number that floats reach; a whole number of a file may be longer."""
    return abs(value) <= sys.float_info.max


def _absurd(where: str, suffix: str, plausible: Plausible, value: float) -> Iterator[Fault]:
    least, _, _, most = units.bounds(plausible, suffix)
    if least <= value <= most or (value == 0 and plausible.zero) or not _finite(value):
        return
    bound, stated = (least, plausible.least) if value < least else (most, plausible.most)
    limit = shown(bound, suffix) if stated is None else _stated(stated)
    expected = f"at {'least' if value < least else 'most'} {limit}; plausible is {span(plausible)}"
    yield Fault(path=where, given=shown(value, suffix), expected=expected)


def named(record: object, path: str = "") -> list[Fault]:
    """As `refused`, for values that are no more than implausible."""
    found = []
    for where, suffix, plausible, value in _judged(record, path):
        least, low, high, most = units.bounds(plausible, suffix)
        within = low <= value <= high or (value == 0 and plausible.zero)
        if not within and least <= value <= most:
            found.append(Fault(path=where, given=shown(value, suffix), expected=span(plausible)))
    return found


def shown(value: float, suffix: str) -> str:
    """A value as a person writes it, with its last digits where it is small."""
    if suffix == "date":
        return f"{value:g}"
    if suffix in ("", "count", "ratio"):
        return f"{value:,.12g}" if 1e4 <= abs(value) < 1e15 else f"{value:.12g}"
    if suffix.endswith("usd") and abs(value) < 100:
        return f"{value:.3g} USD"
    return units.show(value, suffix)


def span(plausible: Plausible) -> str:
    """A plausible range in words, "1 MW to 200 GW"."""
    return f"{_stated(plausible.low)} to {_stated(plausible.high)}"


def _stated(bound: str | float) -> str:
    return bound if isinstance(bound, str) else shown(bound, "")


def _judged(record: object, path: str) -> Iterator[tuple[str, str, Plausible, float]]:
    """Path, suffix, range and value of every number and date in a record that can be judged."""
    for where, name, plausible, value in _fields(record, path):
        suffix = units.split(name)[1]
        if isinstance(value, Course):
            yield from _points(where, suffix, plausible, value)
        elif isinstance(value, tuple):
            yield from ((f"{where}[{n}]", suffix, plausible, each) for n, each in enumerate(value) if _finite(each))
        elif suffix == "date" and isinstance(value, str):
            yield from _year(where, plausible, value)
        elif isinstance(value, int | float) and _finite(value):  # a fault was told of what is not
            yield where, suffix, plausible, value


def _points(
    where: str, suffix: str, plausible: Plausible, course: Course
) -> Iterator[tuple[str, str, Plausible, float]]:
    for period, value in zip(course.periods, course.values, strict=True):
        here = where if course.periods == (HELD,) else f"{where}.{period}"
        if period != HELD:
            yield from _year(here, QUARTERS, period)
        if _finite(value):
            yield here, suffix, plausible, value


def _year(where: str, plausible: Plausible, text: str) -> Iterator[tuple[str, str, Plausible, float]]:
    if text[:4].isdecimal():  # a fault was told of what is no date
        yield where, "date", plausible, float(text[:4])


def _fields(record: object, path: str) -> Iterator[tuple[str, str, Plausible, Any]]:
    """Course, name, range and value of the fields that have a range, in a record and in all records in it."""
    if isinstance(record, Mapping):
        for key, item in record.items():
            yield from _fields(item, joined(path, str(key)))
    elif isinstance(record, tuple):
        for n, item in enumerate(record):
            yield from _fields(item, f"{path}[{n}]")
    elif is_dataclass(record) and not isinstance(record, type | Course):
        for name, key, plausible in _asked_of(type(record)):
            value, where = getattr(record, name), joined(path, key)
            if plausible is not None:
                yield where, name, plausible, value
            elif isinstance(value, Mapping | tuple) or is_dataclass(value):
                yield from _fields(value, where)


@cache
def _asked_of(cls: type) -> tuple[tuple[str, str, Plausible | None], ...]:
    """Name, key and range of every field of a record, without its evidence."""
    known = ranges(cls)
    names = [entry.name for entry in fields(cls) if entry.name != "evidence"]
    return tuple((name, units.split(name)[0], known.get(name)) for name in names)
