"""Processes in which verbs are answered: a few that stay for short verbs, one for each job.

A server's own process solves nothing. Workers are begun afresh, not forked; JSON goes over a pipe of their own; they
end with their server, however that ends, and take with them whatever they began.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from gigawatt.errors import Fault
from gigawatt.interfaces.failing import MACHINE, faulty
from gigawatt.interfaces.server.asked import Refused, Reply, WorkOrder
from gigawatt.interfaces.server.performing import CANCEL, Say, as_text, cancelled_reply, reply_of, unheard

MODULE = "gigawatt.interfaces.server.performing"
# A worker that has answered so often, or holds so much memory, makes way for a fresh one.
MOST_ORDERS = 2_000
MOST_MEMORY_BYTES = 1_500_000_000
# Jobs give way to whoever reads, or asks what takes a moment.
JOB_NICENESS = 10
# One that nobody has asked anything for so long ends.
IDLE_S = 600.0
# How often one looks whether a job is to be cancelled, and how long a worker may take to notice.
LOOK_S = 0.25
GRACE_S = 10.0


class Lost(Exception):  # noqa: N818 (what happened, and for others to judge)
    """A worker ended without a reply; its server may be the one who ended it."""


class Worker:
    """One process that does one order at a time."""

    def __init__(self, starter: ThreadPoolExecutor, place: Path | None = None, niceness: int = 0) -> None:
        """Begin it, by a thread that lives as long as it may: on Linux it ends with that thread."""
        self._pipe, theirs = Pipe()
        try:
            self._process = starter.submit(_started, theirs, place, niceness).result()
        finally:
            theirs.close()
        self.orders_count, self.last = 0, time.monotonic()
        self.memory_bytes = 0

    def reply(
        self, order: WorkOrder, say: Say, cancelled: Callable[[], bool], until: float = float("inf")
    ) -> Reply | None:
        """What comes of an order; None where it is not done by then, or goes on long after it was cancelled.

        Raises Lost where the process ends.
        """
        self.orders_count += 1
        told = False
        try:
            self._pipe.send_bytes(as_text(order))
            while True:
                if self._pipe.poll(max(min(until - time.monotonic(), LOOK_S), 0)):
                    text = json.loads(self._pipe.recv_bytes())
                    if isinstance(text, dict):
                        self.memory_bytes, self.last = text["memory_bytes"], time.monotonic()
                        body, document = self._pipe.recv_bytes(), self._pipe.recv_bytes()
                        return Reply(code=text["code"], body=body, words=text["words"], document=document)
                    say(*text)
                if not told and cancelled():
                    told, until = True, min(until, time.monotonic() + GRACE_S)
                    self._pipe.send_bytes(CANCEL)
                if time.monotonic() >= until:
                    return None
        except (EOFError, OSError) as error:
            raise Lost(self.end()) from error

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def whole(self) -> bool:
        """Whether it goes on and is of a size that others leave room for."""
        few = self.orders_count < MOST_ORDERS and self.memory_bytes < MOST_MEMORY_BYTES
        return few and self._process.poll() is None

    def kill(self) -> None:
        """End it and all that it began, at once."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> str:
        """End it, if it goes on, and let go of it: how it ended, in words."""
        self.kill()
        code = self._process.wait()
        self._pipe.close()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _started(theirs: Connection, place: Path | None, niceness: int) -> subprocess.Popen[bytes]:
    number = theirs.fileno()
    command = [sys.executable, "-m", MODULE, str(number), str(os.getpid()), str(niceness)]
    # The last digits of sums depend on how many threads share them.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": 2}
    return subprocess.Popen(command, pass_fds=(number,), cwd=place, env=environment, start_new_session=True, **quiet)


class Workers:
    """The processes of a server: `ask` for what takes a moment, `perform` for a job."""

    def __init__(
        self, count: int = min(2, os.cpu_count() or 1), short_s: float = 60.0, place: Path | None = None
    ) -> None:
        """None is begun before it is needed.

        count: how many stay for short verbs. short_s: how long one of these may take. place: folder to work in.
        """
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="workers")
        self._idle = queue.LifoQueue[Worker | None]()
        for _ in range(count):
            self._idle.put(None)
        self._short_s, self._place = short_s, place
        self._lock = threading.Lock()
        self._living: set[Worker] = set()
        self._closed = False

    def ask(self, order: WorkOrder, say: Say = unheard, cancelled: Callable[[], bool] = lambda: False) -> Reply:
        """The reply to an order that takes a moment.

        Raises Refused where no worker is free in time, or the answer takes too long.
        """
        try:
            worker = self._idle.get(timeout=self._short_s)
        except queue.Empty:
            raise Refused("busy", order.verb, "no worker is free", "fewer questions at once, or later") from None
        reply = None
        try:
            worker = self._kept(worker) or self._begun()
            reply = worker.reply(order, say, cancelled, time.monotonic() + self._short_s)
        except Lost as error:
            return lost(error)
        finally:
            self._put_back(worker, whole=reply is not None)
        if reply is None:
            raise Refused("limit", order.verb, f"more than {self._short_s:g} s", "a question that takes less")
        return reply

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._living)

    def ready(self) -> None:
        """Begin a worker where none stands by, so that whoever asks next need not wait for it to load."""
        with suppress(queue.Empty, Refused):
            worker = self._idle.get_nowait()
            try:
                worker = worker or self._begun()
            finally:
                self._put_back(worker, whole=True)

    def perform(self, order: WorkOrder, say: Say, cancelled: Callable[[], bool]) -> Reply:
        """The reply to the order of a job, by a process of its own. Raises Lost where that ends without one."""
        worker = self._begun(JOB_NICENESS)
        try:
            return worker.reply(order, say, cancelled) or cancelled_reply()
        finally:
            self._ended(worker)

    def rest(self) -> None:
        """End the processes that nobody has asked anything for some time: they hold memory."""
        idle = []
        with suppress(queue.Empty):
            while True:
                idle.append(self._idle.get_nowait())
        for worker in reversed(idle):
            whole = worker is not None and time.monotonic() - worker.last < IDLE_S
            self._put_back(worker, whole=whole)

    def close(self) -> None:
        """End every process, whatever it does."""
        with self._lock:
            self._closed = True
            for worker in self._living:
                worker.kill()
        with suppress(queue.Empty):
            while True:
                self._ended(self._idle.get_nowait())
        self._starter.shutdown()

    def _put_back(self, worker: Worker | None, *, whole: bool) -> None:
        if not whole:
            self._ended(worker)
        self._idle.put(self._kept(worker) if whole else None)

    def _kept(self, worker: Worker | None) -> Worker | None:
        """A worker that goes on being of use; None for one that was ended instead."""
        if worker is None or (worker.whole and not self._closed):
            return worker
        self._ended(worker)
        return None

    def _begun(self, niceness: int = 0) -> Worker:
        with self._lock:
            if self._closed:
                raise Refused("busy", "server", "about to end", "a server that goes on")
            worker = Worker(self._starter, self._place, niceness)
            self._living.add(worker)
            return worker

    def _ended(self, worker: Worker | None) -> None:
        if worker is not None:
            with self._lock:
                self._living.discard(worker)
            worker.end()


def lost(error: Exception) -> Reply:
    """What is said where the machine, or somebody, ended a worker."""
    expected = "a process that answers: more memory, or a smaller question"
    return reply_of(faulty("MachineFault", MACHINE, Fault(path="workers", given=str(error), expected=expected)))
