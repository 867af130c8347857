"""Hours of a year in files: times as text, the clock they are on, and that no hour is missing, twice or astray."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CatalogError, Fault
from gigawatt.ndarrays import Floats
from gigawatt.readers.csv_rows import CsvColumn, remark

DAY_H, COMMON_YEAR_H, LEAP_YEAR_H = 24, 8760, 8784
HOUR_MIN = 60
LEAP_DAY_H = 59 * DAY_H  # hours before 29 February
DATED, UNDATED = "%Y-%m-%d %H:%M", "%m-%d %H:%M"
# Years that stand for any of their length.
COMMON, LEAP = 2023, 2024
# Offsets of clocks on Earth, and years that hourly files are of: beyond them a cell is a slip.
WESTERNMOST_H, EASTERNMOST_H = -12.0, 14.0
FIRST_YEAR, LAST_YEAR = 1900, 2200
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# How many runs of missing hours are named before "…".
_MOST_RUNS_COUNT = 3
# Day first, as European markets write it, alone or as the first half of "01/01/2025 00:00 - 01/01/2025 00:15".
_DAY_FIRST = re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d\d:\d\d(?::\d\d)?)( - \d\d/\d\d/\d{4} \d\d:\d\d(?::\d\d)?)?")
_MIDNIGHT = re.compile(r"([T ])24:00(:00)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The rows of a whole year, without a gap: when the first begins on a clock of utc_offset_h, and how long each is.

    Rows are hours or equal parts of an hour. notes: what was made of the times, in words.
    """

    first: datetime
    minutes: NDArray[np.int64]
    utc_offset_h: float
    notes: tuple[str, ...] = ()


def read_year(column: CsvColumn, utc_offset_h: float | None, told_by: str = "") -> Year:
    """The year of a column of times.

    utc_offset_h: for files whose times do not state it; told_by: the key by which a user says it. Where the times state
    it, and it changes through the file (summer time), the clock is that of the first row. Times that run to 24:00 are
    ends of hours, all others beginnings.

    Raises CatalogError where a cell is no time, neither the file nor the argument states the offset, or hours are
    missing, repeated, out of order or of more than a year.
    """
    times, ends = _times(column)
    first = times[0].utcoffset()
    own_h = None if first is None else first / _HOUR
    offset_h = _on_earth(column.file, stated_or("UTC offset", "h", column.file, own_h, utc_offset_h, told_by))
    if first is not None:
        times = [time.astimezone(timezone(first)).replace(tzinfo=None) for time in times]
    notes = []
    if ends:
        times = [times[0] - (times[1] - times[0] if len(times) > 1 else _HOUR), *times[:-1]]
        notes.append(f"{column.file}: its times run to 24:00, so that they are taken as the ends of its hours.")
    minutes = lengths(column.file, column.lines, times)
    notes += _said(column.file, times, minutes, offset_h)
    return Year(first=times[0], minutes=minutes, utc_offset_h=offset_h, notes=tuple(notes))


