"""Workers that are lost: their batches are lived through by others, or the one that loses them is named."""

from __future__ import annotations

import os
import pickle
import signal
from multiprocessing import active_children

import pytest
import xarray as xr

from gigawatt.errors import Conflict, Fault, Infeasible, InputError, ScenarioError, SolverFailure
from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Scenario
from gigawatt.study.futures import batches, store
from gigawatt.study.futures.batches import Group, PlannedCase
from gigawatt.study.futures.draws import Future, drawing
from gigawatt.study.job import Job

COUNT = 4


class Deadly:
    """What ends the process that unpacks it, as if it were killed."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (9,)


@pytest.fixture(scope="module")
def cases(brief: Scenario, brief_plan: Plan) -> dict[str, PlannedCase]:
    return {"a": PlannedCase(scenario=brief, plan=brief_plan)}


def group(brief: Scenario, deadly: int | None = None) -> Group:
    future = drawing(brief, brief.asked.seed)

    def drawn(number: int) -> Future:
        return future(number) if number != deadly else Future(number=number, value={"demand": Deadly()}, course={})  # type: ignore[dict-item]

    return Group(name="draws", case="a", numbers=range(COUNT), future=drawn)


def test_a_worker_that_is_killed_changes_nothing(
    brief: Scenario, cases: dict[str, PlannedCase], alone: xr.Dataset
) -> None:
    """faults K2: the batch is done again by another worker, and what was kept is kept."""
    found: list[xr.Dataset] = []
    said: list[str] = []
    killed: list[int] = []

    def keep(_: str, table: xr.Dataset) -> None:
        found.append(table)
        if not killed:
            killed.extend(child.pid for child in active_children() if child.pid)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    batches.run(cases, [group(brief)], keep, Job(progress=lambda words, _: said.append(words)), 2)
    assert len(killed) == 2
    assert sum("a worker was lost" in text for text in said) >= 1
    assert sorted(int(table.draw.values[0]) for table in found) == list(range(COUNT))
    assert store.digest({"draws": store.joined(found)}) == store.digest({"draws": alone})
    assert not active_children()


@pytest.mark.slow
def test_a_batch_that_loses_every_worker_is_named(brief: Scenario, cases: dict[str, PlannedCase]) -> None:
    """faults K2: a bounded number of tries, then one clear fault; every other batch was handed over."""
    found: list[int] = []
    with pytest.raises(ChildProcessError, match="futures 2 to 2 of draws lost 3 workers each"):
        batches.run(
            cases,
            [group(brief, deadly=2)],
            lambda _, table: found.extend(table.draw.values.tolist()),
            Job(),
            2,
        )
    assert sorted(found) == [0, 1, 3]
    assert not active_children()


def test_what_a_worker_raises_is_raised_here(cases: dict[str, PlannedCase]) -> None:
    future = Future(number=0, value={}, course={})
    broken = Group(name="draws", case="b", numbers=range(1), future=lambda _: future)
    with pytest.raises(KeyError, match="b") as caught:
        batches.run(cases, [broken], lambda *_: None, Job(), 2)
    assert "Traceback" in "".join(caught.value.__notes__)
    assert not active_children()


@pytest.mark.parametrize(
    "error",
    [
        ScenarioError([Fault(path="a", given="1", expected="2"), Fault(path="b", given="3", expected="4")]),
        Infeasible([Conflict(limit="supply", period="2026Q3", site="", short_by=2.0, unit="racks")]),
        SolverFailure("unbounded"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_we_raise_crosses_from_a_worker_whole(error: Exception) -> None:
    """faults K7: an exception of ours that comes from a process says there what it says here."""
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)
    assert not isinstance(error, InputError) or back.faults == error.faults
