"""The fleet rack by rack: faults drawn by chance, mended by crews with parts; halls taken out for maintenance.

Racks are counted by pair of site and platform. A hall is `hall_racks_count` racks of a pair, maintained together once a
year, hall after hall. Sites do not share crews or parts, and no draw depends on another cohort's, so that the answer is
the same however the work is split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.catalog.records import Reliability
from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan
from gigawatt.quarters import HOURS_PER_YEAR
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import racks
from gigawatt.simulation.calendar import Span
from gigawatt.simulation.failures import SLIP, Cohort, Faults, Key, draw, stream
from gigawatt.simulation.mending import mend
from gigawatt.simulation.overlap import overlap
from gigawatt.simulation.racks import Outages, Pairs, Racks

GOLDEN = (np.sqrt(5) - 1) / 2
_BINS = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """All racks of one site, as arrays over racks: their pair, when they come and leave, when in a year their hall is
    maintained [h]."""

    pair: NDArray[np.int64]
    online_h: Floats
    leaves_h: Floats
    hall_h: Floats


def fleet(scenario: Scenario, plan: Plan, at: Pairs, spans: Sequence[Span]) -> tuple[list[Racks], list[Outages]]:
    """The racks of every span, and the outages of every site from the plan's first quarter to the last span."""
    record = scenario.records.reliability
    first_h, step_h = spans[0].first_h, spans[0].step_h
    steps = sum(span.count for span in spans)
    until_h = first_h + steps * step_h
    made = racks.cohorts(scenario, plan, at, lambda key: slip_h(scenario, key))
    sites, found = [], []
    for site in np.unique(at.site):
        here = [cohort for cohort in made if at.site[cohort.pair] == site and cohort.online_h[0] < until_h]
        if here:
            place = yard(here, record)
            found.append(outages_of(scenario, here, place, until_h))
            sites.append(counted(place, found[-1], record, (first_h, step_h, steps)))
    tray_frac = np.minimum(record.tray_packages_count / at.packages_count, 1)
    begins = [round((span.first_h - first_h) / step_h) for span in spans]
    shape = len(record.classes), tray_frac
    return [_racks(*where, sites, found, *shape) for where in zip(spans, begins, strict=True)], found


def slip_h(scenario: Scenario, key: Key) -> float:
    """By how much a quarter's delivery to a pair is late [h]: exponential."""
    slip = stream(scenario.asked.seed, key, SLIP).standard_exponential()
    return scenario.records.reliability.delivery_slip_h * float(slip)


def yard(cohorts: Sequence[Cohort], record: Reliability) -> Yard:
    """The racks of a site, cohort after cohort; halls are filled in the order of delivery, pair by pair.

    Multiples of the golden ratio spread any number of halls over the year, whatever comes after them.
    """
    pair = np.concatenate([np.full(len(cohort.online_h), cohort.pair) for cohort in cohorts])
    place = np.zeros(len(pair))
    for one in np.unique(pair):
        member = pair == one
        halls = np.arange(np.count_nonzero(member)) // record.hall_racks_count
        place[member] = np.mod((halls + 1) * GOLDEN, 1.0)
    return Yard(
        pair=pair.astype(np.int64),
        online_h=np.concatenate([cohort.online_h for cohort in cohorts]),
        leaves_h=np.concatenate([cohort.leaves_h for cohort in cohorts]),
        hall_h=place * HOURS_PER_YEAR,
    )


def outages_of(scenario: Scenario, cohorts: Sequence[Cohort], here: Yard, until_h: float) -> Outages:
    """Outages of a site: faults of its cohorts, those on racks in service and not in maintenance, mended in turn."""
    record, operations = scenario.records.reliability, scenario.asked.operations
    life_h = racks.life_count(scenario) * HOURS_PER_YEAR / 4
    rate_per_h, seed = operations.package_failures_per_h, scenario.asked.seed
    drawn = [draw(one, record, life_h, rate_per_h, seed, until_h) for one in cohorts]
    return mended(in_service(drawn, cohorts, here, record), here, record)


