"""The outcome of a plan in a future: near the books where all is as stated, and better or worse where it should be."""

from __future__ import annotations

import pytest

from gigawatt.account.accounts import account
from gigawatt.plan.plan import Plan
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation.outdoors import site_years
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.evaluate import FutureOutcome, evaluate, evaluate_anew


def live(campus: Scenario, campus_plan: Plan, **value: float) -> FutureOutcome:
    return evaluate(campus, campus_plan, Future(number=0, value=value, course={}))


def test_as_stated_it_is_the_books_with_what_is_lived_through(campus: Scenario, campus_plan: Plan) -> None:
    """Money spent is that of the books; tokens sold are those that racks with failures and a daily tide can serve."""
    books, found = account(campus, campus_plan).values, live(campus, campus_plan)
    assert found.terminal_value_usd == pytest.approx(books.terminal_value_usd)
    assert found.installed_w == pytest.approx(float(campus_plan.data.facility_w.sum("site").max()))
    assert found.npv_usd == pytest.approx(books.npv_usd, rel=0.10)
    assert found.peak_debt_usd == pytest.approx(float(campus_plan.data.debt_usd.max()), rel=0.05)
    assert found.cash_out_frac == 0


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"demand": 0.7}, {"demand": 1.2}),
        ({"price": 0.8}, {"price": 1.2}),
        ({"throughput": 0.8}, {"throughput": 1.2}),
        ({"rack_price": 1.2}, {"rack_price": 0.9}),
        ({"energy_price": 1.5}, {"energy_price": 0.7}),
        ({"failure_rate": 3.0}, {"failure_rate": 0.5}),
        ({"capital_cost": 1.4}, {"capital_cost": 0.8}),
        ({"power_slip": 4.0}, {}),
    ],
)
def test_worse_is_worse(brief: Scenario, brief_plan: Plan, worse: dict[str, float], better: dict[str, float]) -> None:
    assert live(brief, brief_plan, **worse).value_usd < live(brief, brief_plan, **better).value_usd


def test_weather_may_be_made_once(campus: Scenario, campus_plan: Plan) -> None:
    future = Future(number=0, value={"price": 0.9, "power_slip": 1.0}, course={})
    once, again = (evaluate(campus, campus_plan, future, years) for years in (site_years(campus), None))
    assert once.figures() == again.figures() | {"first_gw_quarter_count": once.first_gw_quarter_count}


def test_tokens_do_not_come_from_prices(campus: Scenario, campus_plan: Plan) -> None:
    stated, dear = live(campus, campus_plan), live(campus, campus_plan, price=2.0)
    assert dear.served_tokens == pytest.approx(stated.served_tokens)
    assert dear.unserved_frac == pytest.approx(stated.unserved_frac)


def test_cash_runs_out_where_the_minimum_does_not_cover_what_is_short(campus: Scenario, campus_plan: Plan) -> None:
    found = live(campus, campus_plan, price=0.4)
    assert found.short_usd > campus.asked.capital.minimum_cash_usd
    assert found.cash_out_frac == 1
    assert found.value_usd < 0


def test_a_gigawatt_that_never_stands_has_no_date(campus: Scenario, campus_plan: Plan) -> None:
    found = live(campus, campus_plan)
    assert found.first_gw_quarter_count != found.first_gw_quarter_count


def test_a_plan_made_anew_for_what_is_stated_is_the_plan(brief: Scenario, brief_plan: Plan) -> None:
    """With tranches in proportion, as the brief programme has them, and nothing that differs, it is the scenario's."""
    stated = Future(number=0, value={}, course={})
    anew, held = evaluate_anew(brief, brief_plan.inputs, stated), evaluate(brief, brief_plan, stated)
    assert held.installed_w > 0
    assert anew.value_usd == pytest.approx(held.value_usd, rel=1e-4)


def test_knowing_a_bad_future_is_better_than_holding_to_a_plan(brief: Scenario, brief_plan: Plan) -> None:
    bad = Future(number=0, value={"demand": 0.3, "price": 0.5}, course={})
    assert evaluate_anew(brief, brief_plan.inputs, bad).value_usd > evaluate(brief, brief_plan, bad).value_usd
