"""From a TOML table to a frozen record: keys to fields, text to SI, evidence beside every number, all faults at once.

A value may be written plainly (`rack_power = "132 kW"`) or with its evidence
(`rack_power = { value = "132 kW", low = "120 kW", grade = "press", source = "introl" }`). `source` and `grade` set in
a table are the default of every number in it and below it. `source` names an entry of the file's `[sources]`.
A path over time is a table of quarters (`ramp = { 2026Q3 = "0.3 GW", 2027Q1 = "1.2 GW" }`) or one value, held.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from gigawatt import units
from gigawatt.catalog.records import Evidence, Grade, Path, Source
from gigawatt.errors import Fault

T = TypeVar("T")

MAX_FILE_BYTES = 4_000_000
GRADES = get_args(Grade)
_QUARTER = re.compile(r"\d{4}Q[1-4]")
_ANNOTATED = frozenset({"value", "low", "high", "grade", "source", "note"})
_INHERITED = frozenset({"grade", "source", "note"})


@dataclass(slots=True)
class Reader:
    """What is gathered while tables are read: faults, evidence by field path, numbers without a grade, sources."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    ungraded: list[str] = field(default_factory=list)

    def fault(self, path: str, given: object, expected: str) -> None:
        """Note one fault; long values are cut so that an error stays one line."""
        shown = f'"{given}"' if isinstance(given, str) else str(given)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        self.faults.append(Fault(path=path, given=shown, expected=expected))


def read_toml(file: FilePath) -> tuple[dict[str, Any], list[Fault]]:
    """Parse a TOML file; one that is missing, huge, binary or malformed is one fault, never a traceback."""
    path = str(file)
    try:
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            limit = f"a TOML file of at most {MAX_FILE_BYTES // 1_000_000} MB"
            return {}, [Fault(path=path, given=f"{size / 1e6:,.1f} MB", expected=limit)]
        return tomllib.loads(file.read_bytes().decode("utf-8")), []
    except UnicodeDecodeError:
        return {}, [Fault(path=path, given="binary data", expected="a TOML file in UTF-8")]
    except tomllib.TOMLDecodeError as error:
        return {}, [Fault(path=path, given=str(error), expected="valid TOML")]
    except RecursionError:
        return {}, [Fault(path=path, given="tables nested too deeply", expected="valid TOML")]
    except OSError as error:
        given = error.strerror or str(error)
        return {}, [Fault(path=path, given=given, expected="a readable TOML file")]


def read_sources(table: object, reader: Reader) -> dict[str, Source]:
    """The `[sources]` table of a file: name → address, date and title."""
    entries = table if isinstance(table, dict) else {}
    read = {key: read_record(Source, entry, f"sources.{key}", reader) for key, entry in entries.items()}
    return {key: source for key, source in read.items() if source is not None}


def read_record(cls: type[T], table: object, path: str, reader: Reader) -> T | None:
    """Read one table into the frozen dataclass `cls`; None where a fault was found (see `reader.faults`).

    path: dotted path of the table in its file, "" at the top.
    """
    found = len(reader.faults)
    prepared = _prepare(cls, table, path, "", {}, reader)
    if len(reader.faults) > found:
        return None
    return _build(cls, prepared, path, reader)


def keys_of(cls: type) -> dict[str, str]:
    """Key in a file → field of the record `cls`, for every field that a file may set."""
    return {units.split(name)[0]: name for name in _hints(cls) if name != "evidence"}


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _prepare(
    cls: type, table: object, path: str, field_path: str, inherited: Mapping[str, Any], reader: Reader
) -> dict[str, Any]:
    """Keys → fields and text → SI, for one table and all below it."""
    if not isinstance(table, Mapping):
        reader.fault(path, table, "a table")
        return {}
    known = keys_of(cls)
    inherited = {**inherited, **{key: table[key] for key in _INHERITED if key in table and key not in known}}
    prepared = {}
    for key, value in table.items():
        if key in known:
            name = known[key]
            here = _join(path, key), _join(field_path, name)
            prepared[name] = _value(_hints(cls)[name], name, value, here, inherited, reader)
        elif key not in _INHERITED:
            reader.fault(_join(path, key), _brief(value), _nearest(key, known))
    for entry in fields(cls):
        required = entry.default is MISSING and entry.default_factory is MISSING
        key = units.split(entry.name)[0]
        if required and key not in table and entry.name != "evidence":
            suffix = units.split(entry.name)[1]
            reader.fault(_join(path, key), "missing", units.SUFFIXES[suffix].example if suffix else "a value")
    return prepared


def _brief(value: object) -> object:
    return "{…}" if isinstance(value, Mapping) else value


