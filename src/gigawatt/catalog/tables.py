"""From a TOML table to a frozen record: keys to fields, text to SI, evidence beside every number, all faults at once.

A value may be written plainly (`rack_power = "132 kW"`) or with its evidence
(`rack_power = { value = "132 kW", low = "120 kW", grade = "press", source = "introl" }`). `source` and `grade` set in
a table are the default of every number in it and below it; one that is itself graded "assumed" takes no source from
there. `source` names an entry of the file's `[sources]`.
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
UNPUBLISHED = ("derived", "assumed")
_QUARTER = re.compile(r"\d{4}Q[1-4]")
_ANNOTATED = frozenset({"value", "low", "high", "grade", "source", "note"})
_INHERITED = frozenset({"grade", "source", "note"})
# Stands in for a source that was faulted where it is named, so that one mistake is one fault.
_UNKNOWN = Source(url="", date="")


@dataclass(slots=True)
class Reader:
    """What is gathered while tables are read: sources, faults, evidence by field path, and what lacks evidence.

    `ungraded` and `unsourced` are the paths of numbers without a grade, and of published numbers without a source.
    """

    sources: Mapping[str, Source] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    ungraded: list[str] = field(default_factory=list)
    unsourced: list[str] = field(default_factory=list)

    def fault(self, path: str, given: object, expected: str) -> None:
        """Note that a value is not what is expected."""
        self.remark(path, f'"{given}"' if isinstance(given, str) else str(given), expected)

    def remark(self, path: str, seen: str, expected: str) -> None:
        """Note a fault that is no value, such as "missing"; long text is cut so that an error stays one line."""
        self.faults.append(Fault(path=_line(path, 160), given=_line(seen, 80), expected=expected))


def _line(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 3] + "..."


def read_toml(file: FilePath) -> tuple[dict[str, Any], list[Fault]]:
    """Parse a TOML file; one that is missing, huge, binary or malformed is one fault, never a traceback."""
    path = str(file)
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            limit = f"{MAX_FILE_BYTES // 1_000_000} MB"
            return {}, [Fault(path=path, given=f"more than {limit}", expected=f"a TOML file of at most {limit}")]
        return tomllib.loads(data.decode("utf-8-sig")), []
    except UnicodeDecodeError:
        return {}, [Fault(path=path, given="binary data", expected="a TOML file in UTF-8")]
    except ValueError as error:  # TOMLDecodeError, and what int() says of a number of thousands of digits
        return {}, [Fault(path=path, given=str(error), expected="valid TOML")]
    except RecursionError:
        return {}, [Fault(path=path, given="tables nested too deeply", expected="valid TOML")]
    except OSError as error:
        given = error.strerror or str(error)
        return {}, [Fault(path=path, given=given, expected="a readable TOML file")]


def read_sources(table: object, reader: Reader) -> dict[str, Source]:
    """The `[sources]` table of a file: name → address, date and title."""
    if not isinstance(table, Mapping):
        reader.fault("sources", table, "a table of sources, each with url and date")
        return {}
    return {key: read_record(Source, entry, f"sources.{key}", reader) or _UNKNOWN for key, entry in table.items()}


def read_record(cls: type[T], table: object, path: str, reader: Reader) -> T | None:
    """Read one table into the frozen dataclass `cls`; None where it cannot be made at all.

    Faults go to `reader.faults`. A record is made in spite of unreadable numbers (they are NaN), so that the
    caller can look for further faults before it reports all of them.

    path: dotted path of the table in its file, "" at the top.
    """
    prepared = _prepare(cls, table, path, "", {}, reader)
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
    stated = {key: table[key] for key in _INHERITED if key in table and key not in known}
    inherited = _stated(stated, inherited, path, reader)
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
            reader.remark(_join(path, key), "missing", units.SUFFIXES[suffix].example if suffix else "a value")
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
    suffix = units.split(name)[1] or (name if name in units.BARE else "")
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
    low, high = _range(notes, suffix, path, reader)
    if (low is not None and number < low) or (high is not None and number > high):
        reader.fault(path, plain, "a value between its low and its high")
    _note_evidence(field_path, path, _stated(notes, inherited, path, reader), (low, high), reader)
    if hint is float:
        return number
    if math.isfinite(number) and number != int(number):
        reader.fault(path, plain, "a whole number")
    return int(number) if math.isfinite(number) else 1


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
    except OverflowError:
        expected = f"{units.SUFFIXES[suffix].example}, finite"
    except ValueError as error:
        expected = str(error)
    reader.fault(path, _brief(value), expected)
    return math.nan


def _range(notes: Mapping[str, Any], suffix: str, path: str, reader: Reader) -> tuple[float | None, float | None]:
    """The low and the high end that a value states."""
    low, high = (
        _number(notes[key], suffix, _join(path, key), reader) if key in notes else None for key in ("low", "high")
    )
    return low, high


def _stated(
    notes: Mapping[str, Any], inherited: Mapping[str, Any], path: str, reader: Reader
) -> Mapping[str, str | Source]:
    """Grade, source and note as stated here, checked and laid over those of the tables above."""
    stated: dict[str, str | Source] = {key: str(notes[key]) for key in ("grade", "note") if key in notes}
    if stated.get("grade", "assumed") not in GRADES:
        reader.fault(_join(path, "grade"), notes["grade"], f"one of {', '.join(GRADES)}")
        stated["grade"] = "assumed"
    if "source" in notes:
        name = notes["source"]
        stated["source"] = reader.sources.get(name, _UNKNOWN) if isinstance(name, str) else _UNKNOWN
        if not isinstance(name, str) or name not in reader.sources:
            reader.fault(_join(path, "source"), name, "a name in [sources] of the same file")
    above = {key: inherited[key] for key in inherited if key != "source" or stated.get("grade") != "assumed"}
    return {**above, **stated}


def _note_evidence(
    field_path: str, path: str, stated: Mapping[str, Any], span: tuple[float | None, float | None], reader: Reader
) -> None:
    if "grade" not in stated:
        reader.ungraded.append(path)
        return
    if "source" not in stated and stated["grade"] not in UNPUBLISHED:
        reader.unsourced.append(path)
    reader.evidence[field_path] = Evidence(
        grade=stated["grade"],
        source=stated.get("source"),
        low=span[0],
        high=span[1],
        note=stated.get("note", ""),
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
        reader.remark(path, "{}", "at least one quarter with a value")
    span = _range(notes, suffix, path, reader)
    _note_evidence(field_path, path, _stated(notes, inherited, path, reader), span, reader)
    if not points:
        return {"periods": ("0000Q1",), "values": (math.nan,)}
    ordered = sorted(points)
    values = tuple(
        _number(points[key], suffix, _join(path, key) if len(points) > 1 else path, reader) for key in ordered
    )
    return {"periods": tuple(ordered), "values": values}


@cache
def _adapter(cls: type) -> Any:
    """What checks tables of a record; made once, which takes longer than checking."""
    from pydantic import TypeAdapter

    return TypeAdapter(cls)


def _build(cls: type[T], prepared: Mapping[str, Any], path: str, reader: Reader) -> T | None:
    """Check types and choices and make the record; pydantic does both, and only here."""
    from pydantic import ValidationError

    kind: type = cls
    try:
        return _adapter(kind).validate_python(prepared)
    except ValidationError as error:
        for item in error.errors():
            if item["type"] == "missing":  # _prepare has said so, with the unit expected
                continue
            keys = [units.split(part)[0] if isinstance(part, str) else f"[{part}]" for part in item["loc"]]
            where = ".".join([path, *keys] if path else keys).replace(".[", "[")
            message = item["msg"][0].lower() + item["msg"][1:]
            reader.fault(where, _brief(item["input"]), message.removeprefix("input should be "))
        return None
