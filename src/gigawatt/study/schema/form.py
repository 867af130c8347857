"""A scenario as a form: every key that it may have, its value as it was written, its unit, its sentence, its source.

Made of what readers and schemas are made of: the records, the sentences below their fields, the scenario's own text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, Literal, get_args, get_origin

from gigawatt.catalog.records import Evidence, Grade, Source
from gigawatt.catalog.tables import is_named, keys_of
from gigawatt.quarters import Course
from gigawatt.scenario.load import parse_override, toml_value
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.study.schema.record import FileKey, about, keys

Kind = Literal["text", "words", "choice", "flag", "long"]
# Keys that are no part of a question: what it is called elsewhere, and which warnings are meant.
LEFT_OUT = ("name", "implausible")
# Keys that stand beside a value, and a text beyond which a field is several lines high.
BESIDE, LONG = ("grade", "source", "note", "low", "high"), 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A key of a scenario, as somebody fills it in."""

    path: str
    """Where it is: programme.target."""
    parts: tuple[str, ...]
    """The same, key by key."""
    label: str
    """What it is called."""
    kind: Kind
    """A value as it is written, words as they stand, one of several, yes or no, or a table or list on its lines."""
    value: str
    """As it is written in the scenario; "" where the scenario leaves it out."""
    default: str
    """What holds where it is left out; "" where nothing plain does."""
    sentence: str
    """What it is."""
    unit: str
    """What it is written in; "" for what has no unit."""
    plausible: str
    """Plausible range in words; "" for none."""
    choices: tuple[str, ...]
    """What it may be, where that is one of several."""
    grade: Grade | None
    """How the number is known; None for what is no number, or not stated."""
    source: Source | None
    """Where the number was read."""
    note: str
    """What there is to say about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormGroup:
    """A table of a scenario with its fields."""

    name: str
    """Its path; "" for the scenario itself."""
    sentence: str
    """What it is."""
    fields: tuple[FormField, ...]
    """Its fields, those that are stated and those that may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A table on the way: its keys, how its path is written in files and in evidence."""

    parts: tuple[str, ...]
    names: tuple[str, ...]
    table: Mapping[str, Any]


def form(scenario: Scenario) -> tuple[FormGroup, ...]:
    """The groups of a scenario's form, in the order of its record."""
    place = _Place(parts=(), names=(), table=tomllib.loads(scenario.toml))
    return tuple(_groups(Asked, place, scenario, "The question, and what the plan makes most of."))


def value_of(field: FormField, text: str) -> Any:
    """What a text in a field states, as a file would; an emptied field takes its entry away."""
    text = text.strip()
    if not text:
        return False
    if field.kind in ("words", "choice"):
        return text
    return parse_override(f"{field.path}={text}")[1]


def _groups(cls: type, place: _Place, scenario: Scenario, sentence: str) -> Iterator[FormGroup]:
    """A table, then those within it."""
    within = [key for key in keys(cls) if _is_group(key)]
    own = [key for key in keys(cls) if not _is_group(key) and not (cls is Asked and key.key in LEFT_OUT)]
    fields = tuple(_field(cls, key, place, scenario) for key in own)
    if fields:
        yield FormGroup(name=".".join(place.parts), sentence=sentence, fields=fields)
    for key in within:
        stated = place.table.get(key.key)
        inner = _within(place, key.key, keys_of(cls)[key.key])
        if is_named(key.hint):
            record = get_args(key.hint)[1]
            for name, entry in inner.table.items():
                if isinstance(entry, Mapping):
                    yield from _groups(record, _within(inner, name, name), scenario, about(record))
        elif stated is not None or not key.required:
            yield from _groups(key.hint, inner, scenario, key.sentence)


def _is_group(key: FileKey) -> bool:
    named = is_named(key.hint) and is_dataclass(get_args(key.hint)[1])
    return named or (is_dataclass(key.hint) and key.hint is not Course)


def _within(place: _Place, key: str, name: str) -> _Place:
    table = place.table.get(key)
    return _Place(
        parts=(*place.parts, key), names=(*place.names, name), table=table if isinstance(table, Mapping) else {}
    )


def _field(cls: type, key: FileKey, place: _Place, scenario: Scenario) -> FormField:
    path, name = (*place.parts, key.key), ".".join((*place.names, keys_of(cls)[key.key]))
    evidence = _evidence(scenario, name)
    value = _written(place.table.get(key.key))
    return FormField(
        path=".".join(path),
        parts=path,
        label=key.key.replace("_", " ").capitalize(),
        kind=_kind(key, value),
        value=value,
        default="" if key.default is None else _written(key.default),
        sentence=key.sentence,
        unit=key.unit,
        plausible=key.plausible,
        choices=tuple(map(str, get_args(key.hint))) if get_origin(key.hint) is Literal else (),
        grade=None if evidence is None else evidence.grade,
        source=None if evidence is None else evidence.source,
        note="" if evidence is None else evidence.note,
    )


def _evidence(scenario: Scenario, name: str) -> Evidence | None:
    """That of a number; of a course or a list, that of its first one."""
    if name in scenario.evidence:
        return scenario.evidence[name]
    return next((found for path, found in scenario.evidence.items() if path.startswith(f"{name}.")), None)


def _kind(key: FileKey, value: str) -> Kind:
    if get_origin(key.hint) is Literal:
        return "choice"
    if key.hint is bool:
        return "flag"
    if key.hint is str and not key.suffix:
        return "words"
    return "long" if len(value) > LONG or "\n" in value else "text"


def _written(value: Any) -> str:
    """A value as somebody writes it: without its evidence, a table or list on one line."""
    if value is None or value is False:
        return "" if value is None else "false"
    if isinstance(value, Mapping):
        if "value" in value:
            return _written(value["value"])
        return toml_value({key: item for key, item in value.items() if key not in BESIDE})
    return " ".join(value.split()) if isinstance(value, str) else toml_value(value)
