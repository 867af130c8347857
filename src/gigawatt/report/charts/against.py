"""Figures held against what was stated, a row for each: the range that is computed, over what was stated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Axis, Frame
from gigawatt.report.charts.rows import layout

# Heights [pixels] of a row and of its bar, and room at both ends of the axis for half of a figure.
ROW, BAR, EDGE = 28.0, 14.0, 26.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSpan:
    """What is computed of a thing over what was stated of it, all above nothing: low, middle, high; kind: which of the
    keys it is; told: its figures in words."""

    label: str
    low_ratio: float
    mid_ratio: float
    high_ratio: float
    kind: int
    told: Sequence[str]


@form
def against(
    frame: Frame, rows: Sequence[StatedSpan], keys: Sequence[tuple[str, int]], unit: str
) -> tuple[Frame, list[str]]:
    """A bar from low to high with a line in the middle, along an axis on which every step is a factor; keys: name and
    colour of each kind."""
    reach = [0.0, *(log10(ratio) for row in rows for ratio in (row.low_ratio, row.high_ratio))]
    kinds = [(name, svg.fill(colour)) for name, colour in keys]
    plot = layout(frame, [row.label for row in rows], kinds, unit, reach, height=ROW, room=(EDGE, EDGE), shown=_factor)
    drawn, stated = list(plot.marks), plot.across.at(0.0)
    for n, (row, top) in enumerate(zip(rows, plot.tops, strict=True)):
        drawn += _marks(row, plot.across, top + (ROW - BAR) / 2, keys[row.kind][1])
        drawn.append(plot.hit(n, [row.label, *row.told]))
    return plot.frame, [*drawn, svg.line(stated, plot.frame.top, stated, plot.frame.floor, "axis")]


def _factor(exponent: float) -> str:
    """A tick of the axis: "×0.32"."""
    return f"×{10**exponent:.2g}"


def _marks(row: StatedSpan, across: Axis, y: float, colour: int) -> Iterator[str]:
    low, mid, high = (across.at(log10(ratio)) for ratio in (row.low_ratio, row.mid_ratio, row.high_ratio))
    yield svg.box(low, y, max(high - low, 2), BAR, f"range {svg.fill(colour)} {svg.stroke(colour)}")
    yield svg.box(mid - 1.5, y - 2, 3, BAR + 4, svg.fill(colour))
