"""Leases: value against the closed form and against the published example, books that close, and ways out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import dollars

RATES = st.floats(-0.2, 0.6)
GROWTHS = st.floats(-0.1, 0.2)
RENTS = st.lists(st.floats(1, 1e9), min_size=1, max_size=60).map(np.array)
WAITS = st.integers(0, 12)


def later(rent: np.ndarray, wait: int) -> np.ndarray:
    return np.concatenate([np.zeros(wait), rent])


def at_end(rent: np.ndarray, quarter: int, rate: float) -> float:
    """Present value by the definition, payment by payment."""
    payments = [rent[k] * (1 + rate) ** -((k + 0.5 - (quarter + 1)) / 4) for k in range(quarter + 1, rent.size)]
    return float(sum(payments))


@given(st.floats(1e6, 1e11), st.integers(1, 30), RATES, GROWTHS)
@settings(deadline=None)
def test_rent_is_worth_its_closed_form(yearly: float, years: int, rate: float, growth: float) -> None:
    ratio = dollars.rent_ratio(4 * years, escalator_per_year=growth, inflation_per_year=0.0)
    rent = yearly / 4 * ratio
    closed = dollars.level_rent_value_usd(yearly, years, rate, growth)
    assert closed == pytest.approx(dollars.npv(rent, rate), rel=1e-9)
    # A quarter that comes before the lease sees the same value at its end.
    assert closed == pytest.approx(dollars.lease_value_usd(later(rent, 1), rate)[0], rel=1e-9)


def test_rent_that_grows_at_the_rate_is_worth_its_payments() -> None:
    assert dollars.level_rent_value_usd(4.0, 15, 0.08, 0.08) == pytest.approx(60 * 1.08**-0.125)
    assert dollars.level_rent_value_usd(4.0, 15, 0.08, 0.08 + 1e-12) == pytest.approx(60 * 1.08**-0.125, rel=1e-9)
    assert dollars.level_rent_value_usd(4.0, 15, 0.0, 0.0) == 60
    assert dollars.level_rent_value_usd(4.0, 0, 0.08, 0.0) == 0


@given(st.integers(0, 80), GROWTHS, GROWTHS)
@settings(deadline=None)
def test_real_rent_grows_by_the_escalator_over_inflation(count: int, escalator: float, inflation: float) -> None:
    ratio = dollars.rent_ratio(count, escalator_per_year=escalator, inflation_per_year=inflation)
    assert ratio.shape == (count,)
    assert ratio[:1].tolist() == [1.0][:count]
    assert ratio[4::4] == pytest.approx([((1 + escalator) / (1 + inflation)) ** k for k in range(1, (count + 3) // 4)])
    flat = dollars.rent_ratio(count, escalator_per_year=escalator, inflation_per_year=escalator)
    assert flat.tolist() == [1.0] * count


@given(RENTS, RATES)
@settings(deadline=None)
def test_value_by_its_definition(rent: np.ndarray, rate: float) -> None:
    value = dollars.lease_value_usd(rent, rate)
    assert value == pytest.approx([at_end(rent, k, rate) for k in range(rent.size)], rel=1e-9, abs=1e-6)
    assert value[-1] == 0


@given(RENTS, RATES)
@settings(deadline=None)
def test_the_liability_grows_by_interest_and_falls_by_rent(rent: np.ndarray, rate: float) -> None:
    owed = dollars.lease_liability_usd(rent, rate)
    before = np.concatenate([[dollars.npv(rent, rate)], owed[:-1]])
    assert owed == pytest.approx(before * (1 + rate) ** 0.25 - rent * (1 + rate) ** 0.125, abs=1e-9 * before.max())


@given(RENTS, WAITS, st.floats(0, 0.6))
@settings(deadline=None)
def test_books_open_at_the_value_and_close_at_nothing(rent: np.ndarray, wait: int, rate: float) -> None:
    paid = later(rent, wait)
    owed, right = dollars.lease_liability_usd(paid, rate), dollars.right_of_use_usd(paid, rate)
    opening = dollars.npv(rent, rate)
    assert owed[:wait].tolist() == right[:wait].tolist() == [0] * wait
    assert owed[-1] == right[-1] == 0
    assert (owed >= 0).all()
    straight = opening * (1 - (np.arange(rent.size) + 1) / rent.size)
    assert right[wait:] == pytest.approx(straight, abs=1e-9 * opening)
    # Over the whole term interest and depreciation are the rent, and interest comes early.
    interest = np.diff(np.concatenate([[opening], owed[wait:]])) + rent
    assert interest.sum() + opening == pytest.approx(rent.sum(), rel=1e-9)
    assert (interest >= -1e-9 * opening).all()


@given(st.floats(1, 1e9), st.integers(1, 60), st.floats(0, 0.6))
@settings(deadline=None)
def test_the_right_of_a_level_rent_never_exceeds_the_liability(level: float, count: int, rate: float) -> None:
    rent = np.full(count, level)
    owed, right = dollars.lease_liability_usd(rent, rate), dollars.right_of_use_usd(rent, rate)
    assert (right <= owed * (1 + 1e-9)).all()


def test_the_example_of_the_standard() -> None:
    """IFRS 16 Illustrative Example 17: 10 years of 50,000 at each year's end at 6 %.

    The liability is 368,004 at first and 210,618 after five years, the right of use 184,002. A payment at the end of
    year t stands in the middle of quarter 4t here, so that the lease begins in the middle of quarter 0.
    """
    rent = np.zeros(41)
    rent[4::4] = 50_000
    half = 1.06**0.125
    owed = dollars.lease_liability_usd(rent, 0.06)
    assert dollars.lease_value_usd(rent, 0.06)[0] / half == pytest.approx(368_004, abs=0.5)
    assert owed[20] / half == pytest.approx(210_618, abs=0.5)
    assert owed[40] == 0
    level = np.full(40, 368_004 / dollars.npv(np.ones(40), 0.06))
    assert dollars.right_of_use_usd(level, 0.06)[19] == pytest.approx(184_002)


def test_no_lease_is_nothing() -> None:
    for count in (0, 1, 9):
        none = np.zeros(count)
        for found in (
            dollars.lease_value_usd(none, 0.08),
            dollars.lease_liability_usd(none, 0.08),
            dollars.right_of_use_usd(none, 0.08),
            dollars.exit_cost_usd(none, 10.0, 0.08),
        ):
            assert found.tolist() == [0.0] * count


@given(st.lists(RENTS, min_size=1, max_size=3), RATES)
@settings(deadline=None)
def test_parts_are_rows_that_each_begin_on_their_own_day(parts: list[np.ndarray], rate: float) -> None:
    count = max(part.size for part in parts)
    rows = np.array([later(part, count - part.size) for part in parts])
    for kernel in (
        dollars.lease_value_usd,
        dollars.lease_liability_usd,
        dollars.right_of_use_usd,
        lambda rent, rate: dollars.exit_cost_usd(rent, 3.0, rate),
    ):
        assert kernel(rows, rate) == pytest.approx(np.array([kernel(row, rate) for row in rows]), rel=1e-12)


def test_a_right_lasts_to_the_last_quarter_with_rent() -> None:
    """A quarter free of rent within the term is within the term; what follows it is not."""
    rent = np.array([0.0, 10.0, 0.0, 10.0, 0.0])
    assert dollars.right_of_use_usd(rent, 0.0) == pytest.approx([0, 20 * 2 / 3, 20 / 3, 0, 0])
    assert dollars.lease_liability_usd(rent, 0.0).tolist() == [0, 10, 10, 0, 0]


def test_leaving_by_hand() -> None:
    minimum = np.full(8, 10.0)
    assert dollars.exit_cost_usd(minimum, 1.0, 0.0).tolist() == [40, 40, 40, 40, 30, 20, 10, 0]
    assert dollars.exit_cost_usd(minimum, 0.5, 0.0).tolist() == [20, 20, 20, 20, 20, 20, 10, 0]
    # To the nearest quarter: 1.8 quarters are two, 1.2 are one.
    assert dollars.exit_cost_usd(minimum, 0.45, 0.0)[0] == 20
    assert dollars.exit_cost_usd(minimum, 0.3, 0.0)[0] == 10
    assert dollars.exit_cost_usd(minimum, 0.0, 0.1).tolist() == [0] * 8
    # Nothing is cheaper than to stay where leaving costs all that is left.
    assert dollars.exit_cost_usd(minimum, np.inf, 0.1) == pytest.approx(dollars.lease_value_usd(minimum, 0.1))


@given(RENTS, st.floats(0, 20), st.floats(0, 20), RATES)
@settings(deadline=None)
def test_leaving_never_costs_more_than_the_charge_or_the_minimum(
    minimum: np.ndarray, years: float, more: float, rate: float
) -> None:
    cost = dollars.exit_cost_usd(minimum, years, rate)
    charge = [minimum[k + 1 : k + 1 + round(4 * years)].sum() for k in range(minimum.size)]
    assert (cost >= 0).all()
    assert (cost <= np.array(charge) * (1 + 1e-12)).all()
    assert (cost <= dollars.lease_value_usd(minimum, rate)).all()
    assert (cost <= dollars.exit_cost_usd(minimum, years + more, rate) * (1 + 1e-12)).all()


def cheapest(minimum: np.ndarray, charged: int, rate: float, quarter: int) -> float:
    """The least that leaving costs, over every later quarter's end to leave at, and never leaving."""
    costs = []
    for leave in range(quarter, minimum.size):
        paid = [minimum[k] * (1 + rate) ** -((k + 0.5 - (quarter + 1)) / 4) for k in range(quarter + 1, leave + 1)]
        charge = minimum[leave + 1 : leave + 1 + charged].sum()
        costs.append(sum(paid) + charge * (1 + rate) ** -((leave - quarter) / 4))
    return min(costs)


@given(st.integers(1, 30), st.floats(-0.1, 0.1), st.integers(0, 32), st.floats(0, 0.5))
@settings(deadline=None, max_examples=50)
def test_no_later_day_to_leave_is_cheaper(count: int, growth: float, charged: int, rate: float) -> None:
    """Where the minimum grows at a steady rate: every day to leave is tried."""
    minimum = 1e9 * dollars.rent_ratio(count, escalator_per_year=growth, inflation_per_year=0.0)
    tried = [cheapest(minimum, charged, rate, quarter) for quarter in range(count)]
    assert dollars.exit_cost_usd(minimum, charged / 4, rate) == pytest.approx(tried, rel=1e-9, abs=1e-3)
