"""What a part of the catalog costs at its listed price, at a programme's finance, operation and sites, without a plan.

A listed price is of no quarter, so sites are those that the programme ends with; racks that a plan may buy have a price
of each quarter (`gigawatt_year.of_quarter_usd_per_w`).
"""

from __future__ import annotations

import xarray as xr

from gigawatt.catalog.records import Accelerator
from gigawatt.programme import gigawatt_year
from gigawatt.programme.gigawatt_year import OWNED_AT_CAPITAL_COST, YearBasis
from gigawatt.programme.site_mix import PowerBasis, site_frac
from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.scenario.schema import Asked


def rack_it_w(asked: Asked, part: Accelerator) -> float:
    """IT power of a rack [W] with its share of network and storage."""
    assert part.rack_power_w is not None  # a part without rack power cannot be placed
    return part.rack_power_w * asked.operations.it_overhead_ratio


def racks_usd_per_w(asked: Asked, part: Accelerator) -> float:
    """Listed price of a rack for each watt of its IT power [USD/W]."""
    assert part.rack_price_usd is not None  # who asks has seen to it
    return part.rack_price_usd / rack_it_w(asked, part)


def year_usd_per_w(
    data: xr.Dataset, asked: Asked, part: Accelerator, basis: YearBasis, power_basis: PowerBasis
) -> float:
    """What a watt of a part costs for a year [USD/W]."""
    price, share = racks_usd_per_w(asked, part), site_frac(data).isel(period=-1)
    return float(gigawatt_year.cost_usd_per_w(data, asked, basis, power_basis, price, share))


def capital_usd_per_w(data: xr.Dataset, asked: Asked, part: Accelerator, power_basis: PowerBasis) -> float:
    """What a watt of a part costs to buy [USD/W], with network and shell."""
    price, share = racks_usd_per_w(asked, part), site_frac(data).isel(period=-1)
    return float(gigawatt_year.capital_usd_per_w(data, asked, power_basis, price, share))


def package_usd_per_h(data: xr.Dataset, asked: Asked, part: Accelerator) -> float:
    """What owning a package for an hour costs, its capital at the cost of capital [USD]."""
    per_w = year_usd_per_w(data, asked, part, OWNED_AT_CAPITAL_COST, "it")
    return per_w * rack_it_w(asked, part) / HOURS_PER_YEAR / part.packages_per_rack_count
