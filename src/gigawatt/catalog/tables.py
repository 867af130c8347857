"""From a TOML table to a frozen record: keys to fields, text to SI, evidence beside every number, all faults at once.

A value may be written plainly (`rack_power = "132 kW"`) or with its evidence
(`rack_power = { value = "132 kW", low = "120 kW", grade = "press", source = "introl" }`). `source` and `grade` set in
a table are the default of every number in it and below it; one that is itself graded "assumed" takes no source from
there. `source` names an entry of the file's `[sources]`, and `known` the day from which a number is known, where that
is not always.
A course is a table of quarters (`ramp = { 2026Q3 = "0.3 GW", 2027Q1 = "1.2 GW" }`) or one value, held.
"""

from __future__ import annotations

import math
import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from itertools import islice
from pathlib import Path as FilePath
from typing import Any, TypeVar, Union, get_args, get_origin

from gigawatt import units
from gigawatt.catalog.fitting import hints_of, maker
from gigawatt.catalog.records import Evidence, Grade, Source
from gigawatt.errors import MOST_FAULTS_COUNT, CatalogError, Fault, near, plain
from gigawatt.files import MOST_TABLE_BYTES, parse_toml, read_text
from gigawatt.quarters import HELD, Course

T = TypeVar("T")

GRADES = get_args(Grade)
UNPUBLISHED = ("derived", "assumed")
# The one rule for names: what a person calls an entry of a table or a file of the catalog. A full stop, which parts the
# words of a path, may stand in the name of a file only.
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
FILE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
KEY_RULE = "letters of ASCII, digits, dashes and underscores, first a letter or a digit, at most 80"
MOST_ENTRIES_COUNT = 1_000
# Characters that no text holds: they steer a terminal, turn a line round, or are none (lone surrogates).
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_PROSE = ("description", "note")  # text of several lines
_LINE_RULE, _PROSE_RULE = "one line of text without control characters", "text without control characters"
_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\]{1,2000}", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_QUARTER = re.compile(r"[0-9]{4}Q[1-4]")
_LONGEST = 2**63
# What any table may state for all numbers in it: why they are believed, and the day from which they are known.
INHERITED = frozenset({"grade", "source", "note", "known"})
_ANNOTATED = frozenset({"value", "low", "high"}) | INHERITED
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
        try:
            self.remark(path, f'"{given}"' if isinstance(given, str) else str(given), expected)
        except ValueError:  # Python writes no whole number of thousands of digits
            self.remark(path, "a number of thousands of digits", expected)

    def remark(self, path: str, seen: str, expected: str) -> None:
        """Note a fault that is no value, such as "missing"; long text is cut so that an error stays one line."""
        self.faults.append(Fault(path=_line(path, 160), given=_line(seen, 80), expected=expected))


def _line(text: str, longest: int) -> str:
    line = " ".join(re.split(r"[ \t\r\n]+", text.strip(" \t\r\n")))
    return line if len(line) <= longest else line[: longest - 3] + "..."


def read_toml(file: FilePath) -> tuple[dict[str, Any], list[Fault]]:
    """Parse a TOML file; one that is missing, huge, binary or malformed is one fault, never a traceback."""
    try:
        return parse_toml(read_text(file, "TOML file", MOST_TABLE_BYTES), str(file)), []
    except CatalogError as error:
        return {}, list(error.faults)


def read_sources(table: object, reader: Reader) -> dict[str, Source]:
    """The `[sources]` table of a file: name → address, date and title."""
    if not isinstance(table, Mapping):
        reader.fault("sources", table, "a table of sources, each with url and date")
        return {}
    found = {}
    for key, entry in _entries(table, "sources", reader).items():
        source = read_record(Source, entry, f"sources.{key}", reader)
        if source is not None:
            _check_source(f"sources.{key}", source, reader)
        found[key] = source or _UNKNOWN
    return found


def _check_source(path: str, source: Source, reader: Reader) -> None:
    if source.url and not _ADDRESS.fullmatch(source.url):
        reader.fault(f"{path}.url", source.url, "an address that begins with https:// or http://")
    if not (source.url or source.title):
        reader.remark(f"{path}.url", "missing", "an address, or the title of what has none")
    if not _DATE.fullmatch(source.date):
        reader.fault(f"{path}.date", source.date, "a day, a month or a year, such as 2026-07-01")


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
    return {units.split(name)[0]: name for name in hints_of(cls) if name != "evidence"}


def joined(path: str, key: str) -> str:
    """The path of a key below another path, which is empty at the top."""
    return f"{path}.{key}" if path else key


