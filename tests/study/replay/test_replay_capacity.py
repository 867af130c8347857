"""Searches by bisection: the highest rate and the fewest replicas within limits, and what nothing holds."""

from __future__ import annotations

import pytest

from gigawatt.errors import CalibrationError
from gigawatt.study.replay.capacity import CURVE_RATIOS, NEAR_RATIO, capacity, check_alone, fewest
from gigawatt.study.replay.found import CapacityPoint
from gigawatt.study.replay.tally import WaitLimits


def point(rate: float, *, is_within: bool, ttft_s: float | None = 0.1, tpot_s: float | None = 0.01) -> CapacityPoint:
    return CapacityPoint(
        requests_per_s=rate, ttft_p99_s=ttft_s, tpot_p99_s=tpot_s, goodput_frac=1.0, is_within=is_within
    )


@pytest.mark.parametrize("true_per_s", [0.003, 4.99, 5.0, 5.01, 123.0, 80_000.0])
def test_a_capacity_is_found_from_below(true_per_s: float) -> None:
    found = capacity(lambda ratio: point(5 * ratio, is_within=5 * ratio <= true_per_s))
    assert true_per_s / NEAR_RATIO <= found.requests_per_s <= true_per_s
    rates = [one.requests_per_s for one in found.curve]
    assert rates == sorted(rates)
    assert len(rates) == len(CURVE_RATIOS) + 2
    assert [one.is_within for one in found.curve] == sorted((one.is_within for one in found.curve), reverse=True)


def test_a_capacity_without_a_curve_measures_no_more_than_it_needs() -> None:
    tried = list[float]()

    def measured(ratio: float) -> CapacityPoint:
        tried.append(ratio)
        return point(ratio, is_within=ratio <= 1.7)

    capacity(measured, curve=False)
    assert len(tried) < 12


@pytest.mark.parametrize(
    ("is_within", "words"),
    [(True, "within the limits even at .*: expected more requests"), (False, "beyond the limits even at")],
)
def test_a_rate_that_is_always_or_never_within_is_told(*, is_within: bool, words: str) -> None:
    with pytest.raises(CalibrationError, match=words):
        capacity(lambda ratio: point(ratio, is_within=is_within))


@pytest.mark.parametrize("least", [1, 2, 3, 7, 8, 9, 640])
def test_the_fewest_replicas_are_found_with_those_one_fewer(least: int) -> None:
    found, tried = fewest(lambda count: point(1.0, is_within=count >= least), 1000)
    assert found == least
    assert tried[least].is_within
    assert least == 1 or not tried[least - 1].is_within


def test_replicas_that_are_never_enough_are_told() -> None:
    with pytest.raises(CalibrationError, match="beyond the limits even with 1,000 replicas"):
        fewest(lambda _: point(1.0, is_within=False), 1000)


def test_limits_that_requests_alone_miss_are_told_with_those_that_they_hold() -> None:
    alone = point(1.0, is_within=False, ttft_s=0.84, tpot_s=0.0312)
    with pytest.raises(CalibrationError) as caught:
        check_alone(alone, WaitLimits(ttft_s=0.5, tpot_s=0.02))
    assert [(fault.path, fault.given) for fault in caught.value.faults] == [("ttft", "0.5 s"), ("tpot", "0.02 s")]
    assert "0.844 s or more" in str(caught.value)
    check_alone(alone, WaitLimits(ttft_s=0.85))
    check_alone(point(1.0, is_within=True, ttft_s=None, tpot_s=None), WaitLimits(ttft_s=0.1, tpot_s=0.1))
