"""Failures as drawn: as many as theory says, at the ages of the hazard, from streams that nothing else touches."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_site import LIQUID_RACKS, cohort, reliability, whole_rack
from trials import NORMAL_ERRORS_COUNT

from gigawatt.simulation.failures import Faults, cohort_key, draw, hazard_ratio, stream

LIFE_H = 5 * 8766.0
# 99.9 % quantile of chi-square by degrees of freedom.
CHI_SQUARE = {3: 16.27, 20: 45.31}


def hazard_h(first_h: float, last_h: float) -> float:
    """∫ r(age) between two ages of the catalog's racks, in closed form [h]."""
    record = LIQUID_RACKS
    infant, power = record.infant_time_h, record.wear_exponent_ratio + 1
    young = (record.infant_ratio - 1) * infant * (np.exp(-first_h / infant) - np.exp(-last_h / infant))
    old = (record.wear_ratio - 1) * LIFE_H / power * ((last_h / LIFE_H) ** power - (first_h / LIFE_H) ** power)
    return float(last_h - first_h + young + old)


def counts(expected_count: float, replications_count: int) -> np.ndarray:
    """Failures in the lives of independent cohorts of ten racks."""
    record = reliability(whole_rack())
    rate_per_h = expected_count / (10 * LIFE_H)
    drawn = (draw(cohort(10), record, LIFE_H, rate_per_h, seed) for seed in range(replications_count))
    return np.array([len(faults.time_h) for faults in drawn])


def test_counts_are_unbiased_to_a_thousandth() -> None:
    found = counts(1e5, 120)
    half_width_frac = NORMAL_ERRORS_COUNT / np.sqrt(1e5 * len(found))
    assert half_width_frac < 1e-3
    assert found.mean() / 1e5 == pytest.approx(1, abs=half_width_frac)


def test_counts_are_those_of_a_poisson_process() -> None:
    found = counts(300, 4000)
    dispersion = found.var(ddof=1) / found.mean()
    assert dispersion == pytest.approx(1, abs=NORMAL_ERRORS_COUNT * np.sqrt(2 / len(found)))


def test_failures_come_at_the_ages_of_the_hazard() -> None:
    """Windows of age that are none of those of thinning, narrow where racks are young."""
    racks, rate_per_h = 1000, 0.01
    edges = np.concatenate([np.linspace(0, 3000, 11), np.linspace(3000, LIFE_H, 11)[1:]])
    found = np.histogram(draw(cohort(racks), LIQUID_RACKS, LIFE_H, rate_per_h, 1).time_h, edges)[0]
    expected = np.array([racks * rate_per_h * hazard_h(*pair) for pair in pairwise(edges)])
    assert ((found - expected) ** 2 / expected).sum() < CHI_SQUARE[len(expected)]


@given(ages=st.lists(st.floats(0, LIFE_H), min_size=2, max_size=2, unique=True).map(sorted))
def test_no_hazard_is_above_the_larger_of_its_window_ends(ages: Sequence[float]) -> None:
    """What makes the ceilings of thinning lawful: the hazard is convex."""
    within = hazard_ratio(np.linspace(*ages, 50), LIFE_H, LIQUID_RACKS)
    assert within.max() <= within[[0, -1]].max() * (1 + 1e-12)


def test_kinds_of_failures_have_their_shares_and_repairs() -> None:
    """The lognormal has the mean of the record before what takes too long is replaced."""
    classes = tuple(replace(entry, replaced_h=np.inf) for entry in LIQUID_RACKS.classes)
    found = draw(cohort(1000), replace(LIQUID_RACKS, classes=classes), LIFE_H, 0.01, 2)
    total = len(found.time_h)
    for kind, entry in enumerate(classes):
        repairs = found.repair_h[found.kind == kind]
        error = np.sqrt(entry.share_frac * (1 - entry.share_frac) / total)
        assert len(repairs) / total == pytest.approx(entry.share_frac, abs=NORMAL_ERRORS_COUNT * error)
        mean_error = repairs.std() / np.sqrt(len(repairs))
        assert repairs.mean() == pytest.approx(entry.repair_h, abs=NORMAL_ERRORS_COUNT * mean_error)
        assert np.median(repairs) == pytest.approx(entry.repair_median_h, rel=0.02)


def test_what_is_not_mended_in_time_is_replaced() -> None:
    found = draw(cohort(1000), LIQUID_RACKS, LIFE_H, 0.01, 2)
    for kind, entry in enumerate(LIQUID_RACKS.classes):
        assert found.repair_h[found.kind == kind].max() <= entry.replaced_h


def test_every_rack_fails_alike() -> None:
    found = np.bincount(draw(cohort(4), reliability(whole_rack()), LIFE_H, 1.0, 3).rack, minlength=4)
    assert ((found - found.mean()) ** 2 / found.mean()).sum() < CHI_SQUARE[3]


def test_age_counts_from_the_day_a_rack_comes() -> None:
    online = np.array([100.0, 5000.0])
    racks = cohort(2, online_h=online)
    early, late = (draw(one, LIQUID_RACKS, LIFE_H, 0.1, 4) for one in (cohort(2), racks))
    assert np.array_equal(late.time_h, early.time_h + online[early.rack])


def same(one: Faults, other: Faults) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("time_h", "rack", "repair_h"))


def test_a_cohort_has_its_own_draws() -> None:
    racks = cohort(50, key=7)
    first = draw(racks, LIQUID_RACKS, LIFE_H, 1e-3, 1)
    assert same(first, draw(racks, LIQUID_RACKS, LIFE_H, 1e-3, 1))
    assert not same(first, draw(racks, LIQUID_RACKS, LIFE_H, 1e-3, 2))
    assert not same(first, draw(replace(racks, key=(8,)), LIQUID_RACKS, LIFE_H, 1e-3, 1))


def test_names_make_keys_and_purposes_make_streams() -> None:
    keys = {cohort_key(site, platform, 8106) for site in ("a", "b") for platform in ("c", "d")}
    assert len(keys) == 4
    draws = {stream(1, key, purpose).random() for key in keys for purpose in range(4)}
    assert len(draws) == 16
