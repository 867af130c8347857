"""A file of readings or events becomes one batch and its facts, streamed, once, and whole or not at all."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection

from gigawatt.errors import Fault, LedgerError, plain
from gigawatt.files import check_file
from gigawatt.ledger import book as books
from gigawatt.ledger import facts, judging, kinds, readings
from gigawatt.ledger.facts import Fact, Recorded
from gigawatt.ledger.judging import Judged, Points, Rules
from gigawatt.ndarrays import Ints
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, ReadingSeries, Rejected, Remark

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
_WAITING_COUNT = 200_000
_FUTURE = "is of the future"
# Characters that no name has, and of which PostgreSQL keeps not all.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Refused lines that are told one by one.
MOST_REJECTED_COUNT = 1_000
# Characters of a word of a series: an index of a database holds no longer ones, and nobody reads them.
MOST_NAME_COUNT = 2_000


@dataclass(slots=True)
class Tally:
    """What came of an import so far."""

    added: int = 0
    duplicates: int = 0
    corrected: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    remarks: list[Remark] = field(default_factory=list)
    sums: Counter[ReadingSeries] = field(default_factory=Counter)
    first_ms: int | None = None
    last_ms: int | None = None
    digests: Any = field(default_factory=hashlib.sha256)
    parts: int = 0
    facts: list[Fact] = field(default_factory=list)
    implausible: list[Fault] = field(default_factory=list)

    def refuse(self, lines: Sequence[int] | Ints, reason: str) -> None:
        """Count lines that are not taken, and keep the first of them to be told."""
        self.rejected_count += len(lines)
        some = lines[: MOST_REJECTED_COUNT - len(self.rejected)]
        self.rejected += [Rejected(line=int(line), reason=reason) for line in some]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToImport:
    """A file that is imported: which, by which reader, and what it does not say of itself."""

    file: Path
    kind: str
    asked: FileAsked
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What holds throughout an import."""

    batch: int
    """Number of the fact that will stand for its readings."""
    now: str
    corrected: frozenset[int]
    """Batches that it may correct."""
    retracted: frozenset[int]
    """Batches that are withdrawn."""
    as_read: bool
    """Whether no reading is taken for a slip of a unit."""


def source(file: Path, kind: str, asked: FileAsked) -> FileToImport:
    """A file with its digest. Raises CatalogError where it cannot be read."""
    check_file(file, f"{kind} file")
    return FileToImport(file=file, kind=kind, asked=asked, sha256=_sha256(file))


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def take(
    book: Connection,
    found: FileToImport,
    who: str,
    *,
    authenticated: bool = False,
    corrects: str | None = None,
    as_read: bool = False,
    said: Callable[[int], None] | None = None,
) -> tuple[Tally, list[Recorded | None]]:
    """Read a file into the book: what came of it, and the facts that were recorded for it.

    authenticated: whether anything but a name says who. corrects: identity of the batch whose readings it may replace.
    said: called with the readings seen so far.
    Raises CatalogError where nothing of the file can be read, LedgerError where the ledger takes none of it.
    """
    gone = readings.retracted(book)
    _asked_as_before(book, found, gone)
    intake = Intake(
        batch=books.head(book)[0] + 1,
        now=books.clock(book),
        corrected=_corrected(book, corrects),
        retracted=gone,
        as_read=as_read,
    )
    tally, seen = Tally(), 0
    read = import_module(f"gigawatt.readers.{READERS[found.kind]}").read
    for blocks in _gathered(read(found.file, found.asked), tally, intake.now):
        seen += sum(len(block.lines) for block in blocks.values())
        if said is not None:
            said(seen)
        _keep(book, blocks, tally, intake)
    recorded = books.append(book, [*_batch(found, tally, corrects), *_events(found, tally)], who, authenticated)
    tally.duplicates += sum(entry is None for entry in recorded)
    tally.added += sum(entry is not None and entry.fact.kind != "readings" for entry in recorded)
    tally.rejected.sort(key=lambda one: one.line)
    return tally, recorded


def _asked_as_before(book: Connection, found: FileToImport, gone: frozenset[int]) -> None:
    """Refuse a file that stands in the book as something else: under two names its readings would count twice."""
    for entry in list(books.read(book, kinds=("readings",))):
        said = entry.fact.body
        if entry.fact.source_sha256 != found.sha256 or entry.number in gone or said["asked"] == _said(found):
            continue
        before = ", ".join(f"{name} {value}" for name, value in said["asked"].items()) or "nothing"
        expected = f"as fact {entry.number} has taken it, with {before}; or retract that fact first"
        raise LedgerError([Fault(path="file", given=found.file.name, expected=expected, asked=True)])


def _said(found: FileToImport) -> dict[str, Any]:
    """What was said of a file beside it."""
    return {name: value for name, value in asdict(found.asked).items() if value not in ("", None)}


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


def _gathered(entries: Iterable[Any], tally: Tally, now: str) -> Iterator[dict[ReadingSeries, ReadingBlock]]:
    """Blocks of a file, those of a series together as long as memory allows; all else goes to the tally."""
    waiting: dict[ReadingSeries, list[ReadingBlock]] = defaultdict(list)
    count = 0
    for entry in entries:
        if isinstance(entry, ReadingBlock):
            waiting[entry.series].append(entry)
            count += len(entry.lines)
        elif isinstance(entry, Rejected):
            tally.refuse([entry.line], entry.reason)
        elif isinstance(entry, Remark):
            tally.remarks.append(entry)
        elif isinstance(entry, FileEvent):
            _note(entry, tally, now)
        if count > _WAITING_COUNT:
            yield _released(waiting)
            count = 0
    yield _released(waiting)


