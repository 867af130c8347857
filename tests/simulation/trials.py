"""Independent replications: their random streams, and whether their mean is what theory says."""

from collections.abc import Sequence

import numpy as np

REPLICATIONS_COUNT, FEWER_COUNT = 40, 20
# Half width of a 99.9 % interval in standard errors, by the number of replications: Student's t.
ERRORS_COUNT = {8: 5.41, 20: 3.88, 40: 3.56}
# The same for a number that is normal with a known deviation.
NORMAL_ERRORS_COUNT = 3.29


def half_width(found: Sequence[float]) -> float:
    """Of the 99.9 % interval of the mean of replications."""
    return float(ERRORS_COUNT[len(found)] * np.std(found, ddof=1) / np.sqrt(len(found)))


def assert_mean(found: Sequence[float], exact: float) -> None:
    """The mean of replications is the exact value, within its interval."""
    told = f"{np.mean(found):.6g} ± {half_width(found):.2g}, exact {exact:.6g}"
    assert abs(np.mean(found) - exact) < half_width(found), told


def assert_same_mean(one: Sequence[float], other: Sequence[float]) -> None:
    """The means of two sets of replications agree within the interval of their difference."""
    width = np.hypot(half_width(one), half_width(other))
    told = f"{np.mean(one):.6g} and {np.mean(other):.6g} differ by more than {width:.2g}"
    assert abs(np.mean(one) - np.mean(other)) < width, told