def in_service(drawn: Sequence[Faults], cohorts: Sequence[Cohort], here: Yard, record: Reliability) -> Faults:
    """Faults of all cohorts of a site in the order in which they happen, without those on racks that have left or are
    in maintenance; racks are counted through the site."""
    first = np.cumsum([0, *(len(cohort.online_h) for cohort in cohorts)])
    time = np.concatenate([faults.time_h for faults in drawn])
    rack = np.concatenate([faults.rack + n for faults, n in zip(drawn, first, strict=False)])
    in_hall = np.mod(time - here.hall_h[rack], HOURS_PER_YEAR) < record.maintenance_h
    kept = np.flatnonzero((time < here.leaves_h[rack]) & ~in_hall)
    kept = kept[in_order(time[kept])]
    return Faults(
        time_h=time[kept],
        rack=rack[kept],
        kind=np.concatenate([faults.kind for faults in drawn])[kept],
        repair_h=np.concatenate([faults.repair_h for faults in drawn])[kept],
    )


def in_order(time_h: Floats) -> NDArray[np.intp]:
    """Places of times in their order, of equal ones the earlier place first: `argsort(kind="stable")`, but faster.

    Sorted by digits into narrow bins first, which leaves little to be done for the sort that compares.
    """
    if not time_h.size:
        return np.zeros(0, dtype=np.intp)
    low, high = time_h.min(), time_h.max()
    scale = _BINS / (high - low) if high > low else 0.0
    nearly = np.argsort(((time_h - low) * scale).astype(np.uint16), kind="stable")
    return np.asarray(nearly[np.argsort(time_h[nearly], kind="stable")])


def mended(faults: Faults, here: Yard, record: Reliability) -> Outages:
    """What a site's crews make of faults, given in the order in which they happen."""
    kinds = record.classes
    begin, end = mend(
        faults.time_h,
        faults.rack,
        faults.kind,
        faults.repair_h,
        np.array([kind.scope == "rack" for kind in kinds]),
        np.array([kind.detect_h for kind in kinds]),
        np.array([kind.crew_h for kind in kinds]),
        np.array([kind.part for kind in kinds]),
        hired_h(here, record.racks_per_crew_count),
        hired_h(here, record.racks_per_part_count),
        record.part_lead_h,
        len(here.pair),
    )
    hit = np.flatnonzero(~np.isnan(begin))
    rack = faults.rack[hit]
    leaves = here.leaves_h[rack]
    return Outages(
        pair=here.pair[rack].astype(np.int32),
        rack=rack.astype(np.int32),
        kind=faults.kind[hit].astype(np.int32),
        time_h=faults.time_h[hit],
        begin_h=np.minimum(begin[hit], leaves),
        end_h=np.minimum(end[hit], leaves),
    )


def hired_h(here: Yard, racks_each_count: float) -> Floats:
    """When the first, second, … crew or part is there [h], rising: one for each so many racks in service, never less.

    Nobody is let go when racks leave.
    """
    moments = np.concatenate([here.online_h, here.leaves_h])
    order = np.argsort(moments, kind="stable")
    step = np.concatenate([np.ones(len(here.online_h)), -np.ones(len(here.leaves_h))])[order]
    most = np.maximum.accumulate(np.cumsum(step))
    needed = np.floor(np.arange(np.ceil(most[-1] / racks_each_count)) * racks_each_count) + 1
    return np.asarray(moments[order][np.searchsorted(most, needed)])


