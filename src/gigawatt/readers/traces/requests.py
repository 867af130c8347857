"""A trace as chunks of `Requests`, streamed: what the simulator of serving takes in, and what was done to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.traces.forms import TraceForm, TraceHead, TraceKind, read_head
from gigawatt.readers.traces.json_lines import json_rows
from gigawatt.readers.traces.order import (
    SAMPLE_COUNT,
    ClockTicks,
    Disorder,
    in_order,
    spread_out,
    ticks,
)
from gigawatt.readers.traces.pieces import LinePiece
from gigawatt.readers.traces.rows import TraceRows, joined
from gigawatt.readers.traces.stamps import NO_OFFSET, NS_PER_S
from gigawatt.readers.traces.table import ZonesSeen, table_rows
from gigawatt.tokens.serve.pods import Floats64, Ints64, Requests

CHUNK_COUNT = 1 << 16
# Tokens of a block of the prompts' identities, as Mooncake's traces have them.
HASH_TOKENS = 512
_S_PER_MIN, _MIN_PER_H = 60, 60


@dataclass(slots=True)
class TraceTally:
    """What has been read of a trace and what was left out; complete once its chunks are through."""

    requests_count: int = 0
    """Requests that were handed on."""
    span_s: float = 0.0
    """From the first request to the latest."""
    input_tokens: int = 0
    """Of all prompts that were handed on."""
    output_tokens: int = 0
    """Of all answers that were handed on."""
    failed_count: int = 0
    """Requests without an answer, which are kept apart."""
    failed_input_tokens: int = 0
    """Of the prompts of requests that failed."""
    promptless_count: int = 0
    """Requests with an answer to no prompt, which are left out."""
    late_count: int = 0
    """Requests that stood below one that came later."""
    most_late_s: float = 0.0
    """How much later that one came, at most."""
    sharing_count: int = 0
    """Requests that a clock of ticks stamped as it did the one before them."""
    off_tick_count: int = 0
    """Requests between two ticks of a clock of ticks, which keep their times."""
    offsets_s: tuple[int, ...] = ()
    """The offsets from UTC that stamps state."""
    read_bytes: int = 0
    """Of the file as it lies, packed where it is packed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTrace:
    """A trace that is being read: chunks come once, in order of time; read it anew to have them again.

    path: of the file; kind: its form (`forms.KINDS`); size_bytes: of the file, which `tally.read_bytes` reaches;
    chunks: its requests; tally: what was read so far and what was left out; clock: the ticks by which requests are
    stamped, None where there are none; spreading: how requests are laid out over them, in words, "" where they are not;
    has_hashes: prompts' blocks are known by identity; remarks: what the head says.
    """

    path: Path
    kind: TraceKind
    size_bytes: int
    chunks: Iterator[Requests]
    tally: TraceTally
    clock: ClockTicks | None
    spreading: str
    has_hashes: bool
    remarks: tuple[str, ...]

    @property
    def tick_s(self) -> float | None:
        """The length of the ticks by which requests are stamped [s]; None where there are none."""
        return self.clock.length_ns / NS_PER_S if self.clock else None

    @property
    def notes(self) -> list[str]:
        """What was done to the trace, in sentences; of the whole of it once its chunks are through."""
        return [*self.remarks, *_ticked(self.tally, self.tick_s, self.spreading), *_done(self.tally)]


def read_trace(
    path: Path,
    *,
    kind: str | None = None,
    spread: bool = True,
    seed: int | None = None,
    chunk_count: int = CHUNK_COUNT,
    hash_tokens: int = HASH_TOKENS,
) -> RequestTrace:
    """The requests of a trace in order of time, in chunks of so many, with arrivals from the first request on [s].

    kind: the form of the file, told by its first line where it is not said; spread: requests that a clock of long ticks
    stamped are laid out over the tick, evenly, or at random by a stream that seed is the key of; hash_tokens: of a
    block of prompts' identities. Memory does not grow with the file. Its first part is read at once, so that what is
    wrong there is raised here; the rest while chunks are taken. Raises CatalogError where the file cannot be read, or
    its lines make no sense: up to 20 of them at once.
    """
    head = read_head(path, kind)
    tally, zones, disorder = TraceTally(), ZonesSeen(), Disorder()
    pieces = _counted(head.pieces, tally)
    if head.columns:
        rows = table_rows(path, head, pieces, zones, hash_tokens)
    else:
        rows = json_rows(path, head, pieces, hash_tokens)
    ordered = in_order(path, _answered(rows, head.form, tally), disorder)
    sample = _sample(ordered)
    if not sample:
        raise _empty(path, tally)
    hashed = sample[0].hashes is not None
    clock = ticks(joined(sample).time_ns[:SAMPLE_COUNT])
    chained = _chained(sample, ordered)
    spreading = ("evenly" if seed is None else f"at random (seed {seed})") if spread else ""
    if clock and spreading:
        timed = spread_out(path, chained, clock, seed)
    else:
        timed = ((part, part.time_ns) for part in chained)
    return RequestTrace(
        path=path,
        kind=head.form.kind,
        size_bytes=path.stat().st_size,
        chunks=_chunks(timed, chunk_count, hash_tokens, _Counters(tally, disorder, zones, clock)),
        tally=tally,
        clock=clock,
        spreading=spreading,
        has_hashes=hashed,
        remarks=_remarks(head, hashed=hashed),
    )


