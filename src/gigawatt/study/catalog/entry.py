"""One thing of the catalog: every number with unit, range, grade and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from gigawatt.catalog import load as catalog
from gigawatt.errors import CatalogError, nearest
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.catalog.listing import SHIPPED, shipped
from gigawatt.study.catalog.question import CatalogShowQuestion
from gigawatt.study.changed import ChangedNumber, of_thing
from gigawatt.study.job import Job
from gigawatt.study.numbers import CitedSource, GradedNumber, cited, number
from gigawatt.study.question import wrong

# What shows a file that ships, which is no thing of the catalog, by its kind.
SHOWS = {"presets": "check", "allocations": "allocate", "strategies": "compare"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEntry:
    """One thing of the catalog: what it is, its facts in words, its numbers, and every source once."""

    head: Head = field(metadata=SPREAD)
    kind: str
    id: str
    name: str
    description: str
    aliases: tuple[str, ...]
    facts: Mapping[str, str | bool]
    numbers: tuple[GradedNumber, ...]
    known_date: str | None
    """Day from which it is known at all; None: from the first."""
    changes: tuple[ChangedNumber, ...]
    """What became known of it later, by day."""
    sources: tuple[CitedSource, ...]


def answer(question: CatalogShowQuestion, job: Job) -> CatalogEntry:
    """The thing of an id or of any of its names.

    Raises CatalogError where nothing is called so, with the nearest names, and where a file of the catalog is broken.
    """
    del job  # it takes a moment
    for kind in catalog.KINDS:
        try:
            record = catalog.get(kind, question.thing)
        except CatalogError as error:
            if any(fault.path != kind for fault in error.faults):
                raise  # not that there is no such name here: a file of the catalog is broken
            continue
        return _entry(kind, record)
    raise CatalogError([wrong("thing", question.thing[: catalog.MOST_NAME], _expected(question.thing))])


def _expected(name: str) -> str:
    """What may be asked for instead of a name that is none of the catalog's, or was none on the day that is asked."""
    for kind in catalog.KINDS:
        if later := catalog.known_later(kind, name):
            return f"a name that was known on {catalog.day_asked()}; this one is known from {later}"
    for kind in SHIPPED:
        if name in shipped(kind):
            return f"a name in the catalog; `gigawatt {SHOWS[kind]} {name}` shows this one"
    close = nearest(name, {id_: (id_,) for kind in catalog.KINDS for id_ in catalog.ids(kind)})
    near = f"such as {', '.join(close)}" if close else "see `gigawatt catalog list`"
    return f"a name in the catalog, {near}"


def _entry(kind: str, record: Any) -> CatalogEntry:
    facts = {
        entry.name: value
        for entry in fields(record)
        if isinstance(value := getattr(record, entry.name), str | bool)
        and entry.name not in ("id", "name", "description")
    }
    return CatalogEntry(
        head=Head(),
        kind=kind,
        id=record.id,
        name=getattr(record, "name", record.id),
        description=" ".join(record.description.split()),
        aliases=tuple(getattr(record, "aliases", ())),
        facts=facts,
        numbers=tuple(number(record, path, item) for path, item in sorted(record.evidence.items())),
        known_date=catalog.known_from(kind, record.id) or None,
        changes=of_thing(kind, record.id),
        sources=cited(record.evidence.values()),
    )
