"""A plan made anew told: what changes against the old one's remainder, what stands, what was learnt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gigawatt.report import booked, charts, names
from gigawatt.report.charts import About, Series
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
from gigawatt.report.formats import WHOLE, cell, scale
from gigawatt.study.dates import quarter, spoken, when
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.track.refit import Refit
from gigawatt.study.track.reforecast import Reforecast, RemainingQuarter

ITEMS = {
    "slip": "Power late",
    "chip_slip": "Racks late",
    "pue": "PUE",
    "throughput": "Tokens of a rack",
    "failure_rate": "Failures",
    "training": "Operations of training",
}
# A difference of less than this share is none.
SAME_FRAC = 5e-4
LEARNT = (
    "Every figure is shrunk from what the plan counts on toward what was seen, by its weight. Slips are quarters "
    "beside the plan, all else a ratio to it."
)


def document(found: Reforecast) -> Document:
    """What is left of a plan, planned anew."""
    head, read = found.head, found.ledger
    ledger = f"ledger {read.head[:HASH_LENGTH]}"
    return Document(
        title=f"What is left of the plan, from {quarter(found.from_)} on",
        names=(str(head.scenario), str(head.hash)[:HASH_LENGTH], ledger),
        lead=lead(found),
        tiles=tuple(tiles(found)),
        sections=tuple(sections(found)),
        notes=tuple(spoken(note.text) for note in head.notes),
        made=f"Gigawatt {head.gigawatt}, scenario {head.scenario}, hash {head.hash}, ledger {read.head}",
    )


def lead(found: Reforecast) -> str:
    """What changes, in gigawatts, tokens and dollars."""
    old, new = (max(getattr(row, name) for row in reported(found)) for name in ("planned_w", "power_w"))
    told = [
        f"From {quarter(found.from_)} on, the new plan is worth {cell(found.value_usd, 'usd')}, "
        f"{against(found.value_usd, found.planned_value_usd, 'usd')} the old plan's remainder.",
        f"It serves {cell(found.served_tokens, 'tokens')}, "
        f"{against(found.served_tokens, found.planned_tokens, 'tokens')} the old plan in the same quarters, "
        f"and has at most {cell(new, 'w')} in service, {against(new, old, 'w')} the old plan.",
    ]
    moved = [row for row in found.tranches if row.released_period != row.planned_released_period]
    if moved:
        one = moved[0]
        told.append(
            f"The tranche of {cell(one.milestone_w, 'w')} comes in {when(one.released_period)}, "
            f"{when(one.planned_released_period)} in the old plan."
        )
    return " ".join(told)


def against(new: float, old: float, suffix: str) -> str:
    """How a figure compares: "3 MW less than", "as much as"."""
    if abs(new - old) <= SAME_FRAC * max(abs(old), abs(new)):
        return "as much as"
    return f"{cell(abs(new - old), suffix)} {'more' if new > old else 'less'} than"


def reported(found: Reforecast) -> Sequence[RemainingQuarter]:
    """The quarters that are reported."""
    return found.quarters[: found.scenario.reported_count]


def tiles(found: Reforecast) -> Iterator[Tile]:
    """The first figures, with those of the old plan."""
    was = "{} in the old plan"
    yield Tile(
        label="Value from here",
        value=cell(found.value_usd, "usd"),
        note=was.format(cell(found.planned_value_usd, "usd")),
    )
    gigawatts = names.of_gigawatts(found.scenario)
    old, new = (
        (found.planned_first_gw_date, found.first_gw_date)
        if gigawatts
        else (found.planned_target_date, found.target_date)
    )
    label = "First gigawatt by the end of" if gigawatts else "Target by the end of"
    yield Tile(label=label, value=reached(found, new), note=was.format(reached(found, old)))
    yield Tile(
        label="Tokens to come",
        value=cell(found.served_tokens, "tokens"),
        note=was.format(cell(found.planned_tokens, "tokens")),
    )
    yield Tile(
        label="Debt now", value=cell(found.debt_usd, "usd"), note=was.format(cell(found.planned_debt_usd, "usd"))
    )


def reached(found: Reforecast, date: str | None) -> str:
    """The quarter of a date, or the last that is reported, by which there is none."""
    return quarter(date) if date else f"not by {quarter(found.scenario.asked.horizon.report_end_date)}"


def sections(found: Reforecast) -> Iterator[Section]:
    """What is told, from top to bottom."""
    parts = [
        compared(found, "power", "Facility power in service at the end of each quarter", "w", "planned_w", "power_w"),
        compared(found, "tokens", "Output tokens served in each quarter", "tokens", "planned_tokens", "served_tokens"),
        compared(found, "cash", "Free cash flow of each quarter", "usd", "planned_usd", "cash_usd"),
    ]
    yield Section(slug="changes", title="What changes", parts=(*parts, *tranches(found)))
    yield Section(slug="stands", title="What stands", parts=(standing(found), sites(found), racks(found)))
    yield Section(slug="learnt", title="What was learnt", lead=LEARNT, parts=(learnt(found), widths(found)))
    read = found.ledger
    pairs = (
        ("Head", f"{read.head}, fact {read.number}"),
        ("Recorded by", booked.moment(read.as_of)),
        ("Happened by", booked.moment(read.at)),
        ("Old plan", found.planned_hash),
    )
    made = Facts(name="ledger", title="What this is made of", pairs=pairs)
    yield Section(slug="ledger", title="The ledger", parts=(made,))


def compared(found: Reforecast, name: str, what: str, suffix: str, old: str, new: str) -> Exhibit:
    """A figure by quarter, in the old plan's remainder and in the new plan."""
    shown = reported(found)
    values = {title: [getattr(row, key) for row in shown] for title, key in (("old plan", old), ("new plan", new))}
    unit = scale(suffix, [value for figures in values.values() for value in figures])
    series = [
        Series(name=title, values=tuple(value / unit.size for value in figures), colour=colour)
        for (title, figures), colour in zip(values.items(), (9, 0), strict=True)
    ]
    rows = [(quarter(row.period), getattr(row, old), getattr(row, new)) for row in shown]
    says = says_of(name, suffix, rows)
    shows = f"{what}, {unit.unit}"
    about = About(name=name, title=shows, description=says)
    titles = {"Quarter": "", "Old plan": suffix, "New plan": suffix}
    return Exhibit(
        name=name,
        says=says,
        shows=shows,
        table=in_units(table(name, shows, titles, rows, brief_rows=6)),
        chart=charts.lines(about, [row.period for row in shown], series, unit.unit),
        depth=Depth.BRIEF if name != "cash" else Depth.FULL,
    )


