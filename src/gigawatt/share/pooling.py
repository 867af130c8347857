"""Power of several sites and platforms divided among classes of work, as programmes that HiGHS solves.

    maximise    Σ_k w_k·d_k·φ(s_k) − Σ_k π_k·short_k
    subject to  d_k·s_k = Σ_p x[k,p]·ratio[k,p],   s_k ≤ 1
                Σ_k x[k,p] ≤ power[p]                           pools p: platforms at sites
                d_k·s_k + short_k ≥ f_k                         floors are elastic: an outage may break them

x is power, ratio the work of a watt in a pool over that of the watts in which demand is stated, 0 where a class may not
run or a platform cannot do its work. With a quadratic φ this is a convex quadratic programme; an α-fair φ is cut into
pieces, finer and finer about the solution; max-min raises the least share as far as it goes, holds the classes that
stop it, and raises the rest. Tiers are solved one after the other, each with the shares of those before it held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import linopy
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gigawatt.exact import equations
from gigawatt.ndarrays import Floats
from gigawatt.share.waterfill import Claims, Curve, Fairness, Quadratic
from gigawatt.solver import UNITS, Program

# Pieces of an α-fair curve, its smallest share, how often it is solved, and how many pieces on either side of a
# solution are cut anew, at least over a reach that leaves them wider than the solver's tolerance.
PIECES, SMALLEST_FRAC, SOLVES, KEPT, LEAST_REACH_FRAC = 128, 1e-4, 4, 2, 1e-4
# A price below this share of the largest weight is the solver's noise, and a share may be missed by HELD_FRAC.
NO_PRICE, HELD_FRAC = 1e-6, 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Power of each pool, shape (pools,), and the work of a watt there for each class, (classes, pools)."""

    power_w: Floats
    work_ratio: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Power by class and pool [W], (classes, pools), shares served, and the value of one watt more of every mix."""

    power_w: Floats
    served_frac: Floats
    price_per_w: float


@equations()
def solve_pools(claims: Claims, pools: Pools, fairness: Fairness, fixed: Mapping[int, float] | None = None) -> Pooled:
    """Divide the power of all pools. fixed: shares of classes, by position, that are given and not to be found.

    price_per_w is Σ_p dual[p]·power[p] / Σ_p power[p], of the first tier that is short of power: the value of one more
    watt of that mix. Max-min has no such dual; its price is 0.
    """
    solve = _alike if fairness.alike else _quadratic if isinstance(fairness.curve, Quadratic) else _pieces
    held, free = np.zeros_like(claims.demand_w), np.ones(claims.demand_w.size, dtype=bool)
    for position, share in (fixed or {}).items():
        held[position], free[position] = share, False
    price_per_w = 0.0
    for tier in np.unique(claims.tier):
        active = (claims.tier == tier) & free
        program = solve(claims, pools, held, active, fairness.curve)
        held = np.where(active, np.clip(program.value("share").values, 0.0, 1.0), held)
        dual = float(program.dual("pool_power").values @ pools.power_w / pools.power_w.sum())
        price_per_w = dual * _scale(claims) / UNITS["w"]
        if price_per_w > NO_PRICE * claims.weight_per_w.max():
            break
        price_per_w = 0.0
    power = program.value("power").clip(min=0).values * UNITS["w"]
    return Pooled(power_w=power, served_frac=held, price_per_w=0.0 if fairness.alike else price_per_w)


@equations()
def full_w(pools: Pools, demand_w: Floats) -> float | None:
    """The least power, in the mix of the pools, that serves all of every class [W]; None where one can run nowhere."""
    if not (pools.work_ratio > 0).any(axis=1).all():
        return None
    model = linopy.Model()
    classes, places = pd.RangeIndex(demand_w.size, name="claim"), pd.RangeIndex(pools.power_w.size, name="place")
    ratio = _array(pools.work_ratio, classes, places)
    power = model.add_variables(lower=0, coords=[classes, places], name="power")
    level = model.add_variables(lower=0, name="level")
    model.add_constraints((power * ratio).sum("place") >= _array(demand_w / UNITS["w"], classes), name="served")
    mix = _array(pools.power_w / pools.power_w.sum(), places)
    model.add_constraints(power.sum("claim") - level * mix <= 0, name="pool_power")
    model.add_objective(1.0 * level)
    return _solved(model)[1] * UNITS["w"]


def _scale(claims: Claims) -> float:
    """Value that counts as 1 in the solver."""
    return float((claims.weight_per_w * claims.demand_w).max())


def _state(claims: Claims, pools: Pools, held: Floats, active: NDArray[np.bool_]) -> linopy.Model:
    """Power by class and pool in GW, and shares; classes that are not active keep the share that they have."""
    model = linopy.Model()
    classes = pd.RangeIndex(claims.demand_w.size, name="claim")
    places = pd.RangeIndex(pools.power_w.size, name="place")
    able = (pools.work_ratio > 0) & (active | (held > 0))[:, None]
    upper = _array(np.where(able, np.inf, 0.0), classes, places)
    power = model.add_variables(lower=0, upper=upper, coords=[classes, places], name="power")
    least, most = np.where(active, 0.0, np.maximum(held - HELD_FRAC, 0.0)), np.where(active, 1.0, held)
    share = model.add_variables(
        lower=_array(least, classes), upper=_array(most, classes), coords=[classes], name="share"
    )
    demand = _array(claims.demand_w / UNITS["w"], classes)
    work = (power * _array(pools.work_ratio, classes, places)).sum("place")
    model.add_constraints(work - share * demand == 0, name="served")
    model.add_constraints(power.sum("claim") <= _array(pools.power_w / UNITS["w"], places), name="pool_power")
    return model


def _array(values: Floats, *indexes: pd.Index) -> xr.DataArray:
    return xr.DataArray(values, coords={index.name: index for index in indexes}, dims=[i.name for i in indexes])


def _short(model: linopy.Model, claims: Claims, active: NDArray[np.bool_]) -> linopy.LinearExpression:
    """What floors lack, times its penalty, in the solver's value."""
    share = model.variables["share"]
    classes = share.indexes["claim"]
    floor = _array(np.where(active, claims.floor_w, 0.0) / UNITS["w"], classes)
    short = model.add_variables(lower=0, upper=floor, coords=[classes], name="short")
    model.add_constraints(share * _array(claims.demand_w / UNITS["w"], classes) + short >= floor, name="floor")
    return (short * _array(claims.penalty_per_w * UNITS["w"] / _scale(claims), classes)).sum()


