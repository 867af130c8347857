"""The programme: where what stands when, which capital that releases, and what binds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.interfaces.http.pages.choosing import begin, choice
from gigawatt.interfaces.http.pages.drawn import drawn
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, chosen, form, only, page
from gigawatt.interfaces.server import scenarios
from gigawatt.scenario.load import DEFAULT

# First figures that a board asks for; the rest stand on the page of money, and in the report.
TILES_COUNT = 8
# What is shown of a plan, by section and part.
PARTS: Mapping[str, tuple[str, ...]] = {
    "build-out": ("sites", "power-by-platform", "power-by-site"),
    "capital": ("tranches",),
    "binds": ("in-the-way",),
    "worth": ("worth",),
}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def programme(reader: Person, result: str = "") -> Response:
    """The programme of a result; of the last plan where none is named."""
    found = await choice(reader, result, "run")
    if found.shown is None:
        return await _beginning(reader)
    body = await drawn(reader, found.shown.id, "programme_plan.html.j2", board)
    return page(reader, "programme.html.j2", here="programme", choice=found, body=body)


@router.post("/")
async def plan(request: Request, reader: Person) -> Response:
    """Plan a scenario as a job."""
    fields = await form(request, reader)
    scenario = fields.get("scenario", "").strip() or DEFAULT
    found = await begin(reader, "run", {"scenario": scenario})
    return found if isinstance(found, Response) else await _beginning(reader, scenario, found)


async def _beginning(reader: Guest, scenario: str = DEFAULT, items: Items = ()) -> Response:
    """The page of a server that has no plan yet, or of one that cannot be begun."""
    kept = await reader.do(scenarios.known, "scenario")
    given = {"scenario": scenario, "scenarios": kept, "items": items}
    return page(reader, "beginning.html.j2", here="programme", status=422 if items else 200, **given)


def board(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a board wants of a plan; all of it where nothing is in service, which is soon said."""
    if not document["tiles"]:
        return {"sections": document["sections"], "tiles": []}
    sections = [only(section, *PARTS[section["slug"]]) for section in chosen(document, *PARTS)]
    return {"sections": sections, "tiles": document["tiles"][:TILES_COUNT]}
