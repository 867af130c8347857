"""A file of readings or events becomes one batch and its facts, streamed, once, and whole or not at all."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection

from gigawatt.errors import Fault, LedgerError
from gigawatt.files import check_file
from gigawatt.ledger import book as books
from gigawatt.ledger import facts, kinds, readings
from gigawatt.ledger.facts import Fact, Recorded
from gigawatt.ledger.readings import Judged, Points
from gigawatt.readers.readings import Asked, Block, Event, Rejected, Remark, Series

# Kind of file → the module of readers/ that reads it.
READERS = {
    "meter": "meter",
    "prometheus": "prometheus",
    "openmetrics": "openmetrics",
    "sacct": "sacct",
    "focus": "focus",
    "opencost": "opencost",
    "greenbutton": "greenbutton",
    "entsoe": "entsoe",
    "sites": "sites",
    "records": "records",
}
# Readings that wait to be sorted by series, at most.
_WAITING_COUNT = 400_000
# Refused lines that are told one by one.
MOST_REJECTED_COUNT = 1_000
# Readings that started before a block and may reach into it.
_REACH_MS = 32 * 86_400_000


@dataclass(slots=True)
class Tally:
    """What came of an import so far."""

    added: int = 0
    duplicates: int = 0
    corrected: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    remarks: list[Remark] = field(default_factory=list)
    sums: Counter[Series] = field(default_factory=Counter)
    first_ms: int | None = None
    last_ms: int | None = None
    digests: Any = field(default_factory=hashlib.sha256)
    parts: int = 0
    facts: list[Fact] = field(default_factory=list)
    implausible: list[Fault] = field(default_factory=list)

    def refuse(self, lines: Iterable[int], reason: str) -> None:
        """Count lines that are not taken, and keep the first of them to be told."""
        found = [Rejected(line=int(line), reason=reason) for line in lines]
        self.rejected_count += len(found)
        self.rejected += found[: MOST_REJECTED_COUNT - len(self.rejected)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that is imported: which, by which reader, and what it does not say of itself."""

    file: Path
    kind: str
    asked: Asked
    sha256: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Which batches a file may correct, which are withdrawn, and whether no reading is taken for a slip of a unit."""

    corrected: frozenset[int]
    retracted: frozenset[int]
    as_read: bool


def source(file: Path, kind: str, asked: Asked) -> Source:
    """A file with its digest. Raises CatalogError where it cannot be read."""
    check_file(file, f"{kind} file")
    return Source(file=file, kind=kind, asked=asked, sha256=_sha256(file))


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def take(
    book: Connection, found: Source, who: str, *, corrects: str | None = None, as_read: bool = False, said: Any = None
) -> tuple[Tally, list[Recorded | None]]:
    """Read a file into the book: what came of it, and the facts that were recorded for it.

    corrects: identity of the batch whose readings it may replace. said: called with the readings seen so far.
    Raises CatalogError where nothing of the file can be read, LedgerError where the ledger takes none of it.
    """
    tally, batch = Tally(), books.head(book)[0] + 1
    allowed, gone = _corrected(book, corrects), readings.retracted(book)
    now = facts.now()
    read = import_module(f"gigawatt.readers.{READERS[found.kind]}").read
    seen = 0
    for series, block in _gathered(read(found.file, found.asked), tally):
        seen += len(block.lines)
        if said is not None:
            said(seen)
        new = readings.points_of(block, batch)
        late = readings.too_late(new, now, facts.MOST_SKEW_S)
        tally.refuse(new.lines[late], "is of the future")
        _keep(book, series, new.take(~late), tally, batch, Rules(allowed, gone, as_read))
    recorded = books.append(book, [*_batch(found, tally, corrects), *_events(found, tally)], who)
    tally.duplicates += sum(entry is None for entry in recorded)
    tally.added += sum(entry is not None and entry.fact.kind != "readings" for entry in recorded)
    tally.rejected.sort(key=lambda one: one.line)
    return tally, recorded


def _corrected(book: Connection, corrects: str | None) -> frozenset[int]:
    """Numbers of the batch that is corrected and of those that stand in its place already."""
    if corrects is None:
        return frozenset()
    batches = list(books.read(book, kinds=("readings",)))
    found = {entry.number for entry in batches if corrects in (entry.fact.identity, entry.fact.corrects)}
    if not found:
        expected = "a batch of readings"
        raise LedgerError([Fault(path="corrects", given=corrects[:16], expected=expected, asked=True)])
    return frozenset(found)


def _gathered(entries: Iterable[Any], tally: Tally) -> Iterator[tuple[Series, Block]]:
    """Blocks of a file, those of a series together as long as memory allows; all else goes to the tally."""
    waiting: dict[Series, list[Block]] = defaultdict(list)
    count = 0
    for entry in entries:
        if isinstance(entry, Block):
            waiting[entry.series].append(entry)
            count += len(entry.lines)
        elif isinstance(entry, Rejected):
            tally.refuse([entry.line], entry.reason)
        elif isinstance(entry, Remark):
            tally.remarks.append(entry)
        elif isinstance(entry, Event):
            _note(entry, tally)
        if count > _WAITING_COUNT:
            yield from _released(waiting)
            count = 0
    yield from _released(waiting)


def _released(waiting: dict[Series, list[Block]]) -> Iterator[tuple[Series, Block]]:
    names = ("lines", "starts_ms", "ends_ms", "values", "keys")
    for series in list(waiting):
        blocks = waiting.pop(series)
        yield (
            series,
            Block(
                series=series, **{name: np.concatenate([getattr(block, name) for block in blocks]) for name in names}
            ),
        )


def _note(event: Event, tally: Tally) -> None:
    """An event as a fact that waits for the end of the file, or the reason why it is none."""
    at, values = facts.moment(event.happened_ms), dict(event.values)
    document = str(values.pop("source", ""))
    try:
        happened, said, odd = kinds.read(event.kind, {**values, "at": at})
    except LedgerError as error:
        tally.refuse([event.line], "; ".join(str(fault) for fault in error.faults))
        return
    tally.implausible += odd
    tally.facts.append(Fact(kind=event.kind, happened=happened, body=said, source=document))


def _keep(book: Connection, series: Series, new: Points, tally: Tally, batch: int, rules: Rules) -> None:
    if not len(new):
        return
    first_ms, last_ms = int(new.starts_ms[0]), int(max(new.ends_ms.max(), new.starts_ms[-1]))
    known = readings.known(book, series, first_ms - _REACH_MS, last_ms, without=rules.retracted)
    adds_up = readings.sums(series)
    found = readings.judge(new, known, adds_up, rules.corrected, rules.as_read)
    for why, lines in found.refused.items():
        tally.refuse(lines, why)
    rows = list(readings.chunks(series, found, batch, tally.parts))
    readings.keep(book, rows)
    _count(found, series, adds_up, tally)
    for row in rows:
        tally.digests.update(str(row["digest"]).encode())
    tally.parts += len(rows)


def _count(found: Judged, series: Series, adds_up: bool, tally: Tally) -> None:
    tally.added += len(found.kept)
    tally.duplicates += found.duplicates_count
    tally.corrected += len(found.replaced)
    if adds_up:  # a series of which nothing is new adds 0, which is not nothing
        tally.sums[series] += float(found.kept.values.sum() - found.replaced.values.sum())  # type: ignore[assignment]
    if not len(found.kept):
        return
    starts = [tally.first_ms, int(found.kept.starts_ms[0])]
    tally.first_ms = min(start for start in starts if start is not None)
    tally.last_ms = max(tally.last_ms or 0, int(found.kept.ends_ms.max()))


def _batch(found: Source, tally: Tally, corrects: str | None) -> list[Fact]:
    """The fact that stands for all readings of the file; none where nothing of it was new."""
    if not tally.parts:
        return []
    said = {
        "file_kind": found.kind,
        "readings": tally.added,
        "parts": tally.parts,
        "digest": tally.digests.hexdigest(),
        "until": facts.moment(tally.last_ms or 0),
    }
    happened = facts.moment(tally.first_ms or 0)
    return [
        Fact(
            kind="readings",
            happened=happened,
            body=said,
            source=found.file.name,
            source_sha256=found.sha256,
            corrects=corrects,
        )
    ]


def _events(found: Source, tally: Tally) -> Iterator[Fact]:
    for fact in tally.facts:
        # What a row says is known by the row: the file grows, and its digest with it.
        yield Fact(kind=fact.kind, happened=fact.happened, body=fact.body, source=fact.source or found.file.name)
