"""Kinds of charts: stacked columns, lines, a heat map, bars and small multiples. Data in, charts out.

Values are in the unit that the axis names; None or NaN is a gap. Periods are years ("2026"), quarters ("2026Q3"), or
months, days and moments in ISO 8601.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import About, Chart
from gigawatt.report.charts.marks import Axis, Frame
from gigawatt.study.dates import spoken

Drawn = tuple[Frame, list[str]]

ROW = 22.0
DOT_ROW = 14.0
YEAR_WIDTH = 23.0
# Lengths of a period's text that name its year, month or quarter, day and hour.
PREFIXES = (4, 7, 10, 13)
FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A named row of values; colour: its number in the palette."""

    name: str
    values: tuple[float, ...]
    colour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A labelled point of a chart over periods."""

    at: int
    value: float
    tip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A value with its figure, and a second one where there is a dot."""

    label: str
    value: float
    text: str
    colour: int
    dot: float | None = None
    dot_text: str = ""


def columns(
    about: About, periods: Sequence[str], series: Sequence[Series], unit: str, level: tuple[str, float] | None = None
) -> Chart:
    """Stacked columns, costs below zero; level: a dashed line with its name."""
    return Chart(about=about, draw=lambda frame: _columns(frame, periods, series, unit, level))


def _columns(
    frame: Frame, periods: Sequence[str], series: Sequence[Series], unit: str, level: tuple[str, float] | None = None
) -> Drawn:
    shown = [one for one in series if any(abs(value) > 0 for value in one.values)]
    start = frame.left + svg.CHARACTER * max(len(unit) - 6, 0)
    frame, keys = _legend(frame, shown, start)
    highs = [sum(max(one.values[k], 0.0) for one in shown) for k in range(len(periods))]
    lows = [sum(min(one.values[k], 0.0) for one in shown) for k in range(len(periods))]
    values = svg.axis(min(lows, default=0), max([*highs, level[1] if level else 0.0]), frame.floor, frame.top)
    places = _slots(frame, len(periods))
    marks = [*keys, *svg.grid(frame, values, unit), *_years(frame, periods, places)]
    width = places.width * (0.82 if len(periods) > 12 else 0.62)
    for k, period in enumerate(periods):
        up = down = 0.0
        for one in shown:
            value = one.values[k]
            base, top = (up, up + value) if value >= 0 else (down + value, down)
            up, down = (up + value, down) if value >= 0 else (up, down + value)
            tip = f"{spoken(period)}, {one.name}: {_three(value)} {unit}"
            high, low = values.at(top), values.at(base)
            if low - high > 0.05:
                marks.append(
                    svg.box(places.middle(k) - width / 2, high, width, low - high, svg.fill(one.colour), tip=tip)
                )
    return frame, [*marks, *(_level(frame, values, *level) if level else [])]


def lines(
    about: About,
    periods: Sequence[str],
    series: Sequence[Series],
    unit: str,
    *,
    bands: Sequence[tuple[str, float, float]] = (),
    levels: Sequence[tuple[str, float]] = (),
    marks: Sequence[Mark] = (),
    steps: bool = False,
) -> Chart:
    """Lines named at their ends; bands and levels: named ranges and named values; steps: a staircase."""
    return Chart(
        about=about,
        draw=lambda frame: _lines(frame, periods, series, unit, bands=bands, levels=levels, marks=marks, steps=steps),
    )