def maintenance_h(here: Yard, record: Reliability, until_h: float) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Start and end of every rack's maintenance [h] while it is in service, and which rack it is."""
    years = np.arange(np.ceil(until_h / HOURS_PER_YEAR))
    starts = (here.hall_h[:, None] + HOURS_PER_YEAR * years).ravel()
    rack = np.repeat(np.arange(len(here.pair)), len(years))
    begin = np.maximum(starts, here.online_h[rack])
    end = np.minimum(starts + record.maintenance_h, here.leaves_h[rack])
    some = begin < end
    return begin[some], end[some], rack[some]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Racks of the pairs of one site by step: stock_count, down_count, degraded_count (pair, step), failures_count
    (pair, kind, step); pairs: which ones."""

    pairs: NDArray[np.int64]
    stock_count: Floats
    down_count: Floats
    degraded_count: Floats
    failures_count: NDArray[np.float32]


def counted(here: Yard, outages: Outages, record: Reliability, steps: tuple[float, float, int]) -> Counted:
    """Racks and outages of a site, counted over steps: where they begin [h], how long each lasts [h], and how many."""
    first_h, step_h, count = steps
    pairs, row = np.unique(here.pair, return_inverse=True)
    hit = row[outages.rack]

    def over(start_h: Floats, end_h: Floats, rows: NDArray[np.intp], rows_count: int) -> Floats:
        return overlap((start_h - first_h) / step_h, (end_h - first_h) / step_h, count, rows, rows_count)

    whole = np.array([kind.scope == "rack" for kind in record.classes], dtype=np.intp)[outages.kind]
    out = over(outages.time_h, outages.end_h, 2 * hit + whole, 2 * len(pairs))
    begin, end, rack = maintenance_h(here, record, first_h + count * step_h)
    at_step = np.floor((outages.time_h - first_h) / step_h).astype(np.intp)
    seen = (at_step >= 0) & (at_step < count)
    kinds = len(record.classes)
    bins = (hit[seen] * kinds + outages.kind[seen]) * count + at_step[seen]
    failures = np.bincount(bins, minlength=len(pairs) * kinds * count).reshape(len(pairs), kinds, count)
    return Counted(
        pairs=pairs,
        stock_count=over(here.online_h, here.leaves_h, row, len(pairs)),
        down_count=over(begin, end, row[rack], len(pairs)) + out[1::2],
        degraded_count=out[::2],
        failures_count=failures.astype(np.float32),
    )


def _racks(
    span: Span,
    begin: int,
    sites: Sequence[Counted],
    outages: Sequence[Outages],
    kinds_count: int,
    tray_frac: Floats,
) -> Racks:
    """The racks of one span, copied, so that the whole need not be kept."""
    part = slice(begin, begin + span.count)
    stock, down, degraded = (np.zeros((span.count, len(tray_frac))) for _ in range(3))
    failures = np.zeros((kinds_count, span.count, len(tray_frac)))
    for site in sites:
        stock[:, site.pairs] = site.stock_count[:, part].T
        down[:, site.pairs] = site.down_count[:, part].T
        degraded[:, site.pairs] = site.degraded_count[:, part].T
        failures[:, :, site.pairs] = site.failures_count[..., part].transpose(1, 2, 0)
    last_h = span.first_h + span.count * span.step_h
    here = [(site, slice(*np.searchsorted(site.time_h, [span.first_h, last_h]))) for site in outages]
    return Racks(
        stock_count=stock,
        down_count=down,
        degraded_count=degraded,
        up_count=np.maximum(stock - down - tray_frac * degraded, 0.0),
        failures_count=np.moveaxis(failures, 0, -1),
        fault_h=np.concatenate([np.zeros(0), *((site.time_h[at] - span.first_h) / span.step_h for site, at in here)]),
        fault_pair=np.concatenate([np.zeros(0, dtype=np.int32), *(site.pair[at] for site, at in here)]),
    )


def compile_kernels() -> None:
    """Compile the kernels, or load them from their cache, on a fleet of one rack."""
    one, nothing = np.zeros(1), np.zeros(0)
    which = np.zeros(1, dtype=np.int64)
    mend(one, which, which, one, np.ones(1, dtype=bool), one, one, np.zeros(1, dtype=bool), nothing, nothing, 0.0, 1)
