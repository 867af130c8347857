"""What somebody proposed and has yet to confirm: once, in ten minutes, the same person, the same question."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, func, insert, select, update

from gigawatt.interfaces.server.asked import Caller, Refused
from gigawatt.interfaces.server.passwords import digest, is_word
from gigawatt.interfaces.server.store import ServerStore, now
from gigawatt.interfaces.server.tables import PROPOSALS

LASTS_S = 600.0
# Proposals of one person that wait.
MOST_COUNT = 200


def propose(store: ServerStore, caller: Caller, asked_digest: str) -> str:
    """Keep what somebody proposes: the word by which they confirm it. Raises Refused where too much waits."""
    secret = secrets.token_urlsafe(32)
    mine = select(func.count()).where(PROPOSALS.c.person == caller.name, PROPOSALS.c.used.is_(None))
    row = {
        "digest": digest(secret),
        "person": caller.name,
        "asked": asked_digest,
        "expires": now(LASTS_S),
    }
    with store.writing() as connection:
        connection.execute(delete(PROPOSALS).where(PROPOSALS.c.expires < now()))
        if connection.execute(mine).scalar_one() >= MOST_COUNT:
            expected = f"at most {MOST_COUNT} that wait, for {LASTS_S / 60:.0f} minutes each"
            raise Refused("limit", "confirm", f"{MOST_COUNT + 1} proposals", expected)
        connection.execute(insert(PROPOSALS).values(row))
    return secret


def confirm(store: ServerStore, caller: Caller, asked_digest: str, secret: str) -> None:
    """Take a proposal as confirmed. Raises Refused where it is another's or another, is too old, or was before."""
    meant = (
        PROPOSALS.c.digest == (digest(secret) if is_word(secret) else ""),
        PROPOSALS.c.person == caller.name,
        PROPOSALS.c.asked == asked_digest,
        PROPOSALS.c.used.is_(None),
        PROPOSALS.c.expires > now(),
    )
    with store.writing() as connection:
        taken = connection.execute(update(PROPOSALS).where(*meant).values(used=now())).rowcount
    if taken != 1:
        expected = f"the word that proposed this very question to you, once, within {LASTS_S / 60:.0f} minutes"
        raise Refused("conflict", "confirm", "a word that confirms nothing", expected)
