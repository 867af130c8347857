"""The figures that are asked for first: value, return, capex per gigawatt, cost per GPU-hour and per token."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.plan.plan import Plan
from gigawatt.programme import gigawatt_year, money, opening
from gigawatt.programme.book import discounts
from gigawatt.programme.gigawatt_year import OWNED_AT_CAPITAL_COST
from gigawatt.programme.site_mix import counted_w, site_frac
from gigawatt.quarters import HOURS_PER_YEAR, SECONDS_PER_QUARTER, first_day, first_reached
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.units import DAY_S, GIGAWATT_W


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Valuation over the solved horizon, present values at its start [USD]; rates per year.

    npv_usd: unlevered, without terminal value, penalties and social value, which stand beside it. The price break-even
    is the factor on all prices at which this very plan is worth nothing; it ignores that another plan would be made.
    programme, equity: what free cash flow, and the flows of those who hold equity, yield with terminal value.
    """

    npv_usd: float
    terminal_value_usd: float
    penalties_usd: float
    social_value_usd: float
    equity_value_usd: float
    programme: dollars.Return
    equity: dollars.Return
    break_even_price_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The figures of a plan that are asked for first; what does not exist is None.

    Power, racks and tokens are those of the peak: the reported quarter with the highest facility power in service.
    """

    npv_usd: float
    """Present value of free cash flow, without terminal value, penalties and social value."""
    terminal_value_usd: float
    """Present value of what stands at the end of the solved horizon."""
    penalties_usd: float
    """What falling short of soft limits costs the objective."""
    social_value_usd: float
    """Present value of what tokens are worth to society beyond their price."""
    irr_frac: float | None
    """Return of the programme, unlevered, with terminal value."""
    irr_roots_frac: tuple[float, ...]
    """Every rate at which its flows are worth nothing, rising."""
    equity_irr_frac: float | None
    """Return of those who hold equity, with terminal value."""
    equity_irr_roots_frac: tuple[float, ...]
    """Every rate at which their flows are worth nothing, rising."""
    equity_value_usd: float
    """Present value of the flows of those who hold equity."""
    capex_usd: float
    """Capital spending of the reported window, real and undiscounted."""
    capex_usd_per_w_it: float | None
    """Capital spending up to the peak per IT power that it bought."""
    capex_usd_per_w_facility: float | None
    """Capital spending up to the peak per facility power that it bought."""
    installed_facility_w: float
    """Facility power in service at the peak."""
    installed_it_w: float
    """IT power in service at the peak."""
    packages_count: float
    """Accelerator packages in service at the peak."""
    dies_count: float
    """Their dies."""
    racks_count: float
    """Racks in service at the peak."""
    peak_period: str | None
    """The quarter of the peak."""
    first_gw_date: str | None
    """First day of the first quarter at whose end a gigawatt of facility power is in service."""
    target_date: str | None
    """First day of the first quarter at whose end the target is in service."""
    tokens_per_day: float
    """Output tokens of all classes on a mean day of the peak."""
    tranche_released_usd: float
    """Capital that milestones released in the reported window."""
    tranche_share_of_capex_frac: float | None
    """Released capital over capital spending up to the last release."""
    peak_debt_usd: float
    """The most debt of the reported window."""
    unserved_frac: float | None
    """Share of the tokens asked for that goes unserved."""
    break_even_price_ratio: float | None
    """The factor on all prices at which this very plan is worth nothing."""
    revenue_usd_per_gw_year: float | None
    """Revenue per gigawatt of facility power and year, over the reported window."""
    revenue_needed_usd_per_gw_year: float | None
    """Revenue per gigawatt and year that would pay for what was invested and runs."""


def values(scenario: Scenario, plan: Plan, books: xr.Dataset) -> Values:
    """Value the books of a plan."""
    asked = scenario.asked
    rate = asked.finance.discount_per_year
    count = books.sizes["period"]
    final = money.final_usd(plan.lines, plan.inputs, asked)
    end = float(dollars.discount_ratio(rate, count / 4))
    free = books.free_cash_flow.values
    npv = dollars.npv(free, rate)
    equity, equity_final = _equity(books, final)
    income = (1 - asked.finance.non_compute_frac) * dollars.npv(books.revenue.values, rate)
    return Values(
        npv_usd=npv,
        terminal_value_usd=final * end,
        penalties_usd=plan.penalties_usd,
        social_value_usd=social_value_usd(plan, asked),
        equity_value_usd=dollars.npv(equity, rate, equity_final),
        programme=dollars.irr(free, rate, final),
        equity=dollars.irr(equity, rate, equity_final),
        break_even_price_ratio=1 - (npv + final * end) / income if income > 0 else None,
    )


def _equity(books: xr.Dataset, final_usd: float) -> tuple[np.ndarray, float]:
    """Flows to all who hold equity (own cash, equity up front, tranches in; distributions out), and what is left once
    everybody who lent or paid ahead has what is owed."""
    paid_in = books.opening_cash + books.upfront_equity + books.tranches
    flow = -books.distribution - paid_in
    owed = sum(float(books[name][-1]) for name in ("debt", "vendor_owed", "customer_owed") if name in books)
    left = final_usd + float(books.cash[-1]) - owed
    return flow.values, left


def social_value_usd(plan: Plan, asked: Asked) -> float:
    """Present value of what tokens are worth to society beyond their price [USD]: dearest needs are met first."""
    data = plan.inputs
    served = money.mean_tokens_per_s(plan.data.served_tokens_per_s, data)
    width = data.demand_tokens_per_s * data.social_frac
    order = np.argsort(-data.social_value_ratio.values)
    met = money.filled(served, width.isel(social_segment=order), "social_segment")
    worth = money.social_usd_per_token(data).isel(social_segment=order)
    return float((met * worth * discounts(data, asked)).sum()) * SECONDS_PER_QUARTER


def headline(scenario: Scenario, plan: Plan, books: xr.Dataset, valued: Values) -> Headline:
    """The headline of a plan's books."""
    programme = scenario.asked.programme
    shown = slice(0, scenario.reported_count)
    data, inputs = plan.data.isel(period=shown), plan.inputs.isel(period=shown)
    facility = data.facility_w.sum("site")
    # The first quarter at the highest power: a solver's rounding must not choose among equal ones.
    peak = int(np.argmax(facility.values >= float(facility.max()) * (1 - 1e-6)))
    at = data.isel(period=peak)
    racks = at.stock_count.sum("site")
    packages = racks * inputs.packages_per_rack_count
    capex = -books.investing_cash.isel(period=shown)
    gross_it = float((data.install_count * inputs.rack_it_w).sum(["site", "platform"]).cumsum("period")[peak])
    spent = float(capex[: peak + 1].sum())
    tokens = money.mean_tokens_per_s(data.served_tokens_per_s, inputs)
    demanded = float((inputs.demand_tokens_per_s).sum())
    earned, needed = _per_gw_year_usd(scenario, plan, books)
    return Headline(
        npv_usd=valued.npv_usd,
        terminal_value_usd=valued.terminal_value_usd,
        penalties_usd=valued.penalties_usd,
        social_value_usd=valued.social_value_usd,
        irr_frac=valued.programme.rate_frac,
        irr_roots_frac=valued.programme.roots_frac,
        equity_irr_frac=valued.equity.rate_frac,
        equity_irr_roots_frac=valued.equity.roots_frac,
        equity_value_usd=valued.equity_value_usd,
        capex_usd=float(capex.sum()),
        capex_usd_per_w_it=_ratio(spent, gross_it),
        capex_usd_per_w_facility=_ratio(spent, float(data.gross_facility_w[peak])),
        installed_facility_w=float(facility[peak]),
        installed_it_w=float(at.it_w.sum()),
        packages_count=float(packages.sum()),
        dies_count=float((packages * inputs.dies_per_package_count).sum()),
        racks_count=float(racks.sum()),
        peak_period=str(data.period.values[peak]) if float(facility[peak]) > 0 else None,
        first_gw_date=first_gw_date(facility),
        target_date=_date_of(counted_w(data, programme.power_basis), programme.target_w),
        tokens_per_day=float(tokens.isel(period=peak).sum()) * DAY_S,
        tranche_released_usd=float(books.tranches.isel(period=shown).sum()),
        tranche_share_of_capex_frac=_tranche_share(books.isel(period=shown)),
        peak_debt_usd=float(books.debt.isel(period=shown).max()),
        unserved_frac=_ratio(demanded - float(tokens.sum()), demanded),
        break_even_price_ratio=valued.break_even_price_ratio,
        revenue_usd_per_gw_year=earned,
        revenue_needed_usd_per_gw_year=needed,
    )


