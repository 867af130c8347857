"""Meter readings in Green Button files: ESPI in an Atom feed, as utilities give their customers [1].

A feed's entries are usage points (meters), meter readings, reading types (unit, power of ten, direction) and blocks of
intervals, which find each other by links in several styles: a block or reading names the other's address, the list
that it is in, or an address that begins with the other's. Times are seconds of UTC and are taken as such, whatever
local time the feed describes beside them. What flows back is positive, with a direction of its own.

References
----------
1. NAESB REQ.21, Energy Services Provider Interface: espi.xsd and atom.xsd, www.naesb.org/espi, enumerations of UomType,
   FlowDirectionType, AccumulationBehaviourType, CommodityType and QualityOfReading.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gigawatt.readers.clock import MS_PER_S, epoch_milliseconds
from gigawatt.readers.csv_rows import number
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, ReadingSeries, Rejected, Remark
from gigawatt.readers.single_readings import SingleReading, in_blocks
from gigawatt.readers.xml_parts import XmlPart, xml_parts

EXPECTED = "a Green Button file, an Atom feed of ESPI entries"
POINT, READING, TYPE, BLOCK = "UsagePoint", "MeterReading", "ReadingType", "IntervalBlock"
WATT_HOURS, WATTS = "72", "38"
FORWARD, REVERSE, UNDIRECTED = "1", "19", ("", "0")
ELECTRICITY = ("", "0", "1", "2")  # commodities: not stated, none, secondary, transmission
# Ways of counting whose intervals do not add up: totals since a meter was set up, peaks, and summaries.
NOT_OF_INTERVALS = {"1": "bulk quantities", "2": "continuous totals", "3": "cumulative totals", "9": "summations"}
# Qualities: estimated, interpolated, questionable, derived, mixed; and what is projected.
DOUBTFUL, FORECAST = ("8", "9", "10", "11", "13"), "12"
LONGEST_S = 366 * 86_400
_WHOLE = re.compile(r"-?[0-9]{1,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An entry of the feed without its intervals: what it is, its links, and the texts of its fields."""

    kind: str
    address: str
    links: tuple[str, ...]
    fields: Mapping[str, str]
    intervals: XmlPart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meter:
    """How the intervals of one meter reading are read."""

    series: ReadingSeries
    size: float
    length_s: str
    passed_over: str
    undirected: bool
    numbered: bool = False


@dataclass(slots=True, kw_only=True)
class _IntervalTally:
    """What is told of a whole file when it has been read."""

    readings: int = 0
    costs: int = 0
    doubtful: int = 0


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
    """Intervals as readings of energy (Wh) or of mean power (W), by meter.

    `asked.quantity` is what the meter counts where it counts forward; `asked.subject` names it where the file has one.
    Raises CatalogError where the file cannot be read or is no Atom feed.
    """
    entries = [entry for entry in _entries(file) if isinstance(entry, _Entry) and entry.kind != BLOCK]
    return in_blocks(_items(file, asked, entries))


def _entries(file: Path) -> Iterator[_Entry | Rejected]:
    for part in xml_parts(file, "feed", EXPECTED):
        if isinstance(part, Rejected):
            yield part
        elif part.name == "entry":
            yield from _contents(part)


def _contents(entry: XmlPart) -> Iterator[_Entry]:
    links = [(link.attributes.get("rel", ""), link.attributes.get("href", "")) for link in entry.each("link")]
    address = next((href for rel, href in links if rel == "self"), "")
    for content in entry.each("content"):
        for part in content.parts:
            if part.name in (POINT, READING, TYPE, BLOCK):
                yield _Entry(
                    kind=part.name,
                    address=address,
                    links=tuple(href for rel, href in links if rel in ("up", "related") and href),
                    fields={} if part.name == BLOCK else {one.name: one.text.strip() for one in part.parts},
                    intervals=part if part.name == BLOCK else None,
                )


def _linked(one: _Entry, other: _Entry) -> bool:
    """Whether either names the other, or the first one's address is within the other's."""
    within = bool(other.address) and one.address.startswith(f"{other.address}/")
    return within or other.address in one.links or one.address in other.links


def _of(one: _Entry, others: Sequence[_Entry]) -> _Entry | None:
    """The entry that one belongs to, by a link or a list that both name; without any, the only one that there is."""
    found = [other for other in others if _linked(one, other)]
    found = found or [other for other in others if not set(one.links).isdisjoint(other.links)]
    candidates = found or others
    return candidates[0] if len(candidates) == 1 else None


def _meters(entries: Sequence[_Entry], asked: FileAsked) -> list[tuple[_Entry, _Meter]]:
    """How the intervals of every meter reading are read; of every reading type, where a feed has no meter readings."""
    points, readings, types = ([one for one in entries if one.kind == kind] for kind in (POINT, READING, TYPE))
    meters = [(one, _meter(one, types, points, asked)) for one in readings or types]
    names = Counter(meter.series for _, meter in meters if not meter.passed_over)
    several = [one for one, meter in meters if names[meter.series] > 1]
    return [(one, _numbered(meter, _name(one, several)) if one in several else meter) for one, meter in meters]


def _numbered(meter: _Meter, name: str) -> _Meter:
    """A meter reading that is one of several of its meter, by a name of its own."""
    subject = f"{meter.series.subject}/{name}".lstrip("/")
    return replace(meter, series=replace(meter.series, subject=subject), numbered=True)


