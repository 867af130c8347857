"""What may come of one plan in many futures, what that hangs on, and what is worth knowing."""

from __future__ import annotations

from math import isfinite
from statistics import fmean

from gigawatt.account.metrics import GIGAWATT_W
from gigawatt.report import charts, futures
from gigawatt.report.charts import About, Bar, Reach
from gigawatt.report.document import Column, Depth, Document, Exhibit, Paragraph, Section, Table, Tile, Value, united
from gigawatt.report.formats import cell, scale, share
from gigawatt.study.dates import by_end, quarter, spoken, when
from gigawatt.study.futures.quantiles import courses
from gigawatt.study.futures.rules import WORDS
from gigawatt.study.futures.statistics import SHARES_FRAC
from gigawatt.study.futures.sweep import Sweep, Swing

# Figures whose quantiles are told.
TOLD = ("value_usd", "npv_usd", "installed_w", "served_tokens", "unserved_frac", "peak_debt_usd")
# Courses over quarters: what they are called, and their suffix.
COURSES = {"power_w": ("power", "Power in service", "w"), "debt_usd": ("debt", "Debt", "usd")}
NOTHING = (
    "Nothing is worth building: the plan orders nothing, and so earns nothing in any future. `gigawatt run` says what "
    "would have to change."
)
SWINGS_WORDS = (
    "Low and high are the tenth and ninetieth percentile of a quantity, a factor on what is stated or quarters of "
    "slip; beside them stands the value of the plan there, all other quantities at their middle."
)
KNOWING_WORDS = (
    "The share of variance is that of all futures, with its 95 % confidence. Knowing is what it would be worth to know "
    "the quantity before the decision."
)


def document(found: Sweep) -> Document:
    """A sweep as it is told."""
    builds = found.outputs.installed_w.mean > 0
    sections = (_outcomes(found), _hangs_on(found), _over_time(found)) if builds else ()
    return Document(
        title=f"{found.draws:,} futures of one plan",
        names=futures.names(found.head, found.seed),
        lead=_lead(found) if builds else NOTHING,
        tiles=_tiles(found) if builds else (),
        sections=(*sections, futures.every({"": found.table})),
        notes=tuple(spoken(note.text) for note in found.head.notes),
        made=futures.made(found.head, found.seed),
    )


def _lead(found: Sweep) -> str:
    outputs, value = found.outputs, found.outputs.value_usd
    return (
        f"The plan counts on {cell(found.planned.value_usd, 'usd')}, terminal value included, as `gigawatt run` says. "
        "Lived through hour by hour, with failures and the tide of demand and all else as stated, it comes to "
        f"{cell(found.stated.value_usd, 'usd')}. In half of the futures it is worth more than "
        f"{cell(value.p50, 'usd')}; one in ten has less than {cell(value.p10, 'usd')}, one in ten more than "
        f"{cell(value.p90, 'usd')}. It is worth less than nothing in {share(outputs.p_negative_frac)} of them, and cash "
        f"runs out in {share(outputs.p_cash_out_frac)}."
    )


def _tiles(found: Sweep) -> tuple[Tile, ...]:
    outputs, value = found.outputs, found.outputs.value_usd
    ends = f"one in ten has less than {cell(value.p10, 'usd')}, one in ten more than {cell(value.p90, 'usd')}"
    stated = f"lived through as stated, {cell(found.stated.value_usd, 'usd')}"
    return (
        Tile(label="Value, middle of all futures", value=cell(value.p50, "usd"), note=ends),
        Tile(label="The plan counts on", value=cell(found.planned.value_usd, "usd"), note=stated),
        Tile(label="Worth less than nothing", value=share(outputs.p_negative_frac), note="of the futures"),
        Tile(label="Cash runs out", value=share(outputs.p_cash_out_frac), note="of the futures"),
    )


