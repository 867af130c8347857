"""How software makes the same machine do more work, year by year."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.model.blocks import Floats


def software_ratio(since_base_years: Floats, gain_per_year: Floats, cap_ratio: Floats) -> NDArray[np.float64]:
    """Throughput over that of the base year, min((1 + gain)^years, cap), and 1 before the base year.

    gain_per_year: 0.22 for 22 % a year; cap_ratio: the most that software ever adds.
    """
    years = np.maximum(since_base_years, 0.0)
    return np.asarray(np.minimum(np.power(1 + np.asarray(gain_per_year), years), cap_ratio))
