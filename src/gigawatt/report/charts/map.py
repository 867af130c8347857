"""A map of sites: a ring is the power planned there, the disc in it what is in service; areas are as the powers.

Sites in the contiguous states stand on a map of these, others on the land of the world: in a corner of the states'
map where they are few, otherwise below it. Rings that would overlap are moved apart. A wide map has name, power and
what binds beside each ring; a narrow one, and one that is too full for that, has numbers there and a list below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, hypot, sqrt

from gigawatt.report.charts import ground
from gigawatt.report.charts import marks as svg
from gigawatt.report.charts.apart import separate
from gigawatt.report.charts.chart import form
from gigawatt.report.charts.ground import Sheet
from gigawatt.report.charts.labels import Label, Stand, anchored, disc
from gigawatt.report.charts.labels import places as stands
from gigawatt.report.charts.marks import Frame
from gigawatt.units import show

# Below this width names stand in a list.
NARROW = 640.0
# Heights of the row of keys, of a line of a label and of an entry of the list without a note; space between maps.
KEYS, LINE, ENTRY, SPACE = 30.0, 15.0, 23.0, 16.0
# Least width of a column of the list, and the space between columns.
COLUMN, GUTTER = 300.0, 32.0
# Width of the number before an entry of the list.
NUMBER = 28.0
# Radius of the largest ring, wide and narrow, and of the smallest that can be seen.
LARGEST, LARGEST_NARROW, SMALLEST = 26.0, 14.0, 3.0
# The tallest map of the states, its height over its width, that of one with a corner, and that of the world's land.
TALLEST, STATES_RATIO, CORNERED_RATIO, LAND_RATIO = 550.0, 0.63, 0.69, 0.5
# How many sites fit into the corner of the states' map, its width over the map's and its height over its width.
CORNER_SITES, CORNER_FRAC, CORNER_RATIO = 3, 0.25, 0.62

# Share of what is planned that is a plan's rounding.
ROUNDING_FRAC = 1e-4
# Space between a ring and its label, and between a dashed ring and the disc in it.
GAP, RIM = 4.0, 3.5

# Lines of a label with their classes.
Words = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site on a map."""

    name: str
    lon_deg: float
    lat_deg: float
    value_w: float
    """Power planned at the end."""
    now_w: float
    """Power in service."""
    binds: str
    """What keeps it from more, in a few words; empty where nothing does."""
    real: bool
    """Whether somebody has announced it; the ring of a site that is assumed is dashed."""
    tip: str
    """What pointing at it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A place as it is drawn: centre and radii, and where it truly is."""

    x: float
    y: float
    radius: float
    now_radius: float
    true: tuple[float, float]


def marks(places: Sequence[Place], width: float) -> tuple[list[str], float]:
    """The marks of a map of some width, and its height. The place with the most power has the largest ring."""
    if not places:
        return [], 0.0
    parts = _parts(places, width)
    height = max(sheet.bounds[3] for sheet, _ in parts)
    rings = _rings(places, parts, LARGEST_NARROW if width < NARROW else LARGEST)
    body = [*_keys(places), *(mark for sheet, _ in parts for mark in ground.drawn(sheet))]
    moved = [ring for ring in rings if hypot(ring.true[0] - ring.x, ring.true[1] - ring.y) > ring.radius]
    body += [svg.line(ring.x, ring.y, *ring.true, "stem") for ring in moved]
    body += (mark for place, ring in zip(places, rings, strict=True) for mark in _ring(place, ring))
    words = [_words(place) for place in places]
    spots = [] if width < NARROW else _spots(rings, words, parts)
    if spots and None not in spots:
        return [*body, *_labels(spots, words, rings)], height
    numbers = [((str(k), "head halo"),) for k in range(1, len(places) + 1)]
    body += _labels(_spots(rings, numbers, parts), numbers, rings)
    listed, bottom = _list(places, width, height)
    return [*body, *listed], bottom


def _parts(places: Sequence[Place], width: float) -> list[tuple[Sheet, list[int]]]:
    """The sheets of a map, and which places are on each."""
    home = [at for at, place in enumerate(places) if ground.in_states(place.lon_deg, place.lat_deg)]
    away = [at for at in range(len(places)) if at not in home]
    corner = bool(home) and 0 < len(away) <= CORNER_SITES
    parts, bottom = [], KEYS
    if home:
        bottom += min(TALLEST, width * (CORNERED_RATIO if corner else STATES_RATIO))
        parts.append((ground.states((0, KEYS, width, bottom), right=corner), home))
    if away:
        wide = width * CORNER_FRAC if corner else width
        high = wide * (CORNER_RATIO if corner else LAND_RATIO)
        top = bottom - high if corner else bottom + (SPACE if home else 0)
        box = (0.5, top, wide - 0.5, top + high - 0.5)
        parts.append((ground.world([(places[at].lon_deg, places[at].lat_deg) for at in away], box), away))
    return parts