def _lines(
    frame: Frame,
    periods: Sequence[str],
    series: Sequence[Series],
    unit: str,
    *,
    bands: Sequence[tuple[str, float, float]] = (),
    levels: Sequence[tuple[str, float]] = (),
    marks: Sequence[Mark] = (),
    steps: bool = False,
) -> Drawn:
    names = [one.name for one in series] + [band[0] for band in bands] + [level[0] for level in levels]
    frame = replace(frame, top=26, right=16 + svg.BOLD * max(len(name) for name in names))
    everything = [v for one in series for v in one.values if math.isfinite(v)]
    everything += [v for band in bands for v in band[1:]] + [level[1] for level in levels] + [m.value for m in marks]
    values = svg.axis(min(everything, default=0), max(everything, default=0), frame.floor, frame.top)
    places = _slots(frame, len(periods))
    drawn = [*svg.grid(frame, values, unit), *_years(frame, periods, places)]
    for _, low, high in bands:
        top = values.at(high)
        drawn.append(svg.box(frame.left, top, frame.right_edge - frame.left, max(values.at(low) - top, 2), "band"))
    drawn += [svg.line(frame.left, values.at(v), frame.right_edge, values.at(v), "level") for _, v in levels]
    for one in series:
        for run in _runs(one.values):
            points = [(places.middle(k), values.at(one.values[k])) for k in run]
            drawn.append(svg.path(_stairs(points) if steps else points, f"line {svg.stroke(one.colour)}"))
    drawn += [svg.dot(places.middle(m.at), values.at(m.value), 5, "mark", m.tip) for m in marks]
    ends = [(one.name, _last(one.values), f"t{one.colour % svg.COLOURS}") for one in series]
    ends += [(name, high, "band-name") for name, _, high in bands] + [(name, value, "") for name, value in levels]
    return frame, [*drawn, *_ends(frame, values, ends)]


def ranges(about: About, periods: Sequence[str], spread: Sequence[Series], level: Series, unit: str) -> Chart:
    """A box for each period under a staircase; spread: lows, middles and highs of the boxes, the highs name them."""
    return Chart(about=about, draw=lambda frame: _ranges(frame, periods, spread, level, unit))


def _ranges(frame: Frame, periods: Sequence[str], spread: Sequence[Series], level: Series, unit: str) -> Drawn:
    low, middle, high = spread
    frame, keys = _legend(frame, [high, level], frame.left + svg.CHARACTER * max(len(unit) - 6, 0))
    values = svg.axis(0, max([*high.values, *level.values], default=0), frame.floor, frame.top)
    places = _slots(frame, len(periods))
    ends = [(frame.left + places.width * k, values.at(value)) for k, value in enumerate(level.values)]
    stairs = [point for x, y in ends for point in ((x, y), (x + places.width, y))]
    marks = [*keys, *svg.grid(frame, values, unit), *_years(frame, periods, places)]
    marks.append(svg.path(stairs, f"line {svg.stroke(level.colour)}"))
    width = places.width * 0.62
    for k, period in enumerate(periods):
        if high.values[k] > 0:
            tip = f"{spoken(period)}: " + ", ".join(f"{one.name} {_three(one.values[k])} {unit}" for one in spread)
            x, y = places.middle(k) - width / 2, values.at(high.values[k])
            height = max(values.at(low.values[k]) - y, 2)
            marks.append(svg.box(x, y, width, height, svg.fill(high.colour), ' fill-opacity="0.55"', tip))
            marks.append(svg.box(x, values.at(middle.values[k]) - 1, width, 2, svg.fill(middle.colour)))
    return frame, marks


def heat(
    about: About, rows: Sequence[str], periods: Sequence[str], values: Sequence[Sequence[float]], colour: int, what: str
) -> Chart:
    """One row a thing, one cell a period, darker for more; values from 0 to 1, 0 or NaN is an empty cell."""
    return Chart(about=about, draw=lambda frame: _heat(frame, rows, periods, values, colour, what))


def _heat(
    frame: Frame, rows: Sequence[str], periods: Sequence[str], values: Sequence[Sequence[float]], colour: int, what: str
) -> Drawn:
    left = min(24 + svg.CHARACTER * max((len(row) for row in rows), default=0), 300)
    frame = replace(frame, left=left, height=frame.bottom + 6 + ROW * len(rows), top=6)
    places = _slots(frame, len(periods))
    marks = _years(frame, periods, places)
    for r, row in enumerate(rows):
        y = frame.top + ROW * r
        marks.append(svg.text(left - 10, y + 15, row, "label", "end"))
        for k, period in enumerate(periods):
            value = values[r][k] if math.isfinite(values[r][k]) else 0.0
            x = places.middle(k) - places.width / 2
            marks.append(svg.box(x, y, places.width - 1, ROW - 3, "empty", ' rx="2"'))
            if value > 0:
                shade = f' rx="2" fill-opacity="{svg.n(0.15 + 0.85 * min(value, 1.0))}"'
                tip = f"{spoken(period)}, {row}: {100 * value:.0f} % {what}"
                marks.append(svg.box(x, y, places.width - 1, ROW - 3, svg.fill(colour), shade, tip))
    return frame, marks


