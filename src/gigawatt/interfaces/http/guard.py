"""The guard: an ASGI application around another. What it does not let pass, the other never sees.

It answers what is too long, too slow, not meant for us or sent by a page of somebody else; it adds the headers by which
browsers protect a reader; it numbers requests, and tells a failure without its insides. Who may do what, it leaves to
the routes.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gigawatt.errors import Fault, plain
from gigawatt.interfaces.http import cookies, errors, headers, origin
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("gigawatt.http")

HEALTH = "/health"
UPLOADS = "/api/uploads"
# Name in a request's state: that there were too many connections when it came.
CROWDED = "crowded"
MOST_HEADERS_COUNT, MOST_HEADER_BYTES, MOST_PATH = 100, 32_000, 1_000
# A body that keeps this pace may take longer than ServerLimits.body_s.
FAIR_BYTES_PER_S = 16_000
KINDS = {404: "NotFound", 408: "TooSlow", 413: "TooLong", 421: "Misdirected", 431: "TooLong"}


class Guard:
    """Stands before an application, for as many requests at once as come."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """app: what is guarded. settings: by which names it is called, and how much it takes on."""
        self._app, self._limits, self._names = app, settings.limits, origin.names(settings)
        self._burden = Burden(settings.limits.asking_count * settings.limits.body_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = Passage(scope, receive, send, self._limits.body_s, self._most_bytes(scope), self._burden)
        scope.setdefault("state", {})["request_id"] = passage.id
        if scope["scheme"] == "https":
            scope["headers"] = cookies.unbound(scope["headers"])
        try:
            if not await self._stopped(scope, passage):
                await self._pass(scope, passage)
        finally:
            passage.let_go()

    def _most_bytes(self, scope: Scope) -> int:
        return self._limits.upload_bytes if scope["path"] == UPLOADS else self._limits.body_bytes

    async def _stopped(self, scope: Scope, passage: Passage) -> bool:
        """Answer what may not pass, and say so."""
        path, method = scope["path"], scope["method"]
        if _trapped(path, scope.get("raw_path") or b""):
            expected = "a path of this server, each character as it is"
            await passage.end(404, Fault(path="path", given=f'"{path[:80]}"', expected=expected))
            return True
        if not 0 <= _weight(scope["headers"]) <= MOST_HEADER_BYTES:
            expected = f"at most {MOST_HEADERS_COUNT}, of at most {MOST_HEADER_BYTES} bytes"
            await passage.end(431, Fault(path="headers", given="more", expected=expected))
            return True
        try:
            hosts = _values(scope, b"host")
            origin.check_host(hosts, self._names)
        except Refused as error:
            await passage.end(421, error)
            return True
        try:
            origin.check_origin(_values(scope, b"origin"), hosts[0], scope["scheme"])
            origin.check_fetch(_values(scope, b"sec-fetch-site"), method)
            if scope["state"].get(CROWDED) and path != HEALTH:
                raise Refused("busy", "server", "too many connections", "another try in a moment")
            _check_length(_values(scope, b"content-length"), passage.most_bytes)
        except Refused as error:
            await passage.refuse(error)
            return True
        return False

    async def _pass(self, scope: Scope, passage: Passage) -> None:
        from starlette.requests import ClientDisconnect

        try:
            await self._app(scope, passage.receive, passage.send)
        except ClientDisconnect:
            return
        except Exception:
            log.error("request %s: %s %s\n%s", passage.id, scope["method"], plain(scope["path"]), _told())
            fault = Fault(path="server", given=f"a failure in request {passage.id}", expected="an answer: see its log")
            await passage.end(500, fault)


class Burden:
    """Bytes of bodies in memory, of all requests together."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.bytes = most_bytes, 0


