"""What to order now for several futures: what it comes to, and racks and shells by plan."""

from __future__ import annotations

from math import isfinite

from gigawatt.report import charts, futures, names
from gigawatt.report.charts import About, Series
from gigawatt.report.document import Column, Document, Exhibit, Section, Table, Tile, Value, united
from gigawatt.report.formats import WHOLE, cell
from gigawatt.study.dates import quarter, spoken
from gigawatt.study.futures.hedging import COMMON, GUARDED, KNOWN, MEAN, HedgedFuture, Hedging, Order

PLANS = {
    COMMON: "Planned for all futures",
    GUARDED: "With weight on the worst",
    MEAN: "Planned for the mean future",
}
IF_KNOWN = "If the future were known"
# Racks and power below this are the solver's rounding.
LEAST_RACKS, LEAST_W = 0.5, 1e5


def document(found: Hedging) -> Document:
    """What to order now, as it is told."""
    builds = _builds(found)
    return Document(
        title=f"What to order in the next {_decided(found)}",
        names=futures.names(found.head),
        lead=_lead(found) if builds else _nothing(found),
        tiles=_tiles(found) if builds else (),
        sections=(_worth(found, builds), *([_orders(found)] if builds else []), _every(found)),
        notes=tuple(spoken(note.text) for note in found.head.notes),
        made=futures.made(found.head),
    )


def _decided(found: Hedging) -> str:
    count = len(found.orders[COMMON] or ())
    return "quarter" if count == 1 else f"{count} quarters"


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


def _nothing(found: Hedging) -> str:
    count = len(found.futures)
    return f"Nothing is worth ordering in the next {_decided(found)}, whichever of the {count} futures comes."


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


def _tiles(found: Hedging) -> tuple[Tile, ...]:
    figures = (
        (PLANS[COMMON], found.value_usd[COMMON], "mean value"),
        ("In the worst future", found.worst_usd[COMMON], "under the same orders"),
        ("To plan for all futures", found.vss_usd, "worth, over planning for their mean"),
        ("To know the future", found.evpi_usd, "worth, before ordering"),
    )
    return tuple(Tile(label=label, value=cell(value, "usd"), note=note) for label, value, note in figures)


def _worth(found: Hedging, builds: bool) -> Section:
    """Mean and worst value of each plan, and of plans that know their future."""
    values = {title: [_of(future)[plan] for future in found.futures] for plan, title in _made(found).items()}
    unit, ranges = futures.ranged(values)
    rows = tuple((title, found.value_usd[plan], min(values[title])) for plan, title in _made(found).items())
    columns = (Column(title="Orders"), *futures.money(unit, "Mean value", "Worst"))
    title = f"What the orders of the next {_decided(found)} come to, in {unit.unit}"
    says = f"Orders that fit all futures are worth {cell(found.vss_usd, 'usd')} more than those for their mean."
    about = About(name="value", title="Value of each plan in all futures", description=says)
    shown = Exhibit(
        name="value",
        says=says if builds else "",
        shows=f"Value in {len(found.futures)} futures, {unit.unit}",
        table=Table(name="values", title=title, columns=columns, rows=rows),
        chart=charts.spread(about, ranges, unit.unit) if builds else None,
    )
    return Section(slug="value", title="What the orders come to", parts=(shown,))


def _made(found: Hedging) -> dict[str, str]:
    """Titles of the plans that were made, and of those that know their future."""
    return {plan: title for plan, title in PLANS.items() if found.orders[plan] is not None} | {KNOWN: IF_KNOWN}


def _of(future: HedgedFuture) -> dict[str, float]:
    """What a future is worth, by plan."""
    return {
        COMMON: future.common_usd,
        GUARDED: future.guarded_usd,
        MEAN: future.mean_future_plan_usd,
        KNOWN: future.known_usd,
    }


def _orders(found: Hedging) -> Section:
    return Section(slug="orders", title="What to order", parts=(_racks(found), _shells(found)))


def _racks(found: Hedging) -> Exhibit:
    """Racks ordered in each decided quarter, by platform and plan; the chart has those that fit all futures."""
    plans, common = _by_plan(found), found.orders[COMMON] or ()
    keys = [
        key
        for key in common[0].racks_count
        if any(o.racks_count[key] >= LEAST_RACKS for p in plans.values() for o in p)
    ]
    called = {key: names.platform(found.scenario, key) for key in keys}
    rows: list[tuple[Value, ...]] = []
    for same in zip(*plans.values(), strict=True):
        counts = {key: [order.racks_count[key] for order in same] for key in keys}
        rows += [(quarter(same[0].period), called[key], *row) for key, row in counts.items() if max(row) >= LEAST_RACKS]
    heads = (Column(title="Ordered in"), Column(title="Platform"))
    columns = (*heads, *(Column(title=title, suffix="count", scale=WHOLE) for title in plans))
    total = {title: sum(sum(order.racks_count.values()) for order in ordered) for title, ordered in plans.items()}
    says = f"{WHOLE.text(total[PLANS[COMMON]])} racks are ordered so that they fit all futures, {WHOLE.text(total[PLANS[MEAN]])} for the mean future."
    series = [
        Series(name=called[key], values=tuple(order.racks_count[key] for order in common), colour=n)
        for n, key in enumerate(keys)
    ]
    about = About(name="racks", title="Racks to order that fit all futures", description=says)
    return Exhibit(
        name="racks",
        says=says,
        shows="Racks ordered by quarter, planned for all futures",
        table=Table(name="racks", title="Racks to order", columns=columns, rows=tuple(rows)),
        chart=charts.columns(about, [order.period for order in common], series, "racks") if keys else None,
    )


def _shells(found: Hedging) -> Table:
    """Facility power to be ready in the decided quarters, by site and plan."""
    plans = _by_plan(found)
    rows: list[tuple[Value, ...]] = []
    for site in found.scenario.asked.sites:
        power = [sum(order.power_w[site] for order in ordered) for ordered in plans.values()]
        if max(power) > LEAST_W:
            rows.append((names.site(found.scenario, site), *power))
    columns = [Column(title="Site"), *(Column(title=title, suffix="w") for title in plans)]
    title = "Shells to order, in all of these quarters"
    return Table(name="shells", title=title, columns=united(columns, rows), rows=tuple(rows))


def _every(found: Hedging) -> Section:
    """Every future: what was drawn, and what it is worth under each plan."""
    made = _made(found)
    columns = [Column(title="Future", suffix="count")]
    columns += [futures.drawn_column(one.name) for one in found.futures[0].quantities]
    columns += [Column(title=title, suffix="usd") for title in made.values()]
    rows = tuple(
        (float(n), *(one.value for one in future.quantities), *(_of(future)[plan] for plan in made))
        for n, future in enumerate(found.futures)
    )
    return futures.section(columns, rows)
