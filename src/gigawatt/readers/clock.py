"""Times as files write them → whole milliseconds of UTC since 1970; a clock that nobody states is not guessed.

Texts are ISO 8601 in its long form: a date, or a date and a time with "T" or a blank between them, perhaps a fraction
of a second (what is below a millisecond is cut off), and perhaps an offset: "Z", "UTC", "+01:00", "+0100" or "+01". A
date alone is its first moment. Numbers since 1970 are read only where the caller says that they are some.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Instants = NDArray[np.int64]
MS_PER_S, S_PER_H, S_PER_MIN = 1_000, 3_600, 60
# Records of AI factories lie between these years; a time beyond them is a slip, as of seconds for milliseconds.
FIRST_YEAR, END_YEAR = 2000, 2100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
FIRST_MS = (datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // _MS
END_MS = (datetime(END_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // _MS
# Times of more than one form that are read one by one.
_SHORT_COUNT = 16
# Offsets of clocks on Earth.
_WESTERNMOST_S, _EASTERNMOST_S = -12 * S_PER_H, 14 * S_PER_H

_CLOCK = r"[Tt ](?P<hour>[0-9]{2}):[0-9]{2}(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
_OFFSET = r"(?P<sign>[+-])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2}))?"
_ISO = re.compile(rf"(?P<local>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:{_CLOCK})?) ?(?P<zone>[Zz]|UTC|{_OFFSET})?")
_SLASHED = re.compile(r"[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{1,4}\b.*")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE]\+?[0-9]+)?")


def milliseconds(text: str, utc_offset_s: float | None = None) -> int:
    """A time in ISO 8601 as milliseconds; utc_offset_s: of the file's clock, for a time that states no offset.

    Raises ValueError, whose text says what is wrong and what to do.

    >>> milliseconds("2026-01-01T01:00+01:00"), milliseconds("2026-01-01 00:00:00.25", 0.0)
    (1767225600000, 1767225600250)
    """
    text = text.strip()
    found = _ISO.fullmatch(text)
    if not found:
        raise ValueError(_no_time(text))
    try:
        local = datetime.fromisoformat(found["local"].replace(",", ".")).replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(_no_moment(text, found, str(error))) from None
    return _on_record(text, (local - _EPOCH) // _MS - round(MS_PER_S * _offset_s(text, found, utc_offset_s)))


def day_or_time(text: str, utc_offset_s: float | None = None) -> int:
    """A time as `milliseconds` reads it, or a day alone, which begins at midnight of UTC wherever it is.

    >>> day_or_time("2026-01-01"), day_or_time("2026-01-01 01:00", 3600.0)
    (1767225600000, 1767225600000)
    """
    return milliseconds(text, utc_offset_s if ":" in text else 0.0)


def epoch_milliseconds(text: str, unit: Literal["s", "ms"]) -> int:
    """A number of seconds or milliseconds since 1970 as milliseconds. Raises ValueError, which says what is wrong.

    >>> epoch_milliseconds("1795852750.312", "s"), epoch_milliseconds("1795852750312", "ms")
    (1795852750312, 1795852750312)
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'"{text[:40]}" is no number of {unit} since 1970')
    number = float(text)
    return _on_record(text, round(min(number * MS_PER_S if unit == "s" else number, 2.0 * END_MS)))


def column_milliseconds(texts: Sequence[str], utc_offset_s: float | None = None) -> tuple[Instants, dict[int, str]]:
    """A column of times as `milliseconds` reads each, and by place the reasons why some are none (their time is 0).

    Texts of one form, as a machine writes them, are read at once, some twenty times as fast; a column of several, or
    with faults, is halved until each part is of one or short.
    """
    found = np.zeros(len(texts), dtype=np.int64)
    reasons: dict[int, str] = {}
    parts = [range(len(texts))]
    while parts:
        part = parts.pop()
        half = len(part) // 2
        try:
            found[part.start : part.stop] = _alike(texts[part.start : part.stop], utc_offset_s)
        except ValueError:
            if len(part) > _SHORT_COUNT:
                parts += [part[half:], part[:half]]
            else:
                _each(texts, part, utc_offset_s, found, reasons)
    return found, reasons


