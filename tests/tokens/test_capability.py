"""Laws of capability: more compute never lowers it, nobody exceeds everybody, a factor of 1 changes nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt import tokens

orders = st.floats(-6, 6)


def test_by_hand() -> None:
    assert tokens.effective_flop(1e26, 2.0, 2.0) == pytest.approx(9e26)
    assert tokens.orders_count(9e26, 9e23) == pytest.approx(3.0)
    assert tokens.grown_ratio(2.0, 3.0) == pytest.approx(8.0)
    # Odds of 1 to 9 become 2 to 9: a share of 2 in 11 for one of 1 in 10.
    assert tokens.users_ratio(0.1, 2.0, 1.0) == pytest.approx((2 / 11) / 0.1)


@given(flop=st.floats(1e20, 1e30), more=st.floats(1, 1e3), years=st.floats(0, 10), progress=st.floats(0, 10))
def test_more_compute_and_more_years_never_lower_capability(
    flop: float, more: float, years: float, progress: float
) -> None:
    base = tokens.orders_count(tokens.effective_flop(flop, years, progress), 1e20)
    assert tokens.orders_count(tokens.effective_flop(flop * more, years, progress), 1e20) >= base
    assert tokens.orders_count(tokens.effective_flop(flop, years + 1, progress), 1e20) >= base


@given(share=st.floats(0, 1), odds=st.floats(1, 100), low=orders, high=orders)
def test_users_grow_with_capability_and_never_beyond_all_people(
    share: float, odds: float, low: float, high: float
) -> None:
    low, high = sorted((low, high))
    ratios = tokens.users_ratio(share, odds, np.array([low, high]))
    assert ratios[0] <= ratios[1] * (1 + 1e-12)
    assert (share * ratios <= 1 + 1e-9).all()


@given(share=st.floats(0, 1), order=orders)
def test_a_factor_of_one_changes_nothing(share: float, order: float) -> None:
    assert tokens.users_ratio(share, 1.0, order) == 1.0
    assert tokens.grown_ratio(1.0, order) == 1.0


@given(odds=st.floats(0.01, 100), order=orders)
def test_without_a_share_nothing_limits_users(odds: float, order: float) -> None:
    assert tokens.users_ratio(0.0, odds, order) == pytest.approx(odds**order)
