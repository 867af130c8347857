"""Crews and parts: the closed queue of machine repair, the stock-outs of base stock, and small cases by hand."""

from math import comb, exp, factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trials import REPLICATIONS_COUNT, assert_mean

from gigawatt.simulation.mending import _busy_until, mend
from gigawatt.simulation.overlap import overlap

RACK, TRAY = 0, 1
NOBODY = np.zeros(0)


def mended(time_h: Any, rack: Any, repair_h: Any, **changes: Any) -> tuple[np.ndarray, np.ndarray]:
    """When mending begins and ends; by default of whole racks, found at once, without limits on crews and parts."""
    time = np.asarray(time_h, dtype=float)
    given = {
        "kind": np.full(time.size, RACK),
        "detect_h": np.zeros(2),
        "crew_h": np.full(2, np.inf),
        "takes_part": np.zeros(2, dtype=bool),
        "crews_h": NOBODY,
        "parts_h": NOBODY,
        "part_lead_h": 0.0,
    } | changes
    racks = np.asarray(rack, dtype=np.int64)
    return mend(
        time,
        racks,
        given["kind"],
        np.asarray(repair_h, dtype=float),
        np.array([True, False]),
        given["detect_h"],
        given["crew_h"],
        given["takes_part"],
        np.array(given["crews_h"], dtype=float),
        np.array(given["parts_h"], dtype=float),
        given["part_lead_h"],
        int(racks.max(initial=0)) + 1,
    )


def poisson(draw: np.random.Generator, rate_per_h: float, until_h: float) -> np.ndarray:
    return np.sort(draw.uniform(0, until_h, draw.poisson(rate_per_h * until_h)))


def randoms(key: int) -> list[np.random.Generator]:
    seeds = np.random.SeedSequence(key).spawn(REPLICATIONS_COUNT)
    return [np.random.Generator(np.random.Philox(seed)) for seed in seeds]


def mean_out_count(racks: int, crews: int, load_ratio: float) -> float:
    """Racks out in the queue M/M/c//N: birth and death with rates (N − n) λ and min(n, c) μ, of load λ/μ."""
    weight = [1.0]
    for out in range(racks):
        weight.append(weight[-1] * (racks - out) * load_ratio / min(out + 1, crews))
    return sum(n * w for n, w in enumerate(weight)) / sum(weight)


def test_the_queue_without_limits_is_binomial() -> None:
    """The oracle's own check: of N racks n are out with C(N, n) ρⁿ (1 + ρ)^−N, and the mean is N ρ / (1 + ρ)."""
    load, racks = 0.25, 10
    by_hand = sum(n * comb(racks, n) * load**n / (1 + load) ** racks for n in range(racks + 1))
    assert mean_out_count(racks, racks, load) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(racks * 0.2)


@pytest.mark.parametrize("load_ratio", [0.05, 0.3])
@pytest.mark.parametrize("crews", [1, 3, 12])
def test_limited_crews_are_the_queue_of_machine_repair(crews: int, load_ratio: float) -> None:
    """Crews hold a repair from beginning to end, and repairs are exponential with a mean of one hour."""
    racks, until, skipped = 12, 3000, 200
    found = []
    for draw in randoms(crews):
        time = poisson(draw, racks * load_ratio, until)
        repair = draw.exponential(1, time.size)
        _, end = mended(time, draw.integers(0, racks, time.size), repair, crews_h=np.zeros(crews))
        hit = ~np.isnan(end)
        found.append(overlap(time[hit] - skipped, end[hit] - skipped, until - skipped)[0].mean())
    assert_mean(found, mean_out_count(racks, crews, load_ratio))


@pytest.mark.parametrize(("stock", "due"), [(1, 0.4), (3, 2.0), (3, 4.0), (12, 8.0)])
def test_a_base_stock_of_parts_runs_out_as_often_as_theory_says(stock: int, due: float) -> None:
    """Parts are ordered as they are asked for, so a demand waits where `stock` others came within the lead time:
    P(wait > 0) = P(N ≥ stock), N Poisson of mean `due`; also where more are due than are in stock."""
    lead_h = 300.0
    found = []
    for draw in randoms(stock):
        time = poisson(draw, due / lead_h, 500 * lead_h)
        many = np.arange(time.size)
        begin, _ = mended(
            time,
            many,
            np.zeros(time.size),
            takes_part=np.ones(2, dtype=bool),
            parts_h=np.zeros(stock),
            part_lead_h=lead_h,
        )
        found.append(np.mean(begin[stock:] > time[stock:]))
    assert_mean(found, 1 - sum(exp(-due) * due**n / factorial(n) for n in range(stock)))


