"""Answers of Prometheus' HTTP API: `query_range` (a matrix) and `query` (a vector), as JSON files.

A file is read whole, of at most 200 MB; larger ranges are asked in parts, or dumped with promtool (`openmetrics`). The
line of a reading is its place among the samples of the file. Functions such as increase() drop a metric's name, and
what they return is an extrapolation: series without a name are refused, for counters are read as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import read_json
from gigawatt.readers.clock import END_MS, MS_PER_S
from gigawatt.readers.csv_rows import number
from gigawatt.readers.readings import FileAsked, ReadingBlock, Rejected, Remark
from gigawatt.readers.scrapes import FIRST_S, Scrape, settle

# Steps of a range that Prometheus refuses to go beyond; a range of so many steps has one point more.
MOST_STEPS_COUNT = 11_000
_NAMELESS = "a series without a metric's name, which functions such as increase() drop: query the raw counter"


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | Rejected | Remark]:
    """The readings of an answer.

    Raises CatalogError where the file cannot be read, is no answer of Prometheus, or is one that says an error.
    """
    found = read_json(file)
    results, remarks = _results(file.name, found)
    if remarks:
        yield Remark(code="prometheus", text=f"{file.name}: {'; '.join(remarks)}.")
    scrape = Scrape(asked.site)
    line, full = 1, 0
    for result in results:
        points = _points(result)
        if points is None:
            yield Rejected(line=line, reason="is no series of numbers: a histogram, or none of Prometheus' forms")
            continue
        full += len(points) >= MOST_STEPS_COUNT
        yield from _take(result["metric"], points, line, scrape)
        line += len(points)
    if full:
        text = f"{full:,} series have {MOST_STEPS_COUNT:,} points, the most of a query, so that the range may go on."
        yield Remark(code="limit", text=f"{file.name}: {text}")
    yield from settle(scrape, last=True)


def _results(name: str, found: Any) -> tuple[list[Any], list[str]]:
    """The series of an answer, and what Prometheus has to say of it."""
    expected = "an answer of Prometheus: a matrix of query_range, or a vector of query"
    if isinstance(found, list):
        return found, []
    if not isinstance(found, dict):
        raise CatalogError([Fault(path=name, given=type(found).__name__, expected=expected)])
    if found.get("status") == "error":
        given = f"{found.get('errorType', 'error')}: {found.get('error', 'nothing more')}"
        raise CatalogError([Fault(path=name, given=given[:200], expected=expected)])
    data = found.get("data", found)
    kind = data.get("resultType") if isinstance(data, dict) else None
    results = data.get("result") if isinstance(data, dict) else None
    if kind not in ("matrix", "vector") or not isinstance(results, list):
        given = f"a result of type {kind}" if kind else "no resultType"
        raise CatalogError([Fault(path=f"{name} data", given=given[:80], expected=expected)])
    said = [found.get(key) or [] for key in ("warnings", "infos")]
    return results, [str(text) for texts in said if isinstance(texts, list) for text in texts]


def _points(result: Any) -> list[Any] | None:
    """The samples of a series; None where it is none."""
    if not isinstance(result, dict) or not isinstance(result.get("metric"), dict):
        return None
    points = [result["value"]] if "value" in result else result.get("values")
    return points if isinstance(points, list) else None


def _take(metric: dict[str, Any], points: list[Any], line: int, scrape: Scrape) -> Iterator[Rejected]:
    """Read the samples of a series into what is held; refuse those that are none."""
    labels = {name: str(value) for name, value in metric.items()}
    name = labels.pop("__name__", "")
    stream = scrape.stream(name, labels) if name else Rejected(line=line, reason=_NAMELESS)
    if isinstance(stream, Rejected):
        yield Rejected(line=line, reason=stream.reason)
        return
    if isinstance(stream, str):
        scrape.passed[stream] += len(points)
        return
    found = {place: _sample(point) for place, point in enumerate(points, start=line)}
    good = {place: sample for place, sample in found.items() if sample}
    for place in (place for place, sample in found.items() if sample is None):
        given = str(points[place - line])[:40]
        yield Rejected(line=place, reason=f"{given} is no sample: expected seconds since 1970, and a value in quotes")
    times_s, values = np.array(list(good.values()), float).reshape(-1, 2).T
    times_ms = np.round(times_s * MS_PER_S).astype(np.int64)
    stream.extend(np.array(list(good), np.int64), times_ms, np.ascontiguousarray(values))


def _sample(point: Any) -> tuple[float, float] | None:
    """A sample's time in seconds and its value; None where it is none."""
    match point:
        case [int() | float() as time, str() as text] if FIRST_S <= time < END_MS / MS_PER_S:
            value = number(text)
            return None if math.isnan(value) and text.lower() != "nan" else (float(time), value)
    return None
