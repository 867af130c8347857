"""Single readings become blocks of one series, in the order of the file, and no more of them wait than may."""

from gigawatt.readers.readings import ReadingBlock, ReadingSeries, Rejected
from gigawatt.readers.single_readings import SingleReading, in_blocks

A, B = (ReadingSeries(quantity="cost", unit="USD", subject=name) for name in "ab")


def reading(line: int, series: ReadingSeries) -> SingleReading:
    return SingleReading(series=series, line=line, start_ms=10 * line, end_ms=10 * line + 5, value=line / 2, key=-line)


def test_readings_are_gathered_by_series_in_their_order() -> None:
    items = list(in_blocks([reading(1, A), reading(2, B), Rejected(line=3, reason="no"), reading(4, A)]))
    assert items[0] == Rejected(line=3, reason="no")
    first, second = (item for item in items if isinstance(item, ReadingBlock))
    assert (first.series, second.series) == (A, B)
    assert first.lines.tolist() == [1, 4]
    assert first.starts_ms.tolist() == [10, 40]
    assert first.ends_ms.tolist() == [15, 45]
    assert first.values.tolist() == [0.5, 2.0]
    assert first.keys.tolist() == [-1, -4]
    assert (first.keys.dtype, first.values.dtype) == ("int64", "float64")


def test_no_more_readings_wait_than_may() -> None:
    blocks = list(in_blocks((reading(line, A if line % 2 else B) for line in range(1, 8)), most_count=3))
    assert [block.lines.tolist() for block in blocks if isinstance(block, ReadingBlock)] == [
        [1, 3],
        [2],
        [4, 6],
        [5],
        [7],
    ]


def test_nothing_is_no_block() -> None:
    assert list(in_blocks([])) == []
