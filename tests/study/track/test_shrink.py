"""What is believed lies between what was expected and what was seen, the nearer the more was seen."""

from __future__ import annotations

import pytest

from gigawatt.study.track.shrink import pooled, shrunk


def test_without_observations_the_prior_stands() -> None:
    found = shrunk((0.3, 0.2), [], 0.1)
    assert (found.posterior_value, found.deviation_value, found.weight_frac) == (0.3, 0.2, 0.0)
    assert found.observed_value is None


def test_a_posterior_lies_between_prior_and_observed_and_nears_it_with_every_observation() -> None:
    found = [shrunk((0.0, 1.0), [2.0] * count, 1.5) for count in range(30)]
    values = [one.posterior_value for one in found]
    assert values == sorted(values)
    assert all(0 <= value < 2 for value in values)
    assert [one.deviation_value for one in found] == sorted((one.deviation_value for one in found), reverse=True)
    assert found[3].posterior_value == pytest.approx((3 * 2.0 / 1.5**2) / (1 + 3 / 1.5**2))


def test_a_site_of_which_nothing_is_known_borrows_from_the_others() -> None:
    shared, by_site = pooled((0.0, 1.0), {"a": [2.0] * 4, "b": [1.8] * 4, "c": []}, 0.5)
    assert 0 < shared.posterior_value < 2
    assert by_site["c"].posterior_value == shared.posterior_value
    assert shared.posterior_value < by_site["a"].posterior_value < 2
    assert by_site["c"].deviation_value > by_site["a"].deviation_value


def test_one_site_alone_is_shrunk_as_if_nothing_were_pooled() -> None:
    _, by_site = pooled((0.0, 1.2), {"a": [0.9] * 5}, 0.5)
    alone = shrunk((0.0, 1.2), [0.9] * 5, 0.5)
    assert by_site["a"].posterior_value == pytest.approx(alone.posterior_value)
    assert by_site["a"].deviation_value == pytest.approx(alone.deviation_value)


def test_what_weighs_more_tells_more_and_counts_as_fewer() -> None:
    even, uneven = (shrunk((0.0, 1.0), [2.0, 1.0], 0.5, weights) for weights in ([3.0, 3.0], [9.0, 1.0]))
    assert even == shrunk((0.0, 1.0), [2.0, 1.0], 0.5)
    assert uneven.observed_value == pytest.approx(1.9)
    effective = 1 / (0.9**2 + 0.1**2)
    assert uneven.weight_frac == pytest.approx(effective / (effective + 0.25))
    assert uneven.observations_count == 2
