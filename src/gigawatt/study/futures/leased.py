"""What leases of a plan are worth in a future: rent that is still to come of what has been delivered.

Shells that are delivered in one quarter are let together for the term of their site; each such part is a row. It pays
the rent that its plan counts on, with its escalator, and beyond the horizon to the end of its term; a minimum that asks
for more than what is delivered pays is no part of it. A guarantee covers what was delivered first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.plan import opening
from gigawatt.plan.landlords import lease_of
from gigawatt.plan.rents import growth_per_year
from gigawatt.scenario.schema import Asked

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseValue:
    """Lease value at the end of each quarter up to the last rent [USD], (quarters,): of all that is let, and of what is
    covered by a guarantee."""

    all_usd: Floats
    covered_usd: Floats

    @property
    def first(self) -> int:
        """Quarter in which the first lease begins; 0 where none does."""
        return int(np.argmax(self.all_usd > 0)) if self.all_usd.size else 0


def lease_value(data: xr.Dataset, inputs: xr.Dataset, asked: Asked) -> LeaseValue:
    """Value of the leases of a plan at the rate that the owner of an uncovered shell earns.

    data, inputs: of the plan as it comes out.
    """
    sites, begun_w, covered = leased_sites(inputs), delivered_w(data), covered_share(data, inputs, asked)
    terms = {site: round(4 * lease_of(asked, site).term_years) for site in sites}
    count = begun_w.sizes["period"] + max(terms.values(), default=0) + 1
    whole, part = np.zeros(count), np.zeros(count)
    for site in sites:
        yearly_usd_per_w = float(inputs.yearly_rent_usd_per_w.sel(site=site))
        growth = float(growth_per_year(inputs).sel(site=site))
        ratio = _paid_ratio(begun_w.sizes["period"], count, terms[site], growth)
        rents = begun_w.sel(site=site).values[:, None] * ratio * yearly_usd_per_w / 4
        value = dollars.lease_liability_usd(rents, asked.finance.lease_rate_per_year)
        whole += value.sum(axis=0)
        part += covered.sel(site=site).values @ value
    return LeaseValue(all_usd=whole, covered_usd=part)


def leased_sites(inputs: xr.Dataset) -> list[str]:
    """Sites that pay rent, in their order."""
    rent = inputs.yearly_rent_usd_per_w
    return [str(site) for site in inputs.site.values if float(rent.sel(site=site)) > 0]


def delivered_w(data: xr.Dataset) -> xr.DataArray:
    """Facility power of shells that begin in each quarter [W], dims (period, site); in the first with what stood."""
    return opening.change(data.shell_w).transpose("period", "site")


def covered_share(data: xr.Dataset, inputs: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Share of what begins in each quarter that the guarantee covers, first come first covered, dims (period, site)."""
    use, begun_w = asked.capital.guarantee, delivered_w(data)
    if use is None:
        return xr.zeros_like(begun_w)
    named = use.sites or leased_sites(inputs)
    it_w = (begun_w / inputs.pue_peak_ratio).transpose("period", "site") * begun_w.site.isin(list(named))
    most_w = np.inf if use.covered_power_w is None else use.covered_power_w
    up_to_w = np.minimum(np.cumsum(it_w.values.ravel()), most_w)
    taken_w = it_w.copy(data=np.diff(up_to_w, prepend=0.0).reshape(it_w.shape))
    return (taken_w / it_w.where(it_w > 0)).fillna(0.0)


def _paid_ratio(begun_count: int, count: int, term: int, growth_per_year: float) -> Floats:
    """Rent of each quarter over that at delivery, of shells that begin in each, (begun, count): half of it in the first
    quarter and in the one after the term, for a term begins and ends in the middle of a quarter."""
    ages = np.arange(count)[None, :] - np.arange(begun_count)[:, None]
    paid = np.where((ages > 0) & (ages < term), 1.0, np.where((ages == 0) | (ages == term), 0.5, 0.0))
    grown = dollars.rent_ratio(count, escalator_per_year=growth_per_year, inflation_per_year=0.0)
    return paid * grown[np.maximum(ages, 0)]
