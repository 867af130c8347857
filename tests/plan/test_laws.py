"""What any plan obeys: looser is never worse, what cannot be bought changes nothing, duals are derivatives, and an
independent look finds every limit kept."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import asked, toy

from gigawatt import dollars
from gigawatt.plan import plan, search
from gigawatt.plan.plan import Plan, plan_inputs
from gigawatt.plan.verify import verify
from gigawatt.plan.worth import STEP_USD, worth
from gigawatt.programme import money
from gigawatt.programme.arrays import arrays
from gigawatt.progress import quiet
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.solver import Program

SHORT = {"horizon.report_end": "2028Q2", "horizon.end": "2028Q4"}


def value(data: xr.Dataset, question: Asked) -> float:
    """Objective in billion USD of the relaxed plan."""
    return Program(search.state(data, question)).solve_lp()


@pytest.fixture(scope="module")
def short() -> Scenario:
    return load("one-campus", SHORT)


@pytest.fixture(scope="module")
def base(short: Scenario) -> tuple[xr.Dataset, float]:
    data = arrays(short)
    return data, value(data, short.asked)


@pytest.mark.parametrize("name", ["ramp_w", "supply_count", "demand_tokens_per_s"])
def test_a_looser_limit_is_never_worse(short: Scenario, base: tuple[xr.Dataset, float], name: str) -> None:
    data, before = base
    assert value(data.assign({name: data[name] * 1.5}), short.asked) >= before - 1e-7


def test_looser_capital_is_never_worse(base: tuple[xr.Dataset, float]) -> None:
    data, before = base
    for over in (
        {"capital.covenant": 0.7},
        {"capital.opening_cash": "400 million USD"},
        {"programme.target": "120 MW"},
    ):
        assert value(data, load("one-campus", SHORT | over).asked) >= before - 1e-7


def test_dearer_racks_are_never_better(short: Scenario, base: tuple[xr.Dataset, float]) -> None:
    data, before = base
    assert value(data.assign(rack_price_usd=data.rack_price_usd * 1.1), short.asked) <= before + 1e-7


def test_a_platform_without_supply_changes_nothing(base: tuple[xr.Dataset, float]) -> None:
    extra = {
        "pools.none": {"supply": 0},
        "platforms.never": {
            "accelerator": "gb200-nvl72",
            "pool": "none",
            "price_change": "0 %/year",
            "price_base": "2026Q3",
        },
    }
    scenario = load("one-campus", SHORT | extra)
    assert value(arrays(scenario), scenario.asked) == pytest.approx(base[1], abs=1e-6)


def test_relabelling_sites_permutes_the_answer() -> None:
    data = toy(3, ramp_w=[[3e7, 5e7]] * 3, pue_peak_ratio=[1.1, 1.3], rack_price_usd=0.4e6)
    turned = data.isel(site=[1, 0])
    one, two = (plan_inputs(d, asked(), quiet, with_worth=False) for d in (data, turned))
    assert one.objective == pytest.approx(two.objective)
    xr.testing.assert_allclose(one.data.it_w, two.data.it_w.isel(site=[1, 0]))


@settings(max_examples=3, deadline=None)
@given(k=st.floats(0.2, 5.0))
def test_scaling_all_power_scales_the_power_of_the_answer(k: float) -> None:
    data = toy(2, ramp_w=3e7, rack_price_usd=0.4e6)
    scaled = data.assign(ramp_w=data.ramp_w * k, rack_it_w=data.rack_it_w * k)
    one, two = (plan_inputs(d, asked(), quiet, with_worth=False) for d in (data, scaled))
    assert float(two.data.it_w.sum()) == pytest.approx(k * float(one.data.it_w.sum()))
    assert two.objective == pytest.approx(one.objective)


def test_dual_is_the_finite_difference_as_the_step_goes_to_zero(
    short: Scenario, base: tuple[xr.Dataset, float]
) -> None:
    data, before = base
    program = Program(search.state(data, short.asked))
    program.solve_lp()
    first = data.period == data.period[0]
    step = 1e-4
    dual = float((program.dual("cash_balance") * first).sum())
    program.loosen("cash_balance", np.where(first, step, 0.0))
    assert (program.solve_lp() - before) / step == pytest.approx(dual, rel=1e-3, abs=1e-6)
    assert dual > 0, "cash binds in this case, or the test shows nothing"


def test_worth_of_a_step_is_at_most_its_first_unit(short: Scenario) -> None:
    """The value of more of one limit is concave, so the whole step is worth no more than its first unit promises."""
    found = plan.make(short).worth
    assert found
    for item in found:
        assert -1e-3 * STEP_USD <= item.value_usd <= item.first_unit_usd + 1e-3 * STEP_USD, item


def test_worth_leaves_the_program_as_it_was(short: Scenario, base: tuple[xr.Dataset, float]) -> None:
    data, before = base
    program = Program(search.state(data, short.asked))
    program.solve_lp()
    worth(program, data, short.asked)
    assert program.solve_lp() == pytest.approx(before, abs=1e-6)


def by_hand(decisions: np.ndarray, price: float, paid: float, cash: float) -> float:
    """Value of buying decisions[t, g] racks, in plain Python: half a quarter of work at first, a tranche a quarter
    after 40 racks stand, never below zero cash; −∞ where cash runs out."""
    stock, released, value_usd = 0.0, False, 0.0
    for bought in decisions:
        tranche = paid if stock >= 40 and not released else 0.0
        released |= tranche > 0
        work = stock + bought.sum() / 2
        flow = 2e6 * work - price * bought.sum()
        cash += flow + tranche
        value_usd += flow
        stock += bought.sum()
        if cash < -1e-3:
            return -np.inf
    return value_usd


def test_brute_force_agrees_on_two_quarters_two_platforms_two_milestones() -> None:
    """All 6^4 purchases in steps of 10 racks, valued by hand, against the planner: none is better than its plan."""
    price, paid, cash = 2.2e6, 30e6, 25e6
    question = asked(
        capital__opening_cash="25 million USD",
        capital__tranches={
            "power_basis": "facility",
            "release": "step",
            "lag": 1,
            **dict.fromkeys(("every", "amount", "most"), False),
            "milestones": [{"power": "40 MW", "amount": "30 million USD"}, {"power": "5 GW", "amount": "1000 USD"}],
        },
    )
    data = toy(4, supply_count=[[50, 50]] * 2 + [[0, 0]] * 2, rack_price_usd=price)
    found = plan_inputs(data, question, quiet, with_worth=False)
    grid = [np.array(choice, dtype=float) * 10 for choice in itertools.product(range(6), repeat=4)]
    zero = np.zeros((2, 2))
    best = max(by_hand(np.vstack([choice.reshape(2, 2), zero]), price, paid, cash) for choice in grid)
    mine = by_hand(found.data.install_count.sum("site").values, price, paid, cash)
    assert mine == pytest.approx(found.objective, abs=1.0)
    assert best > 0
    assert found.objective >= best - 1.0
    assert found.objective <= best + 10 * 4 * 2e6  # a step of the grid on every purchase


def assert_lawful(scenario: Scenario, found: Plan) -> None:
    assert verify(scenario, found) == []
    lines = money.lines(found.data, found.inputs, scenario.asked)
    count = found.data.sizes["period"]
    rate = scenario.asked.finance.discount_per_year
    end = float(dollars.discount_ratio(rate, count / 4))
    final = float(money.terminal_usd(lines, scenario.asked).sum())
    books = dollars.npv(money.free_cash_flow(lines).values, rate, final) - found.penalties_usd
    assert end > 0
    assert books == pytest.approx(found.objective, rel=1e-6)


CASES: list[dict[str, Any]] = [
    {},
    {"capital.tranches.release": "pro_rata"},
    {"capital.tranches": False},
    {"finance.tax": 0.25},
    {"sites.example-campus.ownership": "lease"},
    {"programme.inference_most": 0.5},
]


@pytest.mark.parametrize("over", CASES, ids=str)
def test_plans_are_lawful_and_worth_what_the_books_say(over: dict[str, Any]) -> None:
    scenario = load("one-campus", SHORT | over)
    assert_lawful(scenario, plan.make(scenario, with_worth=False))


def test_a_broken_plan_is_found_out(short: Scenario) -> None:
    found = plan.make(short, with_worth=False)
    twice = found.data.assign(install_count=found.data.install_count * 2, debt_usd=found.data.debt_usd + 1e12)
    broken = type(found)(**{name: getattr(found, name) for name in found.__slots__} | {"data": twice})
    limits = {item.limit for item in verify(short, broken)}
    assert {"power within shells", "covenant", "limit of debt"} <= limits


def test_a_distribution_before_its_time_is_found_out(short: Scenario) -> None:
    """users 9: the same money, paid out in the first quarter."""
    found = plan.make(short, with_worth=False)
    early = xr.zeros_like(found.data.distribution_usd)
    early[0] = 1e8
    broken = replace(found, data=found.data.assign(distribution_usd=early))
    limits = {(item.limit, item.period) for item in verify(short, broken)}
    first = str(found.data.period.values[0])
    paid = {("nothing paid out before completion", first), ("nothing paid out without cover", first)}
    assert paid | {("cash is what came and went", first)} <= limits
    assert {limit for limit, _ in limits - paid} == {"cash is what came and went"}


@pytest.mark.slow
@pytest.mark.parametrize("over", [{}, {"capital.covenant": 0.4}], ids=["as shipped", "debt at most 40 %"])
def test_the_letter_of_intent_is_lawful(over: dict[str, Any]) -> None:
    scenario = load("loi-2025-09", over)
    found = plan.make(scenario, with_worth=False)
    assert_lawful(scenario, found)
    assert found.gap <= max(0.005 * abs(found.objective), 0.5e9), f"gap of {found.gap:,.0f} USD"


def test_a_milestone_that_releases_nothing_fails_no_check() -> None:
    """Its tranche is no scale to judge an excess by."""
    marks = [{"power": "20 MW", "amount": "0 USD"}, {"power": "50 MW", "amount": "100 million USD"}]
    table = {"every": False, "amount": False, "most": False, "milestones": marks}
    scenario = load("one-campus", {**SHORT, "capital.tranches": table})
    assert not verify(scenario, plan.make(scenario, with_worth=False))
