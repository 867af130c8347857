"""Record what no file carries: a site's state, racks, an acceptance test, work, a price, money, a retraction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gigawatt.errors import MOST_NAME, Fault, LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import kinds
from gigawatt.ledger import milestones as due
from gigawatt.ledger.facts import Fact, Recorded
from gigawatt.ledger.milestones import TrancheTerms
from gigawatt.ledger.state import standing, state_of
from gigawatt.study import implausible
from gigawatt.study.answer import SPREAD, Head, copied
from gigawatt.study.job import Job
from gigawatt.study.ledger import given
from gigawatt.study.ledger.given import Body
from gigawatt.study.ledger.question import RecordQuestion
from gigawatt.study.note import Note
from gigawatt.study.question import wrong
from gigawatt.units import show


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFact:
    """A fact as the ledger keeps it, and whether it is new."""

    head: Head = field(metadata=SPREAD)
    database: str
    added: bool
    """Whether it was recorded now; a fact that is there already is recorded once."""
    number: int
    kind: str
    happened: str
    says: str
    """What it says, in a line."""
    said: Body
    """The same, numbers in SI."""
    source: str
    source_sha256: str | None
    corrects: str | None
    """Identity of the fact in whose place it stands."""
    recorded: str
    who: str
    authenticated: bool
    head_: str
    """Hash of the last fact."""


def answer(question: RecordQuestion, job: Job) -> RecordedFact:
    """Record a fact, in a ledger that is made where it is absent. Raises LedgerError with every fault."""
    faults = given.Gathered()
    url = faults.of(lambda: given.database(question.database))
    who = faults.of(lambda: given.who(question.as_, job.who))
    values = _pairs(question.fields, faults.found)
    read = faults.of(lambda: kinds.read(question.kind, values))
    source = faults.of(lambda: _source(question, values))
    if question.kind == "retraction" and question.corrects is None:
        faults.found.append(given.missing("corrects", "the number or the hash of the fact that is withdrawn"))
    with faults.told():
        assert url is not None
        assert who is not None
        assert read is not None
        assert source is not None
        happened, said, odd = read
        made = given.absent(url)
        with books.writing(url) as book:
            fact = Fact(
                kind=question.kind,
                happened=happened,
                body=said,
                source=source.name,
                source_sha256=source.sha256,
                corrects=None if question.corrects is None else books.identity_of(book, question.corrects),
            )
            (entry,) = books.append(book, [fact], who, job.who is not None)
            kept = list(books.read(book, kinds=(*due.KINDS, question.kind)))
            head = books.head(book)[1]
    terms = due.terms_of(one.fact for one in kept)
    stands = next(one for one in kept if one.fact.key == fact.key)
    notes = [*implausible.notes(odd), *given.made_anew(books.shown(url), made), *_again(stands, entry is not None)]
    if question.kind != "retraction":
        notes += given.not_at_hand(source)
    notes += _of_state(fact, [one.fact for one in kept], terms)
    return _told(stands, given.head_of(terms, notes), books.shown(url), head, added=entry is not None)


def _pairs(fields: Sequence[str], faults: list[Fault]) -> dict[str, str]:
    """Fields of a fact by their name; what is no field with its value, or is there twice, goes to the faults."""
    values = dict[str, str]()
    for text in fields:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            faults.append(wrong("fields", text[:MOST_NAME], "FIELD=VALUE, such as site=abilene"))
            continue
        if name in values:
            faults.append(Fault(path=name[:MOST_NAME], given="stated twice", expected="one value"))
        if len(value) > given.MOST_TEXT:
            expected = f"at most {given.MOST_TEXT:,} characters"
            faults.append(Fault(path=name[:MOST_NAME], given=f"{len(value):,} characters", expected=expected))
        values[name] = value[: given.MOST_TEXT]
    return values


def _source(question: RecordQuestion, values: Mapping[str, str]) -> given.NamedDocument:
    """The document that says so; a retraction may rest on its own reason."""
    if question.source is None and question.kind == "retraction":
        return given.NamedDocument(name=values.get("reason", "").strip(), sha256=None)
    if question.source is None:
        raise LedgerError([given.missing("source", "the document that says so: a file, an address or words")])
    return given.document(question.source)


def _told(entry: Recorded, head: Head, database: str, last: str, *, added: bool) -> RecordedFact:
    fact = entry.fact
    return copied(
        RecordedFact,
        entry,
        fact,
        head=head,
        database=database,
        added=added,
        says=kinds.shown(fact.kind, fact.body),
        said=fact.body,
        head_=last,
    )


def _again(stands: Recorded, added: bool) -> list[Note]:
    """That a fact was there already, so that nobody thinks it counted twice."""
    if added:
        return []
    text = (
        f"Fact {stands.number} says the same of the same time by the same document: nothing was added. What happened "
        "twice has two documents, or two times."
    )
    return [Note(code="recorded_before", path="fields", text=text)]


def _of_state(fact: Fact, kept: Iterable[Fact], terms: TrancheTerms | None) -> Iterator[Note]:
    """What a reader has to know of a fact beside the others: unknown names, power and racks that contradict."""
    said, site = fact.body, str(fact.body.get("site", ""))
    yield from given.strangers(terms, site, str(said.get("platform", "")))
    if fact.kind == "site":
        yield from _out_of_order(site, kept, terms)
    stand = state_of(kept).racks.get((site, str(said.get("platform", ""))), 0)
    if fact.kind == "racks" and stand < 0:
        text = f"{-stand:,} more racks of {said['platform']} are retired at {site} than were accepted there."
        yield Note(code="racks_retired_beyond", path="racks", text=text)
    if fact.kind in ("site", "racks") and terms is not None:
        row = next((one for one in due.counted(terms, standing(kept)) if one.site == site), None)
        if row is not None and row.accepted_w > row.energised_w * (1 + due.ROUNDING_FRAC):
            text = (
                f"Racks of {show(row.accepted_w, 'w')} are accepted at {site}, where {show(row.energised_w, 'w')} is "
                "energised: what is beyond does not count."
            )
            yield Note(code="racks_beyond_power", path="site", text=text)


def _out_of_order(site: str, kept: Iterable[Fact], terms: TrancheTerms | None) -> Iterator[Note]:
    """That more power has come to a later stage than to an earlier one."""
    stages = [stage for stage in state_of(kept).stages if stage.site == site]
    for early, late in pairwise(stages):
        early_w, late_w = (due.on_basis(terms, site, one.power_w, one.basis) for one in (early, late))
        if late_w > early_w * (1 + due.ROUNDING_FRAC):
            text = (
                f"{site}: {show(late_w, 'w')} {late.state.replace('_', ' ')}, but {show(early_w, 'w')} "
                f"{early.state.replace('_', ' ')}, which comes before."
            )
            yield Note(code="stage_out_of_order", path="state", text=text)
