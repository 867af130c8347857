"""Who gets what of a capacity, the value of the next gigawatt, abundance, exchange and the curve of value.

Values are in the question's unit, those of power per gigawatt held for a year; powers are in watts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from gigawatt.exact import exact
from gigawatt.programme.yardstick import Yardsticks
from gigawatt.share.divide import Division, abundance_w, bends_w, cut_worth, divide, divide_line, worthwhile_w
from gigawatt.share.needs import Need, Problem
from gigawatt.share.waterfill import SAME, Fairness, gain, margin_per_w
from gigawatt.study.allocation.problem import Opened, opened
from gigawatt.study.allocation.question import AllocationQuestion
from gigawatt.study.answer import SPREAD, Head, copied
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.units import GIGAWATT_W

# Points that the curve has at most, where a watt is a watt and where each takes a solve; it ends a tenth beyond plenty.
POINTS, SOLVED_POINTS, BEYOND_RATIO = 120, 12, 1.1
# A smaller capacity than a gigawatt is asked what about a tenth of it more would bring.
NEXT_FRAC = 0.1
# A floor that is missed by less is met.
MISSED_FRAC = 1e-6
# Below this, left and right of a capacity are the same value.
JUMP_FRAC = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedClass:
    """What a class of work asks for and gets.

    weight_value_per_gw_year: of its first gigawatt (quadratic), or its last. marginal: value of a gigawatt more for it,
    infinite where a share of nothing is priceless. loss_to_floor_value: what it loses in a year where it is cut to its
    floor, and loss_to_floor_net_value what all lose once the others have taken that. amount_per_gw_year: what a
    gigawatt serves in a year, in `unit`; None where nobody says what is counted.
    """

    use_case: str
    title: str
    tier: int
    demand_w: float
    weight_value_per_gw_year: float
    power_w: float
    served_frac: float
    floor_frac: float
    marginal: float
    loss_to_floor_value: float
    loss_to_floor_net_value: float
    unit: str | None
    amount_per_gw_year: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPower:
    """A step more of power: what it would add in a year, the power of each class from it, and what that adds there."""

    step_w: float
    added_value: float
    power_w: Mapping[str, float]
    gained_value: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one class gives up so that another gains, watt for watt; None where one has all, or the other nothing.

    share_ratio: points of the giver's demand for a point of the gainer's; amount_ratio: in their own units, for one
    more of the gainer's; moved_value_per_gw_year: what moving a gigawatt would add, at the margin.
    """

    gains: str
    gives: str
    share_ratio: float | None
    amount_ratio: float | None
    moved_value_per_gw_year: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPool:
    """Power of a site on a platform (None: whichever), and what each class has of it."""

    site: str | None
    platform: str | None
    power_w: float
    given_w: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePoint:
    """Value of the next gigawatt for a year, and share of demand served by class, at a capacity."""

    capacity_w: float
    lambda_: float
    served_frac: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationAnswer:
    """A capacity divided. platform: what a gigawatt yet to build is made of, for its cost.

    lambda_left, lambda_right: value for a year of the last gigawatt and of the next, which differ where a class is
    served or at its floor. physical_abundance_w: from where on nobody has to choose, None where nothing is enough.
    economic_abundance_w: up to where a gigawatt is worth its cost, None where no cost is stated.
    yardsticks: what all work would take and a gigawatt cost on that platform alone, on each basis; None where the
    question states every figure. pools: none where all power is alike. curve: two points of one capacity where λ jumps,
    before and after.
    """

    head: Head = field(metadata=SPREAD)
    title: str
    period: str | None
    platform: str | None
    fairness: str
    value_unit: str
    capacity_w: float
    allocation: tuple[AllocatedClass, ...]
    lambda_left: float
    lambda_right: float
    next: NextPower
    physical_abundance_w: float | None
    cost_value_per_gw_year: float | None
    economic_abundance_w: float | None
    exchange: tuple[Exchange, ...]
    pools: tuple[SharedPool, ...]
    curve: tuple[ValuePoint, ...]
    yardsticks: Yardsticks | None


