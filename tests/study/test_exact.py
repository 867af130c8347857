"""Settings of a user's xarray and linopy are as they were after a question, answered or not, and after a batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import linopy
import pytest
import xarray as xr

import gigawatt
from gigawatt import exact
from gigawatt.errors import Infeasible, ScenarioError
from gigawatt.plan import plan
from gigawatt.scenario.load import load
from gigawatt.study.futures.batches import PlannedCase, live
from gigawatt.study.futures.draws import Future

pytestmark = pytest.mark.as_found
BRIEF = {"horizon.report_end": "2027Q1", "horizon.end": "2027Q2"}


@pytest.fixture(autouse=True)
def as_found() -> Iterator[None]:
    with xr.set_options(arithmetic_join="left", keep_attrs=True):
        yield
        found = xr.get_options()
        assert (found["arithmetic_join"], found["keep_attrs"]) == ("left", True)
        assert linopy.options["semantics"] == "legacy"


def test_a_run() -> None:
    seen = []
    gigawatt.run("one-campus", BRIEF, progress=lambda _: seen.append(xr.get_options()["arithmetic_join"]))
    assert set(seen) == {"exact"}


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"programme.target": "50 MWh"}, ScenarioError),
        ({"use_cases.assistant.hard": True, "sites.example-campus.ramp": "2 MW"}, Infeasible),
    ],
)
def test_a_run_without_an_answer(over: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        gigawatt.run("one-campus", BRIEF | over)


def test_a_batch_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker has nobody around it who holds them; it does so once, for the whole batch."""
    scenario = load("one-campus", BRIEF)
    case = PlannedCase(scenario=scenario, plan=plan.make(scenario, with_worth=False))
    held: list[Any] = []
    hold = exact._hold
    monkeypatch.setattr(exact, "_hold", lambda back: (held.append(back), hold(back)))
    live(case, [Future(number=number, value={}, course={}) for number in range(2)])
    assert len(held) == 1
