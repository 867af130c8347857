"""A result as pictures: each exhibit is a chart, its takeaway in words, and the same figures as a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt.report import charts, names, tables, views, words
from gigawatt.report.charts import Bar, Mark, Series
from gigawatt.report.charts.marks import Frame
from gigawatt.report.document import Table
from gigawatt.report.formats import Scale, cell, scale
from gigawatt.study.dates import quarter
from gigawatt.study.result import Result
from gigawatt.study.run.tranches import tranches
from gigawatt.units import show

HALF = 488.0
BLUE, AMBER, TEAL, GREY, RED = 0, 1, 2, 9, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A chart with what it says, what it shows (with unit and period), and its figures. half: two stand in a row."""

    takeaway: str
    shows: str
    svg: str
    table: Table | None = None
    half: bool = False


def periods(result: Result) -> list[str]:
    """The reported quarters."""
    return [str(period) for period in result.plan.data.period.values[views.reported(result)]]


def span(result: Result) -> str:
    """The reported window in words."""
    shown = periods(result)
    return f"{quarter(shown[0])} to {quarter(shown[-1])}"


def _shown(result: Result, data: xr.DataArray) -> xr.DataArray:
    return data.isel(period=views.reported(result))


def _values(data: xr.DataArray, unit: Scale) -> tuple[float, ...]:
    return tuple(float(value) / unit.size for value in data.values)


def _target(result: Result, unit: Scale) -> tuple[str, float] | None:
    programme = result.scenario.asked.programme
    if programme.power_basis != "facility":
        return None
    return f"target {show(programme.target_w, 'w')}", programme.target_w / unit.size


def platforms(result: Result) -> Exhibit:
    """Facility power in service by platform, quarter by quarter."""
    power = _shown(result, views.facility_by_platform_w(result.plan))
    unit = scale("w", power.sum("platform").values)
    series = [
        Series(
            name=names.platform(result.scenario, str(key)),
            values=_values(power.sel(platform=key), unit),
            colour=k,
        )
        for k, key in enumerate(power.platform.values)
    ]
    shows = f"Facility power in service by platform, end of each quarter, {unit.unit}"
    frame = Frame(slug="platforms", title=shows, description=words.build_out(result), height=360)
    chart = charts.columns(frame, periods(result), series, unit.unit, _target(result, unit))
    return Exhibit(takeaway=words.build_out(result), shows=shows, svg=chart, table=tables.power_by_platform(result))


def sites(result: Result) -> Exhibit:
    """Facility power in service by site, quarter by quarter."""
    power = _shown(result, result.plan.data.facility_w)
    unit = scale("w", power.sum("site").values)
    series = [
        Series(name=names.site(result.scenario, str(key)), values=_values(power.sel(site=key), unit), colour=k)
        for k, key in enumerate(power.site.values)
    ]
    shows = f"Facility power in service by site, end of each quarter, {unit.unit}"
    frame = Frame(slug="sites", title=shows, description=words.sites(result), height=340)
    chart = charts.columns(frame, periods(result), series, unit.unit)
    return Exhibit(takeaway=words.sites(result), shows=shows, svg=chart, table=tables.power_by_site(result))


def milestones(result: Result) -> Exhibit:
    """Gross installed power as a staircase, with a mark where a tranche is released."""
    gross = _shown(result, result.plan.data.gross_w)
    unit = scale("w", gross.values)
    at = {period: n for n, period in enumerate(periods(result))}
    marks = [
        Mark(
            at=at[row.released_period],
            value=row.milestone_w / unit.size,
            tip=f"{cell(row.milestone_w, 'w')}: {cell(row.amount_usd, 'usd')} in {quarter(row.released_period)}",
        )
        for row in tranches(result)
        if row.released_period in at
    ]
    line = Series(name="gross installed", values=_values(gross, unit), colour=BLUE)
    use = result.scenario.asked.capital.tranches
    basis = use.power_basis if use is not None else "facility"
    shows = f"Cumulative gross installed {basis} power, {unit.unit}; a dot is a tranche, where its money arrives"
    takeaway = words.milestones(result)
    frame = Frame(slug="milestones", title=shows, description=takeaway, height=320)
    chart = charts.lines(frame, periods(result), [line], unit.unit, marks=marks, steps=True)
    table = tables.milestones(result) if tranches(result) else None
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, table=table)


