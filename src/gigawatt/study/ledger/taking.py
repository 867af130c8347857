"""Take a file of an operator's tools into a ledger: once, whole or not at all, with what of it was refused and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gigawatt.catalog.tables import KEY, KEY_RULE
from gigawatt.errors import MOST_NAME, Fault, LedgerError, near
from gigawatt.ledger import book as books
from gigawatt.ledger import facts, importing
from gigawatt.ledger import milestones as due
from gigawatt.ledger.importing import MOST_REJECTED_COUNT, Tally
from gigawatt.readers.readings import QUANTITIES, FileAsked, ReadingSeries, Rejected
from gigawatt.study import implausible
from gigawatt.study.answer import SPREAD, Head
from gigawatt.study.job import Job
from gigawatt.study.ledger import given, recognised
from gigawatt.study.ledger.question import ImportQuestion
from gigawatt.study.note import Note
from gigawatt.study.question import wrong
from gigawatt.units import parse

# Hours by which a clock may be ahead of UTC or behind it.
MOST_OFFSET_H = 14.0
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
# Where the energy of a site is measured, the nearest to the grid first.
_LEVELS = (
    ("facility_energy", "energy_returned"),
    ("it_energy",),
    ("gpu_energy", "gpu_energy_sampled"),
    ("job_energy",),
)
TOKENS = ("tokens", "tokens_in", "tokens_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTotals:
    """What the readings that were added come to; None where the file holds none of it."""

    gpu_h: float | None
    energy_wh: float | None
    """At the meters of a site, at its racks, at its GPUs, or of its jobs: the first of these that a file has of it."""
    usd: float | None
    tokens: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """What came of a file."""

    head: Head = field(metadata=SPREAD)
    database: str
    file: str
    kind: str
    dry_run: bool
    added: int
    """Readings and events that are new."""
    duplicates: int
    """Those that were there already."""
    corrected: int
    """Readings added in place of earlier ones."""
    rejected_count: int
    rejected: tuple[Rejected, ...]
    """Lines that are not taken, the first of them, each with its reason."""
    totals: ImportTotals
    first: str | None
    """When the first reading that was added starts."""
    last: str | None
    """When the last of them ends."""
    numbers: tuple[str, ...]
    """Numbers of the facts that were recorded, as "12" or "13 to 40"."""
    head_: str
    """Hash of the last fact."""


def answer(question: ImportQuestion, job: Job) -> ImportedFile:
    """Take a file into a ledger, which is made where it is absent.

    Raises CatalogError where nothing of the file can be read, LedgerError where the ledger takes none of it.
    """
    faults = given.Gathered()
    url = faults.of(lambda: given.database(question.database))
    who = faults.of(lambda: given.who(question.as_, job.who))
    asked = faults.of(lambda: _asked(question))
    file = Path(question.file)
    kind = question.kind or faults.of(lambda: recognised.kind_of(file))
    with faults.told():
        assert url is not None
        assert who is not None
        assert asked is not None
        assert kind is not None
        source = importing.source(file, kind, asked)
        made, before = given.absent(url), facts.GENESIS
        with books.writing(url, keep=not question.dry_run) as book:
            before = books.head(book)[1]
            corrects = None if question.corrects is None else books.identity_of(book, question.corrects)
            tally, entries = importing.take(
                book,
                source,
                who,
                authenticated=job.who is not None,
                corrects=corrects,
                as_read=question.as_read,
                said=lambda count: job.say(f"reading {file.name}" + (f", {count:,} readings" if count else "")),
            )
            head = books.head(book)[1]
            terms = due.terms_in(book)
    notes = [*_notes(tally, question, terms), *given.made_anew(books.shown(url), made and not question.dry_run)]
    return ImportedFile(
        head=given.head_of(terms, notes),
        database=books.shown(url),
        file=file.name,
        kind=kind,
        dry_run=question.dry_run,
        added=tally.added,
        duplicates=tally.duplicates,
        corrected=tally.corrected,
        rejected_count=tally.rejected_count,
        rejected=tuple(tally.rejected),
        totals=totals(tally.sums),
        first=None if tally.first_ms is None else facts.moment(tally.first_ms),
        last=None if tally.last_ms is None else facts.moment(tally.last_ms),
        numbers=() if question.dry_run else _spans([one.number for one in entries if one is not None]),
        head_=before if question.dry_run else head,
    )


def _asked(question: ImportQuestion) -> FileAsked:
    """What the file does not say of itself. Raises LedgerError with every fault."""
    faults, offset_s = list[Fault](), None
    try:
        offset_s = None if question.utc_offset is None else offset_of(question.utc_offset)
    except ValueError as error:
        faults.append(wrong("utc_offset", question.utc_offset or "", str(error)))
    if question.site and not KEY.fullmatch(question.site):
        faults.append(wrong("site", question.site[:MOST_NAME], KEY_RULE))
    if question.quantity and question.quantity not in QUANTITIES:
        known = list(QUANTITIES)
        expected = f"one of {', '.join(known)}{near(question.quantity, known)}"
        faults.append(wrong("quantity", question.quantity[:MOST_NAME], expected))
    if faults:
        raise LedgerError(faults)
    return FileAsked(
        site=question.site or "",
        utc_offset_s=offset_s,
        subject=question.subject or "",
        quantity=question.quantity or "",
        unit=question.unit or "",
    )


def offset_of(text: str) -> float:
    """A clock's offset from UTC [s]. Raises ValueError, which says what is expected.

    >>> offset_of("-6 h"), offset_of("-06:00"), offset_of("+0530"), offset_of("UTC")
    (-21600.0, -21600.0, 19800.0, 0.0)
    """
    expected = f'an offset such as "-6 h", "-06:00" or "UTC", of at most {MOST_OFFSET_H:g} h'
    clock = _OFFSET.fullmatch(text.strip())
    try:
        if text.strip().upper() in ("UTC", "Z"):
            seconds = 0.0
        elif clock:
            seconds = float(f"{clock[1]}1") * (3600 * int(clock[2]) + 60 * int(clock[3]))
        else:
            seconds = 3600 * parse(text, "h")
    except ValueError:
        raise ValueError(expected) from None
    if not abs(seconds) <= 3600 * MOST_OFFSET_H:
        raise ValueError(expected)
    return seconds


def totals(sums: Mapping[ReadingSeries, float]) -> ImportTotals:
    """What readings come to, each counted once: a campus meter counts what its racks draw, and racks their GPUs."""
    return ImportTotals(
        gpu_h=_sum(sums, "gpu_time"),
        energy_wh=_energy(sums),
        usd=_sum({series: value for series, value in sums.items() if series.unit == "USD"}, "cost"),
        tokens=_sum(sums, *TOKENS),
    )


def _sum(sums: Mapping[ReadingSeries, float], *quantities: str) -> float | None:
    found = [value for series, value in sums.items() if series.quantity in quantities]
    return sum(found) if found else None


def _energy(sums: Mapping[ReadingSeries, float]) -> float | None:
    """Energy of every site: by its meters, less what flowed back, else at its racks, else by its GPUs, sampled where
    nothing counts it."""
    counted = {series.subject for series in sums if series.quantity == "gpu_energy"}
    net = {series: -value if series.quantity == "energy_returned" else value for series, value in sums.items()}
    by = {
        site: [
            _sum({one: value for one, value in net.items() if one.site == site and _once(one, counted)}, *level)
            for level in _LEVELS
        ]
        for site in {series.site for series in sums}
    }
    found = [next((value for value in levels if value is not None), None) for levels in by.values()]
    known = [value for value in found if value is not None]
    return sum(known) if known else None


def _once(series: ReadingSeries, counted: set[str]) -> bool:
    """Whether a series stands for its energy: power over time does not where a counter of the same GPU is."""
    return series.quantity != "gpu_energy_sampled" or series.subject not in counted


def _spans(numbers: list[int]) -> tuple[str, ...]:
    """Numbers in runs: (12, 13, 14, 20) are "12 to 14" and "20"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    return tuple(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _notes(tally: Tally, question: ImportQuestion, terms: due.TrancheTerms | None) -> Iterator[Note]:
    if question.dry_run:
        yield Note(code="dry_run", path="dry_run", text="This was a trial: nothing was kept.")
    yield from (Note(code=remark.code, path="file", text=remark.text) for remark in tally.remarks)
    yield from implausible.notes(tally.implausible)
    yield from _other_money(tally.sums)
    if (rest := tally.rejected_count - len(tally.rejected)) > 0:
        text = f"{rest:,} more lines were refused than the {MOST_REJECTED_COUNT:,} that are listed."
        yield Note(code="more_rejected", path="file", text=text)
    yield from _places(tally, terms)


def _places(tally: Tally, terms: due.TrancheTerms | None) -> Iterator[Note]:
    """Sites that the terms do not know, and readings of none."""
    for site in sorted({str(fact.body.get("site", "")) for fact in tally.facts}):
        yield from given.strangers(terms, site, "")
    known = list(terms.pue_ratio) if terms else []
    measured = {series.site for series in tally.sums}
    for site in sorted(measured - {"", *known}) if known else ():
        text = f"The terms know no site {site}{near(site, known) or '.'} Its readings are kept under that name."
        yield Note(code="unknown_site", path="site", text=text)
    if "" in measured and len(known) > 1:
        text = "Readings name no site, so they count for none: the field site says where they are from."
        yield Note(code="no_site", path="site", text=text)


def _other_money(sums: Mapping[ReadingSeries, float]) -> Iterator[Note]:
    by = Counter[str]()
    for series, value in sums.items():
        if series.quantity == "cost" and series.unit != "USD":
            by[series.unit] += value  # type: ignore[assignment]
    for currency, amount in sorted(by.items()):
        text = f"{amount:,.2f} {currency} is kept in its own currency, and is no part of the total in USD."
        yield Note(code="other_currency", path="file", text=text)
