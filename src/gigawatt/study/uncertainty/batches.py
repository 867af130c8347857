"""Many futures of a few plans, in batches, on whatever runs them: results come as they are ready, in any order.

Who runs them is an executor as `concurrent.futures` defines it. The default is processes of this machine, to each of
which the plans are sent once. An outcome depends on its plan and its future alone, so that the number of workers
changes nothing but the time.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from concurrent.futures import Future as Promise
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event

import numpy as np
import xarray as xr

from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate.outdoors import site_years
from gigawatt.study.uncertainty.budget import span_words
from gigawatt.study.uncertainty.draws import Future
from gigawatt.study.uncertainty.evaluate import FIGURES, evaluate, evaluate_anew

MOST_FUTURES = 10  # of a batch: what a stop may lose
BATCHES_PER_WORKER, BATCHES_AHEAD = 4, 2
WATCH_S, PAUSE_S = 0.5, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A plan, and the question that it answers. anew: in each future another plan is made, as if it were known."""

    scenario: Scenario
    plan: Plan
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Futures in which the plan of one case is lived through, by their numbers; name: of their table."""

    name: str
    case: str
    numbers: Sequence[int]
    future: Callable[[int], Future]

    def futures(self, first_count: int | None = None) -> list[Future]:
        """The futures, or the first ones."""
        return [self.future(number) for number in self.numbers[:first_count]]


Results = Iterator[tuple[int, xr.Dataset]]
Submit = Callable[[Group], "Promise[xr.Dataset]"]


def live(case: Case, futures: Sequence[Future]) -> xr.Dataset:
    """Outcomes as a table: every figure by draw, power and debt by draw and period, and what was drawn.

    drawn (draw, quantity): the quantity, or its mean over the quarters where it walks.
    """
    years = site_years(case.scenario)
    if case.anew:
        outcomes = [evaluate_anew(case.scenario, case.plan.inputs, future, years) for future in futures]
    else:
        outcomes = [evaluate(case.scenario, case.plan, future, years) for future in futures]
    names = sorted(futures[0].value)
    figures = {name: ("draw", np.array([outcome.figures()[name] for outcome in outcomes])) for name in FIGURES}
    drawn = np.array([[future.mean(name) for name in names] for future in futures]).reshape(len(futures), len(names))
    return xr.Dataset(
        {
            **figures,
            "power_w": (("draw", "period"), np.array([outcome.power_w for outcome in outcomes])),
            "debt_usd": (("draw", "period"), np.array([outcome.debt_usd for outcome in outcomes])),
            "drawn": (("draw", "quantity"), drawn),
        },
        coords={
            "draw": [future.number for future in futures],
            "period": case.plan.data.period.values,
            "quantity": np.array(names, dtype=str),
        },
    )


def run(
    cases: Mapping[str, Case],
    groups: Sequence[Group],
    keep: Callable[[str, xr.Dataset], None],
    *,
    workers_count: int,
    executor: Executor | None = None,
    progress: Callable[[str], None],
) -> None:
    """Live through every future of every group and hand each batch, with the group's name, to `keep` when it is there.

    executor: None for processes of this machine, or none at all where one worker is enough. Batches of a worker that
    is lost are begun again by others.
    """
    left = dict(enumerate(_batches(groups, workers_count)))
    tick = _clock(sum(len(batch.numbers) for batch in left.values()), progress)
    while left:
        before = len(left)
        try:
            for number, table in _results(cases, dict(left), workers_count, executor):
                batch = left.pop(number)
                keep(batch.name, table)
                tick(len(batch.numbers))
        except BrokenProcessPool:
            if len(left) == before:
                raise
            progress("a worker was lost: its batch is begun again")


def _batches(groups: Sequence[Group], workers_count: int) -> Iterator[Group]:
    for group in groups:
        size = min(max(len(group.numbers) // (BATCHES_PER_WORKER * workers_count), 1), MOST_FUTURES)
        for first in range(0, len(group.numbers), size):
            yield replace(group, numbers=group.numbers[first : first + size])


def _clock(total_count: int, progress: Callable[[str], None]) -> Callable[[int], None]:
    """Counts futures, and says how many are done and how long the rest takes at the pace so far."""
    started = said = time.monotonic()
    done = 0

    def tick(count: int) -> None:
        nonlocal done, said
        done += count
        now = time.monotonic()
        if now - said >= PAUSE_S or done == total_count:
            said = now
            left = span_words((now - started) / done * (total_count - done))
            progress(f"{done:,} of {total_count:,} futures lived through, about {left} left")

    return tick


def _results(
    cases: Mapping[str, Case], batches: Mapping[int, Group], workers_count: int, executor: Executor | None
) -> Results:
    if executor is not None:
        ahead = BATCHES_AHEAD * workers_count
        yield from _gathered(lambda batch: executor.submit(live, cases[batch.case], batch.futures()), batches, ahead)
    elif workers_count == 1:
        yield from ((number, live(cases[batch.case], batch.futures())) for number, batch in batches.items())
    else:
        with _processes(cases, workers_count) as submit:
            yield from _gathered(submit, batches, BATCHES_AHEAD * workers_count)


def _gathered(submit: Submit, batches: Mapping[int, Group], ahead_count: int) -> Results:
    """Results as they come, with no more than so many batches handed out at a time."""
    waiting = iter(batches.items())
    running: dict[Promise[xr.Dataset], int] = {}
    try:
        while True:
            for number, batch in islice(waiting, ahead_count - len(running)):
                running[submit(batch)] = number
            if not running:
                return
            for promise in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(promise), promise.result()
    finally:
        for promise in running:
            promise.cancel()


@contextmanager
def _processes(cases: Mapping[str, Case], workers_count: int) -> Iterator[Submit]:
    """Processes that hold the plans; they end at once where the block is left early or this process dies."""
    context = get_context("spawn")  # a fork would copy the threads of the solver half-way
    stop = context.Event()
    pool = ProcessPoolExecutor(workers_count, context, initializer=_share, initargs=(dict(cases), stop))
    try:
        yield lambda batch: pool.submit(_live_shared, batch.case, batch.futures())
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=not stop.is_set(), cancel_futures=True)


# What a worker process is sent once.
_shared: dict[str, Case] = {}


def _share(cases: Mapping[str, Case], stop: Event) -> None:
    _shared.update(cases)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says what to do
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()


def _watch(stop: Event) -> None:
    parent = parent_process()
    while parent is not None and parent.is_alive() and not stop.wait(WATCH_S):
        pass
    os._exit(1)


def _live_shared(case: str, futures: Sequence[Future]) -> xr.Dataset:
    return live(_shared[case], futures)