def capital(result: Result) -> Exhibit:
    """Cash, debt, tranches and free cash flow since the start."""
    books = result.accounts.statements.isel(period=views.reported(result))
    rows = {
        "free cash flow since start": views.cumulative_free_cash_flow(result),
        "tranches since start": books.tranches.cumsum("period"),
        "debt": books.debt,
        "cash": books.cash,
    }
    unit = scale("usd", [float(value) for line in rows.values() for value in line.values])
    series = [Series(name=name, values=_values(line, unit), colour=k) for k, (name, line) in enumerate(rows.items())]
    shows = f"Balances at the end of each quarter, {unit.unit}"
    frame = Frame(slug="capital", title=shows, description=words.capital(result), height=340)
    chart = charts.lines(frame, periods(result), series, unit.unit)
    lines = [views.year_end(line) for line in rows.values()]
    table = tables.by_year("Balances at the end of each year", [name.capitalize() for name in rows], lines, "usd")
    return Exhibit(takeaway=words.capital(result), shows=shows, svg=chart, table=table)


def served(result: Result) -> Exhibit:
    """Share of demand served, class by quarter."""
    shares = _shown(result, views.served_frac(result.plan)).transpose("use_case", "period")
    rows = [names.use_case(result.scenario, str(key)) for key in shares.use_case.values]
    shows = "Share of the tokens asked for that is served, by class and quarter; darker is more"
    frame = Frame(slug="served", title=shows, description=words.served(result))
    chart = charts.heat(frame, rows, periods(result), shares.values.tolist(), TEAL, "served")
    return Exhibit(takeaway=words.served(result), shows=shows, svg=chart, table=tables.served(result))


def tokens(result: Result) -> Exhibit:
    """Tokens a day asked for and served, a small chart for each class."""
    asked = _shown(result, views.demand_tokens_per_day(result.plan))
    done = _shown(result, views.served_tokens_per_day(result.plan))
    whole, part, titles = [], [], []
    for k, key in enumerate(asked.use_case.values):
        unit = scale("tokens_per_day", asked.sel(use_case=key).values)
        titles.append(names.use_case(result.scenario, str(key)))
        whole.append(Series(name=unit.unit, values=_values(asked.sel(use_case=key), unit), colour=GREY))
        part.append(Series(name=unit.unit, values=_values(done.sel(use_case=key), unit), colour=k))
    shows = "Output tokens of a mean day: filled is served, the line is asked for"
    takeaway = words.tokens(result)
    frame = Frame(slug="tokens", title=shows, description=takeaway)
    chart = charts.multiples(frame, periods(result), titles, whole, part)
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, table=tables.tokens_per_day(result))


def money(result: Result) -> Exhibit:
    """Revenue over running cost and capital spending, by year."""
    found = views.money(result)
    labels = {"revenue": "revenue", "running": "running cost", "capex": "capital spending", "tax": "tax"}
    unit = scale("usd", [float(v) for name in labels for v in found[name].values])
    colours = (TEAL, AMBER, BLUE, GREY)
    series = [
        Series(name=label, values=_values(found[name], unit), colour=colour)
        for (name, label), colour in zip(labels.items(), colours, strict=True)
    ]
    shows = f"By calendar year, {unit.unit}, real USD of {result.scenario.asked.dollar_year}"
    frame = Frame(slug="money", title=shows, description=words.money(result), width=HALF, height=320)
    years = [str(year) for year in found.year.values]
    chart = charts.columns(frame, years, series, unit.unit)
    return Exhibit(takeaway=words.money(result), shows=shows, svg=chart, table=tables.money(result), half=True)


def per_gw_year(result: Result) -> Exhibit:
    """Revenue per gigawatt, or megawatt, and year: earned by year, needed over the window, and what history knows."""
    power = names.power(result.scenario)
    earned = views.revenue_usd_per_gw_year(result) * power.gw
    unit = Scale(size=1e9 * power.gw, unit=f"{power.money} per {power.symbol}-year", digits=1)
    needed = result.accounts.headline.revenue_needed_usd_per_gw_year
    levels = []
    if isinstance(needed, float):
        needed = needed * power.gw
        levels = [(f"needed {unit.text(needed)}", needed / unit.size)]
    line = Series(name="earned", values=_values(earned, unit), colour=TEAL)
    shows = f"Revenue per {power.name} of facility power in service and year, {power.money}"
    takeaway = words.per_gw_year(result)
    frame = Frame(slug="per-gw-year", title=shows, description=takeaway, width=HALF, height=320)
    years = [str(year) for year in earned.year.values]
    chart = charts.lines(frame, years, [line], unit.unit, bands=_history(result, unit), levels=levels)
    table = tables.by_year(f"Revenue per {power.symbol}-year", ["Earned"], [earned], "usd")
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, table=table, half=True)


