"""Every step of a span, as arrays in float64: what timeline and totals are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme import opening
from gigawatt.programme.money import mean_stock
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import contracts, curtailment, limits, power, racks, sharing, storage, tide, training
from gigawatt.simulation.calendar import Span
from gigawatt.simulation.outdoors import Outdoors, SiteYear, outdoors, site_years


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One span. Shapes: h steps, s sites, p pairs of site and platform, j jobs (classes of inference, experiments).

    work_count (h, p, j): working racks on each job; training: what gangs do; draw_w (h, p): IT power of each pair;
    it_w (h, s); price_usd_per_wh, carbon_kg_per_wh (h, s); curtailed_w (h, s): facility power given up to limits.
    storage: what batteries do; demand_usd (s): charges on highest hours. swung_w (2, h, s): facility power while the
    racks of all gangs compute at once, without and with storage in the racks. full_w (p): IT power of a rack at full
    use. calls: what contracts to curtail took.
    """

    span: Span
    racks: racks.Racks
    jobs: sharing.Jobs
    work_count: Floats
    training: training.Progress
    draw_w: Floats
    it_w: Floats
    facility: power.FacilityPower
    extremes: power.Extremes
    price_usd_per_wh: Floats
    carbon_kg_per_wh: Floats
    curtailed_w: Floats
    storage: storage.Flows
    demand_usd: Floats
    swung_w: Floats
    full_w: Floats
    calls: contracts.Calls

    @property
    def facility_w(self) -> Floats:
        """Power of IT and of all that serves it, (h, s)."""
        return self.it_w + self.facility.loss_w

    @property
    def grid_w(self) -> Floats:
        """Power drawn from the grid, (h, s): that of the facility, and what its battery takes less what it gives."""
        return self.storage.grid_w(self.facility_w)

    @property
    def busy_count(self) -> Floats:
        """Racks that work on something, (h, p)."""
        return self.work_count.sum(axis=2) + self.training.working_count.sum(axis=2)

    @property
    def done_per_s(self) -> Floats:
        """Tokens or FLOP per second of each job on each pair, (h, p, j)."""
        return self.work_count * self.jobs.rate_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What all spans share: the scenario's arrays, made once."""

    scenario: Scenario
    at: racks.Pairs
    work: sharing.SharedWork
    gangs: training.Gangs
    tide: Floats
    peak: NDArray[np.bool_]
    years: list[SiteYear]
    plants: list[watts.Cooling]
    curves: list[watts.PowerCurve]
    design_w: Floats
    shell_w: Floats
    start_design_w: Floats
    start_shell_w: Floats
    full_w: Floats
    terms: list[storage.Terms]
    events: tuple[limits.Event, ...]
    weekly: bool


def world(
    scenario: Scenario,
    plan: Plan,
    at: racks.Pairs,
    events: Sequence[limits.Event],
    weekly: bool,
    years: list[SiteYear] | None = None,
) -> World:
    """What all spans of a plan share. years: of the scenario's sites, where the caller has them already."""
    asked, records, data = scenario.asked, scenario.records, plan.inputs
    stock = _stock_count(plan, at)
    day, peak = tide.tide(data, asked)
    curves = {"training": to_watts.power_curve_of(records.training_curve)}
    serving = to_watts.power_curve_of(records.inference_curve)
    return World(
        scenario=scenario,
        at=at,
        work=shared_work(scenario, plan, at),
        gangs=training.gangs(scenario, plan, at, stock),
        tide=day,
        peak=peak,
        years=site_years(scenario) if years is None else years,
        plants=[to_watts.cooling_of(records.cooling[site.cooling]) for site in records.sites.values()],
        curves=[curves.get(tier.work, serving) for tier in asked.simulate.tiers],
        design_w=power.design_power(plan.data, data),
        shell_w=plan.data.shell_w.transpose("period", "site").values,
        start_design_w=power.start_power(data),
        start_shell_w=opening.start_shell_w(data).values,
        full_w=data.rack_it_w.values[at.platform] * asked.operations.load_factor_frac,
        terms=storage.terms(scenario, weekly),
        events=tuple(events),
        weekly=weekly,
    )