def whole(chunks: Iterator[Requests]) -> Requests:
    """All requests of chunks at once; for traces that fit in memory, with a request at least."""
    parts = list(chunks)
    hashes = [part.hashes for part in parts if part.hashes is not None]
    ends = [part.hash_ends for part in parts if part.hash_ends is not None]
    before = np.cumsum([0, *(len(part) for part in hashes)])
    known = len(hashes) == len(parts)
    return Requests(
        arrival_s=np.concatenate([part.arrival_s for part in parts]),
        input_tokens=np.concatenate([part.input_tokens for part in parts]),
        output_tokens=np.concatenate([part.output_tokens for part in parts]),
        hashes=np.concatenate(hashes) if known else None,
        hash_ends=np.concatenate([end + n for end, n in zip(ends, before, strict=False)]) if known else None,
        hash_tokens=parts[0].hash_tokens,
    )


def _counted(pieces: Iterator[LinePiece], tally: TraceTally) -> Iterator[LinePiece]:
    for piece in pieces:
        tally.read_bytes = piece.read_bytes
        yield piece


def _answered(parts: Iterator[TraceRows], form: TraceForm, tally: TraceTally) -> Iterator[TraceRows]:
    """Requests with a prompt and an answer; the others are counted and left out."""
    for part in parts:
        failed = part.output_tokens == 0
        promptless = ~failed & (part.input_tokens == 0) & form.promptless
        tally.failed_count += int(failed.sum())
        tally.failed_input_tokens += int(part.input_tokens[failed].sum())
        tally.promptless_count += int(promptless.sum())
        kept = ~(failed | promptless)
        rows = part if kept.all() else part.taken(np.flatnonzero(kept))
        if len(rows):
            yield rows


def _sample(ordered: Iterator[TraceRows]) -> list[TraceRows]:
    """The first parts of a file, with as many requests as tell its clock."""
    sample: list[TraceRows] = []
    for part in ordered:
        sample.append(part)
        if sum(map(len, sample)) >= SAMPLE_COUNT:
            break
    return sample


def _chained(sample: list[TraceRows], ordered: Iterator[TraceRows]) -> Iterator[TraceRows]:
    while sample:
        yield sample.pop(0)
    yield from ordered


def _empty(path: Path, tally: TraceTally) -> CatalogError:
    given = "a header alone"
    if tally.failed_count or tally.promptless_count:
        given = f"{tally.failed_count:,} requests without an answer, {tally.promptless_count:,} without a prompt"
    return CatalogError([Fault(path=path.name, given=given, expected="lines of requests with an answer")])


@dataclass(slots=True)
class _Counters:
    """What the stages of reading count, each in its own place, and the tick of the latest request."""

    tally: TraceTally
    disorder: Disorder
    zones: ZonesSeen
    clock: ClockTicks | None
    last_tick: int = -(1 << 62)

    def add(self, rows: TraceRows, span_s: float) -> None:
        """Count requests that are handed on, and what the stages before have counted."""
        tally = self.tally
        tally.requests_count += len(rows)
        tally.span_s = span_s
        tally.input_tokens += int(rows.input_tokens.sum())
        tally.output_tokens += int(rows.output_tokens.sum())
        tally.late_count = self.disorder.late_count
        tally.most_late_s = self.disorder.most_late_ns / NS_PER_S
        tally.offsets_s = tuple(sorted(self.zones.offsets_s))
        if self.clock:
            place, on_tick = self.clock.places(rows.time_ns)
            tally.off_tick_count += int((on_tick == 0).sum())
            stamped = place[on_tick == 1]
            tally.sharing_count += int((np.diff(stamped, prepend=self.last_tick) == 0).sum())
            self.last_tick = int(stamped[-1]) if len(stamped) else self.last_tick


