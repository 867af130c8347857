"""What the planner counts on of a rack in service: the rate of a working one, and the share of them that work.

Whoever lives through hours knows which racks work, and takes the bare rates of the inputs.
"""

from __future__ import annotations

import xarray as xr


def tokens_per_s(data: xr.Dataset) -> xr.DataArray:
    """Output tokens per second of a rack in service, dims (period, platform, use_case): over the hours of a block it
    works for its availability, and a class can use its utilisation of that."""
    return data.rack_tokens_per_s * (data.availability_frac * data.utilisation_frac)


def run_flops(data: xr.Dataset) -> xr.DataArray:
    """Useful operations per second of a rack in service that trains a run, dims (period, platform, run)."""
    return data.run_rack_flops * data.availability_frac


def experiment_flops(data: xr.Dataset) -> xr.DataArray:
    """Useful operations per second of a rack in service that does experiments, dims (period, platform, experiment)."""
    return data.experiment_rack_flops * data.availability_frac
