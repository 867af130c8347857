"""The timeline as a whole: laws of what is stored and summed, agreement with the plan, and its round trip."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from lives import Lived

from gigawatt import tokens
from gigawatt.plan import plan
from gigawatt.programme import counted
from gigawatt.quarters import HOURS_PER_QUARTER
from gigawatt.scenario.load import load
from gigawatt.simulation import Difference, Timeline, simulate

ITEMS = (
    "racks in service",
    "availability",
    "facility energy",
    "mean PUE",
    "energy bill",
    "peak facility power",
    "facility power in the warmest hours",
)


def rows_of(timeline: Timeline) -> dict[str, Difference]:
    return {row.item: row for row in timeline.summary.plan_vs_sim}


def energy_wh(data: xr.Dataset, name: str) -> xr.DataArray:
    return (data[name].astype(float) * data.weight_h).sum("time")


def test_weights_sum_to_the_hours_of_each_quarter(lived: Lived) -> None:
    data = lived.timeline.data
    hours = data.weight_h.groupby("quarter").sum()
    assert list(hours.quarter.values) == lived.scenario.quarters
    assert hours.values == pytest.approx(HOURS_PER_QUARTER, rel=1e-12)
    assert data.step_count.values[:169].tolist() == [*range(168), 0]
    assert data.indexes["time"].is_unique


def test_facility_energy_is_it_energy_and_losses(lived: Lived) -> None:
    for summary in (lived.timeline.summary, *lived.timeline.periods.values()):
        assert summary.residual_frac <= 1e-9


def test_nobody_is_served_more_than_he_asks_for(lived: Lived) -> None:
    data, inputs = lived.timeline.data, lived.plan.inputs
    served = data.served_tokens_per_s.astype(float).sum("pair")
    excess = served - data.demand_tokens_per_s * (1 + 1e-5)
    interactive = inputs.use_case.values[inputs.interactive.values > 0]
    assert float(excess.sel(use_case=interactive).max()) <= 0
    assert float(excess.groupby("quarter").mean().max()) <= 0


def test_work_fits_the_racks_that_are_up(lived: Lived) -> None:
    data, inputs = lived.timeline.data, lived.plan.inputs
    assert float((data.busy_count - data.up_count * (1 + 1e-6)).max()) <= 0
    rate = inputs.rack_tokens_per_s * inputs.utilisation_frac
    hourly = rate.sel(period=data.quarter, platform=data.pair_platform).drop_vars(["period", "platform"])
    racks = (data.served_tokens_per_s / hourly).sum("use_case")
    assert float((racks - data.busy_count * (1 + 1e-5)).max()) <= 1e-6


def test_demand_keeps_the_mean_of_the_quarter(lived: Lived) -> None:
    mean = lived.timeline.data.demand_tokens_per_s.astype(float).groupby("quarter").mean()
    assert np.allclose(mean.values, lived.plan.inputs.demand_tokens_per_s.values, rtol=1e-6)


def test_sums_over_hours_are_the_summary(lived: Lived) -> None:
    timeline, reported = lived.timeline, lived.scenario.quarters[: lived.scenario.reported_count]
    data = timeline.data.isel(time=np.isin(timeline.data.quarter.values, reported))
    summary = timeline.summary
    assert float(energy_wh(data, "facility_w").sum()) == pytest.approx(summary.energy_wh, rel=1e-5)
    assert float(energy_wh(data, "it_w").sum()) == pytest.approx(summary.it_wh, rel=1e-5)
    assert float(energy_wh(data, "carbon_kg").sum()) == pytest.approx(summary.carbon_kg, rel=1e-5)
    assert float(energy_wh(data, "water_l").sum()) == pytest.approx(summary.water_l, rel=1e-5)
    bill = data.assign(bill_usd=data.facility_w.astype(float) * data.price_usd_per_wh)
    assert float(energy_wh(bill, "bill_usd").sum()) == pytest.approx(summary.energy_usd, rel=1e-5)
    for kind, count in summary.failures.items():
        assert float(energy_wh(data, "failures_count").sel(kind=kind)) == pytest.approx(count, rel=1e-5)
    for use_case, served in summary.served.items():
        stored = float(energy_wh(data, "served_tokens_per_s").sum("pair").sel(use_case=use_case)) * 3600
        assert stored == pytest.approx(served, rel=1e-5)
    assert summary.pue_mean == pytest.approx(summary.energy_wh / summary.it_wh)
    assert summary.pue_p99 is not None
    assert summary.pue_p99 > summary.pue_mean


def test_quarters_add_up_to_the_window(lived: Lived) -> None:
    timeline, reported = lived.timeline, lived.scenario.quarters[: lived.scenario.reported_count]
    parts = [timeline.periods[quarter] for quarter in reported]
    assert list(timeline.periods) == lived.scenario.quarters
    assert sum(part.energy_wh for part in parts) == pytest.approx(timeline.summary.energy_wh)
    for use_case in timeline.summary.served:
        assert sum(part.unserved[use_case] for part in parts) == pytest.approx(timeline.summary.unserved[use_case])


def test_availability_is_what_the_racks_are_up_beside_what_the_plan_counts_on(lived: Lived) -> None:
    """An outcome of failures, repairs and maintenance; what the plan promises stands beside it."""
    scenario, timeline = lived.scenario, lived.timeline
    reported = np.isin(timeline.data.quarter.values, scenario.quarters[: scenario.reported_count])
    data = timeline.data.isel(time=reported)
    up, stock = (float(energy_wh(data, name).sum()) for name in ("up_count", "stock_count"))
    assert timeline.summary.availability_frac == pytest.approx(up / stock, rel=1e-5)
    row = rows_of(timeline)["availability"]
    assert (row.plan, row.simulated) == (
        scenario.asked.operations.availability_frac,
        timeline.summary.availability_frac,
    )
    assert row.simulated == pytest.approx(row.plan, abs=0.03)


def test_power_is_within_the_shells(lived: Lived) -> None:
    peak = rows_of(lived.timeline)["peak facility power"]
    assert 0 < peak.simulated <= peak.plan
    assert "exceeds" not in peak.cause


def test_every_difference_has_a_unit_and_a_cause(lived: Lived) -> None:
    summary = lived.timeline.summary
    items = [row.item for row in summary.plan_vs_sim]
    assert set(ITEMS) < set(items)
    assert [f"tokens served: {name}" for name in summary.served] == [x for x in items if x.startswith("tokens")]
    assert all(row.unit and row.cause for row in summary.plan_vs_sim)


def test_the_simulation_is_near_the_plan(campus: Lived) -> None:
    rows = rows_of(campus.timeline)
    changes = {item: row.simulated / row.plan for item, row in rows.items()}
    availability = campus.timeline.summary.availability_frac
    assert changes["racks in service"] == pytest.approx(1, abs=0.02)
    assert changes["facility energy"] == pytest.approx(availability * changes["racks in service"], abs=0.02)
    assert changes["mean PUE"] == pytest.approx(1, abs=0.01)
    assert changes["tokens served: assistant"] == pytest.approx(1, abs=0.03)
    # A batch class gains from racks that the plan leaves idle, and loses little.
    assert changes["tokens served: documents"] >= 0.97


def test_runs_keep_their_racks_in_every_hour(with_research: Lived) -> None:
    """They do what the plan counts with or more, for gangs at a site are no larger than the plan's; and never what they
    would without failures."""
    data, made, operations = with_research.timeline.data, with_research.plan, with_research.scenario.asked.operations
    flops = (made.data.train_count * counted.run_flops(made.inputs)).sum("platform")
    goodput = tokens.effective_frac(
        made.inputs.run_gang_count,
        operations.package_failures_per_h,
        operations.checkpoint_s,
        operations.restart_s,
    )
    trains = flops.values > 0
    assert trains.any()
    hourly = data.train_flops.groupby("quarter")
    assert np.allclose(hourly.min().values, hourly.max().values, rtol=1e-6)
    done = hourly.mean().values
    assert np.all(done >= flops.values * (1 - 1e-6))
    assert np.all(done[trains] < (flops.values / goodput)[trains])


def test_experiments_never_do_more_than_they_wish(with_research: Lived) -> None:
    data, inputs = with_research.timeline.data, with_research.plan.inputs
    done = data.research_flops.astype(float).groupby("quarter").mean().values * HOURS_PER_QUARTER * 3600
    assert done.max() > 0
    assert np.all(done <= inputs.experiment_wish_flop.values * (1 + 1e-5))
    assert any(row.item == "experiments: daily" for row in with_research.timeline.summary.plan_vs_sim)


def test_the_same_plan_gives_the_same_hours(campus: Lived) -> None:
    again = simulate(campus.scenario, campus.plan)
    assert again.data.identical(campus.timeline.data)
    assert asdict(again.summary) == asdict(campus.timeline.summary)


def test_more_racks_never_serve_less(campus: Lived) -> None:
    made = campus.plan
    counts = {name: made.data[name] * 1.2 for name in ("stock_count", "install_count")}
    more = replace(made, data=made.data.assign(counts))
    richer = simulate(campus.scenario, more).summary.served
    assert all(richer[name] >= served * (1 - 1e-9) for name, served in campus.timeline.summary.served.items())


def test_a_plan_that_builds_nothing_is_lived_through_too(campus: Lived) -> None:
    made = campus.plan
    nothing = replace(made, data=made.data.map(lambda values: values * 0))
    timeline = simulate(campus.scenario, nothing)
    summary = timeline.summary
    assert summary.energy_wh == summary.it_wh == summary.residual_frac == 0
    assert summary.availability_frac is summary.pue_mean is summary.pue_p99 is summary.goodput_frac is None
    assert sum(summary.served.values()) == sum(summary.failures.values()) == 0
    assert timeline.data.sizes["pair"] == 0
    json.dumps(timeline.stored(), allow_nan=False)


def test_hours_are_stored_small_and_whole(lived: Lived) -> None:
    data = lived.timeline.data
    assert all(values.dtype == np.float32 for values in data.data_vars.values())
    assert not any(bool(values.isnull().any()) for values in data.data_vars.values())
    stock = lived.plan.data.stock_count.max("period")
    assert data.sizes["pair"] == int((stock > 1e-3).sum())


def test_a_timeline_comes_back_from_its_files(lived: Lived, tmp_path: Path) -> None:
    timeline = lived.timeline
    stored = json.loads(json.dumps(timeline.stored(), allow_nan=False))
    datasets = []
    for name in ("data", "outages"):
        getattr(timeline, name).to_netcdf(tmp_path / f"{name}.nc", engine="h5netcdf")
        with xr.open_dataset(tmp_path / f"{name}.nc", engine="h5netcdf") as opened:
            datasets.append(opened.load())
    back = Timeline.restore(*datasets, stored)
    assert back.summary == timeline.summary
    assert back.periods == timeline.periods
    assert back.notes == timeline.notes
    xr.testing.assert_equal(back.data, timeline.data)
    xr.testing.assert_equal(back.outages, timeline.outages)


def test_what_is_assumed_is_said(campus: Lived) -> None:
    daily, idle, failures = campus.timeline.notes
    assert "UTC" in daily
    assert "idle" in idle
    assert "taken as a rate" in failures


@pytest.mark.slow
def test_ten_gigawatts_are_lived_through_in_little_memory() -> None:
    import tracemalloc

    scenario = load("loi-2025-09")
    made = plan.make(scenario, with_worth=False)
    tracemalloc.start()
    timeline = simulate(scenario, made)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 150e6
    assert timeline.data.nbytes < 10e6
    assert timeline.summary.residual_frac <= 1e-9
    peak = rows_of(timeline)["peak facility power"]
    assert peak.simulated < peak.plan
