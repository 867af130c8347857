"""Stage two, with the physical plan fixed: release each tranche as soon as it is lawful, borrow as little as that
leaves to borrow, and pay out what then lies idle.

The physical plan maximises an unlevered value and so leaves debt and dates of tranches open; a levered objective
would reward leverage. Two small linear programmes in order settle it: least present value of interest, then, at that
interest, the earliest distributions.
"""

from __future__ import annotations

import linopy
import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.plan.buildout import before, book_table, change
from gigawatt.plan.milestones import milestone_name, milestones, opening
from gigawatt.plan.solve import UNITS, Program
from gigawatt.scenario.schema import Asked

# Room for the solver's rounding: around the least interest, as a share of it, and below the least cash, billion USD.
SLACK_FRAC = 1e-6


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


def finance(
    flow_usd: xr.DataArray,
    capex_usd: dict[str, xr.DataArray],
    receipts_usd: xr.DataArray,
    data: xr.Dataset,
    asked: Asked,
) -> xr.Dataset:
    """Cash, debt, interest and distributions of each quarter [USD], dims (period).

    flow_usd: free cash flow. capex_usd: "racks" and "shells". receipts_usd: from tranches.
    """
    model = linopy.Model()
    period = data.indexes["period"]
    capital = asked.capital
    rate = dollars.quarter_rate_ratio(capital.debt_rate_per_year or 0.0)
    debt = model.add_variables(lower=0, coords=[period], name="debt")
    # The physical plan kept its minimum of cash to the solver's tolerance; the same is allowed here.
    least_cash = capital.minimum_cash_usd / UNITS["usd"] - SLACK_FRAC
    cash = model.add_variables(lower=least_cash, coords=[period], name="cash")
    paid = model.add_variables(lower=0, upper=_most_paid(asked), coords=[period], name="paid")
    inflow = (flow_usd + receipts_usd) / UNITS["usd"] + opening(data, asked)
    balance = change(cash) - change(debt) + rate * before(debt) + paid
    model.add_constraints(balance == inflow, name="balance")
    limit = np.minimum(book_usd(capex_usd, data, asked) * capital.covenant_frac, capital.debt_limit_usd) / UNITS["usd"]
    model.add_constraints(debt <= np.maximum(limit, 0.0), name="limit")
    discount = dollars.discount_ratio(asked.finance.discount_per_year, np.arange(1, period.size + 1) / 4)
    weight = xr.DataArray(discount, dims="period", coords={"period": period})
    interest = (debt * weight).sum()
    model.add_objective(-1 * interest, sense="max")
    program = Program(model)
    least = -program.solve_lp()
    if capital.distribution == "excess":
        model.add_constraints(interest <= least * (1 + SLACK_FRAC) + SLACK_FRAC, name="least_interest")
        model.add_objective((paid * weight).sum(), sense="max", overwrite=True)
        program = Program(model)
        program.solve_lp()
    owed = program.value("debt") * UNITS["usd"]
    return xr.Dataset(
        {
            "cash_usd": program.value("cash") * UNITS["usd"],
            "debt_usd": owed,
            "interest_usd": rate * owed.shift(period=1, fill_value=0.0),
            "distribution_usd": program.value("paid") * UNITS["usd"],
        }
    )


def _most_paid(asked: Asked) -> float:
    return np.inf if asked.capital.distribution == "excess" else 0.0


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
