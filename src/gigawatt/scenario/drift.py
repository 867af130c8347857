"""What the catalog says today of the records of a scenario, against what the scenario was made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from gigawatt.catalog import load as catalog
from gigawatt.catalog.records import Site
from gigawatt.errors import CatalogError, Fault
from gigawatt.quarters import HELD, Course
from gigawatt.scenario.resolve import CATALOG, groups, seen
from gigawatt.scenario.schema import Asked, Records, Scenario

T = TypeVar("T")

KIND_OF = {record: kind for kind, record in catalog.KINDS.items()}
# Fields of a record that no figure follows from.
WORDS = ("id", "name", "description", "aliases", "vendor", "partner", "evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value of a record that is no longer what it was; None where there was none, or is none any more.

    path: as of evidence, "catalog.accelerators.gb300.rack_price_usd".
    """

    path: str
    then: Any
    now: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far the catalog has moved from a scenario.

    changes: values that are others now. gone: paths of records that it has no more. broken: why it cannot be read.
    """

    changes: tuple[Change, ...]
    gone: tuple[str, ...]
    broken: tuple[Fault, ...]


def drift(scenario: Scenario) -> Drift:
    """Hold the records of a scenario against those of the same names in today's catalog."""
    changes: list[Change] = []
    gone: list[str] = []
    broken: dict[Fault, None] = {}
    for group, members in groups(scenario.records).items():
        for key, record in members.items():
            path = f"{CATALOG}{group}.{key}"
            try:
                changes += _changes(record, _today(key, record, scenario.asked), f"{path}.")
            except CatalogError as error:
                gone += [path for fault in error.faults if fault.path == KIND_OF[type(record)]]
                broken |= {fault: None for fault in error.faults if fault.path != KIND_OF[type(record)]}
    return Drift(changes=tuple(changes), gone=tuple(gone), broken=tuple(broken))


def with_evidence(asked: Asked, records: Records) -> Records:
    """Records that lack evidence, with the catalog's for each number that is the same there today."""

    def one(key: str, record: Any) -> Any:
        try:
            today = _today(key, record, asked)
        except CatalogError:
            return record
        others = [f"{change.path}." for change in _changes(record, today)]
        same = {key: item for key, item in today.evidence.items() if not any(o.startswith(f"{key}.") for o in others)}
        return replace(record, evidence=same)

    found: dict[str, Any] = {entry.name: getattr(records, entry.name) for entry in fields(records)}
    del found["series"]
    for name, held in found.items():
        is_many = isinstance(held, Mapping)
        found[name] = {key: one(key, record) for key, record in held.items()} if is_many else one(name, held)
    return replace(records, **found)


def _today(key: str, record: T, asked: Asked) -> T:
    """The catalog's record of the same name, a site with what the scenario sees differently. Raises CatalogError."""
    with catalog.known_by(asked.as_of_date):
        found = catalog.get(KIND_OF[type(record)], record.id)  # type: ignore[attr-defined]
    return replace(found, **seen(asked.sites[key])) if isinstance(record, Site) else found


def _changes(then: object, now: object, path: str = "") -> list[Change]:
    if then == now:
        return []
    was, is_ = (dict(_values(record, "")) for record in (then, now))
    return [
        Change(path=f"{path}{key}", then=was.get(key), now=is_.get(key))
        for key in (*was, *(key for key in is_ if key not in was))
        if was.get(key) != is_.get(key)
    ]


def _values(held: object, path: str) -> Iterator[tuple[str, Any]]:
    """Every single value of a record and its path in it; those of a course by quarter."""
    parts: list[tuple[str, Any]]
    if isinstance(held, Course):
        parts = [(period, value) for period, value in zip(held.periods, held.values, strict=True)]
    elif isinstance(held, Mapping):
        parts = list(held.items())
    elif isinstance(held, tuple):
        parts = [(str(n), value) for n, value in enumerate(held)]
    elif is_dataclass(held):
        parts = [(f.name, getattr(held, f.name)) for f in fields(held) if path or f.name not in WORDS]
    else:
        yield path, held
        return
    for key, value in parts:
        yield from _values(value, path if key == HELD else f"{path}.{key}" if path else key)