class Passage:
    """One request and its answer as they pass: counted, timed, and with our headers."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, body_s: float, most_bytes: int, burden: Burden
    ) -> None:
        self.id = secrets.token_hex(8)
        self.most_bytes = most_bytes
        self._receive, self._send, self._burden = receive, send, burden
        self._streams = scope["path"] == UPLOADS
        self._encrypted = scope["scheme"] == "https"
        self._body_s, self._waited_s, self._bytes = body_s, 0.0, 0
        self._whole = self._started = self._ended = False

    async def receive(self) -> Message:
        """The next piece of the body, or that there is nobody left to read it for."""
        if self._ended:
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._receive()
        left_s = self._body_s + self._bytes / FAIR_BYTES_PER_S - self._waited_s
        clock = asyncio.get_running_loop().time
        start_s = clock()
        try:
            async with asyncio.timeout(left_s):
                message = await self._receive()
        except TimeoutError:
            fault = Fault(path="body", given=f"{self._bytes} bytes", expected=f"all of it within {self._body_s:g} s")
            await self.end(408, fault, close=True)
            return {"type": "http.disconnect"}
        self._waited_s += clock() - start_s
        return await self._counted(message)

    async def _counted(self, message: Message) -> Message:
        if message["type"] != "http.request":
            return message
        size = len(message.get("body", b""))
        self._bytes += size
        self._burden.bytes += 0 if self._streams else size
        if self._bytes > self.most_bytes:
            await self.end(413, _too_long("more", self.most_bytes))
        elif self._burden.bytes > self._burden.most_bytes:
            await self.refuse(Refused("busy", "server", "too many bodies at once", "another try in a moment"))
        self._whole = not message.get("more_body", False)
        return {"type": "http.disconnect"} if self._ended else message

    def let_go(self) -> None:
        """The body is no longer in memory."""
        self._burden.bytes -= 0 if self._streams else self._bytes

    async def send(self, message: Message) -> None:
        """A piece of the application's answer, unless the guard has answered."""
        if self._ended:
            return
        if message["type"] == "http.response.start":
            self._started = True
            message = {**message, "headers": self._guarded(message.get("headers", ()))}
        await self._send(message)

    async def refuse(self, error: Refused) -> None:
        """Answer as the routes do where the server refuses."""
        response = errors.refused(error)
        await self._answer(response.status_code, bytes(response.body), response.raw_headers)

    async def end(self, status: int, fault: Fault | Refused, *, close: bool = False) -> None:
        """Answer, where nothing is answered yet, and let nothing more pass. close: the connection ends with it."""
        body = errors.body(KINDS.get(status, "Bug"), [fault])
        await self._answer(status, body, [*headers.json(body), *([(b"connection", b"close")] if close else [])])

    async def _answer(self, status: int, body: bytes, said: Sequence[tuple[bytes, bytes]]) -> None:
        silent, self._ended = self._ended or self._started, True
        if silent:
            return
        await self._send({"type": "http.response.start", "status": status, "headers": self._guarded(said)})
        await self._send({"type": "http.response.body", "body": body})

    def _guarded(self, given: Iterable[tuple[bytes, bytes]]) -> headers.Pairs:
        said = cookies.bound(given) if self._encrypted else given
        return headers.guarded(said, self.id, encrypted=self._encrypted)


def _trapped(path: str, raw: bytes) -> bool:
    """Whether a path is written so that two readers of it may come to two places.

    It is refused when, once decoded, it still has a percent sign, a step up, an empty step, a backslash or a character
    that nobody sees, or had its slashes in disguise.
    """
    steps = path.split("/")
    return (
        len(path) > MOST_PATH
        or not path.startswith("/")
        or "" in steps[1:-1]
        or not {".", ".."}.isdisjoint(steps)
        or any(sign in path for sign in "%\\\N{REPLACEMENT CHARACTER}")
        or not path.isprintable()
        or b"%2f" in raw.lower()
    )


def _weight(pairs: Sequence[tuple[bytes, bytes]]) -> int:
    """Bytes of the headers; -1 where they are too many."""
    return sum(len(name) + len(value) for name, value in pairs) if len(pairs) <= MOST_HEADERS_COUNT else -1


def _values(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


def _check_length(given: Sequence[str], most_bytes: int) -> None:
    for length in given:
        if not (length.isascii() and length.isdigit()):
            raise Refused("wrong", "Content-Length", f'"{length[:40]}"', "a number of bytes")
        if len(length) > 18 or int(length) > most_bytes:
            fault = _too_long(length[:40], most_bytes)
            raise Refused("long", fault.path, fault.given, fault.expected)


def _too_long(given: str, most_bytes: int) -> Fault:
    return Fault(path="body", given=f"{given} bytes", expected=f"at most {most_bytes} bytes")


def _told() -> str:
    """The failure at hand, fit for a terminal."""
    return "\n".join(map(plain, traceback.format_exc().splitlines()))
