"""One plan for several futures: answers by hand, brute force, and the order of what knowing less is worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import xarray as xr
from toy import asked, toy

from gigawatt.plan.stochastic import Branch, Equations, Hedged, equations, hedge, wait_and_see
from gigawatt.programme.arrays import arrays
from gigawatt.scenario.load import load

SHORT = {"horizon.report_end": "2028Q2", "horizon.end": "2028Q4"}
QUARTERS = 3


def branch(racks: float, weight: float, **changes: Any) -> Equations:
    """Demand in the second quarter for so many racks, all alike at one site; one costs 1 million and earns 2."""
    supply = [[100.0, 0.0], [0.0, 0.0]]
    data = toy(2, demand_tokens_per_s=[[0.0], [racks * 1e6]], supply_count=supply, ramp_w=[[1e9, 0.0]] * 2)
    return equations(replace(Branch(data=data, asked=asked(), weight_frac=weight), **changes))


@pytest.mark.parametrize(("chance", "racks", "million"), [(0.2, 40, 40), (0.3, 100, 0.7 * 22 + 0.3 * 100)])
def test_orders_by_hand(chance: float, racks: float, million: float) -> None:
    """A rack more earns 1 million where it is wanted and costs 0.3 where it is cancelled: worth it from 23 %."""
    branches = [branch(40, 1 - chance), branch(100, chance)]
    found = hedge(branches, 1, cancel_frac=0.3)
    assert found.orders["install"].values[0] == pytest.approx([racks, 0])
    assert found.expected_usd(branches) / 1e6 == pytest.approx(million)
    assert wait_and_see(branches) / 1e6 == pytest.approx([40, 100])


@pytest.mark.slow
def test_no_orders_on_a_grid_are_better() -> None:
    chance = 0.5
    branches = [branch(20, 1 - chance), branch(80, chance)]
    best = hedge(branches, 1)
    tried = []
    for racks in (0, 20, 50, 80, 100):
        orders = best.orders | {"install": xr.full_like(best.orders["install"], 0.0)}
        orders["install"][0, 0] = racks
        tried.append(hedge(branches, 1, fixed=orders).expected_usd(branches))
    assert best.expected_usd(branches) == pytest.approx(max(tried))


def test_the_worst_future_can_be_given_weight() -> None:
    branches = [branch(40, 0.6), branch(100, 0.4)]
    plain, guarded = hedge(branches, 1), hedge(branches, 1, tail_weight_frac=0.9, tail_frac=0.5)
    assert guarded.values_usd.min() > plain.values_usd.min()
    assert guarded.expected_usd(branches) < plain.expected_usd(branches)


def test_orders_that_slip_are_taken_later() -> None:
    """What is ordered first comes in the second quarter, and works half of it: it earns what it costs."""
    stated = branch(100, 1.0).branch.data
    data = stated.assign(supply_count=stated.supply_count.shift(period=1, fill_value=0.0))
    held = fixed(100.0)
    found = hedge([branch(100, 1.0, data=data, chip_slip_count=1)], 1, fixed=held)
    assert found.values_usd[0] == pytest.approx(0.0, abs=1e3)
    due_after_the_end = hedge([branch(100, 1.0, data=data, chip_slip_count=2)], 1, fixed=held)
    assert due_after_the_end.values_usd[0] == pytest.approx(0.0, abs=1e3)


def fixed(racks: float) -> dict[str, xr.DataArray]:
    orders = dict(hedge([branch(100, 1.0)], 1).orders)
    orders["install"] = xr.full_like(orders["install"], 0.0)
    orders["install"][0, 0] = racks
    return orders


def test_money_that_nobody_lends_has_a_price() -> None:
    """Of ten racks 4 million of cash pay four; another earns a million and costs one that nobody lends."""
    rich, poor = (
        branch(10, 1.0, asked=asked(capital__opening_cash=cash)) for cash in ("100 million USD", "4 million USD")
    )
    assert hedge([rich], 1).values_usd[0] / 1e6 == pytest.approx(10)
    assert hedge([poor], 1).values_usd[0] / 1e6 == pytest.approx(4)


@pytest.fixture(scope="module")
def campus() -> list[Equations]:
    scenario = load("one-campus", SHORT)
    data = arrays(scenario)
    return [
        equations(
            Branch(
                data=data.assign(
                    demand_tokens_per_s=data.demand_tokens_per_s * demand,
                    price_usd_per_mtok=data.price_usd_per_mtok * price,
                ),
                asked=scenario.asked,
                weight_frac=0.5,
            )
        )
        for demand, price in ((0.5, 0.8), (1.5, 1.3))
    ]


@pytest.fixture(scope="module")
def common(campus: list[Equations]) -> Hedged:
    return hedge(campus, QUARTERS)


def test_knowing_is_worth_more_than_planning_and_planning_more_than_the_mean(
    campus: list[Equations], common: Hedged
) -> None:
    low, high = (one.branch for one in campus)
    middle = low.data.copy()
    for name in ("demand_tokens_per_s", "price_usd_per_mtok"):
        middle[name] = (low.data[name] + high.data[name]) / 2
    mean = hedge([equations(Branch(data=middle, asked=low.asked, weight_frac=1.0))], QUARTERS)
    held = hedge(campus, QUARTERS, fixed=mean.orders)
    known, planned, evaluated = wait_and_see(campus).mean(), common.expected_usd(campus), held.expected_usd(campus)
    assert known >= planned - 1e3
    assert planned >= evaluated - 1e3
    assert known > evaluated + 1e6


@pytest.mark.slow
def test_its_own_orders_give_the_plan_again(campus: list[Equations], common: Hedged) -> None:
    again = hedge(campus, QUARTERS, fixed=common.orders)
    assert again.expected_usd(campus) == pytest.approx(common.expected_usd(campus))


@pytest.mark.slow
def test_one_future_is_planned_for_as_if_it_were_known(campus: list[Equations]) -> None:
    alike = [campus[0]] * 2
    assert hedge(alike, QUARTERS).values_usd == pytest.approx(wait_and_see(alike), rel=1e-6)