def _each(
    texts: Sequence[str], part: range, utc_offset_s: float | None, found: Instants, reasons: dict[int, str]
) -> None:
    """Times one by one, into what is found and the reasons why some are none."""
    for place in part:
        try:
            found[place] = milliseconds(texts[place], utc_offset_s)
        except ValueError as error:
            reasons[place] = str(error)


def _alike(texts: Sequence[str], utc_offset_s: float | None) -> Instants:
    """Times of one form and offset, at once. Raises ValueError where any is of another form, or none."""
    first = _ISO.fullmatch(texts[0]) if texts else None
    if not first:
        raise ValueError("no column of times")
    offset_s = _offset_s(texts[0], first, utc_offset_s)
    whole = "".join(texts).encode()
    if {*map(len, texts)} != {len(texts[0])} or len(whole) != len(texts) * len(texts[0]):
        raise ValueError("times of more than one form")
    signs = np.frombuffer(whole, dtype=np.uint8).reshape(len(texts), -1)
    form = signs[0]
    local = len(first["local"])
    digits = (form >= ord("0")) & (form <= ord("9"))
    digits[local:] = False
    if not (signs[:, ~digits] == form[~digits]).all():
        raise ValueError("times of more than one form")
    moving = signs[:, digits]
    if moving.min() < ord("0") or moving.max() > ord("9") or "," in first["local"]:
        raise ValueError("times of more than one form")
    cells = np.ascontiguousarray(signs[:, :local]).view(f"S{local}").ravel()
    found = cells.astype("datetime64[ms]").astype(np.int64)
    found -= round(MS_PER_S * offset_s)
    if found.min() < FIRST_MS or found.max() >= END_MS:
        raise ValueError("times beyond the years on record")
    return found


def _offset_s(text: str, found: re.Match[str], utc_offset_s: float | None) -> float:
    """The offset that a time states, else that of its file's clock."""
    if found["zone"] is None:
        if utc_offset_s is None:
            raise ValueError(f'"{text[:40]}" states no offset from UTC, and none is guessed: say it (utc_offset)')
        return utc_offset_s
    if found["sign"] is None:
        return 0.0
    size_s = S_PER_H * int(found["hours"]) + S_PER_MIN * int(found["minutes"] or 0)
    offset_s = -size_s if found["sign"] == "-" else size_s
    if int(found["minutes"] or 0) >= S_PER_MIN or not _WESTERNMOST_S <= offset_s <= _EASTERNMOST_S:
        raise ValueError(f'"{text[:40]}" has an offset that no clock on Earth has: expected -12:00 to +14:00')
    return offset_s


def _on_record(text: str, found_ms: int) -> int:
    if not FIRST_MS <= found_ms < END_MS:
        raise ValueError(f'"{text[:40]}" is outside of the years {FIRST_YEAR} to {END_YEAR - 1}')
    return found_ms


def _no_time(text: str) -> str:
    """Why a text is no time at all, and what would be one."""
    example = "expected a time such as 2026-01-31T00:15:00Z"
    if not text:
        return f"no time: {example}"
    if _SLASHED.fullmatch(text):
        return f'"{text[:40]}" does not say which is day and which is month: {example}'
    if _NUMBER.fullmatch(text):
        return f'"{text[:40]}" is a bare number: {example}'
    return f'"{text[:40]}" is no time: {example}'


def _no_moment(text: str, found: re.Match[str], error: str) -> str:
    """Why a text in the form of a time is none."""
    if found["hour"] == "24":
        return f'"{text[:40]}" is the end of a day: write 00:00 of the day that follows'
    if found["second"] == "60":
        return f'"{text[:40]}" is a leap second, which has no place in time since 1970: write 59'
    return f'"{text[:40]}" is no time: {error}'
