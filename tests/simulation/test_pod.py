"""Requests on pods against the fluid of the fleet: what they serve, what waits, and what they are offered."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from trials import half_width

from gigawatt.programme import rates
from gigawatt.scenario.load import load
from gigawatt.simulation import pod
from gigawatt.simulation.pod import PodRun, PodTraffic, ServingUnit
from gigawatt.simulation.waits import traffic_of

LOADS = (0.5, 0.8, 0.95)
AIMED_COUNT = 50_000
PLACE = ("assistant", "gb300")


@cache
def steady(preset: str, **changes: str) -> dict[tuple[str, str], rates.Steady]:
    return rates.steady(load(preset, {key.replace("__", "."): value for key, value in changes.items()}))


def served(
    preset: str, place: tuple[str, str], load_frac: float, count: int = 8, **changes: str
) -> tuple[ServingUnit, PodTraffic, list[PodRun]]:
    """A class on a platform, and replications of a pod of it."""
    scenario = load(preset)
    one = steady(preset, **changes)[place]
    unit, traffic = pod.unit(one.case, one.way), traffic_of(scenario, scenario.asked.use_cases[place[0]])
    runs = pod.replications(unit, traffic, load_frac, seed=1, key=(5,), aimed_count=AIMED_COUNT, count=count)
    return unit, traffic, list(runs)


def of_full(unit: ServingUnit, traffic: PodTraffic, load_frac: float, tokens_per_s: float) -> float:
    """Tokens per second of a pod over those of its steady state at the largest batch."""
    return tokens_per_s / (
        pod.pod_of(unit, load_frac, aimed_count=AIMED_COUNT)[1] * unit.most_per_s * traffic.output_tokens
    )


def assert_agrees(unit: ServingUnit, traffic: PodTraffic, load_frac: float, runs: list[PodRun], within: float) -> None:
    """What pods serve is what the fluid serves, and what they are asked for, each within its 99.9 % interval."""
    found = [of_full(unit, traffic, load_frac, run.served_tokens_per_s) for run in runs]
    asked = [of_full(unit, traffic, load_frac, run.offered_tokens_per_s) for run in runs]
    short = [one - other for one, other in zip(found, asked, strict=True)]
    width = half_width(found)
    told = f"served {np.mean(found):.4f} ± {width:.4f}, asked {np.mean(asked):.4f}, fluid {load_frac}"
    assert width < within, told
    assert abs(np.mean(found) - load_frac) < width, told
    assert abs(np.mean(short)) < max(half_width(short), 1e-3), told


@pytest.mark.parametrize("load_frac", LOADS)
def test_pods_serve_what_the_fluid_serves(load_frac: float) -> None:
    unit, traffic, runs = served("one-campus", PLACE, load_frac, count=20)
    assert_agrees(unit, traffic, load_frac, runs, within=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("load_frac", LOADS)
@pytest.mark.parametrize("use_case", ["chat", "api_agents", "reasoning", "media", "enterprise", "life_science"])
def test_every_class_of_the_letter_agrees(use_case: str, load_frac: float) -> None:
    """Bursts of some classes, as their preset states them, make the interval wider."""
    unit, traffic, runs = served("loi-2025-09", (use_case, "gb300"), load_frac, count=20)
    assert_agrees(unit, traffic, load_frac, runs, within=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("load_frac", LOADS)
def test_two_pools_agree_as_well(load_frac: float) -> None:
    unit, traffic, runs = served(
        "one-campus", ("documents", "gb300"), load_frac, use_cases__documents__serving="disaggregated"
    )
    assert_agrees(unit, traffic, load_frac, runs, within=0.05)


def test_beyond_capacity_pods_serve_the_steady_state_and_waits_grow() -> None:
    unit, traffic, runs = served("one-campus", PLACE, 1.3, count=4)
    _, units = pod.pod_of(unit, 1.3, aimed_count=AIMED_COUNT)
    found = [of_full(unit, traffic, 1.3, run.served_tokens_per_s) for run in runs]
    assert np.mean(found) == pytest.approx(1.0, rel=0.03)
    for run in runs:
        assert of_full(unit, traffic, 1.3, run.offered_tokens_per_s) > 1.2
        assert run.under_way_count > 2 * units * unit.batch_count[-1]
        assert run.ttft_s[1] > unit.stay_s(1.0)
        assert run.goodput_frac < 0.9
    _, _, (calm,) = served("one-campus", PLACE, 0.5, count=1)
    assert calm.waiting_count < 1 < 100 < runs[0].waiting_count


def test_what_is_under_way_at_the_end_counts() -> None:
    """Requests that count are those that arrive in their time, all of them, however long they wait."""
    unit, _, runs = served("one-campus", PLACE, 1.3, count=1)
    rate_per_s = 1.3 * pod.pod_of(unit, 1.3, aimed_count=AIMED_COUNT)[1] * unit.most_per_s
    expected = rate_per_s * pod.COUNTED_RATIO * unit.stay_s(1.3)
    assert runs[0].requests_count == pytest.approx(expected, abs=5 * math.sqrt(expected))


def test_a_higher_load_waits_longer() -> None:
    runs = [served("one-campus", PLACE, load_frac, count=1)[2][0] for load_frac in (0.2, *LOADS)]
    for low, high in pairwise(runs):
        assert low.tpot_s[0] < high.tpot_s[0]
        assert low.ttft_s[0] < high.ttft_s[0]
        assert low.ttft_s[1] < high.ttft_s[1]


def test_bursts_wait_longer() -> None:
    unit, traffic, (calm,) = served("one-campus", PLACE, 0.8, count=1)
    (bursty,) = pod.replications(
        unit, replace(traffic, burstiness_ratio=10.0), 0.8, seed=1, key=(5,), aimed_count=AIMED_COUNT, count=1
    )
    assert bursty.ttft_s[1] > 1.5 * calm.ttft_s[1]


def test_a_limit_on_the_first_token_counts() -> None:
    unit, traffic, (run,) = served("one-campus", PLACE, 0.8, count=1)
    (strict,) = pod.replications(
        unit, replace(traffic, ttft_s=run.ttft_s[0]), 0.8, seed=1, key=(5,), aimed_count=AIMED_COUNT, count=1
    )
    assert strict.goodput_frac == pytest.approx(0.5 * run.goodput_frac, abs=0.02)


def test_nobody_asks_for_anything() -> None:
    _, _, runs = served("one-campus", PLACE, 0.0)
    assert {run.requests_count for run in runs} == {0}
    assert pod.estimated([run.served_tokens_per_s for run in runs]) == pod.Estimated(low=0.0, mid=0.0, high=0.0)
    assert pod.estimated([run.ttft_s[1] for run in runs]) is None
    assert pod.estimated([run.goodput_frac for run in runs]) is None


def test_one_engine_and_hardly_a_request() -> None:
    """A single engine that is asked a request now and then serves each as if alone."""
    one = steady("one-campus")[PLACE]
    scenario = load("one-campus")
    unit, traffic = pod.unit(one.case, one.way), traffic_of(scenario, scenario.asked.use_cases["assistant"])
    assert pod.pod_of(unit, 0.5, most_count=1.7)[0].engines_count == 1
    (run,) = pod.replications(unit, traffic, 1e-5, seed=1, key=(5,), units_count=1.0, count=1)
    alone = one.case.deployment()
    layout = replace(alone, layout=one.way.layout)  # type: ignore[union-attr]
    assert run.requests_count == pytest.approx(pod.LEAST_COUNT, abs=5 * math.sqrt(pod.LEAST_COUNT))
    state = layout.state(np.array([1.0]))
    assert run.tpot_s[0] == pytest.approx(float(state.step_s[0]), rel=0.1)
    assert run.ttft_s[0] < run.ttft_s[1] < 2 * run.ttft_s[0]
    assert run.goodput_frac == 1.0


def test_the_same_seed_gives_the_same_runs() -> None:
    unit, traffic, (one, two) = served("one-campus", PLACE, 0.8, count=2)
    again = list(pod.replications(unit, traffic, 0.8, seed=1, key=(5,), aimed_count=AIMED_COUNT, count=1))
    other = list(pod.replications(unit, traffic, 0.8, seed=2, key=(5,), aimed_count=AIMED_COUNT, count=1))
    assert again == [one]
    assert one != two
    assert other[0] not in (one, two)


@pytest.mark.parametrize("spread_ratio", [1.0, 1.5, 2.0, 3.0])
def test_answers_have_the_mean_and_the_spread_of_the_plan(spread_ratio: float) -> None:
    traffic = PodTraffic(input_tokens=100.5, output_tokens=40.0, spread_ratio=spread_ratio, tpot_s=1.0)
    made = pod.drawn(traffic, 1e5, 10.0, np.random.default_rng(3))
    lengths = made.output_tokens.astype(float)
    error = 4 * 40.0 * math.sqrt(max(spread_ratio - 1, 1e-12) / len(made))
    assert lengths.mean() == pytest.approx(40.0, abs=max(error, 1e-9))
    assert (lengths**2).mean() / lengths.mean() ** 2 == pytest.approx(spread_ratio, rel=0.02)
    assert lengths.min() >= 1
    assert set(made.input_tokens.tolist()) == {100, 101}
    assert made.input_tokens.mean() == pytest.approx(100.5, abs=0.01)


@pytest.mark.parametrize("burstiness_ratio", [0.5, 1.0, 4.0])
def test_gaps_are_as_bursty_as_stated(burstiness_ratio: float) -> None:
    traffic = PodTraffic(
        input_tokens=1, output_tokens=1, spread_ratio=2.0, tpot_s=1.0, burstiness_ratio=burstiness_ratio
    )
    made = pod.drawn(traffic, 1000.0, 200.0, np.random.default_rng(3))
    gaps = np.diff(made.arrival_s)
    assert len(made) == pytest.approx(2e5, rel=4 * burstiness_ratio / math.sqrt(2e5))
    assert gaps.std() / gaps.mean() == pytest.approx(burstiness_ratio, rel=0.05)
    assert made.arrival_s.max() < 200.0
    assert set(made.output_tokens.tolist()) == {1}


def test_an_interval_is_of_so_many_replications() -> None:
    with pytest.raises(ValueError, match="2 replications: expected 8"):
        pod.estimated([1.0, 2.0])
    found = pod.estimated([1.0, 2.0] * 4)
    assert found is not None
    # Student's t at 97.5 % with seven degrees of freedom is 2.3646.
    assert (found.mid, found.high - found.mid) == pytest.approx((1.5, 2.3646 * 0.5345 / math.sqrt(8)), rel=1e-3)
