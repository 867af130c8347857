"""Readings by the million: chunks of one series and one month, each with its digest, under one fact for a file.

A reading is known by its series, its start and its key. One that is there already counts as a duplicate; one that says
something else of the same is refused, unless the import corrects the batch that it is from; one whose time overlaps
another's, of a series that adds up, is refused, for it would be counted twice. A correction keeps beside its own sum
the sum of what it replaces, so that what was known on any day is a sum of columns and opens no chunk.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Row, case, func, insert, select

from gigawatt.ledger.book import paged
from gigawatt.ledger.facts import FIRST_YEAR, canonical, digest, milliseconds
from gigawatt.ledger.tables import CHUNKS, FACTS
from gigawatt.readers.readings import OF_JOBS, QUANTITIES, Block, Series, may_be_one

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
# Two values are the same reading if they differ by less.
_SAME_FRAC = 1e-9
# A reading so many times what its series mostly reads is taken for a slip of a unit, which is by a thousand.
SLIP_RATIO = 300.0
_JUDGED_COUNT = 20
_SLIP = "is a thousand times what the rest reads, or a thousandth: a slip of a unit? It is taken if asked for `as_read`"
_CONTRADICTS = "says something else than an earlier line of the same time"
# How far is looked back to tell what a series mostly reads.
REACH_MS = 32 * 86_400_000
# Series that are asked for at once: databases bound the values of a question.
_ASKED_COUNT = 500
_NO_GROUP: tuple[str, Iterator[Row[Any]]] = ("", iter(()))
# What is greater is no reading, and its sum no number.
_MOST_VALUE = 1e100
_FIRST_MS = milliseconds(f"{FIRST_YEAR}-01-01T00:00:00Z")


@dataclass(frozen=True, slots=True)
class Points:
    """Readings of one series by start and key; arrays of one shape (readings,). batch: which fact each is from."""

    starts_ms: Ints
    ends_ms: Ints
    values: Floats
    keys: Ints
    lines: Ints
    batch: Ints

    def __len__(self) -> int:
        return len(self.starts_ms)

    def take(self, which: NDArray[np.bool_] | Ints) -> Points:
        """Some of them, by mask or by place."""
        return Points(*(getattr(self, name)[which] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of the readings of a block: those to be kept, those they replace, and the lines refused, by why."""

    kept: Points
    replaced: Points
    duplicates_count: int
    refused: Mapping[str, Ints]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How readings of a series are judged."""

    adds_up: bool
    corrected: frozenset[int] = frozenset()
    """Batches whose readings may be replaced."""
    batch: int = 0
    """The one that is being made."""
    may_slip: bool = False
    """Whether a reading may be taken for a slip of a unit."""
    usual: float = 0.0
    """What the series reads in a millisecond, by what is known of any time; 0 where too little is."""


def sums(series: Series) -> bool:
    """Whether readings of a series add up; else they are a gauge, of which there is a mean."""
    return QUANTITIES.get(series.quantity, ("", False))[1]


def points_of(block: Block, batch: int) -> Points:
    """Readings of a block, in the order of time and key, first lines first."""
    order = np.lexsort((block.lines, block.keys, block.starts_ms))
    batches = np.full(len(order), batch, np.int64)
    return Points(block.starts_ms, block.ends_ms, block.values, block.keys, block.lines, batches).take(order)


def joined(parts: list[Points]) -> Points:
    """Several as one, in the order of time, key and batch; of the same reading the last batch's stands."""
    if not parts:
        empty, none = np.empty(0, np.int64), np.empty(0)
        return Points(empty, empty, none, empty, empty, empty)
    whole = Points(*(np.concatenate([getattr(part, name) for part in parts]) for name in Points.__slots__))
    whole = whole.take(np.lexsort((whole.batch, whole.keys, whole.starts_ms)))
    return whole.take(~_again(whole, backwards=True))


def _again(points: Points, backwards: bool = False) -> NDArray[np.bool_]:
    """Which of ordered readings are of the same start and key as the one before, or behind, them."""
    same = (np.diff(points.starts_ms) == 0) & (np.diff(points.keys) == 0)
    edge = np.zeros(1, bool)
    return np.concatenate([same, edge] if backwards else [edge, same])[: len(points)]


