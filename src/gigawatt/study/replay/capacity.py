"""The highest rate at which P99 holds the limits, and the fewest replicas that do, by bisection.

The rate is changed by letting all requests arrive in less or more time, so that bursts keep their shape. P99 is of all
requests: one that is rejected or dropped waits for ever. Where a limit is missed by requests that are alone in the pod,
no rate and no number of replicas holds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gigawatt import units
from gigawatt.errors import CalibrationError, Fault
from gigawatt.study.predict.faults import wrong_value
from gigawatt.study.question import wrong
from gigawatt.study.replay.found import CapacityPoint
from gigawatt.study.replay.tally import WaitLimits

# How near a capacity is found, and within which factors of the rate of the trace it is looked for.
NEAR_RATIO = 1.01
MOST_DOUBLINGS = 24
# Rates, over the capacity, at which a curve has points besides the capacity and the rate just beyond it.
CURVE_RATIOS = (0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 0.95, 1.05, 1.1, 1.2, 1.35, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The highest rate that was found within the limits, and what is measured at rates around it, from low to high."""

    requests_per_s: float
    curve: tuple[CapacityPoint, ...]


def check_alone(alone: CapacityPoint, limits: WaitLimits) -> None:
    """Raises CalibrationError where requests that are alone in the pod miss a limit, with the nearest they hold."""
    faults = list[Fault]()
    for key, limit_s, found_s in (
        ("ttft", limits.ttft_s, alone.ttft_p99_s),
        ("tpot", limits.tpot_s, alone.tpot_p99_s),
    ):
        if found_s is not None and found_s > limit_s:
            least = f"{_shown(found_s)} or more, which is P99 of these requests each alone in the pod"
            faults.append(wrong_value(key, limit_s, "s", least))
    if faults:
        raise CalibrationError(faults)


def _shown(time_s: float) -> str:
    """A time, rounded so that asking for it is enough."""
    return units.show(float(f"{time_s * 1.005:.2e}"), "s")


def capacity(measured: Callable[[float], CapacityPoint], *, curve: bool = True) -> Capacity:
    """The highest rate within the limits by what is measured at times the rate of the trace.

    curve: measure more rates beside it, so that a chart of all has points enough.
    Raises CalibrationError where even the lowest rate is not within, or the highest still is.
    """
    tried = dict[float, CapacityPoint]()

    def at(ratio: float) -> bool:
        tried[ratio] = measured(ratio)
        return tried[ratio].is_within

    low, high = _bracket(at, tried)
    while high / low > NEAR_RATIO:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if at(middle) else (low, middle)
    around = [low * ratio for ratio in CURVE_RATIOS] if curve else []
    for ratio in around:
        at(ratio)
    shown = sorted([low, high, *around])
    return Capacity(requests_per_s=tried[low].requests_per_s, curve=tuple(tried[ratio] for ratio in shown))


def _bracket(at: Callable[[float], bool], tried: dict[float, CapacityPoint]) -> tuple[float, float]:
    """Two rates apart by 2, of which the lower is within the limits and the higher is not."""
    ratio, is_within = 1.0, at(1.0)
    for _ in range(MOST_DOUBLINGS):
        other = ratio * 2 if is_within else ratio / 2
        if at(other) != is_within:
            return (ratio, other) if is_within else (other, ratio)
        ratio = other
    if is_within:
        given = f"P99 within the limits even at {tried[ratio].requests_per_s:,.0f} requests/s"
        raise CalibrationError([wrong("find_capacity", given, "more requests, or fewer replicas")])
    given = f"P99 beyond the limits even at {tried[ratio].requests_per_s:.2g} requests/s"
    expected = "more replicas, or looser limits: requests that arrive at one instant are too many"
    raise CalibrationError([wrong("find_capacity", given, expected)])


def fewest(measured: Callable[[int], CapacityPoint], most_count: int) -> tuple[int, dict[int, CapacityPoint]]:
    """The fewest replicas within the limits, and what was measured with each number that was tried.

    Raises CalibrationError where not even `most_count` are enough.
    """
    tried = dict[int, CapacityPoint]()

    def at(count: int) -> bool:
        tried[count] = measured(count)
        return tried[count].is_within

    low, high = 0, 1
    while not at(high):
        if high >= most_count:
            given = f"P99 beyond the limits even with {high:,} replicas"
            raise CalibrationError([wrong("pods", given, "looser limits, or a lower rate")])
        low, high = high, min(2 * high, most_count)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if at(middle) else (middle, high)
    return high, tried
