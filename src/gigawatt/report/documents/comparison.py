"""What may come of each strategy in the same futures, how much it is regretted, and which futures break it."""

from __future__ import annotations

from gigawatt.account.metrics import GIGAWATT_W
from gigawatt.report import charts, futures
from gigawatt.report.charts import About
from gigawatt.report.document import Column, Document, Exhibit, Facts, Paragraph, Section, Table, Tile, Value, united
from gigawatt.report.formats import cell, share
from gigawatt.study.dates import spoken, when
from gigawatt.study.futures.compare import Break, ComparedStrategy, Comparison

NOTHING = "Nothing is worth building: no strategy orders anything, and none earns anything in any future."


def document(found: Comparison) -> Document:
    """A comparison as it is told."""
    builds = any(row.outputs.installed_w.mean > 0 for row in found.strategies)
    regrets = {name: row.tolist() for name, row in found.regret_usd.items()}
    return Document(
        title=f"{len(found.strategies)} strategies in the same {found.futures:,} futures",
        names=futures.names(found.head, found.seed),
        lead=_lead(found) if builds else NOTHING,
        tiles=_tiles(found) if builds else (),
        sections=(*(_sections(found) if builds else ()), futures.every(found.tables, regrets)),
        notes=tuple(spoken(note.text) for note in found.head.notes),
        made=futures.made(found.head, found.seed),
    )


def _sections(found: Comparison) -> tuple[Section, ...]:
    titles = _titles(found)
    breaks = Facts(
        name="breaks",
        title="Which futures break which strategy",
        pairs=tuple((titles[one.strategy], _broken(one)) for one in found.breaks),
    )
    lead = f"Value is {futures.VALUE}: its mean ranks the strategies, and regret is taken of it."
    return (
        Section(slug="value", title="What each is worth", lead=lead, parts=(_value(found),)),
        Section(slug="regret", title="What each may be regretted by", parts=(_regret(found),)),
        Section(slug="breaks", title="What breaks each", parts=(breaks, Paragraph(text=futures.information(found)))),
    )


def _lead(found: Comparison) -> str:
    rows, titles = found.strategies, _titles(found)
    best, calm, safe = rows[0], min(rows, key=_largest), min(rows, key=_cash_out)
    return (
        f'On average "{titles[best.name]}" is worth most, {cell(best.value_usd.mean, "usd")} with terminal value, and '
        f'is the best in {share(best.best_frac)} of the futures. "{titles[calm.name]}" is never regretted by more than '
        f'{cell(calm.regret_max_usd, "usd")}. Cash runs out least often under "{titles[safe.name]}": in '
        f"{share(safe.p_cash_out_frac)}."
    )


def _titles(found: Comparison) -> dict[str, str]:
    """What each strategy is called, by its name; with the name where two are called the same."""
    called = {row.name: row.title or row.name for row in found.strategies}
    alike = [title for title in called.values() if list(called.values()).count(title) > 1]
    return {name: f"{title} ({name})" if title in alike else title for name, title in called.items()}


def _tiles(found: Comparison) -> tuple[Tile, ...]:
    rows, titles = found.strategies, _titles(found)
    best, calm, safe = rows[0], min(rows, key=_largest), min(rows, key=_cash_out)
    return (
        Tile(label="Worth most on average", value=cell(best.value_usd.mean, "usd"), note=titles[best.name]),
        Tile(label="Least regret at the most", value=cell(calm.regret_max_usd, "usd"), note=titles[calm.name]),
        Tile(label="Cash runs out least often", value=share(safe.p_cash_out_frac), note=titles[safe.name]),
        Tile(label="To know the future", value=cell(found.evpi_all_usd, "usd"), note="worth, before choosing"),
    )


def _value(found: Comparison) -> Exhibit:
    """The value that decides, the part of it before the end, in how many futures a strategy is the best."""
    titles, best = _titles(found), found.strategies[0]
    unit, ranges = futures.ranged({titles[name]: one.value_usd.values.tolist() for name, one in found.tables.items()})
    money = futures.money(unit, "Mean", "P10", "P50", "P90", "Before the end")
    columns = (Column(title="Strategy"), *money, Column(title="Best in", suffix="frac"))
    rows = tuple((titles[row.name], *_quantiles(row), row.npv_usd.mean, row.best_frac) for row in found.strategies)
    says = f'"{titles[best.name]}" is worth most on average, {cell(best.value_usd.mean, "usd")}.'
    title = (
        f"Value by strategy, in {unit.unit}, the highest mean first; before the end: the mean without terminal value"
    )
    about = About(name="value", title="Value of each strategy in all futures", description=says)
    return Exhibit(
        name="value",
        says=says,
        shows=f"Value, {unit.unit}",
        table=Table(name="strategies", title=title, columns=columns, rows=rows),
        chart=charts.spread(about, ranges, unit.unit),
    )


def _quantiles(row: ComparedStrategy) -> tuple[Value, ...]:
    return row.value_usd.mean, row.value_usd.p10, row.value_usd.p50, row.value_usd.p90


def _regret(found: Comparison) -> Exhibit:
    """Mean and largest regret, first gigawatt, highest debt, chance that cash runs out."""
    titles, of_gigawatts = _titles(found), found.target_w >= GIGAWATT_W
    unit, ranges = futures.ranged({titles[name]: row.tolist() for name, row in found.regret_usd.items()})
    columns = [Column(title="Strategy"), *futures.money(unit, "Mean", "Largest")]
    columns += [Column(title="1 GW by end of")] if of_gigawatts else []
    columns += [*futures.money(unit, "Debt"), Column(title="Cash out", suffix="frac")]
    rows: list[tuple[Value, ...]] = []
    for row in found.strategies:
        date = [when(row.first_gw_date)] if of_gigawatts else []
        regret = (titles[row.name], row.regret_mean_usd, row.regret_max_usd)
        rows.append((*regret, *date, row.peak_debt_usd, row.p_cash_out_frac))
    calm = min(found.strategies, key=_largest)
    says = f'"{titles[calm.name]}" is never regretted by more than {cell(calm.regret_max_usd, "usd")}.'
    half = "highest debt and first gigawatt" if of_gigawatts else "highest debt"
    title = (
        f"Regret, value less than the best of them in the same future, in {unit.unit}; {half}, in half of the futures"
    )
    about = About(name="regret", title="Regret of each strategy in all futures", description=says)
    return Exhibit(
        name="regret",
        says=says,
        shows=f"Value less than the best strategy in the same future, {unit.unit}",
        table=Table(name="regret", title=title, columns=united(columns, rows), rows=tuple(rows)),
        chart=charts.spread(about, ranges, unit.unit, to_largest=True),
    )


def _largest(row: ComparedStrategy) -> float:
    return row.regret_max_usd


def _cash_out(row: ComparedStrategy) -> float:
    return row.p_cash_out_frac


def _broken(one: Break) -> str:
    start = f"in {share(one.share_frac)} of the futures {one.meaning}"
    if one.rule is None or one.coverage_frac is None or one.density_frac is None:
        return f"{start}; no rule tells them from the others."
    found, purity = share(one.coverage_frac), share(one.density_frac)
    return f"{start}. {found} of these have {one.rule}; of all that have, {purity} are such."
