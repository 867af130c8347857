"""Find a thing in the catalog by its id or by any of its names in the wild.

The catalog is the files of this package and those of the folder that GIGAWATT_CATALOG names, laid out alike.
A name is looked up as it is written and then without the words of `_NOISE`, which name a package, a number format
or a date, never a size.

Everything that is known stands in it, unless `known_by` says of which day: then what became known later is not there.
"""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Any, TypeVar

from gigawatt import units
from gigawatt.catalog import dated, records
from gigawatt.catalog.contradictions import contradictions
from gigawatt.catalog.dated import is_day
from gigawatt.catalog.plausible import refused, refused_spans
from gigawatt.catalog.tables import FILE_KEY, KEY_RULE, Reader, keys_of, read_record, read_sources, read_toml
from gigawatt.errors import CatalogError, Fault, nearest
from gigawatt.quarters import Course

T = TypeVar("T")

# Kind of thing (the folder that holds its files) → record.
KINDS: dict[str, type] = {
    "accelerators": records.Accelerator,
    "models": records.Model,
    "sites": records.Site,
    "cooling": records.CoolingPlant,
    "facilities": records.Facility,
    "climates": records.Climates,
    "power_curves": records.PowerCurve,
    "onsite_power": records.OnsitePower,
    "reliability": records.Reliability,
    "workloads": records.Workload,
    "arrivals": records.Arrivals,
    "history": records.History,
    "schedules": records.SiteSchedules,
    "rents": records.Rents,
    "scaling_laws": records.ScalingLaw,
    "inference_calibrations": records.InferenceCalibration,
    "training_calibrations": records.TrainingCalibration,
    "power_calibrations": records.PowerCalibration,
    "run_calibrations": records.RunCalibration,
    "serving_calibrations": records.ServingCalibration,
    "derating_calibrations": records.ServingDerating,
}
# Kinds of which rows have days of their own.
_BY_DAY = ("history",)
_FOLDERS = {
    "inference_calibrations": "calibrations/inference",
    "training_calibrations": "calibrations/training",
    "power_calibrations": "calibrations/power",
    "run_calibrations": "calibrations/runs",
    "serving_calibrations": "calibrations/serving",
    "derating_calibrations": "calibrations/derating",
}
OWN_FOLDER = "GIGAWATT_CATALOG"
ASSUMED = "assumed"  # vendor of what nobody has published
MOST_NAME = 300  # characters of a name that is looked for
NEAR_COUNT = 3  # names that are enough instead of one that is not there
MOST_NEAR_COUNT = 6
# What a thing of a kind is called, for the kinds that are taken for one another.
WORDS = {"accelerators": "an accelerator", "models": "a model", "sites": "a site", "cooling": "a cooling plant"}
_VENDORS = ("nvidia", "amd", "google", "amazon", "aws", "meta", "openai", "deepseek", "qwen", "intel")
# Words that change nothing about the thing that a name stands for, by kind; matched whole, between spaces.
_NOISE = {
    "accelerators": (
        r"virtualized|nvidia|amd|sxm\d?|oam|hgx|pod|slice|hbm\d?e?|nps\d|spx|\d+w|dlc|cts|grace|hopper|superchip|instinct"
        r"|tesla|tensor|core|gpus?|accelerator|memory|\d+x|(?<=v5p )\d+|(?<=v5e )\d+|(?<=v6e )\d+|(?<=tpu7x )\d+"
    ),
    "models": (
        r"(?:nv)?fp4 v\d|attnfp8|q\d|qat|edge|interactive"
        r"|instruct|chat|hf|it|base|thinking|reasoning|original|preview|dynamic|quantized|kv|lora|sft"
        r"|nvfp4|mxfp[48]|fp(?:4|8|16)|bf16|int[48]|uint4|w4a16|w8a8|w4afp8|[48]bit|awq|gptq|gguf|bnb"
        r"|pre ?training|99 9|99|v0 \d|(?:0\d|1[0-2])\d\d|2[3-9](?:0\d|1[0-2])"
    ),
}
# A remark in brackets that holds no size ("8B", "80GB") and no count ("x16").
_REMARK = re.compile(r"\((?![^)]*(?:\d\s*[bmtg]b?\b|\bx\d))[^)]*\)", re.IGNORECASE)
# The point of a size: GPT-1.7B is not GPT-17B, while Llama 3.1 may be written llama31.
_POINT = re.compile(r"(?<=\d)\.(?=\d+[bmt]\b)")
_CAPACITY = re.compile(r"\b(\d+) ?gi?b?\b")
# How far a capacity in a name may be from the catalog's: as fitted, as usable, in binary units.
_CAPACITY_FRAC = 0.1


