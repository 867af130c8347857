"""Moist air against psychrolib, point by point, and its own laws."""

import numpy as np
import psychrolib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import watts

DRY_DEGC = np.arange(-40, 56, 2.5)
HUMIDITY = np.array([0.02, 0.1, 0.3, 0.5, 0.8, 0.95, 1.0])

degc = st.floats(-40, 55)
share = st.floats(0.01, 1)


psychrolib.SetUnitSystem(psychrolib.SI)  # once: it has numba compile anew each time


def both_solve(dry: float, humidity: float, pressure_pa: float) -> bool:
    """Whether a bulb at or above 0 degC over water and one below over ice fit this air alike.

    Which of the two psychrolib finds then depends on where its bisection happens to step; ours is always the frozen
    one. No other state of air has two answers.
    """
    if dry < 0:
        return False
    ratio = psychrolib.GetHumRatioFromRelHum(dry, humidity, pressure_pa)
    over_ice, over_water = (psychrolib.GetHumRatioFromTWetBulb(dry, wet, pressure_pa) for wet in (-1e-9, 0.0))
    return bool(over_water <= ratio <= over_ice)


@pytest.mark.parametrize("altitude_m", [0.0, 540.0, 1500.0, 3000.0])
def test_wet_bulb_agrees_with_psychrolib(altitude_m: float) -> None:
    pressure = psychrolib.GetStandardAtmPressure(altitude_m)
    ours = watts.wet_bulb(DRY_DEGC[:, None], HUMIDITY, altitude_m)
    compared = 0
    for (n, dry), (m, humidity) in ((a, b) for a in enumerate(DRY_DEGC) for b in enumerate(HUMIDITY)):
        if not both_solve(dry, humidity, pressure):
            theirs = psychrolib.GetTWetBulbFromRelHum(dry, humidity, pressure)
            assert ours[n, m] == pytest.approx(theirs, abs=0.01), (dry, humidity)
            compared += 1
    assert compared > 0.97 * ours.size


def test_dew_point_agrees_with_psychrolib() -> None:
    ours = watts.dew_point(DRY_DEGC[:, None], HUMIDITY)
    theirs = [[psychrolib.GetTDewPointFromRelHum(dry, humidity) for humidity in HUMIDITY] for dry in DRY_DEGC]
    np.testing.assert_allclose(ours, theirs, atol=0.01)


@settings(deadline=None)
@given(dry=degc, humidity=share)
def test_humidity_of_the_dew_point_is_the_humidity(dry: float, humidity: float) -> None:
    assert float(watts.humidity(dry, watts.dew_point(dry, humidity))) == pytest.approx(humidity, rel=1e-4)


def test_dry_air_has_no_dew_point() -> None:
    with pytest.raises(ValueError, match="humidity_frac = 0: expected above 0"):
        watts.dew_point(20.0, [0.5, 0.0])


@settings(deadline=None)
@given(dry=degc, humidity=share, altitude=st.floats(0, 3000))
def test_wet_bulb_lies_between_dew_point_and_dry_bulb(dry: float, humidity: float, altitude: float) -> None:
    wet = float(watts.wet_bulb(dry, humidity, altitude))
    assert wet <= dry
    if wet > 0:  # below freezing the wet bulb is over ice and may lie under the dew point over water
        assert watts.saturation_pressure(wet) >= humidity * watts.saturation_pressure(dry) * (1 - 1e-9)


@settings(deadline=None)
@given(dry=st.floats(5, 55), humidity=st.floats(0.05, 0.95))
def test_moister_air_has_a_higher_wet_bulb(dry: float, humidity: float) -> None:
    assert watts.wet_bulb(dry, humidity + 0.05, 0) > watts.wet_bulb(dry, humidity, 0)


@settings(deadline=None)
@given(dry=degc)
def test_saturated_air_has_its_dry_bulb_as_wet_bulb(dry: float) -> None:
    assert watts.humidity(dry, dry) == 1
    assert float(watts.wet_bulb(dry, 1, 0)) == pytest.approx(dry, abs=1e-6)


def test_wet_bulb_broadcasts_and_is_the_same_alone_and_in_a_row() -> None:
    dry = np.linspace(-20, 45, 14)
    row = watts.wet_bulb(dry, 0.5, 0)
    assert row.shape == dry.shape
    np.testing.assert_allclose(row, [watts.wet_bulb(value, 0.5, 0) for value in dry], atol=1e-5)


@pytest.mark.parametrize(
    ("dry", "humidity", "message"),
    [
        (np.nan, 0.5, "dry_bulb_degc = nan"),
        (20.0, np.nan, "humidity_frac = nan"),
        (20.0, 1.01, r"humidity_frac = 1\.01: expected a number from 0 to 1"),
        (20.0, 60.0, "humidity_frac = 60"),
        (20.0, -0.1, "humidity_frac = -0.1"),
        (293.15, 0.5, "dry_bulb_degc = 293.15"),
    ],
)
def test_air_that_cannot_be_is_refused(dry: float, humidity: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        watts.wet_bulb([10.0, dry], [0.5, humidity], 0)


def test_dew_point_above_dry_bulb_is_refused() -> None:
    with pytest.raises(ValueError, match="dew_point_degc above dry_bulb_degc"):
        watts.humidity([20.0, 20.0], [10.0, 20.1])


def test_a_state_that_never_settles_holds_up_no_other() -> None:
    """Around 0 degC a state may swing between ice and water for as long as it is let: the others stay as they are."""
    dry, humidity = np.linspace(-3, 6, 2001), 0.6
    together = watts.wet_bulb(dry, humidity, 200.0)
    alone = [float(watts.wet_bulb(each, humidity, 200.0)) for each in dry[::50]]
    assert together[::50] == pytest.approx(alone, abs=1e-12)


def test_humidity_never_passes_one_by_rounding() -> None:
    """Dew points in the last digits below the dry bulb."""
    dry = np.random.default_rng(0).uniform(-60, 60, 200_000)
    assert watts.humidity(dry, np.nextafter(dry, -np.inf)).max() <= 1.0
