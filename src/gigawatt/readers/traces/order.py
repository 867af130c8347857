"""Requests put in order of time within bounded memory, and stamps of a slow clock spread over its ticks.

Some services write a request down when it is done, so that lines are late by as much as an answer takes; files put one
after the other in the wrong order are another thing, and are refused. Other services stamp requests by a clock of
seconds, so that users who came one by one seem to have come at once: within a tick the requests are laid out in their
order, evenly or at random. How they came within a tick nobody knows: evenly is the mildest reading, and at random is
how users come who know nothing of each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.traces.digits import Ints64
from gigawatt.readers.traces.rows import MOST_FAULTS_COUNT, LineFaults, TraceRows, joined
from gigawatt.readers.traces.stamps import NS_PER_S

# How many lines, and how long, a request may stand below one that came after it.
WINDOW_COUNT = 1 << 16
MOST_LATE_S = 60
# Requests by which the ticks of a file are found, and the fewest ticks that make a clock.
SAMPLE_COUNT = 1 << 16
LEAST_TICKS_COUNT = 32
SHORTEST_TICK_NS, LONGEST_TICK_NS = NS_PER_S // 10, 10 * NS_PER_S
# How far stamps may be from their tick, as part of its length.
_JITTER_FRAC = 1 / 500
_NS_PER_MS = NS_PER_S // 1_000
# Requests of one tick beyond which they are not held in memory.
MOST_OF_A_TICK_COUNT = 1 << 20


@dataclass(slots=True)
class Disorder:
    """How far the lines of a file are out of order: requests below one that came later, and the latest of them [ns]."""

    late_count: int = 0
    most_late_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTicks:
    """A clock of long ticks: length_ns of a tick, and first_ns of one of them."""

    length_ns: int
    first_ns: int

    def places(self, time_ns: Ints64) -> tuple[Ints64, Ints64]:
        """The tick that each time belongs to, and 1 where it is a stamp of that tick, 0 where it is between two."""
        since_ns = time_ns - self.first_ns
        nearest = (since_ns + self.length_ns // 2) // self.length_ns
        on_tick = np.abs(since_ns - nearest * self.length_ns) <= self.length_ns * _JITTER_FRAC
        return np.where(on_tick, nearest, since_ns // self.length_ns), on_tick.astype(np.int64)


def in_order(path: Path, parts: Iterator[TraceRows], seen: Disorder) -> Iterator[TraceRows]:
    """Requests in order of time, those of one time in the order of their lines.

    Raises CatalogError where one stands more than `MOST_LATE_S` or `WINDOW_COUNT` lines below one that came later.
    """
    held: deque[TraceRows] = deque()
    given_ns = latest_ns = -(1 << 62)
    latest_line = held_count = 0
    for part in parts:
        top_ns = np.maximum(np.maximum.accumulate(part.time_ns), latest_ns)
        late_ns = top_ns - part.time_ns
        _check_late(path, part, late_ns, given_ns, latest_line)
        if top_ns[-1] > latest_ns:
            latest_ns = int(top_ns[-1])
            latest_line = int(part.line[np.argmax(part.time_ns)])
        late_count = int(np.count_nonzero(late_ns))
        held.append(part)
        held_count += len(part)
        if late_count:
            seen.late_count += late_count
            seen.most_late_ns = max(seen.most_late_ns, int(late_ns.max()))
            rows = joined(held)
            held = deque([rows.taken(np.argsort(rows.time_ns, kind="stable"))])
        while held_count - WINDOW_COUNT >= len(held[0]) or len(held[0]) > 2 * WINDOW_COUNT:
            first = held.popleft()
            ready = min(len(first), held_count - WINDOW_COUNT)
            if ready < len(first):
                held.appendleft(first.between(ready, len(first)))
            held_count -= ready
            given_ns = int(first.time_ns[ready - 1])
            yield first.between(0, ready)
    yield from held


def _check_late(path: Path, part: TraceRows, late_ns: Ints64, given_ns: int, latest_line: int) -> None:
    """Raise what is too late: by time, or because requests of later times have been handed on already."""
    faults = LineFaults(path)
    wrong = np.flatnonzero((late_ns > MOST_LATE_S * NS_PER_S) | (part.time_ns < given_ns))
    for place in wrong[:MOST_FAULTS_COUNT].tolist():
        by_then = part.time_ns[:place]
        above = int(part.line[by_then.argmax()]) if place and by_then.max() > part.time_ns[place] else latest_line
        given = f"a time {late_ns[place] / NS_PER_S:,.3f} s before that of line {above}"
        expected = f"times in order, or at most {MOST_LATE_S} s and {WINDOW_COUNT:,} lines late"
        faults.add(int(part.line[place]), "", given, expected)
    faults.left_out_count = max(len(wrong) - MOST_FAULTS_COUNT, 0)
    faults.check()


def ticks(time_ns: Ints64) -> ClockTicks | None:
    """The clock that stamped these times, in order, where it is one of long ticks; else None.

    The tick is the shortest time between two stamps; all stamps are near multiples of it, counted from the first.
    """
    stamps_ns = np.unique(time_ns)
    if len(stamps_ns) < LEAST_TICKS_COUNT:
        return None
    gaps_ns = np.diff(stamps_ns)
    shortest_ns = int(gaps_ns.min())
    if not SHORTEST_TICK_NS * (1 - _JITTER_FRAC) <= shortest_ns <= LONGEST_TICK_NS:
        return None
    single_ns = gaps_ns[gaps_ns < shortest_ns * (1 + 4 * _JITTER_FRAC)].mean()
    counts = np.cumsum(np.rint(gaps_ns / single_ns).astype(np.int64))
    span_ns = int(stamps_ns[-1] - stamps_ns[0])
    length_ns = _round_length(span_ns / counts[-1], int(counts[-1]))
    off_ns = stamps_ns - stamps_ns[0] - np.concatenate([[0], counts]) * length_ns
    phase_ns = round(float(np.median(off_ns)))
    clock = ClockTicks(length_ns=length_ns, first_ns=int(stamps_ns[0]) + phase_ns)
    return clock if clock.places(stamps_ns)[1].all() else None


def _round_length(length_ns: float, ticks_count: int) -> int:
    """A tick's length in whole milliseconds where that is as good as what was measured over so many ticks [ns]."""
    whole_ns = round(length_ns / _NS_PER_MS) * _NS_PER_MS
    return whole_ns if abs(whole_ns - length_ns) * ticks_count <= length_ns * _JITTER_FRAC else round(length_ns)


