"""What a rack, a watt and a watt of shell cost: the coefficients of every line of money."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats
from gigawatt.programme import opening
from gigawatt.quarters import HOURS_PER_QUARTER
from gigawatt.scenario.schema import Asked


def rack_cost_usd(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Cost of one rack with its network and storage [USD], dims (period, platform)."""
    return data.rack_price_usd * (1 + asked.finance.network_frac)


def running_cost_usd_per_w(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Operation and energy of one watt of IT power for a quarter [USD/W], dims (site)."""
    return opex_usd_per_w(data, asked) + energy_wh_per_w(data, asked) * data.energy_price_usd_per_wh


def opex_usd_per_w(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Operation without energy of one watt of IT power for a quarter [USD/W], dims (site)."""
    return asked.operations.yearly_opex_usd_per_w_facility / 4 * data.pue_peak_ratio


def energy_wh_per_w(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Facility energy of one watt of IT power for a quarter [Wh/W], dims (site): load × mean PUE × hours."""
    return asked.operations.load_factor_frac * HOURS_PER_QUARTER * data.pue_mean_ratio


def shells_usd(energise_w: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """What shells cost in each quarter [USD], dims (period, site), less what was paid before, which counts first."""
    cost = (energise_w.rename(period="energised") * shell_spending(data)).sum("energised")
    paid = opening.paid_usd(data)
    to_date = (cost.cumsum("period") - paid).clip(min=0)
    return xr.where(paid > 0, opening.change(to_date), cost).transpose(..., "period", "site")


def shell_spending(data: xr.Dataset) -> xr.DataArray:
    """What a watt of shell costs in each quarter [USD/W], dims (period, energised, site).

    Spending is even over the lead time up to the quarter of energisation. What lies before the horizon is charged to
    its first quarter; shells that a site declares sunk (`sunk_w`), and those of an opening state, stand from the start
    and cost nothing.
    """
    count = data.sizes["period"]
    shares = np.stack([_spread(count, int(lead)) for lead in data.lead_count.values], axis=2)
    spread = xr.DataArray(
        shares,
        dims=("period", "energised", "site"),
        coords={"period": data.period.values, "energised": data.period.values, "site": data.site.values},
    )
    return spread * data.shell_usd_per_w


def _spread(count: int, lead_count: int) -> Floats:
    """Share of a shell energised in column t that is paid in row τ, shape (count, count)."""
    shares = np.zeros((count, count))
    steps = max(lead_count, 1)
    for energised in range(count):
        for paid in range(energised - steps + 1, energised + 1):
            shares[max(paid, 0), energised] += 1 / steps
    return shares
