"""The racks of a plan: when they come and go, and per step how many are in service, out, degraded and at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.programme import opening
from gigawatt.quarters import HOURS_PER_YEAR, first_day, quarter_name, quarter_number
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import calendar
from gigawatt.simulation.failures import Cohort, Key, cohort_key
from gigawatt.units import HOUR_S

Indices = NDArray[np.intp]

# Less than this share of the largest stock of a platform at a site is the solver's rounding, not racks.
ROUNDING_FRAC = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The (site, platform) pairs that ever hold a rack: indices into the plan's, their names, packages of a rack."""

    site: Indices
    platform: Indices
    names: tuple[tuple[str, str], ...]
    packages_count: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Racks:
    """The racks of one span, arrays of shape (step, pair), as means over each step.

    stock_count: in service; down_count: of these wholly out, in repair or in maintenance; degraded_count: trays out, of
    racks that work on; up_count: working racks, one with a tray out counting by what is left of it. failures_count
    (step, pair, kind). fault_h, fault_pair: when and where each fault happens, steps from the start of the span,
    rising within a site; empty where faults are a rate.
    """

    stock_count: Floats
    down_count: Floats
    degraded_count: Floats
    up_count: Floats
    failures_count: Floats
    fault_h: Floats
    fault_pair: NDArray[np.int32]


