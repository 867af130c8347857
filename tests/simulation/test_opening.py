"""Racks that stand when a plan begins are lived through as those of a plan that began before: of their age, as often
out, gone when their life is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from plans import Installs, campus, plan_of

from gigawatt.plan import plan
from gigawatt.quarters import quarter_name, quarter_number
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import calendar, expected, fleet, racks
from gigawatt.simulation.timeline import simulate

HERE: Installs = {("a", "gb300"): [30, 20, 26], ("a", "vr230"): [0, 44]}
CUT = 2
SITE = "example-campus"


def later(scenario: Scenario, quarters_count: int) -> Scenario:
    """The campus, begun so many quarters later."""
    horizon = scenario.asked.horizon
    start = quarter_name(quarter_number(horizon.start_date) + quarters_count)
    return replace(scenario, asked=replace(scenario.asked, horizon=replace(horizon, start_date=start)))


def cut_plan(installs: Installs, quarters_count: int) -> Any:
    """The plan from `CUT` on, with what came before as its opening state."""
    rest = plan_of({pair: counts[CUT:] for pair, counts in installs.items()}, quarters_count)
    whole = plan_of({pair: counts[:CUT] for pair, counts in installs.items()}, CUT).data.install_count
    before = whole.rename(period="before").assign_coords(before=["first", "second"])
    rest.inputs = rest.inputs.drop_dims("before").assign(opening_count=before)
    rest.data = rest.data.assign(stock_count=rest.data.stock_count + before.sum("before"))
    return rest


@pytest.fixture(scope="module")
def scenarios() -> tuple[Scenario, Scenario]:
    whole = campus(delivery_slip_h=0.0, maintenance_h=0.0)  # the round of the halls begins with the plan
    return whole, later(whole, CUT)


def test_the_mean_fleet_goes_on_as_it_was(scenarios: tuple[Scenario, Scenario]) -> None:
    found = []
    for scenario, made in zip(scenarios, (plan_of(HERE, 22), cut_plan(HERE, 22 - CUT)), strict=True):
        found.append(expected.fleet(scenario, made, racks.pairs(made), calendar.weeks(scenario.quarters)))
    whole, rest = found
    for before, after in zip(whole[CUT:], rest, strict=True):
        for name in ("stock_count", "down_count", "degraded_count", "up_count", "failures_count"):
            assert getattr(after, name) == pytest.approx(getattr(before, name), rel=1e-9, abs=1e-12), name
    assert rest[0].stock_count[0].tolist() == pytest.approx([63, 44])


def test_the_fleet_that_is_drawn_goes_on_as_it_was(scenarios: tuple[Scenario, Scenario]) -> None:
    """The same racks fail at the same moments, those that were out when the plan begins with them."""
    whole, rest = scenarios
    one, two = plan_of(HERE, 22), cut_plan(HERE, 22 - CUT)
    shift_h = calendar.edges_h(whole.quarters)[CUT]
    cohorts = [
        racks.cohorts(scenario, made, racks.pairs(made), lambda _: 0.0)
        for scenario, made in ((whole, one), (rest, two))
    ]
    assert [cohort.key for cohort in cohorts[0]] == [cohort.key for cohort in cohorts[1]]
    for before, after in zip(*cohorts, strict=True):
        assert after.online_h == pytest.approx(before.online_h - shift_h)
        assert after.leaves_h == pytest.approx(before.leaves_h - shift_h)
    quarters = calendar.edges_h(whole.quarters)
    _, outages = fleet.fleet(whole, one, racks.pairs(one), calendar.spans(whole.quarters, 0.0, quarters[5], 24.0))
    _, others = fleet.fleet(
        rest, two, racks.pairs(two), calendar.spans(rest.quarters, 0.0, quarters[5] - shift_h, 24.0)
    )
    assert others[0].time_h == pytest.approx(outages[0].time_h - shift_h)
    assert others[0].end_h == pytest.approx(outages[0].end_h - shift_h)
    assert (others[0].time_h < 0).any()
    assert ((others[0].time_h < 0) & (others[0].end_h > 0)).any(), "some are out when the plan begins"


def test_racks_that_stand_leave_at_the_end_of_their_life(scenarios: tuple[Scenario, Scenario]) -> None:
    rest = scenarios[1]
    made = cut_plan({("a", "gb300"): [30, 0, 0]}, 20)
    life = racks.life_count(rest)
    found = expected.fleet(rest, made, racks.pairs(made), calendar.weeks(rest.quarters))
    assert found[life - CUT - 1].stock_count[0, 0] == pytest.approx(30)
    assert found[life - CUT].stock_count[0, 0] == pytest.approx(15, abs=0.2)
    assert found[life - CUT + 1].stock_count[0, 0] == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("mode", ["expected", "stochastic"])
def test_a_fleet_that_stands_works_from_the_first_hour(mode: str) -> None:
    scenario = load(
        "one-campus",
        {
            "horizon.report_end": "2026Q4",
            "horizon.end": "2026Q4",
            "simulate.mode": mode,
            "opening": {
                "racks": [{"site": SITE, "platform": "gb300", "installed": "2025Q4", "racks": 30}],
                "shells": [{"site": SITE, "paid": "2025Q2", "power": "6 MW"}],
            },
        }
        | {f"sites.{SITE}.ramp": "6 MW"},
    )
    made = plan.make(scenario, with_worth=False)
    assert float(made.data.install_count.sum()) == pytest.approx(0, abs=6)
    lived = simulate(scenario, made)
    first = lived.data.isel(time=0)
    assert float(first.stock_count.sum()) == pytest.approx(30, abs=6)
    assert float(first.served_tokens_per_s.sum()) > 0
    served = float((lived.data.served_tokens_per_s.sum(["pair", "use_case"]) * lived.data.weight_h).sum()) * 3600
    planned = float((made.data.served_tokens_per_s * made.inputs.hours_frac).sum()) * 7889400.0
    assert served == pytest.approx(planned, rel=0.15)
    assert not np.isnan(xr.DataArray(lived.data.facility_w).values).any()
