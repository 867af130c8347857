"""Plan against actual told: how far they are apart and why, what is earned, and when the next tranche is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter

from gigawatt.report import booked, charts, names, words
from gigawatt.report.charts import About, Bar, Series
from gigawatt.report.document import (
    Depth,
    Document,
    Exhibit,
    Facts,
    Part,
    Section,
    Table,
    Tile,
    Unit,
    Value,
    in_units,
    table,
)
from gigawatt.report.formats import WHOLE, cell, pue, scale, share
from gigawatt.study.dates import quarter, spoken
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.track.causes import Deviation
from gigawatt.study.track.earned import EarnedValue
from gigawatt.study.track.forecast import Forecast, ForecastMilestone, ForecastPower
from gigawatt.study.track.reconcile import Reconciliation
from gigawatt.study.track.slips import ALL, Slip

# Cause → its name, its colour.
CAUSES = {
    "power": ("late or missing power", 1),
    "racks": ("late or missing racks", 5),
    "per_rack": ("what a rack does", 2),
    "price": ("price", 3),
    "other": ("not told apart", 9),
}
STREAMS = {"power": "power energised", "racks": "racks accepted", "tests": "racks tested"}
PERIOD = attrgetter("period")
LEVELS = [attrgetter(name) for name in ("planned_w", "p10_w", "p50_w", "p90_w")]
# A part of a difference that is less than this share of what was planned is not spoken of.
SAME_FRAC = 5e-4
ORDER = (
    "Causes take the place of the plan in this order: the power that was energised, the racks that stood, what a rack "
    "did, what that earned or cost. They add up to the whole difference."
)
EARNED = (
    "Planned value is the plan's cost of what it has by now, earned value the plan's cost of what stands, actual cost "
    "what was paid for it."
)
COMING = (
    "What is left of the plan comes as late as each site was so far, drawn from what is believed of it; what counts is "
    "the least of power, racks accepted and racks tested."
)


def document(found: Reconciliation) -> Document:
    """A plan against a ledger."""
    head, read = found.head, found.ledger
    return Document(
        title="Plan against actual",
        names=(str(head.scenario), str(head.hash)[:HASH_LENGTH], f"ledger {read.head[:HASH_LENGTH]}"),
        lead=lead(found),
        tiles=tuple(tiles(found)),
        sections=tuple(sections(found)),
        notes=tuple(spoken(note.text) for note in head.notes),
        made=f"Gigawatt {head.gigawatt}, scenario {head.scenario}, hash {head.hash}, ledger {read.head}",
    )


def lead(found: Reconciliation) -> str:
    """How far plan and actual are apart, and when the next tranche is due."""
    told = []
    if found.to is not None:
        last = [row for row in found.sites if row.period == found.to]
        there, due = sum(row.energised_w for row in last), sum(row.planned_energised_w for row in last)
        told.append(
            f"At the end of {quarter(found.to)} {cell(there, 'w')} are energised, {cell(due, 'w')} in the plan."
        )
    if found.bridge is not None and found.bridge.tokens is not None:
        told.append(said(found.bridge.tokens, "tokens", "tokens served"))
    if found.earned is not None and found.earned.behind_years is not None:
        told.append(behind(found.earned))
    coming = found.forecast.milestones[:1] if found.forecast else ()
    told += [when(one) for one in coming]
    return " ".join(told)


def said(of: Deviation, suffix: str, what: str) -> str:
    """A deviation in a sentence: by how much, and what most of it comes from."""
    whole = of.whole or 0.0
    if abs(whole) <= SAME_FRAC * abs(of.planned):
        return f"{what.capitalize()} are as planned."
    parts = {label: getattr(of, name) or 0.0 for name, (label, _) in CAUSES.items()}
    most = max(parts, key=lambda label: parts[label] * (1 if whole > 0 else -1))
    more = "more" if whole > 0 else "fewer" if suffix == "tokens" else "less"
    rate = f" ({share(abs(whole) / abs(of.planned))})" if of.planned else ""
    return f"{what.capitalize()} are {cell(abs(whole), suffix)} {more} than planned{rate}, mostly by {most}."


def behind(found: EarnedValue) -> str:
    """Whether the programme is behind its plan, and by how long."""
    months = 12 * (found.behind_years or 0.0)
    if abs(months) < 0.5:
        return "The programme is on schedule."
    return f"The programme is {abs(months):.1f} months {'behind' if months > 0 else 'ahead of'} its plan."


def when(one: ForecastMilestone) -> str:
    """The band of a milestone in a sentence."""
    what = f"The milestone of {cell(one.milestone_w, 'w')}"
    if one.p50_date is None:
        return f"{what} is not met within the plan and three years after it in half of all outcomes."
    middle, early = words.day(one.p50_date), words.day(str(one.p10_date))
    late = words.day(one.p90_date) if one.p90_date else "no day within sight"
    waits = f"; it waits for {STREAMS[one.waits_for]}" if one.waits_for else ""
    return f"{what} is met about {middle}, from {early} to {late} in eight outcomes of ten{waits}."


def tiles(found: Reconciliation) -> Iterator[Tile]:
    """The first figures."""
    earned = found.earned
    if earned is not None:
        yield Tile(label="Schedule index", value=ratio(earned.spi_ratio), note="earned over planned value")
        yield Tile(label="Cost index", value=ratio(earned.cpi_ratio), note="earned value over what was paid")
        yield Tile(label="Schedule index in time", value=ratio(earned.spi_time_ratio), note="earned schedule over time")
    for one in found.forecast.milestones[:1] if found.forecast else ():
        band = f"{one.p10_date or 'never'} to {one.p90_date or 'never'}"
        yield Tile(label=f"{cell(one.milestone_w, 'w')} met", value=one.p50_date or "never", note=band)


def ratio(value: float | None) -> str:
    """An index to the hundredth."""
    return "–" if value is None else f"{value:.2f}"


def sections(found: Reconciliation) -> Iterator[Section]:
    """What is told, from top to bottom."""
    if found.bridge is not None:
        yield section("power", "Power and racks", power(found), carried(found), sites(found), racks(found))
        yield section("causes", "Why they differ", *bridges(found), causes(found), classes(found), lead=ORDER)
        yield section("money", "Money", money(found))
    if found.earned is not None:
        yield section("earned", "What is earned", indices(found.earned), earned(found.earned), lead=EARNED)
    if found.forecast is not None:
        yield section("coming", "What is to come", *coming(found, found.forecast), lead=COMING)
    yield section("ledger", "The ledger", ledger(found))


def section(slug: str, title: str, *found: Part | None, lead: str = "") -> Section:
    """A section of the parts that are there."""
    return Section(slug=slug, title=title, lead=lead, parts=tuple(part for part in found if part is not None))


def power(found: Reconciliation) -> Exhibit:
    """Facility power energised by quarter, planned and actual, of all sites."""
    periods = list(dict.fromkeys(row.period for row in found.sites))
    due = [sum(row.planned_energised_w for row in found.sites if row.period == period) for period in periods]
    there = [sum(row.energised_w for row in found.sites if row.period == period) for period in periods]
    stood = [sum(row.it_w.actual or 0.0 for row in found.sites if row.period == period) for period in periods]
    unit = scale("w", [*due, *there])
    lines = [
        Series(name=label, values=tuple(value / unit.size for value in values), colour=colour)
        for label, values, colour in (("planned", due, 9), ("energised", there, 0), ("IT power of racks", stood, 2))
    ]
    says = f"{cell(there[-1], 'w')} of {cell(due[-1], 'w')} are energised at the end of {quarter(periods[-1])}."
    about = About(name="power", title=f"Power at the end of each quarter, {unit.unit}", description=says)
    rows = list(zip(map(quarter, periods), due, there, stood, strict=True))
    shown = table(
        "power", about.title, {"Quarter": "", "Planned": "w", "Energised": "w", "IT power of racks": "w"}, rows
    )
    chart = charts.lines(about, periods, lines, unit.unit)
    return Exhibit(name="power", says=says, shows=about.title, table=alike(shown), chart=chart)


def alike(found: Table) -> Table:
    """A table with one unit for all columns of a kind, for their figures are held against one another."""
    kinds = dict.fromkeys(column.suffix for column in found.columns if column.suffix)
    cells = [
        (column.suffix, value)
        for row in found.rows
        for column, value in zip(found.columns, row, strict=True)
        if not isinstance(value, str)
    ]
    units = {kind: scale(kind, [value for suffix, value in cells if suffix == kind]) for kind in kinds}
    columns = tuple(
        replace(one, title=f"{one.title}, {units[one.suffix].unit}", scale=units[one.suffix]) if one.suffix else one
        for one in found.columns
    )
    return replace(found, columns=columns)


def carried(found: Reconciliation) -> Exhibit | None:
    """Energised power of each site under its plan; none for one site."""
    keys = list(dict.fromkeys(row.site for row in found.sites))
    if len(keys) < 2:
        return None
    periods = list(dict.fromkeys(row.period for row in found.sites))
    unit = scale("w", [row.planned_energised_w for row in found.sites])

    def of(key: str, name: str) -> tuple[float, ...]:
        return tuple(getattr(row, name) / unit.size for row in found.sites if row.site == key)

    whole = [Series(name=unit.unit, values=of(key, "planned_energised_w"), colour=9) for key in keys]
    part = [Series(name="energised", values=of(key, "energised_w"), colour=0) for key in keys]
    says = "Energised power of each site, filled, under the outline of its plan."
    shows = f"Facility power by site, {unit.unit}: filled is energised, the line is planned"
    about = About(name="power-by-site", title=shows, description=says)
    titles = [called(found, key) for key in keys]
    return Exhibit(
        name="power-by-site",
        says=says,
        shows=about.title,
        table=None,
        chart=charts.multiples(about, periods, titles, whole, part),
        depth=Depth.FULL,
    )


def called(found: Reconciliation, key: str) -> str:
    """What a site is called: by its name where the plan knows it."""
    return names.site(found.scenario, key) if key in found.scenario.asked.sites else key


def sites(found: Reconciliation) -> Table:
    """Every site in every quarter, the last first; a terminal has room for few."""
    last = [row for row in found.sites if row.period == found.to]
    rows: list[tuple[Value, ...]] = [
        (
            called(found, row.site),
            quarter(row.period),
            row.planned_energised_w,
            row.energised_w,
            row.it_w.planned,
            row.it_w.actual,
            row.it_w.power,
            row.it_w.racks,
            row.energy_wh.planned,
            row.energy_wh.actual,
            pue(row.planned_pue_ratio),
            pue(row.pue_ratio),
        )
        for row in sorted(found.sites, key=PERIOD, reverse=True)
    ]
    titles = {"Site": "", "Quarter": "", "Planned power": "w", "Energised": "w", "Planned IT": "w", "IT power": "w"}
    titles |= {"Lacks power": "w", "Lacks racks": "w", "Planned energy": "wh", "Energy": "wh"}
    titles |= {"Planned PUE": "", "PUE": ""}
    brief = (0, 1, 2, 3, 4, 5)
    return alike(table("sites", "By site and quarter", titles, rows, brief_rows=max(len(last), 4), brief_columns=brief))


def racks(found: Reconciliation) -> Table:
    """Racks of every platform by site and quarter, the last first."""
    known = found.scenario.asked.platforms
    rows = [
        (
            called(found, row.site),
            names.platform(found.scenario, row.platform) if row.platform in known else row.platform,
            quarter(row.period),
            row.planned_count,
            row.racks_count,
        )
        for row in sorted(found.racks, key=PERIOD, reverse=True)
    ]
    titles: dict[str, Unit] = {"Site": "", "Platform": "", "Quarter": ""}
    titles |= {"Planned": ("count", WHOLE), "Standing": ("count", WHOLE)}
    return table("racks", "Racks at the end of each quarter", titles, rows, depth=Depth.FULL)


def bridges(found: Reconciliation) -> Iterator[Exhibit]:
    """From plan to actual, cause by cause."""
    assert found.bridge is not None
    whole = (
        ("tokens", "tokens served", "tokens", found.bridge.tokens),
        ("revenue", "revenue", "usd", found.bridge.revenue_usd),
        ("energy", "energy", "wh", found.bridge.energy_wh),
        ("cash", "cash from work and capital", "usd", found.bridge.cash_usd),
    )
    shown = [row for row in whole if row[3] is not None]
    for name, what, suffix, of in shown:
        if of is not None:
            yield bridge(
                name, what, suffix, of, half=len(shown) > 1, depth=Depth.BRIEF if name != "energy" else Depth.FULL
            )


def bridge(name: str, what: str, suffix: str, of: Deviation, *, half: bool, depth: Depth) -> Exhibit:
    """One quantity from plan to actual."""
    parts = [(label, getattr(of, key), colour) for key, (label, colour) in CAUSES.items()]
    rows = [("planned", of.planned, 9), *((label, value or 0.0, colour) for label, value, colour in parts if value)]
    rows.append(("actual", of.actual or 0.0, 0))
    unit = scale(suffix, [value for _, value, _ in rows])

    def signed(label: str, value: float) -> str:
        return f"{'+' if value > 0 and label not in ('planned', 'actual') else ''}{unit.text(value)}"

    bars = [Bar(label=label, value=value / unit.size, text=signed(label, value), colour=c) for label, value, c in rows]
    shows = f"{what.capitalize()} since the plan began, {unit.unit}: the plan, each cause, and what came"
    about = About(name=f"bridge-{name}", title=shows, description=said_of(of, suffix, what), half=half)
    shown = table(f"bridge-{name}", shows, {"Part": "", "Amount": suffix}, [row[:2] for row in rows])
    return Exhibit(
        name=f"bridge-{name}",
        says=about.description,
        shows=shows,
        table=in_units(replace(shown, depth=depth)),
        chart=charts.bars(about, bars),
        half=half,
        depth=depth,
    )


def said_of(of: Deviation, suffix: str, what: str) -> str:
    """A deviation in a sentence, of one thing."""
    return said(of, suffix, what).replace(" are ", " is ", 1) if suffix != "tokens" else said(of, suffix, what)


def causes(found: Reconciliation) -> Table:
    """The causes of tokens by site and quarter, the last first."""
    shown = ("power", "racks", "per_rack")  # tokens have no price
    keys = ("planned", *shown, "actual")
    rows = [
        (called(found, row.site), quarter(row.period), *(getattr(row.tokens, key) for key in keys))
        for row in sorted(found.sites, key=PERIOD, reverse=True)
    ]
    titles = {"Site": "", "Quarter": "", "Planned": "tokens"}
    titles |= {CAUSES[key][0].capitalize(): "tokens" for key in shown} | {"Served": "tokens"}
    return alike(table("causes", "Tokens by site and quarter", titles, rows, depth=Depth.FULL))


def classes(found: Reconciliation) -> Table:
    """Tokens of every class by quarter, the last first."""
    known = found.scenario.asked.use_cases
    rows = [
        (
            names.use_case(found.scenario, row.use_case) if row.use_case in known else row.use_case,
            quarter(row.period),
            row.tokens.planned,
            row.tokens.actual,
            row.planned_usd_per_mtok,
        )
        for row in sorted(found.classes, key=PERIOD, reverse=True)
    ]
    titles = {"Class": "", "Quarter": "", "Planned": "tokens", "Served": "tokens", "Planned to earn": "usd_per_mtok"}
    return alike(table("classes", "Tokens by class and quarter", titles, rows, depth=Depth.FULL))


def money(found: Reconciliation) -> Table:
    """Every line of money, all quarters together."""
    lines = dict.fromkeys((row.direction, row.item) for row in found.money)
    rows: list[tuple[Value, ...]] = []
    for direction, item in lines:
        mine = [row.usd for row in found.money if (row.direction, row.item) == (direction, item)]
        known = [one.actual for one in mine if one.actual is not None]
        came = sum(known) if len(known) == len(mine) else None
        due = sum(one.planned for one in mine)
        rows.append((f"{item.capitalize()} {direction}", due, came, None if came is None else came - due))
    titles = {"Line": "", "Planned": "usd", "Recorded": "usd", "Difference": "usd"}
    return in_units(table("money", f"Money to the end of {quarter(str(found.to))}, as it adds to cash", titles, rows))


def indices(of: EarnedValue) -> Facts:
    """The indices in words."""
    paid = " and ".join(of.paid_for) if of.paid_for else "nothing: no money is recorded"
    pairs = (
        ("Planned value", cell(of.planned_usd, "usd")),
        ("Earned value", cell(of.earned_usd, "usd")),
        ("Actual cost", f"{cell(of.actual_usd, 'usd')}, of {paid}"),
        ("Schedule variance", cell(of.schedule_usd, "usd")),
        ("Cost variance", cell(of.cost_usd, "usd")),
        ("Earned schedule", f"{cell(of.earned_schedule_years, 'years')} of {cell(of.elapsed_years, 'years')}"),
    )
    return Facts(name="indices", title="Earned value", pairs=pairs)


def earned(of: EarnedValue) -> Exhibit:
    """Planned and earned value and actual cost by quarter."""
    periods = [row.period for row in of.quarters]
    lines = {
        "planned value": [row.planned_usd for row in of.quarters],
        "earned value": [row.earned_usd for row in of.quarters],
    }
    if of.actual_usd is not None:
        lines["actual cost"] = [row.actual_usd or 0.0 for row in of.quarters]
    unit = scale("usd", [value for values in lines.values() for value in values])
    series = [
        Series(name=name, values=tuple(value / unit.size for value in values), colour=colour)
        for (name, values), colour in zip(lines.items(), (9, 0, 1), strict=False)
    ]
    says = f"{cell(of.earned_usd, 'usd')} of {cell(of.planned_usd, 'usd')} are earned."
    shows = f"Capital since the plan began, {unit.unit}"
    about = About(name="earned", title=shows, description=says)
    rows = list(zip(map(quarter, periods), *lines.values(), strict=True))
    shown = table(
        "earned", shows, {"Quarter": ""} | {name.capitalize(): "usd" for name in lines}, rows, depth=Depth.FULL
    )
    chart = charts.lines(about, periods, series, unit.unit)
    return Exhibit(name="earned", says=says, shows=shows, table=in_units(shown), chart=chart, depth=Depth.FULL)


def coming(found: Reconciliation, of: Forecast) -> Iterator[Part]:
    """Milestones with their band, the power that counts by quarter, and how late each site is."""
    rows: list[tuple[Value, ...]] = [
        (
            one.milestone_w,
            one.amount_usd,
            one.planned_date,
            one.p10_date,
            one.p50_date,
            one.p90_date,
            STREAMS[one.waits_for] if one.waits_for else None,
        )
        for one in of.milestones
    ]
    titles = {"Milestone": "w", "Tranche": "usd", "Planned": "", "P10": "", "P50": "", "P90": "", "Waits for": ""}
    title = f"When milestones of {of.power_basis} power are met, in {of.draws:,} outcomes"
    yield table("milestones", title, titles, rows, brief_rows=5, brief_columns=(0, 2, 3, 4, 5))
    if of.power:
        yield band(of)
    yield late(found, of.slips)


def band(of: Forecast) -> Exhibit:
    """Power that counts at the end of each quarter to come, under the plan, until nothing changes any more."""
    power = of.power[: last_change(of.power) + 1]
    unit = scale("w", [max(row.planned_w, row.p90_w) for row in power])

    def values(name: str) -> tuple[float, ...]:
        return tuple(getattr(row, name) / unit.size for row in power)

    spread = [Series(name=name, values=values(f"{key}_w"), colour=0) for key, name in _BAND.items()]
    level = Series(name="planned", values=values("planned_w"), colour=1)
    end = power[min(3, len(power) - 1)]
    says = (
        f"At the end of {quarter(end.period)} {cell(end.p10_w, 'w')} to {cell(end.p90_w, 'w')} count, "
        f"{cell(end.planned_w, 'w')} in the plan."
    )
    shows = f"Power that counts for milestones at the end of each quarter, {unit.unit}"
    about = About(name="coming", title=shows, description=says)
    periods = [row.period for row in power]
    rows = [(quarter(row.period), row.planned_w, row.p10_w, row.p50_w, row.p90_w) for row in power]
    shown = table("coming", shows, {"Quarter": "", "Planned": "w", "P10": "w", "P50": "w", "P90": "w"}, rows)
    chart = charts.ranges(about, periods, spread, level, unit.unit, "P10 to P90")
    return Exhibit(name="coming", says=says, shows=shows, table=alike(replace(shown, brief_rows=6)), chart=chart)


def last_change(power: Sequence[ForecastPower]) -> int:
    """The last quarter in which the plan or its band is other than the quarter before, and at least the second."""
    least = SAME_FRAC * max(max(row.planned_w, row.p90_w) for row in power)
    return max(
        (n for n, (old, new) in enumerate(pairwise(power), 1) if any(abs(of(new) - of(old)) > least for of in LEVELS)),
        default=1,
    )


_BAND = {"p10": "P10", "p50": "middle", "p90": "P90"}


def late(found: Reconciliation, slips: Sequence[Slip]) -> Table:
    """How late each site is, before and after what was observed."""
    rows: list[tuple[Value, ...]] = [
        (
            "all sites" if row.site == ALL else called(found, row.site),
            STREAMS[row.stream],
            row.slip_quarters.prior_value,
            row.slip_quarters.observed_value,
            float(row.slip_quarters.observations_count),
            row.slip_quarters.weight_frac,
            row.slip_quarters.posterior_value,
            row.slip_quarters.deviation_value,
        )
        for row in slips
    ]
    titles: dict[str, Unit] = {"Site": "", "Of": "", "Prior": "count", "Observed": "count"}
    titles |= {"Steps": ("count", WHOLE), "Weight": "frac"}
    titles |= {"Believed": "count", "Give or take": "count"}
    title = "How many quarters sites are late beside the plan"
    return table("slips", title, titles, rows, brief_columns=(0, 1, 3, 4, 6))


def ledger(found: Reconciliation) -> Facts:
    """Which ledger this is made of, and how it can be proven."""
    read = found.ledger
    pairs = (
        ("Head", f"{read.head}, fact {read.number}"),
        ("Recorded by", booked.moment(read.as_of)),
        ("Happened by", booked.moment(read.at)),
    )
    return Facts(name="ledger", title="What this is made of", pairs=pairs)