def _outcomes(found: Sweep) -> Section:
    """Quantiles of each figure, and by the end of which quarter the first gigawatt stands where that is the target."""
    told, title = [getattr(found.outputs, key) for key in TOLD], "What may come of it"
    rows: list[tuple[Value, ...]] = [(key.upper(), *(getattr(one, key) for one in told)) for key in SHARES_FRAC]
    rows.append(("Mean", *(one.mean for one in told)))
    columns = [Column(title="In the futures"), *(Column(title=name, suffix=suffix) for name, suffix in _figures())]
    if found.target_w >= GIGAWATT_W:
        columns.append(Column(title="First gigawatt by end of"))
        first = [when(getattr(found.outputs.first_gw_date, key)) for key in SHARES_FRAC]
        rows = [(*row, text) for row, text in zip(rows, (*first, None), strict=True)]
    table = Table(name="outcomes", title=title, columns=united(columns, rows), rows=tuple(rows))
    lead = f"Value is {futures.VALUE}; before the end is the part of it without terminal value."
    return Section(slug="outcomes", title=title, lead=lead, parts=(table, _value(found)))


def _figures() -> list[tuple[str, str]]:
    return [futures.FIGURES[key] for key in TOLD]


def _value(found: Sweep) -> Exhibit:
    """The value, and the part of it before the end."""
    keys, value = ("value_usd", "npv_usd"), found.outputs.value_usd
    unit, ranges = futures.ranged({futures.FIGURES[key][0]: found.table[key].values.tolist() for key in keys})
    says = f"Four futures in five are worth {cell(value.p10, 'usd')} to {cell(value.p90, 'usd')}."
    shown = f"Value, and the part of it before the end, {unit.unit}"
    told = [(one.label, getattr(found.outputs, key), one) for key, one in zip(keys, ranges, strict=True)]
    rows = tuple((label, of.p10, of.p50, of.p90, of.mean, one.largest * unit.size) for label, of, one in told)
    columns = (Column(title="Figure"), *futures.money(unit, "P10", "P50", "P90", "Mean", "Largest"))
    return Exhibit(
        name="value",
        says=says,
        shows=shown,
        table=Table(name="value-quantiles", title=shown, columns=columns, rows=rows),
        chart=charts.spread(About(name="value", title="Value in all futures", description=says), ranges, unit.unit),
        depth=Depth.FULL,
    )


def _hangs_on(found: Sweep) -> Section:
    return Section(
        slug="hangs-on",
        title="What it hangs on",
        parts=(
            _swings(found),
            Paragraph(text=SWINGS_WORDS),
            _knowing(found),
            Paragraph(text=KNOWING_WORDS),
        ),
    )


def _swings(found: Sweep) -> Exhibit:
    """The value of the plan with one quantity low or high, all others at their middle; the widest swing on top."""
    swings, middle_usd = found.tornado, found.middle_value_usd
    known = [value for swing in swings for value in (swing.low_value_usd, swing.high_value_usd)]
    known += [middle_usd] if isfinite(middle_usd) else []
    unit = scale("usd", known)
    # Where the plan has no value with all at their middle, bars begin between the ends.
    middle = (middle_usd if isfinite(middle_usd) else fmean(known or [0.0])) / unit.size
    says = _widest(swings[0]) if swings else "The plan has no value at the ends of any quantity."
    about = About(name="tornado", title="Value with one quantity low or high", description=says)
    columns = (
        *(Column(title="Quantity"), Column(title="Low", suffix="ratio"), Column(title="High", suffix="ratio")),
        *(Column(title="Counted in"), *futures.money(unit, "Value at low", "Value at high")),
    )
    counted = {"ratio": "× what is stated", "quarters": "quarters late"}
    rows = tuple(
        (WORDS[one.name], one.low, one.high, counted[one.unit], one.low_value_usd, one.high_value_usd) for one in swings
    )
    title = f"What it hangs on, in {unit.unit}"
    return Exhibit(
        name="tornado",
        says=says,
        shows=f"Value with one quantity at its P10 or P90, the others at their middle, {unit.unit}",
        table=Table(name="quantities", title=title, columns=columns, rows=rows),
        chart=charts.tornado(about, [_reach(one, unit.size) for one in swings], middle, unit.unit) if swings else None,
    )


