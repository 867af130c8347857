"""What to order now for several futures: what it comes to, and racks and shells by plan."""

from __future__ import annotations

from math import isfinite

from gigawatt.report import charts, futures, names
from gigawatt.report.charts import About, Series
from gigawatt.report.document import Column, Document, Exhibit, Section, Table, Value, united
from gigawatt.report.formats import WHOLE, cell
from gigawatt.study.dates import quarter
from gigawatt.study.futures.hedging import COMMON, GUARDED, KNOWN, MEAN, Hedging, Order

PLANS = {
    COMMON: "Planned for all futures",
    GUARDED: "With weight on the worst",
    MEAN: "Planned for the mean future",
    KNOWN: "If the future were known",
}
# Racks and power below this are the solver's rounding.
LEAST_RACKS, LEAST_W = 0.5, 1e5


def document(found: Hedging) -> Document:
    """What to order now, as it is told."""
    decided, count, builds = _decided(found), len(found.futures), _builds(found)
    says = f"Planning for all futures is worth {cell(found.vss_usd, 'usd')} more than for their mean."
    about = About(name="value", title=f"Value in {count} futures", description=says)
    title = f"What the orders of the next {decided} come to, in {{}}"
    value = futures.spread(about, "values", title, "Orders", _values(found), brief=(0, 1, 5))
    sections = [Section(slug="value", title="What the orders come to", parts=(value,)), _every(found)]
    if builds:
        sections.insert(1, Section(slug="orders", title="What to order", parts=(_racks(found), _shells(found))))
    nothing = f"Nothing is worth ordering in the next {decided}, whichever of the {count} futures comes."
    lead, tiles = (_lead(found), _tiles(found)) if builds else (nothing, [])
    return futures.document(f"What to order in the next {decided}", found.head, None, lead, tiles, sections)


def _decided(found: Hedging) -> str:
    count = len(found.orders[COMMON] or ())
    return "quarter" if count == 1 else f"{count} quarters"


def _by_plan(found: Hedging) -> dict[str, tuple[Order, ...]]:
    """Orders of the plans that were made, by title."""
    return {title: ordered for plan, title in PLANS.items() if (ordered := found.orders.get(plan)) is not None}


def _values(found: Hedging) -> dict[str, list[float]]:
    """Value in each future of the plans that were made, and of those that know it, by title."""
    values = {
        COMMON: [future.common_usd for future in found.futures],
        GUARDED: [future.guarded_usd for future in found.futures],
        MEAN: [future.mean_future_plan_usd for future in found.futures],
        KNOWN: [future.known_usd for future in found.futures],
    }
    return {title: values[plan] for plan, title in PLANS.items() if isfinite(values[plan][0])}


def _builds(found: Hedging) -> bool:
    """Whether any plan orders racks or shells."""
    ordered = [order for plan in _by_plan(found).values() for order in plan]
    racks = max((count for order in ordered for count in order.racks_count.values()), default=0.0)
    power = max((watts for order in ordered for watts in order.power_w.values()), default=0.0)
    return racks >= LEAST_RACKS or power > LEAST_W


def _lead(found: Hedging) -> str:
    """What planning for several futures is worth, and what knowing would be."""
    told = (
        f"Orders of the next {_decided(found)} that fit all {len(found.futures)} futures are worth "
        f"{cell(found.value_usd[COMMON], 'usd')} on average; the orders of a plan for the mean future are worth "
        f"{cell(found.value_usd[MEAN], 'usd')} in the same futures. Planning for all of them is worth "
        f"{cell(found.vss_usd, 'usd')}, and to know the future before ordering would be worth "
        f"{cell(found.evpi_usd, 'usd')} more."
    )
    given_usd = found.value_usd[COMMON] - found.value_usd[GUARDED]
    if not isfinite(given_usd):
        return told
    gained_usd = found.worst_usd[GUARDED] - found.worst_usd[COMMON]
    return (
        f"{told} With weight on the worst futures it gives up {cell(given_usd, 'usd')} on average and gains "
        f"{cell(gained_usd, 'usd')} in the worst."
    )


def _tiles(found: Hedging) -> list[tuple[str, str, str]]:
    return [
        (PLANS[COMMON], cell(found.value_usd[COMMON], "usd"), "mean value"),
        ("In the worst future", cell(found.worst_usd[COMMON], "usd"), "under the same orders"),
        ("To plan for all futures", cell(found.vss_usd, "usd"), "worth, over planning for their mean"),
        ("To know the future", cell(found.evpi_usd, "usd"), "worth, before ordering"),
    ]


def _racks(found: Hedging) -> Exhibit:
    """Racks ordered in each decided quarter, by platform and plan; the chart has those that fit all futures."""
    plans, rows = _by_plan(found), list[tuple[Value, ...]]()
    common, mean, keys = plans[PLANS[COMMON]], plans[PLANS[MEAN]], list(plans[PLANS[COMMON]][0].racks_count)
    called = {key: names.platform(found.scenario, key) for key in keys}
    for same in zip(*plans.values(), strict=True):
        counts = {key: [order.racks_count[key] for order in same] for key in keys}
        rows += [(quarter(same[0].period), called[key], *row) for key, row in counts.items() if max(row) >= LEAST_RACKS]
    heads = (Column(title="Ordered in"), Column(title="Platform"))
    columns = (*heads, *(Column(title=title, suffix="count", scale=WHOLE) for title in plans))
    total, of_mean = (WHOLE.text(sum(sum(o.racks_count.values()) for o in plan)) for plan in (common, mean))
    says = f"{total} racks are ordered to fit all futures, {of_mean} to fit the mean future."
    about = About(name="racks", title="Racks ordered to fit all futures, by quarter", description=says)
    series = [
        Series(name=called[key], values=tuple(order.racks_count[key] for order in common), colour=n)
        for n, key in enumerate(keys)
    ]
    return Exhibit(
        name="racks",
        says=says,
        shows=about.title,
        table=Table(name="racks", title="Racks to order", columns=columns, rows=tuple(rows)),
        chart=charts.columns(about, [order.period for order in common], series, "racks") if rows else None,
    )


def _shells(found: Hedging) -> Table:
    """Facility power to be ready in the decided quarters, by site and plan."""
    plans, rows = _by_plan(found), list[tuple[Value, ...]]()
    for site in found.scenario.asked.sites:
        power = [sum(order.power_w[site] for order in ordered) for ordered in plans.values()]
        if max(power) > LEAST_W:
            rows.append((names.site(found.scenario, site), *power))
    columns = united([Column(title="Site"), *(Column(title=title, suffix="w") for title in plans)], rows)
    title = "Shells to order, in all of these quarters"
    return Table(name="shells", title=title, columns=columns, rows=tuple(rows))


def _every(found: Hedging) -> Section:
    """Every future: what was drawn, and what it is worth under each plan."""
    values, quantities = _values(found), [one.name for one in found.futures[0].quantities]
    columns = [Column(title="Future", suffix="count"), *map(futures.drawn_column, quantities)]
    columns += [Column(title=title, suffix="usd") for title in values]
    rows = tuple(
        (float(n), *(one.value for one in future.quantities), *(row[n] for row in values.values()))
        for n, future in enumerate(found.futures)
    )
    return futures.section(columns, rows)
