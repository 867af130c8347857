"""Small charts side by side: a part filled under the outline of its whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.periods import Series, hits, slots, tick_room
from gigawatt.study.dates import spoken

# Sizes of a small chart and of what is between them [pixels]; it is never narrower than LEAST.
HEIGHT, GAP, BELOW, LEAST, MOST = 140.0, 24.0, 16.0, 160.0, 4


@form
def multiples(
    frame: Frame, periods: Sequence[str], titles: Sequence[str], whole: Sequence[Series], part: Sequence[Series]
) -> tuple[Frame, list[str]]:
    """A small chart for each title: a part filled under the outline of its whole, each on its own axis."""
    gap = GAP if not frame.narrow else GAP / 2
    fit = int((frame.width + gap) / (LEAST + gap))
    across = min(fit, MOST) if len(titles) > MOST else min(fit, max(len(titles), 2))
    width = (frame.width - gap * (across - 1)) / across
    down = -(-len(titles) // across)
    frame = replace(frame, height=down * (HEIGHT + BELOW) - BELOW if titles else 10)
    said = [spoken(period) for period in periods]
    drawn: list[str] = []
    for at, title in enumerate(titles):
        x, y = (at % across) * (width + gap), (at // across) * (HEIGHT + BELOW)
        small = replace(frame, left=x, right=frame.width - x - width, top=y + 42, height=y + HEIGHT, bottom=20)
        drawn += _small(small, periods, said, title, whole[at], part[at])
    return frame, drawn


def _small(
    frame: Frame, periods: Sequence[str], said: Sequence[str], title: str, whole: Series, part: Series
) -> Iterator[str]:
    x, y, room = frame.left, frame.top - 42, frame.right_edge - frame.left
    yield svg.text(x, y + 12, svg.fitting(title, room, bold=True), "head")
    yield svg.text(x, y + 27, svg.fitting(whole.name, room), "unit")
    values = svg.axis(0.0, max([*whole.values, *part.values], default=0.0), frame.floor, frame.top, most=2)
    frame = replace(frame, left=x + tick_room(values))
    yield from svg.grid(frame, values, "")
    if not periods:
        return
    places = slots(frame, len(periods))
    middles = [places.middle(k) for k in range(len(periods))]
    points = [(mid, values.at(value)) for mid, value in zip(middles, part.values, strict=True)]
    ends = (middles[0], values.at(0)), (middles[-1], values.at(0))
    yield svg.path([ends[0], *points, ends[1]], f"area {svg.fill(part.colour)}", closed=True)
    outline = [(mid, values.at(value)) for mid, value in zip(middles, whole.values, strict=True)]
    yield svg.path(outline, "outline")
    yield from _span(frame, periods, said)
    figures = zip(said, part.values, whole.values, strict=True)
    tips = (f"{title}, {period}\n{svg.figure(p)} of {svg.told(w, whole.name)}" for period, p, w in figures)
    yield from hits(frame, places, tips)


def _span(frame: Frame, periods: Sequence[str], said: Sequence[str]) -> Iterator[str]:
    """The first and the last year under the axis, or all that there is."""
    first, last = periods[0][:4], periods[-1][:4]
    if first == last:
        first, last = said[0], said[-1]
    yield svg.text(frame.left, frame.floor + 15, first, "tick")
    if last != first:
        yield svg.text(frame.right_edge, frame.floor + 15, last, "tick", "end")
