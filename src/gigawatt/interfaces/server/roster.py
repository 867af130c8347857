"""Who may ask, and for what: people and their roles.

Every change is made by one writer at a time, with its line of the audit trail. `by`: who makes it; None: whoever
starts commands on the machine itself, who could write to the database anyway.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from gigawatt.errors import MOST_NAME, near, plain
from gigawatt.interfaces.server import audit, passwords
from gigawatt.interfaces.server.asked import ROLES, Caller, Refused, Role
from gigawatt.interfaces.server.store import SCHEMA, ServerStore, now
from gigawatt.interfaces.server.tables import PEOPLE, SESSIONS, TOKENS
from gigawatt.ledger.milestones import same_name

_NAME_RULE = (
    f"a name of 1 to {MOST_NAME} characters that are all seen, of one script within a word, so that no two names look "
    "alike"
)
# Scripts whose letters look like each other's.
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """Somebody who may ask."""

    name: str
    role: Role
    """The most that they may do."""
    password: bool
    """Whether they may sign in with a password."""
    added: str
    """Since when."""


def add(store: ServerStore, name: str, role: str, password: str | None = None, by: Caller | None = None) -> PersonView:
    """Let somebody ask. Raises Refused for a name that is none, or that another has in whatever spelling."""
    may_decide(by)
    words, as_role = name_of(name), role_of(role)
    kept = _password(password)
    with changing(store) as connection:
        return added(connection, words, as_role, kept, by)


def added(connection: Connection, name: str, role: Role, kept: str | None, by: Caller | None) -> PersonView:
    """Add somebody within a change. kept: what is kept of their password. Raises Refused for a name of another."""
    rows = connection.execute(select(PEOPLE)).all()
    before = next((row for row in rows if same_name(row.name) == same_name(name)), None)
    if before is not None and before.removed is None:
        raise Refused("conflict", "name", f'"{before.name}", who is there', "a name of nobody else")
    if before is not None:
        connection.execute(delete(PEOPLE).where(PEOPLE.c.name == before.name))
    connection.execute(insert(PEOPLE).values(name=name, role=role, password=kept, added=now()))
    audit.add(connection, by, action="person added", object=f"{name}, {role}")
    return _view(person(connection, name))


def change(
    store: ServerStore, name: str, role: str | None = None, password: str | None = None, by: Caller | None = None
) -> PersonView:
    """Give somebody another role or password; of a password, all sessions end. Anybody may change their own.

    Raises Refused where there is nobody of the name, for the last owner, and for whoever may not.
    """
    with audit.refusals(store, by, action="person changed", object=name):
        return _changed(store, name, role, password, by)


def _changed(store: ServerStore, name: str, role: str | None, password: str | None, by: Caller | None) -> PersonView:
    if role is not None or by is None or same_name(by.name) != same_name(name[: 2 * MOST_NAME]):
        may_decide(by)
    elif by.token is not None and not by.may("owner"):
        raise Refused("forbidden", "password", "a token", "whoever signed in by the password that is changed")
    as_role = None if role is None else role_of(role)
    kept = _password(password)
    with changing(store) as connection:
        found = person(connection, name)
        if as_role is not None and as_role != found.role:
            _keep_an_owner(connection, found, as_role)
            connection.execute(update(PEOPLE).where(PEOPLE.c.name == found.name).values(role=as_role))
            audit.add(connection, by, action="role changed", object=f"{found.name}, {found.role} to {as_role}")
        if kept is not None:
            connection.execute(update(PEOPLE).where(PEOPLE.c.name == found.name).values(password=kept))
            connection.execute(delete(SESSIONS).where(SESSIONS.c.person == found.name))
            audit.add(connection, by, action="password changed", object=found.name)
        return _view(person(connection, found.name))


def remove(store: ServerStore, name: str, by: Caller | None = None) -> None:
    """Let somebody ask no more, from this moment on. Raises Refused for nobody, and for the last owner."""
    may_decide(by)
    with changing(store) as connection:
        found = person(connection, name)
        _keep_an_owner(connection, found, None)
        at = now()
        gone = {"removed": at, "password": None}
        connection.execute(update(PEOPLE).where(PEOPLE.c.name == found.name).values(gone))
        mine = (TOKENS.c.person == found.name, TOKENS.c.revoked.is_(None))
        connection.execute(update(TOKENS).where(*mine).values(revoked=at))
        connection.execute(delete(SESSIONS).where(SESSIONS.c.person == found.name))
        audit.add(connection, by, action="person removed", object=found.name)


def listed(store: ServerStore) -> tuple[PersonView, ...]:
    """Everybody who may ask, by name."""
    asked = select(PEOPLE).where(PEOPLE.c.removed.is_(None))
    with store.reading() as connection:
        rows = connection.execute(asked).all()
    return tuple(_view(row) for row in sorted(rows, key=lambda row: same_name(row.name)))


@contextmanager
def changing(store: ServerStore) -> Iterator[Connection]:
    """One change of who may do what: of two at once the second sees what the first did."""
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"LOCK TABLE {SCHEMA}.people IN SHARE ROW EXCLUSIVE MODE")
        yield connection


def person(connection: Connection, name: str) -> Row[Any]:
    """Somebody who may ask, by any spelling of their name. Raises Refused where there is nobody."""
    rows = connection.execute(select(PEOPLE).where(PEOPLE.c.removed.is_(None))).all()
    meant = same_name(name[: 2 * MOST_NAME])
    for row in rows:
        if same_name(row.name) == meant:
            return row
    shown = plain(name[:MOST_NAME])
    raise Refused("absent", "name", f'"{shown}"', f"somebody who is there{near(shown, [row.name for row in rows])}")


def owners(connection: Connection) -> list[str]:
    """Names of those who decide who may do what, the first of them first."""
    asked = select(PEOPLE.c.name).where(PEOPLE.c.removed.is_(None), PEOPLE.c.role == "owner")
    return list(connection.execute(asked.order_by(PEOPLE.c.added, PEOPLE.c.name)).scalars())


def role_of(text: str) -> Role:
    """The role of a name. Raises Refused where there is none."""
    for role in ROLES:
        if text == role:
            return role
    shown = plain(text[:MOST_NAME])
    raise Refused("wrong", "role", f'"{shown}"', f"one of {', '.join(ROLES)}{near(shown, ROLES)}")


def may_decide(by: Caller | None) -> None:
    """Raises Refused where somebody may not say who may do what."""
    if by is not None and not by.may("owner"):
        raise Refused("forbidden", "role", by.role, "an owner")


def name_of(name: str) -> str:
    """A name as it is kept. Raises Refused for what is none, or could pass for another."""
    words = " ".join(part for part in unicodedata.normalize("NFC", name[: MOST_NAME + 1]).split(" ") if part)
    unseen = not words.isprintable() or any(not same_name(letter) for letter in words if letter != " ")
    if not words or len(name) > MOST_NAME or unseen or any(len(_scripts(word)) > 1 for word in words.split()):
        raise Refused("wrong", "name", f'"{plain(name[:MOST_NAME])}"', _NAME_RULE)
    return words


def _scripts(word: str) -> set[str]:
    first = {unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter.isalpha()}
    return first & set(_SCRIPTS)


def _password(password: str | None) -> str | None:
    """What is kept of a password. Raises Refused for one that is too short or too long, or that reads as a token."""
    if password is None:
        return None
    if not passwords.LEAST_PASSWORD <= len(password) <= passwords.MOST_PASSWORD or passwords.is_word(password):
        given = f"{len(password):,} characters"
        raise Refused("wrong", "password", given, f"{passwords.PASSWORD_RULE}, and no token")
    return passwords.kept(password)


def _keep_an_owner(connection: Connection, found: Row[Any], role: Role | None) -> None:
    """Raises Refused where nobody would be left to decide who may do what."""
    if role != "owner" and owners(connection) == [found.name]:
        raise Refused("conflict", "name", f'"{found.name}", the last owner', "another owner first")


def _view(row: Row[Any]) -> PersonView:
    return PersonView(name=row.name, role=role_of(row.role), password=row.password is not None, added=row.added)
