"""What leases and a guarantee come to: what is owed and promised on them, on the balance sheet and off it.

Leases run over their whole term, which is mostly longer than the horizon: what the plan leases within the horizon is
followed to the end of its term, at the lease rate, and nothing that it might lease later is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme import advances, landlords, money
from gigawatt.quarters import quarter_number
from gigawatt.scenario.schema import Asked, Guarantee, Scenario

# Less facility power than this is a solver's rounding.
LEAST_W = 100.0
# Balances that contracts have beside those of the books: what is on the balance sheet, and what is off it.
BALANCES = ("lease_liability", "right_of_use", "vendor_owed", "customer_owed")
OFF_BALANCE = ("rent_committed", "guaranteed")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseFigures:
    """A leased site as the last reported quarter ends."""

    site: str
    """Site whose shells are leased."""
    delivered_w_it: float
    """IT power that its owner has delivered, used or not."""
    monthly_rent_usd_per_w_it: float
    """Rent of a month per W of IT power at its delivery."""
    value_usd: float
    """Present value of the rent still to come of what has begun, at the lease rate."""
    termination_usd: float
    """What the tenant would owe if it left then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeFigures:
    """The guarantee of the value of leased shells, for the plan as it stands."""

    guarantor: str
    """Who gives the guarantee."""
    cap_usd: float
    """Most that is ever paid."""
    covered_w: float
    """IT power that it covers as the last reported quarter ends."""
    promised_usd: float
    """The most that it promises at the end of any quarter, whatever reletting brings."""
    expected_usd: float
    """Present value, when the horizon begins, of what the guarantor pays on average."""
    worst_usd: float
    """The most that it would pay in any quarter, not discounted."""
    saved_usd: float
    """What the lower rate of the owner saves the tenant, as present value of rent when the horizon begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceFigures:
    """Money that a vendor lends or a customer pays ahead, over the solved horizon."""

    who: str
    """Who advances the money."""
    drawn_usd: float
    """What comes in over the horizon."""
    interest_usd: float
    """Interest over the horizon."""
    most_owed_usd: float
    """The most that is owed at the end of a quarter."""
    owed_usd: float
    """What is still owed at the end of the horizon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """What the contracts of a scenario come to; None or empty where it states none of a kind."""

    leases: tuple[LeaseFigures, ...]
    """Leased sites with a lease of their own, or under the guarantee."""
    guarantee: GuaranteeFigures | None
    """The guarantee of the value of leased shells."""
    vendor: AdvanceFigures | None
    """Credit of who sells racks."""
    customer: AdvanceFigures | None
    """Money that a customer pays ahead."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Let:
    """Shells that are let from one quarter on: IT power, and the rent of every quarter from the horizon's first.

    began: place of the quarter among those of the horizon, below 0 before it.
    """

    site: str
    began: int
    it_w: float
    rent_usd: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Letting:
    """How the shells of a site are let, whatever is let of them.

    facility_ratio: facility power per IT power; quarter_usd_per_w: rent of a quarter per W of facility power at its
    delivery; paid_ratio: rent of each quarter of a term over that, (quarters of the term + 1,). stood: quarter, below 0
    before the horizon, and facility power [W] of shells of an opening state, which began when they were paid.
    """

    site: str
    facility_ratio: float
    quarter_usd_per_w: float
    paid_ratio: Floats
    stood: tuple[tuple[int, float], ...]

    def lets(self, power_w: Floats) -> list[Let]:
        """Facility power that is let by the end of each quarter [W], (quarters,), by when it begins."""
        whole = sum(power for _, power in self.stood)
        there = min(whole, float(power_w.max()))
        began = [(quarter, power * there / whole) for quarter, power in self.stood if power > 0]
        began += list(enumerate(np.diff(np.maximum(power_w, there), prepend=there).tolist()))
        return [
            Let(
                site=self.site,
                began=quarter,
                it_w=power / self.facility_ratio,
                rent_usd=_since(self.paid_ratio, quarter, power_w.size) * power * self.quarter_usd_per_w,
            )
            for quarter, power in began
            if power > LEAST_W
        ]


def stated(asked: Asked) -> bool:
    """Whether a scenario states a lease, a guarantee, or money that a vendor or a customer advances."""
    capital = asked.capital
    contracts = (capital.guarantee, capital.vendor, capital.customer, *(use.lease for use in asked.sites.values()))
    return any(contract is not None for contract in contracts)


def sites(scenario: Scenario) -> list[str]:
    """Leased sites with a lease of their own, or under the guarantee."""
    use = scenario.asked.capital.guarantee
    covered = [] if use is None else landlords.guaranteed_sites(scenario, use)
    return [key for key, site in scenario.asked.sites.items() if site.lease is not None or key in covered]


def lets(scenario: Scenario, plan: Plan, site: str) -> list[Let]:
    """What is let at a site, by when: what the plan energises, or the minimum of what is delivered if that is more."""
    energised, least = plan.data.shell_w.sel(site=site).values, least_w(plan.inputs, site)
    return letting(scenario, plan.inputs, site).lets(most_w(energised, least))


def minimum_lets(scenario: Scenario, plan: Plan, site: str) -> list[Let]:
    """The minimum of what is delivered at a site, by when: what has to be paid whether it is used or not."""
    return letting(scenario, plan.inputs, site).lets(least_w(plan.inputs, site))


def most_w(energised_w: Floats, least_w: Floats) -> Floats:
    """Facility power that is let by the end of each quarter [W], (..., quarters): what is energised by then, or the
    least for which rent is paid, whichever was ever more."""
    return np.maximum.accumulate(np.maximum(energised_w, least_w), axis=-1)


def least_w(data: xr.Dataset, site: str) -> Floats:
    """Facility power for which rent is paid in any case at the end of each quarter [W], (..., quarters)."""
    least = (data.minimum_take_frac * data.delivered_w).sel(site=site)
    return np.asarray(least.transpose(..., "period").values)


def letting(scenario: Scenario, data: xr.Dataset, site: str) -> Letting:
    """How the shells of a site are let; data: the inputs of a plan."""
    asked, start = scenario.asked, quarter_number(scenario.quarters[0])
    rent_usd_per_w, ratio = (float(data[name].sel(site=site)) for name in ("yearly_rent_usd_per_w", "pue_peak_ratio"))
    return Letting(
        site=site,
        facility_ratio=ratio,
        quarter_usd_per_w=rent_usd_per_w / 4,
        paid_ratio=_profile(landlords.term_years(asked, site), landlords.growth_per_year(asked, site)),
        stood=tuple(
            (quarter_number(one.paid_date) - start, one.power_w) for one in asked.at_start.shells if one.site == site
        ),
    )


def _profile(term_years: float, growth_per_year: float) -> Floats:
    """Rent of each quarter of a term over that at delivery, (quarters of the term + 1,): half of one at either end."""
    paid = dollars.rent_ratio(round(4 * term_years) + 1, escalator_per_year=growth_per_year, inflation_per_year=0.0)
    return paid * np.concatenate([[0.5], np.ones(paid.size - 2), [0.5]])


def _since(paid: Floats, began: int, count: int) -> Floats:
    """What is paid from the horizon's first quarter on, (quarters of the horizon and of a term,)."""
    found = np.zeros(count + paid.size)
    there = paid[max(-began, 0) :]
    found[max(began, 0) : max(began, 0) + there.size] = there
    return found


