"""Cash, debt and the tranches that gigawatts release. Equations of the physical plan.

The objective is unlevered; cash and debt stand here as limits: what the plan may spend in each quarter. Interest is
paid out of cash, so that a plan which needs more debt can afford less.

Variables, in billion USD: cash, debt (end of quarter), tax[period]; released[milestone, period]: 1 once a tranche
has been paid (a share of it, where the release is pro rata).
"""

from __future__ import annotations

from collections.abc import Sequence

import linopy
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.plan import advances, opening
from gigawatt.plan.buildout import book_table
from gigawatt.plan.rows import Form, add_rows, before, change, form
from gigawatt.plan.solve import UNITS
from gigawatt.scenario.schema import Asked, Milestone

Floats = NDArray[np.float64]

# Share of a milestone that is missing at most where it is met.
WHOLE = 1e-6


def milestones(asked: Asked) -> tuple[Milestone, ...]:
    """The tranches' milestones up to the programme's target, in cumulative power; none where there are no tranches."""
    use = asked.capital.tranches
    if use is None:
        return ()
    if use.milestones:
        return use.milestones
    assert use.every_w is not None and use.amount_usd is not None and use.most_usd is not None  # noqa: PT018
    count = min(int(use.most_usd / use.amount_usd + 1e-9), int(asked.programme.target_w / use.every_w + 1e-9))
    return tuple(Milestone(power_w=use.every_w * (n + 1), amount_usd=use.amount_usd) for n in range(count))


