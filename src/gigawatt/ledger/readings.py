"""Readings by the million: chunks of one series and one month, each with its digest, under one fact for a file.

What is taken is for `judging` to say. A correction keeps beside its own sum the sum of what it replaces, and whose that
was, so that what was known on any day is a sum of columns and opens no chunk.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Row, case, func, insert, select

from gigawatt.ledger.book import paged
from gigawatt.ledger.facts import canonical, digest
from gigawatt.ledger.judging import JUDGED_COUNT, Judged, Points, again, of_batches, places
from gigawatt.ledger.tables import CHUNKS, FACTS
from gigawatt.ndarrays import Ints
from gigawatt.readers.readings import OF_JOBS, QUANTITIES, ReadingSeries, may_be_one

# How far is looked back to tell what a series mostly reads.
REACH_MS = 32 * 86_400_000
# Series that are asked for at once: databases bound the values of a question.
_ASKED_COUNT = 500
_WORDS = tuple(entry.name for entry in fields(ReadingSeries))
_NO_GROUP: tuple[str, Iterator[Row[Any]]] = ("", iter(()))


def sums(series: ReadingSeries) -> bool:
    """Whether readings of a series add up; else they are a gauge, of which there is a mean."""
    return QUANTITIES.get(series.quantity, ("", False))[1]


def joined(parts: list[Points]) -> Points:
    """Several as one, in the order of time, key and batch; of the same reading the last batch's stands."""
    if not parts:
        empty, none = np.empty(0, np.int64), np.empty(0)
        return Points(empty, empty, none, empty, empty, empty)
    whole = Points(*(np.concatenate([getattr(part, name) for part in parts]) for name in Points.__slots__))
    whole = whole.take(np.lexsort((whole.batch, whole.keys, whole.starts_ms)))
    return whole.take(~again(whole, backwards=True))


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


def _words(series: ReadingSeries) -> dict[str, str]:
    return {name: getattr(series, name) for name in _WORDS}


@lru_cache(maxsize=65_536)
def name_of(series: ReadingSeries) -> str:
    """By which the database finds a series: the digest of its words."""
    return digest(_words(series))


def chunks(series: ReadingSeries, found: Judged, batch: int, part: int) -> Iterator[dict[str, object]]:
    """Rows of the table for the readings that are kept, from a part's number on: a month each, and in each those apart
    that stand in for readings of another batch."""
    words = {**_words(series), "series": name_of(series)}
    for month, owner, points, before in _apart(found):
        row: dict[str, object] = {
            "batch": batch,
            "part": part,
            **words,
            "month": month,
            "first_ms": int(points.starts_ms[0]),
            "last_ms": int(points.starts_ms[-1]),
            "until_ms": int(points.ends_ms.max()),
            "span_ms": int((points.ends_ms - points.starts_ms).sum()),
            "count": len(points),
            "total": _sum(points),
            "replaces": owner,
            "replaced_count": len(before),
            "replaced_total": _sum(before),
            "data": encoded(points),
        }
        yield row | {"digest": chunk_digest(row)}
        part += 1


def _apart(found: Judged) -> Iterator[tuple[str, int, Points, Points]]:
    """Readings that are kept by month and by the batch of what they replace, 0 for nothing, with what they replace."""
    months = _months(found.kept.starts_ms)
    if len(months) and months[0] == months[-1] and not len(found.replaced):
        yield str(months[0]), 0, found.kept, found.replaced
        return
    at, owners = places(found.kept, found.replaced), np.zeros(len(found.kept), np.int64)
    owners[at >= 0] = found.replaced.batch[at[at >= 0]]
    for month in np.unique(months):
        for owner in np.unique(owners[months == month]):
            which = (months == month) & (owners == owner)
            yield str(month), int(owner), found.kept.take(which), found.replaced.take(at[which & (owner > 0)])


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
    book: Connection, series: ReadingSeries, first_ms: int, last_ms: int, without: frozenset[int] = frozenset()
) -> Points:
    """Readings of a series that are of the time between two moments, as they stand after the last correction.

    without: batches that are withdrawn. What one of them corrected does not come back: nothing stands in its place.
    """
    return next(iter(known_of(book, {series: (first_ms, last_ms)}, without)))[1]


def known_of(
    book: Connection,
    spans: Mapping[ReadingSeries, tuple[int, int]],
    without: frozenset[int] = frozenset(),
    back_ms: int = 0,
) -> Iterator[tuple[ReadingSeries, Points]]:
    """As `known`, of many series, each between two moments of its own, and of a time of `back_ms` before the first."""
    names = {name_of(series): series for series in spans}
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
    return whole.take(of_time & ~of_batches(whole.batch, without))


def kin(book: Connection, found: Iterable[ReadingSeries]) -> dict[ReadingSeries, list[ReadingSeries]]:
    """Series of jobs in the book that may be the same as each of these, named with more or less of whose they are."""
    asked = {series for series in found if series.quantity in OF_JOBS}
    if not asked:
        return {}
    columns = [CHUNKS.c[name] for name in _WORDS]
    rows = book.execute(select(*columns).where(CHUNKS.c.quantity.in_(OF_JOBS)).distinct())
    others: dict[ReadingSeries, list[ReadingSeries]] = defaultdict(list)
    for row in rows:
        other = ReadingSeries(**row._mapping)
        others[replace(other, subject="")].append(other)
    return {
        series: [
            other
            for other in others[replace(series, subject="")]
            if other != series and may_be_one(other.subject, series.subject)
        ]
        for series in asked
    }


def usual(book: Connection, found: Iterable[ReadingSeries], without: frozenset[int]) -> dict[ReadingSeries, float]:
    """What series read in a millisecond, on the mean of all that is known, where that is enough.

    without: batches of which nothing is to be learnt.
    """
    names = {name_of(series): series for series in found}
    columns = CHUNKS.c
    rates: dict[ReadingSeries, float] = {}
    for some in _in_pieces(sorted(names)):
        total, span_ms = func.sum(columns.total), func.sum(columns.span_ms)
        asked = select(columns.series, total.label("total"), span_ms.label("span_ms"))
        asked = asked.where(columns.series.in_(some), columns.batch.not_in(without)).group_by(columns.series)
        for row in book.execute(asked.having(func.sum(columns["count"]) >= JUDGED_COUNT)):
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

    series: ReadingSeries
    month: str
    count: int
    """Readings, those corrected once."""
    total: float
    """Their sum, in the unit of the series; of a gauge the mean is this over the count."""


def totals(book: Connection, as_of: str | None = None, first: str = "", last: str = "9999-12") -> list[Total]:
    """What every series came to by month between two months, both included, as it was known at a moment, or now."""
    columns, gone = CHUNKS.c, retracted(book, as_of)
    by = [columns.series, *(columns[name] for name in _WORDS), columns.month]

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
    # Databases sort text by the rules of their own language.
    rows = sorted((row for row in book.execute(asked) if row.readings), key=lambda row: row[1 : len(by)])
    return [
        Total(
            series=ReadingSeries(**{name: getattr(row, name) for name in _WORDS}),
            month=row.month,
            count=int(row.readings),
            total=float(row.sum),
        )
        for row in rows
    ]
