"""What the owners of leased shells ask for: rents, their growth and their minimum, from a scenario's leases.

An owner asks for the rent that its lease states, or for what its capital earns: the cost of the shell times the annuity
at the lease rate, over the term of the lease. Where a guarantee covers its shells, the guaranteed rate holds for the
share of an expected loss that the guarantee pays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.ndarrays import Floats
from gigawatt.programme.rents import has_minimum
from gigawatt.scenario.schema import Asked, Guarantee, Lease, Scenario

MONTHS = 12
# Turns in which a guaranteed rate is found at the most, and a change of it that ends them.
MOST_TURNS, SAME_RATE_PER_YEAR = 200, 1e-13
NO_LEASE = Lease()


def is_leased(scenario: Scenario, site: str) -> bool:
    """Whether the shells of a site are leased."""
    return scenario.records.sites[site].ownership == "lease"


def lease_of(asked: Asked, site: str) -> Lease:
    """The terms of a leased site's lease: those that it states, else those of any lease."""
    return asked.sites[site].lease or NO_LEASE


def term_years(asked: Asked, site: str) -> float:
    """Term of a leased site's lease [years]: that which it states, else the life of leases."""
    stated = lease_of(asked, site).term_years
    return asked.finance.lease_life_years if stated is None else stated


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
    return shell_usd_per_w * asked_for_per_year(asked, site, rate_per_year)


def asked_for_per_year(asked: Asked, site: str, rate_per_year: float) -> float:
    """Rent of the first year over the cost of the shell by which its owner earns a rate over the term of the lease.

    A rent that grows begins lower, so that its present value over the term is the same.
    """
    years, growth = term_years(asked, site), growth_per_year(asked, site)
    level, growing = (dollars.level_rent_value_usd(1.0, years, rate_per_year, each) for each in (0.0, growth))
    return float(dollars.recovery_frac(rate_per_year, years) * level / growing)


def guaranteed_sites(scenario: Scenario, use: Guarantee) -> list[str]:
    """Leased sites that a guarantee covers, in the scenario's order."""
    return [site for site in scenario.asked.sites if is_leased(scenario, site) and (not use.sites or site in use.sites)]


def landlord_rate_per_year(
    scenario: Scenario, shell_usd_per_w: Mapping[str, float], ramp_w: Floats, ratio: Sequence[float]
) -> dict[str, float]:
    """What the owner of each guaranteed site earns [1/year]; none where there is no guarantee, or it may pay nothing.

    Its capital earns the guaranteed rate for the share of an expected loss that the guarantee pays, of the covered
    power, all of it delivered at once, and the lease rate on the rest. The loss is one of the lease value, which is the
    less, the lower the rate is: both are found in turns, of which each lowers the rate, by less and less.
    """
    asked, use = scenario.asked, scenario.asked.capital.guarantee
    if use is None or use.cap_usd == 0:
        return {}
    sites, own = guaranteed_sites(scenario, use), asked.finance.lease_rate_per_year
    over = dict(zip(asked.sites, zip(ratio, ramp_w.max(axis=0).tolist(), strict=True), strict=True))
    whole = sum(power / load for load, power in (over[site] for site in sites))
    covered = whole if use.covered_power_w is None else min(use.covered_power_w, whole)
    if whole == 0:
        return {}

    def value_usd(rate_per_year: float) -> Floats:
        """Lease value of the covered power at a rate of the owner's, from its delivery on."""
        found = np.zeros(round(4 * max(term_years(asked, site) for site in sites)))
        for site in sites:
            load, power = over[site]
            each = power * unit_values_usd(asked, site, shell_usd_per_w[site], load, rate_per_year)
            found[: each.size] += each * covered / whole
        return found

    rate = own
    for _ in range(MOST_TURNS):
        share = covered / whole * dollars.covered_loss_frac(value_usd(rate), **guarantee_terms(asked, use))
        before, rate = rate, float(dollars.blended_rate_per_year(share, use.guaranteed_rate_per_year, own))
        if abs(rate - before) < SAME_RATE_PER_YEAR:
            break
    return dict.fromkeys(sites, rate)


def guarantee_terms(asked: Asked, use: Guarantee) -> dict[str, Any]:
    """What a guarantee states, by the arguments of the kernels that take it."""
    return {
        "cap_usd": use.cap_usd,
        "guaranteed_frac": use.guaranteed_frac,
        "covered_frac": use.covered_frac,
        "default_per_year": use.default_per_year,
        "rating_per_year": use.rating_per_year,
        "recovery_frac": use.recovery_frac,
        "rate_per_year": asked.finance.discount_per_year,
        "term": round(4 * use.term_years),
    }


def unit_values_usd(asked: Asked, site: str, shell_usd_per_w: float, ratio: float, rate_per_year: float) -> Floats:
    """Present value, at the end of each quarter from its delivery on, of what is still to come of the rent of a W of
    facility power over the term of its lease [USD], (quarters,)."""
    quarter_usd = _rent(asked, site, shell_usd_per_w, ratio, rate_per_year) / 4
    count, growth = round(4 * term_years(asked, site)), growth_per_year(asked, site)
    paid = quarter_usd * dollars.rent_ratio(count, escalator_per_year=growth, inflation_per_year=0.0)
    return np.asarray(dollars.lease_value_usd(paid, asked.finance.lease_rate_per_year))


def terms(scenario: Scenario, ramp_w: Floats) -> dict[str, tuple[tuple[str, ...], Any]]:
    """The arrays of leases that state more than a level rent of what is energised; zeros where none does.

    ramp_w: facility power that is delivered by the end of each quarter, (quarters, sites), slips in it.
    """
    asked = scenario.asked
    leases = [lease_of(asked, site) if is_leased(scenario, site) else NO_LEASE for site in asked.sites]
    out = [is_out(use, asked.sites[site].slip_count) for site, use in zip(asked.sites, leases, strict=True)]
    return {
        "rent_growth_per_year": (("site",), [growth_per_year(asked, site) for site in asked.sites]),
        "minimum_take_frac": (("site",), [use.minimum_take_frac for use in leases]),
        "lease_count": (("site",), [round(4 * term_years(asked, site)) for site in asked.sites]),
        "delivered_w": (("period", "site"), bound_w(np.maximum.accumulate(ramp_w), out)),
    }


def delivered_later(data: xr.Dataset, asked: Asked, slip_count: float) -> xr.Dataset:
    """The inputs where what is yet to be delivered comes so many quarters later than planned, of which a part may be
    one of a quarter: rent follows it, and no minimum of it binds where the tenant may then leave."""
    if not has_minimum(data):
        return data
    steps = np.arange(data.sizes["period"], dtype=float)
    columns = [np.interp(steps - slip_count, steps, column) for column in data.delivered_w.values.T]
    late = [asked.sites[str(site)].slip_count + slip_count for site in data.site.values]
    out = [is_out(lease_of(asked, str(site)), count) for site, count in zip(data.site.values, late, strict=True)]
    return data.assign(delivered_w=data.delivered_w.copy(data=bound_w(np.stack(columns, axis=1), out)))


def bound_w(delivered_w: Floats, is_out: Sequence[bool]) -> Floats:
    """Power whose minimum binds [W], (quarters, sites): all that is delivered, and where the tenant is out what came on
    time, by the end of the first quarter."""
    return np.where(np.asarray(is_out), np.minimum(delivered_w, delivered_w[:1]), delivered_w)


def is_out(use: Lease, slip_count: float) -> bool:
    """Whether delivery is so many quarters late that the tenant may leave free of charge."""
    return use.way_out_years is not None and slip_count > 4 * use.way_out_years
