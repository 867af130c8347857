"""Files that are sent: taken as they come, whole or not at all, and known by their digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gigawatt.interfaces.http.answers import known, said, tag
from gigawatt.interfaces.http.desk import Editor, Viewer, Visit
from gigawatt.interfaces.http.results import sent
from gigawatt.interfaces.http.views import gives
from gigawatt.interfaces.server import uploads as kept
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.uploads import UploadView

BYTES = "application/octet-stream"
_SENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file as it is.",
        "content": {BYTES: {"schema": {"type": "string", "contentMediaType": BYTES}}},
    }
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {BYTES: {"schema": {"type": "string"}}}},
    304: {"description": "What the reader has is the same."},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadViews:
    """Files that were sent, a page of them by digest."""

    uploads: tuple[UploadView, ...]
    """One for each file."""


router = APIRouter(tags=["uploads"])


@router.get("/uploads", responses=gives(UploadViews))
async def uploads(
    at: Viewer,
    after: Annotated[str, Query(max_length=64, description="Digests after this one.")] = "",
    count: Annotated[int, Query(ge=1, le=kept.MOST_LISTED, description="How many at most.")] = 100,
) -> Response:
    """Files that were sent."""
    return said(UploadViews(uploads=tuple(await at.do(kept.listed, after, count))))


@router.post("/uploads", status_code=201, responses=gives(UploadView, 201), openapi_extra=_SENT)
async def upload(
    at: Editor,
    request: Request,
    name: Annotated[str, Query(min_length=1, max_length=255, description="What it is called.")],
) -> Response:
    """Keep a file; one that is there already is the same one."""
    try:
        view = await _received(at, request, name)
    except ClientDisconnect:
        raise Refused("wrong", "body", "a part of it", "all of the file") from None
    return said(view, 201, {"Location": f"/api/uploads/{view.digest}"})


async def _received(at: Visit, request: Request, name: str) -> UploadView:
    """What is written waits in a thread of its own, and the next bytes are taken only then."""
    length = request.headers.get("content-length", "")
    begun = kept.begin(at.room.settings, at.room.store, at.caller, name)
    incoming = await at.desk.do(begun.__enter__)
    try:
        async for chunk in request.stream():
            await at.desk.do(incoming.take, chunk)
        return await at.desk.do(incoming.keep, int(length) if length.isdigit() else None)
    finally:
        await at.desk.do(begun.__exit__, None, None, None)


@router.get("/uploads/{digest}", responses=_FILE, response_class=Response)
async def upload_file(at: Viewer, request: Request, digest: str) -> Response:
    """A file that was sent, by its digest or by what it alone is called."""
    view = await at.do(kept.find, digest)
    place = await at.desk.do(kept.path, at.room.settings, view)
    if seen := known(request, view.digest):
        return seen
    found = sent(place, BYTES, view.name)
    found.headers.update(tag(view.digest))
    return found


@router.delete("/uploads/{digest}", responses=gives(UploadView))
async def upload_remove(at: Editor, digest: str) -> Response:
    """Forget a file that no job needs."""
    return said(await at.desk.do(kept.remove, at.room.settings, at.room.store, at.caller, digest))
