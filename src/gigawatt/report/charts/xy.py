"""Curves and dots over two axes of quantities: an exchange, a value against a capacity, a past over its years."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations, product

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import About, Chart
from gigawatt.report.charts.labels import Box, Label, Spot, along, around, overlap, placed
from gigawatt.report.charts.marks import Axis, Frame

ROW = 16.0
# Pixels that a tick of the axis across needs, and a year's.
TICK, YEAR = 70.0, 34.0
DOT, HIT = 4.5, 9.0
# Least length of a logarithmic axis across, in powers of ten.
LEAST_SPAN = 0.5


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve; tip: what it says when it is pointed at, name: what stands beside it."""

    x: float
    y: float
    tip: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """Points in a colour of the palette: joined by a line, filled below it where it is an area, or dots.

    A joined curve has dots where its points have names. hollow: dots are rings, as of what was measured.
    """

    name: str
    points: Sequence[Point]
    colour: int
    joined: bool = True
    area: bool = False
    hollow: bool = False

    @property
    def dots(self) -> str:
        """Class of its dots."""
        return f"ring {svg.stroke(self.colour)}" if self.hollow else f"{svg.fill(self.colour)} rim"


@dataclass(frozen=True, slots=True)
class Upright:
    """A named value of the axis across."""

    name: str
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """How a chart is drawn, as `xy` was asked to."""

    uprights: Sequence[Upright]
    levels: Sequence[tuple[str, float]]
    years: bool
    most: float | None
    decades: Mapping[int, str] | None
    spans: Mapping[int, str] | None
    tips: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class _Plane:
    """A frame with both its axes."""

    frame: Frame
    across: Axis
    up: Axis
    ways: _Ways

    def at(self, x: float, y: float) -> Spot:
        """Where a point lies."""
        return self.x(x), self.up.at(math.log10(y) if self.ways.decades else y)

    def x(self, value: float) -> float:
        """Where a value of the axis across lies."""
        return self.across.at(math.log10(value) if self.ways.spans else value)

    def shows(self, point: Point) -> bool:
        """Whether a point lies below the upper edge."""
        return math.isfinite(point.y) and (self.ways.most is None or point.y <= self.up.high)


def xy(
    about: About,
    curves: Sequence[Trace],
    across: str,
    up: str,
    *,
    uprights: Sequence[Upright] = (),
    levels: Sequence[tuple[str, float]] = (),
    years: bool = False,
    most: float | None = None,
    decades: Mapping[int, str] | None = None,
    spans: Mapping[int, str] | None = None,
    tips: Sequence[tuple[float, str]] = (),
) -> Chart:
    """Curves over two axes of which each has its title and unit.

    uprights, levels: named values of the axis across and of that up. years: values across are years with their
    fractions. most: where the axis up ends; curves that go beyond are cut. decades: the axis up is logarithmic, with
    these names of powers of ten; spans: so the axis across. tips: read-outs of whole slices around values across, for
    curves whose points say nothing themselves.
    """
    ways = _Ways(uprights=uprights, levels=levels, years=years, most=most, decades=decades, spans=spans, tips=tips)
    return Chart(about=about, draw=lambda frame: _draw(frame, curves, across, up, ways))


def _draw(frame: Frame, curves: Sequence[Trace], across: str, up: str, ways: _Ways) -> tuple[Frame, list[str]]:
    frame, keys = _headed(frame, curves, up, ways)
    plane = _plane(replace(frame, bottom=44.0 if across else 26.0, right=16.0), curves, ways)
    frame = plane.frame
    titles = ((0.0, 12.0, up, "start"), (frame.right_edge, frame.height - 6, across, "end"))
    marks = [*keys, *(svg.text(x, y, name, "unit", side) for x, y, name, side in titles if name), *_grid(plane)]
    seen = [(plane.at(point.x, point.y), curve, point) for curve in curves for point in _seen(plane, curve)]
    lines = [run for curve in curves if curve.joined for run in _runs(plane, curve)]
    taken = [*(around(*spot, DOT) for spot, _, _ in seen), *(box for run in lines for box in along(run))]
    for name, value in ways.levels:
        marks += _level(plane, name, value, taken)
    marks += _uprights(plane)
    for curve in (one for one in curves if one.joined):
        marks += _lines(plane, curve)
    marks += [*_slices(plane), *_felt(plane, curves)]
    marks += [svg.dot(*spot, DOT, curve.dots, point.tip) for spot, curve, point in seen]
    labels = [Label(*spot, point.name) for spot, _, point in seen if point.name]
    within = (frame.left + 4, frame.top - 8, frame.width, frame.floor + 1)
    return frame, [*marks, *placed(labels, taken, within, [spot for spot, _, _ in seen])]


