"""Laws of PUE: never below one, hotter is never better for a dry plant, the peak is never below the mean."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.catalog.load import get, ids

PLANTS = {name: to_watts.cooling_of(get("cooling", name)) for name in ids("cooling")}
DRY = PLANTS["dry_cooler"]

plants = st.sampled_from(sorted(PLANTS))
degc = st.floats(-30, 50)
load = st.floats(0.05, 1)


@settings(deadline=None)
@given(name=plants, dry=degc, depression=st.floats(0, 20), load_frac=load)
def test_pue_is_above_one_and_finite(name: str, dry: float, depression: float, load_frac: float) -> None:
    value = watts.pue(PLANTS[name], dry, dry - depression, load_frac)
    assert 1 < value < 3


@settings(deadline=None)
@given(name=st.sampled_from(["air_chiller", "dry_cooler"]), dry=degc, warmer=st.floats(0, 20), load_frac=load)
def test_hotter_air_never_lowers_the_pue_of_a_dry_plant(name: str, dry: float, warmer: float, load_frac: float) -> None:
    plant = PLANTS[name]
    assert watts.pue(plant, dry + warmer, dry, load_frac) >= watts.pue(plant, dry, dry, load_frac)


@settings(deadline=None)
@given(dry=degc, depression=st.floats(0, 20), drier=st.floats(0, 10))
def test_drier_air_never_raises_the_pue_of_a_tower(dry: float, depression: float, drier: float) -> None:
    plant = PLANTS["tower"]
    moist, arid = (watts.pue(plant, dry, dry - by, 1) for by in (depression, depression + drier))
    assert arid <= moist


@settings(deadline=None, max_examples=20)
@given(site=st.sampled_from(ids("sites")), seed=st.integers(0, 2**32), name=plants)
def test_the_peak_is_never_below_the_mean_at_full_load(site: str, seed: int, name: str) -> None:
    weather = to_watts.weather_of(get("sites", site), seed)
    assert watts.pue_peak(PLANTS[name], weather) >= watts.pue_mean(PLANTS[name], weather, 1) - 1e-12


def test_the_mean_weighs_hours_by_their_energy() -> None:
    weather = to_watts.weather_of(get("sites", "abilene"), 0)
    hourly = np.where(np.arange(8760) % 24 < 12, 0.5, 1.0)
    energy = hourly * watts.pue(DRY, weather.dry_bulb_degc, weather.wet_bulb_degc, hourly)
    assert watts.pue_mean(DRY, weather, hourly) == pytest.approx(energy.sum() / hourly.sum(), rel=1e-12)


def test_parts_of_pue_add_up_in_cold_air_and_at_full_lift() -> None:
    """By hand: below trim only fans turn; far above it both loops lie wholly on the chiller."""
    base = 1 + DRY.electrical_no_load_frac + DRY.electrical_resistive_frac + DRY.pump_frac
    base += DRY.air_share_frac * DRY.air_fan_frac
    share, fan = DRY.air_share_frac, DRY.fan_frac
    cold = base + fan * ((1 - share) * (11 / 55) ** 3 + share * (11 / 35) ** 3)
    assert watts.pue(DRY, -10, -10, 1) == pytest.approx(cold, rel=1e-12)
    lifts = [(50 + 13 - 45) / (0.45 * 318.15), (50 + 13 - 25) / (0.45 * 298.15)]
    hot = base + fan + (1 - share) * lifts[0] + share * lifts[1]
    assert watts.pue(DRY, 50, 20, 1) == pytest.approx(hot, rel=1e-12)


def test_trim_of_the_warm_loop_starts_near_34_degc() -> None:
    """At 45 °C of water and an approach of 11 K; the cool loop is held out of the picture."""
    good = replace(DRY, air_share_frac=0.0)
    poor = replace(good, chiller_frac=good.chiller_frac / 2)
    assert watts.pue(poor, 34, 20, 1) == watts.pue(good, 34, 20, 1)
    assert watts.pue(poor, 34.5, 20, 1) > watts.pue(good, 34.5, 20, 1)


def test_only_wet_plants_use_water_and_pads_only_on_warm_hours() -> None:
    def litres(name: str, dry: float) -> float:
        return float(watts.water_use(PLANTS[name], dry, dry - 5, 1))

    assert litres("dry_cooler", 40) == litres("air_chiller", 40) == litres("evaporative", 10) == 0
    assert litres("evaporative", 35) == PLANTS["evaporative"].water_l_per_wh
    assert 0 < litres("tower", 10) < litres("tower", 35)


def test_pads_use_as_much_water_as_the_air_they_cool_takes_up() -> None:
    """By hand: at 32 °C and a wet bulb of 12 °C the pads stop at 20 °C, 12 K below, all of the heat as vapour."""
    plant = replace(PLANTS["air_side"], air_supply_degc=23.0, approach_degc=3.0, pad_range_degc=12.0)
    bare = replace(plant, house_water_l_per_wh=0.0)
    assert watts.water_use(bare, 32, 12, 1) == pytest.approx(plant.water_l_per_wh, rel=1e-12)
    assert watts.water_use(bare, 38, 12, 1) == pytest.approx(1.5 * plant.water_l_per_wh, rel=1e-12)
    assert watts.water_use(bare, 32, 32, 1) == 0
    assert watts.water_use(bare, 10, 5, 1) == 0
    assert watts.water_use(plant, 10, 5, 1) == plant.house_water_l_per_wh


def test_chillers_behind_pads_use_water_only_where_they_are_wet() -> None:
    humid = (30.0, 29.0)
    dry, wet = (replace(PLANTS["air_side"], wet_chiller=is_wet) for is_wet in (False, True))
    assert watts.water_use(wet, *humid, 1) - watts.water_use(dry, *humid, 1) == pytest.approx(dry.water_l_per_wh)


def test_a_tower_in_air_as_warm_as_its_water_loses_all_heat_as_vapour() -> None:
    tower = PLANTS["tower"]
    water = tower.supply_degc + tower.range_degc / 2
    assert watts.water_use(tower, water, 20, 1) == pytest.approx(tower.water_l_per_wh, rel=1e-12)
    assert 0.5 < float(watts.water_use(tower, -10, -10, 1)) / tower.water_l_per_wh < 0.7


@settings(deadline=None)
@given(name=plants, dry=degc, depression=st.floats(0, 20), load_frac=load)
def test_water_is_never_negative_and_has_the_shape_of_the_hours(
    name: str, dry: float, depression: float, load_frac: float
) -> None:
    hours = np.full(3, dry)
    used = watts.water_use(PLANTS[name], hours, hours - depression, load_frac)
    assert used.shape == (3,)
    assert (used >= 0).all()


def test_shapes_broadcast() -> None:
    dry, load_frac = np.linspace(0, 40, 5), np.array([[0.5], [1.0]])
    assert watts.pue(DRY, dry, dry - 2, load_frac).shape == (2, 5)
    assert watts.water_use(DRY, dry, dry - 2, load_frac).shape == (2, 5)


@pytest.mark.parametrize(
    ("dry", "wet", "load_frac", "message"),
    [
        (np.nan, 10.0, 1.0, "dry_bulb_degc = nan"),
        (20.0, np.nan, 1.0, "wet_bulb_degc = nan"),
        (20.0, 10.0, np.nan, "load_frac = nan"),
        (20.0, 21.0, 1.0, "wet_bulb_degc above dry_bulb_degc"),
        (20.0, 10.0, 0.0, "load_frac = 0"),
        (20.0, 10.0, 1.2, "load_frac = 1.2"),
        (127.0, 10.0, 1.0, "dry_bulb_degc = 127"),
    ],
)
def test_hours_that_cannot_be_are_refused(dry: float, wet: float, load_frac: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        watts.pue(DRY, dry, wet, load_frac)
