"""Remake the thinned outlines under maps, from public-domain data of the US Census Bureau and Natural Earth.

    python tools/outlines.py [--check]

Fetches the two pinned npm packages that carry these data as TopoJSON, and writes
src/gigawatt/report/outlines/{states,land}.json. Lines that two areas share are thinned once, by Visvalingam's rule [1],
so that borders still meet. The same packages give the same bytes. `--check` writes nothing and fails where a file
would change.

1. M. Visvalingam, J. D. Whyatt, "Line generalisation by repeated elimination of points", The Cartographic Journal
   30(1), 1993, pp. 46-51, https://doi.org/10.1179/000870493786962263
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import io
import json
import sys
import tarfile
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from math import ceil
from pathlib import Path
from typing import Any

from gigawatt.report.charts.projection import albers, cut, equal_earth

FOLDER = Path(__file__).parents[1] / "src" / "gigawatt" / "report" / "outlines"
# States and districts that Albers' projection leaves out, by their FIPS codes from Alaska to the Virgin Islands.
APART = ("02", "15", "60", "66", "69", "72", "78")
# Antarctica begins south of it.
SOUTH_DEG = -60.0
# An arc from edge to edge of the world is longer than this, and no land is.
EDGES_DEG = 300.0
# Longest straight piece before projection: parallels become curves.
PIECE_DEG = 0.5

Point = tuple[float, float]
Whole = tuple[int, int]
Rings = list[list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How one outline is made: from which file of which package, and how far it is thinned."""

    package: str
    version: str
    integrity: str
    member: str
    project: Callable[[float, float], Point]
    choose: Callable[[dict[str, Any], list[list[Point]]], tuple[Rings, list[int]]]
    per_radius: int
    """Units of the file in a radius of the earth."""
    corner: float
    """Area [units²] of the triangle with its neighbours below which a point goes."""
    island: float
    """Area [units²] below which a ring goes."""


def contiguous(topology: dict[str, Any], _arcs: list[list[Point]]) -> tuple[Rings, list[int]]:
    """Rings of the nation that bound the contiguous states, and arcs that two of them share."""
    states = [state for state in topology["objects"]["states"]["geometries"] if state["id"] not in APART]
    used = Counter(arc for state in states for arc in {forward(arc) for ring in rings(state) for arc in ring})
    shores = [ring for ring in rings(topology["objects"]["nation"]["geometries"][0]) if forward(ring[0]) in used]
    return shores, sorted(arc for arc, times in used.items() if times > 1)


def dry(topology: dict[str, Any], arcs: list[list[Point]]) -> tuple[Rings, list[int]]:
    """Rings of all land but Antarctica, and but one island of the Aleutians through which the world is cut."""
    every = rings(topology["objects"]["land"]["geometries"][0])
    left_out = set(apart(arcs))
    return [ring for ring in every if left_out.isdisjoint(ring)], []


def apart(arcs: list[list[Point]]) -> Iterable[int]:
    """Arcs that are in the far south, or on both edges of the map."""
    for at, arc in enumerate(arcs):
        lons, lats = zip(*arc, strict=True)
        if max(lats) < SOUTH_DEG or max(lons) - min(lons) > EDGES_DEG:
            yield at


def rings(geometry: dict[str, Any]) -> Rings:
    """The rings of a polygon or of several, as numbers of arcs."""
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    return list(chain.from_iterable(polygons))


def forward(arc: int) -> int:
    """The number of an arc; in a ring ~arc is the arc backwards."""
    return arc if arc >= 0 else ~arc


MAPS = {
    "states": Made(
        package="us-atlas",
        version="3.0.1",
        integrity="sha512-wEIZCq0ImPvGblTd8gZMqNNCPkQshugMUG/8nkSWXb02+XqNFREg9atHOKP9w6prLZTpqcLhSvdBW81MkV3/0Q==",
        member="package/states-10m.json",
        project=albers,
        choose=contiguous,
        per_radius=2500,
        corner=3.0,
        island=12.0,
    ),
    "land": Made(
        package="world-atlas",
        version="2.0.2",
        integrity="sha512-IXfV0qwlKXpckz1FhwXVwKRjiIhOnWttOskm5CtxMsjgE/MXAYRHWJqgXOpM8IkcPBoXnyTU5lFHcYa5ChG0LQ==",
        member="package/land-50m.json",
        project=equal_earth,
        choose=dry,
        per_radius=500,
        corner=6.0,
        island=24.0,
    ),
}