def _chunks(
    timed: Iterator[tuple[TraceRows, Ints64]], chunk_count: int, hash_tokens: int, counters: _Counters
) -> Iterator[Requests]:
    """Parts of any size as chunks of one size, the last aside."""
    waiting: list[tuple[TraceRows, Ints64]] = []
    first_ns: int | None = None
    for rows, time_ns in timed:
        first_ns = int(time_ns[0]) if first_ns is None else first_ns
        waiting.append((rows, time_ns))
        if sum(len(part) for part, _ in waiting) < chunk_count:
            continue
        rows, time_ns = joined([part for part, _ in waiting]), np.concatenate([times for _, times in waiting])
        end = len(rows) // chunk_count * chunk_count
        for start in range(0, end, chunk_count):
            part = rows.between(start, start + chunk_count)
            arrival_s = (time_ns[start : start + chunk_count] - first_ns) / NS_PER_S
            counters.add(part, float(arrival_s[-1]))
            yield _requests(part, arrival_s, hash_tokens)
        waiting = [(rows.between(end, len(rows)), time_ns[end:])] if end < len(rows) else []
    if waiting and first_ns is not None:
        rows, time_ns = joined([part for part, _ in waiting]), np.concatenate([times for _, times in waiting])
        counters.add(rows, float(time_ns[-1] - first_ns) / NS_PER_S)
        yield _requests(rows, (time_ns - first_ns) / NS_PER_S, hash_tokens)


def _requests(rows: TraceRows, arrival_s: Floats64, hash_tokens: int) -> Requests:
    return Requests(
        arrival_s=arrival_s,
        input_tokens=rows.input_tokens,
        output_tokens=rows.output_tokens,
        hashes=rows.hashes,
        hash_ends=None if rows.hash_counts is None else np.cumsum(rows.hash_counts),
        hash_tokens=hash_tokens,
    )


def _remarks(head: TraceHead, *, hashed: bool) -> tuple[str, ...]:
    """What the head of a file says of all that is below it, in sentences."""
    form, remarks = head.form, []
    known = {*form.needed, form.hashes, form.blocks}
    unread = [name for name in head.columns if name and name.lower() not in known]
    if unread:
        remarks.append(f"Columns that are not read: {', '.join(unread)}.")
    if head.place(form.blocks) >= 0 and not hashed:
        remarks.append(f"{form.blocks} says how many blocks a prompt has, not which: no prefix is known to be shared.")
    return tuple(remarks)


def _ticked(tally: TraceTally, tick_s: float | None, spreading: str) -> list[str]:
    """What became of requests that share a tick of a clock of ticks, in a sentence."""
    if tick_s is None or not tally.sharing_count:
        return []
    shared = (
        f"Stamps are of a clock that ticks every {tick_s:g} s, and {tally.sharing_count:,} requests share a tick with"
    )
    if spreading:
        return [
            f"{shared} one before: those of a tick are spread {spreading} over it, for they did not come all at once."
        ]
    return [f"{shared} one before: those of a tick arrive at once, as they are stamped."]


def _done(tally: TraceTally) -> list[str]:
    """What was done to the requests, in sentences."""
    notes = []
    if tally.off_tick_count:
        notes.append(f"Stamped between two ticks: {_counted_requests(tally.off_tick_count)}, at their own times.")
    if tally.failed_count:
        share_frac = tally.failed_count / (tally.failed_count + tally.promptless_count + tally.requests_count)
        notes.append(
            f"Failed, without an answer: {_counted_requests(tally.failed_count)} ({share_frac:.1%}), kept apart."
        )
    if tally.promptless_count:
        notes.append(f"With an answer and no prompt: {_counted_requests(tally.promptless_count)}, left out.")
    if tally.late_count:
        late = f"{_counted_requests(tally.late_count)}, by up to {tally.most_late_s:.3g} s"
        notes.append(f"Written below one that came later: {late}; all are put in order of time.")
    if len(tally.offsets_s) > 1:
        named = ", ".join(_offset_name(offset_s) for offset_s in tally.offsets_s)
        notes.append(f"Stamps state several offsets from UTC ({named}): all were taken to UTC.")
    if tally.offsets_s == (NO_OFFSET,):
        notes.append("Stamps state no offset from UTC: the time between them is that of one clock.")
    return notes


def _counted_requests(count: int) -> str:
    return f"{count:,} request{'' if count == 1 else 's'}"


def _offset_name(offset_s: int) -> str:
    minutes = abs(offset_s) // _S_PER_MIN
    return f"{'-' if offset_s < 0 else '+'}{minutes // _MIN_PER_H:02d}:{minutes % _MIN_PER_H:02d}"
