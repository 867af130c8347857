"""Which racks stand where: racks by platform and power by site become racks by both."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats


def split(install_count: xr.DataArray, placed_w: xr.DataArray, rack_w: xr.DataArray) -> xr.DataArray:
    """Racks installed by (period, site, platform), from racks (period, platform) and IT power placed (period, site).

    In each quarter this is a transport problem without cost whose supplies and demands agree; the north-west corner
    rule solves it with few pairs: sites are filled in order, platform after platform.
    """
    power = (install_count * rack_w).transpose("period", "platform").values
    sites = placed_w.transpose("period", "site").values
    shared = np.stack([_corner(row, column) for row, column in zip(sites, power, strict=True)])
    count = shared / rack_w.values[None, None, :]
    coords = {name: placed_w[name].values for name in ("period", "site")} | {"platform": rack_w.platform.values}
    return xr.DataArray(count, dims=("period", "site", "platform"), coords=coords)


def _corner(rows: Floats, columns: Floats) -> Floats:
    """A table with these row and column sums: overlap of the intervals that their cumulative sums cut."""
    right, bottom = np.cumsum(columns), np.cumsum(rows)
    if bottom[-1] > 0:  # sums agree to the solver's tolerance; make them agree exactly
        bottom = bottom * (right[-1] / bottom[-1])
    left, top = right - columns, np.concatenate([[0.0], bottom[:-1]])
    overlap = np.minimum(bottom[:, None], right[None, :]) - np.maximum(top[:, None], left[None, :])
    return np.maximum(overlap, 0.0)


def standing(install_count: xr.DataArray, life_count: int, there_count: xr.DataArray | float = 0.0) -> xr.DataArray:
    """Racks in service at the end of each quarter: all that were installed in the last `life_count` quarters.

    there_count: those of them that stood when the horizon began, of the same dims.
    """
    total = install_count.cumsum("period")
    return total - total.shift(period=life_count, fill_value=0.0) + there_count
