"""JSON Schema of what people write: scenarios, strategies, files of the catalog, and the questions of the verbs.

The walk is that of the reader, `catalog.tables`: keys are field names without their unit, a quantity is text with a
unit or a table with its evidence, a course is a table of quarters. What a scenario or a strategy lays over another need
not be whole, and `false` takes an entry away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeAlias, get_args, get_origin

from gigawatt import units
from gigawatt.catalog.described import descriptions
from gigawatt.catalog.load import KINDS
from gigawatt.catalog.plausible import ranges, span
from gigawatt.catalog.records import Evidence, Source
from gigawatt.catalog.tables import GRADES, KEY, MOST_ENTRIES_COUNT, is_named, is_table, keys_of, type_at
from gigawatt.errors import ScenarioError
from gigawatt.quarters import Course
from gigawatt.scenario.allocation import PowerAsked
from gigawatt.scenario.schema import Asked
from gigawatt.scenario.strategy import WORLD, Strategy
from gigawatt.study.question import BARE_UNITS, unknown

# What JSON can hold.
Json: TypeAlias = "str | float | bool | Sequence[Json] | Mapping[str, Json] | None"

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Files that may extend another and then state only what differs: name → record.
OVERLAID: dict[str, type] = {"scenario": Asked, "allocation": PowerAsked}
FILES = (*OVERLAID, "strategy", *KINDS)
EXTENDS = "Preset, or file in the same folder, that this one is laid over; it then states only what differs."
SOURCES = "Where numbers were read, by the names that `source` refers to."
SOURCE = "Where the number was read: a name in [sources] of the same file."
LATER = "What became known later, in order of days: it takes the place of what stands above from its day on."
VALUE = "The quantity itself, with its unit."
PATH = "A path into the scenario, such as programme.target, and what it is to be there."
QUARTER = "^[0-9]{4}Q[1-4]$"
DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
DATE = "^[0-9]{4}(Q[1-4]|-[0-9]{2}-[0-9]{2})$"
_GONE = {"const": False}
_INHERITED = ("grade", "source", "note", "known")
_TYPES: dict[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKey:
    """A key that a table of a file may have."""

    key: str
    """How it is written, without the unit."""
    hint: Any
    """Type of its value, without None."""
    suffix: str
    """Suffix of its unit; empty where it has none."""
    sentence: str
    """What it is, in a sentence."""
    required: bool
    """Whether a table without it is not whole."""
    default: Any
    """What it is when it is left out, as a file would state it; None where that is not plain."""
    plausible: str
    """Plausible range in words; empty where it has none."""

    @property
    def unit(self) -> str:
        """What its value is written in, "a power (W, kW, MW, GW)"; empty where it has no unit."""
        return units.SUFFIXES[self.suffix].example if self.suffix else ""

    @property
    def description(self) -> str:
        """The sentence, the unit and the plausible range."""
        unit = f"{self.unit[0].upper()}{self.unit[1:]}." if self.unit else ""
        return " ".join(filter(None, (self.sentence, unit, self.plausible and f"Plausible: {self.plausible}.")))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A schema in the making: its definitions by name; over: whether its tables may be laid over others; asked: whether
    it is of a question, which has no evidence, and in which lengths in tokens and their prices may be bare numbers.
    """

    over: bool = False
    asked: bool = False
    shared: dict[str, Any] = field(default_factory=dict)

    @property
    def bare(self) -> tuple[str, ...]:
        """Suffixes of what may be a bare number."""
        return (*units.BARE, *BARE_UNITS) if self.asked else units.BARE

    def refer(self, name: str, made: Mapping[str, Any]) -> dict[str, Any]:
        """A reference to a definition, which is kept."""
        self.shared.setdefault(name, made)
        return {"$ref": f"#/$defs/{name}"}


def schema_for(name: str) -> dict[str, Json]:
    """The schema of a scenario, a strategy, an allocation, or a file of a kind of the catalog.

    Raises ScenarioError where there is nothing of that name.
    """
    if name in OVERLAID:
        return _overlaid(OVERLAID[name])
    if name == "strategy":
        return _strategy()
    if name in KINDS:
        return _catalog_file(KINDS[name])
    raise ScenarioError([unknown("of", name[:80], FILES)])


def schema_of(cls: type) -> dict[str, Json]:
    """The schema of the question of a verb."""
    draft = _Draft(asked=True)
    return _document(_table(cls, draft), draft)


def _document(table: Mapping[str, Any], draft: _Draft) -> dict[str, Any]:
    return {"$schema": DIALECT, **table, "$defs": dict(sorted(draft.shared.items()))}


