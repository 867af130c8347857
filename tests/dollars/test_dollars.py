"""Money: annuities against sums, returns against their definition, tranches never early, tax on new highs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gigawatt.dollars
from gigawatt import dollars
from gigawatt.dollars.returns import LEAST_RATE, MOST_RATE

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


@given(st.lists(st.floats(1, 100), min_size=1, max_size=20), st.floats(0.5, 5))
def test_money_out_then_in_has_one_return(gains: list[float], factor: float) -> None:
    """reports 8: conventional flows have the one root, and it is the return."""
    flows = [-factor * sum(gains), *gains]
    found = dollars.irr(flows, 0.1)
    values = [dollars.npv(flows, rate) for rate in (LEAST_RATE, MOST_RATE)]
    assert len(found.roots_frac) == int(values[0] > 0 > values[1])
    assert found.rate_frac == (found.roots_frac[0] if found.roots_frac else None)


amounts = st.one_of(st.just(0.0), st.floats(-1e9, -1e3), st.floats(1e3, 1e9))
streams = st.lists(amounts, max_size=24)


@settings(deadline=None)
@given(streams, amounts)
def test_every_root_makes_the_flows_worth_nothing(flows: list[float], final: float) -> None:
    """reports 8: as far as the digits of the largest term go."""
    for rate in dollars.roots(flows, final):
        weight = np.append(dollars.discount_ratio(rate, dollars.mid_quarters_years(len(flows))), 0.0)
        weight[-1] = float(dollars.discount_ratio(rate, len(flows) / 4))
        scale = float(np.abs(np.append(flows, final)) @ weight)
        # An amount below a billionth of the largest counts as nothing.
        assert abs(dollars.npv(flows, rate, final)) <= 1e-9 * scale + 1e-9 * 1e9 * float(weight.max()) * 25


@settings(deadline=None)
@given(st.lists(st.floats(-0.5, 3.0), min_size=1, max_size=5), st.floats(1e3, 1e9))
def test_all_roots_that_were_put_in_are_found(rates: list[float], scale: float) -> None:
    """reports 8: flows made of given rates, Π (1 − (1 + r)^¼·x) over the quarters' factor x, have these roots."""
    apart = sorted(rates)
    assume(all(high - low > 0.05 for low, high in itertools.pairwise(apart)))
    flows = np.array([scale])
    for rate in apart:
        flows = np.convolve(flows, [-1.0, (1 + rate) ** 0.25])
    found = dollars.roots(flows)
    assert np.array(found) == pytest.approx(np.array(apart), rel=1e-5, abs=1e-5)
    falls = apart[-1::-2] if dollars.npv(flows, MOST_RATE) < 0 else apart[-2::-2]
    for discount in (-0.4, 0.1, 0.7):
        assume(all(abs(rate - discount) > 1e-3 for rate in apart))
        above = dollars.npv(flows, discount) >= 0
        side = [rate for rate in falls if (rate >= discount) == above]
        nearest = min(side, key=lambda rate: abs(rate - discount), default=None)
        assert dollars.irr(flows, discount).rate_frac == (
            None if nearest is None else pytest.approx(nearest, rel=1e-5, abs=1e-5)
        )


@settings(deadline=None)
@given(streams, amounts, st.floats(0.0, 0.5))
def test_a_return_agrees_with_the_value_beside_it(flows: list[float], final: float, discount: float) -> None:
    """reports 8: above the discount where the flows are worth something at it, below it where less than nothing."""
    found, value = dollars.irr(flows, discount, final), dollars.npv(flows, discount, final)
    assert (found.rate_frac is None) == bool(found.reason)
    assert found.rate_frac is None or found.rate_frac in found.roots_frac
    if found.rate_frac is not None and abs(found.rate_frac - discount) > 1e-6:
        assert (found.rate_frac > discount) == (value > 0)
    above = [rate for rate in found.roots_frac if rate > discount + 1e-6]
    if value > 0 and above and dollars.npv(flows, MOST_RATE, final) < 0:
        assert found.rate_frac is not None
        assert found.rate_frac >= discount - 1e-9


@settings(deadline=None)
@given(streams, st.integers(-20, 20))
def test_the_size_of_flows_changes_no_root(flows: list[float], power: int) -> None:
    """reports 8: times a power of two, to the last digit."""
    assert dollars.roots(np.array(flows) * 2.0**power) == dollars.roots(flows)


def test_returns_by_hand() -> None:
    """reports 8: flows in mid-quarters a year apart; 100 then 110 is 10 %."""
    lent = [-100, 0, 0, 0, 110]
    assert dollars.irr(lent, 0.05).rate_frac == pytest.approx(0.10)
    assert dollars.irr(lent, 0.20).rate_frac == pytest.approx(0.10)
    assert dollars.irr([-100, 0, 0, 0], 0.1, 100 * 1.1**0.875).rate_frac == pytest.approx(0.10)
    # Out, in, out: (1 + r) = 1.1 and 1.6 on 100; the value falls at 60 % alone.
    twice = [-100, 0, 0, 0, 270, 0, 0, 0, -176]
    assert dollars.irr(twice, 0.2).roots_frac == pytest.approx((0.1, 0.6))
    assert dollars.irr(twice, 0.2).rate_frac == pytest.approx(0.6)
    assert dollars.irr(twice, 0.7).rate_frac == pytest.approx(0.6)
    assert dollars.irr(twice, 0.05).rate_frac is None


@pytest.mark.parametrize("flows", [[], [0.0], [1, 2, 3], [-1, -2]])
def test_flows_of_one_sign_have_no_return(flows: list[float]) -> None:
    found = dollars.irr(flows, 0.1)
    assert (found.rate_frac, found.roots_frac) == (None, ())
    assert "never change sign" in found.reason


def test_what_is_borrowed_has_a_root_and_no_return() -> None:
    """reports 8: the value rises through nought at the rate that is paid, which is a cost."""
    found = dollars.irr([100, 0, 0, 0, -110], 0.05)
    assert found.roots_frac == pytest.approx((0.10,))
    assert found.rate_frac is None
    assert "fall through nought" in found.reason


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