def judge(new: Points, known: Points, rules: Rules) -> Judged:
    """What becomes of new readings of a series, given those that are known of the same time."""
    refused: dict[str, Ints] = {}

    def without(points: Points, which: NDArray[np.bool_], why: str) -> Points:
        if which.any():
            refused[why] = np.concatenate([refused.get(why, points.lines[:0]), points.lines[which]])
        return points.take(~which)

    again = _again(new)
    first = np.maximum.accumulate(np.where(again, 0, np.arange(len(new))))
    twice = again & ~_same(new, new.take(first))
    duplicates = int(np.count_nonzero(again & ~twice))
    new = without(new, twice, _CONTRADICTS)
    new = new.take(~_again(new))
    at = _places(new, known)
    equal = at >= 0
    equal[equal] = _same(new.take(equal), known.take(at[equal]))
    duplicates += int(np.count_nonzero(equal))
    new, at = new.take(~equal), at[~equal]
    owners = np.zeros(len(new), np.int64)
    owners[at >= 0] = known.batch[at[at >= 0]]
    owners[np.isin(owners, list(rules.corrected))] = 0
    for number in np.unique(owners[owners > 0]):
        why = f"says something else than fact {number}, which it replaces if asked to: `corrects` {number}"
        new_why = _CONTRADICTS if number == rules.batch else why
        refused[new_why] = np.concatenate([refused.get(new_why, new.lines[:0]), new.lines[owners == number]])
    new = new.take(owners == 0)
    metered = rules.adds_up and not new.keys.any()
    if metered and rules.may_slip:
        trusted = known.take(~np.isin(known.batch, list(rules.corrected)))
        new = without(new, _slips(new, trusted, rules.usual), _SLIP)
    while metered and (over := _overlaps(new, _rest(new, known))).any():
        # What is refused replaces nothing, and what it would have replaced may be overlapped itself.
        new = without(new, over, "overlaps another reading, and would be counted twice")
    at = _places(new, known)
    return Judged(new, known.take(at[at >= 0]), duplicates, refused)


def _same(one: Points, other: Points) -> NDArray[np.bool_]:
    close = np.abs(one.values - other.values) <= _SAME_FRAC * np.maximum(np.abs(one.values), np.abs(other.values))
    return close & (one.ends_ms == other.ends_ms)


def _places(new: Points, known: Points) -> Ints:
    """Where among known readings each of the new ones is, −1 where it is not."""
    if not len(known) or not len(new):
        return np.full(len(new), -1, np.int64)
    pair = np.dtype([("start", np.int64), ("key", np.int64)])
    have, want = np.empty(len(known), pair), np.empty(len(new), pair)
    have["start"], have["key"], want["start"], want["key"] = known.starts_ms, known.keys, new.starts_ms, new.keys
    if not known.keys.any() and not new.keys.any():
        have, want = known.starts_ms, new.starts_ms  # type: ignore[assignment]
    at = np.minimum(np.searchsorted(have, want), len(known) - 1)
    return np.where(have[at] == want, at, -1)


def _rest(new: Points, known: Points) -> Points:
    """Readings that are known and not replaced by new ones."""
    at = _places(new, known)
    stays = np.ones(len(known), bool)
    stays[at[at >= 0]] = False
    return known.take(stays)


def _overlaps(new: Points, known: Points) -> NDArray[np.bool_]:
    """Which of new readings lie partly within the time of one that is known, or of an earlier one that does not."""
    found = np.zeros(len(new), bool)
    if len(known) and len(new):
        after = np.searchsorted(known.starts_ms, new.starts_ms)
        until_ms = np.maximum.accumulate(known.ends_ms)
        found |= (after > 0) & (until_ms[np.maximum(after - 1, 0)] > new.starts_ms)
        found |= (after < len(known)) & (known.starts_ms[np.minimum(after, len(known) - 1)] < new.ends_ms)
    left = np.flatnonzero(~found)
    starts_ms, ends_ms = new.starts_ms[left], new.ends_ms[left]
    if (starts_ms[1:] < ends_ms[:-1]).any():
        until = -(2**63)
        for at, start, end in zip(left.tolist(), starts_ms.tolist(), ends_ms.tolist(), strict=True):
            found[at] = start < until
            until = until if start < until else end
    return found


