"""What a campus meets at its grid connection: price and carbon by hour, limits, charges, calls to curtail, and swings.

References
----------
1. NVIDIA, "How new GB300 NVL72 features provide steady power for AI", 2025-07,
   https://developer.nvidia.com/blog/how-new-gb300-nvl72-features-provide-steady-power-for-ai/: energy storage in the
   power supplies takes up to 30 % off the peak that the grid sees.
2. E. Choukse et al., "Power stabilization for AI training datacenters", 2025, arXiv:2508.14318: all parts of a gang
   compute and communicate at once, so that its power swings every iteration.
3. T. H. Norris et al., "Rethinking load growth", Nicholas Institute, Duke University, 2025: loads that give way in
   0.25, 0.5 or 1 % of the hours.
4. J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405: Philox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.watts.air import SHARE, Array, check

Hours = NDArray[np.datetime64]
Mask = NDArray[np.bool_]

MONTHS, DAY_H, YEAR_H, LEAP_YEAR_H = 12, 24, 8760, 8784
LEAP_DAY_H = (31 + 28) * DAY_H  # hours of a year before 29 February
MINUTES_PER_H = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the grid grants and charges for at one site.

    `limit_w`: the most that may be drawn. `minute_ramp_w`: the most that the draw may change in a minute.
    `monthly_demand_usd_per_w`: paid every month for the highest hour of that month.
    """

    limit_w: float
    minute_ramp_w: float
    monthly_demand_usd_per_w: float

    @property
    def hourly_ramp_w(self) -> float:
        """The most that the mean draw of an hour may differ from that of the next."""
        return MINUTES_PER_H * self.minute_ramp_w


@dataclass(frozen=True, slots=True, kw_only=True)
class Curtailment:
    """A contract under which the grid may call for less.

    `hours_frac`: share of the hours of a year in which it calls. `depth_frac`: share of the draw, or of the connection,
    that must then be given up. `longest_h`: hours that one call may last.
    """

    hours_frac: float
    depth_frac: float
    longest_h: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Where hours stand in the calendar, in standard time, one entry each.

    month_place: from 0 for January; hour_place: of the day, from 0; since_january_h: hours since the year began; leap:
    whether it is a leap year.
    """

    month_place: NDArray[np.int64]
    hour_place: NDArray[np.int64]
    since_january_h: NDArray[np.int64]
    leap: NDArray[np.bool_]


def by_hour(profile: ArrayLike, when: Hours, utc_offset_h: float) -> Array:
    """Values of a profile at hours of UTC, in the unit of the profile.

    profile: of a mean month and hour, shape (12, 24), or of a year, 8,760 or 8,784 hours from 1 January, all in the
    standard time of its place. The year repeats; on 29 February one of 8,760 hours repeats 28 February, and one of
    8,784 leaves that day out in other years.
    when: beginnings of hours, UTC. utc_offset_h: standard time less UTC, negative in the Americas.

    Raises ValueError for another shape, and where the profile holds NaN.
    """
    return at_moments(profile, moments(when, utc_offset_h))


def at_moments(profile: ArrayLike, at: Moments) -> Array:
    """`by_hour` for hours whose place in the calendar is known: of many profiles on the same clock."""
    values = np.asarray(profile, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("profile holds a value that is not finite: expected numbers only")
    if values.shape == (MONTHS, DAY_H):
        return values[at.month_place, at.hour_place]
    after = at.since_january_h >= LEAP_DAY_H
    if values.shape == (YEAR_H,):
        return values[at.since_january_h - DAY_H * (at.leap & after)]
    if values.shape == (LEAP_YEAR_H,):
        return values[at.since_january_h + DAY_H * (~at.leap & after)]
    raise ValueError(f"profile of shape {values.shape}: expected (12, 24), (8760,) or (8784,)")


def month_numbers(when: Hours, utc_offset_h: float) -> NDArray[np.int64]:
    """A number for each hour's month, rising with time, in standard time; for `demand_charge`."""
    return _local(when, utc_offset_h).astype("datetime64[M]").astype(np.int64)


def _local(when: Hours, utc_offset_h: float) -> Hours:
    shifted: Hours = np.add(when.astype("datetime64[m]"), np.timedelta64(round(MINUTES_PER_H * utc_offset_h), "m"))
    return shifted


def moments(when: Hours, utc_offset_h: float) -> Moments:
    """Where hours of UTC stand in the calendar of a place; arguments as of `by_hour`."""
    local = _local(when, utc_offset_h)
    year = local.astype("datetime64[Y]")
    since_january = (local - year).astype("timedelta64[h]").astype(np.int64)
    length = ((year + 1).astype("datetime64[h]") - year.astype("datetime64[h]")).astype(np.int64)
    month = local.astype("datetime64[M]").astype(np.int64) % MONTHS
    return Moments(
        month_place=month,
        hour_place=since_january % DAY_H,
        since_january_h=since_january,
        leap=length == LEAP_YEAR_H,
    )