def _catalog_file(cls: type) -> dict[str, Any]:
    """A file of the catalog has sources, and its name for an id."""
    draft = _Draft()
    table = _table(cls, draft)
    table["properties"] |= {"sources": _sources(draft), "later": _later(cls)}
    table["required"].remove("id")
    return _document(table, draft)


def _overlaid(cls: type) -> dict[str, Any]:
    """A file that is whole, or extends another; its name is that of the file where it does not state one."""
    draft = _Draft(over=True)
    table = _table(cls, draft)
    extends = {"type": "string", "minLength": 1, "description": EXTENDS}
    properties = {"extends": extends, **table.pop("properties"), "sources": _sources(draft), "later": _later(cls)}
    whole = _whole(cls)
    whole["required"].remove("name")
    other = {"if": {"required": ["extends"]}, "else": whole}
    return _document({**table, "properties": properties, **other}, draft)


def _strategy() -> dict[str, Any]:
    """What a scenario may have and a strategy may decide; a key may be a whole path."""
    draft = _Draft(over=True)
    table = _table(Asked, draft, without=WORLD)
    table["properties"]["sources"] = _sources(draft)
    own = {key.key: key for key in keys(Strategy)}
    for name in ("title", "description"):
        table["properties"][name] = {"description": own[name].sentence, "type": "string"}
    names = {"type": "array", "items": {"type": "string"}}
    table["properties"]["made_for"] = {"description": own["made_for"].sentence, **names}
    table |= {"description": about(Strategy), "patternProperties": {r"^[^.]+(\.[^.]+)+$": {"description": PATH}}}
    return _document(table, draft)


def _later(cls: type) -> dict[str, Any]:
    """Entries of a day: each may state any key of the file, and what stands there is laid over the file's own."""
    stated = {key.key: {"description": key.description} for key in keys(cls)}
    entry = {"type": "object", "properties": {**stated, **{key: _evidence()[key] for key in _INHERITED}}}
    return {
        "description": LATER,
        "type": "array",
        "items": {**entry, "required": ["known"], "additionalProperties": False},
    }


def _sources(draft: _Draft) -> dict[str, Any]:
    return {"description": SOURCES, **_entries(Source, draft)}


def keys(cls: type) -> list[FileKey]:
    """Every key that a table may have which is read into a record."""
    described, plausible, stated = descriptions(cls), ranges(cls), {entry.name: entry for entry in fields(cls)}
    return [
        FileKey(
            key=key,
            hint=type_at(cls, key),
            suffix=units.split(name)[1] or (name if name in units.WHOLE_NAMES else ""),
            sentence=described.get(name, ""),
            required=stated[name].default is MISSING and stated[name].default_factory is MISSING,
            default=_default(stated[name].default, units.split(name)[1]),
            plausible=_range(plausible[name]) if name in plausible else "",
        )
        for key, name in keys_of(cls).items()
    ]


def _range(plausible: units.Plausible) -> str:
    return span(plausible) + (", or 0" if plausible.zero and str(plausible.low).partition(" ")[0] != "0" else "")


def _default(value: object, suffix: str) -> Any:
    """A default as a file would state it, None where it has none that is plain."""
    if isinstance(value, bool | str):
        return value if value != "" else None
    if not isinstance(value, int | float):
        return None
    if not suffix or suffix in ("count", "ratio"):
        return int(value) if value == int(value) else value
    text = units.show(value, suffix)
    try:
        return text if units.parse(text, suffix) == value else None
    except ValueError:  # without end
        return None


def about(cls: type) -> str:
    """What the table of a record is, in the words of its docstring."""
    return " ".join((cls.__doc__ or "").split())


def _table(cls: type, draft: _Draft, without: Sequence[str] = ()) -> dict[str, Any]:
    """The schema of one table, and of all below it by reference."""
    properties = {key.key: _property(key, draft) for key in keys(cls) if key.key not in without}
    if not draft.asked:
        properties |= {key: _evidence()[key] for key in _INHERITED if key not in properties}
    table = {"description": about(cls), "type": "object", "properties": properties, "additionalProperties": False}
    return table if draft.over else {**table, "required": [key.key for key in keys(cls) if key.required]}


def _property(key: FileKey, draft: _Draft) -> dict[str, Any]:
    value = _value(key.hint, key.suffix, draft)
    if draft.over and not key.required and key.hint is not bool:
        value = {"anyOf": [value, _GONE]}
    stated = {} if key.default is None else {"default": key.default}
    return {"description": key.description, **value, **stated}


def _value(hint: Any, suffix: str, draft: _Draft) -> dict[str, Any]:
    """The schema of a value by its type, as the reader takes it."""
    if hint is Course:
        return draft.refer(f"{suffix}_over_time", _over_time(suffix, draft))
    if is_dataclass(hint):
        return _reference(hint, draft)  # type: ignore[arg-type]
    if is_named(hint):
        return _entries(get_args(hint)[1], draft)
    if get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]):
        return _rows(get_args(hint)[0], draft)
    if suffix == "date" and not draft.asked:
        return {"type": "string", "pattern": DATE}
    return _quantity(hint, suffix, draft) if suffix and hint in (float, int) else _plain(hint)


