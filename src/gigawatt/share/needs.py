"""What each class of work would take of some power, what that is worth, and what power costs: what `allocate` divides.

An allocation by itself states it; in a whole scenario it follows, for a quarter. A class of inference is then worth its
tokens a year × price × mean willingness to pay × social weight, a training run its penalty over its window, experiments
their worth. Interactive work asks for the power of its busiest block, other work for that of the mean; what batch work
could take of quiet hours is not counted, so abundance is on the high side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.programme import counted, unit_costs
from gigawatt.programme.arrays import SECONDS_PER_QUARTER, SECONDS_PER_YEAR
from gigawatt.scenario.allocation import Allocation, PowerClass
from gigawatt.scenario.schema import Asked
from gigawatt.share.divide import Supply, supply
from gigawatt.share.pooling import Pools
from gigawatt.share.waterfill import Claims, Fairness

Floats = NDArray[np.float64]

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

    asked_per_s, rack_per_s: tokens, or operations. yearly_usd: value of all of it; penalty_usd: of a year in which all
    of the floor is missed, over floor_frac. hard: the floor comes before anything else.
    """

    key: str
    title: str
    asked_per_s: float
    rack_per_s: Floats = field(compare=False)
    yearly_usd: float
    floor_frac: float
    penalty_usd: float
    hard: bool
    amount_count: float
    unit: str


def works(data: xr.Dataset, asked: Asked, period: str) -> list[Work]:
    """Everything that asks for power in a quarter."""
    at = data.sel(period=period)
    found = [*_inference(at, asked), *_training(data, at, asked), *_experiments(at, asked)]
    return [work for work in found if work.asked_per_s > 0]


def _inference(at: xr.Dataset, asked: Asked) -> Iterator[Work]:
    for key, use in asked.use_cases.items():
        one = at.sel(use_case=key)
        mean = float(one.demand_tokens_per_s)
        yearly = mean * SECONDS_PER_YEAR
        usd = yearly / 1e6 * float(one.price_usd_per_mtok * (one.segment_frac * one.segment_price_ratio).sum())
        yield Work(
            key=key,
            title=use.title,
            asked_per_s=mean * float(one.block_ratio.max() if use.load == "interactive" else 1.0),
            rack_per_s=counted.tokens_per_s(one).values,
            yearly_usd=usd * use.social_weight_ratio,
            floor_frac=use.floor_frac,
            penalty_usd=yearly / 1e6 * use.floor_penalty_usd_per_mtok,
            hard=use.hard,
            amount_count=yearly,
            unit="tokens",
        )


def _training(data: xr.Dataset, at: xr.Dataset, asked: Asked) -> Iterator[Work]:
    """Runs whose window is open: their volume evenly over it, as far as the largest gang can take it."""
    for key, run in asked.training_runs.items():
        one = at.sel(run=key)
        if not float(one.run_window):
            continue
        quarters = float(data.run_window.sel(run=key).sum())
        needed_flops = run.volume_flop / (quarters * SECONDS_PER_QUARTER)
        gang_flops = float((counted.run_flops(one) * run.largest_gang_count / one.packages_per_rack_count).max())
        doable_frac = min(1.0, gang_flops / needed_flops)
        yield Work(
            key=key,
            title=run.title,
            asked_per_s=needed_flops * doable_frac,
            rack_per_s=counted.run_flops(one).values,
            yearly_usd=run.penalty_usd * doable_frac / (quarters / 4),
            floor_frac=float(run.hard),
            penalty_usd=0.0,
            hard=run.hard,
            amount_count=needed_flops * doable_frac * SECONDS_PER_YEAR,
            unit="FLOP",
        )


