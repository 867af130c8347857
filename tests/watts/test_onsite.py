"""Power on site: its cost, the sun, the sizing of panels, and what a bridge is worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.catalog.load import get, ids

PLANT = watts.OnsitePower(
    lead_years=1.0,
    capex_usd_per_w=2.0,
    installed_ratio=1.25,
    storage_h=4.0,
    storage_price_usd_per_wh=0.25,
    yearly_opex_usd_per_w=0.04,
    fuel_usd_per_wh=30e-6,
    carbon_kg_per_wh=0.4e-3,
    capacity_frac=0.9,
    life_years=20.0,
)
PLANTS = [name for name in ids("onsite_power") if name != "lithium_battery"]
ANNUITY_PER_YEAR = {10.0: 0.149, 20.0: 0.102, 25.0: 0.094}  # 8 % a year


class TestCost:
    def test_by_hand(self) -> None:
        """3.5 USD/W of load at a tenth a year, and 0.05 of upkeep, over 0.8 × 8,760 h, on top of 30 USD/MWh."""
        assert watts.load_capex(PLANT) == pytest.approx(3.5)
        assert watts.levelised_cost(PLANT, 0.1, 0.8) == pytest.approx(0.4 / 7008 + 30e-6)

    @pytest.mark.parametrize("name", [name for name in PLANTS if get("onsite_power", name).published_usd_per_wh])
    def test_is_in_the_published_range(self, name: str) -> None:
        record = get("onsite_power", name)
        evidence = record.evidence["published_usd_per_wh"]
        annuity = ANNUITY_PER_YEAR[record.life_years]
        cost = watts.levelised_cost(to_watts.onsite_power_of(record), annuity, 0.9)
        assert evidence.low <= cost <= evidence.high

    @pytest.mark.parametrize("name", PLANTS)
    def test_shipped_plants_carry_a_constant_load(self, name: str) -> None:
        plant = to_watts.onsite_power_of(get("onsite_power", name))
        assert plant.installed_ratio * plant.capacity_frac >= 1

    def test_engines_and_cells_are_sooner_than_turbines_and_fuel_is_not_free(self) -> None:
        plants = {name: to_watts.onsite_power_of(get("onsite_power", name)) for name in PLANTS}
        order = ["fuel_cell", "reciprocating_engine", "solar_storage", "gas_turbine"]
        assert sorted(plants, key=lambda name: plants[name].lead_years) == order
        assert [name for name, plant in plants.items() if plant.carbon_kg_per_wh == 0] == ["solar_storage"]


class TestBridge:
    def terms(self, **change: float) -> dict[str, float]:
        return {
            "grid_years": 3.0,
            "grid_usd_per_wh": 60e-6,
            "worth_usd_per_wh": 1000e-6,
            "load_frac": 1.0,
            "resale_frac": 0.5,
            "discount_per_year": 0.0,
        } | change

    def test_by_hand_without_interest(self) -> None:
        """Two years early: 17,520 h at 1,000 USD/MWh, less half of 3.5, two years of 0.05, and fuel at 30."""
        found = watts.bridge(PLANT, **self.terms())
        assert found.early_years == 2
        assert found.worth_usd_per_w == pytest.approx(17.52)
        cost = 1.75 + 0.1 + 17_520 * 30e-6
        assert found.net_usd_per_w == pytest.approx(17.52 - cost)
        assert found.cost_usd_per_wh == pytest.approx(cost / 17_520)
        assert found.extra_usd_per_wh == pytest.approx(cost / 17_520 - 60e-6)

    def test_interest_counts_from_the_start_of_the_wait(self) -> None:
        found = watts.bridge(PLANT, **self.terms(discount_per_year=0.1))
        start, end = 1.1**-1, 1.1**-3
        years = (start - end) / np.log(1.1)
        cost = 3.5 * (start - 0.5 * end) + 0.05 * years + 30e-6 * 8760 * years
        assert found.worth_usd_per_w == pytest.approx(8.76 * years)
        assert found.net_usd_per_w == pytest.approx(8.76 * years - cost)

    def test_a_plant_later_than_the_grid_is_not_built(self) -> None:
        found = watts.bridge(PLANT, **self.terms(grid_years=0.5))
        assert (found.early_years, found.net_usd_per_w, found.extra_usd_per_wh) == (0, 0, 0)
        assert found.cost_usd_per_wh == 60e-6

    def test_turbines_come_too_late_for_a_wait_of_three_years(self) -> None:
        """Of a wait of three years only engines, cells and panels save any; at the worth of AI work all of them pay."""
        net = {
            name: watts.bridge(to_watts.onsite_power_of(get("onsite_power", name)), **self.terms()).net_usd_per_w
            for name in PLANTS
        }
        assert net["gas_turbine"] == 0
        assert all(net[name] > 5 for name in PLANTS if name != "gas_turbine")

    @given(st.floats(1, 8), st.floats(1, 8))
    def test_a_longer_wait_is_worth_no_less(self, one: float, other: float) -> None:
        short, long = (watts.bridge(PLANT, **self.terms(grid_years=years)) for years in sorted([one, other]))
        assert long.worth_usd_per_w >= short.worth_usd_per_w


class TestSun:
    def test_noon_at_the_equator_at_equinox_is_overhead(self) -> None:
        day = watts.clear_sky(0.0, 81, 1.0)[0]
        assert day[11:13] == pytest.approx(1.0)
        assert (day[:6] == 0).all()
        assert (day[18:] == 0).all()
        assert day == pytest.approx(day[::-1])

    def test_days_are_long_in_summer_and_polar_nights_dark(self) -> None:
        midsummer, midwinter = watts.clear_sky(52.0, [172, 355], 1.0)
        assert (midsummer > 0).sum() == 16
        assert (midwinter > 0).sum() == 8
        assert watts.clear_sky(80.0, 355, 1.0).sum() == 0
        assert (watts.clear_sky(80.0, 172, 1.0) > 0).all()

    def test_a_year_in_the_south_mirrors_the_north(self) -> None:
        year = np.arange(1, 366)
        assert watts.clear_sky(33.0, year, 0.7).mean() == pytest.approx(
            watts.clear_sky(-33.0, year, 0.7).mean(), rel=0.01
        )

    def test_a_clear_year_in_texas_yields_what_following_panels_do(self) -> None:
        """Trackers in West Texas reach about 0.30 of their rating; with a third lost to clouds and losses."""
        assert watts.clear_sky(32.0, np.arange(1, 366), 0.68).mean() == pytest.approx(0.3, abs=0.03)


class TestPanels:
    SUN = np.tile([0.0] * 12 + [0.5] * 12, 30)
    LARGE = watts.Battery(power_w=1e3, energy_wh=1e5, round_trip_frac=0.81, fade_frac=0.0)

    def test_by_hand(self) -> None:
        """A load of 1 W, 12 h of sun at half: s/2 − 1 spare by day, times 0.81, is 1 by night."""
        nightly = watts.Battery(power_w=10.0, energy_wh=12 / 0.9, round_trip_frac=0.81, fade_frac=0.0)
        assert watts.panels_for(1.0 - 1e-9, nightly, 1.0, self.SUN) == pytest.approx(2 * (1 + 1 / 0.81), rel=1e-5)

    def test_without_a_battery_the_night_stays_dark(self) -> None:
        none = watts.Battery(power_w=0.0, energy_wh=0.0, round_trip_frac=0.81, fade_frac=0.0)
        assert watts.served(100.0, none, 1.0, self.SUN) == pytest.approx(0.5)
        with pytest.raises(ValueError, match="the nights are longer"):
            watts.panels_for(0.9, none, 1.0, self.SUN)

    @given(st.floats(0.5, 20), st.floats(0.5, 20))
    def test_more_panels_serve_no_less(self, one: float, other: float) -> None:
        battery = watts.Battery(power_w=1.0, energy_wh=8.0, round_trip_frac=0.86, fade_frac=0.0)
        low, high = sorted([one, other])
        assert watts.served(low, battery, 1.0, self.SUN) <= watts.served(high, battery, 1.0, self.SUN) + 1e-12

    def test_masdars_plant_carries_its_gigawatt(self) -> None:
        """5 GW of panels and 19 GWh for 1 GW at 24° north: clear skies less a fifth leave hardly a dark hour."""
        record = get("onsite_power", "solar_storage")
        battery = watts.Battery(
            power_w=2e9, energy_wh=record.storage_h * 1e9, round_trip_frac=record.round_trip_frac, fade_frac=0.0
        )
        sun = watts.clear_sky(24.0, np.arange(1, 366), 0.8)
        assert watts.served(record.installed_ratio * 1e9, battery, 1e9, sun) > 0.99
