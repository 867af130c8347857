"""A Result: everything that a study found, with where it came from; saved as a folder, all of it or nothing.

A folder opens by itself: question, plan, timeline and accounts are read as they were written, whatever the catalog, the
files of hours and the formulas are today.
"""

from __future__ import annotations

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
from gigawatt.account.metrics import Headline, Values
from gigawatt.catalog.tables import record_of
from gigawatt.errors import Fault, InputError, ScenarioError
from gigawatt.plan.plan import Plan
from gigawatt.scenario import kept
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import Timeline
from gigawatt.simulation.user_wait import UserWait
from gigawatt.study import drift, former, netcdf, plan_files
from gigawatt.study.files import check_folder, check_writable, foreign, refused, sealed, sha256, unsealed
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.note import Note
from gigawatt.study.simulation.event import EventOutcome
from gigawatt.study.workshop import sweep, whole_folder

# The file that says whose folder it is, and what it says.
MARKER, KIND = "result.json", "result"
# What a folder of a result holds besides, by name.
DATA = {
    "scenario": "scenario.toml",
    "resolved": "resolved.json",
    "result": MARKER,
    **{
        name: f"{name}.nc"
        for name in ("plan", "inputs", "lines", "timeline", "outages", "accounts", "statements", "classes", "platforms")
    },
}
# Layout of the folder. The first, which no marker states, kept neither evidence nor hours nor all of the accounts; up
# to the second, a plan kept no lines of money, and its arrays were those that former.py completes.
FORMAT, FIRST_FORMAT, FORMER_FORMAT = 3, 1, 2
# Characters of an error that are shown.
MOST_GIVEN = 200
# The only file of a result that differs between two runs of the same question.
CLOCK, TIMED = "clock.json", ("wall_s",)
# The parts of a plan, by the names of their files.
PLAN_PARTS = {"data": "plan", "inputs": "inputs", "lines": "lines"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What `gigawatt run` or `gigawatt simulate` found.

    provenance: version, hash, seed and solver. outcome: what an event that was asked about did. waits: what users wait
    for, where that was asked.
    """

    scenario: Scenario
    plan: Plan
    timeline: Timeline
    accounts: Accounts
    notes: tuple[Note, ...]
    provenance: dict[str, str]
    outcome: EventOutcome | None = None
    waits: tuple[UserWait, ...] = ()

    @property
    def headline(self) -> Mapping[str, float | str | tuple[float, ...] | None]:
        """The figures that are asked for first, by name."""
        return asdict(self.accounts.headline)

    def __repr__(self) -> str:
        return f"Result({self.scenario.name}, {self.scenario.hash[:HASH_LENGTH]}, {self.plan.status})"

    def save(self, folder: str | Path) -> Path:
        """Write the result's data to a folder: all of it, or nothing.

        Raises OutputError where the folder holds what is not ours, OSError where the machine cannot write it.
        """
        with saving(self, Path(folder)):
            return Path(folder)


def load(folder: str | Path) -> Result:
    """Read back what `Result.save` wrote, with a note of each number that the catalog has otherwise today.

    Raises ScenarioError where the folder holds no result, one that was changed since, one of a later version, or one of
    an earlier layout that cannot be read any more; these two name the version that reads it.
    """
    folder = Path(folder)
    if not (folder / MARKER).is_file():
        sweep(folder.absolute().parent)  # a run that was killed may have left an earlier result aside
    if not (folder / MARKER).is_file():
        raise ScenarioError([Fault(path=str(folder), given="no result", expected=f"a folder with {MARKER}")])
    stored = _marker(folder)
    try:
        _check_version(folder, stored)
        _check_files(folder, stored["files"])
        return _restore(folder, stored)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # whatever cannot be read of a user's file is a fault with its path
        given = " ".join(f"{type(error).__name__}: {error}".split())
        raise _broken(folder / MARKER, given[:MOST_GIVEN], f"a whole result{_made_by(stored)}") from error


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
    """Refuse a result of a later version or layout: what it holds may mean something else there."""
    made, ours = stored["provenance"]["gigawatt"], version("gigawatt")
    layout = stored.get("format", FIRST_FORMAT)
    if _release(made) > _release(ours) or layout > FORMAT:
        raise _broken(
            folder / MARKER,
            f"made by gigawatt {made} in layout {layout}",
            f"{ours} and layout {FORMAT} or earlier; a later one reads it",
        )


def _made_by(stored: Mapping[str, Any]) -> str:
    """Which version reads a result for certain, as the end of what is expected."""
    try:
        return f"; gigawatt {stored['provenance']['gigawatt']} made it and reads it"
    except (KeyError, TypeError):
        return ""


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
    is_first = stored.get("format", FIRST_FORMAT) == FIRST_FORMAT
    scenario = _first_scenario(folder, stored) if is_first else _scenario(folder)
    plan = _plan(folder, stored, scenario)
    lived, outages = (netcdf.read(folder / f"{name}.nc") for name in ("timeline", "outages"))
    return Result(
        scenario=scenario,
        plan=plan,
        timeline=Timeline.restore(lived, outages, stored["timeline"]),
        accounts=account(scenario, plan) if is_first else _accounts(folder, stored["accounts"]),
        notes=(*record_of(tuple[Note, ...], stored["notes"]), *drift.notes(scenario)),
        provenance=stored["provenance"],
        outcome=record_of(EventOutcome, stored["outcome"]) if stored.get("outcome") else None,
        waits=record_of(tuple[UserWait, ...], stored.get("waits", [])),
    )


def _plan(folder: Path, stored: Mapping[str, Any], scenario: Scenario) -> Plan:
    """The plan as it was written, completed where an earlier layout did not keep all of it."""
    clock = json.loads((folder / CLOCK).read_text(encoding="utf-8"))
    is_former = stored.get("format", FIRST_FORMAT) <= FORMER_FORMAT
    names = {part: name for part, name in PLAN_PARTS.items() if not is_former or part in former.KEPT}
    parts = {part: netcdf.read(folder / f"{name}.nc") for part, name in names.items()}
    whole = former.completed(parts, scenario.asked) if is_former else parts
    return plan_files.whole(whole, stored["plan"] | clock)


def _scenario(folder: Path) -> Scenario:
    values = json.loads((folder / "resolved.json").read_text(encoding="utf-8"))
    return kept.restored(values, netcdf.read(folder / "hours.nc"), _toml(folder))


def _first_scenario(folder: Path, stored: Mapping[str, Any]) -> Scenario:
    """The question of a folder of the first layout; one fault where it cannot be read any more."""
    values = json.loads((folder / "resolved.json").read_text(encoding="utf-8"))
    try:
        return kept.revived(values, _toml(folder), stored["provenance"]["hash"])
    except InputError as error:
        given = f"an earlier layout, and {error.faults[0]}"
        raise _broken(folder / MARKER, given, f"what it was made of{_made_by(stored)}") from error


def _toml(folder: Path) -> str:
    return (folder / "scenario.toml").read_text(encoding="utf-8").removesuffix("\n")


def _accounts(folder: Path, stored: Mapping[str, Any]) -> Accounts:
    return Accounts(
        table=netcdf.read(folder / "accounts.nc"),
        statements=netcdf.read(folder / "statements.nc"),
        values=record_of(Values, stored["values"]),
        headline=record_of(Headline, stored["headline"]),
        classes=netcdf.read(folder / "classes.nc"),
        platforms=netcdf.read(folder / "platforms.nc"),
    )


@contextmanager
def saving(result: Result, folder: Path) -> Iterator[Path]:
    """A folder with the result's data, for a report to be added, that becomes `folder` when the block ends well.

    It vanishes when the block does not. Raises OutputError where the folder exists with anything in it but an earlier
    result.
    """
    check_out(folder)
    with whole_folder(folder) as new:
        digests = _write_data(result, new)
        yield new
        _write_marker(result, new, digests)
        check_out(folder)  # again: a user may have put something there in the meantime


def _write_data(result: Result, folder: Path) -> dict[str, str]:
    """Write every file of data, one after the other; the digest of each by its name."""
    digests = {}
    for name, content in _data(result):
        (folder / name).write_bytes(content)
        digests[name] = sha256(content)
    clock = {name: plan_files.figures(result.plan)[name] for name in TIMED}
    (folder / CLOCK).write_text(json.dumps(clock) + "\n", encoding="utf-8")
    return digests


def _data(result: Result) -> Iterator[tuple[str, bytes]]:
    """Name and content of scenario.toml (as asked), resolved.json, hours and the datasets as NetCDF."""
    scenario = result.scenario
    yield "scenario.toml", f"{scenario.toml}\n".encode()
    yield "resolved.json", f"{json.dumps(kept.plain(scenario))}\n".encode()
    yield "hours.nc", netcdf.written(kept.hours(scenario))
    for name, data in datasets(result).items():
        yield f"{name}.nc", netcdf.written(data)


def _write_marker(result: Result, folder: Path, digests: Mapping[str, str]) -> None:
    """result.json: the scalars, and every file that was written, with a digest where it is read again."""
    figures = plan_files.figures(result.plan)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    stored = {
        "kind": KIND,
        "format": FORMAT,
        "plan": {name: figure for name, figure in figures.items() if name not in TIMED},
        "timeline": result.timeline.stored(),
        "accounts": {"values": asdict(result.accounts.values), "headline": result.headline},
        "notes": [asdict(note) for note in result.notes if note.code != drift.CODE],  # of today, not of the result
        "provenance": result.provenance,
        "outcome": None if result.outcome is None else asdict(result.outcome),
        "waits": [asdict(wait) for wait in result.waits],
        "files": {name: digests.get(name) for name in (*files, MARKER)},
    }
    (folder / MARKER).write_text(sealed(stored), encoding="utf-8")


def datasets(result: Result) -> dict[str, xr.Dataset]:
    """Every dataset of a result, by the name of its file."""
    return {
        **{PLAN_PARTS[part]: data for part, data in plan_files.parts(result.plan).items()},
        "timeline": result.timeline.data,
        "outages": result.timeline.outages,
        "accounts": result.accounts.table,
        "statements": result.accounts.statements,
        "classes": result.accounts.classes,
        "platforms": result.accounts.platforms,
    }


def check_out(folder: Path, marker: str = MARKER, kind: str = KIND) -> None:
    """Refuse a folder that holds something else, or cannot be written, before any work is done.

    marker, kind: the file that says what is ours there, and what it calls itself. Raises OutputError, or
    PermissionError where the machine does not let it be written.
    """
    folder = check_folder(folder)
    sweep(folder.parent)
    if not folder.exists():
        return
    whole = "another folder, for it is replaced as a whole"
    if Path.cwd().is_relative_to(folder):
        raise refused("out", f"{folder}, where you are", whole)
    if folder.is_mount():
        raise refused("out", f"{folder}: it cannot be moved", whole)
    check_writable(folder.parent)
    other = foreign(folder, _names(folder / marker, kind).__contains__)
    if other:
        expected = f"an empty folder, or a {kind} and nothing else"
        raise refused("out", f"{folder}: a folder with other files ({other})", expected)


def _names(marker: Path, kind: str) -> frozenset[str]:
    """The files that were written with a marker by what it says; none where it is not ours, whole or not."""
    try:
        stored = json.loads(marker.read_text(encoding="utf-8"))
        return frozenset(stored["files"] if stored["kind"] == kind else ())
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return frozenset()
