"""A Result: everything that a study found, with where it came from; saved as a folder, all of it or nothing."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import xarray as xr

from gigawatt.account.accounts import Accounts, account
from gigawatt.errors import Fault, InputError, ScenarioError
from gigawatt.plan.plan import Plan
from gigawatt.plan.worth import Binding, Worth
from gigawatt.scenario.load import loads, resolved
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import Timeline
from gigawatt.study.files import check_folder, foreign, is_writable, refused, sealed, sha256, unsealed
from gigawatt.study.note import Note
from gigawatt.study.simulation.event import EventOutcome, outcome_of
from gigawatt.study.workshop import NEW, put, sweep, workshop

# The file that says whose folder it is, and what it says.
MARKER, KIND = "result.json", "result"
# The only file of a result that differs between two runs of the same question.
CLOCK = "clock.json"
# Datasets above this size are packed: years of hours shrink to a third in a second.
PACKED_BYTES = 4_000_000
PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What `gigawatt run` or `gigawatt simulate` found.

    provenance: version, hash, seed and solver. outcome: what an event that was asked about did.
    """

    scenario: Scenario
    plan: Plan
    timeline: Timeline
    accounts: Accounts
    notes: tuple[Note, ...]
    provenance: dict[str, str]
    outcome: EventOutcome | None = None

    @property
    def headline(self) -> Mapping[str, float | str | tuple[float, ...] | None]:
        """The figures that are asked for first, by name."""
        return asdict(self.accounts.headline)

    def save(self, folder: str | Path) -> Path:
        """Write the result's data to a folder: all of it, or nothing.

        Raises ScenarioError where the folder holds what is not ours, OSError where the machine cannot write it.
        """
        with whole_folder(self, Path(folder)):
            return Path(folder)


def load(folder: str | Path) -> Result:
    """Read back what `Result.save` wrote.

    Raises ScenarioError where the folder holds no result, one of a later version, or one that was changed since.
    """
    folder = Path(folder)
    if not (folder / MARKER).is_file():
        sweep(folder.absolute().parent)  # a run that was killed may have left an earlier result aside
    if not (folder / MARKER).is_file():
        raise ScenarioError([Fault(path=str(folder), given="no result", expected=f"a folder with {MARKER}")])
    try:
        stored = _marker(folder)
        _check_version(folder, stored)
        _check_files(folder, stored["files"])
        return _restore(folder, stored)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # whatever cannot be read of a user's file is a fault with its path
        raise _broken(folder / MARKER, f"{type(error).__name__}: {error}", "a whole result") from error


def _marker(folder: Path) -> dict[str, Any]:
    """What the marker of a result says. Raises ScenarioError where it is not as it was written."""
    try:
        stored = unsealed((folder / MARKER).read_text(encoding="utf-8"))
        if stored.get("kind") != KIND:
            raise ValueError("not a result")
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(folder / MARKER, str(error), "a result, as it was written") from error
    return stored


def _check_version(folder: Path, stored: Mapping[str, Any]) -> None:
    """Refuse a result of a later version: what it holds may mean something else there."""
    made, ours = stored["provenance"]["gigawatt"], version("gigawatt")
    if _release(made) > _release(ours):
        raise _broken(folder / MARKER, f"made by gigawatt {made}", f"gigawatt {ours} or earlier; a later one reads it")


