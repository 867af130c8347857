"""One run of one job, from the texts of `sacct -P` or from its JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.clock import epoch_milliseconds, milliseconds
from gigawatt.readers.readings import FileAsked

# What stands where there is no time yet, and none any more: words of `-P`, numbers of JSON.
NO_TIME = ("", "Unknown", "None", "N/A", "0", "4294967294", "4294967295")
# Energy from here on stands for "unknown", counted down from 2^64 (−2 in JSON).
UNKNOWN_J = 2.0**63
GPU = "gres/gpu"
# What letters behind a number stand for: resources go in steps of 1,024, joules in steps of 1,000.
_PREFIXES = "KMGTPEZ"
_RESOURCE_STEP, _JOULE_STEP = 1024.0, 1000.0
_NUMBER = re.compile(rf"([0-9]+(?:\.[0-9]+)?)([{_PREFIXES}]?)")
_DURATION = re.compile(r"(?:([0-9]+)-)?(?:([0-9]+):)?([0-9]+):([0-9]{2}(?:\.[0-9]+)?)")
_SECONDS_OF = (86_400, 3_600, 60, 1)
_NAIVE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmRun:
    """One run of a job on its allocation, as far as it has come; None is what a dump does not say."""

    line: int
    job: str
    """Its id as JobID shows it, which is a text: "9+1" and "10_3" are some."""
    cluster: str
    account: str
    states: tuple[str, ...]
    start_ms: int | None
    end_ms: int | None
    has_end: bool
    """Whether the dump says when runs end."""
    elapsed_s: float | None
    suspended_s: float | None
    gpus: tuple[tuple[str, float], ...]
    """Kinds of GPU and how many; the kind is "" where Slurm does not know it."""
    energy_j: float | None
    restarts_count: int
    """How many runs the job had before this one, as far as the dump says."""


def is_step(cells: Mapping[str, str]) -> bool:
    """Whether a row is a step of a job, which is a part of its allocation."""
    job = cells.get("JobIDRaw") or cells["JobID"]
    return "." in job.partition("[")[0]


def run_of_cells(line: int, cells: Mapping[str, str], file: str, asked: FileAsked) -> SlurmRun:
    """A run from the cells of a row. Raises ValueError, whose text says what is wrong with it, and CatalogError where
    its times state no offset from UTC and none is asked for."""
    times_ms = [_instant_ms(cells, name, f"{file} line {line} column {name}", asked) for name in ("Start", "End")]
    elapsed = "ElapsedRaw" if cells.get("ElapsedRaw") else "Elapsed"
    gpus, allocated_j = resources(cells["AllocTRES"])
    joules = cells.get("ConsumedEnergyRaw") or cells.get("ConsumedEnergy")
    return SlurmRun(
        line=line,
        job=cells.get("JobID") or cells["JobIDRaw"],
        cluster=cells.get("Cluster", ""),
        account=cells.get("Account", ""),
        states=(cells["State"].split(" ")[0],),
        start_ms=times_ms[0],
        end_ms=times_ms[1],
        has_end="End" in cells,
        elapsed_s=_seconds(cells, elapsed),
        suspended_s=_seconds(cells, "Suspended"),
        gpus=gpus,
        energy_j=measured_j(amount(joules, _JOULE_STEP)) if joules else measured_j(allocated_j),
        restarts_count=int(cells.get("Restarts") or 0),
    )


def run_of_job(line: int, job: Any) -> SlurmRun:
    """A run from an entry of `jobs` in JSON. Raises ValueError, whose text says what is wrong with it."""
    times_s = [_number(_at(job, "time", name), name) for name in ("start", "end", "elapsed", "suspended")]
    start_ms, end_ms = (
        None if second is None or str(int(second)) in NO_TIME else epoch_milliseconds(str(int(second)), "s")
        for second in times_s[:2]
    )
    states = _at(job, "state", "current")
    number, allocated = _number(_at(job, "job_id"), "job_id"), _at(job, "tres", "allocated")
    if number is None or not isinstance(allocated, list) or not isinstance(states, str | list):
        raise ValueError("no job of sacct: expected job_id, state.current and tres.allocated")
    gpus, energy_j = _resources_of(_amounts(allocated))
    return SlurmRun(
        line=line,
        job=_shown_id(job, int(number)),
        cluster=_text(job, "cluster"),
        account=_text(job, "account"),
        states=(states,) if isinstance(states, str) else tuple(str(state) for state in states),
        start_ms=start_ms,
        end_ms=end_ms,
        has_end=True,
        elapsed_s=times_s[2],
        suspended_s=times_s[3],
        gpus=gpus,
        energy_j=measured_j(energy_j),
        restarts_count=int(_number(_at(job, "restart_cnt"), "restart_cnt") or 0),
    )


def amount(text: str, step: float = _RESOURCE_STEP) -> float:
    """A number of sacct, which may be short for a larger one. Raises ValueError where it is none.

    >>> amount("12"), amount("1.50K"), amount("2M", 1000.0)
    (12.0, 1536.0, 2000000.0)
    """
    found = _NUMBER.fullmatch(text)
    if not found:
        raise ValueError(f'"{text[:40]}" is no number such as 12 or 1.50K')
    return float(found[1]) * step ** (_PREFIXES.index(found[2]) + 1 if found[2] else 0)


def duration_s(text: str) -> float:
    """A duration of sacct, [DAYS-][HOURS:]MINUTES:SECONDS or bare seconds. Raises ValueError where it is none.

    >>> duration_s("00:01:10"), duration_s("2-03:05:00"), duration_s("01:02.5"), duration_s("70")
    (70.0, 183900.0, 62.5, 70.0)
    """
    found = _DURATION.fullmatch(text)
    if found:
        return sum(float(part or 0) * size for part, size in zip(found.groups(), _SECONDS_OF, strict=True))
    if not text.isascii() or not text.isdigit():
        raise ValueError(f'is "{text[:40]}": expected a duration such as 1-00:15:00, not negative')
    return float(text)


def measured_j(energy_j: float | None) -> float | None:
    """Energy that was measured: without a plug-in Slurm says nothing, 0 or that it is unknown."""
    return energy_j if energy_j is not None and 0 < energy_j < UNKNOWN_J else None


@lru_cache(maxsize=4096)
def resources(text: str) -> tuple[tuple[tuple[str, float], ...], float | None]:
    """Kinds and numbers of GPUs, and energy [J] where it stands there, in "cpu=8,gres/gpu:h100=2,gres/gpu=2".

    Raises ValueError where they contradict each other.

    >>> resources("gres/gpu:b200=4,gres/gpu:h100=4,gres/gpu=8,energy=60")
    ((('b200', 4.0), ('h100', 4.0)), 60.0)
    >>> resources("cpu=2,gres/gpu=2"), resources("gres/gpu:h100=2,gres/gpu=3")
    (((('', 2.0),), None), ((('', 1.0), ('h100', 2.0)), None))
    """
    parts = (part.partition("=") for part in text.split(",") if part)
    return _resources_of((name, value) for name, _, value in parts)


def _resources_of(amounts: Iterable[tuple[str, str]]) -> tuple[tuple[tuple[str, float], ...], float | None]:
    """The total of GPUs counts once: kinds are parts of it, and what they leave is of no kind."""
    kinds: dict[str, float] = {}
    total: float | None = None
    energy_j: float | None = None
    for name, value in amounts:
        if name == GPU:
            total = amount(value)
        elif name.startswith(f"{GPU}:"):
            kinds[name.removeprefix(f"{GPU}:")] = amount(value)
        elif name == "energy" and not value.startswith("-"):
            energy_j = amount(value, _JOULE_STEP)
    rest = 0.0 if total is None else total - sum(kinds.values())
    if rest < 0:
        raise ValueError(f"{sum(kinds.values()):g} GPUs by kind of {total:g} in all")
    if rest:
        kinds[""] = rest
    return tuple(sorted((kind, count) for kind, count in kinds.items() if count)), energy_j


def _instant_ms(cells: Mapping[str, str], name: str, place: str, asked: FileAsked) -> int | None:
    cell = cells.get(name, "")
    if cell in NO_TIME:
        return None
    if asked.utc_offset_s is None and _NAIVE.fullmatch(cell):
        expected = 'the offset of its clock (utc_offset, "-6 h"), or a dump with SLURM_TIME_FORMAT=%s'
        raise CatalogError([Fault(path=place, given=f'"{cell}" without an offset from UTC', expected=expected)])
    try:
        return epoch_milliseconds(cell, "s") if cell.isdigit() else milliseconds(cell, asked.utc_offset_s)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _seconds(cells: Mapping[str, str], name: str) -> float | None:
    try:
        return duration_s(cells[name]) if cells.get(name) else None
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _at(found: Any, *names: str) -> Any:
    """What stands at a path of a JSON object; None where it leads nowhere."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _shown_id(job: Any, number: int) -> str:
    """The id of a job as column JobID shows it: a task of an array and a part of a job of several have two numbers."""
    for group, place, sign in (("array", "task_id", "_"), ("het", "job_offset", "+")):
        first, within = _number(_at(job, group, "job_id"), group), _number(_at(job, group, place), place)
        if first and within is not None:
            return f"{int(first)}{sign}{int(within)}"
    return str(number)


def _text(job: Any, name: str) -> str:
    found = _at(job, name)
    return found if isinstance(found, str) else ""


def _number(found: Any, name: str) -> float | None:
    """A number of JSON, bare or as `{"set": true, "infinite": false, "number": 3}`; None where it is unset."""
    if isinstance(found, dict):
        found = found.get("number") if found.get("set") and not found.get("infinite") else None
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValueError(f"{name} is {str(found)[:40]}: expected a number")
    return found


def _amounts(allocated: list[Any]) -> Iterable[tuple[str, str]]:
    """Resources of JSON under the names that they have in text."""
    for entry in allocated:
        kind, name, count = (_at(entry, key) for key in ("type", "name", "count"))
        yield f"{kind}/{name}" if name else str(kind), str(count)