def _ratio(over: float, under: float) -> float | None:
    return over / under if under > 0 else None


def first_gw_date(facility_w: xr.DataArray) -> str | None:
    """First day of the first quarter at whose end a gigawatt of facility power is installed."""
    return _date_of(facility_w, GIGAWATT_W)


def _date_of(power_w: xr.DataArray, level_w: float) -> str | None:
    reached = first_reached(power_w.values, level_w)
    return None if reached is None else first_day(str(power_w.period.values[reached]))


def _tranche_share(books: xr.Dataset) -> float | None:
    """Released tranches per capex up to the last release."""
    released = np.flatnonzero(books.tranches.values > 0)
    if not released.size:
        return None
    upto = slice(0, released[-1] + 1)
    return _ratio(float(books.tranches[upto].sum()), -float(books.investing_cash[upto].sum()))


def _per_gw_year_usd(scenario: Scenario, plan: Plan, books: xr.Dataset) -> tuple[float | None, float | None]:
    """Revenue per gigawatt of facility power and year: earned over the reported window, and what would be needed.

    Needed: the annuity of what was invested and the running cost, per gigawatt in service, over the share of revenue
    that is left for compute.
    """
    asked = scenario.asked
    shown = slice(0, scenario.reported_count)
    start_w = opening.start_facility_w(plan.inputs).sum()
    mean_gw = money.mean_stock(plan.data.facility_w.sum("site"), start_w).isel(period=shown) / GIGAWATT_W
    gw_years = float(mean_gw.sum()) / 4
    revenue = float(books.revenue.isel(period=shown).sum())
    instalments = annuity_due_usd(scenario, books.isel(period=shown), plan.inputs)
    running = -float((books.energy + books.opex + books.rent).isel(period=shown).sum())
    needed = (instalments + running) / (1 - asked.finance.non_compute_frac)
    return _ratio(revenue, gw_years), _ratio(needed, gw_years)


