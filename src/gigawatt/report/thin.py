"""Long rows of steps thinned so that peaks stay: mean, least and most of each column of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thinned:
    """Mean, least and most of the steps of each column; NaN where none of them is a number."""

    mean: Floats
    least: Floats
    most: Floats


def edges(steps: int, columns: int) -> NDArray[np.int64]:
    """Where each column begins, and where the last ends: stretches of steps as alike as can be."""
    count = min(steps, columns)
    return np.arange(count + 1, dtype=np.int64) * steps // count


def columns(values: Floats, weight: Floats, at: NDArray[np.int64]) -> Thinned:
    """A row of steps as columns between edges, each step counted in the mean by its weight."""
    starts, known = at[:-1], np.isfinite(values)
    counted = np.where(known, weight, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        sums = np.add.reduceat(np.where(known, values, 0.0) * counted, starts)
        mean = sums / np.add.reduceat(counted, starts)
    least, most = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    return Thinned(mean=mean, least=least, most=most)
