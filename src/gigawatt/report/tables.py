"""What a report lists, as plain tables: the terminal, the page and the workbook show the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from gigawatt.plan import flows
from gigawatt.report import names, views, words
from gigawatt.report.document import Column, Table, Value, united
from gigawatt.report.formats import Scale, cell, scale
from gigawatt.study.dates import by_end, quarter, spoken, when
from gigawatt.study.result import Result
from gigawatt.study.run.tranches import tranches


def by_year(title: str, labels: Sequence[str], lines: Sequence[xr.DataArray], suffix: str, strong: int = 0) -> Table:
    """One row a line, one column a year, one unit for all. strong: how many of the last rows stand out.

    lines: dims (year).
    """
    unit = scale(suffix, [float(v) for line in lines for v in line.values])
    years = [str(year) for year in lines[0].year.values]
    columns = (Column(title=unit.unit), *(Column(title=year, suffix=suffix, scale=unit) for year in years))
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (label, *map(float, line.values)) for label, line in zip(labels, lines, strict=True)
    )
    return Table(title=title, columns=columns, rows=rows, strong=tuple(range(len(rows) - strong, len(rows))))


def power_by_platform(result: Result) -> Table:
    """Facility power in service at the end of each year, by platform."""
    power = views.facility_by_platform_w(result.plan).isel(period=views.reported(result))
    return _power(result, power, "platform", "Facility power in service at the end of each year, by platform")


def power_by_site(result: Result) -> Table:
    """Facility power in service at the end of each year, by site."""
    power = result.plan.data.facility_w.isel(period=views.reported(result))
    return _power(result, power, "site", "Facility power in service at the end of each year, by site")


def _power(result: Result, power: xr.DataArray, dim: str, title: str) -> Table:
    yearly = views.year_end(power)
    name = names.platform if dim == "platform" else names.site
    keys = [str(key) for key in power[dim].values if float(power.sel({dim: key}).max()) > 0]
    lines = [yearly.sel({dim: key}) for key in keys]
    labels = [*(name(result.scenario, key) for key in keys), "Total"]
    return by_year(title, labels, [*lines, yearly.sum(dim)], "w", strong=1)


def milestones(result: Result) -> Table:
    """Each tranche: its power, when that stood, when the money came, how much."""
    rows = [
        (row.milestone_w, when(row.energised_period), when(row.released_period), row.amount_usd)
        for row in tranches(result)
    ]
    columns = (
        Column(title="Milestone (gross installed)", suffix="w"),
        Column(title="Energised"),
        Column(title="Released"),
        Column(title="Amount", suffix="usd"),
    )
    total = ("Total", "", "", sum(float(row[3]) for row in rows))
    return Table(title="Tranches: power first, then money", columns=columns, rows=(*rows, total), strong=(len(rows),))


def money(result: Result) -> Table:
    """Revenue, running cost, capital spending and free cash flow by year."""
    found = views.money(result)
    lines = {"revenue": "Revenue", "running": "Running cost", "capex": "Capital spending", "tax": "Tax"}
    shown = [name for name in lines if name != "tax" or bool((found.tax != 0).any())]
    data = [found[name] for name in shown]
    labels = [lines[name] for name in shown]
    return by_year(
        f"Money by calendar year, real USD of {result.scenario.asked.dollar_year}",
        [*labels, "Free cash flow"],
        [*data, found.free_cash_flow],
        "usd",
        strong=1,
    )


INCOME = {
    "revenue": "Revenue",
    "non_compute": "Cost that is not compute",
    "energy": "Energy",
    "opex": "Operation",
    "rent": "Rent of leased shells",
    "ebitda": "EBITDA",
    "depreciation": "Depreciation",
    "ebit": "EBIT",
    "interest": "Interest",
    "tax": "Tax",
    "net_income": "Net income",
}
CASH_FLOW = {
    "operating_cash": "Operating cash flow",
    "racks": "Racks",
    "network": "Network and storage",
    "shells": "Shells",
    "investing_cash": "Capital spending",
    "free_cash_flow": "Free cash flow",
    "opening_cash": "Opening cash",
    "upfront_equity": "Equity up front",
    "tranches": "Tranches",
    "debt_drawn": "Debt drawn (repaid)",
    "interest": "Interest",
    "distribution": "Distributions",
    "financing_cash": "Financing cash flow",
    "cash": "Cash at the end",
    "debt": "Debt at the end",
    "book": "Net book value at the end",
}
_SUBTOTALS = ("ebitda", "ebit", "net_income", "investing_cash", "free_cash_flow", "financing_cash")


def statement(result: Result, title: str, lines: dict[str, str]) -> Table:
    """Some lines of the books by calendar year; lines that are nought throughout are left out."""
    books = views.statements_by_year(result)
    shown = [name for name in lines if name == "revenue" or bool((books[name] != 0).any())]
    table = by_year(title, [lines[name] for name in shown], [books[name] for name in shown], "usd")
    return replace(table, strong=tuple(n for n, name in enumerate(shown) if name in _SUBTOTALS))


def classes(result: Result) -> Table:
    """Who is served, over the reported window."""
    found = result.accounts.classes.sel(use_case=list(result.scenario.asked.use_cases))
    shares = views.served_frac(result.plan).isel(period=views.reported(result))
    rows = tuple(
        (
            names.use_case(result.scenario, str(key)),
            _number(shares.sel(use_case=key).isel(period=slice(-4, None)).mean()),
            _number(found.served_tokens.sel(use_case=key)),
            _number(found.revenue_usd.sel(use_case=key)),
            _number(found.revenue_usd_per_mtok.sel(use_case=key)),
            _number(found.cost_usd_per_mtok.sel(use_case=key)),
        )
        for key in found.use_case.values
    )
    last = str(shares.period.values[-1])[:4]
    columns = (
        Column(title="Class"),
        Column(title=f"Served {last}", suffix="frac"),
        Column(title="Tokens", suffix="tokens"),
        Column(title="Revenue", suffix="usd"),
        Column(title="Earned", suffix="usd_per_mtok"),
        Column(title="Cost", suffix="usd_per_mtok"),
    )
    horizon = result.scenario.asked.horizon
    span = f"{quarter(horizon.start_date)} to {quarter(horizon.report_end_date)}"
    return Table(title=f"Who is served, {span}", columns=united(columns, rows), rows=rows)


def served(result: Result) -> Table:
    """Share of demand served, by class and year (mean of its quarters)."""
    shares = views.yearly_mean(views.served_frac(result.plan).isel(period=views.reported(result)))
    keys = [str(key) for key in shares.use_case.values]
    labels = [names.use_case(result.scenario, key) for key in keys]
    title = "Share of demand served, mean of the quarters of each year"
    return by_year(title, labels, [shares.sel(use_case=key) for key in keys], "frac")


def tokens_per_day(result: Result) -> Table:
    """Tokens served on a mean day, by class, last quarter of each year."""
    done = views.year_end(views.served_tokens_per_day(result.plan).isel(period=views.reported(result)))
    keys = [str(key) for key in done.use_case.values]
    labels = [*(names.use_case(result.scenario, key) for key in keys), "Total"]
    lines = [*(done.sel(use_case=key) for key in keys), done.sum("use_case")]
    return by_year("Output tokens of a mean day, last quarter of each year", labels, lines, "tokens_per_day", strong=1)


def _number(value: xr.DataArray) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


def research(result: Result) -> Table | None:
    """Training runs and experiments: how much of what is wished for is done; None where nothing is."""
    data, inputs = result.plan.data, result.plan.inputs
    runs, wishes = flows.runs_done_frac(data, inputs), flows.experiments_done_frac(data, inputs)
    asked = result.scenario.asked
    rows: list[tuple[Value, ...]] = [
        (asked.training_runs[str(key)].title, by_end(asked.training_runs[str(key)].end_date), float(share))
        for key, share in zip(runs.run.values, runs.values, strict=True)
    ]
    shown = wishes.isel(period=views.reported(result))
    for key in shown.experiment.values if shown.sizes["experiment"] else []:
        mean = float(shown.sel(experiment=key).mean())
        rows.append((asked.experiments[str(key)].title, "mean of the reported quarters", mean))
    if not rows:
        return None
    columns = (Column(title="Research"), Column(title="When"), Column(title="Done", suffix="frac"))
    return Table(title="Training runs and experiments", columns=columns, rows=tuple(rows))


def platforms(result: Result) -> Table:
    """What each platform that is bought costs."""
    found, unit = result.accounts.platforms, per_power(result)
    rows = tuple(
        (
            names.platform(result.scenario, str(key)),
            _number(found.racks_count.sel(platform=key)),
            _number(found.capex_usd_per_w_facility.sel(platform=key)),
            _number(found.tco_usd_per_package_h.sel(platform=key)),
        )
        for key in found.platform.values
        if np.isfinite(float(found.racks_count.sel(platform=key)))
    )
    columns = (
        Column(title="Platform"),
        Column(title="Racks bought", suffix="count"),
        Column(title=f"Capital per facility power, {unit.unit}", suffix="usd_per_w", scale=unit),
        Column(title="Total cost per GPU-hour", suffix="usd_per_h"),
    )
    title = f"Platforms, at the prices of their first purchase; total cost: {words.TOTAL_COST}"
    return Table(title=title, columns=united(columns, rows), rows=rows)


def per_power(result: Result) -> Scale:
    """The unit of money per power in which a programme is told: billion USD/GW, or million USD/MW."""
    power = names.power(result.scenario)
    return Scale(size=1.0, unit=f"{power.money}/{power.symbol}", digits=1)


def binds(result: Result) -> Table:
    """What binds, by year, in words."""
    rows = tuple(words.binds_by_year(result).items())
    return Table(title="What binds", columns=(Column(title="Year"), Column(title="What stands in the way")), rows=rows)


def worth(result: Result, most: int = 100) -> Table:
    """What one more of each limit is worth, dearest first; what is worth nothing is left out."""
    rows = tuple(
        (names.limit(result.scenario, item.limit), item.step, item.value_usd, item.first_unit_usd)
        for item in result.plan.worth[:most]
        if item.value_usd > 0
    )
    columns = (
        Column(title="One more"),
        Column(title="Step"),
        Column(title="Is worth today", suffix="usd"),
        Column(title="At its first unit's worth", suffix="usd"),
    )
    return Table(title="What one more is worth", columns=columns, rows=rows)


def lived(result: Result, *, with_cause: bool = True) -> Table:
    """Plan against simulation over the reported window, each difference with its cause; FLOP and tokens in words."""
    rows = [
        (
            _item(result, row.item),
            _quantity(row.plan, row.unit),
            _quantity(row.simulated, row.unit),
            *((spoken(row.cause),) if with_cause else ()),
        )
        for row in result.timeline.summary.plan_vs_sim
    ]
    columns = [Column(title="Figure"), Column(title="Plan", suffix="count"), Column(title="Simulated", suffix="count")]
    columns += [Column(title="Why they differ")] if with_cause else []
    return Table(title="Plan against simulation", columns=tuple(columns), rows=tuple(rows))


def causes(result: Result) -> list[tuple[str, str]]:
    """Why simulation and plan differ, one for each figure that does."""
    rows = result.timeline.summary.plan_vs_sim
    told = [row for row in rows if row.simulated and "as planned" not in row.cause]
    return [(_item(result, row.item), spoken(row.cause)) for row in told]


# Units of plan against simulation that are no suffix, and the suffix under which they are shown.
_PLAIN_UNITS = {"racks": "count", "share": "frac"}


def _quantity(value: float | None, unit: str) -> str:
    """A figure of the simulation with its unit; a ratio such as PUE to three digits after the point."""
    if unit == "1":
        return "–" if value is None else f"{value:.3f}"
    return cell(value, _PLAIN_UNITS.get(unit, unit.lower()))


def energy(result: Result) -> Table:
    """Energy, water and carbon by calendar year, as simulated; each row in its own unit."""
    found = views.lived(result)
    parts = (("Energy", "energy_wh", "wh"), ("Water", "water_l", "l"), ("Carbon dioxide", "carbon_kg", "kg"))
    rows = []
    for label, name, suffix in parts:
        values = [float(value) for value in views.yearly(found[name]).values]
        unit = scale(suffix, values)
        rows.append((f"{label}, {unit.unit}", *(unit.text(value) for value in values)))
    years = views.years(found.period.values)
    columns = (Column(title="As simulated"), *(Column(title=year, suffix="count") for year in years))
    return Table(title="Energy, water and carbon by calendar year", columns=columns, rows=tuple(rows))


# What plan and simulation count where they count different things.
_ITEMS = {
    "peak facility power": "facility power: what the shells can draw, and what the highest hour draws",
    "facility power in the warmest hours": "facility power: what the shells can draw, and what the warmest hours draw",
}


def _item(result: Result, text: str) -> str:
    """ "tokens served: Consumer chat" for "tokens served: chat"."""
    if text in _ITEMS:
        return _ITEMS[text]
    kind, found, key = text.partition(": ")
    return f"{kind}: {names.use_case(result.scenario, key)}" if found else text


def headline(result: Result) -> Table:
    """The figures that are asked for first."""
    rows = tuple(
        (label, headline_cell(result, name, suffix), note) for name, label, suffix, note in headline_of(result)
    )
    columns = (Column(title="Figure"), Column(title="Value"), Column(title="What it is"))
    return Table(title="Headline", columns=columns, rows=rows)


def headline_of(result: Result) -> list[tuple[str, str, str, str]]:
    """The rows of `HEADLINE` for a result: a programme of less than a gigawatt has no first one, nor years of one."""
    power = names.power(result.scenario)
    if names.of_gigawatts(result.scenario):
        return list(HEADLINE)
    return [
        (name, label.replace("GW-year", f"{power.symbol}-year"), suffix, note)
        for name, label, suffix, note in HEADLINE
        if name != "first_gw_date"
    ]


def headline_cell(result: Result, name: str, suffix: str) -> str:
    """A figure of the headline as it is shown; what stands at the end of a quarter is there by its end."""
    value = headline_value(result, name)
    if isinstance(value, str):
        return quarter(value) if name == "peak_period" else by_end(value)
    if isinstance(value, float) and suffix == "usd_per_w":
        return f"{per_power(result).text(value)} {per_power(result).unit}"
    return cell(value, suffix)


def headline_value(result: Result, name: str) -> float | str | None:
    """A figure of the headline, by the power in which its programme is told."""
    value: float | str | None = getattr(result.accounts.headline, name)
    if isinstance(value, float) and name.endswith("_per_gw_year"):
        return value * names.power(result.scenario).gw
    return value


_SPAN = "reported window"
# name in the headline, label, suffix, what it is
HEADLINE = (
    (
        "installed_facility_w",
        "Facility power in service",
        "w",
        "end of the peak quarter; every rack at its full IT power, its site at its highest PUE",
    ),
    ("installed_it_w", "IT power in service", "w", "end of the peak quarter; every rack at its full power"),
    ("peak_period", "Peak quarter", "", "the first with the most facility power in service"),
    ("first_gw_date", "First gigawatt", "", "1 GW of facility power in service"),
    ("target_date", "Target reached", "", "that much in service"),
    ("racks_count", "Racks", "count", "in service in the peak quarter"),
    ("packages_count", "Packages", "count", "in service in the peak quarter"),
    ("dies_count", "Dies", "count", "in service in the peak quarter"),
    ("tokens_per_day", "Output tokens a day", "tokens_per_day", "mean day of the peak quarter, all classes"),
    ("unserved_frac", "Tokens not served", "frac", f"of those asked for, {_SPAN}"),
    ("capex_usd", "Capital spending", "usd", f"{_SPAN}, not discounted"),
    ("capex_usd_per_w_facility", "Capital per facility power", "usd_per_w", "up to the peak, per gross installed"),
    ("capex_usd_per_w_it", "Capital per IT power", "usd_per_w", "up to the peak, per gross installed"),
    ("tranche_released_usd", "Tranches released", "usd", _SPAN),
    ("tranche_share_of_capex_frac", "Share of tranches", "frac", "of capital spending up to the last release"),
    ("peak_debt_usd", "Peak debt", "usd", _SPAN),
    (
        "npv_usd",
        "Net present value",
        "usd",
        "unlevered, solved horizon, without terminal value, penalties, social value",
    ),
    ("terminal_value_usd", "Terminal value", "usd", "today, of what stands at the end of the solved horizon"),
    ("penalties_usd", "Penalties", "usd", "today, for floors and runs that are missed; in the objective only"),
    ("social_value_usd", "Social value", "usd", "today, of tokens beyond their price; beside the NPV, never in it"),
    ("irr_frac", "Return of the programme", "frac", "a year, unlevered, with terminal value"),
    ("equity_value_usd", "Value of equity", "usd", "today, after debt"),
    ("equity_irr_frac", "Return of equity", "frac", "a year, after debt"),
    ("revenue_usd_per_gw_year", "Revenue per GW-year", "usd", f"earned, {_SPAN}"),
    ("revenue_needed_usd_per_gw_year", "Revenue needed per GW-year", "usd", "to cover capital and running cost"),
    ("break_even_price_ratio", "Break-even price", "ratio", "factor on all prices at which this plan is worth nothing"),
)
