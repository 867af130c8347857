"""A plan held to in a future that differs: what is delivered and powered when, what it can do, what is asked of it.

Decisions stay: what is ordered for which site, and which share of each platform does which work. Their timing and their
worth do not: platforms and power slip, demand, prices and throughput differ. Racks that come before their power are
paid and wait for it, first come, first placed. Power that stands when the plan begins has arrived. What no rack can do
is not served.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats
from gigawatt.plan import split
from gigawatt.plan.plan import Plan
from gigawatt.programme import landlords, money, opening, rents, tranches
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.study.futures.draws import Future

# Factor of a scenario's [uncertainty] → arrays of the inputs that it multiplies.
MULTIPLIES: dict[str, tuple[str, ...]] = {
    "demand": ("demand_tokens_per_s",),
    "price": ("price_usd_per_mtok",),
    "throughput": ("rack_tokens_per_s", "run_rack_flops", "experiment_rack_flops"),
    "rack_price": ("rack_price_usd",),
    "energy_price": ("energy_price_usd_per_wh",),
}
ROUNDING_FRAC = 1e-9
# The dim of what differs between futures.
DRAW = "draw"


def scenario_in(scenario: Scenario, future: Future) -> Scenario:
    """The scenario with the rates of a future: failures of packages, cost of capital."""
    asked = scenario.asked
    failures = asked.operations.package_failures_per_h * future.value.get("failure_rate", 1.0)
    cost = future.value.get("capital_cost", 1.0)
    rate = asked.capital.debt_rate_per_year
    return replace(
        scenario,
        asked=replace(
            asked,
            operations=replace(asked.operations, package_failures_per_h=failures),
            finance=replace(asked.finance, discount_per_year=asked.finance.discount_per_year * cost),
            capital=replace(asked.capital, debt_rate_per_year=None if rate is None else rate * cost),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """A plan as it comes out in many futures: what differs between them has the dim `draw` before others.

    paid_count: racks delivered and paid, (draw, period, site, platform); those that the plan's data call installed have
    been placed, and have power.
    """

    plan: Plan
    paid_count: xr.DataArray


def realised(plan: Plan, asked: Asked, futures: Sequence[Future]) -> Realised:
    """The plan as it comes out: its inputs as they are, its deliveries and shells as late as they are."""
    chip, power = (_drawn(futures, name, 0.0) for name in ("chip_slip", "power_slip"))
    inputs = _delivered_later(plan.inputs, asked, power)
    for name, arrays in MULTIPLIES.items():
        factors = _factors(futures, name, inputs.period)
        if factors is not None:
            inputs = inputs.assign({array: _first(plan.inputs[array] * factors) for array in arrays})
    paid = _late(plan.data.install_count, chip)
    first = plan.data.energise_w.where(plan.data.period == plan.data.period[0], 0.0)
    energise = _late(plan.data.energise_w - first, power) + first
    shell = energise.cumsum("period") + (plan.data.shell_w - plan.data.energise_w.cumsum("period"))
    life = asked.finance.rack_life_count
    there = opening.standing_count(inputs, life)
    rack_w = inputs.rack_it_w * inputs.pue_peak_ratio
    install = placed(paid, shell - (there * rack_w).sum("platform"), rack_w, life)
    stock = split.standing(install, life, there).clip(min=0)
    it, starts = ((racks * inputs.rack_it_w).sum("platform") for racks in (stock, install))
    data = plan.data.assign(
        install_count=install,
        stock_count=stock,
        it_w=it,
        facility_w=it * inputs.pue_peak_ratio,
        energise_w=energise,
        shell_w=shell,
        gross_w=tranches.gross_w(starts, inputs, asked),
        gross_facility_w=(starts * inputs.pue_peak_ratio).sum("site").cumsum("period"),
    )
    start = opening.start_count(inputs).sum("site")
    planned, runs = (money.mean_stock(racks.sum("site"), start) for racks in (plan.data.stock_count, stock))
    works = ("work_count", "train_count", "research_count")
    data = data.assign({name: _kept(data[name], planned, runs) for name in works})
    return Realised(plan=replace(plan, data=data, inputs=inputs), paid_count=paid)


def _kept(work: xr.DataArray, planned_count: xr.DataArray, there_count: xr.DataArray) -> xr.DataArray:
    """Racks at work, in the planned shares of their platform; those that stay longer go on as they did last."""
    some = planned_count > ROUNDING_FRAC * planned_count.max()
    quarter = xr.where(some, xr.DataArray(np.arange(some.sizes["period"]), dims="period"), 0)
    last = quarter.copy(data=np.maximum.accumulate(quarter.transpose("period", "platform").values, axis=0))
    share = (work / planned_count.where(some)).fillna(0.0).isel(period=last.drop_vars("period"))
    return (there_count * share).transpose(DRAW, *work.dims)


def placed(paid_count: xr.DataArray, shell_w: xr.DataArray, rack_w: xr.DataArray, life_count: int) -> xr.DataArray:
    """Racks placed in each quarter: those that were paid, as soon as their site has power for them, in their order.

    rack_w: facility power of a rack, (platform, site). With W(t) the power of all racks paid and S(t) that of shells,
    cumulative power placed is P(t) = min(W(t), S(t) + P(t − life)), for racks give back what they had when they leave;
    the racks in it are those paid up to the moment, between two quarters, at which that much had been paid.
    """
    order = ("site", "period")
    racks = paid_count.transpose(..., *order, "platform").cumsum("period")
    wanted = (racks * rack_w).sum("platform").transpose(..., *order).values
    shell = shell_w.transpose(..., *order).values * (1 + ROUNDING_FRAC)
    moment = _first_reach(wanted, _room(wanted, shell, life_count))
    reached = _at(racks.transpose(..., *order, "platform").values, moment)
    result = racks.copy(data=np.diff(reached, axis=-2, prepend=0.0))
    return result.transpose(*paid_count.dims)


def _room(wanted: Floats, shell: Floats, life_count: int) -> Floats:
    """Cumulative power placed, (..., t): what is wanted, as far as shells and the racks that have left again give
    power."""
    there = np.empty_like(wanted)
    for quarter in range(wanted.shape[-1]):
        gone = there[..., quarter - life_count] if quarter >= life_count else 0.0
        there[..., quarter] = np.minimum(wanted[..., quarter], shell[..., quarter] + gone)
    return np.maximum.accumulate(there, axis=-1)


def _first_reach(curve: Floats, levels: Floats) -> Floats:
    """Where curves that never fall first reach levels, both (..., t), in steps from the 0 before their first one."""
    rising = np.concatenate([np.zeros((*curve.shape[:-1], 1)), curve], axis=-1)
    at = (rising[..., None, :] < levels[..., None]).sum(axis=-1)
    before = np.maximum(at - 1, 0)
    low = np.take_along_axis(rising, before, axis=-1)
    height = np.take_along_axis(rising, np.minimum(at, curve.shape[-1]), axis=-1) - low
    return before + np.divide(levels - low, height, out=np.zeros_like(levels), where=height > 0)


def _at(curves: Floats, moment: Floats) -> Floats:
    """Curves (..., t, n) that start from 0 before their first step, at moments (..., t) between steps."""
    rising = np.concatenate([np.zeros((*curves.shape[:-2], 1, curves.shape[-1])), curves], axis=-2)
    before = np.minimum(moment.astype(int), curves.shape[-2] - 1)[..., None]
    low, high = (np.take_along_axis(rising, step, axis=-2) for step in (before, before + 1))
    return np.asarray(low + (moment[..., None] - before) * (high - low))


def factor(future: Future, name: str, period: xr.DataArray) -> xr.DataArray | float:
    """What a quantity of the inputs is multiplied with in a future."""
    if name in future.course:
        return xr.DataArray(future.course[name], dims="period", coords={"period": period.values})
    return future.value.get(name, 1.0)


def _delivered_later(data: xr.Dataset, asked: Asked, slip_count: Floats) -> xr.Dataset:
    """The inputs as `landlords.delivered_later` has them, of each future."""
    if not rents.has_minimum(data):
        return data
    slips, which = np.unique(slip_count, return_inverse=True)
    later = [landlords.delivered_later(data, asked, slip).delivered_w.values for slip in slips.tolist()]
    dims = (DRAW, *data.delivered_w.dims)
    return data.assign(delivered_w=(dims, np.stack(later)[which]))


def _factors(futures: Sequence[Future], name: str, period: xr.DataArray) -> xr.DataArray | None:
    """The same in many futures, (draw, period); None where it is as stated in all of them."""
    if not any(name in future.value for future in futures):
        return None
    stated = np.ones(period.size)
    rows = [future.course.get(name, future.value.get(name, 1.0) * stated) for future in futures]
    return xr.DataArray(np.stack(rows), dims=(DRAW, "period"), coords={"period": period.values})


def _drawn(futures: Sequence[Future], name: str, stated: float) -> Floats:
    """A quantity in each future, (draw,)."""
    return np.array([future.value.get(name, stated) for future in futures])


def _first(values: xr.DataArray) -> xr.DataArray:
    """An array with `draw` before its other dims."""
    return values.transpose(DRAW, ...)


def _late(values: xr.DataArray, slip_count: Floats) -> xr.DataArray:
    """Values of quarters that come so many quarters later in each future; a part of a quarter delays a part of them."""
    planned = values.transpose("period", ...)
    count, whole = planned.sizes["period"], np.floor(slip_count).astype(int)
    due = np.maximum(np.arange(count) - whole[:, None], -1)  # the last row, in which nothing comes
    rows = np.concatenate([planned.values, np.zeros((1, *planned.shape[1:]))])
    part = (slip_count - whole).reshape(-1, *[1] * planned.ndim)
    late = (1 - part) * rows[due] + part * rows[np.maximum(due - 1, -1)]
    return xr.DataArray(late, dims=(DRAW, *planned.dims), coords=planned.coords).transpose(DRAW, *values.dims)
