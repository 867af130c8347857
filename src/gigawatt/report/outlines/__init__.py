"""Thinned outlines of the contiguous states and of the world's land, to draw maps on; `tools/outlines.py` remakes them.

A file holds `per_radius`, how many of its units are one radius of the earth, and two lists of lines: `land` are rings,
holes the other way round than shores, and `borders` are open lines. A line is x, y of its first point and then the
steps from each point to the next, in whole units, x eastwards and y southwards, as its projection gives them:
`states` in Albers', `land` in Equal Earth (see `report.charts.projection`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Literal

# Points [radii of the earth] of a ring or an open line.
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a map is drawn on; lengths in radii of the earth, x eastwards and y southwards."""

    land: tuple[Line, ...]
    """Shores, as rings; lakes that are left out run the other way round."""
    borders: tuple[Line, ...]
    """Borders within the land, each once."""


@cache
def outline(name: Literal["states", "land"]) -> Ground:
    """The contiguous states with their borders, or the land of the world without any."""
    held = json.loads((files("gigawatt.report.outlines") / f"{name}.json").read_text(encoding="utf-8"))
    land, borders = (tuple(_line(steps, held["per_radius"]) for steps in held[kind]) for kind in ("land", "borders"))
    return Ground(land=land, borders=borders)


def _line(steps: list[int], per_radius: int) -> Line:
    xs, ys = accumulate(steps[::2]), accumulate(steps[1::2])
    return tuple((x / per_radius, y / per_radius) for x, y in zip(xs, ys, strict=True))
