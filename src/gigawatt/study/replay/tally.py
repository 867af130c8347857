"""What is counted of requests as they are done: times as histograms, and how many were within the limits.

Counts are kept by blocks of consecutive arrivals, of which there are never more than a few: where a trace is longer
than they reach, neighbours become one. So memory does not grow with a trace, and how blocks differ says how sure a
figure is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.serve.pods import Outcomes

Floats64 = NDArray[np.float64]
Ints64 = NDArray[np.int64]

# Most blocks, an even number, and how many requests each has at first.
MOST_BLOCKS = 64
FIRST_BLOCK_COUNT = 16
# Times that are told of: to the first token, per token after it in the mean, to the last token.
TIMES = ("ttft", "tpot", "e2e")
# Ends of the bins of a histogram of times [s], from a microsecond to two years: half a percent apart, and one bin
# beyond them all.
EDGES_S: Floats64 = 1e-6 * np.power(1.005, np.arange(6401, dtype=np.float64))
# Quantiles that are told of each.
SHARES = (0.5, 0.9, 0.99)
COMPLETED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitLimits:
    """Limits on the time to the first token and per token after it [s]; infinite where nothing is said."""

    ttft_s: float = math.inf
    tpot_s: float = math.inf


class WaitTally:
    """Counts of requests that are done, by blocks of consecutive arrivals."""

    def __init__(self, limits: WaitLimits) -> None:
        self.limits = limits
        self._size_count = FIRST_BLOCK_COUNT
        self._ended = np.zeros(MOST_BLOCKS, dtype=np.int64)
        self._good = np.zeros(MOST_BLOCKS, dtype=np.int64)
        self._bins = {name: np.zeros((MOST_BLOCKS, len(EDGES_S) + 1), dtype=np.int64) for name in TIMES}
        self._sums_s = {name: np.zeros(MOST_BLOCKS) for name in TIMES}
        self._most_s = dict.fromkeys(TIMES, 0.0)

    def take(self, done: Outcomes) -> None:
        """Count requests that are done, in any order."""
        if not len(done):
            return
        while int(np.max(done.index)) >= MOST_BLOCKS * self._size_count:
            self._join()
        completed = done.status == COMPLETED
        good = completed & (done.ttft_s <= self.limits.ttft_s) & (done.tpot_s <= self.limits.tpot_s)
        block = done.index // self._size_count
        self._ended += np.bincount(block, minlength=MOST_BLOCKS)
        self._good += np.bincount(block[good], minlength=MOST_BLOCKS)
        for name in TIMES:
            told = completed & (done.output_tokens > 1) if name == "tpot" else completed
            self._count(name, block[told], getattr(done, f"{name}_s")[told])

    def _count(self, name: str, block: Ints64, times_s: Floats64) -> None:
        self._most_s[name] = max(self._most_s[name], float(np.max(times_s, initial=0.0)))
        self._sums_s[name] += np.bincount(block, weights=times_s, minlength=MOST_BLOCKS)
        np.add.at(self._bins[name], (block, np.searchsorted(EDGES_S, times_s)), 1)

    def _join(self) -> None:
        """Make one block of every two neighbours, for twice as many requests."""
        self._size_count *= 2
        for counts in (self._ended, self._good, *self._sums_s.values(), *self._bins.values()):
            joined = counts.reshape(MOST_BLOCKS // 2, 2, *counts.shape[1:]).sum(axis=1)
            counts[: MOST_BLOCKS // 2], counts[MOST_BLOCKS // 2 :] = joined, 0

    @property
    def blocks_count(self) -> int:
        """Blocks of which a request has ended."""
        return int(np.flatnonzero(self._ended)[-1]) + 1 if self._ended.any() else 0

    def ended_count(self) -> int:
        """Requests that ended, whatever became of them."""
        return int(self._ended.sum())

    def good_frac(self, drawn: Ints64 | None = None) -> Floats64:
        """Share of those that ended which were completed within the limits, NaN of none. drawn: how often each block
        counts, a row for each draw; nothing for one row in which each counts once."""
        weights = self._weights(drawn)
        ended = weights @ self._ended
        return np.where(ended > 0, weights @ self._good / np.maximum(ended, 1), math.nan)

    def figures_s(self, name: str, drawn: Ints64 | None = None) -> Floats64:
        """Mean, P50, P90 and P99 of a time [s] over requests that were completed, a row for each draw; NaN of none."""
        weights, used = self._weights(drawn), np.flatnonzero(self._bins[name].any(axis=0))
        if not len(used):
            return np.full((len(weights), 1 + len(SHARES)), math.nan)
        places = np.arange(used[0], used[-1] + 1)
        counts = weights.astype(float) @ self._bins[name][:, places].astype(float)
        whole = counts.sum(axis=1)
        mean = np.where(whole > 0, weights @ self._sums_s[name] / np.maximum(whole, 1), math.nan)
        each = [[quantile_s(row, share, int(used[0])) for share in SHARES] for row in counts]
        return np.minimum(np.column_stack([mean, np.array(each)]), self._most_s[name])

    def p99_s(self, name: str) -> float:
        """99th percentile [s] of all requests that ended, of which those that were not completed wait for ever."""
        counts = self._bins[name].sum(axis=0)
        missed = self.ended_count() - int(self._bins["e2e"].sum())
        counted = int(counts.sum())
        if not counted:
            return math.inf if missed else math.nan
        share_frac = 0.99 * (counted + missed) / counted
        return math.inf if share_frac > 1 else min(quantile_s(counts, share_frac), self._most_s[name])

    def curve(self, name: str) -> tuple[Floats64, Floats64]:
        """A time as a cumulative curve: values [s], and the share of requests below each."""
        counts = self._bins[name].sum(axis=0)
        if not counts.any():
            return np.zeros(0), np.zeros(0)
        first, last = np.flatnonzero(counts)[[0, -1]]
        below = np.concatenate([[0.0], np.cumsum(counts[first : last + 1]) / counts.sum()])
        values = EDGES_S[np.clip(np.arange(first - 1, last + 1), 0, len(EDGES_S) - 1)]
        return np.minimum(values, self._most_s[name]), below

    def _weights(self, drawn: Ints64 | None) -> Ints64:
        if drawn is None:
            return np.ones((1, MOST_BLOCKS), dtype=np.int64)
        return np.pad(drawn, ((0, 0), (0, MOST_BLOCKS - drawn.shape[1])))


def quantile_s(counts: NDArray[np.generic], share_frac: float, first: int = 0) -> float:
    """The time [s] below which a share of a histogram lies, even within a bin; NaN of an empty one.

    counts: of the bins of EDGES_S from `first` on.
    """
    reached = np.concatenate([[0.0], np.cumsum(counts, dtype=float)])
    if not reached[-1]:
        return math.nan
    wanted = share_frac * reached[-1]
    place = min(max(int(np.searchsorted(reached, wanted, side="left")), 1), len(counts)) - 1
    within = (wanted - reached[place]) / (reached[place + 1] - reached[place])
    low, high = EDGES_S[max(first + place - 1, 0)], EDGES_S[min(first + place, len(EDGES_S) - 1)]
    return float(low + min(max(within, 0.0), 1.0) * (high - low))
