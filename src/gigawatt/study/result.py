"""A Result: everything that a study found, with where it came from; saved as a folder, all of it or nothing."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import xarray as xr

from gigawatt.account.accounts import Accounts, account
from gigawatt.errors import Fault, ScenarioError
from gigawatt.plan.plan import Plan
from gigawatt.plan.worth import Binding, Worth
from gigawatt.scenario.load import loads, resolved
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import Timeline
from gigawatt.study.outcome import Outcome, outcome_of

MARKER = "result.json"
# The only file of a result that differs between two runs of the same question.
CLOCK = "clock.json"
# Datasets above this size are packed: years of hours shrink to a third in a second.
PACKED_BYTES = 4_000_000
PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the reader has to know: a code, the path it concerns, and a sentence."""

    code: str
    path: str
    text: str


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
    outcome: Outcome | None = None

    @property
    def headline(self) -> dict[str, float | str | None]:
        return self.accounts.headline

    def save(self, folder: str | Path) -> Path:
        """Write the result's data to a folder: all of it, or nothing."""
        with whole_folder(Path(folder)) as temporary:
            write_data(self, temporary)
        return Path(folder)


def load(folder: str | Path) -> Result:
    """Read back what `Result.save` wrote.

    Raises ScenarioError where the folder holds no result.
    """
    folder = Path(folder)
    if not (folder / MARKER).is_file():
        raise ScenarioError([Fault(path=str(folder), given="no result", expected=f"a folder with {MARKER}")])
    try:
        return _restore(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        given = f"{type(error).__name__}: {error}"
        raise ScenarioError([Fault(path=str(folder / MARKER), given=given, expected="a whole result")]) from error


def _restore(folder: Path) -> Result:
    stored = json.loads((folder / MARKER).read_text(encoding="utf-8"))
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


def write_data(result: Result, folder: Path) -> None:
    """scenario.toml (as asked), resolved.json, the datasets as NetCDF, and result.json with the scalars."""
    plan, scenario = result.plan, result.scenario
    (folder / "scenario.toml").write_text(scenario.toml + "\n", encoding="utf-8")
    values = resolved(scenario.asked, scenario.records)
    (folder / "resolved.json").write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for name, data in datasets(result).items():
        encoding = dict.fromkeys(data.data_vars, PACKED) if data.nbytes > PACKED_BYTES else {}
        data.to_netcdf(folder / f"{name}.nc", engine="h5netcdf", invalid_netcdf=False, encoding=encoding)
    scalars = ("objective", "bound", "unit", "status", "penalties_usd")
    stored = {
        "plan": {name: getattr(plan, name) for name in scalars}
        | {"worth": [asdict(item) for item in plan.worth], "binds": [asdict(item) for item in plan.binds]},
        "timeline": result.timeline.stored(),
        "notes": [asdict(note) for note in result.notes],
        "provenance": result.provenance,
        "outcome": None if result.outcome is None else asdict(result.outcome),
    }
    (folder / MARKER).write_text(json.dumps(stored, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (folder / CLOCK).write_text(json.dumps({"wall_s": plan.wall_s}) + "\n", encoding="utf-8")


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


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A temporary sibling that becomes `folder` when the block ends well, and vanishes when it does not.

    Raises ScenarioError where the folder exists with anything in it but an earlier result.
    """
    check_folder(folder)
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        yield temporary
        temporary.chmod(0o755)
        _put(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _put(temporary: Path, folder: Path) -> None:
    """Make the temporary folder the folder; at every moment one of old and new is whole."""
    if not folder.exists():
        os.replace(temporary, folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    os.replace(folder, old)  # a folder may take the place of an empty one
    os.replace(temporary, folder)
    shutil.rmtree(old, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds something else, or cannot be written, before any work is done."""
    try:
        folder = folder.resolve()
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    except (OSError, ValueError, RuntimeError) as error:
        raise _unusable(folder, error) from error
    if folder == Path.cwd():
        given = f"{folder}, where you are"
        raise ScenarioError(
            [Fault(path="--out", given=given, expected="another folder, for it is replaced as a whole")]
        )
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        given = f"{folder}: a file" if folder == nearest else f"{folder}: {nearest} cannot hold a folder"
        raise ScenarioError([Fault(path="--out", given=given, expected="a folder that can be written")])
    if folder.is_dir() and (not any(folder.iterdir()) or (folder / MARKER).is_file()):
        return
    if folder.exists():
        given = f"{folder}: a folder with other files"
        raise ScenarioError([Fault(path="--out", given=given, expected="an empty folder or a result")])


def _unusable(folder: Path, error: Exception) -> ScenarioError:
    given = f"{str(folder)[:80]!r}: {getattr(error, 'strerror', None) or error}"
    return ScenarioError([Fault(path="--out", given=given, expected="a folder that can be written")])
