"""How many things are out in each hour, from the moments at which they go out and come back.

An interval [a, b) of weight w adds w to the level from a on and takes it away from b on. The mean of the level over
hour i is its value at the hour's end, less the part of each edge's step that fell before the edge within the hour:

    out_i = Σ_{edges before i + 1} ±w - Σ_{edges in i} ±w·(edge - i)

The first sum is a running one, and exact where weights are whole numbers; so no rounding builds up over years of
hours, and the cost is that of the intervals and the hours, however long the intervals last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.ndarrays import Floats


def overlap(
    start_h: Floats,
    end_h: Floats,
    hours_count: int,
    group: NDArray[np.integer] | None = None,
    groups_count: int = 1,
    weight: ArrayLike | None = None,
) -> Floats:
    """Mean of the summed weights of all intervals that cover each hour, shape (groups_count, hours_count).

    start_h, end_h: hours since the window began; what lies outside of [0, hours_count] does not count, and an end may
    be infinite. group: row of each interval, 0 by default; weight: ≥ 0, of each interval or all, 1 by default.
    Raises ValueError where an interval ends before it starts, a number is NaN, or a group is none of them.
    """
    start, end = np.asarray(start_h, dtype=float), np.asarray(end_h, dtype=float)
    row = np.zeros(start.shape, dtype=np.intp) if group is None else np.asarray(group, dtype=np.intp)
    weights = np.broadcast_to(np.asarray(1.0 if weight is None else weight, dtype=float), start.shape)
    _check(start, end, row, groups_count, weights)
    out = np.zeros((groups_count, hours_count + 1))
    level = np.zeros_like(out)
    for edge, signed in ((start, weights), (end, -weights)):
        inside = np.clip(edge, 0, hours_count)
        hour = inside.astype(np.intp)
        bins, size = row * (hours_count + 1) + hour, out.size
        level += np.bincount(bins, signed, size).reshape(out.shape)
        out -= np.bincount(bins, signed * (inside - hour), size).reshape(out.shape)
    out += np.cumsum(level, axis=1)
    # Of an hour that nothing covers, rounding may leave a little less than nothing.
    return np.maximum(out[:, :hours_count], 0)


def _check(start: Floats, end: Floats, row: NDArray[np.intp], groups_count: int, weights: Floats) -> None:
    if not start.shape == end.shape == row.shape or start.ndim != 1:
        raise ValueError(f"shapes {start.shape}, {end.shape}, {row.shape}: expected three equal lengths")
    if not np.all(start <= end):
        at = int(np.argmin(start <= end))
        raise ValueError(f"interval {at} = [{start[at]:g}, {end[at]:g}): expected a start, and an end no earlier")
    if not np.all(np.isfinite(weights) & (weights >= 0)):
        raise ValueError("weight: expected finite numbers of at least 0")
    if row.size and not 0 <= row.min() <= row.max() < groups_count:
        raise ValueError(f"group from {row.min()} to {row.max()}: expected 0 to {groups_count - 1}")