def hourly(values: Floats, year: Year, utc_offset_h: float) -> Floats:
    """Means of the hours of a year on a clock of utc_offset_h, from 1 January on; `values` are those of the rows.

    The year is turned to that clock, and what this leaves over at one end stands at the other, for a year repeats. An
    hour that two rows share in part is their mean by time.
    """
    moment = year.first - timedelta(minutes=round((year.utc_offset_h - utc_offset_h) * HOUR_MIN))
    leap = int(year.minutes.sum()) == LEAP_YEAR_H * HOUR_MIN
    day = 28 if (moment.month, moment.day, leap) == (2, 29, False) else moment.day
    january = datetime(LEAP if leap else COMMON, 1, 1)
    start = (moment.replace(year=january.year, day=day) - january) // timedelta(minutes=1)
    part = math.gcd(HOUR_MIN, start % HOUR_MIN, *np.unique(year.minutes).tolist())
    fine = np.roll(np.repeat(values, year.minutes // part), start // part)
    return np.asarray(fine.reshape(-1, HOUR_MIN // part).mean(axis=1))


def stated_or(
    what: str, unit: str, file: str, stated: float | None, argument: float | None, told_by: str = ""
) -> float:
    """What a file states of itself, else the argument. Raises CatalogError where neither says it.

    told_by: the key by which a user says it, for the error.
    """
    known = stated if stated is not None else argument
    if known is None:
        hint = f"; say it with {told_by}" if told_by else ""
        expected = f"the {what} in {unit}: the file does not state it, and it is not guessed{hint}"
        raise CatalogError([Fault(path=f"{file} {what}", given="not said", expected=expected)])
    return known


def lengths(file: str, lines: Sequence[int], times: Sequence[datetime], form: str = DATED) -> NDArray[np.int64]:
    """How long each row is [min], of times that are all hours of one year, or equal parts of them, each once.

    A year may begin on any day. Its rows may become shorter or longer once, as those of a market that goes over to
    quarter-hours. `form` writes times in an error.

    Raises CatalogError with the first row that is repeated, out of order, no such part or beyond the year, or else with
    the hours that are missing.
    """
    whole = np.array([not (time.second or time.microsecond) for time in times])
    since = np.array([(time - times[0]) // timedelta(minutes=1) for time in times])

    def refuse(row: int, expected: str) -> None:
        raise CatalogError([Fault(path=f"{file} row {lines[row]}", given=times[row].strftime(form), expected=expected)])

    for row in np.flatnonzero(np.diff(since) <= 0)[:1] + 1:
        earlier = np.flatnonzero(since[:row] == since[row])
        expected = f"hours in order; it follows {times[row - 1].strftime(form)}"
        if earlier.size:
            expected = f"each hour once, without summer time; it stands in row {lines[earlier[0]]} as well"
        refuse(row, expected)
    count, wrong = _parts(since)
    for row in np.flatnonzero(wrong | ~whole)[:1]:
        usual = int(np.bincount(count).argmax())
        refuse(row, "a whole hour" if usual == 1 else f"a whole hour, or all {usual} equal parts of it")
    begin, end = _span(times[0], since // HOUR_MIN)
    for row in np.flatnonzero([time >= end for time in times])[:1]:
        refuse(row, f"an hour before {end.strftime(form)}, for a file holds one year")
    seen = set((since // HOUR_MIN).tolist())
    refuse_missing(file, [hour for hour in _hours(begin, end) if (hour - times[0]) // _HOUR not in seen], form)
    return HOUR_MIN // count


def refuse_missing(file: str, missing: Sequence[datetime], form: str = DATED) -> None:
    """Raises CatalogError that names missing hours, where there are any: they are never filled."""
    if missing:
        runs = list(_runs(missing))
        spans = [f"{a.strftime(form)} to {b.strftime(form)}" if a != b else a.strftime(form) for a, b in runs]
        named = "; ".join(spans[:_MOST_RUNS_COUNT]) + ("; …" if len(spans) > _MOST_RUNS_COUNT else "")
        given = f"{len(missing)} hour{'s' if len(missing) > 1 else ''} missing: {named}"
        raise CatalogError([Fault(path=file, given=given, expected="every hour of the year; none is filled in")])


def repeat_leap(values: Floats, hours_count: int) -> Floats:
    """An hourly year in a calendar of 8,760 or 8,784 hours: 29 February repeats 28 February, or is left out."""
    if {len(values), hours_count} - {COMMON_YEAR_H, LEAP_YEAR_H}:
        raise ValueError(f"{len(values)} hours to {hours_count}: expected {COMMON_YEAR_H} or {LEAP_YEAR_H}")
    if len(values) == hours_count:
        return values
    if hours_count == LEAP_YEAR_H:
        return np.insert(values, LEAP_DAY_H, values[LEAP_DAY_H - DAY_H : LEAP_DAY_H])
    return np.delete(values, slice(LEAP_DAY_H, LEAP_DAY_H + DAY_H))


def _times(column: CsvColumn) -> tuple[list[datetime], bool]:
    """The cells as times, all with an offset or all without, and whether any is 24:00, the end of a day."""
    read = [_time(cell) for cell in column.cells]
    faults: list[Fault] = []
    remark(column, np.array([time is None for time in read]), "a time such as 2024-01-01 00:00", faults)
    known = [time for time in read if time is not None]
    stated = [time.utcoffset() is not None for time in known]
    if not faults and any(stated) and not all(stated):
        remark(column, ~np.array(stated), "an offset from UTC such as -06:00, as the other rows have", faults)
    if faults:
        raise CatalogError(faults)
    return known, any(_MIDNIGHT.search(cell) for cell in column.cells)


def _time(text: str) -> datetime | None:
    match = _DAY_FIRST.fullmatch(text)
    if match:
        day, month, year, clock, _ = match.groups()
        text = f"{year}-{month}-{day} {clock}"
    days = _DAY if _MIDNIGHT.search(text) else timedelta()
    try:
        time = datetime.fromisoformat(_MIDNIGHT.sub(r"\g<1>00:00", text)) + days
    except (ValueError, OverflowError):
        return None
    return time if FIRST_YEAR <= time.year <= LAST_YEAR else None


def _on_earth(file: str, offset_h: float) -> float:
    minutes = offset_h * HOUR_MIN
    if not WESTERNMOST_H <= offset_h <= EASTERNMOST_H or abs(minutes - round(minutes)) > 1e-6:
        expected = f"whole minutes from {WESTERNMOST_H:g} h to {EASTERNMOST_H:g} h"
        raise CatalogError([Fault(path=f"{file} UTC offset", given=f"{offset_h:g} h", expected=expected)])
    return offset_h


def _parts(since: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """How many rows share the hour of each, and which rows are no equal part of one; minutes since the first row."""
    hour, minute = since // HOUR_MIN, since % HOUR_MIN
    count = np.bincount(hour)[hour]
    place = np.arange(len(since)) - np.searchsorted(hour, hour)
    wrong = minute * count != HOUR_MIN * place
    if np.count_nonzero(np.diff(count)) > 1:
        wrong |= (count != np.bincount(count).argmax()) & (place == count - 1)
    return count, wrong


def _span(first: datetime, hours: NDArray[np.int64]) -> tuple[datetime, datetime]:
    """Beginning and end of the year that most of the hours are of: one from the first row, or a calendar year that
    begins within a day of it; hours since the first row."""
    january = datetime((first + _DAY).year, 1, 1)
    begins = [january, first] if abs(january - first) <= _DAY else [first]
    best = min(begins, key=lambda begin: _astray(hours, (begin - first) // _HOUR, begin))
    return best, _year_after(best)


def _astray(hours: NDArray[np.int64], begin_h: int, begin: datetime) -> int:
    """Hours that are missing of a year, and those that are not of it."""
    length = (_year_after(begin) - begin) // _HOUR
    inside = np.unique(hours[(hours >= begin_h) & (hours < begin_h + length)]).size
    return length - inside + (np.unique(hours).size - inside)


def _year_after(begin: datetime) -> datetime:
    if (begin.month, begin.day) == (2, 29):
        return begin.replace(year=begin.year + 1, month=3, day=1)
    return begin.replace(year=begin.year + 1)


def _said(file: str, times: Sequence[datetime], minutes: NDArray[np.int64], offset_h: float) -> list[str]:
    """What was made of a year's times, where they are not hours of UTC's or its own clock's calendar year."""
    found = []
    for place in np.flatnonzero(np.diff(minutes, prepend=HOUR_MIN)).tolist():
        if minutes[place] < HOUR_MIN:
            since = f" from {times[place].strftime(DATED)} on" if place else ""
            found.append(f"{file}: values of {minutes[place]} minutes{since} are averaged to hours.")
    first = times[0]
    if (first.month, first.day, first.hour, first.minute) != (1, 1, 0, 0):
        text = f"its first hour begins at {first.strftime(DATED)} (UTC{offset_h:+g}); a year repeats, so that what is "
        found.append(f"{file}: {text}before 1 January stands at the end of the year.")
    if (first.minute - round(offset_h * HOUR_MIN)) % int(minutes[0]):
        found.append(f"{file}: its hours lie across two of UTC; each is the mean of both by time.")
    return found


def _hours(begin: datetime, end: datetime) -> Iterator[datetime]:
    return (begin + n * _HOUR for n in range((end - begin) // _HOUR))


def _runs(hours: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """First and last of each unbroken run of sorted hours."""
    start = hours[0]
    for one, following in zip(hours, [*hours[1:], None], strict=True):
        if following is None or following - one != _HOUR:
            yield start, one
            start = following or one
