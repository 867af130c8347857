"""Hours of a year in files: times as text, the offset of their clock, and that no hour is missing, twice or astray."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone

import numpy as np

from gigawatt.catalog.readers.csv_rows import Column, Floats, remark
from gigawatt.errors import CatalogError, Fault

DAY_H, COMMON_YEAR_H, LEAP_YEAR_H = 24, 8760, 8784
LEAP_DAY_H = 59 * DAY_H  # hours before 29 February
DATED, UNDATED = "%Y-%m-%d %H:%M", "%m-%d %H:%M"
_HOUR = timedelta(hours=1)
# How many runs of missing hours are named before "…".
_MOST_RUNS_COUNT = 3


def clock(column: Column, utc_offset_h: float | None) -> tuple[list[datetime], float]:
    """Times of a file on its own clock, and the offset of that clock from UTC [h].

    utc_offset_h: for files whose times do not state it. Where they do, and it changes through the file (summer time),
    the clock is that of the first row.

    Raises CatalogError where a cell is no time, or neither the file nor the argument states the offset.
    """
    times = [_time(cell) for cell in column.cells]
    faults: list[Fault] = []
    remark(column, np.array([time is None for time in times]), "a time such as 2024-01-01 00:00", faults)
    known = [time for time in times if time is not None]
    stated = [time.utcoffset() is not None for time in known]
    if not faults and any(stated) and not all(stated):
        remark(column, ~np.array(stated), "an offset from UTC such as -06:00, as the other rows have", faults)
    if faults:
        raise CatalogError(faults)
    first = known[0].utcoffset()
    own_h = None if first is None else first / _HOUR
    offset_h = stated_or("UTC offset", "h", column.file, own_h, utc_offset_h)
    if first is not None:
        known = [time.astimezone(timezone(first)).replace(tzinfo=None) for time in known]
    return known, offset_h


def stated_or(what: str, unit: str, file: str, stated: float | None, argument: float | None) -> float:
    """What a file states of itself, else the argument. Raises CatalogError where neither says it."""
    known = stated if stated is not None else argument
    if known is None:
        expected = f"the {what} in {unit}: the file does not state it, and it is not guessed"
        raise CatalogError([Fault(path=f"{file} {what}", given="not said", expected=expected)])
    return known


def check_year(file: str, lines: Sequence[int], times: Sequence[datetime], form: str = DATED) -> None:
    """That the times are all hours of one year, each once and in order; `form` writes them in an error.

    Raises CatalogError with the first row that is not on the hour, out of order, repeated or of another year, or else
    with the hours that are missing.
    """
    seen: dict[datetime, int] = {}
    for n, (line, time) in enumerate(zip(lines, times, strict=True)):
        text, before = time.strftime(form), times[max(n - 1, 0)]
        expected = ""
        if time.minute or time.second or time.microsecond:
            expected = "a whole hour"
        elif time in seen:
            expected = f"each hour once, without summer time; it stands in row {seen[time]} as well"
        elif time < before:
            expected = f"hours in order; it follows {before.strftime(form)}"
        elif time.year != times[0].year:
            expected = f"an hour of {times[0].year}, the year of the first row"
        if expected:
            raise CatalogError([Fault(path=f"{file} row {line}", given=text, expected=expected)])
        seen[time] = line
    refuse_missing(file, [hour for hour in hours_of(times[0].year) if hour not in seen], form)


def refuse_missing(file: str, missing: Sequence[datetime], form: str = DATED) -> None:
    """Raises CatalogError that names missing hours, where there are any: they are never filled."""
    if missing:
        runs = list(_runs(missing))
        spans = [f"{a.strftime(form)} to {b.strftime(form)}" if a != b else a.strftime(form) for a, b in runs]
        named = "; ".join(spans[:_MOST_RUNS_COUNT]) + ("; …" if len(spans) > _MOST_RUNS_COUNT else "")
        given = f"{len(missing)} hour{'s' if len(missing) > 1 else ''} missing: {named}"
        raise CatalogError([Fault(path=file, given=given, expected="every hour of the year; none is filled in")])


def hours_of(year: int) -> list[datetime]:
    """The beginnings of all hours of a year."""
    start, end = datetime(year, 1, 1), datetime(year + 1, 1, 1)
    return [start + n * _HOUR for n in range((end - start) // _HOUR)]


def repeat_leap(values: Floats, hours_count: int) -> Floats:
    """An hourly year in a calendar of 8,760 or 8,784 hours: 29 February repeats 28 February, or is left out."""
    if {len(values), hours_count} - {COMMON_YEAR_H, LEAP_YEAR_H}:
        raise ValueError(f"{len(values)} hours to {hours_count}: expected {COMMON_YEAR_H} or {LEAP_YEAR_H}")
    if len(values) == hours_count:
        return values
    if hours_count == LEAP_YEAR_H:
        return np.insert(values, LEAP_DAY_H, values[LEAP_DAY_H - DAY_H : LEAP_DAY_H])
    return np.delete(values, slice(LEAP_DAY_H, LEAP_DAY_H + DAY_H))


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _runs(hours: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """First and last of each unbroken run of sorted hours."""
    start = hours[0]
    for one, following in zip(hours, [*hours[1:], None], strict=True):
        if following is None or following - one != _HOUR:
            yield start, one
            start = following or one
