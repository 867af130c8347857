"""Lines of a trace in JSON as rows: an object for each request, as Mooncake's traces have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gigawatt.readers.traces.cells import NEWLINE
from gigawatt.readers.traces.digits import Flags, Ints64, SignText, runs_of_digits, sign_text, whole_numbers
from gigawatt.readers.traces.forms import TraceForm, TraceHead
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

# What ends a line of a published trace.
_CLOSING = b"]}"


def json_rows(path: Path, head: TraceHead, pieces: Iterator[LinePiece], hash_tokens: int) -> Iterator[TraceRows]:
    """The rows of a trace in JSON, a part for each piece of the file. Raises CatalogError for all faults of a piece."""
    hashed: bool | None = None
    for piece in pieces:
        faults = LineFaults(path)
        plain, left = _plain(piece, head.form, hash_tokens) if hashed is not False else (None, None)
        hashed = True if plain is not None and len(plain) else hashed
        found: list[LineRow] = []
        for line, text in _lines(piece, left):
            row = _row(line, text, head, hash_tokens, faults)
            if row is None:
                continue
            hashed = row.hashes is not None if hashed is None else hashed
            if (row.hashes is not None) != hashed:
                given = f"{'no ' if hashed else ''}{head.form.hashes}"
                faults.add(line, "", given, f"{'some' if hashed else 'none'}, as in the lines above")
            found.append(row)
        faults.check()
        rows = from_lines(found, hashed=bool(hashed))
        if plain is not None and len(plain):
            rows = joined([plain, rows]) if found else plain
            rows = rows.taken(np.argsort(rows.line, kind="stable")) if found else rows
        if len(rows):
            yield rows


def _lines(piece: LinePiece, left: Ints64 | None) -> Iterator[tuple[int, bytes]]:
    """Lines that are to be read on their own, with their numbers: those that are left, or all."""
    if left is not None and not len(left):
        return
    lines = piece.data.split(b"\n")
    for place in range(len(lines)) if left is None else left.tolist():
        if lines[place] and not lines[place].isspace():
            yield piece.first_line + place, lines[place]


def _plain(piece: LinePiece, form: TraceForm, hash_tokens: int) -> tuple[TraceRows, Ints64]:
    """Lines that are written as these traces are published, and the places of all others.

    They have four keys in their order, one kind of blanks between them, and as many blocks as the prompt fills, one at
    least; so that their numbers are what matters, the first three of a line and its blocks.
    """
    text = sign_text(piece.data)
    line_ends = np.flatnonzero(text.signs == NEWLINE)
    starts, ends = runs_of_digits(text)
    counts = np.diff(np.searchsorted(starts, line_ends), prepend=0)
    good = counts > len(form.needed)
    lines = np.flatnonzero(good)
    if not good.all():
        kept = np.repeat(good, counts)
        starts, ends = starts[kept], ends[kept]
    runs = _Runs(text=text, starts=starts, ends=ends, counts=counts[lines])
    line_starts = np.concatenate([[0], line_ends[:-1] + 1])[lines]
    values, right = whole_numbers(text, runs.starts, runs.ends)
    right &= runs.between(line_starts, line_ends[lines], form, piece.data)
    first = np.cumsum(runs.counts) - runs.counts
    time, input_tokens, output_tokens = (values[first + n] for n in range(len(form.needed)))
    blocks_count = runs.counts - len(form.needed)
    fine = np.logical_and.reduceat(right, first) if len(first) else np.zeros(0, dtype=np.bool_)
    fine &= (time < MOST_TIME_NS // form.unit_ns) & (input_tokens <= MOST_TOKENS) & (output_tokens <= MOST_TOKENS)
    fine &= (input_tokens > 0) & (blocks_count == -(-input_tokens // hash_tokens))
    is_block = np.ones(len(values), dtype=np.bool_)
    for n in range(len(form.needed)):
        is_block[first + n] = False
    rows = TraceRows(
        line=lines + piece.first_line,
        time_ns=np.where(fine, time, 0) * form.unit_ns,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        hashes=values[is_block],
        hash_counts=blocks_count,
    )
    good[lines[~fine]] = False
    return rows if fine.all() else rows.taken(np.flatnonzero(fine)), np.flatnonzero(~good)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    """Runs of digits in lines: where each begins and ends in the text, and how many a line has."""

    text: SignText
    starts: Ints64
    ends: Ints64
    counts: Ints64

    def between(self, line_starts: Ints64, line_ends: Ints64, form: TraceForm, data: bytes) -> Flags:
        """Before which runs, and after the last of each line, stands what is written there in a published trace."""
        blank = b" " if data.startswith(f'{{"{form.time}": '.encode()) else b""
        comma, colon = b"," + blank, b":" + blank
        keys = [f'"{name}"'.encode() for name in (*form.needed, form.hashes)]
        befores = [b"{" + keys[0] + colon, *(comma + key + colon for key in keys[1:])]
        befores[-1] += b"["
        first = np.cumsum(self.counts) - self.counts
        last = first + self.counts - 1
        right = np.concatenate([[False], self.starts[1:] - self.ends[:-1] == len(comma)])[: len(self.starts)]
        right[1:] &= self.text.has(self.ends[:-1], comma)
        for n, before in enumerate(befores):
            at = line_starts if n == 0 else self.ends[first + n - 1]
            right[first + n] = (self.starts[first + n] - at == len(before)) & self.text.has(at, before)
        right[last] &= (line_ends - self.ends[last] == len(_CLOSING)) & self.text.has(self.ends[last], _CLOSING)
        return right


def _row(line: int, text: bytes, head: TraceHead, hash_tokens: int, faults: LineFaults) -> LineRow | None:
    """The request of one line; None where something is wrong with it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        faults.add(line, "", str(error)[:80], "one object of JSON")
        return None
    form = head.form
    if not isinstance(found, dict):
        faults.add(line, "", quoted(text.decode()), f"an object with {', '.join(form.needed)}")
        return None
    before = len(faults.found)
    values = [_number(line, key, found, faults) for key in form.needed]
    if len(faults.found) > before:
        return None
    time_ns = input_tokens = output_tokens = 0
    try:
        key = form.time
        time_ns = units_ns(values[0], form.unit_ns)
        key = form.input
        input_tokens = tokens(values[1], 0 if form.promptless else 1)
        key = form.output
        output_tokens = tokens(values[2], 0)
    except ValueError as error:
        faults.add(line, key, quoted(str(found[key])), str(error))
        return None
    hashes = _hashes(line, form.hashes, found, input_tokens, hash_tokens, faults)
    if len(faults.found) > before:
        return None
    return LineRow(line, time_ns, input_tokens, output_tokens, hashes)


def _number(line: int, key: str, found: dict[str, Any], faults: LineFaults) -> float:
    """The number of a key; a whole one stays whole, for milliseconds since 1970 with a fraction fill a float."""
    value = found.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    given = quoted(json.dumps(value)) if key in found else "missing"
    faults.add(line, key, given, "a number")
    return 0.0


def _hashes(
    line: int, key: str, found: dict[str, Any], input_tokens: int, hash_tokens: int, faults: LineFaults
) -> list[int] | None:
    """The identities of a prompt's blocks, of which there are as many as it fills; None where the line has none."""
    ids = found.get(key)
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(type(one) is int and 0 <= one < MOST_TIME_NS for one in ids):
        faults.add(line, key, quoted(json.dumps(ids)), "a list of whole numbers of at least 0")
        return None
    wanted = -(-input_tokens // hash_tokens)
    if len(ids) != wanted:
        expected = f"{wanted} for a prompt of {input_tokens} tokens in blocks of {hash_tokens}"
        faults.add(line, key, f"{len(ids)} blocks", expected)
    return ids
