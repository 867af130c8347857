"""Stage two, with the physical plan fixed: release each tranche as soon as it is lawful, borrow as little as that
leaves to borrow, and pay out what then lies idle, as early as a lender allows.

The physical plan maximises an unlevered value and so leaves debt and dates of tranches open; a levered objective
would reward leverage. What settles it is the programme of least interest and then, at that interest, of the earliest
distributions. Both have closed forms: a revolving line that borrows what is missing has the least debt in every
quarter at once, and what later quarters can spare may go at the first chance.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.plan.buildout import book_table
from gigawatt.plan.milestones import milestone_name, milestones
from gigawatt.scenario.schema import Asked

Floats = NDArray[np.float64]

# The physical plan kept its minimum of cash to the solver's tolerance; what that lets through is not borrowed.
ROUNDING_USD = 500.0


def releases(gross_w: xr.DataArray, asked: Asked) -> xr.DataArray:
    """Money of each tranche as it is lawfully released [USD], dims (milestone, period)."""
    steps = milestones(asked)
    use = asked.capital.tranches
    coords = {"milestone": [milestone_name(step) for step in steps], "period": gross_w.period.values}
    if use is None or not steps:
        return xr.DataArray(np.zeros((len(steps), gross_w.size)), dims=("milestone", "period"), coords=coords)
    shares = dollars.released_frac(
        gross_w.values, [step.power_w for step in steps], use.lag_count, step=use.release == "step"
    )
    money = dollars.receipts_usd(shares, [step.amount_usd for step in steps])
    return xr.DataArray(money, dims=("milestone", "period"), coords=coords)


def finance(flow_usd: xr.DataArray, receipts_usd: xr.DataArray, facility_w: xr.DataArray, asked: Asked) -> xr.Dataset:
    """Cash, debt, interest and distributions of each quarter [USD], dims (period).

    flow_usd: free cash flow. receipts_usd: from tranches. facility_w: in service at the end of each quarter.
    """
    capital = asked.capital
    rate = dollars.quarter_rate_ratio(capital.debt_rate_per_year or 0.0)
    drawn = dollars.revolve(
        (flow_usd + receipts_usd).values,
        np.inf,  # the physical plan keeps the limits of debt, and this line never owes more than it does
        opening_usd=capital.opening_cash_usd + capital.upfront_equity_usd,
        minimum_usd=capital.minimum_cash_usd - ROUNDING_USD,
        quarter_rate_ratio=rate,
    )
    interest = rate * np.concatenate([[0.0], drawn.debt_usd[:-1]])
    allowed = distributable(flow_usd.values, drawn.debt_usd, interest, facility_w.values, asked)
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
    flow_usd: Floats, debt_usd: Floats, interest_usd: Floats, facility_w: Floats, asked: Asked
) -> NDArray[np.bool_]:
    """Quarters in which something may be paid out: complete, covered, and excess is paid out at all."""
    capital = asked.capital
    complete = dollars.completed(facility_w, capital.lock_up_frac)
    cover = dollars.covered(flow_usd, debt_usd, interest_usd, capital.distribution_cover_ratio)
    return np.asarray(complete & cover & (capital.distribution == "excess"))


def book_usd(capex_usd: dict[str, xr.DataArray], data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Net book value of racks and shells at the end of each quarter [USD], dims (period)."""
    lives = {"racks": asked.finance.rack_life_years, "shells": asked.finance.shell_life_years}
    return sum(
        (
            (book_table(data, lives[name]) * capex.rename(period="bought")).sum("bought")
            for name, capex in capex_usd.items()
        ),
        start=xr.zeros_like(next(iter(capex_usd.values()))),
    )
