"""Who gets the compute: a capacity divided among classes of work, and how that and its value go with the capacity.

A capacity scales all pools of power alike. Pools whose watts do the same work for every class, but for one factor, are
one pool of so many standard watts. Where that leaves a single pool that is open to every class, `waterfill` divides it
exactly; elsewhere HiGHS does (`pooling`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.share import waterfill
from gigawatt.share.pooling import Pooled, Pools, full_w, solve_pools
from gigawatt.share.waterfill import SAME, Claims, Fairness, corners_w, fill, gain, worth

# λ before and after a capacity is drawn on from those of two that differ from it by this share and by twice as much.
ASIDE_FRAC = 1e-5
# Max-min has no dual; differences of its values need a wider step to rise above the solver's noise.
STEP_FRAC = 1e-3
# A share this little above its floor stands on it.
CUT_FRAC = 1e-6
# Digits to which the work of two pools is compared.
DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """Capacities divided. capacity_w: (capacities,). power_w, served_frac: (capacities, classes).

    by_pool_w: (capacities, classes, pools). left_per_w, right_per_w: value of the last watt and of the next [value/W].
    """

    capacity_w: Floats
    power_w: Floats
    served_frac: Floats
    by_pool_w: Floats
    left_per_w: Floats
    right_per_w: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Pools, and what they come to where their watts differ by a factor only.

    merged: pools of standard watts, of which one does all that the ablest class can do with it; member: the merged pool
    of each pool; standard_ratio: standard watts per watt of the whole mix.
    """

    pools: Pools
    merged: Pools
    member: NDArray[np.int64]
    standard_ratio: float

    @property
    def one(self) -> bool:
        """Whether a watt is a watt, to every class."""
        return self.merged.power_w.size == 1 and bool((self.merged.work_ratio > 1 - SAME).all())

    def at(self, capacity_w: float) -> Pools:
        """The merged pools of a capacity."""
        return replace(self.merged, power_w=self.merged.power_w * (capacity_w / self.pools.power_w.sum()))

    def by_pool_w(self, merged_w: Floats) -> Floats:
        """Power by merged pool (…, classes, merged) in standard watts as watts of each pool (…, classes, pools)."""
        return merged_w[..., self.member] * (self.pools.power_w / self.merged.power_w[self.member])


def supply(pools: Pools) -> Supply:
    """Pools with those put together that differ by a factor only."""
    most = pools.work_ratio.max(axis=0)
    standard = np.where(most > 0, most, 1.0)
    shape = pools.work_ratio / standard
    _, first, member = np.unique(np.round(shape, DIGITS), axis=1, return_index=True, return_inverse=True)
    member = member.ravel()
    power_w = np.zeros(first.size)
    np.add.at(power_w, member, pools.power_w * standard)
    return Supply(
        pools=pools,
        merged=Pools(power_w=power_w, work_ratio=shape[:, first]),
        member=member,
        standard_ratio=float(power_w.sum() / pools.power_w.sum()),
    )


def divide(claims: Claims, source: Supply, capacity_w: Floats, fairness: Fairness) -> Division:
    """Divide each of some capacities [W]: exactly where a watt is a watt, else by HiGHS."""
    return _exact(claims, source, capacity_w, fairness) if source.one else solved(claims, source, capacity_w, fairness)


def _exact(claims: Claims, source: Supply, capacity_w: Floats, fairness: Fairness) -> Division:
    ratio = source.standard_ratio
    filled = fill(claims, capacity_w * ratio, fairness)
    by_pool = source.by_pool_w(filled.power_w[:, :, None])
    return Division(
        capacity_w=capacity_w,
        power_w=by_pool.sum(axis=2),
        served_frac=filled.power_w / claims.demand_w,
        by_pool_w=by_pool,
        left_per_w=filled.left_per_w * ratio,
        right_per_w=filled.right_per_w * ratio,
    )


def solved(claims: Claims, source: Supply, capacity_w: Floats, fairness: Fairness) -> Division:
    """Divide capacities by HiGHS, with the value of the last watt and of the next."""
    return _gathered(
        source,
        capacity_w,
        [solve_pools(claims, source.at(float(capacity)), fairness) for capacity in capacity_w],
        *(
            np.array([_price_per_w(claims, source, float(capacity), fairness, side) for capacity in capacity_w])
            for side in (-1, 1)
        ),
    )


def divide_line(claims: Claims, source: Supply, capacity_w: Floats, fairness: Fairness) -> Division:
    """Capacities in rising order divided; where HiGHS does it, both sides have the value at the point, which max-min
    has between points only."""
    if source.one:
        return _exact(claims, source, capacity_w, fairness)
    found = [solve_pools(claims, source.at(float(capacity)), fairness) for capacity in capacity_w]
    price = np.array([one.price_per_w for one in found]) * source.standard_ratio
    if fairness.alike and capacity_w.size > 1:
        total = [worth(claims, one.served_frac * claims.demand_w, fairness.curve).sum() for one in found]
        price = np.gradient(np.array(total), capacity_w)
    return _gathered(source, capacity_w, found, price, price)


