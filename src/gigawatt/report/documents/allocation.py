"""An allocation: who gets what, what the next gigawatt is worth, when it is enough, and what gives way for what."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gigawatt.report import charts, yardsticks
from gigawatt.report.charts import About, Bar, Chart, Point, Trace, Upright
from gigawatt.report.document import Column, Depth, Document, Exhibit, Facts, Part, Section, Table, Tile, Value, united
from gigawatt.report.formats import Scale, cell, scale
from gigawatt.report.names import Power, power_of
from gigawatt.report.words import joined
from gigawatt.study.allocation.answer import AllocatedClass, AllocationAnswer, ValuePoint
from gigawatt.study.dates import quarter
from gigawatt.study.job import HASH_LENGTH

# Values that differ by less are told as one; a gainer of the next gigawatt with less of it is not named.
ONE_VALUE_FRAC, NAMED_FRAC = 1e-4, 0.05
# Sentences of exchange, and classes that a square table of it, and a legend, have room for.
SENTENCES, ACROSS = 3, 9
# Ratios from here on are told with two digits after the point.
LEAST = 0.01
# What is priceless, or is not known for what is priceless beside it.
UNLIMITED = "without limit"
# Work that is counted by the million and by the exa, and how units.py names it.
COUNTED = {"tokens": ("tokens", 1e6), "FLOP": ("flop", 1e18)}
# The curve may begin sky-high, where floors are missed or a share of nothing is priceless: the axis ends at so many
# times its value at the capacity that is divided, or the cost of power.
HIGHEST_RATIO = 4.0


def document(answer: AllocationAnswer) -> Document:
    """All that is said of a capacity divided."""
    period = (quarter(answer.period),) if answer.period else ()
    name = f"{answer.head.scenario} · {(answer.head.hash or '')[:HASH_LENGTH]}"
    exchange: tuple[Part, ...] = (square(answer), *swaps(answer)) if len(answer.allocation) > 1 else ()
    sections = [
        Section(slug="shares", title=f"Who gets {cell(answer.capacity_w, 'w')}", parts=(_shares(answer),)),
        Section(
            slug="next",
            title=f"What {cell(answer.next.step_w, 'w')} more is worth, and to whom",
            parts=_plenty_parts(answer),
        ),
        Section(
            slug="capacity",
            title="With less power, and with more",
            parts=(_value(answer), _served(answer), *_yardsticks(answer)),
        ),
        Section(slug="cuts", title="What would be lost", parts=(cuts(answer),)),
        Section(slug="exchange", title="What gives way for what", parts=exchange),
    ]
    return Document(
        title=answer.title,
        names=(name, answer.fairness, *period),
        lead=f"{headline(answer)} {following(answer)} {abundance(answer)}",
        tiles=tuple(_tiles(answer)),
        sections=tuple(section for section in sections if section.parts),
        notes=tuple(note.text for note in answer.head.notes),
        made=f"Gigawatt {answer.head.gigawatt}, {name}",
    )


def _yardsticks(answer: AllocationAnswer) -> tuple[Part, ...]:
    """What all work takes and a gigawatt costs on each basis; nothing where the question states every figure."""
    found = answer.yardsticks
    return () if found is None else (yardsticks.listed(found.rows, power_unit(answer)), yardsticks.explained(found))


def power_unit(answer: AllocationAnswer) -> Power:
    """What a capacity is told by: gigawatts, or megawatts where it is smaller than one."""
    return power_of(answer.capacity_w)


def value(answer: AllocationAnswer, amount: float) -> str:
    """A value of a year, in the question's unit."""
    if not math.isfinite(amount):
        return UNLIMITED
    return cell(amount, "usd") if answer.value_unit == "USD" else f"{cell(amount, 'ratio')} {answer.value_unit}"


def headline(answer: AllocationAnswer) -> str:
    """What a unit of power more is worth at the margin, on both sides of a kink."""
    unit = power_unit(answer)
    left, right = answer.lambda_left * unit.gw, answer.lambda_right * unit.gw
    power = cell(answer.capacity_w, "w")
    lead = f"With {power}, one {unit.name} more is worth {value(answer, right)} a year at the margin"
    if math.isfinite(left) and abs(left - right) > ONE_VALUE_FRAC * max(left, right):
        return f"{lead}, and one less would cost {value(answer, left)}."
    return f"{lead}."


