"""A reader for tests: lines of `subject,start_ms,end_ms,value[,key]`, or `racks,site,day_ms,count` for an event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from gigawatt.ledger.facts import Fact
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, ReadingSeries, Rejected

DAY_MS, HOUR_MS, MINUTE_MS = 86_400_000, 3_600_000, 60_000
# 2025-03-01T00:00Z
START_MS = 1_740_787_200_000
Row = tuple[str, int, int, float]


def series(subject: str, asked: FileAsked, quantity: str = "facility_energy") -> ReadingSeries:
    """The series of a line's subject: of energy, or of power for a subject that begins with "gauge"."""
    gauge = subject.startswith("gauge")
    return ReadingSeries(
        quantity="gpu_power" if gauge else quantity, unit="W" if gauge else "Wh", site=asked.site, subject=subject
    )


def block(of: ReadingSeries, rows: Iterable[tuple[int, int, int, float, int]]) -> ReadingBlock:
    """A block of lines, starts, ends, values and keys."""
    lines, starts_ms, ends_ms, values, keys = zip(*rows, strict=True)
    whole = (np.array(column, np.int64) for column in (lines, starts_ms, ends_ms))
    names = dict(zip(("lines", "starts_ms", "ends_ms"), whole, strict=True))
    return ReadingBlock(series=of, **names, values=np.array(values, float), keys=np.array(keys, np.int64))


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | FileEvent | Rejected]:
    """Blocks of a hundred lines each."""
    lines = file.read_text().splitlines()
    for first in range(0, len(lines), 100):
        found: dict[ReadingSeries, list[tuple[int, int, int, float, int]]] = {}
        for number, line in enumerate(lines[first : first + 100], first + 1):
            words = line.split(",")
            if words[0] == "racks":
                values = {"site": words[1], "platform": "nvl72", "racks": int(words[3])}
                yield FileEvent(line=number, kind="racks", happened_ms=int(words[2]), values=values)
            elif len(words) < 4:
                yield Rejected(line=number, reason="is no reading")
            else:
                key = int(words[4]) if len(words) > 4 else 0
                row = (number, int(words[1]), int(words[2]), float(words[3]), key)
                found.setdefault(series(words[0], asked), []).append(row)
        for of, rows in found.items():
            yield block(of, rows)


def write(file: Path, rows: Iterable[tuple[object, ...]]) -> Path:
    """A file of lines."""
    file.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return file


def hours(count: int, value: float = 100.0, subject: str = "m1", first: int = 0) -> list[Row]:
    """Readings of an hour each, from an hour of March on."""
    return [(subject, START_MS + n * HOUR_MS, START_MS + (n + 1) * HOUR_MS, value) for n in range(first, first + count)]


def site(power_w: float = 3e8, day: int = 1, corrects: str | None = None, source: str = "letter.pdf") -> Fact:
    """That power of a site is energised."""
    body = {"site": "abilene", "state": "energised", "power_w": power_w, "basis": "facility"}
    return Fact(kind="site", happened=f"2025-03-{day:02}T00:00:00.000Z", body=body, source=source, corrects=corrects)


def retraction(of: str) -> Fact:
    return Fact(
        kind="retraction", happened="2025-04-01T00:00:00.000Z", body={"reason": "slip"}, source="x", corrects=of
    )
