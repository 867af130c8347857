"""What stands, and what is due for it: milestones against power, stages of sites, racks, work, money, energy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gigawatt.ledger.kinds import STAGES
from gigawatt.ledger.milestones import APPROVALS_COUNT, MilestoneState, SiteEvidence, on_basis
from gigawatt.quarters import quarter_number
from gigawatt.report import booked, charts
from gigawatt.report.charts import About, Bar, Series
from gigawatt.report.document import (
    Depth,
    Document,
    Exhibit,
    Paragraph,
    Part,
    Section,
    Sum,
    Table,
    Tile,
    Unit,
    in_units,
    table,
)
from gigawatt.report.formats import cell, pue, scale
from gigawatt.study.dates import quarter
from gigawatt.study.ledger.measured import MeasuredQuarter
from gigawatt.study.ledger.status import LedgerSite, LedgerStatus

# Sites that a chart of stages has room for one by one.
MOST_SITES = 8
# What is drawn of each quarter, its name and its colour.
DRAWN = (("energised_w", "energised", 1), ("accepted_w", "racks accepted", 2), ("counted_w", "counts", 0))
# Ends of the names of what the table of energy shows.
ENERGIES = ("_energy", "_energy_sampled")
# Units of readings, as figures are called that are in them.
SUFFIXES = {"Wh": "wh", "W": "w", "USD": "usd", "tokens": "tokens", "s": "s"}
# Milestones that are drawn beyond what counts.
AHEAD = 2


def document(found: LedgerStatus) -> Document:
    """All that is said of what stands."""
    sections = [
        Section(slug="milestones", title="Milestones and tranches", parts=tuple(_milestones(found))),
        Section(slug="sites", title="Sites", parts=tuple(_sites(found))),
        Section(slug="money", title="Money", parts=tuple(_money(found))),
        Section(slug="measured", title="Energy and work", parts=tuple(_measured(found))),
        Section(slug="proof", title="The ledger", parts=(booked.kept(found.database, found.head_ or "none"),)),
    ]
    known = [f"as known {booked.moment(found.as_of)}"]
    known += [f"what had happened by {booked.moment(found.at)}"] if found.at != found.as_of else []
    return Document(
        title=f"What stands: {found.head.scenario}" if found.head.scenario else "What stands",
        names=booked.names(found.head, *known),
        lead=_lead(found),
        tiles=tuple(_tiles(found)),
        sections=tuple(section for section in sections if section.parts),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def standing(row: MilestoneState) -> str:
    """What a milestone is waiting for, or that it waits for nothing more."""
    if row.disbursed_usd is not None:
        return "disbursed"
    if not row.met:
        return f"short by {cell(row.short_by_w, 'w')}"
    if row.due:
        return "due"
    needed = APPROVALS_COUNT - len(row.approved_by)
    if needed > 0:
        return f"met, {needed} approval{'' if needed == 1 else 's'} to go"
    return "approved, after those before it"


def awaited(row: MilestoneState) -> str:
    """The same, with the command that is next."""
    said = standing(row)
    if row.due:
        return f"{said}: `gigawatt ledger disburse {row.number}` records that it is paid"
    if row.met and row.disbursed_usd is None and len(row.approved_by) < APPROVALS_COUNT:
        return f"{said}: `gigawatt ledger approve {row.number}`, by two people"
    return said


def evidence(rows: Sequence[SiteEvidence], basis: str) -> Table:
    """What counts at each site, and the three that it is the least of."""
    figures = [(r.energised_w, r.accepted_w, r.tested_w, r.counted_w) for r in rows]
    lines = [(booked.place(r.site), *of, _waits_for(r)) for r, of in zip(rows, figures, strict=True)]
    heads = {"Site": "", "Energised": "w", "Racks accepted": "w", "Racks tested": "w", "Counts": "w", "Waits for": ""}
    title = f"What counts, in {'facility' if basis == 'facility' else 'IT'} power: the least of three"
    shown: dict[str, Any] = {}
    if len(lines) > 1:
        shown = {"strong": (len(lines),), "sums": {len(lines): Sum(rows=tuple(range(len(lines))))}}
        lines.append(("All sites", *(sum(column) for column in zip(*figures, strict=True)), ""))
    return in_units(table("evidence", title, heads, lines, **shown))


def _waits_for(row: SiteEvidence) -> str:
    """Which of the three a site's next watt waits for."""
    of = {"power": row.energised_w, "racks": row.accepted_w, "tests": row.tested_w}
    return next(name for name, power_w in of.items() if power_w == row.counted_w)


