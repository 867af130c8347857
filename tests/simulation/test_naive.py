"""The naive kernel against theory, with what its hours do to it."""

from typing import Any

import naive
import numpy as np
import pytest

REPLICATIONS_COUNT = 40
# Half width of a 99.9 % interval, in standard errors, for 39 degrees of freedom.
ERRORS_COUNT = 3.56


def simulate(seed: int | np.random.SeedSequence, hours: int, racks: int, **changes: Any) -> naive.NaiveHours:
    given = {
        "hours_count": hours,
        "entered_h": np.zeros(racks, dtype=np.int64),
        "rate_per_h": np.array([0.002]),
        "share_frac": np.array([1.0]),
        "repair_median_h": np.array([20.0]),
        "repair_mean_h": np.array([40.0]),
        "crews_count": None,
        "random": np.random.Generator(np.random.Philox(seed)),
    }
    return naive.simulate(**given | changes)


def replicated(hours: int, racks: int, skipped: int, **changes: Any) -> tuple[float, float]:
    """Share of racks up after the first hours, and its standard error."""
    seeds = np.random.SeedSequence(11).spawn(REPLICATIONS_COUNT)
    found = [simulate(seed, hours, racks, **changes).up_count[skipped:].mean() / racks for seed in seeds]
    return float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(REPLICATIONS_COUNT))


@pytest.mark.parametrize(("rate", "median", "mean"), [(0.002, 20.0, 40.0), (0.05, 1.0, 1.5), (0.3, 3.0, 4.0)])
def test_availability_is_that_of_a_repair_longer_by_delta(rate: float, median: float, mean: float) -> None:
    durations = {"repair_median_h": np.array([median]), "repair_mean_h": np.array([mean])}
    found, error = replicated(6000, 40, 2000, rate_per_h=np.array([rate]), **durations)
    delta = naive.extra_repair_h(rate, median, mean)
    exact = 1 / (1 + rate * (mean + delta))
    assert abs(found - exact) < ERRORS_COUNT * error, f"{found:.5f} ± {error:.5f}, exact {exact:.5f}"
    if rate * mean < 0.1:
        assert 1 / (1 + rate * mean) - exact == pytest.approx(rate * delta, rel=0.2)


def test_delta_is_half_an_hour_less_half_of_what_fails_in_a_repair() -> None:
    assert naive.extra_repair_h(1e-6, 20.0, 40.0) == pytest.approx(0.5, abs=1e-3)
    assert naive.extra_repair_h(0.002, 20.0, 40.0) == pytest.approx(0.5 - 0.002 * 40 / 2, abs=1e-3)
    assert naive.mean_whole_hours(0.3, 0.3 + 1e-9) == pytest.approx(1)


def test_failures_follow_age_and_share() -> None:
    hours, racks = 400, 4000
    rate = np.where(np.arange(hours) < 100, 0.01, 0.001)
    instant = {"repair_median_h": np.full(2, 1e-3), "repair_mean_h": np.full(2, 2e-3)}
    found = simulate(1, hours, racks, rate_per_h=rate, share_frac=np.array([0.75, 0.25]), **instant)
    expected = (found.up_count * -np.expm1(-rate)).reshape(4, 100).sum(axis=1)
    by_age = found.failures_count.sum(axis=1).reshape(4, 100).sum(axis=1)
    assert np.all(np.abs(by_age - expected) < 4 * np.sqrt(expected))
    total = found.failures_count.sum()
    assert found.failures_count[:, 0].sum() == pytest.approx(0.75 * total, abs=4 * np.sqrt(total * 0.75 * 0.25))


def test_racks_enter_when_they_do() -> None:
    entered = np.array([0, 3, 3, 9])
    found = simulate(1, 6, 4, entered_h=entered, rate_per_h=np.array([0.0]))
    assert found.up_count.tolist() == [1, 1, 1, 3, 3, 3]
    assert not found.failures_count.any()


def test_a_failure_takes_effect_at_the_next_hour_for_whole_hours() -> None:
    always = {"rate_per_h": np.array([100.0]), "repair_median_h": np.array([1.2]), "repair_mean_h": np.array([1.2])}
    found = simulate(1, 7, 1, **always)
    assert found.up_count.tolist() == [1, 0, 0, 1, 0, 0, 1]
    assert found.failures_count[:, 0].tolist() == [1, 0, 0, 1, 0, 0, 1]


def test_crews_mend_first_come_first_served() -> None:
    """Three racks fail at once and in every hour in which they are up; mending takes two whole hours."""
    always = {"rate_per_h": np.array([100.0]), "repair_median_h": np.array([1.9]), "repair_mean_h": np.array([1.9])}
    assert simulate(1, 9, 3, crews_count=1, **always).up_count.tolist() == [3, 0, 0, 1, 0, 1, 0, 1, 0]
    assert simulate(1, 9, 3, crews_count=2, **always).up_count.tolist() == [3, 0, 0, 2, 0, 1, 1, 1, 1]
    assert simulate(1, 9, 3, crews_count=0, **always).up_count.tolist() == [3] + [0] * 8


def test_as_many_crews_as_racks_are_infinitely_many() -> None:
    one, other = simulate(7, 2000, 30, crews_count=30), simulate(7, 2000, 30)
    assert np.array_equal(one.up_count, other.up_count)
    assert np.array_equal(one.failures_count, other.failures_count)
