"""`gigawatt serve`: one process that listens, and says where and by which token.

It listens before it has loaded what answers, so that whoever starts it need not wait: until then `/health` is answered
here, and everything else waits for a moment.
"""

from __future__ import annotations

import asyncio
import json as json_module
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigawatt import __version__
from gigawatt.errors import Fault, ScenarioError
from gigawatt.interfaces.console import door
from gigawatt.interfaces.server import passwords
from gigawatt.interfaces.server.settings import Settings
from gigawatt.study.files import check_writable

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn import Server

DEFAULTS = Settings()
NEEDED = ("fastapi", "uvicorn", "dbos", "filelock")
INSTALL = "pip install 'gigawatt[server]'"
LOOPBACK = ("127.", "::1", "localhost")
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
MOST_PORT = 65535
BACKLOG = 2048
# How long whoever is being answered may take when the server stops, and a connection stay open that asks nothing.
GRACE_S, IDLE_S = 5, 15
LOOK_S = 0.005
Address = tuple[str, int]


def serve(
    port: Annotated[int, typer.Option("--port", metavar="N", help="Port to listen at; 0 for any that is free.")] = (
        DEFAULTS.port
    ),
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen at.")] = DEFAULTS.host,
    database: Annotated[
        str,
        typer.Option(
            "--database",
            metavar="FILE|URL",
            help="The ledger: a file, or an address of PostgreSQL, which then holds all else as well.",
        ),
    ] = DEFAULTS.database,
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Folder of results, uploads and the server's own database.")
    ] = DEFAULTS.data,
    workers: Annotated[int, typer.Option("--workers", metavar="N", help="Jobs at work at once.")] = (
        DEFAULTS.workers_count
    ),
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="A name by which browsers may call it; once for each."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", metavar="", help="Say where as one JSON object.")] = False,
) -> None:
    """Serve a team and its assistants: HTTP, durable jobs, MCP."""
    hosts = tuple(allow_host or ())
    with door(json):
        check(port, workers)
        settings = Settings(database=database, data=data, host=host, port=port, hosts=hosts, workers_count=workers)
        listen(settings, lambda url, token: _say(url, token, settings, json=json))


def check(port: int, workers: int) -> None:
    """Refuse what cannot be listened at, and a machine that lacks the packages. Raises ScenarioError."""
    faults = []
    if absent := [name for name in NEEDED if find_spec(name) is None]:
        faults.append(Fault(path="serve", given=f"no {', no '.join(absent)}", expected=INSTALL))
    if not 0 <= port <= MOST_PORT:
        faults.append(Fault(path="--port", given=str(port), expected=f"a port from 0 to {MOST_PORT}"))
    if not 1 <= workers <= 64:
        faults.append(Fault(path="--workers", given=str(workers), expected="from 1 to 64"))
    if faults:
        raise ScenarioError(faults)


def listen(settings: Settings, say: Callable[[str, str], None]) -> None:
    """Serve until somebody says stop. say: called once with the address and the token of whoever started it.

    Raises ScenarioError for an address that nobody can listen at, LedgerError for a database that is none of ours or
    newer than we are, OSError for a folder that cannot be written.
    """
    from gigawatt.interfaces.http.limits import bounded

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    settings = replace(settings, limits=bounded(settings.limits))
    with bound(settings.host, settings.port) as door_:
        token = passwords.token()
        _make(settings.data)
        opening = Threshold(settings, token)
        server = _server(opening, settings)
        try:
            asyncio.run(_run(server, opening, door_, lambda: say(url_of(settings.host, door_.getsockname()[1]), token)))
        except (KeyboardInterrupt, SystemExit):
            if not server.started:
                raise
        if opening.failure is not None:
            raise opening.failure
    print("stopped", file=sys.stderr)


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ScenarioError where none can."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        given = f'"{host[:80]}": {getattr(error, "strerror", None) or error}'
        raise ScenarioError([Fault(path="--host", given=given, expected="an address of this machine")]) from None
    family, _, _, _, address = min(found, key=lambda one: one[0])  # that of IPv4 first
    try:
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        given = f"{port} at {host}: {(error.strerror or str(error)).lower()}"
        expected = "one that is free, or 0 for any"
        raise ScenarioError([Fault(path="--port", given=given, expected=expected)]) from None


