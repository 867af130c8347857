"""Draw how the code is layered, from the code: which package may import which, what each is for, and how long it is.

    python tools/architecture.py [--check]

Writes docs/architecture.svg from the layers in pyproject.toml that import-linter holds the code to, the first sentence
of each package, and its lines of code in one digit. `--check` writes nothing and fails where the picture would change.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path

from gigawatt.report.charts import marks
from gigawatt.report.charts.chart import MARGIN, style_sheet
from gigawatt.report.charts.marks import Frame

ROOT = Path(__file__).parents[1]
CODE, PICTURE = ROOT / "src" / "gigawatt", ROOT / "docs" / "architecture.svg"
# Modules and packages of interfaces that people and programs knock at, and what stands behind those of a server.
DOORS, ROOM = ("cli", "python", "http", "mcp"), "server"
KERNELS = {"watts": 1, "tokens": 0, "dollars": 2}
# Pixels: of the picture, of a margin for the arrows, between boxes and in them, and of a column of names.
WIDTH, ARROW, GAP, PAD, NAME, LINE = 1000.0, 34.0, 10.0, 12.0, 112.0, 17.0
# The longest bar; beside it stands its figure.
BAR, FIGURE = 130.0, 92.0
STYLE = (
    "<style>.gw-chart .name { fill: var(--ink); font-size: 14px; font-weight: 650; } "
    ".gw-chart .card { fill: var(--wash); stroke: var(--rule); } "
    ".gw-chart .door { fill: var(--paper); stroke: var(--rule); }</style>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A package or a module: what it is called, what it is for, and how many lines of code it has."""

    name: str
    words: str
    lines_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a box is drawn."""

    x: float
    y: float
    width: float
    height: float


def layers() -> list[list[str]]:
    """Names of what stands in each layer, the highest first, as import-linter reads them; what only starts the highest
    is left out."""
    given = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (one for one in given["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    rows = [[name.strip() for name in re.split(r"[:|]", row)] for row in contract["layers"]]
    return [row for row in rows if row != ["__main__"]]


def part(place: Path) -> Part:
    """What stands at a path without its suffix: a package or a module."""
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    first = place / "__init__.py" if place.is_dir() else files[0]
    told = ast.get_docstring(ast.parse(first.read_text(encoding="utf-8")))
    if not told:
        raise SystemExit(f"{first.relative_to(ROOT)}: expected a sentence that says what it is for")
    sentence = re.split(r"(?<=[.?!])\s", " ".join(told.split()), maxsplit=1)[0]
    return Part(name=place.name, words=sentence, lines_count=sum(map(_lines, files)))


def _lines(file: Path) -> int:
    return sum(1 for line in file.read_text(encoding="utf-8").splitlines() if line.strip())


def rounded(count: int) -> int:
    """A count in one digit from a thousand on to ten thousand, in thousands above, in hundreds below: it stays the same
    while a package hardly changes."""
    step = max(10 ** floor(log10(max(count, 1))), 100) if count < 10_000 else 1_000
    return max(round(count / step), 1) * step


def wrapped(words: str, room: float) -> list[str]:
    """Words in lines no wider than a room [pixels]."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and marks.width_of(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def sized(one: Part, x: float, y: float, longest: int, colour: str) -> list[str]:
    """The bar of a part's lines of code, with its figure before it; y: of the line that both stand on."""
    count = rounded(one.lines_count)
    figure = marks.text(x - 8, y, f"{count:,} lines", "tick", "end")
    return [figure, marks.box(x, y - 9, max(BAR * count / longest, 2), 9, colour, ' rx="2"')]


def wide_lines(one: Part, width: float) -> list[str]:
    """The words of a part that has a layer of its own, in lines."""
    return wrapped(one.words, width - NAME - BAR - FIGURE - 3 * PAD)


def wide_height(one: Part, width: float) -> float:
    """How high the box of such a part has to be [pixels]."""
    return 2 * PAD + LINE * len(wide_lines(one, width)) - 1


def wide(one: Part, at: Place, longest: int) -> list[str]:
    """A part that has a layer of its own: name, words, size in a row."""
    y = at.y + PAD + 11
    body = [marks.box(at.x, at.y, at.width, at.height, "card", ' rx="6"'), marks.text(at.x + PAD, y, one.name, "name")]
    body += [marks.text(at.x + NAME, y + LINE * row, text) for row, text in enumerate(wide_lines(one, at.width))]
    return body + sized(one, at.x + at.width - BAR - PAD, y, longest, "f9")


