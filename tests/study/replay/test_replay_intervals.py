"""How sure figures are: Student's t over runs, and blocks of time drawn anew."""

from __future__ import annotations

import numpy as np
import pytest

from gigawatt.study.replay.intervals import DRAWS_COUNT, LEAST_BLOCKS, of_draws, of_runs, student_ratio, weights


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.7062), (2, 4.30265), (4, 2.77645), (9, 2.26216), (29, 2.04523)]
)
def test_students_quantile_is_that_of_the_tables(freedom: int, quantile: float) -> None:
    assert student_ratio(freedom) == pytest.approx(quantile, rel=1e-4)


def test_an_interval_of_runs_is_around_their_mean() -> None:
    low, high = of_runs([1.0, 2.0, 3.0]) or (0.0, 0.0)
    assert (low + high) / 2 == pytest.approx(2.0)
    assert high - low == pytest.approx(2 * 4.30265 / 3**0.5, rel=1e-4)


@pytest.mark.parametrize("values", [[1.0], [], [1.0, float("nan")], [1.0, float("inf")]])
def test_one_run_or_one_without_a_figure_says_nothing(values: list[float]) -> None:
    assert of_runs(values) is None


def test_blocks_are_drawn_alike_for_a_seed_and_as_many_as_there_are() -> None:
    drawn = weights(12, seed=3)
    assert drawn.shape == (DRAWS_COUNT, 12)
    assert (drawn.sum(axis=1) == 12).all()
    assert np.array_equal(drawn, weights(12, seed=3))
    assert not np.array_equal(drawn, weights(12, seed=4))


def test_few_blocks_say_nothing() -> None:
    assert weights(LEAST_BLOCKS - 1, seed=0).shape == (0, LEAST_BLOCKS - 1)
    assert of_draws(np.zeros(0)) is None


def test_drawn_blocks_of_independent_values_give_the_error_of_their_mean() -> None:
    blocks = np.random.default_rng(0).exponential(size=(50, 40)).mean(axis=1)
    low, high = of_draws(weights(50, seed=0) @ blocks / 50) or (0.0, 0.0)
    assert low < blocks.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * blocks.std() / 50**0.5, rel=0.2)
