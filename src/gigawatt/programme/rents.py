"""Rent of leased shells, quarter by quarter, as the equations, the books and futures take it.

A watt of shell pays rent from the quarter in which it is energised, half of it in that quarter, and with every quarter
after it more or less where its lease has an escalator other than inflation. Where a lease has a minimum, at least that
share is paid of what all delivered power would pay, whether it is energised or not, until the term of each part ends.

Where no rent grows (`rent_growth_per_year` is 0 at every site), rent is that of the mean shell of a quarter; where
`minimum_take_frac` is 0 at every site, there is no minimum.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.ndarrays import Floats
from gigawatt.programme import opening


def grows(data: xr.Dataset) -> bool:
    """Whether a rent grows faster or slower than prices."""
    return bool(data.rent_growth_per_year.values.any())


def has_minimum(data: xr.Dataset) -> bool:
    """Whether a lease asks for a minimum."""
    return bool(data.minimum_take_frac.values.any())


def weights(data: xr.Dataset) -> xr.DataArray:
    """Rent that a watt pays in a quarter over that at its delivery, dims (period, energised, site)."""
    count, names = data.sizes["period"], data.period.values
    table = np.stack([_paid_ratio(count, rate) for rate in data.rent_growth_per_year.values.tolist()], axis=2)
    return xr.DataArray(
        table,
        dims=("period", "energised", "site"),
        coords={"period": names, "energised": names, "site": data.site.values},
    )


def _paid_ratio(count: int, growth_per_year: float) -> Floats:
    """What a watt energised in quarter t (columns) pays in each quarter (rows), over its rent at delivery."""
    ages = np.arange(count)[:, None] - np.arange(count)[None, :]
    ratio = dollars.rent_ratio(count, escalator_per_year=growth_per_year, inflation_per_year=0.0)
    return np.where(ages > 0, ratio[np.maximum(ages, 0)], np.where(ages == 0, 0.5, 0.0))


def start_weights(data: xr.Dataset) -> xr.DataArray:
    """As `weights`, of shells that stand when the horizon begins, which pay from its first day; dims (period, site)."""
    quarters = [
        dollars.rent_ratio(data.sizes["period"], escalator_per_year=rate, inflation_per_year=0.0)
        for rate in data.rent_growth_per_year.values.tolist()
    ]
    table = np.stack(quarters, axis=1) * data.opening_rent_ratio.values
    return xr.DataArray(table, dims=("period", "site"), coords={"period": data.period.values, "site": data.site.values})


def quarter_rent_usd_per_w(data: xr.Dataset) -> xr.DataArray:
    """Rent of a quarter per W of facility power at its delivery [USD/W], dims (site)."""
    return data.yearly_rent_usd_per_w / 4


def standing_usd(data: xr.Dataset) -> xr.DataArray:
    """Rent of what stands whatever is decided [USD], dims (period, site): shells of an opening state, and sunk ones,
    which count as energised in the first quarter."""
    first = weights(data).isel(energised=0, drop=True)
    watts = first * data.sunk_w + start_weights(data) * data.opening_shell_w
    return (watts * quarter_rent_usd_per_w(data)).transpose("period", "site")


def minimum_usd(data: xr.Dataset) -> xr.DataArray:
    """Least rent of each quarter [USD], dims (period, site); only where there is a minimum."""
    delivered, start = data.delivered_w, data.opening_shell_w
    added = opening.change(delivered) - opening.first(start, data)
    names = {"period": "energised"}
    ages = _ages(data)
    table = weights(data) * within_term(ages, data.lease_count)
    rent = (table * added.clip(min=0).rename(names)).sum("energised")
    age = xr.DataArray(np.arange(data.sizes["period"]), dims="period", coords={"period": data.period.values})
    stood = start_weights(data) * np.minimum(start, delivered.isel(period=0, drop=True)) * (age < data.lease_count)
    least = data.minimum_take_frac * (rent + stood) * quarter_rent_usd_per_w(data)
    return least.transpose(..., "period", "site")


def _ages(data: xr.Dataset) -> xr.DataArray:
    """Quarters from the one in which a watt is energised to each, dims (period, energised)."""
    count, names = data.sizes["period"], data.period.values
    ages = np.arange(count)[:, None] - np.arange(count)[None, :]
    return xr.DataArray(ages, dims=("period", "energised"), coords={"period": names, "energised": names})


def within_term(ages: xr.DataArray, term_count: xr.DataArray) -> xr.DataArray:
    """Share of a quarter's rent that a term leaves, which begins and ends in the middle of a quarter [1]."""
    return xr.where(ages < term_count, 1.0, xr.where(ages == term_count, 0.5, 0.0))


def rent_usd(energise_w: xr.DataArray, shell_mean_w: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """Rent of each quarter [USD], dims (period, site).

    energise_w: facility power energised in each quarter; shell_mean_w: the mean of what is energised, with what stood.
    """
    rent = shell_mean_w * data.yearly_rent_usd_per_w / 4
    if grows(data):
        new = (weights(data) * energise_w.rename(period="energised")).sum("energised")
        rent = (new * quarter_rent_usd_per_w(data) + standing_usd(data)).transpose(..., "period", "site")
    return np.maximum(rent, minimum_usd(data)) if has_minimum(data) else rent
