"""Who does the jobs: DBOS's durable queue in the server's own database, over which every server that lives works.

A job is one workflow of one step, which may be begun again at any time: what its verb keeps in the job's folder is
gone on from, all else is begun anew. Each process has an executor id of its own and holds a lock of that name while it
lives; whoever lives takes over what those leave whose lock is free. A lock of the job itself sees to it that no two
ever do the same one, whatever a queue may think.
"""

from __future__ import annotations

import logging
import re
import shutil
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from gigawatt.errors import Fault
from gigawatt.interfaces.failing import INTERRUPTED, MACHINE, MISSED, failure, faulty
from gigawatt.interfaces.server import jobs, unsaid
from gigawatt.interfaces.server.asked import Refused, Reply, WorkOrder
from gigawatt.interfaces.server.jobs import State
from gigawatt.interfaces.server.performing import ANSWER, WORDS, Say, bug, reply_of, written
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.workers import Lost, Workers, lost
from gigawatt.study.files import write_whole
from gigawatt.study.verbs import named

if TYPE_CHECKING:
    from filelock import FileLock

T = TypeVar("T")
# How an order is done: what is said meanwhile, and whether it goes on.
Perform = Callable[[WorkOrder, Say, Callable[[], bool]], Reply]

# As DBOS calls us and what we do. The version is that of what a job means: an upgrade of Gigawatt finds old jobs.
APPLICATION, VERSION, WORKFLOW, SCHEMA = "gigawatt", "1", "job", "gigawatt_jobs"
# Folder of the locks of those who live, and the file of a folder's own id.
LIVE, ID = "live", "id"
_ID = re.compile("[0-9a-f]{8}")
# How often one looks for new jobs, and for jobs of the dead; how often words are kept.
POLL_S, LOOK_S, SAY_S = 0.5, 3.0, 0.5
# A job whose server was lost so often is not begun again.
MOST_STARTS = 10


class GivenBack(BaseException):
    """The server ends, and whoever lives goes on with the job."""


