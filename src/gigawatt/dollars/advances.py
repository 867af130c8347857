"""Advances: money that a vendor lends or a customer pays ahead, and how it goes back.

Money moves in the middle of a quarter. Each sum is given back in equal parts [1], the first a quarter after it came;
interest compounds at the quarterly equivalent of an effective yearly rate.

References
----------
[1] Brealey, Myers, Allen, *Principles of Corporate Finance*, ch. 2 (annuities, amortising loans).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.dollars.annuity import quarter_rate_ratio, recovery_frac, unamortised_frac
from gigawatt.ndarrays import Floats


def advance_flows(drawn_usd: ArrayLike, rate_per_year: float, term_years: float) -> Floats:
    """Money that comes in (+) less what goes back (−) in each quarter [USD], shape of drawn_usd (..., quarters).

    drawn_usd: received in each quarter. Every sum goes back over the `term_years` after it, to the nearest quarter and
    at least one. What falls due after the last quarter is not in the flows: it is still owed there.
    """
    drawn = np.asarray(drawn_usd, dtype=float)
    ages, count = _ages(drawn.shape[-1]), _count(term_years)
    payment = recovery_frac(quarter_rate_ratio(rate_per_year), count)
    return drawn - drawn @ np.where((ages >= 1) & (ages <= count), payment, 0.0)


def advance_owed_usd(drawn_usd: ArrayLike, rate_per_year: float, term_years: float) -> Floats:
    """What is still owed [USD] at the end of each quarter, shape of drawn_usd (..., quarters).

    The principal: what was owed a quarter before, with one quarter's interest on it, and the flow of `advance_flows`.
    """
    drawn = np.asarray(drawn_usd, dtype=float)
    ages, count = _ages(drawn.shape[-1]), _count(term_years)
    left = unamortised_frac(np.maximum(ages, 0), count, quarter_rate_ratio(rate_per_year))
    return drawn @ np.where(ages >= 0, left, 0.0)


def _ages(count: int) -> NDArray[np.int64]:
    """Quarters from the one in which a sum came (rows) to each quarter (columns), below 0 before it came."""
    return np.arange(count) - np.arange(count)[:, None]


def _count(term_years: float) -> int:
    return max(round(4 * term_years), 1)
