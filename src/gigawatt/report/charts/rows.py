"""What charts of horizontal rows share: a legend on top, names to the left, or above the marks where they have no room
there, and one axis of values below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.marks import Axis, Frame

# What names to the left take of a frame at most.
NAMES_FRAC = 0.34
# Heights [pixels]: of a name above its marks, of what is below the rows; and between the figures of an axis.
NAME, BOTTOM, TICK_WIDTH = 16.0, 38.0, 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlot:
    """A frame as tall as its rows, their axis of values, where the marks of each row begin, how tall a row is with its
    name, and what is drawn of all that."""

    frame: Frame
    across: Axis
    tops: tuple[float, ...]
    each: float
    marks: tuple[str, ...]

    def hit(self, row: int, tip: Sequence[str]) -> str:
        """A row as one datum, wherever it is touched."""
        return svg.hit(0, self.frame.top + self.each * row, self.frame.width, self.each, "\n".join(tip))


def layout(
    frame: Frame,
    names: Sequence[str],
    keys: Sequence[tuple[str, str]],
    unit: str,
    reach: Iterable[float],
    *,
    height: float,
    room: tuple[float, float],
    shown: Callable[[float], str] = svg.number,
) -> RowPlot:
    """A frame ready for its rows. keys: name and class of each mark; reach: values that the axis takes in; height: of
    a row's marks; room: beside the axis, for words at the ends of marks [pixels]; shown: how the axis says a value."""
    longest = max(map(svg.width_of, names), default=0.0)
    above = frame.narrow or longest > NAMES_FRAC * frame.width
    left = 0.0 if above else longest + 12
    labels, start = [label for label, _ in keys], 0.0 if above else left + room[0]
    each, top = height + (NAME if above else 0), svg.LINE * svg.legend_rows(frame, labels, start) + 6
    frame = replace(frame, left=left, top=top, bottom=BOTTOM, height=top + each * len(names) + BOTTOM)
    begin, end, known = left + room[0], frame.right_edge - room[1], list(reach)
    most = max(2, min(6, int((end - begin) / TICK_WIDTH)))
    across = svg.axis(min(known, default=0.0), max(known, default=0.0), begin, end, most)
    tops = tuple(frame.top + each * (row + 1) - height for row in range(len(names)))
    drawn = svg.legend(frame, labels, [kind for _, kind in keys], start)
    drawn += [*_grid(frame, across, unit, shown), *_names(frame, names, tops, above=above, height=height)]
    return RowPlot(frame=frame, across=across, tops=tops, each=each, marks=tuple(drawn))


def _grid(frame: Frame, across: Axis, unit: str, shown: Callable[[float], str]) -> Iterator[str]:
    """Vertical lines with their figures, and the unit below them."""
    for tick in across.ticks:
        x = across.at(tick)
        yield svg.line(x, frame.top, x, frame.floor, "zero" if tick == 0 else "grid")
        yield svg.text(x, frame.floor + 16, shown(tick), "tick", "middle")
    yield svg.text(frame.right_edge, frame.floor + 33, unit, "unit", "end")


def _names(frame: Frame, names: Sequence[str], tops: Sequence[float], *, above: bool, height: float) -> Iterator[str]:
    for name, top in zip(names, tops, strict=True):
        if above:
            yield svg.text(0, top - 2, svg.fitting(name, frame.width), "label halo")
        else:
            yield svg.text(frame.left - 12, top + height / 2 + 4, name, "label", "end")