def _missing(rows: Sequence[MilestoneState]) -> Iterator[Paragraph]:
    """How far what is energised would go once its racks are there and tested, for the next milestone."""
    row = next((row for row in rows if not row.met), None)
    if row is None:
        return
    energised_w = sum(site.energised_w for site in row.evidence)
    racks_w = sum(site.energised_w - min(site.energised_w, site.accepted_w) for site in row.evidence)
    tests_w = sum(min(site.energised_w, site.accepted_w) - site.counted_w for site in row.evidence)
    waits = [f"{cell(w, 'w')} for {what}" for w, what in ((racks_w, "racks"), (tests_w, "tests of racks")) if w > 1]
    if waits:
        left_w = row.milestone_w - energised_w
        then = f"still short by {cell(left_w, 'w')}" if left_w > 1 else "met"
        of = f"Of {cell(energised_w, 'w')} energised, what does not count waits: {' and '.join(waits)}"
        yield Paragraph(text=f"{of}. With all of it milestone {row.number} is {then}.")


def _lead(found: LedgerStatus) -> str:
    if not found.milestones:
        return f"{found.facts_count:,} facts are recorded; there are no milestones."
    first, met = found.milestones[0], sum(row.met for row in found.milestones)
    said = f"{cell(first.counted_w, 'w')} counts: {met} of {len(found.milestones)} milestones are met. "
    said += f"{cell(found.disbursed_usd, 'usd')} is disbursed"
    said += f", and {cell(found.due_usd, 'usd')} is due now." if found.due_usd else "; nothing is due now."
    if found.next_milestone is None:
        return said
    row = found.milestones[found.next_milestone - 1]
    tranche = f"{cell(row.amount_usd, 'usd')} at {cell(row.milestone_w, 'w')}"
    return f"{said} The next tranche, {tranche}, is {awaited(row)}."


def _tiles(found: LedgerStatus) -> Iterator[Tile]:
    if found.milestones:
        row = found.milestones[0]
        basis = "facility" if row.power_basis == "facility" else "IT"
        yield Tile(label="Counts", value=cell(row.counted_w, "w"), note=f"{basis} power, accepted and tested")
        met = sum(one.met for one in found.milestones)
        yield Tile(label="Milestones met", value=f"{met} of {len(found.milestones)}")
        yield Tile(label="Disbursed", value=cell(found.disbursed_usd, "usd"))
        yield Tile(label="Due now", value=cell(found.due_usd, "usd"))
    else:
        yield Tile(label="Facts", value=f"{found.facts_count:,}")


def _milestones(found: LedgerStatus) -> Iterator[Part]:
    if not found.milestones:
        return
    rows = [
        (
            f"{row.number}: {cell(row.milestone_w, 'w')}",
            standing(row),
            booked.moment(row.met_at),
            ", ".join([*row.approved_by, *(f"{name} (void)" for name in row.void_approvals)]) or "–",
            row.amount_usd,
            row.disbursed_usd,
        )
        for row in found.milestones
    ]
    heads = {"Milestone": "", "Is": "", "Met": "", "Approved by": "", "Tranche": "usd", "Disbursed": "usd"}
    yield in_units(table("milestones", "Milestones and their tranches", heads, rows))
    if found.counted:
        yield _course(found)
    if found.milestones[0].evidence:
        yield evidence(found.milestones[0].evidence, found.milestones[0].power_basis)
        yield from _missing(found.milestones)


