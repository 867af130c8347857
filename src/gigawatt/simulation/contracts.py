"""Contracts to curtail: when the grid calls, in hours by date and in representative weeks, and what calls took.

Hours by date are called or not. The hours of a representative week have no dates, so each stands in several states: one
in which no site is called, and one for every set of sites that the calendar of its quarter calls together. A state has
the share of an hour in which that set is called at this time of the day, and the price of those hours; the week is
lived through in all of them at once, and what is kept is the mean. Shapes: n states, h steps, s sites.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt import watts
from gigawatt.ndarrays import Floats
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import calendar, limits
from gigawatt.simulation.calendar import DAY_HOURS, Span
from gigawatt.simulation.outdoors import Outdoors, SiteYear
from gigawatt.simulation.sharing import Jobs

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The steps of a span in every state, one state after the other.

    called (n × h, s): which sites are called. weight (n, h): share of each step in each state; one state where steps
    have dates, or nobody is called. begun_count (s): calls that begin. air: surroundings of each site in all states.
    """

    called: Mask
    weight: Floats
    begun_count: Floats
    air: list[Outdoors]

    def mean(self, values: Floats) -> Floats:
        """The mean over the states of what each step has in each of them, (n × h, …) → (h, …)."""
        count, steps = self.weight.shape
        if count == 1:
            return values
        return np.asarray(np.einsum("nh,nh...->h...", self.weight, values.reshape(count, steps, *values.shape[1:])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What calls of contracts took in a span, against the same span without them: (h, s) and means of each step.

    called_frac: share of the step in which a site is called, unasked_frac: and asked for nothing, for it draws no more
    than it may; asked_w: what it is asked to give up; slowed_w: what its work gives, the rest comes from its battery.
    begun_count (s): calls that begin. lost_per_s (h, j), lost_flops (h, r): work of jobs and of training runs, less
    than nothing where it is made up for.
    """

    called_frac: Floats
    unasked_frac: Floats
    asked_w: Floats
    slowed_w: Floats
    begun_count: Floats
    lost_per_s: Floats
    lost_flops: Floats


def states(scenario: Scenario, span: Span, years: Sequence[SiteYear], air: Sequence[Outdoors], weekly: bool) -> States:
    """The states of a span. air: surroundings of each site in its steps."""
    if not weekly or not _contracted(scenario):
        called = _called(scenario, span, years)
        return States(called=called, weight=np.ones((1, span.count)), begun_count=_begun(called), air=list(air))
    edges = calendar.edges_h(scenario.quarters)
    dated = calendar.spans(scenario.quarters, edges[span.period], edges[span.period + 1], 1.0)[0]
    called = _called(scenario, dated, years)
    if (called == called[0]).all():
        return States(
            called=np.broadcast_to(called[0], (span.count, len(years))),
            weight=np.ones((1, span.count)),
            begun_count=_begun(called),
            air=list(air),
        )
    sets, which = np.unique(called, axis=0, return_inverse=True)
    which, hour, now = which.reshape(-1), dated.hour_of_day(), span.hour_of_day()
    share = np.stack([np.bincount(hour[which == n], minlength=DAY_HOURS) for n in range(len(sets))]) / dated.days
    when = dated.when(scenario.quarters)
    above = [_above(watts.by_hour(one.price_usd_per_wh, when, one.price_offset_h), which, hour) for one in years]
    return States(
        called=np.repeat(sets, span.count, axis=0),
        weight=share[:, now],
        begun_count=_begun(called),
        air=[_repeated(one, price[:, now]) for one, price in zip(air, above, strict=True)],
    )


def no_calls(nobody: Mask, use: Jobs, flops: Floats) -> Calls:
    """Of a span in which nobody is called, (h, s); flops: of its training runs, (h, r)."""
    nothing = np.zeros(nobody.shape)
    return Calls(
        called_frac=nothing,
        unasked_frac=nothing,
        asked_w=nothing,
        slowed_w=nothing,
        begun_count=nothing[0],
        lost_per_s=np.zeros((len(nobody), len(use.flexible))),
        lost_flops=np.zeros_like(flops),
    )


def _contracted(scenario: Scenario) -> bool:
    return any(use.curtailment is not None for use in scenario.asked.sites.values())


def _called(scenario: Scenario, span: Span, years: Sequence[SiteYear]) -> Mask:
    """Which sites are called in the steps of a span of hours by date, (h, s)."""
    called = np.zeros((span.count, len(years)), dtype=bool)
    for site, (key, year) in enumerate(zip(scenario.records.sites, years, strict=True)):
        contract = scenario.asked.sites[key].curtailment
        if contract is not None:
            called[:, site] = limits.calls(scenario, key, contract, year, span)
    return called


def _begun(called: Mask) -> Floats:
    return np.asarray((called & ~np.roll(called, 1, axis=0))[1:].sum(axis=0) + called[0], dtype=float)


def _above(price_usd_per_wh: Floats, which: NDArray[np.intp], hour: NDArray[np.intp]) -> Floats:
    """How much dearer energy is in each state than in all hours of the same time of the day, (n, 24)."""
    mean = np.bincount(hour, price_usd_per_wh) / np.bincount(hour)
    found = np.zeros((which.max() + 1, DAY_HOURS))
    for state in range(len(found)):
        here = hour[which == state]
        count = np.bincount(here, minlength=DAY_HOURS)
        total = np.bincount(here, price_usd_per_wh[which == state], minlength=DAY_HOURS)
        np.divide(total, count, out=found[state], where=count > 0)
        found[state, count > 0] -= mean[count > 0]
    return found


def _repeated(air: Outdoors, above_usd_per_wh: Floats) -> Outdoors:
    """The surroundings of a site in all states, with the price of each."""
    count = len(above_usd_per_wh)
    return replace(
        air,
        dry_bulb_degc=np.tile(air.dry_bulb_degc, count),
        wet_bulb_degc=np.tile(air.wet_bulb_degc, count),
        price_usd_per_wh=(air.price_usd_per_wh + above_usd_per_wh).ravel(),
        carbon_kg_per_wh=np.tile(air.carbon_kg_per_wh, count),
    )
