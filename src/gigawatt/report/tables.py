"""What a report lists of a plan and its books, as tables: by calendar year to read, by quarter to reckon with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from gigawatt.ndarrays import Floats
from gigawatt.programme.money import experiments_done_frac, runs_done_frac
from gigawatt.report import names, views, words
from gigawatt.report.document import Column, Depth, Sum, Table, Unit, Value, in_units, table
from gigawatt.report.formats import Scale, cell, pue, scale
from gigawatt.report.views import View
from gigawatt.study.dates import by_end, quarter, spoken, when

Lines = Sequence[tuple[str, Floats]]  # label and figures of each row
WORTH_ROWS = 6
WHOLE = Scale(size=1.0, unit="", digits=0)
RACKS, GPUS, QUARTERS = (replace(WHOLE, unit=unit) for unit in ("racks", "GPUs", "quarters"))
MANY_GPUS = Scale(size=1e3, unit="thousand GPUs", digits=0)


def across(
    heads: Sequence[str], name: str, title: str, lines: Lines, suffix: str, *, total: bool = False, **shown: Any
) -> Table:
    """One row a line, one column a head, one unit for all. total: a last row adds the lines up."""
    figures = np.array([values for _, values in lines], dtype=float).reshape(len(lines), len(heads))
    labels = [label for label, _ in lines]
    if total:
        figures, labels = np.vstack([figures, figures.sum(axis=0)]), [*labels, "Total"]
        shown |= {"strong": (len(lines),), "sums": {len(lines): Sum(rows=tuple(range(len(lines))))}}
    unit = shown.pop("unit", None) or scale(suffix, figures.ravel().tolist())
    columns = (Column(title=unit.unit), *(Column(title=head, suffix=suffix, scale=unit) for head in heads))
    rows = tuple((label, *plain(values)) for label, values in zip(labels, figures, strict=True))
    return Table(name=name, title=title, columns=columns, rows=rows, **shown)


def plain(values: Floats) -> list[float | None]:
    """Figures of an array, None where there is none."""
    return [value if np.isfinite(value) else None for value in values.tolist()]


def by_year(v: View, name: str, title: str, lines: Lines, suffix: str, **shown: Any) -> Table:
    """Lines by calendar year of the reported window."""
    return across(v.years, name, title, lines, suffix, thin=True, **shown)


def by_quarter(v: View, name: str, title: str, lines: Lines, suffix: str, **shown: Any) -> Table:
    """Lines by quarter of the solved horizon, for files."""
    return across([quarter(p) for p in v.periods], name, title, lines, suffix, depth=Depth.DATA, **shown)


def over_time(name: str, title: str, moments: Sequence[str], lines: Mapping[str, Floats], suffix: str) -> Table:
    """Lines by quarter, month, day or hour, a row each."""
    rows = [
        (spoken(moment), *plain(values)) for moment, values in zip(moments, np.array([*lines.values()]).T, strict=True)
    ]
    return in_units(table(name, title, {"When": ""} | dict.fromkeys(lines, suffix), rows, depth=Depth.FULL))


class Stock(NamedTuple):
    """What stands at the end of a quarter or year, or is bought in it, of each of some things."""

    title: str
    labels: Sequence[str]
    figures: Floats
    suffix: str
    unit: Scale | None = None
    flow: bool = False


def stocks(v: View) -> dict[str, Stock]:
    """What a plan builds and serves, by name."""
    end, gpus, per_day = "at the end of each {}", v.stock_count * v.packages_count, "tokens_per_day"
    in_gpus = MANY_GPUS if gpus.sum(axis=1).max() >= 100 * MANY_GPUS.size else GPUS
    return {
        "power-by-platform": Stock(f"Facility power in service {end}, by platform", v.platforms, v.platform_w, "w"),
        "power-by-site": Stock(f"Facility power in service {end}, by site", v.sites, v.site_w, "w"),
        "gpus": Stock(f"GPUs (packages) in service {end}", v.platforms, gpus, "count", in_gpus),
        "racks": Stock(f"Racks in service {end}", v.platforms, v.stock_count, "count", RACKS),
        "racks-bought": Stock("Racks bought in each {}", v.platforms, v.bought_count, "count", RACKS, flow=True),
        "tokens": Stock(f"Output tokens served on a mean day {end}", v.classes, v.served_tokens_per_day, per_day),
        "demand": Stock(f"Output tokens asked for on a mean day {end}", v.classes, v.demand_tokens_per_day, per_day),
    }


def yearly(v: View, name: str, depth: Depth = Depth.FULL) -> Table:
    """One of the stocks by calendar year, of what there ever is any."""
    one = stocks(v)[name]
    figures = (v.yearly if one.flow else v.year_end)(one.figures).T
    lines = [line for line in zip(one.labels, figures, strict=True) if (line[1] > 0).any()]
    return by_year(v, name, one.title.format("year"), lines, one.suffix, unit=one.unit, total=True, depth=depth)


def quarterly(v: View) -> list[Table]:
    """All stocks by quarter of the solved horizon, for files."""
    found = []
    for name, one in stocks(v).items():
        title, lines = one.title.format("quarter"), list(zip(one.labels, one.figures.T, strict=True))
        found.append(by_quarter(v, f"{name}-quarters", title, lines, one.suffix, unit=one.unit, total=True))
    return found


def milestones(v: View) -> Table:
    """Each tranche: its power, when that stood, when the money came, how much."""
    rows = [
        (row.milestone_w, when(row.energised_period), when(row.released_period), row.amount_usd) for row in v.tranches
    ]
    total = ("Total", "", "", sum(row.amount_usd for row in v.tranches))
    heads = {"Milestone (gross installed)": "w", "Energised": "", "Released": "", "Amount": "usd"}
    sums = {len(rows): Sum(rows=tuple(range(len(rows))))}
    title = "Tranches: power first, then money"
    return table("tranches", title, heads, (*rows, total), strong=(len(rows),), sums=sums)


def money(v: View) -> Table:
    """Revenue, running cost, capital spending and free cash flow by year."""
    books = v.books
    lines = {
        "Revenue": v.yearly(books["revenue"]),
        "Running cost": v.yearly(views.running_usd(v)),
        "Capital spending": v.yearly(books["investing_cash"]),
        "Tax": v.yearly(books["tax"]),
    }
    shown = [(label, values) for label, values in lines.items() if label != "Tax" or values.any()]
    title = f"Money by calendar year, real USD of {v.asked.dollar_year}"
    found = by_year(v, "money", title, shown, "usd", total=True)
    return replace(found, rows=(*found.rows[:-1], ("Free cash flow", *found.rows[-1][1:])))


# The lines of the books and what they are called.
LINES = {
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
    "vendor_drawn": "Lent by the vendor of racks",
    "vendor_repaid": "Repaid to the vendor of racks",
    "customer_paid": "Paid ahead by a customer",
    "customer_served": "Given back to a customer as service",
    "distribution": "Distributions",
    "financing_cash": "Financing cash flow",
    "cash": "Cash at the end",
    "debt": "Debt at the end",
    "book": "Net book value at the end",
    "lease_liability": "Lease liability at the end",
    "right_of_use": "Right to use leased shells at the end",
    "vendor_owed": "Owed to the vendor of racks at the end",
    "customer_owed": "Owed to a customer at the end",
}
# Balances that hold figures, whatever changes them.
STOCKS = ("book", "lease_liability", "right_of_use")
_NAMES = tuple(LINES)
INCOME = _NAMES[: _NAMES.index("operating_cash")]
CASH_FLOW = ("operating_cash", *_NAMES[_NAMES.index("racks") : _NAMES.index("distribution")], "interest")
CASH_FLOW += _NAMES[_NAMES.index("distribution") :]
# Row of the statements → the rows whose sum it is; others hold figures.
SUMS: dict[str, tuple[str, ...]] = {
    "ebitda": ("revenue", "non_compute", "energy", "opex", "rent"),
    "ebit": ("ebitda", "depreciation"),
    "net_income": ("ebit", "interest", "tax"),
    "operating_cash": ("ebitda", "tax"),
    "investing_cash": ("racks", "network", "shells"),
    "free_cash_flow": ("operating_cash", "investing_cash"),
    "financing_cash": (
        *("opening_cash", "upfront_equity", "tranches", "debt_drawn", "vendor_drawn", "vendor_repaid"),
        *("customer_paid", "customer_served", "interest", "distribution"),
    ),
}
# Balance → the rows that change it from one column to the next.
BALANCES: dict[str, tuple[str, ...]] = {
    "cash": ("free_cash_flow", "financing_cash"),
    "debt": ("debt_drawn",),
    "vendor_owed": ("vendor_drawn", "vendor_repaid"),
    "customer_owed": ("customer_paid", "customer_served"),
}
_SUBTOTALS = ("ebitda", "ebit", "net_income", "investing_cash", "free_cash_flow", "financing_cash")


def _sums(shown: Sequence[str], all_: Sequence[str]) -> dict[int, Sum]:
    """What the shown lines add up to; a part that is nought throughout may be missing among them."""
    at = {name: n for n, name in enumerate(shown)}
    return {
        at[name]: Sum(rows=tuple(at[part] for part in parts if part in at), carried=name in BALANCES)
        for name, parts in (SUMS | BALANCES).items()
        if name in at and set(parts) <= set(all_) and any(part in at for part in parts)
    }


def statement(v: View, name: str, title: str, lines: Sequence[str]) -> Table:
    """Some lines of the books by calendar year; lines that are nought throughout are left out."""
    found = {
        line: v.year_end(v.books[line]) if line in (*BALANCES, *STOCKS) else v.yearly(v.books[line])
        for line in lines
        if line in v.books
    }
    shown = [line for line in found if line == "revenue" or found[line].any()]
    strong = tuple(n for n, line in enumerate(shown) if line in _SUBTOTALS)
    rows = [(LINES[line], found[line]) for line in shown]
    return by_year(v, name, title, rows, "usd", strong=strong, sums=_sums(shown, lines), depth=Depth.FULL)


def statements(v: View) -> Table:
    """Every line of the books by quarter of the solved horizon, subtotals and balances as sums."""
    title = f"Income, cash flow and balances by quarter, real USD of {v.asked.dollar_year}"
    there = tuple(name for name in _NAMES if name in v.books)
    sums = _sums(there, _NAMES)
    rows = [(LINES[name], v.books[name]) for name in there]
    return by_quarter(v, "statements", title, rows, "usd", strong=tuple(sums), sums=sums)


def lines_of_books(v: View) -> Table:
    """Every line of the books."""
    found = v.result.accounts.table
    heads = ("period", "site", "use_case", "platform", "item", "kind", "usd")
    rows = tuple(zip(*(found[name].values.tolist() for name in heads), strict=True))
    columns = {head.replace("_", " ").capitalize(): "" for head in heads[:-1]} | {"Amount": "usd"}
    title = "Every line of the books, solved horizon: income positive, cost negative"
    return table("books", title, columns, rows, depth=Depth.DATA)


def classes(v: View) -> Table:
    """Who is served, over the reported window."""
    found = v.result.accounts.classes.sel(use_case=list(v.asked.use_cases))
    shares = words.last_year_served_frac(v)
    columns = {
        "Tokens": ("served_tokens", "tokens"),
        "Revenue": ("revenue_usd", "usd"),
        "Earned": ("revenue_usd_per_mtok", "usd_per_mtok"),
        "Cost": ("cost_usd_per_mtok", "usd_per_mtok"),
        "Tokens asked for": ("demand_tokens", "tokens"),
        "Cost in all": ("cost_usd", "usd"),
    }
    heads = {"Class": "", f"Served {v.years[-1]}": "frac"} | {title: suffix for title, (_, suffix) in columns.items()}
    figures = (plain(found[name].values) for name, _ in columns.values())
    rows = list(zip(v.classes, plain(shares), *figures, strict=True))
    return in_units(table("classes", f"Who is served, {v.span}", heads, rows, brief_columns=(0, 1, 3, 4, 5)))


def slo(v: View) -> Table | None:
    """What the SLO derating takes of each class at work in the quarter of most power; None where the plan has none."""
    found = v.slo
    if found is None:
        return None
    uses, power = v.asked.use_cases, found.power
    rows: list[tuple[Value, ...]] = []
    for key, use in uses.items():
        whole, without = (float(one.sel(use_case=key)) for one in (power.with_w, power.without_w))
        if whole > 0:
            waits = (use.burstiness_ratio, use.ttft_s, use.tpot_s) if use.load == "interactive" else (None, None, None)
            rows.append((names.use_case(v.scenario, key), *waits, without / whole, whole, without, whole - without))
    total, left = float(power.with_w.sum()), float(power.without_w.sum())
    rows.append(("Total", None, None, None, left / total if total else None, total, left, power.more_w))
    heads = {
        "Class": "",
        "Burstiness": "ratio",
        "First token within": "s",
        "Each token within": "s",
        "Left of the steady state": "frac",
        "Power": "w",
        "Power in steady state": "w",
        "SLO derating": "w",
    }
    title = f"SLO derating, busy hours of {quarter(found.period)}"
    return in_units(table("slo", title, heads, rows, strong=(len(rows) - 1,), brief_columns=(0, 4, 5, 6, 7)))


def served(v: View) -> Table:
    """Share of demand served, by class and year (mean of its quarters)."""
    title = "Share of demand served, mean of the quarters of each year"
    lines = list(zip(v.classes, v.yearly_mean(v.served_frac).T, strict=True))
    return by_year(v, "served", title, lines, "frac", depth=Depth.FULL)


def research(v: View) -> Table | None:
    """Training runs and experiments: how much of what is wished for is done; None where nothing is."""
    data, inputs, asked = v.result.plan.data, v.result.plan.inputs, v.asked
    runs, wishes = runs_done_frac(data, inputs), experiments_done_frac(data, inputs)
    means = wishes.values[: v.reported].mean(axis=0).tolist()
    rows: list[tuple[Value, ...]] = [
        (asked.training_runs[str(key)].title, by_end(asked.training_runs[str(key)].end_date), share)
        for key, share in zip(runs.run.values, runs.values.tolist(), strict=True)
    ]
    if means:
        rows += [
            (asked.experiments[str(key)].title, "mean of the reported quarters", mean)
            for key, mean in zip(wishes.experiment.values, means, strict=True)
        ]
    heads = {"Research": "", "When": "", "Done": "frac"}
    return table("research", "Training runs and experiments", heads, rows) if rows else None


def platforms(v: View) -> Table:
    """What each platform that is bought costs."""
    found, unit = v.result.accounts.platforms, per_power(v)
    columns = (found[name].values for name in ("racks_count", "capex_usd_per_w_facility", "tco_usd_per_package_h"))
    rows = tuple(
        (label, *plain(figures))
        for label, figures in zip(v.platforms, np.array(list(columns)).T, strict=True)
        if np.isfinite(figures[0])
    )
    heads: dict[str, Unit] = {"Platform": "", "Racks bought": ("count", WHOLE)}
    heads |= {f"Capital per facility power, {unit.unit}": ("usd_per_w", unit), "Total cost per GPU-hour": "usd_per_h"}
    title = f"Platforms, at the prices of their first purchase; total cost: {words.total_cost(v)}"
    return in_units(table("platforms", title, heads, rows, depth=Depth.FULL))


def per_power(v: View) -> Scale:
    """The unit of money per power in which a programme is told: billion USD/GW, or million USD/MW."""
    return Scale(size=1.0, unit=f"{v.power.money}/{v.power.symbol}", digits=1)


def binds(v: View) -> Table:
    """What binds, by year, in words."""
    heads = {"Year": "", "What stands in the way": ""}
    return table("in-the-way", "What binds", heads, tuple(words.binds_by_year(v).items()))


def worth(v: View) -> Table:
    """What one more of each limit is worth, dearest first; what is worth nothing is left out."""
    rows = [
        (names.limit(v.scenario, item.limit), item.step, item.value_usd, item.first_unit_usd)
        for item in v.result.plan.worth
        if item.value_usd > 0
    ]
    heads = {"One more": "", "Step": "", "Is worth today": "usd", "At its first unit's worth": "usd"}
    return table("worth", "What one more is worth", heads, rows, brief_rows=WORTH_ROWS)


def lived(v: View) -> Table:
    """Plan against simulation over the reported window, each difference with its cause; FLOP and tokens in words."""
    rows = []
    for row in v.result.timeline.summary.plan_vs_sim:
        figures = (_quantity(value, row.unit) for value in (row.plan, row.simulated))
        rows.append((_ITEMS.get(row.item) or item(v, row.item), *figures, words.cause(v, row.cause)))
    heads = {"Figure": "", "Plan": "count", "Simulated": "count", "Why they differ": ""}
    return table("plan-against-simulation", "Plan against simulation", heads, rows, brief_columns=(0, 1, 2))


# Units of plan against simulation that are no suffix, and the suffix under which they are shown.
_PLAIN_UNITS = {"racks": "count", "share": "frac"}


def _quantity(value: float | None, unit: str) -> str:
    """A figure of the simulation with its unit; one without a unit, such as PUE, to thousandths."""
    if unit == "1":
        return pue(value)
    return cell(value, _PLAIN_UNITS.get(unit, unit.lower()))


# What plan and simulation count where they count different things.
_ITEMS = {
    "peak facility power": "facility power: what the shells can draw, and what the highest hour draws",
    "facility power in the warmest hours": "facility power: what the shells can draw, and what the warmest hours draw",
}


def item(v: View, text: str) -> str:
    """ "tokens served: Consumer chat" for "tokens served: chat"."""
    kind, found, key = text.partition(": ")
    return f"{kind}: {names.use_case(v.scenario, key)}" if found else text


def headline(v: View) -> Table:
    """The figures that are asked for first."""
    rows = [(label, headline_cell(v, name, suffix), note) for name, label, suffix, note in headline_of(v)]
    heads = {"Figure": "", "Value": "", "What it is": ""}
    return table("headline", "Headline", heads, rows, depth=Depth.FULL)


def headline_figures(v: View) -> Table:
    """The same as figures in SI units, for files."""
    rows = [(name, getattr(v.headline, name), suffix, note) for name, _, suffix, note in HEADLINE]
    heads = {"Figure": "", "Value": "ratio", "Unit": "", "What it is": ""}
    return table("headline-figures", "Headline, in SI units", heads, rows, depth=Depth.DATA)


def headline_of(v: View) -> list[tuple[str, str, str, str]]:
    """The rows of `HEADLINE` for a result: a programme of less than a gigawatt has no first one, nor years of one."""
    if names.of_gigawatts(v.scenario):
        return list(HEADLINE)
    return [
        (name, label.replace("GW-year", f"{v.power.symbol}-year"), suffix, note)
        for name, label, suffix, note in HEADLINE
        if name != "first_gw_date"
    ]


def headline_cell(v: View, name: str, suffix: str) -> str:
    """A figure of the headline as it is shown, by the power in which its programme is told; what stands at the end of a
    quarter is there by its end."""
    value: float | str | None = getattr(v.headline, name)
    if isinstance(value, str):
        return quarter(value) if name == "peak_period" else by_end(value)
    if isinstance(value, float) and name.endswith("_per_gw_year"):
        value *= v.power.gw
    if isinstance(value, float) and suffix == "usd_per_w":
        return f"{per_power(v).text(value)} {per_power(v).unit}"
    return cell(value, suffix)


_SPAN = "reported window"
# name in the headline, label, suffix, what it is
HEADLINE = (
    (
        "installed_facility_w",
        "Facility power in service",
        "w",
        "end of the peak quarter; every rack at its full IT power, its site at its highest PUE or as provisioned",
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
    (
        "capex_usd_per_w_facility",
        "Capital per facility power",
        "usd_per_w",
        "up to the peak, per gross installed; leased shells are not in it",
    ),
    (
        "capex_usd_per_w_it",
        "Capital per IT power",
        "usd_per_w",
        "up to the peak, per gross installed; leased shells are not in it",
    ),
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
