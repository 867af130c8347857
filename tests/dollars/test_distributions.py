"""What a lender lets go: completion, cover, and the earliest payments that leave enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import dollars


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, [True] * 5), (0.5, [False, False, True, True, True]), (1.0, [False, False, False, True, True])],
)
def test_completion_is_a_share_of_the_most_power(share: float, expected: list[bool]) -> None:
    """users 9: the third quarter opens with 50 of 100, the fourth with all; what leaves later changes nothing."""
    assert dollars.completed([0.0, 50.0, 100.0, 90.0, 100.0], share).tolist() == expected


def test_nothing_planned_is_nothing_to_complete() -> None:
    assert dollars.completed([0.0, 0.0], 1.0).tolist() == [True, True]
    assert dollars.completed([], 1.0).tolist() == []


@pytest.mark.parametrize(
    ("cover", "expected"),
    [
        # Free cash flow of the last year: −100, −40, 20, 80, 240; service: 0, 60, 100, 100, 100.
        (0.0, [False, False, True, True, True]),
        (0.8, [False, False, False, True, True]),
        (2.4, [False, False, False, False, True]),
        (2.41, [False] * 5),
    ],
)
def test_cover_is_free_cash_flow_over_debt_service_of_a_year(cover: float, expected: list[bool]) -> None:
    free, debt = [-100.0, 60.0, 60.0, 60.0, 60.0], [100.0, 40.0, 0.0, 0.0, 0.0]
    assert dollars.covered(free, debt, np.zeros(5), cover).tolist() == expected


def test_interest_is_service() -> None:
    assert dollars.covered([11.9, 12.1], [0.0, 0.0], [10.0, 10.0], 1.2).tolist() == [False, True]


def test_payments_by_hand() -> None:
    """Of 30 above the minimum, 20 are needed later: 10 may go at the first chance, all of it at the end."""
    assert dollars.paid_out_usd([40.0, 20.0, 45.0], [True] * 3, 10.0).tolist() == [10.0, 0.0, 25.0]
    assert dollars.paid_out_usd([40.0, 20.0, 45.0], [False, False, True], 10.0).tolist() == [0.0, 0.0, 35.0]
    assert dollars.paid_out_usd([5.0, 20.0], [True, True], 10.0).tolist() == [0.0, 10.0]


quarters = st.lists(st.tuples(st.floats(0, 1e9), st.booleans()), min_size=1, max_size=30)


@settings(deadline=None)
@given(quarters, st.floats(0, 1e8))
def test_as_much_goes_as_early_as_all_later_quarters_can_spare(
    stream: list[tuple[float, bool]], minimum: float
) -> None:
    cash, allowed = np.array([held for held, _ in stream]), np.array([may for _, may in stream])
    paid = dollars.paid_out_usd(cash, allowed, minimum)
    left = cash - np.cumsum(paid)
    assert (paid >= 0).all()
    assert (paid[~allowed] == 0).all()
    assert (left >= np.minimum(cash, minimum) - 1e-6).all()
    for n in np.flatnonzero(allowed):  # a dollar more would be missed from then on
        assert left[n:].min() <= minimum + 1e-6


def test_what_stands_before_the_first_quarter_counts_for_completion() -> None:
    assert dollars.completed([4.0, 4.0], 1.0).tolist() == [False, True]
    assert dollars.completed([4.0, 4.0], 1.0, 4.0).tolist() == [True, True]
    assert dollars.completed([4.0, 8.0, 8.0], 1.0, 4.0).tolist() == [False, False, True]


def test_debt_of_before_the_first_quarter_is_repaid_in_it() -> None:
    assert dollars.covered([1.0], [2.0], [0.0], 1.0, 2.0).tolist() == [True]
    assert dollars.covered([1.0], [0.0], [0.0], 1.0, 2.0).tolist() == [False]
