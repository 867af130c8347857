"""A simulation told: what happened to a plan, an event and its cost first, then the fleet and its energy."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.report import event, figures, fleet, hours, tables, views, waiting, words
from gigawatt.report.document import Depth, Document, Facts, Paragraph, Section
from gigawatt.report.documents.run import DRAWN, called, made, section, sources
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
        tiles=fleet.first(answer.lived),
        sections=tuple(sections(answer, v)),
        notes=tuple(words.said(text) for text in known),
        sources=sources(v),
        sources_depth=Depth.FULL,
        made=made(result),
    )


def simulated(result: Result) -> list[Note]:
    """The notes of a result that are about what was lived through, not about its plan."""
    return [note for note in result.notes if note.code in (*LIVED, *site_notes.CODES, drift.CODE)]


def sections(answer: SimulationAnswer, v: View) -> Iterator[Section]:
    """What happened, from top to bottom."""
    if answer.lived.pue_mean is None:
        yield section("fleet", "The fleet", Paragraph(text=NO_RACK), Paragraph(text=words.headline(v)))
        return
    yield from _event(answer, v)
    yield from called(v)
    if answer.waits:
        found = waiting.waits(v, answer.waits)
        yield section("waits", "What users wait for", found, lead=waiting.said(answer.waits))
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
