"""When those who lent to a programme let it pay out what it does not need."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.ndarrays import Floats

Flags = NDArray[np.bool_]

QUARTERS_PER_YEAR = 4


def completed(power_w: ArrayLike, completion_frac: float, start_w: float = 0.0) -> Flags:
    """Quarters that open with so much of the most power that there ever is, shape (quarters,).

    power_w: at the end of each quarter; start_w: what the first quarter opens with.
    """
    power = np.asarray(power_w, dtype=float)
    opening = np.concatenate([[start_w], power])[: power.size]
    # One part in a million covers a solver's rounding, not a missing rack.
    return np.asarray(np.maximum.accumulate(opening) >= completion_frac * power.max(initial=start_w) * (1 - 1e-6))


def covered(
    free_usd: ArrayLike, debt_usd: ArrayLike, interest_usd: ArrayLike, cover_ratio: float, start_usd: float = 0.0
) -> Flags:
    """Quarters whose last year earned its debt service so many times, shape (quarters,).

    free_usd: free cash flow of each quarter; service is its interest and what it repays of debt. debt_usd: at its end;
    start_usd: before the first.
    A year without service is covered where its free cash flow is not below nought.
    """
    repaid = np.maximum(-np.diff(np.asarray(debt_usd, dtype=float), prepend=start_usd), 0.0)
    free, service = (_year_sum(flow) for flow in (free_usd, repaid + np.asarray(interest_usd, dtype=float)))
    return np.asarray(free >= cover_ratio * service)


def _year_sum(flow: ArrayLike) -> Floats:
    """Of each quarter and the three before it, as far as there are so many."""
    total = np.concatenate([np.zeros(QUARTERS_PER_YEAR), np.cumsum(np.asarray(flow, dtype=float))])
    return np.asarray(total[QUARTERS_PER_YEAR:] - total[:-QUARTERS_PER_YEAR])


def paid_out_usd(cash_usd: ArrayLike, allowed: ArrayLike, minimum_usd: float) -> Floats:
    """The earliest payments [USD a quarter] in the quarters allowed that leave cash at its minimum ever after.

    cash_usd: at the end of each quarter where nothing is paid out. By then as much may have gone as all later quarters
    can spare.
    """
    spare = np.maximum(np.asarray(cash_usd, dtype=float) - minimum_usd, 0.0)
    most = np.minimum.accumulate(spare[::-1])[::-1]
    gone = np.maximum.accumulate(np.where(allowed, most, 0.0))
    return np.diff(gone, prepend=0.0)
