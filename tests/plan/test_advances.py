"""Credit of vendors and money that customers pay ahead: in the cash of a plan, never in its value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from toy import asked, toy

from gigawatt.account.accounts import account
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan, plan_inputs
from gigawatt.plan.verify import advanced_usd, verify
from gigawatt.programme import advances, money
from gigawatt.progress import quiet
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Asked, Scenario

SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q1"}
VENDOR = {"vendor": "NVIDIA", "share": "30 %", "rate": "6 %/year", "term": "1 years"}
CUSTOMER = {"customer": "A cloud", "amount": "100 million USD", "paid": "2026Q4", "rate": "0 %/year", "term": "1 years"}


def read(over: dict[str, Any]) -> Scenario:
    return load("one-campus", SHORT | over)


def made(scenario: Scenario) -> Plan:
    return plan.make(scenario, with_worth=False)


def course(values: list[float]) -> xr.DataArray:
    quarters = ["2026Q3", "2026Q4", "2027Q1", "2027Q2", "2027Q3", "2027Q4"][: len(values)]
    return xr.DataArray(values, dims="period", coords={"period": quarters})


@pytest.mark.parametrize(
    "over",
    [
        {"capital.vendor": VENDOR | {"share": "0 %"}},
        {"capital.customer": CUSTOMER | {"amount": "0 USD"}},
    ],
    ids=str,
)
def test_an_advance_of_nothing_is_the_plan_without(over: dict[str, Any]) -> None:
    plain, none = made(read({})), made(read(over))
    assert plain.objective == none.objective
    xr.testing.assert_identical(plain.data, none.data)


def test_a_vendor_lends_a_share_and_has_it_back_in_four_level_parts() -> None:
    """100 and 0 of racks at 30 % and nothing of interest: 30 in, then four times 7.5."""
    question = asked(capital__vendor=VENDOR | {"rate": "0 %/year"})
    found = advances.vendor(course([100.0, 0, 0, 0, 0, 0]), question)
    assert found is not None
    assert found.drawn_usd == pytest.approx([30, 0, 0, 0, 0, 0])
    assert found.repaid_usd == pytest.approx([0, 7.5, 7.5, 7.5, 7.5, 0])
    assert found.owed_usd == pytest.approx([30, 22.5, 15, 7.5, 0, 0])
    assert not found.interest_usd.any()


def test_interest_is_on_what_was_owed_a_quarter_before_and_parts_are_level() -> None:
    question = asked(capital__vendor=VENDOR)
    found = advances.vendor(course([100.0, 0, 0, 0, 0, 0]), question)
    assert found is not None
    rate = 1.06**0.25 - 1
    level = 30 * rate / (1 - (1 + rate) ** -4)
    assert found.service_usd[1:5] == pytest.approx([level] * 4, rel=1e-12)
    assert found.interest_usd[1] == pytest.approx(30 * rate, rel=1e-12)
    assert found.owed_usd[4] == pytest.approx(0, abs=1e-12)


def test_loans_and_advances_from_before_the_horizon_go_on() -> None:
    loans = [{"lent": "2026Q1", "amount": "40 USD"}]
    over = {
        "capital__vendor": VENDOR | {"rate": "0 %/year"},
        "opening": {"vendor_loans": loans, "cash": "1 billion USD"},
    }
    over["capital__customer"] = CUSTOMER | {"amount": "1 million USD", "paid": "2026Q2"}
    question = asked(**over)
    lent = advances.vendor(course([0.0] * 6), question)
    paid = advances.customer(question, course([0.0] * 6).period.values)
    assert lent is not None
    assert paid is not None
    assert lent.start_usd == pytest.approx(30)
    assert lent.repaid_usd == pytest.approx([10, 10, 10, 0, 0, 0])
    assert paid.start_usd == pytest.approx(1e6)
    assert paid.repaid_usd == pytest.approx(1e6 * np.array([0.25, 0.25, 0.25, 0.25, 0, 0]))
    assert not paid.drawn_usd.any()


def racks(question: Asked) -> float:
    """Racks that a toy buys in its first quarter of three: each costs 2 million USD and earns 1, 2 and 2."""
    found = plan_inputs(toy(3, rack_price_usd=2e6), question, quiet, with_worth=False)
    return float(found.data.install_count[0].sum())


def test_who_borrows_of_the_vendor_can_buy_more_with_the_same_cash() -> None:
    """10 million USD are 10 racks, which earn half of their price at once; 20 where a quarter of it is lent."""
    poor = {"capital__opening_cash": "10 million USD"}
    assert racks(asked(**poor)) == pytest.approx(10)
    lent = asked(**poor, capital__vendor=VENDOR | {"share": "25 %", "rate": "0 %/year"})
    assert racks(lent) == pytest.approx(20)


def test_who_is_paid_ahead_can_buy_more_and_gives_it_back() -> None:
    ahead = CUSTOMER | {"amount": "10 million USD", "paid": "2026Q3"}
    question = asked(capital__opening_cash="10 million USD", capital__customer=ahead)
    assert racks(question) == pytest.approx(20)


@pytest.fixture(scope="module")
def both() -> tuple[Scenario, Plan]:
    scenario = read({"capital.vendor": VENDOR, "capital.customer": CUSTOMER})
    return scenario, made(scenario)


def test_the_books_close_with_what_is_advanced(both: tuple[Scenario, Plan]) -> None:
    scenario, planned = both
    books = account(scenario, planned).statements
    np.testing.assert_allclose(books.cash, planned.data.cash_usd, atol=1e3)
    lent = books.vendor_drawn.values
    price = -money.total(money.lines(planned.data, planned.inputs, scenario.asked).racks_usd).values
    assert lent == pytest.approx(0.3 * price)
    np.testing.assert_allclose(books.vendor_owed, (books.vendor_drawn + books.vendor_repaid).cumsum("period"), atol=1)
    np.testing.assert_allclose(books.customer_owed, (books.customer_paid + books.customer_served).cumsum("period"))
    assert float(books.customer_paid.sum()) == 1e8
    assert float(books.customer_served.sum()) == pytest.approx(-1e8)


def test_financing_is_never_in_the_value(both: tuple[Scenario, Plan]) -> None:
    scenario, planned = both
    values = account(scenario, planned).values
    told = values.npv_usd + values.terminal_value_usd - values.penalties_usd
    assert abs(told - planned.objective) < 1e-6 * abs(planned.objective)
    assert verify(scenario, planned) == []


def test_equity_owes_what_is_owed_at_the_end(both: tuple[Scenario, Plan]) -> None:
    """The same flows with a longer term leave more owed, which equity does not have."""
    scenario, planned = both
    long = replace(scenario.asked.capital.vendor, term_years=10.0)  # type: ignore[type-var] # it has one
    other = replace(scenario, asked=replace(scenario.asked, capital=replace(scenario.asked.capital, vendor=long)))
    books = [account(one, planned) for one in (scenario, other)]
    owed = [float(one.statements.vendor_owed[-1]) for one in books]
    assert owed[1] > owed[0] + 1e7
    assert books[1].values.equity_value_usd < books[0].values.equity_value_usd


def test_verify_counts_loans_one_by_one_and_sees_cash_from_nowhere(both: tuple[Scenario, Plan]) -> None:
    scenario, planned = both
    price = -money.total(money.lines(planned.data, planned.inputs, scenario.asked).racks_usd)
    came, went = advanced_usd(scenario, price.values)
    assert came - went == pytest.approx(advances.net_usd(advances.lines(price, scenario.asked), price.size), abs=1)
    capital = replace(scenario.asked.capital, vendor=None)
    without = replace(scenario, asked=replace(scenario.asked, capital=capital))
    assert "cash is what came and went" in {found.limit for found in verify(without, planned)}
