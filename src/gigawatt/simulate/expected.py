"""The fleet as it is on average: every hour the same share of the racks in service works.

This is the one place that says which racks are up. A fleet with failures drawn rack by rack gives the same array, with
hours that differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.plan.flows import mean_stock

Floats = NDArray[np.float64]

# Less than this share of the largest stock of a platform at a site is the solver's rounding, not racks.
ROUNDING_FRAC = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Racks in service and racks that work, by period, site and platform.

    stock_count, up_count: shape (period, site, platform), means of a quarter. pairs: (site, platform) indices of the
    pairs that ever hold a rack, two arrays of one length.
    """

    stock_count: Floats
    up_count: Floats
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]]


def fleet(decisions: xr.Dataset, availability_frac: float) -> Fleet:
    """The expected fleet of a plan: mean of opening and closing stock × availability."""
    stock = mean_stock(decisions.stock_count).transpose("period", "site", "platform").values
    largest = stock.max(axis=0, initial=0.0)
    kept = largest > ROUNDING_FRAC * largest.max(initial=0.0)
    stock = np.where(kept, stock, 0.0)
    site, platform = np.nonzero(kept)
    return Fleet(stock_count=stock, up_count=stock * availability_frac, pairs=(site, platform))