def _widest(swing: Swing) -> str:
    low, high = cell(swing.low_value_usd, "usd"), cell(swing.high_value_usd, "usd")
    one = _reach(swing, 1.0)
    return f"The value moves most with {one.label}: {low} at {one.low_text}, {high} at {one.high_text}."


def _reach(swing: Swing, size: float) -> Reach:
    """A row of a tornado: a factor on what is stated is "×0.7", quarters of slip are "+2 q"."""
    ends = (swing.low, swing.high)
    texts = [f"+{cell(end, 'count')} q" if swing.unit == "quarters" else f"×{cell(end, 'ratio')}" for end in ends]
    low, high = swing.low_value_usd / size, swing.high_value_usd / size
    return Reach(label=WORDS[swing.name], low_text=texts[0], high_text=texts[1], low=low, high=high)


def _knowing(found: Sweep) -> Exhibit:
    """By quantity, the share of variance that goes with it and the worth of knowing it, the dearest first."""
    indices = {index.name: index for index in found.first_order or ()}
    rows = [
        (WORDS[name], max(one.first_frac, 0.0), one.confidence_frac, worth)
        if (one := indices.get(name))
        else (WORDS[name], None, None, worth)
        for name, worth in found.evpi_usd.items()
    ]
    titles = (("Share of variance", "frac"), ("Give or take", "frac"), ("Worth of knowing", "usd"))
    columns = united(
        [Column(title="Quantity"), *(Column(title=title, suffix=suffix) for title, suffix in titles)], rows
    )
    says = futures.information(found)
    about = About(name="knowing", title="What it would be worth to know each quantity", description=says)
    bars = [
        Bar(label=WORDS[name], value=worth, text=cell(worth, "usd"), colour=2) for name, worth in found.evpi_usd.items()
    ]
    return Exhibit(
        name="knowing",
        says=says,
        shows="Worth of knowing a quantity before deciding to build or not, the dearest first",
        table=Table(name="knowing", title="What is worth knowing", columns=columns, rows=tuple(rows)),
        chart=charts.bars(about, bars) if max(found.evpi_usd.values(), default=0.0) > 0 else None,
    )


def _over_time(found: Sweep) -> Section:
    periods, every = [str(period) for period in found.table.period.values], courses(found.table)
    parts = tuple(_fan(key, periods, every[key]) for key in COURSES)
    return Section(slug="quarters", title="Quarter by quarter", parts=parts)


def _fan(key: str, periods: list[str], found: dict[str, list[float]]) -> Exhibit:
    """A figure over quarters, with its quantiles behind it."""
    (name, title, suffix), unit = COURSES[key], scale(COURSES[key][2], found["p90"])
    most = max(range(len(periods)), key=lambda at: found["p50"][at])
    middle, low, high = (cell(found[one][most], suffix) for one in ("p50", "p10", "p90"))
    says = (
        f"{title} is most {by_end(periods[most])}: {middle} in the middle of the futures, and {low} to {high} in four "
        "of five."
    )
    columns = (Column(title="End of"), *(Column(title=one.upper(), suffix=suffix, scale=unit) for one in found))
    rows = tuple((quarter(period), *(row[at] for row in found.values())) for at, period in enumerate(periods))
    shown = f"{title}, {unit.unit}, at the end of each quarter"
    sized = {one: [value / unit.size for value in row] for one, row in found.items()}
    about = About(name=name, title=f"{title} in all futures", description=says, half=True)
    return Exhibit(
        name=name,
        says=says,
        shows=shown,
        table=Table(name=f"{name}-by-quarter", title=shown, columns=columns, rows=rows),
        chart=charts.fan(about, periods, sized, unit.unit, title),
        half=True,
        depth=Depth.FULL,
    )
