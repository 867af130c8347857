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
from gigawatt.plan.inputs import HOURS_PER_YEAR
from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Scenario
from gigawatt.simulate import racks
from gigawatt.simulate.calendar import Span
from gigawatt.simulate.failures import SLIP, Cohort, Faults, Key, draw, stream
from gigawatt.simulate.mending import mend
from gigawatt.simulate.outages import overlap
from gigawatt.simulate.racks import Outages, Pairs, Racks

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """All racks of one site, as arrays over racks: their pair, when they come and leave, when in a year their hall is
    maintained [h]."""

    pair: Counts
    online_h: Floats
    leaves_h: Floats
    hall_h: Floats


def fleet(scenario: Scenario, plan: Plan, at: Pairs, spans: Sequence[Span]) -> tuple[list[Racks], Outages]:
    """The racks of every span, and all outages up to the last of them, from the plan's first quarter on."""
    record, seed = scenario.records.reliability, scenario.asked.seed
    until_h = spans[-1].first_h + spans[-1].count * spans[-1].step_h
    made = racks.cohorts(scenario, plan, at, slips_h(scenario, at, seed))
    made = [cohort for cohort in made if cohort.online_h[0] < until_h]
    life_h = racks.life_count(scenario) * HOURS_PER_YEAR / 4
    rate = scenario.asked.operations.package_failures_per_h
    yards, outages = [], []
    for site in np.unique(at.site):
        here = [cohort for cohort in made if at.site[cohort.pair] == site]
        if here:
            yards.append(yard(here, record))
            outages.append(outages_of(here, yards[-1], record, life_h, rate, seed, until_h))
    found = _merged(outages)
    return _over(spans, at, yards, found, record), found


def slips_h(scenario: Scenario, at: Pairs, seed: int) -> dict[Key, float]:
    """By how much each quarter's delivery to a pair is late [h]: exponential."""
    mean_h = scenario.records.reliability.delivery_slip_h
    keys = [
        racks.key_of(scenario, at, pair, period)
        for period in range(len(scenario.quarters))
        for pair in range(len(at.names))
    ]
    return {key: mean_h * float(stream(seed, key, SLIP).standard_exponential()) for key in keys}


def yard(cohorts: Sequence[Cohort], record: Reliability) -> Yard:
    """The racks of a site, cohort after cohort; halls are filled in the order of delivery, pair by pair."""
    pair = np.concatenate([np.full(len(cohort.online_h), cohort.pair) for cohort in cohorts])
    place = np.zeros(len(pair))
    for one in np.unique(pair):
        member = pair == one
        halls = np.arange(np.count_nonzero(member)) // record.hall_racks_count
        place[member] = (halls + 0.5) / (halls[-1] + 1)
    return Yard(
        pair=pair.astype(np.int64),
        online_h=np.concatenate([cohort.online_h for cohort in cohorts]),
        leaves_h=np.concatenate([cohort.leaves_h for cohort in cohorts]),
        hall_h=place * HOURS_PER_YEAR,
    )


def outages_of(
    cohorts: Sequence[Cohort],
    here: Yard,
    record: Reliability,
    life_h: float,
    rate_per_h: float,
    seed: int,
    until_h: float,
) -> Outages:
    """Outages of a site: faults of its cohorts, those on racks in service and not in maintenance, mended in turn."""
    drawn = [draw(cohort, record, life_h, rate_per_h, seed) for cohort in cohorts]
    first = np.cumsum([0, *(len(cohort.online_h) for cohort in cohorts)])
    time = np.concatenate([faults.time_h for faults in drawn])
    rack = np.concatenate([faults.rack + n for faults, n in zip(drawn, first, strict=False)])
    in_hall = np.mod(time - here.hall_h[rack], HOURS_PER_YEAR) < record.maintenance_h
    kept = np.flatnonzero((time < np.minimum(here.leaves_h[rack], until_h)) & ~in_hall)
    kept = kept[np.argsort(time[kept], kind="stable")]
    faults = Faults(
        time_h=time[kept],
        rack=rack[kept],
        kind=np.concatenate([faults.kind for faults in drawn])[kept],
        repair_h=np.concatenate([faults.repair_h for faults in drawn])[kept],
    )
    return mended(faults, here, record)


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
        pair=here.pair[rack],
        rack=rack,
        kind=faults.kind[hit],
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