def _release(text: str) -> tuple[int, ...]:
    """Major and minor number of a version."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def _check_files(folder: Path, digests: Mapping[str, str | None]) -> None:
    """Every file of data is as it was written; all that are not are named together."""
    faults = []
    for name, digest in digests.items():
        if digest is not None:
            with suppress(OSError):
                if sha256((folder / name).read_bytes()) == digest:
                    continue
            given = "changed after it was written" if (folder / name).exists() else "missing"
            faults.append(Fault(path=str(folder / name), given=given, expected="the file as it was written"))
    if faults:
        raise ScenarioError(faults)


def _broken(file: Path, given: str, expected: str) -> ScenarioError:
    return ScenarioError([Fault(path=str(file), given=given, expected=expected)])


def _restore(folder: Path, stored: Mapping[str, Any]) -> Result:
    scenario = loads((folder / "scenario.toml").read_text(encoding="utf-8"))
    if scenario.hash != stored["provenance"]["hash"]:
        raise ValueError("scenario.toml, or the catalog behind it, is no longer what this result was made of")
    figures = stored["plan"] | json.loads((folder / CLOCK).read_text(encoding="utf-8"))
    plan = Plan(
        data=_read(folder / "plan.nc"),
        inputs=_read(folder / "inputs.nc"),
        worth=tuple(Worth(**item) for item in figures.pop("worth")),
        binds=tuple(Binding(**item) for item in figures.pop("binds")),
        **figures,
    )
    timeline = Timeline.restore(_read(folder / "timeline.nc"), _read(folder / "outages.nc"), stored["timeline"])
    return Result(
        scenario=scenario,
        plan=plan,
        timeline=timeline,
        accounts=account(scenario, plan),
        notes=tuple(Note(**note) for note in stored["notes"]),
        provenance=stored["provenance"],
        outcome=outcome_of(stored["outcome"]) if stored.get("outcome") else None,
    )


@contextmanager
def whole_folder(result: Result, folder: Path) -> Iterator[Path]:
    """A folder with the result's data, for a report to be added, that becomes `folder` when the block ends well.

    It vanishes when the block does not. Raises ScenarioError where the folder exists with anything in it but an earlier
    result.
    """
    check_out(folder)
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with workshop(folder.parent) as place:
        new = place / NEW
        new.mkdir()
        digests = _write_data(result, new)
        yield new
        _write_marker(result, new, digests)
        check_out(folder)  # again: a user may have put something there in the meantime
        put(place, folder)


def _write_data(result: Result, folder: Path) -> dict[str, str]:
    """scenario.toml (as asked), resolved.json and the datasets as NetCDF; the digest of each by its name."""
    scenario = result.scenario
    values = resolved(scenario.asked, scenario.records)
    contents = {
        "scenario.toml": f"{scenario.toml}\n".encode(),
        "resolved.json": f"{json.dumps(values, indent=1, sort_keys=True)}\n".encode(),
    }
    contents |= {f"{name}.nc": netcdf(data) for name, data in datasets(result).items()}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / CLOCK).write_text(json.dumps({"wall_s": result.plan.wall_s}) + "\n", encoding="utf-8")
    return {name: sha256(content) for name, content in contents.items()}


def _write_marker(result: Result, folder: Path, digests: Mapping[str, str]) -> None:
    """result.json: the scalars, and every file that was written, with a digest where it is read again."""
    plan = result.plan
    scalars = ("objective", "bound", "unit", "status", "by_clock", "penalties_usd")
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    stored = {
        "kind": KIND,
        "plan": {name: getattr(plan, name) for name in scalars}
        | {"worth": [asdict(item) for item in plan.worth], "binds": [asdict(item) for item in plan.binds]},
        "timeline": result.timeline.stored(),
        "notes": [asdict(note) for note in result.notes],
        "provenance": result.provenance,
        "outcome": None if result.outcome is None else asdict(result.outcome),
        "files": {name: digests.get(name) for name in (*files, MARKER)},
    }
    (folder / MARKER).write_text(sealed(stored), encoding="utf-8")


def netcdf(data: xr.Dataset) -> bytes:
    """A dataset as the bytes of a NetCDF file: made in memory, for the HDF5 library ends the process on a full disk."""
    encoding = dict.fromkeys(data.data_vars, PACKED) if data.nbytes > PACKED_BYTES else {}
    content = io.BytesIO()
    data.to_netcdf(content, engine="h5netcdf", invalid_netcdf=False, encoding=encoding)
    return content.getvalue()


def datasets(result: Result) -> dict[str, xr.Dataset]:
    """Every dataset of a result, by the name of its file."""
    return {
        "plan": result.plan.data,
        "inputs": result.plan.inputs,
        "timeline": result.timeline.data,
        "outages": result.timeline.outages,
        "accounts": result.accounts.table,
        "statements": result.accounts.statements,
    }


def _read(file: Path) -> xr.Dataset:
    with xr.open_dataset(file, engine="h5netcdf") as data:
        return data.load()


def check_out(folder: Path) -> None:
    """Refuse a folder that holds something else, or cannot be written, before any work is done."""
    folder = check_folder(folder)
    sweep(folder.parent)
    if not folder.exists():
        return
    whole = "another folder, for it is replaced as a whole"
    if Path.cwd().is_relative_to(folder):
        raise refused("out", f"{folder}, where you are", whole)
    if folder.is_mount() or not is_writable(folder.parent):
        raise refused("out", f"{folder}: it cannot be moved", whole)
    other = foreign(folder, _names(folder).__contains__)
    if other:
        expected = "an empty folder, or a result and nothing else"
        raise refused("out", f"{folder}: a folder with other files ({other})", expected)


def _names(folder: Path) -> frozenset[str]:
    """The files that a result says it wrote; none where a folder holds no result of ours, whole or not."""
    try:
        stored = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        return frozenset(stored["files"] if stored["kind"] == KIND else ())
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return frozenset()
