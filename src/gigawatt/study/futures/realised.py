"""A plan held to in a future that differs: what is delivered and powered when, what it can do, what is asked of it.

Decisions stay: what is ordered for which site, and which share of each platform does which work. Their timing and their
worth do not: platforms and power slip, demand, prices and throughput differ. Racks that come before their power are
paid and wait for it, first come, first placed. Power that stands when the plan begins has arrived. What no rack can do
is not served.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.plan import split
from gigawatt.plan.plan import Plan
from gigawatt.programme import landlords, money, opening, tranches
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.study.futures.draws import Future

Floats = NDArray[np.float64]

# Factor of a scenario's [uncertainty] → arrays of the inputs that it multiplies.
MULTIPLIES: dict[str, tuple[str, ...]] = {
    "demand": ("demand_tokens_per_s",),
    "price": ("price_usd_per_mtok",),
    "throughput": ("rack_tokens_per_s", "run_rack_flops", "experiment_rack_flops"),
    "rack_price": ("rack_price_usd",),
    "energy_price": ("energy_price_usd_per_wh",),
}
ROUNDING_FRAC = 1e-9


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
    """A plan as it comes out.

    paid_count: racks delivered and paid, (period, site, platform); those that the plan's data call installed have been
    placed, and have power.
    """

    plan: Plan
    paid_count: xr.DataArray


def realised(plan: Plan, asked: Asked, future: Future) -> Realised:
    """The plan as it comes out: its inputs as they are in the future, its deliveries and shells as late as they are."""
    inputs = landlords.delivered_later(plan.inputs, asked, future.value.get("power_slip", 0.0)).copy()
    for name, arrays in MULTIPLIES.items():
        for array in arrays:
            inputs[array] = plan.inputs[array] * factor(future, name, inputs.period)
    paid = _late(plan.data.install_count, future.value.get("chip_slip", 0.0))
    first = plan.data.energise_w.where(plan.data.period == plan.data.period[0], 0.0)
    energise = first + _late(plan.data.energise_w - first, future.value.get("power_slip", 0.0))
    shell = plan.data.shell_w - plan.data.energise_w.cumsum("period") + energise.cumsum("period")
    life = round(4 * asked.finance.rack_life_years)
    there = opening.standing_count(inputs, life)
    rack_w = inputs.rack_it_w * inputs.pue_peak_ratio
    install = placed(paid, shell - (there * rack_w).sum("platform"), rack_w, life)
    stock = split.standing(install, life, there).clip(min=0)
    power = (install * inputs.rack_it_w).sum("platform")
    data = plan.data.assign(
        install_count=install,
        stock_count=stock,
        it_w=(stock * inputs.rack_it_w).sum("platform"),
        facility_w=(stock * inputs.rack_it_w).sum("platform") * inputs.pue_peak_ratio,
        energise_w=energise,
        shell_w=shell,
        gross_w=tranches.gross_w(power, inputs, asked),
        gross_facility_w=(power * inputs.pue_peak_ratio).sum("site").cumsum("period"),
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
    return (share * there_count).transpose(*work.dims)


def placed(paid_count: xr.DataArray, shell_w: xr.DataArray, rack_w: xr.DataArray, life_count: int) -> xr.DataArray:
    """Racks placed in each quarter: those that were paid, as soon as their site has power for them, in their order.

    rack_w: facility power of a rack, (platform, site). With W(t) the power of all racks paid and S(t) that of shells,
    cumulative power placed is P(t) = min(W(t), S(t) + P(t − life)), for racks give back what they had when they leave;
    the racks in it are those paid up to the moment, between two quarters, at which that much had been paid.
    """
    result = paid_count.copy()
    for site in paid_count.site.values:
        racks = np.cumsum(paid_count.sel(site=site).values, axis=0)
        wanted = racks @ rack_w.sel(site=site).values
        moment = _first_reach(wanted, _room(wanted, shell_w.sel(site=site).values * (1 + ROUNDING_FRAC), life_count))
        steps = np.arange(-1, len(wanted))
        reached = np.stack([np.interp(moment, steps, np.append(0.0, column)) for column in racks.T], axis=1)
        result.loc[{"site": site}] = np.diff(reached, axis=0, prepend=0.0)
    return result


def _room(wanted: Floats, shell: Floats, life_count: int) -> Floats:
    """Cumulative power placed: what is wanted, as far as shells and the racks that have left again give power."""
    there = np.empty_like(wanted)
    for quarter in range(len(wanted)):
        gone = there[quarter - life_count] if quarter >= life_count else 0.0
        there[quarter] = min(wanted[quarter], shell[quarter] + gone)
    return np.maximum.accumulate(there)


def _first_reach(curve: Floats, levels: Floats) -> Floats:
    """Where a curve that never falls first reaches levels, in steps; it starts from 0 before its first step."""
    rising = np.concatenate([[0.0], curve])
    at = np.searchsorted(rising, levels, side="left")
    before = np.maximum(at - 1, 0)
    height = rising[np.minimum(at, len(curve))] - rising[before]
    part = np.divide(levels - rising[before], height, out=np.zeros_like(levels), where=height > 0)
    return np.asarray(before + part - 1.0)


def factor(future: Future, name: str, period: xr.DataArray) -> xr.DataArray | float:
    if name in future.course:
        return xr.DataArray(future.course[name], dims="period", coords={"period": period.values})
    return future.value.get(name, 1.0)


def _late(values: xr.DataArray, slip_count: float) -> xr.DataArray:
    """Values of quarters that come so many quarters later; a part of a quarter delays a part of them."""
    whole = int(np.floor(slip_count))
    part = slip_count - whole
    one = values.shift(period=whole, fill_value=0.0)
    return one if part == 0 else (1 - part) * one + part * values.shift(period=whole + 1, fill_value=0.0)