def _slips(new: Points, known: Points, usual: float) -> NDArray[np.bool_]:
    """Which of new readings are a thousand times what the series mostly reads, or all of them a thousandth."""
    rates, before = _rates(new), _rates(known)
    if len(before) >= _JUDGED_COUNT:
        usual = float(np.median(before))
    elif not usual and np.count_nonzero(rates > 0) >= _JUDGED_COUNT:
        usual = float(np.median(rates[rates > 0]))
    if usual <= 0:
        return np.zeros(len(new), bool)
    found = rates > SLIP_RATIO * usual
    some = rates[rates > 0]
    if len(some) >= _JUDGED_COUNT and float(np.median(some)) * SLIP_RATIO < usual:
        found |= rates > 0
    return found


def _rates(points: Points) -> Floats:
    return points.values / np.maximum(points.ends_ms - points.starts_ms, 1)


def encoded(points: Points) -> bytes:
    """Starts, ends − starts, values and keys as little-endian numbers of eight bytes; a column of one value is one."""
    columns = (points.starts_ms, points.ends_ms - points.starts_ms, points.values, points.keys)
    kinds = ("<i8", "<i8", "<f8", "<i8")
    same = [bool((column == column[0]).all()) for column in columns]
    flags = bytes([sum(bit << n for n, bit in enumerate(same))])
    parts = [c[: 1 if s else None].astype(k).tobytes() for c, k, s in zip(columns, kinds, same, strict=True)]
    return flags + len(points).to_bytes(4, "little") + b"".join(parts)


def decoded(data: bytes, batch: int) -> Points:
    """The inverse of `encoded`. Raises ValueError where it is none."""
    count = int.from_bytes(data[1:5], "little")
    at, columns = 5, []
    for n, kind in enumerate(("<i8", "<i8", "<f8", "<i8")):
        held = 1 if data[0] >> n & 1 else count
        column = np.frombuffer(data, kind, held, at)
        columns.append(np.broadcast_to(column, count))
        at += 8 * held
    starts_ms, lengths_ms, values, keys = columns
    return Points(
        starts_ms, starts_ms + lengths_ms, values, keys, np.zeros(count, np.int64), np.full(count, batch, np.int64)
    )


def chunk_digest(row: Mapping[str, Any]) -> str:
    """SHA-256 of all that a chunk's row holds, but its digest."""
    head = {name: value for name, value in row.items() if name not in ("data", "digest")}
    return hashlib.sha256(canonical(head).encode() + b"\n" + bytes(row["data"])).hexdigest()


def chunks(series: Series, found: Judged, batch: int, part: int) -> Iterator[dict[str, object]]:
    """Rows of the table for the readings that are kept, from a part's number on: a month each, and in each those apart
    that stand in for readings of another batch."""
    words = asdict(series) | {"series": digest(asdict(series))}
    months, owners = _months(found.kept.starts_ms), np.zeros(len(found.kept), np.int64)
    at = _places(found.kept, found.replaced)
    owners[at >= 0] = found.replaced.batch[at[at >= 0]]
    for month in np.unique(months):
        for owner in np.unique(owners[months == month]):
            which = (months == month) & (owners == owner)
            points, before = found.kept.take(which), found.replaced.take(at[which & (owner > 0)])
            row: dict[str, object] = {
                "batch": batch,
                "part": part,
                **words,
                "month": str(month),
                "first_ms": int(points.starts_ms[0]),
                "last_ms": int(points.starts_ms[-1]),
                "until_ms": int(points.ends_ms.max()),
                "span_ms": int((points.ends_ms - points.starts_ms).sum()),
                "count": len(points),
                "total": _sum(points),
                "replaces": int(owner),
                "replaced_count": len(before),
                "replaced_total": _sum(before),
                "data": encoded(points),
            }
            yield row | {"digest": chunk_digest(row)}
            part += 1


def _sum(points: Points) -> float:
    # SQLite keeps no sign of a zero.
    return float(points.values.sum()) + 0.0


