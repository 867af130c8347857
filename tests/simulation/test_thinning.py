"""Thinning and mending together against theory and against the naive kernel."""

from dataclasses import replace

import naive
import numpy as np
import pytest
from one_site import cohort, out_count, outages, reliability, whole_rack
from trials import REPLICATIONS_COUNT, assert_mean, assert_same_mean, half_width

from gigawatt.catalog.records import Reliability
from gigawatt.simulation import fleet
from gigawatt.simulation.failures import draw, hazard_ratio
from gigawatt.simulation.racks import Outages

RACKS, HOURS = 200, 3000
RATE_PER_H, MEDIAN_H, MEAN_H = 0.02, 3.0, 4.0
SEEDS = range(REPLICATIONS_COUNT)


@pytest.mark.parametrize("detect_h", [0.0, 1.0, 24.0])
@pytest.mark.parametrize(("rate", "median", "mean"), [(0.002, 20.0, 40.0), (0.02, 3.0, 4.0), (0.2, 0.3, 0.5)])
def test_availability_is_that_of_renewal(rate: float, median: float, mean: float, detect_h: float) -> None:
    """1 / (1 + λ (repair + detection)), with nothing for a step of time: there is none."""
    kind = whole_rack(repair_h=mean, repair_median_h=median, detect_h=detect_h)
    until, skipped, racks = 5000, 1500, 30
    found, failures = [], []
    for seed in SEEDS:
        events = outages(cohort(racks), reliability(kind), rate, until, seed)
        up = racks - out_count(events, skipped, until)
        found.append(up.mean() / racks)
        failures.append(np.count_nonzero(events.time_h >= skipped) / up.sum())
    assert_mean(found, 1 / (1 + rate * (mean + detect_h)))
    assert_mean(failures, rate)


def test_racks_that_are_back_at_once_fail_as_a_poisson_process() -> None:
    """Counted when they happen, so no rack-hour is lost or counted twice."""
    found = []
    for seed in SEEDS:
        events = outages(cohort(100), reliability(whole_rack(repair_h=1e-9, repair_median_h=1e-9)), 0.1, 10_000, seed)
        found.append(len(events.time_h) / (0.1 * 100 * 10_000))
    assert half_width(found) < 2e-3
    assert_mean(found, 1)
    dispersion = np.var(found, ddof=1) * 0.1 * 100 * 10_000
    # A 99.9 % interval of chi-square over its 39 degrees of freedom.
    assert 0.4 < dispersion < 1.9


def hourly(crews: int | None, rate_per_h: np.ndarray) -> list[naive.NaiveHours]:
    seeds = np.random.SeedSequence(5).spawn(REPLICATIONS_COUNT)
    return [
        naive.simulate(
            hours_count=HOURS,
            entered_h=np.zeros(RACKS, dtype=np.int64),
            rate_per_h=rate_per_h,
            share_frac=np.ones(1),
            repair_median_h=np.array([MEDIAN_H]),
            repair_mean_h=np.array([MEAN_H]),
            crews_count=crews,
            random=np.random.Generator(np.random.Philox(seed)),
        )
        for seed in seeds
    ]


def thinned(record: Reliability, delta_h: float) -> list[Outages]:
    """The same racks in continuous time, with repairs longer by what whole hours add to them."""
    racks, found = cohort(RACKS), []
    here = fleet.yard([racks], record)
    for seed in SEEDS:
        drawn = draw(racks, record, HOURS, RATE_PER_H, seed, HOURS)
        faults = fleet.in_service([drawn], [racks], here, record)
        found.append(fleet.mended(replace(faults, repair_h=faults.repair_h + delta_h), here, record))
    return found


@pytest.mark.parametrize("ages", [{}, {"infant_ratio": 3.0, "infant_time_h": 500.0, "wear_ratio": 2.0}])
@pytest.mark.parametrize("crews", [None, 15])
def test_failures_and_racks_up_are_those_of_the_naive_kernel(ages: dict[str, float], crews: int | None) -> None:
    kind = whole_rack(repair_h=MEAN_H, repair_median_h=MEDIAN_H, crew_h=0.0 if crews is None else np.inf)
    record = reliability(kind, racks_per_crew_count=RACKS / (crews or 1), **ages)
    by_age = RATE_PER_H * hazard_ratio(np.arange(HOURS) + 0.5, HOURS, record)
    delta_h = naive.extra_repair_h(by_age.mean(), MEDIAN_H, MEAN_H)
    by_hour, by_event = hourly(crews, by_age), thinned(record, delta_h)
    up = [found.up_count.mean() for found in by_hour]
    assert_same_mean([RACKS - out_count(found, 0, HOURS).mean() for found in by_event], up)
    # The chance of failing in an hour, 1 - e^{-λ}, is less than the rate λ of a rack that fails again when it is back.
    failures = [found.failures_count[:, 0] @ (by_age / -np.expm1(-by_age)) for found in by_hour]
    assert_same_mean([float(len(found.time_h)) for found in by_event], failures)


def test_the_delta_of_whole_hours_is_seen() -> None:
    """Without it the two kernels would differ by more than chance: what makes the test above one."""
    record = reliability(whole_rack(repair_h=MEAN_H, repair_median_h=MEDIAN_H))
    by_hour = [found.up_count.mean() / RACKS for found in hourly(None, np.array([RATE_PER_H]))]
    by_event = [1 - out_count(found, 0, HOURS).mean() / RACKS for found in thinned(record, 0.0)]
    seen = np.mean(by_event) - np.mean(by_hour)
    assert seen > 2 * np.hypot(half_width(by_event), half_width(by_hour))
    assert seen == pytest.approx(RATE_PER_H * naive.extra_repair_h(RATE_PER_H, MEDIAN_H, MEAN_H), rel=0.3)
