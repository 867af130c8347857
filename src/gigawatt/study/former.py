"""Plans of folders that earlier versions wrote, with the arrays that their layouts lacked.

Up to the second layout rates were those of a rack in service, and an array that a scenario had no use for was absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from gigawatt.programme import money
from gigawatt.programme.declared import INPUTS
from gigawatt.scenario.schema import Asked

# Parts of a plan that were kept.
KEPT = ("data", "inputs")
RATES = ("rack_tokens_per_s", "run_rack_flops", "experiment_rack_flops")
# Arrays of the inputs that may be absent → what they hold then.
ABSENT = {
    "rent_growth_per_year": 0.0,
    "minimum_take_frac": 0.0,
    "lease_count": 0.0,
    "delivered_w": 0.0,
    "slo_derating_frac": 1.0,
    "opening_count": 0.0,
    "opening_rack_usd": 0.0,
    "opening_shell_usd": 0.0,
    "opening_shell_w": 0.0,
    "opening_paid_usd": 0.0,
    "opening_done_frac": 0.0,
    "opening_rent_ratio": 1.0,
}
# The same of what is decided, with their dimensions.
UNDECIDED = {
    "train_count": ("period", "platform", "run"),
    "research_count": ("period", "block", "platform", "experiment"),
}


def completed(parts: Mapping[str, xr.Dataset], asked: Asked) -> dict[str, xr.Dataset]:
    """The parts of a plan as they are made today, of those that were kept."""
    given = inputs(parts["inputs"], asked)
    data = decisions(parts["data"], given)
    return {"data": data, "inputs": given, "lines": money.lines(data, given, asked)}


def inputs(data: xr.Dataset, asked: Asked) -> xr.Dataset:
    """Inputs with bare rates and every array."""
    bare = {name: data[name] / asked.operations.availability_frac for name in RATES}
    sizes = {"before": 0, **{str(dim): size for dim, size in data.sizes.items()}}
    found = {name: _filled(INPUTS[name].dims, value, sizes) for name, value in ABSENT.items() if name not in data}
    whole = data.assign({**bare, **found, "availability_frac": asked.operations.availability_frac})
    return whole.assign_coords({dim: np.zeros(0, dtype=str) for dim, size in sizes.items() if not size})


def decisions(data: xr.Dataset, given: xr.Dataset) -> xr.Dataset:
    """Decisions with racks of runs and experiments, of which there may be none. given: the inputs."""
    absent = {name: dims for name, dims in UNDECIDED.items() if name not in data}
    labels = {dim: given[dim] for dims in absent.values() for dim in dims if dim not in data.dims}
    sizes = {str(dim): size for dim, size in given.sizes.items()}
    return data.assign({name: _filled(dims, 0.0, sizes) for name, dims in absent.items()}).assign_coords(labels)


def _filled(dims: Sequence[str], value: float, sizes: Mapping[str, int]) -> xr.Variable:
    return xr.Variable(dims, np.full([sizes[dim] for dim in dims], value))
