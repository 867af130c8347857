"""Every question holds exact arrays from first to last, leaves settings as it found them, and prints nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import linopy
import pytest
import xarray as xr

from gigawatt.errors import Infeasible, ScenarioError
from gigawatt.plan import exact, plan
from gigawatt.report import folder, uncertainty
from gigawatt.scenario.load import load, loads
from gigawatt.scenario.strategy import load_strategies
from gigawatt.study import claims
from gigawatt.study.allocation import AllocationQuestion, allocate
from gigawatt.study.check import outline
from gigawatt.study.flywheel.answer import figures
from gigawatt.study.futures import compare, hedging, sweep
from gigawatt.study.futures.batches import PlannedCase, live
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.question import Asking
from gigawatt.study.run import run
from gigawatt.study.simulation.question import SimulationQuestion
from gigawatt.study.simulation.simulation import simulate_result

pytestmark = pytest.mark.as_found
BRIEF = {"horizon.report_end": "2027Q1", "horizon.end": "2027Q2"}
FEW = Asking(futures_count=2, workers_count=1, vary=("demand",))
WHEEL = """
name = "campus-that-turns"
extends = "one-campus"
[flywheel]
grade = "assumed"
history = "openai"
users_odds = 2.653
user_tokens = 1.079
token_price = 1.0
research_elasticity = 1.0
capital_per_revenue = 7.6
algorithmic_progress = "200 %/year"
hardware_progress = "34 %/year"
compute_cost = "38 USD/W"
people = 5.5e9
research_before = "1e26 FLOP"
"""

Watch = Callable[[], int]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Settings of a user, and how often they were set aside; afterwards they are there again."""
    count = 0
    hold = exact._hold

    def counted(back: Any) -> None:
        nonlocal count
        count += 1
        hold(back)

    monkeypatch.setattr(exact, "_hold", counted)
    with xr.set_options(arithmetic_join="left", keep_attrs=True):
        yield lambda: count
        found = xr.get_options()
        assert (found["arithmetic_join"], found["keep_attrs"]) == ("left", True)
        assert linopy.options["semantics"] == "legacy"


def turned() -> Any:
    return figures(loads(WHEEL), only_backtest=True)


def lived() -> Any:
    scenario = load("one-campus", BRIEF)
    with exact.exact():
        case = PlannedCase(scenario=scenario, plan=plan.make(scenario, with_worth=False))
    return live(case, [Future(number=0, value={}, course={})])


QUESTIONS: dict[str, Callable[[], Any]] = {
    "run": lambda: run("one-campus", BRIEF),
    "simulate": lambda: simulate_result(SimulationQuestion(source="one-campus", overrides=BRIEF)),
    "check": lambda: outline(load("one-campus")),
    "allocate": lambda: allocate(AllocationQuestion(source="one-campus", capacity="30 MW")),
    "flywheel": turned,
    "claims": lambda: claims.claims(["weekly_users_power"]),
    "plan": lambda: plan.make(load("one-campus", BRIEF), with_worth=False),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_holds_its_settings_once_from_first_to_last(name: str, watch: Watch) -> None:
    QUESTIONS[name]()
    assert watch() == 1


def test_a_worker_holds_them_too(watch: Watch) -> None:
    lived()
    assert watch() == 2  # once around the plan, once for the futures


def test_a_sweep_and_its_report(watch: Watch, tmp_path: Path) -> None:
    found = sweep.sweep(load("one-campus", BRIEF), FEW)
    assert watch() == 1
    told, before = sweep.summary(found), watch()
    uncertainty.write_sweep(found, told, tmp_path)
    assert watch() == before + 1


def test_a_comparison_and_its_report(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text('[programme]\ntarget = "60 MW"\n')
    strategies = load_strategies([str(tmp_path / "small.toml")], "one-campus", BRIEF)
    found = compare.compare(load("one-campus", BRIEF), strategies, FEW)
    assert watch() == 1
    told, before = compare.summary(found), watch()
    uncertainty.write_comparison(found, told, tmp_path)
    assert watch() == before + 1


def test_a_report_of_a_run(watch: Watch, tmp_path: Path) -> None:
    found = run("one-campus", BRIEF)
    folder.write(found, tmp_path / "run")
    assert watch() == 2


def test_a_hedge_that_cannot_be_asked_for(watch: Watch) -> None:
    with pytest.raises(ScenarioError, match="--futures = 1"):
        hedging.answer(load("one-campus", BRIEF), futures_count=1, decided_count=2)
    assert watch() == 1


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"programme.target": "50 MWh"}, ScenarioError),
        ({"use_cases.assistant.hard": True, "sites.example-campus.ramp": "2 MW"}, Infeasible),
    ],
)
def test_a_question_without_an_answer_puts_them_back(over: dict[str, Any], error: type, watch: Watch) -> None:
    with pytest.raises(error):
        run("one-campus", BRIEF | over)
    assert watch() == 1


def test_a_question_says_nothing_on_standard_output() -> None:
    """In a process of its own: HiGHS writes its banner once in each."""
    code = f"import gigawatt; gigawatt.run('one-campus', {BRIEF})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
