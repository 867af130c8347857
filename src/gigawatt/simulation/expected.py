"""The fleet as it is on average: the mean of what `fleet` draws, without a draw.

Faults of a kind come to a rack of age a at the rate λ(a), and each is out for a time T; were no rack ever out wholly,
the expected number out at age a would be that of an M/G/∞ queue [1],

    N(a) = ∫ λ(s) P(T > a − s) ds over 0 … a,

so a rack is wholly out for N/(1 + N) of the time, and faults come to it in the rest. Waiting for crews and parts is
left out: with the staffing of the catalog it is rare. Days are the step, and a fault counts with the share of its first
day that it lasts.

All of it is in proportion to the racks that quarters bring, so that the mean of every quarter is a table, of what a
rack of each delivery is then, times the deliveries.

References
----------
[1] S. G. Eick, W. A. Massey, W. Whitt, "The physics of the M_t/G/∞ queue", Operations Research 41(4), 1993,
    doi:10.1287/opre.41.4.731.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erf

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog.records import FailureClass, Reliability
from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import racks
from gigawatt.simulation.calendar import DAY_HOURS, Span
from gigawatt.simulation.failures import hazard_ratio
from gigawatt.simulation.racks import Pairs, Racks


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """On which days the racks that a quarter brings come and go: the quarters before the plan that brought some, then
    the plan's. Days count from the first of these quarters to the end of the plan.

    edges: days on which the quarters of the plan begin and the last one ends, (t + 1,). online_frac, leaving_frac:
    share of the racks of each quarter that enters or leaves service on each day, (quarter, day).
    """

    edges: NDArray[np.intp]
    online_frac: Floats
    leaving_frac: Floats

    def stock_frac(self) -> Floats:
        """Racks in service per rack of each quarter, mean of every quarter of the plan, (t, quarter)."""
        there = np.ones(self.online_frac.shape[1] + 1)
        return self.mean_of(there, self.online_frac) - self.mean_of(there, self.leaving_frac)

    def mean_of(self, by_age: Floats, days_frac: Floats | None = None) -> Floats:
        """What `by_age` (day of age) says of a rack, mean of every quarter of the plan, (t, quarter).

        days_frac: share of the racks of each quarter whose age counts from each day, by default that they are online.
        """
        frac = self.online_frac if days_frac is None else days_frac
        until = np.concatenate([[0.0], np.cumsum(by_age)])
        ages = self.edges[:, None] - np.arange(frac.shape[1])
        whole = np.diff(until[np.clip(ages, 0, len(by_age))], axis=0) @ frac.T
        return np.asarray(whole / np.diff(self.edges)[:, None])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """A rack by day of its age, whatever its rate of faults.

    hazard_ratio: rate of faults over that at mid-life. out_h: by scope, hours of each day after a fault for which it is
    out, mean over all kinds of fault. maintained_frac: share of time in maintenance.
    """

    hazard_ratio: Floats
    out_h: Mapping[str, Floats]
    maintained_frac: float


def fleet(scenario: Scenario, plan: Plan, at: Pairs, spans: Sequence[Span]) -> list[Racks]:
    """The racks of every span, each constant over it: the mean of its quarter."""
    record = scenario.records.reliability
    brought = np.concatenate([racks.standing(plan, at), racks.installs(plan, at)])
    due = deliveries(scenario, len(racks.standing(plan, at)))
    stock = due.stock_frac() @ brought
    down, degraded, failures = _out(scenario, at, due, brought)
    up = np.maximum(stock - down - tray_frac(record, at) * degraded, 0.0)
    shares = np.array([kind.share_frac for kind in record.classes])
    found = []
    for span in spans:
        shape = span.count, len(at.names)
        faults = np.broadcast_to(failures[span.period], shape)[..., None]
        found.append(
            Racks(
                stock_count=np.broadcast_to(stock[span.period], shape),
                down_count=np.broadcast_to(down[span.period], shape),
                degraded_count=np.broadcast_to(degraded[span.period], shape),
                up_count=np.broadcast_to(up[span.period], shape),
                failures_count=faults * (shares / shares.sum()) * span.step_h,
                fault_h=np.zeros(0),
                fault_pair=np.zeros(0, dtype=np.int32),
            )
        )
    return found


def working_counts(
    scenario: Scenario, plan: Plan, at: Pairs, package_failures_per_h: Sequence[float], install_count: Floats
) -> Floats:
    """Working racks of each pair in many futures, mean of every quarter, (draw, t, pair): `up_count` of `fleet`.

    package_failures_per_h: in each future; install_count: racks that start in each quarter of each, (draw, t, pair).
    """
    record, before = scenario.records.reliability, racks.standing(plan, at)
    due, of = deliveries(scenario, len(before)), ageing(scenario)
    there, found = due.stock_frac(), np.empty_like(install_count)
    for working, installs, failures in zip(found, install_count, package_failures_per_h, strict=True):
        brought = np.concatenate([before, installs])
        for packages in np.unique(at.packages_count):
            these = at.packages_count == packages
            down, degraded, _ = out_by_age(of, packages * failures)
            lost = due.mean_of(down + min(record.tray_packages_count / packages, 1.0) * degraded)
            working[:, these] = (there - lost) @ brought[:, these]
    return np.maximum(found, 0.0)


def tray_frac(record: Reliability, at: Pairs) -> Floats:
    """Share of a rack of each pair that is out with a tray."""
    return np.minimum(record.tray_packages_count / at.packages_count, 1)


def deliveries(scenario: Scenario, before_count: int) -> Deliveries:
    """When the racks of quarters come and go: evenly through their quarter, those of the plan then late.

    before_count: quarters before the plan; what stands when it begins has come. Of racks that come or go at any time of
    a day, half count on the next.
    """
    slip_h = scenario.records.reliability.delivery_slip_h
    quarters = np.arange(before_count + len(scenario.quarters))
    hours = racks.edges_h(scenario, before_count)
    edges = np.rint((hours - hours[0]) / DAY_HOURS).astype(int)
    days = np.arange(edges[len(quarters)])
    on_time = np.ones(days.size)
    late = 1.0 - np.exp(-(days + 0.5) * DAY_HOURS / slip_h) if slip_h > 0 else on_time
    before, planned = np.split(quarters, [before_count])
    return Deliveries(
        edges=edges[before_count : len(quarters) + 1],
        online_frac=np.concatenate([_through(edges, before, on_time), _through(edges, planned, late)]),
        leaving_frac=_through(edges, quarters + racks.life_count(scenario), on_time),
    )


def _through(edges: NDArray[np.intp], quarters: NDArray[np.intp], within_frac: Floats) -> Floats:
    """Share of what is due evenly through a quarter that counts on each day, (quarter, day).

    within_frac: share that comes so many days after it is due, or earlier, by day; half of a day counts on the next.
    """
    before = np.append(0.0, within_frac)
    counted = 0.5 * (before + np.append(0.0, before[:-1]))
    days, begin, end = np.arange(within_frac.size), edges[quarters][:, None], edges[quarters + 1][:, None]
    since, until = (np.clip(days - edge + 1, 0, within_frac.size) for edge in (begin, end))
    return np.asarray((counted[since] - counted[until]) / (end - begin))


def _out(scenario: Scenario, at: Pairs, due: Deliveries, brought: Floats) -> tuple[Floats, Floats, Floats]:
    """Racks wholly out, trays out and faults per hour, mean of every quarter, shapes (t, pair)."""
    of, found = ageing(scenario), np.zeros((3, len(due.edges) - 1, len(at.names)))
    for packages in np.unique(at.packages_count):
        these = at.packages_count == packages
        rate = packages * scenario.asked.operations.package_failures_per_h
        for values, by_age in zip(found, out_by_age(of, rate), strict=True):
            values[:, these] = due.mean_of(by_age) @ brought[:, these]
    return found[0], found[1], found[2]


def ageing(scenario: Scenario) -> Ageing:
    """How the racks of a scenario age; the last days are those that a rack of mean delay does not see."""
    return ageing_of(scenario.records.reliability, racks.life_count(scenario) * HOURS_PER_YEAR / 4)


def ageing_of(record: Reliability, life_h: float) -> Ageing:
    """How racks age that serve for so long."""
    age_h = np.arange(round((life_h - record.delivery_slip_h) / DAY_HOURS), dtype=np.float64) * DAY_HOURS
    whole = sum(kind.share_frac for kind in record.classes)
    out_h = {scope: np.zeros_like(age_h) for scope in ("rack", "tray")}
    for kind in record.classes:
        if kind.scope in out_h:
            days = age_h < kind.detect_h + kind.replaced_h  # on later ones it is mended or replaced
            out_h[kind.scope][days] += kind.share_frac / whole * duration_h(kind, age_h[days])
    return Ageing(
        hazard_ratio=hazard_ratio(age_h + DAY_HOURS / 2, life_h, record),
        out_h={scope: np.trim_zeros(hours, "b") for scope, hours in out_h.items()},
        maintained_frac=record.maintenance_h / HOURS_PER_YEAR,
    )


def out_by_age(of: Ageing, rate_per_h: float) -> tuple[Floats, Floats, Floats]:
    """Of one rack by day of its age: share of time wholly out, trays out, faults per hour [1].

    rate_per_h: faults of a rack at mid-life.
    """

    def number_out(scope: str, rate_per_h: Floats) -> Floats:
        out_h = of.out_h[scope]
        return np.convolve(rate_per_h, out_h)[: rate_per_h.size] if out_h.size else np.zeros_like(rate_per_h)

    rate = rate_per_h * of.hazard_ratio
    whole = number_out("rack", rate)
    down = (1 - of.maintained_frac) * whole / (1 + whole)
    rate = rate * (1 - of.maintained_frac) / (1 + whole)
    return down + of.maintained_frac, number_out("tray", rate), rate


def duration_h(kind: FailureClass, day_h: Floats) -> Floats:
    """Hours of each day after a fault for which it is out, on average: ∫ P(T > u) du over the day [h].

    T is the detection time, then a lognormal time L of median d and mean m, at most until it is replaced: ∫ P(L > u) du
    over 0 … x is x Φ(−z) + m Φ(z − σ) with z = ln(x/d)/σ and σ² = 2 ln(m/d).
    """
    spread = np.sqrt(2 * np.log(kind.repair_h / kind.repair_median_h))
    edges = np.append(day_h, day_h[-1] + DAY_HOURS)
    mending = np.clip(edges - kind.detect_h, 0.0, kind.replaced_h)
    if spread > 0:
        z = np.log(np.where(mending > 0, mending, 1.0) / kind.repair_median_h) / spread
        mended = mending * _normal(-z) + kind.repair_h * _normal(z - spread)
    else:
        mended = np.minimum(mending, kind.repair_h)
    return np.diff(np.minimum(edges, kind.detect_h) + np.where(mending > 0, mended, 0.0))


def _normal(z: Floats) -> Floats:
    """The normal distribution function."""
    return np.array([(1 + erf(value / np.sqrt(2))) / 2 for value in z])
