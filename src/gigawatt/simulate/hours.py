"""Every hour of every representative week, as arrays in float64: what timeline and totals are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog import facility
from gigawatt.plan.inputs import HOURS_PER_QUARTER
from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import expected, power, sharing, tide, weeks

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Shapes: t periods, h hours of the week, s sites, g platforms, j jobs (classes of inference, then experiments).

    work_count (t, h, g, j): working racks on each job; busy_count (t, h, g): those and the racks that training runs
    hold; train_flops (t, run): useful operations per second of the runs, the same in every hour; rack_w (g): IT power
    of a rack at full use; it_w (t, h, s).
    """

    fleet: expected.Fleet
    jobs: sharing.Jobs
    work_count: Floats
    busy_count: Floats
    train_flops: Floats
    rack_w: Floats
    idle_frac: float
    it_w: Floats
    facility: power.Facility
    extremes: power.Extremes
    carbon_kg_per_wh: Floats

    @property
    def facility_w(self) -> Floats:
        """Power drawn from the grid, (t, h, s)."""
        return self.it_w * self.facility.pue_ratio

    @property
    def carbon_kg(self) -> Floats:
        """Carbon of each hour, (t, h, s)."""
        return self.facility_w * self.carbon_kg_per_wh

    @property
    def busy_frac(self) -> Floats:
        """Share of the working racks of a platform that work on something, (t, h, g)."""
        return sharing.ratio(self.busy_count, self.fleet.up_count.sum(axis=1)[:, None, :])

    @property
    def done_per_s(self) -> Floats:
        """Tokens or FLOP per second of each job on each platform, (t, h, g, j)."""
        return self.work_count * self.jobs.rate_per_s[:, None]


def live(scenario: Scenario, plan: Plan) -> Hours:
    """The hours of a plan: who works where, then what that draws in the weather of the week."""
    asked, data = scenario.asked, plan.inputs
    availability = asked.operations.availability_frac
    fleet = expected.fleet(plan.data, availability)
    up = fleet.up_count.sum(axis=1)
    demand, peak = tide.tide(data, asked)
    jobs = sharing.jobs(plan.data, data, demand, peak, up, availability)
    held, train_flops = _training(plan)
    held = np.minimum(held * availability, up)
    free = (up - held)[:, None, :]
    work = sharing.share(jobs, np.broadcast_to(free, (len(up), weeks.WEEK_HOURS, up.shape[1])))
    busy = np.minimum(held[:, None, :] + work.sum(axis=3), up[:, None, :])
    rack_w = data.rack_it_w.values * asked.operations.load_factor_frac
    idle_frac = asked.operations.idle_draw_frac
    it_w = power.it_power(fleet, sharing.ratio(busy, up[:, None, :]), rack_w, idle_frac)
    surroundings, extremes = _outdoors(scenario, it_w, power.design_power(plan.data, data))
    return Hours(
        fleet=fleet,
        jobs=jobs,
        work_count=work,
        busy_count=busy,
        train_flops=train_flops,
        rack_w=rack_w,
        idle_frac=idle_frac,
        it_w=it_w,
        facility=surroundings,
        extremes=extremes,
        carbon_kg_per_wh=np.array([site.carbon_kg_per_wh for site in scenario.records.sites.values()]),
    )


def _training(plan: Plan) -> tuple[Floats, Floats]:
    """Racks in service that training runs hold, (period, platform), and their FLOP/s, (period, run)."""
    sizes = plan.inputs.sizes
    if not sizes["run"]:
        return np.zeros((sizes["period"], sizes["platform"])), np.zeros((sizes["period"], 0))
    held = plan.data.train_count
    flops = (held * plan.inputs.run_rack_flops).sum("platform")
    return held.sum("run").transpose("period", "platform").values, flops.transpose("period", "run").values


def _outdoors(scenario: Scenario, it_w: Floats, design_w: Floats) -> tuple[power.Facility, power.Extremes]:
    """The facility in the weather of its weeks, and in that of every hour of the year."""
    sites, planned_frac = scenario.records.sites, scenario.asked.operations.load_factor_frac
    air = list(weeks.weather(scenario).values())
    plants = [facility.cooling_of(scenario.records.cooling[site.cooling]) for site in sites.values()]
    load = power.load(it_w, design_w[:, None, :])
    at = weeks.season(scenario.quarters)
    surroundings = power.facility_power(it_w, load, air, plants, at, planned_frac)
    return surroundings, power.extremes(it_w, design_w, air, plants, scenario.quarters, HOURS_PER_QUARTER)
