"""Less power than a site would draw: who slows, by how much, and what is left to work with.

Work is slowed tier by tier in the scenario's order. Idle racks are switched off first, for nothing. Then the racks of
the first tier are capped, down to the least power that its curve speaks for, and stopped if that is not enough; then
those of the next tier. So a tier has one number, its power over that without a limit, q: above the least power p it is
a cap, and the work done is perf(q); below, a share q/p of the racks runs at the cap p, and the work is perf(p) q/p.
Shapes: h steps, s sites, p pairs, k tiers in the order in which they slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt import watts
from gigawatt.ndarrays import Floats

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds the facility power of sites in a span, (h, s); infinite, 0 or 1 where nothing does.

    most_w: the most that may be drawn; kept_frac, less_w: the share that may be drawn of what would be, and by how much
    less than that; stopped (h, s, k): tiers that the price of energy stops.
    """

    most_w: Floats
    less_w: Floats
    kept_frac: Floats
    stopped: Mask

    @property
    def reduced(self) -> Mask:
        """Where less may be drawn than would be, however much that is, (h, s)."""
        return (self.less_w > 0) | (self.kept_frac < 1)

    def binding(self, facility_w: Floats) -> bool:
        """Whether any of it changes a power that would be drawn."""
        return bool(self.stopped.any() or self.reduced.any() or (facility_w > self.most_w).any())


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowed:
    """Power of every tier and of idle racks over that without a limit: power_frac (h, s, k), idle_frac (h, s)."""

    power_frac: Floats
    idle_frac: Floats


def slow(tier_w: Floats, idle_w: Floats, budget_w: Floats, stopped: Mask, least_frac: Floats) -> Slowed:
    """What each tier keeps within a budget.

    tier_w (h, s, k), idle_w (h, s): IT power without a limit; budget_w (h, s): of all, infinite where there is no
    limit; stopped (h, s, k): tiers that the price of energy stops; least_frac (k): of a tier before its racks stop.
    """
    wanted = np.where(stopped, 0.0, tier_w)
    steps = [idle_w]
    for k, least in enumerate(least_frac):
        steps += [wanted[..., k] * (1 - least), wanted[..., k] * least]
    room = np.stack(steps, axis=-1)
    excess = np.maximum(room.sum(axis=-1) - budget_w, 0.0)[..., None]
    before = np.cumsum(room, axis=-1) - room
    cut = np.clip(excess - before, 0.0, room)
    kept = wanted - cut[..., 1::2] - cut[..., 2::2]
    return Slowed(power_frac=_over(kept, tier_w), idle_frac=_over(idle_w - cut[..., 0], idle_w))


def speeds(power_frac: Floats, curves: Sequence[watts.PowerCurve]) -> tuple[Floats, Floats]:
    """Racks that run, and speed of each, over those without a limit, of tiers at a power: two arrays (h, s, k)."""
    least = np.array([curve.least_frac for curve in curves])
    running = np.minimum(power_frac / least, 1.0)
    pace = np.stack(
        [watts.performance(curve, np.maximum(power_frac[..., k], least[k])) for k, curve in enumerate(curves)], axis=-1
    )
    return running, pace


def budgets(facility_w: Floats, limits: Limits, pue_ratio: Floats) -> Floats:
    """IT power that a limit leaves each site, (h, s): infinite where it does not bind.

    facility_w: without a limit, (h, s); pue_ratio: at the power that is left, (h, s).
    """
    less = np.where(limits.reduced, np.maximum(facility_w * limits.kept_frac - limits.less_w, 0.0), np.inf)
    most = np.minimum(limits.most_w, less)
    return np.where(facility_w > most, most / pue_ratio, np.inf)


def _over(part: Floats, whole: Floats) -> Floats:
    """part / whole, and 1 where there is nothing."""
    return np.divide(part, whole, out=np.ones(np.broadcast_shapes(part.shape, whole.shape)), where=whole > 0)
