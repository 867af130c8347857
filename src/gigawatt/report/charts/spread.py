"""Spreads: what may come of each thing, as the range of most futures with their middle and mean, a row for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.rows import RowPlot, layout

# Room beside an axis for half of its last figure [pixels].
EDGE = 22.0
# Heights [pixels]: of the bar, of a line of words above it or below it, and of a row.
BAR, WORDS = 14.0, 15.0
ROW = BAR + 2 * WORDS + 12
KEYS = (("P10 to P90", "narrow-band"), ("middle", "f0"), ("mean", "mark"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a figure of a thing comes to in many futures."""

    label: str
    p10: float
    p50: float
    p90: float
    mean: float
    largest: float


@form
def spread(frame: Frame, rows: Sequence[Range], unit: str, to_largest: bool = False) -> tuple[Frame, list[str]]:
    """A bar from P10 to P90, the middle above it and the mean below it with their figures; to_largest: a line on to
    the largest, with its own."""
    reach = [value for row in rows for value in (row.p10, row.p90, row.mean)]
    keys, beside = [*KEYS], [EDGE]
    if to_largest:
        reach += [row.largest for row in rows]
        keys.append(("to the largest", "stem"))
        beside += [8 + svg.width_of(svg.figure(row.largest), bold=True) for row in rows]
    plot = layout(frame, [row.label for row in rows], keys, unit, reach, height=ROW, room=(EDGE, max(beside)))
    drawn = list(plot.marks)
    for n, row in enumerate(rows):
        drawn += _marks(row, plot, plot.tops[n] + 4, to_largest)
        told = (("P10", row.p10), ("middle", row.p50), ("P90", row.p90), ("mean", row.mean), ("largest", row.largest))
        drawn.append(plot.hit(n, [row.label, *(f"{name}: {svg.told(value, unit)}" for name, value in told)]))
    return plot.frame, drawn


def _marks(row: Range, plot: RowPlot, top: float, to_largest: bool) -> Iterator[str]:
    at, y = plot.across.at, top + WORDS + 2
    if to_largest:
        yield svg.line(at(row.p90), y + BAR / 2, at(row.largest), y + BAR / 2, "stem")
        end = max(at(row.largest), at(row.p90), at(row.mean) + 4)
        yield svg.text(end + 6, y + BAR / 2 + 4, svg.figure(row.largest), "value halo")
    yield svg.box(at(row.p10), y, max(at(row.p90) - at(row.p10), 1), BAR, "narrow-band")
    yield svg.box(at(row.p50) - 1, y - 2, 2, BAR + 4, svg.fill(0))
    yield svg.dot(at(row.mean), y + BAR / 2, 4, "mark")
    for words, value, line in (
        (f"middle {svg.figure(row.p50)}", row.p50, y - 5),
        (f"mean {svg.figure(row.mean)}", row.mean, y + BAR + 14),
    ):
        half = svg.width_of(words, bold=True) / 2
        yield svg.text(min(max(at(value), half), plot.frame.width - half), line, words, "value halo", "middle")