def gross_ratio(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Power on the tranches' basis per IT power, dims (site)."""
    use = asked.capital.tranches
    facility = use is None or use.power_basis == "facility"
    return data.pue_peak_ratio if facility else xr.ones_like(data.pue_peak_ratio)


def add_capital(model: linopy.Model, data: xr.Dataset, asked: Asked) -> None:
    """Cash at least its minimum, debt within covenant and limit, tranches only after their gigawatts."""
    period = data.indexes["period"]
    variables = model.variables
    capital, finance = asked.capital, asked.finance
    cash = model.add_variables(lower=0, coords=[period], name="cash")
    debt = model.add_variables(lower=0, coords=[period], name="debt")
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


def cash_at_start_usd(asked: Asked) -> float:
    """Money at hand when the horizon starts [USD]."""
    stated = asked.at_start.cash_usd
    return asked.capital.opening_cash_usd + asked.capital.upfront_equity_usd if stated is None else stated


def _money_at_start(asked: Asked, interest_ratio: float) -> float:
    """What the first quarter's balance has from before it, billion USD: cash, less debt with the interest on it, and
    less the tranches that were paid, for their shares count as if they came now."""
    paid = sum(share * step.amount_usd for share, step in zip(drawn_frac(asked), milestones(asked), strict=True))
    return (cash_at_start_usd(asked) - asked.at_start.debt_usd * (1 + interest_ratio) - paid) / UNITS["usd"]


def drawn_frac(asked: Asked) -> Floats:
    """Share of each tranche that was paid before the horizon, (milestones,)."""
    marks = np.array([step.power_w for step in milestones(asked)])
    sizes = np.diff(marks, prepend=0.0)
    shares = np.clip((asked.at_start.released_w - (marks - sizes)) / sizes, 0.0, 1.0)
    # A milestone that is met to a part in a million is met: the solver's rounding, or that of a number as text.
    return np.where(shares > 1 - WHOLE, 1.0, shares)


def gross_at_start_w(data: xr.Dataset, asked: Asked) -> float:
    """Power ever installed before the horizon, on the tranches' basis [W]."""
    stated = asked.at_start.gross_w
    return float((opening.start_it_w(data) * gross_ratio(data, asked)).sum()) if stated is None else stated


def gross_w(placed_w: xr.DataArray, data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Power ever installed at the end of each quarter, on the tranches' basis [W], dims (period).

    placed_w: IT power that starts in each quarter, dims (period, site).
    """
    return (placed_w * gross_ratio(data, asked)).sum("site").cumsum("period") + gross_at_start_w(data, asked)


def gross_before_w(data: xr.Dataset, asked: Asked, count: int) -> Floats:
    """Power ever installed at the end of each of so many quarters before the horizon [W], at least what was paid for.

    What was installed since follows from the racks that stand.
    """
    start = gross_at_start_w(data, asked)
    power = opening.cohorts_count(data) * data.rack_it_w * gross_ratio(data, asked)
    last = power.transpose("before", "site", "platform").values.sum(axis=(1, 2))[::-1]
    since = np.concatenate([[0.0], np.cumsum(last), np.full(count, last.sum())])[:count][::-1]
    return np.maximum(start - since, asked.at_start.released_w)


def lawful_frac(gross_w: Floats, asked: Asked, data: xr.Dataset | None, *, step: bool) -> Floats:
    """Share of each tranche that is lawfully released by the end of each quarter, (milestones, quarters).

    gross_w: power ever installed at the end of each quarter. data: the inputs; None where nothing stood before.
    """
    use = asked.capital.tranches
    assert use is not None
    powers = [one.power_w for one in milestones(asked)]
    before = np.zeros(0) if data is None else gross_before_w(data, asked, use.lag_count)
    shares = dollars.released_frac(np.concatenate([before, gross_w]), powers, use.lag_count, step=step)
    return np.maximum(shares[:, before.size :], drawn_frac(asked)[:, None])


def free_cash_flow(model: linopy.Model, asked: Asked) -> Form:
    """Revenue less everything but interest, billion USD a quarter, dims (period)."""
    v = model.variables
    flow = _margin(model, asked) - form(v["rack_capex"]) - form(v["shell_capex"])
    return flow - change(v["tax_to_date"]) if "tax_to_date" in v else flow


def _margin(model: linopy.Model, asked: Asked) -> Form:
    """Revenue less running cost."""
    return (1 - asked.finance.non_compute_frac) * form(model.variables["revenue"]) - form(model.variables["running"])


def _add_tax(model: linopy.Model, data: xr.Dataset, asked: Asked) -> None:
    """Unlevered tax with losses carried forward: cumulative tax never falls, and is at least the rate on cumulative
    income (revenue less running cost less depreciation)."""
    finance = asked.finance
    if finance.tax_frac == 0:
        return
    period, v = data.indexes["period"], model.variables
    to_date = model.add_variables(lower=0, coords=[period], name="tax_to_date")
    income = model.add_variables(coords=[period], name="income_to_date")
    # Cumulative depreciation; margins accumulate through the stock variable.
    racks, shells = (
        form(v[name], period="bought") * (_before_bought(data) - book_table(data, life))
        for name, life in (("rack_capex", finance.rack_life_years), ("shell_capex", finance.shell_life_years))
    )
    earned = model.add_variables(coords=[period], name="margin_to_date")
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


def _add_releases(model: linopy.Model, data: xr.Dataset, asked: Asked) -> Form | None:
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
    lower = drawn.expand_dims(period=period).transpose("milestone", "period")
    possible = xr.DataArray(reachable(data, asked, powers).astype(float), coords=[names, period])
    released = model.add_variables(
        lower=lower,
        upper=np.maximum(possible, lower),
        coords=[names, period],
        name="released",
        integer=use.release == "step",
    )
    gross = model.add_variables(lower=0, coords=[period], name="gross")
    added = form(model.variables["placed"]) * gross_ratio(data, asked)
    lag, start = use.lag_count, gross_at_start_w(data, asked)
    add_rows(model, "gross_balance", [period], change(gross) - added, "=", opening.first(start / UNITS["w"], data))
    # Tight and ordered, not big-M: the power that released tranches stand for never exceeds what was built.
    earlier = np.concatenate([gross_before_w(data, asked, lag), np.zeros(len(period))])[: len(period)]
    stood = xr.DataArray(earlier / UNITS["w"], dims="period", coords={"period": period})
    add_rows(model, "milestones", [period], form(released) * sizes - before(gross, lag), "<=", stood)
    add_rows(model, "released_stays", [names, period], change(released), ">=", opening.first(drawn, data))
    if len(steps) > 1:
        earlier = released.isel(milestone=slice(None, -1)).assign_coords(milestone=names[1:])
        later = released.isel(milestone=slice(1, None))
        add_rows(model, "released_in_order", [names[1:], period], form(later) - form(earlier), "<=")
    return change(released) * amounts


def milestone_name(step: Milestone) -> str:
    """A milestone as a coordinate: "3 GW"."""
    return f"{step.power_w / 1e9:g} GW"


def reachable(data: xr.Dataset, asked: Asked, powers_w: Sequence[float] | Floats) -> NDArray[np.bool_]:
    """Whether a milestone can have been released by the end of a quarter, shape (milestones, quarters)."""
    use = asked.capital.tranches
    lag = use.lag_count if use is not None else 1
    gross = buildable_w(data, asked)
    most = np.concatenate([gross_before_w(data, asked, lag), gross])[: gross.size]
    return np.asarray(powers_w)[:, None] <= most[None, :] * (1 + 1e-9)


def buildable_w(data: xr.Dataset, asked: Asked) -> Floats:
    """Most gross facility power by the end of each quarter [W], (quarters,): all supply bought, all ramps filled.

    What was installed before the horizon counts, and takes its room on the ramps for as long as it stands. Ramps limit
    what is in service, so they bound gross power within one rack life only.
    """
    in_pool = (data.in_pool_count * data.rack_it_w).max("platform")
    supply = (data.supply_count * in_pool).sum("pool").cumsum("period").values * float(data.pue_peak_ratio.max())
    life = round(4 * asked.finance.rack_life_years)
    stands = (opening.standing_count(data, life) * data.rack_it_w * data.pue_peak_ratio).sum(["site", "platform"])
    room = np.maximum((data.ramp_w.sum("site") - stands).values, 0.0)
    ramp = np.where(np.arange(supply.size) < life, room, np.inf)
    return gross_at_start_w(data, asked) + np.minimum(supply, np.maximum.accumulate(ramp))
