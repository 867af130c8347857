"""What charts over periods share: rows of values, the places of periods, the names under them, and the room that legend
and axes take.

Periods are years ("2026"), quarters ("2026Q3"), or months, days and moments in ISO 8601.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.marks import Axis, Frame

# Height of a narrow drawing before its legend [pixels], and of the room for one figure of an axis.
NARROW_HEIGHT, TICK_HEIGHT = 236.0, 44.0
# Lengths of a period's text that name its year, month or quarter, day and hour.
PREFIXES = (4, 7, 10, 13)
FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A named row of values; colour: its number in the palette."""

    name: str
    values: tuple[float, ...]
    colour: int


@dataclass(frozen=True, slots=True)
class Slots:
    """Places of periods along an axis, each as wide as the others."""

    left: float
    width: float

    def middle(self, at: int) -> float:
        """Where the middle of a period lies."""
        return self.left + self.width * (at + 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A frame with the room that its axes take, the axes, and what is drawn of them and of the legend."""

    frame: Frame
    values: Axis
    places: Slots
    marks: tuple[str, ...]


def slots(frame: Frame, count: int) -> Slots:
    """Places of so many periods between the edges of a frame."""
    return Slots(frame.left, (frame.right_edge - frame.left) / max(count, 1))


def plot(
    frame: Frame,
    periods: Sequence[str],
    keys: Sequence[tuple[str, str]],
    unit: str,
    reach: Iterable[float],
    base: float = 0.0,
) -> Plot:
    """A frame ready to draw in: a legend (name and class of each key) above, values that reach so far on the left,
    periods below. The unit stands beside the legend where there is room, else under it. base: what the axis takes in,
    whatever the values are."""
    labels = [label for label, _ in keys]
    aside = svg.width_of(unit) + 16
    beside = not frame.narrow and aside < frame.width / 5
    start = max(frame.left, aside) if beside else 0.0
    rows = svg.legend_rows(frame, labels, start) if keys else 0
    lines = max(rows, 1) if beside else rows + (1 if unit else 0)
    height = min(frame.height, NARROW_HEIGHT) if frame.narrow else frame.height
    frame = replace(frame, top=14 + svg.LINE * lines, height=height + svg.LINE * max(lines - 1, 0))
    known = [value - base for value in reach]
    most = max(2, min(5, int((frame.floor - frame.top) / TICK_HEIGHT)))
    values = _from(base, svg.axis(min(known, default=0.0), max(known, default=0.0), frame.floor, frame.top, most))
    left = tick_room(values)
    frame = replace(frame, left=left if frame.narrow else max(left, frame.left))
    places = slots(frame, len(periods))
    drawn = svg.legend(frame, labels, [kind for _, kind in keys], start)
    drawn += svg.grid(frame, values, unit, 12.0 if beside else 12 + svg.LINE * rows)
    return Plot(frame=frame, values=values, places=places, marks=(*drawn, *names(frame, periods, places)))


def _from(base: float, values: Axis) -> Axis:
    """An axis moved up by a base."""
    ticks = tuple(base + tick for tick in values.ticks)
    return replace(values, low=base + values.low, high=base + values.high, ticks=ticks) if base else values


def tick_room(values: Axis) -> float:
    """Room for the figures of a value axis [pixels]."""
    return 9 + max(svg.width_of(svg.number(tick)) for tick in values.ticks)


def hits(frame: Frame, places: Slots, tips: Iterable[str]) -> Iterator[str]:
    """One datum for each period, as tall as the axis; a period of which there is nothing to tell has none."""
    for at, tip in enumerate(tips):
        if tip:
            x = places.left + places.width * at
            yield svg.hit(x, frame.top, places.width, frame.floor - frame.top, tip)


def names(frame: Frame, periods: Sequence[str], places: Slots) -> list[str]:
    """Years under the axis, or months, days or hours: in the middle of their periods, with a tick where one begins, and
    as many as have room."""
    drawn: list[str] = []
    spans = _spans(periods)
    if not spans:
        return drawn
    wide = max(svg.width_of(_label(name)) for name, _, _ in spans) + 6
    every = math.ceil(wide * len(spans) / max(frame.right_edge - frame.left, 1))
    free = 0.0
    for at, (name, first, count) in enumerate(spans):
        start, middle = places.left + places.width * first, places.left + places.width * (first + count / 2)
        if at and count > 1:
            drawn.append(svg.line(start, frame.floor, start, frame.floor + 5, "axis"))
        own = every > 1 or count * places.width >= wide - 6
        if at % every == 0 and own and middle - wide / 2 >= free and middle + wide / 2 <= frame.width + 6:
            drawn.append(svg.text(middle, frame.floor + 17, _label(name), "tick", "middle"))
            free = middle + wide / 2
    return drawn


def _spans(periods: Sequence[str]) -> list[tuple[str, int, int]]:
    """The names under an axis, each with its first period and how many it takes."""
    length = _prefix(periods)
    spans, first = [], 0
    for name, mine in groupby(periods, key=lambda period: period[:length]):
        count = sum(1 for _ in mine)
        spans.append((name, first, count))
        first += count
    return spans


def _prefix(periods: Sequence[str]) -> int:
    """How much of a period's name stands under the axis: its year, or enough that more than a few names stand there."""
    years, *finer = PREFIXES
    if len({period[:years] for period in periods}) > 1:
        return years
    return next((length for length in finer if len({period[:length] for period in periods}) > FEW), years)


def _label(name: str) -> str:
    """A name under the axis; an hour without its day."""
    return name if len(name) < PREFIXES[-1] else f"{name[-2:]}:00"
