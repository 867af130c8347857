"""The fleet as it was lived through: power, PUE, availability, failures, and what an event of the grid would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.errors import InputError
from gigawatt.interfaces.http import errors
from gigawatt.interfaces.http.pages import series
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, chosen, faults, form, kept, page
from gigawatt.interfaces.http.pages.jobs import started
from gigawatt.interfaces.http.pages.series import Asked, SeriesAsked
from gigawatt.interfaces.server import results
from gigawatt.interfaces.server.asked import Refused, Unanswered
from gigawatt.interfaces.server.hourly import Offers
from gigawatt.interfaces.server.results import ResultView

VERBS = ("simulate", "run")
RESULTS_COUNT = 50
# Sections of a simulation, and those of a run that are about what was lived through.
SECTIONS = ("event", "calls", "lived", "against", "fleet", "energy")
# The figures of what was lived through, among the parts of a run.
FIGURES = "lived-figures"
# What an event does: what a question has before its amount, and behind it.
KINDS: Mapping[str, tuple[str, str]] = {"share": ("-", "%"), "power": ("-", " MW"), "most": ("<=", " MW")}
# An afternoon in summer, when grids are short.
WHEN = "07-14T16:00"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAsked:
    """An event of the grid, as a form has it."""

    site: str = ""
    """Where."""
    kind: str = "share"
    """What it does."""
    amount: str = "50"
    """How much of it."""
    when: str = ""
    """When it begins, in the site's standard time."""
    hours: str = "4"
    """How long it lasts."""

    @property
    def text(self) -> str:
        """The event as a question has it."""
        sign, unit = KINDS[self.kind]
        return f"{self.when}/{self.hours}h site={self.site} {sign}{self.amount}{unit}"


@router.get("/fleet")
async def fleet(reader: Person, asked: Asked, result: str | None = None) -> Response:
    """What was lived through of a result: the last where none is named."""
    there = await reader.do(results.listed, verbs=VERBS, count=RESULTS_COUNT)
    if result is None and not there:
        return page(reader, "fleet.html.j2", here="fleet", view=None)
    view = there[0] if result is None else await reader.do(results.get, result)
    return await _shown(reader, view, there, asked)


@router.post("/fleet/event")
async def fleet_event(request: Request, reader: Person) -> Response:
    """Live through the plan of a result with an event of the grid: a job, or what is wrong with the event."""
    fields = await form(request, reader)
    event = EventAsked(**{name: fields.get(name, "").strip() for name in EventAsked.__dataclass_fields__})
    event = event if event.kind in KINDS else replace(event, kind=EventAsked().kind)
    view = await reader.do(results.get, fields.get("result", ""))
    try:
        return await started(reader, "simulate", {"scenario": view.id, "event": [event.text]})
    except (InputError, Unanswered) as error:
        there = await reader.do(results.listed, verbs=VERBS, count=RESULTS_COUNT)
        items = placed(event, faults(error, reader))
        return await _shown(reader, view, there, series.usual(), event=event, wrong=items)


def placed(event: EventAsked, items: Items) -> dict[str, list[Mapping[str, str]]]:
    """Faults of an event by the field of the form that they are about; "" for those of none."""
    sign = KINDS[event.kind][0]
    found: dict[str, list[Mapping[str, str]]] = {}
    for item in items:
        given = item["given"].strip('"')
        field = {
            event.when: "when",
            f"{event.hours}h": "hours",
            f"site={event.site}": "site",
            f"{event.when}/{event.hours}h": "when",
        }.get(given, "amount" if given.startswith(sign) else "")
        found.setdefault(field, []).append(item)
    return found


async def _shown(
    reader: Guest,
    view: ResultView,
    there: list[ResultView],
    asked: SeriesAsked,
    *,
    event: EventAsked | None = None,
    wrong: Mapping[str, list[Mapping[str, str]]] | None = None,
) -> Response:
    document = await kept(reader, view.id)
    offers = await series.offered(reader, view.id)
    status, drawn = 422 if wrong else 200, None
    refused: Items = ()
    try:
        drawn = await series.drawn(reader, view.id, asked)
    except Refused as error:
        status, refused = errors.REFUSALS[error.why][0], faults(error, reader)
    known = there if any(one.id == view.id for one in there) else [view, *there]
    given: dict[str, Any] = {
        "view": view,
        "there": known,
        "document": document,
        "figures": _figures(document),
        "sections": _sections(document),
        "series": drawn,
        "refused": refused,
        "choices": series.choices(reader, offers, asked),
        "event": event or _event(offers),
        "sites": offers.labels.get("site", {}),
        "wrong": dict.fromkeys(("", *EventAsked.__dataclass_fields__), ()) | dict(wrong or {}),
        "span": _span(offers),
    }
    return page(reader, "fleet.html.j2", here="fleet", status=status, **given)


def _sections(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What was lived through, without the figures that stand at the head of the page."""
    found = chosen(document, *SECTIONS)
    return [{**one, "parts": [part for part in one["parts"] if part.get("name") != FIGURES]} for one in found]


def _figures(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first figures: those of a simulation, or of what a run lived through."""
    parts = [part for section in document["sections"] for part in section["parts"] if part.get("name") == FIGURES]
    if not parts:
        return document
    return {"tiles": [{"label": label, "value": value, "note": ""} for label, value in parts[0]["pairs"]]}


def _event(offers: Offers) -> EventAsked:
    """An event to begin with: at the first site, in the last summer that was lived through."""
    sites = list(offers.labels.get("site", {}))
    first, last = (moment[:4] for moment in offers.moments)
    year = (int(first) + int(last)) // 2 if first.isdigit() and last.isdigit() else first
    return EventAsked(site=sites[0] if sites else "", when=f"{year}-{WHEN}")


def _span(offers: Offers) -> tuple[str, str]:
    """The first minute and the last that an event may be in, as fields of forms have them; nothing for weeks."""
    first, last = offers.moments
    return (first[:16], last[:16]) if "T" in first else ("", "")
