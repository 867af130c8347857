"""A chart: what it is called, what it says to those who do not see it, and how it is drawn at any width.

Each form (columns, lines, bars …) makes one from data. It is drawn when a writer asks: wide for a page on a desk and on
paper, narrow for a telephone; the style sheet shows the one that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, wraps
from importlib.resources import files
from typing import Concatenate, ParamSpec

from gigawatt.report.charts import marks
from gigawatt.report.charts.marks import Frame

P = ParamSpec("P")

# Pixels of a chart over the whole page, of one of two in a row, and of one on a telephone of 390.
WIDE, HALF, NARROW = 1000.0, 488.0, 354.0
# Paper around a drawing that stands alone [pixels].
MARGIN = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a chart is about. name: unique in a document. title, description: for those who hear it. height: of the wide
    form [pixels], where the form does not follow from the data. half: one of two in a row."""

    name: str
    title: str
    description: str
    height: float = 320.0
    half: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart that can be drawn: `draw` puts its marks in a frame, which it may make taller, and gives both back."""

    about: About
    draw: Callable[[Frame], tuple[Frame, Sequence[str]]]

    @property
    def wide(self) -> str:
        """SVG text for a wide page, which brings the styles."""
        return self._svg(self._width, "wide")

    @property
    def narrow(self) -> str:
        """SVG text for a telephone, for a page that brings the styles."""
        return self._svg(NARROW, "narrow")

    def at(self, width: float) -> str:
        """SVG text of any width [pixels], for a page that brings the styles."""
        return self._svg(width, "sized")

    @property
    def alone(self) -> str:
        """SVG text that stands alone: a file, or a picture in a notebook."""
        return self._svg(self._width, "alone", f"<style>{style_sheet()}</style>", MARGIN)

    def _repr_svg_(self) -> str:
        return self.alone

    def __repr__(self) -> str:
        return f"Chart({self.about.name}: {self.about.title})"

    @property
    def _width(self) -> float:
        return HALF if self.about.half else WIDE

    def _svg(self, width: float, kind: str, before: str = "", margin: float = 0.0) -> str:
        about = self.about
        frame = Frame(
            slug=f"{about.name}-{kind}",
            title=about.title,
            description=about.description,
            width=width,
            height=about.height,
        )
        frame, drawn = self.draw(frame)
        return marks.drawing(replace(frame, width=width), [before, *drawn], margin)


def form(
    draw: Callable[Concatenate[Frame, P], tuple[Frame, Sequence[str]]],
) -> Callable[Concatenate[About, P], Chart]:
    """A form of charts, from what draws it in a frame: what it is about comes first, in place of the frame."""

    @wraps(draw)
    def chart(about: About, /, *args: P.args, **kwargs: P.kwargs) -> Chart:
        def drawn(frame: Frame) -> tuple[Frame, Sequence[str]]:
            return draw(frame, *args, **kwargs)

        return Chart(about=about, draw=wraps(draw)(drawn))

    return chart


@cache
def style_sheet() -> str:
    """The styles of all charts, as CSS."""
    return files("gigawatt.report.charts").joinpath("charts.css").read_text(encoding="utf-8")