def annuity_due_usd(scenario: Scenario, books: xr.Dataset, inputs: xr.Dataset) -> float:
    """Sum over the quarters of `books` of the annuity instalments due on everything bought so far [USD], by the plan
    or before it.

    An asset's instalments run for its life from its quarter of purchase, half of one in that quarter.
    """
    finance = scenario.asked.finance
    total = 0.0
    for spent, life in (
        (-(books.racks + books.network).values, finance.rack_life_years),
        (-books.shells.values, finance.shell_life_years),
    ):
        due = dollars.recovery_frac(finance.discount_per_year, life) / 4
        quarters = spent.size - np.arange(spent.size) - 0.5
        total += float((spent * np.minimum(quarters, 4 * life)).sum()) * due
    for spent, ages, life in opening.spent(inputs, scenario.asked):
        due = dollars.recovery_frac(finance.discount_per_year, life) / 4
        total += float(spent @ np.clip(4 * (life - ages), 0.0, books.sizes["period"])) * due
    return total


def classes(scenario: Scenario, plan: Plan, table: xr.Dataset) -> xr.Dataset:
    """By use case over the reported window: tokens asked and served, revenue and cost [USD], USD per million tokens.

    Dims (use_case), runs and experiments among them. cost_usd is operating cost plus the annuity of its share of capex,
    without what was paid before the plan.
    """
    asked, count = scenario.asked, scenario.reported_count
    shown = slice(0, count)
    inputs = plan.inputs.isel(period=shown)
    served = money.mean_tokens_per_s(plan.data.served_tokens_per_s.isel(period=shown), inputs)
    mine = np.isin(table.period.values, plan.data.period.values[:count])
    finance = asked.finance
    age = np.array([count - n - 0.5 for n in _positions(table, plan)])
    due = {"racks": finance.rack_life_years, "network": finance.rack_life_years, "shells": finance.shell_life_years}
    weight = np.zeros(table.sizes["row"])
    for item in ("non_compute", "energy", "opex", "rent"):
        weight[table.item.values == item] = 1.0
    for item, life in due.items():
        rows = table.item.values == item
        instalment = dollars.recovery_frac(finance.discount_per_year, life) / 4
        weight[rows] = np.clip(age[rows], 0.0, 4 * life) * instalment
    names = [*asked.use_cases, *asked.training_runs, *asked.experiments]
    revenue = [_sum(table, mine & (table.item.values == "revenue"), name) for name in names]
    cost = [-_sum(table, mine, name, weight) for name in names]
    tokens = served.sum("period").reindex(use_case=names, fill_value=0.0) * SECONDS_PER_QUARTER
    demand = inputs.demand_tokens_per_s.sum("period").reindex(use_case=names, fill_value=0.0) * SECONDS_PER_QUARTER
    result = xr.Dataset(
        {
            "demand_tokens": demand,
            "served_tokens": tokens,
            "revenue_usd": ("use_case", revenue),
            "cost_usd": ("use_case", cost),
        }
    )
    some = result.served_tokens > 0
    result["cost_usd_per_mtok"] = (result.cost_usd / result.served_tokens.where(some) * 1e6).where(some)
    result["revenue_usd_per_mtok"] = (result.revenue_usd / result.served_tokens.where(some) * 1e6).where(some)
    return result


