"""A revolving line: the least debt in every quarter, as the financing of a plan has it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt import dollars
from gigawatt.plan import financing, plan
from gigawatt.programme import money
from gigawatt.scenario.load import load

FLOWS = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20)
MONEY = st.floats(0, 1e9)


def test_by_hand() -> None:
    found = dollars.revolve(
        [-50.0, -30.0, 100.0], [40.0, 100.0, 100.0], opening_usd=20.0, minimum_usd=10.0, quarter_rate_ratio=0.1
    )
    assert found.debt_usd.tolist() == pytest.approx([40.0, 74.0, 0.0])
    assert found.cash_usd.tolist() == pytest.approx([10.0, 10.0, 28.6])
    assert found.short_usd.tolist() == [0.0, 0.0, 0.0]


def test_short_is_what_the_limit_does_not_allow() -> None:
    found = dollars.revolve([-50.0, 0.0], [30.0, 60.0], opening_usd=10.0, minimum_usd=10.0, quarter_rate_ratio=0.0)
    assert found.debt_usd.tolist() == [50.0, 50.0]
    assert found.short_usd.tolist() == [20.0, 0.0]


@given(FLOWS, MONEY, st.floats(0, 0.1))
@settings(deadline=None)
def test_money_is_kept_and_only_what_is_missing_is_borrowed(
    flows_usd: list[float], opening: float, rate: float
) -> None:
    found = dollars.revolve(flows_usd, np.inf, opening_usd=opening, minimum_usd=0.0, quarter_rate_ratio=rate)
    interest = rate * np.concatenate([[0.0], found.debt_usd[:-1]])
    kept = opening + np.cumsum(np.asarray(flows_usd) - interest)
    scale = 1e-9 * (1 + np.abs(flows_usd).sum() + opening)
    assert found.cash_usd - found.debt_usd == pytest.approx(kept, abs=10 * scale)
    assert (found.cash_usd >= -scale).all()
    assert np.minimum(found.cash_usd, found.debt_usd) == pytest.approx(0.0, abs=scale)


@given(FLOWS, MONEY, MONEY, MONEY)
@settings(deadline=None)
def test_a_higher_limit_or_more_cash_is_never_worse(
    flows_usd: list[float], opening: float, limit: float, more: float
) -> None:
    fixed = {"minimum_usd": 0.0, "quarter_rate_ratio": 0.02}
    at = dollars.revolve(flows_usd, np.full(len(flows_usd), limit), opening_usd=opening, **fixed)
    higher = dollars.revolve(flows_usd, np.full(len(flows_usd), limit + more), opening_usd=opening, **fixed)
    richer = dollars.revolve(flows_usd, np.full(len(flows_usd), limit), opening_usd=opening + more, **fixed)
    assert (higher.short_usd <= at.short_usd).all()
    assert higher.debt_usd.tolist() == at.debt_usd.tolist()
    assert (richer.debt_usd <= at.debt_usd + 1e-3).all()


def test_the_debt_of_the_financing_programme() -> None:
    scenario = load("one-campus")
    asked, made = scenario.asked, plan.make(scenario, with_worth=False)
    lines = money.lines(made.data, made.inputs, asked)
    receipts = financing.releases(made.data.gross_w, asked).sum("milestone")
    found = dollars.revolve(
        (money.free_cash_flow(lines) + receipts).values,
        np.full(receipts.size, np.inf),
        opening_usd=asked.capital.opening_cash_usd + asked.capital.upfront_equity_usd,
        minimum_usd=asked.capital.minimum_cash_usd,
        quarter_rate_ratio=float(dollars.quarter_rate_ratio(asked.capital.debt_rate_per_year or 0.0)),
    )
    assert made.data.debt_usd.max() > 1e8
    assert found.debt_usd == pytest.approx(made.data.debt_usd.values, abs=1e-4 * float(made.data.debt_usd.max()))


def test_what_is_owed_before_the_first_quarter_is_repaid_first() -> None:
    found = dollars.revolve(
        [5.0, 5.0], [9.0, 9.0], opening_usd=0, minimum_usd=0, quarter_rate_ratio=0.1, opening_debt_usd=6
    )
    assert found.debt_usd == pytest.approx([1.6, 0])
    assert found.cash_usd == pytest.approx([0, 5 - 1.6 * 1.1])
