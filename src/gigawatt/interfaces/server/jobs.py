"""Jobs: what takes more than a moment, done one after the other by whichever server lives, and never lost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from gigawatt.interfaces.server.asked import Caller, Json, Order, Refused, Reply
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import Store
from gigawatt.interfaces.server.tables import JOBS
from gigawatt.interfaces.server.workers import Workers

State = Literal["waiting", "running", "done", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")
LOOK_S = 0.25
# A listener hears something at least this often.
QUIET_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """How a job stands."""

    id: str
    """Its id, which is that of its result."""
    verb: str
    """Name of the verb."""
    who: str
    """Who asked."""
    state: State
    """Whether it waits, runs, or how it ended."""
    created: str
    """When it was asked for."""
    started: str | None
    """When it was last begun."""
    ended: str | None
    """When it ended."""
    words: str
    """What is being done."""
    share_frac: float | None
    """How much of it is done, where that is known."""
    estimate: Mapping[str, Any]
    """What it was expected to take before it began."""
    scenario: str | None
    """Name of the scenario that it answers to."""
    hash: str | None
    """Hash of that scenario."""
    code: int | None
    """The exit code of the same command."""
    error: Mapping[str, Any] | None
    """Where it has no answer: kind and items of why."""


class Queue:
    """The jobs of a server's database, as one process works on them."""

    def __init__(self, settings: Settings, store: Store, workers: Workers) -> None:
        self._settings, self._store, self._workers = settings, store, workers

    def open(self) -> None:
        """Take up the jobs that wait."""

    def close(self) -> None:
        """Give back those that run."""

    def put(self, caller: Caller, order: Order, question: Mapping[str, Json], estimate: Any) -> JobView:
        """A new job, which waits."""
        raise Refused("busy", order.verb, "no queue", "a server with one")

    def cancel(self, id_: str) -> JobView:
        """Cancel a job."""
        return found(self._store, id_)

    def reply(self, id_: str) -> Reply:
        """The reply of a job, once it has ended."""
        raise NotImplementedError


def found(store: Store, id_: str) -> JobView:
    """How a job stands. Raises Refused("absent")."""
    with store.reading() as connection:
        row = connection.execute(select(JOBS).where(JOBS.c.id == id_)).one_or_none()
    if row is None:
        raise Refused("absent", "job", id_[:80], "the id of a job")
    raise NotImplementedError


def listed(store: Store, *, who: str | None = None, states: tuple[State, ...] = (), count: int = 100) -> list[JobView]:
    """Jobs, the newest first."""
    return []


def events(store: Store, id_: str, after: int = 0) -> Iterator[tuple[int, JobView]]:
    """Every change of a job that is seen, until it has ended, each with a number that grows."""
    yield after + 1, found(store, id_)


def wait(store: Store, id_: str, timeout_s: float = float("inf")) -> JobView:
    """How a job stands when it has ended, or the time is over."""
    until = time.monotonic() + timeout_s
    while (view := found(store, id_)).state not in ENDED and time.monotonic() < until:
        time.sleep(LOOK_S)
    return view
