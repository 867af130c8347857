"""Labels beside the points that they name: on no mark, on no other label, nearer to their own point than to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, product
from math import hypot

from gigawatt.report.charts import marks

Spot = tuple[float, float]
# Left, top, right and bottom of a rectangle.
Box = tuple[float, float, float, float]

# Where a label is tried, best first: right, left, above, below, and the diagonals.
SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
DIAGONAL = 0.7
# Letters above and below the line that they stand on.
ABOVE, BELOW = 10.0, 3.0
# How much further out a label is tried at each turn, how often, and how far from its point its leader begins.
STEP, TURNS, START = 12.0, 10, 7.0
# Pixels between labels.
APART = 4.0
# A line is covered by a box of so many pixels for each few of its length.
EVERY, HALF = 6.0, 2.0
BOLD = ("value", "head", "end")


@dataclass(frozen=True, slots=True)
class Label:
    """Text that names a point, at `gap` from it; kind: its class in the style sheet."""

    x: float
    y: float
    text: str
    kind: str = "label"
    gap: float = 9.0

    @property
    def width(self) -> float:
        return marks.width_of(self.text, bold=self.kind in BOLD)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label stands: its box, on which side of its point, and the line that leads to it where it is far."""

    box: Box
    side: int
    leader: tuple[Spot, Spot] | None = None


def placed(labels: Sequence[Label], taken: Sequence[Box], within: Box, points: Sequence[Spot] = ()) -> list[str]:
    """SVG marks of the labels that find room, as `places` says, each with its leader."""
    found: list[str] = []
    for label, place in zip(labels, places(labels, taken, within, points), strict=True):
        if place is None:
            continue
        if place.leader:
            (x1, y1), (x2, y2) = place.leader
            found.append(marks.line(x1, y1, x2, y2, "stem"))
        left, top, right, _ = place.box
        x, anchor = {1: (left, "start"), 0: ((left + right) / 2, "middle"), -1: (right, "end")}[place.side]
        found.append(marks.text(x, top + ABOVE, label.text, f"{label.kind} halo", anchor))
    return found


def places(
    labels: Sequence[Label], taken: Sequence[Box], within: Box, points: Sequence[Spot] = ()
) -> list[Place | None]:
    """A place for each label, as near to its point as there is room inside `within`; None where there is none.

    taken: what no label may cover. points: of which none may seem to be named. Of those that can stand at their points
    the one with the least choice is first; those that need leaders come last.
    """
    every = [*points, *((label.x, label.y) for label in labels)]
    blocked, found = list(taken), dict[int, Place | None]()

    def free(label: Label, place: Place) -> bool:
        return _clear(place, blocked, within) and _owns(label, place, every)

    room = [sum(free(label, place) for place in islice(_tried(label), len(SIDES))) for label in labels]
    for at in sorted(range(len(labels)), key=lambda at: (room[at] == 0, room[at])):
        found[at] = place = next((place for place in _tried(labels[at]) if free(labels[at], place)), None)
        if place is not None:
            left, top, right, bottom = place.box
            blocked += [(left - APART, top - APART, right + APART, bottom + APART)]
            blocked += along(place.leader) if place.leader else ()
    return [found[at] for at in range(len(labels))]


def along(points: Sequence[Spot]) -> list[Box]:
    """Boxes that cover a line through some points."""
    found = []
    for (x1, y1), (x2, y2) in pairwise(points):
        steps = max(1, round(hypot(x2 - x1, y2 - y1) / EVERY))
        found += [around(x1 + (x2 - x1) * k / steps, y1 + (y2 - y1) * k / steps, HALF) for k in range(steps + 1)]
    return found


def around(x: float, y: float, radius: float) -> Box:
    """The box that covers a dot."""
    return (x - radius, y - radius, x + radius, y + radius)


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share an area."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _tried(label: Label) -> Iterator[Place]:
    for turn, (across, down) in product(range(TURNS), SIDES):
        reach = (label.gap + STEP * turn) * (DIAGONAL if across and down else 1.0)
        left = label.x + across * reach - label.width * (1 - across) / 2
        top = label.y + down * reach - (ABOVE + BELOW) * (1 - down) / 2
        box = (left, top, left + label.width, top + ABOVE + BELOW)
        yield Place(box, across, _leader(label, box) if turn else None)


def _leader(label: Label, box: Box) -> tuple[Spot, Spot]:
    """From beside a point to the nearest spot of a box that is further out."""
    x, y = _nearest(label.x, label.y, box)
    share = min(1.0, START / hypot(x - label.x, y - label.y))
    return (label.x + (x - label.x) * share, label.y + (y - label.y) * share), (x, y)


def _nearest(x: float, y: float, box: Box) -> Spot:
    return min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])


def _clear(place: Place, blocked: Sequence[Box], within: Box) -> bool:
    """Whether a label covers nothing, and its leader crosses nothing."""
    box = place.box
    if box[0] < within[0] or box[1] < within[1] or box[2] > within[2] or box[3] > within[3]:
        return False
    drawn = [box, *(along(place.leader)[1:-1] if place.leader else ())]
    return not any(overlap(one, other) for one in drawn for other in blocked)


def _owns(label: Label, place: Place, points: Sequence[Spot]) -> bool:
    """Whether no other point is as near to a label as its own, or as what its leader keeps free."""
    own = START if place.leader else _away(place.box, label.x, label.y)
    return all(_away(place.box, x, y) > own for x, y in points if (x, y) != (label.x, label.y))


def _away(box: Box, x: float, y: float) -> float:
    nearest_x, nearest_y = _nearest(x, y, box)
    return hypot(x - nearest_x, y - nearest_y)
