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

from dataclasses import dataclass
from math import inf, nan
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.plan import flows
from gigawatt.plan.financing import book_usd
from gigawatt.scenario.schema import Asked
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.leased import LeaseValue, lease_value, leased_sites
from gigawatt.study.futures.statistics import quantiles

Floats = NDArray[np.float64]

PARTIES = ("programme", "supplier", "lenders", "landlords", "customers")
PARTS = ("puts_in_usd", "gets_usd", "may_lose_usd", "expected_loss_usd")
# How the hazard of failure and what reletting brings follow demand: in proportion.
ELASTICITY_RATIO = 1.0
# Between which rates a landlord's is looked for, and how often their span is halved: to the last digit that counts.
LEAST_RATE_PER_YEAR, MOST_RATE_PER_YEAR, HALVINGS = -0.5, 10.0, 50
# What is asked of the programme in a future: tokens, and what is paid for them.
ASKED = ("demand", "price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A plan as it was lived through, with its money.

    data, inputs: of the plan in the future; lines: its lines of money; receipts_usd: tranches of each quarter, dims
    (period); revolved: cash and debt; npv_usd, terminal_value_usd: what it is worth; asked_ratio: demand times price
    over what is stated.
    """

    data: xr.Dataset
    inputs: xr.Dataset
    lines: xr.Dataset
    receipts_usd: xr.DataArray
    revolved: dollars.Revolved
    npv_usd: float
    terminal_value_usd: float
    asked_ratio: float


def asked_ratio(future: Future) -> float:
    """What is asked of the programme in a future, in money, over what is stated: demand times price."""
    return float(np.prod([future.mean(name) for name in ASKED if name in future.value]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Borne:
    """What a future asks of all parties. stakes_usd: of each of `PARTIES` each of `PARTS`, (party, part), NaN where it
    is unknown. cost_of_capital_per_year: as `cost_of_capital_per_year` has it."""

    stakes_usd: Floats
    cost_of_capital_per_year: float


def borne(lived: Lived, asked: Asked) -> Borne:
    """What each party bears in a future, and what the capital costs."""
    value = lease_value(lived.data, lived.inputs, asked)
    rows = {
        "programme": _programme(lived, asked),
        "supplier": _supplier(lived, asked, value),
        "lenders": _lenders(lived, asked),
        "landlords": _landlords(lived, asked, value),
        "customers": _customers(lived, asked),
    }
    stakes = np.array([rows[party] for party in PARTIES])
    return Borne(stakes_usd=stakes, cost_of_capital_per_year=cost_of_capital_per_year(lived, asked))


def _today_usd(flow: xr.DataArray | Floats, asked: Asked) -> float:
    """Present value of the flows of each quarter of the horizon."""
    return dollars.npv(np.asarray(flow, dtype=float), asked.finance.discount_per_year)


def _programme(lived: Lived, asked: Asked) -> Floats:
    """Puts in what it pays for racks, network and shells; gets what they earn, after rent and tax, and leave."""
    spent = sum(flows.total(lived.lines[name]) for name in ("racks_usd", "network_usd", "shells_usd"))
    puts_in = -_today_usd(spent, asked)
    value_usd = lived.npv_usd + lived.terminal_value_usd
    return np.array([puts_in, value_usd + puts_in, max(-value_usd, 0.0), nan])


def _supplier(lived: Lived, asked: Asked, value: LeaseValue) -> Floats:
    """Puts in equity and loans; gets what racks sell for, and its loans back; may lose equity, loans, and what its
    guarantee costs."""
    upfront, racks = asked.capital.upfront_equity_usd, -flows.total(lived.lines.racks_usd).values
    paid = upfront + np.cumsum(lived.receipts_usd.values)
    lent, back, owed = _loans_usd(racks, asked)
    guaranteed = guaranteed_cost(lived, asked, value)
    lost = guaranteed.expected_usd + _at_failure_usd(paid + owed, lived, asked)
    return np.array(
        [
            upfront + _today_usd(lived.receipts_usd, asked) + _today_usd(lent, asked),
            _today_usd(racks + back, asked),
            _most_usd(paid + owed, guaranteed.exposure_usd),
            float(lost) if asked.capital.guarantee is not None else nan,
        ]
    )


def _most_usd(claim_usd: Floats, exposure_usd: Floats) -> float:
    """The most that is open at once, of a claim at the ends of the quarters of the horizon, which stays as it is then,
    and of an exposure that may last longer."""
    beyond = max(exposure_usd.size - claim_usd.size, 0)
    claims = np.pad(claim_usd, (0, beyond), mode="edge")
    return float((claims + np.pad(exposure_usd, (0, claims.size - exposure_usd.size))).max())


def _at_failure_usd(claim_usd: Floats, lived: Lived, asked: Asked) -> float:
    """What is lost on average, within the horizon, of a claim that a failure leaves nothing of; today's value."""
    whole = {"cap_usd": inf, "guaranteed_frac": 1.0, "covered_frac": 1.0, "rating_per_year": 0.0}
    failing = _failing(lived, asked) | {"recovery_frac": 0.0}
    return float(dollars.guarantee_cost(claim_usd, **whole, start=0, term=claim_usd.size, **failing).expected_usd)


def _loans_usd(racks_usd: Floats, asked: Asked) -> tuple[Floats, Floats, Floats]:
    """What the vendor of racks lends, gets back, and is owed, in each quarter or at its end."""
    use = asked.capital.vendor
    if use is None:
        return np.zeros_like(racks_usd), np.zeros_like(racks_usd), np.zeros_like(racks_usd)
    lent = use.share_frac * racks_usd
    back = lent - dollars.advance_flows(lent, use.rate_per_year, use.term_years)
    return lent, back, dollars.advance_owed_usd(lent, use.rate_per_year, use.term_years)


def _lenders(lived: Lived, asked: Asked) -> Floats:
    """Put in the highest debt; get interest; may lose what passes the limits that protect them."""
    debt = np.concatenate([[asked.at_start.debt_usd], lived.revolved.debt_usd])
    interest = dollars.quarter_rate_ratio(asked.capital.debt_rate_per_year or 0.0) * debt[:-1]
    return np.array([debt.max(), _today_usd(interest, asked), lived.revolved.short_usd.max(), nan])


def _landlords(lived: Lived, asked: Asked, value: LeaseValue) -> Floats:
    """Put in leased shells; get rent; may lose lease value, but for what reletting and a guarantor bring."""
    puts_in = _today_usd(flows.total(lived.data.energise_w * landlord_usd_per_w(lived.inputs, asked)), asked)
    rent = -_today_usd(flows.total(lived.lines.rent_usd), asked)
    whole, paid = unguaranteed_cost(lived, asked, value), guaranteed_cost(lived, asked, value)
    expected = float(whole.expected_usd - paid.expected_usd) if asked.capital.guarantee is not None else nan
    return np.array([puts_in, rent, float((whole.exposure_usd - paid.exposure_usd).max(initial=0.0)), expected])


def landlord_usd_per_w(inputs: xr.Dataset, asked: Asked) -> xr.DataArray:
    """What a watt of leased shell costs its landlord [USD/W], dims (site); 0 where shells are owned."""
    leased = leased_sites(inputs)
    stated = {site: asked.sites[site].shell_usd_per_w_facility for site in leased}
    usual = asked.finance.shell_usd_per_w_facility
    cost = [(usual if stated[site] is None else stated[site]) if site in leased else 0.0 for site in inputs.site.values]
    return xr.DataArray(cost, dims="site", coords={"site": inputs.site.values})


def _customers(lived: Lived, asked: Asked) -> Floats:
    """Put in what they pay ahead; get it back as service; may lose what is not served yet."""
    use, periods = asked.capital.customer, [str(period) for period in lived.data.period.values]
    if use is None or use.paid_date not in periods:
        return np.array([0.0, 0.0, 0.0, nan])
    paid = np.where(np.array(periods) == use.paid_date, use.amount_usd, 0.0)
    back = paid - dollars.advance_flows(paid, use.rate_per_year, use.term_years)
    owed = dollars.advance_owed_usd(paid, use.rate_per_year, use.term_years)
    return np.array([_today_usd(paid, asked), _today_usd(back, asked), owed.max(), nan])


def guaranteed_cost(lived: Lived, asked: Asked, value: LeaseValue) -> dollars.GuaranteeCost:
    """What the guarantor pays in a future; nothing where nobody guarantees."""
    use = asked.capital.guarantee
    return dollars.guarantee_cost(
        value.covered_usd,
        cap_usd=use.cap_usd if use else 0.0,
        guaranteed_frac=use.guaranteed_frac if use else 0.0,
        covered_frac=use.covered_frac if use else 0.0,
        rating_per_year=use.rating_per_year if use else 0.0,
        term=round(4 * use.term_years) if use else 0,
        start=value.first,
        **_failing(lived, asked),
    )


def unguaranteed_cost(lived: Lived, asked: Asked, value: LeaseValue) -> dollars.GuaranteeCost:
    """What a failure of the tenant costs its landlords and their guarantor together."""
    whole = {"cap_usd": inf, "guaranteed_frac": 1.0, "covered_frac": 1.0, "rating_per_year": 0.0}
    term = value.all_usd.size
    return dollars.guarantee_cost(value.all_usd, **whole, start=value.first, term=term, **_failing(lived, asked))


def _failing(lived: Lived, asked: Asked) -> dict[str, Any]:
    """How often the tenant of a future fails, what its leases then bring, and what that is discounted by."""
    use, ratio = asked.capital.guarantee, lived.asked_ratio
    hazard, share = (use.default_per_year, use.recovery_frac) if use else (0.0, 0.0)
    return {
        "default_per_year": dollars.default_in_future_per_year(hazard, ratio, ELASTICITY_RATIO),
        "recovery_frac": dollars.recovery_in_future_frac(share, ratio, ELASTICITY_RATIO),
        "rate_per_year": asked.finance.discount_per_year,
    }


def cost_of_capital_per_year(lived: Lived, asked: Asked) -> float:
    """What the capital costs that finances the assets of a plan, its own and those that it leases.

    c = Σₜ (D·d + Σₛ Lₛ·lₛ + E·e) / Σₜ (D + Σₛ Lₛ + E) over the ends of the quarters of the horizon: debt D at its rate
    d; cost Lₛ of shells that stand at leased site s, at the rate lₛ that the rent of their first year earns, guaranteed
    or not; and E, what debt leaves of the book value of racks, network and own shells, at the discount rate e, whoever
    has paid it in, for equity asks for that. NaN where nothing stands.
    """
    spent = {
        "racks": -flows.total(lived.lines.racks_usd) - flows.total(lived.lines.network_usd),
        "shells": -flows.total(lived.lines.shells_usd),
    }
    debt, cost = lived.revolved.debt_usd, landlord_usd_per_w(lived.inputs, asked)
    equity = np.maximum(book_usd(spent, lived.inputs, asked).values - debt, 0.0)
    let = lived.data.shell_w.transpose("period", "site").values * cost.values
    rates = np.array(
        [earned_per_year(lived, asked, site, usd) for site, usd in zip(cost.site.values, cost.values, strict=True)]
    )
    asked_for = (
        debt * (asked.capital.debt_rate_per_year or 0.0) + equity * asked.finance.discount_per_year + let @ rates
    )
    whole = float((debt + equity + let.sum(axis=1)).sum())
    return float(asked_for.sum()) / whole if whole > 0 else nan


def earned_per_year(lived: Lived, asked: Asked, site: str, cost_usd_per_w: float) -> float:
    """What the owner of a leased shell earns on it: the rate at which the rent of its first year, paid level over the
    time in which a lease earns its cost back, is worth that cost; 0 where nothing is let."""
    rent, years = float(lived.inputs.yearly_rent_usd_per_w.sel(site=site)), asked.finance.lease_life_years
    if cost_usd_per_w <= 0 or rent <= 0:
        return 0.0
    low, high = LEAST_RATE_PER_YEAR, MOST_RATE_PER_YEAR
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if dollars.recovery_frac(middle, years) > rent / cost_usd_per_w else (middle, high)
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
class Burden:
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


def shares_risk(asked: Asked) -> bool:
    """Whether a scenario states a contract by which others bear a part: lease, guarantee, money lent or paid ahead."""
    capital = asked.capital
    contracts = (capital.guarantee, capital.vendor, capital.customer, *(use.lease for use in asked.sites.values()))
    return any(contract is not None for contract in contracts)


def burdens(table: xr.Dataset) -> tuple[Burden, ...]:
    """What each party bears over the futures of a table; without those who have no part in any."""
    found = []
    for party in PARTIES:
        of = {part: table.stakes_usd.sel(party=party, part=part).values for part in PARTS}
        if any(np.nan_to_num(values).any() for values in of.values()):
            told = {part: _spread(values, least=part == "gets_usd") for part, values in of.items()}
            found.append(Burden(party=party, **told))
    return tuple(found)


def _spread(values: Floats, *, least: bool) -> StakeQuantiles | None:
    if np.isnan(values).any():
        return None
    told = quantiles(values)
    worst = float(values.min() if least else values.max())
    return StakeQuantiles(p10=told.p10, p50=told.p50, p90=told.p90, mean=told.mean, worst=worst)
