"""Connections, watched: how many there are, and how long a client may take to ask and to take what it is answered.

uvicorn 0.54 ends a connection that stays idle between two requests. It lets a client take for ever to send the head of
a request, its first above all, and for ever to read an answer; beyond `limit_concurrency` it refuses `/health` as well.
How long a body may take, and how long it is, the guard sees to.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from functools import partial
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gigawatt.errors import Fault
from gigawatt.interfaces.http import errors, headers
from gigawatt.interfaces.http.guard import CROWDED
from gigawatt.interfaces.server.settings import ServerLimits

# Connections beyond the limit that may still hear so, or ask after the server's health, and how long they may take.
SPARE_COUNT, CROWDED_S = 64, 1.0
# Files that a server has open besides its connections.
OTHERS_COUNT = 256
# What is still on its way to a client at this pace is waited for.
FAIR_BYTES_PER_S = 1_000


def watched(limits: ServerLimits) -> Any:
    """What uvicorn makes of each connection, as `http` of its Config."""
    return partial(Watched, limits, {})


def bounded(limits: ServerLimits) -> ServerLimits:
    """The limits with as many connections as this process may open files, which is raised as far as it can be."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return limits
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections_count + SPARE_COUNT + OTHERS_COUNT
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        most = max(soft - SPARE_COUNT - OTHERS_COUNT, 1)
        return replace(limits, connections_count=min(limits.connections_count, most))
    return limits


class Watched(H11Protocol):
    """One connection, with a timer whenever it is the client's turn."""

    def __init__(self, limits: ServerLimits, crowd: dict[Watched, None], **given: Any) -> None:
        """crowd: those beyond the limit, the longest first, shared by all connections of a server."""
        super().__init__(**given)
        self._limits, self._crowd = limits, crowd
        self._due: asyncio.TimerHandle | None = None
        self._left_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, and note when there are too many; where too many hear just that, the longest of them goes."""
        super().connection_made(transport)
        _send_at_once(transport)
        if len(self.connections) > self._limits.connections_count:
            if len(self._crowd) >= SPARE_COUNT:
                first = next(iter(self._crowd))
                del self._crowd[first]
                first.transport.abort()
            self._crowd[self] = None
            self.app_state = {**self.app_state, CROWDED: True}
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        self._crowd.pop(self, None)
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """The next request is the client's turn."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Much is on its way to the client: it is its turn to take it."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """It took it."""
        super().resume_writing()
        self._watch()

    def _watch(self) -> None:
        """One timer from the moment that it is the client's turn; whatever it sends meanwhile gains it no time."""
        if self._answering() and not self.flow.write_paused:
            self._rest()
        elif self._due is None:
            self._left_bytes = self.transport.get_write_buffer_size()
            self._due = self.loop.call_later(self._patience_s(), self._late)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _patience_s(self) -> float:
        """After an answer, a connection may stay idle as long as uvicorn lets it before the next request."""
        if self in self._crowd:
            return min(CROWDED_S, self._limits.header_s)
        return self._limits.header_s + (0.0 if self.cycle is None else self.timeout_keep_alive)

    def _rest(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _late(self) -> None:
        """End a connection whose client did not take its turn; one that takes an answer at a fair pace has more."""
        self._due = None
        left_bytes = self.transport.get_write_buffer_size()
        if left_bytes and self._left_bytes - left_bytes >= FAIR_BYTES_PER_S * self._patience_s():
            self._watch()
        elif self.conn.trailing_data[0] and not left_bytes and not self._answering():
            fault = Fault(path="head", given="half of it", expected=f"all of it within {self._limits.header_s:g} s")
            self._leave(408, "TooSlow", fault)
        else:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as we answer everything, whatever uvicorn calls it."""
        del msg
        self._leave(400, "WrongRequest", Fault(path="request", given="no HTTP", expected="a request of HTTP/1.1"))

    def _leave(self, status: int, kind: str, fault: Fault) -> None:
        """Say why, where nothing has been answered yet, and close."""
        if self._answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        body = errors.body(kind, [fault])
        said = [*headers.guarded(headers.json(body)), (b"connection", b"close")]
        events = (h11.Response(status_code=status, headers=said), h11.Data(data=body), h11.EndOfMessage())
        self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()
        self._watch()


def _send_at_once(transport: asyncio.Transport) -> None:
    """Let small pieces go as they come: asyncio sees to it only where a listening socket names its protocol, which
    those of `socket.create_server` do not; the second piece of an answer then waits 40 ms for the first."""
    found = transport.get_extra_info("socket")
    if found is not None and found.family in (socket.AF_INET, socket.AF_INET6):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