def _history(result: Result, unit: Scale) -> list[tuple[str, float, float]]:
    """What a fleet of gigawatts has earned, for a programme of gigawatts."""
    if not names.of_gigawatts(result.scenario):
        return []
    low, high = (value / unit.size for value in views.historic_usd_per_gw_year())
    return [(f"2023–2025: {low:g}–{high:g}", low, high)]


def binds(result: Result) -> Exhibit | None:
    """Which limit binds in which quarter; None where none does."""
    strength = views.binding_strength(result)
    if not strength.sizes["limit"]:
        return None
    order = sorted(range(strength.sizes["limit"]), key=lambda n: _rank(str(strength.limit.values[n])))
    strength = strength.isel(limit=order)
    rows = [names.limit(result.scenario, str(limit)) for limit in strength.limit.values]
    shows = (
        "Quarters in which a limit binds; darker where one unit more would be worth more, each limit on its own scale"
    )
    takeaway = words.binds_first(result)
    frame = Frame(slug="binds", title=shows, description=takeaway)
    chart = charts.heat(frame, rows, periods(result), strength.values.tolist(), RED, "of this limit's greatest worth")
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, table=tables.binds(result))


def _rank(limit: str) -> tuple[int, str]:
    kind, _ = names.kind_and_thing(limit)
    order = words.KIND_ORDER
    return (order.index(kind) if kind in order else len(order)), limit


def worth(result: Result) -> Exhibit | None:
    """What one more of each limit is worth; None where nothing is."""
    table = tables.worth(result)
    if not table.rows:
        return None
    bars = [
        Bar(
            label=names.limit(result.scenario, item.limit),
            value=item.value_usd,
            text=cell(item.value_usd, "usd"),
            colour=BLUE,
            dot=item.first_unit_usd,
            dot_text=cell(item.first_unit_usd, "usd"),
        )
        for item in result.plan.worth
        if item.value_usd > 0
    ]
    shows = "Present value of one step more, USD; the dot is what it would be if all of it were worth its first unit"
    frame = Frame(slug="worth", title=shows, description=words.worth(result))
    chart = charts.bars(frame, bars)
    return Exhibit(takeaway=words.worth(result), shows=shows, svg=chart, table=table)


def gpu_hours(result: Result) -> Exhibit:
    """Total cost of owning a package for an hour, by platform."""
    found = result.accounts.platforms.tco_usd_per_package_h
    bars = [
        Bar(label=names.platform(result.scenario, str(key)), value=value, text=cell(value, "usd_per_h"), colour=k)
        for k, (key, value) in enumerate(zip(found.platform.values, found.values.tolist(), strict=True))
        if np.isfinite(value)
    ]
    shows = "Total cost of ownership per GPU (package) and hour, at the price of its first purchase, USD"
    takeaway = words.gpu_hours(result)
    frame = Frame(slug="gpu-hours", title=shows, description=takeaway, width=HALF)
    chart = charts.bars(frame, bars)
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, table=tables.platforms(result), half=True)


def token_costs(result: Result) -> Exhibit:
    """Cost of a million output tokens by class, with what it earns as a dot."""
    found = result.accounts.classes.sel(use_case=list(result.scenario.asked.use_cases))
    bars = [
        Bar(
            label=names.use_case(result.scenario, str(key)),
            value=cost,
            text=cell(cost, "usd_per_mtok"),
            colour=k,
            dot=earned,
            dot_text=cell(earned, "usd_per_mtok"),
        )
        for k, (key, cost, earned) in enumerate(
            zip(
                found.use_case.values,
                found.cost_usd_per_mtok.values.tolist(),
                found.revenue_usd_per_mtok.values.tolist(),
                strict=True,
            )
        )
        if np.isfinite(cost)
    ]
    shows = f"Cost of a million output tokens, all in, USD; the dot is what they earn; {span(result)}"
    takeaway = words.costs(result)
    frame = Frame(slug="token-costs", title=shows, description=takeaway, width=HALF)
    chart = charts.bars(frame, bars)
    return Exhibit(takeaway=takeaway, shows=shows, svg=chart, table=tables.classes(result), half=True)
