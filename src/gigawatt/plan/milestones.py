"""Cash, debt and the tranches that gigawatts release. Equations of the physical plan.

The objective is unlevered; cash and debt stand here as limits: what the plan may spend in each quarter. Interest is
paid out of cash, so that a plan which needs more debt can afford less.

Variables, in billion USD: cash, debt (end of quarter), tax[period]; released[milestone, period]: 1 once a tranche
has been paid (a share of it, where the release is pro rata).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from gigawatt import dollars
from gigawatt.plan.rows import Form, LinearModel, add_rows, add_variables, before, change, form
from gigawatt.programme import advances, opening
from gigawatt.programme.book import book_table
from gigawatt.programme.tranches import (
    cash_at_start_usd,
    drawn_frac,
    gross_at_start_w,
    gross_before_w,
    gross_ratio,
    milestone_name,
    milestones,
    reachable,
)
from gigawatt.scenario.schema import Asked
from gigawatt.solver import UNITS


def add_capital(model: LinearModel, data: xr.Dataset, asked: Asked) -> None:
    """Cash at least its minimum, debt within covenant and limit, tranches only after their gigawatts."""
    period = data.indexes["period"]
    variables = model.variables
    capital, finance = asked.capital, asked.finance
    cash = add_variables(model, "cash", [period])
    debt = add_variables(model, "debt", [period])
    _add_tax(model, data, asked)
    receipts = _add_releases(model, data, asked)
    interest = dollars.quarter_rate_ratio(capital.debt_rate_per_year or 0.0)
    balance = change(cash) - free_cash_flow(model, asked) - change(debt) + before(debt) * interest
    balance = balance if receipts is None else balance - receipts
    start = opening.first(_money_at_start(asked, interest), data)
    if capital.vendor is not None:
        balance = balance - form(variables["rack_capex"], period="bought") * advances.vendor_table(data, asked)
    fixed = advances.fixed_usd(data, asked)
    start = start if fixed is None else start + fixed / UNITS["usd"]
    add_rows(model, "cash_balance", [period], balance, "=", start)
    # Named rows, not bounds: a limit that is reported needs a dual.
    add_rows(model, "minimum_cash", [period], form(cash), ">=", capital.minimum_cash_usd / UNITS["usd"])
    add_rows(model, "debt_limit", [period], form(debt), "<=", capital.debt_limit_usd / UNITS["usd"])
    books = form(variables["rack_capex"], period="bought") * book_table(data, finance.rack_life_years)
    books = books + form(variables["shell_capex"], period="bought") * book_table(data, finance.shell_life_years)
    stood = capital.covenant_frac * opening.book_usd(data, asked) / UNITS["usd"]
    add_rows(model, "covenant", [period], form(debt) - capital.covenant_frac * books, "<=", stood)


def _money_at_start(asked: Asked, interest_ratio: float) -> float:
    """What the first quarter's balance has from before it, billion USD: cash, less debt with the interest on it, and
    less the tranches that were paid, for their shares count as if they came now."""
    paid = sum(share * step.amount_usd for share, step in zip(drawn_frac(asked), milestones(asked), strict=True))
    return (cash_at_start_usd(asked) - asked.at_start.debt_usd * (1 + interest_ratio) - paid) / UNITS["usd"]


def free_cash_flow(model: LinearModel, asked: Asked) -> Form:
    """Revenue less everything but interest, billion USD a quarter, dims (period)."""
    v = model.variables
    flow = _margin(model, asked) - form(v["rack_capex"]) - form(v["shell_capex"])
    return flow - change(v["tax_to_date"]) if "tax_to_date" in v else flow


def _margin(model: LinearModel, asked: Asked) -> Form:
    """Revenue less running cost."""
    return (1 - asked.finance.non_compute_frac) * form(model.variables["revenue"]) - form(model.variables["running"])


def _add_tax(model: LinearModel, data: xr.Dataset, asked: Asked) -> None:
    """Unlevered tax with losses carried forward: cumulative tax never falls, and is at least the rate on cumulative
    income (revenue less running cost less depreciation)."""
    finance = asked.finance
    if finance.tax_frac == 0:
        return
    period, v = data.indexes["period"], model.variables
    to_date = add_variables(model, "tax_to_date", [period])
    income = add_variables(model, "income_to_date", [period], -np.inf)
    # Cumulative depreciation; margins accumulate through the stock variable.
    racks, shells = (
        form(v[name], period="bought") * (_before_bought(data) - book_table(data, life))
        for name, life in (("rack_capex", finance.rack_life_years), ("shell_capex", finance.shell_life_years))
    )
    earned = add_variables(model, "margin_to_date", [period], -np.inf)
    add_rows(model, "margin_to_date", [period], change(earned) - _margin(model, asked), "=")
    brought = (-asked.at_start.losses_usd - opening.depreciation_usd(data, asked).cumsum("period")) / UNITS["usd"]
    add_rows(model, "income_to_date", [period], form(income) - form(earned) + racks + shells, "=", brought)
    add_rows(model, "tax_on_income", [period], form(to_date) - finance.tax_frac * form(income), ">=")
    add_rows(model, "tax_is_not_paid_back", [period], change(to_date), ">=")


def _before_bought(data: xr.Dataset) -> xr.DataArray:
    """1 where `bought` is not after `period`."""
    count = data.sizes["period"]
    names = data.period.values
    table = np.tril(np.ones((count, count)))
    return xr.DataArray(table, dims=("period", "bought"), coords={"period": names, "bought": names})


def _add_releases(model: LinearModel, data: xr.Dataset, asked: Asked) -> Form | None:
    """Tranches as they are released; the money that arrives in each quarter, or None where there are none."""
    steps = milestones(asked)
    use = asked.capital.tranches
    if not steps or use is None:
        return None
    period = data.indexes["period"]
    names = pd.Index([milestone_name(step) for step in steps], name="milestone")
    powers = np.array([step.power_w for step in steps])
    sizes = xr.DataArray(np.diff(powers, prepend=0.0) / UNITS["w"], dims="milestone", coords={"milestone": names})
    amounts = xr.DataArray(
        [step.amount_usd / UNITS["usd"] for step in steps], dims="milestone", coords={"milestone": names}
    )
    drawn = xr.DataArray(drawn_frac(asked), coords=[names])
    possible = reachable(data, asked, powers).astype(float)
    most = xr.DataArray(np.maximum(possible, drawn.values[:, None]), coords=[names, period])
    released = add_variables(model, "released", [names, period], drawn, most, whole=use.release == "step")
    gross = add_variables(model, "gross", [period])
    added = form(model.variables["placed"]) * gross_ratio(data, asked)
    lag, start = use.lag_count, gross_at_start_w(data, asked)
    add_rows(model, "gross_balance", [period], change(gross) - added, "=", opening.first(start / UNITS["w"], data))
    # Tight and ordered, not big-M: the power that released tranches stand for never exceeds what was built.
    earlier = np.concatenate([gross_before_w(data, asked, lag), np.zeros(len(period))])[: len(period)]
    stood = xr.DataArray(earlier / UNITS["w"], dims="period", coords={"period": period})
    add_rows(model, "milestones", [period], form(released) * sizes - before(gross, lag), "<=", stood)
    add_rows(model, "released_stays", [names, period], change(released), ">=", opening.first(drawn, data))
    if len(steps) > 1:
        later = form(released).at("milestone", slice(1, None)) - form(released).at("milestone", slice(None, -1))
        add_rows(model, "released_in_order", [names[1:], period], later, "<=")
    return change(released) * amounts
