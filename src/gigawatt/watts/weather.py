"""An hourly year of weather drawn from climate normals, where a site has no weather file.

References
----------
1. D. S. Wilks, R. L. Wilby, "The weather generation game", Progress in Physical Geography 23(3), 1999,
   doi:10.1177/030913339902300302: harmonic normals with a first-order autoregressive anomaly.
2. J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405: Philox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import accumulate

import numpy as np

from gigawatt.watts.air import Array, humidity, wet_bulb

DAY_H, YEAR_DAYS, YEAR_H = 24, 365, 8760
WARMEST_HOUR = 15  # local standard time
ANOMALY_MEMORY_H = 72.0  # e-folding time of warm and cold spells: about three days, the passage of a weather system
WARMEST_QUANTILE = 0.99  # of Climate.warmest_hours_degc
_DRY_BULB, _DEW_POINT = 0, 1  # streams of one seed
_MOST_TURNS, _TOLERANCE_K = 60, 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """Climate normals of a place, as scalars.

    `mean_degc`, `dew_point_degc`: means of the year. `yearly_amplitude_degc`: half the swing of the daily mean
    over the mean year. `daily_amplitude_degc`: half the swing of the hourly mean over the mean day.
    `warmest_hours_degc`: exceeded in 1 % of the hours. `warmest_day_count`: day of the year, 1 January is 1.
    """

    mean_degc: float
    yearly_amplitude_degc: float
    daily_amplitude_degc: float
    warmest_hours_degc: float
    dew_point_degc: float
    warmest_day_count: int
    altitude_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Hourly weather, arrays of one shape [hours]; hour-beginning, local standard time, from 1 January."""

    dry_bulb_degc: Array
    wet_bulb_degc: Array
    dew_point_degc: Array


def hourly_year(climate: Climate, seed: int | Sequence[int]) -> Weather:
    """A year of 8,760 hours [1] whose mean is the normal and whose 99th percentile is `warmest_hours_degc`.

    T(h) = mean + A_y cos(2π (day − warmest)/365) + A_d cos(2π (hour − 15)/24) + s a(h), where a is an AR(1) anomaly
    of mean zero and s is solved for, so that the 1 % warmest hours come out as stated. The dew point follows the yearly
    cycle and an anomaly of its own of half that size (an air mass keeps its moisture through the day), never above T.

    seed: key of two Philox streams [2], a number or several; the same key is the same year on every machine.

    Raises ValueError on NaN, on a negative amplitude, and where the cycles alone are already warmer than
    `warmest_hours_degc`, for then no anomaly fits the normals.
    """
    _check(climate)
    yearly, daily = _cycles(climate)
    cycles = climate.mean_degc + yearly + daily
    anomaly = _anomaly(seed, _DRY_BULB)
    scale = _anomaly_scale(cycles, anomaly, climate.warmest_hours_degc)
    dry = cycles + scale * anomaly
    dew = np.minimum(climate.dew_point_degc + yearly + scale / 2 * _anomaly(seed, _DEW_POINT), dry)
    return Weather(
        dry_bulb_degc=dry,
        wet_bulb_degc=wet_bulb(dry, humidity(dry, dew), climate.altitude_m),
        dew_point_degc=dew,
    )


def warmest_of_cycles(climate: Climate) -> float:
    """What the cycles alone exceed in 1 % of the hours [degC]: the least that `warmest_hours_degc` can be."""
    yearly, daily = _cycles(climate)
    return float(np.quantile(climate.mean_degc + yearly + daily, WARMEST_QUANTILE))


def _cycles(climate: Climate) -> tuple[Array, Array]:
    """The yearly and the daily cycle [K], by hour."""
    hour = np.arange(YEAR_H)
    yearly = climate.yearly_amplitude_degc * np.cos(
        2 * np.pi * (hour / DAY_H - climate.warmest_day_count + 1 / 2) / YEAR_DAYS
    )
    daily = climate.daily_amplitude_degc * np.cos(2 * np.pi * (hour % DAY_H - WARMEST_HOUR) / DAY_H)
    return yearly, daily


def _anomaly(seed: int | Sequence[int], stream: int) -> Array:
    """A year of AR(1) noise, a(h) = r a(h−1) + e(h), of mean zero and standard deviation one [1]."""
    memory = float(np.exp(-1 / ANOMALY_MEMORY_H))
    key = np.random.SeedSequence(seed, spawn_key=(stream,))
    shocks = np.random.Generator(np.random.Philox(key)).standard_normal(YEAR_H)
    shocks[0] /= np.sqrt(1 - memory**2)
    noise = np.array(list(accumulate(shocks.tolist(), lambda past, shock: memory * past + shock)))
    return (noise - noise.mean()) / noise.std()


def _anomaly_scale(cycles: Array, anomaly: Array, warmest_degc: float) -> float:
    """The factor on the anomaly that brings the 99th percentile of the year to `warmest_degc`.

    By false position, with half the weight for an end that has stayed twice (Illinois).
    """

    def above(scale_ratio: float) -> float:
        return float(np.quantile(cycles + scale_ratio * anomaly, WARMEST_QUANTILE)) - warmest_degc

    low, high = 0.0, 1.0
    under, over = above(low), above(high)
    if under > 0:
        calm = warmest_degc + under
        raise ValueError(
            f"warmest_hours_degc = {warmest_degc:g}: expected at least {calm:.1f}, reached by the cycles alone"
        )
    while over < 0:
        low, high, under, over = high, 2 * high, over, above(2 * high)
    before = 0.0
    for _ in range(_MOST_TURNS):
        middle = high if over == under else (low * over - high * under) / (over - under)
        here = above(middle)
        if abs(here) < _TOLERANCE_K:
            return middle
        if here < 0:
            low, under, over = middle, here, over / 2 if before < 0 else over
        else:
            high, over, under = middle, here, under / 2 if before > 0 else under
        before = here
    return high


def _check(climate: Climate) -> None:
    for entry in fields(climate):
        value = getattr(climate, entry.name)
        if not np.isfinite(value):
            raise ValueError(f"{entry.name} = {value}: expected a finite number")
        if "amplitude" in entry.name and value < 0:
            raise ValueError(f"{entry.name} = {value:g}: expected at least 0")
