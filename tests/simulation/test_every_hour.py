"""Every hour lived through: near representative weeks, the same for a seed wherever it is drawn, cut as one likes."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import every_hour_digest
import numpy as np
import pytest
import xarray as xr
from lives import Lived, by_hour, live, quarters, stochastic
from trials import FEWER_COUNT, assert_mean, half_width

from gigawatt.scenario.load import load
from gigawatt.simulation import Summary, Timeline, simulate

A_YEAR = (11, 15)  # as places of quarters: from 2029Q2 on, in which the last racks come
FLEET = ("stock_count", "up_count", "down_count", "degraded_count", "failures_count")


@pytest.fixture(scope="module")
def whole(with_research: Lived) -> Timeline:
    return by_hour(with_research)


@pytest.fixture(scope="module")
def mean(campus: Lived) -> Summary:
    """The representative weeks of a year."""
    return simulate(campus.scenario, campus.plan, window=quarters(campus, *A_YEAR)).summary


@pytest.fixture(scope="module")
def drawn(campus: Lived) -> Sequence[Summary]:
    """Every hour of it, by twenty seeds."""
    return [by_hour(campus, quarters(campus, *A_YEAR), seed).summary for seed in range(FEWER_COUNT)]


def racks(summary: Summary) -> float:
    in_service = summary.plan_vs_sim[0]
    assert in_service.item == "racks in service"
    return in_service.simulated


@pytest.mark.parametrize(
    "figure",
    [
        lambda summary: summary.availability_frac,
        lambda summary: summary.failures["restart only"],
        lambda summary: summary.failures["tray swap"],
        lambda summary: summary.failures["rack down"],
        lambda summary: summary.it_wh,
        lambda summary: summary.energy_usd,
    ],
    ids=["availability", "restarts", "trays", "racks down", "IT energy", "bill"],
)
def test_weeks_have_the_mean_of_what_is_drawn(
    mean: Summary, drawn: Sequence[Summary], figure: Callable[[Summary], float]
) -> None:
    assert_mean([figure(one) for one in drawn], figure(mean))


def test_weeks_have_the_racks_of_the_plan_and_every_hour_whole_ones(mean: Summary, drawn: Sequence[Summary]) -> None:
    """A plan orders parts of racks: each of the two platforms is rounded to whole ones where racks are drawn."""
    found = [racks(one) for one in drawn]
    assert np.mean(found) == pytest.approx(racks(mean), abs=2 * 0.5 + half_width(found))


def test_weeks_have_the_mean_of_the_pue_within_what_seven_days_can_hold(
    mean: Summary, drawn: Sequence[Summary]
) -> None:
    found = [one.pue_mean for one in drawn]
    assert np.mean(found) == pytest.approx(mean.pue_mean, abs=0.002 + half_width(found))


def test_racks_that_vary_serve_about_what_their_mean_does(mean: Summary, drawn: Sequence[Summary]) -> None:
    """Not the same (Jensen): an hour with racks to spare does not make up for one without, so that people get 0.1 %
    less, and batch work, which has the whole quarter, takes what they leave and gets 0.5 % more."""
    for name, tolerance in (("assistant", 0.003), ("documents", 0.015)):
        found = [one.served[name] / mean.served[name] for one in drawn]
        assert np.mean(found) == pytest.approx(1, abs=tolerance + half_width(found))


def test_facility_energy_is_it_energy_and_losses(whole: Timeline) -> None:
    for summary in (whole.summary, *whole.periods.values()):
        assert summary.residual_frac <= 1e-9


def test_every_fault_is_counted_and_the_longest_outages_are_listed(with_research: Lived, whole: Timeline) -> None:
    listed = by_hour(with_research, quarters(with_research, 0, 22, all_outages=True)).outages
    counts = whole.data.failures_count.astype(float).sum("time")
    assert np.bincount(listed.kind.values).tolist() == counts.values.tolist()
    assert whole.outages.sizes["outage"] == 1000
    shortest = float(whole.outages.outage_h.min())
    assert np.count_nonzero(listed.outage_h.values > shortest) < 1000
    for outages in (listed, whole.outages):
        assert np.all(np.diff(outages.moment.values) >= np.timedelta64(0))
        assert np.all(outages.wait_h.values <= outages.outage_h.values)


def test_the_same_seed_gives_the_same_hours_and_another_does_not(campus: Lived) -> None:
    window = quarters(campus, 0, 3)
    one, again, other = (by_hour(campus, window, seed) for seed in (1, 1, 2))
    assert one.data.identical(again.data)
    assert one.outages.identical(again.outages)
    assert one.summary == again.summary
    assert not np.array_equal(one.data.failures_count, other.data.failures_count)


def test_every_process_draws_the_same(with_research: Lived, tmp_path: Path) -> None:
    """Whatever salt it hashes strings with."""
    scenario, window = stochastic(with_research.scenario), quarters(with_research, 14, 16)
    question = tmp_path / "question.pickle"
    question.write_bytes(pickle.dumps((scenario, with_research.plan, window)))
    command = [sys.executable, every_hour_digest.__file__, str(question)]
    started = [
        subprocess.Popen(command, env=os.environ | {"PYTHONHASHSEED": salt}, stdout=subprocess.PIPE, text=True)
        for salt in ("1", "2")
    ]
    digests = [process.communicate()[0].strip() for process in started]
    here = simulate(scenario, with_research.plan, window=window)
    assert digests == [every_hour_digest.digest(here)] * 2


@pytest.mark.parametrize(("first", "last"), [(4, 6), (14, 17), (20, 22)])
def test_some_quarters_are_those_of_the_whole(with_research: Lived, whole: Timeline, first: int, last: int) -> None:
    part = by_hour(with_research, quarters(with_research, first, last))
    for name, values in whole.data.sel(time=part.data.time).data_vars.items():
        assert np.array_equal(part.data[name], values), name
    names = with_research.scenario.quarters[first:last]
    assert {name: part.periods[name] for name in names} == {name: whole.periods[name] for name in names}


def test_some_days_have_the_fleet_and_the_power_of_the_whole(with_research: Lived, whole: Timeline) -> None:
    """Work that may be done at any hour of what is lived through is not the same; power hardly is another."""
    quarter = quarters(with_research, 4, 5)
    days = quarters(with_research, 4, 5, first_h=quarter.first_h + 240, last_h=quarter.last_h - 480)
    part = by_hour(with_research, days)
    cut = whole.data.sel(time=part.data.time)
    for name in FLEET:
        assert np.array_equal(part.data[name], cut[name]), name
    busy = (part.data.busy_count == cut.busy_count).all("pair")
    assert busy.any()
    assert part.data.pue_ratio.values[busy] == pytest.approx(cut.pue_ratio.values[busy], rel=1e-6)


def test_shorter_steps_tell_the_same(with_research: Lived, whole: Timeline) -> None:
    short = by_hour(with_research, quarters(with_research, 6, 7, step_h=0.25)).data
    hours = whole.data.sel(time=whole.data.quarter == with_research.scenario.quarters[6])
    # Racks at work are never fewer than none, which within an hour of maintenance is not linear.
    for name in set(FLEET) - {"up_count"}:
        steps = short[name].astype(float).values
        by_four = steps.reshape(-1, 4, steps.shape[1])
        told = by_four.sum(axis=1) if name == "failures_count" else by_four.mean(axis=1)
        assert told == pytest.approx(hours[name].values, rel=1e-4, abs=1e-4), name
    energy = [float((data.facility_w.astype(float) * data.weight_h).sum()) for data in (short, hours)]
    assert energy[0] == pytest.approx(energy[1], rel=1e-3)


def test_outages_come_back_from_their_file(whole: Timeline, tmp_path: Path) -> None:
    whole.outages.to_netcdf(tmp_path / "outages.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "outages.nc", engine="h5netcdf", decode_timedelta=False) as opened:
        outages = opened.load()
    back = Timeline.restore(whole.data, outages, json.loads(json.dumps(whole.stored(), allow_nan=False)))
    assert back.summary == whole.summary
    xr.testing.assert_equal(back.outages, whole.outages)


@pytest.mark.slow
def test_ten_gigawatts_have_in_weeks_the_mean_of_what_is_drawn() -> None:
    """Racks in service, availability and failures of each kind by eight seeds; PUE within what seven days can hold."""
    lived = live(load("loi-2025-09"))
    mean = lived.timeline.summary
    drawn = [by_hour(lived, seed=seed).summary for seed in range(8)]
    assert_mean([racks(one) for one in drawn], racks(mean))
    assert_mean([one.availability_frac for one in drawn], mean.availability_frac)
    for kind, count in mean.failures.items():
        assert_mean([one.failures[kind] for one in drawn], count)
    assert np.mean([one.pue_mean for one in drawn]) == pytest.approx(mean.pue_mean, abs=0.002)
    # Where deliveries are late gangs lack racks, which the mean fleet of a quarter has: 0.7 % less of what they hold.
    assert np.mean([one.goodput_frac for one in drawn]) == pytest.approx(mean.goodput_frac, abs=0.015)
    assert max(one.residual_frac for one in drawn) <= 1e-9
