"""Find a thing in the catalog by its id or by any of its names in the wild.

The catalog is the files of this package and those of the folder that GIGAWATT_CATALOG names, laid out alike.
"""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Any, TypeVar

from gigawatt import units
from gigawatt.catalog import records
from gigawatt.catalog.tables import Reader, keys_of, read_record, read_sources, read_toml
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
OWN_FOLDER = "GIGAWATT_CATALOG"
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
        reader = Reader()
        reader.fault(kind, name, f"a name in the catalog, such as {', '.join(near[:6])}")
        raise CatalogError(reader.faults)
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
        _require_dates(cls, table, reader)
        reader.faults = [replace(fault, path=f"{file.name}: {fault.path}") for fault in reader.faults]
    if reader.faults:
        raise CatalogError(reader.faults)
    return replace(record, evidence=reader.evidence)  # type: ignore[type-var, return-value]


def _require_evidence(reader: Reader) -> None:
    for path in reader.ungraded:
        reader.remark(path, "no grade", "a grade (measured, vendor, press, derived or assumed)")
    for path in reader.unsourced:
        reader.remark(path, "no source", 'a source, or the grade "assumed" or "derived"')


def _require_dates(cls: type, table: Mapping[str, Any], reader: Reader) -> None:
    for key, name in keys_of(cls).items():
        if units.split(name)[1] == "date" and isinstance(table.get(key), str) and not _is_day(table[key]):
            reader.fault(key, table[key], "a day, such as 2026-07-01")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def normalise(name: str) -> str:
    """A name without case, punctuation, organisation and vendor: "nvidia/H100-SXM" and "NVIDIA h100 sxm" are one."""
    plain = unicodedata.normalize("NFKD", name.lower())  # an accent is then punctuation
    words = re.findall(r"[a-z0-9]+", plain.rpartition("/")[2])
    while len(words) > 1 and words[0] in _VENDORS:
        words.pop(0)
    return "".join(words)


@cache
def _names(kind: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for id_ in ids(kind):
        record = load(kind, id_)
        for name in (id_, getattr(record, "name", id_), *getattr(record, "aliases", ())):
            owner = names.setdefault(normalise(name), id_)
            if owner != id_:
                raise CatalogError([Fault(path=f"{kind}.{id_}", given=f'"{name}"', expected=f"no name of {owner}")])
    return names


@cache
def _files(kind: str) -> dict[str, FilePath]:
    part = _FOLDERS.get(kind, kind)
    return {file.stem: file for folder in _folders() for file in sorted((folder / part).glob("*.toml"))}


def _folders() -> list[FilePath]:
    """The package's folder, then the reader's own where there is one; a file there takes the place of its namesake.

    Raises CatalogError where the own folder holds no folder of a kind.
    """
    shipped, own = FilePath(str(files("gigawatt.catalog"))), os.environ.get(OWN_FOLDER)
    if not own:
        return [shipped]
    parts = [_FOLDERS.get(kind, kind) for kind in KINDS]
    if not any((FilePath(own) / part).is_dir() for part in parts):
        raise CatalogError([Fault(path=OWN_FOLDER, given=f'"{own}"', expected=f"a folder with {', '.join(parts)}")])
    return [shipped, FilePath(own)]
