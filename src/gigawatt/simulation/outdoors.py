"""What is outside of a site in each step: air, price of energy, carbon; from files, or from normals and means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.ndarrays import Floats
from gigawatt.scenario.schema import Scenario, SiteSeries
from gigawatt.simulation import weeks
from gigawatt.simulation.calendar import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdoors:
    """Of one site: air, price and carbon in each step of a span, and the air of every hour of its quarter."""

    dry_bulb_degc: Floats
    wet_bulb_degc: Floats
    price_usd_per_wh: Floats
    carbon_kg_per_wh: Floats
    quarter_dry_degc: Floats
    quarter_wet_degc: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteYear:
    """The year of a site: hours of air on a clock of utc_offset_h, its representative weeks on UTC, price and carbon.

    price_usd_per_wh: shape (12, 24) on standard time or (hours,) on UTC; carbon_kg_per_wh: (hours,) on UTC. price_week,
    carbon_week: both in representative weeks, (4, 168).
    """

    air: watts.Weather
    utc_offset_h: float
    week: weeks.Weeks
    price_usd_per_wh: Floats
    price_offset_h: float
    carbon_kg_per_wh: Floats
    price_week: Floats
    carbon_week: Floats


def site_years(scenario: Scenario) -> list[SiteYear]:
    """The year of every site, in the scenario's order; its prices have the mean that the plan counts with."""
    found = []
    for key, site in scenario.records.sites.items():
        use, series = scenario.asked.sites[key], scenario.records.series.get(key, SiteSeries())
        air, offset_h = series.weather, series.weather_offset_h
        if air is None:
            air, offset_h = to_watts.weather_of(site, to_watts.TYPICAL_YEAR), site.utc_offset_h
        price, price_offset_h = series.price_usd_per_wh, 0.0
        if price is None:
            ratios = np.array(use.price_ratios or [[1.0] * 24] * 12)
            price, price_offset_h = site.power_price_usd_per_wh * (ratios / ratios.mean()), site.utc_offset_h
        carbon = np.full(8760, site.carbon_kg_per_wh) if series.carbon_kg_per_wh is None else series.carbon_kg_per_wh
        plant = to_watts.cooling_of(scenario.records.cooling[site.cooling])
        found.append(
            SiteYear(
                air=air,
                utc_offset_h=offset_h,
                week=weeks.weeks(air, plant, offset_h),
                price_usd_per_wh=price,
                price_offset_h=price_offset_h,
                carbon_kg_per_wh=carbon,
                price_week=weeks.mean_days(price, price_offset_h),
                carbon_week=weeks.mean_days(carbon, 0.0),
            )
        )
    return found


def outdoors(years: Sequence[SiteYear], span: Span, quarters: list[str], weekly: bool) -> list[Outdoors]:
    """Surroundings of every site in a span: in its quarter's representative week, or in the hours of the calendar."""
    season = weeks.season(quarters[span.period])
    if weekly:
        return [_outdoors(year, season, *(four[season] for four in _weekly(year))) for year in years]
    when, found = span.when(quarters), []
    clock = cache(lambda offset_h: watts.moments(when, offset_h))  # sites of a time zone have the same
    for year in years:
        values = (watts.at_moments(profile, clock(offset_h)) for profile, offset_h in _hourly(year))
        found.append(_outdoors(year, season, *values))
    return found


def _weekly(year: SiteYear) -> tuple[Floats, ...]:
    """Air, price and carbon in representative weeks, (4, 168)."""
    return year.week.dry_bulb_degc, year.week.wet_bulb_degc, year.price_week, year.carbon_week


def _hourly(year: SiteYear) -> tuple[tuple[Floats, float], ...]:
    """The same as profiles, and the clock of each."""
    return (
        (year.air.dry_bulb_degc, year.utc_offset_h),
        (year.air.wet_bulb_degc, year.utc_offset_h),
        (year.price_usd_per_wh, year.price_offset_h),
        (year.carbon_kg_per_wh, 0.0),
    )


def _outdoors(year: SiteYear, season: int, *values: Floats) -> Outdoors:
    dry, wet = year.week.quarters[season]
    return Outdoors(
        dry_bulb_degc=values[0],
        wet_bulb_degc=values[1],
        price_usd_per_wh=values[2],
        carbon_kg_per_wh=values[3],
        quarter_dry_degc=dry,
        quarter_wet_degc=wet,
    )
