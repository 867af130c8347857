"""The trail of every change, and of every refusal of one: by whom, from where, what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from gigawatt.errors import plain
from gigawatt.interfaces.server.asked import Caller, Door, Refused
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import AUDIT

DONE = "done"
# Characters of a line of the trail, and lines that are listed at once.
MOST_TEXT, MOST_LINES_COUNT = 500, 1_000
_MOST_ADDRESS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One line of the trail."""

    number: int
    at: str
    who: str | None
    """Name of who it was; None where that is not known."""
    token: str | None
    """Id of the token by which they came; None for a password or the machine's own user."""
    door: str
    address: str
    action: str
    """What was to be done, such as "person added"."""
    object: str
    """To what."""
    outcome: str
    """"done", or why not."""


def add(
    connection: Connection,
    caller: Caller | None,
    *,
    action: str,
    object: str,
    outcome: str = DONE,
    door: Door | None = None,
    address: str = "",
) -> None:
    """Add a line within the change that it tells of, so that neither is there without the other.

    caller: who it was, with door and address; None where nobody knows, or for the machine's own user.
    """
    line = {
        "at": now(),
        "who": caller.name if caller else None,
        "token": caller.token if caller else None,
        "door": door or (caller.door if caller else "here"),
        "address": _line(address or (caller.address if caller else ""), _MOST_ADDRESS),
        "action": _line(action, MOST_TEXT),
        "object": _line(object, MOST_TEXT),
        "outcome": _line(outcome, MOST_TEXT),
    }
    connection.execute(insert(AUDIT).values(line))


def write(store: ServerStore, caller: Caller | None, *, action: str, object: str, outcome: str = DONE) -> None:
    """Add a line on its own."""
    with store.writing() as connection:
        add(connection, caller, action=action, object=object, outcome=outcome)


@contextmanager
def refusals(store: ServerStore, caller: Caller | None, *, action: str, object: str) -> Iterator[None]:
    """Add a line where what is tried within is refused; what is done adds its own, with the change itself."""
    try:
        yield
    except Refused as error:
        write(store, caller, action=action, object=object, outcome=error.why)
        raise


def listed(store: ServerStore, before: int | None = None, count: int = 100) -> tuple[AuditLine, ...]:
    """The last lines, the newest first, at most so many; those before a number where one is given."""
    asked = select(AUDIT).order_by(AUDIT.c.number.desc()).limit(max(1, min(count, MOST_LINES_COUNT)))
    if before is not None:
        asked = asked.where(AUDIT.c.number < max(0, min(before, 2**31 - 1)))
    with store.reading() as connection:
        return tuple(AuditLine(**row) for row in connection.execute(asked).mappings())


def _line(text: str, most: int) -> str:
    """Text as a line that may go to a terminal, cut where nobody reads on."""
    words = plain(text[: most + 1])
    return words if len(words) <= most else words[: most - 1] + "…"
