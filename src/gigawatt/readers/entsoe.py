"""Prices of electricity from ENTSO-E's transparency platform: documents of type A44 as XML, whatever their version [1].

A period has a start, an end and a length of its steps (15, 30 or 60 minutes, a day), and points that carry the number
of their step. In a curve of type A03 a point holds until the next one, so that steps without a point are filled; in one
of type A01 every step has its own point, and a step without one has no price. A price is known from the start of its
step to its end.

One zone may have several auctions for the same hours. Each has a subject of its own: the zone, with the auction's
sequence where the document states it, and with contract, length of step and a number as far as it takes to tell them
apart.

References
----------
1. ENTSO-E, "Publication document" (urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:0 to 7:3) and IEC 62325-451-3;
   curve types: "Introduction of different time series possibilities (curve type) within ENTSO-E electronic documents".
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from pathlib import Path

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.clock import MS_PER_S, milliseconds
from gigawatt.readers.csv_rows import number
from gigawatt.readers.readings import (
    MOST_BLOCK_COUNT,
    FileAsked,
    FileEvent,
    ReadingBlock,
    ReadingSeries,
    Rejected,
    Remark,
)
from gigawatt.readers.single_readings import SingleReading, in_blocks
from gigawatt.readers.xml_parts import XmlPart, xml_parts

ROOT = "Publication_MarketDocument"
EXPECTED = f"a document of prices of ENTSO-E, a {ROOT} of type A44 (an Acknowledgement_MarketDocument holds none)"
SERIES, PRICES = "TimeSeries", "A44"
EACH, HELD = "A01", "A03"  # types of curve
SEQUENCE = "classificationSequence_AttributeInstanceComponent.position"
CONTRACT = "contract_MarketAgreement.type"
MEASURES = {"MWH": "MWh", "KWH": "kWh"}
MINUTES = {"M": 1, "H": 60, "D": 1_440}
MS_PER_MIN = 60 * MS_PER_S
HOUR_MS = 60 * MS_PER_MIN
# Holes that are named, of all that there are.
MOST_NAMED_COUNT = 3
_RESOLUTION = re.compile(r"P(?:T(?P<size>[0-9]{1,3})(?P<unit>[MH])|(?P<days>[0-9]{1,2})D)")
_INDEX = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """The steps of a period: their edges, one more than they are."""

    start_ms: int
    step_ms: int
    end_ms: int
    count: int

    def edges_ms(self, step: int) -> tuple[int, int]:
        """Start and end of a step, counted from 1; the last ends with its period."""
        start_ms = self.start_ms + (step - 1) * self.step_ms
        return start_ms, self.end_ms if step == self.count else start_ms + self.step_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class _Auction:
    """A time series without its prices: what tells it from others of its zone, and the times that it covers."""

    zone: str
    sequence: str
    contract: str
    resolution: str
    start_ms: int
    end_ms: int


@dataclass(slots=True, kw_only=True)
class _PriceTally:
    """What is told of a whole file when it has been read."""

    prices: int = 0
    filled: int = 0
    holes: list[str] = field(default_factory=list)  # the first of them, in words
    holes_count: int = 0


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
    """Prices as readings in the document's own currency and measure, such as EUR/MWh, by bidding zone and auction.

    Raises CatalogError where the file cannot be read, is no XML, or is another document than one of prices.
    """
    series = (part for part in _parts(file) if isinstance(part, XmlPart) and part.name == SERIES)
    subjects = _subjects([_auction(part) for part in series])
    return in_blocks(_items(file, asked, subjects))


def _parts(file: Path) -> Iterator[XmlPart | Rejected]:
    """The document's parts. Raises CatalogError where it says that it is no document of prices."""
    for part in xml_parts(file, ROOT, EXPECTED):
        if isinstance(part, XmlPart) and part.name == "type" and part.text.strip() != PRICES:
            given = f"a document of type {part.text.strip()[:40]}"
            raise CatalogError([Fault(path=str(file), given=given, expected=EXPECTED)])
        yield part


