"""The few marks that charts are made of, as SVG text. Pure: the same data give the same bytes.

Colours are classes that charts.css defines: f0 … f9 fill, l0 … l9 stroke. Lengths are in pixels at full
width; y grows downwards. A mark with a tip is a datum: its tip is read out by pointer, touch and keys, head first,
then a line each for its figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from html import escape

COLOURS = 10
# Mean width of a character of the 12-pixel sans serif, plain and bold, wide faces included.
CHARACTER, BOLD = 6.7, 7.2
# Widths of letters that are not as wide as most.
PLAIN = 7.0
_WIDTHS = dict.fromkeys("ijl.,:;'|!I ", 3.6) | dict.fromkeys("ft()-/[]r·", 4.6) | dict.fromkeys("mMW%@w…—", 10.8)
_WIDTHS |= dict.fromkeys("ABCDEGHKNOPQRSUVXYZ", 8.8)
LINE = 18.0
# A frame of less is drawn for a telephone.
NARROW_BELOW = 420.0
# Length of a swatch, and room from its start to its words.
SWATCH, KEY = 10.0, 15.0
# First words of the classes of lines; every other class fills an area.
DRAWN = ("line", "level", "outline", "stem")


# What says the words of a drawing while it is made in another language than that of the code.
_TONGUE: ContextVar[Callable[[str], str] | None] = ContextVar("tongue", default=None)


class Final(str):
    """Words that are said already, and cut to their room."""

    __slots__ = ()


@contextmanager
def spoken(say: Callable[[str], str]) -> Iterator[None]:
    """Have words said so in all that is drawn meanwhile."""
    token = _TONGUE.set(say)
    try:
        yield
    finally:
        _TONGUE.reset(token)


def said(words: str) -> str:
    """Words as they are to stand in the drawing that is being made."""
    say = _TONGUE.get()
    return words if say is None or not words or isinstance(words, Final) else Final(say(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Size of a chart, room for its axes, and what a screen reader says of it. slug: unique on the page."""

    slug: str
    title: str
    description: str
    width: float = 1000.0
    height: float = 320.0
    left: float = 52.0
    right: float = 12.0
    top: float = 42.0
    bottom: float = 26.0

    @property
    def narrow(self) -> bool:
        """Whether it is drawn for a telephone."""
        return self.width < NARROW_BELOW

    @property
    def right_edge(self) -> float:
        return self.width - self.right

    @property
    def floor(self) -> float:
        return self.height - self.bottom


def drawing(frame: Frame, body: Sequence[str], margin: float = 0.0) -> str:
    """A whole SVG with title and description; margin: paper around it [pixels]."""
    t, d = f"{frame.slug}-title", f"{frame.slug}-desc"
    width, height = n(frame.width + 2 * margin), n(frame.height + 2 * margin)
    return (
        f'<svg class="gw-chart" width="{width}" height="{height}" viewBox="{n(-margin)} {n(-margin)} {width} {height}" '
        f'role="img" aria-labelledby="{t} {d}" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{t}">{escape(frame.title)}</title>'
        f'<desc id="{d}">{escape(frame.description)}</desc>{"".join(body)}</svg>'
    )


def n(value: float) -> str:
    """A coordinate with at most one digit after the point."""
    text = f"{value:.1f}"
    return ("0" if text == "-0.0" else text[:-2]) if text.endswith(".0") else text


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Words at a point; kind: a class of the style sheet."""
    attributes = f' class="{kind}"' if kind else ""
    attributes += f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{n(x)}" y="{n(y)}"{attributes}>{escape(said(words))}</text>'


def box(x: float, y: float, width: float, height: float, kind: str, extra: str = "", tip: str = "") -> str:
    """A rectangle; tip: what hovering over it says."""
    shape = f'<rect x="{n(x)}" y="{n(y)}" width="{n(max(width, 0))}" height="{n(max(height, 0))}" class="{kind}"{extra}'
    return f"{shape}><title>{escape(said(tip))}</title></rect>" if tip else f"{shape}/>"


def hit(x: float, y: float, width: float, height: float, tip: str) -> str:
    """A rectangle that is not seen, for what lies under it is read out as one datum."""
    return box(x, y, width, height, "hit", tip=tip)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line x1="{n(x1)}" y1="{n(y1)}" x2="{n(x2)}" y2="{n(y2)}" class="{kind}"/>'


def path(points: Sequence[tuple[float, float]], kind: str, *, closed: bool = False) -> str:
    """A polyline, or a polygon where closed."""
    steps = " ".join(f"{'M' if at == 0 else 'L'}{n(x)} {n(y)}" for at, (x, y) in enumerate(points))
    return f'<path d="{steps}{"Z" if closed else ""}" class="{kind}"/>'


def dot(x: float, y: float, radius: float, kind: str, tip: str = "") -> str:
    """A disc."""
    shape = f'<circle cx="{n(x)}" cy="{n(y)}" r="{radius:.4g}" class="{kind}"'
    return f"{shape}><title>{escape(said(tip))}</title></circle>" if tip else f"{shape}/>"


def fill(series: int) -> str:
    """Class of a filled mark of a series."""
    return f"f{series % COLOURS}"


def stroke(series: int) -> str:
    """Class of a drawn mark of a series."""
    return f"l{series % COLOURS}"


@dataclass(frozen=True, slots=True)
class Axis:
    """A value axis: from low to high [data] between two pixels, with round ticks."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def axis(low: float, high: float, start: float, end: float, most: int = 5) -> Axis:
    """An axis that takes in low, high and 0 and ends on round ticks, at most about `most` of them."""
    low, high = min(low, 0.0), max(high, 0.0)
    span = high - low if high > low else 1.0
    rough = span / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil((low + span) / step - 1e-9)
    ticks = tuple(step * k for k in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], start, end, ticks)


