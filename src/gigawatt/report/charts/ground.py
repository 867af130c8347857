"""The land under a map of sites: which outline, which part of it, and where on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.beside import Rect
from gigawatt.report.charts.projection import albers, equal_earth
from gigawatt.report.outlines import Ground, Line, outline

# A place this near to the states [radii of the earth, some 25 km] counts as in them: thinned shores are not exact.
NEAR = 0.004
# Least width of the world that is shown, the room around places, and how much a pixel shows [radii of the earth]: with
# less, thinned shores look as if they were cut out with scissors.
LEAST, ROOM, PER_PIXEL = 0.5, 0.12, 0.0014
# Points nearer than this to each other are one [half pixels].
CLOSE = 3

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A piece of land on the page."""

    ground: Ground
    project: Callable[[float, float], Point]
    window: Rect
    """What of the projected land it shows [radii of the earth]."""
    box: Rect
    """Where on the page [pixels], in the proportions of the window."""
    bounds: Rect
    """Where labels may stand [pixels]."""
    framed: bool
    """Whether land ends at the box, which then has a frame."""

    def at(self, lon_deg: float, lat_deg: float) -> Point:
        """Where a place is on the page."""
        return self.placed(self.project(lon_deg, lat_deg))

    def placed(self, point: Point) -> Point:
        """Where a projected point is on the page."""
        scale = _width(self.box) / _width(self.window)
        return self.box[0] + (point[0] - self.window[0]) * scale, self.box[1] + (point[1] - self.window[1]) * scale


def in_states(lon_deg: float, lat_deg: float) -> bool:
    """Whether a place is in the contiguous states, or next to them."""
    x, y = albers(lon_deg, lat_deg)
    around = ((x, y), (x - NEAR, y), (x + NEAR, y), (x, y - NEAR), (x, y + NEAR))
    return any(_within(point, ring) for ring in outline("states").land for point in around)


def states(bounds: Rect, *, right: bool) -> Sheet:
    """The contiguous states, as large as they fit into bounds: at the right of them, or in the middle."""
    ground = outline("states")
    window = _extent([point for ring in ground.land for point in ring])
    scale = min(_width(bounds) / _width(window), _height(bounds) / _height(window))
    left = bounds[2] - _width(window) * scale
    left = left if right else (bounds[0] + left) / 2
    box = (left, bounds[1], left + _width(window) * scale, bounds[1] + _height(window) * scale)
    return Sheet(ground=ground, project=albers, window=window, box=box, bounds=bounds, framed=False)


def world(places: Sequence[Point], box: Rect) -> Sheet:
    """So much of the world's land that it fills a box, with places [lon_deg, lat_deg] in its middle."""
    x0, y0, x1, y1 = _extent([equal_earth(*place) for place in places])
    ratio = _height(box) / _width(box)
    width = max(x1 - x0 + 2 * ROOM, (y1 - y0 + 2 * ROOM) / ratio, LEAST, PER_PIXEL * _width(box))
    left, top = (x0 + x1 - width) / 2, (y0 + y1 - width * ratio) / 2
    window = (left, top, left + width, top + width * ratio)
    rings = (_clipped(ring, window) for ring in outline("land").land)
    ground = Ground(land=tuple(ring for ring in rings if ring), borders=())
    return Sheet(ground=ground, project=equal_earth, window=window, box=box, bounds=box, framed=True)


def drawn(sheet: Sheet) -> Iterator[str]:
    """The marks of a sheet: land, the borders within it, and a frame where it has one."""
    for lines, end, kind in ((sheet.ground.land, "z", "land"), (sheet.ground.borders, "", "border")):
        steps = [_steps(sheet, line) for line in lines]
        yield f'<path d="{"".join(step + end for step in steps if step)}" class="{kind}"/>'
    if sheet.framed:
        yield svg.box(sheet.box[0], sheet.box[1], _width(sheet.box), _height(sheet.box), "frame")


def _steps(sheet: Sheet, line: Line) -> str:
    """A line as steps of a path, in half pixels, without points that are too near to the last one; its end stays."""
    halves = [(round(2 * x), round(2 * y)) for x, y in map(sheet.placed, line)]
    (x, y), steps = halves[0], []
    for at, (x1, y1) in enumerate(halves):
        if abs(x1 - x) + abs(y1 - y) >= (CLOSE if at < len(halves) - 1 else 1):
            steps.append(f"{svg.n((x1 - x) / 2)} {svg.n((y1 - y) / 2)}")
            x, y = x1, y1
    return f"M{svg.n(halves[0][0] / 2)} {svg.n(halves[0][1] / 2)}l{' '.join(steps)}" if steps else ""


def _clipped(ring: Line, window: Rect) -> Line:
    """The part of a ring inside a window, as one ring: side by side, after Sutherland and Hodgman (1974)."""
    points = list(ring)
    for axis, edge, sign in ((0, window[0], 1), (1, window[1], 1), (0, window[2], -1), (1, window[3], -1)):
        before, points = [*points[-1:], *points], []
        for one, two in pairwise(before):
            inside = (sign * (one[axis] - edge) >= 0, sign * (two[axis] - edge) >= 0)
            if inside[0] != inside[1]:
                share = (edge - one[axis]) / (two[axis] - one[axis])
                points.append((one[0] + (two[0] - one[0]) * share, one[1] + (two[1] - one[1]) * share))
            if inside[1]:
                points.append(two)
    return tuple(points)


def _within(point: Point, ring: Line) -> bool:
    """Whether a ring winds around a point: a ray from it eastwards crosses the ring an odd number of times."""
    x, y = point
    crossed = [
        x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
        for (x0, y0), (x1, y1) in pairwise((*ring, ring[0]))
        if (y0 > y) != (y1 > y)
    ]
    return sum(crossed) % 2 == 1


def _extent(points: Sequence[Point]) -> Rect:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _width(rect: Rect) -> float:
    return rect[2] - rect[0]


def _height(rect: Rect) -> float:
    return rect[3] - rect[1]
