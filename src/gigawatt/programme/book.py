"""What a dollar of another quarter is worth: discounted, in the books, and at the end of the horizon."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.ndarrays import Floats
from gigawatt.programme import opening
from gigawatt.scenario.schema import Asked


def discounts(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Value today of a dollar in the middle of each quarter, dims (period)."""
    years = dollars.mid_quarters_years(data.sizes["period"])
    ratios = dollars.discount_ratio(asked.finance.discount_per_year, years)
    return xr.DataArray(ratios, dims="period", coords={"period": data.indexes["period"]})


def terminal_frac(data: xr.Dataset, asked: Asked, life_years: float) -> xr.DataArray:
    """Value at the end of the horizon of a dollar of capex spent in each quarter [1], dims (period)."""
    ratio = terminal_ratio(data.sizes["period"], asked, life_years)
    return xr.DataArray(ratio, dims="period", coords={"period": data.period.values})


def terminal_ratio(count: int, asked: Asked, life_years: float) -> Floats:
    """As `terminal_frac`, of so many quarters, (quarters,)."""
    ages = count / 4 - dollars.mid_quarters_years(count)
    left = dollars.unamortised_frac(ages, life_years, asked.finance.discount_per_year)
    return asked.finance.terminal_value_frac * left


def book_table(data: xr.Dataset, life_years: float) -> xr.DataArray:
    """Share of capex spent in one quarter (`bought`) that stands in the books at the end of another (`period`)."""
    count = data.sizes["period"]
    ends = np.arange(1, count + 1)[:, None] / 4
    ages = ends - dollars.mid_quarters_years(count)[None, :]
    shares = np.where(ages > 0, dollars.book_frac(ages, life_years), 0.0)
    names = data.period.values
    return xr.DataArray(shares, dims=("period", "bought"), coords={"period": names, "bought": names})


def book_usd(capex_usd: dict[str, xr.DataArray], data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Net book value of racks and shells at the end of each quarter [USD], dims (period), with what stood before."""
    lives = {"racks": asked.finance.rack_life_years, "shells": asked.finance.shell_life_years}
    return sum(
        (
            (book_table(data, lives[name]) * capex.rename(period="bought")).sum("bought")
            for name, capex in capex_usd.items()
        ),
        start=opening.book_usd(data, asked),
    )