def following(answer: AllocationAnswer) -> str:
    """To whom the next gigawatt, or about a tenth of a smaller capacity, would go."""
    after = answer.next
    gains = sorted(((power, key) for key, power in after.power_w.items() if power > 0), reverse=True)
    total = sum(power for power, _ in gains)
    step = cell(after.step_w, "w")
    if total <= NAMED_FRAC * after.step_w:
        return f"The next {step} would go to nobody: all that is asked for is served."
    titles = {row.use_case: row.title for row in answer.allocation}
    named = [gain for gain in gains if gain[0] >= NAMED_FRAC * total]
    parts = [f"{titles[key]} ({_whole(power / total)})" for power, key in named or gains[:SENTENCES]]
    parts += [] if named else [f"{len(gains) - len(parts)} more"]
    if not math.isfinite(after.added_value):
        return f"The next {step} would go to {joined(parts)}."
    return f"The next {step} would add {value(answer, after.added_value)} a year and go to {joined(parts)}."


def abundance(answer: AllocationAnswer) -> str:
    """When nobody has to choose, and when more is not worth its cost."""
    full, enough, cost = answer.physical_abundance_w, answer.economic_abundance_w, answer.cost_value_per_gw_year
    physical = (
        _plenty(answer) if full is None else f"From {cell(full, 'w')} on, nobody has to choose (physical abundance)."
    )
    if enough is None or cost is None:
        return physical
    unit = power_unit(answer)
    price = f"A {unit.name} costs {value(answer, cost * unit.gw)} a year"
    if enough == 0:
        return f"{physical} {price}, and none is worth that."
    side = "less" if answer.capacity_w < enough else "more"
    return (
        f"{physical} {price}, which the last one is worth up to {cell(enough, 'w')} (economic abundance); "
        f"{cell(answer.capacity_w, 'w')} is {side} than that."
    )


def _plenty(answer: AllocationAnswer) -> str:
    if answer.physical_abundance_w is None:
        return "No amount of this power serves everybody."
    return f"From {cell(answer.physical_abundance_w, 'w')} on, nobody has to choose."


def _plenty_parts(answer: AllocationAnswer) -> tuple[Part, ...]:
    """Who would gain from more power, and what abundance is."""
    gainers = [row for row in answer.allocation if answer.next.power_w.get(row.use_case, 0.0) > 0]
    return (*([gains(answer, gainers)] if gainers else []), _plainly(answer))


def gains(answer: AllocationAnswer, gainers: list[AllocatedClass]) -> Exhibit:
    """What the next step of power would bring to each class that has some of it, by value."""
    after, step = answer.next, cell(answer.next.step_w, "w")
    worth = after.gained_value
    rows = sorted(gainers, key=lambda row: -worth[row.use_case])
    first = rows[0]
    says = f"Of {step} more, {first.title} would gain most: {value(answer, worth[first.use_case])} a year, "
    says += f"by {cell(after.power_w[first.use_case], 'w')} of it."
    columns = (
        Column(title="Class"),
        _worth(answer, "It gains a year"),
        Column(title="By power", suffix="w"),
        Column(title="More work a year"),
    )
    bars = [
        Bar(label=row.title, value=worth[row.use_case], text=value(answer, worth[row.use_case]), colour=2)
        for row in rows
    ]
    title = f"What each class would gain in a year from {step} more"
    about = About(name="gains", title=title, description=says)
    table: list[tuple[Value, ...]] = [
        (row.title, _amount(worth[row.use_case]), after.power_w[row.use_case], _more(row, after.power_w[row.use_case]))
        for row in rows
    ]
    return Exhibit(
        name="gains",
        says=says,
        shows=title,
        chart=charts.bars(about, bars) if all(math.isfinite(bar.value) for bar in bars) else None,
        table=_table("gains", title, columns, table),
        depth=Depth.FULL,
    )


def _more(row: AllocatedClass, power_w: float) -> Value:
    """What a class would do more of with some power, in its own unit."""
    amount = row.amount_per_gw_year
    return None if amount is None else _counted(float(f"{amount * power_w / 1e9:.3g}"), row)


