"""Rows of a trace as they stand in its lines, and what is wrong with lines: every fault of a piece at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.traces.digits import Ints64

MOST_FAULTS_COUNT = 20
# Tokens of a prompt or an answer: more than any model has read, and what engines' counters hold.
MOST_TOKENS = 2**31 - 1
MOST_TIME_NS = 2**62
# Units of times that are numbers, by their length [ns].
UNITS = {1_000_000: "milliseconds", 1_000_000_000: "seconds"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRows:
    """Requests of a trace, one entry each, in the order of their lines or of their times.

    line: where each stands in the file; time_ns: when it came, on the file's clock; input_tokens, output_tokens: of its
    prompt and its answer; hashes: identities of the prompts' blocks, one request after the other, and hash_counts: how
    many each has; both None where they are not known.
    """

    line: Ints64
    time_ns: Ints64
    input_tokens: Ints64
    output_tokens: Ints64
    hashes: Ints64 | None = None
    hash_counts: Ints64 | None = None

    def __len__(self) -> int:
        return len(self.line)

    def taken(self, places: Ints64) -> TraceRows:
        """These of the requests, in this order."""
        hashes, counts = self.hashes, self.hash_counts
        if hashes is not None and counts is not None:
            starts = np.cumsum(counts) - counts
            chosen = counts[places]
            ends = np.cumsum(chosen)
            hashes = hashes[np.repeat(starts[places] - ends + chosen, chosen) + np.arange(chosen.sum())]
            counts = chosen
        return TraceRows(
            line=self.line[places],
            time_ns=self.time_ns[places],
            input_tokens=self.input_tokens[places],
            output_tokens=self.output_tokens[places],
            hashes=hashes,
            hash_counts=counts,
        )

    def between(self, first: int, end: int) -> TraceRows:
        """The requests from one place to before another."""
        hashes, counts = self.hashes, self.hash_counts
        if hashes is not None and counts is not None:
            skipped = int(counts[:first].sum())
            counts = counts[first:end]
            hashes = hashes[skipped : skipped + int(counts.sum())]
        return TraceRows(
            line=self.line[first:end],
            time_ns=self.time_ns[first:end],
            input_tokens=self.input_tokens[first:end],
            output_tokens=self.output_tokens[first:end],
            hashes=hashes,
            hash_counts=counts,
        )


def joined(parts: Sequence[TraceRows]) -> TraceRows:
    """Requests one after the other; with hashes where all parts have them."""
    if len(parts) == 1:
        return parts[0]
    hashes = [part.hashes for part in parts if part.hashes is not None]
    counts = [part.hash_counts for part in parts if part.hash_counts is not None]
    return TraceRows(
        line=np.concatenate([part.line for part in parts]),
        time_ns=np.concatenate([part.time_ns for part in parts]),
        input_tokens=np.concatenate([part.input_tokens for part in parts]),
        output_tokens=np.concatenate([part.output_tokens for part in parts]),
        hashes=np.concatenate(hashes) if hashes and len(hashes) == len(parts) else None,
        hash_counts=np.concatenate(counts) if hashes and len(counts) == len(parts) else None,
    )


class LineRow(NamedTuple):
    """One request as its line says it: the entries of `TraceRows`, and the offset of its stamp from UTC [s]."""

    line: int
    time_ns: int
    input_tokens: int
    output_tokens: int
    hashes: list[int] | None = None
    offset_s: int = 0


def from_lines(rows: Sequence[LineRow], *, hashed: bool) -> TraceRows:
    """Requests read one by one; hashed: each of them has the identities of its blocks."""
    columns = np.array([row[:4] for row in rows], dtype=np.int64).reshape(-1, 4)
    ids = [row.hashes or [] for row in rows]
    return TraceRows(
        line=columns[:, 0],
        time_ns=columns[:, 1],
        input_tokens=columns[:, 2],
        output_tokens=columns[:, 3],
        hashes=np.array([value for values in ids for value in values], dtype=np.int64) if hashed else None,
        hash_counts=np.array([len(values) for values in ids], dtype=np.int64) if hashed else None,
    )


@dataclass(slots=True)
class LineFaults:
    """What is wrong with the lines of a piece, in their order, up to as many as somebody reads."""

    file: Path
    found: list[tuple[int, Fault]] = field(default_factory=list)
    left_out_count: int = 0
    """Of faults that are not among those found."""

    def add(self, line: int, column: str, given: str, expected: str) -> None:
        where = f"{self.file.name} line {line}" + (f" {column}" if column else "")
        self.found.append((line, Fault(path=where, given=given, expected=expected)))

    def check(self) -> None:
        """Raise CatalogError where there are faults."""
        if not self.found:
            return
        self.found.sort(key=lambda entry: entry[0])
        faults = [fault for _, fault in self.found[:MOST_FAULTS_COUNT]]
        rest = len(self.found) - len(faults) + self.left_out_count
        if rest:
            expected = f"these {MOST_FAULTS_COUNT} mended first"
            faults.append(Fault(path="and", given=f"{rest:,} more of these lines", expected=expected))
        raise CatalogError(faults)


def quoted(text: str) -> str:
    """A cell as an error shows it."""
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'


def units_ns(value: float, unit_ns: int) -> int:
    """A time that is a number of units [ns]. Raises ValueError, whose text says what is expected."""
    if not 0 <= value < MOST_TIME_NS / unit_ns:
        raise ValueError(f"{UNITS[unit_ns]}, a number of at least 0")
    return round(value * unit_ns)


def tokens(value: float, least: int) -> int:
    """A number of tokens. Raises ValueError, whose text says what is expected."""
    if not least <= value <= MOST_TOKENS or value != int(value):
        raise ValueError(f"a whole number of tokens from {least} to {MOST_TOKENS:,}")
    return int(value)
