"""The facts of a ledger, with the numbers by which they are corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gigawatt.errors import LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import kinds
from gigawatt.ledger import milestones as due
from gigawatt.ledger.facts import Recorded
from gigawatt.study.answer import SPREAD, Head, copied
from gigawatt.study.job import Job
from gigawatt.study.ledger import given
from gigawatt.study.ledger.given import Body
from gigawatt.study.ledger.question import FactsQuestion
from gigawatt.study.note import Note
from gigawatt.study.question import wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFact:
    """A fact, and what stands in its place."""

    number: int
    hash: str
    kind: str
    happened: str
    says: str
    """What it says, in a line."""
    said: Body
    """The same, numbers in SI."""
    who: str
    authenticated: bool
    recorded: str
    source: str
    corrects_number: int | None
    """Number of the fact in whose place it stands."""
    corrected_number: int | None
    """Number of the last fact that stands in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFacts:
    """Facts in their order, the last of those that were asked for."""

    head: Head = field(metadata=SPREAD)
    database: str
    as_of: str | None
    facts_count: int
    """All that were asked for."""
    facts: tuple[ListedFact, ...]
    head_: str
    """Hash of the last fact of the ledger."""


def answer(question: FactsQuestion, job: Job) -> ListedFacts:
    """List facts by kind and site. Raises LedgerError where there is no ledger."""
    del job
    faults = given.Gathered()
    url = faults.of(lambda: given.database(question.database))
    as_of = faults.of(lambda: given.moment("as_of", question.as_of))
    if question.last_count < 1:
        faults.of(lambda: _refuse(question.last_count))
    with faults.told():
        assert url is not None
        with books.reading(url) as book:
            every = list(books.read(book, as_of))
            head = books.head(book)[1]
    asked = [entry for entry in every if _asked(entry, question)]
    numbers = {entry.fact.identity: entry.number for entry in every}
    corrected = {entry.fact.corrects: entry.number for entry in every if entry.fact.corrects}
    terms = due.terms_of(entry.fact for entry in every)
    return ListedFacts(
        head=given.head_of(terms, _notes(asked, question)),
        database=books.shown(url),
        as_of=as_of,
        facts_count=len(asked),
        facts=tuple(_listed(entry, numbers, corrected) for entry in asked[-question.last_count :]),
        head_=head,
    )


def _refuse(count: int) -> None:
    raise LedgerError([wrong("last", count, "at least 1")])


def _asked(entry: Recorded, question: FactsQuestion) -> bool:
    kind, site = question.kind, question.site
    return (kind is None or entry.fact.kind == kind) and (site is None or entry.fact.body.get("site") == site)


def _listed(entry: Recorded, numbers: Mapping[str, int], corrected: Mapping[str, int]) -> ListedFact:
    fact = entry.fact
    return copied(
        ListedFact,
        entry,
        fact,
        says=kinds.shown(fact.kind, fact.body),
        said=fact.body,
        corrects_number=numbers.get(fact.corrects or ""),
        corrected_number=corrected.get(fact.identity),
    )


def _notes(asked: list[Recorded], question: FactsQuestion) -> list[Note]:
    rest = len(asked) - question.last_count
    if rest <= 0:
        return []
    return [Note(code="more_facts", path="last", text=f"{rest:,} facts before these are not listed.")]
