"""What may come of one plan in many futures, what that hangs on, and what is worth knowing."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from statistics import fmean

from gigawatt.report import charts, futures
from gigawatt.report.charts import About, Reach
from gigawatt.report.document import Column, Depth, Document, Exhibit, Paragraph, Section, Table, Value, united
from gigawatt.report.formats import cell, scale, share
from gigawatt.study.dates import by_end, quarter, when
from gigawatt.study.futures.quantiles import courses
from gigawatt.study.futures.rules import WORDS
from gigawatt.study.futures.statistics import SHARES_FRAC
from gigawatt.study.futures.sweep import Sweep, Swing
from gigawatt.units import GIGAWATT_W

# Figures whose quantiles are told.
TOLD = ("value_usd", "npv_usd", "installed_w", "served_tokens", "unserved_frac", "peak_debt_usd")
# Courses over quarters: the name of their exhibit, what they are called, and their suffix.
COURSES = {"power_w": ("power", "Power in service", "w"), "debt_usd": ("debt", "Debt", "usd")}
COUNTED = {"ratio": "× what is stated", "quarters": "quarters late"}
NOTHING = (
    "Nothing is worth building: the plan orders nothing, and so earns nothing in any future. `gigawatt run` says what "
    "would have to change."
)
QUANTITY_WORDS = (
    "Low and high are the tenth and ninetieth percentile of a quantity, a factor on what is stated or quarters of "
    "slip; beside them stands the value of the plan there, all other quantities at their middle. The share of variance "
    "is that of all futures, with its 95 % confidence. Knowing is what it would be worth to know the quantity before "
    "the decision."
)


def document(found: Sweep) -> Document:
    """A sweep as it is told."""
    title, every = f"{found.draws:,} futures of one plan", futures.every({"": found.table})
    if not found.outputs.installed_w.mean > 0:
        return futures.document(title, found.head, found.seed, NOTHING, (), [every])
    hangs_on = (_swings(found), _knowing(found), Paragraph(text=QUANTITY_WORDS))
    sections = (
        _outcomes(found),
        Section(slug="hangs-on", title="What it hangs on", parts=hangs_on),
        Section(slug="quarters", title="Quarter by quarter", parts=tuple(_fan(found, key) for key in COURSES)),
        every,
    )
    return futures.document(title, found.head, found.seed, _lead(found), _tiles(found), sections)


def _lead(found: Sweep) -> str:
    outputs, value = found.outputs, found.outputs.value_usd
    return (
        f"The plan counts on {cell(found.planned.value_usd, 'usd')}, terminal value included, as `gigawatt run` says. "
        "Lived through hour by hour, with failures and the tide of demand and all else as stated, it comes to "
        f"{cell(found.stated.value_usd, 'usd')}. In half of the futures it is worth more than "
        f"{cell(value.p50, 'usd')}; one in ten has less than {cell(value.p10, 'usd')}, one in ten more than "
        f"{cell(value.p90, 'usd')}. It is worth less than nothing in {share(outputs.p_negative_frac)} of them, and "
        f"cash runs out in {share(outputs.p_cash_out_frac)}."
    )


def _tiles(found: Sweep) -> list[tuple[str, str, str]]:
    outputs, value = found.outputs, found.outputs.value_usd
    ends = f"one in ten has less than {cell(value.p10, 'usd')}, one in ten more than {cell(value.p90, 'usd')}"
    stated = f"lived through as stated, {cell(found.stated.value_usd, 'usd')}"
    return [
        ("Value, middle of all futures", cell(value.p50, "usd"), ends),
        ("The plan counts on", cell(found.planned.value_usd, "usd"), stated),
        ("Worth less than nothing", share(outputs.p_negative_frac), "of the futures"),
        ("Cash runs out", share(outputs.p_cash_out_frac), "of the futures"),
    ]


def _outcomes(found: Sweep) -> Section:
    """Quantiles of each figure, and by the end of which quarter the first gigawatt stands where that is the target."""
    told = [getattr(found.outputs, key) for key in TOLD]
    rows: list[tuple[Value, ...]] = [(key.upper(), *(getattr(one, key) for one in told)) for key in SHARES_FRAC]
    rows.append(("Mean", *(one.mean for one in told)))
    figures = (futures.FIGURES[key] for key in TOLD)
    columns = [Column(title="Futures"), *(Column(title=title, suffix=suffix) for title, suffix in figures)]
    if found.target_w >= GIGAWATT_W:
        columns.append(Column(title="First gigawatt by end of"))
        first = [when(getattr(found.outputs.first_gw_date, key)) for key in SHARES_FRAC]
        rows = [(*row, text) for row, text in zip(rows, (*first, None), strict=True)]
    table = Table(name="outcomes", title="What may come of it", columns=united(columns, rows), rows=tuple(rows))
    lead = f"Value is {futures.VALUE}; before the end is the part of it without terminal value."
    return Section(slug="outcomes", title="FutureOutcomes", lead=lead, parts=(table, _value(found)))


def _value(found: Sweep) -> Exhibit:
    """The value, and the part of it before the end."""
    value = found.outputs.value_usd
    values = {futures.FIGURES[key][0]: found.table[key].values.tolist() for key in ("value_usd", "npv_usd")}
    says = f"Four futures in five are worth {cell(value.p10, 'usd')} to {cell(value.p90, 'usd')}."
    about = About(name="value", title="Value, and the part of it before the end", description=says)
    return replace(futures.spread(about, "quantiles", f"{about.title}, {{}}", "Figure", values), depth=Depth.FULL)


def _swings(found: Sweep) -> Exhibit:
    """The value of the plan with one quantity low or high, all others at their middle; the widest swing on top."""
    swings, middle_usd = found.tornado, found.middle_value_usd
    known = [value for swing in swings for value in (swing.low_value_usd, swing.high_value_usd)]
    # Where the plan has no value with all at their middle, bars begin between the ends.
    middle_usd = middle_usd if isfinite(middle_usd) else fmean(known or [0.0])
    unit = scale("usd", [middle_usd, *known])
    ratios = (Column(title="Low", suffix="ratio"), Column(title="High", suffix="ratio"), Column(title="Counted in"))
    rows = tuple(
        (WORDS[one.name], one.low, one.high, COUNTED[one.unit], one.low_value_usd, one.high_value_usd) for one in swings
    )
    reaches = [_reach(swing, unit.size) for swing in swings]
    says = _widest(swings[0]) if swings else "The plan has no value at the ends of any quantity."
    about = About(name="tornado", title="Value with one quantity low or high", description=says)
    return Exhibit(
        name="tornado",
        says=says,
        shows=f"Value with one quantity at its P10 or P90, the others at their middle, {unit.unit}",
        table=Table(
            name="quantities",
            title=f"What it hangs on, in {unit.unit}",
            columns=(Column(title="Quantity"), *ratios, *futures.money(unit, "Value at low", "Value at high")),
            rows=rows,
        ),
        chart=charts.tornado(about, reaches, middle_usd / unit.size, unit.unit) if swings else None,
    )


def _widest(swing: Swing) -> str:
    one, ends = _reach(swing, 1.0), (cell(swing.low_value_usd, "usd"), cell(swing.high_value_usd, "usd"))
    return f"The value moves most with {one.label}: {ends[0]} at {one.low_text}, {ends[1]} at {one.high_text}."


def _reach(swing: Swing, size: float) -> Reach:
    """A row of a tornado: a factor on what is stated is "×0.7", quarters of slip are "+2 q"."""
    low, high = (
        f"+{cell(end, 'count')} q" if swing.unit == "quarters" else f"×{cell(end, 'ratio')}"
        for end in (swing.low, swing.high)
    )
    ends = {"low": swing.low_value_usd / size, "high": swing.high_value_usd / size}
    return Reach(label=WORDS[swing.name], low_text=low, high_text=high, **ends)


def _knowing(found: Sweep) -> Exhibit:
    """By quantity, the share of variance that goes with it and the worth of knowing it, the dearest first."""
    indices = {one.name: (max(one.first_frac, 0.0), one.confidence_frac) for one in found.first_order or ()}
    rows: list[tuple[Value, ...]] = [
        (WORDS[name], *indices.get(name, (None, None)), worth) for name, worth in found.evpi_usd.items()
    ]
    titles = (("Share of variance", "frac"), ("Give or take", "frac"), ("Worth of knowing", "usd"))
    columns = [Column(title="Quantity"), *(Column(title=title, suffix=suffix) for title, suffix in titles)]
    table = Table(name="knowing", title="What is worth knowing", columns=united(columns, rows), rows=tuple(rows))
    return Exhibit(name="knowing", says=futures.information(found), table=table)


def _fan(found: Sweep, key: str) -> Exhibit:
    """A figure over quarters, with its quantiles behind it."""
    name, title, suffix = COURSES[key]
    periods, course = [str(period) for period in found.table.period.values], courses(found.table)[key]
    unit, most = scale(suffix, course["p90"]), max(range(len(periods)), key=lambda at: course["p50"][at])
    middle, low, high = (cell(course[one][most], suffix) for one in ("p50", "p10", "p90"))
    peak = f"{title} is highest {by_end(periods[most])}"
    says = f"{peak}: {middle} in the middle of the futures, and {low} to {high} in four of five."
    columns = (Column(title="End of"), *(Column(title=one.upper(), suffix=suffix, scale=unit) for one in course))
    rows: list[tuple[Value, ...]] = [
        (quarter(period), *(row[at] for row in course.values())) for at, period in enumerate(periods)
    ]
    shown = f"{title} at the end of each quarter, {unit.unit}"
    sized = {one: [value / unit.size for value in row] for one, row in course.items()}
    about = About(name=name, title=f"{title} in all futures", description=says, half=True)
    return Exhibit(
        name=name,
        says=says,
        shows=shown,
        table=Table(name=f"{name}-by-quarter", title=shown, columns=columns, rows=tuple(rows)),
        chart=charts.fan(about, periods, sized, unit.unit, title),
        half=True,
        depth=Depth.FULL,
    )