def number(value: float) -> str:
    """A tick's figure."""
    shown = f"{abs(value):,.6g}" if abs(value) < 1e6 else f"{abs(value):,.0f}"
    return f"−{shown}" if value < 0 else shown


def figure(value: float) -> str:
    """A datum's figure, in three digits or whole."""
    size = abs(value)
    shown = f"{size:,.0f}" if size >= 999.5 else f"{size:.3g}"
    return f"−{shown}" if value < 0 and shown != "0" else shown


def told(value: float, unit: str) -> str:
    """A datum's figure with its unit."""
    return f"{figure(value)} {unit}" if unit else figure(value)


def width_of(words: str, *, bold: bool = False) -> float:
    """About how wide words are in the 12-pixel sans serif [pixels], rather more than less."""
    return sum(_WIDTHS.get(letter, PLAIN) for letter in said(words)) * (BOLD / CHARACTER if bold else 1.0)


def fitting(words: str, room: float, *, bold: bool = False) -> str:
    """Words cut to a room [pixels], with an ellipsis where they are."""
    kept = words = said(words)
    if width_of(words, bold=bold) <= room:
        return words
    while kept and width_of(Final(f"{kept}…"), bold=bold) > room:
        kept = kept[:-1]
    return Final(f"{kept.rstrip()}…")


def grid(frame: Frame, values: Axis, unit: str, unit_y: float = 12.0) -> list[str]:
    """Horizontal lines with their figures, and the unit above them."""
    marks = [text(0, unit_y, unit, "unit")] if unit else []
    for tick in values.ticks:
        y = values.at(tick)
        marks.append(line(frame.left, y, frame.right_edge, y, "zero" if tick == 0 else "grid"))
        marks.append(text(frame.left - 8, y + 4, number(tick), "tick", "end"))
    return marks


def swatch(x: float, y: float, kind: str) -> str:
    """The mark of a legend: a short line for a class of lines, a dot for a dot, else a small square; y: of its top."""
    if kind == "mark":
        return dot(x + SWATCH / 2, y + SWATCH / 2, 4.5, kind)
    if kind.split(" ", 1)[0] in DRAWN:
        return line(x, y + SWATCH / 2, x + SWATCH, y + SWATCH / 2, kind)
    return box(x, y, SWATCH, SWATCH, kind, ' rx="2"')


def legend(frame: Frame, labels: Sequence[str], kinds: Sequence[str], start: float) -> list[str]:
    """Swatches with their names in a row at the top, from `start` on; see `legend_rows` for the room it takes."""
    marks = []
    for label, kind, (x, row) in zip(labels, kinds, _places(frame, labels, start), strict=True):
        words = fitting(label, frame.width - x - KEY)
        marks += [swatch(x, 3 + LINE * row, kind), text(x + KEY, 12 + LINE * row, words, "key")]
    return marks


def legend_rows(frame: Frame, labels: Sequence[str], start: float) -> int:
    """How many rows a legend takes."""
    return 1 + max((row for _, row in _places(frame, labels, start)), default=0)


def _places(frame: Frame, labels: Sequence[str], start: float) -> list[tuple[float, int]]:
    x, row, places = start, 0, []
    for label in labels:
        width = KEY + width_of(label)
        if x + width > frame.width and x > start:
            x, row = start, row + 1
        places.append((x, row))
        x += width + 16
    return places


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions moved apart until neighbours are `gap` away from each other, inside low … high."""
    order = sorted(range(len(positions)), key=lambda at: positions[at])
    moved = list(positions)
    floor = low
    for at in order:
        moved[at] = max(moved[at], floor)
        floor = moved[at] + gap
    ceiling = high
    for at in reversed(order):
        moved[at] = min(moved[at], ceiling)
        ceiling = moved[at] - gap
    return moved