def says_of(name: str, suffix: str, rows: Sequence[tuple[str, float, float]]) -> str:
    """Where the two plans are farthest apart."""
    what = {"power": "Power in service", "tokens": "Tokens served", "cash": "Free cash flow"}[name]
    period, old, new = max(rows, key=lambda row: abs(row[2] - row[1]))
    if abs(new - old) <= SAME_FRAC * max(abs(old), abs(new), 1.0):
        return f"{what} is as in the old plan." if name != "tokens" else f"{what} are as in the old plan."
    far = cell(abs(new - old), suffix)
    return f"{what}: at most {far} {'more' if new > old else 'less'} than in the old plan, in {period}."


def tranches(found: Reforecast) -> Iterator[Part]:
    """When tranches that are not paid come, in both plans."""
    if found.tranches:
        rows = [
            (
                row.milestone_w,
                row.amount_usd,
                when(row.planned_energised_period),
                when(row.energised_period),
                when(row.planned_released_period),
                when(row.released_period),
            )
            for row in found.tranches
        ]
        titles = {"Milestone": "w", "Amount": "usd", "Power, old plan": "", "Power, new": "", "Money, old plan": ""}
        yield table("tranches", "Tranches that are to come", titles | {"Money, new": ""}, rows)


def standing(found: Reforecast) -> Facts:
    """Money when the quarter begins, and what falling short costs the objective from then on."""
    short = f"{cell(found.penalties_usd, 'usd')} in the objective, {cell(found.planned_penalties_usd, 'usd')} before"
    paid = f"up to {cell(found.released_w, 'w')}" if found.released_w else f"none before {quarter(found.from_)}"
    pairs = (
        ("Cash", f"{cell(found.cash_usd, 'usd')}, {cell(found.planned_cash_usd, 'usd')} in the old plan"),
        ("Debt", f"{cell(found.debt_usd, 'usd')}, {cell(found.planned_debt_usd, 'usd')} in the old plan"),
        ("Short of soft limits", short),
        ("Tranches paid", paid),
    )
    return Facts(name="standing", title=f"Money when {quarter(found.from_)} begins", pairs=pairs)


