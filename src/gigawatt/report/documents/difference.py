"""Two results side by side: what was asked otherwise, what came of it, and how far that is apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from gigawatt.report import charts, names
from gigawatt.report.charts import About, Bar, Series
from gigawatt.report.document import (
    Column,
    Depth,
    Document,
    Exhibit,
    Paragraph,
    Part,
    Section,
    Table,
    Tile,
    Unit,
    Value,
    in_units,
    table,
)
from gigawatt.report.documents.reconciliation import alike
from gigawatt.report.formats import cell, scale, signed
from gigawatt.report.tables import HEADLINE, LINES, SUMS
from gigawatt.study.dates import quarter, spoken, when
from gigawatt.study.difference.answer import FigureDifference, PowerDifference, ResultDifference
from gigawatt.study.job import HASH_LENGTH

# Label and suffix of each figure of the headline.
FIGURES = {name: (label, suffix) for name, label, suffix, _ in HEADLINE}
# The first figures, and how a sentence speaks of them.
FIRST = {
    "installed_facility_w": ("{} more in service at the peak", "{} less in service at the peak"),
    "npv_usd": ("{} more of net present value", "{} less of net present value"),
    "capex_usd": ("{} more of capital spending", "{} less of capital spending"),
    "tokens_per_day": ("{} more on a mean day of the peak", "{} fewer on a mean day of the peak"),
}
# Differences of less than this share are none that anybody means.
SAME_FRAC = 5e-6
# Bars that differ by more than this many times the first are told in the table alone: they would flatten the others.
MOST_DRAWN_FRAC = 5.0
ASKED_ROWS = 12
# What the label of a tile says already.
A_DAY = " tokens/day"
A, B = "A", "B"
BLUE, AMBER, GREY = 0, 1, 9
MORE = "A difference is what B has more than A, and its share is that of A."


def document(found: ResultDifference) -> Document:
    """How two results differ."""
    a, b = found.a, found.b
    return Document(
        title="Two results side by side",
        names=tuple(f"{letter}: {one.scenario} · {one.hash[:HASH_LENGTH]}" for letter, one in ((A, a), (B, b))),
        lead=lead(found),
        tiles=tuple(tiles(found)),
        sections=tuple(section for section in sections(found) if section.parts),
        notes=tuple(spoken(note.text) for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}, A {a.hash}, B {b.hash}",
    )


def lead(found: ResultDifference) -> str:
    """Which results they are, and how far the first figures are apart."""
    known = {row.item: row for row in found.headline}
    told = [more(known[item]) for item in FIRST if item in known]
    apart = [one for one in told if one]
    end = f"B has {', '.join(apart)} than A." if apart else "Their first figures are the same."
    if found.a.title == found.b.title:
        return f'Both are "{found.a.title}". {end}'
    return f'A is "{found.a.title}", B is "{found.b.title}". {end}'


def more(row: FigureDifference) -> str:
    """ "2 GW more in service at the peak" of a first figure that differs; "" of one that does not."""
    if row.difference_value is None or same(row):
        return ""
    amount = cell(abs(row.difference_value), FIGURES[row.item][1]).removesuffix("/day")
    return FIRST[row.item][row.difference_value < 0].format(amount)


def same(row: FigureDifference) -> bool:
    """Whether two figures are the same but for rounding."""
    if row.difference_value is None:
        return row.a_value is None and row.b_value is None
    return abs(row.difference_value) <= SAME_FRAC * max(abs(row.a_value or 0.0), abs(row.b_value or 0.0))


def tiles(found: ResultDifference) -> Iterator[Tile]:
    """The first figures, each with what it was."""
    known = {row.item: row for row in found.headline}
    for item in FIRST:
        row, (label, suffix) = known[item], FIGURES[item]
        sides = [cell(value, suffix).removesuffix(A_DAY) for value in (row.a_value, row.b_value)]
        apart = "the same" if same(row) else plus(row.difference_value, suffix).removesuffix(A_DAY)
        yield Tile(label=label, value=apart, note=f"A {sides[0]}, B {sides[1]}", name=item)


def plus(value: float | None, suffix: str) -> str:
    """A difference with its sign; of shares, in points of a percent."""
    shown = cell(value, suffix).replace(" %", " points") if suffix == "frac" else cell(value, suffix)
    return f"+{shown}" if value is not None and value > 0 else shown


def sections(found: ResultDifference) -> Iterator[Section]:
    """What was asked otherwise, and what came of it."""
    yield Section(slug="asked", title="What was asked otherwise", parts=(which(found), asked(found)))
    parts = (*figures(found), dates(found))
    yield Section(slug="headline", title="Headline figures", lead=MORE, parts=parts)
    yield Section(slug="power", title="Power", parts=tuple(power(found)))
    lead = "Sums over the reported quarters; balances at their end. Income is positive, cost negative."
    yield Section(slug="accounts", title="Accounts", lead=lead, parts=tuple(accounts(found)))


def which(found: ResultDifference) -> Table:
    """The two results by name."""
    a, b = found.a, found.b
    rows = [
        ("Programme", a.title, b.title),
        ("Scenario", *(f"{one.scenario} · {one.hash[:HASH_LENGTH]}" for one in (a, b))),
        ("Reported", *(f"{quarter(one.from_)} to {quarter(one.to)}" for one in (a, b))),
    ]
    return table("sides", "Which results these are", {"": "", A: "", B: ""}, rows)


def asked(found: ResultDifference) -> Part:
    """Every place at which the questions differ."""
    if not found.asked:
        return Paragraph(text="Both were asked the same.", tone="good")
    rows = [(row.path, row.a, row.b) for row in found.asked]
    title = "One place at which the scenarios differ"
    if len(rows) > 1:
        title = f"{len(rows):,} places at which the scenarios differ"
    columns = tuple(Column(title=title, quoted=True) for title in ("Place", A, B))
    return Table(name="asked", title=title, columns=columns, rows=tuple(rows), brief_rows=ASKED_ROWS)


def figures(found: ResultDifference) -> Iterator[Part]:
    """Every figure of the headline side by side, and how far those that differ are apart as a share."""
    known = {row.item: row for row in found.headline}
    rows = [known[item] for item in FIGURES if item in known]
    shown = [row for row in rows if row.a_value is not None or row.b_value is not None]
    lines = [(FIGURES[row.item][0], *_cells(row)) for row in shown]
    heads = {"Figure": "", A: "", B: "", "Difference": "", "Share": ""}
    figures = table("headline", "Headline figures side by side", heads, lines)
    apart = [row for row in shown if row.relative_frac is not None and not same(row)]
    drawn = [row for row in apart if abs(row.relative_frac or 0.0) <= MOST_DRAWN_FRAC]
    count = sum(not same(row) for row in shown)
    says = f"{count} of {len(shown)} figures differ." if count else "No figure differs."
    shows = "Difference as a share of A"
    about = About(name="shares", title=shows, description=says)
    chart = charts.bars(about, [_bar(row) for row in drawn]) if drawn else None
    yield figures
    yield Exhibit(name="shares", says=says, shows=shows if drawn else "", table=None, chart=chart)
    yield _in_si(rows)


def _cells(row: FigureDifference) -> tuple[Value, ...]:
    suffix = FIGURES[row.item][1]
    if same(row):
        return cell(row.a_value, suffix), cell(row.b_value, suffix), "none", ""
    told = plus(row.difference_value, suffix) if row.difference_value is not None else "–"
    return cell(row.a_value, suffix), cell(row.b_value, suffix), told, signed(row.relative_frac)


def _bar(row: FigureDifference) -> Bar:
    assert row.relative_frac is not None
    colour = BLUE if row.relative_frac > 0 else AMBER
    return Bar(label=FIGURES[row.item][0], value=row.relative_frac, text=signed(row.relative_frac), colour=colour)


def _in_si(rows: Sequence[FigureDifference]) -> Table:
    """The figures in SI units, for files."""
    lines = [
        (row.item, row.a_value, row.b_value, row.difference_value, row.relative_frac, FIGURES[row.item][1])
        for row in rows
    ]
    heads = {"Figure": "", A: "ratio", B: "ratio", "Difference": "ratio", "Share": "frac", "Unit": ""}
    return table("headline-figures", "Headline, in SI units", heads, lines, depth=Depth.DATA)


def dates(found: ResultDifference) -> Table:
    """When each reaches what it is for, as far as either does."""
    reached = [row for row in found.dates if row.a_date or row.b_date]
    rows: list[tuple[Value, ...]] = [
        (FIGURES[row.item][0], when(row.a_date), when(row.b_date), _later(row.later_days)) for row in reached
    ]
    return table("dates", "When, by the end of", {"What": "", A: "", B: "", "B is": ""}, rows)


def _later(days: float | None) -> str:
    if days is None:
        return "–"
    if not days:
        return "as soon"
    return f"{cell(days, 'days')} later" if days > 0 else f"{cell(-days, 'days')} sooner"


def power(found: ResultDifference) -> Iterator[Part]:
    """Facility power in service by quarter: of all sites as a chart, of each site as a table."""
    rows = found.power
    unit = scale("w", [value for row in rows for value in (row.a_w, row.b_w)])
    periods = [row.period for row in rows]
    lines = [_series(A, [row.a_w for row in rows], unit.size, BLUE)]
    lines.append(_series(B, [row.b_w for row in rows], unit.size, AMBER))
    says, shows = _furthest(rows), f"Facility power in service at the end of each quarter, {unit.unit}"
    about = About(name="power", title=shows, description=says)
    heads: dict[str, Unit] = {"Quarter": "", A: "w", B: "w", "Difference": "w"}
    shown = table("power", shows, heads, [(quarter(row.period), *_watts(row)) for row in rows], brief_rows=8)
    chart = charts.lines(about, periods, lines, unit.unit)
    yield Exhibit(name="power", says=says, shows=shows, table=alike(shown), chart=chart)
    if len({row.site for row in found.sites}) > 1:
        yield _by_site(found, {"Site": ""} | heads)


def _by_site(found: ResultDifference, heads: Mapping[str, Unit]) -> Exhibit:
    """Power of each site in B, filled, under the outline of A."""
    keys = list(dict.fromkeys(row.site for row in found.sites))
    unit = scale("w", [value for row in found.sites for value in (row.a_w, row.b_w)])
    rows = {key: [row for row in found.sites if row.site == key] for key in keys}
    whole = [_series(unit.unit, [row.a_w or 0.0 for row in rows[key]], unit.size, GREY) for key in keys]
    part = [_series(B, [row.b_w or 0.0 for row in rows[key]], unit.size, AMBER) for key in keys]
    says = "Power of each site: filled is B, the line is A."
    shows = f"Facility power in service by site, {unit.unit}"
    about = About(name="power-by-site", title=shows, description=says)
    titles = [_called(found, key) for key in keys]
    lines = [(_called(found, row.site), quarter(row.period), *_watts(row)) for row in found.sites]
    shown = alike(table("power-by-site", "Facility power in service by site and quarter", heads, lines))
    chart = charts.multiples(about, [row.period for row in found.power], titles, whole, part)
    depth = Depth.FULL
    shown = replace(shown, depth=depth)
    return Exhibit(name="power-by-site", says=says, shows=shows, table=shown, chart=chart, depth=depth)


def _watts(row: PowerDifference) -> tuple[Value, ...]:
    return row.a_w, row.b_w, row.difference_w


def _series(name: str, values: Sequence[float | None], size: float, colour: int) -> Series:
    scaled = (float("nan") if value is None else value / size for value in values)
    return Series(name=name, values=tuple(scaled), colour=colour)


def _furthest(rows: Sequence[PowerDifference]) -> str:
    """In which quarter the two are furthest apart."""
    known = [row for row in rows if row.difference_w is not None]
    far = max(known, key=lambda row: abs(row.difference_w or 0.0), default=None)
    if far is None:
        return "They have no quarter in common."
    apart = far.difference_w or 0.0
    if abs(apart) <= SAME_FRAC * max(far.a_w or 0.0, far.b_w or 0.0):
        return "Both have the same in service in every quarter."
    if apart > 0:
        return f"They are furthest apart in {quarter(far.period)}: B has {cell(apart, 'w')} more."
    return f"They are furthest apart in {quarter(far.period)}: B has {cell(-apart, 'w')} less."


def _called(found: ResultDifference, key: str | None) -> str:
    """A site by its name in whichever result has it."""
    scenario = next(one.scenario for one in found.results if key in one.scenario.records.sites)
    return names.site(scenario, str(key))


def accounts(found: ResultDifference) -> Iterator[Part]:
    """Free cash flow since the start as a chart, every line of the books as a table."""
    flow = [row for row in found.accounts if row.item == "free_cash_flow"]
    a, b = (_summed([getattr(row, key) for row in flow]) for key in ("a_usd", "b_usd"))
    unit = scale("usd", [*a, *b])
    lines = [_series(A, a, unit.size, BLUE), _series(B, b, unit.size, AMBER)]
    shows = f"Free cash flow since the start, {unit.unit}"
    total = next(row for row in found.totals if row.item == "free_cash_flow")
    says = "Free cash flow is the same." if not total.difference_usd else _flows(total.difference_usd)
    about = About(name="cash", title=shows, description=says)
    rows = [(quarter(row.period or ""), x, y) for row, x, y in zip(flow, a, b, strict=True)]
    shown = in_units(table("cash", shows, {"Quarter": "", A: "usd", B: "usd"}, rows, brief_rows=4))
    chart = charts.lines(about, [row.period or "" for row in flow], lines, unit.unit)
    yield Exhibit(name="cash", says=says, shows=shows, table=alike(replace(shown, columns=_bare(shown))), chart=chart)
    yield _totals(found)
    yield _by_quarter(found)


def _bare(found: Table) -> tuple[Column, ...]:
    """Columns that settle on one unit anew."""
    return tuple(Column(title=column.title.partition(",")[0], suffix=column.suffix) for column in found.columns)


def _flows(apart_usd: float) -> str:
    if apart_usd > 0:
        return f"Over all quarters B has {cell(apart_usd, 'usd')} more of free cash flow."
    return f"Over all quarters B has {cell(-apart_usd, 'usd')} less of free cash flow."


def _summed(values: Sequence[float | None]) -> list[float | None]:
    """Running sums of what there is, None where there is nothing."""
    sums = accumulate(value or 0.0 for value in values)
    return [None if value is None else total for value, total in zip(values, sums, strict=True)]


def _totals(found: ResultDifference) -> Table:
    """Every line over the reported window; lines that are nought in both are left out."""
    known = {row.item: row for row in found.totals}
    shown = [known[item] for item in LINES if item in known and (known[item].a_usd or known[item].b_usd)]
    rows: list[tuple[Value, ...]] = [
        (LINES[row.item], row.a_usd, row.b_usd, row.difference_usd, signed(row.relative_frac)) for row in shown
    ]
    heads = {"Line": "", A: "usd", B: "usd", "Difference": "usd", "Share": ""}
    strong = tuple(n for n, row in enumerate(shown) if row.item in SUMS)
    return alike(table("accounts", "Every line of the books", heads, rows, strong=strong))


def _by_quarter(found: ResultDifference) -> Table:
    """Every line of the books by quarter, for files."""
    rows: list[tuple[Value, ...]] = [
        (LINES.get(row.item, row.item), quarter(row.period or ""), row.a_usd, row.b_usd, row.difference_usd)
        for row in found.accounts
    ]
    heads = {"Line": "", "Quarter": "", A: "usd", B: "usd", "Difference": "usd"}
    return table("accounts-quarters", "Every line of the books by quarter", heads, rows, depth=Depth.DATA)
