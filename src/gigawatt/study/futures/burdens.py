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

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.plan import flows, opening
from gigawatt.plan.financing import book_usd
from gigawatt.scenario.schema import Asked, Guarantee
from gigawatt.study.futures.draws import Future

Floats = NDArray[np.float64]

PARTIES = ("programme", "supplier", "lenders", "landlords", "customers")
PARTS = ("puts_in_usd", "gets_usd", "may_lose_usd", "expected_loss_usd")
# How the hazard of failure and what reletting brings follow demand: in proportion.
ELASTICITY_RATIO = 1.0
# What is asked of the programme in a future: tokens, and what is paid for them.
ASKED = ("demand", "price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A plan as it was lived through, with its money.

    data, inputs: of the plan in the future; lines: its lines of money; receipts_usd: tranches of each quarter, dims
    (period); revolved: cash and debt; value_usd: net present value with terminal value; demand_ratio: demand times
    price over what is stated.
    """

    data: xr.Dataset
    inputs: xr.Dataset
    lines: xr.Dataset
    receipts_usd: xr.DataArray
    revolved: dollars.Revolved
    value_usd: float
    demand_ratio: float


def demand_ratio(future: Future) -> float:
    """What is asked of the programme in a future, in money, over what is stated: demand times price."""
    return float(np.prod([future.mean(name) for name in ASKED if name in future.value]))


def stakes_usd(lived: Lived, asked: Asked) -> Floats:
    """What each of `PARTIES` bears in a future, each of `PARTS` [USD], (party, part); NaN where it is unknown."""
    value = lease_value(lived, asked)
    rows = {
        "programme": _programme(lived, asked),
        "supplier": _supplier(lived, asked, value),
        "lenders": _lenders(lived, asked),
        "landlords": _landlords(lived, asked, value),
        "customers": _customers(lived, asked),
    }
    return np.array([rows[party] for party in PARTIES])


def _today_usd(flow: xr.DataArray | Floats, asked: Asked) -> float:
    """Present value of the flows of each quarter of the horizon."""
    return dollars.npv(np.asarray(flow, dtype=float), asked.finance.discount_per_year)


def _programme(lived: Lived, asked: Asked) -> Floats:
    """Puts in what it pays for racks, network and shells; gets what they earn, after rent and tax, and leave."""
    spent = sum(flows.total(lived.lines[name]) for name in ("racks_usd", "network_usd", "shells_usd"))
    puts_in = -_today_usd(spent, asked)
    return np.array([puts_in, lived.value_usd + puts_in, max(-lived.value_usd, 0.0), nan])


def _supplier(lived: Lived, asked: Asked, value: LeaseValue) -> Floats:
    """Puts in equity and loans; gets what racks sell for, and its loans back; may lose equity, loans, and what its
    guarantee costs."""
    upfront, racks = asked.capital.upfront_equity_usd, -flows.total(lived.lines.racks_usd).values
    paid = upfront + np.cumsum(lived.receipts_usd.values)
    lent, back, owed = _loans_usd(racks, asked)
    guaranteed = guaranteed_cost(lived, asked, value)
    lost = guaranteed.expected_usd + _lost_usd(paid + owed, lived, asked)
    return np.array(
        [
            upfront + _today_usd(lived.receipts_usd, asked) + _today_usd(lent, asked),
            _today_usd(racks + back, asked),
            paid[-1] + owed.max() + guaranteed.worst_usd,
            float(lost) if asked.capital.guarantee is not None else nan,
        ]
    )


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
    cost = lived.inputs.site.copy(data=_leased_usd_per_w(lived, asked))
    puts_in = _today_usd(flows.total(lived.data.energise_w * cost), asked)
    rent = -_today_usd(flows.total(lived.lines.rent_usd), asked)
    whole, paid = unguaranteed_cost(lived, asked, value), guaranteed_cost(lived, asked, value)
    expected = float(whole.expected_usd - paid.expected_usd) if asked.capital.guarantee is not None else nan
    return np.array([puts_in, rent, float((whole.exposure_usd - paid.exposure_usd).max(initial=0.0)), expected])


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
    use, ratio = asked.capital.guarantee, lived.demand_ratio
    hazard, share = (use.default_per_year, use.recovery_frac) if use else (0.0, 0.0)
    return {
        "default_per_year": dollars.default_in_future_per_year(hazard, ratio, ELASTICITY_RATIO),
        "recovery_frac": dollars.recovery_in_future_frac(share, ratio, ELASTICITY_RATIO),
        "rate_per_year": asked.finance.discount_per_year,
    }