def _headed(frame: Frame, curves: Sequence[Trace], up: str, ways: _Ways) -> tuple[Frame, list[str]]:
    """Room for the axis's title, a legend beside it where there are several curves, and the names of uprights."""
    named = [curve for curve in curves if curve.name] if len(curves) > 1 else []
    start = svg.width_of(up) + 16 if up else 0.0
    labels = [curve.name for curve in named]
    kinds = [
        f"line {svg.stroke(one.colour)}" if one.joined else one.dots if one.hollow else svg.fill(one.colour)
        for one in named
    ]
    rows = svg.legend_rows(frame, labels, start)
    top = 8 + svg.LINE * rows + ROW * len(ways.uprights)
    height = frame.height + svg.LINE * (rows - 1) + ROW * len(ways.uprights)
    frame = replace(frame, top=top, height=height)
    return frame, svg.legend(frame, labels, kinds, start)


def _plane(frame: Frame, curves: Sequence[Trace], ways: _Ways) -> _Plane:
    """Both axes, with room for the figures of that which goes up."""
    points = [point for curve in curves for point in curve.points]
    up = _up(frame, points, ways)
    frame = replace(frame, left=12 + max(svg.width_of(_tick(tick, ways)) for tick in up.ticks))
    most = max((point.x for point in points), default=0.0) or 1.0
    if ways.years:
        first = math.floor(min(point.x for point in points))
        last = max(math.ceil(most), first + 1)
        times = Axis(first, last, frame.left, frame.right_edge, tuple(range(first, last + 1)))
        return _Plane(frame, times, up, ways)
    if ways.spans:
        return _Plane(
            frame,
            _spanned(frame, [*(one.x for one in points), *(one.x for one in ways.uprights)], ways.spans),
            up,
            ways,
        )
    round_ = svg.axis(0, most, frame.left, frame.right_edge, most=int((frame.right_edge - frame.left) / TICK))
    whole = all(float(point.x).is_integer() for point in points)
    ticks = tuple(t for t in round_.ticks if t <= most and (not whole or float(t).is_integer()))
    return _Plane(frame, Axis(0.0, most, frame.left, frame.right_edge, ticks), up, ways)


def _spanned(frame: Frame, values: Sequence[float], names: Mapping[int, str]) -> Axis:
    """A logarithmic axis across, from the power of ten below the smallest value to the largest; powers have names."""
    low, high = float(math.floor(math.log10(min(values)))), math.log10(max(values))
    high = max(high, low + LEAST_SPAN)
    ticks = tuple(float(power) for power in sorted(names) if low <= power <= high)
    return Axis(low, high, frame.left, frame.right_edge, ticks)


def _up(frame: Frame, points: Sequence[Point], ways: _Ways) -> Axis:
    values = [point.y for point in points if math.isfinite(point.y)]
    if ways.decades:
        least, most = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return Axis(least, most, frame.floor, frame.top, tuple(range(least, most + 1)))
    values += [value for _, value in ways.levels]
    high = max(values, default=0.0) if ways.most is None else ways.most
    return svg.axis(min(values, default=0.0), high, frame.floor, frame.top)


def _tick(value: float, ways: _Ways) -> str:
    return ways.decades.get(int(value), "") if ways.decades else svg.number(value)


def _grid(plane: _Plane) -> Iterator[str]:
    """Lines with their figures, and the figures of the axis across, years in their middles."""
    frame, across = plane.frame, plane.across
    for tick in plane.up.ticks:
        y = plane.up.at(tick)
        yield svg.line(frame.left, y, frame.right_edge, y, "zero" if y == frame.floor else "grid")
        yield svg.text(frame.left - 8, y + 4, _tick(tick, plane.ways), "tick", "end")
    for tick in across.ticks:
        yield svg.line(across.at(tick), frame.floor, across.at(tick), frame.floor + 4, "axis")
    if not plane.ways.years:
        names = plane.ways.spans
        shown = ((t, names[int(t)] if names else svg.number(t)) for t in across.ticks)
        yield from (svg.text(across.at(t), frame.floor + 17, name, "tick", "middle") for t, name in shown)
        return
    every = math.ceil(YEAR / (across.at(1) - across.at(0)))
    for year in range(int(across.low), int(across.high), every):
        yield svg.text(across.at(year + 0.5), frame.floor + 17, f"{year}", "tick", "middle")


