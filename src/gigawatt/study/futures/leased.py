"""What leases of a plan are worth in a future: rent that is still to come of what has been delivered.

Shells that are delivered in one quarter are let together for the term of their site; each such part is a row. Rent of a
watt within the horizon is that of the lines of money; beyond it the last one goes on, with the escalator of the lease.
A guarantee covers what was delivered first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.plan import opening
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


def lease_value(data: xr.Dataset, inputs: xr.Dataset, lines: xr.Dataset, asked: Asked) -> LeaseValue:
    """Value of the leases of a plan at the rate that the landlord of an uncovered shell earns.

    data, inputs: of the plan as it comes out; lines: its lines of money.
    """
    rents, sites = rent_by_site(lines), leased_sites(lines)
    terms = {site: term_count(asked, site) for site in sites}
    count = rents.sizes["period"] + max(terms.values(), default=0) + 1
    covered = covered_share(data, inputs, lines, asked)
    whole, part = np.zeros(count), np.zeros(count)
    for site in sites:
        begun_w = delivered_w(data).sel(site=site).values
        start_w = float(opening.start_shell_w(inputs).sel(site=site))
        per_w = rents.sel(site=site).values / _mean_w(begun_w, start_w)
        rent_usd_per_w = np.concatenate([per_w, per_w[-1] * _growth(count - per_w.size, asked, site)])
        rows = begun_w[:, None] * _let(begun_w.size, terms[site], count) * rent_usd_per_w
        value = dollars.lease_liability_usd(rows, asked.finance.lease_rate_per_year)
        whole += value.sum(axis=0)
        part += covered.sel(site=site).values @ value
    return LeaseValue(all_usd=whole, covered_usd=part)


def rent_by_site(lines: xr.Dataset) -> xr.DataArray:
    """Rent of each quarter [USD, positive], dims (period, site)."""
    rent = -lines.rent_usd
    return rent.sum([name for name in rent.dims if name not in ("period", "site")]).transpose("period", "site")


def leased_sites(lines: xr.Dataset) -> list[str]:
    """Sites that pay rent, in their order."""
    pays = (rent_by_site(lines) > 0).any("period")
    return [str(site) for site in lines.site.values if bool(pays.sel(site=site))]


def term_count(asked: Asked, site: str) -> int:
    """Quarters for which shells of a site are let; where no lease says so, those in which they earn their cost back."""
    use = asked.sites[site].lease
    return round(4 * (asked.finance.lease_life_years if use is None else use.term_years))


def delivered_w(data: xr.Dataset) -> xr.DataArray:
    """Facility power of shells that begin in each quarter [W], dims (period, site); in the first with what stood."""
    return opening.change(data.shell_w).transpose("period", "site")


def covered_share(data: xr.Dataset, inputs: xr.Dataset, lines: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Share of what begins in each quarter that the guarantee covers, first come first covered, dims (site, period)."""
    use, begun_w = asked.capital.guarantee, delivered_w(data)
    it_w = (begun_w / inputs.pue_peak_ratio).transpose("period", "site")
    if use is None:
        return xr.zeros_like(it_w.transpose("site", "period"))
    named = use.sites or tuple(leased_sites(lines))
    it_w = it_w * it_w.site.isin(list(named))
    most_w = np.inf if use.covered_power_w is None else use.covered_power_w
    up_to_w = np.minimum(np.cumsum(it_w.values.ravel()), most_w)
    taken_w = it_w.copy(data=np.diff(up_to_w, prepend=0.0).reshape(it_w.shape))
    return (taken_w / it_w.where(it_w > 0)).fillna(0.0).transpose("site", "period")


def _let(begun_count: int, term: int, count: int) -> Floats:
    """Share of each quarter in which shells are let that begin in one quarter, (begun, quarters): half of the first."""
    at = np.arange(count)[None, :] - np.arange(begun_count)[:, None]
    stands = ((at >= 0) & (at < term)).astype(float)
    before = np.pad(stands, ((0, 0), (1, 0)))[:, :-1]
    return 0.5 * (stands + before)


def _mean_w(begun_w: Floats, start_w: float) -> Floats:
    """Mean power that stands in each quarter; infinite where none does, for there is no rent of it."""
    stock_w = np.cumsum(begun_w)
    mean_w = 0.5 * (stock_w + np.concatenate([[start_w], stock_w[:-1]]))
    return np.where(mean_w > 0, mean_w, np.inf)


def _growth(count: int, asked: Asked, site: str) -> Floats:
    """Rent of the quarters after the horizon over that of its last, (count,)."""
    use = asked.sites[site].lease
    if use is None:
        return np.ones(count)
    escalator, inflation = use.escalator_per_year, asked.finance.inflation_per_year
    return dollars.rent_ratio(count + 1, escalator_per_year=escalator, inflation_per_year=inflation)[1:]
