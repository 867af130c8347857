"""What a sweep has lived through so far, in a folder: the question, its plans, and a file for every batch.

Files are written whole or not at all, so that whatever ends a sweep leaves whole batches only, and the same question
asked again goes on from there. The folder of another question is refused, and so is a file that was changed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.plan.plan import Plan
from gigawatt.study import netcdf, plan_files
from gigawatt.study.files import check_folder, foreign, refused, sealed, sha256, unsealed, write_whole
from gigawatt.study.workshop import NAME, sweep

MARKER = "question.json"
# Layout of the folder, a part of its question: what another layout holds is not gone on with.
FORMAT = 2
# Everything that is ever in a store: its question, plans, batches by their first and last draw and their digest, and
# the report on them.
OURS = re.compile(
    r"question\.json|plans(/[^/]+(\.json|-[a-z]+\.nc))?|batches(/[^/]+(/\d+-\d+-[0-9a-f]{16}\.nc)?)?"
    r"|report\.html|workbook\.xlsx|summary\.json|tables(/[a-z0-9_-]+\.csv)?|charts(/[a-z0-9_-]+\.svg)?"
    # as earlier versions wrote them
    r"|futures\.csv|(tornado|value|power|debt|regret)\.svg"
)
DIGEST_LENGTH = 16
ONE_OF_THE_SAME = "an empty folder, or one of the same question"
WHOLE = "the file as it was written; take it away to have it made again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A folder of one question, which is part of every digest in it: no file is taken for one of another question."""

    folder: Path
    question: bytes

    def plan(self, name: str) -> Plan | None:
        """The plan that was made for a strategy; None where there is none yet."""
        file = self.folder / "plans" / f"{name}.json"
        if not file.is_file():
            return None
        try:
            figures = unsealed(file.read_text(encoding="utf-8"))
            digests = figures.pop("files")
            parts = {part: self._read(file.with_name(f"{name}-{part}.nc"), digests[part]) for part in digests}
            return plan_files.whole(parts, figures)
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise refused("out", f"{file}: {error}", WHOLE) from error

    def keep_plan(self, name: str, plan: Plan) -> None:
        """Keep a plan; its figures last, for they say that it is whole."""
        contents = {part: netcdf.written(data) for part, data in plan_files.parts(plan).items()}
        for part, content in contents.items():
            self._write(f"plans/{name}-{part}.nc", content)
        digests = {part: self._digest(content) for part, content in contents.items()}
        self._write(f"plans/{name}.json", sealed({**plan_files.figures(plan), "files": digests}).encode())

    def table(self, group: str) -> xr.Dataset | None:
        """Every batch of a group that is there, in the order of draws; None where there is none."""
        files = sorted((self.folder / "batches" / group).glob("*.nc"))
        return joined([self._read(file, file.stem.rpartition("-")[2]) for file in files]) if files else None

    def keep(self, group: str, table: xr.Dataset) -> None:
        """Keep a batch."""
        first, last = int(table.draw.values[0]), int(table.draw.values[-1])
        content = netcdf.written(table)
        self._write(f"batches/{group}/{first:07}-{last:07}-{self._digest(content)}.nc", content)

    def _write(self, name: str, content: bytes) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / name, content, beside=self.folder)

    def _read(self, file: Path, digest: str) -> xr.Dataset:
        """Raises OutputError where a file is not as it was written here."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise refused("out", f"{file}: {error.strerror}", WHOLE) from error
        if self._digest(content) != digest:
            raise refused("out", f"{file}: changed after it was written, or of another question", WHOLE)
        return netcdf.read(content)

    def _digest(self, content: bytes) -> str:
        return sha256(self.question + content)[:DIGEST_LENGTH]


def open_store(folder: Path, question: Mapping[str, Any]) -> Store:
    """The store of a question in a folder that is missing, empty, or its own already.

    Raises OutputError, naming what differs, where it is of another question, or holds something else.
    """
    folder = check_folder(folder)
    sweep(folder)
    question = {"format": FORMAT, **question}
    text = json.dumps(question, indent=1) + "\n"
    store = Store(folder=folder, question=text.encode())
    if not folder.exists() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / MARKER, text)
        return store
    found = _asked(folder)
    other = foreign(folder, lambda name: found is not None and bool(OURS.fullmatch(name) or NAME.match(name)))
    if found is None or other:
        raise refused("out", f"{folder}: a folder with other files ({other})", ONE_OF_THE_SAME)
    _same(folder, found, question)
    return store


def _asked(folder: Path) -> Mapping[str, Any] | None:
    """The question of a store; None where a folder is none."""
    try:
        found = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and {"kind", "gigawatt", "hash"} <= set(found) else None


def _same(folder: Path, found: Mapping[str, Any], question: Mapping[str, Any]) -> None:
    differs = [key for key in {**question, **found} if found.get(key) != question.get(key)]
    if differs:
        asked = ", ".join(f"{key} {found.get(key)!r} there, {question.get(key)!r} asked" for key in differs)
        raise refused("out", f"{folder}: of another question ({asked})", ONE_OF_THE_SAME)


def joined(tables: list[xr.Dataset]) -> xr.Dataset:
    """Batches as one table, each draw once, in the order of draws."""
    return ordered(xr.concat(tables, dim="draw", data_vars="all", join="exact"))


def ordered(table: xr.Dataset) -> xr.Dataset:
    """A table with each draw once, in the order of draws: itself where it is so, for there may be very many."""
    numbers, first = np.unique(table.draw.values, return_index=True)
    return table if np.array_equal(numbers, table.draw.values) else table.isel(draw=first)


def digest(tables: Mapping[str, xr.Dataset]) -> str:
    """SHA-256 of every number of tables, by name: the same where every outcome is, to the last digit."""
    found = hashlib.sha256()
    for name in sorted(tables):
        for variable in sorted(map(str, tables[name].data_vars)):
            found.update(f"{name}.{variable}".encode())
            found.update(np.ascontiguousarray(tables[name][variable].values + 0.0).tobytes())
    return found.hexdigest()
