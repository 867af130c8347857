"""How sure a figure of a replay is: 95 % intervals from independent runs, or from blocks of time of one run.

Where arrivals are generated, each run has a seed of its own and the interval of the mean over runs is Student's t. A
trace that was recorded happened once: its requests are cut into blocks of consecutive arrivals, which are drawn anew
with repetition, and the interval is that of the figure over what was drawn (block bootstrap) [1].

References
----------
[1] H. R. Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics 17(3),
    1989, doi:10.1214/aos/1176347265.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]

# Confidence of every interval, and how often blocks are drawn anew.
CONFIDENCE_FRAC = 0.95
DRAWS_COUNT = 200
# Fewer blocks say nothing of how they differ.
LEAST_BLOCKS = 8
# What the stream of chance is for, in its key; points at which Student's density is summed up.
_PURPOSE, _ANGLES_COUNT = 18, 20_001


def of_runs(values: Sequence[float]) -> Span | None:
    """Interval of the mean over independent runs (Student's t); None of fewer than two, or where one has no value."""
    known = np.asarray(values, dtype=float)
    if len(known) < 2 or not np.isfinite(known).all():
        return None
    error = float(np.std(known, ddof=1)) / len(known) ** 0.5
    reach, mean = student_ratio(len(known) - 1) * error, float(np.mean(known))
    return mean - reach, mean + reach


def student_ratio(freedom_count: int) -> float:
    """Half the width of an interval of a mean over its standard error, by degrees of freedom.

    With t = √ν tan θ Student's density is that of cosᵛ⁻¹ θ, which is summed up.
    """
    angle = np.linspace(0.0, np.pi / 2, _ANGLES_COUNT)
    density = np.cos(angle) ** (freedom_count - 1)
    within = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return float(freedom_count**0.5 * np.tan(np.interp(CONFIDENCE_FRAC * within[-1], within, angle)))


def weights(blocks_count: int, seed: int) -> NDArray[np.int64]:
    """How often each block is drawn, a row for each draw; no rows where there are too few blocks."""
    if blocks_count < LEAST_BLOCKS:
        return np.zeros((0, blocks_count), dtype=np.int64)
    chance = np.random.Generator(np.random.Philox(key=[seed, _PURPOSE]))
    drawn = chance.integers(blocks_count, size=(DRAWS_COUNT, blocks_count))
    return np.stack([np.bincount(row, minlength=blocks_count) for row in drawn])


def of_draws(values: NDArray[np.float64]) -> Span | None:
    """Interval of a figure by its values over draws of blocks; None where there are none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    low, high = np.quantile(known, [(1 - CONFIDENCE_FRAC) / 2, (1 + CONFIDENCE_FRAC) / 2])
    return float(low), float(high)
