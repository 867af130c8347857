"""Approve a milestone that is met, and record that its tranche is paid: once, whoever asks again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from gigawatt.ledger import book as books
from gigawatt.ledger import milestones as due
from gigawatt.ledger.facts import Recorded
from gigawatt.ledger.milestones import APPROVALS_COUNT, MilestoneState
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.job import Job
from gigawatt.study.ledger import given
from gigawatt.study.ledger.question import ReleaseQuestion
from gigawatt.study.note import Note

_Release = Callable[[Connection, str, str, bool], tuple[Recorded | None, MilestoneState]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedMilestone:
    """A milestone after somebody's word."""

    head: Head = field(metadata=SPREAD)
    database: str
    done: str
    """What was asked for: approve or disburse."""
    added: bool
    """Whether that was recorded now; what is there already is recorded once."""
    number: int | None
    """Number of the fact that was recorded now; None for none."""
    who: str
    authenticated: bool
    """Whether anything but a name says who it was."""
    milestone: MilestoneState
    head_: str
    """Hash of the last fact."""


def approve(question: ReleaseQuestion, job: Job) -> ReleasedMilestone:
    """Record that somebody approves a milestone. Raises LedgerError where there is none such, or it is not met."""
    return _released(question, job, "approve", due.approve)


def disburse(question: ReleaseQuestion, job: Job) -> ReleasedMilestone:
    """Record that a tranche is paid. Raises LedgerError where it is not due and was not paid before."""
    return _released(question, job, "disburse", due.disburse)


def _released(question: ReleaseQuestion, job: Job, done: str, release: _Release) -> ReleasedMilestone:
    faults, authenticated = given.Gathered(), job.who is not None
    url = faults.of(lambda: given.database(question.database))
    who = faults.of(lambda: given.who(question.as_, job.who))
    with faults.told():
        assert url is not None
        assert who is not None
        with books.writing(url, make=False) as book:
            entry, milestone = release(book, question.milestone, who, authenticated)
            terms = due.terms_in(book)
            head = books.head(book)[1]
    notes = _again(done, milestone, who, entry is not None)
    if entry and not authenticated:
        notes.append(given.unauthenticated(who))
    return ReleasedMilestone(
        head=given.head_of(terms, notes),
        database=books.shown(url),
        done=done,
        added=entry is not None,
        number=entry.number if entry else None,
        who=who,
        authenticated=authenticated,
        milestone=milestone,
        head_=head,
    )


def _again(done: str, milestone: MilestoneState, who: str, added: bool) -> list[Note]:
    """That nothing was added, and why; or what is still needed."""
    if done == "disburse":
        text = f"It was disbursed before, by {milestone.disbursed_by}: nothing was added."
        return [] if added else [Note(code="disbursed_before", path="milestone", text=text)]
    if not added:
        text = f"{who} approved it before: nothing was added. One person is one approval, however the name is written."
        return [Note(code="approved_before", path="as", text=text)]
    needed = APPROVALS_COUNT - len(milestone.approved_by)
    text = f"It needs the approval of {needed} more {'person' if needed == 1 else 'people'}."
    return [Note(code="approval_needed", path="milestone", text=text)] if needed > 0 else []
