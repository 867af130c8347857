"""Jobs: done in turn, told as they go, cancelled, limited, and never lost; on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from postgresql import execute
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

sys.path.insert(0, str(Path(__file__).parent))
from odd_server import is_gone, lines, odd, opened, path, waited

from gigawatt.interfaces.http import watching
from gigawatt.interfaces.server import jobs, people, results, workers
from gigawatt.interfaces.server import queue as queues
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.jobs import JobView
from gigawatt.interfaces.server.performing import ANSWER
from gigawatt.interfaces.server.queue import GivenBack, Queue
from gigawatt.interfaces.server.settings import ServerLimits, Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.tables import JOBS

# Each job is a process: once in the default suite, and again on PostgreSQL in the slow one.
EACH = ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])]


@pytest.fixture(scope="module", params=EACH)
def queue(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    """A queue that works, with odd workers, for all tests of this file."""
    folder = tmp_path_factory.mktemp("server")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setattr(workers, "MODULE", "odd_worker")
        patch.setenv("PYTHONPATH", path())
        patch.setattr(queues, "POLL_S", 0.05)
        patch.setattr(jobs, "LOOK_S", 0.05)
        database = str(folder / "gigawatt.db")
        if request.param != "sqlite":
            url = request.getfixturevalue("postgres")
            execute(url, "CREATE DATABASE jobs TEMPLATE template0")
            stack.callback(execute, url, "DROP DATABASE jobs WITH (FORCE)")
            database = url.set(database="jobs").render_as_string(hide_password=False)
        yield stack.enter_context(opened(Settings(database=database, data=folder / "data")))


def put(queue: Queue, who: str = "ada", **values: Any) -> JobView:
    return queue.put(who, odd(**values), {}, 0.0)


def ended(queue: Queue, view: JobView) -> JobView:
    return jobs.wait(queue._store, view.id, 60.0)


def starts(queue: Queue, view: JobView) -> int:
    with queue._store.reading() as connection:
        return int(connection.execute(select(JOBS.c.starts).where(JOBS.c.id == view.id)).scalar_one())


def test_a_job_waits_and_is_done_and_its_answer_kept(queue: Queue) -> None:
    asked = put(queue, odd=None)
    assert (asked.state, asked.verb, asked.who, asked.started) == ("waiting", "hedge", "ada", None)
    assert len(asked.id) == 32
    done = ended(queue, asked)
    assert (done.state, done.code, done.error, done.scenario, done.hash) == ("done", 0, None, "odd", "0" * 64)
    assert done.started is not None
    assert done.ended is not None
    assert done.created <= done.started <= done.ended
    assert starts(queue, done) == 1
    kept = (jobs.folder_of(queue._settings, done.id) / ANSWER).read_bytes()
    assert queue.reply(done.id).body == kept


@pytest.mark.parametrize(
    ("how", "code", "kind"),
    [
        ("input", 2, "ScenarioError"),
        ("infeasible", 3, "Infeasible"),
        ("solver", 70, "SolverFailure"),
        ("full", 74, "MachineFault"),
        ("memory", 74, "MachineFault"),
        ("die", 74, "MachineFault"),
        ("bug", 1, "Bug"),
    ],
)
def test_a_job_that_fails_says_why_and_leaves_nothing(queue: Queue, how: str, code: int, kind: str) -> None:
    failed = ended(queue, put(queue, odd=how))
    assert (failed.state, failed.code) == ("failed", code)
    assert failed.error is not None
    assert failed.error["kind"] == kind
    assert failed.error["items"]
    assert json.loads(queue.reply(failed.id).body) == {"error": failed.error}
    assert not jobs.folder_of(queue._settings, failed.id).exists()
    assert starts(queue, failed) == 1


def test_what_is_being_done_is_told_as_it_changes(queue: Queue, tmp_path: Path) -> None:
    asked = put(queue, gate=tmp_path / "gate")
    waited(lambda: jobs.found(queue._store, asked.id).words == "at the gate")
    view = jobs.found(queue._store, asked.id)
    assert (view.state, view.share_frac) == ("running", 0.5)
    (tmp_path / "gate").touch()
    done = ended(queue, asked)
    assert (done.state, done.words, done.share_frac) == ("done", "", 1.0)


def test_a_job_that_waits_is_cancelled_at_once_and_never_begun(queue: Queue, tmp_path: Path) -> None:
    first = put(queue, gate=tmp_path / "gate")
    second = put(queue, log=tmp_path / "log")
    waited(lambda: jobs.found(queue._store, first.id).state == "running")
    assert jobs.cancel(queue._store, second.id).state == "cancelled"
    (tmp_path / "gate").touch()
    assert ended(queue, first).state == "done"
    assert ended(queue, put(queue, odd=None)).state == "done"  # and the queue has come past it
    assert lines(tmp_path / "log") == []
    assert jobs.cancel(queue._store, first.id).state == "done"


def test_a_job_that_runs_is_cancelled_between_batches(queue: Queue, tmp_path: Path) -> None:
    asked = put(queue, gate=tmp_path / "never")
    waited(lambda: jobs.found(queue._store, asked.id).words == "at the gate")
    jobs.cancel(queue._store, asked.id)
    found = ended(queue, asked)
    assert (found.state, found.code) == ("cancelled", 130)


def test_a_worker_that_does_not_hear_of_it_is_killed(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "GRACE_S", 0.2)
    asked = put(queue, odd="deaf")
    waited(lambda: jobs.found(queue._store, asked.id).words == "deaf")
    (worker,) = queue._workers._living
    jobs.cancel(queue._store, asked.id)
    assert ended(queue, asked).state == "cancelled"
    waited(lambda: is_gone(worker.pid))


def test_a_job_of_somebody_who_was_removed_still_ends(queue: Queue, tmp_path: Path) -> None:
    people.add(queue._store, "eve", "editor")
    asked = put(queue, who="eve", gate=tmp_path / "gate")
    people.remove(queue._store, "eve")
    (tmp_path / "gate").touch()
    assert ended(queue, asked).state == "done"


def test_an_end_is_kept_when_the_database_takes_it_again(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tries = []
    finish = jobs.finish

    def full(*values: Any) -> None:
        tries.append(values)
        if len(tries) < 3:
            raise OperationalError("UPDATE jobs", {}, Exception("database or disk is full"))
        finish(*values)

    monkeypatch.setattr(jobs, "finish", full)
    assert ended(queue, put(queue, odd=None)).state == "done"
    assert len(tries) == 3
    assert capsys.readouterr().err.count("disk is full") == 2


def test_a_job_that_dbos_took_and_did_not_begin_is_begun(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    do, tries = queue._do, []

    def fails_once(*given: Any) -> None:
        tries.append(given)
        if len(tries) == 1:
            raise GivenBack  # and DBOS goes on taking it for one that runs
        do(*given)

    monkeypatch.setattr(queue, "_do", fails_once)
    monkeypatch.setattr(queues, "LOOK_S", 0.3)
    assert ended(queue, put(queue, odd=None)).state == "done"
    assert len(tries) == 2


def test_jobs_are_listed_the_newest_first(queue: Queue) -> None:
    mine = [put(queue, who="lin", odd=None) for _ in range(3)]
    assert sorted(view.id for view in jobs.listed(queue._store, who="lin")) == sorted(view.id for view in mine)
    assert [jobs.listed(queue._store, who="lin", count=1, offset=at)[0].created for at in range(3)] == sorted(
        (view.created for view in mine), reverse=True
    )
    for view in mine:
        ended(queue, view)
    assert jobs.listed(queue._store, who="lin", states=jobs.LIVE) == []
    assert len(jobs.listed(queue._store, who="lin", states=("done",))) == 3


@pytest.mark.parametrize("number", [0, -1, -(10**30), 10**30])
def test_any_whole_numbers_ask_for_some_page(each_store: ServerStore, number: int) -> None:
    jobs.put(each_store, ServerLimits(), "0" * 32, "ada", odd(), {}, 1.0)
    assert len(jobs.listed(each_store, count=number)) == (number > 0)
    assert len(jobs.listed(each_store, offset=number)) == (number <= 0)


def test_jobs_and_results_are_found_by_an_index_however_many_there_are(store: ServerStore) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(store._engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    jobs.listed(store)
    jobs.listed(store, states=("waiting",))
    jobs.waiting(store, "01234567")
    results.listed(store)
    watching.load(store, 0)
    of_jobs = [(text, given) for text, given in asked if "FROM jobs" in text]
    assert len(of_jobs) == 5
    with store.reading() as connection:
        for text, given in of_jobs:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given).all()
            assert "USING INDEX jobs_by_" in plan[0].detail or "USING COVERING INDEX jobs_by_" in plan[0].detail, text


@pytest.mark.parametrize("id_", ["", "0" * 32, "../x", "\0", "x" * 10_000])
def test_a_job_that_nobody_asked_for_is_absent(queue: Queue, id_: str) -> None:
    for look in (jobs.found, jobs.cancel):
        with pytest.raises(Refused) as caught:
            look(queue._store, id_)
        assert caught.value.why == "absent"


def test_a_queue_says_nothing_on_the_console(queue: Queue, capfd: pytest.CaptureFixture[str]) -> None:
    ended(queue, put(queue, odd=None))
    time.sleep(1.0)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (ServerLimits(jobs_count=2), "2 that wait or run: expected at most 2"),
        (ServerLimits(job_cpu_s=5.0), "10 s of work: expected a job of at most 5 s"),
        (ServerLimits(person_cpu_s=25.0), "30 s of work that waits or runs: expected at most 25 s"),
    ],
)
def test_one_person_asks_no_more_than_the_limits(each_store: ServerStore, limits: ServerLimits, said: str) -> None:
    generous = ServerLimits()
    for number in range(2):
        jobs.put(each_store, generous, f"{number:032x}", "ada", odd(), {}, 10.0)
    with pytest.raises(Refused, match=said) as caught:
        jobs.put(each_store, limits, "a" * 32, "ada", odd(), {}, 10.0)
    assert caught.value.why == "limit"
    if not limits.job_cpu_s < 10:
        jobs.put(each_store, limits, "b" * 32, "ben", odd(), {}, 10.0)
    jobs.cancel(each_store, f"{0:032x}")
    if limits.jobs_count == 2:
        jobs.put(each_store, limits, "c" * 32, "ada", odd(), {}, 10.0)


def test_many_at_once_are_not_more_than_the_limit(each_store: ServerStore) -> None:
    limits, told = ServerLimits(jobs_count=5), []

    def ask(number: int) -> None:
        try:
            jobs.put(each_store, limits, f"{number:032x}", "ada", odd(), {}, 0.0)
        except Refused as error:
            told.append(error.why)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["limit"] * 7
    assert len(jobs.listed(each_store)) == 5
