"""Views of a result that a report shows: sums by year, power by platform, share served; labelled, in SI units.

Nothing here is new: each is a sum, a share or a selection of what the plan and the accounts hold.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from gigawatt.account.metrics import GIGAWATT_W, SECONDS_PER_DAY
from gigawatt.catalog.records import Source
from gigawatt.plan import flows
from gigawatt.plan.plan import Plan
from gigawatt.report.hours import quarters
from gigawatt.study import nothing
from gigawatt.study.claims.statements import statements
from gigawatt.study.result import Result

RUNNING = ("non_compute", "energy", "opex", "rent")


def reported(result: Result) -> slice:
    """The quarters that are reported, as positions."""
    return slice(0, result.scenario.reported_count)


def facility_by_platform_w(plan: Plan) -> xr.DataArray:
    """Facility power in service at the end of each quarter [W], dims (period, platform)."""
    power = plan.data.stock_count * plan.inputs.rack_it_w * plan.inputs.pue_peak_ratio
    return power.sum("site").transpose("period", "platform")


def demand_tokens_per_day(plan: Plan) -> xr.DataArray:
    """Output tokens asked for, mean day [tokens/day], dims (period, use_case)."""
    return plan.inputs.demand_tokens_per_s * SECONDS_PER_DAY


def served_tokens_per_day(plan: Plan) -> xr.DataArray:
    """Output tokens served, mean day [tokens/day], dims (period, use_case)."""
    served = flows.mean_tokens_per_s(plan.data.served_tokens_per_s, plan.inputs) * SECONDS_PER_DAY
    return served.transpose("period", "use_case")


def served_frac(plan: Plan) -> xr.DataArray:
    """Share of the tokens asked for that is served [1], dims (period, use_case); NaN where nothing is asked for."""
    demand = demand_tokens_per_day(plan)
    return served_tokens_per_day(plan) / demand.where(demand > 0)


def years(periods: np.ndarray) -> list[str]:
    """Calendar years that the quarters belong to, each once: "2026"."""
    return sorted({str(period)[:4] for period in periods})


def yearly(flow: xr.DataArray) -> xr.DataArray:
    """A flow of the quarters summed by calendar year, dims (year, …); a first or last year may hold fewer quarters."""
    return flow.groupby(_year(flow)).sum()


def year_end(stock: xr.DataArray) -> xr.DataArray:
    """A stock at the end of each calendar year, dims (year, …)."""
    return stock.groupby(_year(stock)).last()


def yearly_mean(level: xr.DataArray) -> xr.DataArray:
    """A level averaged over the quarters of each calendar year, dims (year, …)."""
    return level.groupby(_year(level)).mean()


def _year(data: xr.DataArray) -> xr.DataArray:
    names = [str(period)[:4] for period in data.period.values]
    return xr.DataArray(names, dims="period", coords={"period": data.period.values}, name="year")


def money(result: Result) -> xr.Dataset:
    """By calendar year of the reported window [USD], dims (year).

    revenue, running (cost, negative), capex (negative), tax, free_cash_flow; tranches, debt and cash as in the books.
    """
    books = result.accounts.statements.isel(period=reported(result))
    flow = xr.Dataset(
        {
            "revenue": books.revenue,
            "running": sum((books[name] for name in RUNNING[1:]), start=books[RUNNING[0]]),
            "capex": books.investing_cash,
            "tax": books.tax,
            "free_cash_flow": books.free_cash_flow,
            "tranches": books.tranches,
        }
    )
    found = xr.Dataset({name: yearly(line) for name, line in flow.items()})
    return found.assign({name: year_end(books[name]) for name in ("debt", "cash")})


def statements_by_year(result: Result) -> xr.Dataset:
    """Every line of the books by calendar year of the reported window [USD]; balances at the year's end."""
    books = result.accounts.statements.isel(period=reported(result))
    balances = ("cash", "debt", "book")
    return xr.Dataset({str(name): year_end(line) if name in balances else yearly(line) for name, line in books.items()})


def cumulative_free_cash_flow(result: Result) -> xr.DataArray:
    """Free cash flow since the start [USD], dims (period), reported window."""
    return result.accounts.statements.free_cash_flow.isel(period=reported(result)).cumsum("period")


def revenue_usd_per_gw_year(result: Result) -> xr.DataArray:
    """Revenue per gigawatt of facility power in service and year [USD], dims (year); NaN where nothing runs."""
    shown = reported(result)
    power = flows.mean_stock(result.plan.data.facility_w.sum("site")).isel(period=shown) / GIGAWATT_W
    gw_years = yearly(power) / 4
    revenue = yearly(result.accounts.statements.revenue.isel(period=shown))
    return revenue / gw_years.where(gw_years > 0)


def platform_purchases(result: Result) -> xr.DataArray:
    """Racks bought, dims (year, platform), reported window."""
    return yearly(result.plan.data.install_count.sum("site").isel(period=reported(result)))


def binding_strength(result: Result) -> xr.DataArray:
    """How hard each limit binds [share of that limit's own largest value], dims (limit, period); 0 where it is slack.

    Limits of one kind and thing are one row; a site's grid power is one row for each site.
    """
    periods = [str(p) for p in result.plan.data.period.values[reported(result)]]
    rows: dict[str, dict[str, float]] = {}
    for item in nothing.binds(result.plan):
        name = f"{item.limit} at {item.site}" if item.site else item.limit
        if item.period in periods:
            rows.setdefault(name, {})[item.period] = abs(item.value)
    table = np.array([[row.get(p, 0.0) for p in periods] for row in rows.values()]).reshape(-1, len(periods))
    largest = table.max(axis=1, keepdims=True) if table.size else np.ones((0, 1))
    return xr.DataArray(table / largest, dims=("limit", "period"), coords={"limit": list(rows), "period": periods})


def lived(result: Result) -> xr.Dataset:
    """Each quarter as simulated, dims (period): energy_wh, pue_ratio, overhead_frac, water_l, carbon_kg.

    overhead_frac: energy beyond that of IT, per IT energy. It and pue_ratio are NaN where nothing runs.
    """
    periods = quarters(result)
    rows = [result.timeline.periods[period] for period in periods]
    pue = np.array([np.nan if row.pue_mean is None else row.pue_mean for row in rows])
    return xr.Dataset(
        {
            "energy_wh": ("period", [row.energy_wh for row in rows]),
            "pue_ratio": ("period", pue),
            "overhead_frac": ("period", pue - 1),
            "water_l": ("period", [row.water_l for row in rows]),
            "carbon_kg": ("period", [row.carbon_kg for row in rows]),
        },
        coords={"period": periods},
    )


def historic_usd_per_gw_year() -> tuple[float, float]:
    """What a gigawatt of OpenAI's fleet has earned in a year, least and most [USD]; see `historic_source`."""
    low, _, high = statements().span("yearly_revenue_usd_per_w")
    return low * GIGAWATT_W, high * GIGAWATT_W


def historic_source() -> Source:
    """Where `historic_usd_per_gw_year` was read."""
    return statements().sources["fleet"]
