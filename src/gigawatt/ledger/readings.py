"""Readings by the million: chunks of one series and one month, each with its digest, under one fact for a file.

A reading is known by its series, its start and its key. One that is there already counts as a duplicate; one that says
something else of the same is refused, unless the import corrects the batch that it is from; one whose time overlaps
another's, of a series that adds up, is refused, for it would be counted twice. A correction keeps beside its own sum
the sum of what it replaces, so that what was known on any day is a sum of columns and opens no chunk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, insert, select

from gigawatt.ledger.facts import canonical, milliseconds
from gigawatt.ledger.tables import CHUNKS, FACTS
from gigawatt.readers.readings import QUANTITIES, Block, Series

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
# Two values are the same reading if they differ by less.
_SAME_FRAC = 1e-9
# A reading so many times what its series mostly reads is taken for a slip of a unit, which is by a thousand.
SLIP_RATIO = 300.0
_JUDGED_COUNT = 20


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


def judge(new: Points, known: Points, adds_up: bool, corrected: frozenset[int], as_read: bool) -> Judged:
    """What becomes of new readings of a series, given those that are known of the same time.

    corrected: batches whose readings may be replaced. as_read: that none is taken for a slip of a unit.
    """
    refused: dict[str, Ints] = {}

    def without(points: Points, which: NDArray[np.bool_], why: str) -> Points:
        if which.any():
            refused[why] = points.lines[which]
        return points.take(~which)

    again = _again(new)
    first = np.maximum.accumulate(np.where(again, 0, np.arange(len(new))))
    twice = again & ~_same(new, new.take(first))
    duplicates = int(np.count_nonzero(again & ~twice))
    new = without(new, twice, "says something else than an earlier line of the same time")
    new = new.take(~_again(new))
    at = _places(new, known)
    equal = at >= 0
    equal[equal] = _same(new.take(equal), known.take(at[equal]))
    duplicates += int(np.count_nonzero(equal))
    new, at = new.take(~equal), at[~equal]
    owners = np.zeros(len(new), np.int64)
    owners[at >= 0] = known.batch[at[at >= 0]]
    owners[np.isin(owners, list(corrected))] = 0
    for number in np.unique(owners[owners > 0]):
        why = f"says something else than fact {number}, which it corrects only if told so: --corrects {number}"
        refused[why] = new.lines[owners == number]
    new = new.take(owners == 0)
    if adds_up and not new.keys.any():
        new = without(new, _overlaps(new, known), "overlaps another reading, and would be counted twice")
    if adds_up and not as_read:
        why = "is a thousand times what the rest reads: a slip of a unit? --as-read takes it"
        new = without(new, _slips(new, known), why)
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


def _overlaps(new: Points, known: Points) -> NDArray[np.bool_]:
    """Which of new readings lie partly within the time of an earlier one of theirs or of one that is known."""
    before = np.concatenate([[np.iinfo(np.int64).min], np.maximum.accumulate(new.ends_ms)[:-1]])[: len(new)]
    found = new.starts_ms < before
    rest = known.take(np.isin(known.starts_ms, new.starts_ms, invert=True))
    if len(rest) and len(new):
        after = np.searchsorted(rest.starts_ms, new.starts_ms)
        found |= (after > 0) & (rest.ends_ms[np.maximum(after - 1, 0)] > new.starts_ms)
        found |= (after < len(rest)) & (rest.starts_ms[np.minimum(after, len(rest) - 1)] < new.ends_ms)
    return found


def _slips(new: Points, known: Points) -> NDArray[np.bool_]:
    usual = known if len(known) >= _JUDGED_COUNT else new
    rates = usual.values / np.maximum(usual.ends_ms - usual.starts_ms, 1)
    middle = float(np.median(rates)) if len(rates) >= _JUDGED_COUNT else 0.0
    if middle <= 0:
        return np.zeros(len(new), bool)
    return new.values / np.maximum(new.ends_ms - new.starts_ms, 1) > SLIP_RATIO * middle


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
    """Rows of the table for the readings that are kept, a month each, from a part's number on."""
    months = _months(found.kept.starts_ms)
    of_replaced = _months(found.replaced.starts_ms)
    for month in np.unique(months):
        points, before = found.kept.take(months == month), found.replaced.take(of_replaced == month)
        row: dict[str, object] = {
            "batch": batch,
            "part": part,
            **asdict(series),
            "month": str(month),
            "first_ms": int(points.starts_ms[0]),
            "last_ms": int(points.starts_ms[-1]),
            "count": len(points),
            "total": float(points.values.sum()),
            "replaced_count": len(before),
            "replaced_total": float(before.values.sum()),
            "data": encoded(points),
        }
        yield row | {"digest": chunk_digest(row)}
        part += 1


def _months(starts_ms: Ints) -> NDArray[np.datetime64]:
    return starts_ms.astype("datetime64[ms]").astype("datetime64[M]")


def keep(book: Connection, rows: list[dict[str, object]]) -> None:
    """Write rows of chunks."""
    if rows:
        book.execute(insert(CHUNKS), rows)


def known(
    book: Connection, series: Series, first_ms: int, last_ms: int, without: frozenset[int] = frozenset()
) -> Points:
    """Readings of a series that start between two moments, both included, as they stand after the last correction.

    without: batches that are withdrawn, or that nobody knew of then.
    """
    columns = CHUNKS.c
    asked = select(columns.batch, columns.data).where(
        *(columns[name] == value for name, value in asdict(series).items()),
        columns.last_ms >= first_ms,
        columns.first_ms <= last_ms,
    )
    rows = book.execute(asked.order_by(columns.batch, columns.part))
    whole = joined([decoded(row.data, row.batch) for row in rows if row.batch not in without])
    return whole.take((whole.starts_ms >= first_ms) & (whole.starts_ms <= last_ms))


def retracted(book: Connection, as_of: str | None = None) -> frozenset[int]:
    """Batches that were withdrawn by a moment, by the number of their fact."""
    batch, by = FACTS.alias(), FACTS.alias()
    asked = select(batch.c.number).join(by, by.c.corrects == batch.c.identity)
    asked = asked.where(batch.c.kind == "readings", by.c.kind == "retraction")
    if as_of is not None:
        asked = asked.where(by.c.recorded <= as_of)
    return frozenset(book.execute(asked).scalars())


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
    columns = CHUNKS.c
    names = [entry.name for entry in fields(Series)]
    by = [columns[name] for name in (*names, "month")]
    count = func.sum(columns["count"] - columns.replaced_count)
    total = func.sum(columns.total - columns.replaced_total)
    asked = (
        select(*by, count.label("readings"), total.label("sum"))
        .where(columns.month >= first, columns.month <= last)
        .group_by(*by)
        .order_by(*by)
    )
    if as_of is not None:
        most = select(func.max(FACTS.c.number)).where(FACTS.c.recorded <= as_of).scalar_subquery()
        asked = asked.where(columns.batch <= most)
    if gone := retracted(book, as_of):
        asked = asked.where(columns.batch.not_in(gone))
    return [
        Total(
            series=Series(**{name: getattr(row, name) for name in names}),
            month=row.month,
            count=int(row.readings),
            total=float(row.sum),
        )
        for row in book.execute(asked)
    ]


def too_late(points: Points, now: str, skew_s: float) -> NDArray[np.bool_]:
    """Which readings are of the future."""
    return points.starts_ms > milliseconds(now) + int(1000 * skew_s)
