"""Batteries: the store, its limits and wear, and the two dispatches in closed form."""

import numpy as np
import pytest
from closed_forms import arbitrage, least_peak
from hypothesis import given
from hypothesis import strategies as st

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.catalog.load import get

BATTERY = watts.Battery(power_w=100.0, energy_wh=400.0, round_trip_frac=0.81, fade_frac=1e-4)
LOSSLESS = watts.Battery(power_w=100.0, energy_wh=150.0, round_trip_frac=1.0, fade_frac=0.0)


def test_the_store_by_hand() -> None:
    assert watts.stored(BATTERY, 10.0, [100, 0, 0], [0, 0, 45]) == pytest.approx([100, 100, 50])


@given(st.floats(0.5, 1), st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_what_goes_in_comes_out_less_the_losses(round_trip: float, charge: list[float]) -> None:
    battery = watts.Battery(power_w=100.0, energy_wh=1e6, round_trip_frac=round_trip, fade_frac=0.0)
    given_back = round_trip * sum(charge)
    end = watts.stored(battery, 0.0, [*charge, 0.0], [*np.zeros(len(charge)), given_back])[-1]
    assert end == pytest.approx(0, abs=1e-9 * (1 + sum(charge)))


def test_the_shipped_battery_keeps_four_fifths_for_5000_cycles() -> None:
    battery = to_watts.battery_of(get("onsite_power", "lithium_battery"), 1e6)
    assert battery.energy_wh == pytest.approx(4e6)
    assert 5000 * battery.fade_frac == pytest.approx(0.2)


class TestRideThrough:
    """It gives what a load lacks first, as far as power and energy go, and fills up again in the room that is left."""

    POWERS = st.lists(st.floats(-300, 300), min_size=1, max_size=40)
    STEPS = st.sampled_from([1.0, 0.5, 1 / 12])

    def ride(self, wishes: list[float], step_h: float, battery: watts.Battery = BATTERY) -> watts.Schedule:
        lack = np.array(wishes)
        return watts.ride_through(battery, np.maximum(lack, 0), np.maximum(-lack, 0), battery.energy_wh, step_h)

    def test_by_hand(self) -> None:
        """Full at 400, η = 0.9: 90 for an hour take 100, twice; then 50 of room bring back 45, and 100 each 90."""
        found = watts.ride_through(BATTERY, [90, 90, 0, 0, 0], [0, 0, 50, 200, 200], 400.0, 1.0)
        assert found.discharge_w == pytest.approx([90, 90, 0, 0, 0])
        assert found.charge_w == pytest.approx([0, 0, 50, 100, 65 / 0.9])
        assert found.stored_wh == pytest.approx([300, 200, 245, 335, 400])

    def test_an_empty_battery_gives_what_is_left_and_then_nothing(self) -> None:
        found = watts.ride_through(BATTERY, [100] * 6, [0] * 6, 400.0, 1.0)
        assert found.discharge_w == pytest.approx([100, 100, 100, 60, 0, 0])
        assert found.stored_wh[-1] == 0

    @given(POWERS, STEPS)
    def test_never_more_than_its_power_its_energy_or_what_is_lacking(self, wishes: list[float], step_h: float) -> None:
        found, lack = self.ride(wishes, step_h), np.array(wishes)
        assert (found.discharge_w <= np.minimum(np.maximum(lack, 0), BATTERY.power_w)).all()
        assert (found.charge_w <= np.minimum(np.maximum(-lack, 0), BATTERY.power_w)).all()
        assert ((found.stored_wh >= 0) & (found.stored_wh <= BATTERY.energy_wh)).all()
        assert np.minimum(found.charge_w, found.discharge_w).max() == 0

    @given(POWERS, STEPS)
    def test_energy_balances(self, wishes: list[float], step_h: float) -> None:
        found = self.ride(wishes, step_h)
        inside = watts.stored(BATTERY, BATTERY.energy_wh, step_h * found.charge_w, step_h * found.discharge_w)
        assert found.stored_wh == pytest.approx(inside, abs=1e-9 * BATTERY.energy_wh)

    @given(POWERS, st.floats(1, 3))
    def test_a_larger_battery_leaves_no_more_uncovered(self, wishes: list[float], times: float) -> None:
        larger = watts.Battery(power_w=100 * times, energy_wh=400 * times, round_trip_frac=0.81, fade_frac=0.0)
        small, large = self.ride(wishes, 1.0).discharge_w.sum(), self.ride(wishes, 1.0, larger).discharge_w.sum()
        assert large >= small - 1e-9 * BATTERY.energy_wh

    def test_a_limit_that_it_can_carry_is_carried(self) -> None:
        """Cross-route: at the limit that `least_peak` finds, nothing is left uncovered and it ends full."""
        load = np.array([50.0, 50, 80, 160, 170, 90, 50, 40, 40, 40])
        limit = least_peak(BATTERY, load) + 1e-6
        found = self.ride((load - limit).tolist(), 1.0)
        assert (load - found.discharge_w).max() <= limit + 1e-9
        assert found.stored_wh[-1] == pytest.approx(BATTERY.energy_wh, rel=1e-6)

    @pytest.mark.parametrize(("excess", "start"), [([-1.0], 0.0), ([np.nan], 0.0), ([1.0], 401.0)])
    def test_nonsense_is_refused(self, excess: list[float], start: float) -> None:
        with pytest.raises(ValueError, match="expected a number"):
            watts.ride_through(BATTERY, excess, [0.0], start, 1.0)


class TestArbitrage:
    def test_by_hand(self) -> None:
        """Without losses: 1.5 hours bought at 10 and 20, sold at 50 and 40."""
        assert arbitrage(LOSSLESS, [20.0, 10.0, 30.0, 40.0, 50.0]) == pytest.approx(100 * (50 - 10) + 50 * (40 - 20))

    def test_a_cycle_goes_only_as_deep_as_it_pays(self) -> None:
        lossy = watts.Battery(power_w=100.0, energy_wh=1e6, round_trip_frac=0.5, fade_frac=0.0)
        assert arbitrage(lossy, [10.0, 10.0, 15.0, 19.0]) == 0
        assert arbitrage(lossy, [10.0, 10.0, 15.0, 30.0]) == pytest.approx(100 * 30 - 200 * 10)

    def test_no_hour_both_buys_and_sells(self) -> None:
        assert arbitrage(BATTERY, np.full(5, -10.0)) == pytest.approx(arbitrage(BATTERY, [-10.0] * 5))
        lone = watts.Battery(power_w=100.0, energy_wh=1e6, round_trip_frac=1.0, fade_frac=0.0)
        assert arbitrage(lone, [1.0, 3.0]) == pytest.approx(200)

    @given(st.lists(st.floats(0, 200), min_size=2, max_size=48), st.floats(1, 3))
    def test_a_larger_battery_earns_no_less(self, price: list[float], factor: float) -> None:
        larger = watts.Battery(power_w=100.0, energy_wh=400.0 * factor, round_trip_frac=0.81, fade_frac=0.0)
        assert arbitrage(larger, price) >= arbitrage(BATTERY, price) - 1e-9


class TestLeastPeak:
    def test_water_filling_by_hand(self) -> None:
        """150 Wh off the hours of 300 and 250: both at 200."""
        assert least_peak(LOSSLESS, [100.0, 250.0, 300.0, 100.0, 100.0]) == pytest.approx(200)

    def test_the_power_may_bind_first(self) -> None:
        deep = watts.Battery(power_w=50.0, energy_wh=1e6, round_trip_frac=1.0, fade_frac=0.0)
        assert least_peak(deep, [100.0, 300.0, *np.full(20, 100.0)]) == pytest.approx(250)

    def test_between_two_peaks_it_recharges_no_more_than_there_is_room_for(self) -> None:
        """Each peak takes 150 Wh; the hour between gives back 90 under a limit of 190 but 75 under 175."""
        load = [100.0, 340.0, 100.0, 340.0, *np.full(4, 100.0)]
        battery = watts.Battery(power_w=200.0, energy_wh=150.0, round_trip_frac=1.0, fade_frac=0.0)
        level = least_peak(battery, load)
        assert (340 - level) + max((340 - level) - (level - 100), 0) == pytest.approx(150)

    def test_a_flat_load_has_no_peak_to_shave(self) -> None:
        assert least_peak(BATTERY, np.full(24, 500.0)) == pytest.approx(500)

    @given(st.lists(st.floats(10, 1000), min_size=2, max_size=30), st.floats(0.5, 1))
    def test_the_peak_lies_between_the_mean_and_the_highest(self, load: list[float], round_trip: float) -> None:
        battery = watts.Battery(power_w=100.0, energy_wh=200.0, round_trip_frac=round_trip, fade_frac=0.0)
        level = least_peak(battery, load)
        assert np.mean(load) - 1e-6 <= level <= max(load) + 1e-9
        assert level >= max(load) - 100 - 1e-9