def _nearest(key: str, known: Mapping[str, str]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f'no such key; did you mean "{close[0]}"?' if close else f"one of the keys {', '.join(sorted(known))}"


def _value(
    hint: Any, name: str, value: object, here: tuple[str, str], inherited: Mapping[str, Any], reader: Reader
) -> Any:
    """One value by its annotation: a record, a sequence or table of records, a path, a quantity or plain data."""
    path, field_path = here
    hint = _without_none(hint)
    if hint is Path:
        return _path(name, value, here, inherited, reader)
    if is_dataclass(hint):
        return _prepare(hint, value, path, field_path, inherited, reader)  # type: ignore[arg-type]
    if get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]):
        rows = value if isinstance(value, list) else [value]
        item = get_args(hint)[0]
        return tuple(
            _prepare(item, row, f"{path}[{n}]", f"{field_path}.{n}", inherited, reader) for n, row in enumerate(rows)
        )
    if get_origin(hint) in (dict, Mapping) and is_dataclass(get_args(hint)[1]):
        rows_by_key = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            reader.fault(path, value, "a table")
        item = get_args(hint)[1]
        return {
            key: _prepare(item, row, _join(path, key), _join(field_path, key), inherited, reader)
            for key, row in rows_by_key.items()
        }
    suffix = units.split(name)[1]
    if suffix and hint in (float, int):
        return _quantity(hint, suffix, value, here, inherited, reader)
    return tuple(value) if isinstance(value, list) else value


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        rest = [arg for arg in get_args(hint) if arg is not type(None)]
        return rest[0] if len(rest) == 1 else hint
    return hint


def _quantity(
    hint: Any, suffix: str, value: object, here: tuple[str, str], inherited: Mapping[str, Any], reader: Reader
) -> float | int:
    path, field_path = here
    plain, notes = _annotated(value, path, reader)
    number = _number(plain, suffix, path, reader)
    low, high = (_number(notes[key], suffix, path, reader) if key in notes else None for key in ("low", "high"))
    _note_evidence(field_path, path, {**inherited, **notes, "low": low, "high": high}, reader)
    if hint is int:
        if number != int(number):
            reader.fault(path, plain, "a whole number")
        return int(number)
    return number


def _annotated(value: object, path: str, reader: Reader) -> tuple[Any, dict[str, Any]]:
    """Split `{ value = …, grade = …, source = … }` into the value and its notes."""
    if not isinstance(value, Mapping) or "value" not in value:
        return value, {}
    for key in sorted(set(value) - _ANNOTATED):
        reader.fault(_join(path, key), _brief(value[key]), f"one of the keys {', '.join(sorted(_ANNOTATED))}")
    return value["value"], {key: value[key] for key in value if key != "value" and key in _ANNOTATED}


def _number(value: Any, suffix: str, path: str, reader: Reader) -> float:
    try:
        return units.parse(value, suffix)
    except ValueError as error:
        reader.fault(path, _brief(value), str(error))
        return math.nan


def _note_evidence(field_path: str, path: str, notes: Mapping[str, Any], reader: Reader) -> None:
    grade, source = notes.get("grade"), notes.get("source")
    if grade is None:
        reader.ungraded.append(path)
        return
    if grade not in GRADES:
        reader.fault(_join(path, "grade"), grade, f"one of {', '.join(GRADES)}")
        return
    if source is not None and source not in reader.sources:
        reader.fault(_join(path, "source"), source, "a name in [sources] of the same file")
        return
    reader.evidence[field_path] = Evidence(
        grade=grade,
        source=reader.sources[source] if source is not None else None,
        low=notes.get("low"),
        high=notes.get("high"),
        note=str(notes.get("note", "")),
    )


def _path(
    name: str, value: object, here: tuple[str, str], inherited: Mapping[str, Any], reader: Reader
) -> dict[str, tuple[Any, ...]]:
    path, field_path = here
    suffix = units.split(name)[1]
    plain, notes = _annotated(value, path, reader)
    if isinstance(plain, Mapping):
        notes = {**notes, **{key: plain[key] for key in _INHERITED if key in plain}}
        points = {key: point for key, point in plain.items() if key not in _INHERITED}
    else:
        points = {"0000Q1": plain}
    for key in points:
        if not _QUARTER.fullmatch(key):
            reader.fault(_join(path, key), _brief(points[key]), 'quarters such as "2026Q3" as keys')
    if not points:
        reader.fault(path, "{}", "at least one quarter with a value")
    _note_evidence(field_path, path, {**inherited, **notes}, reader)
    ordered = sorted(points)
    values = tuple(
        _number(points[key], suffix, _join(path, key) if len(points) > 1 else path, reader) for key in ordered
    )
    return {"periods": tuple(ordered), "values": values}


def _build(cls: type[T], prepared: Mapping[str, Any], path: str, reader: Reader) -> T | None:
    """Check types and choices and make the record; pydantic does both, and only here."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(cls).validate_python(prepared)
    except ValidationError as error:
        for item in error.errors():
            keys = [units.split(part)[0] if isinstance(part, str) else f"[{part}]" for part in item["loc"]]
            where = ".".join([path, *keys] if path else keys).replace(".[", "[")
            message = item["msg"][0].lower() + item["msg"][1:]
            reader.fault(where, _brief(item["input"]), message.removeprefix("input should be "))
        return None