def _rings(places: Sequence[Place], parts: Sequence[tuple[Sheet, list[int]]], largest: float) -> list[Ring]:
    """All places as they are drawn, none over another on its sheet."""
    most = max(place.value_w for place in places) or 1.0
    radii = [max(largest * sqrt(place.value_w / most), SMALLEST) for place in places]
    found: dict[int, Ring] = {}
    for sheet, members in parts:
        true = [sheet.at(places[at].lon_deg, places[at].lat_deg) for at in members]
        moved = separate([(x, y, radii[at]) for at, (x, y) in zip(members, true, strict=True)], gap=3.0)
        for at, (x, y), point in zip(members, moved, true, strict=True):
            now = largest * sqrt(max(places[at].now_w, 0.0) / most)
            left, top, right, bottom = sheet.bounds
            x, y = _between(x, left + radii[at], right - radii[at]), _between(y, top + radii[at], bottom - radii[at])
            found[at] = Ring(x=x, y=y, radius=radii[at], now_radius=now, true=point)
    return [found[at] for at in range(len(places))]


def _between(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _ring(place: Place, ring: Ring) -> Iterator[str]:
    """What is planned and what is in service."""
    yield svg.dot(ring.x, ring.y, ring.radius, f"ring {svg.stroke(0)}{'' if place.real else ' dashed'}", place.tip)
    if ring.now_radius > 0:
        # A dashed ring stays one around a disc as large as it.
        most = ring.radius if place.real else max(ring.radius - RIM, ring.radius / 2)
        yield svg.dot(ring.x, ring.y, min(ring.now_radius, most), f"{svg.fill(0)} inner")


def _words(place: Place) -> Words:
    """The label of a place."""
    binds = ((place.binds, "note halo"),) if place.binds else ()
    return ((place.name, "head halo"), (_power(place), "label halo"), *binds)


def _power(place: Place) -> str:
    planned, now = show(place.value_w, "w"), show(place.now_w, "w")
    whole = now == planned or abs(place.now_w - place.value_w) < ROUNDING_FRAC * place.value_w
    return planned if place.now_w <= 0 or whole else f"{now} of {planned}"


def _size(words: Words) -> tuple[float, float]:
    """Width and height of a label."""
    widths = {"head halo": svg.BOLD, "label halo": svg.CHARACTER, "note halo": svg.CHARACTER}
    return max(len(text) * widths[kind] for text, kind in words), LINE * len(words)


def _spots(
    rings: Sequence[Ring], words: Sequence[Words], parts: Sequence[tuple[Sheet, list[int]]]
) -> list[Stand | None]:
    """Where each label stands: a frame on another sheet is off limits."""
    found: dict[int, Stand | None] = {}
    for sheet, members in parts:
        frames = [other.box for other, _ in parts if other is not sheet and other.framed]
        here = [rings[at] for at in members]
        taken = [*frames, *(box for ring in here for box in disc(ring.x, ring.y, ring.radius))]
        labels = [
            Label(ring.x, ring.y, "", gap=ring.radius + GAP, block=_size(words[at]))
            for at, ring in zip(members, here, strict=True)
        ]
        found |= zip(members, stands(labels, taken, sheet.bounds), strict=True)
    return [found[at] for at in range(len(rings))]


def _labels(spots: Sequence[Stand | None], words: Sequence[Words], rings: Sequence[Ring]) -> Iterator[str]:
    """Labels on their spots, or in the middle of rings that have none."""
    for spot, lines, ring in zip(spots, words, rings, strict=True):
        if spot and spot.leader:
            yield svg.line(*spot.leader[0], *spot.leader[1], "stem")
        x, anchor = anchored(spot) if spot else (ring.x, "middle")
        top = spot.box[1] if spot else ring.y - LINE / 2
        for row, (text, kind) in enumerate(lines):
            yield svg.text(x, top + LINE * row + 11.5, text, kind, anchor)


def _keys(places: Sequence[Place]) -> Iterator[str]:
    """What rings and discs mean, as far as there are any."""
    kinds = (
        ("in service", svg.fill(0), any(place.now_w > 0 for place in places)),
        ("planned", f"ring {svg.stroke(0)}", any(place.real for place in places)),
        ("assumed", f"ring {svg.stroke(0)} dashed", any(not place.real for place in places)),
    )
    x = 7.0
    for name, kind, there in kinds:
        if there:
            yield svg.dot(x, 8, 6, kind)
            yield svg.text(x + 12, 12, name, "key")
            x += 12 + svg.CHARACTER * len(name) + 22


def _list(places: Sequence[Place], width: float, top: float) -> tuple[list[str], float]:
    """Places by number in columns, name and power, with what binds below; and where the list ends."""
    longest = max(svg.width_of(place.name) + svg.width_of(_power(place)) for place in places) + NUMBER + GAP
    columns = max(1, int((width + GUTTER) // (max(COLUMN, longest) + GUTTER)))
    wide, rows = (width + GUTTER) / columns - GUTTER, ceil(len(places) / columns)
    listed, bottom = [], top
    for column, first in enumerate(range(0, len(places), rows)):
        left, y = column * (wide + GUTTER), top + 20
        for number, place in enumerate(places[first : first + rows], first + 1):
            listed += [
                svg.text(left + 18, y, str(number), "head", "end"),
                svg.text(left + NUMBER, y, place.name, "label"),
            ]
            listed.append(svg.text(left + wide, y, _power(place), "label", "end"))
            if place.binds:
                listed.append(svg.text(left + NUMBER, y + LINE, place.binds, "note"))
            y += ENTRY + (LINE if place.binds else 0.0)
        bottom = max(bottom, y - 12)
    return listed, bottom


@form
def sites_map(frame: Frame, places: Sequence[Place]) -> tuple[Frame, list[str]]:
    """Power by site on a map."""
    drawn, height = marks(places, frame.width)
    return replace(frame, height=height), drawn
