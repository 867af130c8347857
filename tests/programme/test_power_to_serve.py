"""Power to serve a quarter: worked out class by class, both ways to share hours, and what cannot be served."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from gigawatt.programme import counted, opening, power_to_serve
from gigawatt.programme.arrays import arrays
from gigawatt.programme.power_to_serve import asks, of_kind, power_w, racks_count, serving_racks_count, total
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario

QUARTER, PLATFORM = "2030Q3", "feynman"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("loi-2025-09")


@pytest.fixture(scope="module")
def data(scenario: Scenario) -> xr.Dataset:
    return arrays(scenario)


def by_hand(data: xr.Dataset, scenario: Scenario) -> tuple[list[float], list[float], list[bool]]:
    """Mean and busiest power of each class in the quarter [W], one by one, and whether it is interactive."""
    now, asked = data.sel(period=QUARTER, platform=PLATFORM), scenario.asked
    energised = now.ramp_w.values
    rack_w = float(now.rack_it_w) * float((now.pue_peak_ratio.values * energised).sum() / energised.sum())
    mean, busiest, waits_not = [], [], []
    works = asked.operations.availability_frac
    for key, use in asked.use_cases.items():
        one = now.sel(use_case=key)
        rate = one.rack_tokens_per_s * one.utilisation_frac * works
        watts = float(one.demand_tokens_per_s / rate) * rack_w
        mean.append(watts)
        waits_not.append(use.load == "interactive")
        busiest.append(watts * (use.peak_to_mean_ratio if waits_not[-1] else 1.0))
    for key, run in asked.training_runs.items():
        if run.start_date <= QUARTER <= run.end_date:
            quarters = float(data.run_window.sel(run=key).sum())
            rate = run.volume_flop / quarters / SECONDS_PER_QUARTER
            mean.append(rate / float(now.run_rack_flops.sel(run=key)) / works * rack_w)
    for key in asked.experiments:
        rate = float(now.experiment_wish_flop.sel(experiment=key)) / SECONDS_PER_QUARTER
        mean.append(rate / float(now.experiment_rack_flops.sel(experiment=key)) / works * rack_w)
    rest = len(mean) - len(busiest)
    return mean, busiest + mean[len(busiest) :], waits_not + [False] * rest


def test_apart_is_the_sum_of_every_class_in_its_own_busiest_hours(data: xr.Dataset, scenario: Scenario) -> None:
    _, busiest, _ = by_hand(data, scenario)
    found = float(power_w(data, "facility", "apart").sel(period=QUARTER, platform=PLATFORM))
    assert found == pytest.approx(sum(busiest), rel=1e-9)


def test_together_is_what_interactive_work_or_all_work_takes_whichever_is_more(
    data: xr.Dataset, scenario: Scenario
) -> None:
    mean, busiest, waits_not = by_hand(data, scenario)
    peak = sum(watts for watts, now in zip(busiest, waits_not, strict=True) if now)
    found = float(power_w(data, "facility", "together").sel(period=QUARTER, platform=PLATFORM))
    assert found == pytest.approx(max(peak, sum(mean)), rel=1e-9)


def test_together_never_takes_more_than_apart_nor_less_than_the_mean(data: xr.Dataset) -> None:
    apart, together = (power_w(data, "facility", hours).values for hours in ("apart", "together"))
    mean = racks_count(asks(data)).sum("work").transpose("period", "platform")
    mean_w = (mean * power_to_serve.rack_w(data, "facility")).values
    able = np.isfinite(apart)
    assert able.any()
    assert (together[able] <= apart[able] * (1 + 1e-12)).all()
    assert (together[able] >= mean_w[able] * (1 - 1e-12)).all()


def test_it_power_is_that_of_the_facility_less_what_cooling_takes(data: xr.Dataset) -> None:
    facility, it = (power_w(data, at, "apart").sel(period=QUARTER, platform=PLATFORM) for at in ("facility", "it"))
    ratio = float(facility / it)
    assert float(data.pue_peak_ratio.min()) <= ratio <= float(data.pue_peak_ratio.max())
    assert ratio > 1


@pytest.mark.parametrize(
    ("hours", "expected"), [("apart", 2 * 3 + 1 * 2 + 5), ("together", 2 + 1 + 5)], ids=["apart", "together"]
)
def test_three_classes_by_hand(hours: power_to_serve.Hours, expected: float) -> None:
    assert total([2.0, 1.0, 5.0], [3.0, 2.0, 1.0], [True, False, False], hours) == pytest.approx(expected)


def test_a_peak_above_all_the_mean_is_what_a_fleet_is_built_for() -> None:
    assert total([2.0, 0.5], [3.0, 1.0], [True, False], "together") == pytest.approx(6.0)


def test_what_a_platform_cannot_do_is_without_limit_and_work_of_nothing_takes_nothing(data: xr.Dataset) -> None:
    unable = data.assign(rack_tokens_per_s=xr.where(data.platform == PLATFORM, 0.0, data.rack_tokens_per_s))
    unable = unable.assign(rack_tokens_per_s=unable.rack_tokens_per_s.transpose(*data.rack_tokens_per_s.dims))
    found = power_w(unable, "it", "apart").sel(period=QUARTER)
    assert np.isinf(float(found.sel(platform=PLATFORM)))
    assert np.isfinite(float(found.sel(platform="vr230")))
    none = unable.assign(demand_tokens_per_s=0.0 * data.demand_tokens_per_s)
    assert float(serving_racks_count(of_kind(asks(none), "use_case"), "apart").sum()) == 0.0


def test_a_run_asks_for_no_more_than_its_largest_gang_can_take(data: xr.Dataset) -> None:
    run = "run_2031"
    small = data.assign(run_gang_count=data.run_gang_count / 1e3)
    found = float(power_to_serve.runs_flops(small).sel(period=QUARTER, run=run))
    now = small.sel(period=QUARTER, run=run)
    most = float((counted.run_flops(now) / now.packages_per_rack_count).max()) * float(now.run_gang_count)
    assert found == pytest.approx(most)
    assert found < float(power_to_serve.runs_flops(data).sel(period=QUARTER, run=run))


def test_a_run_that_is_half_trained_asks_for_the_other_half(data: xr.Dataset) -> None:
    half = data.assign(opening_done_frac=xr.full_like(data.run_volume_flop, 0.5))
    assert float(opening.left_frac(half)[0]) == 0.5
    before, after = (power_to_serve.runs_flops(of).sel(period=QUARTER, run="run_2031") for of in (data, half))
    assert float(after) == pytest.approx(float(before) / 2)


def test_a_run_asks_for_nothing_outside_its_window(data: xr.Dataset) -> None:
    found = power_to_serve.runs_flops(data)
    assert float(found.where(data.run_window == 0, 0.0).sum()) == 0.0