# The day as of which the catalog is read; None: all that is known.
_DAY: ContextVar[str | None] = ContextVar("day", default=None)


@contextmanager
def known_by(day: str | None) -> Iterator[None]:
    """Read the catalog as of a day while this lasts, such as "2025-09-22"; None: with all that is known."""
    token = _DAY.set(day)
    try:
        yield
    finally:
        _DAY.reset(token)


def day_asked() -> str | None:
    """The day as of which the catalog is read here; None: with all that is known."""
    return _DAY.get()


def ids(kind: str) -> list[str]:
    """Every id of one kind that is known, sorted. Raises CatalogError where two things have one name."""
    return sorted(id_ for id_ in set(_names(kind).values()) if _is_known(kind, id_))


def _is_known(kind: str, id_: str) -> bool:
    day = _DAY.get()
    return day is None or known_from(kind, id_) <= day


def known_from(kind: str, id_: str) -> str:
    """Day from which a thing is known at all; empty where it is known from the first.

    A model is known from its release, unless it is our assumption: that is as old as anybody likes.
    """
    table = _table(kind, id_)
    released = kind == "models" and table.get("vendor") != ASSUMED
    return str(table.get(dated.KNOWN, table.get("release", "") if released else ""))


def _table(kind: str, id_: str) -> dict[str, Any]:
    """All that a file says, of whose faults its reader tells."""
    return read_toml(_files(kind)[id_])[0]


def known_later(kind: str, name: str) -> str:
    """Day from which a thing is known that a name stands for; empty where it is known, or there is none."""
    found = _find(kind, name) if len(name) <= MOST_NAME else None
    return "" if found is None or _is_known(kind, found) else known_from(kind, found)


def get(kind: str, name: str) -> Any:
    """The record of one kind by id or alias (case, punctuation and vendor prefix ignored).

    Raises CatalogError with the nearest names where there is none.
    """
    found = _find(kind, name) if len(name) <= MOST_NAME else None
    if found is None or not _is_known(kind, found):
        reader = Reader()
        later = f'; "{name}" is known from {known_from(kind, found)}, asked as of {_DAY.get()}' if found else ""
        reader.fault(kind, name, f"a name in the catalog, such as {_such_as(kind, name)}{later}")
        raise CatalogError(reader.faults)
    return load(kind, found)


def _such_as(kind: str, name: str) -> str:
    """Names of one kind that another may mean, and what it is where it is a name of another kind.

    Where few are near, the newest of the same maker stand beside them; where none is, the newest of all.
    """
    other = next((WORDS[each] for each in WORDS if each != kind and len(name) <= MOST_NAME and _find(each, name)), "")
    vendors = {id_: str(_head(kind, id_).get("vendor", "")) for id_ in ids(kind)}
    named = {vendor for vendor in vendors.values() if vendor.lower() == name.lower()}
    close = [] if other or named else nearest(_plain(name), {id_: _told(kind, id_) for id_ in ids(kind)})
    makers = named or {vendors[id_] for id_ in close} or set(vendors.values())
    newest = sorted(filter(lambda id_: _date(kind, id_), vendors), key=lambda id_: _date(kind, id_), reverse=True)
    kin = [id_ for id_ in newest if vendors[id_] in makers and len(close) < NEAR_COUNT]
    near = [*dict.fromkeys(close + kin)][:MOST_NEAR_COUNT] or ids(kind)[:MOST_NEAR_COUNT]
    return ", ".join(near) + (f'; "{name}" is {other}' if other else "")


def _told(kind: str, id_: str) -> list[str]:
    return [_plain(name) for name in _called(kind, id_)]


def _plain(name: str) -> str:
    """A name without its organisation and vendor."""
    words = name.lower().rpartition("/")[2].split()
    return " ".join(word for word in words if word not in _VENDORS) or name.lower()


def _date(kind: str, id_: str) -> str:
    """Day of the first delivery or publication of what can be had; empty where nobody can, or no day is known."""
    head = _head(kind, id_)
    day = head.get("first_ship", head.get("release", ""))
    return day if isinstance(day, str) and head.get("plannable", True) else ""


