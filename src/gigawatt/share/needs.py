"""What each class of work would take of some power, what that is worth, and what power costs: what `allocate` divides.

An allocation by itself states it; in a whole scenario it follows, for a quarter. A class of inference is then worth its
tokens a year × price × mean willingness to pay × social weight, a training run its penalty over its window, experiments
their worth. What is asked for, and the power that it takes, is `programme.power_to_serve`'s, on the basis "apart": each
class asks for the power of its own busiest hours, so abundance is on the high side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.programme import power_to_serve
from gigawatt.programme.site_mix import basis_ratio, site_frac
from gigawatt.quarters import SECONDS_PER_YEAR
from gigawatt.scenario.allocation import Allocation, PowerClass
from gigawatt.scenario.schema import Asked
from gigawatt.share.divide import Supply, supply
from gigawatt.share.pooling import Pools
from gigawatt.share.waterfill import Claims, Fairness

# What a hard floor lacks is counted at so many times the dearest work: it is met before anything else.
HARD = 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A class of work in power and value, as `waterfill` has it, with the work of a watt in each pool, (pools,).

    amount_count: what all of it comes to in a year, in `unit`; None where nobody says.
    """

    key: str
    title: str
    demand_w: float
    weight_per_w: float
    floor_w: float
    penalty_per_w: float
    tier: int
    work_ratio: Floats
    amount_count: float | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Who asks for power, and where there is some.

    names: site and platform of each pool. cost_per_w: of a watt for a year, in value; capacity_w: how much there is
    where nobody says otherwise. Either is None where it is not known.
    """

    needs: tuple[Need, ...]
    names: tuple[tuple[str, str], ...]
    power_w: Floats
    cost_per_w: float | None
    capacity_w: float | None

    @property
    def claims(self) -> Claims:
        columns = {
            name: np.array([getattr(need, name) for need in self.needs], dtype=float)
            for name in ("demand_w", "weight_per_w", "floor_w", "penalty_per_w")
        }
        return Claims(**columns, tier=np.array([need.tier for need in self.needs]))

    @property
    def supply(self) -> Supply:
        return supply(Pools(power_w=self.power_w, work_ratio=np.stack([need.work_ratio for need in self.needs])))


def stated(asked: Allocation) -> Problem:
    """The problem of an allocation that states every figure."""
    names = tuple((pool.site or key, pool.platform) for key, pool in asked.pools.items()) or (("", ""),)
    power = np.array([pool.power_w for pool in asked.pools.values()] or [1.0])
    work = np.array([pool.work_ratio for pool in asked.pools.values()] or [1.0])
    needs = tuple(
        Need(
            key=key,
            title=use.title or key.replace("_", " ").capitalize(),
            demand_w=use.demand_w or 0.0,
            weight_per_w=use.weight_per_w or 0.0,
            floor_w=use.floor_w or 0.0,
            penalty_per_w=use.floor_penalty_per_w or 0.0,
            tier=use.tier,
            work_ratio=np.where(_allowed(use, names), work, 0.0),
            amount_count=use.amount_count,
            unit=use.unit,
        )
        for key, use in asked.classes.items()
    )
    capacity_w = float(power.sum()) if asked.pools and asked.capacity_w is None else asked.capacity_w
    return Problem(needs=needs, names=names, power_w=power, cost_per_w=asked.cost_per_w, capacity_w=capacity_w)


def _allowed(use: PowerClass, names: Sequence[tuple[str, str]]) -> NDArray[np.bool_]:
    return np.array(
        [(not use.sites or site in use.sites) and (not use.platforms or part in use.platforms) for site, part in names]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A class of a scenario in a quarter: what it asks for in a second, what a rack does of it by platform, its value.

    mean_per_s, rack_per_s: tokens, or operations; busiest_ratio, interactive: as `power_to_serve.asks` has them.
    yearly_usd: value of all of it; penalty_usd: of a year in which all of the floor is missed, over floor_frac. hard:
    the floor comes before anything else.
    """

    key: str
    title: str
    mean_per_s: float
    busiest_ratio: float
    interactive: bool
    rack_per_s: Floats = field(compare=False)
    yearly_usd: float
    floor_frac: float
    penalty_usd: float
    hard: bool
    unit: str

    @property
    def asked_per_s(self) -> float:
        """What it asks for in its busiest hours."""
        return self.mean_per_s * self.busiest_ratio

    @property
    def amount_count(self) -> float:
        """What all of it comes to in a year, in `unit`."""
        return self.mean_per_s * SECONDS_PER_YEAR