def bars(about: About, rows: Sequence[Bar]) -> Chart:
    """Horizontal bars with their figures; a second value is a dot on a line of its own below, with its own figure."""
    return Chart(about=about, draw=lambda frame: _bars(frame, rows))


def _bars(frame: Frame, rows: Sequence[Bar]) -> Drawn:
    left = min(24 + svg.CHARACTER * max((len(row.label) for row in rows), default=0), 320)
    most = max((value for row in rows for value in (row.value, row.dot or 0.0)), default=0.0) or 1.0
    room = 16 + svg.BOLD * max((len(text) for row in rows for text in (row.text, row.dot_text)), default=0)
    each = ROW + 6 + (DOT_ROW if any(row.dot is not None for row in rows) else 0)
    frame = replace(frame, left=left, right=room, top=4, height=8 + each * len(rows))
    scale = Axis(0.0, most, left, frame.right_edge, ())
    marks = []
    for k, row in enumerate(rows):
        y, end = frame.top + each * k, scale.at(row.value)
        marks.append(svg.text(left - 10, y + 15, row.label, "label", "end"))
        marks.append(svg.box(left, y, max(end - left, 1), ROW - 2, svg.fill(row.colour), ' rx="2"'))
        marks.append(svg.text(end + 10, y + 15, row.text, "value"))
        if row.dot is not None:
            below, end = y + ROW + DOT_ROW / 2 - 3, scale.at(row.dot)
            marks.append(svg.line(left, below, end, below, "stem"))
            marks.append(svg.dot(end, below, 4, "mark"))
            marks.append(svg.text(end + 10, below + 4, row.dot_text, "value"))
    return frame, marks


def multiples(
    about: About, periods: Sequence[str], titles: Sequence[str], whole: Sequence[Series], part: Sequence[Series]
) -> Chart:
    """A small chart for each title: a part filled under the outline of its whole, each on its own axis."""
    return Chart(about=about, draw=lambda frame: _multiples(frame, periods, titles, whole, part))


