"""What a watt costs for a year, before a plan is made: what is in it, and at which rate, is the basis of the figure.

A watt of IT power takes its share of racks with network and of shells, each paid off over its life, and operation and
energy. At the cost of capital, with shells of one's own, that is the total cost of ownership that others publish; what
a plan has to earn is at its discount rate, with each site's own shell or its rent, over what is left of revenue for
compute. Books that buy in one quarter and stand for a life come to the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import xarray as xr

from gigawatt import dollars
from gigawatt.programme import unit_costs
from gigawatt.programme.site_mix import PowerBasis, basis_ratio, site_frac
from gigawatt.scenario.schema import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class YearBasis:
    """What is in the cost of a year of power.

    rate: at which racks and shells are paid off, the cost of capital or the discount rate of the programme's finance.
    sites: shells of one's own at the programme's price, or each site's own shell or rent. non_compute: whether over
    the share of revenue that is left for compute, which makes a cost the revenue that it needs.
    """

    rate: Literal["capital_cost", "discount"]
    sites: Literal["owned", "as_they_are"]
    non_compute: bool


OWNED_AT_CAPITAL_COST = YearBasis(rate="capital_cost", sites="owned", non_compute=False)
NEEDED_AT_DISCOUNT = YearBasis(rate="discount", sites="as_they_are", non_compute=True)


def rate_per_year(basis: YearBasis, asked: Asked) -> float:
    """The rate at which capital is paid off."""
    return asked.finance.capital_cost_per_year if basis.rate == "capital_cost" else asked.finance.discount_per_year


def cost_usd_per_w(
    data: xr.Dataset,
    asked: Asked,
    basis: YearBasis,
    power_basis: PowerBasis,
    racks_usd_per_w: xr.DataArray | float,
    share: xr.DataArray,
) -> xr.DataArray:
    """What a watt costs for a year [USD/W] at a mix of sites, dims those of the price and the mix but for site.

    racks_usd_per_w: price of racks for each watt of IT power, without network. share: of the power at each site.
    """
    finance, rate = asked.finance, rate_per_year(basis, asked)
    racks = racks_usd_per_w * (1 + finance.network_frac) * dollars.recovery_frac(rate, finance.rack_life_years)
    shells = _shell_usd_per_w(data, asked, basis) * dollars.recovery_frac(rate, finance.shell_life_years)
    rent = 0.0 if basis.sites == "owned" else data.yearly_rent_usd_per_w
    running = 4 * unit_costs.running_cost_usd_per_w(data, asked)
    per_it = racks + xr.dot(share, (shells + rent) * data.pue_peak_ratio + running, dim="site")
    per_w = per_it / xr.dot(share, basis_ratio(data, power_basis), dim="site")
    return per_w / (1 - finance.non_compute_frac) if basis.non_compute else per_w


def capital_usd_per_w(
    data: xr.Dataset, asked: Asked, power_basis: PowerBasis, racks_usd_per_w: xr.DataArray | float, share: xr.DataArray
) -> xr.DataArray:
    """What a watt costs to buy [USD/W], racks with network and a shell of one's own, as `cost_usd_per_w` has it."""
    shells = asked.finance.shell_usd_per_w_facility * xr.dot(share, data.pue_peak_ratio, dim="site")
    per_it = racks_usd_per_w * (1 + asked.finance.network_frac) + shells
    return per_it / xr.dot(share, basis_ratio(data, power_basis), dim="site")


def _shell_usd_per_w(data: xr.Dataset, asked: Asked, basis: YearBasis) -> xr.DataArray | float:
    return asked.finance.shell_usd_per_w_facility if basis.sites == "owned" else data.shell_usd_per_w


def of_quarter_usd_per_w(data: xr.Dataset, asked: Asked, basis: YearBasis, power_basis: PowerBasis) -> xr.DataArray:
    """What a watt bought in each quarter costs for a year [USD/W], dims (period, platform): at the price of racks and
    the mix of sites of that quarter."""
    racks_usd_per_w = data.rack_price_usd / data.rack_it_w
    found = cost_usd_per_w(data, asked, basis, power_basis, racks_usd_per_w, site_frac(data))
    return found.transpose("period", "platform")
