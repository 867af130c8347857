import numpy as np
import pytest

from gigawatt.tokens.serve.latency import LatencyHistogram, upper_edges_s


def histogram(times_s):
    found = LatencyHistogram()
    found.add(np.asarray(times_s, dtype=float))
    return found


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.99, 1.0])
def test_quantiles_are_within_half_a_percent(share):
    times = np.random.default_rng(1).lognormal(-2, 1.5, 20_000)
    exact = np.quantile(times, share, method="inverted_cdf")
    assert exact <= histogram(times).quantile_s(share) * (1 + 1e-12) <= exact * 1.0051


def test_mean_and_count_are_exact_and_what_never_came_is_passed_over():
    found = histogram([0.5, np.nan, 1.5])
    assert (found.count, found.mean_s, found.most_s) == (2, 1.0, 1.5)


def test_parts_merge_to_the_whole():
    times = np.random.default_rng(2).exponential(1.0, 1000)
    whole, first, second = histogram(times), histogram(times[:300]), histogram(times[300:])
    first.merge(second)
    assert (first.count_by_bin == whole.count_by_bin).all()
    assert first.mean_s == pytest.approx(whole.mean_s)


def test_share_within_a_limit():
    found = histogram(np.arange(1, 1001) / 1000)
    assert found.share_within_frac(0.25) == pytest.approx(0.25, abs=0.005)
    assert found.share_within_frac(2.0) == 1.0
    assert histogram([0.0]).share_within_frac(1e-3) == 1.0


def test_nothing_has_no_quantile():
    assert np.isnan(LatencyHistogram().quantile_s(0.5))
    assert np.isnan(LatencyHistogram().mean_s)
    assert np.isnan(LatencyHistogram().share_within_frac(1.0))


def test_the_longest_time_has_a_bin():
    assert upper_edges_s()[-1] > 2 * 365 * 86400
    assert histogram([1e12]).quantile_s(1.0) == pytest.approx(upper_edges_s()[-1])
