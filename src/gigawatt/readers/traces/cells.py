"""Cells of CSV found many at once: where each begins and ends among the bytes of whole lines.

A line that is not of the plain form (without quotes, as many cells as the header has) is not taken apart but named, for
others to read it on its own or to say what is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.readers.traces.digits import Ints64, SignText, sign_text

COMMA, NEWLINE, QUOTE = (ord(sign) for sign in ',\n"')


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTable:
    """The cells of the plain lines of a piece, a row for each line and a column for each cell.

    text: the bytes of the piece; starts, ends: where cells begin and end among them; lines: places of the plain lines
    from 0; odd_lines: places of all others, empty ones aside; line_ends: where every line ends.
    """

    text: SignText
    starts: Ints64
    ends: Ints64
    lines: Ints64
    odd_lines: Ints64
    line_ends: Ints64

    def line(self, place: int) -> str:
        """The text of a line, without what ends it."""
        first = int(self.line_ends[place - 1]) + 1 if place else 0
        return self.text.signs[first : self.line_ends[place]].tobytes().decode()

    def cell(self, row: int, column: int) -> str:
        """The text of a cell."""
        return self.text.signs[self.starts[column, row] : self.ends[column, row]].tobytes().decode()


def cell_table(data: bytes, columns_count: int) -> CellTable:
    """The cells of whole lines, where a plain line has so many; starts and ends are by column, then by line."""
    text = sign_text(data)
    signs = text.signs
    marks = np.flatnonzero((signs == COMMA) | (signs == NEWLINE))
    closing = np.flatnonzero(signs[marks] == NEWLINE)
    line_ends = marks[closing]
    line_starts = np.concatenate([[0], line_ends[:-1] + 1])
    counts = np.diff(closing, prepend=-1)
    filled = line_ends > line_starts
    plain = (counts == columns_count) & filled
    if b'"' in data:
        plain[np.searchsorted(line_ends, np.flatnonzero(signs == QUOTE))] = False
    bounds = marks if plain.all() else marks[np.repeat(plain, counts)]
    ends = np.ascontiguousarray(bounds.reshape(-1, columns_count).T)
    starts = np.concatenate([line_starts[plain][None, :], ends[:-1] + 1])
    return CellTable(
        text=text,
        starts=starts,
        ends=ends,
        lines=np.flatnonzero(plain),
        odd_lines=np.flatnonzero(~plain & filled),
        line_ends=line_ends,
    )
