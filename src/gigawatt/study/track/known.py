"""What a ledger tells at a moment: its facts, its readings by month, and the head that proves them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gigawatt.errors import Fault, ScenarioError
from gigawatt.ledger import book as books
from gigawatt.ledger import facts, milestones, readings, state
from gigawatt.ledger.facts import GENESIS, Fact, Recorded
from gigawatt.ledger.milestones import TrancheTerms
from gigawatt.ledger.readings import Total
from gigawatt.quarters import first_day
from gigawatt.study.opened import result_of
from gigawatt.study.question import refuse, wrong
from gigawatt.study.result import Result


@dataclass(frozen=True, kw_only=True)
class LedgerKnown:
    """Facts that were recorded by a moment and had happened by another, and the monthly sums of readings."""

    recorded: tuple[Recorded, ...]
    """In the order in which they were recorded, all that were by `as_of`."""
    totals: tuple[Total, ...]
    as_of: str
    at: str

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Facts that stand, by when they happened, up to `at`."""
        kept = state.standing(entry.fact for entry in self.recorded)
        return tuple(fact for fact in kept if fact.happened <= self.at)

    @cached_property
    def terms(self) -> TrancheTerms | None:
        """The terms that stand, whenever they were agreed."""
        return milestones.terms_of(entry.fact for entry in self.recorded)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRead:
    """Which ledger was read, how far, and the hash that proves it."""

    head: str
    """Hash of the last fact that was read, through the chain of all before it."""
    number: int
    """Number of that fact; 0 where there is none."""
    as_of: str
    """By when it was recorded."""
    at: str
    """By when it had happened."""


def head_of(found: LedgerKnown) -> LedgerRead:
    """What an answer carries of the ledger that it is made of."""
    last = found.recorded[-1] if found.recorded else None
    return LedgerRead(
        head=last.hash if last else GENESIS, number=last.number if last else 0, as_of=found.as_of, at=found.at
    )


def read(database: str, as_of: str | None, at: str | None) -> LedgerKnown:
    """What a ledger tells. Raises ScenarioError for a moment that is none, LedgerError for what is no ledger."""
    now = facts.now()
    faults: list[Fault] = []
    recorded_by, happened_by = (_moment(*asked, now, faults) for asked in (("as_of", as_of), ("at", at)))
    refuse(faults)
    with books.reading(books.address(database)) as book:
        return LedgerKnown(
            recorded=tuple(books.read(book, recorded_by)),
            totals=tuple(readings.totals(book, recorded_by)),
            as_of=recorded_by,
            at=min(happened_by, recorded_by),
        )


def _moment(field: str, text: str | None, now: str, faults: list[Fault]) -> str:
    """A moment from text, the last of a day; now at the latest."""
    if text is None:
        return now
    try:
        return min(facts.parse_moment(text, end=True), now)
    except ValueError as error:
        faults.append(wrong(field, text[:80], str(error)))
        return now


def opened(folder: str) -> Result:
    """The result in a folder. Raises ScenarioError where there is none."""
    found = result_of(folder)
    if found is None:
        raise ScenarioError([wrong("result", folder[:80], "the folder of a result, as `gigawatt run` writes one")])
    return found


def paid_from(found: LedgerKnown, quarter: str) -> tuple[Fact, ...]:
    """Disbursements from the first day of a quarter on, whatever had happened by the moment that is asked for."""
    kept = state.standing(entry.fact for entry in found.recorded)
    begin = edge_ms(quarter)
    return tuple(fact for fact in kept if fact.kind == "disbursement" and facts.milliseconds(fact.happened) >= begin)


def edge_ms(quarter: str) -> int:
    """The first moment of a quarter, in milliseconds of UTC since 1970."""
    return facts.milliseconds(f"{first_day(quarter)}T00:00:00+00:00")