def narrow(one: Part, at: Place, longest: int, kind: str = "card", colour: int = 9) -> list[str]:
    """A part beside others: name and size above its words."""
    y = at.y + PAD + 11
    body = [marks.box(at.x, at.y, at.width, at.height, kind, ' rx="6"')]
    if colour != 9:
        body.append(marks.box(at.x, at.y, at.width, at.height, f"shade {marks.fill(colour)}", ' rx="6"'))
    body.append(marks.text(at.x + PAD, y, one.name, "name"))
    count = rounded(one.lines_count)
    body.append(marks.text(at.x + at.width - PAD, y, f"{count:,} lines", "tick", "end"))
    long = (at.width - 2 * PAD) * min(count / longest, 1.0)
    body.append(marks.box(at.x + PAD, y + 7, max(long, 2), 5, marks.fill(colour), ' rx="2"'))
    texts = wrapped(one.words, at.width - 2 * PAD)
    return body + [marks.text(at.x + PAD, y + 30 + LINE * row, text) for row, text in enumerate(texts)]


def narrow_height(parts: Sequence[Part], width: float) -> float:
    """How high boxes side by side have to be [pixels]."""
    return 2 * PAD + 33 + LINE * (max(len(wrapped(one.words, width - 2 * PAD)) for one in parts) - 1) + 8


def beside(parts: Sequence[Part], at: Place, longest: int, kind: str = "card") -> tuple[list[str], float]:
    """Parts side by side in a row from a place on, and how high the row is."""
    width = (at.width - GAP * (len(parts) - 1)) / len(parts)
    height = narrow_height(parts, width)
    body: list[str] = []
    for column, one in enumerate(parts):
        place = Place(x=at.x + column * (width + GAP), y=at.y, width=width, height=height)
        body += narrow(one, place, longest, kind, KERNELS.get(one.name, 9))
    return body, height


def doors(one: Part, at: Place, longest: int) -> tuple[list[str], float]:
    """The highest package: its doors, and the room behind those of a server."""
    width = at.width - 2 * PAD
    inner = Place(x=at.x + PAD, y=at.y + wide_height(one, at.width), width=width, height=0)
    body, height = beside([part(CODE / one.name / name) for name in DOORS], inner, longest, "door")
    room = part(CODE / one.name / ROOM)
    behind = Place(x=inner.x, y=inner.y + height + GAP, width=width, height=wide_height(room, width))
    body += wide(room, behind, longest)
    whole = Place(x=at.x, y=at.y, width=at.width, height=behind.y + behind.height + PAD - at.y)
    return wide(one, whole, longest) + body, whole.height


def rows(longest: int) -> Iterator[tuple[list[str], float]]:
    """Each layer from the highest on: its marks, and where it ends."""
    y = 34.0
    for names in layers():
        parts = [part(CODE / name) for name in names]
        at = Place(x=ARROW, y=y, width=WIDTH - 2 * ARROW, height=wide_height(parts[0], WIDTH - 2 * ARROW))
        if names == ["interfaces"]:
            body, height = doors(parts[0], at, longest)
        elif len(parts) > 1:
            body, height = beside(parts, at, longest)
        else:
            body, height = wide(parts[0], at, longest), at.height
        y += height + GAP
        yield body, y


def arrow(x: float, top: float, bottom: float, *, down: bool) -> list[str]:
    """An arrow along all layers."""
    tip, back = (bottom, -9.0) if down else (top, 9.0)
    return [
        marks.line(x, top, x, bottom, "outline"),
        marks.path([(x - 5, tip + back), (x, tip), (x + 5, tip + back)], "outline"),
    ]


def picture() -> str:
    """The whole picture as SVG, which brings its styles and is read in light and in dark."""
    sizes = [rounded(part(CODE / name).lines_count) for names in layers() for name in names]
    drawn = list(rows(max(sizes)))
    bottom = drawn[-1][1]
    body = [f"<style>{style_sheet()}</style>{STYLE}", *(mark for row, _ in drawn for mark in row)]
    body += arrow(12, 34, bottom - GAP, down=True) + arrow(WIDTH - 12, 34, bottom - GAP, down=False)
    body += [
        marks.text(0, 16, "Imports go down only", "label"),
        marks.text(WIDTH, 16, "Data goes up", "label", "end"),
    ]
    frame = Frame(
        slug="architecture",
        title="The layers of the code",
        description="From the doors down to units and errors; " + told(),
        width=WIDTH,
        height=bottom,
    )
    return marks.drawing(frame, body, MARGIN) + "\n"


def told() -> str:
    """The layers in words, for those who hear the picture."""
    return "; ".join(" beside ".join(names) for names in layers()) + "."


def main() -> None:
    """Draw it, or check that it would not change."""
    drawn = picture()
    stale = not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != drawn
    if "--check" in sys.argv[1:]:
        raise SystemExit(f"stale: {PICTURE.relative_to(ROOT)}: python tools/architecture.py" if stale else 0)
    PICTURE.write_text(drawn, encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}{'' if stale else ' (unchanged)'}")


if __name__ == "__main__":
    main()
