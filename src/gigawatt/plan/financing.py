"""Stage two, with the physical plan fixed: release each tranche as soon as it is lawful, borrow as little as that
leaves to borrow, and pay out what then lies idle, as early as a lender allows.

The physical plan maximises an unlevered value and so leaves debt and dates of tranches open; a levered objective
would reward leverage. What settles it is the programme of least interest and then, at that interest, of the earliest
distributions. Both have closed forms: a revolving line that borrows what is missing has the least debt in every
quarter at once, and what later quarters can spare may go at the first chance.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.ndarrays import Floats
from gigawatt.programme.advances import Advanced, net_usd, service_usd
from gigawatt.programme.tranches import cash_at_start_usd, drawn_frac, lawful_frac, milestone_name, milestones
from gigawatt.scenario.schema import Asked

# The physical plan kept its minimum of cash to the solver's tolerance; what that lets through is not borrowed.
ROUNDING_USD = 500.0


def releases(gross_w: xr.DataArray, asked: Asked, data: xr.Dataset | None = None) -> xr.DataArray:
    """Money of each tranche as it is lawfully released [USD], dims (milestone, period), with those of gross_w before.

    data: the inputs, which know what stood before; None where nothing did.
    """
    steps = milestones(asked)
    use = asked.capital.tranches
    coords = {"milestone": [milestone_name(step) for step in steps], "period": gross_w.period.values}
    dims = (*gross_w.dims[:-1], "milestone", "period")
    if use is None or not steps:
        return xr.DataArray(np.zeros((*gross_w.shape[:-1], len(steps), gross_w.shape[-1])), dims=dims, coords=coords)
    shares = lawful_frac(gross_w.values, asked, data, step=use.release == "step")
    drawn = np.broadcast_to(drawn_frac(asked)[:, None], (*shares.shape[:-1], 1))
    whole = np.concatenate([drawn, shares], axis=-1)
    money = dollars.receipts_usd(whole, [step.amount_usd for step in steps])[..., 1:]
    return xr.DataArray(money, dims=dims, coords=coords)


def finance(
    flow_usd: xr.DataArray,
    receipts_usd: xr.DataArray,
    facility_w: xr.DataArray,
    asked: Asked,
    start_facility_w: float = 0.0,
    advanced: Mapping[str, Advanced] | None = None,
) -> xr.Dataset:
    """Cash, debt, interest on it and distributions of each quarter [USD], dims (period).

    flow_usd: free cash flow. receipts_usd: from tranches. facility_w: in service at the end of each quarter;
    start_facility_w: before the first. advanced: by vendor and customer, who are paid before anything is paid out.
    """
    ahead, service = net_usd(advanced or {}, flow_usd.size), service_usd(advanced or {}, flow_usd.size)
    capital = asked.capital
    rate = dollars.quarter_rate_ratio(capital.debt_rate_per_year or 0.0)
    drawn = dollars.revolve(
        (flow_usd + receipts_usd).values + ahead,
        np.inf,  # the physical plan keeps the limits of debt, and this line never owes more than it does
        opening_usd=cash_at_start_usd(asked),
        opening_debt_usd=asked.at_start.debt_usd,
        minimum_usd=capital.minimum_cash_usd - ROUNDING_USD,
        quarter_rate_ratio=rate,
    )
    interest = rate * np.concatenate([[asked.at_start.debt_usd], drawn.debt_usd[:-1]])
    due = interest + service
    allowed = distributable(flow_usd.values, drawn.debt_usd, due, facility_w.values, asked, start_facility_w)
    paid = dollars.paid_out_usd(drawn.cash_usd, allowed, capital.minimum_cash_usd)
    lines = {
        "cash_usd": drawn.cash_usd - np.cumsum(paid),
        "debt_usd": drawn.debt_usd,
        "interest_usd": interest,
        "distribution_usd": paid,
    }
    return xr.Dataset(
        {name: ("period", line) for name, line in lines.items()}, coords={"period": flow_usd.period.values}
    )


def distributable(
    flow_usd: Floats,
    debt_usd: Floats,
    interest_usd: Floats,
    facility_w: Floats,
    asked: Asked,
    start_facility_w: float = 0.0,
) -> NDArray[np.bool_]:
    """Quarters in which something may be paid out: complete, covered, and excess is paid out at all.

    interest_usd: on debt, and what goes back to vendor and customer.
    """
    capital = asked.capital
    complete = dollars.completed(facility_w, capital.lock_up_frac, start_facility_w)
    start_usd = asked.at_start.debt_usd
    cover = dollars.covered(flow_usd, debt_usd, interest_usd, capital.distribution_cover_ratio, start_usd)
    return np.asarray(complete & cover & (capital.distribution == "excess"))