def rent_table_usd(found: Sequence[Let], count: int) -> Floats:
    """Rent of every let [USD], (lets, quarters): as long as the longest of them, and at least `count` quarters."""
    width = max((one.rent_usd.size for one in found), default=count)
    table = np.zeros((len(found), width))
    for row, one in zip(table, found, strict=True):
        row[: one.rent_usd.size] = one.rent_usd
    return table


def covered_lets(scenario: Scenario, plan: Plan, use: Guarantee) -> list[Let]:
    """What a guarantee covers of all that is let: what is delivered first, up to the power that it covers."""
    sites = landlords.guaranteed_sites(scenario, use)
    return covered([one for site in sites for one in lets(scenario, plan, site)], use)


def covered(every: Sequence[Let], use: Guarantee) -> list[Let]:
    """The same of what is let at guaranteed sites, in the scenario's order."""
    left, found = inf if use.covered_power_w is None else use.covered_power_w, list[Let]()
    for one in sorted(every if use.cap_usd > 0 else (), key=lambda let: let.began):
        share = min(left / one.it_w, 1.0)
        left -= share * one.it_w
        if share > 0:
            found.append(replace(one, it_w=share * one.it_w, rent_usd=share * one.rent_usd))
    return found


def covered_value_usd(scenario: Scenario, plan: Plan, use: Guarantee) -> Floats:
    """Lease value of what a guarantee covers and has begun, at the end of each quarter [USD], over all terms."""
    table = rent_table_usd(covered_lets(scenario, plan, use), quarters_count(plan))
    return dollars.lease_liability_usd(table, scenario.asked.finance.lease_rate_per_year).sum(axis=0)


def quarters_count(plan: Plan) -> int:
    """Quarters of the solved horizon."""
    return int(plan.data.sizes["period"])


def guarantee_cost(scenario: Scenario, plan: Plan, use: Guarantee) -> dollars.GuaranteeCost:
    """What a guarantee costs its guarantor, as default and recovery are stated."""
    value = covered_value_usd(scenario, plan, use)
    terms = landlords.guarantee_terms(scenario.asked, use)
    return dollars.guarantee_cost(value, start=int(np.argmax(value > 0)), **terms)


def promised_usd(scenario: Scenario, plan: Plan, use: Guarantee) -> Floats:
    """What a guarantee promises at the end of each quarter, whatever reletting brings [USD], over all terms."""
    value = covered_value_usd(scenario, plan, use)
    quarters = np.arange(value.size) - int(np.argmax(value > 0))
    holds = (quarters >= 0) & (quarters < round(4 * use.term_years))
    return np.where(holds, np.minimum(use.covered_frac * use.guaranteed_frac * value, use.cap_usd), 0.0)