def _items(file: Path, asked: FileAsked, subjects: Sequence[str]) -> Iterator[SingleReading | Rejected | Remark]:
    tally = _PriceTally()
    names = iter(subjects)  # in the order of the file, which is read a second time
    for part in _parts(file):
        if isinstance(part, Rejected):
            yield part
        elif part.name == SERIES:
            yield from _prices(part, next(names), asked, tally)
    yield from _remarks(subjects, tally)


def _auction(part: XmlPart) -> _Auction:
    edges_ms = []
    for period in part.each("Period"):
        try:
            steps = _steps(period)
        except ValueError:
            continue  # told where its prices are read
        edges_ms += [steps.start_ms, steps.end_ms]
    return _Auction(
        zone=part.words("out_Domain.mRID") or part.words("in_Domain.mRID"),
        sequence=part.words(SEQUENCE),
        contract=part.words(CONTRACT),
        resolution=part.words("Period", "resolution"),
        start_ms=min(edges_ms, default=0),
        end_ms=max(edges_ms, default=0),
    )


def _subjects(auctions: Sequence[_Auction]) -> list[str]:
    """A subject for every time series such that none covers a time twice, as short as it can be."""
    subjects = ["/".join(filter(None, (one.zone, one.sequence))) for one in auctions]
    for name in ("contract", "resolution"):
        clashing = _clashing(subjects, _lanes(subjects, auctions))
        values = defaultdict(set)
        for subject, one in zip(subjects, auctions, strict=True):
            values[subject].add(getattr(one, name))
        subjects = [
            f"{subject}/{getattr(one, name)}" if subject in clashing and len(values[subject]) > 1 else subject
            for subject, one in zip(subjects, auctions, strict=True)
        ]
    lanes = _lanes(subjects, auctions)
    clashing = _clashing(subjects, lanes)
    return [
        f"{subject}/{lane + 1}" if subject in clashing else subject
        for subject, lane in zip(subjects, lanes, strict=True)
    ]


def _clashing(subjects: Sequence[str], lanes: Sequence[int]) -> set[str]:
    return {subject for subject, lane in zip(subjects, lanes, strict=True) if lane}


def _lanes(subjects: Sequence[str], auctions: Sequence[_Auction]) -> list[int]:
    """For every time series how many of its subject go on when it starts, or rather the first place that is free."""
    lanes = [0] * len(subjects)
    busy: dict[str, list[tuple[int, int]]] = defaultdict(list)  # heaps of (end, lane)
    free: dict[str, list[int]] = defaultdict(list)  # heaps of lanes
    for place in sorted(range(len(subjects)), key=lambda n: auctions[n].start_ms):
        subject, one = subjects[place], auctions[place]
        while busy[subject] and busy[subject][0][0] <= one.start_ms:
            heappush(free[subject], heappop(busy[subject])[1])
        lanes[place] = heappop(free[subject]) if free[subject] else len(busy[subject])
        heappush(busy[subject], (one.end_ms, lanes[place]))
    return lanes


def _prices(part: XmlPart, subject: str, asked: FileAsked, tally: _PriceTally) -> Iterator[SingleReading | Rejected]:
    """The prices of a time series."""
    currency, measure = part.words("currency_Unit.name"), part.words("price_Measure_Unit.name")
    unit = f"{currency}/{MEASURES.get(measure, measure)}" if currency and measure else asked.unit
    curve = part.words("curveType") or EACH
    reason = "" if subject else "a time series without a bidding zone (out_Domain.mRID)"
    reason = reason if unit else "a time series that states no currency or measure, and none is guessed"
    if curve not in (EACH, HELD):
        reason = f"a curve of type {curve[:40]}: {EACH} and {HELD} are read"
    if reason:
        yield Rejected(line=part.line, reason=reason)
        return
    series = ReadingSeries(quantity="price", unit=unit, site=asked.site, subject=subject)
    for period in part.each("Period"):
        try:
            steps = _steps(period)
        except ValueError as error:
            yield Rejected(line=period.line, reason=str(error))
            continue
        yield from _period(period, steps, series, curve == HELD, tally)


