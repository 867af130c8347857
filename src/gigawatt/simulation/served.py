"""What many futures of a plan serve: tokens of every quarter in the expected mode, and nothing else.

Where no contract calls and no price stops a tier, a representative week is seven equal days in which the same racks
work, so that the hours of one day stand for it, and the quarters of a future are lived through at once. Elsewhere the
timeline's own weeks are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme import money, opening
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import expected, sharing, tide, training
from gigawatt.simulation.outdoors import SiteYear
from gigawatt.simulation.racks import Pairs
from gigawatt.simulation.timeline import lived_totals


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedTokens:
    """Tokens of each quarter in many futures, shapes (draw, t, class): asked for, and served of them."""

    demand_tokens: Floats
    served_tokens: Floats

    @property
    def unserved_tokens(self) -> Floats:
        """What is asked for and not served."""
        return np.maximum(self.demand_tokens - self.served_tokens, 0.0)


def served(scenarios: Sequence[Scenario], plan: Plan, at: Pairs, years: Sequence[SiteYear]) -> ServedTokens:
    """Tokens that a plan serves in each of many futures.

    scenarios: as it is in each of them, which differ in the failures of packages alone as far as this is concerned.
    plan: its data and inputs have the dim `draw` before others, inputs where they differ. at: pairs that may hold
    racks. years: of the sites of the scenario.
    """
    one = scenarios[0]
    if is_limited(one, years):
        return _week_by_week(scenarios, plan, years)
    stock = _by_pair(money.mean_stock(plan.data.stock_count, opening.start_count(plan.inputs)), at)
    failures = [scenario.asked.operations.package_failures_per_h for scenario in scenarios]
    up = expected.working_counts(one, plan, at, failures, np.maximum(_by_pair(plan.data.install_count, at), 0.0))
    least_frac = one.records.reliability.gang_least_frac
    gangs = training.at_work_count(training.held_count(one, plan, at, stock), least_frac, up)
    free = np.maximum(up - gangs.sum(axis=-1), 0.0)
    order = [tier.work for tier in reversed(one.asked.simulate.tiers)]
    availability = one.asked.operations.availability_frac
    work = sharing.work(plan.data, plan.inputs, stock, at.platform, availability, order)
    day, peak = tide.tide(plan.inputs, one.asked)
    found = [_day(_of_draw(work, draw), here, day, peak) for draw, here in enumerate(free)]
    demand, done = (np.stack(values) * SECONDS_PER_QUARTER for values in zip(*found, strict=True))
    return ServedTokens(demand_tokens=demand, served_tokens=done)


def is_limited(scenario: Scenario, years: Sequence[SiteYear]) -> bool:
    """Whether a contract to curtail or a price of energy may take power in a representative week."""
    called = any(site.curtailment is not None for site in scenario.asked.sites.values())
    ceilings = [tier.price_usd_per_wh for tier in scenario.asked.simulate.tiers if tier.price_usd_per_wh is not None]
    dearest = max(float(year.price_week.max()) for year in years)
    return called or dearest > min(ceilings, default=np.inf)


def _day(work: sharing.SharedWork, free: Floats, tide: Floats, peak: sharing.Mask) -> tuple[Floats, Floats]:
    """Tokens per second that are asked for and served, means of every quarter of a future, (t, class).

    free: working racks that no training run holds, (t, p); tide, peak: as of `tide.tide`.
    """
    use, uses = sharing.jobs(work, slice(None), tide, peak), tide.shape[1]
    racks = np.broadcast_to(free[:, None, :], (len(free), len(tide), free.shape[1]))
    done = sharing.shares(use, racks).sum(axis=1) / len(tide)
    per_s = np.einsum("npj,npj->nj", done, use.rate_per_s)
    return use.asked_per_s.mean(axis=1)[:, :uses], per_s[:, :uses]


def _by_pair(racks: xr.DataArray, at: Pairs) -> Floats:
    return np.asarray(racks.transpose("draw", "period", "site", "platform").values[..., at.site, at.platform])


def _of_draw(work: sharing.SharedWork, draw: int) -> sharing.SharedWork:
    """The work of one of the futures, of which some arrays may differ."""
    dims = {"rate_per_s": 3, "own_count": 4, "demand_per_s": 2, "wish_per_s": 2, "value_usd_per_h": 2}
    arrays = {name: getattr(work, name) for name in dims}
    return replace(work, **{name: array[draw] if array.ndim > dims[name] else array for name, array in arrays.items()})


def _week_by_week(scenarios: Sequence[Scenario], plan: Plan, years: Sequence[SiteYear]) -> ServedTokens:
    found = []
    for draw, scenario in enumerate(scenarios):
        data, inputs = (part.isel(draw=draw) if "draw" in part.dims else part for part in (plan.data, plan.inputs))
        found.append(lived_totals(scenario, replace(plan, data=data, inputs=inputs), list(years)))
    demand, done = (np.stack([one[name].values for one in found]) for name in ("demand_tokens", "served_tokens"))
    return ServedTokens(demand_tokens=demand, served_tokens=done)
