"""Representative weeks: one for each quarter of a site's typical year, made of seven of its real days.

A week begins at 00:00 UTC and has 168 hours; each stands for 2191.5 / 168 hours of its quarter. The days of a quarter
are ranked by their mean dry bulb and cut into seven groups of equal size, and of each group the day stands for it whose
means of dry bulb and PUE are nearest to the group's, each in units of its deviation between days. So the week keeps
the mean and the spread of the quarter, and the hours of a day keep together. The seven days stand in the order of the
calendar. What a week cannot hold is the few warmest hours of a year: `quarters` keeps every hour for those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt import watts
from gigawatt.catalog import facility
from gigawatt.catalog.records import Site
from gigawatt.plan.inputs import HOURS_PER_QUARTER
from gigawatt.scenario.schema import Scenario

Floats = NDArray[np.float64]

DAY_HOURS, WEEK_DAYS = 24, 7
WEEK_HOURS = DAY_HOURS * WEEK_DAYS
QUARTER_DAYS = (90, 91, 92, 92)  # of a year of 365 days
WEIGHT_H = HOURS_PER_QUARTER / WEEK_HOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWeather:
    """Weather of one site: a week for each quarter of the year in UTC, and every hour of each quarter.

    dry_bulb_degc, wet_bulb_degc: shape (4, 168). quarters: (dry bulb, wet bulb) of the four quarters [degC], local
    standard time.
    """

    dry_bulb_degc: Floats
    wet_bulb_degc: Floats
    quarters: tuple[tuple[Floats, Floats], ...]


def weather(scenario: Scenario) -> dict[str, SiteWeather]:
    """Weather of every site, from the typical year that the planner takes its PUE from."""
    records = scenario.records
    return {
        key: site_weather(site, facility.cooling_of(records.cooling[site.cooling]))
        for key, site in records.sites.items()
    }


def site_weather(site: Site, cooling: watts.Cooling) -> SiteWeather:
    """The four representative weeks of a site; its plant decides which days are typical of a quarter's PUE."""
    year = facility.weather_of(site, facility.TYPICAL_YEAR)
    ends = np.cumsum(QUARTER_DAYS)[:-1] * DAY_HOURS
    quarters = tuple(zip(np.split(year.dry_bulb_degc, ends), np.split(year.wet_bulb_degc, ends), strict=True))
    dry_weeks, wet_weeks = [], []
    for dry, wet in quarters:
        chosen = typical_days(dry, watts.pue(cooling, dry, wet, 1))
        dry_weeks.append(_week(dry, chosen, site.utc_offset_h))
        wet_weeks.append(_week(wet, chosen, site.utc_offset_h))
    return SiteWeather(dry_bulb_degc=np.stack(dry_weeks), wet_bulb_degc=np.stack(wet_weeks), quarters=quarters)


def typical_days(dry_bulb_degc: Floats, pue_ratio: Floats) -> NDArray[np.intp]:
    """Which seven days stand for a quarter, in the order of the calendar; both arguments hold its hours."""
    days = np.stack([values.reshape(-1, DAY_HOURS).mean(axis=1) for values in (dry_bulb_degc, pue_ratio)])
    spread = days.std(axis=1, keepdims=True)
    days = days / np.where(spread > 0, spread, 1)
    ranked = np.argsort(days[0], kind="stable")
    groups = np.array_split(ranked, WEEK_DAYS)
    far = [np.abs(days[:, group] - days[:, group].mean(axis=1, keepdims=True)).sum(axis=0) for group in groups]
    return np.sort([group[np.argmin(distance)] for group, distance in zip(groups, far, strict=True)])


def _week(hours: Floats, days: NDArray[np.intp], utc_offset_h: float) -> Floats:
    """The hours of the chosen days from 00:00 UTC on; the week closes on itself, half hours of offset are rounded."""
    local = hours.reshape(-1, DAY_HOURS)[days].ravel()
    return np.roll(local, -round(utc_offset_h))


def season(quarters: Sequence[str]) -> NDArray[np.intp]:
    """Which quarter of the year each period is, from 0."""
    return np.array([int(quarter[-1]) - 1 for quarter in quarters], dtype=np.intp)
