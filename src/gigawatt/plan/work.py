"""What the racks do: inference by class and block, training runs, experiments. Equations of the physical plan.

Variables, in solver units:

- work[period, block, platform, use_case]: racks busy with a class of inference (mean of the block).
- sold[period, use_case, segment]: tokens per second sold (mean of the quarter), dearest willingness to pay first.
- valued[period, use_case, social_segment]: the same tokens by what they are worth to society (objective welfare).
- train[period, platform, run]: racks held by a training run through both blocks; research[period, block, platform,
  experiment]: racks busy with experiments.
- missing_*: what soft floors, runs and experiments lack; each has its penalty.
"""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
import xarray as xr

from gigawatt.plan.buildout import can_work
from gigawatt.plan.rows import Form, LinearModel, add_rows, add_variables, form, mean
from gigawatt.programme import counted, money, opening
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.scenario.schema import Asked
from gigawatt.solver import UNITS


def add_work(model: LinearModel, data: xr.Dataset, asked: Asked) -> None:
    """Work and its limits: racks in service, demand by block and segment, floors, windows and gangs."""
    index = data.indexes
    period, block, platform = index["period"], index["block"], index["platform"]
    able = can_work(data, asked.finance.rack_life_count)
    work = add_variables(model, "work", [period, block, platform, index["use_case"]], there=able)
    busy = form(work)
    if data.sizes["run"]:
        train = add_variables(model, "train", [period, platform, index["run"]], there=able * data.run_window)
        busy = busy + form(train)
        _add_runs(model, data)
    if data.sizes["experiment"]:
        research = add_variables(model, "research", [period, block, platform, index["experiment"]], there=able)
        busy = busy + form(research)
        _add_experiments(model, data)
    stock = mean(model.variables["stock"])
    stood = 0.5 * opening.first(opening.start_count(data).sum("site") / UNITS["racks"], data)
    add_rows(model, "capacity", [period, block, platform], busy - stock, "<=", stood)
    if asked.programme.inference_most_frac < 1:
        rack_gw = data.rack_it_w * UNITS["racks"] / UNITS["w"]
        allowed = asked.programme.inference_most_frac * (stock * rack_gw)
        more = asked.programme.inference_most_frac * (stood * rack_gw).sum("platform")
        add_rows(model, "inference_share", [period, block], form(work) * rack_gw - allowed, "<=", more)
    _add_sales(model, data, asked)


def _add_sales(model: LinearModel, data: xr.Dataset, asked: Asked) -> None:
    period, block, use_case = (data.indexes[axis] for axis in ("period", "block", "use_case"))
    # Tokens per second served in each block.
    served = form(model.variables["work"]) * (counted.tokens_per_s(data) * UNITS["racks"] / UNITS["tokens_per_s"])
    asked_for = data.demand_tokens_per_s / UNITS["tokens_per_s"]
    interactive = np.flatnonzero(data.interactive.values > 0)
    if interactive.size:
        limit = (asked_for * data.block_ratio).isel(use_case=interactive)
        axes = [period, block, use_case[interactive]]
        add_rows(model, "demand_in_block", axes, served.at("use_case", interactive), "<=", limit)
    most = asked_for * data.segment_frac
    sold = add_variables(model, "sold", [period, use_case, data.indexes["segment"]], upper=most)
    add_rows(model, "sold_is_served", [period, use_case], served * data.hours_frac - form(sold), "=")
    revenue = add_variables(model, "revenue", [period])
    add_rows(model, "revenue", [period], form(revenue) - form(sold) * token_revenue(data), "=")
    _add_floors(model, data, form(sold), asked_for)
    if asked.objective == "welfare":
        most = asked_for * data.social_frac
        valued = add_variables(model, "valued", [period, use_case, data.indexes["social_segment"]], upper=most)
        add_rows(model, "valued_is_sold", [period, use_case], form(valued) - form(sold), "=")


def token_revenue(data: xr.Dataset) -> xr.DataArray:
    """Billion USD a quarter per billion tokens per second, dims (period, use_case, segment)."""
    return _quarterly(money.usd_per_token(data))