def _quantity(hint: Any, suffix: str, draft: _Draft) -> dict[str, Any]:
    number = _number(suffix, draft, whole=hint is int)
    name = f"whole_{suffix}" if hint is int and suffix in draft.bare else suffix
    return draft.refer(name, {"anyOf": _with_evidence(number, number, draft)})


def _reference(cls: type, draft: _Draft) -> dict[str, Any]:
    return draft.refer(cls.__name__, _table(cls, draft))


def _entries(cls: type, draft: _Draft) -> dict[str, Any]:
    """A table of records by names of one's own."""
    entry = _reference(cls, draft)
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{KEY.pattern}$"},
        "maxProperties": MOST_ENTRIES_COUNT,
        "additionalProperties": {"anyOf": [entry, _GONE]} if draft.over else entry,
    }


def _rows(cls: type, draft: _Draft) -> dict[str, Any]:
    """A list of tables, or the one table; each is whole, for a list replaces what it is laid over."""
    row = {**_reference(cls, draft), **(_whole(cls) if draft.over else {})}
    return {"anyOf": [{"type": "array", "maxItems": MOST_ENTRIES_COUNT, "items": row}, row]}


def _whole(cls: type) -> dict[str, Any]:
    """What a table needs that is laid over no other: its required keys, and nothing taken away, at any depth."""
    below = {key.key: _whole_value(key.hint) for key in keys(cls) if key.hint is bool or is_table(key.hint)}
    return {
        "type": "object",
        "required": [key.key for key in keys(cls) if key.required],
        "properties": below,
        "additionalProperties": {"not": _GONE},
    }


def _whole_value(hint: Any) -> dict[str, Any]:
    if hint is bool:
        return {}
    return {"type": "object", "additionalProperties": _whole(get_args(hint)[1])} if is_named(hint) else _whole(hint)


def _number(suffix: str, draft: _Draft, *, whole: bool) -> list[dict[str, Any]]:
    """A quantity without evidence: text with a unit, and for what has none a bare number."""
    text = {"type": "string", "pattern": units.pattern(suffix)}
    if suffix not in draft.bare:
        return [text]
    most = {"maximum": 1 if suffix == "frac" else units.MOST[suffix]} if suffix in units.BARE else {}
    return [{"type": "integer" if whole else "number", "minimum": 0, **most}, text]


def _with_evidence(value: list[Any], number: list[Any], draft: _Draft) -> list[Any]:
    """The forms of a value, and but for questions the table of any of them with its evidence; its ends are numbers."""
    if draft.asked:
        return value
    ends = {key: {**_evidence()[key], "anyOf": number} for key in ("low", "high")}
    table = {
        "type": "object",
        "properties": {"value": {"description": VALUE, "anyOf": value}, **_evidence(), **ends},
        "required": ["value"],
        "additionalProperties": False,
    }
    return [*value, table]


@cache
def _evidence() -> dict[str, dict[str, Any]]:
    """What may stand beside a value."""
    said = {units.split(name)[0]: sentence for name, sentence in descriptions(Evidence).items()}
    shapes: dict[str, dict[str, Any]] = {
        "grade": {"enum": list(GRADES)},
        "source": {"description": SOURCE, "type": "string"},
        "note": {"type": "string"},
        "known": {"type": "string", "pattern": DAY},
    }
    return {key: {"description": said[key], **shapes.get(key, {})} for key in said}


def _over_time(suffix: str, draft: _Draft) -> dict[str, Any]:
    """A course: one value that holds, or values by quarter."""
    number = _number(suffix, draft, whole=False)
    quarters = {
        "type": "object",
        "patternProperties": {QUARTER: {"anyOf": number}},
        "properties": {} if draft.asked else {key: _evidence()[key] for key in _INHERITED},
        "additionalProperties": False,
        "minProperties": 1,
    }
    return {"anyOf": _with_evidence([*number, quarters], number, draft)}


def _plain(hint: Any) -> dict[str, Any]:
    """Text, a whole number, a choice, a list of them, or a table; anything where the type is none of these."""
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        return _list(get_args(hint))
    if get_origin(hint) in (dict, Mapping):
        return {"type": "object"}
    return {"type": _TYPES[hint]} if hint in _TYPES else {}


def _list(of: tuple[Any, ...]) -> dict[str, Any]:
    if of[-1] is Ellipsis:
        return {"type": "array", "items": _plain(of[0])}
    items = [_plain(item) for item in of]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