@exact()
def answer(question: AllocationQuestion, job: Job) -> AllocationAnswer:
    """Divide a capacity. Raises ScenarioError, CatalogError or CalibrationError for bad input."""
    del job  # it takes a moment
    found = opened(question)
    problem, fairness = found.problem, found.fairness
    now = divide(problem.claims, problem.supply, np.array([found.capacity_w]), fairness)
    full_w = abundance_w(problem.claims, problem.supply)
    line, cost = _line(problem, found.capacity_w, full_w, fairness), problem.cost_per_w
    enough_w = None if cost is None else worthwhile_w(problem.claims, problem.supply, cost, fairness, line)
    return copied(
        AllocationAnswer,
        found,
        head=Head(scenario=found.name, hash=found.hash, notes=(*found.notes, *_notes(found, now))),
        fairness=fairness.name,
        allocation=tuple(_allocation(problem, now, fairness)),
        lambda_left=float(now.left_per_w[0]) * GIGAWATT_W,
        lambda_right=float(now.right_per_w[0]) * GIGAWATT_W,
        next=_next(problem, now, fairness),
        physical_abundance_w=full_w,
        cost_value_per_gw_year=None if cost is None else cost * GIGAWATT_W,
        economic_abundance_w=enough_w,
        exchange=tuple(_exchange(problem, now, fairness)),
        pools=tuple(_pools(problem, now)),
        curve=tuple(_curve(problem, line)),
    )


def _allocation(problem: Problem, now: Division, fairness: Fairness) -> Iterator[AllocatedClass]:
    claims, capacity_w = problem.claims, float(now.capacity_w[0])
    served = now.served_frac[0]
    margin = margin_per_w(claims, served * claims.demand_w, fairness.curve) * GIGAWATT_W
    alone, net = cut_worth(claims, problem.supply, capacity_w, fairness, served)
    for n, need in enumerate(problem.needs):
        yield copied(
            AllocatedClass,
            need,
            use_case=need.key,
            weight_value_per_gw_year=need.weight_per_w * GIGAWATT_W,
            power_w=float(now.power_w[0, n]),
            served_frac=float(served[n]),
            floor_frac=need.floor_w / need.demand_w,
            marginal=float(margin[n]),
            loss_to_floor_value=float(alone[n]),
            loss_to_floor_net_value=float(net[n]),
            unit=need.unit or None,
            amount_per_gw_year=_per_gw_year(need),
        )


def _per_gw_year(need: Need) -> float | None:
    """What a gigawatt serves of a class in a year, in its own unit."""
    return None if need.amount_count is None else need.amount_count / need.demand_w * GIGAWATT_W


def _next(problem: Problem, now: Division, fairness: Fairness) -> NextPower:
    """Who would get a gigawatt more, or about a tenth of a smaller capacity."""
    claims, capacity_w = problem.claims, now.capacity_w
    step_w = GIGAWATT_W if capacity_w[0] >= GIGAWATT_W else _round_step(NEXT_FRAC * float(capacity_w[0]))
    after = divide_line(claims, problem.supply, capacity_w + step_w, fairness)
    before_w, after_w = (one.served_frac[0] * claims.demand_w for one in (now, after))
    more = after.power_w[0] - now.power_w[0]
    gained = gain(claims, before_w, after_w, fairness.curve)
    return NextPower(
        step_w=step_w,
        added_value=float(gained.sum()),
        power_w={need.key: float(more[n]) for n, need in enumerate(problem.needs)},
        gained_value={need.key: float(gained[n]) for n, need in enumerate(problem.needs)},
    )


