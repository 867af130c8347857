"""What DBOS does when two processes share its database: why each of ours has an executor id of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

pytest.importorskip("dbos", reason="no DBOS: pip install 'gigawatt[server]'")

pytestmark = pytest.mark.slow
PATIENCE_S = 60.0

# `program FOLDER EXECUTOR begin|look`: run a job, or look whether there is one, until it is killed.
PROGRAM = """
import os, sys, time
from dbos import DBOS

folder, executor, what = sys.argv[1:]
config = {"name": "gigawatt", "system_database_url": f"sqlite:///{folder}/jobs.db", "application_version": "1",
          "run_admin_server": False, "log_level": "CRITICAL"}
DBOS(config=config | ({"executor_id": executor} if executor != "default" else {}))

@DBOS.step()
def step():
    with open(f"{folder}/begun", "a") as told:
        told.write(f"{os.getpid()}\\n")
    time.sleep(600)

@DBOS.workflow()
def job():
    step()

DBOS.launch()
DBOS.register_queue("jobs", global_concurrency=1, polling_interval_sec=0.05)
if what == "begin":
    DBOS.enqueue_workflow("jobs", job)
print("ready", flush=True)
time.sleep(600)
"""


@contextmanager
def process(folder: Path, executor: str, what: str) -> Iterator[subprocess.Popen[str]]:
    """One process on that database, launched, until the end of the block."""
    words = [sys.executable, "-c", PROGRAM, str(folder), executor, what]
    begun = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert begun.stdout is not None
        assert begun.stdout.readline() == "ready\n"
        yield begun
    finally:
        begun.kill()
        begun.communicate()


def begun(folder: Path, count: int, within_s: float) -> list[int]:
    """Ids of the processes that began the one job, once there are so many or the time is over."""
    file, until = folder / "begun", time.monotonic() + within_s
    while True:
        found = [int(line) for line in file.read_text().split()] if file.exists() else []
        if len(found) >= count or time.monotonic() > until:
            return found
        time.sleep(0.02)


def two(folder: Path, executors: tuple[str, str], within_s: float) -> tuple[list[int], list[int]]:
    """Which processes began a job of the first while the second stood beside it, and which ones there were."""
    with ExitStack() as both:
        first = both.enter_context(process(folder, executors[0], "begin"))
        assert begun(folder, 1, PATIENCE_S) == [first.pid]
        second = both.enter_context(process(folder, executors[1], "look"))
        found = begun(folder, 2, within_s)
        assert first.poll() is None
        return found, [first.pid, second.pid]


def test_a_second_process_of_the_default_executor_id_lets_a_running_job_run_twice(tmp_path: Path) -> None:
    found, both = two(tmp_path, ("default", "default"), PATIENCE_S)
    assert len(found) == 2  # the second time in either process: the first, which lives, may take it up once more
    assert set(found) <= set(both)


def test_a_process_with_an_executor_id_of_its_own_leaves_the_job_of_another_alone(tmp_path: Path) -> None:
    found, both = two(tmp_path, ("one", "other"), 3.0)
    assert found == both[:1]


def test_a_job_of_an_executor_that_died_waits_for_one_of_the_same_id(tmp_path: Path) -> None:
    with process(tmp_path, "one", "begin") as first:
        assert begun(tmp_path, 1, PATIENCE_S) == [first.pid]
    with process(tmp_path, "other", "look"):
        assert begun(tmp_path, 2, 3.0) == [first.pid]
    with process(tmp_path, "one", "look") as again:
        assert begun(tmp_path, 2, PATIENCE_S) == [first.pid, again.pid]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("from dbos import Queue; Queue('jobs')", "cannot be constructed directly"),
        (
            "from dbos import DBOS; DBOS(config={'name': 'gigawatt', 'system_database_url': 'sqlite://'});"
            "DBOS.register_queue('jobs')",
            "before DBOS was launched",
        ),
    ],
)
def test_a_queue_is_registered_after_launch_and_in_no_other_way(code: str, told: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert told in done.stderr
