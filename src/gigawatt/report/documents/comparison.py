"""What may come of each strategy in the same futures, how much it is regretted, and which futures break it."""

from __future__ import annotations

from collections.abc import Sequence

from gigawatt.report import burdens, futures
from gigawatt.report.charts import About
from gigawatt.report.document import Document, Exhibit, Facts, Paragraph, Section, Value
from gigawatt.report.formats import cell, share
from gigawatt.study.dates import when
from gigawatt.study.futures.compare import Break, ComparedStrategy, Comparison
from gigawatt.units import GIGAWATT_W

NOTHING = "Nothing is worth building: no strategy orders anything, and none earns anything in any future."


def document(found: Comparison) -> Document:
    """A comparison as it is told."""
    title = f"{len(found.strategies)} strategies in the same {found.futures:,} futures"
    every = futures.every(found.tables, {name: row.tolist() for name, row in found.regret_usd.items()})
    if not any(row.outputs.installed_w.mean > 0 for row in found.strategies):
        return futures.document(title, found.head, found.seed, NOTHING, (), [every])
    return futures.document(title, found.head, found.seed, _lead(found), _tiles(found), [*_sections(found), every])


def _sections(found: Comparison) -> tuple[Section, ...]:
    titles = _titles(found)
    pairs = tuple(("", f"{titles[one.strategy]}: {_broken(one)}") for one in found.breaks)
    breaks = Facts(name="breaks", title="Which futures break which strategy", pairs=pairs)
    lead = f"Value is {futures.VALUE}: its mean ranks the strategies, and regret is taken of it."
    shared = burdens.section(found, titles)
    return (
        Section(slug="value", title="What each is worth", lead=lead, parts=(_value(found),)),
        *(() if shared is None else (shared,)),
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
        f"{share(safe.p_cash_out_frac)}{_cash_of_best(found)}."
    )


def _cash_of_best(found: Comparison) -> str:
    """In how many futures the most valuable strategy runs out of cash, where that is another than the safest."""
    best, safe = found.strategies[0], min(found.strategies, key=_cash_out)
    if best.p_cash_out_frac <= safe.p_cash_out_frac:
        return ""
    return f', under "{_titles(found)[best.name]}" in {share(best.p_cash_out_frac)}'


def _titles(found: Comparison) -> dict[str, str]:
    """What each strategy is called, by its name; with the name where two are called the same."""
    called = {row.name: row.title or row.name for row in found.strategies}
    alike = [title for title in called.values() if list(called.values()).count(title) > 1]
    return {name: f"{title} ({name})" if title in alike else title for name, title in called.items()}


def _tiles(found: Comparison) -> list[tuple[str, str, str]]:
    rows, titles = found.strategies, _titles(found)
    best, calm, safe = rows[0], min(rows, key=_largest), min(rows, key=_cash_out)
    return [
        ("Worth most on average", cell(best.value_usd.mean, "usd"), titles[best.name]),
        ("Least regret at the most", cell(calm.regret_max_usd, "usd"), titles[calm.name]),
        ("Cash runs out least often", share(safe.p_cash_out_frac), titles[safe.name]),
        ("To know the future", cell(found.evpi_all_usd, "usd"), "worth, before choosing"),
    ]


def _value(found: Comparison) -> Exhibit:
    """The value that decides, the part of it before the end, in how many futures a strategy is the best."""
    rows, titles = found.strategies, _titles(found)
    values = {titles[row.name]: found.tables[row.name].value_usd.values.tolist() for row in rows}
    says = f'"{titles[rows[0].name]}" is worth most on average, {cell(rows[0].value_usd.mean, "usd")}.'
    about = About(name="value", title="Value of each strategy", description=says)
    title = "Value, in {}, the highest mean first; before the end: the mean without terminal value"
    before = ("Before the end", "usd", [row.npv_usd.mean for row in rows])
    best = ("Best in", "frac", [row.best_frac for row in rows])
    return futures.spread(about, "strategies", title, "Strategy", values, (before, best), brief=(0, 1, 2, 3, 4, 7, 8))


def _regret(found: Comparison) -> Exhibit:
    """Mean and largest regret; highest debt, chance that cash runs out, first gigawatt where that is the target."""
    rows, titles = found.strategies, _titles(found)
    values = {titles[row.name]: found.regret_usd[row.name].tolist() for row in rows}
    calm, of_gigawatts = min(rows, key=_largest), found.target_w >= GIGAWATT_W
    says = f'"{titles[calm.name]}" is never regretted by more than {cell(calm.regret_max_usd, "usd")}.'
    about = About(name="regret", title="Value less than the best strategy in the same future", description=says)
    debt, cash = [row.peak_debt_usd for row in rows], [row.p_cash_out_frac for row in rows]
    more: list[tuple[str, str, Sequence[Value]]] = [("Debt", "usd", debt), ("Cash out", "frac", cash)]
    if of_gigawatts:
        more.append(("1 GW by end of", "", [when(row.first_gw_date) for row in rows]))
    half = "highest debt and first gigawatt" if of_gigawatts else "highest debt"
    title = f"Regret, in {{}}: value less than the best of them in the same future; {half}, in half of the futures"
    brief = (0, 1, 6, *range(7, 7 + len(more)))
    return futures.spread(about, "regret", title, "Strategy", values, more, brief=brief, to_largest=True)


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