def spread_out(
    path: Path, parts: Iterator[TraceRows], clock: ClockTicks, seed: int | None = None
) -> Iterator[tuple[TraceRows, Ints64]]:
    """Requests in order with the times at which they come once those of a tick are laid out over it [ns].

    seed: key of a Philox stream that they are laid out by at random, or None for evenly. Requests between two ticks
    keep their times. Raises CatalogError where a tick has more than `MOST_OF_A_TICK_COUNT`.
    """
    chance = None if seed is None else np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))
    held: TraceRows | None = None
    for part in parts:
        rows = part if held is None else joined([held, part])
        place, on_tick = clock.places(rows.time_ns)
        complete = int(np.searchsorted(place, place[-1]))
        if complete:
            yield _laid_out(rows.between(0, complete), place[:complete], on_tick[:complete], clock, chance)
        held = rows.between(complete, len(rows))
        if len(held) > MOST_OF_A_TICK_COUNT:
            given = f"more than {MOST_OF_A_TICK_COUNT:,} requests in a tick of {clock.length_ns / NS_PER_S:g} s"
            expected = "fewer, or the trace as it stands, without spreading them"
            raise CatalogError([Fault(path=f"{path.name} line {held.line[0]}", given=given, expected=expected)])
    if held is not None:
        place, on_tick = clock.places(held.time_ns)
        yield _laid_out(held, place, on_tick, clock, chance)


def _laid_out(
    rows: TraceRows, place: Ints64, on_tick: Ints64, clock: ClockTicks, chance: np.random.Generator | None
) -> tuple[TraceRows, Ints64]:
    """Whole ticks, laid out: evenly, the n-th of N requests comes after (n - 1) / N of the tick."""
    ticked = np.flatnonzero(on_tick)
    of_tick = place[ticked]
    _, firsts, counts = np.unique(of_tick, return_index=True, return_counts=True)
    if chance is None:
        nth = np.arange(len(ticked)) - np.repeat(firsts, counts)
        within_ns = nth * clock.length_ns // np.repeat(counts, counts)
    else:
        drawn_ns = (chance.random(len(ticked)) * clock.length_ns).astype(np.int64)
        within_ns = drawn_ns[np.lexsort((drawn_ns, of_tick))]
    time_ns = rows.time_ns.copy()
    time_ns[ticked] = clock.first_ns + of_tick * clock.length_ns + within_ns
    order = np.argsort(time_ns, kind="stable")
    return rows.taken(order), time_ns[order]
