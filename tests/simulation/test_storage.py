"""Batteries at sites: they give before work slows, they earn where prices differ, and without one nothing changes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from lives import Lived

from gigawatt.plan.plan import Plan
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import Timeline, calendar, simulate, storage
from gigawatt.simulation.calendar import Span
from gigawatt.simulation.curtailment import Limits
from gigawatt.simulation.limits import Event
from gigawatt.simulation.timeline import Window

SITE = "example-campus"
QUARTER = "2029Q3"
DAYS = 4
EVENT_H, EVENT_HOURS, CUT_W = 38.0, 2.0, 30e6
DEAR_BY_DAY = [[1 + 0.6 * float(np.sin(2 * np.pi * (hour - 8) / 24)) for hour in range(24)]] * 12


def battery(power: str, energy: str) -> dict[str, Any]:
    return {f"sites.{SITE}.battery": {"power": power, "energy": energy}}


LARGE = battery("40 MW", "160 MWh")
SMALL = battery("12 MW", "48 MWh")
SHALLOW = battery("40 MW", "40 MWh")
PRICES = {f"sites.{SITE}.price_ratios": DEAR_BY_DAY}
CHARGES = {f"sites.{SITE}.connection": {"monthly_demand": "15 USD/kW"}}


def asked(mode: str = "stochastic", **overrides: Any) -> Scenario:
    return load("one-campus", {"simulate.mode": mode, **overrides})


def live(plan: Plan, event: bool = False, step_h: float = 1.0, **overrides: Any) -> Timeline:
    """Four days of a summer, with an event of two hours on the second."""
    scenario = asked(**overrides)
    first = float(calendar.edges_h(scenario.quarters)[scenario.quarters.index(QUARTER)])
    start = first + EVENT_H
    events = (Event(site=SITE, start_h=start, end_h=start + EVENT_HOURS, less_w=CUT_W),) if event else ()
    window = Window(first_h=first, last_h=first + 24 * DAYS, step_h=step_h, events=events)
    return simulate(scenario, plan, window=window)


def at(timeline: Timeline, name: str) -> np.ndarray:
    return np.asarray(timeline.data[name].sel(site=SITE).values, dtype=float)


def during(step_h: float = 1.0) -> slice:
    return slice(int(EVENT_H / step_h), int((EVENT_H + EVENT_HOURS) / step_h))


@pytest.fixture(scope="module")
def plan(campus: Lived) -> Plan:
    return campus.plan


@pytest.fixture(scope="module")
def calm(plan: Plan) -> Timeline:
    return live(plan)


@pytest.fixture(scope="module")
def without(plan: Plan) -> Timeline:
    """At prices that differ by the hour, without a battery."""
    return live(plan, **PRICES)


class TestEvents:
    @pytest.mark.parametrize("step_h", [1.0, 0.25])
    def test_a_battery_covers_a_short_event_and_no_work_slows(self, plan: Plan, step_h: float) -> None:
        quiet, lived = live(plan, step_h=step_h), live(plan, True, step_h, **LARGE)
        for name in ("facility_w", "it_w", "busy_count", "served_tokens_per_s", "train_flops"):
            xr.testing.assert_equal(lived.data[name], quiet.data[name])
        assert lived.summary.curtailed_wh == 0
        grid, facility = at(lived, "grid_w")[during(step_h)], at(lived, "facility_w")[during(step_h)]
        assert grid == pytest.approx(facility - CUT_W, rel=1e-6)
        assert lived.summary.discharged_wh == pytest.approx(CUT_W * EVENT_HOURS, rel=1e-9)

    def test_without_one_work_slows(self, plan: Plan) -> None:
        lived = live(plan, True)
        assert lived.summary.curtailed_wh == pytest.approx(CUT_W * EVENT_HOURS, rel=1e-3)

    def test_too_little_power_covers_that_part(self, plan: Plan, calm: Timeline) -> None:
        lived = live(plan, True, **SMALL)
        grid, facility = at(lived, "grid_w")[during()], at(lived, "facility_w")[during()]
        assert facility - grid == pytest.approx(12e6, rel=1e-6)
        assert grid == pytest.approx(at(calm, "facility_w")[during()] - CUT_W, rel=1e-5)
        assert lived.summary.curtailed_wh == pytest.approx((CUT_W - 12e6) * EVENT_HOURS, rel=1e-3)

    def test_too_little_energy_covers_the_first_hour(self, plan: Plan, calm: Timeline) -> None:
        """40 MWh give 40 √0.86 = 37.1: 30 MWh in the first hour, the rest in the second."""
        lived = live(plan, True, **SHALLOW)
        gives = (at(lived, "facility_w") - at(lived, "grid_w"))[during()]
        assert gives == pytest.approx([30e6, 40e6 * np.sqrt(0.86) - 30e6], rel=1e-4)
        assert (at(lived, "grid_w")[during()] <= at(calm, "facility_w")[during()] - CUT_W + 1e3).all()

    def test_it_fills_up_again_below_the_connection(self, plan: Plan) -> None:
        lived = live(plan, True, **LARGE)
        held = at(lived, "stored_wh")
        assert held[int(EVENT_H) - 1] == pytest.approx(160e6)
        assert held[int(EVENT_H + EVENT_HOURS) - 1] == pytest.approx(160e6 - 60e6 / np.sqrt(0.86), rel=1e-6)
        assert held[-1] == pytest.approx(160e6)
        assert at(lived, "grid_w").max() <= plan.data.shell_w.sel(site=SITE).max() * (1 + 1e-6)

    def test_energy_balances(self, plan: Plan) -> None:
        lived = live(plan, True, **LARGE, **PRICES)
        drawn, used = at(lived, "grid_w"), at(lived, "facility_w")
        charge, discharge = np.maximum(drawn - used, 0), np.maximum(used - drawn, 0)
        eta = np.sqrt(0.86)
        held = 160e6 + np.cumsum(eta * charge - discharge / eta)
        assert at(lived, "stored_wh") == pytest.approx(held, rel=1e-4, abs=1e3)
        assert lived.summary.residual_frac < 1e-9

    def test_a_call_of_a_contract_is_covered_too(self, plan: Plan) -> None:
        contract = {f"sites.{SITE}.curtailment": {"hours": "5 %", "depth": "40 %", "longest": "1 h"}, **PRICES}
        slowed, covered = live(plan, **contract), live(plan, **contract, **battery("80 MW", "640 MWh"))
        assert slowed.summary.curtailed_wh > 0
        assert covered.summary.curtailed_wh == 0
        limited = at(slowed, "curtailed_w") > 0
        assert (at(covered, "grid_w") <= at(slowed, "facility_w") * (1 + 1e-5))[limited].all()


class TestPrices:
    def test_with_hourly_prices_the_bill_falls(self, plan: Plan, without: Timeline) -> None:
        lived = live(plan, **PRICES, **LARGE)
        assert lived.summary.energy_usd < without.summary.energy_usd
        xr.testing.assert_equal(lived.data.facility_w, without.data.facility_w)
        price, moved = at(lived, "price_usd_per_wh"), at(lived, "grid_w") - at(lived, "facility_w")
        assert price[moved > 1e3].max() < price[moved < -1e3].min()
        saved = lived.summary.energy_usd - without.summary.energy_usd
        assert saved == pytest.approx(float(price @ moved), rel=1e-4)
        bill = next(row for row in lived.summary.plan_vs_sim if row.item == "energy bill")
        assert "batteries give" in bill.cause

    def test_it_keeps_the_limits_of_events_all_the_same(self, plan: Plan, without: Timeline) -> None:
        lived = live(plan, True, **PRICES, **LARGE)
        assert lived.summary.curtailed_wh == 0
        limit = at(without, "facility_w")[during()] - CUT_W
        assert (at(lived, "grid_w")[during()] <= limit + 1e3).all()

    def test_at_a_flat_price_it_stands_ready(self, plan: Plan, calm: Timeline) -> None:
        lived = live(plan, **LARGE)
        assert lived.summary.discharged_wh == 0
        assert lived.summary.energy_usd == calm.summary.energy_usd

    def test_a_charge_on_the_highest_hour_is_billed_and_shaved(self, plan: Plan, calm: Timeline) -> None:
        charged, shaved = live(plan, **CHARGES), live(plan, **CHARGES, **LARGE)
        month = storage.MONTH_HOURS
        owed = 0.015 * at(calm, "grid_w").max() * 24 * DAYS / month
        assert charged.summary.demand_usd == pytest.approx(owed, rel=1e-6)
        assert charged.summary.energy_usd == pytest.approx(calm.summary.energy_usd + owed, rel=1e-6)
        assert shaved.summary.demand_usd < charged.summary.demand_usd
        assert shaved.summary.energy_usd < charged.summary.energy_usd
        bill = next(row for row in shaved.summary.plan_vs_sim if row.item == "energy bill")
        assert "highest hour of each month" in bill.cause

    def test_a_whole_quarter_owes_three_months(self) -> None:
        terms = storage.terms(asked(**CHARGES), weekly=False)
        span = Span(period=0, first_h=0.0, count=92 * 24, step_h=1.0, weight_h=2191.5 / (92 * 24))
        week = Span(period=0, first_h=0.0, count=168, step_h=1.0, weight_h=2191.5 / 168)
        for one in (span, week):
            owed = storage.demand_usd(terms, one, ["2026Q3"], np.full((one.count, 1), 100e6))
            assert owed == pytest.approx([3 * 0.015 * 100e6])


class TestNoBattery:
    def test_nothing_changes(self, calm: Timeline) -> None:
        xr.testing.assert_equal(calm.data.grid_w.rename("facility_w"), calm.data.facility_w)
        assert not calm.data.stored_wh.any()
        assert (calm.summary.discharged_wh, calm.summary.demand_usd) == (0, 0)
        assert not [note for note in calm.notes if "batter" in note]

    def test_in_representative_weeks_it_stands_idle_and_says_so(self, campus: Lived) -> None:
        lived = simulate(asked("expected", **LARGE, **PRICES), campus.plan)
        assert not lived.data.stored_wh.any()
        assert any("representative weeks" in note for note in lived.notes)

    def test_limits_without_a_battery_are_left_as_they_are(self) -> None:
        ones = np.ones((24, 1))
        bounds = Limits(most_w=np.inf * ones, less_w=3e6 * ones, kept_frac=ones, stopped=np.zeros((24, 1, 4), bool))
        span = Span(period=0, first_h=0.0, count=24, step_h=1.0, weight_h=1.0)
        terms = storage.terms(asked(), weekly=False)
        assert storage.relieved(terms, span, bounds, 9e6 * ones, 6e6 * ones, 10e6 * ones) is bounds


class TestSwings:
    def test_gangs_that_peak_together_stand_above_the_mean(self, with_research: Lived) -> None:
        rows = {row.item: row for row in with_research.timeline.summary.plan_vs_sim}
        record = with_research.scenario.records.reliability
        swung, calm = rows["peak with training swings"], rows["peak facility power"]
        assert calm.simulated < swung.simulated < calm.simulated * (1 + record.gang_swing_frac)
        assert f"{record.gang_swing_frac:.0%} above their mean" in swung.cause

    def test_where_nothing_trains_there_is_no_such_row(self, campus: Lived) -> None:
        assert "peak with training swings" not in [row.item for row in campus.timeline.summary.plan_vs_sim]

    def test_a_stated_ramp_is_held_against_the_steepest_change(self, plan: Plan, calm: Timeline) -> None:
        ramp = {f"sites.{SITE}.connection": {"minute_ramp": "0.1 MW"}}
        row = next(row for row in live(plan, True, **ramp).summary.plan_vs_sim if row.item == "steepest ramp")
        assert row.plan == pytest.approx(6e6)
        assert row.simulated == pytest.approx(CUT_W, rel=0.2)
        assert "steepest ramp" not in [row.item for row in calm.summary.plan_vs_sim]


def test_an_event_at_the_end_leaves_the_battery_as_it_is(plan: Plan) -> None:
    """No dispatch ends full, so that the battery rides through and is not refilled in time."""
    scenario = asked(**LARGE, **PRICES)
    first = float(calendar.edges_h(scenario.quarters)[scenario.quarters.index(QUARTER)])
    event = Event(site=SITE, start_h=first + 46, end_h=first + 48, less_w=CUT_W)
    lived = simulate(scenario, plan, window=Window(first_h=first, last_h=first + 48, events=(event,)))
    assert at(lived, "stored_wh")[-1] < 160e6
    assert lived.summary.curtailed_wh == 0


def test_a_draw_covered_in_full_is_no_limit_for_rounding() -> None:
    ones = np.ones((24, 1))
    one = replace(storage.terms(asked(**LARGE), weekly=False)[0], wear_usd_per_wh=0.0)
    span = Span(period=0, first_h=0.0, count=24, step_h=1.0, weight_h=1.0)
    bounds = Limits(most_w=8.7e6 * ones, less_w=0 * ones, kept_frac=ones, stopped=np.zeros((24, 1, 4), bool))
    left = storage.relieved([one], span, bounds, 9.1e6 * ones, 8.7e6 * ones, 10e6 * ones)
    assert not left.binding(9.1e6 * ones * (1 + 1e-15))