def _prepare(
    cls: type, table: object, path: str, field_path: str, inherited: Mapping[str, Any], reader: Reader
) -> dict[str, Any]:
    """Keys → fields and text → SI, for one table and all below it."""
    if not isinstance(table, Mapping):
        reader.fault(path, table, "a table")
        return {}
    known = keys_of(cls)
    stated = {key: table[key] for key in INHERITED if key in table and key not in known}
    inherited = _stated(stated, inherited, path, reader)
    prepared = {}
    for key, value in table.items():
        if key in known:
            name = known[key]
            here = joined(path, key), joined(field_path, name)
            prepared[name] = _value(hints_of(cls)[name], name, value, here, inherited, reader)
        elif key not in INHERITED:
            # Looking for the nearest key takes its time, and beyond so many faults nobody is told.
            near = _nearest(key, known) if len(reader.faults) < MOST_FAULTS_COUNT else "no such key"
            reader.fault(joined(path, key), _brief(value), near)
    for entry in fields(cls):
        required = entry.default is MISSING and entry.default_factory is MISSING
        key = units.split(entry.name)[0]
        if required and key not in table and entry.name != "evidence":
            suffix = units.split(entry.name)[1]
            reader.remark(joined(path, key), "missing", units.SUFFIXES[suffix].example if suffix else "a value")
    return prepared


def _brief(value: object) -> object:
    return "{…}" if isinstance(value, Mapping) else value


def _nearest(key: str, known: Mapping[str, str]) -> str:
    close = near(key, list(known), 0.5)
    return f"no such key{close}" if close else f"one of the keys {', '.join(sorted(known))}"


def _value(
    hint: Any, name: str, value: object, here: tuple[str, str], inherited: Mapping[str, Any], reader: Reader
) -> Any:
    """One value by its annotation: a record, a sequence or table of records, a course, a quantity or plain data."""
    path, field_path = here
    hint = _without_none(hint)
    if hint is Course:
        return _course(name, value, here, inherited, reader)
    if is_dataclass(hint):
        return _prepare(hint, value, path, field_path, inherited, reader)  # type: ignore[arg-type]
    if get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]):
        item = get_args(hint)[0]
        return tuple(
            _prepare(item, row, f"{path}[{n}]", f"{field_path}.{n}", inherited, reader)
            for n, row in enumerate(_rows(value, path, reader))
        )
    if is_named(hint):
        item = get_args(hint)[1]
        return {
            key: _prepare(item, row, joined(path, key), joined(field_path, key), inherited, reader)
            for key, row in _entries(value, path, reader).items()
        }
    suffix = units.split(name)[1] or (name if name in units.WHOLE_NAMES else "")
    if suffix and hint in (float, int):
        return _quantity(hint, suffix, value, here, inherited, reader)
    if isinstance(value, list | tuple):
        value = _rows(list(value), path, reader)
    if not isinstance(value, list) or get_origin(hint) is tuple:
        check_plain(value, path, name in _PROSE, reader)
    return tuple(value) if isinstance(value, list) else value


def _rows(value: object, path: str, reader: Reader) -> list[Any]:
    """The entries of a list, or the one table, without those that are too many."""
    rows = value if isinstance(value, list) else [value]
    if len(rows) > MOST_ENTRIES_COUNT:
        reader.remark(path, f"{len(rows):,} entries", f"at most {MOST_ENTRIES_COUNT:,}")
    return rows[:MOST_ENTRIES_COUNT]


def _entries(value: object, path: str, reader: Reader) -> Mapping[str, Any]:
    """The entries of a table whose keys are names, without those that follow no rule or are too many."""
    if not isinstance(value, Mapping):
        reader.fault(path, value, "a table")
        return {}
    if len(value) > MOST_ENTRIES_COUNT:
        reader.remark(path, f"{len(value):,} entries", f"at most {MOST_ENTRIES_COUNT:,}")
    found = dict(islice(value.items(), MOST_ENTRIES_COUNT))
    for key in [key for key in found if not KEY.fullmatch(key)]:
        reader.remark(path, f'the name "{key}"', KEY_RULE)
        del found[key]
    return found


def check_plain(value: object, path: str, prose: bool, reader: Reader) -> None:
    """Text, whole numbers and lists of them hold nothing that would deceive the eye or no machine could write."""
    if isinstance(value, list):
        for n, item in enumerate(value):
            check_plain(item, f"{path}[{n}]", prose, reader)
    elif isinstance(value, int) and abs(value) >= _LONGEST:
        reader.remark(path, "a number of very many digits", "a smaller whole number")
    elif isinstance(value, str) and (_UNSEEN.search(value) or ("\n" in value and not prose)):
        reader.fault(path, plain(value), _PROSE_RULE if prose else _LINE_RULE)


def type_at(hint: Any, key: str) -> Any:
    """The type of the entry `key` in a table of type `hint`: a record, a table of records or a value; None: no such."""
    if is_dataclass(hint):
        name = keys_of(hint).get(key)  # type: ignore[arg-type]
        return None if name is None else _without_none(hints_of(hint)[name])  # type: ignore[arg-type]
    return get_args(hint)[1] if is_named(hint) else None


def is_named(hint: Any) -> bool:
    """Whether a type is that of a table of records, whose keys are names."""
    return get_origin(hint) in (dict, Mapping) and is_dataclass(get_args(hint)[1])