def _plainly(answer: AllocationAnswer) -> Facts:
    """Scarcity and both kinds of abundance, in plain words."""
    unit, full, enough = power_unit(answer), answer.physical_abundance_w, answer.economic_abundance_w
    pairs = [
        (
            "Value at the margin, λ",
            f"What one {unit.name} more would add in a year, given to whom it serves best. Every class that is neither "
            "served nor held at its floor values it alike: otherwise moving power between them would add something.",
        )
    ]
    if enough:
        said = f"{cell(enough, 'w')}: the last {unit.name} is worth just what it costs. Below, another one pays for "
        said += "itself; above, power goes to work that is worth less than the power."
        pairs.append(("Economic abundance", said))
    if full is not None:
        said = f"{cell(full, 'w')}: all that is asked for is served, whatever it is worth, and another {unit.name} "
        pairs.append(("Physical abundance", f"{said}is worth nothing here."))
    return Facts(name="plainly", title="", pairs=tuple(pairs), depth=Depth.FULL)


def _whole(share_frac: float) -> str:
    return cell(round(share_frac, 2), "frac")


def _tiles(answer: AllocationAnswer) -> Iterator[Tile]:
    unit, cost = power_unit(answer), answer.cost_value_per_gw_year
    enough, full = answer.economic_abundance_w, answer.physical_abundance_w
    more = value(answer, answer.lambda_right * unit.gw)
    yield Tile(label=f"A {unit.name} more is worth", value=more, note="a year, at the margin")
    if cost is not None:
        yield Tile(label=f"A {unit.name} costs", value=value(answer, cost * unit.gw), note="a year")
    if enough:
        note = f"up to here a {unit.name} is worth its cost"
        yield Tile(label="Economic abundance", value=cell(enough, "w"), note=note)
    if full is not None:
        yield Tile(label="Physical abundance", value=cell(full, "w"), note="from here on all is served")


def _worth(answer: AllocationAnswer, title: str) -> Column:
    """A column of values."""
    money = answer.value_unit == "USD"
    return Column(title=title, suffix="usd") if money else Column(title=f"{title}, {answer.value_unit}", suffix="ratio")


def _amount(amount: float) -> Value:
    return amount if math.isfinite(amount) else UNLIMITED


def _table(name: str, title: str, columns: tuple[Column, ...], rows: list[tuple[Value, ...]]) -> Table:
    """A table with a unit for each column, but for bare values, which keep three digits each."""
    kept = [Column(title="") if column.suffix == "ratio" else column for column in columns]
    heads = zip(columns, united(kept, rows), strict=True)
    shown = tuple(before if before.suffix == "ratio" else after for before, after in heads)
    return Table(name=name, title=title, columns=shown, rows=tuple(rows))


def shares(answer: AllocationAnswer) -> Table:
    """Power, share served and value of a unit more by class; tiers where there are several."""
    unit = power_unit(answer)
    tiers = len({row.tier for row in answer.allocation}) > 1
    columns = (
        *(Column(title="Class"), *([Column(title="Tier")] if tiers else [])),
        *(Column(title="Power", suffix="w"), Column(title="Asked for", suffix="w")),
        *(Column(title="Served", suffix="frac"), Column(title="Floor", suffix="frac")),
        _worth(answer, f"A {unit.symbol} more"),
    )
    rows: list[tuple[Value, ...]] = [
        (
            row.title,
            *([str(row.tier)] if tiers else []),
            row.power_w,
            row.demand_w,
            row.served_frac,
            row.floor_frac,
            _amount(row.marginal * unit.gw),
        )
        for row in answer.allocation
    ]
    return _table("shares", f"Who gets {cell(answer.capacity_w, 'w')}", columns, rows)


def _shares(answer: AllocationAnswer) -> Exhibit:
    """Power of each class over what it asks for."""
    unit = scale("w", [row.demand_w for row in answer.allocation])
    bars = [
        Bar(
            label=row.title,
            value=row.power_w / unit.size,
            text=f"{cell(row.power_w, 'w')}, {_whole(row.served_frac)}",
            colour=0,
            dot=row.demand_w / unit.size,
            dot_text=cell(row.demand_w, "w"),
        )
        for row in answer.allocation
    ]
    best, least = (pick(answer.allocation, key=lambda row: row.served_frac) for pick in (max, min))
    says = f"{best.title} gets {_whole(best.served_frac)} of what it asks for"
    says += f", {least.title} {_whole(least.served_frac)}." if least.served_frac < best.served_frac else "."
    about = About(name="shares", title="Power of each class, and what it asks for", description=says)
    return Exhibit(
        name="shares",
        says=says,
        shows=f"Power of each class, and below it what it asks for, {unit.unit}",
        chart=charts.bars(about, bars, ("gets", "asks for")),
        table=shares(answer),
    )


