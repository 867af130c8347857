"""Corporate income tax with losses carried forward without limit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.ndarrays import Floats


def tax_usd(income_usd: ArrayLike, rate_frac: float) -> Floats:
    """Tax of each quarter [USD], (..., quarters): the rate on every new high of cumulative income above zero.

    That is what losses carried forward without limit amount to, and it is convex, so the planner states the same:
    cumulative tax never falls and is at least the rate on cumulative income.
    """
    cumulative = np.maximum.accumulate(
        np.maximum(np.cumsum(np.asarray(income_usd, dtype=float), axis=-1), 0.0), axis=-1
    )
    return rate_frac * np.diff(cumulative, axis=-1, prepend=0.0)
