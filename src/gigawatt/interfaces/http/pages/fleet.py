"""The fleet as it was lived through: power, PUE, availability, failures, and what an event of the grid would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gigawatt.interfaces.http import errors
from gigawatt.interfaces.http.pages import series
from gigawatt.interfaces.http.pages.choosing import Choice, begin, choice
from gigawatt.interfaces.http.pages.drawn import drawn
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, chosen, faults, form, page
from gigawatt.interfaces.http.pages.series import Asked, SeriesAsked
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.hourly import Offers

VERBS = ("simulate", "run")
# Parts of the page that are the same for whoever reads it.
PARTS = ("head", "event", "lived")
# The section of a run that has the figures of what was lived through, and these.
LIVED, FIGURES = "lived", "lived-figures"
# Sections of a simulation, and those of a run that are about what was lived through.
SECTIONS = ("event", "calls", LIVED, "against", "fleet", "energy")
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
async def fleet(reader: Person, asked: Asked, result: str = "") -> Response:
    """What was lived through of a result: the last where none is named."""
    return await _shown(reader, await choice(reader, result, *VERBS), asked)


@router.get("/fleet/event")
async def fleet_event_again(reader: Person) -> Response:
    """Lead whoever reads on where a form was refused, in another language or anew, to the page that has it."""
    del reader
    return RedirectResponse("/fleet", 303)


@router.post("/fleet/event")
async def fleet_event(request: Request, reader: Person) -> Response:
    """Live through the plan of a result with an event of the grid: a job, or what is wrong with the event."""
    fields = await form(request, reader)
    event = EventAsked(**{name: fields.get(name, "").strip() for name in EventAsked.__dataclass_fields__})
    event = event if event.kind in KINDS else replace(event, kind=EventAsked().kind)
    found = await choice(reader, fields.get("result", ""), *VERBS)
    if found.shown is None:
        return await _shown(reader, found, series.usual())
    begun = await begin(reader, "simulate", {"scenario": found.shown.id, "event": [event.text]})
    if isinstance(begun, Response):
        return begun
    return await _shown(reader, found, series.usual(), event, placed(event, begun))


def placed(event: EventAsked, items: Items) -> dict[str, Items]:
    """Faults of an event by the field of the form that they are about; "" for those of none."""
    sign = KINDS[event.kind][0]
    found: dict[str, Items] = {}
    for item in items:
        given = item["given"].strip('"')
        field = {
            event.when: "when",
            f"{event.hours}h": "hours",
            f"site={event.site}": "site",
            f"{event.when}/{event.hours}h": "when",
        }.get(given, "amount" if given.startswith(sign) else "")
        found[field] = [*found.get(field, ()), item]
    return found


async def _shown(
    reader: Guest,
    found: Choice,
    asked: SeriesAsked,
    event: EventAsked | None = None,
    wrong: Mapping[str, Items] | None = None,
) -> Response:
    if found.shown is None:
        return page(reader, "fleet.html.j2", here="fleet", choice=found)
    id_ = found.shown.id
    head, event_part, body = [await drawn(reader, id_, f"fleet_{part}.html.j2", lived) for part in PARTS]
    offers = await series.offered(reader, id_)
    status, hours = 422 if wrong else 200, None
    refused: Items = ()
    try:
        hours = await series.shown(reader, id_, asked)
    except Refused as error:
        status, refused = errors.REFUSALS[error.why][0], faults(error, reader)
    given: dict[str, Any] = {
        "choice": found,
        "head": head,
        "event_part": event_part,
        "body": body,
        "drawing": "" if hours is None else hours["drawn"],
        "refused": refused,
        "choices": series.choices(reader, offers, asked, hours),
        "event": event or _event(offers),
        "sites": offers.labels.get("site", {}),
        "wrong": dict.fromkeys(("", *EventAsked.__dataclass_fields__), ()) | dict(wrong or {}),
        "span": _span(offers),
    }
    return page(reader, "fleet.html.j2", here="fleet", status=status, **given)


def lived(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was lived through, without the figures that stand at the head of the page."""
    sections = [
        {**one, "parts": [part for part in one["parts"] if part.get("name") != FIGURES]}
        for one in chosen(document, *SECTIONS)
    ]
    return {"figures": _figures(document), "sections": sections}


def _figures(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first figures: those of a simulation, or of what a run lived through."""
    sections = {section["slug"]: section["parts"] for section in document["sections"]}
    if LIVED not in sections:
        return document
    pairs = [pair for part in sections[LIVED] if part.get("name") == FIGURES for pair in part["pairs"]]
    return {"tiles": [{"label": label, "value": value, "note": ""} for label, value in pairs]}


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
