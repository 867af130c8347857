"""Rows of steps are thinned so that peaks stay."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.report import thin


@given(st.integers(1, 400), st.integers(1, 400))
def test_columns_hold_every_step_once_and_are_alike(steps: int, columns: int) -> None:
    edges = thin.edges(steps, columns)
    lengths = np.diff(edges)
    assert (edges[0], edges[-1], len(lengths)) == (0, steps, min(steps, columns))
    assert lengths.max() - lengths.min() <= 1


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.integers(1, 50))
def test_the_least_and_the_most_of_all_stay_and_means_lie_between(values: list[float], columns: int) -> None:
    row = np.array(values)
    found = thin.columns(row, np.ones(len(row)), thin.edges(len(row), columns))
    assert (found.least.min(), found.most.max()) == (row.min(), row.max())
    assert (found.least <= found.mean + 1e-6).all()
    assert (found.mean <= found.most + 1e-6).all()


def test_a_mean_counts_steps_by_their_weight_and_leaves_out_what_is_no_number() -> None:
    found = thin.columns(np.array([1.0, 4.0, np.nan, np.nan]), np.array([3.0, 1.0, 9.0, 9.0]), np.array([0, 2, 4]))
    assert found.mean[0] == 7 / 4
    assert np.isnan([found.mean[1], found.least[1], found.most[1]]).all()
