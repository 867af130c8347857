"""Who gets a watt where one kind of power is short: exact division among classes of work, and what the next is worth.

Class k asks for d_k [W]. Power p_k serves the share s_k = p_k / d_k of it and is worth w_k·d_k·φ(s_k), less π_k for
each watt that p_k lacks of a floor f_k. Where a watt has the price λ, a class takes

    p_k(λ) = max(free, min(helped, f_k)),   free = d_k·S(λ / w_k),   helped = d_k·S((λ − π_k) / w_k),   S = (φ′)⁻¹

and the price at which Σ_k p_k(λ) is the capacity C is the value of the next watt [1]. φ is s − s²/2 (quadratic: the
marginal value w·(1 − s) falls to 0) or α-fair [2], φ′ = s^−α. Max-min [3] raises all shares alike, floors first,
whatever they are worth; the quadratic curve tells what that is worth. Tiers are served one after the other.

Values are in the user's own unit, per watt held for a year.

References
----------
[1] Boyd, Vandenberghe, *Convex Optimization*, 2004, §5.5.3 (water-filling) and §5.6.3 (multipliers as prices).
[2] Mo, Walrand, Fair End-to-End Window-Based Congestion Control, IEEE/ACM Trans. Networking 8(5), 2000.
[3] Bertsekas, Gallager, *Data Networks*, 1992, §6.5.2 (max-min fairness).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.ndarrays import Floats

# Relative width within which two capacities are the same one.
SAME = 1e-12
# Prices on both sides of a capacity that differ by less, relative, are one.
MEETING = 1e-9
# Bisection ends where the bracket is this narrow, relative; below NOTHING of the highest value, a price is 0.
NARROW, NOTHING = 1e-15, 1e-11
MOST_STEPS = 2200


class Curve(ABC):
    """What a served share is worth, concave: φ, its slope φ′, and the share at which the slope is a given one."""

    @abstractmethod
    def worth(self, share_frac: ArrayLike) -> Floats:
        """φ(s) [1]."""

    @abstractmethod
    def slope(self, share_frac: ArrayLike) -> Floats:
        """φ′(s) [1]; infinite at 0 where no share is too small to matter."""

    @abstractmethod
    def share(self, slope_ratio: ArrayLike) -> Floats:
        """The share in [0, 1] from which on one more is worth less than a slope [1]."""


@dataclass(frozen=True, slots=True)
class Quadratic(Curve):
    """φ = s − s²/2: one more is worth less and less, and nothing where all is served."""

    def worth(self, share_frac: ArrayLike) -> Floats:
        share = np.asarray(share_frac, dtype=float)
        return share - share**2 / 2

    def slope(self, share_frac: ArrayLike) -> Floats:
        return 1.0 - np.asarray(share_frac, dtype=float)

    def share(self, slope_ratio: ArrayLike) -> Floats:
        # A quarter of the time of np.clip, where a search asks a thousand times.
        return np.minimum(np.maximum(1.0 - np.asarray(slope_ratio, dtype=float), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class AlphaFair(Curve):
    """φ = (s^(1−α) − 1) / (1 − α), or log s for α = 1: the more unequal shares are, the dearer; the last is worth 1."""

    alpha_ratio: float

    def worth(self, share_frac: ArrayLike) -> Floats:
        share = np.asarray(share_frac, dtype=float)
        power = 1.0 - self.alpha_ratio
        with np.errstate(divide="ignore"):
            return np.log(share) if power == 0 else (share**power - 1.0) / power

    def slope(self, share_frac: ArrayLike) -> Floats:
        with np.errstate(divide="ignore"):
            return np.asarray(share_frac, dtype=float) ** -self.alpha_ratio

    def share(self, slope_ratio: ArrayLike) -> Floats:
        return np.maximum(np.asarray(slope_ratio, dtype=float), 1.0) ** (-1.0 / self.alpha_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """How to divide: by value along a curve, or all shares alike (max-min), whose value the curve then tells.

    mean_ratio: weight of a class over the mean value of a watt that serves it. A quadratic curve has the same value of
    serving all where it starts at twice the mean; the others end at the mean.
    """

    name: str
    curve: Curve
    alike: bool = False
    mean_ratio: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Classes of work as arrays, shape (classes,): demand and floor [W], weight and floor penalty [value/W], tier."""

    demand_w: Floats
    weight_per_w: Floats
    floor_w: Floats
    penalty_per_w: Floats
    tier: NDArray[np.int64]

    def only(self, kept: NDArray[np.bool_]) -> Self:
        """Some of the classes."""
        return type(self)(**{entry.name: getattr(self, entry.name)[kept] for entry in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Capacities divided. power_w: (capacities, classes).

    left_per_w, right_per_w: value of the last watt and of the next one [value/W], (capacities,). They differ at kinks;
    the last watt of no power is NaN, and the next one after nothing may be worth infinitely much.
    """

    power_w: Floats
    left_per_w: Floats
    right_per_w: Floats


def fill(claims: Claims, capacity_w: ArrayLike, fairness: Fairness) -> Filling:
    """Divide each of some capacities [W]: tiers in their order, each as if it were alone with what is left."""
    capacity = np.atleast_1d(np.asarray(capacity_w, dtype=float))
    power = np.zeros((capacity.size, claims.demand_w.size))
    left, right = np.zeros(capacity.size), np.zeros(capacity.size)
    left[capacity == 0] = np.nan
    base = 0.0
    for tier in np.unique(claims.tier):
        mine = claims.tier == tier
        part = claims.only(mine)
        whole = float(part.demand_w.sum())
        mark = SAME * (base + whole)
        inside = (capacity >= base - mark) & (capacity <= base + whole + mark)
        filled = (_fill_alike if fairness.alike else _fill_by_value)(
            part, np.clip(capacity - base, 0.0, whole), fairness
        )
        power[:, mine] = filled.power_w
        reached, goes_on = inside & (capacity > base + mark), inside & (capacity < base + whole - mark)
        left[reached], right[goes_on] = filled.left_per_w[reached], filled.right_per_w[goes_on]
        base += whole
    return Filling(power_w=power, left_per_w=left, right_per_w=right)


def _fill_by_value(claims: Claims, capacity_w: Floats, fairness: Fairness) -> Filling:
    left = _price_per_w(claims, capacity_w, fairness.curve, left=True)
    right = _price_per_w(claims, capacity_w, fairness.curve, left=False)
    one, other = (asked_w(claims, price, fairness.curve) for price in (left, right))
    span = other.sum(axis=1) - one.sum(axis=1)
    # Where both prices are the same but for rounding, what is worth exactly that is shared in proportion.
    part = np.divide(capacity_w - one.sum(axis=1), span, out=np.zeros_like(span), where=span != 0)
    power = one + np.clip(part, 0.0, 1.0)[:, None] * (other - one)
    with np.errstate(invalid="ignore"):
        meet = left - right <= MEETING * left
    least = NOTHING * float((claims.weight_per_w + claims.penalty_per_w).max())
    sides = [np.where(meet, (left + right) / 2, price) for price in (left, right)]
    left, right = (np.where(price <= least, 0.0, price) for price in sides)
    return Filling(power_w=power, left_per_w=left, right_per_w=right)


def asked_w(claims: Claims, price_per_w: Floats, curve: Curve) -> Floats:
    """Power that classes take at prices of a watt [W], shape (prices, classes); what is worth nothing only for free."""
    price = np.asarray(price_per_w, dtype=float)[:, None]
    free = claims.demand_w * curve.share(_over(price, claims.weight_per_w))
    helped = claims.demand_w * curve.share(_over(price - claims.penalty_per_w, claims.weight_per_w))
    return np.maximum(free, np.minimum(helped, claims.floor_w))


def _over(price_per_w: Floats, weight_per_w: Floats) -> Floats:
    """Price over weight [1]; where a class has no weight, infinite above a price of 0."""
    if weight_per_w.all():
        return np.asarray(price_per_w / weight_per_w)
    ratio = np.where(price_per_w > 0, np.inf, 0.0) + np.zeros_like(weight_per_w)
    return np.divide(price_per_w, weight_per_w, out=ratio, where=weight_per_w > 0)


def _price_per_w(claims: Claims, capacity_w: Floats, curve: Curve, *, left: bool) -> Floats:
    """Value of the last watt (left: the highest price at which all power is taken) or of the next (the lowest).

    Σ p(λ) falls with λ and is flat at kinks, so the two are the ends of its flat stretch; bisection finds each.
    """
    share = np.minimum(capacity_w / float(claims.demand_w.sum()), 1.0)
    # At this price nobody takes a larger share than all would have if it were divided alike.
    top = claims.penalty_per_w.max() + claims.weight_per_w.max() * curve.slope(share)
    bounded = np.isfinite(top)
    low, high = np.zeros(capacity_w.size), np.where(bounded, top, 0.0)
    for _ in range(MOST_STEPS):
        middle = low + (high - low) / 2
        taken = asked_w(claims, middle, curve).sum(axis=1)
        enough = taken >= capacity_w * (1 - SAME) if left else taken > capacity_w * (1 + SAME)
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
        if ((high - low <= NARROW * high) | (high <= NOTHING * NARROW * top)).all():
            break
    return np.where(bounded, low if left else high, np.inf)


def _fill_alike(claims: Claims, capacity_w: Floats, fairness: Fairness) -> Filling:
    """Max-min: all floors are met to the same share first, then all shares rise alike. One level u tells both:

    p = u·f for u ≤ 1, then max(f, (u − 1)·d) up to u = 2.
    """
    levels = alike_levels(claims)
    level = np.interp(capacity_w, _at_level_w(claims, levels).sum(axis=1), levels)
    power = _at_level_w(claims, level)
    sides = [_next_alike_per_w(claims, power, level, fairness.curve, after=after) for after in (False, True)]
    return Filling(power_w=power, left_per_w=sides[0], right_per_w=sides[1])


def alike_levels(claims: Claims) -> Floats:
    """Levels at which floors begin and end to be met, and at which another class takes part, in rising order [1]."""
    joins = 1 + claims.floor_w / claims.demand_w
    starts = [0.0, 1.0] if claims.floor_w.sum() > 0 else []
    return np.unique([*starts, *joins, 2.0])


def _at_level_w(claims: Claims, level: Floats) -> Floats:
    up = level[:, None]
    return np.where(up <= 1, up * claims.floor_w, np.maximum(claims.floor_w, (up - 1) * claims.demand_w))


def _next_alike_per_w(claims: Claims, power_w: Floats, level: Floats, curve: Curve, *, after: bool) -> Floats:
    """Value of the watt after (or before) a level: each class takes its part of it, worth its own margin [value/W]."""
    mark = SAME if after else -SAME
    first = 1 + float((claims.floor_w / claims.demand_w).min())
    floors = (level < (1 - SAME if after else first + SAME)) & (claims.floor_w.sum() > 0)
    reached = np.maximum(level, first) if after else level
    joined = 1 + claims.floor_w / claims.demand_w <= reached[:, None] + mark
    takes = np.where(floors[:, None], claims.floor_w, np.where(joined, claims.demand_w, 0.0))
    total = takes.sum(axis=1, keepdims=True)
    takes = np.divide(takes, total, out=np.zeros_like(takes), where=total > 0)
    margin = claims.weight_per_w * curve.slope(power_w / claims.demand_w)
    return (takes * (margin + np.where(floors[:, None], claims.penalty_per_w, 0.0))).sum(axis=1)


def corners_w(claims: Claims, fairness: Fairness) -> Floats:
    """Capacities at which a class begins or ends to take part, or λ jumps [W], in rising order; first 0, last all.

    Between them λ is linear for the quadratic curve and for max-min.
    """
    found, base = [0.0], 0.0
    for tier in np.unique(claims.tier):
        part = claims.only(claims.tier == tier)
        if fairness.alike:
            inner = _at_level_w(part, alike_levels(part)).sum(axis=1)
        else:
            inner = asked_w(part, _turning_per_w(part, fairness.curve), fairness.curve).sum(axis=1)
        found += list(base + inner)
        base += float(part.demand_w.sum())
    ordered = np.sort([*found, base])
    apart = np.diff(ordered, prepend=-math.inf) > SAME * base
    return ordered[apart]


def _turning_per_w(claims: Claims, curve: Curve) -> Floats:
    """Prices at which a class begins to take power, stands on its floor, or has all."""
    at = np.stack([np.zeros_like(claims.demand_w), claims.floor_w / claims.demand_w, np.ones_like(claims.demand_w)])
    with np.errstate(invalid="ignore"):
        margin = claims.weight_per_w * curve.slope(at)
    prices = np.concatenate([margin, margin + claims.penalty_per_w]).ravel()
    return np.unique(prices[np.isfinite(prices)])


def worth(claims: Claims, power_w: Floats, curve: Curve) -> Floats:
    """Value of what each class has [value a year], shape of `power_w`; less than 0 where a floor is missed."""
    with np.errstate(invalid="ignore"):  # no weight times a share of nothing that is priceless
        value = claims.weight_per_w * claims.demand_w * curve.worth(power_w / claims.demand_w)
    value = np.where(claims.weight_per_w > 0, value, 0.0)
    return value - claims.penalty_per_w * np.maximum(claims.floor_w - power_w, 0.0)


def gain(claims: Claims, before_w: Floats, after_w: Floats, curve: Curve) -> Floats:
    """What each class gains from one division to another [value a year]; nothing where it has the same in both.

    A class that has nothing in one of them, where nothing is priceless, gains or loses without limit.
    """
    with np.errstate(invalid="ignore"):
        return np.where(before_w == after_w, 0.0, worth(claims, after_w, curve) - worth(claims, before_w, curve))


def margin_per_w(claims: Claims, power_w: Floats, curve: Curve) -> Floats:
    """Marginal value of each class at its share, w·φ′(s), and its penalty where it lacks of its floor [value/W]."""
    with np.errstate(invalid="ignore"):
        value = np.where(claims.weight_per_w > 0, claims.weight_per_w * curve.slope(power_w / claims.demand_w), 0.0)
    return np.where(power_w < claims.floor_w * (1 - SAME), value + claims.penalty_per_w, value)


def abundance_w(claims: Claims, cost_per_w: float, fairness: Fairness) -> float:
    """The most power that is worth its cost [W]: the last capacity at which λ is at least that, 0 where none is.

    Up to a physical abundance of Σ d, where λ falls to 0.
    """
    base = float(claims.demand_w.sum())
    for tier in np.unique(claims.tier)[::-1]:
        part = claims.only(claims.tier == tier)
        base -= float(part.demand_w.sum())
        inner = _alike_abundance_w(part, cost_per_w, fairness) if fairness.alike else 0.0
        if not fairness.alike:
            inner = float(asked_w(part, np.array([cost_per_w]), fairness.curve).sum())
        if inner > 0:
            return base + inner
    return 0.0


def _alike_abundance_w(claims: Claims, cost_per_w: float, fairness: Fairness) -> float:
    """The same for one tier under max-min, whose λ is linear between corners."""
    corners = corners_w(claims, fairness)
    filled = fill(claims, corners, fairness)
    for n in range(corners.size - 2, -1, -1):
        first, last = filled.right_per_w[n], filled.left_per_w[n + 1]
        if last >= cost_per_w:
            return float(corners[n + 1])
        if first > cost_per_w:
            return float(corners[n] + (corners[n + 1] - corners[n]) * (first - cost_per_w) / (first - last))
    return 0.0
