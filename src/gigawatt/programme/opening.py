"""What stands when the horizon begins, as the equations, the simulation and the books take it.

Racks of an opening state serve out their book life, so what is left of them in each quarter is known before anything is
decided; so are their book value, their depreciation and what they are worth at the end. Where nothing stands, `before`
is empty.

Along `before` the quarter k places from its end lies k + 1 quarters before the horizon.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.ndarrays import Floats
from gigawatt.scenario.schema import Asked


def exists(data: xr.Dataset) -> bool:
    """Whether a rack stands when the horizon begins."""
    return bool((data.opening_count.values > 0).any())


def cohorts_count(data: xr.Dataset) -> xr.DataArray:
    """Racks that stand when the horizon begins, dims (before, site, platform)."""
    return data.opening_count


def start_count(data: xr.Dataset) -> xr.DataArray:
    """Racks in service when the horizon begins, dims (site, platform)."""
    return data.opening_count.sum("before")


def start_it_w(data: xr.Dataset) -> xr.DataArray:
    """IT power in service when the horizon begins [W], dims (site)."""
    return (start_count(data) * data.rack_it_w).sum("platform")


def start_facility_w(data: xr.Dataset) -> xr.DataArray:
    """Facility power of the racks in service when the horizon begins [W], dims (site)."""
    return start_it_w(data) * data.pue_peak_ratio


def start_shell_w(data: xr.Dataset) -> xr.DataArray:
    """Facility power of the shells of the opening state [W], dims (site); what a site declares sunk is beside it."""
    return data.opening_shell_w


def paid_usd(data: xr.Dataset) -> xr.DataArray:
    """Money paid for shells that do not stand yet [USD], dims (site)."""
    return data.opening_paid_usd


def shells_at_start_w(data: xr.Dataset) -> xr.DataArray:
    """Facility power of all shells that stand when the horizon begins [W], dims (site): what is sunk with them."""
    return data.sunk_w + data.opening_shell_w


def left_frac(data: xr.Dataset) -> xr.DataArray:
    """Share of each training run's volume that is yet to be trained when the horizon begins [1], dims (run)."""
    return 1.0 - data.opening_done_frac


def standing_count(data: xr.Dataset, life_count: int) -> xr.DataArray:
    """Racks of the opening state in service at the end of each quarter, dims (period, site, platform)."""
    cohorts = data.opening_count
    ages = np.arange(cohorts.sizes["before"], 0, -1)
    serves = np.arange(data.sizes["period"])[:, None] + ages[None, :] < life_count
    names = {"period": data.period.values, "before": cohorts.before.values}
    there = xr.DataArray(serves.astype(float), dims=tuple(names), coords=names)
    return (there * cohorts).sum("before")


def first(value: xr.DataArray | float, data: xr.Dataset | xr.DataArray) -> xr.DataArray:
    """A value in the first quarter and nothing after it, with `period` before its own dims."""
    is_first = np.arange(data.sizes["period"]) == 0
    return xr.DataArray(is_first.astype(float), dims="period", coords={"period": data.period.values}) * value


def change(stock: xr.DataArray) -> xr.DataArray:
    """What each quarter adds to a stock that is counted as nothing before the first."""
    return stock - stock.shift(period=1, fill_value=0.0)


def start_book_usd(data: xr.Dataset, asked: Asked) -> float:
    """Book value of what stands when the horizon begins [USD]."""
    return float(_book_usd(data, asked)[0])


def book_usd(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Book value of what stood at the start, at the end of each quarter [USD], dims (period)."""
    return xr.DataArray(_book_usd(data, asked)[1:], dims="period", coords={"period": data.period.values})


def depreciation_usd(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """What is written off in each quarter of what stood at the start [USD], dims (period)."""
    return xr.DataArray(-np.diff(_book_usd(data, asked)), dims="period", coords={"period": data.period.values})


def terminal_usd(data: xr.Dataset, asked: Asked) -> float:
    """Value at the end of the horizon of what stood at its start [USD, not discounted]."""
    finance, count = asked.finance, data.sizes["period"]
    return finance.terminal_value_frac * sum(
        float(paid @ dollars.unamortised_frac(ages + count / 4, life, finance.discount_per_year))
        for paid, ages, life in spent(data, asked)
    )


def _book_usd(data: xr.Dataset, asked: Asked) -> Floats:
    """Book value of what stood at the start, then and at the end of each quarter [USD], (quarters + 1,)."""
    years = np.arange(data.sizes["period"] + 1) / 4
    book = np.zeros(years.size)
    for paid, ages, life in spent(data, asked):
        book += dollars.book_frac(years[:, None] + ages[None, :], life) @ paid
    return book


def spent(data: xr.Dataset, asked: Asked) -> list[tuple[Floats, Floats, float]]:
    """Of racks and of shells: what was spent in each quarter before the horizon [USD], how long before it [years], and
    the book life [years]."""
    ages = (np.arange(data.sizes["before"], 0, -1) - 0.5) / 4
    finance = asked.finance
    return [
        (data.opening_rack_usd.values, ages, finance.rack_life_years),
        (data.opening_shell_usd.values, ages, finance.shell_life_years),
    ]