def _weights(claims: Claims, active: NDArray[np.bool_]) -> Floats:
    """Value of serving a class along a curve, in the solver's value; 0 for classes that are not active."""
    return np.where(active, claims.weight_per_w * claims.demand_w / _scale(claims), 0.0)


def _quadratic(claims: Claims, pools: Pools, held: Floats, active: NDArray[np.bool_], curve: Curve) -> Program:
    """φ = s − s²/2."""
    del curve
    model = _state(claims, pools, held, active)
    share = model.variables["share"]
    weight = _array(_weights(claims, active), share.indexes["claim"])
    value = (share * weight - share * share * (weight / 2)).sum()
    model.add_objective(value - _short(model, claims, active), sense="max")
    return _solved(model)[0]


def _pieces(claims: Claims, pools: Pools, held: Floats, active: NDArray[np.bool_], curve: Curve) -> Program:
    """φ by pieces, cut again about each solution; their slope is the mean of φ′ over them."""
    edges = np.tile(np.concatenate([[0.0], np.geomspace(SMALLEST_FRAC, 1.0, PIECES)]), (held.size, 1))
    for _ in range(SOLVES):
        program = _solved(_piecewise(claims, pools, held, active, (edges, slopes(edges, curve))))[0]
        edges = _cut(edges, np.clip(program.value("share").values, 0.0, 1.0))
    return program


def slopes(edges_frac: Floats, curve: Curve) -> Floats:
    """Mean of φ′ over each piece between edges (classes, edges) [1]; where that is infinite, φ′ at the piece's end."""
    with np.errstate(invalid="ignore"):
        rise = np.diff(curve.worth(edges_frac), axis=1) / np.diff(edges_frac, axis=1)
    return np.where(np.isfinite(rise), rise, curve.slope(edges_frac[:, 1:]))


def _piecewise(
    claims: Claims, pools: Pools, held: Floats, active: NDArray[np.bool_], pieces: tuple[Floats, Floats]
) -> linopy.Model:
    edges, slope = pieces
    model = _state(claims, pools, held, active)
    share = model.variables["share"]
    classes = share.indexes["claim"]
    steps = pd.RangeIndex(slope.shape[1], name="step")
    part = model.add_variables(
        lower=0, upper=_array(np.diff(edges, axis=1), classes, steps), coords=[classes, steps], name="part"
    )
    model.add_constraints(part.sum("step") - share == 0, name="parts")
    value = (part * _array(_weights(claims, active)[:, None] * slope, classes, steps)).sum()
    model.add_objective(value - _short(model, claims, active), sense="max")
    return model


def _cut(edges_frac: Floats, share_frac: Floats) -> Floats:
    """Edges anew: all pieces but two about the share that a class has, and one before and one after them."""
    found = []
    for row, at in zip(edges_frac, share_frac, strict=True):
        here = int(np.searchsorted(row, at))
        low = min(row[max(here - KEPT, 1)], max(at - LEAST_REACH_FRAC, SMALLEST_FRAC))
        high = max(row[min(here + KEPT, row.size - 1)], min(at + LEAST_REACH_FRAC, 1.0))
        found.append([0.0, *np.linspace(low, high, row.size - 2), 1.0])
    return np.array(found)


def _alike(claims: Claims, pools: Pools, held: Floats, active: NDArray[np.bool_], curve: Curve) -> Program:
    """Max-min: shares of floors first, then shares of demand."""
    del curve
    floors = np.where(active, claims.floor_w / claims.demand_w, 0.0)
    least = np.zeros_like(held)
    for aim in (floors, active.astype(float)):
        rising = aim > 0
        while rising.any():
            program, level = _raised(claims, pools, (held, active, least), aim * rising)
            least = np.where(rising, np.maximum(least, level * aim), least)
            stopped = rising & (program.dual("rise").values < -NO_PRICE)
            rising = rising & ~stopped if level < 1 - HELD_FRAC and stopped.any() else np.zeros_like(rising)
    return program


def _raised(
    claims: Claims, pools: Pools, state: tuple[Floats, NDArray[np.bool_], Floats], aim: Floats
) -> tuple[Program, float]:
    """The highest level, up to 1, at which every share is level × aim, with none below what it has."""
    held, active, least = state
    model = _state(claims, pools, held, active)
    share = model.variables["share"]
    classes = share.indexes["claim"]
    level = model.add_variables(lower=0, upper=1, name="level")
    model.add_constraints(share >= _array(np.maximum(least - HELD_FRAC, 0.0), classes), name="least")
    model.add_constraints(share - level * _array(aim, classes) >= 0, name="rise")
    model.add_objective(1.0 * level, sense="max")
    return _solved(model)


def _solved(model: linopy.Model) -> tuple[Program, float]:
    program = Program(model)
    return program, program.solve_lp()
