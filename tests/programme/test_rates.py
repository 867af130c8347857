"""What a platform cannot do is noted and planned around; what no platform can do is the scenario's fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

import gigawatt as gw
from gigawatt import tokens
from gigawatt.errors import ScenarioError
from gigawatt.programme.arrays import arrays
from gigawatt.programme.rates import flops, rack_rates
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


@pytest.mark.parametrize(("replica", "works"), [(16, 64), (64, 64), (18, 72), (72, 72), (128, 64)])
def test_a_rack_counts_the_packages_that_whole_replicas_fill(
    replica: int, works: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four replicas of 16 in a domain of 72 leave 8 packages idle."""
    scenario = load("one-campus")
    served = _stated(monkeypatch, replica)
    rates, notes = rack_rates(scenario)
    assert scenario.records.accelerators["gb300"].packages_per_rack_count == 72
    assert rates["use_cases"][0] == pytest.approx([one.tokens_per_s * works for one in served[::2]])
    said = [line for line in notes["idle"] if line.startswith("gb300")]
    assert len(said) == (works < 72)
    assert all(f"{72 - works} of every 72" in line or "16 of every 144" in line for line in said)
    assert all(line.endswith(", ".join(use.title for use in scenario.asked.use_cases.values())) for line in said)


def test_what_stands_idle_goes_with_the_inputs_of_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    _stated(monkeypatch, 16)
    said = arrays(load("one-campus", SHORT)).attrs["idle"].splitlines()
    assert len(said) == 2
    assert all("leaves 8 of every 72 packages in scale-up domains idle" in line for line in said)


def _stated(monkeypatch: pytest.MonkeyPatch, replica: int) -> list[tokens.Serving]:
    """Every class is served by replicas of so many packages, whatever the search finds."""
    found: list[tokens.Serving] = []
    layout = tokens.ServingLayout(tensor_count=1, data_count=replica, expert_count=replica, pipeline_count=1)

    serve_each = tokens.serve_each

    def stated(cases: list[tokens.ServingCase]) -> list[tokens.Serving]:
        each = [one for one in serve_each(cases) if isinstance(one, tokens.Serving)]
        found.extend(replace(one, layout=layout) for one in each)
        return found

    monkeypatch.setattr(tokens, "serve_each", stated)
    return found


@pytest.fixture(scope="module")
def research() -> Scenario:
    """The runs and experiments of a scenario that has some, on one platform."""
    scenario = load("loi-2025-09")
    asked = scenario.asked
    return replace(scenario, asked=replace(asked, platforms={"gb300": asked.platforms["gb300"]}))


def rates(scenario: Scenario, frac: float, growth: float = 0.0) -> tuple[float, float]:
    """Useful operations per second of a rack in the first run and in experiments.

    Runs have such a share of steps, and more the larger they are.
    """
    share = {"explained_frac": frac, "growth_ratio": growth, "middle_package_hours_count": 1e6}
    ends = {"least_package_hours_count": 1e5, "most_package_hours_count": 1e7}
    records = replace(scenario.records, runs=replace(scenario.records.runs, **share | ends))
    asked = scenario.asked
    works = [dict([next(iter(group.items()))]) for group in (asked.training_runs, asked.experiments)]
    found = [next(iter(flops(replace(scenario, records=records), work).values())) for work in works]
    assert all(isinstance(rate, float) for rate in found)
    return found[0], found[1]  # type: ignore[return-value]


def test_useful_operations_carry_the_share_of_whole_runs(research: Scenario) -> None:
    """What a run spends beside its steps is no progress."""
    assert rates(research, 0.5) == pytest.approx([rate / 2 for rate in rates(research, 1.0)])


def test_runs_are_as_large_as_they_are_and_experiments_of_the_middle_size(research: Scenario) -> None:
    (run, experiment), (grown, same) = rates(research, 0.5), rates(research, 0.5, 0.1)
    assert same == pytest.approx(experiment)
    # A frontier run is larger than any that was published.
    assert grown == pytest.approx(run * 10**0.1)


def test_the_planner_counts_the_share_that_a_prediction_tells(research: Scenario) -> None:
    run = next(iter(research.asked.training_runs.values()))
    found = verbs.ask(
        "predict training",
        model=run.model,
        gpu=research.records.accelerators["gb300"].id,
        gpus=run.largest_gang_count,
        precision=run.precision,
        budget=f"{run.volume_flop} FLOP",
    ).run
    (rate,) = flops(research, {"run": run}).values()
    assert rate / rates(research, 1.0)[0] == pytest.approx(found.run_share_frac)


WAY = {"use_cases.assistant.serving": "disaggregated", "use_cases.assistant.draft": 2}


def test_two_pools_and_drafts_are_planned_on_and_what_they_bring_is_noted() -> None:
    plain, _ = rack_rates(load("one-campus"))
    rates, notes = rack_rates(load("one-campus", WAY))
    assert rates["use_cases"][0, 0] > plain["use_cases"][0, 0]
    assert rates["use_cases"][0, 1] == plain["use_cases"][0, 1]
    (said,) = (line for line in notes["serving"] if line.startswith("gb300"))
    gain = rates["use_cases"][0, 0] / plain["use_cases"][0, 0] - 1
    assert said.endswith(f"{gain:.0%} more tokens than replicas that read and write without drafts")
    assert "2 tokens drafted a step" in said
    assert said in arrays(load("one-campus", WAY)).attrs["serving"]


def test_the_best_way_is_no_worse_than_either() -> None:
    ways = ("aggregated", "disaggregated", "best")
    rates = [rack_rates(load("one-campus", {"use_cases.documents.serving": way}))[0]["use_cases"] for way in ways]
    assert (rates[2] >= rates[0]).all()
    assert (rates[2] >= rates[1]).all()


def test_nothing_is_said_of_a_way_that_nobody_asks_for() -> None:
    assert rack_rates(load("one-campus"))[1]["serving"] == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"use_cases.assistant.serving": "both"}, "use_cases.assistant.serving"),
        ({"use_cases.assistant.draft": -1}, "use_cases.assistant.draft"),
        ({"use_cases.assistant.draft": 65}, "use_cases.assistant.draft"),
        ({"use_cases.assistant.draft": "two"}, "use_cases.assistant.draft"),
    ],
)
def test_a_way_that_there_is_not_is_refused_with_its_path(change: dict[str, object], path: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", change)
    assert [fault.path for fault in caught.value.faults] == [path]