def cuts(answer: AllocationAnswer) -> Table:
    """What each class would lose at its floor, and what would remain of that once the others have its power."""
    columns = (
        Column(title="Class"),
        _worth(answer, "It loses a year"),
        _worth(answer, "All lose, power used by others"),
    )
    rows: list[tuple[Value, ...]] = [
        (row.title, _amount(row.loss_to_floor_value), _amount(row.loss_to_floor_net_value)) for row in answer.allocation
    ]
    return _table("cuts", "What it would cost to cut a class to its floor", columns, rows)


def square(answer: AllocationAnswer) -> Table:
    """Points of demand for a point of demand, of the classes with most power where there are many."""
    kept = _main(answer)
    ratio = {(row.gains, row.gives): row.share_ratio for row in answer.exchange}
    least = min((value for value in ratio.values() if value), default=1.0)
    digits = Scale(size=1.0, unit="", digits=2) if least >= LEAST else None
    return Table(
        name="exchange",
        title="One point of demand more in a row costs so many points in a column",
        columns=(Column(title=""), *(Column(title=f"{n + 1}", suffix="ratio", scale=digits) for n in range(len(kept)))),
        rows=tuple(
            (f"{n + 1} {gains.title}", *(ratio.get((gains.use_case, gives.use_case)) for gives in kept))
            for n, gains in enumerate(kept)
        ),
    )


def _main(answer: AllocationAnswer) -> list[AllocatedClass]:
    """Classes in their order; where there are many, those with most power."""
    rows = sorted(answer.allocation, key=lambda row: -row.power_w)[:ACROSS]
    return [row for row in answer.allocation if row in rows]


def swaps(answer: AllocationAnswer) -> tuple[Facts, ...]:
    """A few exchanges in units of the classes: what the dearest class gives up for the others."""
    rows = {row.use_case: row for row in answer.allocation}
    known = {(row.gains, row.gives): row.amount_ratio for row in answer.exchange if row.amount_ratio is not None}
    if not known:
        return ()
    giver = max((gives for _, gives in known), key=lambda key: rows[key].weight_value_per_gw_year)
    taken = sorted((gains for gains, gives in known if gives == giver), key=lambda key: -rows[key].power_w)
    said = tuple(("", _swap(rows[gains], rows[giver], known[gains, giver])) for gains in taken[:SENTENCES])
    return (Facts(name="swaps", title="In units of the work", pairs=said),)


def _swap(gains: AllocatedClass, gives: AllocatedClass, ratio: float) -> str:
    least = COUNTED.get(gains.unit or "", ("", 10.0))[1]
    count = max(least, 10.0 ** math.ceil(-math.log10(ratio)))
    taken = float(f"{count * ratio:.3g}")
    return f"For {_counted(count, gains)} more of {gains.title}, {gives.title} gives up {_counted(taken, gives)}."


def _counted(count: float, of: AllocatedClass) -> str:
    if of.unit in COUNTED:
        return cell(count, COUNTED[of.unit][0])
    return f"{cell(count, 'count')} {of.unit}"


def _value(answer: AllocationAnswer) -> Exhibit:
    """What a unit of power more is worth against capacity, with its cost and both points of abundance."""
    power, enough = power_unit(answer), answer.economic_abundance_w
    title = f"What the next {power.name} is worth in a year"
    until = f", beyond {cell(enough, 'w')} less than it costs" if enough else ""
    says = f"The more power there is, the less one {power.name} more is worth{until}."
    columns = (Column(title="Capacity", suffix="w"), _worth(answer, f"The next {power.symbol}"))
    rows: list[tuple[Value, ...]] = [(row.capacity_w, _amount(row.lambda_ * power.gw)) for row in answer.curve]
    return Exhibit(
        name="value",
        says=says,
        shows=f"{title}, at each capacity",
        chart=_curve(answer, About(name="value", title=title, description=says, half=True)),
        table=_table("value", title, columns, rows),
        half=True,
        depth=Depth.FULL,
    )


