"""Dispatch of a battery: against the closed forms, its balance, its laws, and limits that cannot be met."""

from dataclasses import replace

import numpy as np
import pytest
from closed_forms import arbitrage, least_peak
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import watts
from gigawatt.errors import Infeasible
from gigawatt.simulation.dispatch import Dispatch, HoursAhead, dispatch

BATTERY = watts.Battery(power_w=100e6, energy_wh=400e6, round_trip_frac=0.86, fade_frac=4e-5)
CONNECTION = watts.Connection(limit_w=1e9, minute_ramp_w=1e9, monthly_demand_usd_per_w=0.0)
DAY = np.concatenate([np.linspace(20, 45, 12), np.linspace(50, 130, 12)]) * 1e-6  # cheap hours before the dear ones


def horizon(load_w: np.ndarray, price_usd_per_wh: np.ndarray, **change: object) -> HoursAhead:
    plain = HoursAhead(
        load_w=load_w,
        price_usd_per_wh=price_usd_per_wh,
        available_w=np.full(load_w.size, 1e9),
        months=np.zeros(load_w.size, dtype=np.int64),
        start_wh=0.0,
        wear_usd_per_wh=0.0,
    )
    return replace(plain, **change)


def noisy(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    wave = np.sin(2 * np.pi * np.arange(count) / 24)
    return 7e8 + 1e8 * wave + random.normal(0, 3e7, count), (45 + 30 * wave + random.normal(0, 10, count)) * 1e-6


def check(found: Dispatch, battery: watts.Battery, asked: HoursAhead) -> None:
    """Energy balances, and every limit of the battery and the connection holds."""
    unit = 1e9
    assert found.grid_w == pytest.approx(asked.load_w + found.charge_w - found.discharge_w, abs=1e-9 * unit)
    held = found.stored_wh
    change = battery.one_way_frac * found.charge_w - found.discharge_w / battery.one_way_frac
    assert np.diff(held, prepend=asked.start_wh) == pytest.approx(change, abs=1e-9 * unit)
    bought, lost = found.grid_w.sum(), found.charge_w.sum() - found.discharge_w.sum()
    assert bought == pytest.approx(asked.load_w.sum() + lost, rel=1e-9)
    assert held[-1] == pytest.approx(asked.start_wh, abs=1e-5 * unit)
    for values, most in (
        (held, battery.energy_wh),
        (found.charge_w, battery.power_w),
        (found.discharge_w, battery.power_w),
    ):
        assert values.min() >= -1e-6 * unit
        assert values.max() <= most + 1e-6 * unit
    assert (found.grid_w <= asked.available_w + 1e-6 * unit).all()
    assert np.minimum(found.charge_w, found.discharge_w).max() <= 1e-6 * unit


@pytest.mark.parametrize("round_trip", [1.0, 0.86, 0.7, 0.3])
def test_arbitrage_earns_what_the_closed_form_says(round_trip: float) -> None:
    battery = replace(BATTERY, round_trip_frac=round_trip)
    asked = horizon(np.full(24, 7e8), DAY)
    found = dispatch(battery, CONNECTION, asked)
    check(found, battery, asked)
    assert asked.load_w @ DAY - found.cost_usd == pytest.approx(arbitrage(battery, DAY), rel=1e-7, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_shaving_reaches_the_least_peak_of_the_closed_form(seed: int) -> None:
    load, _ = noisy(72, seed)
    charged = replace(CONNECTION, monthly_demand_usd_per_w=0.01)
    asked = horizon(load, np.zeros(72), start_wh=BATTERY.energy_wh)
    found = dispatch(BATTERY, charged, asked)
    check(found, BATTERY, asked)
    assert found.grid_w.max() == pytest.approx(least_peak(BATTERY, load), rel=1e-6)
    assert found.demand_usd == pytest.approx(0.01 * found.grid_w.max())


def test_every_month_has_its_own_peak() -> None:
    load, price = noisy(48, 5)
    charged = replace(CONNECTION, monthly_demand_usd_per_w=0.02)
    asked = horizon(load, price, months=np.repeat([3, 4], 24))
    found = dispatch(BATTERY, charged, asked)
    peaks = found.grid_w[:24].max() + found.grid_w[24:].max()
    assert found.demand_usd == pytest.approx(0.02 * peaks)
    assert found.cost_usd == pytest.approx(found.energy_usd + found.demand_usd)


def test_wear_keeps_a_battery_from_small_gains() -> None:
    asked = horizon(np.full(24, 7e8), DAY, wear_usd_per_wh=200e-6)
    found = dispatch(BATTERY, CONNECTION, asked)
    assert found.discharge_w.max() == pytest.approx(0, abs=1)
    milder = dispatch(BATTERY, CONNECTION, replace(asked, wear_usd_per_wh=20e-6))
    assert milder.wear_usd == pytest.approx(20e-6 * milder.discharge_w.sum())
    assert milder.wear_usd > 0


def test_a_battery_carries_a_campus_through_a_call() -> None:
    available = np.full(24, 1e9)
    available[18:21] = 6.2e8
    asked = horizon(np.full(24, 7e8), DAY, available_w=available)
    found = dispatch(BATTERY, CONNECTION, asked)
    check(found, BATTERY, asked)
    assert found.discharge_w[18:21].min() >= 8e7 - 1


def test_a_ramp_is_kept() -> None:
    load = np.concatenate([np.full(6, 5e8), np.full(6, 7.5e8), np.full(6, 5e8)])
    slow = replace(CONNECTION, minute_ramp_w=2e6)
    asked = horizon(load, np.full(18, 50e-6), start_wh=200e6)
    found = dispatch(BATTERY, slow, asked)
    check(found, BATTERY, asked)
    assert watts.ramp_breach(CONNECTION, load) == 0
    assert watts.ramp_breach(slow, load) > 1e8
    assert watts.ramp_breach(slow, found.grid_w) <= 1e3


class TestNeverBothAtOnce:
    def test_where_a_price_is_negative(self) -> None:
        """Burning energy in a battery would earn money here; it may only fill up once."""
        price = np.array([-50.0, -50.0, -50.0, -50.0, -50.0, -50.0, 80.0, 90.0]) * 1e-6
        asked = horizon(np.full(8, 5e8), price)
        found = dispatch(BATTERY, CONNECTION, asked)
        check(found, BATTERY, asked)
        filled = BATTERY.energy_wh / BATTERY.one_way_frac
        assert found.charge_w.sum() == pytest.approx(filled, rel=0.2)

    def test_where_a_ramp_binds(self) -> None:
        load = np.concatenate([np.full(4, 7.4e8), np.full(4, 5e8)])
        slow = replace(CONNECTION, minute_ramp_w=2e6)
        asked = horizon(load, np.full(8, 50e-6), start_wh=0.0)
        check(dispatch(BATTERY, slow, asked), BATTERY, asked)


class TestLooserLimits:
    @settings(max_examples=8, deadline=None)
    @given(
        st.integers(0, 50),
        st.sampled_from(["power_w", "energy_wh", "round_trip_frac", "limit", "ramp"]),
        st.floats(1.0, 1.16),
    )
    def test_are_never_worse(self, seed: int, limit: str, factor: float) -> None:
        load, price = noisy(24, seed)
        connection = replace(CONNECTION, minute_ramp_w=2.5e6, monthly_demand_usd_per_w=0.002)
        tight = horizon(load, price, available_w=np.full(24, 8.8e8), start_wh=2e8)
        battery = BATTERY
        looser_battery, looser_connection, looser = battery, connection, tight
        if limit == "limit":
            looser = replace(tight, available_w=factor * tight.available_w)
        elif limit == "ramp":
            looser_connection = replace(connection, minute_ramp_w=factor * connection.minute_ramp_w)
        else:
            looser_battery = replace(battery, **{limit: factor * getattr(battery, limit)})
        cost = dispatch(battery, connection, tight).cost_usd
        assert dispatch(looser_battery, looser_connection, looser).cost_usd <= cost + 1e-6 * abs(cost)


class TestLimitsThatCannotBeMet:
    def conflict(self, connection: watts.Connection, asked: HoursAhead) -> object:
        with pytest.raises(Infeasible) as caught:
            dispatch(BATTERY, connection, asked)
        (found,) = caught.value.conflicts
        return found

    def test_a_connection_that_is_too_small(self) -> None:
        load = np.full(12, 9e8)
        load[6] = 1.15e9
        found = self.conflict(CONNECTION, horizon(load, np.full(12, 50e-6)))
        assert (found.limit, found.period, found.unit) == ("connection limit", "hour 6", "W")
        assert found.short_by == pytest.approx(5e7, rel=1e-4)

    def test_a_call_that_is_too_deep(self) -> None:
        available = np.full(12, 1e9)
        available[6:8] = 5e8
        found = self.conflict(CONNECTION, horizon(np.full(12, 7e8), np.full(12, 50e-6), available_w=available))
        assert found.limit == "curtailment call"
        assert found.short_by == pytest.approx(1e8, rel=1e-4)

    def test_a_ramp_that_is_too_slow(self) -> None:
        load = np.concatenate([np.full(6, 2e8), np.full(6, 9e8)])
        found = self.conflict(replace(CONNECTION, minute_ramp_w=1e5), horizon(load, np.full(12, 50e-6)))
        assert found.limit == "grid ramp"
        assert "short by" in str(found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"price_usd_per_wh": np.ones(3)}, r"price_usd_per_wh of shape \(3,\): expected \(24,\)"),
        ({"load_w": np.full(24, np.nan)}, "load_w holds a value that is not finite"),
        ({"start_wh": 1e12}, "start_wh = 1e"),
    ],
)
def test_input_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dispatch(BATTERY, CONNECTION, replace(horizon(np.full(24, 7e8), DAY), **change))
