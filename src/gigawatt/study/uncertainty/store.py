"""What a sweep has lived through so far, in a folder: the question, its plans, and a file for every batch.

Files are written beside their place and renamed, so that whatever ends a sweep leaves whole batches only, and the same
question asked again goes on from there. The folder of another question is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.errors import Fault, ScenarioError
from gigawatt.plan.plan import Plan
from gigawatt.study.files import write_whole

MARKER = "question.json"
SCALARS = ("objective", "bound", "unit", "status", "wall_s", "penalties_usd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A folder of one question."""

    folder: Path

    def plan(self, name: str) -> Plan | None:
        """The plan that was made for a strategy, without what one more is worth; None where there is none yet."""
        place = self.folder / "plans"
        if not (place / f"{name}.json").is_file():
            return None
        scalars = json.loads((place / f"{name}.json").read_text(encoding="utf-8"))
        data, inputs = (_read(place / f"{name}-{part}.nc") for part in ("data", "inputs"))
        return Plan(data=data, inputs=inputs, worth=(), binds=(), **scalars)

    def keep_plan(self, name: str, plan: Plan) -> None:
        """Keep a plan; its scalars last, for they say that it is whole."""
        place = self.folder / "plans"
        place.mkdir(exist_ok=True)
        _write(plan.data, place / f"{name}-data.nc")
        _write(plan.inputs, place / f"{name}-inputs.nc")
        scalars = {key: getattr(plan, key) for key in SCALARS}
        write_whole(place / f"{name}.json", json.dumps(scalars) + "\n", "--out")

    def table(self, group: str) -> xr.Dataset | None:
        """Every batch of a group that is there, in the order of draws; None where there is none."""
        files = sorted((self.folder / "batches" / group).glob("[0-9]*.nc"))
        return joined([_read(file) for file in files]) if files else None

    def keep(self, group: str, table: xr.Dataset) -> None:
        """Keep a batch."""
        place = self.folder / "batches" / group
        place.mkdir(parents=True, exist_ok=True)
        first, last = int(table.draw.values[0]), int(table.draw.values[-1])
        _write(table, place / f"{first:07}-{last:07}.nc")


def open_store(folder: Path, question: Mapping[str, Any]) -> Store:
    """The store of a question in a folder that is missing, empty, or its own already.

    Raises ScenarioError, naming what differs, where it is of another question, or holds something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = (folder / MARKER).is_file()
        if not there and any(folder.iterdir()):
            raise _refused(f"{folder}: a folder with other files", "an empty folder, or one of the same question")
        if there:
            _same(folder, json.loads((folder / MARKER).read_text(encoding="utf-8")), question)
    except OSError as error:
        raise _refused(f"{folder}: {error.strerror}", "a folder that can be written") from error
    except ValueError as error:
        raise _refused(f"{folder / MARKER}: {error}", "a folder of the same question") from error
    if not there:
        write_whole(folder / MARKER, json.dumps(question, indent=1) + "\n", "--out")
    return Store(folder=folder)


def _same(folder: Path, found: Mapping[str, Any], question: Mapping[str, Any]) -> None:
    differs = [key for key in {**question, **found} if found.get(key) != question.get(key)]
    if differs:
        asked = ", ".join(f"{key} {found.get(key)!r} there, {question.get(key)!r} asked" for key in differs)
        raise _refused(f"{folder}: of another question ({asked})", "an empty folder, or one of the same question")


def _refused(given: str, expected: str) -> ScenarioError:
    return ScenarioError([Fault(path="--out", given=given, expected=expected)])


def joined(tables: list[xr.Dataset]) -> xr.Dataset:
    """Batches as one table, each draw once, in the order of draws."""
    table = xr.concat(tables, dim="draw", data_vars="all", join="exact")
    numbers, first = np.unique(table.draw.values, return_index=True)
    return table.isel(draw=first).assign_coords(draw=numbers)


def digest(tables: Mapping[str, xr.Dataset]) -> str:
    """SHA-256 of every number of tables, by name: the same where every outcome is, to the last digit."""
    found = hashlib.sha256()
    for name in sorted(tables):
        for variable in sorted(map(str, tables[name].data_vars)):
            found.update(f"{name}.{variable}".encode())
            found.update(np.ascontiguousarray(tables[name][variable].values + 0.0).tobytes())
    return found.hexdigest()


def _read(file: Path) -> xr.Dataset:
    try:
        with xr.open_dataset(file, engine="h5netcdf") as data:
            return data.load()
    except (OSError, ValueError, KeyError) as error:
        raise _refused(f"{file}: {error}", "a whole file; take it away to have it made again") from error


def _write(data: xr.Dataset, file: Path) -> None:
    part = file.parent / f".{file.name}.{os.getpid()}.part"
    try:
        data.to_netcdf(part, engine="h5netcdf", invalid_netcdf=False)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
