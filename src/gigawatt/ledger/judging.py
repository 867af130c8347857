"""What becomes of a reading beside those that are known: kept, there already, in place of another, or refused, and why.

A reading is known by its series, its start and its key. One that is there already counts as a duplicate; one that says
something else of the same is refused, unless the import corrects the batch that it is from; one whose time overlaps
another's, of a series that adds up, is refused, for it would be counted twice; and so is what looks like a slip of a
unit. Pure functions of arrays: `readings` keeps what is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.ledger.facts import FIRST_YEAR, latest_ms, milliseconds
from gigawatt.ndarrays import Floats, Ints
from gigawatt.readers.readings import ReadingBlock

# Two values are the same reading if they differ by less.
_SAME_FRAC = 1e-9
# A reading so many times what its series mostly reads is taken for a slip of a unit, which is by a thousand.
SLIP_RATIO = 300.0
# Readings of a series from which on one knows what it mostly reads.
JUDGED_COUNT = 20
_SLIP = "is a thousand times what the rest reads, or a thousandth: a slip of a unit? It is taken if asked for `as_read`"
_CONTRADICTS = "says something else than an earlier line of the same time"
# What is greater is no reading, and its sum no number.
_MOST_VALUE = 1e100
_FIRST_MS = milliseconds(f"{FIRST_YEAR}-01-01T00:00:00Z")


@dataclass(frozen=True, slots=True)
class Points:
    """Readings of one series by start and key; arrays of one shape (readings,). batch: which fact each is from."""

    starts_ms: Ints
    ends_ms: Ints
    values: Floats
    keys: Ints
    lines: Ints
    batch: Ints

    def __len__(self) -> int:
        return len(self.starts_ms)

    def take(self, which: NDArray[np.bool_] | Ints) -> Points:
        """Some of them, by mask or by place; themselves where that is all."""
        if which.dtype == np.bool_ and which.all():
            return self
        return Points(*(getattr(self, name)[which] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of the readings of a block: those to be kept, those they replace, and the lines refused, by why."""

    kept: Points
    replaced: Points
    duplicates_count: int
    refused: Mapping[str, Ints]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How readings of a series are judged."""

    adds_up: bool
    corrected: frozenset[int] = frozenset()
    """Batches whose readings may be replaced."""
    batch: int = 0
    """The one that is being made."""
    may_slip: bool = False
    """Whether a reading may be taken for a slip of a unit."""
    usual: float = 0.0
    """What the series reads in a millisecond, by what is known of any time; 0 where too little is."""


def points_of(block: ReadingBlock, batch: int) -> Points:
    """Readings of a block, in the order of time and key, first lines first."""
    order = np.lexsort((block.lines, block.keys, block.starts_ms))
    batches = np.full(len(order), batch, np.int64)
    return Points(block.starts_ms, block.ends_ms, block.values, block.keys, block.lines, batches).take(order)


def again(points: Points, backwards: bool = False) -> NDArray[np.bool_]:
    """Which of ordered readings are of the same start and key as the one before, or behind, them."""
    same = (np.diff(points.starts_ms) == 0) & (np.diff(points.keys) == 0)
    edge = np.zeros(1, bool)
    return np.concatenate([same, edge] if backwards else [edge, same])[: len(points)]


def judge(new: Points, known: Points, rules: Rules) -> Judged:
    """What becomes of new readings of a series, given those that are known of the same time."""
    refused: dict[str, Ints] = {}

    def without(points: Points, which: NDArray[np.bool_], why: str) -> Points:
        if which.any():
            refused[why] = np.concatenate([refused.get(why, points.lines[:0]), points.lines[which]])
        return points.take(~which)

    new, twice, duplicates = _told_once(new)
    if len(twice):
        refused[_CONTRADICTS] = twice
    if len(known):
        new, there = _told_before(new, known, rules, refused)
        duplicates += there
    metered = rules.adds_up and not new.keys.any()
    if metered and rules.may_slip:
        trusted = known.take(~of_batches(known.batch, rules.corrected))
        new = without(new, _slips(new, trusted, rules.usual), _SLIP)
    while metered and (over := _overlaps(new, _rest(new, known))).any():
        # What is refused replaces nothing, and what it would have replaced may be overlapped itself.
        new = without(new, over, "overlaps another reading, and would be counted twice")
    at = places(new, known)
    return Judged(new, known.take(at[at >= 0]), duplicates, refused)


def _told_once(new: Points) -> tuple[Points, Ints, int]:
    """Readings without those that a file has twice, the lines that contradict one before, and how many repeat one."""
    if (new.starts_ms[1:] > new.starts_ms[:-1]).all():
        return new, new.lines[:0], 0
    told = again(new)
    first = np.maximum.accumulate(np.where(told, 0, np.arange(len(new))))
    twice = told & ~_same(new, new.take(first))
    return new.take(~told), new.lines[twice], int(np.count_nonzero(told & ~twice))


def _told_before(new: Points, known: Points, rules: Rules, refused: dict[str, Ints]) -> tuple[Points, int]:
    """Readings without those that are known already, and how many those were; what contradicts them is refused."""
    at = places(new, known)
    equal = at >= 0
    equal[equal] = _same(new.take(equal), known.take(at[equal]))
    there = int(np.count_nonzero(equal))
    new, at = new.take(~equal), at[~equal]
    owners = np.zeros(len(new), np.int64)
    owners[at >= 0] = known.batch[at[at >= 0]]
    owners[of_batches(owners, rules.corrected)] = 0
    if not owners.any():
        return new, there
    for number in np.unique(owners[owners > 0]):
        why = f"says something else than fact {number}, which it replaces if asked to: `corrects` {number}"
        if number == rules.batch:
            why = _CONTRADICTS
        refused[why] = np.concatenate([refused.get(why, new.lines[:0]), new.lines[owners == number]])
    return new.take(owners == 0), there


def of_batches(batches: Ints, some: frozenset[int]) -> NDArray[np.bool_]:
    """Which readings are from some of the batches."""
    return np.isin(batches, list(some)) if some else np.zeros(len(batches), bool)


def _same(one: Points, other: Points) -> NDArray[np.bool_]:
    close = np.abs(one.values - other.values) <= _SAME_FRAC * np.maximum(np.abs(one.values), np.abs(other.values))
    return close & (one.ends_ms == other.ends_ms)


def places(new: Points, known: Points) -> Ints:
    """Where among known readings each of the new ones is, −1 where it is not."""
    if not len(known) or not len(new):
        return np.full(len(new), -1, np.int64)
    pair = np.dtype([("start", np.int64), ("key", np.int64)])
    have, want = np.empty(len(known), pair), np.empty(len(new), pair)
    have["start"], have["key"], want["start"], want["key"] = known.starts_ms, known.keys, new.starts_ms, new.keys
    if not known.keys.any() and not new.keys.any():
        have, want = known.starts_ms, new.starts_ms  # type: ignore[assignment]
    at = np.minimum(np.searchsorted(have, want), len(known) - 1)
    return np.where(have[at] == want, at, -1)


def _rest(new: Points, known: Points) -> Points:
    """Readings that are known and not replaced by new ones."""
    at = places(new, known)
    stays = np.ones(len(known), bool)
    stays[at[at >= 0]] = False
    return known.take(stays)


def _overlaps(new: Points, known: Points) -> NDArray[np.bool_]:
    """Which of new readings lie partly within the time of one that is known, or of an earlier one that does not."""
    found = np.zeros(len(new), bool)
    long = known.ends_ms > known.starts_ms
    if long.any() and len(new):
        starts_ms, until_ms = known.starts_ms[long], np.maximum.accumulate(known.ends_ms[long])
        after = np.searchsorted(starts_ms, new.starts_ms)
        found |= (after > 0) & (until_ms[np.maximum(after - 1, 0)] > new.starts_ms)
        found |= _begins_before(starts_ms, after, new.ends_ms)
    if not long.all() and len(new):
        # A moment takes no time: it shares that of what has begun before it and ends behind it.
        moments_ms = known.starts_ms[~long]
        found |= _begins_before(moments_ms, np.searchsorted(moments_ms, new.starts_ms, side="right"), new.ends_ms)
    left = np.flatnonzero(~found)
    starts_ms, ends_ms = new.starts_ms[left], new.ends_ms[left]
    if (starts_ms[1:] < ends_ms[:-1]).any():
        until = -(2**63)
        for at, start, end in zip(left.tolist(), starts_ms.tolist(), ends_ms.tolist(), strict=True):
            found[at] = start < until
            until = until if start < until else end
    return found


def _begins_before(starts_ms: Ints, at: Ints, ends_ms: Ints) -> NDArray[np.bool_]:
    """Whether there is one at a place of those that are ordered, and it begins before an end."""
    return (at < len(starts_ms)) & (starts_ms[np.minimum(at, len(starts_ms) - 1)] < ends_ms)


def _slips(new: Points, known: Points, usual: float) -> NDArray[np.bool_]:
    """Which of new readings are a thousand times what the series mostly reads, or all of them a thousandth."""
    rates, before = _rates(new), _rates(known)
    if len(before) >= JUDGED_COUNT:
        usual = float(np.median(before))
    elif not usual and np.count_nonzero(rates > 0) >= JUDGED_COUNT:
        usual = float(np.median(rates[rates > 0]))
    if usual <= 0 or not len(rates):
        return np.zeros(len(new), bool)
    found = rates > SLIP_RATIO * usual
    if rates.min() * SLIP_RATIO >= usual:
        return found
    some = rates[rates > 0]
    if len(some) >= JUDGED_COUNT and float(np.median(some)) * SLIP_RATIO < usual:
        found |= rates > 0
    return found


def _rates(points: Points) -> Floats:
    return points.values / np.maximum(points.ends_ms - points.starts_ms, 1)


def known_elsewhere(new: Points, kin_known: Points) -> tuple[Points, int, Mapping[str, Ints]]:
    """New readings less those that a series of the same jobs has; how many of these agree with it, and the lines of
    those that do not, by why."""
    if not len(kin_known) or not len(new):
        return new, 0, {}
    at = places(new, kin_known)
    there = at >= 0
    agree = there.copy()
    agree[there] = _same(new.take(there), kin_known.take(at[there]))
    refused: dict[str, Ints] = {}
    owners = kin_known.batch[at]
    for number in np.unique(owners[there & ~agree]):
        why = f"says something else than fact {number}, which knows less or more of whose it is: retract that one first"
        refused[why] = new.lines[there & ~agree & (owners == number)]
    return new.take(~there), int(np.count_nonzero(agree)), refused


def too_late(points: Points, adds_up: bool, now: str) -> NDArray[np.bool_]:
    """Which readings are of the future; what adds up has happened when it ends, and a gauge when it is read."""
    until_ms = np.maximum(points.starts_ms, points.ends_ms) if adds_up else points.starts_ms
    return until_ms > latest_ms(now)


def unsound(points: Points) -> NDArray[np.bool_]:
    """Which readings nothing can have read: no finite number, an end before the start, a time before all meters."""
    odd = ~(np.abs(points.values) < _MOST_VALUE) | (points.ends_ms < points.starts_ms)
    return odd | (points.starts_ms < _FIRST_MS)
