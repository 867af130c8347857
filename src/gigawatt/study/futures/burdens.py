"""Who bears what in a future: what each party puts in, what comes back to it, and what it may lose.

Parties are the programme, which is the tenant; its supplier, who pays equity in, lends or guarantees; its lenders; the
landlords of its leased shells; and customers who pay ahead. Flows are present values at the start of the horizon, at
the discount rate of the future, whoever bears them, so that they add up. What may be lost is the largest claim that is
open at once, not discounted, as a cap is stated.

A tenant fails with the hazard that the guarantee states, the more often the less is asked of it: hazard × ratio^(−1),
and reletting then brings recovery × ratio, where the ratio is demand times price of the future over what is stated [1].
Equity that a supplier has paid in is then lost whole, for it ranks last; within the horizon, beyond which nothing is
known of it. Lease value is lost but for what reletting brings; of that the guarantor pays its part and the landlord
bears the rest. Without a guarantee no hazard is stated: what is lost on average is then unknown, and reletting is taken
to bring nothing.

References
----------
[1] E. I. Altman, B. Brady, A. Resti, A. Sironi, "The link between default and recovery rates", Journal of Business
    78(6), 2005, doi:10.1086/497044: recoveries are low when failures are many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.account import contracts
from gigawatt.ndarrays import Floats
from gigawatt.programme import landlords
from gigawatt.programme.advances import Advanced
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.statistics import quantiles

PARTIES = ("programme", "supplier", "lenders", "landlords", "customers")
PARTS = ("puts_in_usd", "gets_usd", "may_lose_usd", "expected_loss_usd")
# How the hazard of failure and what reletting brings follow demand: in proportion.
ELASTICITY_RATIO = 1.0
# Between which rates a landlord's is looked for, and how often their span is halved: to the last digit that counts.
RATES_PER_YEAR, HALVINGS = (-0.5, 10.0), 50
# A loss that nobody limits, and that no rating ends.
WHOLE: dict[str, Any] = {"cap_usd": inf, "guaranteed_frac": 1.0, "covered_frac": 1.0, "rating_per_year": 0.0}
# What is asked of the programme in a future: tokens, and what is paid for them.
ASKED = ("demand", "price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The owner of the leased shells of a site, whatever the future.

    letting: how they are let; shell_usd_per_w: what a watt of shell costs it; earned_per_year: the rate at which the
    rent over the term of its lease is worth that cost, 0 where either is nothing.
    """

    letting: contracts.Letting
    shell_usd_per_w: float
    earned_per_year: float

    def cost_usd(self, one: contracts.Let) -> float:
        """What shells cost it that are let from one quarter on [USD]."""
        return one.it_w * self.letting.facility_ratio * self.shell_usd_per_w


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A plan as it was lived through in a future, with its money, all by quarter of the horizon.

    scenario: as it is in the future. lines_usd: sums of its lines of money, by name; receipts_usd: from tranches;
    book_usd: book value of racks, network and own shells at the end; advanced: what a vendor and a customer advance;
    revolved: cash and debt; npv_usd, terminal_value_usd: what it is worth; asked_ratio: demand times price over what is
    stated. owners: of leased shells, by site; let: what is let of these, site by site.
    """

    scenario: Scenario
    lines_usd: Mapping[str, Floats]
    receipts_usd: Floats
    book_usd: Floats
    advanced: Mapping[str, Advanced]
    revolved: dollars.Revolved
    npv_usd: float
    terminal_value_usd: float
    asked_ratio: float
    owners: Mapping[str, Owner]
    let: Sequence[contracts.Let]

    @property
    def asked(self) -> Asked:
        """What the scenario asks."""
        return self.scenario.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Borne:
    """What a future asks of all parties. stakes_usd: of each of `PARTIES` each of `PARTS`, (party, part), NaN where it
    is unknown. cost_of_capital_per_year: as `cost_of_capital_per_year` has it."""

    stakes_usd: Floats
    cost_of_capital_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantFailure:
    """What a failure of the tenant costs the owners of its shells: whole, with what a guarantor pays of it; paid: by
    the guarantor. Over all terms."""

    whole: dollars.GuaranteeCost
    paid: dollars.GuaranteeCost

    @property
    def left_usd(self) -> Floats:
        """What a failure in each quarter costs the owners, (quarters,)."""
        count = max(self.whole.exposure_usd.size, self.paid.exposure_usd.size)
        whole, paid = (np.pad(one.exposure_usd, (0, count - one.exposure_usd.size)) for one in (self.whole, self.paid))
        return whole - paid


def asked_ratio(future: Future) -> float:
    """What is asked of the programme in a future, in money, over what is stated: demand times price."""
    return float(np.prod([future.mean(name) for name in ASKED if name in future.value]))


def owners(scenario: Scenario, inputs: xr.Dataset) -> dict[str, Owner]:
    """The owners of all leased shells, in the scenario's order; inputs: of a plan."""
    asked = scenario.asked
    found = {}
    for site in asked.sites:
        if landlords.is_leased(scenario, site):
            own = asked.sites[site].shell_usd_per_w_facility
            cost = asked.finance.shell_usd_per_w_facility if own is None else own
            letting = contracts.letting(scenario, inputs, site)
            rate = earned_per_year(asked, site, 4 * letting.quarter_usd_per_w, cost)
            found[site] = Owner(letting=letting, shell_usd_per_w=cost, earned_per_year=rate)
    return found


