"""Representative weeks: one for each quarter of a site's typical year, made of seven of its real days.

A week begins at 00:00 UTC and has 168 hours; each stands for 2191.5 / 168 hours of its quarter. The days of a quarter
are ranked by their mean dry bulb and cut into seven groups of equal size, and of each group the day stands for it whose
means of dry bulb and PUE are nearest to the group's, each in units of its deviation between days. So the week keeps
the mean and the spread of the quarter, and the hours of a day keep together. The seven days stand in the order of the
calendar. What a week cannot hold is the few warmest hours of a year: `quarters` keeps every hour for those.

Prices and carbon have days of their own, for their files are of other years than the weather: `mean_days`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt import watts
from gigawatt.ndarrays import Floats
from gigawatt.readers.hours import COMMON, COMMON_YEAR_H, repeat_leap
from gigawatt.simulation.calendar import DAY_HOURS, WEEK_DAYS

QUARTER_DAYS = (90, 91, 92, 92)  # of a year of 365 days


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """Air of one site: a week for each quarter of the year in UTC, and every hour of each quarter.

    dry_bulb_degc, wet_bulb_degc: shape (4, 168). quarters: (dry bulb, wet bulb) of the four quarters [degC], on the
    clock of the air.
    """

    dry_bulb_degc: Floats
    wet_bulb_degc: Floats
    quarters: tuple[tuple[Floats, Floats], ...]


def weeks(air: watts.Weather, cooling: watts.Cooling, utc_offset_h: float) -> Weeks:
    """The four representative weeks of a year on a clock of utc_offset_h.

    The site's plant decides which days are typical of a quarter's PUE. A leap year's 29 February is left out.
    """
    dry_year, wet_year = (repeat_leap(values, COMMON_YEAR_H) for values in (air.dry_bulb_degc, air.wet_bulb_degc))
    ends = np.cumsum(QUARTER_DAYS)[:-1] * DAY_HOURS
    quarters = tuple(zip(np.split(dry_year, ends), np.split(wet_year, ends), strict=True))
    dry_weeks, wet_weeks = [], []
    for dry, wet in quarters:
        chosen = typical_days(dry, watts.pue(cooling, dry, wet, 1))
        dry_weeks.append(_week(dry, chosen, utc_offset_h))
        wet_weeks.append(_week(wet, chosen, utc_offset_h))
    return Weeks(dry_bulb_degc=np.stack(dry_weeks), wet_bulb_degc=np.stack(wet_weeks), quarters=quarters)


def mean_days(profile: Floats, utc_offset_h: float) -> Floats:
    """A week on UTC for each quarter of the year, shape (4, 168), that keeps the mean of a profile of `watts.by_hour`.

    The days of a quarter are ranked by their mean and cut into seven equal shares, the least first; of each share the
    week has the mean day. What it lacks are single hours far above all others.
    """
    if not np.ptp(profile) > 0:
        return np.full((len(QUARTER_DAYS), WEEK_DAYS * DAY_HOURS), np.ravel(profile)[0])
    hours = np.datetime64(str(COMMON), "h") + np.arange(COMMON_YEAR_H).astype("timedelta64[h]")
    values = watts.by_hour(profile, hours, utc_offset_h)
    quarters = np.split(values, np.cumsum(QUARTER_DAYS)[:-1] * DAY_HOURS)
    return np.stack([_mean_days(quarter.reshape(-1, DAY_HOURS)) for quarter in quarters])


def _mean_days(days: Floats) -> Floats:
    if not np.ptp(days) > 0:  # a mean of equal numbers is theirs, without rounding
        return np.full(WEEK_DAYS * DAY_HOURS, days[0, 0])
    ranked = days[np.argsort(days.mean(axis=1), kind="stable")]
    edge, day = np.linspace(0, len(days), WEEK_DAYS + 1)[:, None], np.arange(len(days))
    share = np.maximum(np.minimum(edge[1:], day + 1) - np.maximum(edge[:-1], day), 0.0)
    return np.asarray(share @ ranked).ravel() * (WEEK_DAYS / len(days))


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
    """The hours of the chosen days from 00:00 UTC on; the week closes on itself.

    Where the offset has a part of an hour, an hour is the one that its beginning is in, as of `watts.by_hour`.
    """
    local = hours.reshape(-1, DAY_HOURS)[days].ravel()
    return np.roll(local, -math.floor(utc_offset_h))


def season(quarter: str) -> int:
    """Which quarter of the year a period is, from 0."""
    return int(quarter[-1]) - 1
