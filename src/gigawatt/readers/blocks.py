"""Readings of one series as blocks of no more than their most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gigawatt.ndarrays import Floats, Ints
from gigawatt.readers.readings import MOST_BLOCK_COUNT, ReadingBlock, ReadingSeries


def blocks(
    series: ReadingSeries, lines: Ints, starts_ms: Ints, ends_ms: Ints, values: Floats
) -> Iterator[ReadingBlock]:
    """Readings that no two of start at once, in order, cut into blocks; none where there are none."""
    for at in range(0, len(lines), MOST_BLOCK_COUNT):
        some = slice(at, at + MOST_BLOCK_COUNT)
        yield ReadingBlock(
            series=series,
            lines=lines[some],
            starts_ms=starts_ms[some],
            ends_ms=ends_ms[some],
            values=values[some],
            keys=np.zeros(len(lines[some]), np.int64),
        )