def borne(lived: Lived) -> Borne:
    """What each party bears in a future, and what the capital costs."""
    failure = failing(lived)
    rows = {
        "programme": _programme(lived),
        "supplier": _supplier(lived, failure),
        "lenders": _lenders(lived),
        "landlords": _landlords(lived, failure),
        "customers": _customers(lived),
    }
    stakes = np.array([rows[party] for party in PARTIES])
    return Borne(stakes_usd=stakes, cost_of_capital_per_year=cost_of_capital_per_year(lived))


def _today_usd(flow_usd: Floats, lived: Lived) -> float:
    """Present value of the flows of each quarter of the horizon."""
    return dollars.npv(flow_usd, lived.asked.finance.discount_per_year)


def _programme(lived: Lived) -> Floats:
    """Puts in what it pays for racks, network and shells; gets what they earn, after rent and tax, and leave."""
    names = ("racks_usd", "network_usd", "shells_usd")
    puts_in = -sum(_today_usd(lived.lines_usd[name], lived) for name in names)
    value_usd = lived.npv_usd + lived.terminal_value_usd
    return np.array([puts_in, value_usd + puts_in, max(-value_usd, 0.0), nan])


def _supplier(lived: Lived, failure: TenantFailure) -> Floats:
    """Puts in equity and loans; gets what racks sell for, and its loans back; may lose equity, loans, and what its
    guarantee costs."""
    upfront = lived.asked.capital.upfront_equity_usd
    sold, loans = -lived.lines_usd["racks_usd"], lived.advanced.get("vendor")
    claim = upfront + np.cumsum(lived.receipts_usd)
    puts_in, gets = upfront + _today_usd(lived.receipts_usd, lived), _today_usd(sold, lived)
    if loans is not None:
        claim = claim + loans.owed_usd
        puts_in, gets = puts_in + _today_usd(loans.drawn_usd, lived), gets + _today_usd(loans.service_usd, lived)
    lost = float(failure.paid.expected_usd) + _at_failure_usd(claim, lived)
    return np.array([puts_in, gets, _most_usd(claim, failure.paid.exposure_usd), lost if _is_stated(lived) else nan])


def _is_stated(lived: Lived) -> bool:
    """Whether somebody states how often the tenant fails."""
    return lived.asked.capital.guarantee is not None