def _gathered(source: Supply, capacity_w: Floats, found: list[Pooled], left: Floats, right: Floats) -> Division:
    by_pool = source.by_pool_w(np.stack([one.power_w for one in found]))
    return Division(
        capacity_w=capacity_w,
        power_w=by_pool.sum(axis=2),
        served_frac=np.stack([one.served_frac for one in found]),
        by_pool_w=by_pool,
        left_per_w=left,
        right_per_w=right,
    )


def _price_per_w(claims: Claims, source: Supply, capacity_w: float, fairness: Fairness, side: int) -> float:
    """Value of the last watt (side −1) or of the next one (side 1)."""
    if not fairness.alike:
        near, far = (
            solve_pools(claims, source.at(capacity_w * (1 + n * side * ASIDE_FRAC)), fairness).price_per_w
            for n in (1, 2)
        )
        return max(2 * near - far, 0.0) * source.standard_ratio
    step_w = side * STEP_FRAC * capacity_w
    found = [solve_pools(claims, source.at(capacity_w + n * step_w), fairness) for n in range(3)]
    totals = [float(worth(claims, one.served_frac * claims.demand_w, fairness.curve).sum()) for one in found]
    # Exact for a parabola, which value is between kinks.
    return max((4 * totals[1] - 3 * totals[0] - totals[2]) / (2 * step_w), 0.0)


def bends_w(claims: Claims, source: Supply, fairness: Fairness) -> Floats:
    """Capacities at which λ bends or jumps [W]; empty where they are not known beforehand."""
    return corners_w(claims, fairness) / source.standard_ratio if source.one else np.zeros(0)


def abundance_w(claims: Claims, source: Supply) -> float | None:
    """Power at which nobody has to choose [W]: it serves all of every class; None where one can run nowhere."""
    if source.one:
        return float(claims.demand_w.sum()) / source.standard_ratio
    standard_w = full_w(source.merged, claims.demand_w)
    return None if standard_w is None else standard_w / source.standard_ratio


def worthwhile_w(claims: Claims, source: Supply, cost_per_w: float, fairness: Fairness, line: Division) -> float:
    """Power of which the last watt is worth its cost [W]; 0 where no watt is.

    Exact where a watt is a watt; else read off `line`, capacities divided in rising order.
    """
    if source.one:
        ratio = source.standard_ratio
        return waterfill.abundance_w(claims, cost_per_w / ratio, fairness) / ratio
    above = np.flatnonzero(line.right_per_w >= cost_per_w)
    if not above.size:
        return 0.0
    last = int(above[-1])
    if last + 1 == line.capacity_w.size:
        return float(line.capacity_w[last])
    span, price = line.capacity_w[last : last + 2], line.right_per_w[last : last + 2]
    return float(span[0] + (span[1] - span[0]) * (price[0] - cost_per_w) / (price[0] - price[1]))


def cut_worth(
    claims: Claims, source: Supply, capacity_w: float, fairness: Fairness, share_frac: Floats
) -> tuple[Floats, Floats]:
    """What is lost where one class is cut to its floor [value a year], (classes,): by the class itself, and by all
    together once the others have taken what it gave up. 0 for a class that has no more than its floor."""
    floors = claims.floor_w / claims.demand_w
    alone, net = np.zeros_like(share_frac), np.zeros_like(share_frac)
    now = share_frac * claims.demand_w
    for n in np.flatnonzero(share_frac > floors + CUT_FRAC):
        cut = np.where(np.arange(now.size) == n, claims.floor_w, now)
        after = _with_fixed(claims, source, capacity_w, fairness, int(n), float(floors[n])) * claims.demand_w
        alone[n], net[n] = (-gain(claims, now, then, fairness.curve).sum() for then in (cut, after))
    return alone, net


def _with_fixed(
    claims: Claims, source: Supply, capacity_w: float, fairness: Fairness, position: int, share_frac: float
) -> Floats:
    """Shares where one class has a given one, and the others what is left."""
    if not source.one:
        return solve_pools(claims, source.at(capacity_w), fairness, {position: share_frac}).served_frac
    others = np.arange(claims.demand_w.size) != position
    left_w = capacity_w * source.standard_ratio - share_frac * float(claims.demand_w[position])
    shares = np.full(claims.demand_w.size, share_frac)
    if others.any():
        part = claims.only(others)
        shares[others] = fill(part, max(left_w, 0.0), fairness).power_w[0] / part.demand_w
    return shares
