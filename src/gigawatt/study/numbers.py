"""Numbers as they are listed: each with value, unit, range, grade and source, and every source once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gigawatt.catalog.load import value_at
from gigawatt.catalog.records import Evidence, Grade, Source
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
    known_date: str | None
    """Day from which it is known; None: from the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSource:
    """A source, and how many numbers were read there."""

    title: str
    url: str
    date: str
    numbers_count: int


def number(record: Any, path: str, evidence: Evidence, thing: str | None = None, prefix: str = "") -> GradedNumber:
    """The number at a path of a record. prefix: what stands before that path where the record is part of a whole."""
    value, unit = value_at(record, path), suffix_at(path)
    return copied(GradedNumber, evidence, thing=thing, path=prefix + path, value=value, unit=unit)


def cited(found: Iterable[Evidence]) -> tuple[CitedSource, ...]:
    """Each source once, by title and address, with how many numbers were read there."""
    read = (item.source for item in found if item.source is not None)
    counts = Counter((source.title, source.url, source.date) for source in read)
    return tuple(
        CitedSource(title=title, url=url, date=date, numbers_count=count)
        for (title, url, date), count in sorted(counts.items())
    )
