"""The outcome of a plan in a future: near the books where all is as stated, and better or worse where it should be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gigawatt.account.accounts import account
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.programme import money, rents
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation.outdoors import site_years
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.evaluate import FutureOutcome, evaluate, evaluate_anew
from gigawatt.study.futures.realised import realised

CONTRACTS = {
    "sites.example-campus.ramp": {"2026Q3": "20 MW", "2027Q2": "100 MW"},
    "sites.example-campus.lease": {"escalator": "4 %/year", "minimum_take": "90 %", "way_out": "1 years"},
    "capital.vendor": {"vendor": "NVIDIA", "share": "30 %", "rate": "6 %/year", "term": "1 years"},
}


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


@pytest.fixture(scope="module")
def agreed(brief_set: dict[str, str]) -> tuple[Scenario, Plan]:
    """The brief programme with a lease that grows and has a minimum, and credit of a vendor."""
    scenario = load("one-campus", {**brief_set, **CONTRACTS})
    return scenario, plan.make(scenario, with_worth=False)


def test_contracts_are_in_a_future_what_they_are_in_the_plan(agreed: tuple[Scenario, Plan]) -> None:
    scenario, planned = agreed
    stated = Future(number=0, value={}, course={})
    held, anew = evaluate(scenario, planned, stated), evaluate_anew(scenario, planned.inputs, stated)
    books = account(scenario, planned)
    assert held.terminal_value_usd == pytest.approx(books.values.terminal_value_usd)
    alone = replace(scenario, asked=replace(scenario.asked, capital=replace(scenario.asked.capital, vendor=None)))
    most = float(planned.data.debt_usd.max())
    assert held.peak_debt_usd == pytest.approx(most, abs=3e7)  # tokens are those that are lived through
    assert evaluate(alone, planned, stated).peak_debt_usd > most + 1e8
    assert anew.value_usd == pytest.approx(held.value_usd, rel=1e-4)


@pytest.mark.parametrize(("slip", "is_bound"), [(2.0, True), (5.0, False)])
def test_rent_follows_delivery_and_no_minimum_of_what_is_beyond_the_way_out_binds(
    agreed: tuple[Scenario, Plan], slip: float, is_bound: bool
) -> None:
    scenario, planned = agreed
    late = realised(planned, scenario.asked, [Future(number=0, value={"power_slip": slip}, course={})]).plan
    paid, stated = (-money.lines(one.data, one.inputs, scenario.asked).rent_usd.values for one in (late, planned))
    assert paid.sum() < stated.sum()
    least = rents.minimum_usd(late.inputs).values
    assert (paid >= least - 1e-6).all()
    delivered = late.inputs.delivered_w.values[0]
    assert bool((delivered > delivered[:1]).any()) == is_bound
