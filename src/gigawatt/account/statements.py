"""Income statement, cash flow and balance sheet of each quarter, every line a sum over the long table."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gigawatt.account.costs import ADVANCES, KINDS
from gigawatt.plan.plan import Plan

# Items that only contracts have.
OF_CONTRACTS = tuple(item for pair in ADVANCES.values() for item in pair)


def item_totals(table: xr.Dataset, plan: Plan) -> xr.Dataset:
    """Each item of the long table summed by quarter [USD], dims (period); of contracts only those that there are."""
    periods = plan.data.period.values
    position = {period: n for n, period in enumerate(periods)}
    at = np.array([position[period] for period in table.period.values], dtype=int)
    totals = {}
    for item in KINDS:
        mine = table.item.values == item
        if item in OF_CONTRACTS and not mine.any():
            continue
        sums = np.bincount(at[mine], weights=table.usd.values[mine], minlength=len(periods))
        totals[item] = ("period", sums)
    return xr.Dataset(totals, coords={"period": periods})


def statements(table: xr.Dataset, plan: Plan) -> xr.Dataset:
    """All lines by quarter [USD], dims (period): items, subtotals and balances.

    Income: ebitda = operating items; ebit = ebitda + depreciation; net_income = ebit + interest + tax. Cash:
    operating_cash, investing_cash, financing_cash; free_cash_flow is before financing. Balance: cash, debt, book.
    """
    items = item_totals(table, plan)

    def of_kind(kind: str) -> xr.DataArray:
        mine = (items[name] for name, k in KINDS.items() if k == kind and name in items)
        return sum(mine, start=xr.zeros_like(items.revenue))

    books = items.copy()
    books["ebitda"] = of_kind("operating")
    books["ebit"] = books.ebitda + items.depreciation
    books["net_income"] = books.ebit + items.interest + items.tax
    books["operating_cash"] = books.ebitda + items.tax
    books["investing_cash"] = of_kind("investing")
    books["financing_cash"] = of_kind("financing")
    books["free_cash_flow"] = books.operating_cash + books.investing_cash
    books["cash"] = (books.free_cash_flow + books.financing_cash).cumsum("period")
    # What was owed at the start is what the first quarter owes at its end, less what it drew.
    books["debt"] = items.debt_drawn.cumsum("period") + (plan.data.debt_usd[0] - items.debt_drawn[0])
    books["book"] = plan.data.book_usd
    return books