def shared_work(scenario: Scenario, plan: Plan, at: racks.Pairs) -> sharing.SharedWork:
    """What racks may do beside training runs in every quarter of a plan."""
    asked = scenario.asked
    order = [tier.work for tier in reversed(asked.simulate.tiers)]
    available_frac = asked.operations.availability_frac
    return sharing.work(plan.data, plan.inputs, _stock_count(plan, at), at.platform, available_frac, order)


def _stock_count(plan: Plan, at: racks.Pairs) -> Floats:
    """Racks of each pair in service, mean of every quarter, (period, pair)."""
    found = mean_stock(plan.data.stock_count, opening.start_count(plan.inputs))
    return np.asarray(found.transpose("period", "site", "platform").values[:, at.site, at.platform])


def live_span(of: World, span: Span, fleet: racks.Racks) -> Hours:
    """The steps of a span: who works where, what that draws, and who gives way where the draw is limited.

    Where contracts call in a representative week its steps are lived through in several states, of which the mean is
    kept.
    """
    air = outdoors(of.years, span, of.scenario.quarters, of.weekly)
    met = contracts.states(of.scenario, span, of.years, air, of.weekly)
    asked = _asked(of, span, fleet, met)
    called = _under(of, asked, met.called)
    free = called if not met.called.any() else _under(of, asked, np.zeros_like(met.called))
    lived, quarters = _mean(met, called.lived), of.scenario.quarters
    it_w, outside = _by_site(of, lived.draw_w), _outside(met, called)
    facility_w, price = it_w + outside.loss_w, _paid(met, called)
    shell_w = power.during(of.shell_w, span, quarters, of.weekly, of.start_shell_w)
    ceiling_w = called.ceiling_w[: span.count]  # batteries stand idle in weeks, which alone have several states
    flows = storage.schedule(of.terms, span, quarters, facility_w, ceiling_w, shell_w, price)
    done = _trained(of, span, fleet, lived)
    without = done if free is called else _trained(of, span, fleet, _mean(met, free.lived))
    return Hours(
        span=span,
        racks=fleet,
        jobs=_of_week(asked.use, span.count),
        work_count=lived.work_count,
        training=done,
        draw_w=lived.draw_w,
        it_w=it_w,
        facility=outside,
        extremes=_extremes(of, span, air, it_w, outside),
        price_usd_per_wh=price,
        carbon_kg_per_wh=np.stack([one.carbon_kg_per_wh for one in air], axis=1),
        curtailed_w=met.mean(np.where(called.gave_way, np.maximum(asked.before_w - called.facility_w, 0.0), 0.0)),
        storage=flows,
        demand_usd=storage.demand_usd(of.terms, span, quarters, flows.grid_w(facility_w)),
        swung_w=_swung(of, lived.draw_w, done.working_count.sum(axis=2), facility_w),
        full_w=of.full_w,
        calls=contracts.no_calls(met.called[: span.count], asked.use, done.flops)
        if free is called
        else _calls(met, asked, called, free, without.flops - done.flops),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hours:
    """gang_count (h, p, r), pace (h, p) of gangs under a cap, work_count (h, p, j), draw_w (h, p)."""

    gang_count: Floats
    pace: Floats
    work_count: Floats
    draw_w: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A span in all its states, and who works where in it if there is power for all, which draws before_w (h, s)."""

    span: Span
    fleet: racks.Racks
    air: list[Outdoors]
    use: sharing.Jobs
    wanted: _Hours
    outside: power.FacilityPower
    before_w: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Under:
    """A span in all its states under limits: the most that a site may draw, ceiling_w, and where it is limited."""

    lived: _Hours
    it_w: Floats
    outside: power.FacilityPower
    ceiling_w: Floats
    gave_way: sharing.Mask

    @property
    def facility_w(self) -> Floats:
        return self.it_w + self.outside.loss_w


def _asked(of: World, span: Span, fleet: racks.Racks, met: contracts.States) -> _Asked:
    """The span in all states without limits."""
    count = len(met.weight)
    wide = replace(span, count=span.count * count)
    fleet = fleet if count == 1 else racks.repeated(fleet, count)
    hour = wide.hour_of_day()
    weight = None if count == 1 else met.weight.ravel()
    use = sharing.jobs(of.work, span.period, of.tide[hour], of.peak[hour], weight)
    wanted = _unlimited(of, wide, fleet, use)
    it_w = _by_site(of, wanted.draw_w)
    outside = _facility(of, wide, met.air, it_w)
    return _Asked(
        span=wide,
        fleet=fleet,
        air=met.air,
        use=use,
        wanted=wanted,
        outside=outside,
        before_w=it_w + outside.loss_w,
    )


def _under(of: World, asked: _Asked, called: sharing.Mask) -> _Under:
    """The same under the limits of the scenario, with the calls of contracts."""
    span, air, before_w = asked.span, asked.air, asked.before_w
    shell_w = power.during(of.shell_w, span, of.scenario.quarters, of.weekly, of.start_shell_w)
    bounds = limits.limits(of.scenario, span, air, shell_w, called, of.events, of.weekly)
    ceiling_w = storage.ceilings(bounds, before_w)
    left = storage.relieved(of.terms, span, bounds, before_w, ceiling_w, shell_w)
    lived, outside = asked.wanted, asked.outside
    it_w = _by_site(of, lived.draw_w)
    if left.binding(before_w):
        lived = _limited(of, span, asked.fleet, asked.use, asked.wanted, left, air)
        it_w = _by_site(of, lived.draw_w)
        outside = _facility(of, span, air, it_w)
    gave_way = np.isfinite(bounds.most_w) | bounds.reduced | bounds.stopped.any(axis=2)
    return _Under(lived=lived, it_w=it_w, outside=outside, ceiling_w=ceiling_w, gave_way=gave_way)


def _trained(of: World, span: Span, fleet: racks.Racks, lived: _Hours) -> training.Progress:
    return training.progress(
        of.scenario, of.gangs, of.at, fleet, span.period, span.step_h, lived.pace, lived.gang_count
    )


def _mean(met: contracts.States, lived: _Hours) -> _Hours:
    """The mean over all states; pace is that of the racks at work."""
    if len(met.weight) == 1:
        return lived
    gangs = lived.gang_count.sum(axis=2)
    at_work = met.mean(gangs)
    return _Hours(
        gang_count=met.mean(lived.gang_count),
        pace=np.where(at_work > 0, sharing.ratio(met.mean(gangs * lived.pace), at_work), 1.0),
        work_count=met.mean(lived.work_count),
        draw_w=met.mean(lived.draw_w),
    )


def _outside(met: contracts.States, under: _Under) -> power.FacilityPower:
    """The mean over all states; PUE is that of the mean powers."""
    found = under.outside
    if len(met.weight) == 1:
        return found
    it_w, loss_w = met.mean(under.it_w), met.mean(found.loss_w)
    idle = met.mean(found.pue_ratio)
    return power.FacilityPower(
        pue_ratio=np.where(it_w > 0, 1 + sharing.ratio(loss_w, it_w), idle),
        loss_w=loss_w,
        planned_ratio=met.mean(found.planned_ratio),
        water_l_per_h=met.mean(found.water_l_per_h),
    )


def _paid(met: contracts.States, under: _Under) -> Floats:
    """What energy costs in each step, (h, s): the mean price of what is drawn in its states."""
    price = np.stack([one.price_usd_per_wh for one in met.air], axis=1)
    drawn_w = met.mean(under.facility_w)
    paid = sharing.ratio(met.mean(price * under.facility_w), drawn_w)
    return price if len(met.weight) == 1 else np.where(drawn_w > 0, paid, met.mean(price))


def _of_week(use: sharing.Jobs, steps: int) -> sharing.Jobs:
    """The jobs of one state: they are the same in all of them."""
    cut = {name: getattr(use, name)[:steps] for name in ("own_count", "asked_per_s", "promised_per_s")}
    return replace(use, **cut, weight=None)


def _calls(met: contracts.States, asked: _Asked, called: _Under, free: _Under, lost_flops: Floats) -> contracts.Calls:
    """What the calls of contracts took, against the same span without them."""
    drawn_w = free.facility_w  # what prices or events take anyway, a call does not ask for
    asked_w, slowed_w = (
        np.where(met.called, np.maximum(drawn_w - left_w, 0.0), 0.0) for left_w in (called.ceiling_w, called.facility_w)
    )
    lost = free.lived.work_count - called.lived.work_count
    return contracts.Calls(
        called_frac=met.mean(met.called.astype(float)),
        unasked_frac=met.mean((met.called & (asked_w <= storage.ROUNDING_FRAC * drawn_w)).astype(float)),
        asked_w=met.mean(asked_w),
        slowed_w=met.mean(slowed_w),
        begun_count=met.begun_count,
        lost_per_s=met.mean(np.einsum("hpj,pj->hj", lost, asked.use.rate_per_s)),
        lost_flops=lost_flops,
    )


def _unlimited(of: World, span: Span, fleet: racks.Racks, use: sharing.Jobs) -> _Hours:
    """Who works where if there is power for all."""
    gangs = training.working(of.gangs, span.period, fleet.up_count)
    free = np.maximum(fleet.up_count - gangs.sum(axis=2), 0.0)
    done = sharing.share(use, free)
    busy = gangs.sum(axis=2) + done.sum(axis=2)
    draw = of.full_w * (busy + of.scenario.asked.operations.idle_draw_frac * np.maximum(fleet.up_count - busy, 0.0))
    return _Hours(gang_count=gangs, pace=np.ones_like(free), work_count=done, draw_w=draw)


def _limited(
    of: World,
    span: Span,
    fleet: racks.Racks,
    use: sharing.Jobs,
    wanted: _Hours,
    bounds: curtailment.Limits,
    air: Sequence[Outdoors],
) -> _Hours:
    """Who works where under limits: tiers slow at the site that is limited, and what is left is shared again.

    Work that lost its racks takes idle ones, or those of a lower tier, elsewhere, but not at a site that has a limit of
    its own; batch work also at other hours. In hours in which a site is limited its idle racks stay off.
    """
    tiers: list[str] = [tier.work for tier in of.scenario.asked.simulate.tiers]
    idle_frac = of.scenario.asked.operations.idle_draw_frac
    member: dict[str, sharing.Mask] = dict(
        zip([name for name in reversed(tiers) if name != "training"], use.tiers, strict=True)
    )
    gangs = wanted.gang_count.sum(axis=2)
    count = np.stack(
        [gangs if name == "training" else wanted.work_count[..., member[name]].sum(axis=2) for name in tiers], axis=-1
    )
    idle = np.maximum(fleet.up_count - count.sum(axis=2), 0.0)
    tier_w = np.stack([_by_site(of, count[..., k] * of.full_w) for k in range(len(tiers))], axis=-1)
    slowed = _within(of, span, air, tier_w, _by_site(of, idle * of.full_w * idle_frac), bounds)
    slow = (slowed.power_frac < 1).any(axis=2) | (slowed.idle_frac < 1)
    tight = (slow | (np.isfinite(bounds.most_w) & slow.any(axis=1, keepdims=True)))[:, of.at.site]
    kept = slowed.power_frac[:, of.at.site]
    running, pace = curtailment.speeds(kept, of.curves)
    train = tiers.index("training")
    gang_count = training.working(of.gangs, span.period, np.where(tight, gangs * running[..., train], fleet.up_count))
    serving = np.arange(len(tiers)) != train
    able = (count * running * pace)[..., serving].sum(axis=2)
    free = np.where(tight, able, np.maximum(fleet.up_count - gang_count.sum(axis=2), 0.0))
    done = sharing.share(use, free, _barred(of, bounds, tiers, member))
    rack_w = of.full_w * np.where(tight, sharing.ratio((count * kept)[..., serving].sum(axis=2), able), 1.0)
    cap = np.maximum(kept[..., train], of.curves[train].least_frac)
    busy = done.sum(axis=2)
    draw = of.full_w * cap * gang_count.sum(axis=2) + rack_w * (busy + idle_frac * np.maximum(free - busy, 0.0))
    return _Hours(gang_count=gang_count, pace=pace[..., train], work_count=done, draw_w=draw)


def _barred(
    of: World, bounds: curtailment.Limits, tiers: Sequence[str], member: Mapping[str, sharing.Mask]
) -> sharing.Mask:
    """Jobs that the price of energy stops at a pair's site, (h, p, j)."""
    stopped = bounds.stopped[:, of.at.site]
    serving = [k for k, name in enumerate(tiers) if name in member]
    return np.any([stopped[..., k, None] & member[tiers[k]] for k in serving], axis=0)


# Rounds in which the PUE of the power that is left, and the power that it leaves, agree to a few parts in a million,
# and to one in a thousand where the plant itself takes half of it.
_ROUNDS = 10


def _within(
    of: World, span: Span, air: Sequence[Outdoors], tier_w: Floats, idle_w: Floats, bounds: curtailment.Limits
) -> curtailment.Slowed:
    """What the tiers of each site keep, so that facility power is within its limits."""
    least = np.array([curve.least_frac for curve in of.curves])
    it_w = tier_w.sum(axis=2) + idle_w
    wanted_w = it_w * _facility(of, span, air, it_w).pue_ratio
    slowed = curtailment.slow(tier_w, idle_w, np.full_like(it_w, np.inf), bounds.stopped, least)
    for _ in range(_ROUNDS):
        left_w = (tier_w * slowed.power_frac).sum(axis=2) + idle_w * slowed.idle_frac
        budget_w = curtailment.budgets(wanted_w, bounds, _facility(of, span, air, left_w).pue_ratio)
        slowed = curtailment.slow(tier_w, idle_w, budget_w, bounds.stopped, least)
    return slowed


def _facility(of: World, span: Span, air: Sequence[Outdoors], it_w: Floats) -> power.FacilityPower:
    planned = of.scenario.asked.operations.load_factor_frac
    return power.facility_power(it_w, _design(of, span), air, of.plants, planned)


def _extremes(
    of: World, span: Span, air: Sequence[Outdoors], it_w: Floats, outside: power.FacilityPower
) -> power.Extremes:
    """What a representative week cannot hold; where every hour is lived through, its PUE is that of the hours."""
    found = power.extremes(it_w, _design(of, span), air, of.plants, span.count * span.weight_h)
    if of.weekly:
        return found
    return replace(found, pue_ratio=outside.pue_ratio, weight_wh=it_w * span.weight_h)


def _design(of: World, span: Span) -> Floats:
    return power.during(of.design_w, span, of.scenario.quarters, of.weekly, of.start_design_w)


def _swung(of: World, draw_w: Floats, gang_count: Floats, facility_w: Floats) -> Floats:
    """Facility power while the racks of all gangs compute at once, and so with storage in the racks, (2, h, s).

    The swing is too quick for cooling, so that it adds to IT power alone. gang_count: racks of gangs at work, (h, p).
    """
    record = of.scenario.records.reliability
    gang_w = _by_site(of, np.minimum(gang_count * of.full_w, draw_w))
    peaks = [watts.peak_power(gang_w, record.gang_swing_frac, part) for part in (0.0, record.gang_smoothing_frac)]
    return np.stack([facility_w + peak - gang_w for peak in peaks])


def _by_site(of: World, by_pair: Floats) -> Floats:
    """Sum over the pairs of each site, (h, p) → (h, s)."""
    member = of.at.site[:, None] == np.arange(len(of.years))
    return by_pair @ member.astype(float)
