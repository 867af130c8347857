"""The application: every route below /api, what is open to everybody, and the guard before all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, get_args

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from gigawatt import __version__
from gigawatt.interfaces.http import errors, jobs, openapi, people, reading, results, scenarios, uploads, verbs
from gigawatt.interfaces.http.answers import as_json, known, said, tag
from gigawatt.interfaces.http.desk import Desk, desk_of
from gigawatt.interfaces.http.errors import JSON
from gigawatt.interfaces.server.scenarios import Kind
from gigawatt.interfaces.server.store import alive

if TYPE_CHECKING:
    from gigawatt.interfaces.server.room import Room

PREFIX = "/api"
KINDS: tuple[Kind, ...] = get_args(Kind)
# Those first that are asked most: routes are tried one by one.
ROUTERS = (
    results.router,
    jobs.router,
    *map(scenarios.router, KINDS),
    uploads.router,
    reading.router,
    people.router,
    verbs.router(),
)
# What needs no token.
open_ = APIRouter(tags=["server"])


def application(room: Room) -> ASGIApp:
    """Everything that is served of an open room, with its guard."""
    return guarded(inside(room), room)


def inside(room: Room) -> FastAPI:
    """Everything that is served of a room, without its guard."""
    app = FastAPI(
        title=openapi.TITLE,
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_id,
        lifespan=_living,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        exception_handlers=errors.handlers(),
    )
    app.state.desk = Desk(room)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(open_)
    return app


def guarded(app: ASGIApp, room: Room) -> ASGIApp:
    """An application behind the guard of a room's server."""
    from gigawatt.interfaces.http.guard import Guard

    return Guard(app, room.settings)


@asynccontextmanager
async def _living(app: FastAPI) -> AsyncIterator[None]:
    try:
        yield
    finally:
        app.state.desk.close()


def _id(route: APIRoute) -> str:
    """Operations are called as the functions that answer them, those of verbs as in Python."""
    return route.name


@open_.get("/health")
async def health(request: Request) -> Response:
    """Whether the server answers, and its database with it."""
    well = await desk_of(request).do(alive, desk_of(request).room.store)
    return said({"status": "ok" if well else "no database", "gigawatt": __version__}, 200 if well else 503)


@open_.get("/openapi.json")
async def description(request: Request) -> Response:
    """This description, in OpenAPI 3.1."""
    body, digest = await desk_of(request).do(_described, request.app)
    return known(request, digest) or Response(body, headers=tag(digest), media_type=JSON)


@cache
def _described(app: FastAPI) -> tuple[bytes, str]:
    body = as_json(openapi.document(app, people.ASKED))
    return body, sha256(body).hexdigest()