def fetched(made: Made) -> dict[str, Any]:
    """The TopoJSON of a package, whose digest is checked."""
    name = f"{made.package}-{made.version}.tgz"
    with urllib.request.urlopen(f"https://registry.npmjs.org/{made.package}/-/{name}", timeout=60) as answer:
        packed = answer.read()
    digest = "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode()
    if digest != made.integrity:
        raise SystemExit(f"{name}: expected {made.integrity}, got {digest}")
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        member = tar.extractfile(made.member)
        assert member is not None, made.member
        return json.load(member)


def degrees(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs of a topology in degrees of longitude and latitude, of its whole steps from point to point."""
    (kx, ky), (x0, y0) = topology["transform"]["scale"], topology["transform"]["translate"]
    steps = ((accumulate(x for x, _ in arc), accumulate(y for _, y in arc)) for arc in topology["arcs"])
    return [[(cut(x0 + kx * x), y0 + ky * y) for x, y in zip(xs, ys, strict=True)] for xs, ys in steps]


def fine(arc: Sequence[Point]) -> Iterable[Point]:
    """An arc with points between its points, so that no piece is long."""
    yield arc[0]
    for (x0, y0), (x1, y1) in pairwise(arc):
        pieces = max(1, ceil(max(abs(x1 - x0), abs(y1 - y0)) / PIECE_DEG))
        yield from ((x0 + (x1 - x0) * k / pieces, y0 + (y1 - y0) * k / pieces) for k in range(1, pieces + 1))


def thinned(arc: Sequence[Point], corner: float) -> list[Point]:
    """An arc without the points that matter least; its ends stay.

    The point with the smallest triangle goes first, until none is smaller than `corner`.
    """
    before, after = list(range(-1, len(arc) - 1)), list(range(1, len(arc) + 1))

    def triangle(at: int) -> float:
        return abs(doubled((arc[before[at]], arc[at], arc[after[at]]))) / 2

    heap = [(triangle(at), at) for at in range(1, len(arc) - 1)]
    heapq.heapify(heap)
    left = set(range(len(arc)))
    while heap and heap[0][0] < corner:
        area, at = heapq.heappop(heap)
        if at not in left or area != triangle(at):
            continue
        left.remove(at)
        after[before[at]], before[after[at]] = after[at], before[at]
        for near in (before[at], after[at]):
            if 0 < near < len(arc) - 1:
                heapq.heappush(heap, (triangle(near), near))
    return [arc[at] for at in sorted(left)]


def doubled(ring: Sequence[Point]) -> float:
    """Twice the area of a ring, by the sense in which it runs."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise((*ring, ring[0])))


def whole(points: Iterable[Point]) -> list[Whole]:
    """Points in whole units, none twice in a row."""
    rounded = [(round(x), round(y)) for x, y in points]
    return [point for at, point in enumerate(rounded) if at == 0 or point != rounded[at - 1]]


def drawn(made: Made, topology: dict[str, Any]) -> str:
    """The file of an outline."""
    arcs = degrees(topology)
    rings, shared = made.choose(topology, arcs)
    units = [
        thinned([tuple(made.per_radius * v for v in made.project(*point)) for point in fine(arc)], made.corner)
        for arc in arcs
    ]
    shores = [whole(chain.from_iterable(units[a] if a >= 0 else units[~a][::-1] for a in ring)) for ring in rings]
    kept = [ring[:-1] for ring in shores if abs(doubled(ring)) / 2 >= made.island]
    lists = {"land": kept, "borders": joined([whole(units[arc]) for arc in shared], kept)}
    rows = ",\n".join(f'"{kind}": [\n' + ",\n".join(map(written, lines)) + "\n]" for kind, lines in lists.items())
    return f'{{"per_radius": {made.per_radius},\n{rows}}}\n'


def joined(borders: Sequence[Sequence[Whole]], shores: Sequence[Sequence[Whole]]) -> list[Sequence[Whole]]:
    """Borders without those that shrank to a point, and without those of islands that went."""
    met = Counter(end for border in borders for end in (border[0], border[-1]))
    met.update(chain.from_iterable(shores))
    return [border for border in borders if len(border) > 1 and min(met[border[0]], met[border[-1]]) > 1]


def written(line: Sequence[Whole]) -> str:
    """A line as its first point and the steps between its points."""
    steps = [line[0], *((x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in pairwise(line))]
    return json.dumps(list(chain.from_iterable(steps)), separators=(",", ":"))


def main() -> None:
    """Make every outline, or check that none would change."""
    made = {FOLDER / f"{name}.json": drawn(how, fetched(how)) for name, how in MAPS.items()}
    stale = [file for file, text in made.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        raise SystemExit(f"stale: {', '.join(file.name for file in stale)}" if stale else 0)
    for file, text in made.items():
        file.write_text(text, encoding="utf-8")
        print(f"{file.name}: {len(text):,} bytes{'' if file in stale else ' (unchanged)'}")


if __name__ == "__main__":
    main()
