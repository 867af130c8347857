"""Horizontal bars with their figures, and a second mark for a second value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.marks import Axis, Frame

# Heights [pixels]: of a bar, of the line of its dot, of the name above it on a telephone, and between rows.
BAR, DOT, NAME, GAP = 20.0, 16.0, 17.0, 8.0
# Room for names at most.
NAMES_WIDTH = 320.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A value with its figure, and a second one where there is a dot."""

    label: str
    value: float
    text: str
    colour: int
    dot: float | None = None
    dot_text: str = ""


@form
def bars(frame: Frame, rows: Sequence[Bar], means: tuple[str, str] = ("", "")) -> tuple[Frame, list[str]]:
    """Horizontal bars with their figures; a second value is a dot on a line of its own below, with its own figure.

    means: what the bar is and what the dot is, for a legend and to read out.
    """
    dotted = any(row.dot is not None for row in rows)
    keys = [*(means[:1]), *(means[1:] if dotted else ())] if means[0] and rows else []
    kinds = [svg.fill(rows[0].colour), "mark"][: len(keys)] if keys else []
    top = 8 + svg.LINE * svg.legend_rows(frame, keys, 0.0) if keys else 4.0
    names = max((svg.width_of(row.label) for row in rows), default=0.0)
    left = (5.0 if dotted else 0.0) if frame.narrow else min(24 + names, NAMES_WIDTH, 0.4 * frame.width)
    texts = [text for row in rows for text in (row.text, row.dot_text)]
    right = 10 + max((svg.width_of(text, bold=True) for text in texts), default=0.0)
    each = BAR + GAP + (DOT if dotted else 0) + (NAME if frame.narrow else 0)
    frame = replace(frame, left=left, right=right, top=top, height=top + each * len(rows) + 4)
    known = [value for row in rows for value in (row.value, row.dot or 0.0)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    scale = Axis(min(low, 0.0), max(high, 0.0) if high > 0 or low < 0 else 1.0, left, frame.right_edge, ())
    drawn = svg.legend(frame, keys, kinds, 0.0)
    for k, row in enumerate(rows):
        drawn += _row(frame, scale, row, top + each * k, each, means)
    return frame, drawn


def _row(frame: Frame, scale: Axis, row: Bar, y: float, each: float, means: tuple[str, str]) -> Iterator[str]:
    top = y
    if frame.narrow:
        yield svg.text(frame.left, y + 12, svg.fitting(row.label, frame.width - frame.left), "label")
        y += NAME
    else:
        yield svg.text(frame.left - 10, y + 14, svg.fitting(row.label, frame.left - 12), "label", "end")
    zero, end = scale.at(0.0), scale.at(row.value)
    yield svg.box(min(zero, end), y, max(abs(end - zero), 1), BAR, svg.fill(row.colour), ' rx="2"')
    yield svg.text(max(zero, end) + 8, y + 14, row.text, "value")
    if row.dot is not None:
        below, end = y + BAR + DOT / 2, scale.at(row.dot)
        yield svg.line(zero, below, end, below, "stem")
        yield svg.dot(end, below, 4, "mark")
        yield svg.text(max(zero, end) + 8, below + 4, row.dot_text, "value")
    yield svg.hit(0, top - 2, frame.width, each - 4, "\n".join(_told(row, means)))


def _told(row: Bar, means: tuple[str, str]) -> Iterator[str]:
    yield row.label
    yield f"{means[0]}: {row.text}" if means[0] else row.text
    if row.dot is not None:
        yield f"{means[1] or 'dot'}: {row.dot_text}"
