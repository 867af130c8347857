"""What a reader of operators' files makes of one, laid out for tests."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from gigawatt.readers.readings import FileEvent, ReadingBlock, ReadingSeries, Rejected, Remark


@dataclass
class Found:
    """Everything that a reader has yielded: `readings` are (series, line, start, end, value, key)."""

    readings: list[tuple[ReadingSeries, int, int, int, float, int]] = field(default_factory=list)
    events: list[FileEvent] = field(default_factory=list)
    rejected: dict[int, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)

    def total(self, quantity: str) -> float:
        return sum(value for series, _, _, _, value, _ in self.readings if series.quantity == quantity)

    @property
    def values(self) -> list[float]:
        return [value for _, _, _, _, value, _ in self.readings]

    @property
    def keys(self) -> list[tuple[ReadingSeries, int, int]]:
        return [(series, start, key) for series, _, start, _, _, key in self.readings]


@pytest.fixture
def taken() -> Callable[[Iterable[ReadingBlock | FileEvent | Rejected | Remark]], Found]:
    def collect(items: Iterable[ReadingBlock | FileEvent | Rejected | Remark]) -> Found:
        found = Found()
        for item in items:
            if isinstance(item, ReadingBlock):
                columns = (item.lines, item.starts_ms, item.ends_ms, item.values, item.keys)
                assert len({column.shape for column in columns}) == 1
                rows = zip(*(column.tolist() for column in columns), strict=True)
                found.readings += [(item.series, *row) for row in rows]
            elif isinstance(item, FileEvent):
                found.events.append(item)
            elif isinstance(item, Rejected):
                assert item.line not in found.rejected
                found.rejected[item.line] = item.reason
            else:
                assert item.text.endswith(".")
                found.remarks[item.code] = item.text
        return found

    return collect