def _course(found: LedgerStatus) -> Exhibit:
    """What counted at the end of each quarter, under the milestones that it passed and the next."""
    last = found.counted[-1]
    rows = [(quarter(row.period), row.energised_w, row.accepted_w, row.counted_w) for row in found.counted]
    heads = {"Quarter": "", "Energised": "w", "Racks accepted": "w", "Counts": "w"}
    unit = scale("w", [max(row.energised_w, row.accepted_w) for row in found.counted])
    passed = sum(row.met for row in found.milestones)
    levels = [(f"milestone {row.number}", row.milestone_w / unit.size) for row in found.milestones[: passed + AHEAD]]
    says = f"{cell(last.counted_w, 'w')} counts in {quarter(last.period)}, of {cell(last.energised_w, 'w')} energised."
    shows = f"Power at the end of each quarter, {unit.unit}"
    series = [
        Series(name=name, values=tuple(getattr(row, key) / unit.size for row in found.counted), colour=colour)
        for key, name, colour in DRAWN
    ]
    about = About(name="counted", title=shows, description=says)
    chart = charts.lines(about, [row.period for row in found.counted], series, unit.unit, levels=levels)
    return Exhibit(
        name="counted",
        says=says,
        shows=shows,
        table=in_units(table("counted", "What counted", heads, rows)),
        chart=chart,
        depth=Depth.FULL,
    )


def _sites(found: LedgerStatus) -> Iterator[Part]:
    if any(site.stages for site in found.sites):
        yield _stages(found)
    if found.racks:
        rows = [(row.site, row.platform, row.racks_count, row.accepted_count) for row in found.racks]
        heads = {"Site": "", "Platform": "", "Racks that stand": "count", "Ever accepted": "count"}
        yield table("racks", "Racks", heads, rows)


def _stages(found: LedgerStatus) -> Exhibit:
    """How far the power of each site has come: announced is not contracted, energised is not loaded."""
    heads = {"Site": "", "Stage": "", "Power": "w", "Basis": "", "Since": "", "Source": ""}
    rows = [
        (site.site, booked.state(one.state), one.power_w, one.basis, booked.moment(one.since), one.source)
        for site in found.sites
        for one in site.stages
    ]
    bars = [bar for site in found.sites for bar in _bars(found, site)]
    if len(found.sites) > MOST_SITES:
        bars = _together(found)
    loaded = sum(_power(found, site).get("it_loaded", 0.0) for site in found.sites)
    energised = sum(_power(found, site).get("energised", 0.0) for site in found.sites)
    says = f"{cell(energised, 'w')} is energised, and {cell(loaded, 'w')} loaded with racks."
    basis = _basis(found)
    shows = f"Power that has come to each stage, {'by site' if len(found.sites) <= MOST_SITES else 'all sites'}{basis}"
    return Exhibit(
        name="stages",
        says=says,
        shows=shows,
        table=table("stages", "Stages of sites", heads, rows, brief_columns=(0, 1, 2, 3, 4)),
        chart=charts.bars(About(name="stages", title=shows, description=says), bars),
    )


def _basis(found: LedgerStatus) -> str:
    if found.terms is None:
        return ", as it is stated"
    return f", {'facility' if found.terms.power_basis == 'facility' else 'IT'} power"


def _power(found: LedgerStatus, site: LedgerSite) -> dict[str, float]:
    """Power of a site by stage, on the basis of the terms."""
    return {one.state: on_basis(found.terms, site.site, one.power_w, one.basis) for one in site.stages}


def _bars(found: LedgerStatus, site: LedgerSite) -> Iterator[Bar]:
    for state, power_w in _power(found, site).items():
        yield _bar(f"{site.site}, {booked.state(state)}", state, power_w)


def _together(found: LedgerStatus) -> list[Bar]:
    sums = {state: sum(_power(found, site).get(state, 0.0) for site in found.sites) for state in STAGES}
    return [_bar(booked.state(state), state, power_w) for state, power_w in sums.items() if power_w]


def _bar(label: str, state: str, power_w: float) -> Bar:
    # What is not there yet is grey; what draws power, or could, has a colour.
    colour = {"energised": 1, "it_loaded": 0}.get(state, 9)
    return Bar(label=label, value=power_w, text=cell(power_w, "w"), colour=colour)