class Queue:
    """The jobs of a server, as one process works on them. One for all threads; one that is open in a process."""

    def __init__(self, settings: Settings, store: ServerStore, workers: Workers) -> None:
        """Nothing is begun yet. settings: with an absolute folder. Raises OSError."""
        self._settings, self._store, self._workers = settings, store, workers
        self.group = group(settings.data)
        self.name = f"{WORKFLOW}s-{self.group}"
        self.executor = f"{self.group}-{uuid.uuid4().hex}"
        self._alive = self._lock(settings.data / LIVE / f"{self.executor}.lock")
        self._closing, self._news = threading.Event(), threading.Event()
        self._known, self._unbegun = set[str](), set[str]()
        self._running_count = 0
        self._idle = threading.Condition()
        self._thread = threading.Thread(target=self._keep_on, name="queue", daemon=True)

    def open(self) -> None:
        """Begin to take up jobs, by a thread of its own, for DBOS takes a moment to load. Raises OSError."""
        while True:
            self._alive.acquire(timeout=10)
            if Path(self._alive.lock_file).exists():
                break
            self._alive.release()  # another took it for that of a dead one, in the moment before it was held
        self._thread.start()

    def close(self) -> None:
        """Take up no more, end every worker, and give back what they were doing."""
        self._closing.set()
        self._news.set()
        self._workers.close()
        with self._idle:
            self._idle.wait_for(lambda: self._running_count == 0, timeout=30)
        self._thread.join()
        Path(self._alive.lock_file).unlink(missing_ok=True)
        self._alive.release()

    def put(self, who: str, order: WorkOrder, question: Any, cpu_s: float) -> jobs.JobView:
        """A new job, which waits. Raises Refused("limit")."""
        id_ = self.group + uuid.uuid4().hex[len(self.group) :]
        kept = unsaid.kept(order)
        view = jobs.put(self._store, self._settings.limits, id_, who, kept, question, cpu_s)
        self._news.set()
        return view

    def at_once(self, who: str, order: WorkOrder, question: Any, cpu_s: float) -> Reply:
        """What comes of a job that takes a moment and waits for no other; this thread does it. Raises Refused."""
        view = self.put(who, order, question, cpu_s)
        try:
            self._do(view.id, self._workers.ask)
        except GivenBack:
            raise Refused("busy", order.verb, "a server that ends", "one that goes on, which does it") from None
        return self.reply(view.id)

    def reply(self, id_: str) -> Reply:
        """What came of a job, once it has ended; this thread waits."""
        view = jobs.wait(self._store, id_)
        if view.state == "done":
            folder = jobs.folder_of(self._settings, id_)
            words = (folder / WORDS).read_text(encoding="utf-8")
            return Reply(code=view.code or 0, body=(folder / ANSWER).read_bytes(), words=words)
        return Reply(code=view.code or INTERRUPTED, body=written({"error": view.error}))

    def _lock(self, file: Path) -> FileLock:
        from filelock import FileLock

        file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(file, thread_local=False)

    def _keep_on(self) -> None:
        """Until the server ends: hand new jobs to DBOS, and take over those of the dead."""
        while not self._closing.is_set():
            try:
                with self._launched() as enqueue:
                    while not self._closing.is_set():
                        self._news.clear()
                        self._tried(self._take_over)
                        self._tried(lambda: self._hand_over(enqueue))
                        self._workers.rest()
                        self._news.wait(LOOK_S)
            except Exception:
                traceback.print_exc()
                self._closing.wait(LOOK_S)

    def _tried(self, action: Callable[[], None]) -> None:
        """Do what is done again in a moment, should the database not answer now."""
        try:
            action()
        except Exception:
            if not self._closing.is_set():
                traceback.print_exc()

    @contextmanager
    def _launched(self) -> Iterator[Callable[[str], None]]:
        """DBOS at work, silent and on its own; gives what hands it a job."""
        quiet = logging.getLogger("dbos")
        quiet.propagate = False
        quiet.addHandler(logging.NullHandler())  # or it would write to the console
        from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID

        url = self._store.url.render_as_string(hide_password=False)
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": url,
                "dbos_system_schema": SCHEMA,
                "application_version": VERSION,
                "executor_id": self.executor,
                "serializer": DBOSPortableJSONSerializer(),  # the default is pickle
                "use_listen_notify": False,
                "sys_db_pool_size": 5,
                "log_level": "ERROR",
                "enable_otlp": False,
            }
        )
        workflow = DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(
            lambda id_: self._do(id_, self._workers.perform)
        )
        try:
            DBOS.listen_queues([self.name])
            DBOS.launch()
            queue = DBOS.register_queue(
                self.name,
                worker_concurrency=self._settings.workers_count,
                polling_interval_sec=POLL_S,
                on_conflict="always_update",
            )

            def enqueue(id_: str) -> None:
                with SetWorkflowID(id_):
                    queue.enqueue(workflow, id_)

            yield enqueue
        finally:
            DBOS.destroy(destroy_registry=True)

    def _hand_over(self, enqueue: Callable[[str], None]) -> None:
        """Have DBOS know every job that waits; after a crash, one that it was not told of."""
        from dbos import DBOS

        live = jobs.waiting(self._store, self.group)
        self._known &= set(live)
        new = [id_ for id_ in live if id_ not in self._known]
        if new:
            told = {flow.workflow_id for flow in DBOS.list_workflows(workflow_ids=new, **_BARE)}
            for id_ in new:
                if id_ not in told:
                    enqueue(id_)
                self._known.add(id_)

    def _take_over(self) -> None:
        """Have the jobs of the dead of this folder done again, and what DBOS took for us and did not begin."""
        from dbos import DBOS
        from filelock import Timeout

        begun = DBOS.list_workflows(status="PENDING", queue_name=self.name, **_BARE)
        left = {lock.stem for lock in (self._settings.data / LIVE).glob(f"{self.group}-*.lock")}
        for executor in ({flow.executor_id or "" for flow in begun} | left) - {self.executor}:
            lock = self._lock(self._settings.data / LIVE / f"{executor}.lock")
            with suppress(Timeout), lock.acquire(timeout=0):
                DBOS._recover_pending_workflows([executor])
                Path(lock.lock_file).unlink(missing_ok=True)
        ours = {flow.workflow_id for flow in begun if flow.executor_id == self.executor}
        unbegun = set() if self._running_count else ours
        if unbegun & self._unbegun:
            DBOS._recover_pending_workflows([self.executor])
        self._unbegun = unbegun

    def _do(self, id_: str, perform: Perform) -> None:
        """Do a job, if nobody has."""
        with self._counted(), self._alone(id_):
            begun = self._surely(lambda: jobs.begin(self._store, id_))
            if begun is None:
                with suppress(Refused):
                    if jobs.found(self._store, id_).state == "cancelled":
                        shutil.rmtree(jobs.folder_of(self._settings, id_), ignore_errors=True)
                return
            reply = self._reply(id_, perform, *begun)
            state: State = "cancelled" if reply.code == INTERRUPTED else "failed"
            if reply.code in (0, MISSED):
                state = "done"
            else:
                shutil.rmtree(jobs.folder_of(self._settings, id_), ignore_errors=True)
            self._surely(lambda: jobs.finish(self._store, id_, state, reply))

    def _reply(self, id_: str, perform: Perform, order: WorkOrder, starts: int) -> Reply:
        """What comes of an order, in a folder that is as it has to be."""
        if starts > MOST_STARTS:
            fault = Fault(path="server", given=f"lost {MOST_STARTS} times", expected="a job that it outlives")
            return reply_of(faulty("MachineFault", MACHINE, fault))
        folder = jobs.folder_of(self._settings, id_)
        try:
            if not named(order.verb).resumes:
                shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            watch = Watch(self._store, id_)
            told = replace(unsaid.told(order, self._settings), folder=str(folder))
            return perform(told, watch.say, watch.cancelled)
        except (Lost, Refused) as error:
            if self._closing.is_set():
                self._surely(lambda: jobs.give_back(self._store, id_))
                raise GivenBack from error
            return lost(error)
        except Exception as error:
            found = failure(error, unsaid.spelled(unsaid.places(self._settings)))
            return reply_of(found) if found else bug(order.verb, error)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._idle:
            self._running_count += 1
        try:
            yield
        finally:
            with self._idle:
                self._running_count -= 1
                self._idle.notify_all()

    @contextmanager
    def _alone(self, id_: str) -> Iterator[None]:
        """Hold the lock of a job, when whoever has it is done with it. Raises GivenBack where the server ends first."""
        from filelock import Timeout

        lock = self._lock(self._settings.data / LIVE / f"job-{id_}.lock")
        while True:
            if self._closing.is_set():
                raise GivenBack
            with suppress(Timeout):
                lock.acquire(timeout=1.0)
                break
        try:
            yield
            Path(lock.lock_file).unlink(missing_ok=True)  # it has ended: whoever comes later sees that
        finally:
            lock.release()

    def _surely(self, action: Callable[[], T]) -> T:
        """Do what must not be lost, when the database and the disk let it. Raises GivenBack where the server ends."""
        while True:
            try:
                return action()
            except (SQLAlchemyError, OSError) as error:
                print(f"error: {error}", file=sys.stderr)
                if self._closing.wait(1.0):
                    raise GivenBack from error