@given(
    times=st.lists(st.floats(0, 10), min_size=1, max_size=20).map(sorted),
    longer=st.lists(st.floats(0, 10), max_size=40),
)
def test_the_first_of_a_heap_is_the_smallest_of_a_sorted_list(times: list[float], longer: list[float]) -> None:
    heap, plain = np.array(times), list(times)
    for more in longer:
        later = plain.pop(0) + more
        _busy_until(heap, later)
        plain = sorted([*plain, later])
        assert heap[0] == plain[0]
    assert sorted(heap) == plain


@given(seed=st.integers(0, 10_000), crews=st.integers(1, 4))
def test_no_more_repairs_at_a_time_than_crews(seed: int, crews: int) -> None:
    draw = np.random.Generator(np.random.Philox(seed))
    time = poisson(draw, 1.0, 100)
    rack = draw.integers(0, 20, time.size)
    begin, end = mended(time, rack, draw.exponential(3, time.size), crews_h=np.zeros(crews))
    hit = ~np.isnan(begin)
    assert np.all(begin[hit] >= time[hit])
    assert np.all(np.diff(begin[hit]) >= 0)  # first come, first served
    at_work = (begin[hit][:, None] <= begin[hit]) & (begin[hit] < end[hit][:, None])
    assert at_work.sum(axis=0).max(initial=0) <= crews


@given(seed=st.integers(0, 10_000), more=st.integers(1, 3))
def test_more_crews_never_mend_later(seed: int, more: int) -> None:
    draw = np.random.Generator(np.random.Philox(seed))
    time = poisson(draw, 1.0, 100)
    repair = draw.exponential(3, time.size)
    few, many = (mended(time, np.arange(time.size), repair, crews_h=np.zeros(crews))[1] for crews in (2, 2 + more))
    assert np.all(many <= few)


def test_a_rack_that_is_out_does_not_fail_again() -> None:
    begin, end = mended([1, 2, 3, 3.5], [0, 0, 0, 1], [2, 9, 1, 1])
    assert begin == pytest.approx([1, np.nan, 3, 3.5], nan_ok=True)
    assert end == pytest.approx([3, np.nan, 4, 4.5], nan_ok=True)


def test_a_tray_that_is_out_leaves_its_rack_to_fail() -> None:
    begin, _ = mended([1, 2, 3], [0, 0, 0], [9, 9, 9], kind=np.array([TRAY, TRAY, RACK]))
    assert begin.tolist() == [1, 2, 3]


def test_mending_waits_for_detection_then_parts_then_crews() -> None:
    limits = {
        "detect_h": np.array([0.5, 0.5]),
        "crew_h": np.array([4.0, 4.0]),
        "takes_part": np.array([True, True]),
        "crews_h": [0.0],
        "parts_h": [0.0, 3.0],
        "part_lead_h": 100.0,
    }
    begin, end = mended([1, 1, 1], [0, 1, 2], [6, 2, 6], **limits)
    # The second part is there at 3, the crew at 5.5; the third part comes with the lead of the first.
    assert begin == pytest.approx([1.5, 5.5, 101.5])
    assert end == pytest.approx([7.5, 7.5, 107.5])


def test_a_fault_that_waits_for_its_part_holds_no_crew() -> None:
    """The second tray has its part only at 100: the rack that fails after it is mended before it."""
    limits = {"takes_part": np.array([False, True]), "crews_h": [0.0], "parts_h": [0.0], "part_lead_h": 100.0}
    begin, _ = mended([0, 0, 1], [0, 1, 2], [2, 2, 5], kind=np.array([TRAY, TRAY, RACK]), **limits)
    assert begin.tolist() == [0, 100, 2]


def test_a_part_is_ordered_when_it_is_asked_for() -> None:
    """Each of three demands at once waits for its own order, not for that of the one before it."""
    parts = {"takes_part": np.ones(2, dtype=bool), "parts_h": [0.0], "part_lead_h": 100.0}
    assert mended([0, 1, 2], [0, 1, 2], [1, 1, 1], **parts)[0].tolist() == [0, 100, 101]


def test_a_crew_is_held_for_its_work_and_no_longer_than_the_repair() -> None:
    brief = {"crew_h": np.array([4.0, 4.0]), "crews_h": [0.0]}
    assert mended([0, 0, 0], [0, 1, 2], [9, 1, 1], **brief)[0].tolist() == [0, 4, 5]


def test_who_needs_no_crew_waits_for_none() -> None:
    kinds = {"crew_h": np.array([np.inf, 0.0]), "kind": np.array([RACK, TRAY, RACK])}
    assert mended([0, 0, 0], [0, 1, 2], [9, 1, 1], crews_h=[0.0], **kinds)[0].tolist() == [0, 0, 9]


def test_crews_are_there_from_their_hour_on() -> None:
    assert mended([0, 1, 2], [0, 1, 2], [9, 9, 1], crews_h=[0.0, 5.0])[0].tolist() == [0, 5, 9]