def _positions(table: xr.Dataset, plan: Plan) -> list[int]:
    order = {period: n for n, period in enumerate(plan.data.period.values)}
    return [order[period] for period in table.period.values]


def _sum(table: xr.Dataset, rows: np.ndarray, use_case: str, weight: np.ndarray | float = 1.0) -> float:
    chosen = rows & (table.use_case.values == use_case)
    return float((table.usd.values * weight)[chosen].sum())


def platforms(scenario: Scenario, plan: Plan) -> xr.Dataset:
    """By platform: racks bought and, at the price and the mix of sites of the quarter of its first purchase, capex with
    a shell of one's own and the cost of owning a GPU for an hour at the cost of capital.

    Dims (platform); platforms never bought have NaN figures.
    """
    asked, data = scenario.asked, plan.inputs
    bought = plan.data.install_count.sum("site")
    first = (bought > 0).argmax("period")
    price, share = data.rack_price_usd / data.rack_it_w, site_frac(data)
    capital = gigawatt_year.capital_usd_per_w(data, asked, "facility", price, share)
    owned = gigawatt_year.of_quarter_usd_per_w(data, asked, OWNED_AT_CAPITAL_COST, "it")
    yearly_usd_per_rack = owned.isel(period=first) * data.rack_it_w
    result = xr.Dataset(
        {
            "racks_count": bought.sum("period"),
            "capex_usd_per_w_facility": capital.isel(period=first),
            "tco_usd_per_package_h": yearly_usd_per_rack / HOURS_PER_YEAR / data.packages_per_rack_count,
        }
    )
    return result.where(bought.sum("period") > 0).drop_vars("period", errors="ignore")
