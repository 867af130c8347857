"""Make a ledger, and record the terms of a programme: which power releases which tranche, how it is counted, tested."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gigawatt import units
from gigawatt.errors import Fault, LedgerError, ScenarioError, near
from gigawatt.exact import exact
from gigawatt.ledger import book as books
from gigawatt.ledger import milestones as due
from gigawatt.ledger.milestones import TrancheMark, TrancheTerms
from gigawatt.scenario.schema import Scenario
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.job import Job
from gigawatt.study.ledger import given
from gigawatt.study.ledger.question import LedgerInitQuestion
from gigawatt.study.note import Note
from gigawatt.study.opened import is_folder, scenario_of
from gigawatt.study.question import wrong

# How long a test of acceptance lasts where nobody says otherwise, and at most [h].
TEST_H, MOST_TEST_H = 72.0, 8_760.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLedger:
    """The ledger that is there now, and the terms that stand in it."""

    head: Head = field(metadata=SPREAD)
    database: str
    made: bool
    """Whether there was none before."""
    added: bool
    """Whether terms were recorded now."""
    number: int | None
    """Number of their fact, None where none was recorded now."""
    terms: TrancheTerms | None
    """What stands; None for nothing."""
    head_: str
    """Hash of the last fact."""


def answer(question: LedgerInitQuestion, job: Job) -> MadeLedger:
    """Make the ledger where it is absent, and record the terms of the scenario where one is named.

    Raises LedgerError for a place where no ledger can be, ScenarioError and CatalogError for a scenario that cannot be
    read, or whose terms contradict a tranche that is disbursed.
    """
    faults = given.Gathered()
    url = faults.of(lambda: given.database(question.database))
    who = faults.of(lambda: given.who(question.as_, job.who))
    test_h = faults.of(lambda: _test_h(question))
    rates = faults.of(lambda: _rates(question))
    with faults.told():
        assert url is not None
        assert who is not None
        scenario = terms = None
        if question.scenario is not None:
            job.say("reading the scenario")
            scenario = scenario_of(question.scenario)[0]
            terms = terms_of(scenario, test_h or TEST_H, rates or {})
        made, notes, entry = given.absent(url), list[Note](), None
        with books.writing(url) as book:
            kept = list(books.read(book, kinds=due.KINDS))
            before = due.terms_of(one.fact for one in kept)
            if scenario is not None and terms is not None:
                _check_disbursed(terms, [one.fact.body for one in kept if one.fact.kind == "disbursement"])
                entry = due.agree(
                    book, terms, str(question.scenario), _digest(question.scenario), who, job.who is not None
                )
                notes = _notes(scenario, terms, before, entry is not None)
            head = books.head(book)[1]
    stands = terms or before
    return MadeLedger(
        head=given.head_of(stands, notes),
        database=books.shown(url),
        made=made,
        added=entry is not None,
        number=entry.number if entry else None,
        terms=stands,
        head_=head,
    )


@exact()
def terms_of(scenario: Scenario, test_h: float, rates_tokens_per_s: Mapping[str, float]) -> TrancheTerms:
    """What a scenario's capital is released by, with power and PUE as the planner counts them.

    Raises ScenarioError for a rate of a platform that the scenario does not have.
    """
    from gigawatt.programme.arrays import arrays
    from gigawatt.programme.tranches import milestones

    asked = scenario.asked
    unknown = [name for name in rates_tokens_per_s if name not in asked.platforms]
    if unknown:
        known = list(asked.platforms)
        raise ScenarioError(
            wrong("test_rate", name, f"one of the platforms {', '.join(known)}{near(name, known)}") for name in unknown
        )
    data, tranches = arrays(scenario), asked.capital.tranches
    return TrancheTerms(
        scenario=scenario.name,
        scenario_hash=scenario.hash,
        power_basis=tranches.power_basis if tranches else asked.programme.power_basis,
        milestones=tuple(TrancheMark(milestone_w=row.power_w, amount_usd=row.amount_usd) for row in milestones(asked)),
        rack_it_w=dict(zip(asked.platforms, data.rack_it_w.values.tolist(), strict=True)),
        pue_ratio=dict(zip(asked.sites, data.pue_peak_ratio.values.tolist(), strict=True)),
        test_h=test_h,
        test_tokens_per_s=dict(rates_tokens_per_s),
    )


def _test_h(question: LedgerInitQuestion) -> float | None:
    """How long a test lasts, where that is said."""
    hours = question.test_hours_h
    if hours is None:
        return None
    if question.scenario is None:
        raise LedgerError([wrong("test_hours", units.show(hours, "h"), "a scenario whose racks are tested")])
    if not 0 < hours <= MOST_TEST_H:
        raise LedgerError([wrong("test_hours", units.show(hours, "h"), f"more than 0 h, at most {MOST_TEST_H:,.0f} h")])
    return hours


def _rates(question: LedgerInitQuestion) -> dict[str, float]:
    """Least tokens per second of a rack, by platform."""
    faults, rates = list[Fault](), dict[str, float]()
    if question.test_rate and question.scenario is None:
        faults.append(wrong("test_rate", question.test_rate[0], "a scenario whose racks are tested"))
    for text in question.test_rate:
        platform, sign, rate = text.partition("=")
        try:
            if not sign or platform in rates:
                raise ValueError("PLATFORM=RATE, such as gb300=50 ktokens/s, each platform once")
            rates[platform] = units.parse(rate, "tokens_per_s")
        except ValueError as error:
            faults.append(wrong("test_rate", text[:80], str(error)))
    if faults:
        raise LedgerError(faults)
    return rates


def _check_disbursed(terms: TrancheTerms, paid: Sequence[Mapping[str, Any]]) -> None:
    """Refuse terms under which a tranche that is disbursed would have been another, whichever terms stand by now."""
    faults = []
    for said in paid:
        number = said["milestone"]
        mark = terms.milestones[number - 1] if number <= len(terms.milestones) else None
        if mark is None or (mark.milestone_w, mark.amount_usd) != (said["milestone_w"], said["amount_usd"]):
            has = "none" if mark is None else _worded(mark.milestone_w, mark.amount_usd)
            expected = f"{_worded(said['milestone_w'], said['amount_usd'])}, which is disbursed"
            faults.append(Fault(path=f"capital.tranches, milestone {number}", given=has, expected=expected))
    if faults:
        raise ScenarioError(faults)


def _worded(power_w: float, amount_usd: float) -> str:
    return f"{units.show(amount_usd, 'usd', 6)} at {units.show(power_w, 'w', 6)}"


def _digest(scenario: str | None) -> str | None:
    """The digest of a scenario's file; None for a preset or a folder."""
    if scenario is None or is_folder(scenario) or not Path(scenario).is_file():
        return None
    return hashlib.sha256(Path(scenario).read_bytes()).hexdigest()


def _notes(scenario: Scenario, terms: TrancheTerms, before: TrancheTerms | None, added: bool) -> list[Note]:
    tranches = scenario.asked.capital.tranches
    notes = []
    if not added:
        notes.append(("terms_stand", "scenario", "These terms stand already; nothing was added."))
    elif before is not None:
        notes.append(
            ("terms_changed", "scenario", "Other terms stood before: approvals that were given under them are void.")
        )
    if not terms.milestones:
        notes.append(("no_tranches", "capital.tranches", "The scenario has no tranches, so nothing will be due."))
    elif tranches is not None and tranches.release == "pro_rata":
        text = (
            "The plan takes tranches in proportion to power. Here each is due as a whole, once all of its power counts."
        )
        notes.append(("pro_rata", "capital.tranches.release", text))
    return [Note(code=code, path=path, text=text) for code, path, text in notes]
