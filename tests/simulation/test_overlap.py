"""Outages by hour: as by brute force, every hour of every interval once, mistakes refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.simulation.overlap import overlap

HOURS = 12


def by_hand(start: np.ndarray, end: np.ndarray, group: np.ndarray, groups: int, weight: np.ndarray) -> np.ndarray:
    out = np.zeros((groups, HOURS))
    for a, b, row, w in zip(start, end, group, weight, strict=True):
        for hour in range(HOURS):
            out[row, hour] += w * max(min(b, hour + 1) - max(a, hour), 0)
    return out


EDGE = st.one_of(st.floats(-5, HOURS + 5), st.integers(-1, HOURS + 1).map(float))
INTERVAL = st.tuples(EDGE, EDGE, st.integers(0, 2), st.floats(0, 100)).map(lambda t: (*sorted(t[:2]), *t[2:]))


@given(intervals=st.lists(INTERVAL, max_size=30))
def test_as_by_brute_force(intervals: list[tuple[float, float, int, float]]) -> None:
    start, end, group, weight = np.array(intervals, dtype=float).reshape(-1, 4).T
    found = overlap(start, end, HOURS, group.astype(int), 3, weight)
    assert found.shape == (3, HOURS)
    assert found.min() >= 0
    assert found == pytest.approx(by_hand(start, end, group.astype(int), 3, weight), abs=1e-11)


@given(intervals=st.lists(INTERVAL, max_size=30))
def test_hours_out_are_conserved(intervals: list[tuple[float, float, int, float]]) -> None:
    start, end, group, weight = np.array(intervals, dtype=float).reshape(-1, 4).T
    clipped = np.clip(end, 0, HOURS) - np.clip(start, 0, HOURS)
    total = overlap(start, end, HOURS, group.astype(int), 3, weight).sum()
    assert total == pytest.approx((weight * clipped).sum(), rel=1e-12, abs=1e-11)


def test_years_of_outages_leave_no_rounding_behind() -> None:
    draw = np.random.Generator(np.random.Philox(3))
    start = draw.uniform(0, 40_000, 200_000)
    found = overlap(start, start + draw.exponential(30, start.size), 60_000)[0]
    assert np.all(found[45_000:] == 0)
    assert found.sum() == pytest.approx(200_000 * 30, rel=0.01)


def test_by_hand() -> None:
    start, end = np.array([0.25, 1.0]), np.array([2.5, np.inf])
    assert overlap(start, end, 4).tolist() == [[0.75, 2.0, 1.5, 1.0]]
    assert overlap(start, end, 4, weight=2).tolist() == [[1.5, 4.0, 3.0, 2.0]]
    assert overlap(np.zeros(0), np.zeros(0), 2, groups_count=2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("start", "end", "options", "words"),
    [
        ([2.0], [1.0], {}, r"interval 0 = \[2, 1\)"),
        ([np.nan], [1.0], {}, "interval 0"),
        ([0.0], [np.nan], {}, "interval 0"),
        ([0.0, 1.0], [1.0], {}, "equal lengths"),
        ([0.0], [1.0], {"group": np.array([1])}, "group from 1 to 1: expected 0 to 0"),
        ([0.0], [1.0], {"group": np.array([-1])}, "group from -1"),
        ([0.0], [1.0], {"weight": -1.0}, "weight"),
        ([0.0], [1.0], {"weight": np.nan}, "weight"),
    ],
)
def test_mistakes_are_refused(start: list[float], end: list[float], options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        overlap(np.array(start), np.array(end), HOURS, **options)
