"""A simulation told: what happened to a plan, an event and its cost first, then the fleet and its energy."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.report import event, figures, fleet, hours, tables, views, words
from gigawatt.report.document import Depth, Document, Facts, Paragraph, Section, Tile
from gigawatt.report.documents.run import DRAWN, called, made, section, sources
from gigawatt.report.formats import cell, pue
from gigawatt.report.views import View
from gigawatt.study import drift, site_notes
from gigawatt.study.job import HASH_LENGTH
from gigawatt.study.note import Note
from gigawatt.study.result import Result
from gigawatt.study.simulation.answer import SimulationAnswer

NO_RACK = "No rack is in service."
# Notes of a result that are about what was lived through, or count for that as well.
LIVED = ("mode", "saved_plan", "part_of_quarter", "dark_site", "implausible", "plan_not_feasible")


def document(answer: SimulationAnswer) -> Document:
    """What happened to a plan."""
    result = answer.result
    v = views.view(result)
    known = [*(note.text for note in simulated(result)), *result.timeline.notes]
    return Document(
        title=v.asked.title,
        names=(v.scenario.name, v.scenario.hash[:HASH_LENGTH]),
        lead=words.lived(v),
        tiles=tiles(answer),
        sections=tuple(sections(answer, v)),
        notes=tuple(words.said(text) for text in known),
        sources=sources(v),
        sources_depth=Depth.FULL,
        made=made(result),
    )


def simulated(result: Result) -> list[Note]:
    """The notes of a result that are about what was lived through, not about its plan."""
    return [note for note in result.notes if note.code in (*LIVED, *site_notes.CODES, drift.CODE)]


def tiles(answer: SimulationAnswer) -> tuple[Tile, ...]:
    """The first figures; none where nothing runs."""
    seen = answer.lived
    if seen.pue_mean is None:
        return ()
    given = cell(answer.failures_count, "count") if answer.failures_count < 1e4 else f"{answer.failures_count:,.0f}"
    found = (
        ("Energy", cell(seen.energy_wh, "wh"), "of all facilities"),
        ("Energy bill", cell(seen.energy_usd, "usd"), "at the price of each hour"),
        ("PUE", pue(seen.pue_mean), "facility energy over that of IT"),
        ("Rack-hours that work", cell(seen.availability_frac, "frac"), "of those in service"),
        ("Faults of racks", given, "of all kinds"),
        ("Energy given up", cell(seen.curtailed_wh, "wh"), "to limits and calls of the grid"),
        ("Water", cell(seen.water_l, "l"), "drawn"),
        ("Carbon dioxide", cell(seen.carbon_kg, "kg"), "of the energy drawn from the grid"),
    )
    return tuple(Tile(label=label, value=value, note=note) for label, value, note in found)


def sections(answer: SimulationAnswer, v: View) -> Iterator[Section]:
    """What happened, from top to bottom."""
    if answer.lived.pue_mean is None:
        yield section("fleet", "The fleet", Paragraph(text=NO_RACK), Paragraph(text=words.headline(v)))
        return
    yield from _event(answer, v)
    yield from called(v)
    causes = Facts(name="causes", title="Why they differ", pairs=tuple(differences(v)))
    said = Paragraph(text=f"{words.pue(v)} {words.goodput(v)}".strip())
    parts = (said, tables.lived(v).only(0, 1, 2), causes if causes.pairs else None)
    yield section("against", "Plan and simulation", *parts, lead=words.lived_how(v))
    over_time = hours.fleet(v.result)
    listed = fleet.outages(v)
    yield section("fleet", "The fleet", *fleet.exhibits(v, over_time), listed, lead=DRAWN if listed is not None else "")
    yield section("energy", "Energy and power", *fleet.sites(v, over_time))
    stood = figures.standing(v) if v.headline.peak_period else None
    yield section("plan", "The plan", Paragraph(text=words.headline(v), depth=Depth.FULL), stood)


def _event(answer: SimulationAnswer, v: View) -> Iterator[Section]:
    found = answer.outcome
    if found is not None:
        text = f"{words.joined(found.events)}: {event.taken(v, found)}"
        parts = (Paragraph(text=text), event.power(v, found), event.cut(v, found), event.phases(v, found))
        yield section("event", "What the event cost", *parts)


def differences(v: View) -> Iterator[tuple[str, str]]:
    """Why simulation and plan differ, one for each figure that does."""
    for row in v.result.timeline.summary.plan_vs_sim:
        if row.simulated and "as planned" not in row.cause:
            yield "", f"{tables.item(v, row.item)}: {words.cause(v, row.cause)}"
