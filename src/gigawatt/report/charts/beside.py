"""Labels beside discs that cover neither a disc nor each other; pure geometry in pixels, y downwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import cos, hypot, pi, sin, sqrt

# Left, top, right and bottom of a rectangle.
Rect = tuple[float, float, float, float]

# Where a label is tried, best first: right, left, below, above, then the corners.
SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (1, 1), (-1, -1), (-1, 1))
# Space between a disc and its label, how much farther a label is tried at each turn, and how often.
GAP, STEP, TURNS = 4.0, 10.0, 16
# How often discs are moved apart, a length that nobody sees, and the golden angle [rad], of which no multiples meet.
ROUNDS, SPECK, GOLDEN = 400, 0.01, pi * (3 - sqrt(5))


@dataclass(frozen=True, slots=True)
class Disc:
    """A disc, and the size of the label that it wants."""

    x: float
    y: float
    radius: float
    label_width: float
    label_height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a label stands; `leader` joins it to its disc where it stands farther off."""

    rect: Rect
    anchor: str
    leader: tuple[tuple[float, float], tuple[float, float]] | None


def beside(discs: Sequence[Disc], bounds: Rect, taken: Sequence[Rect] = ()) -> list[Spot | None]:
    """A spot for the label of each disc, inside bounds and off what is taken; None where there is none.

    Discs with the fewest free sides choose first. A label that finds no side free moves off, on a leader.
    """
    blocked = list(taken)

    def free(spot: Spot) -> bool:
        return all(_clear(rect, discs, blocked) for rect in _covers(spot)) and _inside(spot.rect, bounds)

    choices = [sum(free(spot) for spot in _spots(disc, 0.0)) for disc in discs]
    found: dict[int, Spot | None] = {}
    for at in sorted(range(len(discs)), key=lambda at: (choices[at], -discs[at].radius, at)):
        every = (spot for turn in range(TURNS) for spot in _spots(discs[at], STEP * turn))
        found[at] = spot = next(filter(free, every), None)
        blocked += _covers(spot) if spot else ()
    return [found[at] for at in range(len(discs))]


def separate(discs: Sequence[tuple[float, float, float]], gap: float) -> list[tuple[float, float]]:
    """Centres of discs (x, y, radius), moved apart no farther than needed until they are `gap` apart.

    Discs on one spot leave it in all directions.
    """
    centres = [(x + SPECK * cos(GOLDEN * k), y + SPECK * sin(GOLDEN * k)) for k, (x, y, _) in enumerate(discs)]
    for _ in range(ROUNDS):
        near = [pair for pair in combinations(range(len(discs)), 2) if _push(centres, discs, gap, *pair)]
        if not near:
            break
    return centres


def _push(
    centres: list[tuple[float, float]], discs: Sequence[tuple[float, float, float]], gap: float, one: int, two: int
) -> bool:
    """Move two centres apart where their discs are too near; whether they were."""
    (x1, y1), (x2, y2) = centres[one], centres[two]
    away = hypot(x1 - x2, y1 - y2)
    short = discs[one][2] + discs[two][2] + gap - away
    if short <= SPECK or away == 0:
        return False
    dx, dy = (x1 - x2) / away * short / 2, (y1 - y2) / away * short / 2
    centres[one], centres[two] = (x1 + dx, y1 + dy), (x2 - dx, y2 - dy)
    return True


def overlap(one: Rect, two: Rect) -> bool:
    """Whether two rectangles share an area."""
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _spots(disc: Disc, farther: float) -> Iterator[Spot]:
    """The sides of a disc, its label farther off by so much."""
    for right, down in SIDES:
        reach = (disc.radius + GAP + farther) * (1 if right == 0 or down == 0 else 0.75)
        left = disc.x + right * reach - disc.label_width * (1 - right) / 2
        top = disc.y + down * reach - disc.label_height * (1 - down) / 2
        rect = (left, top, left + disc.label_width, top + disc.label_height)
        anchor = {1: "start", 0: "middle", -1: "end"}[right]
        yield Spot(rect=rect, anchor=anchor, leader=_leader(disc, rect) if farther else None)


def _leader(disc: Disc, rect: Rect) -> tuple[tuple[float, float], tuple[float, float]]:
    """From the edge of a disc to the nearest point of a rectangle outside it."""
    x, y = min(max(disc.x, rect[0]), rect[2]), min(max(disc.y, rect[1]), rect[3])
    share = (disc.radius + 1) / hypot(x - disc.x, y - disc.y)
    return (disc.x + (x - disc.x) * share, disc.y + (y - disc.y) * share), (x, y)


def _covers(spot: Spot) -> list[Rect]:
    """What a label covers: its rectangle, and small ones along its leader."""
    if spot.leader is None:
        return [spot.rect]
    (x1, y1), (x2, y2) = spot.leader
    steps = max(2, round(hypot(x2 - x1, y2 - y1) / 4))
    line = ((x1 + (x2 - x1) * k / steps, y1 + (y2 - y1) * k / steps) for k in range(1, steps))
    return [spot.rect, *((x - 1, y - 1, x + 1, y + 1) for x, y in line)]


def _clear(rect: Rect, discs: Sequence[Disc], blocked: Sequence[Rect]) -> bool:
    touched = any(_distance(disc, rect) < disc.radius for disc in discs)
    return not touched and not any(overlap(rect, other) for other in blocked)


def _distance(disc: Disc, rect: Rect) -> float:
    x, y = min(max(disc.x, rect[0]), rect[2]), min(max(disc.y, rect[1]), rect[3])
    return hypot(x - disc.x, y - disc.y)


def _inside(rect: Rect, bounds: Rect) -> bool:
    return rect[0] >= bounds[0] and rect[1] >= bounds[1] and rect[2] <= bounds[2] and rect[3] <= bounds[3]
