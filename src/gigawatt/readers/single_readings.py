"""Single readings gathered into blocks of one series, as importers of records (bills, prices, intervals) make them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gigawatt.readers.readings import MOST_BLOCK_COUNT, FileEvent, ReadingBlock, ReadingSeries, Rejected, Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleReading:
    """One reading of one series; `Block` says what its numbers are."""

    series: ReadingSeries
    line: int
    start_ms: int
    end_ms: int
    value: float
    key: int = 0


def in_blocks(
    found: Iterable[SingleReading | FileEvent | Rejected | Remark], most_count: int = MOST_BLOCK_COUNT
) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
    """What a reader finds, its readings in blocks of one series; no more than so many readings wait for theirs."""
    waiting: dict[ReadingSeries, list[SingleReading]] = {}
    count = 0
    for item in found:
        if not isinstance(item, SingleReading):
            yield item
            continue
        waiting.setdefault(item.series, []).append(item)
        count += 1
        if count >= most_count:
            yield from map(_block, waiting.values())
            waiting, count = {}, 0
    yield from map(_block, waiting.values())


def _block(readings: list[SingleReading]) -> ReadingBlock:
    return ReadingBlock(
        series=readings[0].series,
        lines=np.array([reading.line for reading in readings], dtype=np.int64),
        starts_ms=np.array([reading.start_ms for reading in readings], dtype=np.int64),
        ends_ms=np.array([reading.end_ms for reading in readings], dtype=np.int64),
        values=np.array([reading.value for reading in readings], dtype=np.float64),
        keys=np.array([reading.key for reading in readings], dtype=np.int64),
    )