def _find(kind: str, name: str) -> str | None:
    """The id that a name stands for: as written, without noise, without a memory capacity that is the part's own."""
    names = _names(kind)
    exact = names.get(normalise(name))
    if exact or kind not in _NOISE:
        return exact
    words = " ".join(_words(_REMARK.sub(" ", name)))
    quiet = re.sub(rf"\b(?:{_NOISE[kind]})\b", " ", words)
    found = names.get(_joined(quiet.split()))
    if found or kind != "accelerators":
        return found
    bare = names.get(_joined(_CAPACITY.sub(" ", quiet).split()))
    return bare if bare and _holds(load(kind, bare), quiet) else None


def _holds(part: records.Accelerator, words: str) -> bool:
    """Whether every capacity that a name states is that of the part."""
    stated = [float(size) * 1e9 for size in _CAPACITY.findall(words)]
    own = part.hbm_capacity_bytes
    return all(own is not None and abs(size / own - 1) <= _CAPACITY_FRAC for size in stated)


def load(kind: str, id_: str) -> Any:
    """The record of one kind by id, as of the day that is asked; read once for all days on which it is the same."""
    day = _DAY.get()
    past = () if day is None or kind in _BY_DAY else tuple(one for one in later_days(kind, id_) if one <= day)
    return _loaded(kind, id_, None if day is None else max(past, default=day))


@cache
def _loaded(kind: str, id_: str, day: str | None) -> Any:
    return read_file(KINDS[kind], _files(kind)[id_], day)


@cache
def later_days(kind: str, id_: str) -> tuple[str, ...]:
    """Days on which more became known of a thing, in their order."""
    _loaded(kind, id_, None)  # raises where the file has faults
    return dated.days_of(_table(kind, id_))


def read_file(cls: type[T], file: FilePath, day: str | None = None) -> T:
    """Read one catalog file as of a day, or with all that is known.

    Of a file that does not ship, what was known on earlier days is read as well, for its faults alone. Every number
    must carry a grade, and a source unless it is assumed or derived. Raises CatalogError with every fault found.
    """
    table, faults = read_toml(file)
    reader = Reader(faults=faults)
    if not faults and day is None and not file.is_relative_to(_shipped()):
        _require_past(cls, file, table)
    if not faults:
        reader.sources = read_sources(table.pop("sources", {}), reader)
        table = dated.as_of(table, cls, day, reader)
        _require_own_id(file.stem, table.setdefault("id", file.stem), reader)
        record = read_record(cls, table, "", reader)
        _require_evidence(reader)
        _require_dates(cls, table, reader)
        if record is not None:
            reader.faults += [*refused(record), *refused_spans(record, reader.evidence)]
        reader.faults += [] if reader.faults else contradictions(record)
        reader.faults = [replace(fault, path=f"{file.name}: {fault.path}") for fault in reader.faults]
    if reader.faults:
        raise CatalogError(reader.faults)
    return replace(record, evidence=reader.evidence)  # type: ignore[type-var, return-value]


def _require_past(cls: type[T], file: FilePath, table: Mapping[str, Any]) -> None:
    """Raises CatalogError with every fault of what was known on earlier days, which what came later hides."""
    reader = Reader()
    world = dated.as_of(table, cls, None, reader)
    days = () if reader.faults or world == table else ("", *dated.days_of(table)[:-1])
    found = list[Fault]()
    for one in days:
        try:
            read_file(cls, file, one)
        except CatalogError as error:
            found += error.faults
    if found:
        raise CatalogError(dict.fromkeys(found))


def _require_own_id(stem: str, id_: object, reader: Reader) -> None:
    """A file's id is its name, which is what it is looked up by."""
    if not FILE_KEY.fullmatch(stem):
        reader.fault("id", stem, f"a file named with {KEY_RULE}, and full stops")
    elif id_ != stem:
        reader.fault("id", id_, f'"{stem}", the name of the file')


def _require_evidence(reader: Reader) -> None:
    for path in reader.ungraded:
        reader.remark(path, "no grade", "a grade (measured, vendor, press, derived or assumed)")
    for path in reader.unsourced:
        reader.remark(path, "no source", 'a source, or the grade "assumed" or "derived"')


def _require_dates(cls: type, table: Mapping[str, Any], reader: Reader) -> None:
    for key, name in keys_of(cls).items():
        if units.split(name)[1] == "date" and isinstance(table.get(key), str) and not is_day(table[key]):
            reader.fault(key, table[key], dated.EXPECTED_DAY)


