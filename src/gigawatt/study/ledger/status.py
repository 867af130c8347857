"""What stands, and what is due for it, by what was known at one moment of what had happened by another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from gigawatt.ledger import book as books
from gigawatt.ledger import milestones as due
from gigawatt.ledger import readings
from gigawatt.ledger.facts import Fact, Recorded, milliseconds, moment, now
from gigawatt.ledger.kinds import EVIDENCE
from gigawatt.ledger.milestones import MilestoneState, SiteEvidence, TrancheTerms
from gigawatt.ledger.readings import Total
from gigawatt.ledger.state import Stage, State, standing, state_of
from gigawatt.quarters import last_day, quarter_of, quarter_range
from gigawatt.readers.readings import QUANTITIES
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.job import Job
from gigawatt.study.ledger import given
from gigawatt.study.ledger.measured import EnergyQuarter, MeasuredQuarter, energy, measured
from gigawatt.study.ledger.question import StatusQuestion
from gigawatt.study.note import Note
from gigawatt.units import show

# Kinds of files that name what they measure as another kind does.
_SAME_TOOL = {"openmetrics": "prometheus"}
# Names of a note before it only counts.
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSite:
    """What stands at a site."""

    site: str
    stages: tuple[Stage, ...]
    """Power that has come to each stage, in their order."""
    counted: SiteEvidence | None
    """What counts for milestones; None where there are no terms, or nothing counts."""
    racks_count: int
    """Racks that stand, of every platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RacksThatStand:
    """Racks of a platform at a site."""

    site: str
    platform: str
    racks_count: int
    """Accepted less retired."""
    accepted_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyItem:
    """Money that came in or went out for something."""

    direction: str
    item: str
    amount_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedQuarter:
    """What counted of all sites at the end of a quarter, on the basis of the terms."""

    period: str
    energised_w: float
    accepted_w: float
    counted_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStatus:
    """What stands, and what is due for it."""

    head: Head = field(metadata=SPREAD)
    database: str
    as_of: str
    """What was recorded by then is known."""
    at: str
    """What had happened by then is told."""
    head_: str | None
    """Hash of the last fact that was recorded by then; None for none."""
    facts_count: int
    terms: TrancheTerms | None
    milestones: tuple[MilestoneState, ...]
    next_milestone: int | None
    """Number of the first milestone whose tranche is not disbursed."""
    due_usd: float
    """Tranches that may be disbursed now."""
    disbursed_usd: float
    counted: tuple[CountedQuarter, ...]
    """What counted, quarter by quarter."""
    sites: tuple[LedgerSite, ...]
    racks: tuple[RacksThatStand, ...]
    served_tokens: dict[str, float]
    """Output tokens that were recorded, by class of work."""
    trained_flop: dict[str, float]
    """Operations of training that were recorded, by run."""
    money: tuple[MoneyItem, ...]
    energy: tuple[EnergyQuarter, ...]
    measured: tuple[MeasuredQuarter, ...]
    """Everything that was measured, by site and quarter."""


def answer(question: StatusQuestion, job: Job) -> LedgerStatus:
    """What stands and what is due. Raises LedgerError where there is no ledger, or a moment is none."""
    del job
    faults = given.Gathered()
    url = faults.of(lambda: given.database(question.database))
    as_of = faults.of(lambda: given.moment("as_of", question.as_of))
    at = faults.of(lambda: given.moment("at", question.at))
    with faults.told():
        assert url is not None
        with books.reading(url) as book:
            known = list(books.read(book, as_of))
            totals = readings.totals(book, as_of, last=(at or "9999-12")[:7])
            notes = [*_of_nothing(book, known, question.as_of), *_of_several_kinds(book, known), *_of_month(at, totals)]
    until = at or as_of
    found = due.terms_of(entry.fact for entry in known)
    terms, rows = found[0] if found else None, due.milestones(known, until or "9999")
    kept, state = standing(entry.fact for entry in known), state_of((entry.fact for entry in known), until)
    notes += [*_notes(known, state, terms), *_of_milestones(rows)]
    known_by = as_of or now()
    return LedgerStatus(
        head=given.head_of(terms, notes),
        database=books.shown(url),
        as_of=known_by,
        at=until or known_by,
        head_=known[-1].hash if known else None,
        facts_count=len(known),
        terms=terms,
        milestones=rows,
        next_milestone=next((row.number for row in rows if row.disbursed_usd is None), None),
        due_usd=sum(row.amount_usd for row in rows if row.due),
        disbursed_usd=sum(row.disbursed_usd or 0.0 for row in rows),
        counted=course(terms, kept, until or known_by) if terms else (),
        sites=_sites(state, rows),
        racks=tuple(
            RacksThatStand(
                site=site, platform=platform, racks_count=count, accepted_count=state.accepted.get((site, platform), 0)
            )
            for (site, platform), count in state.racks.items()
        ),
        served_tokens=dict(state.served_tokens),
        trained_flop=dict(state.trained_flop),
        money=tuple(
            MoneyItem(direction=way, item=item, amount_usd=usd) for (way, item), usd in state.money_usd.items()
        ),
        energy=energy(totals),
        measured=measured(totals),
    )


