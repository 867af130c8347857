"""Proof that nothing was altered: every fact is digested anew, the chain followed, every chunk of readings held."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, Row, select, type_coerce
from sqlalchemy.exc import DBAPIError

from gigawatt.errors import MOST_NAME, Fault, LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import facts, readings
from gigawatt.ledger.facts import GENESIS
from gigawatt.ledger.tables import CHUNKS, FACTS

# Least digits of a head that is looked for.
LEAST_DIGITS = 16
_HEAD = re.compile(rf"[0-9a-f]{{{LEAST_DIGITS},64}}")
# The columns of a fact as they are kept: what the library makes of a number that is no truth value would hide it.
_RAW = [type_coerce(column, Integer) if column is FACTS.c.authenticated else column for column in FACTS.c]
# What reading values may raise that somebody wrote by hand.
_NOT_OURS = (ValueError, TypeError, KeyError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Whether a ledger is what it was."""

    ok: bool
    facts_count: int
    readings_count: int
    head: str
    """Hash of the last fact that the chain reaches unbroken."""
    first_bad: int | None
    """Number of the first fact that is not what it was, None where there is none."""
    reason: str
    """What is wrong with it, or with the whole; "" for nothing."""
    head_number: int | None
    """Number of the fact whose hash was asked for, None where none was or there is none."""


def parse_head(text: str) -> str:
    """A head in digits, from text. Raises LedgerError for what is none."""
    head = text.strip().lower()
    if not _HEAD.fullmatch(head):
        expected = f"the digits of a head from 0 to f, at least {LEAST_DIGITS} of 64"
        raise LedgerError([Fault(path="head", given=f'"{text[:MOST_NAME]}"', expected=expected, asked=True)])
    return head


def verify(book: Connection, head: str | None = None) -> Proof:
    """Follow the chain from the first fact to the last, and hold it against a head that was kept elsewhere.

    head: hash of a fact, or its first digits, at least `LEAST_DIGITS`.
    """
    head = None if head is None else parse_head(head)
    count, held, last, at = 0, 0, GENESIS, None
    try:
        for row in books.paged(book, select(*_RAW).order_by(FACTS.c.number), 1_000):
            reason = _fault_of(row, count + 1, last)
            if not reason and row.kind == "readings":
                reason, readings_count = _batch(book, row)
                held += readings_count
            if reason:
                return _broken(count, held, last, count + 1, reason, at)
            count, last = count + 1, row.hash
            if head and row.hash.startswith(head):
                at = row.number
        reason = _strays(book)
    except DBAPIError as error:
        reason = f"the database cannot be read: {' '.join(str(error.orig).split())}"
    except _NOT_OURS:
        reason = "it holds what no ledger writes"
    if reason:
        return _broken(count, held, last, None, reason, at)
    if head and at is None:
        reason = "the head that was kept is no longer there: facts were removed, altered or reordered"
        return _broken(count, held, last, None, reason, at)
    return Proof(ok=True, facts_count=count, readings_count=held, head=last, first_bad=None, reason="", head_number=at)


def _broken(count: int, held: int, last: str, bad: int | None, reason: str, at: int | None) -> Proof:
    return Proof(
        ok=False, facts_count=count, readings_count=held, head=last, first_bad=bad, reason=reason, head_number=at
    )


def _fault_of(row: Row[Any], number: int, last: str) -> str:
    """What is wrong with a row of facts; "" for nothing."""
    if row.number != number:
        return f"fact {number} is missing"
    try:
        entry = books.recorded(row)
        if row.body != facts.canonical(entry.fact.body):
            return "its body is not as it was written"
        found = (entry.fact.identity, entry.fact.key, entry.hash)
    except _NOT_OURS:
        return "it cannot be read"
    if row.authenticated not in (0, 1):
        return "it cannot be read"
    if row.previous != last:
        return "it does not follow the fact before it"
    return "" if found == (row.identity, row.key, row.hash) else "its content is not what its hash says"


def _batch(book: Connection, row: Row[Any]) -> tuple[str, int]:
    """What is wrong with the readings of a batch, and how many there are."""
    said = json.loads(row.body)
    whole, count, parts = hashlib.sha256(), 0, 0
    for chunk in _chunks(book, row.number):
        if not _whole(chunk, parts):
            return f"part {parts} of its readings is not what its digest says", count
        whole.update(str(chunk["digest"]).encode())
        parts, count = parts + 1, count + int(chunk["count"])
    same = (parts, whole.hexdigest()) == (said["parts"], said["digest"])
    return "" if same else "its readings are not those that its digest says", count


def _whole(chunk: dict[str, Any], part: int) -> bool:
    try:
        return bool(chunk["part"] == part and readings.chunk_digest(chunk) == chunk["digest"])
    except _NOT_OURS:
        return False


def _chunks(book: Connection, batch: int) -> Iterator[dict[str, Any]]:
    asked = select(CHUNKS).where(CHUNKS.c.batch == batch).order_by(CHUNKS.c.part)
    for row in books.paged(book, asked, 64):
        yield dict(row._mapping)


def _strays(book: Connection) -> str:
    """Whether there are readings that no fact stands for."""
    known = select(FACTS.c.number).where(FACTS.c.kind == "readings")
    stray = book.execute(select(CHUNKS.c.batch).where(CHUNKS.c.batch.not_in(known)).limit(1)).scalar()
    return "" if stray is None else f"readings of batch {stray} stand for no fact"