def demand_charge(connection: Connection, grid_w: ArrayLike, months: ArrayLike) -> float:
    """The charge on the highest hour of every month [USD]: Σ over months of rate × max grid power.

    months: a number for each hour's month, as of `month_numbers`.
    """
    power = np.asarray(grid_w, dtype=float)
    _, place = np.unique(np.asarray(months), return_inverse=True)
    peaks = np.zeros(int(place.max()) + 1)
    np.maximum.at(peaks, place, power)
    return connection.monthly_demand_usd_per_w * float(peaks.sum())


def ramp_breach(connection: Connection, grid_w: ArrayLike) -> float:
    """By how much the steepest change between two hours exceeds what the ramp allows in an hour [W]; 0 where none."""
    steps = np.abs(np.diff(np.asarray(grid_w, dtype=float)))
    return max(0.0, float(steps.max(initial=0.0)) - connection.hourly_ramp_w)


def dearest_calls(curtailment: Curtailment, price_usd_per_wh: ArrayLike) -> Mask:
    """The hours that are called where the grid calls when energy is dearest.

    Hours are taken in order of price, the earlier first among equals, and one that would make a call longer than
    `longest_h` is passed over, until the share of hours is reached.
    """
    price = np.asarray(price_usd_per_wh, dtype=float)
    wanted = _wanted(curtailment, price.size)
    called = np.zeros(price.size, dtype=bool)
    for hour in np.argsort(-price, kind="stable"):
        if wanted == 0:
            break
        if _run(called, int(hour)) <= curtailment.longest_h:
            called[hour] = True
            wanted -= 1
    return called


def drawn_calls(curtailment: Curtailment, hours_count: int, seed: int | Sequence[int]) -> Mask:
    """The hours that are called where there is no price to tell: calls of `longest_h`, spread at random [4].

    Calls never touch. seed: key of a Philox stream; the same key is the same year on every machine.
    """
    wanted = _wanted(curtailment, hours_count)
    calls = -(-wanted // curtailment.longest_h)
    free = hours_count - wanted - max(calls - 1, 0)
    if free < 0:
        raise ValueError(
            f"hours_frac = {curtailment.hours_frac:g}: expected fewer, for calls of {curtailment.longest_h} h"
        )
    draws = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed))).integers(0, free + 1, calls)
    starts = np.sort(draws) + np.arange(calls) * (curtailment.longest_h + 1)
    called = np.zeros(hours_count, dtype=bool)
    for start in starts:
        length = min(curtailment.longest_h, wanted)
        called[start : start + length] = True
        wanted -= length
    return called


def _wanted(curtailment: Curtailment, hours_count: int) -> int:
    check("hours_frac", curtailment.hours_frac, SHARE)
    check("depth_frac", curtailment.depth_frac, SHARE)
    if curtailment.longest_h < 1:
        raise ValueError(f"longest_h = {curtailment.longest_h}: expected at least 1")
    return round(curtailment.hours_frac * hours_count)


def _run(called: Mask, hour: int) -> int:
    """Hours of the call that an hour would belong to."""
    before = after = 0
    while hour - before > 0 and called[hour - before - 1]:
        before += 1
    while hour + after + 1 < called.size and called[hour + after + 1]:
        after += 1
    return before + 1 + after


def swing(compute_w: float, communicate_w: float, compute_frac: float) -> tuple[float, float]:
    """Mean power of a synchronous gang [W], and its peak above the mean as a share of it [2].

    The gang draws compute_w for compute_frac of an iteration and communicate_w for the rest.
    """
    share = float(check("compute_frac", compute_frac, SHARE))
    mean_w = share * compute_w + (1 - share) * communicate_w
    return mean_w, compute_w / mean_w - 1


def peak_power(mean_w: ArrayLike, swing_frac: ArrayLike, smoothing_frac: ArrayLike) -> Array:
    """Peak that the grid sees of a swinging load [W]: mean (1 + swing (1 − smoothing)).

    swing_frac: peak above the mean, as a share of it. smoothing_frac: share of the swing that storage in the racks
    takes; all of it leaves the mean, which is swing / (1 + swing) less: 30 % of the peak at a swing of 0.43 [1].
    Shapes broadcast.
    """
    kept = check("swing_frac", swing_frac, (0.0, np.inf)) * (1 - check("smoothing_frac", smoothing_frac, SHARE))
    peak: Array = np.asarray(mean_w, dtype=float) * (1 + kept)
    return peak
