"""A plan and its books as pictures: each exhibit is a chart, what it says in a sentence, and its figures as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from gigawatt.ndarrays import Floats
from gigawatt.report import charts, names, tables, views, words
from gigawatt.report.charts import About, Bar, Chart, Mark, Series
from gigawatt.report.document import Depth, Exhibit, Table, in_units, table
from gigawatt.report.formats import Scale, cell, scale
from gigawatt.report.views import View
from gigawatt.study.dates import quarter
from gigawatt.units import show

BLUE, AMBER, TEAL, GREY, RED = 0, 1, 2, 9, 5
GRADE_COLOURS = {"measured": 2, "vendor": 0, "press": 6, "derived": 3, "assumed": 1}


def exhibit(
    table: Table,
    says: str,
    shows: str,
    draw: Callable[[About], Chart] | None = None,
    *,
    height: float = 320.0,
    half: bool = False,
    depth: Depth = Depth.FULL,
) -> Exhibit:
    """A table under what it says, with the chart that `draw` makes of it."""
    about = About(name=table.name, title=shows, description=says, height=height, half=half)
    chart = None if draw is None else draw(about)
    return Exhibit(name=table.name, says=says, shows=shows, table=table, chart=chart, half=half, depth=depth)


def series(labels: Sequence[str], figures: Floats, unit: Scale, colours: Sequence[int] | None = None) -> list[Series]:
    """Rows of figures as series, the n-th in the n-th colour where none are given."""
    return [
        Series(name=label, values=tuple((values / unit.size).tolist()), colour=colour)
        for label, values, colour in zip(labels, np.asarray(figures, dtype=float), colours or range(99), strict=False)
    ]


def _power(v: View, what: str, says: str, depth: Depth) -> Exhibit:
    """Facility power in service, quarter by quarter, by platform or site."""
    name = f"power-by-{what}"
    labels, power = tables.stocks(v)[name][1:3]
    unit = scale("w", power[: v.reported].sum(axis=1).tolist())
    programme = v.asked.programme
    level = None
    if programme.power_basis == "facility" and depth == Depth.BRIEF:
        level = (f"target {show(programme.target_w, 'w')}", programme.target_w / unit.size)
    shows = f"Facility power in service by {what}, end of each quarter, {unit.unit}"
    shown = series(labels, power[: v.reported].T, unit)
    draw = partial(charts.columns, periods=v.shown, series=shown, unit=unit.unit, level=level)
    return exhibit(tables.yearly(v, name, depth), says, shows, draw, height=350, depth=depth)


def platforms(v: View) -> Exhibit:
    """Facility power in service by platform."""
    return _power(v, "platform", words.build_out(v), Depth.BRIEF)


def sites(v: View) -> Exhibit | None:
    """Facility power in service by site; None for a single one, whose power is that of its platforms."""
    return None if len(v.sites) == 1 else _power(v, "site", words.sites(v), Depth.FULL)


def standing(v: View) -> Exhibit:
    """Facility power in service by site, or by platform where there is one site, on a page about something else."""
    return sites(v) or _power(v, "platform", words.build_out(v), Depth.FULL)


def milestones(v: View) -> Exhibit | None:
    """Gross installed power as a staircase, with a mark where a tranche is released; None without tranches."""
    if not v.tranches:
        return None
    gross = v.result.plan.data.gross_w.values[: v.reported]
    unit, at = scale("w", gross.tolist()), {period: n for n, period in enumerate(v.shown)}
    marks = [
        Mark(
            at=at[row.released_period],
            value=row.milestone_w / unit.size,
            tip=f"{cell(row.milestone_w, 'w')}: {cell(row.amount_usd, 'usd')} in {quarter(row.released_period)}",
        )
        for row in v.tranches
        if row.released_period in at
    ]
    line = series(["gross installed"], gross[None], unit, [BLUE])
    basis = v.asked.capital.tranches.power_basis if v.asked.capital.tranches is not None else "facility"
    shows = f"Cumulative gross installed {basis} power, {unit.unit}; a dot is a tranche, where its money arrives"
    draw = partial(charts.lines, periods=v.shown, series=line, unit=unit.unit, marks=marks, steps=True)
    return exhibit(tables.milestones(v), words.milestones(v), shows, draw, depth=Depth.BRIEF)


def capital(v: View) -> Exhibit:
    """Debt, cash, tranches and free cash flow since the start."""
    books = {name: v.books[name][: v.reported] for name in ("debt", "cash", "tranches", "free_cash_flow")}
    rows = {
        "debt": books["debt"],
        "cash": books["cash"],
        "tranches since start": books["tranches"].cumsum(),
        "free cash flow since start": books["free_cash_flow"].cumsum(),
    }
    colours = dict(zip(rows, (2, 3, 1, 0), strict=True))
    if v.asked.capital.tranches is None:
        del rows["tranches since start"]
    figures = np.array(list(rows.values()))
    unit = scale("usd", figures.ravel().tolist())
    shows = f"Balances at the end of each quarter, {unit.unit}"
    lines_of = series(list(rows), figures, unit, tuple(colours[name] for name in rows))
    draw = partial(charts.lines, periods=v.shown, series=lines_of, unit=unit.unit)
    lines = [(name.capitalize(), v.year_end(values)) for name, values in rows.items()]
    table = tables.by_year(v, "capital", "Balances at the end of each year", lines, "usd", brief_rows=2)
    return exhibit(table, words.capital(v), shows, draw, height=340, depth=Depth.BRIEF)


def served(v: View) -> Exhibit:
    """Share of demand served, class by quarter."""
    shows = "Share of the tokens asked for that is served, by class and quarter; darker is more"
    values = v.served_frac.T.tolist()
    draw = partial(charts.heat, rows=v.classes, periods=v.shown, values=values, colour=TEAL, what="served")
    return exhibit(tables.served(v), words.served_in_full(v), shows, draw)


def tokens(v: View) -> Exhibit:
    """Tokens a day asked for and served, a small chart for each class."""
    asked, done = (found[: v.reported].T for found in (v.demand_tokens_per_day, v.served_tokens_per_day))
    units = [scale("tokens_per_day", values.tolist()) for values in asked]
    whole, part = (
        [
            series([unit.unit], values[None], unit, [colour])[0]
            for unit, values, colour in zip(units, found, colours, strict=False)
        ]
        for found, colours in ((asked, [GREY] * len(units)), (done, range(99)))
    )
    shows = "Output tokens of a mean day: filled is served, the line is asked for"
    draw = partial(charts.multiples, periods=v.shown, titles=v.classes, whole=whole, part=part)
    return exhibit(tables.yearly(v, "tokens"), words.tokens(v), shows, draw)


def money(v: View) -> Exhibit:
    """Revenue over running cost and capital spending, by year."""
    rows = {
        "revenue": v.books["revenue"],
        "running cost": views.running_usd(v),
        "capital spending": v.books["investing_cash"],
        "tax": v.books["tax"],
    }
    figures = np.array([v.yearly(values) for values in rows.values()])
    unit = scale("usd", figures.ravel().tolist())
    shows = f"By calendar year, {unit.unit}, real USD of {v.asked.dollar_year}"
    shown = series(list(rows), figures, unit, (TEAL, AMBER, BLUE, GREY))
    draw = partial(charts.columns, periods=v.years, series=shown, unit=unit.unit)
    return exhibit(tables.money(v), words.money(v), shows, draw, half=True, depth=Depth.BRIEF)


def per_gw_year(v: View) -> Exhibit:
    """Revenue per gigawatt, or megawatt, and year: earned by year, needed over the window, and what history knows."""
    power = v.power
    earned = views.revenue_usd_per_gw_year(v) * power.gw
    unit = Scale(size=1e9 * power.gw, unit=f"{power.money} per {power.symbol}-year", digits=1)
    needed = v.headline.revenue_needed_usd_per_gw_year
    levels = []
    if needed is not None:
        levels = [(f"needed {unit.text(needed * power.gw)}", needed * power.gw / unit.size)]
    bands = []
    if names.of_gigawatts(v.scenario):  # what a fleet of gigawatts has earned is told to a programme of gigawatts
        low, high = (value / unit.size for value in views.historic_usd_per_gw_year())
        bands = [(f"2023–2025: {low:g}–{high:g}", low, high)]
    line = series(["earned"], earned[None], unit, [TEAL])
    shows = f"Revenue per {power.name} of facility power in service and year, {power.money}"
    draw = partial(charts.lines, periods=v.years, series=line, unit=unit.unit, bands=bands, levels=levels)
    title = f"Revenue per {power.symbol}-year"
    table = tables.by_year(v, "revenue-per-power", title, [("Earned", earned)], "usd")
    return exhibit(table, words.per_gw_year(v), shows, draw, half=True, depth=Depth.BRIEF)


def binds(v: View) -> Exhibit | None:
    """Which limit binds in which quarter; None where none does."""
    limits, strength = views.binding_strength(v)
    if not limits:
        return None
    order = sorted(range(len(limits)), key=lambda n: _rank(limits[n]))
    limits, strength = tuple(limits[n] for n in order), strength[order]
    rows = [names.limit(v.scenario, limit) for limit in limits]
    shows = (
        "Quarters in which a limit binds; darker where one unit more would be worth more, each limit on its own scale"
    )
    what = "of this limit's greatest worth"
    draw = partial(charts.heat, rows=rows, periods=v.shown, values=strength.tolist(), colour=RED, what=what)
    lines = list(zip(rows, [v.yearly(one) for one in (strength > 0).astype(float)], strict=True))
    title = "Quarters of each year in which a limit binds"
    table = tables.by_year(v, "binds", title, lines, "count", unit=tables.QUARTERS, depth=Depth.FULL)
    return exhibit(table, words.limits(v, limits, strength), shows, draw)


def _rank(limit: str) -> tuple[int, str]:
    kind, _ = names.kind_and_thing(limit)
    order = words.KIND_ORDER
    return (order.index(kind) if kind in order else len(order)), limit


def worth(v: View) -> Exhibit | None:
    """What one more of each limit is worth; None where nothing is."""
    table = tables.worth(v)
    rows = [(str(label), value, first) for label, _, value, first in table.rows]
    shows = "Present value of one step more, USD; the dot is what it would be if all of it were worth its first unit"
    draw = _bars(rows, "usd", [BLUE], dot="if all of it were worth its first unit")
    return exhibit(table, words.worth(v), shows, draw, depth=Depth.BRIEF) if rows else None


def _bars(
    rows: Sequence[tuple[Any, ...]], suffix: str, colours: Sequence[int] | None = None, dot: str = ""
) -> Callable[[About], Chart]:
    """Bars of (label, value) or (label, value, second value), each with its figure; dot: what a second value is."""
    bars = [
        Bar(
            label=label,
            value=value,
            text=cell(value, suffix),
            colour=n if colours is None else colours[n % len(colours)],
            dot=second[0] if second else None,
            dot_text=cell(second[0], suffix) if second else "",
        )
        for n, (label, value, *second) in enumerate(rows)
    ]
    return partial(charts.bars, rows=bars, means=("", dot))


def gpu_hours(v: View) -> Exhibit:
    """Total cost of owning a package for an hour, by platform."""
    table = tables.platforms(v)
    rows = [(row[0], row[3]) for row in table.rows if row[3] is not None]
    shows = "Total cost of ownership per GPU (package) and hour, at the price of its first purchase, USD"
    return exhibit(table, words.gpu_hours(v), shows, _bars(rows, "usd_per_h"), half=True)


def token_costs(v: View) -> Exhibit:
    """Cost of a million output tokens by class, with what it earns as a dot."""
    found = v.result.accounts.classes.sel(use_case=list(v.asked.use_cases))
    earned, cost = (found[f"{name}_usd_per_mtok"].values.tolist() for name in ("revenue", "cost"))
    rows = [row for row in zip(v.classes, cost, earned, strict=True) if np.isfinite(row[1])]
    shows = f"Cost of a million output tokens, all in, USD; the dot is what they earn; {v.span}"
    heads = {"Class": "", "Cost": "usd_per_mtok", "Earned": "usd_per_mtok"}
    listed = in_units(table("token-costs", "Cost of a million output tokens", heads, rows))
    return exhibit(listed, words.costs(v), shows, _bars(rows, "usd_per_mtok", dot="earned"), half=True)


def grades(counts: Mapping[str, int]) -> Exhibit:
    """How many numbers carry each grade."""
    rows = [(grade, float(count)) for grade, count in counts.items()]
    heads = {"Grade": "", "Numbers": "count", "What it means": ""}
    listed = table("grades", "Numbers by grade", heads, [(*row, names.GRADES[row[0]]) for row in rows])
    draw = _bars(rows, "count", [GRADE_COLOURS[grade] for grade in counts])
    return exhibit(listed, words.evidence(counts), "Numbers behind this result, by grade of their source", draw)