class Watch:
    """What a job says and hears, no more often than somebody reads it."""

    def __init__(self, store: ServerStore, id_: str) -> None:
        """Of the job of this id."""
        self._store, self._id = store, id_
        self._said = self._looked = 0.0
        self._cancelled = False

    def say(self, words: str, share_frac: float | None) -> None:
        """Keep what is being done; what comes too soon after the last, or when the database is full, nobody misses."""
        if time.monotonic() - self._said >= SAY_S:
            self._said = time.monotonic()
            with suppress(SQLAlchemyError, OSError):
                jobs.say(self._store, self._id, words, share_frac)

    def cancelled(self) -> bool:
        """Whether somebody has cancelled it."""
        if not self._cancelled and time.monotonic() - self._looked >= SAY_S:
            self._looked = time.monotonic()
            with suppress(SQLAlchemyError, OSError):
                self._cancelled = jobs.cancelled(self._store, self._id)
        return self._cancelled


# What DBOS need not read of a job.
_BARE: dict[str, Any] = {"load_input": False, "load_output": False}


def group(data: Path) -> str:
    """The id of a server's folder, which begins the ids of its jobs.

    Servers that share a folder share their jobs; those that share a database alone do not.
    """
    from filelock import FileLock

    (data / LIVE).mkdir(parents=True, exist_ok=True)
    file = data / LIVE / ID
    with FileLock(data / LIVE / f"{ID}.lock"):
        if not file.exists():
            write_whole(file, uuid.uuid4().hex[:8])
        found = file.read_text().strip()
    if not _ID.fullmatch(found):
        raise OSError(f"{file}: no id of a folder")
    return found