def called(found: Reforecast, key: str) -> str:
    """What a site is called."""
    return names.site(found.scenario, key) if key in found.scenario.asked.sites else key


def sites(found: Reforecast) -> Table:
    """Power and racks of each site, by plan and by ledger."""
    rows = [
        (called(found, row.site), row.planned_energised_w, row.energised_w, row.planned_racks_count, row.racks_count)
        for row in found.sites
    ]
    titles: dict[str, Unit] = {"Site": "", "Planned power": "w", "Energised": "w"}
    titles |= {"Planned racks": ("count", WHOLE), "Racks": ("count", WHOLE)}
    return in_units(table("sites", f"Sites when {quarter(found.from_)} begins", titles, rows))


def racks(found: Reforecast) -> Table:
    """Racks by age."""
    rows: list[tuple[Value, ...]] = [
        (
            called(found, row.site),
            names.platform(found.scenario, row.platform),
            quarter(row.installed_period),
            row.racks_count,
        )
        for row in found.racks
    ]
    titles: dict[str, Unit] = {"Site": "", "Platform": "", "Accepted": "", "Racks": ("count", WHOLE)}
    return table("racks", "Racks that stand, by when they were accepted", titles, rows, depth=Depth.FULL)


def learnt(found: Reforecast) -> Table:
    """Every figure before and after what was seen."""
    rows: list[tuple[Value, ...]] = [
        (
            ITEMS[row.item],
            thing(found, row),
            row.believed.prior_value,
            row.believed.observed_value,
            float(row.believed.observations_count),
            row.believed.weight_frac,
            row.believed.posterior_value,
            row.believed.deviation_value,
            row.carried or "–",
        )
        for row in found.refits
    ]
    titles: dict[str, Unit] = {"Figure": "", "Of": "", "Prior": "count", "Seen": "count", "Times": ("count", WHOLE)}
    titles |= {"Weight": "frac", "Believed": "count", "Give or take": "count", "Carried as": ""}
    return table("learnt", "What is believed now", titles, rows, brief_columns=(0, 1, 3, 4, 6))


def widths(found: Reforecast) -> Facts:
    """Where the widths of what is believed are from."""
    pairs = dict.fromkeys((ITEMS[row.item], row.why) for row in found.refits)
    return Facts(name="widths", title="Where the widths are from", pairs=tuple(pairs), depth=Depth.FULL)


def thing(found: Reforecast, row: Refit) -> str:
    """What a figure is of."""
    asked = found.scenario.asked
    if row.thing in asked.sites:
        return names.site(found.scenario, row.thing)
    if row.thing in asked.use_cases:
        return names.use_case(found.scenario, row.thing)
    if row.thing in asked.training_runs:
        return asked.training_runs[row.thing].title
    return row.thing or ("all sites" if row.unit == "quarters" else "all racks")
