"""Prices over time and willingness to pay."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.ndarrays import Floats


def trend(base_usd: float, change_per_year: float, years: ArrayLike) -> Floats:
    """A price that changes by a steady share a year, base·(1+g)^y [USD]; shape of `years`."""
    return base_usd * np.exp(np.asarray(years, dtype=float) * np.log1p(change_per_year))


def subscription_usd_per_mtok(
    users_count: ArrayLike,
    paying_frac: ArrayLike,
    revenue_per_payer_usd: ArrayLike,
    tokens_per_s: ArrayLike,
    year_s: float,
) -> Floats:
    """What users who pay by the year bring per million tokens that all users consume [USD/Mtoken].

    revenue_per_payer_usd: USD per paying user and year; year_s: seconds in a year. All arrays broadcast.
    """
    revenue = np.asarray(users_count, dtype=float) * np.asarray(paying_frac) * np.asarray(revenue_per_payer_usd)
    return revenue / (np.asarray(tokens_per_s, dtype=float) * year_s / 1e6)