def _multiples(
    frame: Frame, periods: Sequence[str], titles: Sequence[str], whole: Sequence[Series], part: Sequence[Series]
) -> Drawn:
    across = 4 if len(titles) > 4 else max(len(titles), 2)
    down = -(-len(titles) // across)
    gap, height = 24.0, 140.0
    width = (frame.width - gap * (across - 1)) / across
    frame = replace(frame, height=down * (height + 14) - 14 if titles else 10)
    marks: list[str] = []
    for at, title in enumerate(titles):
        x, y = (at % across) * (width + gap), (at // across) * (height + 14)
        small = replace(frame, left=x + 34, right=frame.width - x - width, top=y + 40, height=y + height, bottom=20)
        marks += _small(small, x, y, periods, title, whole[at], part[at])
    return frame, marks


def _small(
    frame: Frame, x: float, y: float, periods: Sequence[str], title: str, whole: Series, part: Series
) -> list[str]:
    values = svg.axis(0.0, max([*whole.values, *part.values], default=0.0), frame.floor, frame.top, most=2)
    places = _slots(frame, len(periods))
    marks = [svg.text(x, y + 12, title, "head"), svg.text(x, y + 26, whole.name, "unit")]
    for tick in values.ticks:
        marks.append(svg.line(frame.left, values.at(tick), frame.right_edge, values.at(tick), "grid"))
        marks.append(svg.text(frame.left - 6, values.at(tick) + 4, svg.number(tick), "tick", "end"))
    middles = [places.middle(k) for k in range(len(periods))]
    points = [(mid, values.at(value)) for mid, value in zip(middles, part.values, strict=True)]
    floor = values.at(0)
    marks.append(
        svg.path([(middles[0], floor), *points, (middles[-1], floor)], f"area {svg.fill(part.colour)}", closed=True)
    )
    outline = [(mid, values.at(value)) for mid, value in zip(middles, whole.values, strict=True)]
    marks.append(svg.path(outline, "outline"))
    marks.append(svg.text(middles[0], frame.floor + 14, periods[0][:4], "tick"))
    marks.append(svg.text(middles[-1], frame.floor + 14, periods[-1][:4], "tick", "end"))
    return marks


@dataclass(frozen=True, slots=True)
class _Slots:
    left: float
    width: float

    def middle(self, at: int) -> float:
        return self.left + self.width * (at + 0.5)


def _slots(frame: Frame, count: int) -> _Slots:
    return _Slots(frame.left, (frame.right_edge - frame.left) / max(count, 1))


def _legend(frame: Frame, series: Sequence[Series], start: float) -> tuple[Frame, list[str]]:
    labels = [one.name for one in series]
    rows = svg.legend_rows(frame, labels, start)
    taller = svg.LINE * (rows - 1)
    frame = replace(frame, top=frame.top + taller, height=frame.height + taller)
    return frame, svg.legend(frame, labels, [svg.fill(one.colour) for one in series], start)


def _years(frame: Frame, periods: Sequence[str], places: _Slots) -> list[str]:
    """Years under the axis, or months, days or hours: in the middle of their periods, with a tick where one begins."""
    marks = []
    length = _prefix(periods)
    names = sorted({period[:length] for period in periods})
    label = svg.CHARACTER * len(_label(names[0])) if names else 0.0
    each = (frame.right_edge - frame.left) / max(len(names), 1)
    every = max(-(-len(names) // 12), math.ceil(label / each))
    for at, name in enumerate(names):
        mine = [k for k, period in enumerate(periods) if period.startswith(name)]
        first, last = places.middle(mine[0]) - places.width / 2, places.middle(mine[-1]) + places.width / 2
        if at and len(mine) > 1:
            marks.append(svg.line(first, frame.floor, first, frame.floor + 5, "axis"))
        if at % every == 0 and (last - first >= YEAR_WIDTH or length > PREFIXES[0]):
            marks.append(svg.text((first + last) / 2, frame.floor + 17, _label(name), "tick", "middle"))
    return marks


def _prefix(periods: Sequence[str]) -> int:
    """How much of a period's name stands under the axis: its year, or enough that more than a few names stand there."""
    years, *finer = PREFIXES
    if len({period[:years] for period in periods}) > 1:
        return years
    return next((length for length in finer if len({period[:length] for period in periods}) > FEW), years)


def _label(name: str) -> str:
    """A name under the axis; an hour without its day."""
    return name if len(name) < PREFIXES[-1] else f"{name[-2:]}:00"


def _level(frame: Frame, values: Axis, name: str, value: float) -> list[str]:
    y = values.at(value)
    name_ = svg.text(frame.right_edge, y - 5, name, "note", "end")
    return [svg.line(frame.left, y, frame.right_edge, y, "level"), name_]


def _last(values: Sequence[float]) -> float:
    """The last finite value; 0 where there is none."""
    return next((v for v in reversed(values) if math.isfinite(v)), 0.0)


def _ends(frame: Frame, values: Axis, ends: Sequence[tuple[str, float, str]]) -> list[str]:
    """Names beside the last points (name, value, class), moved apart where they would overlap."""
    x = frame.right_edge + 8
    places = svg.spread([values.at(value) for _, value, _ in ends], 15, frame.top, frame.floor)
    return [svg.text(x, y + 4, name, f"end {kind}") for (name, _, kind), y in zip(ends, places, strict=True)]


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


def _three(value: float) -> str:
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
