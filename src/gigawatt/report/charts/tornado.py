"""A tornado: how far a value moves with one quantity low or high, a row for each quantity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Axis, Frame
from gigawatt.report.charts.rows import layout

# Heights [pixels] of a row and of its bars, and between a bar and its words.
ROW, BAR, GAP = 30.0, 20.0, 6.0
LOW, HIGH = ("at its P10", svg.fill(1)), ("at its P90", svg.fill(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A quantity, what it is where it is low and high, and the value there."""

    label: str
    low_text: str
    high_text: str
    low: float
    high: float


@form
def tornado(frame: Frame, rows: Sequence[Reach], middle: float, unit: str) -> tuple[Frame, list[str]]:
    """Bars from the value in the middle to that with one quantity low or high, which stands at the bar's end."""
    reach = [middle, *(value for row in rows for value in (row.low, row.high))]
    beside = GAP + max((svg.width_of(text) for row in rows for text in (row.low_text, row.high_text)), default=0.0)
    room = (max(beside, 22), max(beside, 22))
    plot = layout(frame, [row.label for row in rows], [LOW, HIGH], unit, reach, height=ROW, room=room)
    drawn, middle_x = list(plot.marks), plot.across.at(middle)
    for n, (row, top) in enumerate(zip(rows, plot.tops, strict=True)):
        drawn += _bars(row, plot.across, middle, top + (ROW - BAR) / 2)
        ends = ((row.low_text, row.low), (row.high_text, row.high))
        drawn.append(plot.hit(n, [row.label, *(f"{text}: {svg.told(value, unit)}" for text, value in ends)]))
    return plot.frame, [*drawn, svg.line(middle_x, plot.frame.top, middle_x, plot.frame.floor, "axis")]


def _bars(row: Reach, across: Axis, middle: float, y: float) -> Iterator[str]:
    """Both bars in one line; one under the other, each half as high, where both lie on one side of the middle."""
    start, apart = across.at(middle), (row.low - middle) * (row.high - middle) > 0
    height, falls = (BAR / 2 - 1 if apart else BAR), row.low > row.high
    for lane, (value, text, kind) in enumerate(((row.low, row.low_text, LOW[1]), (row.high, row.high_text, HIGH[1]))):
        end, top = across.at(value), y + (BAR / 2 + 1) * lane * apart
        yield svg.box(min(start, end), top, max(abs(end - start), 0.5), height, kind)
        left = value < middle if value != middle else falls == bool(lane)
        x, anchor = (end - GAP, "end") if left else (end + GAP, "start")
        yield svg.text(x, top + height / 2 + 4, text, "tick halo", anchor)
