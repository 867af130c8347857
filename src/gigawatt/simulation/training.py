"""Training runs as gangs: which racks of which site each holds, and what failures leave of its work.

A gang stands at one site, on racks of one platform. In each quarter the racks that the plan gives a run are taken where
most of their platform stand, so that gangs are few and large. A gang has as many racks as the plan counts to work, and
shrinks with what is up to `gang_least_frac` of them; below that it waits. Runs come in the order of the scenario.
Shapes: h steps, p pairs of site and platform, r runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation.failures import HITS, cohort_key, stream
from gigawatt.simulation.racks import Pairs, Racks
from gigawatt.simulation.sharing import ratio
from gigawatt.units import HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Gangs:
    """The gangs of every quarter.

    racks_count (t, p, r): working racks that a run's gangs hold at a pair; gangs_count (t, p, r): how many gangs they
    are; rack_flops (t, p, r): operations per second of a working rack when nothing fails and nothing is saved.
    least_frac: share of its racks with which a gang still works.
    """

    racks_count: Floats
    gangs_count: Floats
    rack_flops: Floats
    least_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gang:
    """The racks of one run at one pair in one quarter: gangs_count gangs of packages_count packages each."""

    period: int
    pair: int
    run: int
    gangs_count: int
    packages_count: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What gangs do in a span: working_count (h, p, r), racks at work; flops (h, r), useful operations per second;
    held_h, useful_h: rack-steps that gangs hold, and those of them that end up as progress."""

    working_count: Floats
    flops: Floats
    held_h: float
    useful_h: float


def gangs(scenario: Scenario, plan: Plan, at: Pairs, stock_count: Floats) -> Gangs:
    """The gangs of a plan. stock_count: racks of each pair in service, (t, p)."""
    inputs, operations = plan.inputs, scenario.asked.operations
    held = held_count(scenario, plan, at, stock_count)
    largest = inputs.run_gang_count.values
    goodput = tokens.effective_frac(
        largest, operations.package_failures_per_h, operations.checkpoint_s, operations.restart_s
    )
    flops = inputs.run_rack_flops.transpose("period", "platform", "run").values / np.asarray(goodput)
    return Gangs(
        racks_count=held,
        gangs_count=np.ceil(held * at.packages_count[:, None] / largest),
        rack_flops=flops[:, at.platform],
        least_frac=scenario.records.reliability.gang_least_frac,
    )


def held_count(scenario: Scenario, plan: Plan, at: Pairs, stock_count: Floats) -> Floats:
    """Working racks that the gangs of each run hold at each pair, (..., t, p, r); stock_count: (..., t, p)."""
    if not plan.inputs.sizes["run"]:
        return np.zeros((*stock_count.shape, 0))
    planned = plan.data.train_count.transpose(..., "period", "platform", "run").values
    return _placed(planned, at.platform, stock_count) * scenario.asked.operations.availability_frac


def _placed(planned: Floats, platform: NDArray[np.intp], stock_count: Floats) -> Floats:
    """Racks of each run at each pair, (..., p, r), from those by platform (..., g, r): pairs with the most racks first.

    stock_count: (..., p).
    """
    stock = stock_count.reshape(-1, stock_count.shape[-1])
    wanted = np.maximum(np.broadcast_to(planned, (*stock_count.shape[:-1], *planned.shape[-2:])), 0.0)
    left = wanted.reshape(len(stock), *wanted.shape[-2:]).copy()
    placed, row = np.zeros((*stock.shape, left.shape[2])), np.arange(len(stock))
    for pair in np.argsort(-stock, axis=1, kind="stable").T:
        lacking = left[row, platform[pair]]
        before = np.cumsum(lacking, axis=1) - lacking
        here = np.clip(stock[row, pair][:, None] - before, 0, lacking)
        placed[row, pair] = here
        left[row, platform[pair]] = lacking - here
    return placed.reshape(*stock_count.shape, -1)


def working(of: Gangs, period: int, up_count: Floats) -> Floats:
    """Racks at work in each gang, (h, p, r). up_count: racks that may work, (h, p)."""
    return at_work_count(of.racks_count[period], of.least_frac, up_count)


def at_work_count(wanted_count: Floats, least_frac: float, up_count: Floats) -> Floats:
    """Racks at work in each gang, (..., p, r), of those it wants, (..., p, r), where so many may work, (..., p)."""
    shape = np.broadcast_shapes(up_count.shape, wanted_count.shape[:-1])
    racks, left = np.zeros((wanted_count.shape[-1], *shape)), np.broadcast_to(up_count, shape)
    for run, wanted in enumerate(np.moveaxis(wanted_count, -1, 0)):
        racks[run] = np.where(left >= least_frac * wanted, np.minimum(wanted, left), 0.0)
        left = left - racks[run]
    return np.moveaxis(racks, 0, -1)


