"""Lines of a trace in CSV as rows: those of the plain form at once, all others one by one."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gigawatt.readers.csv_rows import number
from gigawatt.readers.traces.cells import CellTable, cell_table
from gigawatt.readers.traces.digits import Flags, Ints64, decimals, whole_numbers
from gigawatt.readers.traces.forms import TraceHead
from gigawatt.readers.traces.pieces import LinePiece
from gigawatt.readers.traces.rows import (
    MOST_TIME_NS,
    MOST_TOKENS,
    LineFaults,
    LineRow,
    TraceRows,
    from_lines,
    joined,
    quoted,
    tokens,
    units_ns,
)
from gigawatt.readers.traces.stamps import NO_OFFSET, column_nanoseconds, nanoseconds

# How many digits of a number below the unit of its time are kept: those of nanoseconds.
_PLACES = {1_000_000: 6, 1_000_000_000: 9}


@dataclass(slots=True)
class ZonesSeen:
    """The offsets from UTC that the stamps of a file state [s], NO_OFFSET for those that state none."""

    offsets_s: set[int] = field(default_factory=set)


def table_rows(
    path: Path, head: TraceHead, pieces: Iterator[LinePiece], zones: ZonesSeen, hash_tokens: int
) -> Iterator[TraceRows]:
    """The rows of a trace in CSV, a part for each piece of the file. Raises CatalogError for all faults of a piece."""
    for piece in pieces:
        faults = LineFaults(path)
        reader = _PieceReader(head=head, piece=piece, faults=faults, zones=zones, hash_tokens=hash_tokens)
        rows = reader.rows()
        faults.check()
        if len(rows):
            yield rows


@dataclass(slots=True, kw_only=True)
class _PieceReader:
    """What reads one piece.

    head: of the file; piece: the lines; faults: where what is wrong goes; zones: offsets seen so far; hash_tokens: of a
    block.
    """

    head: TraceHead
    piece: LinePiece
    faults: LineFaults
    zones: ZonesSeen
    hash_tokens: int

    def rows(self) -> TraceRows:
        """The rows of the piece, as far as nothing is wrong with them."""
        table = cell_table(self.piece.data, len(self.head.columns))
        rows, read, offsets_s = self._plain(table)
        places = np.concatenate([table.lines[~read], table.odd_lines])
        if len(places):
            alone = [row for row in (self._alone(table, int(place)) for place in places) if row is not None]
            rows = joined([rows.taken(np.flatnonzero(read)), from_lines(alone, hashed=rows.hashes is not None)])
            offsets_s = np.concatenate([offsets_s[read], np.array([row.offset_s for row in alone], dtype=np.int64)])
            order = np.argsort(rows.line, kind="stable")
            rows, offsets_s = rows.taken(order), offsets_s[order]
        self._check_zones(rows, offsets_s)
        return rows

    def _plain(self, table: CellTable) -> tuple[TraceRows, Flags, Ints64]:
        """Lines of the plain form, which of them were read, and the offsets of their stamps [s]."""
        form, text, starts, ends = self.head.form, table.text, table.starts, table.ends
        time, prompt, answer = (self.head.place(name) for name in form.needed)
        offsets_s = np.zeros(len(table.lines), dtype=np.int64)
        if form.unit_ns:
            time_ns, read = decimals(text, starts[time], ends[time], _PLACES[form.unit_ns])
        else:
            time_ns, offsets_s, read = column_nanoseconds(text, starts[time], ends[time])
        input_tokens, good = whole_numbers(text, starts[prompt], ends[prompt])
        output_tokens, fine = whole_numbers(text, starts[answer], ends[answer])
        read &= good & fine & (input_tokens <= MOST_TOKENS) & (output_tokens <= MOST_TOKENS) & (time_ns < MOST_TIME_NS)
        read &= (input_tokens > 0) | form.promptless
        rows = TraceRows(
            line=table.lines + self.piece.first_line,
            time_ns=time_ns,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
        )
        rows, read = self._with_blocks(table, rows, read)
        return rows, read, offsets_s

    def _with_blocks(self, table: CellTable, rows: TraceRows, read: Flags) -> tuple[TraceRows, Flags]:
        """The same with the identities of blocks, and without those whose count of blocks is not their prompt's."""
        form, hashes, counts = self.head.form, None, None
        wanted = -(-rows.input_tokens // self.hash_tokens)
        blocks, ids = self.head.place(form.blocks), self.head.place(form.hashes)
        if blocks >= 0:
            counted, good = whole_numbers(table.text, table.starts[blocks], table.ends[blocks])
            read = read & good & (counted == wanted)
        if ids >= 0:
            lists = [block_ids(table.cell(n, ids)) or [] if read[n] else [] for n in range(len(rows))]
            counts = np.fromiter(map(len, lists), np.int64, len(lists))
            read = read & (counts == wanted)
            hashes = np.array([value for values in lists for value in values], dtype=np.int64)
        return TraceRows(
            line=rows.line,
            time_ns=rows.time_ns,
            input_tokens=rows.input_tokens,
            output_tokens=rows.output_tokens,
            hashes=hashes,
            hash_counts=counts,
        ), read

    def _alone(self, table: CellTable, place: int) -> LineRow | None:
        """A line read on its own; None where something is wrong with it."""
        line, columns = self.piece.first_line + place, self.head.columns
        before = len(self.faults.found)
        try:
            cells = next(csv.reader([table.line(place)], strict=True))
        except csv.Error as error:
            self.faults.add(line, "", f"quotes that do not close ({error})", "a line of CSV")
            return None
        if len(cells) != len(columns):
            self.faults.add(line, "", f"{len(cells)} cells", f"{len(columns)} as in the header")
            return None
        named = {name.lower(): (name, cell.strip()) for name, cell in zip(columns, cells, strict=True)}
        form = self.head.form
        time_ns, offset_s = self._time(line, *named[form.time])
        input_tokens = self._tokens(line, *named[form.input], least=0 if form.promptless else 1)
        output_tokens = self._tokens(line, *named[form.output], least=0)
        hashes = self._blocks(line, named, input_tokens)
        if len(self.faults.found) > before:
            return None
        return LineRow(
            line=line,
            time_ns=time_ns,
            offset_s=offset_s,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            hashes=hashes,
        )

    def _time(self, line: int, name: str, cell: str) -> tuple[int, int]:
        """When a request came [ns], and the offset that its stamp states [s]."""
        unit_ns = self.head.form.unit_ns
        try:
            return (units_ns(number(cell), unit_ns), 0) if unit_ns else nanoseconds(cell)
        except ValueError as error:
            self.faults.add(line, name, quoted(cell), str(error))
            return 0, 0

    def _tokens(self, line: int, name: str, cell: str, least: int) -> int:
        try:
            return tokens(number(cell), least)
        except ValueError as error:
            self.faults.add(line, name, quoted(cell), str(error))
            return 0

    def _blocks(self, line: int, named: dict[str, tuple[str, str]], input_tokens: int) -> list[int] | None:
        """The identities of a prompt's blocks, where the file has them; their number is that of its prompt."""
        form, wanted = self.head.form, -(-input_tokens // self.hash_tokens)
        expected = f"{wanted} for a prompt of {input_tokens} tokens in blocks of {self.hash_tokens}"
        if form.blocks in named and input_tokens:
            name, cell = named[form.blocks]
            if number(cell) != wanted:
                self.faults.add(line, name, quoted(cell), expected)
        if form.hashes not in named:
            return None
        name, cell = named[form.hashes]
        ids = block_ids(cell)
        if ids is None:
            self.faults.add(line, name, quoted(cell), "whole numbers of at least 0 with blanks between them")
        elif input_tokens and len(ids) != wanted:
            self.faults.add(line, name, f"{len(ids)} blocks", expected)
        return ids

    def _check_zones(self, rows: TraceRows, offsets_s: Ints64) -> None:
        """Stamps that state an offset beside stamps that state none are of clocks that nobody can compare."""
        if self.head.form.unit_ns or not len(rows):
            return
        seen = self.zones.offsets_s or {int(offsets_s[0])}
        if len(seen) == 1 and (offsets_s == next(iter(seen))).all():
            self.zones.offsets_s |= seen
            return
        bare = NO_OFFSET in seen
        other = (offsets_s == NO_OFFSET) != bare
        name = self.head.columns[self.head.place(self.head.form.time)]
        for line in rows.line[other].tolist():
            given = "a stamp with an offset from UTC" if bare else "a stamp without an offset from UTC"
            self.faults.add(line, name, given, f"one {'without' if bare else 'with'} an offset, as in the lines above")
        self.zones.offsets_s |= set(np.unique(offsets_s[~other]).tolist())


def block_ids(cell: str) -> list[int] | None:
    """The identities in a cell, "0 14 15" or "[0, 14, 15]"; None where it is no list of whole numbers.

    >>> block_ids("0 14 15"), block_ids("[0, 14, 15]"), block_ids("0 -1")
    ([0, 14, 15], [0, 14, 15], None)
    """
    text = cell[1:-1].replace(",", " ") if cell.startswith("[") and cell.endswith("]") else cell
    words = text.split()
    if not all(word.isascii() and word.isdigit() and len(word) < len(str(MOST_TIME_NS)) for word in words):
        return None
    return [int(word) for word in words]
