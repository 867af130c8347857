"""What the owners of leased shells ask for: rents, their growth and their minimum, from a scenario's leases.

An owner asks for the rent that its lease states, or for what its capital earns: the cost of the shell times the annuity
at the lease rate. Where a guarantee covers its shells, as much of its capital as the guarantee may pay for earns the
guaranteed rate instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.plan.rents import DELIVERED, GROWTH, MINIMUM, TERM, has_minimum
from gigawatt.scenario.schema import Asked, Guarantee, Lease, Scenario

Floats = NDArray[np.float64]

MONTHS = 12
NO_LEASE = Lease()


def is_leased(scenario: Scenario, site: str) -> bool:
    """Whether the shells of a site are leased."""
    return scenario.records.sites[site].ownership == "lease"


def lease_of(asked: Asked, site: str) -> Lease:
    """The terms of a leased site's lease: those that it states, else those of any lease."""
    return asked.sites[site].lease or NO_LEASE


def growth_per_year(asked: Asked, site: str) -> float:
    """Real growth of a site's rent [1/year]: the escalator of its lease less inflation; level where it has no lease."""
    use = asked.sites[site].lease
    return 0.0 if use is None else (1 + use.escalator_per_year) / (1 + asked.finance.inflation_per_year) - 1


def yearly_rent_usd_per_w(
    scenario: Scenario, shell_usd_per_w: Mapping[str, float], ramp_w: Floats, ratio: Sequence[float]
) -> list[float]:
    """Rent of a year per W of facility power at its delivery [USD/W], by site; 0 where shells are owned.

    shell_usd_per_w: what shells cost, by site. ramp_w: (quarters, sites). ratio: facility over IT power, (sites,).
    """
    asked, rents = scenario.asked, []
    rate = landlord_rate_per_year(scenario, shell_usd_per_w, ramp_w, ratio)
    for site, over in zip(asked.sites, ratio, strict=True):
        if not is_leased(scenario, site):
            rents.append(0.0)
            continue
        own = asked.finance.lease_rate_per_year
        rents.append(_rent(asked, site, shell_usd_per_w[site], over, rate.get(site, own)))
    return rents


def _rent(asked: Asked, site: str, shell_usd_per_w: float, ratio: float, rate_per_year: float) -> float:
    """Yearly rent of a leased site at a rate of its owner's [USD/W of facility power]; as stated, where it is."""
    stated = lease_of(asked, site).monthly_rent_usd_per_w_it
    if stated is not None:
        return MONTHS * stated / ratio
    return shell_usd_per_w * dollars.recovery_frac(rate_per_year, asked.finance.lease_life_years)


def guaranteed_sites(scenario: Scenario, use: Guarantee) -> list[str]:
    """Leased sites that a guarantee covers, in the scenario's order."""
    return [site for site in scenario.asked.sites if is_leased(scenario, site) and (not use.sites or site in use.sites)]


def landlord_rate_per_year(
    scenario: Scenario, shell_usd_per_w: Mapping[str, float], ramp_w: Floats, ratio: Sequence[float]
) -> dict[str, float]:
    """What the owner of each guaranteed site earns [1/year]; none where there is no guarantee, or it may pay nothing.

    Its capital earns the guaranteed rate as far as the guarantee may pay: up to its cap, for the covered power and the
    guaranteed part of the lease value, that of the rent without the guarantee; and the lease rate on the rest.
    """
    asked = scenario.asked
    use = asked.capital.guarantee
    if use is None or use.cap_usd == 0:
        return {}
    sites = guaranteed_sites(scenario, use)
    at = {site: n for n, site in enumerate(asked.sites)}
    power = {site: float(ramp_w[:, at[site]].max()) / ratio[at[site]] for site in sites}
    whole = sum(power.values())
    covered = whole if use.covered_power_w is None else min(use.covered_power_w, whole)
    rate = asked.finance.lease_rate_per_year
    value = sum(
        power[site] * ratio[at[site]] * unit_value_usd(asked, site, shell_usd_per_w[site], ratio[at[site]], rate)
        for site in sites
    )
    promised = use.covered_frac * use.guaranteed_frac * covered / whole if whole > 0 else 0.0
    share = promised * float(dollars.covered_share_frac(use.cap_usd, promised * value))
    return dict.fromkeys(sites, float(dollars.blended_rate_per_year(share, use.guaranteed_rate_per_year, rate)))


def unit_value_usd(asked: Asked, site: str, shell_usd_per_w: float, ratio: float, rate_per_year: float) -> float:
    """Present value at its delivery of the rent of a W of facility power over the term of its lease [USD]."""
    years, yearly = lease_of(asked, site).term_years, _rent(asked, site, shell_usd_per_w, ratio, rate_per_year)
    growth = growth_per_year(asked, site)
    return dollars.level_rent_value_usd(yearly, years, asked.finance.lease_rate_per_year, growth)


def terms(scenario: Scenario, ramp_w: Floats) -> dict[str, tuple[tuple[str, ...], Any]]:
    """The arrays of leases that state more than a level rent of what is energised; nothing where none does.

    ramp_w: facility power that is delivered by the end of each quarter, (quarters, sites), slips in it.
    """
    asked = scenario.asked
    leases = [lease_of(asked, site) if is_leased(scenario, site) else NO_LEASE for site in asked.sites]
    growth = [growth_per_year(asked, site) for site in asked.sites]
    least = [
        0.0 if is_out(use, asked.sites[site].slip_count) else use.minimum_take_frac
        for site, use in zip(asked.sites, leases, strict=True)
    ]
    found: dict[str, tuple[tuple[str, ...], Any]] = {}
    if any(growth):
        found[GROWTH] = (("site",), growth)
    if any(least):
        found[MINIMUM] = (("site",), least)
        found[TERM] = (("site",), [round(4 * use.term_years) for use in leases])
        found[DELIVERED] = (("period", "site"), np.maximum.accumulate(ramp_w))
    return found


def delivered_later(data: xr.Dataset, asked: Asked, slip_count: float) -> xr.Dataset:
    """The inputs where what is yet to be delivered comes so many quarters later than planned, of which a part may be
    one of a quarter: rent follows it, and no minimum binds where the tenant may then leave."""
    if not has_minimum(data):
        return data
    steps = np.arange(data.sizes["period"], dtype=float)
    columns = [np.interp(steps - slip_count, steps, column) for column in data[DELIVERED].values.T]
    late = [asked.sites[str(site)].slip_count + slip_count for site in data.site.values]
    out = [is_out(lease_of(asked, str(site)), count) for site, count in zip(data.site.values, late, strict=True)]
    return data.assign(
        {
            DELIVERED: data[DELIVERED].copy(data=np.stack(columns, axis=1)),
            MINIMUM: data[MINIMUM].copy(data=np.where(out, 0.0, data[MINIMUM].values)),
        }
    )


def is_out(use: Lease, slip_count: float) -> bool:
    """Whether delivery is so many quarters late that the tenant may leave free of charge."""
    return use.way_out_years is not None and slip_count > 4 * use.way_out_years
