"""Many futures of a few plans, in batches, on whatever runs them: results come as they are ready, in any order.

Who runs them is an executor as `concurrent.futures` defines it. The default is processes of this machine, to each of
which the plans are sent once. Each has a pipe of its own and shares nothing, so that one that is killed holds up no
other. An outcome depends on its plan and its future alone, so that the number of workers
changes nothing but the time.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from concurrent.futures import Future as Promise
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import cast

import numpy as np
import xarray as xr

from gigawatt.exact import exact
from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation.outdoors import site_years
from gigawatt.study.futures.budget import span_words
from gigawatt.study.futures.burdens import PARTIES, PARTS
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.evaluate import FIGURES, evaluate_all, evaluate_anew
from gigawatt.study.job import Job

# Futures of a batch: what a stop may lose. Those of a held plan are lived through together, the others planned anew.
MOST_TOGETHER, MOST_ANEW = 100, 10
BATCHES_PER_WORKER, BATCHES_AHEAD = 4, 2
PAUSE_S = 2.0
# A batch that has lost so many workers is not begun again.
MOST_LOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCase:
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


Results = Generator[tuple[int, xr.Dataset], None, None]


@exact()
def live(case: PlannedCase, futures: Sequence[Future]) -> xr.Dataset:
    """FutureOutcomes as a table: every figure by draw, power and debt by draw and period, what each party
    bears by draw, party and part, and what was drawn.

    drawn (draw, quantity): the quantity, or its mean over the quarters where it walks.
    """
    years = site_years(case.scenario)
    if case.anew:
        outcomes = [evaluate_anew(case.scenario, case.plan.inputs, future, years) for future in futures]
    else:
        outcomes = evaluate_all(case.scenario, case.plan, futures, years)
    names = sorted(futures[0].value)
    figures = {name: ("draw", np.array([outcome.figures()[name] for outcome in outcomes])) for name in FIGURES}
    drawn = np.array([[future.mean(name) for name in names] for future in futures]).reshape(len(futures), len(names))
    return xr.Dataset(
        {
            **figures,
            "power_w": (("draw", "period"), np.array([outcome.power_w for outcome in outcomes])),
            "debt_usd": (("draw", "period"), np.array([outcome.debt_usd for outcome in outcomes])),
            "stakes_usd": (("draw", "party", "part"), np.array([outcome.stakes_usd for outcome in outcomes])),
            "drawn": (("draw", "quantity"), drawn),
        },
        coords={
            "draw": [future.number for future in futures],
            "period": case.plan.data.period.values,
            "quantity": np.array(names, dtype=str),
            "party": np.array(PARTIES, dtype=str),
            "part": np.array(PARTS, dtype=str),
        },
    )


def run(
    cases: Mapping[str, PlannedCase],
    groups: Sequence[Group],
    keep: Callable[[str, xr.Dataset], None],
    job: Job,
    workers_count: int,
) -> None:
    """Live through every future of every group and hand each batch, with the group's name, to `keep` when it is there.

    They are the job's executor's, or processes of this machine, or this one where one worker is enough. The batch of a
    worker that is lost is begun again by another. Raises ChildProcessError when all else is done, naming the batches
    that lose one worker after the other, and Cancelled where the job is.
    """
    batches = dict(enumerate(_batches(cases, groups, workers_count)))
    tick = _clock(sum(len(batch.numbers) for batch in batches.values()), job)
    if job.executor is not None:
        results = _executed(cases, batches, job.executor, BATCHES_AHEAD * workers_count)
    elif workers_count == 1:
        results = ((number, live(cases[batch.case], batch.futures())) for number, batch in batches.items())
    else:
        results = _shared_out(cases, batches, workers_count, job)
    with closing(results):  # so that no process is left behind, whoever stops it
        for number, table in results:
            keep(batches[number].name, table)
            tick(len(batches[number].numbers))


def _batches(cases: Mapping[str, PlannedCase], groups: Sequence[Group], workers_count: int) -> Iterator[Group]:
    most = MOST_ANEW if any(case.anew for case in cases.values()) else MOST_TOGETHER
    for group in groups:
        size = min(max(len(group.numbers) // (BATCHES_PER_WORKER * workers_count), 1), most)
        for first in range(0, len(group.numbers), size):
            yield replace(group, numbers=group.numbers[first : first + size])


def _clock(total_count: int, job: Job) -> Callable[[int], None]:
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
            job.say(f"{done:,} of {total_count:,} futures lived through, about {left} left", done / total_count)

    return tick


def _executed(
    cases: Mapping[str, PlannedCase], batches: Mapping[int, Group], executor: Executor, ahead_count: int
) -> Results:
    """Results as they come, with no more than so many batches handed out at a time."""
    waiting = iter(batches.items())
    running: dict[Promise[xr.Dataset], int] = {}
    try:
        while True:
            for number, batch in islice(waiting, ahead_count - len(running)):
                running[executor.submit(live, cases[batch.case], batch.futures())] = number
            if not running:
                return
            for promise in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(promise), promise.result()
    finally:
        for promise in running:
            promise.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    """A process that holds the plans, and the pipe to it."""

    process: BaseProcess
    pipe: Connection

    def hand(self, batch: Group) -> None:
        with suppress(OSError):  # that it is gone is seen when its answer is asked for
            self.pipe.send((batch.case, batch.futures()))

    def answer(self) -> xr.Dataset | None:
        """The outcomes of its batch; None where it is gone. Raises what it raised."""
        try:
            found = self.pipe.recv()
        except (EOFError, OSError):
            return None
        if isinstance(found, BaseException):
            raise found
        return found

    def end(self) -> None:
        self.pipe.close()
        if self.process.pid is not None:
            self.process.kill()  # at once, whatever it does: it keeps nothing
            self.process.join()


def _shared_out(
    cases: Mapping[str, PlannedCase], batches: Mapping[int, Group], workers_count: int, job: Job
) -> Results:
    """Results as they come from processes, each with a batch at a time; they end where this is left early."""
    waiting, lost = deque(batches), Counter[int]()
    busy: dict[Connection, tuple[_Worker, int]] = {}

    def hand(worker: _Worker) -> None:
        number = waiting.popleft()
        busy[worker.pipe] = worker, number
        worker.hand(batches[number])

    try:
        while waiting or busy:
            while waiting and len(busy) < workers_count:
                hand(_begun(cases))
            for pipe in cast("list[Connection]", connection.wait(list(busy))):
                worker, number = busy[pipe]
                table = worker.answer()
                del busy[pipe]
                if table is None:
                    worker.end()
                    lost[number] += 1
                    waiting.extend([number] if lost[number] < MOST_LOST else [])
                    job.say("a worker was lost: its batch is begun again")
                    continue
                hand(worker) if waiting else worker.end()
                yield number, table
        _check_lost(batches, lost)
    finally:
        for worker, _ in busy.values():
            worker.end()


def _check_lost(batches: Mapping[int, Group], lost: Mapping[int, int]) -> None:
    given_up = [batches[number] for number, count in lost.items() if count == MOST_LOST]
    if given_up:
        words = [f"{batch.numbers[0]} to {batch.numbers[-1]} of {batch.name}" for batch in given_up]
        raise ChildProcessError(f"futures {', '.join(words)} lost {MOST_LOST} workers each: killed, or out of memory")


def _begun(cases: Mapping[str, PlannedCase]) -> _Worker:
    """A new process, which Ctrl-C does not reach: this one says what to do."""
    context = get_context("spawn")  # a fork would copy the threads of the solver half-way
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, dict(cases)), daemon=True)
    worker = _Worker(process=process, pipe=ours)
    try:
        # By another thread: Ctrl-C is raised in the main one, and would leave a process that is begun half-way.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(_start, process).result()
    except BaseException:
        worker.end()
        raise
    theirs.close()
    return worker


def _start(process: BaseProcess) -> None:
    """Begin a process. What is blocked in this thread then stays so in it, from its first moment."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    with suppress(BrokenPipeError):  # that it is gone is seen when its answer is asked for
        process.start()


def _work(pipe: Connection, cases: Mapping[str, PlannedCase]) -> None:
    """What a worker does until its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            case, futures = pipe.recv()
            found: xr.Dataset | Exception
            try:
                found = live(cases[case], futures)
            except Exception as error:
                error.add_note(traceback.format_exc())
                found = error
            pipe.send(found)


def _watch() -> None:
    """End with the process that began this one, even in the middle of a batch."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
