"""Numbers written in digits, eight of them at once in one machine word, for thousands of places of a text at a time.

References
----------
[1] D. Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51 (2021), 1700,
    doi:10.1002/spe.2984, section 5: eight digits by three multiplications.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Signs = NDArray[np.uint8]
Words = NDArray[np.uint64]
TEN = 10
WORD = 8
MOST_DIGITS = 2 * WORD
ZERO, POINT = ord("0"), ord(".")
_ZEROS, _HIGH, _SIX = (np.uint64(int.from_bytes(bytes([sign] * WORD))) for sign in (ZERO, 0xF0, 6))
_LOW = np.uint64(int.from_bytes(bytes([0x0F] * WORD)))
# The bytes of a word that its last 0, 1 … 8 signs fill: the first sign is the lowest byte.
_LAST = np.array([((1 << 64) - 1) ^ ((1 << 8 * (WORD - n)) - 1) for n in range(WORD + 1)], dtype=np.uint64)
# How pairs of digits, then of pairs, then of fours come together: the shift, what is kept before, and the factor.
_STEPS = (
    (np.uint64(8), _LOW, np.uint64(TEN * (1 << 8) + 1)),
    (np.uint64(16), np.uint64(0x00FF00FF00FF00FF), np.uint64(TEN**2 * (1 << 16) + 1)),
    (np.uint64(32), np.uint64(0x0000FFFF0000FFFF), np.uint64(TEN**4 * (1 << 32) + 1)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignText:
    """The bytes of a text, singly and in words.

    signs: the bytes; words: at n, the eight bytes before place n; past the ends of the text there are zeros.
    """

    signs: Signs
    words: Words

    def from_place(self, places: Ints64) -> Words:
        """The eight bytes from these places on."""
        return self.words[places + WORD]

    def has(self, places: Ints64, literal: bytes) -> Flags:
        """Whether these signs stand at each of these places."""
        found = np.ones(len(places), dtype=np.bool_)
        for first in range(0, len(literal), WORD):
            part = literal[first : first + WORD]
            kept = np.uint64((1 << 8 * len(part)) - 1)
            expected = np.uint64(int.from_bytes(part, "little"))
            found &= (self.from_place(np.minimum(places + first, len(self.signs))) & kept) == expected
        return found


def sign_text(data: bytes) -> SignText:
    """A text for its numbers to be read."""
    margin = bytes(WORD)
    padded = margin + data + margin
    words = np.ndarray(shape=(len(data) + WORD + 1,), dtype="<u8", buffer=padded, strides=(1,))
    return SignText(signs=np.frombuffer(data, dtype=np.uint8), words=words)


def runs_of_digits(text: SignText) -> tuple[Ints64, Ints64]:
    """Where runs of digits begin and end in a text that ends with another sign."""
    digit = (text.signs - np.uint8(ZERO)) < TEN
    edges = np.flatnonzero(np.diff(digit, prepend=False))
    return edges[0::2], edges[1::2]


def whole_numbers(text: SignText, starts: Ints64, ends: Ints64) -> tuple[Ints64, Flags]:
    """The numbers of cells, and which are 1 to `MOST_DIGITS` digits and nothing else; the number of others is 0."""
    widths = ends - starts
    found, digits = _eight(text.words[ends], np.clip(widths, 0, WORD))
    read = digits & (widths > 0) & (widths <= MOST_DIGITS)
    wide = np.flatnonzero(read & (widths > WORD))
    if len(wide):
        upper, digits = _eight(text.words[ends[wide] - WORD], widths[wide] - WORD)
        found[wide] += upper * TEN**WORD
        read[wide] &= digits
    return np.where(read, found, 0), read


def decimals(text: SignText, starts: Ints64, ends: Ints64, places_count: int) -> tuple[Ints64, Flags]:
    """Cells of digits with a point or without one, in units of the last of so many decimal places; which are such.

    Digits beyond those places are cut off.
    """
    points = np.flatnonzero(text.signs == POINT)
    if not len(points):
        whole, read = whole_numbers(text, starts, ends)
        return _scaled(whole, read, places_count)
    nearest = np.minimum(np.searchsorted(points, starts), len(points) - 1)
    inside = (points[nearest] >= starts) & (points[nearest] < ends)
    point = np.where(inside, points[nearest], ends)
    whole, read = _scaled(*whole_numbers(text, starts, point), places_count)
    after = np.minimum(point + 1, ends)
    fraction, fine = whole_numbers(text, after, ends)
    shift = places_count - (ends - after)
    fraction = fraction * TEN ** np.clip(shift, 0, MOST_DIGITS) // TEN ** np.clip(-shift, 0, MOST_DIGITS)
    return whole + fraction, read & (fine | ~inside)


def _scaled(whole: Ints64, read: Flags, places_count: int) -> tuple[Ints64, Flags]:
    """Whole numbers in units of a decimal place, as far as those fit in 64 bits."""
    fits = whole < np.iinfo(np.int64).max // TEN**places_count
    return np.where(fits, whole, 0) * TEN**places_count, read & fits


def _eight(words: Words, widths: Ints64) -> tuple[Ints64, Flags]:
    """The number that the last signs of each word write, so many of them, and whether all of these are digits [1]."""
    kept = _LAST[widths]
    words = (words & kept) | (_ZEROS & ~kept)
    digits = ((words & _HIGH) == _ZEROS) & (((words + _SIX) & _HIGH) == _ZEROS)
    for shift, mask, factor in _STEPS:
        words = ((words & mask) * factor) >> shift
    return words.astype(np.int64), digits