def works(data: xr.Dataset, asked: Asked, period: str) -> list[Work]:
    """Everything that asks for power in a quarter."""
    at, everything = data.sel(period=period), power_to_serve.asks(data).sel(period=period)
    asks = {kind: power_to_serve.of_kind(everything, kind) for kind in power_to_serve.KINDS}
    valued = {
        "use_case": _inference(at, asked),
        "run": _training(asks["run"], asked),
        "experiment": _experiments(at, asked),
    }
    found = [
        Work(**_asked_for(asks[kind].sel(work=terms["key"])), **terms)
        for kind, rows in valued.items()
        for terms in rows
    ]
    return [work for work in found if work.mean_per_s > 0]


def _asked_for(one: xr.Dataset) -> dict[str, Any]:
    """What a class asks for, by the names of a work's fields."""
    return {
        "mean_per_s": float(one.mean_per_s),
        "busiest_ratio": float(one.busiest_ratio),
        "interactive": bool(one.interactive),
        "rack_per_s": one.rack_per_s.values,
    }


def _inference(at: xr.Dataset, asked: Asked) -> Iterator[dict[str, Any]]:
    """Key, title and value of each class of inference."""
    for key, use in asked.use_cases.items():
        one = at.sel(use_case=key)
        yearly = float(one.demand_tokens_per_s) * SECONDS_PER_YEAR
        usd = yearly / 1e6 * float(one.price_usd_per_mtok * (one.segment_frac * one.segment_price_ratio).sum())
        yield {
            "key": key,
            "title": use.title,
            "yearly_usd": usd * use.social_weight_ratio,
            "floor_frac": use.floor_frac,
            "penalty_usd": yearly / 1e6 * use.floor_penalty_usd_per_mtok,
            "hard": use.hard,
            "unit": "tokens",
        }


def _training(asks: xr.Dataset, asked: Asked) -> Iterator[dict[str, Any]]:
    """Key, title and value of each training run: its penalty for the share of its volume that a year does."""
    for key, run in asked.training_runs.items():
        yearly_flop = float(asks.mean_per_s.sel(work=key)) * SECONDS_PER_YEAR
        yield {
            "key": key,
            "title": run.title,
            "yearly_usd": run.penalty_usd * yearly_flop / run.volume_flop,
            "floor_frac": float(run.hard),
            "penalty_usd": 0.0,
            "hard": run.hard,
            "unit": "FLOP",
        }