def _released(waiting: dict[ReadingSeries, list[ReadingBlock]]) -> dict[ReadingSeries, ReadingBlock]:
    names = ("lines", "starts_ms", "ends_ms", "values", "keys")
    whole = {
        series: ReadingBlock(
            series=series, **{name: np.concatenate([getattr(block, name) for block in blocks]) for name in names}
        )
        for series, blocks in waiting.items()
    }
    waiting.clear()
    return whole


def _note(event: FileEvent, tally: Tally, now: str) -> None:
    """An event as a fact that waits for the end of the file, or the reason why it is none."""
    if event.happened_ms > facts.latest_ms(now):
        tally.refuse([event.line], _FUTURE)
        return
    values = dict(event.values)
    document = str(values.pop("source", ""))
    try:
        happened, said, odd = kinds.read(event.kind, {**values, "at": facts.moment(event.happened_ms)})
    except LedgerError as error:
        tally.refuse([event.line], "; ".join(str(fault) for fault in error.faults))
        return
    tally.implausible += odd
    tally.facts.append(Fact(kind=event.kind, happened=happened, body=said, source=document))


def _keep(book: Connection, blocks: Mapping[ReadingSeries, ReadingBlock], tally: Tally, intake: Intake) -> None:
    """Judge the blocks of some series by what is known of each, and write what is taken."""
    new = {series: points for series, block in blocks.items() if len(points := _taken(block, tally, intake))}
    new = _not_elsewhere(book, new, tally, intake)
    spans = _spans(new)
    may_slip = set() if intake.as_read else {series for series in new if readings.sums(series) and series.unit == "Wh"}
    usual = readings.usual(book, may_slip, intake.retracted | intake.corrected)
    rows: list[dict[str, object]] = []
    for series, known in readings.known_of(book, spans, intake.retracted, readings.REACH_MS):
        rules = Rules(
            adds_up=readings.sums(series),
            corrected=intake.corrected,
            batch=intake.batch,
            may_slip=series in may_slip,
            usual=usual.get(series, 0.0),
        )
        found = judging.judge(new.pop(series), known, rules)
        for why, lines in found.refused.items():
            tally.refuse(lines, why)
        rows += readings.chunks(series, found, intake.batch, tally.parts + len(rows))
        _count(found, series, rules.adds_up, tally)
    readings.keep(book, rows)
    for row in rows:
        tally.digests.update(str(row["digest"]).encode())
    tally.parts += len(rows)


def _spans(points: Mapping[ReadingSeries, Points]) -> dict[ReadingSeries, tuple[int, int]]:
    """The time that readings are of, by series."""
    return {series: (int(p.starts_ms[0]), int(max(p.ends_ms.max(), p.starts_ms[-1]))) for series, p in points.items()}


def _not_elsewhere(
    book: Connection, new: dict[ReadingSeries, Points], tally: Tally, intake: Intake
) -> dict[ReadingSeries, Points]:
    """New readings less those of jobs that the book has under a name that says more or less of whose they are."""
    spans, found = _spans(new), dict(new)
    for series, others in readings.kin(book, new).items():
        for _, known in readings.known_of(book, dict.fromkeys(others, spans[series]), intake.retracted):
            found[series], count, refused = judging.known_elsewhere(found[series], known)
            tally.duplicates += count
            for why, lines in refused.items():
                tally.refuse(lines, why)
        if not len(found[series]):
            del found[series]
            tally.sums[series] += 0.0  # type: ignore[assignment]
    return found


def _taken(block: ReadingBlock, tally: Tally, intake: Intake) -> Points:
    """Readings of a block, without those that nobody can have read."""
    points = judging.points_of(block, intake.batch)
    named = "".join(words := [getattr(block.series, entry.name) for entry in fields(ReadingSeries)])
    if max(map(len, words)) > MOST_NAME_COUNT or _UNSEEN.search(named):
        tally.refuse(points.lines, f"has a name of more than {MOST_NAME_COUNT} characters, or with control characters")
        return points.take(np.zeros(len(points), bool))
    late = judging.too_late(points, readings.sums(block.series), intake.now)
    odd = ~late & judging.unsound(points)
    tally.refuse(points.lines[late], _FUTURE)
    tally.refuse(points.lines[odd], f"is no finite number, ends before it starts, or is from before {facts.FIRST_YEAR}")
    return points.take(~late & ~odd)


def _count(found: Judged, series: ReadingSeries, adds_up: bool, tally: Tally) -> None:
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


def _batch(found: FileToImport, tally: Tally, corrects: str | None) -> list[Fact]:
    """The fact that stands for all readings of the file; none where nothing of it was new."""
    if not tally.parts:
        return []
    said = {
        "file_kind": found.kind,
        "readings": tally.added,
        "parts": tally.parts,
        "digest": tally.digests.hexdigest(),
        "until": facts.moment(tally.last_ms or 0),
        "asked": _said(found),
    }
    happened = facts.moment(tally.first_ms or 0)
    return [
        Fact(
            kind="readings",
            happened=happened,
            body=said,
            source=plain(found.file.name),
            source_sha256=found.sha256,
            corrects=corrects,
        )
    ]


def _events(found: FileToImport, tally: Tally) -> Iterator[Fact]:
    for fact in tally.facts:
        # What a row without a document says is known by the row: the file grows, and its digest and its name with it.
        row = None if fact.source else facts.digest([fact.kind, fact.happened, fact.body])
        yield replace(fact, source=plain(fact.source or found.file.name), source_sha256=row)
