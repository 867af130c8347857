"""Advances: worth nothing at their own rate, never overpaid, and gone when their term is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import dollars

RATES = st.floats(-0.2, 0.6)
TERMS = st.integers(1, 40)
DRAWN = st.lists(st.floats(0, 1e9), min_size=1, max_size=20).map(np.array)


def whole(drawn: np.ndarray, term: int) -> np.ndarray:
    """With quarters after the last sum for all of it to go back."""
    return np.concatenate([drawn, np.zeros(term)])


def test_by_hand() -> None:
    """Half a year at 21 % a year is two payments at 4.88 % a quarter: 100 / (1 / 1.21^¼ + 1 / 1.21^½)."""
    payment = 100 / (1.21**-0.25 + 1.21**-0.5)
    flows = dollars.advance_flows([0.0, 100.0, 0.0, 0.0, 0.0], 0.21, 0.5)
    owed = dollars.advance_owed_usd([0.0, 100.0, 0.0, 0.0, 0.0], 0.21, 0.5)
    assert flows == pytest.approx([0, 100, -payment, -payment, 0])
    assert owed == pytest.approx([0, 100, payment / 1.21**0.25, 0, 0])


def test_without_interest_equal_parts_go_back() -> None:
    assert dollars.advance_flows([8.0, 0, 0, 0, 0, 0], 0.0, 1.0).tolist() == [8, -2, -2, -2, -2, 0]
    assert dollars.advance_owed_usd([8.0, 0, 0, 0, 0, 0], 0.0, 1.0).tolist() == [8, 6, 4, 2, 0, 0]


@given(DRAWN, RATES, TERMS)
@settings(deadline=None)
def test_worth_nothing_at_its_own_rate(drawn: np.ndarray, rate: float, term: int) -> None:
    flows = dollars.advance_flows(whole(drawn, term), rate, term / 4)
    scale = np.abs(flows).sum() * max((1 + rate) ** (-flows.size / 4), 1)
    assert dollars.npv(flows, rate) == pytest.approx(0, abs=1e-12 * scale + 1e-9)


@given(DRAWN, RATES, TERMS)
@settings(deadline=None)
def test_what_is_owed_is_never_below_nothing_and_ends(drawn: np.ndarray, rate: float, term: int) -> None:
    owed = dollars.advance_owed_usd(whole(drawn, term), rate, term / 4)
    assert (owed >= 0).all()
    assert owed[-1] == 0
    assert (owed[: drawn.size] >= drawn).all()


@given(DRAWN, RATES, TERMS)
@settings(deadline=None)
def test_what_is_owed_grows_by_interest_and_by_flows(drawn: np.ndarray, rate: float, term: int) -> None:
    """Also where the quarters end before the term does."""
    for sums in (drawn, whole(drawn, term)):
        flows, owed = (kernel(sums, rate, term / 4) for kernel in (dollars.advance_flows, dollars.advance_owed_usd))
        balance = 0.0
        for flow, at_end in zip(flows, owed, strict=True):
            balance = balance * (1 + rate) ** 0.25 + flow
            assert at_end == pytest.approx(balance, abs=1e-9 * (1 + sums.sum()))


@given(st.floats(1e6, 1e11), st.floats(0.001, 0.4), TERMS)
@settings(deadline=None, max_examples=30)
def test_the_return_of_who_lends_is_the_rate(amount: float, rate: float, term: int) -> None:
    flows = dollars.advance_flows(whole(np.array([amount]), term), rate, term / 4)
    assert dollars.irr(-flows, 0.1).rate_frac == pytest.approx(rate, rel=1e-6)


@given(DRAWN, RATES, TERMS)
@settings(deadline=None)
def test_sums_are_one_by_one_and_rows_are_apart(drawn: np.ndarray, rate: float, term: int) -> None:
    apart = np.diag(drawn)
    for kernel in (dollars.advance_flows, dollars.advance_owed_usd):
        rows = kernel(apart, rate, term / 4)
        assert rows.shape == apart.shape
        assert rows.sum(axis=0) == pytest.approx(kernel(drawn, rate, term / 4), abs=1e-9 * (1 + drawn.sum()))


@given(DRAWN, st.floats(0, 0.5), TERMS)
@settings(deadline=None)
def test_a_longer_term_owes_more_and_a_higher_rate_pays_more(drawn: np.ndarray, rate: float, term: int) -> None:
    sums = whole(drawn, term)
    owed, longer = (dollars.advance_owed_usd(sums, rate, years) for years in (term / 4, term / 4 + 1))
    assert (longer >= owed * (1 - 1e-12)).all()
    paid, dearer = (dollars.advance_flows(sums, each, term / 4).sum() for each in (rate, rate + 0.01))
    assert dearer <= paid + 1e-9 * drawn.sum()


def test_terms_go_to_the_nearest_quarter_and_last_at_least_one() -> None:
    sums = [10.0, 0.0, 0.0, 0.0]
    for years, quarters in ((0.0, 1), (0.1, 1), (0.3, 1), (0.45, 2)):
        assert dollars.advance_flows(sums, 0.0, years).tolist() == [10] + [-10 / quarters] * quarters + [0] * (
            3 - quarters
        )


def test_no_quarters_and_no_sums() -> None:
    for kernel in (dollars.advance_flows, dollars.advance_owed_usd):
        assert kernel(np.zeros(0), 0.1, 2.0).size == 0
        assert kernel(np.zeros(3), 0.1, 2.0).tolist() == [0.0] * 3
