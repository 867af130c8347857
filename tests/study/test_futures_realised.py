"""A plan held to in a future: what is late comes late, what is paid waits for its power, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.realised import Realised, placed, realised, scenario_in


def future(**value: float) -> Future:
    return Future(number=0, value=value, course={})


def alone(made: Plan, scenario: Scenario, one: Future) -> Realised:
    """A plan in one future."""
    out = realised(made, scenario.asked, [one])
    inputs = out.plan.inputs.isel(draw=0) if "draw" in out.plan.inputs.dims else out.plan.inputs
    return Realised(
        plan=replace(out.plan, data=out.plan.data.isel(draw=0), inputs=inputs), paid_count=out.paid_count[0]
    )


def racks(*columns: list[float]) -> xr.DataArray:
    """Racks of platforms by quarter at one site."""
    values = np.array(columns, dtype=float).T[:, None, :]
    coords = {"period": [f"q{n}" for n in range(len(values))], "site": ["here"], "platform": list("ab")[: len(columns)]}
    return xr.DataArray(values, dims=("period", "site", "platform"), coords=coords)


def come(paid: xr.DataArray, shell: list[float], rack_w: list[float], life: int = 99) -> Any:
    power = xr.DataArray([rack_w], dims=("site", "platform"), coords={"site": ["here"], "platform": paid.platform})
    there = xr.DataArray([shell], dims=("site", "period"), coords={"site": ["here"], "period": paid.period})
    return placed(paid, there, power, life).sel(site="here").values.T


def test_no_slip_leaves_the_plan_as_it_is(campus: Scenario, campus_plan: Plan) -> None:
    found = alone(campus_plan, campus, future()).plan
    for name in ("install_count", "stock_count", "facility_w", "it_w", "shell_w", "energise_w", "work_count"):
        want = campus_plan.data[name].transpose(*found.data[name].dims)
        scale = float(abs(want).max())
        assert found.data[name].values == pytest.approx(want.values, abs=1e-8 * scale), name
    assert found.inputs.equals(campus_plan.inputs)


def test_racks_with_power_are_placed_when_they_come() -> None:
    assert come(racks([1, 2, 3]), [10, 30, 60], [10]) == pytest.approx(np.array([[1, 2, 3]]))


def test_first_come_first_placed() -> None:
    # 10 W of a, then 10 W of b; power for 8 W, 14 W and 20 W: all of a has come before the first of b.
    found = come(racks([5, 0, 0], [0, 2, 0]), [8, 14, 20], [2, 5])
    assert found == pytest.approx(np.array([[4, 1, 0], [0, 0.8, 1.2]]))


def test_racks_that_wait_take_the_place_of_those_that_leave() -> None:
    # Power for one rack; each serves two quarters; the three that are paid at once stand one after the other.
    found = come(racks([3, 0, 0, 0, 0, 0]), [1] * 6, [1], life=2)
    assert found == pytest.approx(np.array([[1, 0, 1, 0, 1, 0]]))


def test_nothing_is_placed_before_it_is_paid_or_without_power(campus: Scenario, campus_plan: Plan) -> None:
    for late in (0.0, 1.0, 2.5, 4.0):
        out = alone(campus_plan, campus, future(power_slip=late, chip_slip=1.0))
        data = out.plan.data
        waiting = (out.paid_count - data.install_count).cumsum("period")
        assert float(waiting.min()) > -1e-6
        assert float((data.facility_w - data.shell_w).max()) <= 1e-6 * float(data.shell_w.max())


def test_slips_delay_what_they_say(campus: Scenario, campus_plan: Plan) -> None:
    out = alone(campus_plan, campus, future(chip_slip=2.0))
    want = campus_plan.data.install_count.shift(period=2, fill_value=0.0)
    assert out.paid_count.values == pytest.approx(want.values)
    half = alone(campus_plan, campus, future(chip_slip=0.5)).paid_count.cumsum("period")
    one = alone(campus_plan, campus, future(chip_slip=1.0)).paid_count.cumsum("period")
    full = campus_plan.data.install_count.cumsum("period")
    assert half.values == pytest.approx(((one + full) / 2).values)


def test_factors_are_on_what_is_stated(campus: Scenario, campus_plan: Plan) -> None:
    course = np.linspace(1.0, 2.0, campus_plan.inputs.sizes["period"])
    out = alone(campus_plan, campus, Future(number=0, value={"demand": 1.0}, course={"demand": course}))
    ratio = out.plan.inputs.demand_tokens_per_s / campus_plan.inputs.demand_tokens_per_s
    assert ratio.transpose("period", ...).values == pytest.approx(np.broadcast_to(course[:, None], (len(course), 2)))
    asked = scenario_in(campus, future(failure_rate=2.0, capital_cost=1.5)).asked
    assert asked.operations.package_failures_per_h == 2 * campus.asked.operations.package_failures_per_h
    assert asked.finance.discount_per_year == pytest.approx(1.5 * campus.asked.finance.discount_per_year)
    assert asked.capital.debt_rate_per_year == pytest.approx(1.5 * (campus.asked.capital.debt_rate_per_year or 0))


def test_racks_that_stay_longer_go_on_with_their_work(campus: Scenario, campus_plan: Plan) -> None:
    late = alone(campus_plan, campus, future(chip_slip=2.0)).plan.data
    for platform in ("gb300", "vr230"):
        stock = late.stock_count.sel(platform=platform).sum("site")
        work = late.work_count.sel(platform=platform).sum("use_case").max("block")
        assert (work.values[stock.values > 1] > 0).all()
        assert (work <= stock + stock.shift(period=1, fill_value=0.0)).all()
    gone = campus_plan.data.stock_count.sel(platform="gb300").sum("site").values < 1
    assert late.work_count.sel(platform="gb300").sum(["use_case", "block"]).values[gone].max() > 0


def test_what_stands_at_the_start_is_never_late() -> None:
    """It keeps its place while racks and power that are still to come slip."""
    site = "example-campus"
    stands = {
        "racks": [{"site": site, "platform": "gb300", "installed": "2025Q4", "racks": 30}],
        "shells": [{"site": site, "paid": "2025Q2", "power": "6 MW"}],
    }
    short = {"horizon.report_end": "2027Q2", "horizon.end": "2027Q3", f"sites.{site}.ramp": "20 MW"}
    scenario = load("one-campus", short | {"opening": stands})
    made = plan.make(scenario, with_worth=False)
    same, late = (alone(made, scenario, future(chip_slip=slip, power_slip=slip)).plan for slip in (0.0, 99.0))
    xr.testing.assert_allclose(same.data.stock_count, made.data.stock_count, atol=1e-3)
    xr.testing.assert_allclose(same.data.gross_w, made.data.gross_w)
    assert late.data.stock_count.sum(["site", "platform"]).values == pytest.approx([30] * 5)
