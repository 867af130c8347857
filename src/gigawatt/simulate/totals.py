"""Sums over the hours of each quarter, in float64: what was lived, and beside it what was planned."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.plan import buildout, flows
from gigawatt.plan.inputs import HOURS_PER_QUARTER, SECONDS_PER_QUARTER
from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Asked
from gigawatt.simulate.hours import Hours
from gigawatt.simulate.power import draw_frac
from gigawatt.simulate.weeks import WEIGHT_H

Floats = NDArray[np.float64]

SECONDS_PER_HOUR = 3600.0


def totals(hours: Hours, plan: Plan) -> xr.Dataset:
    """What happened in each quarter.

    stock_h, up_h (period): rack-hours in service and working. it_wh, facility_wh, loss_wh, water_l, carbon_kg, peak_w
    and warmest_w (largest facility power in the week, and in the warmest hour of the quarter), planned_load_wh
    (facility energy if sites ran at the load factor that the planner counts with): (period, site). by_rack_wh (period):
    IT energy counted rack by rack instead of site by site; full_use_wh (period): the same if no working rack were ever
    idle. programme_peak_w (period): largest facility power of all sites in one hour. demand_tokens, served_tokens,
    unserved_tokens (period, use_case), research_flop (period, experiment).
    """
    inputs = plan.inputs
    uses = inputs.sizes["use_case"]
    up = hours.fleet.up_count.sum(axis=1)
    served, wanted = _tokens(hours.done_per_s[..., :uses].sum(axis=2)), _tokens(hours.jobs.asked_per_s[..., :uses])
    at_sites = ("period", "site")
    values: dict[str, tuple[tuple[str, ...], Floats]] = {
        "stock_h": (("period",), hours.fleet.stock_count.sum(axis=(1, 2)) * HOURS_PER_QUARTER),
        "up_h": (("period",), up.sum(axis=1) * HOURS_PER_QUARTER),
        "it_wh": (at_sites, _sum(hours.it_w)),
        "facility_wh": (at_sites, _sum(hours.facility_w)),
        "loss_wh": (at_sites, _sum(hours.facility.loss_w)),
        "planned_load_wh": (at_sites, _sum(hours.it_w * hours.facility.planned_ratio)),
        "water_l": (at_sites, _sum(hours.facility.water_l)),
        "carbon_kg": (at_sites, _sum(hours.carbon_kg)),
        "peak_w": (at_sites, hours.facility_w.max(axis=1)),
        "warmest_w": (at_sites, hours.extremes.warmest_w),
        "by_rack_wh": (
            ("period",),
            ((up * hours.rack_w)[:, None, :] * draw_frac(hours.busy_frac, hours.idle_frac)).sum((1, 2)) * WEIGHT_H,
        ),
        "full_use_wh": (("period",), (up * hours.rack_w).sum(axis=1) * HOURS_PER_QUARTER),
        "programme_peak_w": (("period",), hours.facility_w.sum(axis=2).max(axis=1)),
        "demand_tokens": (("period", "use_case"), wanted),
        "served_tokens": (("period", "use_case"), served),
        "unserved_tokens": (("period", "use_case"), np.maximum(wanted - served, 0)),
        "research_flop": (("period", "experiment"), _tokens(hours.done_per_s[..., uses:].sum(axis=2))),
    }
    names = ("period", "site", "use_case", "experiment")
    return xr.Dataset(values, coords={name: inputs[name].values for name in names})


def planned(plan: Plan, asked: Asked) -> xr.Dataset:
    """What the plan counted on in each quarter.

    it_wh, facility_wh, connection_w (mean facility power of the shells): (period, site); served_tokens (period,
    use_case), research_flop (period, experiment), interactive (use_case).
    """
    decisions, inputs = plan.data, plan.inputs
    it = flows.mean_stock(decisions.it_w)
    served = flows.mean_tokens_per_s(decisions.served_tokens_per_s, inputs)
    if inputs.sizes["experiment"]:
        research = (decisions.research_count * inputs.experiment_rack_flops * inputs.hours_frac).sum(
            ["platform", "block"]
        )
    else:
        research = xr.zeros_like(inputs.experiment_wish_flop)
    return xr.Dataset(
        {
            "it_wh": it * asked.operations.load_factor_frac * HOURS_PER_QUARTER,
            "facility_wh": it * buildout.energy_wh_per_w(inputs, asked),
            "connection_w": flows.mean_stock(decisions.shell_w),
            "served_tokens": served * SECONDS_PER_QUARTER,
            "research_flop": research * SECONDS_PER_QUARTER,
            "interactive": inputs.interactive,
        }
    )


def _sum(hourly: Floats) -> Floats:
    """Sum over the hours of a quarter of what an hour of each step has, (period, hour, …) → (period, …)."""
    return hourly.sum(axis=1) * WEIGHT_H


def _tokens(per_s: Floats) -> Floats:
    """Tokens or FLOP of a quarter from those per second."""
    return _sum(per_s) * SECONDS_PER_HOUR
