"""A heat map: one row a thing, one cell a period."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Frame
from gigawatt.report.charts.periods import Slots, names, slots
from gigawatt.study.dates import spoken

# Heights [pixels] of a row, of its cells, and from its top to them: its name stands beside, or above on a telephone.
ROW, CELL, LEAD = 22.0, 19.0, 0.0
NARROW_ROW, NARROW_CELL, NARROW_LEAD = 37.0, 16.0, 17.0
# Room for names at most, and the least shade of a cell.
NAMES_WIDTH, PALEST = 300.0, 0.15


@form
def heat(
    frame: Frame, rows: Sequence[str], periods: Sequence[str], values: Sequence[Sequence[float]], colour: int, what: str
) -> tuple[Frame, list[str]]:
    """One row a thing, one cell a period, darker for more; values from 0 to 1, 0 or NaN is an empty cell."""
    said = [spoken(period) for period in periods]
    frame = _room(frame, rows)
    places = slots(frame, len(periods))
    drawn = names(frame, periods, places)
    for at, (row, shares) in enumerate(zip(rows, values, strict=True)):
        drawn.append(_name(frame, at, row))
        for first, last, share in _runs(shares):
            when = said[first] if first == last else f"{said[first]} to {said[last]}"
            told = f"{100 * share:.0f} % {what}" if math.isfinite(share) else "no figure"
            kind = _shade(share, colour)
            drawn.append(_cell(frame, places, at, first, last, kind, f"{row}, {when}\n{told}"))
    return frame, drawn


def _room(frame: Frame, rows: Sequence[str]) -> Frame:
    beside = 0.0 if frame.narrow else min(16 + max(map(svg.width_of, rows), default=0.0), NAMES_WIDTH)
    each = NARROW_ROW if frame.narrow else ROW
    return replace(frame, left=beside, right=0, top=6, height=frame.bottom + 6 + each * len(rows))


def _name(frame: Frame, at: int, row: str) -> str:
    if frame.narrow:
        return svg.text(0, frame.top + NARROW_ROW * at + 11, svg.fitting(row, frame.width), "label")
    return svg.text(frame.left - 10, frame.top + ROW * at + 14, svg.fitting(row, NAMES_WIDTH - 12), "label", "end")


def _cell(frame: Frame, places: Slots, at: int, first: int, last: int, kind: tuple[str, str], tip: str) -> str:
    each, height, lead = (NARROW_ROW, NARROW_CELL, NARROW_LEAD) if frame.narrow else (ROW, CELL, LEAD)
    x, width = places.left + places.width * first, places.width * (last - first + 1) - 1
    return svg.box(x, frame.top + each * at + lead, width, height, *kind, tip)


def _runs(shares: Sequence[float]) -> Iterator[tuple[int, int, float]]:
    """First and last period of each cell, and its share: periods of nothing share one, and those without a figure."""
    kinds = [k if share > 0 else -1 if share <= 0 else -2 for k, share in enumerate(shares)]
    for _, some in groupby(range(len(shares)), key=kinds.__getitem__):
        run = list(some)
        yield run[0], run[-1], shares[run[0]]


def _shade(share: float, colour: int) -> tuple[str, str]:
    """Class of a cell, and how dark it is."""
    if not share > 0:
        return "empty", ""
    return svg.fill(colour), f' fill-opacity="{PALEST + (1 - PALEST) * min(share, 1.0):.2g}"'
