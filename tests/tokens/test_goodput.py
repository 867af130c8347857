import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.tokens import best_interval_s, effective_frac, segment_s

LLAMA_3_FAILURES_PER_H = 1.97e-5


def test_segment_by_hand():
    rate, interval, checkpoint, restart = 1e-4, 1800.0, 60.0, 600.0
    expected = np.exp(0.06) * (np.exp(0.186) - 1) / 1e-4
    assert segment_s(rate, interval, checkpoint, restart) == pytest.approx(expected)
    assert segment_s(1.0, 1e6, checkpoint, restart) == np.inf
    assert segment_s(0.0, interval, checkpoint, restart) == pytest.approx(1860)


def test_segment_agrees_with_a_simulation():
    rng = np.random.Generator(np.random.Philox(7))
    rate, span, restart = 1 / 3000, 2000.0, 500.0
    times = [_simulate(rng, rate, span, restart) for _ in range(20_000)]
    error = 3.3 * np.std(times) / np.sqrt(len(times))
    # The renewal formula counts one restart before the first segment too, as after the failure that preceded it.
    assert np.mean(times) == pytest.approx(float(segment_s(rate, span, 0.0, restart)), abs=error)


def _simulate(rng, rate, span, restart):
    """Restart after each failure (itself failing), then the whole span again, until both pass without a failure."""
    total = 0.0
    while True:
        failure = rng.exponential(1 / rate)
        if failure >= span:
            return total + span
        total += failure
        while (again := rng.exponential(1 / rate)) < restart:
            total += again
        total += restart


def test_best_interval_beats_its_neighbours():
    rate, checkpoint, restart = 1e-4, 60.0, 600.0
    best = float(best_interval_s(rate, checkpoint))
    cost = lambda interval: float(segment_s(rate, interval, checkpoint, restart)) / interval  # noqa: E731 (one formula)
    assert cost(best) < cost(best * 1.01)
    assert cost(best) < cost(best * 0.99)
    assert best == pytest.approx(np.sqrt(2 * checkpoint / rate), rel=0.05)


def test_no_failures_no_loss():
    assert best_interval_s(0.0, 60.0) == np.inf
    assert effective_frac(16384, 0.0, 60.0, 600.0) == 1


def test_free_checkpoints_lose_restarts_only():
    assert effective_frac(3600, 1.0, 0.0, 0.1) == pytest.approx(np.exp(-0.1), rel=1e-6)


def test_llama_3_was_effective_for_more_than_90_percent():
    assert 0.9 < effective_frac(16384, LLAMA_3_FAILURES_PER_H, 10.0, 300.0) < 0.95


def test_never_negative_where_young_is():
    gangs = np.array([1e5, 2e5, 1e6, 1e7, 1e9, 1e12])
    shares = effective_frac(gangs, LLAMA_3_FAILURES_PER_H, 120.0, 1800.0)
    assert (shares > 0).all()
    assert (np.diff(shares) <= 0).all()


@settings(deadline=None)
@given(st.floats(1, 1e7), st.floats(1e-8, 1e-3), st.floats(0, 3600), st.floats(0, 36000), st.floats(1, 100))
def test_share_is_in_the_unit_interval_and_falls_with_the_gang(packages, failures, checkpoint, restart, factor):
    share = effective_frac(packages, failures, checkpoint, restart)
    assert 0 < share <= 1
    assert effective_frac(packages * factor, failures, checkpoint, restart) <= share * (1 + 1e-9)
