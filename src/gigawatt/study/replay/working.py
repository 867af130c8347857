"""One run of a pod over a stream of requests, chunk by chunk, which may be interrupted and then tells what was done."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import process_time

import numpy as np

from gigawatt.study.job import Cancelled, Job
from gigawatt.study.replay.tally import WaitLimits, WaitTally
from gigawatt.tokens.serve.arrivals import part_of
from gigawatt.tokens.serve.pods import Pod, Requests
from gigawatt.tokens.serve.requests import PodState, PodTotals, finish, serve, start, totals

# Requests that are taken in at a time, between which one may interrupt; parts of the work that progress is told of.
CHUNK_COUNT = 10_000
TOLD_FRAC = 0.05
# What is left after the last arrival is worked off in spans of time, the first of so many a part of all before it.
SPANS_COUNT, LEAST_SPAN_S = 20, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceChunk:
    """Requests that follow one another. share_frac: of the trace that ends with them, None where nobody knows."""

    requests: Requests
    share_frac: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run did. first_s, last_s: first and last arrival; cpu_s: time of the processor; partial: whether it was
    interrupted."""

    tally: WaitTally
    totals: PodTotals
    first_s: float
    last_s: float
    cpu_s: float
    partial: bool

    @property
    def arrivals_per_s(self) -> float | None:
        """One over the mean time from one arrival to the next; None where all came at once."""
        span_s = self.last_s - self.first_s
        return (self.totals.arrived_count - 1) / span_s if span_s > 0 else None


def run(
    pod: Pod,
    chunks: Iterable[TraceChunk],
    limits: WaitLimits,
    job: Job,
    *,
    words: str = "",
    unfinished: bool = False,
    alone: bool = False,
) -> Run:
    """Replay requests on a pod. words: what progress says of it, nothing where it is silent; unfinished: end with the
    last arrival; alone: each request comes when the one before is done, whenever it arrived."""
    state, tally = start(pod, concurrency_count=int(alone)), WaitTally(limits)
    begun_s, first_s, last_s, partial = process_time(), 0.0, 0.0, False
    try:
        for chunk in heard(chunks, job, words):
            if not state.begun:
                first_s = float(chunk.requests.arrival_s[0])
            last_s = float(chunk.requests.arrival_s[-1])
            tally.take(serve(state, chunk.requests))
        if not unfinished:
            _finish(state, tally, job, last_s - first_s)
    except Cancelled:
        partial = True
    return Run(
        tally=tally,
        totals=totals(state),
        first_s=first_s,
        last_s=last_s,
        cpu_s=process_time() - begun_s,
        partial=partial,
    )


def make_ready(pod: Pod) -> None:
    """Have the simulator loaded, or compiled where that was never done, before anybody's time is taken."""
    state = start(pod)
    one = np.ones(1, dtype=np.int64)
    serve(state, Requests(arrival_s=np.zeros(1), input_tokens=one, output_tokens=one))
    finish(state)


def heard(chunks: Iterable[TraceChunk], job: Job, words: str) -> Iterator[TraceChunk]:
    """Small chunks, with progress told now and then. Raises Cancelled between two of them."""
    told_frac = -1.0
    for whole in chunks:
        for first in range(0, len(whole.requests), CHUNK_COUNT):
            yield TraceChunk(requests=part_of(whole.requests, first, min(first + CHUNK_COUNT, len(whole.requests))))
            check(job)
        share_frac = whole.share_frac
        if words and share_frac is not None and share_frac >= told_frac + TOLD_FRAC:
            told_frac = share_frac
            job.say(words, min(share_frac, 1.0))


def check(job: Job) -> None:
    """Raises Cancelled where nobody waits any more."""
    if job.cancelled():
        raise Cancelled


def _finish(state: PodState, tally: WaitTally, job: Job, arriving_s: float) -> None:
    """Work off what is left, in longer and longer spans of time. Raises Cancelled between two of them."""
    span_s = max(arriving_s / SPANS_COUNT, LEAST_SPAN_S)
    until_s = state.last_arrival_s + span_s if math.isfinite(state.last_arrival_s) else math.inf
    while totals(state).under_way_count:
        tally.take(finish(state, until_s))
        check(job)
        span_s *= 2
        until_s += span_s
