"""Power that serves everything asked for in a quarter, by what it is built of, where it is counted and how hours share.

Every class of work asks for its mean; interactive work has to be served in its busiest block too, other work can wait.

- apart: each class keeps the power of its own busiest hours, and nobody uses what it leaves in the quiet ones.
- together: batch work, training runs and experiments fill the quiet hours of one fleet. It takes what interactive work
  needs in the busiest block, or what all work needs on average, whichever is more: never more than apart.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from gigawatt.ndarrays import Floats
from gigawatt.programme import counted, opening
from gigawatt.programme.site_mix import PowerBasis, mean_basis_ratio
from gigawatt.quarters import SECONDS_PER_QUARTER

# How classes share hours.
Hours = Literal["apart", "together"]
# What asks for power, by its dimension in the arrays of a scenario.
KINDS = ("use_case", "run", "experiment")


def asks(data: xr.Dataset) -> xr.Dataset:
    """What each class of work asks for, and what a rack does of it: tokens, or operations.

    mean_per_s (period, work); busiest_ratio (work): of its busiest block over its mean, 1 for what can wait;
    interactive (work); rack_per_s (period, platform, work). work: keys of all that asks for power, and kind (work): of
    `KINDS`, within which keys are single.
    """
    busiest = xr.where(data.interactive > 0, data.block_ratio.max("block"), 1.0)
    experiments = data.experiment_wish_flop / SECONDS_PER_QUARTER
    parts = (
        ("use_case", data.demand_tokens_per_s, busiest, counted.tokens_per_s(data)),
        ("run", runs_flops(data), xr.ones_like(data.run_volume_flop), counted.run_flops(data)),
        ("experiment", experiments, xr.ones_like(data.experiment_floor_frac), counted.experiment_flops(data)),
    )
    names = [(str(key), dim) for dim, *_ in parts for key in data[dim].values]
    mean = [of.transpose("period", dim).values for dim, of, _, _ in parts]
    rate = [of.transpose("period", "platform", dim).values for dim, *_, of in parts]
    waits = np.zeros(len(names) - data.sizes["use_case"], dtype=bool)
    return xr.Dataset(
        {
            "mean_per_s": (("period", "work"), np.concatenate(mean, axis=-1)),
            "busiest_ratio": ("work", np.concatenate([of.values for *_, of, _ in parts])),
            "interactive": ("work", np.concatenate([data.interactive.values > 0, waits])),
            "rack_per_s": (("period", "platform", "work"), np.concatenate(rate, axis=-1)),
        },
        coords={
            "period": data.period.values,
            "platform": data.platform.values,
            "work": [key for key, _ in names],
            "kind": ("work", [kind for _, kind in names]),
        },
    )


def of_kind(asked_for: xr.Dataset, *kinds: str) -> xr.Dataset:
    """What work of some kinds asks for, of what all work does."""
    return asked_for.isel(work=np.flatnonzero(np.isin(asked_for.kind.values, kinds)))


def runs_flops(data: xr.Dataset) -> xr.DataArray:
    """What each training run asks for [FLOP/s], dims (period, run): its volume evenly over its window, as far as the
    largest gang of any platform can take it."""
    window = data.run_window.transpose("period", "run")
    seconds = np.maximum(window.values.sum(axis=0), 1.0) * SECONDS_PER_QUARTER
    even = window.values * (data.run_volume_flop * opening.left_frac(data)).values / seconds
    each = counted.run_flops(data).transpose("period", "run", "platform").values / data.packages_per_rack_count.values
    gang = each.max(axis=-1) * data.run_gang_count.values
    return window.copy(data=np.minimum(even, gang))


def racks_count(asked_for: xr.Dataset) -> xr.DataArray:
    """Racks that the mean of each class keeps busy, dims of the rates; without limit where a platform cannot do it."""
    mean, rate = xr.broadcast(asked_for.mean_per_s, asked_for.rack_per_s)
    dims = asked_for.rack_per_s.dims
    wanted, each = mean.transpose(*dims).values, rate.transpose(*dims).values
    lacking = np.where(wanted > 0, np.inf, 0.0)
    return asked_for.rack_per_s.copy(data=np.divide(wanted, each, out=lacking, where=each > 0))


def total(mean: ArrayLike, busiest_ratio: ArrayLike, interactive: ArrayLike, hours: Hours) -> Floats:
    """What serves all classes, in the unit of `mean`, whose last axis they are: watts, or racks."""
    mean = np.asarray(mean, dtype=float)
    busiest = mean * np.asarray(busiest_ratio)
    if hours == "apart":
        return np.asarray(busiest.sum(axis=-1))
    return np.maximum(busiest[..., np.asarray(interactive, dtype=bool)].sum(axis=-1), mean.sum(axis=-1))


def serving_racks_count(asked_for: xr.Dataset, hours: Hours) -> xr.DataArray:
    """Racks that serve all of some work, dims of the rates but for work."""
    racks = racks_count(asked_for).transpose(..., "work")
    serving = total(racks.values, asked_for.busiest_ratio.values, asked_for.interactive.values, hours)
    return racks.sum("work").copy(data=serving)


def power_w(data: xr.Dataset, power_basis: PowerBasis, hours: Hours) -> xr.DataArray:
    """Power that serves what is asked for in each quarter [W], built of one platform, dims (period, platform).

    At the mean PUE of the sites that are energised in the quarter; without limit where a platform cannot do the work.
    """
    return serving_racks_count(asks(data), hours) * rack_w(data, power_basis)


def rack_w(data: xr.Dataset, power_basis: PowerBasis) -> xr.DataArray:
    """Power of a rack [W] at the mean of the sites of each quarter, dims (period, platform)."""
    return mean_basis_ratio(data, power_basis) * data.rack_it_w
