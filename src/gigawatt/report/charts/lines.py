"""Lines over periods, each named at its end, or in a legend where there is no room beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.periods import Plot, Series, hits, plot
from gigawatt.study.dates import spoken

# From the plot's edge: where a leader bends, where a swatch starts and where its words do; rows of names are so high.
BEND, SWATCH, WORDS, ROW = 4.0, 14.0, 30.0, 15.0
# Names at the ends take so much of the width at most.
ENDS_FRAC = 0.4

Band = tuple[str, float, float]
Level = tuple[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A labelled point of a chart over periods."""

    at: int
    value: float
    tip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What has a name beside the plot: the class of its mark, its value at the right edge, and where its line ends."""

    name: str
    kind: str
    value: float
    last: int | None = None


@form
def lines(
    frame: Frame,
    periods: Sequence[str],
    series: Sequence[Series],
    unit: str,
    *,
    bands: Sequence[Band] = (),
    levels: Sequence[Level] = (),
    marks: Sequence[Mark] = (),
    steps: bool = False,
) -> tuple[Frame, list[str]]:
    """Lines named at their ends; bands and levels: named ranges and named values; steps: a staircase."""
    room, named = _room(frame, periods, series, unit, bands, levels, marks)
    drawn = [*room.marks, *_constant(room, bands, levels)]
    for one in series:
        drawn += _line(room, one, steps=steps)
    drawn += [svg.dot(room.places.middle(m.at), room.values.at(m.value), 5, "mark") for m in marks]
    tips = _tips(periods, series, unit, marks)
    return room.frame, [*drawn, *_ends(room, named), *hits(room.frame, room.places, tips)]


def _room(
    frame: Frame,
    periods: Sequence[str],
    series: Sequence[Series],
    unit: str,
    bands: Sequence[Band],
    levels: Sequence[Level],
    marks: Sequence[Mark],
) -> tuple[Plot, list[Named]]:
    """The plot, and what is named at its right edge: nothing where names stand in a legend."""
    named = [_named(one) for one in series if any(map(math.isfinite, one.values))]
    named += [Named(name=name, kind="band", value=high) for name, _, high in bands]
    named += [Named(name=name, kind="level", value=value) for name, value in levels]
    reach = [v for one in series for v in one.values if math.isfinite(v)]
    reach += [v for band in bands for v in band[1:]] + [level[1] for level in levels] + [m.value for m in marks]
    right = WORDS + max((svg.width_of(one.name, bold=True) for one in named), default=0.0)
    fits = right <= ENDS_FRAC * frame.width and ROW * len(named) <= frame.height - 80
    if frame.narrow or not fits:
        return plot(frame, periods, [(one.name, one.kind) for one in named], unit, reach), []
    return plot(replace(frame, right=right), periods, (), unit, reach), named


def _named(one: Series) -> Named:
    last = max(k for k, value in enumerate(one.values) if math.isfinite(value))
    return Named(name=one.name, kind=f"line {svg.stroke(one.colour)}", value=one.values[last], last=last)


def _constant(room: Plot, bands: Sequence[Band], levels: Sequence[Level]) -> Iterator[str]:
    """Bands and levels, across the plot."""
    left, right, at = room.frame.left, room.frame.right_edge, room.values.at
    for _, low, high in bands:
        yield svg.box(left, at(high), right - left, max(at(low) - at(high), 2), "band")
    for _, value in levels:
        yield svg.line(left, at(value), right, at(value), "level")


def _line(room: Plot, one: Series, *, steps: bool) -> Iterator[str]:
    for run in _runs(one.values):
        points = [(room.places.middle(k), room.values.at(one.values[k])) for k in run]
        if len(points) == 1 and not steps:
            yield svg.dot(*points[0], 2.5, svg.fill(one.colour))
        else:
            yield svg.path(_stairs(points) if steps else points, f"line {svg.stroke(one.colour)}")


def _tips(periods: Sequence[str], series: Sequence[Series], unit: str, marks: Sequence[Mark]) -> Iterator[str]:
    noted: dict[int, list[str]] = {}
    for mark in marks:
        noted.setdefault(mark.at, []).append(mark.tip)
    for k, period in enumerate(periods):
        told = [f"{one.name}: {svg.told(one.values[k], unit)}" for one in series if math.isfinite(one.values[k])]
        told += noted.get(k, [])
        yield "\n".join([spoken(period), *told]) if told else ""


def _ends(room: Plot, named: Sequence[Named]) -> Iterator[str]:
    """Names beside the last points, moved apart where they would overlap; a leader joins each to its own line."""
    frame, edge = room.frame, room.frame.right_edge
    whole = round((edge - room.places.left) / room.places.width) - 1
    ends = [room.values.at(one.value) for one in named]
    ys = svg.spread(ends, ROW, frame.top, frame.floor)
    for one, end, y in zip(named, ends, ys, strict=True):
        last = edge if one.last is None or one.last < whole else room.places.middle(one.last)
        if one.kind != "band":
            shade = one.kind.replace("line", "leader")
            yield svg.path([(last, end), (edge + BEND, end), (edge + SWATCH, y)], shade)
        yield svg.swatch(edge + SWATCH, y - svg.SWATCH / 2, one.kind)
        yield svg.text(edge + WORDS, y + 4, one.name, "end")


def _runs(values: Sequence[float]) -> list[list[int]]:
    """Positions of finite values, in unbroken runs."""
    runs: list[list[int]] = [[]]
    for k, value in enumerate(values):
        if math.isfinite(value):
            runs[-1].append(k)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Flat until the next point, then up."""
    stairs = [points[0]]
    for (_, before), (x, y) in pairwise(points):
        stairs += [(x, before), (x, y)]
    return stairs
