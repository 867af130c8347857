"""People and what lets them in: tokens and sessions, whose secrets are told once and kept by their digests only.

Who was found by a secret is remembered until anybody, of whichever process, has written anything into the database:
what is revoked, expired or removed lets nobody in from the next request on.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError

from gigawatt.errors import MOST_NAME, plain
from gigawatt.interfaces.server import audit, passwords, roster
from gigawatt.interfaces.server.asked import ROLES, Caller, Door, Refused, Role
from gigawatt.interfaces.server.passwords import MARK, Guesses, digest, is_word, matches
from gigawatt.interfaces.server.roster import PersonView, add, change, listed, remove
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import PEOPLE, SESSIONS, TOKENS
from gigawatt.ledger.milestones import same_name

# All that doors need of people stands here.
__all__ = [
    "IssuedToken",
    "PersonView",
    "SignedIn",
    "TokenView",
    "add",
    "by_session",
    "by_token",
    "change",
    "issue",
    "listed",
    "remove",
    "revoke",
    "sign_in",
    "sign_out",
    "start_token",
    "tokens",
]

SESSION_S = 12 * 3600.0
# How long a token lives at most, and the one that a server tells when it starts.
MOST_TOKEN_S, START_S = 10 * 365 * 86_400.0, 30 * 86_400.0
START_LABEL = "told at the start of a server"
MOST_TOKENS_COUNT, MOST_SESSIONS_COUNT = 100, 20
# Starts whose tokens stand: those of servers that share a database, and not of each start of one that keeps failing.
MOST_STARTS_COUNT = 20
# How often it is written when a token was used last: readers write nothing else.
MARKED_S = 60.0
_MOST_MARKED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token, without its secret."""

    id: str
    person: str
    role: Role
    """The most that it allows; less where its person may less by now."""
    label: str
    added: str
    expires: str | None
    """When it ends; None for never."""
    used: str | None
    """When it was used last, to the minute; None for never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token with its secret, which is told this once."""

    id: str
    secret: str = field(repr=False)
    person: str
    role: Role
    label: str
    expires: str | None
    """When it ends; None for never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session: what the browser keeps, and what its forms send back."""

    secret: str = field(repr=False)
    """Value of the cookie."""
    csrf: str = field(repr=False)
    """What every change of this session has to carry, so that no other site's page can make one."""
    caller: Caller
    expires: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a process remembers of one database: failures of signing in, and tokens whose use was written down."""

    guesses: Guesses = field(default_factory=Guesses)
    marked: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def due(self, token: str) -> bool:
        """Whether the use of a token is to be written down, which is then asked by one at a time."""
        at = time.monotonic()
        with self.lock:
            if at - self.marked.get(token, -MARKED_S) < MARKED_S:
                return False
            if len(self.marked) >= _MOST_MARKED:
                self.marked.clear()
            self.marked[token] = at
            return True


_REMEMBERED: WeakKeyDictionary[ServerStore, Remembered] = WeakKeyDictionary()
_LOCK = threading.Lock()


def _remembered(store: ServerStore) -> Remembered:
    with _LOCK:
        return _REMEMBERED.setdefault(store, Remembered())


def issue(
    store: ServerStore,
    person: str,
    role: str | None = None,
    label: str = "",
    expires_s: float | None = None,
    by: Caller | None = None,
) -> IssuedToken:
    """A new token of somebody, of a role that they have; role None: of all that they may. Raises Refused.

    Whoever is no owner gets their own only, and by a token none that outlives it.
    """
    with audit.refusals(store, by, action="token issued", object=person):
        return _allowed(store, person, role, _label(label), _expires(expires_s), by)


def _allowed(
    store: ServerStore, person: str, role: str | None, label: str, expires: str | None, by: Caller | None
) -> IssuedToken:
    if by is None or same_name(by.name) != same_name(person[: 2 * MOST_NAME]):
        roster.may_decide(by)
    with roster.changing(store) as connection:
        found = roster.person(connection, person)
        most = _least(found.role, by.role if by else "owner")
        as_role = most if role is None else roster.role_of(role)
        if _least(as_role, most) != as_role:
            raise Refused("forbidden", "role", as_role, f"{most}, or less")
        if by is not None and by.token is not None and not by.may("owner"):
            end = connection.execute(select(TOKENS.c.expires).where(TOKENS.c.id == by.token)).scalar()
            expires = min((one for one in (end, expires) if one is not None), default=None)
        live = select(func.count()).where(TOKENS.c.person == found.name, _stands())
        if connection.execute(live).scalar_one() >= MOST_TOKENS_COUNT:
            expected = f"at most {MOST_TOKENS_COUNT} of one person: revoke some"
            raise Refused("limit", "token", f"token {MOST_TOKENS_COUNT + 1} of {found.name}", expected)
        return _issued(connection, found.name, as_role, label, expires, by)


def machine_user() -> str:
    """Name of the user of this machine; "owner" for one who has none that can be kept."""
    with suppress(OSError, KeyError, ImportError, Refused):
        return roster.name_of(getpass.getuser())
    return "owner"


def start_token(store: ServerStore, secret: str | None = None) -> IssuedToken:
    """The token that a server tells when it starts: of the owner whose machine it is, who is added if nobody owns it.

    secret: what it is, where that was told before there was a database to keep it.

    Those of the last starts stand as well. Raises Refused where nobody owns it, and whoever has the name may less.
    """
    machine = machine_user()
    with roster.changing(store) as connection:
        owners = roster.owners(connection)
        name = next((one for one in owners if same_name(one) == same_name(machine)), owners[0] if owners else None)
        if name is None:
            name = roster.added(connection, machine, "owner", None, None).name
        told = select(TOKENS).where(TOKENS.c.person == name, TOKENS.c.label == START_LABEL, _stands())
        for row in connection.execute(told.order_by(TOKENS.c.added.desc()).offset(MOST_STARTS_COUNT - 1)).all():
            _revoked(connection, row, None)
        return _issued(connection, name, "owner", START_LABEL, now(START_S), None, secret)


def _issued(
    connection: Connection,
    person: str,
    role: Role,
    label: str,
    expires: str | None,
    by: Caller | None,
    secret: str | None = None,
) -> IssuedToken:
    """A new token. Those of the same person that have expired are forgotten, or whoever issues one a day would have a
    longer list each day."""
    connection.execute(delete(TOKENS).where(TOKENS.c.person == person, TOKENS.c.expires < now()))
    id_, secret = secrets.token_hex(8), secret or passwords.token()
    row = {"id": id_, "digest": digest(secret), "person": person, "role": role, "label": label}
    connection.execute(insert(TOKENS).values(row | {"added": now(), "expires": expires}))
    audit.add(connection, by, action="token issued", object=f"{id_} of {person}, {role}")
    return IssuedToken(id=id_, secret=secret, person=person, role=role, label=label, expires=expires)


def revoke(store: ServerStore, id: str, by: Caller | None = None) -> None:
    """End a token, and every session that was opened by it. Raises Refused where there is none, or it is another's."""
    refusals = audit.refusals(store, by, action="token revoked", object=id)
    with refusals, roster.changing(store) as connection:
        known = len(id) == 16 and id.isascii() and id.isalnum()
        row = connection.execute(select(TOKENS).where(TOKENS.c.id == id)).first() if known else None
        if row is None or not (by is None or by.may("owner") or by.name == row.person):
            raise Refused("absent", "id", f'"{plain(id[:MOST_NAME])}"', "the id of a token")
        if row.revoked is None:
            _revoked(connection, row, by)