def repeated(fleet: Racks, count: int) -> Racks:
    """The racks of a span whose faults are a rate, its steps one time after the other."""
    names = ("stock_count", "down_count", "degraded_count", "up_count", "failures_count")
    return replace(fleet, **{name: np.concatenate([getattr(fleet, name)] * count) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outages:
    """Faults that took something out, in the order in which they happened, one entry each.

    pair, rack (within its site), kind; time_h: of the fault; begin_h, end_h: of its mending, hours from the start of
    the plan.
    """

    pair: NDArray[np.int32]
    rack: NDArray[np.int32]
    kind: NDArray[np.int32]
    time_h: Floats
    begin_h: Floats
    end_h: Floats


def note(scenario: Scenario) -> str:
    """What is assumed of failures, in words."""
    rate, record = scenario.asked.operations.package_failures_per_h, scenario.records.reliability
    drawn = "drawn one by one" if scenario.asked.simulate.mode == "stochastic" else "taken as a rate, without queues"
    return (
        f"Failures are {drawn}: {rate * HOURS_PER_YEAR:.2g} a year per package at mid-life, mended as in {record.id}, "
        "of which most figures are assumed."
    )


def pairs(plan: Plan) -> Pairs:
    """Every pair that ever has a rack."""
    largest = plan.data.stock_count.transpose("period", "site", "platform").values.max(axis=0, initial=0.0)
    largest = np.maximum(largest, opening.start_count(plan.inputs).transpose("site", "platform").values)
    site, platform = np.nonzero(largest > ROUNDING_FRAC * largest.max(initial=0.0))
    names = zip(plan.inputs.site.values[site], plan.inputs.platform.values[platform], strict=True)
    return Pairs(
        site=site,
        platform=platform,
        names=tuple((str(one), str(other)) for one, other in names),
        packages_count=plan.inputs.packages_per_rack_count.values[platform],
    )


def installs(plan: Plan, at: Pairs) -> Floats:
    """Racks delivered in each quarter, shape (period, pair)."""
    install = plan.data.install_count.transpose("period", "site", "platform").values
    return np.maximum(install[:, at.site, at.platform], 0.0)


def standing(plan: Plan, at: Pairs) -> Floats:
    """Racks that stand when the plan begins, by the quarter before it that brought them, shape (before, pair)."""
    count = opening.cohorts_count(plan.inputs).transpose("before", "site", "platform").values
    return np.asarray(count[:, at.site, at.platform])


def edges_h(scenario: Scenario, before_count: int = 0) -> Floats:
    """Hours at which the quarters begin, those of the plan and then those until its last rack leaves.

    before_count: quarters before the plan that come first; they begin at hours below 0.
    """
    first, life = quarter_number(scenario.quarters[0]), life_count(scenario)
    last = quarter_number(scenario.quarters[-1])
    edges = calendar.edges_h([quarter_name(n) for n in range(first - before_count, last + life + 1)])
    return edges - edges[before_count]


def life_count(scenario: Scenario) -> int:
    """Quarters that a rack serves."""
    return scenario.asked.finance.rack_life_count


def key_of(scenario: Scenario, at: Pairs, pair: int, period: int) -> Key:
    """What names the racks that a quarter brings to a pair in random streams."""
    return cohort_key(*at.names[pair], quarter_number(scenario.quarters[0]) + period)


def cohorts(scenario: Scenario, plan: Plan, at: Pairs, slip_h: Callable[[Key], float]) -> list[Cohort]:
    """Whole racks, one cohort for each quarter and pair that gets some, before the plan or in it; they come evenly
    through the quarter.

    Deliveries are rounded so that their running sum is. slip_h: by how much a cohort of the plan is late; its racks
    leave when the plan says, late or not.
    """
    before = standing(plan, at)
    edges, life = edges_h(scenario, len(before)), life_count(scenario)
    delivered = np.cumsum(np.concatenate([before, installs(plan, at)]), axis=0)
    counts = np.diff(np.rint(delivered), axis=0, prepend=0.0).astype(int)
    found = []
    for period, pair in zip(*(index.tolist() for index in np.nonzero(counts)), strict=True):
        key = key_of(scenario, at, pair, period - len(before))
        place = (np.arange(counts[period, pair]) + 0.5) / counts[period, pair]
        due, leaves = (edges[n] + place * (edges[n + 1] - edges[n]) for n in (period, period + life))
        online = np.minimum(due + (slip_h(key) if period >= len(before) else 0.0), leaves)
        packages = float(at.packages_count[pair])
        found.append(Cohort(key=key, pair=pair, packages_count=packages, online_h=online, leaves_h=leaves))
    return found


def listed(
    scenario: Scenario, at: Pairs, sites: Sequence[Outages], spans: Sequence[calendar.Span], most_count: int | None
) -> xr.Dataset:
    """The outages that begin in the spans, one along `outage` in their order; the longest `most_count`, or all.

    moment: UTC; pair, kind: places in the coordinates pair_name and kind_name; rack: of its site; wait_h: from fault to
    mending; outage_h: from fault to end.
    """
    first, last = spans[0].first_h, spans[-1].first_h + spans[-1].count * spans[-1].step_h
    parts = [
        kept(site, np.arange(*np.searchsorted(site.time_h, [first, last])), most_count)
        for site in [*sites, no_outages()]
    ]
    every = together(parts)
    whole = kept(every, np.arange(len(every.time_h)), most_count)
    start = np.datetime64(first_day(scenario.quarters[0]), "s")
    seconds = np.rint(HOUR_S * whole.time_h).astype("timedelta64[s]")
    values = {
        "moment": (start + seconds).astype("datetime64[ns]"),
        "pair": whole.pair.astype(np.int16),
        "kind": whole.kind.astype(np.int8),
        "rack": whole.rack,
        "wait_h": (whole.begin_h - whole.time_h).astype(np.float32),
        "outage_h": (whole.end_h - whole.time_h).astype(np.float32),
    }
    names = [f"{site}/{platform}" for site, platform in at.names]
    kinds = [kind.name for kind in scenario.records.reliability.classes]
    data = xr.Dataset({name: ("outage", array) for name, array in values.items()})
    return data.assign_coords(pair_name=names, kind_name=kinds)


def longest(length_h: Floats, most_count: int) -> Indices:
    """Places of the longest, longest first; of those as long as each other the earlier place comes first."""
    if not 0 < most_count < len(length_h):
        return np.argsort(-length_h, kind="stable")[:most_count]
    least = -np.partition(-length_h, most_count - 1)[most_count - 1]
    among = np.flatnonzero(length_h >= least)
    return among[np.argsort(-length_h[among], kind="stable")[:most_count]]


def kept(outages: Outages, among: Indices, most_count: int | None) -> Outages:
    """Those of `among`, or the longest of them, in the order in which they happened."""
    if most_count is not None:
        among = among[longest((outages.end_h - outages.time_h)[among], most_count)]
    among = among[np.argsort(outages.time_h[among], kind="stable")]
    return Outages(**{entry.name: getattr(outages, entry.name)[among] for entry in fields(Outages)})


def together(parts: Sequence[Outages]) -> Outages:
    """Outages of several sites, site after site."""
    names = [entry.name for entry in fields(Outages)]
    return Outages(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def no_outages() -> Outages:
    """Where faults are a rate."""
    none, nowhere = np.zeros(0), np.zeros(0, dtype=np.int32)
    return Outages(pair=nowhere, rack=nowhere, kind=nowhere, time_h=none, begin_h=none, end_h=none)
