"""Find a thing in the catalog by its id or by any of its names in the wild."""

from __future__ import annotations

import difflib
import re
from dataclasses import fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Any, TypeVar

from gigawatt.catalog import records
from gigawatt.catalog.tables import Reader, read_record, read_sources, read_toml
from gigawatt.errors import CatalogError, Fault

T = TypeVar("T")

# Kind of thing (the folder that holds its files) → record.
KINDS: dict[str, type] = {
    "accelerators": records.Accelerator,
    "models": records.Model,
    "sites": records.Site,
    "cooling": records.CoolingPlant,
    "inference_calibrations": records.InferenceCalibration,
    "training_calibrations": records.TrainingCalibration,
}
_FOLDERS = {
    "inference_calibrations": "calibrations/inference",
    "training_calibrations": "calibrations/training",
}
_VENDORS = ("nvidia", "amd", "google", "amazon", "aws", "meta", "openai", "deepseek", "qwen")


def ids(kind: str) -> list[str]:
    """Every id of one kind, sorted."""
    return sorted(_files(kind))


def get(kind: str, name: str) -> Any:
    """The record of one kind by id or alias (case, punctuation and vendor prefix ignored).

    Raises CatalogError with the nearest names where there is none.
    """
    names = _names(kind)
    found = names.get(normalise(name))
    if found is None:
        close = difflib.get_close_matches(normalise(name), names, n=3, cutoff=0.4)
        near = sorted({names[key] for key in close}) or ids(kind)
        fault = Fault(path=kind, given=f'"{name}"', expected=f"a name in the catalog, such as {', '.join(near[:6])}")
        raise CatalogError([fault])
    return load(kind, found)


@cache
def load(kind: str, id_: str) -> Any:
    """The record of one kind by id; read once."""
    return read_file(KINDS[kind], _files(kind)[id_])


def read_file(cls: type[T], file: FilePath) -> T:
    """Read one catalog file; every number must carry a grade, and a source unless it is assumed or derived.

    Raises CatalogError with every fault found.
    """
    table, faults = read_toml(file)
    reader = Reader(faults=faults)
    if not faults:
        reader.sources = read_sources(table.pop("sources", {}), reader)
        table.setdefault("id", file.stem)
        record = read_record(cls, table, "", reader)
        _require_evidence(reader)
    if reader.faults:
        name = file.name
        raise CatalogError([replace(fault, path=f"{name}: {fault.path}") for fault in reader.faults])
    return replace(record, evidence=reader.evidence)  # type: ignore[type-var, return-value]


def _require_evidence(reader: Reader) -> None:
    for path in reader.ungraded:
        reader.fault(path, "no grade", "a grade (measured, vendor, press, derived or assumed)")
    for path, evidence in reader.evidence.items():
        if evidence.source is None and evidence.grade not in ("assumed", "derived"):
            reader.fault(path, f"graded {evidence.grade} without a source", 'a source, or the grade "assumed"')


def normalise(name: str) -> str:
    """A name without case, punctuation and vendor prefix: "NVIDIA H100-SXM" and "h100 sxm" are one."""
    words = re.findall(r"[a-z0-9.]+", name.lower())
    while len(words) > 1 and words[0] in _VENDORS:
        words.pop(0)
    return "".join(words)


@cache
def _names(kind: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for id_ in ids(kind):
        record = load(kind, id_)
        for name in (id_, record.name, *record.aliases) if _has(record, "aliases") else (id_,):
            owner = names.setdefault(normalise(name), id_)
            if owner != id_:
                raise CatalogError([Fault(path=f"{kind}.{id_}", given=f'"{name}"', expected=f"no name of {owner}")])
    return names


def _has(record: Any, name: str) -> bool:
    return any(entry.name == name for entry in fields(record))


@cache
def _files(kind: str) -> dict[str, FilePath]:
    folder = FilePath(str(files("gigawatt.catalog"))) / _FOLDERS.get(kind, kind)
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}