def _most_usd(claim_usd: Floats, exposure_usd: Floats) -> float:
    """The most that is open at once, of a claim at the ends of the quarters of the horizon, which stays as it is then,
    and of an exposure that may last longer."""
    beyond = max(exposure_usd.size - claim_usd.size, 0)
    claims = np.pad(claim_usd, (0, beyond), mode="edge")
    return float((claims + np.pad(exposure_usd, (0, claims.size - exposure_usd.size))).max())


def _at_failure_usd(claim_usd: Floats, lived: Lived) -> float:
    """What is lost on average, within the horizon, of a claim that a failure leaves nothing of; today's value."""
    how = _odds(lived) | {"recovery_frac": 0.0}
    return float(dollars.guarantee_cost(claim_usd, **WHOLE, start=0, term=claim_usd.size, **how).expected_usd)


def _lenders(lived: Lived) -> Floats:
    """Put in the highest debt; get interest; may lose what passes the limits that protect them."""
    asked = lived.asked
    debt = np.concatenate([[asked.at_start.debt_usd], lived.revolved.debt_usd])
    interest = dollars.quarter_rate_ratio(asked.capital.debt_rate_per_year or 0.0) * debt[:-1]
    return np.array([debt.max(), _today_usd(interest, lived), lived.revolved.short_usd.max(), nan])


def _landlords(lived: Lived, failure: TenantFailure) -> Floats:
    """Put in leased shells; get rent; may lose lease value, but for what reletting and a guarantor bring."""
    spent, rent = np.zeros(len(lived.receipts_usd)), -lived.lines_usd["rent_usd"]
    for one in lived.let:
        if one.began >= 0:
            spent[one.began] += lived.owners[one.site].cost_usd(one)
    expected = float(failure.whole.expected_usd - failure.paid.expected_usd) if _is_stated(lived) else nan
    return np.array([_today_usd(spent, lived), _today_usd(rent, lived), failure.left_usd.max(initial=0.0), expected])


def _customers(lived: Lived) -> Floats:
    """Put in what they pay ahead; get it back as service; may lose what is not served yet."""
    ahead = lived.advanced.get("customer")
    if ahead is None:
        return np.array([0.0, 0.0, 0.0, nan])
    back = _today_usd(ahead.service_usd, lived)
    return np.array([_today_usd(ahead.drawn_usd, lived), back, max(ahead.start_usd, ahead.owed_usd.max()), nan])


def failing(lived: Lived) -> TenantFailure:
    """What a failure of the tenant costs in a future: of all that is let, and of what is guaranteed of it."""
    use, value = lived.asked.capital.guarantee, _lease_value_usd(lived, lived.let, 1)
    start = int(np.argmax(value > 0))
    whole = dollars.guarantee_cost(value, **WHOLE, start=start, term=value.size, **_odds(lived))
    if use is None:
        nothing = WHOLE | {"cap_usd": 0.0}
        return TenantFailure(
            whole=whole, paid=dollars.guarantee_cost(value, **nothing, start=start, term=0, **_odds(lived))
        )
    sites = landlords.guaranteed_sites(lived.scenario, use)
    first = contracts.covered([one for one in lived.let if one.site in sites], use)
    covered = _lease_value_usd(lived, first, len(lived.receipts_usd))
    terms = landlords.guarantee_terms(lived.asked, use) | _odds(lived)
    terms["term"] += int(np.argmax(covered > 0)) - start  # it runs from its own first delivery
    return TenantFailure(whole=whole, paid=dollars.guarantee_cost(covered, start=start, **terms))


def _lease_value_usd(lived: Lived, let: Sequence[contracts.Let], count: int) -> Floats:
    """Lease value of what is let and has begun at the end of each quarter [USD], of at least so many quarters."""
    rent = contracts.rent_table_usd(let, count)
    return np.asarray(dollars.lease_liability_usd(rent, lived.asked.finance.lease_rate_per_year).sum(axis=0))


