"""What calls are made of: the room, the threads that wait there, and answers that are kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from secrets import token_hex
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from gigawatt.interfaces.server.asked import Caller
from gigawatt.interfaces.server.room import Room

T = TypeVar("T")

# What is kept of answers that no job keeps, so that what was cut can be asked for.
MOST_ANSWERS, MOST_ANSWERS_BYTES = 32, 32_000_000


class Answers:
    """The last answers that were too long to show whole and that no job keeps, each for whoever asked."""

    def __init__(self) -> None:
        self._held = OrderedDict[str, tuple[str, bytes]]()
        self._lock = threading.Lock()

    def put(self, caller: Caller, body: bytes) -> str:
        """Keep an answer for a while; its id."""
        id_ = token_hex(16)
        with self._lock:
            self._held[id_] = (caller.name, body)
            while len(self._held) > MOST_ANSWERS or sum(len(b) for _, b in self._held.values()) > MOST_ANSWERS_BYTES:
                self._held.popitem(last=False)
        return id_

    def get(self, caller: Caller, id_: str) -> bytes | None:
        """An answer of somebody's own; None for one that is not there, or no more."""
        with self._lock:
            name, body = self._held.get(id_, ("", b""))
        return body if name == caller.name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """What a call is made of: the room, the threads that wait there, and the answers that are kept for a while."""

    room: Room
    """Where it is answered."""
    limiter: CapacityLimiter
    """How many wait at once."""
    answers: Answers = field(default_factory=Answers)
    """What was too long."""

    async def do(self, function: Callable[..., T], *given: Any) -> T:
        """Call what waits, in a thread; nobody waits for it who has gone."""
        return await to_thread.run_sync(partial(function, *given), abandon_on_cancel=True, limiter=self.limiter)
