"""Jobs as the store knows them: what was asked, how it stands, how it ended. Who does them is queue.py's."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, select, text, update

from gigawatt.errors import MOST_NAME, plain
from gigawatt.interfaces.server import names
from gigawatt.interfaces.server.asked import Json, Refused, Reply, WorkOrder
from gigawatt.interfaces.server.settings import ServerLimits, Settings
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import JOBS

State = Literal["waiting", "running", "done", "failed", "cancelled"]
LIVE: tuple[State, ...] = ("waiting", "running")
# Below the server's folder: a folder for each job.
FOLDER = "jobs"
# How often one looks whether something has changed.
LOOK_S = 0.25
# Jobs that are listed at once, and how many may come before them: a number that any database knows.
MOST_LISTED, MOST_OFFSET = 1_000, 2**31 - 1


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

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return self.state in LIVE


def folder_of(settings: Settings, id_: str) -> Path:
    """Where the answer of a job is kept."""
    return settings.data / FOLDER / id_


def put(
    store: ServerStore,
    limits: ServerLimits,
    id_: str,
    who: str,
    order: WorkOrder,
    question: Mapping[str, Json],
    cpu_s: float,
) -> JobView:
    """A new job, which waits. Raises Refused("limit") where one person asks too much at once."""
    row = {
        "id": id_,
        "verb": order.verb,
        "question": json.dumps(question, allow_nan=False),
        "order": json.dumps(asdict(order), allow_nan=False),
        "who": who,
        "state": "waiting",
        "created": now(),
        "estimate_cpu_s": cpu_s,
    }
    with store.writing() as connection:
        _check_limits(connection, limits, order.verb, who, cpu_s)
        connection.execute(JOBS.insert().values(row))
    return found(store, id_)


def _check_limits(connection: Connection, limits: ServerLimits, verb: str, who: str, cpu_s: float) -> None:
    if connection.dialect.name == "postgresql":  # of two by the same person at once, the second sees the first
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:who))"), {"who": who})
    theirs = (JOBS.c.who == who) & JOBS.c.state.in_(LIVE)
    asked = select(func.count(), func.coalesce(func.sum(JOBS.c.estimate_cpu_s), 0.0)).where(theirs)
    count, before_s = connection.execute(asked).one()
    if cpu_s > limits.job_cpu_s:
        raise Refused("limit", verb, f"{cpu_s:,.0f} s of work", f"a job of at most {limits.job_cpu_s:,.0f} s")
    if count >= limits.jobs_count:
        raise Refused("limit", "jobs", f"{count} that wait or run", f"at most {limits.jobs_count} of one person")
    if before_s + cpu_s > limits.person_cpu_s:
        given = f"{before_s + cpu_s:,.0f} s of work that waits or runs"
        raise Refused("limit", "jobs", given, f"at most {limits.person_cpu_s:,.0f} s of one person")


def found(store: ServerStore, id_: str) -> JobView:
    """How a job stands. Raises Refused("absent")."""
    row = None
    if names.ID.fullmatch(id_):
        with store.reading() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == id_, JOBS.c.removed.is_(None))).one_or_none()
    if row is None:
        raise Refused("absent", "job", plain(id_[:MOST_NAME]), "the id of a job")
    return _view(row)


def asked(store: ServerStore, id_: str) -> Mapping[str, Json]:
    """The values by key that a job was asked with. Raises Refused("absent")."""
    found(store, id_)
    with store.reading() as connection:
        text = connection.execute(select(JOBS.c.question).where(JOBS.c.id == id_)).scalar_one()
    return json.loads(text)


def listed(
    store: ServerStore, *, who: str | None = None, states: tuple[State, ...] = (), count: int = 100, offset: int = 0
) -> list[JobView]:
    """Jobs, the newest first, a page of them: of one person, in certain states, those after the first `offset`."""
    wanted = select(JOBS).where(JOBS.c.removed.is_(None)).order_by(JOBS.c.created.desc(), JOBS.c.id.desc())
    if who is not None:
        wanted = wanted.where(JOBS.c.who == who)
    if states:
        wanted = wanted.where(JOBS.c.state.in_(states))
    with store.reading() as connection:
        page = wanted.limit(max(0, min(count, MOST_LISTED))).offset(max(0, min(offset, MOST_OFFSET)))
        return [_view(row) for row in connection.execute(page)]


def _view(row: Row[Any]) -> JobView:
    plain_ = {name: getattr(row, name) for name in JobView.__dataclass_fields__ if name not in ("estimate", "error")}
    error = None if row.error is None else json.loads(row.error)
    return JobView(**plain_, estimate={"cpu_s": row.estimate_cpu_s}, error=error)


def check_unneeded(connection: Connection, what: str, id_: str) -> None:
    """Raises Refused where a job that has not ended needs a file or a result: its order has the id in it."""
    asked = select(JOBS.c.id).where(JOBS.c.state.in_(LIVE), JOBS.c.order.contains(id_))
    using = connection.execute(asked).scalars().all()
    if using:
        raise names.refused("conflict", what, id_, f"one that no job needs: {', '.join(using)}")


def waiting(store: ServerStore, group: str) -> list[str]:
    """Ids of all jobs of a folder that have not ended, in the order in which they were asked for."""
    with store.reading() as connection:
        theirs = JOBS.c.id.startswith(group) & JOBS.c.state.in_(LIVE)
        live = select(JOBS.c.id).where(theirs).order_by(JOBS.c.created)
        return list(connection.execute(live).scalars())


def begin(store: ServerStore, id_: str) -> tuple[WorkOrder, int] | None:
    """Take up a job: its order, and how often it was begun. None where it has ended, or is to be cancelled, and now is.

    Whoever calls it holds the job's lock: a job that runs was left by somebody who is no more.
    """
    with store.writing() as connection:
        row = connection.execute(select(JOBS).where(JOBS.c.id == id_)).one_or_none()
        if row is None or row.state not in LIVE:
            return None
        if row.cancel:
            _set(connection, id_, state="cancelled", ended=now())
            return None
        begun = {"state": "running", "started": now(), "starts": row.starts + 1, "words": "starting"}
        _set(connection, id_, **begun, share_frac=None)
    return WorkOrder(**json.loads(row.order)), row.starts + 1


def give_back(store: ServerStore, id_: str) -> None:
    """A job that runs waits again, because its server ends."""
    with store.writing() as connection:
        running = (JOBS.c.id == id_) & (JOBS.c.state == "running")
        waits = {"state": "waiting", "started": None, "starts": JOBS.c.starts - 1, "words": "", "share_frac": None}
        connection.execute(update(JOBS).where(running).values(waits))


def say(store: ServerStore, id_: str, words: str, share_frac: float | None) -> None:
    """What is being done."""
    with store.writing() as connection:
        _set(connection, id_, words=words, share_frac=share_frac)


def finish(store: ServerStore, id_: str, state: State, reply: Reply) -> None:
    """How a job ended."""
    body = json.loads(reply.body)
    ended: dict[str, Any] = {"state": state, "ended": now(), "code": reply.code, "words": "", "share_frac": None}
    if state == "done":
        ended |= {"share_frac": 1.0, "scenario": body.get("scenario"), "hash": body.get("hash")}
    else:
        ended |= {"error": json.dumps(body["error"])}
    with store.writing() as connection:
        _set(connection, id_, **ended)


def cancel(store: ServerStore, id_: str) -> JobView:
    """Cancel a job: at once where it waits, when its worker notices where it runs. One that has ended stays so.

    Raises Refused("absent").
    """
    found(store, id_)
    with store.writing() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == id_, JOBS.c.state.in_(LIVE)).values(cancel=True))
        waits = (JOBS.c.id == id_) & (JOBS.c.state == "waiting")
        connection.execute(update(JOBS).where(waits).values(state="cancelled", ended=now()))
    return found(store, id_)


def cancelled(store: ServerStore, id_: str) -> bool:
    """Whether somebody has cancelled a job."""
    with store.reading() as connection:
        return bool(connection.execute(select(JOBS.c.cancel).where(JOBS.c.id == id_)).scalar())


def wait(store: ServerStore, id_: str, timeout_s: float = float("inf")) -> JobView:
    """How a job stands when it has ended, or the time is over."""
    until = time.monotonic() + timeout_s
    while (view := found(store, id_)).live and time.monotonic() < until:
        time.sleep(LOOK_S)
    return view


def _set(connection: Connection, id_: str, **values: Any) -> None:
    connection.execute(update(JOBS).where(JOBS.c.id == id_).values(values))
