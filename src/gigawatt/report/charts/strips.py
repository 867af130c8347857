"""Strips: long rows of steps, each column of pixels from its least to its most, with the mean as a line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.periods import Plot, plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A named row of columns; least and most: none where each column is a single step."""

    name: str
    mean: Sequence[float]
    least: Sequence[float]
    most: Sequence[float]
    colour: int


@form
def strips(
    frame: Frame,
    moments: Sequence[str],
    rows: Sequence[Strip],
    unit: str,
    *,
    tips: Sequence[tuple[int, str]] = (),
    base: float = 0.0,
) -> tuple[Frame, list[str]]:
    """Bands and lines over time. moments: of the columns, in ISO 8601. tips: one after the other, how many columns each
    takes and what it says. base: where the axis begins, or ends where values lie below it."""
    reach = [value for row in rows for values in (row.mean, row.least, row.most) for value in values]
    keys = [(row.name, f"line {svg.stroke(row.colour)}") for row in rows] if len(rows) > 1 else []
    room = plot(frame, moments, keys, unit, filter(math.isfinite, reach), base)
    frame = room.frame
    drawn = [svg.box(frame.left, frame.top, frame.right_edge - frame.left, frame.floor - frame.top, "field")]
    for row in rows:
        drawn += [
            svg.path(_around(room, row, run), f"strip {svg.fill(row.colour)}", closed=True) for run in _bands(row)
        ]
    for row in rows:
        drawn += _means(room, row)
    return frame, [*room.marks, *drawn, *_hits(room, tips)]


def _bands(row: Strip) -> list[list[int]]:
    """Unbroken runs of columns that have a band, of two at least."""
    return [run for run in _runs(row.least) if len(run) > 1]


def _around(room: Plot, row: Strip, run: Sequence[int]) -> list[tuple[float, float]]:
    """The outline of a band: along its top, and back along its bottom."""
    top = [(room.places.middle(at), room.values.at(row.most[at])) for at in run]
    return [*top, *((room.places.middle(at), room.values.at(row.least[at])) for at in reversed(run))]


def _means(room: Plot, row: Strip) -> Iterator[str]:
    for run in _runs(row.mean):
        points = [(room.places.middle(at), room.values.at(row.mean[at])) for at in run]
        if len(points) == 1:
            yield svg.dot(*points[0], 1.5, svg.fill(row.colour))
        else:
            yield svg.path(points, f"line {svg.stroke(row.colour)} thin")


def _runs(values: Sequence[float]) -> list[list[int]]:
    """Positions of finite values, in unbroken runs."""
    known = groupby(range(len(values)), key=lambda at: math.isfinite(values[at]))
    return [list(run) for is_finite, run in known if is_finite]


def _hits(room: Plot, tips: Sequence[tuple[int, str]]) -> Iterator[str]:
    frame, at = room.frame, 0
    for count, tip in tips:
        left = room.places.left + room.places.width * at
        yield svg.hit(left, frame.top, room.places.width * count, frame.floor - frame.top, tip)
        at += count
