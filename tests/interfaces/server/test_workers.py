"""Worker processes: they say what a verb answers, never hold anybody up for ever, and end with their server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gigawatt.errors import CatalogError, Conflict, Fault, Infeasible, SolverFailure
from gigawatt.interfaces.server import performing, workers
from gigawatt.interfaces.server.asked import Refused, Reply, WorkOrder
from gigawatt.interfaces.server.workers import Workers
from gigawatt.study.job import Cancelled

# pytest's importlib mode puts no folder of tests on the path.
sys.path.insert(0, str(Path(__file__).parent))
from odd_server import is_gone, path, waited

SHORT = WorkOrder(verb="schema", values={"of": "strategy"})


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    """One worker, which does what an order says."""
    monkeypatch.setattr(workers, "MODULE", "odd_worker")
    monkeypatch.setenv("PYTHONPATH", path())
    crew = Workers(1, short_s=20.0)
    yield crew
    crew.close()


def order(**values: object) -> WorkOrder:
    return WorkOrder(verb="check", values=values)  # type: ignore[arg-type]


def pid(crew: Workers) -> int:
    (worker,) = crew._living
    return worker.pid


def test_a_worker_replies_what_the_verb_answers_here() -> None:
    crew = Workers(1)
    try:
        reply = crew.ask(SHORT)
        bad = crew.ask(WorkOrder(verb="check", values={"scenario": "nowhere"}))
    finally:
        crew.close()
    assert reply == performing.perform(SHORT)
    assert reply.code == 0
    assert "properties" in json.loads(reply.body)
    assert bad.code == 2
    assert json.loads(bad.body)["error"]["kind"] == "ScenarioError"


def test_one_process_stays_for_order_after_order(odd: Workers) -> None:
    assert odd.ask(order()).code == 0
    first = pid(odd)
    assert odd.ask(order()).code == 0
    assert pid(odd) == first


@pytest.mark.parametrize("limit", ["MOST_ORDERS", "MOST_MEMORY_BYTES"])
def test_a_worker_that_did_or_holds_much_makes_way(odd: Workers, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(workers, limit, 1)
    odd.ask(order())
    assert not odd._living
    assert odd.ask(order()).code == 0


def test_a_worker_that_nobody_needs_ends_and_another_comes(odd: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    odd.ask(order())
    first = pid(odd)
    odd.rest()
    assert pid(odd) == first
    monkeypatch.setattr(workers, "IDLE_S", 0.0)
    odd.rest()
    assert is_gone(first)
    assert odd.ask(order()).code == 0


def test_a_worker_that_was_killed_while_nobody_asked_is_not_missed(odd: Workers) -> None:
    odd.ask(order())
    os.kill(pid(odd), signal.SIGKILL)
    time.sleep(0.1)
    assert odd.ask(order()).code == 0


def test_a_worker_that_is_killed_at_work_is_told_in_a_sentence(odd: Workers) -> None:
    reply = odd.ask(order(odd="die"))
    (item,) = json.loads(reply.body)["error"]["items"]
    assert (reply.code, item["path"], item["given"]) == (74, "workers", "killed by SIGKILL")
    assert odd.ask(order()).code == 0


def test_what_takes_too_long_is_ended_and_the_next_is_answered(odd: Workers) -> None:
    odd.ask(order())
    deaf = pid(odd)
    odd._short_s = 0.3
    with pytest.raises(Refused, match=r"more than 0\.3 s") as caught:
        odd.ask(order(odd="deaf"))
    assert caught.value.why == "limit"
    assert is_gone(deaf)
    odd._short_s = 20.0
    assert odd.ask(order()).code == 0


def test_who_finds_no_worker_free_is_told_so(odd: Workers, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    replies: list[Reply] = []
    first = threading.Thread(target=lambda: replies.append(odd.ask(order(gate=str(gate)))))
    first.start()
    while not odd._living:
        time.sleep(0.01)
    odd._short_s = 0.2
    with pytest.raises(Refused) as caught:
        odd.ask(order())
    gate.touch()
    first.join()
    assert caught.value.why == "busy"
    assert [reply.code for reply in replies] == [0]


@pytest.mark.parametrize("doing", [{}, {"odd": "deaf"}])
def test_workers_end_with_a_server_that_is_killed(tmp_path: Path, doing: dict[str, str]) -> None:
    code = (
        "import sys, json; from gigawatt.interfaces.server import workers; workers.MODULE = 'odd_worker'\n"
        "from gigawatt.interfaces.server.asked import WorkOrder\n"
        "crew = workers.Workers(1, short_s=60.0)\n"
        "crew.ask(WorkOrder(verb='check', values={})); print(*[one.pid for one in crew._living], flush=True)\n"
        "values = json.loads(sys.argv[1])\n"
        "crew.ask(WorkOrder(verb='check', values=values)) if values else sys.stdin.read()\n"
    )
    environment = {**os.environ, "PYTHONPATH": path()}
    command = [sys.executable, "-c", code, json.dumps(doing)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=tmp_path, **pipes) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        assert not is_gone(worker)
        server.kill()
    waited(lambda: is_gone(worker))


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (CatalogError([Fault(path="file", given="nothing", expected="a file")]), 2, "CatalogError"),
        (Infeasible([Conflict(limit="debt", period="", site="", short_by=float("nan"), unit="USD")]), 3, "Infeasible"),
        (SolverFailure("unknown"), 70, "SolverFailure"),
        (OSError(28, "no space", "/full"), 74, "MachineFault"),
        (MemoryError(), 74, "MachineFault"),
        (Cancelled(), 130, "Cancelled"),
        (ZeroDivisionError("of ours"), 1, "Bug"),
    ],
)
def test_every_error_is_a_reply(
    error: Exception, code: int, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> Reply:
        raise error

    monkeypatch.setattr(performing, "_performed", fails)
    reply = performing.perform(SHORT)
    told = json.loads(reply.body, parse_constant=pytest.fail)["error"]
    assert (reply.code, told["kind"]) == (code, kind)
    assert told["items"]
    assert "of ours" not in reply.body.decode()
    assert ("of ours" in capsys.readouterr().err) == (kind == "Bug")


def test_a_kept_answer_stands_in_its_folder_with_its_report(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    found = performing.perform(WorkOrder(verb="sources", values={"scenario": "one-campus"}, folder=str(folder)))
    answer = json.loads((folder / performing.ANSWER).read_bytes())
    assert found.code == 0
    assert answer == json.loads(found.body)
    assert answer["files"]
    assert all((folder / place).exists() and not Path(place).is_absolute() for place in answer["files"].values())


def test_a_bar_that_is_missed_is_a_code_beside_the_answer() -> None:
    found = performing.perform(WorkOrder(verb="validate facility", values={"max_mape": "0.001%"}))
    assert found.code == 4
    assert "mape_frac" in json.loads(found.body)


def test_a_worker_stands_by_once_somebody_is_expected(odd: Workers) -> None:
    assert odd.count == 0
    odd.ready()
    first = set(odd._living)
    assert odd.count == 1
    odd.ready()
    assert set(odd._living) == first


def test_a_machine_that_once_begins_no_process_costs_no_worker(odd: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise BlockingIOError("no more processes")

    with monkeypatch.context() as patch:
        patch.setattr(workers, "Worker", full)
        for _ in range(3):
            with pytest.raises(BlockingIOError):
                odd.ready()
    odd.ready()
    assert odd.count == 1


def test_a_job_gives_way_to_what_takes_a_moment(odd: Workers, tmp_path: Path) -> None:
    gate, seen = tmp_path / "gate", []

    def look(words: str, share_frac: float | None) -> None:
        del words, share_frac
        seen.extend(os.getpriority(os.PRIO_PROCESS, one._process.pid) for one in odd._living)
        gate.touch()

    odd.perform(order(gate=str(gate)), look, lambda: False)
    assert min(seen) == min(os.getpriority(os.PRIO_PROCESS, 0) + workers.JOB_NICENESS, 19)