def _experiments(at: xr.Dataset, asked: Asked) -> Iterator[Work]:
    for key, use in asked.experiments.items():
        one = at.sel(experiment=key)
        yearly = 4 * float(one.experiment_wish_flop)
        yield Work(
            key=key,
            title=use.title,
            asked_per_s=yearly / SECONDS_PER_YEAR,
            rack_per_s=counted.experiment_flops(one).values,
            yearly_usd=yearly * float(one.experiment_worth_usd_per_flop),
            floor_frac=use.floor_frac,
            penalty_usd=yearly * float(one.experiment_floor_penalty_usd_per_flop),
            hard=False,
            amount_count=yearly,
            unit="FLOP",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Pools of a programme, by site and platform.

    power_w, rack_w: power of each and of one rack there, on the programme's basis, (pools,); platform: its position.
    """

    names: tuple[tuple[str, str], ...]
    platform: NDArray[np.int64]
    power_w: Floats
    rack_w: Floats


def basis_ratio(data: xr.Dataset, asked: Asked) -> xr.DataArray:
    """Power on the programme's basis per watt of IT power, dims (site)."""
    pue = data.pue_peak_ratio
    return pue if asked.programme.power_basis == "facility" else xr.ones_like(pue)


def standing(data: xr.Dataset, asked: Asked, stock_count: xr.DataArray) -> Fleet:
    """The fleet of a plan, from its racks in service, dims (site, platform)."""
    rack_w = (data.rack_it_w * basis_ratio(data, asked)).transpose("site", "platform").values
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
    share = site_frac(data, period)
    sites = np.flatnonzero(share.values > 0)
    position = int(data.indexes["platform"].get_loc(platform))
    rack_w = float(data.rack_it_w.sel(platform=platform) * (basis_ratio(data, asked) * share).sum())
    return Fleet(
        names=tuple((str(data.site.values[s]), platform) for s in sites),
        platform=np.full(sites.size, position),
        power_w=share.values[sites],
        rack_w=np.full(sites.size, rack_w),
    )


def site_frac(data: xr.Dataset, period: str) -> xr.DataArray:
    """Share of the power that is energised in a quarter, dims (site); alike where there is none yet."""
    ramp = data.ramp_w.sel(period=period)
    total = float(ramp.sum())
    return ramp / total if total > 0 else xr.full_like(ramp, 1 / ramp.size)


def sold(data: xr.Dataset, period: str) -> list[str]:
    """Platforms that are delivered in a quarter; those delivered before where none is; none where none ever was."""
    supply = (data.in_pool_count * data.supply_count).sum("pool")
    for some in (supply.sel(period=period), supply.sel(period=slice(None, period)).sum("period")):
        found = [str(key) for key in data.platform.values[some.transpose("platform").values > 0]]
        if found:
            return found
    return []


def cheapest(data: xr.Dataset, asked: Asked, period: str, asks: Sequence[Work]) -> str | None:
    """The platform on which all work would cost least a year, of those sold that can do it; None where none can."""
    cost_per_w = yearly_cost_usd_per_w(data, asked, period)
    costs = {}
    for key in sold(data, period):
        at = int(data.indexes["platform"].get_loc(key))
        if all(work.rack_per_s[at] > 0 for work in asks):
            racks = sum(work.asked_per_s / work.rack_per_s[at] for work in asks)
            costs[key] = racks * float((data.rack_it_w * cost_per_w).sel(platform=key))
    return min(costs, key=lambda key: costs[key]) if costs else None


def yearly_cost_usd_per_w(data: xr.Dataset, asked: Asked, period: str) -> xr.DataArray:
    """What a watt has to bring in a year [USD/W], dims (platform), on the programme's basis, for racks of a quarter.

    (Annuities of racks with network and of shells, rent, energy and operation) over the share of revenue that is left
    for compute; sites in proportion to their energised power.
    """
    finance, share = asked.finance, site_frac(data, period)
    racks = unit_costs.rack_cost_usd(data, asked).sel(period=period) / data.rack_it_w
    shells = data.shell_usd_per_w * dollars.recovery_frac(finance.discount_per_year, finance.shell_life_years)
    housing = (shells + data.yearly_rent_usd_per_w) * data.pue_peak_ratio
    running = 4 * unit_costs.running_cost_usd_per_w(data, asked)
    yearly = racks * dollars.recovery_frac(finance.discount_per_year, finance.rack_life_years)
    per_it = yearly + ((housing + running) * share).sum("site")
    return per_it / (basis_ratio(data, asked) * share).sum("site") / (1 - finance.non_compute_frac)


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
