"""What a platform cannot do is noted and planned around; what no platform can do is the scenario's fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

import gigawatt as gw
from gigawatt.errors import ScenarioError
from gigawatt.plan.throughput import rack_rates
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.study import verbs

SHORT = {"horizon.report_end": "2027Q1", "horizon.end": "2027Q2"}
HOPPER = {"accelerator": "h100", "pool": "blackwell", "price_change": "0 %/year", "price_base": "2026Q3"}


def test_a_part_without_the_precision_serves_nothing_and_that_is_noted() -> None:
    result = gw.run("one-campus", SHORT | {"platforms.hopper": HOPPER})
    assert float(result.plan.inputs.rack_tokens_per_s.sel(platform="hopper").sum()) == 0
    assert float(result.plan.data.install_count.sel(platform="hopper").sum()) == 0
    said = [note.text for note in result.notes if note.code == "unable"]
    assert len(said) == 2
    assert all("hopper" in text and "fp4" in text for text in said)


def test_work_that_no_platform_can_do_is_named_with_its_path() -> None:
    with pytest.raises(ScenarioError) as caught:
        rack_rates(load("one-campus", {"use_cases.assistant.tpot": "0.01 ms", "use_cases.documents.tpot": "0.01 ms"}))
    paths = [fault.path for fault in caught.value.faults]
    assert paths == ["use_cases.assistant.tpot", "use_cases.documents.tpot"]
    assert "ms or more" in caught.value.faults[0].expected


def of_share(scenario: Scenario, frac: float, growth: float = 0.0) -> Scenario:
    """A scenario whose runs have such a share of steps, and more the larger they are."""
    runs = replace(
        scenario.records.runs,
        explained_frac=frac,
        growth_ratio=growth,
        middle_package_hours_count=1e6,
        least_package_hours_count=1e5,
        most_package_hours_count=1e7,
    )
    return replace(scenario, records=replace(scenario.records, runs=runs))


@pytest.mark.parametrize("group", ["training_runs", "experiments"])
def test_useful_operations_carry_the_share_of_whole_runs(group: str) -> None:
    """The same as `predict training`: what a run spends beside its steps is no progress."""
    scenario = load("loi-2025-09")
    bare, half = (rack_rates(of_share(scenario, frac))[0][group] for frac in (1.0, 0.5))
    assert half.size
    assert half == pytest.approx(bare / 2)


def test_runs_are_as_large_as_they_are_and_experiments_of_the_middle_size() -> None:
    scenario = load("loi-2025-09")
    (plain, _), (grown, _) = rack_rates(of_share(scenario, 0.5)), rack_rates(of_share(scenario, 0.5, 0.1))
    assert grown["experiments"] == pytest.approx(plain["experiments"])
    # All frontier runs are larger than any that was published.
    assert grown["training_runs"] == pytest.approx(plain["training_runs"] * 10**0.1)


def test_the_planner_counts_the_share_that_a_prediction_tells() -> None:
    scenario = load("loi-2025-09")
    run = next(iter(scenario.asked.training_runs.values()))
    part = scenario.records.accelerators["gb300"]
    found = verbs.ask(
        "predict training",
        model=run.model,
        gpu=part.id,
        gpus=run.largest_gang_count,
        precision=run.precision,
        budget=f"{run.volume_flop} FLOP",
    ).run
    with_share, without = (rack_rates(one)[0]["training_runs"] for one in (scenario, of_share(scenario, 1.0)))
    place = list(scenario.asked.platforms).index("gb300")
    assert with_share[place, 0] / without[place, 0] == pytest.approx(found.run_share_frac)