def _of_month(at: str | None, totals: Sequence[Total]) -> Iterator[Note]:
    """That readings are summed by month, where a moment is within one that has some."""
    if at and moment(milliseconds(at) + 1)[8:10] != "01" and any(one.month == at[:7] for one in totals):
        text = f"What was metered is told to the end of {at[:7]}, for readings are summed by month."
        yield Note(code="whole_month", path="at", text=text)


def course(terms: TrancheTerms, kept: Sequence[Fact], until: str) -> tuple[CountedQuarter, ...]:
    """What counted at the end of each quarter, from the first evidence on. kept: facts as `standing` gives them."""
    first = next((fact.happened for fact in kept if fact.kind in EVIDENCE), None)
    if first is None or first > until:
        return ()
    found = []
    for period in quarter_range(quarter_of(first), quarter_of(until)):
        rows = due.counted(terms, kept, min(f"{last_day(period)}T23:59:59.999Z", until))
        sums = {name: sum(getattr(row, name) for row in rows) for name in ("energised_w", "accepted_w", "counted_w")}
        found.append(CountedQuarter(period=period, **sums))
    return tuple(found)


def _sites(state: State, rows: Sequence[MilestoneState]) -> tuple[LedgerSite, ...]:
    counted = {row.site: row for row in rows[0].evidence} if rows else {}
    names = sorted({stage.site for stage in state.stages} | {site for site, _ in state.racks})
    return tuple(
        LedgerSite(
            site=name,
            stages=tuple(stage for stage in state.stages if stage.site == name),
            counted=counted.get(name),
            racks_count=sum(count for (site, _), count in state.racks.items() if site == name),
        )
        for name in names
    )


def _of_nothing(book: Connection, known: Sequence[Recorded], as_of: str | None) -> Iterator[Note]:
    """That nothing is known, and from when on something is."""
    if known:
        return
    first = next(books.read(book), None)
    if first is None:
        yield Note(code="nothing_recorded", path="database", text="Nothing is recorded in this ledger.")
    else:
        text = f"Nothing was recorded by {as_of}: the first fact was, on {first.recorded[:10]}."
        yield Note(code="nothing_recorded", path="as_of", text=text)


def _of_several_kinds(book: Connection, known: Sequence[Recorded]) -> Iterator[Note]:
    """What tools of several kinds tell of one site, each under names of its own, so that it may be the same twice."""
    kinds = {entry.number: str(entry.fact.body["file_kind"]) for entry in known if entry.fact.kind == "readings"}
    for (site, quantity), numbers in sorted(readings.batches(book, readings.retracted(book)).items()):
        found = sorted({_SAME_TOOL.get(kinds[number], kinds[number]) for number in numbers & kinds.keys()})
        if len(found) > 1 and QUANTITIES.get(quantity, ("", False))[1]:
            tools = " and ".join(found)
            text = f"{quantity} of {site or 'no site'} is from files of {tools}: what both tell of counts twice."
            yield Note(code="several_kinds", path=f"measured.{quantity}", text=text)


def _notes(known: Sequence[Recorded], state: State, terms: TrancheTerms | None) -> Iterator[Note]:
    if known and terms is None:
        text = "The ledger has no terms, so nothing is due: `gigawatt ledger init SCENARIO` records them."
        yield Note(code="no_terms", path="database", text=text)
    names = {site for site, _ in state.racks} | {stage.site for stage in state.stages}
    for site in sorted(names):
        yield from given.strangers(terms, site, "")
    for platform in sorted({platform for _, platform in state.racks}):
        yield from given.strangers(terms, "", platform)
    unknown = sorted({entry.who for entry in known if not entry.authenticated})
    if unknown:
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        text = f"Recorded under names that nobody authenticated: {', '.join(unknown[:NAMED])}{more}."
        yield Note(code="unauthenticated", path="as", text=text)


def _of_milestones(rows: Sequence[MilestoneState]) -> Iterator[Note]:
    for row in rows:
        name = f"Milestone {row.number}, {show(row.milestone_w, 'w', 6)}"
        if row.void_approvals:
            who = ", ".join(row.void_approvals)
            text = f"{name}: what {who} approved was corrected since, or stands on other terms."
            yield Note(code="approval_void", path=f"milestones.{row.number}", text=text)
        if row.disbursed_usd is not None and not row.met:
            text = f"{name} is disbursed, but stands no longer: it is short by {show(row.short_by_w, 'w')}."
            yield Note(code="disbursed_not_met", path=f"milestones.{row.number}", text=text)
