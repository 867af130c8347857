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
CLOSE = {"inference": (0.02, 0.045), "training": (0.02, 0.045)}
POINTS = [
    pytest.param(name, n, id=f"{name}: {point.name}")
    for name in CLOSE
    for n, point in enumerate(get("power_curves", name).points)
]


def missed_by(name: str, n: int) -> float:
    """How far the curve of the part lies outside of what is published."""
    record = get("power_curves", name)
    point, evidence = record.points[n], record.evidence[f"points.{n}.performance_frac"]
    predicted = to_watts.point_performance(record, point, get("power_curves", "training"))
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


@pytest.mark.parametrize("name", CLOSE)
def test_curves_by_part_are_nearer_to_points_not_fitted_than_the_common_one(name: str) -> None:
    """A100 and V100 disagree below three quarters of the power; workstation parts hold on longer than servers'."""
    record = get("power_curves", name)
    common = watts.performance(to_watts.power_curve_of(record), [point.power_frac for point in record.points])
    rows = [n for n, point in enumerate(record.points) if not point.fitted]
    far = [abs(common[n] - record.points[n].performance_frac) for n in rows]
    assert np.mean([missed_by(name, n) for n in rows]) < 0.6 * np.mean(far)


def test_what_servers_lose_at_large_batches_lies_between_serving_and_training() -> None:
    """item 8: MI355X at 71 % of its power, 84 % offline and 82 % server, H200 under Max-Q; none of them was fitted."""
    record = get("power_curves", "inference")
    mixed = {n: point for n, point in enumerate(record.points) if point.compute_frac}
    assert len(mixed) == 4
    assert not any(point.fitted for point in mixed.values())
    assert max(missed_by("inference", n) for n in mixed) <= 0.025


def test_the_h100_at_600_w() -> None:
    lost = {
        name: 1 - watts.performance(to_watts.power_curve_of(get("power_curves", name)), 600 / 700) for name in CLOSE
    }
    assert lost["inference"] == pytest.approx(0.018, abs=0.002), "published: 5 to 8 %"
    assert lost["training"] == pytest.approx(0.083, abs=0.002), "published: 10 to 15 %"