def progress(
    scenario: Scenario, of: Gangs, at: Pairs, fleet: Racks, period: int, step_h: float, pace: Floats, racks: Floats
) -> Progress:
    """What the gangs of a span do.

    pace: speed under a power cap, (h, p); racks: racks at work in each gang, (h, p, r), as `working` gives. Where the
    fleet's faults have a date a gang is walked through them, else it makes its expected progress [tokens.goodput].
    """
    flops, useful_h = np.zeros((len(racks), racks.shape[2])), 0.0
    here = _of_quarter(of, at, period)
    drawn = fleet.fault_h.size > 0
    shares = (
        _walked(scenario, at, fleet, here, racks, step_h) if drawn else _expected(scenario, at, fleet, here, step_h)
    )
    for gang, kept in zip(here, shares, strict=True):
        useful = racks[:, gang.pair, gang.run] * kept * pace[:, gang.pair]
        flops[:, gang.run] += useful * of.rack_flops[period, gang.pair, gang.run]
        useful_h += float(useful.sum() * step_h)
    return Progress(
        working_count=racks,
        flops=flops,
        held_h=float(of.racks_count[period].sum() * len(racks) * step_h),
        useful_h=useful_h,
    )


def _of_quarter(of: Gangs, at: Pairs, period: int) -> list[Gang]:
    """The gangs of a quarter, pair by pair."""
    pair, run = np.nonzero(of.racks_count[period])
    count = of.gangs_count[period, pair, run]
    packages = of.racks_count[period, pair, run] * at.packages_count[pair] / count
    columns = (values.tolist() for values in (pair, run, count.astype(int), packages))
    return [
        Gang(period=period, pair=p, run=r, gangs_count=n, packages_count=each)
        for p, r, n, each in zip(*columns, strict=True)
    ]


def _expected(scenario: Scenario, at: Pairs, fleet: Racks, here: list[Gang], step_h: float) -> Iterable[Floats]:
    """Share of a span that ends up as progress of each gang, by exact renewal at the mean rate of its failures."""
    operations, pair = scenario.asked.operations, [gang.pair for gang in here]
    up = (fleet.stock_count - fleet.down_count)[:, pair].mean(axis=0)
    rack_faults_per_h = ratio(fleet.failures_count[:, pair].sum(axis=2).mean(axis=0) / step_h, up)
    package_faults_per_h = rack_faults_per_h / at.packages_count[pair]
    packages = np.array([gang.packages_count for gang in here])
    return np.asarray(
        tokens.effective_frac(packages, package_faults_per_h, operations.checkpoint_s, operations.restart_s)
    )


def _walked(
    scenario: Scenario, at: Pairs, fleet: Racks, here: list[Gang], racks: Floats, step_h: float
) -> Iterable[Floats]:
    """Share of each step that ends up as progress of each gang, through the faults that happen."""
    operations = scenario.asked.operations
    rate_per_s = np.array([gang.packages_count for gang in here]) * operations.package_failures_per_h / HOUR_S
    interval_h = np.asarray(tokens.best_interval_s(rate_per_s, operations.checkpoint_s)) / HOUR_S
    for gang, interval in zip(here, interval_h.tolist(), strict=True):
        yield _walked_one(scenario, at, fleet, gang, racks[:, gang.pair, gang.run], step_h, interval)


def _walked_one(
    scenario: Scenario, at: Pairs, fleet: Racks, gang: Gang, racks: Floats, step_h: float, interval_h: float
) -> Floats:
    """Of one run at one pair, the mean of its gangs there. interval_h: from one checkpoint to the next."""
    from gigawatt.simulation.gangs import walk

    operations = scenario.asked.operations
    event_h = fleet.fault_h[fleet.fault_pair == gang.pair]
    up = (fleet.stock_count - fleet.down_count)[:, gang.pair]
    kept = np.zeros(len(racks))
    for number in range(gang.gangs_count):
        key = (*cohort_key(*at.names[gang.pair], gang.period), gang.run, number)
        hours = walk(
            event_h=event_h,
            draw_frac=stream(scenario.asked.seed, key, HITS).random(len(event_h)),
            working_count=racks / gang.gangs_count,
            up_count=np.maximum(up, racks),
            speed_ratio=np.ones(len(racks)),
            interval_h=interval_h / step_h,
            checkpoint_h=operations.checkpoint_s / HOUR_S / step_h,
            restart_h=operations.restart_s / HOUR_S / step_h,
            starts_cold=True,
        )
        kept += hours.progress_h / gang.gangs_count
    return kept
