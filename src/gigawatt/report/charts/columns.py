"""Stacked columns: what adds up, period by period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.periods import Plot, Series, hits, plot
from gigawatt.study.dates import spoken

# Shares of its place that a column fills: where there are many, and where there are few. In places of less than SLIM
# pixels columns stand close, without rims, which would hide them.
DENSE, SPARSE, MANY, SLIM = 0.82, 0.62, 12, 5.0


@form
def columns(
    frame: Frame, periods: Sequence[str], series: Sequence[Series], unit: str, level: tuple[str, float] | None = None
) -> tuple[Frame, list[str]]:
    """Stacked columns, costs below zero; level: a dashed line with its name."""
    series = [one for one in series if any(value != 0 for value in one.values)]
    highs = [sum(max(one.values[k], 0.0) for one in series) for k in range(len(periods))]
    lows = [sum(min(one.values[k], 0.0) for one in series) for k in range(len(periods))]
    keys = [(one.name, svg.fill(one.colour)) for one in series]
    room = plot(frame, periods, keys, unit, [*lows, *highs, *(level[1:] if level else ())])
    named = _level(room, highs, *level) if level else []
    tips = _tips(periods, series, unit) if series else ()
    return room.frame, [*room.marks, *_stacks(room, series), *named, *hits(room.frame, room.places, tips)]


def _stacks(room: Plot, series: Sequence[Series]) -> Iterator[str]:
    """One shape for all of a series: its part of every column."""
    count = round((room.frame.right_edge - room.places.left) / room.places.width)
    slim = room.places.width < SLIM
    width = room.places.width * (1.0 if slim else DENSE if count > MANY else SPARSE)
    kind = "slim" if slim else "column"
    edges = [(svg.n(mid - width / 2), svg.n(mid + width / 2)) for mid in map(room.places.middle, range(count))]
    ups, downs = [0.0] * count, [0.0] * count
    for one in series:
        parts = []
        for k, value in enumerate(one.values):
            ends = ups if value >= 0 else downs
            base, ends[k] = room.values.at(ends[k]), ends[k] + value
            top = room.values.at(ends[k])
            if abs(base - top) > 0.05:
                left, right = edges[k]
                parts.append(f"M{left} {svg.n(base)}V{svg.n(top)}H{right}V{svg.n(base)}Z")
        if parts:
            yield f'<path d="{"".join(parts)}" class="{kind} {svg.fill(one.colour)}"/>'


def _tips(periods: Sequence[str], series: Sequence[Series], unit: str) -> Iterator[str]:
    for k, period in enumerate(periods):
        parts = [(one.name, one.values[k]) for one in series if one.values[k] != 0]
        lines = [f"{name}: {svg.told(value, unit)}" for name, value in parts]
        if len(series) > 1:
            lines.append(f"together: {svg.told(sum(value for _, value in parts), unit)}")
        yield "\n".join([spoken(period), *(lines or [svg.told(0.0, unit)])])


def _level(room: Plot, highs: Sequence[float], name: str, value: float) -> list[str]:
    """A dashed line; its name above it, on the side where columns reach it less."""
    frame, y = room.frame, room.values.at(value)
    words = svg.fitting(name, frame.right_edge - frame.left)
    under = max(int(svg.width_of(words) / room.places.width) + 1, 1)
    right = sum(high > value for high in highs[-under:]) <= sum(high > value for high in highs[:under])
    x, anchor = (frame.right_edge, "end") if right else (frame.left + 4, "start")
    return [svg.line(frame.left, y, frame.right_edge, y, "level"), svg.text(x, y - 5, words, "note", anchor)]
