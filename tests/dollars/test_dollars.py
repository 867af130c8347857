"""Money: annuities against sums, returns against their definition, tranches never early, tax on new highs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gigawatt.dollars
from gigawatt import dollars

rates = st.floats(1e-9, 0.5)
lives = st.integers(1, 30)


def test_public_names_are_sorted_and_there() -> None:
    assert gigawatt.dollars.__all__ == sorted(gigawatt.dollars.__all__)
    assert all(hasattr(gigawatt.dollars, name) for name in gigawatt.dollars.__all__)


@given(rates, lives)
def test_annuity_repays_one_dollar(rate: float, life: int) -> None:
    payment = dollars.recovery_frac(rate, life)
    assert payment * sum((1 + rate) ** -n for n in range(1, life + 1)) == pytest.approx(1, rel=1e-9)


def test_annuity_is_exact_near_zero() -> None:
    assert dollars.recovery_frac(1e-14, 5) == pytest.approx(0.2, rel=1e-12)
    assert dollars.recovery_frac(0.0, 5) == 0.2
    assert dollars.unamortised_frac(2.5, 5, 0.0) == pytest.approx(0.5)


@given(rates, lives, st.floats(0, 1))
def test_unamortised_falls_from_one_to_zero_and_above_the_line(rate: float, life: int, at: float) -> None:
    left = dollars.unamortised_frac(np.array([0.0, at * life, life, life + 1.0]), life, rate)
    assert left[[0, 2, 3]] == pytest.approx([1, 0, 0], abs=1e-12)
    assert left[1] >= 1 - at - 1e-9  # an annuity repays late


def test_book_value_is_straight() -> None:
    assert dollars.book_frac([0, 1, 5, 9], 5.0) == pytest.approx([1, 0.8, 0, 0])


def test_four_quarters_of_interest_are_a_year() -> None:
    assert (1 + dollars.quarter_rate_ratio(0.07)) ** 4 == pytest.approx(1.07)


@settings(deadline=None)
@given(st.lists(st.floats(1, 100), min_size=1, max_size=20), st.floats(0.5, 5))
def test_irr_is_where_npv_is_zero(gains: list[float], factor: float) -> None:
    flows = [-factor * sum(gains), *gains]
    rate = dollars.irr(flows)
    if rate is not None:
        assert dollars.npv(flows, rate) == pytest.approx(0, abs=1e-4 * sum(gains))


def test_irr_of_one_period() -> None:
    # Flows in mid-quarters a year apart: 100 then 110 is 10 %.
    assert dollars.irr([-100, 0, 0, 0, 110]) == pytest.approx(0.10)
    assert dollars.irr([1, 2, 3]) is None
    assert dollars.irr([-1, -2]) is None
    assert dollars.irr([]) is None


def test_npv_counts_flows_in_mid_quarter_and_the_end_at_the_end() -> None:
    assert dollars.npv([100.0], 0.21, 100.0) == pytest.approx(100 / 1.21**0.125 + 100 / 1.21**0.25)


quarters = st.lists(st.floats(0, 1e9), min_size=2, max_size=30)


@given(quarters, st.integers(1, 3), st.booleans())
def test_tranches_never_come_before_their_power_and_never_go_back(adds: list[float], lag: int, step: bool) -> None:
    gross = np.cumsum(adds)
    milestones = np.array([1e9, 2e9, 5e9])
    released = dollars.released_frac(gross, milestones, lag, step=step)
    assert np.all(np.diff(released, axis=1) >= 0)
    assert np.all(np.diff(released, axis=0) <= 0)
    seen = np.concatenate([np.zeros(lag), gross])[: gross.size]
    assert np.all(
        released * np.diff(milestones, prepend=0)[:, None] <= np.maximum(seen, 0)[None, :] * (1 + 1e-9) + 1e-6
    )
    money = dollars.receipts_usd(released, [10.0, 10.0, 30.0])
    assert money.sum(axis=1) == pytest.approx(released[:, -1] * [10, 10, 30])


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40), st.floats(0, 0.5))
def test_tax_is_due_on_new_highs_only(income: list[float], rate: float) -> None:
    tax = dollars.tax_usd(income, rate)
    assert np.all(tax >= 0)
    assert tax.sum() == pytest.approx(rate * max(0.0, np.max(np.cumsum(income))), abs=1e-3)


def test_losses_are_carried_forward() -> None:
    assert dollars.tax_usd([-100, 60, 60], 0.25) == pytest.approx([0, 0, 5])


def test_trend_and_subscription() -> None:
    assert dollars.trend(100.0, -0.08, [0.0, 1.0]) == pytest.approx([100, 92])
    # 1,000 users, a tenth of whom pay 100 USD a year, use 1 Mtoken a year together
    price = dollars.subscription_usd_per_mtok(1000, 0.1, 100, 1e6 / 3.15576e7, 3.15576e7)
    assert float(price) == pytest.approx(10_000)
