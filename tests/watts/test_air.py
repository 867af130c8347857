"""Moist air against psychrolib 2.5 (values computed once with it) and its own laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import watts

# dry bulb [degC], relative humidity, altitude [m], wet bulb [degC] of psychrolib 2.5
PSYCHROLIB = [
    (35.0, 0.40, 0.0, 23.9342),
    (35.0, 0.40, 1500.0, 23.4033),
    (20.0, 0.50, 0.0, 13.7834),
    (45.0, 0.20, 0.0, 25.2063),
    (5.0, 0.90, 0.0, 4.3017),
    (-10.0, 0.70, 0.0, -10.9752),
    (30.0, 1.00, 0.0, 30.0),
    (40.0, 0.05, 500.0, 16.1512),
]

degc = st.floats(-40, 55)
share = st.floats(0.01, 1)


@pytest.mark.parametrize(("dry", "humidity", "altitude", "expected"), PSYCHROLIB)
def test_wet_bulb_agrees_with_psychrolib(dry: float, humidity: float, altitude: float, expected: float) -> None:
    assert float(watts.wet_bulb(dry, humidity, altitude)) == pytest.approx(expected, abs=0.01)


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