def contracts(scenario: Scenario, plan: Plan) -> Contracts | None:
    """What the contracts of a scenario come to; None where it states none."""
    asked = scenario.asked
    if not stated(asked):
        return None
    advanced, vendor, customer = _advanced(scenario, plan), asked.capital.vendor, asked.capital.customer
    return Contracts(
        leases=tuple(_lease(scenario, plan, site) for site in sites(scenario)),
        guarantee=None if asked.capital.guarantee is None else _guarantee(scenario, plan, asked.capital.guarantee),
        vendor=None if vendor is None else _advance(vendor.vendor, advanced["vendor"]),
        customer=None if customer is None else _advance(customer.customer, advanced["customer"]),
    )


def _lease(scenario: Scenario, plan: Plan, site: str) -> LeaseFigures:
    data, asked, at = plan.inputs, scenario.asked, scenario.reported_count - 1
    ratio, rate = float(data.pue_peak_ratio.sel(site=site)), asked.finance.lease_rate_per_year
    found, least = lets(scenario, plan, site), minimum_lets(scenario, plan, site)
    table = rent_table_usd(found, quarters_count(plan))
    years = landlords.lease_of(asked, site).termination_years
    binding = rent_table_usd([one for one in least if one.began <= at], quarters_count(plan)).sum(axis=0)
    delivered = np.maximum(
        data.ramp_w.sel(site=site).values[: at + 1].max(), plan.data.shell_w.sel(site=site).values[at]
    )
    return LeaseFigures(
        site=site,
        delivered_w_it=float(delivered) / ratio,
        monthly_rent_usd_per_w_it=float(data.yearly_rent_usd_per_w.sel(site=site)) * ratio / landlords.MONTHS,
        value_usd=float(dollars.lease_liability_usd(table, rate)[:, at].sum()),
        termination_usd=float(dollars.exit_cost_usd(binding, inf if years is None else years, rate)[at]),
    )


def _guarantee(scenario: Scenario, plan: Plan, use: Guarantee) -> GuaranteeFigures:
    cost, at = guarantee_cost(scenario, plan, use), scenario.reported_count - 1
    return GuaranteeFigures(
        guarantor=use.guarantor,
        cap_usd=use.cap_usd,
        covered_w=sum(one.it_w for one in covered_lets(scenario, plan, use) if one.began <= at),
        promised_usd=float(promised_usd(scenario, plan, use).max()),
        expected_usd=float(cost.expected_usd),
        worst_usd=cost.worst_usd,
        saved_usd=_saved_usd(scenario, plan, use),
    )


def _saved_usd(scenario: Scenario, plan: Plan, use: Guarantee) -> float:
    """By how much rent without the guarantee is worth more than rent with it [USD], of what the plan leases."""
    asked, data, total = scenario.asked, plan.inputs, 0.0
    finance = asked.finance
    for site in landlords.guaranteed_sites(scenario, use):
        own, paid = asked.sites[site].shell_usd_per_w_facility, float(data.yearly_rent_usd_per_w.sel(site=site))
        shell = finance.shell_usd_per_w_facility if own is None else own
        if landlords.lease_of(asked, site).monthly_rent_usd_per_w_it is None and paid > 0:
            rent = rent_table_usd(lets(scenario, plan, site), quarters_count(plan)).sum(axis=0)
            alone = shell * landlords.asked_for_per_year(asked, site, finance.lease_rate_per_year)
            total += dollars.npv(rent, finance.discount_per_year) * (alone / paid - 1)
    return total


def _advanced(scenario: Scenario, plan: Plan) -> dict[str, advances.Advanced]:
    return advances.lines(-money.total(plan.lines.racks_usd), scenario.asked)


def _advance(who: str, found: advances.Advanced) -> AdvanceFigures:
    return AdvanceFigures(
        who=who,
        drawn_usd=float(found.drawn_usd.sum()),
        interest_usd=float(found.interest_usd.sum()),
        most_owed_usd=float(max(found.owed_usd.max(), found.start_usd)),
        owed_usd=float(found.owed_usd[-1]),
    )


def balances(scenario: Scenario, plan: Plan) -> dict[str, xr.DataArray]:
    """Balances of the contracts at the end of each quarter [USD], dims (period).

    Those of `BALANCES` and `OFF_BALANCE` that there are.
    """
    asked, count = scenario.asked, quarters_count(plan)
    leased, use, found = sites(scenario), asked.capital.guarantee, dict[str, Floats]()
    if leased:
        table = rent_table_usd([one for site in leased for one in lets(scenario, plan, site)], count)
        rate = asked.finance.lease_rate_per_year
        found["lease_liability"] = dollars.lease_liability_usd(table, rate).sum(axis=0)
        found["right_of_use"] = dollars.right_of_use_usd(table, rate).sum(axis=0)
        rent = table.sum(axis=0)
        found["rent_committed"] = rent.sum() - np.cumsum(rent)
    if use is not None:
        found["guaranteed"] = promised_usd(scenario, plan, use)
    found |= {f"{name}_owed": one.owed_usd for name, one in _advanced(scenario, plan).items()}
    coords = {"period": plan.data.period.values}
    return {name: xr.DataArray(line[:count], dims="period", coords=coords) for name, line in found.items()}