def normalise(name: str) -> str:
    """A name without case, punctuation, organisation and vendor: "nvidia/H100-SXM" and "NVIDIA h100 sxm" are one."""
    return _joined(_words(name))


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.lower()).rpartition("/")[2]  # an accent is then punctuation
    return re.findall(r"[a-z0-9]+", _POINT.sub("p", plain))


def _joined(words: list[str]) -> str:
    first = next((n for n, word in enumerate(words[:-1]) if word not in _VENDORS), max(len(words) - 1, 0))
    return "".join(words[first:])


@cache
def _names(kind: str) -> dict[str, str]:
    """Every name of one kind → id. Raises CatalogError where two things have one name, at the file that came later.

    The reader's own files come after the shipped ones.
    """
    names: dict[str, str] = {}
    for id_ in sorted(_files(kind), key=lambda id_: (_is_own(kind, id_), id_)):
        for name in _called(kind, id_):
            owner = names.setdefault(normalise(name), id_)
            if owner != id_:
                path = f"{_files(kind)[id_].name}: {'id' if name == id_ else 'name or aliases'}"
                raise CatalogError([Fault(path=path, given=f'"{name}"', expected=f"no name of {owner}")])
    return names


def _is_own(kind: str, id_: str) -> bool:
    return not _files(kind)[id_].is_relative_to(_shipped())


def _called(kind: str, id_: str) -> tuple[str, ...]:
    """Id, name and aliases of one thing.

    Of a shipped file the head alone is read, which is quick; one of the reader's own is checked whole, so that a
    mistake in it is told whatever is asked for.
    """
    if _is_own(kind, id_):
        record = load(kind, id_)
        return (id_, getattr(record, "name", id_), *getattr(record, "aliases", ()))
    head = _head(kind, id_)
    return (id_, head.get("name", id_), *head.get("aliases", ()))


@cache
def _head(kind: str, id_: str) -> dict[str, Any]:
    """What a file says before its numbers."""
    return tomllib.loads(_files(kind)[id_].read_text(encoding="utf-8").partition("\ngrade")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A number that became known of a thing on a day, or another one than before.

    was, now: in the unit of the field; a course by quarter; None where there was none, or is none any more.
    """

    known_date: str
    path: str
    was: Any
    now: Any
    evidence: records.Evidence


def changes(kind: str, id_: str) -> tuple[News, ...]:
    """What became known of a thing after it was first known, up to the day that is asked, by day and path."""
    day, found = _DAY.get(), list[News]()
    seen = [one for one in dict.fromkeys(later_days(kind, id_)) if day is None or one <= day]
    before = _loaded(kind, id_, "") if seen else None
    for one in seen:
        after = _loaded(kind, id_, one)
        for path, evidence in sorted(after.evidence.items()):
            was, now = value_at(before, path), value_at(after, path)
            if was != now:
                found.append(News(known_date=one, path=path, was=was, now=now, evidence=evidence))
        before = after
    return tuple(found)


def value_at(record: Any, path: str) -> Any:
    """The number at a dotted path of a record, a course by quarter; None where the path names none."""
    here = record
    for key in path.split("."):
        if isinstance(here, Mapping):
            here = here.get(key)
        elif isinstance(here, tuple):
            here = here[int(key)] if key.isdigit() and int(key) < len(here) else None
        elif isinstance(here, Course):
            here = dict(zip(here.periods, here.values, strict=True)).get(key)
        else:
            here = getattr(here, key, None)
    return dict(zip(here.periods, here.values, strict=True)) if isinstance(here, Course) else here


@cache
def _files(kind: str) -> dict[str, FilePath]:
    part = folder_of(kind)
    return {file.stem: file for folder in _folders() for file in sorted((folder / part).glob("*.toml"))}


def folder_of(kind: str) -> str:
    """Where the files of a kind lie in a catalog."""
    return _FOLDERS.get(kind, kind)


def _folders() -> list[FilePath]:
    """The package's folder, then the reader's own where there is one; a file there takes the place of its namesake.

    Raises CatalogError where the own folder holds no folder of a kind.
    """
    own = os.environ.get(OWN_FOLDER)
    if not own:
        return [_shipped()]
    parts = [folder_of(kind) for kind in KINDS]
    if not any(os.path.isdir(FilePath(own) / part) for part in parts):
        raise CatalogError([Fault(path=OWN_FOLDER, given=f'"{own}"', expected=f"a folder with {', '.join(parts)}")])
    return [_shipped(), FilePath(own)]


@cache
def _shipped() -> FilePath:
    return FilePath(str(files("gigawatt.catalog")))