def _experiments(at: xr.Dataset, asked: Asked) -> Iterator[dict[str, Any]]:
    """Key, title and value of each class of experiments."""
    for key, use in asked.experiments.items():
        one = at.sel(experiment=key)
        yearly = 4 * float(one.experiment_wish_flop)
        yield {
            "key": key,
            "title": use.title,
            "yearly_usd": yearly * float(one.experiment_worth_usd_per_flop),
            "floor_frac": use.floor_frac,
            "penalty_usd": yearly * float(one.experiment_floor_penalty_usd_per_flop),
            "hard": False,
            "unit": "FLOP",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Pools of a programme, by site and platform.

    power_w, rack_w: power of each and of one rack there, on the programme's basis, (pools,); platform: its position.
    """

    names: tuple[tuple[str, str], ...]
    platform: NDArray[np.int64]
    power_w: Floats
    rack_w: Floats


def standing(data: xr.Dataset, asked: Asked, stock_count: xr.DataArray) -> Fleet:
    """The fleet of a plan, from its racks in service, dims (site, platform)."""
    rack_w = (data.rack_it_w * basis_ratio(data, asked.programme.power_basis)).transpose("site", "platform").values
    stock = stock_count.transpose("site", "platform").values
    sites, platforms = np.nonzero(stock * rack_w > 0)
    return Fleet(
        names=tuple(
            (str(data.site.values[s]), str(data.platform.values[p])) for s, p in zip(sites, platforms, strict=True)
        ),
        platform=platforms,
        power_w=(stock * rack_w)[sites, platforms],
        rack_w=rack_w[sites, platforms],
    )


def to_build(data: xr.Dataset, asked: Asked, period: str, platform: str) -> Fleet:
    """A fleet yet to build: one platform, at the sites in proportion to their energised power, at their mean PUE."""
    share = site_frac(data).sel(period=period)
    sites = np.flatnonzero(share.values > 0)
    position = int(data.indexes["platform"].get_loc(platform))
    rack_w = float(power_to_serve.rack_w(data, asked.programme.power_basis).sel(period=period, platform=platform))
    return Fleet(
        names=tuple((str(data.site.values[s]), platform) for s in sites),
        platform=np.full(sites.size, position),
        power_w=share.values[sites],
        rack_w=np.full(sites.size, rack_w),
    )


def within(
    asks: Sequence[Work], fleet: Fleet, allocation: Allocation, fairness: Fairness, cost_per_w: float
) -> Problem:
    """The problem of a scenario's work on a fleet; what its table [allocation] states goes before what follows."""
    needs = [_need(work, allocation.classes.get(work.key, PowerClass()), fleet, fairness) for work in asks]
    dearest = max((need.weight_per_w for need in needs), default=0.0)
    penalty = {work.key: dearest for work in asks if unpriced(work, allocation)}
    penalty |= {work.key: HARD * dearest for work in asks if work.hard}
    return Problem(
        needs=tuple(replace(need, penalty_per_w=penalty.get(need.key, need.penalty_per_w)) for need in needs),
        names=fleet.names,
        power_w=fleet.power_w,
        cost_per_w=cost_per_w if allocation.cost_per_w is None else allocation.cost_per_w,
        capacity_w=allocation.capacity_w,
    )


def unpriced(work: Work, allocation: Allocation) -> bool:
    """Whether an allocation sets a floor for work, and neither it nor the scenario says what it costs to miss it."""
    use = allocation.classes.get(work.key, PowerClass())
    return bool(use.floor_w) and use.floor_penalty_per_w is None and not work.penalty_usd and not work.hard


def _need(work: Work, use: PowerClass, fleet: Fleet, fairness: Fairness) -> Need:
    """Power for all of a class is that of the mean watt of the pools that may do it."""
    per_w = work.rack_per_s[fleet.platform] / fleet.rack_w * _allowed(use, fleet.names)
    can = per_w > 0
    mean_per_w = float((per_w * fleet.power_w).sum() / fleet.power_w[can].sum())
    demand_w = _or(use.demand_w, work.asked_per_s / mean_per_w)
    return Need(
        key=work.key,
        title=use.title or work.title,
        demand_w=demand_w,
        weight_per_w=_or(use.weight_per_w, fairness.mean_ratio * work.yearly_usd / demand_w),
        floor_w=_or(use.floor_w, work.floor_frac * demand_w),
        penalty_per_w=_or(use.floor_penalty_per_w, work.penalty_usd / demand_w),
        tier=use.tier,
        work_ratio=per_w / mean_per_w,
        amount_count=_or(use.amount_count, work.amount_count),
        unit=use.unit or work.unit,
    )


def _or(stated_: float | None, derived: float) -> float:
    return derived if stated_ is None else stated_


def able(asks: Sequence[Work], fleet: Fleet, classes: Mapping[str, PowerClass]) -> list[Work]:
    """The classes that can run somewhere in a fleet, where they may."""
    return [
        work
        for work in asks
        if (work.rack_per_s[fleet.platform] * _allowed(classes.get(work.key, PowerClass()), fleet.names) > 0).any()
    ]
