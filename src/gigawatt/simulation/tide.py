"""The daily tide of demand: regions wake one after the other, and the programme serves their sum."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.ndarrays import Floats
from gigawatt.scenario.schema import Asked
from gigawatt.simulation.calendar import DAY_HOURS


def note(asked: Asked) -> str:
    """What the tide assumes, in words."""
    regions = asked.regions.values()
    parts = [f"{region.title} {region.share_frac:.0%} at UTC{region.utc_offset_h:+g}" for region in regions]
    busiest = asked.operations.busiest_h
    return f"The daily tide is that of {', '.join(parts)}, each busiest around {busiest:g}:00 local time."


def tide(data: xr.Dataset, asked: Asked) -> tuple[Floats, NDArray[np.bool_]]:
    """Demand in each UTC hour of a day over its mean, shape (24, use_case), and which hours are the peak block (24,).

    Interactive classes follow the regions; batch classes ask evenly, for they are served whenever racks stand idle.
    The peak block is the day's busiest hours of the interactive classes together, the same for all of them, as in the
    plan; its length is rounded down to whole hours.
    """
    share = float(data.hours_frac.sel(block="peak"))
    count = max(int(share * DAY_HOURS + 1e-9), 1)  # a third of a day is eight hours in floating point too
    day = np.ones((DAY_HOURS, data.sizes["use_case"]))
    interactive = np.flatnonzero(data.interactive.values > 0)
    for use in interactive:
        day[:, use] = daily_tide_ratio(float(data.block_ratio.sel(block="peak").values[use]), count, asked)
    peak = np.zeros(DAY_HOURS, dtype=bool)
    peak[_busiest(day[:, interactive].sum(axis=1), count)] = True
    return day, peak


def daily_tide_ratio(peak_to_mean_ratio: float, peak_hours_count: int, asked: Asked) -> Floats:
    """Load by UTC hour over its mean, shape (24,): mean 1, and the busiest hours average `peak_to_mean_ratio`.

    The profiles of the regions are summed with their shares. The ratio is stated for the whole programme, so the sum,
    flatter than its parts, is squared until its busiest hours reach the ratio, then drawn towards its mean to meet it.
    """
    mixed = np.zeros(DAY_HOURS)
    for region in asked.regions.values():
        mixed += region.share_frac * tokens.daily_profile_ratio(
            peak_to_mean_ratio, peak_hours_count, asked.operations.busiest_h, region.utc_offset_h
        )
    busiest = _busiest(mixed, peak_hours_count)
    shape = mixed / mixed.mean()
    while shape[busiest].mean() < peak_to_mean_ratio * (1 - 1e-9):
        shape = (shape / shape.max()) ** 2
        shape /= shape.mean()
    reach = shape[busiest].mean() - 1
    if reach <= 0:
        return np.ones(DAY_HOURS)
    return np.asarray(1 + (shape - 1) * (peak_to_mean_ratio - 1) / reach)


def _busiest(load: Floats, count: int) -> NDArray[np.intp]:
    """The busiest hours; ties go to the earlier hour, so that they fall alike everywhere."""
    return np.argsort(-load.round(9), kind="stable")[:count]