def _exchange(problem: Problem, now: Division, fairness: Fairness) -> Iterator[Exchange]:
    claims, served = problem.claims, now.served_frac[0]
    margin = margin_per_w(claims, served * claims.demand_w, fairness.curve) * GIGAWATT_W
    for n, gains in enumerate(problem.needs):
        for m, gives in enumerate(problem.needs):
            if n == m:
                continue
            possible = served[n] < 1 - SAME and served[m] > SAME
            one, other = _per_gw_year(gains), _per_gw_year(gives)
            yield Exchange(
                gains=gains.key,
                gives=gives.key,
                share_ratio=gains.demand_w / gives.demand_w if possible else None,
                amount_ratio=other / one if possible and one is not None and other is not None else None,
                moved_value_per_gw_year=float(margin[n] - margin[m]) if possible else None,
            )


def _pools(problem: Problem, now: Division) -> Iterator[SharedPool]:
    """Power of each pool and who has it; one pool without a name is none."""
    if problem.names == (("", ""),):
        return
    scale = float(now.capacity_w[0] / problem.power_w.sum())
    for p, (site, platform) in enumerate(problem.names):
        yield SharedPool(
            site=site or None,
            platform=platform or None,
            power_w=float(problem.power_w[p]) * scale,
            given_w={need.key: float(now.by_pool_w[0, n, p]) for n, need in enumerate(problem.needs)},
        )


def _line(problem: Problem, capacity_w: float, full_w: float | None, fairness: Fairness) -> Division:
    """Capacities from nothing to beyond plenty, divided: round ones, that asked for, and where λ bends or jumps."""
    claims, source = problem.claims, problem.supply
    most_w = BEYOND_RATIO * max(full_w or float(claims.demand_w.sum()), capacity_w)
    step_w = _round_step(most_w / (POINTS if source.one else SOLVED_POINTS))
    grid = step_w * np.arange(0 if source.one else 1, math.ceil(most_w / step_w) + 1)
    every = np.sort(np.concatenate([grid, bends_w(claims, source, fairness), [capacity_w]]))
    apart = np.diff(every, prepend=-np.inf) > SAME * most_w
    return divide_line(claims, source, every[apart], fairness)


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, not below."""
    size = 10.0 ** math.floor(math.log10(least))
    return next(size * factor for factor in (1.0, 2.0, 5.0, 10.0) if size * factor >= least * (1 - SAME))


def _curve(problem: Problem, line: Division) -> Iterator[ValuePoint]:
    """λ and shares served by capacity; where λ jumps there are two points, before and after."""
    for n, capacity in enumerate(line.capacity_w):
        left, right = float(line.left_per_w[n]), float(line.right_per_w[n])
        jumps = capacity > 0 and left - right > JUMP_FRAC * max(left, right)
        served = {need.key: float(line.served_frac[n, k]) for k, need in enumerate(problem.needs)}
        for price in (left, right) if jumps else (right,):
            yield ValuePoint(capacity_w=float(capacity), lambda_=price * GIGAWATT_W, served_frac=served)


def _notes(found: Opened, now: Division) -> list[Note]:
    """What the answer itself makes worth saying."""
    rows = []
    problem, fairness = found.problem, found.fairness
    claims = problem.claims
    missed = now.served_frac[0] * claims.demand_w < claims.floor_w * (1 - MISSED_FRAC)
    if missed.any():
        names = ", ".join(need.title for need, short in zip(problem.needs, missed, strict=True) if short)
        rows.append(("floor", "capacity", f"Below its floor, for lack of power: {names}."))
    if fairness.alike:
        text = "Max-min shares alike, whatever it is worth; values are those of a quadratic curve."
        rows.append(("max_min", "fairness", text))
    elif fairness.mean_ratio == 1:
        text = f"Under {fairness.name} a weight is the value of the last watt that a class asks for, not of the first."
        rows.append(("weights", "fairness", text))
    if not problem.supply.one:
        text = "Watts differ by pool: each point of the curve is solved, and economic abundance read off between two."
        rows.append(("pools", "allocation.pools", text))
    if problem.cost_per_w is None:
        rows.append(("no_cost", "allocation.cost", "No cost of power is stated, so there is no economic abundance."))
    return [Note(code=code, path=path, text=text) for code, path, text in rows]
