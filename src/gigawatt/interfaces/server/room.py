"""The one room behind every door: what a caller may ask, short verbs at once, long ones as jobs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gigawatt.interfaces.server import audit, jobs, naming, unsaid
from gigawatt.interfaces.server.asked import Caller, Json, Refused, Reply, Role, Unanswered, WorkOrder
from gigawatt.interfaces.server.jobs import JobView
from gigawatt.interfaces.server.queue import Queue
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.workers import Workers
from gigawatt.study.verbs import VERBS, Change, Verb

if TYPE_CHECKING:
    from gigawatt.study.estimate import Estimate

# The least role that may ask a verb, by what it changes.
ROLES_BY_CHANGE: Mapping[Change, Role] = {"nothing": "viewer", "ledger": "editor", "release": "approver"}


class Room:
    """A server without a door: its settings, its store, its workers and its queue. One for all threads of a process."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened or begun yet."""
        # Workers, and whoever comes back tomorrow, may stand in another folder.
        self.settings = replace(settings, data=settings.data.resolve())
        self._asking = threading.BoundedSemaphore(settings.limits.asking_count)

    def open(self) -> Room:
        """Open the store and take up the jobs that wait. Raises LedgerError, or OSError."""
        self.store = ServerStore(self.settings)
        place = naming.nowhere(self.settings)
        self.workers = Workers(short_s=self.settings.limits.short_s, place=place)
        self.queue = Queue(self.settings, self.store, self.workers)
        self.queue.open()
        return self

    def close(self) -> None:
        """Give jobs that run back to the queue, end every process that was begun, and close the store."""
        self.queue.close()
        self.store.close()

    def __enter__(self) -> Room:
        return self.open()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def ask(
        self, caller: Caller, verb_name: str, values: Mapping[str, Json], *, told: bool = False, language: str = ""
    ) -> Reply:
        """The reply to a verb; this thread waits for it. What keeps files is a job; what takes long waits for its turn.

        told: whether it is to be told in words as well. language: in which a page shows it; "" where none does.
        Raises Refused where they may not, the server has too much to do, or it takes too long; ScenarioError for what a
        value names that is not there.
        """
        verb = self._allowed(caller, verb_name)
        with self._seat(verb):
            if verb.long:
                return self.queue.reply(self.start(caller, verb_name, values).id)
            order = self._order(caller, verb, values)
            if lasts(verb):
                reply = self.queue.at_once(caller.name, order, values, self._estimated(order).cpu_s)
            else:
                reply = self.workers.ask(replace(order, told=told, language=language))
        if least(verb) != "viewer":
            self._audit(caller, verb.name, audit.DONE if reply.code == 0 else f"code {reply.code}")
        return reply

    def start(self, caller: Caller, verb_name: str, values: Mapping[str, Json]) -> JobView:
        """A job of any verb, which waits for its turn.

        Raises Refused where they may not, or ask too much; ScenarioError, or another InputError, for bad values.
        """
        verb = self._allowed(caller, verb_name)
        order = self._order(caller, verb, values)
        view = self.queue.put(caller.name, order, values, self._estimated(order).cpu_s)
        self._audit(caller, verb.name, thing=view.id)
        return view

    def estimate(self, caller: Caller, verb_name: str, values: Mapping[str, Json]) -> Estimate:
        """What a verb would take, without doing it: an Estimate. Raises as `start` does."""
        verb = named(verb_name)
        allow(caller, verb)
        return self._estimated(self._order(caller, verb, values))

    def job(self, id_: str) -> JobView:
        """How a job stands. Raises Refused("absent")."""
        return jobs.found(self.store, id_)

    def jobs(self, **wanted: Any) -> list[JobView]:
        """Jobs, the newest first; as jobs.listed."""
        return jobs.listed(self.store, **wanted)

    def cancel(self, caller: Caller, id_: str) -> JobView:
        """Cancel a job of one's own; an owner's may be anybody's. One that has ended stays as it is."""
        with audit.refusals(self.store, caller, action="job cancelled", object=id_):
            view = self.job(id_)
            if view.who != caller.name and not caller.may("owner"):
                raise Refused("forbidden", "job", id_, f"a job of {caller.name}")
            found = jobs.cancel(self.store, id_)
        if view.live:
            self._audit(caller, "job cancelled", thing=id_)
        return found

    def wait(self, id_: str, timeout_s: float = float("inf")) -> JobView:
        """How a job stands when it has ended, or the time is over."""
        return jobs.wait(self.store, id_, timeout_s)

    @contextmanager
    def _seat(self, verb: Verb) -> Iterator[None]:
        if not self._asking.acquire(blocking=False):
            most = self.settings.limits.asking_count
            raise Refused("busy", verb.name, f"{most} questions at once already", "the same question a little later")
        try:
            yield
        finally:
            self._asking.release()

    def _estimated(self, order: WorkOrder) -> Estimate:
        """What an order would take. Raises Unanswered for a question that cannot be read, or that nobody can mean."""
        from gigawatt.study.estimate import Estimate

        reply = self.workers.ask(replace(order, estimated=True))
        if reply.code:
            raise Unanswered(reply)
        return Estimate(**json.loads(reply.body))

    def _order(self, caller: Caller, verb: Verb, values: Mapping[str, Json]) -> WorkOrder:
        """What the worker is told: what the values name is found here, and nowhere else."""
        here = caller.door == "here"
        found = naming.placed(self.settings, self.store, caller, verb, values, here=here)
        places = unsaid.places(self.settings)
        return WorkOrder(verb=verb.name, values=found, who=None if here else caller.name, unsaid=places)

    def _allowed(self, caller: Caller, name: str) -> Verb:
        """The verb that they ask, which they may. A change that they may not make is kept as well."""
        verb = named(name)
        try:
            allow(caller, verb)
        except Refused as error:
            if verb.changes != "nothing":
                self._audit(caller, verb.name, error.why)
            raise
        return verb

    def _audit(self, caller: Caller, action: str, outcome: str = audit.DONE, thing: str = "") -> None:
        audit.write(self.store, caller, action=action, object=thing, outcome=outcome)


def named(name: str) -> Verb:
    """The verb of a name. Raises Refused("absent")."""
    for verb in VERBS:
        if name in (verb.name, verb.function):
            return verb
    raise Refused("absent", "verb", name[:80], f"one of {', '.join(verb.name for verb in VERBS)}")


def lasts(verb: Verb) -> bool:
    """Whether it is done as a job: what takes time, and what keeps files."""
    return verb.long or bool(verb.folder)


def least(verb: Verb) -> Role:
    """The least role that may ask a verb."""
    role = ROLES_BY_CHANGE[verb.changes]
    return "editor" if role == "viewer" and lasts(verb) else role


def allow(caller: Caller, verb: Verb) -> None:
    """Raises Refused("forbidden") where they may not ask a verb."""
    if not caller.may(least(verb)):
        raise Refused("forbidden", verb.name, f"asked by a {caller.role}", f"a role of {least(verb)} or more")
