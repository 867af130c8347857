"""What becomes of a reading beside those that are known, held against a plain and slow telling of the same rules."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gigawatt.ledger import judging
from gigawatt.ledger.judging import Points, Rules, judge
from gigawatt.ledger.readings import decoded, encoded, joined


@dataclass(frozen=True)
class One:
    """A reading."""

    start: int
    end: int
    value: float
    key: int
    line: int
    batch: int

    @property
    def what(self) -> tuple[int, int]:
        return self.start, self.key

    def same(self, other: One) -> bool:
        near = abs(self.value - other.value) <= 1e-9 * max(abs(self.value), abs(other.value))
        return near and self.end == other.end

    def laps(self, other: One) -> bool:
        return self.start < other.end and other.start < self.end


def points(found: list[One]) -> Points:
    rows = sorted(found, key=lambda one: (one.start, one.key, one.line))
    names = ("start", "end", "value", "key", "line", "batch")
    return Points(
        *(np.array([getattr(one, name) for one in rows], float if name == "value" else np.int64) for name in names)
    )


def plainly(new: list[One], known: list[One], rules: Rules) -> tuple[set[int], set[tuple[int, int]], int, Counter[str]]:
    """Lines kept, what they replace, how many were there, and how many were refused by the first words of why."""
    have = {one.what: one for one in known}
    refused: Counter[str] = Counter()
    duplicates, left = 0, []
    first: dict[tuple[int, int], One] = {}
    for one in sorted(new, key=lambda one: one.line):
        earlier = first.setdefault(one.what, one)
        if earlier is not one:
            duplicates += one.same(earlier)
            refused["says something else"] += not one.same(earlier)
        elif one.what in have and one.same(have[one.what]):
            duplicates += 1
        elif one.what in have and have[one.what].batch not in rules.corrected:
            refused["says something else"] += 1
        else:
            left.append(one)
    if rules.adds_up and not any(one.key for one in left):
        left = _metered(left, known, rules, refused)
    lines = {one.line for one in left}
    return lines, {one.what for one in left if one.what in have}, duplicates, refused


def _metered(left: list[One], known: list[One], rules: Rules, refused: Counter[str]) -> list[One]:
    if rules.may_slip:
        slips = _slips(left, [one for one in known if one.batch not in rules.corrected], rules.usual)
        refused["is a thousand"] += len(slips)
        left = [one for one in left if one not in slips]
    while True:
        replaced = {one.what for one in left}
        rest = [one for one in known if one.what not in replaced]
        kept: list[One] = []
        for one in sorted(left, key=lambda one: one.start):
            if not any(one.laps(other) for other in rest + kept):
                kept.append(one)
        if len(kept) == len(left):
            return left
        refused["overlaps another"] += len(left) - len(kept)
        left = kept


def _slips(left: list[One], trusted: list[One], usual: float) -> list[One]:
    rates = {one: one.value / max(one.end - one.start, 1) for one in left}
    before = [one.value / max(one.end - one.start, 1) for one in trusted]
    some = [rate for rate in rates.values() if rate > 0]
    if len(before) >= 20:
        usual = statistics.median(before)
    elif not usual and len(some) >= 20:
        usual = statistics.median(some)
    if usual <= 0:
        return []
    small = len(some) >= 20 and statistics.median(some) * 300 < usual
    return [one for one, rate in rates.items() if rate > 300 * usual or (small and rate > 0)]


def held(new: list[One], known: list[One], rules: Rules) -> None:
    found = judge(points(new), points(known), rules)
    kept, replaced, duplicates, refused = plainly(new, known, rules)
    assert set(found.kept.lines.tolist()) == kept
    assert set(zip(found.replaced.starts_ms.tolist(), found.replaced.keys.tolist(), strict=True)) == replaced
    assert found.duplicates_count == duplicates
    by_why: Counter[str] = Counter()
    for why, lines in found.refused.items():
        by_why[next(words for words in WHY if why.startswith(words))] += len(lines)
    assert by_why == +refused
    told = [*found.kept.lines.tolist(), *(line for lines in found.refused.values() for line in lines.tolist())]
    assert len(told) == len(set(told)) == len(new) - duplicates


WHY = ("says something else", "is a thousand", "overlaps another")
STARTS, LENGTHS = st.integers(0, 12), st.sampled_from([0, 1, 1, 1, 2, 5])
VALUES = st.sampled_from([0.0, 1.0, 1.0 + 1e-12, 2.0, -1.0, 1e6])
KEYS = st.sampled_from([0, 0, 0, 7])


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[One], list[One], Rules]:
    keyed = draw(st.booleans())
    keys = KEYS if keyed else st.just(0)
    rows = draw(st.lists(st.tuples(STARTS, LENGTHS, VALUES, keys), max_size=14))
    new = [One(start, start + length, value, key, line, 9) for line, (start, length, value, key) in enumerate(rows)]
    known: list[One] = []
    for start, length, value, key in draw(st.lists(st.tuples(STARTS, LENGTHS, VALUES, keys), max_size=14)):
        one = One(start, start + length, value, key, 0, draw(st.sampled_from([1, 2, 9])))
        if one.what not in {other.what for other in known} and (key or not any(one.laps(other) for other in known)):
            known.append(one)
    rules = Rules(
        adds_up=draw(st.booleans()),
        corrected=draw(st.sampled_from([frozenset(), frozenset({1}), frozenset({1, 2})])),
        batch=9,
        may_slip=draw(st.booleans()),
        usual=draw(st.sampled_from([0.0, 1.0])),
    )
    return new, known, rules


@given(cases())
@example(([One(1, 2, 0.0, 0, 0, 9)], [One(0, 0, 0.0, 0, 0, 1), One(1, 1, 0.0, 7, 0, 1)], Rules(adds_up=True)))
@settings(max_examples=200, deadline=None)
def test_readings_are_judged_as_the_plain_rules_say(case: tuple[list[One], list[One], Rules]) -> None:
    held(*case)


@given(cases())
@settings(max_examples=100, deadline=None)
def test_no_two_readings_that_stand_overlap_and_none_stands_twice(case: tuple[list[One], list[One], Rules]) -> None:
    new, known, rules = case
    found = judge(points(new), points(known), rules)
    gone = set(zip(found.replaced.starts_ms.tolist(), found.replaced.keys.tolist(), strict=True))
    by_line = {one.line: one for one in new}
    stand = [one for one in known if one.what not in gone] + [by_line[line] for line in found.kept.lines.tolist()]
    assert len({one.what for one in stand}) == len(stand)
    # Zero-length readings have no time to share.
    long = [one for one in stand if one.end > one.start]
    if rules.adds_up and not any(one.key for one in new + known):
        assert not any(one.laps(other) for n, one in enumerate(long) for other in long[:n])


def steady(count: int, value: float, batch: int, first: int = 0) -> list[One]:
    return [One(n, n + 1, value, 0, n - first, batch) for n in range(first, first + count)]


@given(st.sampled_from([1.0, 1000.0, 0.001]), st.integers(15, 30), st.integers(0, 30), st.integers(-1, 25))
@settings(max_examples=60, deadline=None)
def test_slips_of_a_unit_are_judged_as_the_plain_rules_say(ratio: float, count: int, before: int, odd: int) -> None:
    new = steady(count, ratio, 9, first=100)
    if odd >= 0:
        new = [One(n.start, n.end, 1000 * n.value, 0, n.line, 9) if n.line == odd else n for n in new]
    held(new, steady(before, 1.0, 1), Rules(adds_up=True, may_slip=True))


SLIPPED = Rules(adds_up=True, may_slip=True)


def count_refused(new: list[One], known: list[One], rules: Rules = SLIPPED) -> int:
    return sum(map(len, judge(points(new), points(known), rules).refused.values()))


@pytest.mark.parametrize("ratio", [1000.0, 0.001, 1e6])
def test_a_file_in_another_unit_is_refused_whole_and_taken_if_told_so(ratio: float) -> None:
    known, new = steady(24, 5.0, 1), steady(24, 5.0 * ratio, 9, first=24)
    assert count_refused(new, known) == 24
    assert count_refused(new, known, Rules(adds_up=True)) == 0


def test_one_reading_in_another_unit_is_refused_alone() -> None:
    new = steady(48, 5.0, 9)
    new[30] = One(30, 31, 5000.0, 0, 30, 9)
    assert judge(points(new), points([]), SLIPPED).refused.popitem()[1].tolist() == [30]


def test_an_hour_of_next_to_nothing_is_an_outage_and_no_slip() -> None:
    new = steady(48, 5.0, 9)
    new[30] = One(30, 31, 0.001, 0, 30, 9)
    assert count_refused(new, steady(24, 5.0, 1, first=-24)) == 0


def test_a_correction_of_a_slip_is_not_held_against_the_slip() -> None:
    known, new = steady(24, 5000.0, 1), steady(24, 5.0, 9)
    found = judge(points(new), points(known), Rules(adds_up=True, may_slip=True, corrected=frozenset({1})))
    assert len(found.kept) == len(found.replaced) == 24


def test_a_refused_reading_that_is_long_blocks_none_behind_it() -> None:
    new = [One(0, 10, 1.0, 0, 0, 9), One(5, 1000, 1.0, 0, 1, 9), *(One(n, n + 10, 1.0, 0, n, 9) for n in (10, 20, 30))]
    found = judge(points(new), points([]), Rules(adds_up=True))
    assert found.kept.lines.tolist() == [0, 10, 20, 30]


def test_what_a_refused_correction_would_have_replaced_still_stands() -> None:
    known = [One(0, 60, 1.0, 0, 0, 1), One(-10, 0, 1.0, 0, 0, 2)]
    # The first is overlapped by what is known before it, so the hour that it corrects stands and overlaps the second.
    new = [One(0, 40, 2.0, 0, 0, 9), One(40, 60, 2.0, 0, 1, 9)]
    blocked = [One(-10, 5, 1.0, 0, 0, 2), known[0]]
    found = judge(points(new), points(blocked), Rules(adds_up=True, corrected=frozenset({1})))
    assert not len(found.kept)
    taken = judge(points(new), points(known), Rules(adds_up=True, corrected=frozenset({1})))
    assert len(taken.kept) == 2
    assert len(taken.replaced) == 1


def test_a_gauge_may_be_read_at_any_time_and_jobs_may_run_together() -> None:
    new = [One(0, 10, 1.0, 0, 0, 9), One(5, 15, 1.0, 0, 1, 9)]
    assert count_refused(new, [], Rules(adds_up=False)) == 0
    jobs = [One(0, 10, 1.0, 7, 0, 9), One(0, 10, 1.0, 8, 1, 9), One(5, 15, 1.0, 7, 2, 9)]
    assert count_refused(jobs, [], Rules(adds_up=True)) == 0


@given(st.lists(st.tuples(STARTS, LENGTHS, st.floats(allow_nan=False, allow_infinity=False), KEYS), min_size=1))
def test_a_chunk_reads_back_to_the_bit(rows: list[tuple[int, int, float, int]]) -> None:
    found = points([One(start, start + length, value, key, 0, 3) for start, length, value, key in rows])
    back = decoded(encoded(found), 3)
    for name in ("starts_ms", "ends_ms", "keys", "batch"):
        assert getattr(back, name).tolist() == getattr(found, name).tolist()
    assert back.values.tobytes() == found.values.tobytes()


def test_of_several_readings_of_the_same_the_last_batch_stands() -> None:
    parts = [points([One(0, 1, value, 0, 0, batch)]) for value, batch in ((2.0, 2), (3.0, 3), (1.0, 1))]
    assert joined(parts).values.tolist() == [3.0]
    assert not len(joined([]))


def test_readings_that_nobody_can_have_read_are_told_apart() -> None:
    year_ms = 31_556_952_000
    rows = [(40, 1, 1.0), (40, 1, float("nan")), (40, 1, float("-inf")), (40, 1, 1e101), (40, -1, 1.0), (10, 1, 1.0)]
    found = points(
        [One(years * year_ms, years * year_ms + more, value, 0, n, 1) for n, (years, more, value) in enumerate(rows)]
    )
    assert sorted(found.lines[judging.unsound(found)].tolist()) == [1, 2, 3, 4, 5]
