"""What to order now, in tables and words."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from gigawatt.report import names, terminal
from gigawatt.report.document import Column, Table
from gigawatt.report.formats import cell
from gigawatt.scenario.schema import Scenario
from gigawatt.study.dates import quarter
from gigawatt.study.futures.hedging import COMMON, GUARDED, KNOWN, MEAN, Hedging, Order
from gigawatt.study.job import HASH_LENGTH

PLANS = {
    COMMON: "Planned for all futures",
    GUARDED: "With weight on the worst",
    MEAN: "Planned for the mean future",
}
# Racks and power below this are the solver's rounding.
LEAST_RACKS, LEAST_W = 0.5, 1e5


def show(found: Hedging, files: Mapping[str, str]) -> None:
    """What to order now: what it comes to, racks and shells by plan."""
    del files  # none are made of it
    out, head, scenario = terminal.console(), found.head, found.scenario
    terminal._heading(out, scenario.asked.title, scenario.name, scenario.hash[:HASH_LENGTH])
    terminal._paragraph(out, words(found))
    for table in (values(found), orders(found), shells(found)):
        terminal._section(out, table, "")
    terminal._list(out, "To keep in mind", [note.text for note in head.notes])


def words(found: Hedging) -> str:
    """What planning for several futures is worth, and what knowing would be."""
    decided, count = len(found.orders[COMMON] or ()), len(found.futures)
    if not _builds(found):
        when = "quarter" if decided == 1 else f"{decided} quarters"
        return f"Nothing is worth ordering in the next {when}, whichever of the {count} futures comes."
    sentences = [
        f"Orders of the next {decided} quarters that fit all {count} futures are worth "
        f"{cell(found.value_usd[COMMON], 'usd')} on average; the orders of a plan for the mean future are worth "
        f"{cell(found.value_usd[MEAN], 'usd')} in the same futures.",
        f"Planning for all of them is worth {cell(found.vss_usd, 'usd')}, and to know the future before ordering "
        f"would be worth {cell(found.evpi_usd, 'usd')} more.",
    ]
    given_usd = found.value_usd[COMMON] - found.value_usd[GUARDED]
    gained_usd = found.worst_usd[GUARDED] - found.worst_usd[COMMON]
    if isfinite(given_usd):
        sentences.append(
            f"With weight on the worst futures it gives up {cell(given_usd, 'usd')} on average and gains "
            f"{cell(gained_usd, 'usd')} in the worst."
        )
    return " ".join(sentences)


def _by_plan(found: Hedging) -> dict[str, tuple[Order, ...]]:
    """Orders of the plans that were made, by title."""
    made = {title: found.orders[plan] for plan, title in PLANS.items()}
    return {title: ordered for title, ordered in made.items() if ordered is not None}


def _builds(found: Hedging) -> bool:
    """Whether any plan orders racks or shells."""
    ordered = [order for plan in _by_plan(found).values() for order in plan]
    racks = max((count for order in ordered for count in order.racks_count.values()), default=0.0)
    power = max((watts for order in ordered for watts in order.power_w.values()), default=0.0)
    return racks >= LEAST_RACKS or power > LEAST_W


def values(found: Hedging) -> Table:
    """Mean and worst value of each plan."""
    rows: list[tuple[float | str | None, ...]] = [
        (title, found.value_usd[plan], found.worst_usd[plan])
        for plan, title in PLANS.items()
        if found.orders[plan] is not None
    ]
    worst = min(future.known_usd for future in found.futures)
    rows.append(("If the future were known", found.value_usd[KNOWN], worst))
    columns = (Column(title="Orders"), Column(title="Mean value", suffix="usd"), Column(title="Worst", suffix="usd"))
    return Table(title="What the orders of the next quarters come to", columns=columns, rows=tuple(rows))


def orders(found: Hedging) -> Table:
    """Racks ordered in each decided quarter, by plan."""
    plans = _by_plan(found)
    rows = tuple(
        (quarter(same[0].period), *(_racks(found.scenario, order.racks_count) for order in same))
        for same in zip(*plans.values(), strict=True)
    )
    columns = (Column(title="Ordered in"), *(Column(title=title) for title in plans))
    return Table(title="Racks to order", columns=columns, rows=rows)


def shells(found: Hedging) -> Table:
    """Facility power to be ready in the decided quarters, by site and plan."""
    plans = _by_plan(found)
    rows: list[tuple[float | str | None, ...]] = []
    for site in found.scenario.asked.sites:
        power = [sum(order.power_w[site] for order in ordered) for ordered in plans.values()]
        if max(power) > LEAST_W:
            rows.append((names.site(found.scenario, site), *power))
    columns = (Column(title="Site"), *(Column(title=title, suffix="w") for title in plans))
    return Table(title="Shells to order, in all of these quarters", columns=columns, rows=tuple(rows))


def _racks(scenario: Scenario, counts: Mapping[str, float]) -> str:
    """ "800 GB300 NVL72, 30 Rubin Ultra"."""
    some = {key: count for key, count in counts.items() if count >= LEAST_RACKS}
    return ", ".join(f"{count:,.0f} {names.platform(scenario, key)}" for key, count in some.items()) or "none"
