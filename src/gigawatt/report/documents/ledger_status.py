"""What stands, and what is due for it: milestones against power, stages of sites, racks, work, money, energy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gigawatt.ledger.kinds import STAGES
from gigawatt.ledger.milestones import APPROVALS_COUNT, Counted, Milestone, on_basis
from gigawatt.report import booked, charts
from gigawatt.report.charts import About, Bar, Series
from gigawatt.report.document import Depth, Document, Exhibit, Part, Section, Table, Tile, in_units, table
from gigawatt.report.formats import cell, pue, scale
from gigawatt.study.dates import quarter
from gigawatt.study.ledger.status import LedgerSite, LedgerStatus

# Sites that a chart of stages has room for one by one.
MOST_SITES = 8
# What is drawn of each quarter, its name and its colour.
DRAWN = (("energised_w", "energised", 1), ("accepted_w", "racks accepted", 2), ("counted_w", "counts", 0))
# Milestones that are drawn beyond what counts.
AHEAD = 2


def document(found: LedgerStatus) -> Document:
    """All that is said of what stands."""
    sections = [
        Section(slug="milestones", title="Milestones and tranches", parts=tuple(_milestones(found))),
        Section(slug="sites", title="Sites", parts=tuple(_sites(found))),
        Section(slug="money", title="Money", parts=tuple(_money(found))),
        Section(slug="measured", title="Energy and work", parts=tuple(_measured(found))),
    ]
    known, last = f"as known {booked.moment(found.as_of)}", f"head {(found.head_ or 'none')[:16]}"
    return Document(
        title=f"What stands: {found.head.scenario}" if found.head.scenario else "What stands",
        names=booked.names(found.head, known, last),
        lead=_lead(found),
        tiles=tuple(_tiles(found)),
        sections=tuple(section for section in sections if section.parts),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def standing(row: Milestone) -> str:
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


def evidence(rows: Sequence[Counted], basis: str) -> Table:
    """What counts at each site, and the three that it is the least of."""
    heads = {"Site": "", "Energised": "w", "Racks accepted": "w", "Racks tested": "w", "Counts": "w"}
    lines = [(booked.place(r.site), r.energised_w, r.accepted_w, r.tested_w, r.counted_w) for r in rows]
    title = f"What counts, in {'facility' if basis == 'facility' else 'IT'} power: the least of three"
    return in_units(table("evidence", title, heads, lines))


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
    return f"{said} The next tranche, {tranche}, is {standing(row)}."


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
    chart = charts.lines(about, [row.period for row in found.counted], series, unit.unit, levels=levels, steps=True)
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
        figures = [
            (booked.place(r.site), quarter(r.period), r.quantity.replace("_", " "), r.value, r.unit, r.readings)
            for r in found.measured
        ]
        heads = {"Site": "", "Quarter": "", "What": "", "Value": "count", "Unit": "", "Readings": "count"}
        yield table("measured", "Everything measured", heads, figures, depth=Depth.FULL)


def _energy(found: LedgerStatus) -> Part:
    """Energy and PUE of the last quarter that was metered on a terminal, of all of them on a page."""
    last = max(row.period for row in found.energy)
    ordered = sorted(found.energy, key=lambda row: (row.period != last, row.period, row.site))
    rows = [
        (quarter(r.period), booked.place(r.site), r.facility_wh, r.it_wh, r.gpu_wh, pue(r.pue_ratio)) for r in ordered
    ]
    heads = {"Quarter": "", "Site": "", "Facility": "wh", "IT": "wh", "GPUs": "wh", "PUE": ""}
    count = sum(row.period == last for row in found.energy)
    return in_units(table("energy", "Energy by site, the last quarter first", heads, rows, brief_rows=count))
