"""The earned schedule: when the plan had what is earned now."""

from __future__ import annotations

import numpy as np
import pytest

from gigawatt.study.track.earned import earned_schedule_count

CURVE = np.array([10.0, 30.0, 30.0, 60.0])


@pytest.mark.parametrize(
    ("over", "earned", "count"),
    [
        (2, 30.0, 2.0),
        (2, 20.0, 1.5),
        (2, 0.0, 0.0),
        (3, 30.0, 3.0),  # the plan rests, and nothing is behind
        (3, 29.0, 1.95),
        (2, 45.0, 3.5),
        (2, 90.0, 4.0),
    ],
)
def test_the_schedule_that_is_earned(over: int, earned: float, count: float) -> None:
    assert earned_schedule_count(CURVE, over, earned) == pytest.approx(count)


def test_nothing_planned_and_nothing_earned_is_on_time() -> None:
    assert earned_schedule_count(np.array([0.0, 0.0, 5.0]), 2, 0.0) == 2.0
