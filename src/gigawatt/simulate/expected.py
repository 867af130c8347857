"""The fleet as it is on average: the mean of what `fleet` draws, without a draw.

Faults of a kind come to a rack of age a at the rate λ(a), and each is out for a time T; were no rack ever out wholly,
the expected number out at age a would be that of an M/G/∞ queue [1],

    N(a) = ∫ λ(s) P(T > a − s) ds over 0 … a,

so a rack is wholly out for N/(1 + N) of the time, and faults come to it in the rest. Waiting for crews and parts is
left out: with the staffing of the catalog it is rare. Days are the step, and a fault counts with the share of its first
day that it lasts.

References
----------
[1] S. G. Eick, W. A. Massey, W. Whitt, "The physics of the M_t/G/∞ queue", Operations Research 41(4), 1993,
    doi:10.1287/opre.41.4.731.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erf

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog.records import FailureClass, Reliability
from gigawatt.plan.plan import Plan
from gigawatt.programme.arrays import HOURS_PER_YEAR
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import racks
from gigawatt.simulate.calendar import DAY_HOURS, Span
from gigawatt.simulate.failures import hazard_ratio
from gigawatt.simulate.racks import Pairs, Racks

Floats = NDArray[np.float64]

HALVES = np.full(2, 0.5)


def fleet(scenario: Scenario, plan: Plan, at: Pairs, spans: Sequence[Span]) -> list[Racks]:
    """The racks of every span, each constant over it: the mean of its quarter."""
    record = scenario.records.reliability
    earlier = len(racks.standing(plan, at))
    edges = racks.edges_h(scenario, earlier)
    edges = edges - edges[0]
    online, leaving = arrivals_count(scenario, plan, at)
    tray_frac = np.minimum(record.tray_packages_count / at.packages_count, 1)
    by_day = [np.cumsum(online - leaving, axis=1), *_out(scenario, at, online)]
    shares = np.array([kind.share_frac for kind in record.classes])
    found = []
    for span in spans:
        period = earlier + span.period
        quarter = slice(*np.rint(edges[[period, period + 1]] / DAY_HOURS).astype(int))
        stock, down, degraded, failures = (
            np.broadcast_to(values[:, quarter].mean(axis=1), (span.count, len(at.names))) for values in by_day
        )
        found.append(
            Racks(
                stock_count=stock,
                down_count=down,
                degraded_count=degraded,
                up_count=np.maximum(stock - down - tray_frac * degraded, 0.0),
                failures_count=failures[..., None] * (shares / shares.sum()) * span.step_h,
                fault_h=np.zeros(0),
                fault_pair=np.zeros(0, dtype=np.int32),
            )
        )
    return found


def arrivals_count(scenario: Scenario, plan: Plan, at: Pairs) -> tuple[Floats, Floats]:
    """Racks that enter and leave service on each day, shapes (pair, day): evenly through their quarter, then late.

    Days are those from the first quarter that brought any, before the plan or in it; what stands when it begins has
    come. Of those that come or go at any time of a day, half count on the next.
    """
    before = racks.standing(plan, at)
    edges = racks.edges_h(scenario, len(before))
    edges = np.rint((edges - edges[0]) / DAY_HOURS).astype(int)
    life, slip_h = racks.life_count(scenario), scenario.records.reliability.delivery_slip_h
    there, due, leaving = (np.zeros((len(at.names), edges[-1])) for _ in range(3))
    for period, counts in enumerate(np.concatenate([before, racks.installs(plan, at)])):
        come = there if period < len(before) else due
        for values, quarter in ((come, period), (leaving, period + life)):
            values[:, edges[quarter] : edges[quarter + 1]] += counts[:, None] / (edges[quarter + 1] - edges[quarter])
    days = np.maximum(np.arange(edges[-1] + 1) - 0.5, 0.0)
    late = -np.diff(np.exp(-days * DAY_HOURS / slip_h)) if slip_h > 0 else np.ones(1)
    return _shifted(there + _shifted(due, late), HALVES), _shifted(leaving, HALVES)


def _shifted(by_day: Floats, share_frac: Floats) -> Floats:
    """Numbers of each day (pair, day) of which shares come so many days later."""
    days = by_day.shape[1]
    return np.stack([np.convolve(row, share_frac)[:days] for row in by_day]) if len(by_day) else by_day


def _out(scenario: Scenario, at: Pairs, online: Floats) -> tuple[Floats, Floats, Floats]:
    """Racks wholly out, trays out and faults per hour on each day, shapes (pair, day)."""
    record = scenario.records.reliability
    served_h = racks.life_count(scenario) * HOURS_PER_YEAR / 4
    down, degraded, failures = (np.zeros_like(online) for _ in range(3))
    for packages in np.unique(at.packages_count):
        rate = packages * scenario.asked.operations.package_failures_per_h
        by_age = out_by_age(record, rate, served_h)
        for pair in np.flatnonzero(at.packages_count == packages):
            for values, one in zip((down, degraded, failures), by_age, strict=True):
                values[pair] = np.convolve(online[pair], one)[: online.shape[1]]
    return down, degraded, failures


def out_by_age(record: Reliability, rate_per_h: float, life_h: float) -> tuple[Floats, Floats, Floats]:
    """Of one rack by day of its age: share of time wholly out, trays out, faults per hour [1].

    rate_per_h: faults of a rack at mid-life. The last days are those that a rack of mean delay does not see.
    """
    age_h = np.arange(round((life_h - record.delivery_slip_h) / DAY_HOURS), dtype=np.float64) * DAY_HOURS
    rate = rate_per_h * hazard_ratio(age_h + DAY_HOURS / 2, life_h, record)
    shares = np.array([kind.share_frac for kind in record.classes])

    def number_out(scope: str, rate_per_h: Floats) -> Floats:
        waits = [
            share * duration_h(kind, age_h)
            for kind, share in zip(record.classes, shares / shares.sum(), strict=True)
            if kind.scope == scope
        ]
        return np.convolve(rate_per_h, np.sum(waits, axis=0))[: len(age_h)] if waits else np.zeros_like(age_h)

    maintained = record.maintenance_h / HOURS_PER_YEAR
    whole = number_out("rack", rate)
    down = (1 - maintained) * whole / (1 + whole)
    rate = rate * (1 - maintained) / (1 + whole)
    return down + maintained, number_out("tray", rate), rate


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
