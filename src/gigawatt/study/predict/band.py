"""A prediction with how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Standard normal deviate of the tenth and the ninetieth percentile.
DECILE_RATIO = 1.2815515655446004


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The median of a figure between its tenth and its ninetieth percentile, in the unit of the figure."""

    p10: float
    p50: float
    p90: float

    def times(self, factor: float) -> Band:
        """The band of what grows with this figure."""
        return Band(p10=self.p10 * factor, p50=self.p50 * factor, p90=self.p90 * factor)


def log_normal(median: float, deviation_ratio: float) -> Band:
    """The band of a log-normal quantity; deviation_ratio: the standard deviation of its logarithm."""
    width = math.exp(DECILE_RATIO * deviation_ratio)
    return Band(p10=median / width, p50=median, p90=median * width)