def _curve(answer: AllocationAnswer, about: About) -> Chart:
    power, most = power_unit(answer), _most(answer)
    unit = scale("usd", [most]) if answer.value_unit == "USD" else Scale(size=1.0, unit=answer.value_unit, digits=3)
    prices = [row.lambda_ * power.gw for row in answer.curve]
    powers = [cell(row.capacity_w, "w") for row in answer.curve]
    more = f"a {power.symbol} more is worth"
    tips = [f"{w}\n{more}: {value(answer, price)}" for w, price in zip(powers, prices, strict=True)]
    places = [watt / _across(answer).size for watt in (row.capacity_w for row in answer.curve)]
    points = [Point(x, price / unit.size, tip) for x, price, tip in zip(places, prices, tips, strict=True)]
    cost = (answer.cost_value_per_gw_year or math.inf) * power.gw
    named = {
        "divided here": answer.capacity_w,
        "economic abundance": answer.economic_abundance_w,
        "physical abundance": answer.physical_abundance_w,
    }
    return charts.xy(
        about,
        [Trace("", points, 0, area=True)],
        f"capacity, {_across(answer).unit}",
        f"{unit.unit} per {power.symbol}",
        uprights=[Upright(f"{name}, {cell(w, 'w')}", w / _across(answer).size) for name, w in named.items() if w],
        levels=[("cost", cost / unit.size)] if cost <= most else [],
        most=most / unit.size,
    )


def _most(answer: AllocationAnswer) -> float:
    """Where the axis of value ends."""
    gw = power_unit(answer).gw
    cost = (answer.cost_value_per_gw_year or 0.0) * gw
    here = answer.lambda_right * gw if math.isfinite(answer.lambda_right) else 0.0
    highest = max((row.lambda_ * gw for row in answer.curve if math.isfinite(row.lambda_)), default=0.0)
    return min(highest, HIGHEST_RATIO * max(here, cost)) or highest or 1.0


def _across(answer: AllocationAnswer) -> Scale:
    return scale("w", [answer.curve[-1].capacity_w])


def _served(answer: AllocationAnswer) -> Exhibit:
    """Share served of each class against capacity."""
    columns = (
        Column(title="Capacity", suffix="w"),
        *(Column(title=row.title, suffix="frac") for row in answer.allocation),
    )
    rows = [
        (point.capacity_w, *(point.served_frac[row.use_case] for row in answer.allocation)) for point in answer.curve
    ]
    title = "Share of what each class asks for that is served"
    about = About(name="served", title=title, description=_plenty(answer), half=True)
    size, main = _across(answer).size, _main(answer)
    chosen = f" ({len(main)} with most power)" if len(main) < len(answer.allocation) else ""
    lines = [
        Trace(row.title, tuple(Point(p.capacity_w / size, 100 * p.served_frac[row.use_case]) for p in answer.curve), n)
        for n, row in enumerate(main)
    ]
    here = [
        Trace("", (Point(answer.capacity_w / size, 100 * row.served_frac, _told(answer, row)),), n, joined=False)
        for n, row in enumerate(main)
    ]
    tips = {point.capacity_w / size: _slice(answer, point) for point in answer.curve}
    return Exhibit(
        name="served",
        says=_plenty(answer),
        shows=f"{title}{chosen}, at each capacity; dots where it is divided",
        chart=charts.xy(
            about, [*lines, *here], f"capacity, {_across(answer).unit}", "%", tips=tuple(tips.items()), most=100.0
        ),
        table=_table("served", title, columns, list(rows)),
        half=True,
        depth=Depth.FULL,
    )


def _told(answer: AllocationAnswer, row: AllocatedClass) -> str:
    power = power_unit(answer)
    more = value(answer, row.marginal * power.gw)
    return f"{row.title}\nserved: {_whole(row.served_frac)}\na {power.symbol} more is worth: {more}"


def _slice(answer: AllocationAnswer, point: ValuePoint) -> str:
    shares = (f"{row.title}: {_whole(point.served_frac[row.use_case])}" for row in _main(answer))
    return "\n".join([cell(point.capacity_w, "w"), *shares])
