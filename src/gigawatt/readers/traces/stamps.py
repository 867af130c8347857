"""Stamps of requests as services write them → nanoseconds of UTC since 1970, many at once and one by one.

The clock of `readers/clock.py` keeps milliseconds, which meters and bills do with; requests of a busy service come
within one. Forms: a date and a time with "T" or a blank between them, a fraction of 0 to 9 digits (`strptime` reads 6
at most) and perhaps an offset, of several forms in one column. A stamp without an offset is of a clock that is not
told, and counts as one of UTC, for only the time between stamps matters.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import numpy as np

from gigawatt.readers.clock import END_YEAR, FIRST_YEAR
from gigawatt.readers.traces.digits import TEN, WORD, ZERO, Flags, Ints64, SignText, Words, whole_numbers

NS_PER_S = 1_000_000_000
# The offset [s] of a stamp that states none.
NO_OFFSET = -(1 << 30)
_S_PER_DAY, _S_PER_H, _S_PER_MIN = 86_400, 3_600, 60
_NS_DIGITS = 9
_EPOCH = date(1970, 1, 1)
_DATE, _CLOCK, _LOCAL = len("2023-11-16"), len("2023-11-16 "), len("2023-11-16 18:17:03")
# Signs of the longest stamp that there is.
_LONGEST = len("2023-11-16 18:17:03.123456789 +00:00")
_COLON = ord(":") - ZERO
_STAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:[.,]([0-9]{1,9}))?\ ?(?:(Z|UTC)|([+-])([0-9]{2}):?([0-9]{2}))?",
    re.ASCII,
)
_TAIL = re.compile(rb"([.,][0-9]{1,9})?\ ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?")
_WESTERNMOST_S, _EASTERNMOST_S = -12 * _S_PER_H, 14 * _S_PER_H


def nanoseconds(text: str) -> tuple[int, int]:
    """One stamp: its time [ns of UTC since 1970] and the offset that it states [s], or NO_OFFSET.

    Raises ValueError, whose text says what would be one.

    >>> nanoseconds("2023-11-16 18:17:03.9799600")[0], nanoseconds("2024-05-12 02:00:00+02:00")
    (1700158623979960000, (1715472000000000000, 7200))
    """
    found = _STAMP.fullmatch(text.strip())
    if not found:
        raise ValueError("a time such as 2023-11-16 18:17:03.9799600 or 2024-05-12 00:00:00+00:00")
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    try:
        local = datetime(year, month, day, hour, minute, second)
    except ValueError as error:
        raise ValueError(f"a time that there is ({error})") from None
    if not FIRST_YEAR <= year < END_YEAR:
        raise ValueError(f"a time of the years {FIRST_YEAR} to {END_YEAR - 1}")
    offset_s = _offset_s(found)
    local_s = (local - datetime(1970, 1, 1)) // timedelta(seconds=1)
    fraction_ns = int((found[7] or "").ljust(_NS_DIGITS, "0"))
    return (local_s - (0 if offset_s == NO_OFFSET else offset_s)) * NS_PER_S + fraction_ns, offset_s


def _offset_s(found: re.Match[str]) -> int:
    if found[9] is None:
        return 0 if found[8] else NO_OFFSET
    size_s = int(found[10]) * _S_PER_H + int(found[11]) * _S_PER_MIN
    offset_s = -size_s if found[9] == "-" else size_s
    if int(found[11]) >= _S_PER_MIN or not _WESTERNMOST_S <= offset_s <= _EASTERNMOST_S:
        raise ValueError("an offset from UTC of -12:00 to +14:00")
    return offset_s


def column_nanoseconds(text: SignText, starts: Ints64, ends: Ints64) -> tuple[Ints64, Ints64, Flags]:
    """A column of stamps: times [ns], offsets [s], and which of them were read; others are for `nanoseconds`.

    Those of one width are read at once as far as they are of the form of the first of them.
    """
    times_ns = np.zeros(len(starts), dtype=np.int64)
    offsets_s = np.full(len(starts), NO_OFFSET, dtype=np.int64)
    read = np.zeros(len(starts), dtype=np.bool_)
    widths = ends - starts
    for width in np.flatnonzero(np.bincount(np.minimum(widths, _LONGEST))):
        places = np.flatnonzero(widths == width) if (widths != width).any() else slice(None)
        first = text.signs[starts[places][0] : ends[places][0]].tobytes()
        try:
            offset_s = nanoseconds(first.decode())[1]
        except ValueError:
            continue
        local_ns, known = _alike(text, starts[places], first)
        times_ns[places] = local_ns - (0 if offset_s == NO_OFFSET else offset_s) * NS_PER_S
        offsets_s[places] = offset_s
        read[places] = known
    return times_ns, offsets_s, read


def _alike(text: SignText, starts: Ints64, form: bytes) -> tuple[Ints64, Flags]:
    """Times on the stamps' own clocks [ns] of those that have the form, and the offset, of a stamp; which have it."""
    tail = _TAIL.fullmatch(form[_LOCAL:])
    fraction = len(tail[1] or b"") if tail else 0
    known = np.ones(len(starts), dtype=np.bool_)
    for place in (_CLOCK - 1, _LOCAL, *range(_LOCAL + max(fraction, 1), len(form))):
        if place < len(form):
            known &= text.signs[starts + place] == form[place]
    days, dated = _days(text, starts)
    clock_s, clocked = _clock_s(text.from_place(starts + _CLOCK))
    local_ns = (days * _S_PER_DAY + clock_s) * NS_PER_S
    known &= dated & clocked
    if fraction:
        below, digits = whole_numbers(text, starts + _LOCAL + 1, starts + _LOCAL + fraction)
        local_ns += below * TEN ** (_NS_DIGITS + 1 - fraction)
        known &= digits
    return local_ns, known


def _clock_s(words: Words) -> tuple[Ints64, Flags]:
    """The time of day of words such as "18:17:03" [s], and which are one."""
    digits = [(words >> np.uint64(8 * place)).astype(np.uint8) - np.uint8(ZERO) for place in range(WORD)]
    right = (digits[2] == _COLON) & (digits[5] == _COLON)
    for place in (0, 1, 3, 4, 6, 7):
        right &= digits[place] < TEN
    hour, minute, second = (digits[n].astype(np.int64) * TEN + digits[n + 1] for n in (0, 3, 6))
    right &= (hour < _S_PER_DAY // _S_PER_H) & (minute < _S_PER_MIN) & (second < _S_PER_MIN)
    return hour * _S_PER_H + minute * _S_PER_MIN + second, right


def _days(text: SignText, starts: Ints64) -> tuple[Ints64, Flags]:
    """Days since 1970 of the dates at these places, and which are one of the years on record.

    Stamps of one day follow each other, so that a date is read once for each run of them.
    """
    upper, lower = text.from_place(starts), text.words[starts + _DATE]
    changed = np.flatnonzero((np.diff(upper) != 0) | (np.diff(lower) != 0)) + 1
    runs = np.concatenate([[0], changed])
    days = np.zeros(len(runs), dtype=np.int64)
    known = np.zeros(len(runs), dtype=np.bool_)
    for n, start in enumerate(starts[runs].tolist()):
        written = text.signs[start : start + _DATE].tobytes()
        if written[4:5] + written[7:8] != b"--":
            continue
        try:
            day = date.fromisoformat(written.decode())
        except ValueError:
            continue
        days[n], known[n] = (day - _EPOCH).days, FIRST_YEAR <= day.year < END_YEAR
    lengths = np.diff(np.append(runs, len(starts)))
    return np.repeat(days, lengths), np.repeat(known, lengths)
