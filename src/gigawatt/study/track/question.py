"""What can be asked of a plan and a ledger: how far one is from the other, and what to do from here."""

from __future__ import annotations

from dataclasses import dataclass, field

from gigawatt.ledger.book import DEFAULT
from gigawatt.study.question import names


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileQuestion:
    """Which plan is held against which ledger, by what was known when."""

    result: str = field(metadata=names("result"))
    """Folder of a result, whose plan is held against the ledger."""
    database: str = field(default=DEFAULT, metadata=names("database"))
    """The ledger: a file, or an address of SQLite or PostgreSQL."""
    as_of: str | None = None
    """Take what was recorded by this day, or time with its offset from UTC; now where none is given."""
    at: str | None = None
    """Take what had happened by this day, or time with its offset; that of what was recorded where none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReforecastQuestion:
    """Which plan is made anew from the state of which ledger."""

    result: str = field(metadata=names("result"))
    """Folder of a result, whose plan is made anew."""
    database: str = field(default=DEFAULT, metadata=names("database"))
    """The ledger: a file, or an address of SQLite or PostgreSQL."""
    as_of: str | None = None
    """Take what was recorded by this day, or time with its offset from UTC; now where none is given."""
    from_: str | None = None
    """First quarter that is planned anew, such as 2027Q1; the one that has not ended where none is given."""
