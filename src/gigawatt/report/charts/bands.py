"""Bands: how sure a figure of each thing is, from its tenth to its ninetieth percentile, a row for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.rows import layout

# Heights [pixels] of a bar and of its row; room beside the axis for half of its last figure.
BAR, ROW, EDGE = 16.0, 28.0, 22.0
KEYS = (("P10 to P90", "narrow-band"), ("middle", svg.fill(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sure:
    """A figure of a thing, and how sure it is."""

    label: str
    p10: float
    p50: float
    p90: float


@form
def bands(frame: Frame, rows: Sequence[Sure], unit: str) -> tuple[Frame, list[str]]:
    """A bar from P10 to P90 with a mark in the middle, whose figure stands at the bar's end; 0 is on the axis."""
    texts = [svg.figure(row.p50) for row in rows]
    beside = max((svg.width_of(text, bold=True) for text in texts), default=0.0)
    reach = [0.0, *(value for row in rows for value in (row.p10, row.p90))]
    plot = layout(frame, [row.label for row in rows], KEYS, unit, reach, height=ROW, room=(EDGE, EDGE + beside))
    drawn, at = list(plot.marks), plot.across.at
    for n, (row, text) in enumerate(zip(rows, texts, strict=True)):
        top = plot.tops[n] + (ROW - BAR) / 2
        drawn.append(svg.box(at(row.p10), top, max(at(row.p90) - at(row.p10), 1), BAR, "narrow-band"))
        drawn.append(svg.box(at(row.p50) - 1, top - 2, 2, BAR + 4, svg.fill(0)))
        drawn.append(svg.text(at(row.p90) + 6, top + BAR / 2 + 4, text, "value halo"))
        told = (("P10", row.p10), ("middle", row.p50), ("P90", row.p90))
        drawn.append(plot.hit(n, [row.label, *(f"{name}: {svg.told(value, unit)}" for name, value in told)]))
    return plot.frame, drawn
