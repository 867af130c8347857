"""Whose a secret is, remembered for as long as nobody, of whichever process, has written anything into the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from gigawatt.interfaces.server.asked import Role
from gigawatt.interfaces.server.passwords import digest
from gigawatt.interfaces.server.store import ServerStore, now

_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose secret it is, and the most that they may do by it."""

    person: str
    role: Role
    id: str | None
    """Of the token; None for a password."""
    expires: str | None
    used: str | None


Find = Callable[[Connection, str], Holder | None]


class Acquaintances:
    """Who was found lately. A version that is no longer that of the database says nothing any more."""

    def __init__(self) -> None:
        self._known: tuple[int, dict[tuple[Find, str], Holder]] = (-1, {})

    def held(self, store: ServerStore, find: Find, secret: str) -> Holder | None:
        """Whose secret it is, if it stands."""
        # The version comes first: what is written while we look makes what we find void.
        version, key = store.version(), (find, digest(secret))
        at, holders = self._known
        holder = holders.get(key) if at == version else None
        if holder is None:
            with store.reading() as connection:
                holder = find(connection, secret)
            if holder is not None and version is not None:
                self._keep(version, key, holder)
        return holder if holder is not None and (holder.expires is None or holder.expires > now()) else None

    def _keep(self, version: int, key: tuple[Find, str], holder: Holder) -> None:
        at, holders = self._known
        if at == version and len(holders) < _MOST:
            holders[key] = holder
        else:
            self._known = (version, {key: holder})
