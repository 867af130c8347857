"""Numbers as they are listed: each with value, unit, range, grade and source, and every source once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gigawatt.catalog.records import Evidence, Grade, Source
from gigawatt.quarters import Course
from gigawatt.study.answer import copied
from gigawatt.units import suffix_at


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedNumber:
    """A number of a scenario or of the catalog, in the unit whose suffix `unit` is (units.py)."""

    thing: str | None
    """What it belongs to, as the beginning of its path; None where all that is listed belongs to one thing."""
    path: str
    value: float | Mapping[str, float] | None
    """By quarter where it is a course; None where the path names no single value."""
    unit: str
    grade: Grade
    source: Source | None
    low: float | None
    high: float | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSource:
    """A source, and how many numbers were read there."""

    title: str
    url: str
    date: str
    numbers_count: int


def number(record: Any, path: str, evidence: Evidence, thing: str | None = None, prefix: str = "") -> GradedNumber:
    """The number at a path of a record. prefix: what stands before that path where the record is part of a whole."""
    value, unit = _value(record, path.split(".")), suffix_at(path)
    return copied(GradedNumber, evidence, thing=thing, path=prefix + path, value=value, unit=unit)


def cited(found: Iterable[Evidence]) -> tuple[CitedSource, ...]:
    """Each source once, by title and address, with how many numbers were read there."""
    read = (item.source for item in found if item.source is not None)
    counts = Counter((source.title, source.url, source.date) for source in read)
    return tuple(
        CitedSource(title=title, url=url, date=date, numbers_count=count)
        for (title, url, date), count in sorted(counts.items())
    )


def _value(here: Any, path: list[str]) -> Any:
    for key in path:
        if isinstance(here, Mapping):
            here = here.get(key)
        elif isinstance(here, tuple) and key.isdigit() and int(key) < len(here):
            here = here[int(key)]
        elif isinstance(here, Course):
            here = dict(zip(here.periods, here.values, strict=True)).get(key)
        else:
            here = getattr(here, key, None)
    return dict(zip(here.periods, here.values, strict=True)) if isinstance(here, Course) else here
