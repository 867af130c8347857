"""Who bears what under each strategy, as a page and the README tell it: a table, a chart, the figures behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gigawatt.report import charts
from gigawatt.report.charts import About, Range
from gigawatt.report.document import Column, Depth, Exhibit, Paragraph, Section, Table, Value
from gigawatt.report.formats import PERCENT, Scale, cell, scale, share
from gigawatt.study.dates import when
from gigawatt.study.futures.burdens import PARTS, PartyBurden, StakeQuantiles
from gigawatt.study.futures.compare import ComparedStrategy, Comparison
from gigawatt.study.futures.statistics import Quantiles

LEAD = (
    "What is paid in and got is present value at the discount rate. What may be lost is the most that is open at once, "
    "not discounted: equity paid in, what a guarantee would pay, the lease value that reletting and a guarantor leave "
    "open. What is lost on average is present value, by the tenant's hazard of failure, which is the higher, and what "
    "reletting brings the lower, the less is asked of the programme."
)
# Rows of the table, in its order: whose figure, which, and what it is called.
ROWS = (
    ("supplier", "puts_in_usd", "Supplier pays in"),
    ("supplier", "may_lose_usd", "Supplier may lose"),
    ("supplier", "expected_loss_usd", "Supplier loses on average"),
    ("landlords", "puts_in_usd", "Landlords spend on shells"),
    ("landlords", "may_lose_usd", "Landlords may lose"),
    ("landlords", "expected_loss_usd", "Landlords lose on average"),
    ("lenders", "puts_in_usd", "Lenders lend at the most"),
    ("lenders", "may_lose_usd", "Lenders lend beyond their limits"),
    ("customers", "puts_in_usd", "Customers pay ahead"),
    ("customers", "may_lose_usd", "Customers may lose"),
    ("programme", "may_lose_usd", "Programme is worth less than nothing by"),
)
# Parties in the order in which they are told, what each is called in a sentence, and its figures in the table of all.
CALLED = {
    "supplier": "The supplier",
    "landlords": "Landlords",
    "lenders": "Lenders",
    "customers": "Customers",
    "programme": "The programme",
}
# The same, at the head of a row.
NAMED = {
    "supplier": "Supplier",
    "landlords": "Landlords",
    "lenders": "Lenders",
    "customers": "Customers",
    "programme": "Programme",
}
PARTIES = tuple(CALLED)
DOES = dict(zip(PARTS, ("pays in", "gets", "may lose", "loses on average"), strict=True))
# Figures that differ by less than this share of the largest are the same.
ALIKE_FRAC = 0.005


def section(found: Comparison, titles: Mapping[str, str]) -> Section | None:
    """The section on who bears what; None where no strategy states a contract that shares risk. titles: by name."""
    rows = [row for row in found.strategies if row.burdens is not None]
    if not rows:
        return None
    called = [titles[row.name] for row in rows]
    said = Paragraph(text=" ".join(_sentence(row, title) for row, title in zip(rows, called, strict=True)))
    parts = (table(rows, called, found.target_w), _exhibit(rows, called), said)
    return Section(slug="burdens", title="Who bears what", lead=LEAD, parts=parts)


def _exhibit(rows: Sequence[ComparedStrategy], called: Sequence[str]) -> Exhibit:
    """What each party may lose, party by party, and every figure of every one behind it."""
    unit = scale("usd", [one.may_lose_usd.worst for row in rows for one in row.burdens or ()])
    says = " ".join(_least(rows, called, party) for party in PARTIES if _may_lose(rows, party))
    about = About(name="burdens", title="What each party may lose at once, in all futures", description=says)
    ranges = [one for party in PARTIES if _may_lose(rows, party) for one in _ranges(rows, called, party, unit)]
    return Exhibit(
        name="burdens",
        says=says or "Nobody may lose anything.",
        shows=f"{about.title}, {unit.unit}",
        table=_figures(rows, called),
        chart=charts.spread(about, ranges, unit.unit, to_largest=True) if ranges else None,
        depth=Depth.FULL,
    )


def _may_lose(rows: Sequence[ComparedStrategy], party: str) -> bool:
    told = [_of(row, party, "may_lose_usd") for row in rows]
    return any(one is not None and one.worst > 0 for one in told)


def _least(rows: Sequence[ComparedStrategy], called: Sequence[str], party: str) -> str:
    """Under which strategy a party may lose least on average, and how much."""
    means = [0.0 if (one := _of(row, party, "may_lose_usd")) is None else one.mean for row in rows]
    if max(means) - min(means) <= ALIKE_FRAC * max(means):
        return f"{CALLED[party]} may lose as much under each."
    return f'{CALLED[party]} may lose least under "{called[means.index(min(means))]}".'


def _ranges(rows: Sequence[ComparedStrategy], called: Sequence[str], party: str, unit: Scale) -> Iterator[Range]:
    """What a party may lose under each strategy."""
    for title, row in zip(called, rows, strict=True):
        one = _of(row, party, "may_lose_usd")
        figures = (0.0,) * 5 if one is None else (one.p10, one.p50, one.p90, one.mean, one.worst)
        p10, p50, p90, mean, worst = (figure / unit.size for figure in figures)
        yield Range(label=f"{NAMED[party]}: {title}", p10=p10, p50=p50, p90=p90, mean=mean, largest=worst)


def table(rows: Sequence[ComparedStrategy], called: Sequence[str], target_w: float) -> Table:
    """A column for each strategy: value, cost of capital, when the target stands, and who bears what."""
    unit = scale("usd", [end for row in rows for end in _ends_usd(row)])
    power = cell(target_w, "w")
    lines: list[tuple[str, list[str]]] = [
        ("Value", [_span(row.value_usd, unit) for row in rows]),
        ("Cost of capital, % a year", [_span(row.cost_of_capital_per_year, PERCENT) for row in rows]),
        (f"{power} by end of", [_dates(row) for row in rows]),
        (f"{power} before the end in", [share(row.p_target_frac or 0.0) for row in rows]),
    ]
    for party, part, label in ROWS:
        told = [_of(row, party, part) for row in rows]
        if any(one is not None and (one.worst or one.p50) for one in told):
            lines.append((label, [_span(one, unit) for one in told]))
    columns = (Column(title=unit.unit), *(Column(title=title) for title in called))
    title = f"Ways of financing, in {unit.unit} where nothing else is said: middle of all futures (P10 to P90; worst)"
    return Table(name="financing", title=title, columns=columns, rows=tuple((label, *cells) for label, cells in lines))


def _ends_usd(row: ComparedStrategy) -> Iterator[float]:
    yield from (row.value_usd.p10, row.value_usd.p90)
    for one in row.burdens or ():
        yield from (one.puts_in_usd.p90, one.may_lose_usd.p90)


def _span(told: Quantiles | StakeQuantiles | None, unit: Scale) -> str:
    """A figure as a cell: the middle, and most of the rest where it differs."""
    if told is None:
        return "–"
    middle, low, high = (unit.text(value) for value in (told.p50, told.p10, told.p90))
    worst = unit.text(told.worst) if hasattr(told, "worst") else ""
    if {low, high, worst or high} == {middle}:
        return middle
    more = f"; {worst}" if worst and worst not in (low, high) else ""
    return f"{middle} ({low} to {high}{more})"


def _dates(row: ComparedStrategy) -> str:
    if row.target_date is None:
        return "–"
    middle, early, late = (when(date) for date in (row.target_date.p50, row.target_date.p10, row.target_date.p90))
    return middle if early == late else f"{middle} ({early} to {late})"


def _of(row: ComparedStrategy, party: str, part: str) -> StakeQuantiles | None:
    found: StakeQuantiles | None = next((getattr(one, part) for one in row.burdens or () if one.party == party), None)
    return found


def _figures(rows: Sequence[ComparedStrategy], called: Sequence[str]) -> Table:
    """Every figure of every party under every strategy, for files."""
    lines: list[tuple[Value, ...]] = []
    for title, row in zip(called, rows, strict=True):
        for one in row.burdens or ():
            lines += [line for part in PARTS if (line := _line(title, one, part)) is not None]
    heads = (Column(title="Strategy"), Column(title="Party"), Column(title="What it does"))
    figures = (Column(title=title, suffix="usd") for title in ("P10", "P50", "P90", "Mean", "Worst"))
    return Table(
        name="burdens", title="What each party bears", columns=(*heads, *figures), rows=tuple(lines), depth=Depth.DATA
    )


def _line(title: str, one: PartyBurden, part: str) -> tuple[Value, ...] | None:
    told: StakeQuantiles | None = getattr(one, part)
    if told is None:
        return None
    return (title, NAMED[one.party], DOES[part], told.p10, told.p50, told.p90, told.mean, told.worst)


def _sentence(row: ComparedStrategy, title: str) -> str:
    """What a strategy asks of the supplier, and what it leaves with landlords."""
    paid, lost, left = (
        _of(row, party, part)
        for party, part in (("supplier", "puts_in_usd"), ("supplier", "may_lose_usd"), ("landlords", "may_lose_usd"))
    )
    supplier = f"the supplier pays in {_amount(paid)} and may lose {_amount(lost)}"
    return f'Under "{title}" {supplier}; landlords may lose {_amount(left)}.'


def _amount(told: StakeQuantiles | None) -> str:
    """The middle, and the worst where it is another."""
    if told is None or told.worst == 0:
        return "nothing"
    middle, worst = cell(told.p50, "usd"), cell(told.worst, "usd")
    return middle if middle == worst else f"{middle}, {worst} at the worst"
