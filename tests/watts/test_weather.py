"""The drawn year: its normals, its repeatability, and how near it comes to real files."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import watts

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


def _epw(file: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """Dry bulb, dew point [degC] and altitude [m] of an EPW file: columns 7 and 8 after eight lines of header."""
    lines = [line.split(",") for line in file.read_text().splitlines()]
    rows = np.array([[float(row[6]), float(row[7])] for row in lines[8:]])
    return rows[:, 0], np.minimum(rows[:, 1], rows[:, 0]), float(lines[0][9])


def _open_meteo(file: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """Dry bulb and dew point [degC] of an Open-Meteo file; its dew point by the Magnus formula."""
    with file.open() as opened:
        rows = np.array([[float(row["t_dry_c"]), float(row["rh_pct"])] for row in csv.DictReader(opened)])[:8760]
    dry = rows[:, 0]
    magnus = np.log(rows[:, 1] / 100) + 17.62 * dry / (243.12 + dry)
    return dry, np.minimum(243.12 * magnus / (17.62 - magnus), dry), 0.0


def _normals(dry: np.ndarray, dew: np.ndarray, altitude: float) -> watts.Climate:
    by_day = dry.reshape(365, 24)
    yearly = 2 * (by_day.mean(axis=1) * np.exp(-2j * np.pi * DAY / 365)).mean()
    return watts.Climate(
        mean_degc=float(dry.mean()),
        yearly_amplitude_degc=float(abs(yearly)),
        daily_amplitude_degc=float(np.ptp(by_day.mean(axis=0)) / 2),
        warmest_hours_degc=float(np.quantile(dry, 0.99)),
        dew_point_degc=float(dew.mean()),
        warmest_day_count=int(-np.angle(yearly) / (2 * np.pi) * 365 % 365) + 1,
        altitude_m=altitude,
    )


@pytest.mark.parametrize(
    "name",
    [
        "USA_AZ_Phoenix-Sky.Harbor.epw",
        "USA_PA_Pittsburgh-Allegheny.County.AP.725205_TMY3.epw",
        "USA_TX_Dallas-Fort.Worth.epw",
        "openmeteo_DE-LU_2024.csv",
        "openmeteo_GB_2024.csv",
        "openmeteo_SG_2024.csv",
        "openmeteo_US-TEX-ERCO_2024.csv",
    ],
)
def test_a_year_drawn_from_the_normals_of_a_file_resembles_the_file(data_dir: Path, name: str) -> None:
    file = data_dir / "weather" / name
    if not file.is_file():
        pytest.skip(f"no weather file {file}")
    dry, dew, altitude = (_epw if file.suffix == ".epw" else _open_meteo)(file)
    real = watts.wet_bulb(dry, watts.humidity(dry, dew), altitude)
    drawn = watts.hourly_year(_normals(dry, dew, altitude), 0)
    assert drawn.dry_bulb_degc.mean() == pytest.approx(dry.mean(), abs=1e-6)
    assert np.quantile(drawn.dry_bulb_degc, 0.99) == pytest.approx(np.quantile(dry, 0.99), abs=1e-6)
    assert np.quantile(drawn.dry_bulb_degc, 0.996) == pytest.approx(np.quantile(dry, 0.996), abs=1)
    assert drawn.dry_bulb_degc.std() == pytest.approx(dry.std(), abs=1.5)
    assert (drawn.dry_bulb_degc > 34).sum() == pytest.approx((dry > 34).sum(), rel=0.25, abs=10)
    assert drawn.wet_bulb_degc.mean() == pytest.approx(real.mean(), abs=0.5)
    assert np.quantile(drawn.wet_bulb_degc, 0.99) == pytest.approx(np.quantile(real, 0.99), abs=2.2)
