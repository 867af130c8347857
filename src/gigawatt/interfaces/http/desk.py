"""What stands between routes, which never wait, and a room, which does: threads, and who may pass.

What takes a moment (a look into the database, a file) and what may take a minute (a verb) have threads of their own, so
that no number of questions keeps a reader waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from fastapi import Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from starlette.requests import Request

from gigawatt.interfaces.http import origin, strict
from gigawatt.interfaces.http.cookies import SESSION
from gigawatt.interfaces.server import audit, people
from gigawatt.interfaces.server.asked import ROLES, Caller, Json, Refused, Reply, Role

if TYPE_CHECKING:
    from gigawatt.interfaces.server.room import Room

T = TypeVar("T")

READERS_COUNT = 8
_TOKEN = HTTPBearer(scheme_name="token", description="A token, as `Authorization: Bearer gw_…`.", auto_error=False)
_SESSION = APIKeyCookie(
    name=SESSION,
    scheme_name="session",
    description="A session of a browser, begun by signing in. Whoever changes anything sends its CSRF token as well.",
    auto_error=False,
)


class FrontDesk:
    """The room of a server, and the threads in which it is asked."""

    def __init__(self, room: Room) -> None:
        """room: open, or about to be."""
        self.room = room
        # Whether the server is about to stop, so that no answer may go on for ever.
        self.leaving: Callable[[], bool] = lambda: False
        asking_count = room.settings.limits.asking_count
        self._readers = ThreadPoolExecutor(READERS_COUNT, "gigawatt-read")
        self._asking = ThreadPoolExecutor(asking_count, "gigawatt-ask")
        self._places = asyncio.Semaphore(asking_count)

    async def do(self, function: Callable[..., T], *given: Any, **named: Any) -> T:
        """Call what takes a moment."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(function, *given, **named))

    async def ask(self, function: Callable[..., T], *given: Any) -> T:
        """Call what may take a minute. Raises Refused where as many are asking already as may."""
        if self._places.locked():
            raise Refused("busy", "server", "too many questions at once", "another try in a moment")
        async with self._places:
            return await asyncio.get_running_loop().run_in_executor(self._asking, partial(function, *given))

    def expect(self) -> None:
        """Have a worker ready: whoever has come will ask something. An idle server holds no memory for one."""
        if not self.room.workers.count:
            self._asking.submit(self.room.workers.ready)

    def close(self) -> None:
        """Let go of the threads; what they still do, nobody waits for."""
        for pool in (self._readers, self._asking):
            pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of somebody who may pass."""

    caller: Caller
    """Who asks."""
    desk: FrontDesk
    """Where they ask."""
    csrf: str | None = None
    """What a change of a session has to carry; None where they come by a token."""

    @property
    def room(self) -> Room:
        """What they ask."""
        return self.desk.room

    async def do(self, function: Callable[..., T], *given: Any, **named: Any) -> T:
        """Call what takes a moment with the room's store."""
        return await self.desk.do(function, self.room.store, *given, **named)

    async def verb(self, name: str, values: Mapping[str, Json]) -> Reply:
        """Ask a short verb."""
        return await self.desk.ask(self.room.ask, self.caller, name, values)


def desk_of(request: Request) -> FrontDesk:
    """The desk of the application that a request came to."""
    return cast(FrontDesk, request.app.state.desk)


async def passed(
    request: Request,
    scopes: SecurityScopes,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_TOKEN)],
    cookie: Annotated[str | None, Security(_SESSION)],
) -> Visit:
    """Whoever asks, where their token or session lets them. Raises Refused."""
    desk, store, address = desk_of(request), desk_of(request).room.store, address_of(request)
    csrf = None
    if bearer is not None:
        caller = await desk.do(people.by_token, store, bearer.credentials, "http", address)
    elif cookie is not None:
        caller, csrf = await desk.do(people.by_session, store, cookie, address)
        if request.method not in origin.SAFE:
            origin.check_csrf(request.headers.get(origin.CSRF_HEADER), csrf)
    else:
        raise Refused("unknown", "Authorization", "nothing", "a token, as Bearer, or a session")
    for role in scopes.scopes:
        if not caller.may(cast(Role, role)):
            if request.method not in origin.SAFE:
                said = {"action": request.method, "object": request.url.path, "outcome": "forbidden"}
                await desk.do(audit.write, store, caller, **said)
            raise Refused("forbidden", "role", caller.role, role if role == ROLES[-1] else f"{role} or more")
    desk.expect()
    return Visit(caller=caller, desk=desk, csrf=csrf)


Viewer = Annotated[Visit, Security(passed, scopes=["viewer"])]
Editor = Annotated[Visit, Security(passed, scopes=["editor"])]
Approver = Annotated[Visit, Security(passed, scopes=["approver"])]
Owner = Annotated[Visit, Security(passed, scopes=["owner"])]


def address_of(request: Request) -> str:
    """Where a client is, as far as that is known."""
    return request.client.host if request.client else ""


async def values_of(request: Request, *others: str) -> dict[str, Json]:
    """The object in the body of a request, read strictly; nothing is an object without members.

    others: types of content that the route takes besides.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused("wrong", "Content-Type", f'"{kind[:80]}"', " or ".join(("application/json", *others)))
    data = await request.body()
    return strict.read(data) if data.strip() else {}