def _period(
    period: XmlPart, steps: _Steps, series: ReadingSeries, held: bool, tally: _PriceTally
) -> Iterator[SingleReading | Rejected]:
    """The prices of a period, step by step; what it has no price for is told."""
    known: dict[int, tuple[int, float]] = {}
    for point in period.each("Point"):
        try:
            step, price = _point(point, steps, known)
        except ValueError as error:
            yield Rejected(line=point.line, reason=str(error))
        else:
            known[step] = (point.line, price)
    last = None
    for step in range(1, steps.count + 1):
        last = known.get(step, last if held else None)
        start_ms, end_ms = steps.edges_ms(step)
        if last is None:
            tally.holes_count += 1
            if len(tally.holes) < MOST_NAMED_COUNT:
                tally.holes.append(f"position {step} at {text_of(start_ms)}")
            continue
        tally.prices += 1
        tally.filled += step not in known
        yield SingleReading(series=series, line=last[0], start_ms=start_ms, end_ms=end_ms, value=last[1])


def _point(point: XmlPart, steps: _Steps, known: Collection[int]) -> tuple[int, float]:
    """Position and price of a point. Raises ValueError, which says what is wrong with it."""
    position, text = point.words("position"), point.words("price.amount")
    step = int(position) if _INDEX.fullmatch(position) else 0
    if not 1 <= step <= steps.count:
        raise ValueError(f'position "{position[:40]}" in a period of {steps.count} steps')
    if step in known:
        raise ValueError(f"position {step} a second time in one period")
    price = number(text)
    if not math.isfinite(price):
        raise ValueError(f'the price "{text[:40]}" is no number' if text else "a point without a price (price.amount)")
    return step, price


def _steps(period: XmlPart) -> _Steps:
    """The steps of a period. Raises ValueError where it states none that fill it."""
    text = period.words("resolution")
    found = _RESOLUTION.fullmatch(text)
    size = int(found["days"] or found["size"]) if found else 0
    if not found or not size:
        raise ValueError(f'the resolution "{text[:40]}" is not read: expected PT15M, PT30M, PT60M or P1D')
    step_ms = size * MINUTES[found["unit"] or "D"] * MS_PER_MIN
    start_ms, end_ms = (milliseconds(period.words("timeInterval", edge)) for edge in ("start", "end"))
    count, rest = divmod(end_ms - start_ms, step_ms)
    if found["days"] and size == 1 and abs(end_ms - start_ms - step_ms) <= HOUR_MS:
        count, rest = 1, 0  # a day in which clocks are changed has 23 or 25 hours
    if end_ms <= start_ms or rest or count > MOST_BLOCK_COUNT:
        raise ValueError(f"a period from {text_of(start_ms)} to {text_of(end_ms)} is no row of steps of {text}")
    return _Steps(start_ms=start_ms, step_ms=step_ms, end_ms=end_ms, count=count)


def text_of(time_ms: int) -> str:
    """A time as the documents write it.

    >>> text_of(1767308400000)
    '2026-01-01T23:00Z'
    """
    return f"{datetime.fromtimestamp(time_ms / MS_PER_S, tz=UTC):%Y-%m-%dT%H:%MZ}"


def _remarks(subjects: Sequence[str], tally: _PriceTally) -> Iterator[Remark]:
    yield Remark(code="prices", text=f"Time series: {len(subjects):,}; prices: {tally.prices:,}.")
    names = list(dict.fromkeys(subjects))
    if len(names) > 1:
        yield Remark(
            code="auctions", text=f"Prices of several auctions or zones are kept apart: {', '.join(names[:10])}."
        )
    if tally.filled:
        text = f"Steps that hold the price before them, as curves of type {HELD} say: {tally.filled:,}."
        yield Remark(code="filled", text=text)
    if tally.holes_count:
        more = ", …" if tally.holes_count > len(tally.holes) else ""
        text = f"Steps without a price, which are not filled: {tally.holes_count:,} ({'; '.join(tally.holes)}{more})."
        yield Remark(code="holes", text=text)