def _months(starts_ms: Ints) -> NDArray[np.datetime64]:
    return starts_ms.astype("datetime64[ms]").astype("datetime64[M]")


def keep(book: Connection, rows: list[dict[str, object]]) -> None:
    """Write rows of chunks."""
    if rows:
        book.execute(insert(CHUNKS), rows)


def known(
    book: Connection, series: Series, first_ms: int, last_ms: int, without: frozenset[int] = frozenset()
) -> Points:
    """Readings of a series that are of the time between two moments, as they stand after the last correction.

    without: batches that are withdrawn. What one of them corrected does not come back: nothing stands in its place.
    """
    return next(iter(known_of(book, {series: (first_ms, last_ms)}, without)))[1]


def known_of(
    book: Connection, spans: Mapping[Series, tuple[int, int]], without: frozenset[int] = frozenset(), back_ms: int = 0
) -> Iterator[tuple[Series, Points]]:
    """As `known`, of many series, each between two moments of its own, and of a time of `back_ms` before the first."""
    names = {digest(asdict(series)): series for series in spans}
    columns = CHUNKS.c
    for some in _in_pieces(sorted(names)):
        first_ms = min(spans[names[name]][0] for name in some) - back_ms
        last_ms = max(spans[names[name]][1] for name in some)
        asked = select(columns.series, columns.batch, columns.data).where(
            columns.series.in_(some), columns.until_ms >= first_ms, columns.first_ms <= last_ms
        )
        rows = paged(book, asked.order_by(columns.series, columns.batch, columns.part), 16)
        groups = groupby(rows, key=lambda row: str(row.series))
        at, group = next(groups, _NO_GROUP)
        for name in some:
            series, found = names[name], list(group) if name == at else []
            yield series, _within(found, spans[series], back_ms, without)
            if name == at:
                at, group = next(groups, _NO_GROUP)


def _in_pieces(names: list[str]) -> Iterator[list[str]]:
    return (names[at : at + _ASKED_COUNT] for at in range(0, len(names), _ASKED_COUNT))


def _within(rows: list[Row[Any]], span: tuple[int, int], back_ms: int, without: frozenset[int]) -> Points:
    whole = joined([decoded(row.data, row.batch) for row in rows])
    first_ms, last_ms = span[0] - back_ms, span[1]
    of_time = (whole.starts_ms <= last_ms) & ((whole.starts_ms >= first_ms) | (whole.ends_ms > first_ms))
    return whole.take(of_time & ~np.isin(whole.batch, list(without)))


def kin(book: Connection, found: Iterable[Series]) -> dict[Series, list[Series]]:
    """Series of jobs in the book that may be the same as each of these, under names that say more or less of whose."""
    asked = {series for series in found if series.quantity in OF_JOBS}
    if not asked:
        return {}
    columns = [CHUNKS.c[name.name] for name in fields(Series)]
    rows = book.execute(select(*columns).where(CHUNKS.c.quantity.in_(OF_JOBS)).distinct())
    others: dict[Series, list[Series]] = defaultdict(list)
    for row in rows:
        other = Series(**row._mapping)
        others[replace(other, subject="")].append(other)
    return {
        series: [
            other
            for other in others[replace(series, subject="")]
            if other != series and may_be_one(other.subject, series.subject)
        ]
        for series in asked
    }


def known_elsewhere(new: Points, kin_known: Points) -> tuple[Points, int, Mapping[str, Ints]]:
    """New readings less those that a series of the same jobs has; how many of these agree with it, and the lines of
    those that do not, by why."""
    if not len(kin_known) or not len(new):
        return new, 0, {}
    at = _places(new, kin_known)
    there = at >= 0
    agree = there.copy()
    agree[there] = _same(new.take(there), kin_known.take(at[there]))
    refused: dict[str, Ints] = {}
    owners = kin_known.batch[at]
    for number in np.unique(owners[there & ~agree]):
        why = f"says something else than fact {number}, which knows less or more of whose it is: retract that one first"
        refused[why] = new.lines[there & ~agree & (owners == number)]
    return new.take(~there), int(np.count_nonzero(agree)), refused


