"""Time value of money: discounting, annuities and what is left of an asset.

Rates are effective per year, real unless a name says nominal. Quarter t of a horizon runs from t/4 to (t+1)/4 years;
flows happen in its middle, stocks are counted at its end.

References
----------
[1] Brealey, Myers, Allen, *Principles of Corporate Finance*, ch. 2 (annuities).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.ndarrays import Floats


def recovery_frac(rate_per_year: float, life_years: float) -> float:
    """Capital recovery factor [1]: yearly payment per dollar, r / (1 − (1+r)^−n), exact down to r = 0 (1/n).

    >>> round(recovery_frac(0.10, 5.0), 4), recovery_frac(0.0, 5.0)
    (0.2638, 0.2)
    """
    if rate_per_year == 0:
        return 1.0 / life_years
    return rate_per_year / -float(np.expm1(-life_years * np.log1p(rate_per_year)))


def discount_ratio(rate_per_year: float, years: ArrayLike) -> Floats:
    """Value today of one dollar after `years`, (1+r)^−y; shape of `years`."""
    return np.exp(-np.asarray(years, dtype=float) * np.log1p(rate_per_year))


def quarter_rate_ratio(rate_per_year: float) -> float:
    """Interest of one quarter on one dollar at an effective yearly rate, (1+r)^¼ − 1."""
    return float(np.expm1(np.log1p(rate_per_year) / 4))


def mid_quarters_years(quarters_count: int) -> Floats:
    """Times of the flows of each quarter since the start of the horizon [years], shape (quarters,)."""
    return (np.arange(quarters_count) + 0.5) / 4


def unamortised_frac(age_years: ArrayLike, life_years: float, rate_per_year: float) -> Floats:
    """Share of an asset's cost that its annuity has yet to earn: PV of the remaining payments over PV of all [1].

    age_years: time since purchase, any shape; 1 when new, 0 from the end of its life on.
    """
    left = np.clip(life_years - np.asarray(age_years, dtype=float), 0.0, life_years)
    if rate_per_year == 0:
        return left / life_years
    log_rate = np.log1p(rate_per_year)
    return np.expm1(-left * log_rate) / np.expm1(-life_years * log_rate)


def book_frac(age_years: ArrayLike, life_years: float) -> Floats:
    """Share of an asset's cost that stands in the books under straight-line depreciation; shape of `age_years`."""
    return np.clip(1.0 - np.asarray(age_years, dtype=float) / life_years, 0.0, 1.0)
