"""Discs moved apart; pure geometry in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import cos, hypot, pi, sin, sqrt

# How often discs are moved, a length that nobody sees, and the golden angle [rad], of which no multiples meet.
ROUNDS, SPECK, GOLDEN = 400, 0.01, pi * (3 - sqrt(5))


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