def usual(book: Connection, found: Iterable[Series], without: frozenset[int]) -> dict[Series, float]:
    """What series read in a millisecond, on the mean of all that is known, where that is enough.

    without: batches of which nothing is to be learnt.
    """
    names = {digest(asdict(series)): series for series in found}
    columns = CHUNKS.c
    rates: dict[Series, float] = {}
    for some in _in_pieces(sorted(names)):
        total, span_ms = func.sum(columns.total), func.sum(columns.span_ms)
        asked = select(columns.series, total.label("total"), span_ms.label("span_ms"))
        asked = asked.where(columns.series.in_(some), columns.batch.not_in(without)).group_by(columns.series)
        for row in book.execute(asked.having(func.sum(columns["count"]) >= _JUDGED_COUNT)):
            rates[names[row.series]] = float(row.total) / max(int(row.span_ms), 1)
    return rates


def retracted(book: Connection, as_of: str | None = None) -> frozenset[int]:
    """Batches that were withdrawn by a moment, by the number of their fact."""
    batch, by = FACTS.alias(), FACTS.alias()
    asked = select(batch.c.number).join(by, by.c.corrects == batch.c.identity)
    asked = asked.where(batch.c.kind == "readings", by.c.kind == "retraction")
    if as_of is not None:
        asked = asked.where(by.c.recorded <= as_of)
    return frozenset(book.execute(asked).scalars())


def batches(book: Connection, without: frozenset[int] = frozenset()) -> dict[tuple[str, str], set[int]]:
    """Which batches there are readings of, by site and quantity. without: batches that are withdrawn."""
    columns = CHUNKS.c
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in book.execute(select(columns.site, columns.quantity, columns.batch).distinct()):
        if row.batch not in without:
            found[row.site, row.quantity].add(row.batch)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What a series came to in a month."""

    series: Series
    month: str
    count: int
    """Readings, those corrected once."""
    total: float
    """Their sum, in the unit of the series; of a gauge the mean is this over the count."""


def totals(book: Connection, as_of: str | None = None, first: str = "", last: str = "9999-12") -> list[Total]:
    """What every series came to by month between two months, both included, as it was known at a moment, or now."""
    columns, gone = CHUNKS.c, retracted(book, as_of)
    names = [entry.name for entry in fields(Series)]
    by = [columns.series, *(columns[name] for name in names), columns.month]

    def standing(own: ColumnElement[Any], replaced: ColumnElement[Any]) -> ColumnElement[Any]:
        if not gone:
            return func.sum(own - replaced)
        # Of a batch that is withdrawn nothing stands, nor is anything to be taken off it.
        return func.sum(
            case((columns.batch.in_(gone), 0), else_=own) - case((columns.replaces.in_(gone), 0), else_=replaced)
        )

    count = standing(columns["count"], columns.replaced_count).label("readings")
    total = standing(columns.total, columns.replaced_total).label("sum")
    asked = select(*by, count, total).where(columns.month >= first, columns.month <= last).group_by(*by)
    if as_of is not None:
        most = select(func.max(FACTS.c.number)).where(FACTS.c.recorded <= as_of).scalar_subquery()
        asked = asked.where(columns.batch <= most)
    found = [
        Total(
            series=Series(**{name: getattr(row, name) for name in names}),
            month=row.month,
            count=int(row.readings),
            total=float(row.sum),
        )
        for row in book.execute(asked)
        if row.readings
    ]
    # Databases sort text by the rules of their own language.
    return sorted(found, key=lambda one: (one.series, one.month))


def too_late(points: Points, adds_up: bool, now: str, skew_s: float) -> NDArray[np.bool_]:
    """Which readings are of the future; what adds up has happened when it ends, and a gauge when it is read."""
    until_ms = np.maximum(points.starts_ms, points.ends_ms) if adds_up else points.starts_ms
    return until_ms > milliseconds(now) + int(1000 * skew_s)


def unsound(points: Points) -> NDArray[np.bool_]:
    """Which readings nothing can have read: no finite number, an end before the start, a time before all meters."""
    odd = ~(np.abs(points.values) < _MOST_VALUE) | (points.ends_ms < points.starts_ms)
    return odd | (points.starts_ms < _FIRST_MS)