def url_of(host: str, port: int) -> str:
    """Where a browser of this machine finds it."""
    name = WILDCARDS.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


class Threshold:
    """An application that answers `/health` from the first moment, and the rest as soon as it is loaded."""

    def __init__(self, settings: Settings, token: str) -> None:
        self._settings, self._token = settings, token
        self._inner: asyncio.Future[ASGIApp] | None = None
        self.failure: BaseException | None = None
        """Why it could not be opened."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._inner is not None
        if not self._inner.done() and scope["type"] == "http" and scope["path"] == "/health":
            await _starting(send)
            return
        inner = await asyncio.shield(self._inner)
        await inner(scope, receive, send)

    def wait(self) -> None:
        """Keep whoever asks waiting, `/health` aside, until it is open."""
        self._inner = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def open(self, server: Server) -> AsyncIterator[None]:
        """Load what answers, beside those who ask; it stays open as long as the context does."""
        stop = asyncio.Event()
        living = asyncio.create_task(self._live(server, stop))
        try:
            yield
        finally:
            stop.set()
            await living

    async def _live(self, server: Server, stop: asyncio.Event) -> None:
        assert self._inner is not None
        try:
            async with _application(self._settings, self._token, lambda: server.should_exit) as app:
                self._inner.set_result(app)
                await stop.wait()
        except Exception as error:
            self.failure = error
            self._inner.cancel()
            server.should_exit = True


@asynccontextmanager
async def _application(settings: Settings, token: str, leaving: Callable[[], bool]) -> AsyncIterator[ASGIApp]:
    """The guarded application of a room that is open, which whoever started it enters by a token."""
    room = await asyncio.to_thread(_room, settings, token)
    try:
        app = await asyncio.to_thread(_inside, room)
        app.state.desk.leaving = leaving
        async with app.router.lifespan_context(app):
            from gigawatt.interfaces.http.app import guarded

            yield guarded(app, room)
    finally:
        await asyncio.to_thread(room.close)


def _room(settings: Settings, token: str) -> Any:
    from gigawatt.interfaces.server import people
    from gigawatt.interfaces.server.room import Room

    room = Room(settings).open()
    try:
        people.start_token(room.store, token)
    except BaseException:
        room.close()
        raise
    return room


def _inside(room: Any) -> Any:
    from gigawatt.interfaces.http.app import inside

    return inside(room)


def _make(folder: Path) -> None:
    """The folder of a server, which is told before anybody is told where it is. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    check_writable(folder)


def _server(app: Any, settings: Settings) -> Server:
    from uvicorn import Config, Server

    from gigawatt.interfaces.http.limits import watched

    config = Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        http=watched(settings.limits),
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    return Server(config)


async def _run(server: Server, opening: Threshold, listener: socket.socket, say: Callable[[], None]) -> None:
    opening.wait()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(LOOK_S)
    if server.started:
        say()
    # Only now, as what loads takes turns with what listens.
    async with opening.open(server):
        await serving


async def _starting(send: Send) -> None:
    body = json_module.dumps({"status": "starting", "gigawatt": __version__}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _say(url: str, token: str, settings: Settings, *, json: bool) -> None:
    """Where it is, and by which token: one line of JSON, or lines for a person."""
    if json:
        print(json_module.dumps({"url": url, "token": token}), flush=True)
    else:
        said: Mapping[str, str] = {
            "Gigawatt is at": url,
            "token": token,
            "data in": str(settings.data.resolve()),
            "stop with": "Ctrl-C",
        }
        for name, value in said.items():
            print(f"{name:15} {value}", flush=True)
    if not settings.host.startswith(LOOPBACK):
        words = "it listens beyond this machine, and unencrypted: let a proxy with TLS stand in front of it"
        print(f"warning: {words}", file=sys.stderr, flush=True)
