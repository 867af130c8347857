"""Claims: what was announced, held against what can be computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gigawatt.interfaces.http.pages.choosing import begin, choice
from gigawatt.interfaces.http.pages.drawn import drawn
from gigawatt.interfaces.http.pages.frame import Guest, Items, Person, form, page
from gigawatt.study.claims.question import LETTER, PORTS_PIKE

router = APIRouter(include_in_schema=False)


@router.get("/claims")
async def claims(reader: Person, result: str = "") -> Response:
    """The claims of a result; of the last that were checked where none is named."""
    return await _shown(reader, result)


@router.post("/claims")
async def check(request: Request, reader: Person) -> Response:
    """Check all claims of a set, the letter's where none is named, as a job."""
    fields = await form(request, reader)
    found = await begin(reader, "claims", {"of": fields.get("of", LETTER)})
    return found if isinstance(found, Response) else await _shown(reader, "", found)


async def _shown(reader: Guest, result: str, items: Items = ()) -> Response:
    found = await choice(reader, result, "claims")
    body = None if found.shown is None else await drawn(reader, found.shown.id, "claims_found.html.j2", verdicts)
    given = {"choice": found, "body": body, "items": items, "letter": LETTER, "ports_pike": PORTS_PIKE}
    return page(reader, "claims.html.j2", here="claims", status=422 if items else 200, **given)


def verdicts(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """All claims in a chart and a table, then each with what it hangs on."""
    first, *each = document["sections"]
    return {"first": first, "each": each}
