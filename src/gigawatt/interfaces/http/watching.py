"""What is open to everybody: whether the server lives, its figures, and the description of its routes."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response

from gigawatt import __version__
from gigawatt.interfaces.http import openapi, people
from gigawatt.interfaces.http.answers import as_json, known, said, tag
from gigawatt.interfaces.http.desk import desk_of
from gigawatt.interfaces.http.errors import JSON
from gigawatt.interfaces.http.metrics import Metrics, Pending
from gigawatt.interfaces.server.store import ServerStore, alive
from gigawatt.interfaces.server.tables import JOBS

router = APIRouter(tags=["server"])


def _body(kind: str, words: str, schema: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": words, "content": {kind: {"schema": schema}}}}


_HEALTH = {
    "type": "object",
    "required": ["status", "gigawatt"],
    "properties": {
        "status": {"enum": ["ok", "starting", "no database"], "description": "Whether it answers."},
        "gigawatt": {"type": "string", "description": "Its version."},
    },
}


@router.get(
    "/health",
    responses={
        **_body(JSON, "It answers.", _HEALTH),
        503: {"description": "Its database does not.", "content": {JSON: {"schema": _HEALTH}}},
    },
)
async def health(request: Request) -> Response:
    """Whether the server answers, and its database with it."""
    well = await desk_of(request).do(alive, desk_of(request).room.store)
    return said({"status": "ok" if well else "no database", "gigawatt": __version__}, 200 if well else 503)


@router.get("/metrics", responses=_body("text/plain", "Figures.", {"type": "string"}), response_class=Response)
async def metrics(request: Request) -> Response:
    """Figures for Prometheus: requests, jobs, workers."""
    figures: Metrics = request.app.state.metrics
    body, kind = await desk_of(request).do(figures.text, request.headers.get("accept", ""))
    return Response(body, media_type=kind)


@router.get("/openapi.json", responses=_body(JSON, "OpenAPI 3.1.", {"type": "object"}))
async def description(request: Request) -> Response:
    """This description, in OpenAPI 3.1."""
    body, digest = await desk_of(request).do(_described, request.app)
    return known(request, digest) or Response(body, headers=tag(digest), media_type=JSON)


@cache
def _described(app: FastAPI) -> tuple[bytes, str]:
    body = as_json(openapi.document(app, people.ASKED))
    return body, sha256(body).hexdigest()


def load(store: ServerStore, workers_count: int) -> Pending:
    """What a server has to do now. workers_count: its processes that live."""
    with store.reading() as connection:
        asked = select(JOBS.c.state, func.count(), func.min(JOBS.c.created)).group_by(JOBS.c.state)
        rows = {state: (count, first) for state, count, first in connection.execute(asked)}
    since = datetime.fromisoformat(rows["waiting"][1]) if "waiting" in rows else None
    return Pending(
        jobs_count={state: count for state, (count, _) in sorted(rows.items())},
        oldest_wait_s=max((datetime.now(UTC) - since).total_seconds(), 0.0) if since else 0.0,  # clocks are set back
        workers_count=workers_count,
    )
