"""A value that leaves its plausible range is a note in the answer of every verb, and so is a plan beyond its limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.catalog.load import get
from gigawatt.plan.plan import Plan
from gigawatt.plan.verify import verify
from gigawatt.report.documents.simulation import simulated
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.study import implausible, verbs
from gigawatt.study.allocation.problem import opened
from gigawatt.study.allocation.question import AllocationQuestion
from gigawatt.study.answer import plain
from gigawatt.study.check.answer import outline
from gigawatt.study.futures import hedging, sweep
from gigawatt.study.futures.batches import PlannedCase
from gigawatt.study.futures.question import HedgeQuestion
from gigawatt.study.job import Job
from gigawatt.study.run.answer import answer_of
from gigawatt.study.run.notes import unlawful
from gigawatt.study.run.stages import run
from gigawatt.study.sources.answer import rests_on

PATH = "operations.yearly_opex_facility"
ODD = {PATH: "40 USD/W"}
BRIEF = {"horizon.report_end": "2027Q2", "horizon.end": "2027Q4"}
TEXT = f"{PATH} = 40 billion USD/GW: outside the plausible 0.01 USD/W to 5 USD/W, and taken as it stands."


def told(notes: Iterable[Mapping[str, Any]]) -> list[str]:
    return [note["text"] for note in notes if note["code"] == "implausible"]


@pytest.fixture(scope="module")
def odd() -> Scenario:
    return load("one-campus", ODD | BRIEF)


def test_check_and_sources_say_so(odd: Scenario) -> None:
    """reports 9."""
    assert (
        told(asdict(note) for note in outline(odd).head.notes)
        == told(asdict(note) for note in rests_on(odd).head.notes)
        == [TEXT]
    )


@pytest.mark.slow
def test_run_says_so_and_simulate_of_its_result_too(odd: Scenario, tmp_path: Path) -> None:
    """reports 9: the run's own, and what a simulation of its result changes."""
    found = run(odd)
    assert told(plain(answer_of(found))["notes"]) == [TEXT]
    found.save(tmp_path / "r")
    again = verbs.ask("simulate", str(tmp_path / "r"), set={"operations.idle_draw": "30 %"})
    assert told(plain(again)["notes"]) == [TEXT]
    assert TEXT in [note.text for note in simulated(again.result)]
    more = verbs.ask("simulate", str(tmp_path / "r"), set={"operations.package_failures": "0.01 /h"})
    assert [text.partition(" = ")[0] for text in told(plain(more)["notes"])] == [
        PATH,
        "operations.package_failures",
    ]


def test_sweep_and_compare_say_so(odd: Scenario, campus: Scenario, campus_plan: Plan) -> None:
    """reports 9: of the one plan, or with the name of the strategy."""
    values = replace(campus, implausible=odd.implausible)
    one = sweep.notes(campus, {"one-campus": PlannedCase(scenario=values, plan=campus_plan)})
    assert told(asdict(note) for note in one) == [TEXT]
    several = {
        "plain": PlannedCase(scenario=campus, plan=campus_plan),
        "odd": PlannedCase(scenario=values, plan=campus_plan),
    }
    assert told(asdict(note) for note in sweep.notes(campus, several)) == [f"odd: {TEXT}"]


def test_allocate_says_so(odd: Scenario) -> None:
    """reports 9: of a scenario, and of an allocation that stands alone."""
    assert told(asdict(note) for note in opened(AllocationQuestion(scenario="one-campus", set=ODD)).notes) == [TEXT]
    assert odd.implausible[0].path == PATH
    alone = {"allocation.capacity": "100 kW"}
    question = AllocationQuestion(scenario="six-classes", set=alone)
    assert told(asdict(note) for note in opened(question).notes) == [
        "allocation.capacity = 100 kW: outside the plausible 1 MW to 1 TW, and taken as it stands."
    ]
    meant = AllocationQuestion(scenario="six-classes", set=alone | {"implausible": ["allocation"]})
    assert told(asdict(note) for note in opened(meant).notes) == []
    assert opened(meant).hash == opened(question).hash


def test_flywheel_says_so() -> None:
    """reports 9."""
    found = verbs.flywheel(backtest=True, set={"flywheel.compute_cost": "1 thousand USD/W"})
    assert [note.path for note in found.head.notes if note.code == "implausible"] == ["flywheel.compute_cost"]


def test_predictions_name_records_of_the_catalog() -> None:
    """reports 9: where there is no scenario, the values of the parts that were asked about."""
    part = replace(get("accelerators", "gb300-nvl72"), rack_price_usd=3.7)
    found = implausible.of_catalog(accelerators=part, models=get("models", "llama-3.1-8b"))
    assert [note.path for note in found] == ["catalog.accelerators.gb300-nvl72.rack_price"]
    assert "3.7 USD: outside the plausible 20 thousand USD" in found[0].text


@pytest.mark.slow
def test_hedge_says_so(odd: Scenario) -> None:
    """reports 9."""
    found = hedging.hedging(odd, HedgeQuestion(futures_count=2, decided_count=2), Job())
    assert told(asdict(note) for note in found.head.notes) == [TEXT]


class TestPlanBeyondItsLimits:
    def test_is_named_with_the_limits(self, campus: Scenario, campus_plan: Plan) -> None:
        """faults K9: `plan_feasible: false` is a note everywhere."""
        assert unlawful(campus, campus_plan) == []
        beyond = replace(campus_plan, data=campus_plan.data.assign(debt_usd=campus_plan.data.debt_usd + 4e9))
        (note,) = unlawful(campus, beyond)
        assert note.code == "plan_not_feasible"
        assert "limit of debt in " in note.text
        case = PlannedCase(scenario=campus, plan=beyond)
        assert note in sweep.notes(campus, {"one-campus": case})

    def test_is_one_whose_figures_are_no_numbers(self, campus: Scenario, campus_plan: Plan) -> None:
        cash = campus_plan.data.cash_usd.copy()
        cash[3] = np.nan
        beyond = replace(campus_plan, data=campus_plan.data.assign(cash_usd=cash))
        assert "minimum cash" in {one.limit for one in verify(campus, beyond)}
