"""Representative weeks: seven real days that keep a quarter's mean and spread, in UTC."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.catalog.load import get, ids
from gigawatt.simulation import weeks

SITES = ids("sites")


# Outside air needs chillers in few hours of a quarter, of which a week holds now more, now fewer.
NEAR = {"air_side": 0.005}


def weeks_of(name: str, plant: str | None = None) -> weeks.Weeks:
    """Of a site in its typical year, for its own plant or another."""
    site = get("sites", name)
    cooling = to_watts.cooling_of(get("cooling", plant or site.cooling))
    return weeks.weeks(to_watts.weather_of(site, to_watts.TYPICAL_YEAR), cooling, site.utc_offset_h)


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("plant", ids("cooling"))
def test_a_week_has_the_mean_and_the_spread_of_its_quarter(name: str, plant: str) -> None:
    cooling, found = to_watts.cooling_of(get("cooling", plant)), weeks_of(name, plant)
    for at, (dry, wet) in enumerate(found.quarters):
        assert found.dry_bulb_degc[at].mean() == pytest.approx(dry.mean(), abs=0.75)
        assert found.dry_bulb_degc[at].std() == pytest.approx(dry.std(), rel=0.15)
        sampled = watts.pue(cooling, found.dry_bulb_degc[at], found.wet_bulb_degc[at], 1).mean()
        assert sampled == pytest.approx(watts.pue(cooling, dry, wet, 1).mean(), abs=NEAR.get(plant, 0.002))


def test_quarters_hold_every_hour_of_the_year_once() -> None:
    found = weeks_of("uae")
    year = to_watts.weather_of(get("sites", "uae"), to_watts.TYPICAL_YEAR)
    assert np.array_equal(np.concatenate([dry for dry, _ in found.quarters]), year.dry_bulb_degc)
    assert [len(dry) for dry, _ in found.quarters] == [24 * days for days in (90, 91, 92, 92)]
    assert found.dry_bulb_degc.shape == found.wet_bulb_degc.shape == (4, 168)


def test_hours_keep_together_and_are_told_in_utc() -> None:
    site, found = get("sites", "abilene"), weeks_of("abilene")
    year = to_watts.weather_of(site, to_watts.TYPICAL_YEAR).dry_bulb_degc.reshape(365, 24)
    local = np.roll(found.dry_bulb_degc[2], round(site.utc_offset_h)).reshape(7, 24)
    at = [int(np.flatnonzero((year == day).all(axis=1))[0]) for day in local]
    assert at == sorted(set(at))
    assert min(at) >= 90 + 91
    assert max(at) < 90 + 91 + 92


@given(st.integers(90, 92), st.integers(0, 1000))
def test_each_seventh_of_a_quarter_gives_one_day(days: int, seed: int) -> None:
    dry = np.random.default_rng(seed).normal(20, 8, days * 24)
    chosen = weeks.typical_days(dry, 1 + dry / 100)
    rank = np.argsort(np.argsort(dry.reshape(days, 24).mean(axis=1)))[chosen]
    groups = np.searchsorted(np.cumsum([len(part) for part in np.array_split(np.arange(days), 7)]), rank, side="right")
    assert sorted(groups) == list(range(7))
    assert list(chosen) == sorted(chosen)


def test_weather_that_never_changes_has_any_seven_days() -> None:
    same = np.ones(90 * 24)
    assert len(set(weeks.typical_days(same, same))) == 7


def test_a_leap_year_leaves_out_its_leap_day() -> None:
    site = get("sites", "example-campus")
    cooling = to_watts.cooling_of(get("cooling", site.cooling))
    year = to_watts.weather_of(site, to_watts.TYPICAL_YEAR)
    leap = replace(
        year,
        dry_bulb_degc=np.insert(year.dry_bulb_degc, 59 * 24, np.full(24, 60.0)),
        wet_bulb_degc=np.insert(year.wet_bulb_degc, 59 * 24, np.full(24, 40.0)),
    )
    found, plain = (weeks.weeks(air, cooling, site.utc_offset_h) for air in (leap, year))
    assert np.array_equal(found.dry_bulb_degc, plain.dry_bulb_degc)
    assert np.array_equal(found.quarters[0][1], plain.quarters[0][1])


def test_seasons_follow_the_name_of_the_quarter() -> None:
    assert [weeks.season(quarter) for quarter in ("2026Q3", "2026Q4", "2027Q1")] == [2, 3, 0]


@given(st.integers(0, 1000), st.sampled_from([-6.0, 0.0, 5.5]))
def test_days_of_prices_keep_the_mean_and_the_order_of_a_quarter(seed: int, offset_h: float) -> None:
    """reports 6: so that a week pays what its quarter does; the dearest seventh of the days comes last."""
    year = np.random.default_rng(seed).lognormal(3, 1, 8760)
    found = weeks.mean_days(year, offset_h)
    assert found.shape == (4, 168)
    hours = np.datetime64("2023-01-01T00", "h") + np.arange(8760)
    quarters = np.split(watts.by_hour(year, hours, offset_h), np.cumsum(weeks.QUARTER_DAYS)[:-1] * 24)
    for week, quarter in zip(found, quarters, strict=True):
        assert week.mean() == pytest.approx(quarter.mean(), rel=1e-12)
        assert np.all(np.diff(week.reshape(7, 24).mean(axis=1)) > 0)
        assert week.min() >= quarter.min()


def test_a_flat_price_stays_what_it_is() -> None:
    assert np.array_equal(weeks.mean_days(np.full((12, 24), 65e-6), -6.0), np.full((4, 168), 65e-6))
