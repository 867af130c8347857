"""The drawn year: its normals, its repeatability, and how near it comes to real files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import watts
from gigawatt.readers.weather import read_weather
from gigawatt.watts.air import OUTDOORS_DEGC, check
from gigawatt.watts.weather import DAY_H, WARMEST_QUANTILE, YEAR_DAYS

TEXAS = watts.Climate(
    mean_degc=18.2,
    yearly_amplitude_degc=10.8,
    daily_amplitude_degc=5.5,
    warmest_hours_degc=36.8,
    dew_point_degc=8.5,
    warmest_day_count=206,
    altitude_m=540,
)
DAY = np.arange(365)


@st.composite
def climates(draw: st.DrawFn) -> watts.Climate:
    """Normals that fit together: the warmest hours lie above what the cycles alone reach."""
    mean, yearly, daily = draw(st.floats(-5, 30)), draw(st.floats(0, 15)), draw(st.floats(0, 8))
    return watts.Climate(
        mean_degc=mean,
        yearly_amplitude_degc=yearly,
        daily_amplitude_degc=daily,
        warmest_hours_degc=mean + yearly + daily + draw(st.floats(0, 5)),
        dew_point_degc=mean - draw(st.floats(2, 20)),
        warmest_day_count=draw(st.integers(1, 365)),
        altitude_m=draw(st.floats(0, 2500)),
    )


@settings(deadline=None, max_examples=30)
@given(climate=climates(), seed=st.integers(0, 2**64))
def test_the_year_keeps_the_normals(climate: watts.Climate, seed: int) -> None:
    year = watts.hourly_year(climate, seed)
    assert year.dry_bulb_degc.shape == (8760,)
    assert year.dry_bulb_degc.mean() == pytest.approx(climate.mean_degc, abs=1e-9)
    assert np.quantile(year.dry_bulb_degc, 0.99) == pytest.approx(climate.warmest_hours_degc, abs=1e-6)
    assert (year.wet_bulb_degc <= year.dry_bulb_degc).all()
    assert (year.dew_point_degc <= year.dry_bulb_degc).all()


def test_the_same_seed_is_the_same_year_and_another_is_not() -> None:
    first, again, other = (watts.hourly_year(TEXAS, seed).dry_bulb_degc for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1
    assert np.abs(watts.hourly_year(TEXAS, (7, 1)).dry_bulb_degc - first).max() > 1


def test_the_year_is_warmest_in_late_july_afternoons() -> None:
    by_day = watts.hourly_year(TEXAS, 0).dry_bulb_degc.reshape(365, 24)
    yearly = (by_day.mean(axis=1) * np.exp(-2j * np.pi * DAY / 365)).mean()
    assert -np.angle(yearly) / (2 * np.pi) * 365 % 365 == pytest.approx(TEXAS.warmest_day_count - 1, abs=12)
    assert by_day.mean(axis=0).argmax() == 15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean_degc": float("nan")}, "mean_degc = nan"),
        ({"daily_amplitude_degc": -1.0}, "daily_amplitude_degc = -1"),
        ({"warmest_hours_degc": 20.0}, "warmest_hours_degc = 20: expected at least 3"),
    ],
)
def test_normals_that_cannot_be_are_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        watts.hourly_year(replace(TEXAS, **change), 0)


def climate_of_weather(weather: watts.Weather, altitude_m: float) -> watts.Climate:
    """Climate normals of a year of weather of whole days [1]: what `hourly_year` needs to draw others like it.

    The yearly amplitude and the warmest day are those of the first harmonic of the daily means; the daily amplitude is
    half the swing of the mean day.
    """
    dry = check("dry_bulb_degc", weather.dry_bulb_degc, OUTDOORS_DEGC)
    by_day = dry.reshape(-1, DAY_H)
    days = len(by_day)
    yearly = 2 * (by_day.mean(axis=1) * np.exp(-2j * np.pi * np.arange(days) / days)).mean()
    return watts.Climate(
        mean_degc=float(dry.mean()),
        yearly_amplitude_degc=float(abs(yearly)),
        daily_amplitude_degc=float(np.ptp(by_day.mean(axis=0)) / 2),
        warmest_hours_degc=float(np.quantile(dry, WARMEST_QUANTILE)),
        dew_point_degc=float(check("dew_point_degc", weather.dew_point_degc, OUTDOORS_DEGC).mean()),
        warmest_day_count=round(-np.angle(yearly) / (2 * np.pi) * YEAR_DAYS) % YEAR_DAYS + 1,
        altitude_m=altitude_m,
    )


def test_normals_of_a_year_are_those_it_was_drawn_from() -> None:
    found = climate_of_weather(watts.hourly_year(TEXAS, 0), TEXAS.altitude_m)
    assert found.mean_degc == pytest.approx(TEXAS.mean_degc, abs=1e-9)
    assert found.warmest_hours_degc == pytest.approx(TEXAS.warmest_hours_degc, abs=1e-6)
    assert found.dew_point_degc == pytest.approx(TEXAS.dew_point_degc, abs=0.5)
    assert found.daily_amplitude_degc == pytest.approx(TEXAS.daily_amplitude_degc, abs=0.5)
    # Warm and cold spells have a yearly wave of their own, of about the anomaly times the root of memory over year.
    assert found.yearly_amplitude_degc == pytest.approx(TEXAS.yearly_amplitude_degc, abs=1.5)
    assert found.warmest_day_count == pytest.approx(TEXAS.warmest_day_count, abs=12)


def test_normals_of_cycles_alone_are_exact() -> None:
    hour = np.arange(8784)
    dry = 15 + 8 * np.cos(2 * np.pi * (hour // 24 - 200) / 366) + 4 * np.cos(2 * np.pi * (hour % 24 - 15) / 24)
    found = climate_of_weather(
        watts.Weather(dry_bulb_degc=dry, wet_bulb_degc=dry - 3, dew_point_degc=dry - 5), altitude_m=100.0
    )
    assert found.mean_degc == pytest.approx(15)
    assert found.yearly_amplitude_degc == pytest.approx(8)
    assert found.daily_amplitude_degc == pytest.approx(4)
    assert found.dew_point_degc == pytest.approx(10)
    assert found.warmest_day_count == pytest.approx(201, abs=1)  # of 365 days, from one of 366


def test_a_year_with_a_gap_has_no_normals() -> None:
    dry = np.where(np.arange(8760) == 5, np.nan, 20.0)
    with pytest.raises(ValueError, match="dry_bulb_degc = nan"):
        climate_of_weather(watts.Weather(dry_bulb_degc=dry, wet_bulb_degc=dry, dew_point_degc=dry), 0.0)


# Altitude of the stations whose files do not state it.
FILES = {
    "USA_AZ_Phoenix-Sky.Harbor.epw": None,
    "USA_PA_Pittsburgh-Allegheny.County.AP.725205_TMY3.epw": None,
    "USA_TX_Dallas-Fort.Worth.epw": None,
    "openmeteo_DE-LU_2024.csv": 110.0,
    "openmeteo_GB_2024.csv": 20.0,
    "openmeteo_SG_2024.csv": 15.0,
    "openmeteo_US-TEX-ERCO_2024.csv": 130.0,
}


@pytest.mark.parametrize("name", FILES)
def test_a_year_drawn_from_the_normals_of_a_file_resembles_the_file(data_dir: Path, name: str) -> None:
    """Mean and 99th percentile are normals and exact; the shape of the rest is a harmonic with Gaussian spells.

    Single years of one place differ by more: within about 1 K in their hottest hours, and by a quarter in the hours
    above a threshold in the upper tail.
    """
    file = data_dir / "weather" / name
    if not file.is_file():
        pytest.skip(f"no weather file {file}")
    stated = FILES[name] is None
    found = read_weather(file, altitude_m=FILES[name], utc_offset_h=None if stated else 0.0)
    real = found.weather
    drawn = watts.hourly_year(climate_of_weather(real, found.altitude_m), 0)
    dry, other = drawn.dry_bulb_degc, real.dry_bulb_degc
    assert dry.mean() == pytest.approx(other.mean(), abs=1e-6)
    assert np.quantile(dry, 0.99) == pytest.approx(np.quantile(other, 0.99), abs=1e-6)
    assert np.quantile(dry, 0.996) == pytest.approx(np.quantile(other, 0.996), abs=1)
    assert dry.std() == pytest.approx(other.std(), abs=1.5)
    assert (dry > 34).sum() == pytest.approx((other > 34).sum(), rel=0.25, abs=10)
    assert drawn.wet_bulb_degc.mean() == pytest.approx(real.wet_bulb_degc.mean(), abs=0.5)
    assert np.quantile(drawn.wet_bulb_degc, 0.99) == pytest.approx(np.quantile(real.wet_bulb_degc, 0.99), abs=2.2)
