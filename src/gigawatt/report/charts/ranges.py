"""Ranges: a box for each period, from low to high, under a staircase that they are held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.periods import Plot, Series, hits, plot
from gigawatt.study.dates import spoken

# Share of its place that a box fills.
FILLED = 0.62


@form
def ranges(
    frame: Frame, periods: Sequence[str], spread: Sequence[Series], level: Series, unit: str, name: str
) -> tuple[Frame, list[str]]:
    """A box for each period under a staircase; spread: lows, middles and highs of the boxes; name: what a box is."""
    high = spread[-1]
    keys = [(name, svg.fill(high.colour)), (level.name, f"line {svg.stroke(level.colour)}")]
    room = plot(frame, periods, keys, unit, [*high.values, *level.values])
    tips = ("\n".join([spoken(period), *_told(k, [*spread, level], unit)]) for k, period in enumerate(periods))
    return room.frame, [*room.marks, *_boxes(room, spread, level), *hits(room.frame, room.places, tips)]


def _told(k: int, series: Sequence[Series], unit: str) -> Iterator[str]:
    return (f"{one.name}: {svg.told(one.values[k], unit)}" for one in series)


def _boxes(room: Plot, spread: Sequence[Series], level: Series) -> Iterator[str]:
    places, at = room.places, room.values.at
    width, colour = places.width * FILLED, spread[-1].colour
    for k, (low, middle, high) in enumerate(zip(*(one.values for one in spread), strict=True)):
        if high > 0:
            x, top = places.middle(k) - width / 2, at(high)
            yield svg.box(x, top, width, max(at(low) - top, 2), f"range {svg.fill(colour)} {svg.stroke(colour)}")
            yield svg.box(x, at(middle) - 1, width, 2, svg.fill(spread[1].colour))
    ends = [(places.left + places.width * k, at(value)) for k, value in enumerate(level.values)]
    if ends:
        stairs = [point for x, y in ends for point in ((x, y), (x + places.width, y))]
        yield svg.path(stairs, f"line {svg.stroke(level.colour)}")
