"""What the racks of a plan do for training runs and experiments, at the rates that the planner counts on."""

from __future__ import annotations

import xarray as xr

from gigawatt.programme import counted
from gigawatt.quarters import SECONDS_PER_QUARTER


def trained_flop(decisions: xr.Dataset, data: xr.Dataset) -> xr.DataArray:
    """Operations of each training run in each quarter [FLOP], dims (period, run); decisions: train_count."""
    return (decisions.train_count * counted.run_flops(data)).sum("platform") * SECONDS_PER_QUARTER


def tried_flop(decisions: xr.Dataset, data: xr.Dataset) -> xr.DataArray:
    """Operations of experiments in each quarter [FLOP], dims (period, experiment); decisions: research_count."""
    rate = counted.experiment_flops(data) * data.hours_frac
    return (decisions.research_count * rate).sum(["block", "platform"]) * SECONDS_PER_QUARTER
