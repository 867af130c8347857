"""The application: every route below /api, what is open to everybody, and the guard before all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, get_args

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gigawatt import __version__
from gigawatt.interfaces.http import (
    errors,
    jobs,
    openapi,
    pages,
    people,
    reading,
    results,
    scenarios,
    uploads,
    verbs,
    watching,
)
from gigawatt.interfaces.http.desk import FrontDesk
from gigawatt.interfaces.http.guard import Guard
from gigawatt.interfaces.http.metrics import Gauged, Metrics
from gigawatt.interfaces.http.pages import frame
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.scenarios import Kind

if TYPE_CHECKING:
    from gigawatt.interfaces.server.room import Room

PREFIX, MCP = "/api", "/mcp"
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
        exception_handlers=frame.handlers(errors.handlers()),
    )
    app.state.desk = FrontDesk(room)
    app.state.metrics = Metrics(lambda: watching.load(room.store, room.workers.count))
    programs = Programs()
    for router in ROUTERS:
        programs.include_router(router)
    app.include_router(programs, prefix=PREFIX)
    app.include_router(watching.router)
    app.include_router(pages.router)
    app.router.routes.append(Route(MCP, Assistants(room)))
    return app


def guarded(app: FastAPI, room: Room) -> ASGIApp:
    """An application behind the guard of a room's server, and what passes either counted."""
    return Gauged(Guard(app, room.settings), app.state.metrics)


class Programs(APIRouter):
    """The routes of programs, of which none is tried for what is no program's."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Which of them a request is for."""
        return super().matches(scope) if scope["path"].startswith(f"{PREFIX}/") else (Match.NONE, {})


class Assistants:
    """The door of assistants, loaded when the first of them knocks; there is none where its packages are not."""

    def __init__(self, room: Room) -> None:
        """room: what it opens on."""
        self._room = room
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let them in."""
        if self._app is None:
            self._app = await asyncio.to_thread(self._loaded)
        await self._app(scope, receive, send)

    def _loaded(self) -> ASGIApp:
        if find_spec("mcp") is None:
            return errors.refused(Refused("absent", "path", MCP, "pip install 'gigawatt[mcp]' on the server"))
        from gigawatt.interfaces.mcp.serving import asgi

        return asgi(self._room)


@asynccontextmanager
async def _living(app: FastAPI) -> AsyncIterator[None]:
    try:
        yield
    finally:
        app.state.desk.close()


def _id(route: APIRoute) -> str:
    """Operations are called as the functions that answer them, those of verbs as in Python."""
    return route.name