def _meter(reading: _Entry, types: Sequence[_Entry], points: Sequence[_Entry], asked: FileAsked) -> _Meter:
    kind = reading if reading.kind == TYPE else _of(reading, types)
    fields = kind.fields if kind else {}
    forward, unit = asked.quantity or "facility_energy", "Wh"
    if fields.get("uom") == WATTS:
        forward, unit = f"{forward.removesuffix('_energy')}_power", "W"
    back = "energy_returned" if unit == "Wh" else "power_returned"
    point = _of(reading, points)
    parts = (asked.subject, _name(point, points) if point and (len(points) > 1 or not asked.subject) else "")
    return _Meter(
        series=ReadingSeries(
            quantity=back if fields.get("flowDirection") == REVERSE else forward,
            unit=unit,
            site=asked.site,
            subject="/".join(filter(None, parts)),
        ),
        size=10.0 ** int(fields.get("powerOfTenMultiplier") or 0) if _power_is_whole(fields) else math.nan,
        length_s=fields.get("intervalLength", ""),
        passed_over=_passed_over(fields),
        undirected=fields.get("flowDirection", "") in UNDIRECTED,
    )


def _name(entry: _Entry, others: Sequence[_Entry]) -> str:
    """The end of an entry's address, which says what it is and which; the whole where others end alike."""
    ends = ["/".join(one.address.rstrip("/").split("/")[-2:]) for one in (entry, *others)]
    return ends[0] if ends.count(ends[0]) <= 2 else entry.address


def _power_is_whole(fields: Mapping[str, str]) -> bool:
    return bool(_WHOLE.fullmatch(fields.get("powerOfTenMultiplier") or "0"))


def _passed_over(fields: Mapping[str, str]) -> str:
    """Why intervals of a reading type are not read; "" where they are."""
    unit, way = fields.get("uom", ""), fields.get("accumulationBehaviour", "")
    direction, commodity = fields.get("flowDirection", ""), fields.get("commodity", "")
    reasons = {
        "no reading type is linked to it": not fields,
        f"its commodity {commodity} is not electricity": commodity not in ELECTRICITY,
        f"its unit {unit} is neither Wh ({WATT_HOURS}) nor W ({WATTS})": unit not in (WATT_HOURS, WATTS),
        f"it counts {NOT_OF_INTERVALS.get(way, '')}, which do not add up": way in NOT_OF_INTERVALS,
        f"its direction {direction} is neither forward ({FORWARD}) nor reverse ({REVERSE})": direction
        not in (FORWARD, REVERSE, *UNDIRECTED),
        "its power of ten is no whole number": not _power_is_whole(fields),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _items(file: Path, asked: FileAsked, entries: Sequence[_Entry]) -> Iterator[SingleReading | Rejected | Remark]:
    meters = _meters(entries, asked)
    readings = [one for one, _ in meters]
    tally = _IntervalTally()
    for entry in _entries(file):
        if isinstance(entry, Rejected):
            yield entry
            continue
        if entry.intervals is None:
            continue
        reading = _of(entry, readings)
        if reading is None:
            reason = "a block of intervals that no link leads to a meter reading from"
            yield Rejected(line=entry.intervals.line, reason=reason)
            continue
        yield from _block(entry.intervals, next(meter for one, meter in meters if one is reading), tally)
    for one, meter in meters:
        if meter.passed_over:
            yield Remark(code="passed_over", text=f"{one.kind} {one.address} is passed over: {meter.passed_over}.")
    yield from _remarks([meter for _, meter in meters if not meter.passed_over], tally)


def _block(block: XmlPart, meter: _Meter, tally: _IntervalTally) -> Iterator[SingleReading | Rejected]:
    if meter.passed_over:
        return
    for part in block.each("IntervalReading"):
        try:
            yield _reading(part, meter)
        except ValueError as error:
            yield Rejected(line=part.line, reason=str(error))
            continue
        tally.readings += 1
        tally.costs += bool(part.words("cost"))
        tally.doubtful += any(one.text.strip() in DOUBTFUL for one in part.each("ReadingQuality", "quality"))


def _reading(part: XmlPart, meter: _Meter) -> SingleReading:
    """One interval. Raises ValueError, which says what is wrong with it."""
    start_ms = epoch_milliseconds(part.words("timePeriod", "start"), "s")
    length = part.words("timePeriod", "duration") or meter.length_s
    length_s, value = number(length), number(part.words("value")) * meter.size
    if not 0 <= length_s <= LONGEST_S:
        raise ValueError(f'a duration of "{length[:40]}": expected seconds, of at most a year')
    if not math.isfinite(value):
        raise ValueError(f'the value "{part.words("value")[:40]}" is no number')
    if value < 0:
        raise ValueError("a negative value: what flows back has a direction of its own, and is positive")
    if any(one.text.strip() == FORECAST for one in part.each("ReadingQuality", "quality")):
        raise ValueError("a forecast, which is no reading")
    end_ms = start_ms + round(length_s * MS_PER_S)
    return SingleReading(series=meter.series, line=part.line, start_ms=start_ms, end_ms=end_ms, value=value)


def _remarks(meters: Sequence[_Meter], tally: _IntervalTally) -> Iterator[Remark]:
    yield Remark(code="intervals", text=f"Meter readings: {len(meters):,}; intervals taken: {tally.readings:,}.")
    if any(meter.undirected for meter in meters):
        yield Remark(code="direction", text="A reading type without a direction is taken as forward, to the customer.")
    numbered = [meter.series.subject for meter in meters if meter.numbered]
    if numbered:
        text = f"Meter readings of one meter that may count the same energy: {', '.join(numbered[:10])}."
        yield Remark(code="same_meter", text=text)
    if tally.doubtful:
        text = f"Intervals that are estimated, derived or questionable, by their quality: {tally.doubtful:,}."
        yield Remark(code="quality", text=text)
    if tally.costs:
        yield Remark(code="cost", text=f"Intervals whose cost is not read, for bills tell it: {tally.costs:,}.")