def _money(found: LedgerStatus) -> Iterator[Part]:
    if not found.money:
        return
    came, went = (sum(r.amount_usd for r in found.money if r.direction == way) for way in ("in", "out"))
    rows = [(row.item, row.direction, row.amount_usd) for row in found.money]
    says = f"{cell(came, 'usd')} came in, {cell(went, 'usd')} went out."
    if found.disbursed_usd:
        says = f"{says[:-1]}; tranches of {cell(found.disbursed_usd, 'usd')} are no part of that."
    bars = [
        Bar(
            label=f"{row.item}, {row.direction}",
            value=row.amount_usd if row.direction == "in" else -row.amount_usd,
            text=cell(row.amount_usd, "usd"),
            colour=2 if row.direction == "in" else 5,
        )
        for row in sorted(found.money, key=lambda row: (row.direction, -row.amount_usd))
    ]
    shows = "Money recorded, by what it was for"
    yield Exhibit(
        name="money",
        says=says,
        shows=shows,
        table=table("money", "Money", {"For": "", "Way": "", "Amount": "usd"}, rows),
        chart=charts.bars(About(name="money", title=shows, description=says), bars),
    )


def _measured(found: LedgerStatus) -> Iterator[Part]:
    if found.energy:
        yield _energy(found)
    work = [(name, tokens, "tokens") for name, tokens in found.served_tokens.items()]
    work += [(name, flop, "flop") for name, flop in found.trained_flop.items()]
    if work:
        rows = [(name, cell(amount, suffix)) for name, amount, suffix in work]
        yield table("work", "Work recorded", {"Class or run": "", "Done": ""}, rows)
    if found.measured:
        yield from _readings(found)


def _readings(found: LedgerStatus) -> Iterator[Part]:
    """What was measured beside energy, a column each, and in files everything, with how often it was read."""
    shown = [row for row in found.measured if not row.quantity.endswith(ENERGIES)]
    places = sorted({(row.period, row.site) for row in shown}, key=_last_first)
    values = {(row.period, row.site, _named(row)): row.value for row in shown}
    heads: dict[str, Unit] = {"Quarter": "", "Site": ""}
    names = sorted({(_named(row), row.unit) for row in shown})
    for name, unit in names:
        suffix = SUFFIXES.get(unit, "count")
        of = scale(suffix, [value for (*_, what), value in values.items() if what == name])
        words = of.unit if unit in (*SUFFIXES, "count") else f"{of.unit} {unit}".strip()
        heads[f"{name}, {words}" if words else name] = (suffix, of)
    rows = [
        (quarter(at), booked.place(site), *(values.get((at, site, name)) for name, _ in names)) for at, site in places
    ]
    if shown:
        yield table("work_measured", "What else was measured", heads, rows, depth=Depth.FULL)
    figures = [
        (booked.place(r.site), quarter(r.period), _named(r), r.value, r.unit, r.readings) for r in found.measured
    ]
    every = {"Site": "", "Quarter": "", "What": "", "Value": "count", "Unit": "", "Readings": "count"}
    yield table("measured", "Everything measured", every, figures, depth=Depth.DATA)


def _named(row: MeasuredQuarter) -> str:
    """A quantity as people write it."""
    words = [{"it": "IT", "gpu": "GPU", "ttft": "TTFT", "tpot": "TPOT"}.get(w, w) for w in row.quantity.split("_")]
    return f"{words[0][0].upper()}{' '.join(words)[1:]}"


def _last_first(place: tuple[str, str]) -> tuple[int, str]:
    period, site = place
    return -quarter_number(period), site


def _energy(found: LedgerStatus) -> Part:
    """Energy and PUE of the last quarter that was metered on a terminal, of all of them on a page."""
    ordered = sorted(found.energy, key=lambda row: _last_first((row.period, row.site)))
    heads = {"Quarter": "", "Site": "", "Facility": "wh", "IT": "wh", "GPUs": "wh", "PUE": ""}
    rows = [
        (quarter(r.period), booked.place(r.site), r.facility_wh, r.it_wh, r.gpu_wh, pue(r.pue_ratio)) for r in ordered
    ]
    count = sum(row.period == ordered[0].period for row in ordered)
    made = in_units(table("energy", "Energy by site, the last quarter first", heads, rows, brief_rows=count))
    return made.only(*(n for n in range(len(heads)) if any(row[n] not in (None, "–") for row in rows)))