def _revoked(connection: Connection, row: Row[Any], by: Caller | None) -> None:
    connection.execute(update(TOKENS).where(TOKENS.c.id == row.id).values(revoked=now()))
    connection.execute(delete(SESSIONS).where(SESSIONS.c.token == row.id))
    audit.add(connection, by, action="token revoked", object=f"{row.id} of {row.person}")


def tokens(store: ServerStore, person: str | None = None) -> tuple[TokenView, ...]:
    """Tokens that are not revoked, those of somebody or all, the newest first. Raises Refused where there is nobody."""
    asked = select(TOKENS).where(TOKENS.c.revoked.is_(None)).order_by(TOKENS.c.added.desc(), TOKENS.c.id)
    with store.reading() as connection:
        if person is not None:
            asked = asked.where(TOKENS.c.person == roster.person(connection, person).name)
        rows = connection.execute(asked).all()
    return tuple(
        TokenView(
            id=row.id,
            person=row.person,
            role=roster.role_of(row.role),
            label=row.label,
            added=row.added,
            expires=row.expires,
            used=row.used,
        )
        for row in rows
    )


def by_token(store: ServerStore, secret: str, door: Door, address: str) -> Caller:
    """Who comes with a token. Raises Refused for one that is none, has expired or was revoked."""
    row = _held(store, _of_token, secret) if _is_token(secret) else None
    if row is None or row.id is None:
        raise Refused("unknown", "token", "a token that lets nobody in", "one that is neither expired nor revoked")
    stale = row.used is None or row.used < now(-MARKED_S)
    if stale and _remembered(store).due(row.id):
        _mark(store, row.id)
    return Caller(name=row.person, role=row.role, door=door, token=row.id, address=address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose secret it is, and the most that they may do by it."""

    person: str
    role: Role
    id: str | None
    """Of the token; None for a password."""
    expires: str | None
    used: str | None


def _held(store: ServerStore, find: Callable[[Connection, str], Holder | None], secret: str) -> Holder | None:
    """Whose secret it is, if it stands; remembered by its digest until somebody writes, or the clock ends it."""
    found = store.lately((find, digest(secret)), lambda connection: find(connection, secret))
    return found if found is not None and (found.expires is None or found.expires > now()) else None


def _of_token(connection: Connection, secret: str) -> Holder | None:
    """Whose token it is, if it stands."""
    asked = (
        select(TOKENS, PEOPLE.c.role.label("most"))
        .join(PEOPLE, PEOPLE.c.name == TOKENS.c.person)
        .where(TOKENS.c.digest == digest(secret), _stands(), PEOPLE.c.removed.is_(None))
    )
    row = connection.execute(asked).first()
    if row is None:
        return None
    return Holder(person=row.person, role=_least(row.role, row.most), id=row.id, expires=row.expires, used=row.used)


def _stands() -> Any:
    return TOKENS.c.revoked.is_(None) & or_(TOKENS.c.expires.is_(None), TOKENS.c.expires > now())


def _mark(store: ServerStore, id: str) -> None:
    """Write down that a token was used; a disk that is full or a database that is busy keeps no reader out."""
    stale = TOKENS.c.used.is_(None) | (TOKENS.c.used < now(-MARKED_S))
    with suppress(DBAPIError, OSError), store.writing() as connection:
        connection.execute(update(TOKENS).where(TOKENS.c.id == id, stale).values(used=now()))


def sign_in(store: ServerStore, name: str, secret: str, address: str) -> SignedIn:
    """A session of somebody, by their name and password, or by a token, with their name or none.

    Raises Refused for anything else, in the same words and the same time whatever it is, and for who guesses too often.
    """
    guesses, meant = _remembered(store).guesses, same_name(name[: MOST_NAME + 1])
    if not guesses.begun(meant, address):
        raise Refused("limit", "password", "too many that were wrong", "a few minutes' rest")
    proved = None
    if not _is_token(secret):
        with store.reading() as connection:
            found = _named(connection, meant)
        with guesses.at_once:
            proved = found if matches(secret, found.password if found else None) else None
    with roster.changing(store) as connection:
        # Whoever was removed meanwhile, or has another password by now, is let in no more.
        holder = _by_token(connection, secret, meant) if proved is None else _by_password(connection, meant, proved)
        if holder is not None:
            guesses.ended_well(meant, address)
            return _opened(connection, holder, address)
        audit.add(connection, None, action="signed in", object=name, outcome="refused", door="page", address=address)
    raise Refused("unknown", "name", "a name and a password", "those of somebody who may sign in, or a token")


def _by_token(connection: Connection, secret: str, meant: str) -> Holder | None:
    holder = _of_token(connection, secret) if _is_token(secret) else None
    return holder if holder and meant in ("", same_name(holder.person)) else None


def _by_password(connection: Connection, meant: str, proved: Row[Any]) -> Holder | None:
    found = _named(connection, meant)
    if found is None or found.password != proved.password:
        return None
    return Holder(person=found.name, role=roster.role_of(found.role), id=None, expires=None, used=None)


def _named(connection: Connection, meant: str) -> Row[Any] | None:
    rows = connection.execute(select(PEOPLE).where(PEOPLE.c.removed.is_(None)))
    return next((row for row in rows if same_name(row.name) == meant), None)


def _opened(connection: Connection, holder: Holder, address: str) -> SignedIn:
    secret, expires = secrets.token_urlsafe(32), min(now(SESSION_S), holder.expires or "9999")
    caller = Caller(name=holder.person, role=holder.role, door="page", token=holder.id, address=address)
    connection.execute(delete(SESSIONS).where(SESSIONS.c.expires < now()))
    mine = select(SESSIONS.c.digest).where(SESSIONS.c.person == holder.person).order_by(SESSIONS.c.added.desc())
    old = connection.execute(mine.offset(MOST_SESSIONS_COUNT - 1)).scalars().all()
    connection.execute(delete(SESSIONS).where(SESSIONS.c.digest.in_(old)))
    row = {"digest": digest(secret), "person": holder.person, "role": holder.role, "token": holder.id}
    connection.execute(insert(SESSIONS).values(row | {"added": now(), "expires": expires}))
    audit.add(connection, caller, action="signed in", object=holder.person)
    return SignedIn(secret=secret, csrf=_csrf(secret), caller=caller, expires=expires)


def by_session(store: ServerStore, secret: str, address: str) -> tuple[Caller, str]:
    """Who comes with a session's cookie, and what its changes have to carry. Raises Refused where it has ended."""
    found = _held(store, _of_session, secret) if is_word(secret) else None
    if found is None:
        raise Refused("unknown", "session", "a session that has ended", "signing in")
    caller = Caller(name=found.person, role=found.role, door="page", token=found.id, address=address)
    return caller, _csrf(secret)


def _of_session(connection: Connection, secret: str) -> Holder | None:
    """Whose session it is, if it stands."""
    asked = (
        select(SESSIONS, PEOPLE.c.role.label("most"), TOKENS.c.expires.label("until"))
        .join(PEOPLE, PEOPLE.c.name == SESSIONS.c.person)
        .outerjoin(TOKENS, TOKENS.c.id == SESSIONS.c.token)
        .where(SESSIONS.c.digest == digest(secret), SESSIONS.c.expires > now(), PEOPLE.c.removed.is_(None))
        .where(or_(SESSIONS.c.token.is_(None), TOKENS.c.id.is_not(None) & _stands()))
    )
    row = connection.execute(asked).first()
    if row is None:
        return None
    expires = min(row.expires, row.until or row.expires)
    return Holder(person=row.person, role=_least(row.role, row.most), id=row.token, expires=expires, used=None)


def sign_out(store: ServerStore, secret: str) -> None:
    """End a session; nothing where it has ended."""
    if not is_word(secret):
        return
    mine = SESSIONS.c.digest == digest(secret)
    with store.writing() as connection:
        row = connection.execute(select(SESSIONS).where(mine)).first()
        if row is not None:
            connection.execute(delete(SESSIONS).where(mine))
            caller = Caller(name=row.person, role=roster.role_of(row.role), door="page", token=row.token)
            audit.add(connection, caller, action="signed out", object=row.person)


def _csrf(secret: str) -> str:
    """Follows from the cookie, which no other site's page can read."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def _is_token(secret: str) -> bool:
    return secret.startswith(MARK) and is_word(secret)


def _least(*roles: str) -> Role:
    return min(map(roster.role_of, roles), key=ROLES.index)


def _label(label: str) -> str:
    """Words for a token. Raises Refused for what is no line."""
    if len(label) > MOST_NAME or not label.isprintable():
        given = f'"{plain(label[:MOST_NAME])}"'
        raise Refused("wrong", "label", given, f"a line of at most {MOST_NAME} characters that are all seen")
    return label


def _expires(expires_s: float | None) -> str | None:
    """When a token ends. Raises Refused for what is no time, or ages."""
    if expires_s is None:
        return None
    if not (isfinite(expires_s) and 1 <= expires_s <= MOST_TOKEN_S):
        expected = f"1 s to {MOST_TOKEN_S / 86_400:,.0f} days, or nothing for ever"
        raise Refused("wrong", "expires", f"{expires_s:g} s", expected)
    return now(expires_s)
