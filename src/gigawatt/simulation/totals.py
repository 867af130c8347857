"""Sums over the steps of a span, in float64: what was lived, and beside it what was planned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme import money, opening, unit_costs, work_done
from gigawatt.quarters import HOURS_PER_QUARTER, SECONDS_PER_QUARTER
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation.calendar import Span
from gigawatt.simulation.hours import Hours
from gigawatt.simulation.storage import terms
from gigawatt.units import HOUR_S

Values = dict[str, tuple[tuple[str, ...], Floats]]


def totals(hours: Hours, uses: int) -> Values:
    """What happened in a span, by name: dims and array; `combine` labels them.

    hours_h: that the span stands for. stock_h, up_h, down_h, degraded_h: rack-hours in service, able to work, wholly
    out, and tray-hours out. failures_count (kind). it_wh, facility_wh, loss_wh, water_l, curtailed_wh, peak_w and
    warmest_w (largest facility power in the span, and in the warmest hour of the quarter), planned_load_wh (facility
    energy if sites ran at the load factor that the planner counts with), and what `_grid` tells: (site). by_rack_wh: IT
    energy counted rack by rack instead of site by site; full_use_wh: the same if no working rack were ever idle.
    programme_peak_w: largest facility power of all sites in one step. gang_held_h, gang_useful_h: rack-hours of gangs,
    and of their progress. demand_tokens, served_tokens, unserved_tokens (use_case), train_flop (run), research_flop
    (experiment). uses: classes of inference.
    """
    span, fleet = hours.span, hours.racks
    done = (hours.work_count.sum(axis=0) * hours.jobs.rate_per_s).sum(axis=0)
    served = done * span.weight_h * HOUR_S
    wanted = _tokens(hours.jobs.asked_per_s[:, :uses], span)
    facility_w, stock = hours.facility_w, fleet.stock_count.sum(axis=1)
    return {
        "hours_h": ((), np.asarray(span.count * span.weight_h)),
        "stock_h": ((), _sum(stock, span)),
        "up_h": ((), _sum(fleet.up_count.sum(axis=1), span)),
        "down_h": ((), _sum(fleet.down_count.sum(axis=1), span)),
        "degraded_h": ((), _sum(fleet.degraded_count.sum(axis=1), span)),
        "failures_count": (("kind",), _failures(hours)),
        "it_wh": (("site",), _sum(hours.it_w, span)),
        "facility_wh": (("site",), _sum(facility_w, span)),
        "loss_wh": (("site",), _sum(hours.facility.loss_w, span)),
        "planned_load_wh": (("site",), _sum(hours.it_w * hours.facility.planned_ratio, span)),
        "water_l": (("site",), _sum(hours.facility.water_l_per_h, span)),
        "curtailed_wh": (("site",), _sum(hours.curtailed_w, span)),
        "peak_w": (("site",), facility_w.max(axis=0)),
        "warmest_w": (("site",), hours.extremes.warmest_w),
        "by_rack_wh": ((), _sum(hours.draw_w.sum(axis=1), span)),
        "full_use_wh": ((), _sum(fleet.up_count @ hours.full_w, span)),
        "programme_peak_w": ((), facility_w.sum(axis=1).max()),
        "gang_held_h": ((), np.asarray(hours.training.held_h)),
        "gang_useful_h": ((), np.asarray(hours.training.useful_h)),
        "demand_tokens": (("use_case",), wanted),
        "served_tokens": (("use_case",), served[:uses]),
        "unserved_tokens": (("use_case",), np.maximum(wanted - served[:uses], 0)),
        "train_flop": (("run",), _tokens(hours.training.flops, span)),
        "research_flop": (("experiment",), served[uses:]),
        **_grid(hours),
        **_calls(hours, uses),
    }


def _calls(hours: Hours, uses: int) -> Values:
    """What calls of contracts took, against the same span without them.

    calls_count (that begin), called_h, unasked_h (of these, in which they ask for nothing), called_wh (that they ask
    for), slowed_wh, battery_wh (that work and batteries give): (site); lost_tokens (use_case), lost_flop (experiment),
    lost_train_flop (run).
    """
    span, calls = hours.span, hours.calls
    site, lost = ("site",), _tokens(calls.lost_per_s, span)
    return {
        "calls_count": (site, calls.begun_count),
        "called_h": (site, _sum(calls.called_frac, span)),
        "unasked_h": (site, _sum(calls.unasked_frac, span)),
        "called_wh": (site, _sum(calls.asked_w, span)),
        "slowed_wh": (site, _sum(calls.slowed_w, span)),
        "battery_wh": (site, _sum(np.clip(calls.asked_w - calls.slowed_w, 0.0, hours.storage.discharge_w), span)),
        "lost_tokens": (("use_case",), lost[:uses]),
        "lost_flop": (("experiment",), lost[uses:]),
        "lost_train_flop": (("run",), _tokens(calls.lost_flops, span)),
    }


def _grid(hours: Hours) -> Values:
    """What sites draw from the grid: grid_wh, carbon_kg, discharge_wh (given by batteries), energy_usd with demand_usd
    (charges on highest hours), moved_usd (what batteries add to the price of energy), steepest_w (largest change of the
    draw, per hour), swung_w and smoothed_w (largest facility power while all gangs compute at once, without and with
    storage in their racks): (site). programme_swung_w, programme_smoothed_w: the same of all sites in one step.
    """
    span, grid_w, (swung_w, smoothed_w) = hours.span, hours.grid_w, hours.swung_w
    site = ("site",)
    return {
        "grid_wh": (site, _sum(grid_w, span)),
        "carbon_kg": (site, _sum(grid_w * hours.carbon_kg_per_wh, span)),
        "discharge_wh": (site, _sum(hours.storage.discharge_w, span)),
        "energy_usd": (site, _sum(grid_w * hours.price_usd_per_wh, span) + hours.demand_usd),
        "demand_usd": (site, hours.demand_usd),
        "moved_usd": (site, _sum((grid_w - hours.facility_w) * hours.price_usd_per_wh, span)),
        "steepest_w": (site, np.abs(np.diff(grid_w, axis=0)).max(axis=0) / span.step_h),
        "swung_w": (site, swung_w.max(axis=0)),
        "smoothed_w": (site, smoothed_w.max(axis=0)),
        "programme_swung_w": ((), swung_w.sum(axis=1).max()),
        "programme_smoothed_w": ((), smoothed_w.sum(axis=1).max()),
    }


def _failures(hours: Hours) -> Floats:
    """Faults of each kind: as drawn, or expected over the hours that the steps stand for."""
    counts = hours.racks.failures_count.sum(axis=(0, 1))
    drawn = hours.racks.fault_h.size > 0
    return np.asarray(counts if drawn else counts * hours.span.weight_h / hours.span.step_h)


def combine(parts: Sequence[Values], spans: Sequence[Span], plan: Plan, kinds: Sequence[str]) -> xr.Dataset:
    """The totals of all spans along `period`, labelled; a quarter that is not lived through has no entry.

    lost_usd (use_case), lost_research_usd (experiment): what the work that calls took earns then, or is worth.
    """
    inputs = plan.inputs
    values = {
        name: (("period", *dims), np.stack([part[name][1] for part in parts])) for name, (dims, _) in parts[0].items()
    }
    coords = {name: inputs[name].values for name in ("site", "use_case", "run", "experiment")}
    periods = inputs.period.values[[span.period for span in spans]]
    found = xr.Dataset(values, coords={"period": periods, "kind": list(kinds), **coords})
    if not found.called_h.any():
        return found.assign(lost_usd=0 * found.lost_tokens, lost_research_usd=0 * found.lost_flop)
    earned = money.earned_usd_per_token(plan.data.served_tokens_per_s, inputs).sel(period=periods)
    worth = inputs.experiment_worth_usd_per_flop.sel(period=periods)
    return found.assign(lost_usd=found.lost_tokens * earned, lost_research_usd=found.lost_flop * worth)


def planned(plan: Plan, scenario: Scenario, spans: Sequence[Span], weekly: bool) -> xr.Dataset:
    """What the plan counted on in the same hours.

    it_wh, facility_wh, energy_usd, connection_w (facility power of the shells, the mean of a quarter for its
    representative week, else that at its end): (period, site); stock_count (period); served_tokens (period, use_case),
    train_flop (period, run), research_flop (period, experiment), interactive (use_case), ramp_w (site; the most by
    which the draw may change in an hour), gang_swing_frac, gang_smoothing_frac.
    """
    decisions, inputs, asked = plan.data, plan.inputs, scenario.asked
    it = money.mean_stock(decisions.it_w, opening.start_it_w(inputs))
    shell, stock = decisions.shell_w, decisions.stock_count
    energy = it * unit_costs.energy_wh_per_w(inputs, asked)
    served = money.mean_tokens_per_s(decisions.served_tokens_per_s, inputs)
    counted = xr.Dataset(
        {
            "it_wh": it * asked.operations.load_factor_frac * HOURS_PER_QUARTER,
            "facility_wh": energy,
            "energy_usd": energy * inputs.energy_price_usd_per_wh,
            "connection_w": money.mean_stock(shell, opening.start_shell_w(inputs)) if weekly else shell,
            "stock_count": money.mean_stock(stock, opening.start_count(inputs)).sum(["site", "platform"]),
            "served_tokens": served * SECONDS_PER_QUARTER,
            "train_flop": work_done.trained_flop(decisions, inputs),
            "research_flop": work_done.tried_flop(decisions, inputs),
            "interactive": inputs.interactive,
            "ramp_w": ("site", [one.connection(0.0, 1.0).hourly_ramp_w for one in terms(scenario, weekly)]),
            "gang_swing_frac": scenario.records.reliability.gang_swing_frac,
            "gang_smoothing_frac": scenario.records.reliability.gang_smoothing_frac,
        }
    ).isel(period=[span.period for span in spans])
    part = xr.DataArray([span.count * span.weight_h / HOURS_PER_QUARTER for span in spans], dims="period")
    part = part.assign_coords(period=counted.period)
    sums = ("it_wh", "facility_wh", "energy_usd", "served_tokens", "train_flop", "research_flop")
    return counted.assign({name: counted[name] * part for name in sums})


def _sum(per_h: Floats, span: Span) -> Floats:
    """Sum over the hours of a span of what an hour of each step has, (step, …) → (…)."""
    return np.asarray(per_h.sum(axis=0) * span.weight_h)


def _tokens(per_s: Floats, span: Span) -> Floats:
    """Tokens or FLOP of a span from those per second."""
    return _sum(per_s, span) * HOUR_S