def maintenance_h(here: Yard, record: Reliability, until_h: float) -> tuple[Floats, Floats, Counts]:
    """Start and end of every rack's maintenance [h] while it is in service, and its pair."""
    years = np.arange(np.ceil(until_h / HOURS_PER_YEAR))
    starts = (here.hall_h[:, None] + HOURS_PER_YEAR * years).ravel()
    rack = np.repeat(np.arange(len(here.pair)), len(years))
    begin = np.maximum(starts, here.online_h[rack])
    end = np.minimum(starts + record.maintenance_h, here.leaves_h[rack])
    some = begin < end
    return begin[some], end[some], here.pair[rack[some]]


def _merged(parts: Sequence[Outages]) -> Outages:
    """Outages of all sites in the order in which they happened."""
    names = ("pair", "rack", "kind", "time_h", "begin_h", "end_h")
    whole = {name: np.concatenate([getattr(part, name) for part in parts] or [np.zeros(0)]) for name in names}
    order = np.argsort(whole["time_h"], kind="stable")
    return Outages(**{name: values[order] for name, values in whole.items()})


def _over(spans: Sequence[Span], at: Pairs, yards: Sequence[Yard], merged: Outages, record: Reliability) -> list[Racks]:
    """Outages and racks counted over the steps of the spans."""
    first, step = spans[0].first_h, spans[0].step_h
    steps = sum(span.count for span in spans)
    size = len(at.names)

    def count(start_h: Floats, end_h: Floats, pair: Counts) -> Floats:
        return overlap((start_h - first) / step, (end_h - first) / step, steps, pair, size)

    until = first + steps * step
    stock, maintained = np.zeros((size, steps)), np.zeros((size, steps))
    for here in yards:
        stock += count(here.online_h, here.leaves_h, here.pair)
        maintained += count(*maintenance_h(here, record, until))
    whole = np.array([kind.scope == "rack" for kind in record.classes])[merged.kind.astype(int)]
    down = count(merged.time_h[whole], merged.end_h[whole], merged.pair[whole]) + maintained
    degraded = count(merged.time_h[~whole], merged.end_h[~whole], merged.pair[~whole])
    tray_frac = np.minimum(record.tray_packages_count / at.packages_count, 1)[:, None]
    up = np.maximum(stock - down - tray_frac * degraded, 0.0)
    at_step = np.floor((merged.time_h - first) / step)
    seen = (at_step >= 0) & (at_step < steps)
    kinds = len(record.classes)
    bins = (merged.pair[seen] * kinds + merged.kind[seen]) * steps + at_step[seen].astype(np.int64)
    failures = np.bincount(bins, minlength=size * kinds * steps).reshape(size, kinds, steps).astype(float)
    parts = (racks.over_spans(spans, first, values) for values in (stock, down, degraded, up, failures))
    return [_racks(span, values, merged) for span, values in zip(spans, zip(*parts, strict=True), strict=True)]


def _racks(span: Span, values: Sequence[Floats], merged: Outages) -> Racks:
    stock, down, degraded, up, failures = values
    within = slice(*np.searchsorted(merged.time_h, [span.first_h, span.first_h + span.count * span.step_h]))
    return Racks(
        stock_count=stock,
        down_count=down,
        degraded_count=degraded,
        up_count=up,
        failures_count=failures,
        fault_h=(merged.time_h[within] - span.first_h) / span.step_h,
        fault_pair=merged.pair[within],
    )


def compile_kernels() -> None:
    """Compile the kernels, or load them from their cache, on a fleet of one rack."""
    one, nothing = np.zeros(1), np.zeros(0)
    which = np.zeros(1, dtype=np.int64)
    mend(one, which, which, one, np.ones(1, dtype=bool), one, one, np.zeros(1, dtype=bool), nothing, nothing, 0.0, 1)