def _runs(plane: _Plane, curve: Trace) -> list[list[Spot]]:
    """A curve in pixels where it is below the upper edge."""
    runs: list[list[Spot]] = [[]]
    top = plane.up.high if plane.ways.most is not None else math.inf
    for before, point in pairwise((Point(0.0, math.nan), *curve.points)):
        if math.isfinite(before.y) and math.isfinite(point.y) and (before.y > top) != (point.y > top):
            share = (top - before.y) / (point.y - before.y)
            runs[-1].append(plane.at(before.x + share * (point.x - before.x), top))
        if plane.shows(point):
            runs[-1].append(plane.at(point.x, point.y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _lines(plane: _Plane, curve: Trace) -> Iterator[str]:
    if curve.area:
        floor, high = plane.frame.floor, plane.up.high
        top = [plane.at(point.x, min(point.y, high)) for point in curve.points]
        yield svg.path([*top, (top[-1][0], floor), (top[0][0], floor)], f"shade {svg.fill(curve.colour)}", closed=True)
    for run in _runs(plane, curve):
        yield svg.path(run, f"line {svg.stroke(curve.colour)}")


def _seen(plane: _Plane, curve: Trace) -> list[Point]:
    """Points that have dots."""
    return [one for one in curve.points if plane.shows(one) and (one.name or not curve.joined)]


def _felt(plane: _Plane, curves: Sequence[Trace]) -> Iterator[str]:
    """Points of lines that only answer to a pointer."""
    for point in (one for curve in curves if curve.joined for one in curve.points):
        if point.tip and not point.name and plane.shows(point):
            yield svg.dot(*plane.at(point.x, point.y), HIT, "hit", point.tip)


def _level(plane: _Plane, name: str, value: float, taken: Sequence[Box]) -> Iterator[str]:
    """A dashed line, named as far to the right as no curve crosses its name."""
    frame, y, width = plane.frame, plane.up.at(value), svg.width_of(name)
    yield svg.line(frame.left, y, frame.right_edge, y, "level")
    rights = range(int(frame.right_edge), int(frame.left + width), -int(ROW))
    tried = [(right - width, top, right, top + 13) for right, top in product(rights, (y - 16, y + 3))]
    least = frame.top if plane.ways.uprights else 0.0  # above it stand the names of uprights
    within = (box for box in tried if least <= box[1] and box[3] <= frame.floor)
    free = (box for box in within if not any(overlap(box, one) for one in taken))
    box = next(free, (frame.right_edge - width, y - 16, frame.right_edge, y - 3))
    yield svg.text(box[2], box[1] + 11, name, "note", "end")


def _uprights(plane: _Plane) -> Iterator[str]:
    """Lines up to their names, which stand in rows above the curves so that no line runs through a name."""
    frame, lines = plane.frame, sorted(plane.ways.uprights, key=lambda one: one.x)
    order, sides = min(
        product(permutations(range(len(lines))), product((1, -1), repeat=len(lines))),
        key=lambda ways: sum(_crossed(plane, lines, *ways)),
    )
    places = [(one, plane.x(one.x), row, side) for one, row, side in zip(lines, order, sides, strict=True)]
    for one, x, row, side in places:
        y = frame.top - ROW * (row + 1) + 3
        for below in sorted((other for other in places if other[2] < row), key=lambda other: -other[2]):
            if _runs_through(x, *below):
                top = frame.top - ROW * (below[2] + 1)
                yield svg.line(x, y, x, top + 1, "level")
                y = top + ROW
        yield svg.line(x, y, x, frame.floor, "level")
        yield svg.text(x + 5 * side, frame.top - ROW * row - 4, one.name, "note", "start" if side > 0 else "end")


def _runs_through(x: float, one: Upright, at: float, row: int, side: int) -> bool:
    """Whether a line at x would run through the name of an upright."""
    del row
    return min(at, _far(one, at, side)) <= x <= max(at, _far(one, at, side)) and x != at


def _far(one: Upright, at: float, side: int) -> float:
    """Where a name ends."""
    return at + side * (8 + svg.width_of(one.name))


def _crossed(plane: _Plane, lines: Sequence[Upright], order: Sequence[int], sides: Sequence[int]) -> Iterator[float]:
    """For each name what speaks against its place: lines that run through it, and that it leaves the frame."""
    for one, row, side in zip(lines, order, sides, strict=True):
        x = plane.x(one.x)
        far = _far(one, x, side)
        yield 10 * (not 0 <= far <= plane.frame.width)
        for other, above in zip(lines, order, strict=True):
            yield above > row and min(x, far) <= plane.x(other.x) <= max(x, far)


def _slices(plane: _Plane) -> Iterator[str]:
    """Slices that answer to a pointer, each as wide as to the middles between it and its neighbours."""
    frame, tips = plane.frame, plane.ways.tips
    places = [plane.x(x) for x, _ in tips]
    middles = [frame.left, *((one + other) / 2 for one, other in pairwise(places)), frame.right_edge]
    for (left, right), (_, tip) in zip(pairwise(middles), tips, strict=False):
        yield svg.hit(left, frame.top, right - left, frame.floor - frame.top, tip)