def _odds(lived: Lived) -> dict[str, Any]:
    """How often the tenant of a future fails, what its leases then bring, and what that is discounted by."""
    asked, ratio = lived.asked, lived.asked_ratio
    use = asked.capital.guarantee
    hazard, share = (use.default_per_year, use.recovery_frac) if use else (0.0, 0.0)
    return {
        "default_per_year": dollars.default_in_future_per_year(hazard, ratio, ELASTICITY_RATIO),
        "recovery_frac": dollars.recovery_in_future_frac(share, ratio, ELASTICITY_RATIO),
        "rate_per_year": asked.finance.discount_per_year,
    }


def cost_of_capital_per_year(lived: Lived) -> float:
    """What the capital costs that finances the assets of a plan, its own and those that it leases.

    c = Σₜ (D·d + Σₛ Lₛ·lₛ + E·e) / Σₜ (D + Σₛ Lₛ + E) over the ends of the quarters of the horizon: debt D at its rate
    d; cost Lₛ of the shells that are let at site s, at the rate lₛ that the rent of their first year earns, guaranteed
    or not; and E, what debt leaves of the book value of racks, network and own shells, at the discount rate e, whoever
    has paid it in, for equity asks for that. NaN where nothing stands.
    """
    asked, debt = lived.asked, lived.revolved.debt_usd
    equity = np.maximum(lived.book_usd - debt, 0.0)
    wanted = float((debt * (asked.capital.debt_rate_per_year or 0.0) + equity * asked.finance.discount_per_year).sum())
    whole = float((debt + equity).sum())
    for one in lived.let:
        owner = lived.owners[one.site]
        stands = owner.cost_usd(one) * (debt.size - max(one.began, 0))
        wanted, whole = wanted + stands * owner.earned_per_year, whole + stands
    return wanted / whole if whole > 0 else nan


def earned_per_year(asked: Asked, site: str, yearly_rent_usd_per_w: float, shell_usd_per_w: float) -> float:
    """What the owner of leased shells earns on them: the rate at which the rent over the term of their lease is worth
    their cost; 0 where either is nothing."""
    if shell_usd_per_w <= 0 or yearly_rent_usd_per_w <= 0:
        return 0.0
    low, high = RATES_PER_YEAR
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        more = landlords.asked_for_per_year(asked, site, middle) > yearly_rent_usd_per_w / shell_usd_per_w
        low, high = (low, middle) if more else (middle, high)
    return 0.5 * (low + high)


@dataclass(frozen=True, slots=True, kw_only=True)
class StakeQuantiles:
    """A figure of a party over futures, in its own unit; worst: of all of them, for the party."""

    p10: float
    p50: float
    p90: float
    mean: float
    worst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyBurden:
    """What a party bears under a strategy, over futures."""

    party: str
    """Who it is: programme, supplier, lenders, landlords or customers."""
    puts_in_usd: StakeQuantiles
    """What it pays, as present value; of lenders the highest debt."""
    gets_usd: StakeQuantiles
    """What comes back to it within the horizon, as present value: earnings, orders, interest, rent or service."""
    may_lose_usd: StakeQuantiles
    """The most that it may lose at once, not discounted."""
    expected_loss_usd: StakeQuantiles | None
    """What it loses on average by the tenant's failure, as present value; None where no hazard is stated of it."""


def burdens(table: xr.Dataset) -> tuple[PartyBurden, ...]:
    """What each party bears over the futures of a table; without those who have no part in any."""
    found = []
    for party in PARTIES:
        of = {part: table.stakes_usd.sel(party=party, part=part).values for part in PARTS}
        if any(np.nan_to_num(values).any() for values in of.values()):
            told: dict[str, Any] = {part: _spread(values, least=part == "gets_usd") for part, values in of.items()}
            found.append(PartyBurden(party=party, **told))
    return tuple(found)


def _spread(values: Floats, *, least: bool) -> StakeQuantiles | None:
    if np.isnan(values).any():
        return None
    told = quantiles(values)
    worst = float(values.min() if least else values.max())
    return StakeQuantiles(p10=told.p10, p50=told.p50, p90=told.p90, mean=told.mean, worst=worst)
