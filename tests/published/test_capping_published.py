"""Published performance under power caps against the curves, on the points that they were fitted to and on the others.

The H100 points are a press figure without a measurement behind it; measured parts lose less at that cap, and the
curves miss both ranges on the side of the measurements.
"""

import numpy as np
import pytest

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.catalog.load import get

# The largest mean distance to the published values or ranges of the points not fitted, and the largest of any point,
# as shares of full speed.
CLOSE = {"inference": (0.03, 0.05), "training": (0.05, 0.11)}
POINTS = [
    pytest.param(name, n, id=f"{name}: {point.name}")
    for name in CLOSE
    for n, point in enumerate(get("power_curves", name).points)
]


def missed_by(name: str, n: int) -> float:
    """How far the curve lies outside of what is published."""
    record = get("power_curves", name)
    point, evidence = record.points[n], record.evidence[f"points.{n}.performance_frac"]
    predicted = watts.performance(to_watts.power_curve_of(record), point.power_frac)
    low = point.performance_frac if evidence.low is None else evidence.low
    high = point.performance_frac if evidence.high is None else evidence.high
    return float(abs(predicted - np.clip(predicted, low, high)))


@pytest.mark.parametrize(("name", "n"), POINTS)
def test_every_point(name: str, n: int) -> None:
    assert missed_by(name, n) <= CLOSE[name][1]


@pytest.mark.parametrize("name", CLOSE)
def test_the_mean_of_the_points_not_fitted(name: str) -> None:
    held_out = [missed_by(name, n) for n, point in enumerate(get("power_curves", name).points) if not point.fitted]
    assert len(held_out) >= 8
    assert np.mean(held_out) <= CLOSE[name][0]


def test_the_h100_at_600_w() -> None:
    lost = {
        name: 1 - watts.performance(to_watts.power_curve_of(get("power_curves", name)), 600 / 700) for name in CLOSE
    }
    assert lost["inference"] == pytest.approx(0.018, abs=0.002), "published: 5 to 8 %"
    assert lost["training"] == pytest.approx(0.083, abs=0.002), "published: 10 to 15 %"