def is_table(hint: Any) -> bool:
    """Whether a type is that of a table that has keys of its own, beside a course or an annotated value."""
    return is_named(hint) or (is_dataclass(hint) and hint is not Course)


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
        reader.fault(joined(path, key), _brief(value[key]), f"one of the keys {', '.join(sorted(_ANNOTATED))}")
    return value["value"], {key: value[key] for key in value if key != "value" and key in _ANNOTATED}


def _number(value: Any, suffix: str, path: str, reader: Reader) -> float:
    try:
        return units.parse(value, suffix)
    except ValueError as error:
        reader.fault(path, _brief(value), str(error))
    return math.nan


def _range(notes: Mapping[str, Any], suffix: str, path: str, reader: Reader) -> tuple[float | None, float | None]:
    """The low and the high end that a value states."""
    low, high = (
        _number(notes[key], suffix, joined(path, key), reader) if key in notes else None for key in ("low", "high")
    )
    return low, high


def _stated(
    notes: Mapping[str, Any], inherited: Mapping[str, Any], path: str, reader: Reader
) -> Mapping[str, str | Source]:
    """Grade, source and note as stated here, checked and laid over those of the tables above."""
    stated: dict[str, str | Source] = {key: notes[key] for key in ("grade", "note", "known") if key in notes}
    if "known" in notes and not (isinstance(notes["known"], str) and _DAY.fullmatch(notes["known"])):
        reader.fault(joined(path, "known"), stated.pop("known"), "a day, such as 2026-07-01")
    if isinstance(stated.get("note", ""), str):
        check_plain(stated.get("note", ""), joined(path, "note"), True, reader)
    else:
        reader.fault(joined(path, "note"), stated.pop("note"), "text")
    if stated.get("grade", "assumed") not in GRADES:
        reader.fault(joined(path, "grade"), notes["grade"], f"one of {', '.join(GRADES)}")
        stated["grade"] = "assumed"
    if "source" in notes:
        name = notes["source"]
        stated["source"] = reader.sources.get(name, _UNKNOWN) if isinstance(name, str) else _UNKNOWN
        if not isinstance(name, str) or name not in reader.sources:
            reader.fault(joined(path, "source"), name, "a name in [sources] of the same file")
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
        known_date=stated.get("known"),
    )


def _course(
    name: str, value: object, here: tuple[str, str], inherited: Mapping[str, Any], reader: Reader
) -> dict[str, tuple[Any, ...]]:
    path, field_path = here
    suffix = units.split(name)[1]
    plain, notes = _annotated(value, path, reader)
    if isinstance(plain, Mapping):
        notes = {**notes, **{key: plain[key] for key in INHERITED if key in plain}}
        points = {key: point for key, point in plain.items() if key not in INHERITED}
    else:
        points = {HELD: plain}
    mistyped = [key for key in points if not _QUARTER.fullmatch(key)]
    for key in mistyped:
        reader.fault(joined(path, key), _brief(points[key]), 'quarters such as "2026Q3" as keys')
    if not points:
        reader.remark(path, "{}", "at least one quarter with a value")
    span = _range(notes, suffix, path, reader)
    _note_evidence(field_path, path, _stated(notes, inherited, path, reader), span, reader)
    if mistyped or not points:
        return {"periods": (HELD,), "values": (math.nan,)}
    ordered = sorted(points)
    values = tuple(
        _number(points[key], suffix, joined(path, key) if len(points) > 1 else path, reader) for key in ordered
    )
    return {"periods": tuple(ordered), "values": values}


@cache
def _adapter(hint: Any) -> Any:
    """What checks plain data against a type; made once, which takes longer than checking."""
    from pydantic import TypeAdapter

    return TypeAdapter(hint)


def record_of(hint: type[T], plain: Any) -> T:
    """A record, or a table of records, from plain data, as `dataclasses.asdict` gives it and JSON keeps it.

    Checks types and choices. pydantic is asked about data that does not fit as it stands: it makes the record where it
    sees how, and raises its ValidationError, which is a ValueError, where not.
    """
    kind: Any = hint
    try:
        made: T = maker(kind)(plain)
    except (TypeError, ValueError, KeyError, OverflowError):
        made = _adapter(kind).validate_python(plain)
    return made


def _build(cls: type[T], prepared: Mapping[str, Any], path: str, reader: Reader) -> T | None:
    """Make the record of a table, or fault what cannot be one."""
    try:
        return record_of(cls, prepared)
    except ValueError as error:
        _fault_all(error, path, reader)
        return None


def _fault_all(error: Any, path: str, reader: Reader) -> None:
    """A fault for all that pydantic found in a table."""
    for item in error.errors(include_url=False, include_context=False):
        if item["type"] == "missing" and isinstance(item["loc"][-1], str):
            continue  # _prepare has said so, with the unit expected
        keys = [units.split(part)[0] if isinstance(part, str) else f"[{part}]" for part in item["loc"]]
        where = ".".join([path, *keys] if path else keys).replace(".[", "[")
        message = item["msg"][0].lower() + item["msg"][1:]
        expected = "a value here too" if item["type"] == "missing" else message.removeprefix("input should be ")
        reader.fault(where, _brief(item["input"]), expected)