def social_revenue(data: xr.Dataset) -> xr.DataArray:
    """Social value beyond the price, billion USD a quarter per billion tokens per second, by social segment."""
    return _quarterly(money.social_usd_per_token(data))


def _quarterly(usd_per_token: xr.DataArray) -> xr.DataArray:
    return usd_per_token * SECONDS_PER_QUARTER * UNITS["tokens_per_s"] / UNITS["usd"]


def _add_floors(model: LinearModel, data: xr.Dataset, served: Form, asked_for: xr.DataArray) -> None:
    coords = [data.indexes["period"], data.indexes["use_case"]]
    floor = asked_for * data.floor_frac
    missing = add_variables(model, "missing_tokens", coords, upper=floor.where(data.hard == 0, 0.0))
    asked = np.flatnonzero(data.floor_frac.values > 0)
    if asked.size:
        axes = [coords[0], coords[1][asked]]
        left = (served + form(missing)).at("use_case", asked)
        add_rows(model, "floor", axes, left, ">=", floor.isel(use_case=asked))


def _add_runs(model: LinearModel, data: xr.Dataset) -> None:
    period, run = data.indexes["period"], data.indexes["run"]
    train = form(model.variables["train"])
    left = opening.left_frac(data)
    upper = xr.where(data.run_hard > 0, 0.0, left)
    missing = add_variables(model, "missing_run", [run], upper=upper)
    volume = data.run_volume_flop / UNITS["flop"]
    done = train * _flop_per_krack(counted.run_flops(data))
    add_rows(model, "run_volume", [run], done + form(missing) * volume, "=", volume * left)
    most = (data.run_gang_count / UNITS["racks"]) * (data.run_window >= 0)
    add_rows(model, "gang", [period, run], train * data.packages_per_rack_count, "<=", most)


def _add_experiments(model: LinearModel, data: xr.Dataset) -> None:
    rate = _flop_per_krack(counted.experiment_flops(data))
    done = form(model.variables["research"]) * rate * data.hours_frac
    wish = data.experiment_wish_flop / UNITS["flop"]
    coords = [data.indexes["period"], data.indexes["experiment"]]
    missing = add_variables(model, "missing_research", coords, upper=wish)
    under = add_variables(model, "under_floor", coords, upper=wish * data.experiment_floor_frac)
    add_rows(model, "research_wish", coords, done + form(missing), "=", wish)
    most = wish * (1 - data.experiment_floor_frac)
    add_rows(model, "research_floor", coords, form(missing) - form(under), "<=", most)


def _flop_per_krack(rack_flops: xr.DataArray) -> xr.DataArray:
    return rack_flops * UNITS["racks"] * SECONDS_PER_QUARTER / UNITS["flop"]


def penalties(model: LinearModel, data: xr.Dataset, discount: xr.DataArray) -> Form:
    """Present value of everything that soft limits lack, billion USD; discount: dims (period)."""
    factors = penalty_factors(data, discount)
    return reduce(add, (form(model.variables[name]) * factor for name, factor in factors.items() if factor.size))


def penalty_factors(data: xr.Dataset, discount: xr.DataArray) -> dict[str, xr.DataArray]:
    """Present value in billion USD of one unit missing, by variable."""
    floor = _quarterly(data.floor_penalty_usd_per_mtok / 1e6) * discount
    factors = {"missing_tokens": floor.transpose("period", "use_case")}
    if data.sizes["run"]:
        end = data.run_window.cumsum("period").idxmax("period")
        factors["missing_run"] = data.run_penalty_usd / UNITS["usd"] * discount.sel(period=end).drop_vars("period")
    if data.sizes["experiment"]:
        scale = UNITS["flop"] / UNITS["usd"]
        factors["missing_research"] = data.experiment_worth_usd_per_flop * discount * scale
        factors["under_floor"] = data.experiment_floor_penalty_usd_per_flop * discount * scale
    return factors


def quadrillions() -> float:
    """1e15 tokens that a billion tokens per second make in a quarter."""
    return UNITS["tokens_per_s"] * SECONDS_PER_QUARTER / 1e15
