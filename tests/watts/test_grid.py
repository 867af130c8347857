"""The grid connection: profiles by hour, charges, ramps, calls to curtail, swings of a gang."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt import watts

CONNECTION = watts.Connection(limit_w=1e9, minute_ramp_w=1e6, monthly_demand_usd_per_w=0.01)
CONTRACT = watts.Curtailment(hours_frac=0.005, depth_frac=0.4, longest_h=4)
CLOCK = np.arange(24.0)


def hours(begin: str, count: int) -> np.ndarray:
    return np.datetime64(begin, "h") + np.arange(count).astype("timedelta64[h]")


class TestByHour:
    def test_a_mean_month_and_hour(self) -> None:
        profile = 100 * np.arange(1, 13)[:, None] + CLOCK
        when = np.array(["2027-01-01T00", "2027-07-01T05", "2027-12-31T23"], dtype="datetime64[h]")
        assert watts.by_hour(profile, when, 0.0).tolist() == [100, 705, 1223]
        assert watts.by_hour(profile, when, -6.0).tolist() == [1218, 623, 1217]

    def test_half_hours_of_offset_fall_into_their_hour(self) -> None:
        profile = np.tile(CLOCK, (12, 1))
        assert watts.by_hour(profile, hours("2027-05-01T00", 2), 5.5).tolist() == [5, 6]

    @pytest.mark.parametrize("length", [8760, 8784])
    def test_a_year_against_the_calendar(self, length: int) -> None:
        """Each hour of the profile is named for its month, day and hour; six years, leap and not, agree with it."""
        begin = datetime(2027, 1, 1) if length == 8760 else datetime(2028, 1, 1)
        profile = [float((begin + timedelta(hours=n)).strftime("%m%d%H")) for n in range(length)]
        when = hours("2026-12-31T20", 6 * 8766)
        found = watts.by_hour(profile, when, -5.0)
        for n in range(0, when.size, 7):
            local = datetime(2026, 12, 31, 20) + timedelta(hours=n - 5)
            if (local.month, local.day) == (2, 29) and length == 8760:
                local -= timedelta(days=1)
            assert found[n] == float(local.strftime("%m%d%H")), local

    @pytest.mark.parametrize("profile", [np.ones(24), np.ones((24, 12)), np.ones(8761)])
    def test_other_shapes_are_refused(self, profile: np.ndarray) -> None:
        with pytest.raises(ValueError, match=r"expected \(12, 24\), \(8760,\) or \(8784,\)"):
            watts.by_hour(profile, hours("2027-01-01", 1), 0.0)

    def test_a_missing_hour_is_refused(self) -> None:
        with pytest.raises(ValueError, match="not finite"):
            watts.by_hour(np.full(8760, np.nan), hours("2027-01-01", 1), 0.0)


class TestCharges:
    def test_every_month_pays_for_its_own_peak(self) -> None:
        when = hours("2027-01-31T22", 4)
        months = watts.month_numbers(when, 0.0)
        assert (months - months[0]).tolist() == [0, 0, 1, 1]
        assert watts.demand_charge(CONNECTION, [5e6, 7e6, 1e6, 2e6], months) == pytest.approx(0.01 * 9e6)

    def test_the_ramp_is_of_an_hour(self) -> None:
        assert watts.ramp_breach(CONNECTION, [1e8, 1.6e8, 1.0e8]) == 0
        assert watts.ramp_breach(CONNECTION, [1e8, 1.8e8]) == pytest.approx(2e7)
        assert watts.ramp_breach(CONNECTION, [1e8]) == 0


class TestCalls:
    @pytest.mark.parametrize("share", [0.0025, 0.005, 0.01])
    def test_the_dearest_hours_are_called(self, share: float) -> None:
        price = np.random.default_rng(1).gamma(2, 20, 8760)
        contract = watts.Curtailment(hours_frac=share, depth_frac=0.3, longest_h=8760)
        called = watts.dearest_calls(contract, price)
        assert called.sum() == round(share * 8760)
        assert price[called].min() >= price[~called].max()

    def test_no_call_is_longer_than_the_contract_allows(self) -> None:
        price = np.concatenate([np.full(100, 10.0), np.linspace(100, 200, 50), np.full(8610, 20.0)])
        assert longest(watts.dearest_calls(CONTRACT, price)) == 4

    def test_equal_prices_call_the_earlier_hours(self) -> None:
        called = watts.dearest_calls(watts.Curtailment(hours_frac=0.5, depth_frac=1.0, longest_h=2), np.ones(8))
        assert np.flatnonzero(called).tolist() == [0, 1, 3, 4]

    @given(st.sampled_from([0.0, 0.0025, 0.005, 0.01]), st.integers(1, 12), st.integers(0, 1000))
    def test_drawn_calls_are_as_many_and_as_long_as_contracted(self, share: float, length: int, seed: int) -> None:
        contract = watts.Curtailment(hours_frac=share, depth_frac=0.5, longest_h=length)
        called = watts.drawn_calls(contract, 8760, seed)
        assert called.sum() == round(share * 8760)
        assert longest(called) == (length if called.any() else 0)

    def test_a_draw_is_the_seeds(self) -> None:
        one, same, other = (watts.drawn_calls(CONTRACT, 8760, seed) for seed in (7, 7, 8))
        assert (one == same).all()
        assert (one != other).any()

    @pytest.mark.parametrize(
        ("change", "message"),
        [({"hours_frac": 1.5}, "hours_frac"), ({"depth_frac": -0.1}, "depth_frac"), ({"longest_h": 0}, "longest_h")],
    )
    def test_contracts_that_cannot_be_are_refused(self, change: dict[str, float], message: str) -> None:
        values = {"hours_frac": 0.01, "depth_frac": 0.5, "longest_h": 4} | change
        with pytest.raises(ValueError, match=message):
            watts.dearest_calls(watts.Curtailment(**values), np.ones(24))

    def test_more_hours_than_fit_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"hours_frac = 0.9"):
            watts.drawn_calls(watts.Curtailment(hours_frac=0.9, depth_frac=0.5, longest_h=2), 100, 0)


def longest(called: np.ndarray) -> int:
    runs = np.diff(np.flatnonzero(np.concatenate([[True], ~called, [True]])))
    return int(runs.max()) - 1


class TestSwings:
    def test_a_gang_by_hand(self) -> None:
        mean_w, swing = watts.swing(compute_w=100e6, communicate_w=40e6, compute_frac=0.75)
        assert mean_w == pytest.approx(85e6)
        assert watts.peak_power(mean_w, swing, [0.0, 1.0]) == pytest.approx([100e6, 85e6])

    def test_smoothing_reaches_the_published_thirty_percent(self) -> None:
        """Up to 30 % off the peak, NVIDIA on GB300: the whole of a swing of 0.43, or most of a larger one."""
        for swing, smoothing in ((0.43, 1.0), (0.6, 0.8)):
            peaks = watts.peak_power(1.0, swing, [0.0, smoothing])
            assert 1 - peaks[1] / peaks[0] == pytest.approx(0.3, abs=0.005)

    @given(st.floats(0, 2), st.floats(0, 1), st.floats(0, 1))
    def test_more_smoothing_never_raises_the_peak(self, swing: float, one: float, other: float) -> None:
        low, high = sorted([one, other])
        assert watts.peak_power(1.0, swing, high) <= watts.peak_power(1.0, swing, low)
