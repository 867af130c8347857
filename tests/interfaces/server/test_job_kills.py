"""Servers that are killed, start at once, or share a database: every job is done, and no job by two at once."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parent))
from odd_server import is_gone, is_open, lines, odd, server, waited

from gigawatt.interfaces.server import jobs, performing
from gigawatt.interfaces.server.asked import WorkOrder
from gigawatt.interfaces.server.performing import ANSWER
from gigawatt.interfaces.server.queue import group
from gigawatt.interfaces.server.settings import ServerLimits, Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.tables import JOBS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc"),
]
SHORT = {"horizon": {"report_end": "2027Q2", "end": "2027Q4"}}


@pytest.fixture
def store(each_settings: Settings) -> Iterator[ServerStore]:
    """The store of servers, of which none runs here."""
    opened = ServerStore(each_settings)
    yield opened
    opened.close()


def put(store: ServerStore, settings: Settings, order: WorkOrder, number: int = 0) -> str:
    """A job, as a server writes it down before DBOS hears of it: all that a server that is killed then leaves."""
    id_ = f"{group(settings.data)}{number:024x}"
    jobs.put(store, ServerLimits(), id_, "ada", order, {}, 0.0)
    return id_


def column(store: ServerStore, id_: str, name: str) -> Any:
    with store.reading() as connection:
        return connection.execute(select(JOBS.c[name]).where(JOBS.c.id == id_)).scalar_one()


def ended(store: ServerStore, id_: str, patience_s: float = 120.0) -> str:
    return jobs.wait(store, id_, patience_s).state


def test_a_job_of_a_server_that_was_killed_is_done_by_the_next(
    each_settings: Settings, store: ServerStore, tmp_path: Path
) -> None:
    id_ = put(store, each_settings, odd(log=tmp_path / "log", gate=tmp_path / "gate"))
    with server(each_settings) as first:
        assert is_open(first)
        waited(lambda: lines(tmp_path / "log"))
        first.send_signal(signal.SIGKILL)
        first.wait()
    worker = int(lines(tmp_path / "log")[0].split()[1])
    waited(lambda: is_gone(worker))
    assert column(store, id_, "state") == "running"
    (tmp_path / "gate").touch()
    with server(each_settings):
        assert ended(store, id_) == "done"
    assert column(store, id_, "starts") == 2
    assert len(lines(tmp_path / "log")) == 2


def test_a_server_that_ends_gives_its_job_back_and_the_next_goes_on(
    each_settings: Settings, store: ServerStore, tmp_path: Path
) -> None:
    id_ = put(store, each_settings, odd(log=tmp_path / "log", gate=tmp_path / "gate"))
    with server(each_settings):
        waited(lambda: lines(tmp_path / "log"))
    assert (column(store, id_, "state"), column(store, id_, "starts")) == ("waiting", 0)
    assert not list((each_settings.data / "live").glob(f"{group(each_settings.data)}-*"))
    (tmp_path / "gate").touch()
    with server(each_settings):
        assert ended(store, id_) == "done"


def test_a_server_leaves_alone_what_another_that_lives_is_doing(
    each_settings: Settings, store: ServerStore, tmp_path: Path
) -> None:
    id_ = put(store, each_settings, odd(log=tmp_path / "log", gate=tmp_path / "gate"))
    with server(each_settings):
        waited(lambda: lines(tmp_path / "log"))
        with server(each_settings) as second:
            assert is_open(second)
            other = put(store, each_settings, odd(), 1)  # that the second is at work is seen by this
            assert ended(store, other) == "done"
            time.sleep(4.0)
            assert column(store, id_, "state") == "running"
            (tmp_path / "gate").touch()
            assert ended(store, id_) == "done"
    assert len(lines(tmp_path / "log")) == 1
    assert column(store, id_, "starts") == 1


def test_two_servers_that_start_at_once_do_each_of_twenty_jobs_once(each_settings: Settings, tmp_path: Path) -> None:
    with server(each_settings) as first, server(each_settings) as second:  # both make the tables
        assert is_open(first)
        assert is_open(second)
        store = ServerStore(each_settings)
        order = {"log": tmp_path / "log", "pause_s": 0.05}
        ids = [put(store, each_settings, odd(**order, name=f"job-{number}"), number) for number in range(20)]
        assert [ended(store, id_) for id_ in ids] == ["done"] * 20
        assert [column(store, id_, "starts") for id_ in ids] == [1] * 20
        store.close()
    assert sorted(line.split()[0] for line in lines(tmp_path / "log")) == sorted(f"job-{n}" for n in range(20))


def test_servers_that_share_a_database_but_no_folder_do_their_own_jobs(
    each_settings: Settings, store: ServerStore, tmp_path: Path
) -> None:
    if store.url.drivername == "sqlite":
        pytest.skip("a database of SQLite is in the folder")
    elsewhere = replace(each_settings, data=tmp_path / "elsewhere")
    theirs = put(store, elsewhere, odd(log=tmp_path / "log"))
    mine = put(store, each_settings, odd(), 1)
    with server(each_settings):
        assert ended(store, mine) == "done"
    assert (column(store, theirs, "state"), lines(tmp_path / "log")) == ("waiting", [])


SWEEP = {"scenario": "one-campus", "set": SHORT, "vary": ["demand"], "draws": 200, "workers": 2}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answer to a sweep that nobody disturbs."""
    folder = tmp_path_factory.mktemp("calm") / "sweep"
    reply = performing.perform(WorkOrder(verb="sweep", values=SWEEP, folder=str(folder)))
    assert reply.code == 0, reply.body
    found: dict[str, Any] = json.loads(reply.body)
    return found


def test_a_sweep_of_200_draws_whose_server_is_killed_goes_on_to_the_same_digits(
    each_settings: Settings, store: ServerStore, calm: dict[str, Any]
) -> None:
    id_ = put(store, each_settings, WorkOrder(verb="sweep", values=SWEEP))
    folder = jobs.folder_of(each_settings, id_)

    def batches() -> list[Path]:
        return list(folder.glob("batches/draws/*.nc"))

    with server(each_settings, "as it is") as first:
        waited(lambda: len(batches()) >= 4, 600.0)
        first.send_signal(signal.SIGKILL)
        first.wait()
    kept = {file: file.stat().st_mtime_ns for file in batches()}
    assert 4 <= len(kept) < 20
    with server(each_settings, "as it is"):
        assert ended(store, id_, 900.0) == "done"
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert column(store, id_, "starts") == 2
    found = json.loads((folder / ANSWER).read_bytes())
    assert found["digest"] == calm["digest"]
    assert {**found, "files": None} == {**calm, "files": None}
