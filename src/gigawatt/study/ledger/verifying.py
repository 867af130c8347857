"""Prove that nothing of a ledger was altered, removed or reordered."""

from __future__ import annotations

from dataclasses import dataclass, field

from gigawatt.ledger import book as books
from gigawatt.ledger import proof
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.job import Job
from gigawatt.study.ledger import given
from gigawatt.study.ledger.question import VerifyQuestion
from gigawatt.study.note import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedLedger:
    """Whether a ledger is what it was."""

    head: Head = field(metadata=SPREAD)
    database: str
    ok: bool
    facts: int
    """Facts that follow each other unbroken, from the first."""
    readings: int
    """Readings that they stand for."""
    head_: str
    """Hash of the last of these facts."""
    head_number: int | None
    """Number of the fact whose hash was asked for; None where none was, or there is none."""
    first_bad: int | None
    """Number of the first fact that is not what it was; None where there is none."""
    reason: str
    """What is wrong; empty for nothing."""


def answer(question: VerifyQuestion, job: Job) -> VerifiedLedger:
    """Follow the chain from the first fact to the last, and hold it against a head where one is given.

    Raises LedgerError where there is no ledger, or the head is none.
    """
    faults = given.Gathered()
    url = faults.of(lambda: given.database(question.database))
    head = faults.of(lambda: None if question.head is None else proof.parse_head(question.head))
    with faults.told():
        assert url is not None
        job.say("following the chain")
        with books.reading(url) as book:
            found = proof.verify(book, head)
    missed = () if found.ok else (f"the ledger is not what it was: {_where(found.first_bad)}{found.reason}",)
    notes = () if head else (Note(code="truncation", path="head", text=TRUNCATION),)
    return VerifiedLedger(
        head=Head(notes=notes, missed=missed),
        database=books.shown(url),
        ok=found.ok,
        facts=found.facts_count,
        readings=found.readings_count,
        head_=found.head,
        head_number=found.head_number,
        first_bad=found.first_bad,
        reason=found.reason,
    )


TRUNCATION = (
    "No head that was kept elsewhere was given, so facts may be missing at the end: a chain that was cut off, or "
    "written anew from some fact on, is whole in itself."
)


def _where(number: int | None) -> str:
    return "" if number is None else f"fact {number}: "
