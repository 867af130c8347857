"""Credit of a vendor and money paid ahead, as a ledger's lines of money have them; loans that a plan leaves behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gigawatt.study.result import Result
from gigawatt.study.run.stages import run
from gigawatt.study.standing import cut
from gigawatt.study.track.planned import flow_usd

OVER: dict[str, Any] = {
    "horizon.report_end": "2027Q4",
    "horizon.end": "2028Q1",
    "capital.vendor": {"vendor": "NVIDIA", "share": "30 %", "rate": "6 %/year", "term": "1 years"},
    "capital.customer": {
        "customer": "A cloud",
        "amount": "60 million USD",
        "paid": "2026Q4",
        "rate": "0 %/year",
        "term": "1 years",
    },
}


@pytest.fixture(scope="module")
def result() -> Result:
    return run("one-campus", OVER)


def test_loans_are_debt_and_what_is_paid_ahead_is_other_money(result: Result) -> None:
    flow, books = flow_usd(result), result.accounts.statements
    drawn, repaid = books.vendor_drawn.values, -books.vendor_repaid.values
    debt = books.debt_drawn.values
    assert drawn.sum() > 0
    assert flow.sel(flow="in debt").values == pytest.approx(drawn + np.maximum(debt, 0))
    assert flow.sel(flow="out debt").values == pytest.approx(repaid + np.maximum(-debt, 0))
    assert flow.sel(flow="in other").values.sum() == pytest.approx(60e6)
    assert flow.sel(flow="out other").values.sum() == pytest.approx(60e6)
    assert flow.sel(flow="out interest").values == pytest.approx(-books.interest.values)


def test_what_is_left_of_a_plan_owes_what_the_plan_owed(result: Result) -> None:
    left, books = cut(result.scenario, result.plan, "2027Q2"), result.accounts.statements
    loans = left.asked.at_start.vendor_loans
    assert {one.lent_date for one in loans} <= {"2026Q3", "2026Q4", "2027Q1"}
    assert sum(one.amount_usd for one in loans) == pytest.approx(books.vendor_drawn.values[:3].sum())
    assert left.asked.capital.customer == result.scenario.asked.capital.customer
