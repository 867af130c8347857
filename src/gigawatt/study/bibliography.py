"""Where every number comes from: of a scenario, of the catalog, and of one thing in it. JSON-ready."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from importlib.metadata import version
from typing import Any

from gigawatt.catalog import load as catalog
from gigawatt.catalog.records import Evidence
from gigawatt.errors import CatalogError, Fault
from gigawatt.quarters import Course
from gigawatt.scenario.resolve import groups
from gigawatt.scenario.schema import Scenario
from gigawatt.study import evidence
from gigawatt.study.check.answer import notes
from gigawatt.study.summary import strict
from gigawatt.units import suffix_at

# Every JSON object has these; the catalog belongs to no scenario.
NO_SCENARIO: dict[str, Any] = {"gigawatt": version("gigawatt"), "scenario": None, "hash": None, "notes": []}


def numbers(scenario: Scenario) -> dict[str, Any]:
    """Every number of a scenario with value, unit, grade and source; how many carry each grade."""
    rows = [_used(scenario, item) for item in evidence.used(scenario)]
    return strict(
        {
            "gigawatt": version("gigawatt"),
            "scenario": scenario.name,
            "hash": scenario.hash,
            "notes": [asdict(note) for note in notes(scenario)],
            "numbers": rows,
            "grades": evidence.grades(scenario),
            "assumed_frac": sum(row["grade"] == "assumed" for row in rows) / max(len(rows), 1),
            "sources": sources(scenario.evidence.values()),
        }
    )


def _used(scenario: Scenario, item: evidence.Used) -> dict[str, Any]:
    thing = _thing(scenario, item.path)
    return {"thing": thing, **_number(item.path, _at(scenario, item.path, thing), item.evidence)}


def sources(found: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Each source once, by title and address, with how many numbers were read there."""
    counts: dict[tuple[str, str, str], int] = {}
    for item in found:
        if item.source is not None:
            key = (item.source.title, item.source.url, item.source.date)
            counts[key] = counts.get(key, 0) + 1
    return [
        {"title": title, "url": url, "date": date, "numbers_count": count}
        for (title, url, date), count in sorted(counts.items())
    ]


def listing(kind: str | None = None) -> dict[str, Any]:
    """What the catalog knows, of one kind or of all.

    Raises CatalogError where there is no such kind.
    """
    if kind is not None and kind not in catalog.KINDS:
        close = difflib.get_close_matches(kind, catalog.KINDS, n=1)
        near = f'; did you mean "{close[0]}"?' if close else ""
        raise CatalogError([Fault(path="KIND", given=f'"{kind}"', expected=f"one of {', '.join(catalog.KINDS)}{near}")])
    kinds = [kind] if kind is not None else list(catalog.KINDS)
    return {
        **NO_SCENARIO,
        "catalog": {name: [_line(name, id_) for id_ in catalog.ids(name)] for name in kinds},
    }


def _line(kind: str, id_: str) -> dict[str, Any]:
    record = catalog.load(kind, id_)
    counts: dict[str, int] = {}
    for item in record.evidence.values():
        counts[item.grade] = counts.get(item.grade, 0) + 1
    return {
        "id": id_,
        "name": getattr(record, "name", id_),
        "by": getattr(record, "vendor", getattr(record, "partner", "")),
        "aliases": list(getattr(record, "aliases", ())),
        "numbers_count": sum(counts.values()),
        "assumed_count": counts.get("assumed", 0),
        "plannable": getattr(record, "plannable", None),
    }


def entry(name: str) -> dict[str, Any]:
    """One thing of the catalog, by its id or any of its names: every number with unit, range, grade and source.

    Raises CatalogError, with the nearest names, where nothing is called so.
    """
    for kind in catalog.KINDS:
        try:
            record = catalog.get(kind, name)
        except CatalogError as error:
            if any(fault.path != kind for fault in error.faults):
                raise  # not that there is no such name here: a file of the catalog is broken
            continue
        return _entry(kind, record)
    known = {catalog.normalise(id_): id_ for kind in catalog.KINDS for id_ in catalog.ids(kind)}
    close = difflib.get_close_matches(catalog.normalise(name), known, n=3, cutoff=0.4)
    near = f"such as {', '.join(known[key] for key in close)}" if close else "see `gigawatt catalog list`"
    raise CatalogError([Fault(path="NAME", given=f'"{name}"', expected=f"a name in the catalog, {near}")])


def _entry(kind: str, record: Any) -> dict[str, Any]:
    rows = [_number(path, _value(record, path.split(".")), item) for path, item in sorted(record.evidence.items())]
    facts = {
        entry.name: value
        for entry in fields(record)
        if isinstance(value := getattr(record, entry.name), str | bool)
        and entry.name not in ("id", "name", "description")
    }
    return strict(
        {
            **NO_SCENARIO,
            "kind": kind,
            "id": record.id,
            "name": getattr(record, "name", record.id),
            "description": " ".join(record.description.split()),
            "aliases": list(getattr(record, "aliases", ())),
            "facts": facts,
            "numbers": rows,
            "sources": sources(record.evidence.values()),
        }
    )


def _number(path: str, value: Any, item: Evidence) -> dict[str, Any]:
    return {
        "path": path,
        "value": value,
        "unit": suffix_at(path),
        "grade": item.grade,
        "source": asdict(item.source) if item.source is not None else None,
        "low": item.low,
        "high": item.high,
        "note": item.note,
    }


def _thing(scenario: Scenario, path: str) -> str:
    """What a number belongs to, as a prefix of its path: a record of the catalog, or a table of the scenario."""
    words = path.split(".")
    if words[0] != "catalog":
        return ".".join(words[: min(len(words) - 1, 2)])
    # A key of the scenario may hold a full stop: llama-3.1-70b.
    keys = groups(scenario.records)[words[1]]
    prefix = f"catalog.{words[1]}."
    return prefix + max((key for key in keys if path.startswith(f"{prefix}{key}.")), key=len)


def _at(scenario: Scenario, path: str, thing: str) -> Any:
    """The value at a path of a scenario's evidence; None where a path names no single value."""
    if not thing.startswith("catalog."):
        return _value(scenario.asked, path.split("."))
    _, group, key = thing.split(".", 2)
    inner = path.removeprefix(f"{thing}.").split(".")
    return _value(groups(scenario.records)[group][key], inner)


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
    if isinstance(here, Course):
        return dict(zip(here.periods, here.values, strict=True))
    return asdict(here) if is_dataclass(here) and not isinstance(here, type) else here
