"""Runs → readings in blocks, and what there is to say of runs that give none."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from gigawatt.readers.clock import MS_PER_S, S_PER_H
from gigawatt.readers.readings import (
    MOST_BLOCK_COUNT,
    FileAsked,
    ReadingBlock,
    ReadingSeries,
    Rejected,
    Remark,
    key_of,
    subject_of,
)
from gigawatt.readers.sacct.runs import GPU, SlurmRun

# A reading without its series: line, start, end, value, key.
Reading = tuple[int, int, int, float, int]
J_PER_WH = 3_600.0
# How far clocks are put back where summer time ends: as much can pass more than lies between start and end.
SUMMER_TIME_S = 3_600.0
_AT_WORK = ("RUNNING", "SUSPENDED")


def readings(
    runs: Iterable[SlurmRun | Rejected | Remark], asked: FileAsked
) -> Iterator[ReadingBlock | Rejected | Remark]:
    """The readings of runs in blocks, and at the end remarks on what gave none."""
    counts: Counter[str] = Counter()
    jobs, starts = array("q"), array("q")  # eight bytes for each: a set of millions would not fit
    held: dict[ReadingSeries, list[Reading]] = {}
    held_count = 0
    for run in runs:
        if not isinstance(run, SlurmRun):
            yield run
            continue
        jobs.append(hash((run.cluster, run.job)))
        starts.append(hash((run.cluster, run.job, run.start_ms)) & ~1 | (run.restarts_count > 0))
        counts["requeued"] += "REQUEUED" in run.states
        try:
            kept = list(_readings_of(run, asked, counts))
        except ValueError as error:
            yield Rejected(line=run.line, reason=str(error))
            continue
        for series, reading in kept:
            held.setdefault(series, []).append(reading)
        held_count += len(kept)
        if held_count >= MOST_BLOCK_COUNT:
            yield from _blocks(held)
            held, held_count = {}, 0
    yield from _blocks(held)
    yield from _lacking(jobs, starts, counts["requeued"] > 0)
    yield from _passed_over(counts)


def _readings_of(run: SlurmRun, asked: FileAsked, counts: Counter[str]) -> Iterator[tuple[ReadingSeries, Reading]]:
    """The readings of a run; raises ValueError where its times make no sense. What gives none is counted."""
    if run.start_ms is None:
        waits = run.end_ms is None or "PENDING" in run.states
        counts["not_ended" if waits else "never_started"] += 1
        return
    if (run.has_end and run.end_ms is None) or any(state in _AT_WORK for state in run.states):
        counts["not_ended"] += 1
        return
    elapsed_s, end_ms = _span(run, run.start_ms, counts)
    counts["with_gpus" if run.gpus else "without_gpus"] += 1
    key = key_of(run.job, str(run.start_ms))
    subject = subject_of(run.cluster, run.account or asked.subject)

    def reading(value: float) -> Reading:
        return run.line, run.start_ms or 0, end_ms, value, key

    for kind, gpus_count in run.gpus:
        yield _series("gpu_time", "h", asked.site, subject, kind), reading(gpus_count * elapsed_s / S_PER_H)
    if run.energy_j is not None:
        kind = run.gpus[0][0] if len(run.gpus) == 1 else ""
        yield _series("job_energy", "Wh", asked.site, subject, kind), reading(run.energy_j / J_PER_WH)


@lru_cache(maxsize=4096)
def _series(quantity: str, unit: str, site: str, subject: str, platform: str) -> ReadingSeries:
    return ReadingSeries(quantity=quantity, unit=unit, site=site, subject=subject, platform=platform)


def _span(run: SlurmRun, start_ms: int, counts: Counter[str]) -> tuple[float, int]:
    """How long a run worked [s], and when it ended. What Slurm says itself counts before the difference of times."""
    suspended_s = run.suspended_s or 0.0
    if run.end_ms is None:
        if run.elapsed_s is None:
            raise ValueError("it has neither End nor Elapsed")
        return run.elapsed_s, start_ms + round(MS_PER_S * (run.elapsed_s + suspended_s))
    between_s = (run.end_ms - start_ms) / MS_PER_S
    if between_s < 0:
        raise ValueError(f"it ends {-between_s:g} s before it starts")
    if run.elapsed_s is None:
        if suspended_s > between_s:
            raise ValueError(f"it was suspended for {suspended_s:g} s of {between_s:g} s")
        return between_s - suspended_s, run.end_ms
    if run.elapsed_s > between_s + SUMMER_TIME_S:
        raise ValueError(f"{run.elapsed_s:g} s elapsed within {between_s:g} s from start to end")
    agree = run.elapsed_s <= between_s if run.suspended_s is None else run.elapsed_s == between_s - suspended_s
    counts["disagree"] += not agree
    return run.elapsed_s, run.end_ms


def _blocks(held: dict[ReadingSeries, list[Reading]]) -> Iterator[ReadingBlock]:
    for series, found in held.items():
        lines, starts_ms, ends_ms, values, keys = zip(*found, strict=True)
        yield ReadingBlock(
            series=series,
            lines=np.array(lines, dtype=np.int64),
            starts_ms=np.array(starts_ms, dtype=np.int64),
            ends_ms=np.array(ends_ms, dtype=np.int64),
            values=np.array(values, dtype=np.float64),
            keys=np.array(keys, dtype=np.int64),
        )


def _lacking(jobs: array[int], starts: array[int], requeued: bool) -> Iterator[Remark]:
    """Which runs a dump seems to lack. jobs, starts: a number for each job and for each of its starts, as often as the
    dump names them; that of a start is odd where the job had been started before."""
    if not jobs:
        return
    each = np.unique(np.frombuffer(starts, dtype=np.int64))
    again = len(each) - len(np.unique(np.frombuffer(jobs, dtype=np.int64)))
    lost = int((each & 1).sum()) - again
    if not again and not requeued:
        text = "no job has two runs: those before it was requeued, preempted or lost its node are in dumps with -D only"
        found = f"; by column Restarts, {_counted(lost, 'job')} had some" if lost > 0 else ""
        yield Remark(code="no_duplicates", text=text + found)
    elif lost > 0:
        text = f"by column Restarts, at least {_counted(lost, 'earlier run')} of these jobs lie before the dump"
        yield Remark(code="earlier_runs", text=text)


def _passed_over(counts: Counter[str]) -> Iterator[Remark]:
    """What gave no reading, and what was doubtful."""
    if counts["disagree"]:
        text = f"in {_counted(counts['disagree'], 'run')} Elapsed, which counts, is not End − Start − Suspended"
        yield Remark(code="elapsed", text=f"{text}, as where summer time begins or ends")
    if counts["not_ended"]:
        text = f"{_counted(counts['not_ended'], 'run')} that had not ended: to come with a later dump"
        yield Remark(code="not_ended", text=text)
    if counts["never_started"]:
        yield Remark(code="never_started", text=f"{_counted(counts['never_started'], 'job')} that never started")
    if counts["without_gpus"]:
        hint = "" if counts["with_gpus"] else f": Slurm counts them where AccountingStorageTRES names {GPU}"
        yield Remark(code="without_gpus", text=f"{_counted(counts['without_gpus'], 'allocation')} without GPUs{hint}")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count > 1 else ''}"
