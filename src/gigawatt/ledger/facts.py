"""What a fact is, by what it is known, and how each is chained to the one before it.

A fact is known by its content: what, when it happened, by which document, what it corrects. Whoever records the same
again records nothing. The chain is over what is kept beside that: its number, who recorded it, when, and the hash
before it. So the same facts are the same state in whichever order they came, and no order can be altered unseen.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# What stands before the first fact.
GENESIS = "0" * 64
# A clock may run ahead of ours by so much before what it says is in the future.
MOST_SKEW_S = 300
# What is before or after these is a slip of somebody's clock.
FIRST_YEAR, LAST_YEAR = 1990, 2150
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened."""

    kind: str
    happened: str
    """When, in UTC: 2026-03-01T00:00:00.000Z."""
    body: Mapping[str, Any]
    """What, by the kind: strict JSON, numbers in SI."""
    source: str
    """The document or the file that says so."""
    source_sha256: str | None = None
    """Digest of that document, where it was at hand; of a row of a file that grows, of the row."""
    corrects: str | None = None
    """Identity of the fact in whose place it stands."""

    @property
    def identity(self) -> str:
        """SHA-256 of the content: the same document under another name says the same thing."""
        return digest([self.kind, self.happened, self.body, self.source_sha256 or self.source, self.corrects])

    @property
    def key(self) -> str:
        """What there can be but one of: the content, or the one disbursement of a milestone."""
        return f"disbursement {self.body['milestone']}" if self.kind == "disbursement" else self.identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A fact as the ledger keeps it."""

    fact: Fact
    number: int
    """From 1, without a gap."""
    recorded: str
    who: str
    authenticated: bool
    """Whether a server knew who it was; a command line takes the name that it is given."""
    previous: str
    """Hash of the fact before it."""

    @property
    def hash(self) -> str:
        """SHA-256 over all of it, and through `previous` over all before it."""
        fact = self.fact
        document = [fact.source, fact.source_sha256]
        return digest(
            [self.number, fact.identity, document, self.recorded, self.who, self.authenticated, self.previous]
        )


def canonical(value: Any) -> str:
    """The one way to write a value: JSON with sorted keys and no room. Raises ValueError for what is not finite."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 of a value as `canonical` writes it, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def moment(at_ms: int) -> str:
    """A moment of the ledger from milliseconds of UTC since 1970.

    >>> moment(0)
    '1970-01-01T00:00:00.000Z'
    """
    at = _EPOCH + timedelta(milliseconds=at_ms)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(happened: str) -> int:
    """The inverse of `moment`."""
    return round((datetime.fromisoformat(happened) - _EPOCH) / timedelta(milliseconds=1))


def latest_ms(now: str) -> int:
    """What is later than this is of the future, as it is by a moment."""
    return milliseconds(now) + 1000 * MOST_SKEW_S


def parse_moment(text: str, end: bool = False) -> str:
    """A moment from text: a day (its first moment, or its last where `end`), or a time with its offset from UTC.

    Raises ValueError, in words of what is expected, for a time without an offset, for nobody knows whose clock it is.

    >>> parse_moment("2026-03-01T01:00+01:00")
    '2026-03-01T00:00:00.000Z'
    """
    expected = "a day such as 2026-03-01, or a time with its offset such as 2026-03-01T12:00Z"
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(expected) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    if _DAY.fullmatch(text.strip()):
        return moment(milliseconds(f"{text.strip()}T00:00Z") + (86_400_000 - 1 if end else 0))
    if found.tzinfo is None:
        raise ValueError(f"{expected}; this time says no offset from UTC")
    return moment(milliseconds(found.isoformat()))


def now() -> str:
    """This moment, by the machine's clock."""
    return moment(milliseconds(datetime.now(UTC).isoformat()))
