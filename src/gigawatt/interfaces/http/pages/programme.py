"""The programme: where what stands when, which capital that releases, and what binds."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from gigawatt.interfaces.http.pages.frame import Person, kept, latest, page

router = APIRouter(include_in_schema=False)


@router.get("/")
async def programme(reader: Person, result: str | None = None) -> Response:
    """The programme of a result; of the last plan where none is named."""
    if result is None:
        view = await latest(reader, "run")
        result = None if view is None else view.id
    document = None if result is None else await kept(reader, result)
    return page(reader, "programme.html.j2", here="programme", document=document, result=result)
