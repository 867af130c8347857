"""Distributions of times in bounded memory: a histogram whose bins are half a percent wide."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.serve.pods import Floats64, Ints64

# The first edge, and bins from it on: each is so much longer than the one before.
_FROM_S, _WIDTH_FRAC, _BINS_COUNT = 1e-6, 0.005, 6400


def _no_counts() -> Ints64:
    return np.zeros(_BINS_COUNT + 1, np.int64)


@dataclass(slots=True, kw_only=True)
class LatencyHistogram:
    """Times from a microsecond to two years, added as they come; those below are of the first bin.

    count_by_bin: times in each bin; total_s, most_s: their sum and the longest.
    """

    count_by_bin: Ints64 = field(default_factory=_no_counts)
    total_s: float = 0.0
    most_s: float = 0.0

    def add(self, times_s: Floats64) -> None:
        """Count times [s]; NaN, the time of what never came, is passed over."""
        times = times_s[~np.isnan(times_s)]
        if times.size:
            self.count_by_bin += np.bincount(_bins(times), minlength=_BINS_COUNT + 1)
            self.total_s += float(times.sum())
            self.most_s = max(self.most_s, float(times.max()))

    def merge(self, other: LatencyHistogram) -> None:
        """Add what another one has counted."""
        self.count_by_bin += other.count_by_bin
        self.total_s += other.total_s
        self.most_s = max(self.most_s, other.most_s)

    @property
    def count(self) -> int:
        """Times counted."""
        return int(self.count_by_bin.sum())

    @property
    def mean_s(self) -> float:
        """Their mean, exact; NaN where there are none."""
        return self.total_s / self.count if self.count else np.nan

    def quantile_s(self, share_frac: float) -> float:
        """The time that so many of them do not exceed, within half a percent; NaN where there are none."""
        if not self.count:
            return np.nan
        place = int(np.searchsorted(np.cumsum(self.count_by_bin), max(share_frac * self.count, 1), side="left"))
        return min(float(upper_edges_s()[place]), self.most_s)

    def share_within_frac(self, limit_s: float) -> float:
        """Share of the times that are no longer than a limit, to the bin; NaN where there are none."""
        if not self.count:
            return np.nan
        within = self.count_by_bin[: int(_bins(np.array([limit_s]))[0]) + 1].sum()
        return float(within) / self.count


def upper_edges_s() -> Floats64:
    """Where the bins end [s]."""
    return np.asarray(_FROM_S * (1 + _WIDTH_FRAC) ** np.arange(_BINS_COUNT + 1))


def _bins(times_s: Floats64) -> NDArray[np.intp]:
    places = np.ceil(np.log(np.maximum(times_s, _FROM_S) / _FROM_S) / np.log1p(_WIDTH_FRAC))
    return np.clip(places, 0, _BINS_COUNT).astype(np.intp)
