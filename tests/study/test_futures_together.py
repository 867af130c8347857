"""Futures lived through together: each as it is alone, to the last digit, and tokens as the timeline serves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation import racks
from gigawatt.simulation.outdoors import site_years
from gigawatt.simulation.served import is_limited, served
from gigawatt.simulation.timeline import lived_totals
from gigawatt.study.futures.batches import PlannedCase, live
from gigawatt.study.futures.draws import Future, draw
from gigawatt.study.futures.realised import realised, scenario_in

CONTRACTS = {
    "sites.example-campus.ramp": {"2026Q3": "20 MW", "2027Q2": "100 MW"},
    "sites.example-campus.lease": {"escalator": "4 %/year", "minimum_take": "90 %", "way_out": "1 years"},
    "capital.vendor": {"vendor": "NVIDIA", "share": "30 %", "rate": "6 %/year", "term": "1 years"},
    "capital.customer": {
        "customer": "A lab",
        "amount": "0.1 billion USD",
        "rate": "5 %/year",
        "paid": "2026Q4",
        "term": "2 years",
    },
}
CURTAILED = {"sites.example-campus.curtailment": {"hours": "5 %", "depth": "60 %", "longest": "4 h"}}
ODD = (
    {},
    {"chip_slip": 0.5, "power_slip": 3.25},
    {"demand": 0.2, "price": 3.0, "power_slip": 99.0},
    {"failure_rate": 40.0, "throughput": 0.5, "capital_cost": 2.0},
)


def futures(scenario: Scenario, count: int) -> list[Future]:
    """Futures in which all that is uncertain differs, and odd ones."""
    drawn = [draw(scenario.asked, 3, number, len(scenario.quarters)) for number in range(count)]
    odd = [Future(number=count + n, value={**drawn[0].value, **value}, course={}) for n, value in enumerate(ODD)]
    return drawn + odd


@pytest.fixture(scope="module", params=["as stated", "contracts", "curtailed"])
def case(request: pytest.FixtureRequest, brief: Scenario, brief_plan: Plan, brief_set: dict[str, str]) -> PlannedCase:
    if request.param == "as stated":
        return PlannedCase(scenario=brief, plan=brief_plan)
    scenario = load("one-campus", {**brief_set, **(CONTRACTS if request.param == "contracts" else CURTAILED)})
    return PlannedCase(scenario=scenario, plan=plan.make(scenario, with_worth=False))


def test_a_future_is_the_same_alone_and_among_others(case: PlannedCase) -> None:
    """To the last digit, wherever it stands, so that no number hangs on how futures are shared out."""
    every = futures(case.scenario, 4)
    together, backwards = live(case, every), live(case, every[::-1])
    for n, future in enumerate(every):
        alone = live(case, [future])
        for name in alone.data_vars:
            assert np.array_equal(together[name].values[n], alone[name].values[0], equal_nan=True), (n, name)
            assert np.array_equal(backwards[name].values[-1 - n], alone[name].values[0], equal_nan=True), (n, name)


def test_tokens_are_those_of_the_timeline(case: PlannedCase) -> None:
    """Cross-route agreement: a day that stands for its quarter, and every hour of representative weeks."""
    scenario, every = case.scenario, futures(case.scenario, 2)
    at, years = racks.pairs(case.plan), site_years(case.scenario)
    made, scenarios = realised(case.plan, scenario.asked, every).plan, [scenario_in(scenario, one) for one in every]
    found = served(scenarios, made, at, years)
    for n, one in enumerate(scenarios):
        sums = lived_totals(one, _of(made, n), years)
        for name in ("demand_tokens", "served_tokens", "unserved_tokens"):
            want = sums[name].values
            assert getattr(found, name)[n] == pytest.approx(want, rel=1e-9, abs=1e-9 * sums.demand_tokens.values.max())


def test_only_contracts_and_prices_that_stop_a_tier_take_the_long_way(brief: Scenario) -> None:
    years = site_years(brief)
    assert not is_limited(brief, years)
    assert is_limited(load("one-campus", CURTAILED), years)
    assert is_limited(priced(brief, 1e-6), years)
    assert not is_limited(priced(brief, 1.0), years)


def priced(scenario: Scenario, usd_per_wh: float) -> Scenario:
    """The scenario with a price beyond which batch work stops."""
    asked = scenario.asked
    tiers: Sequence[object] = [
        replace(tier, price_usd_per_wh=usd_per_wh) if tier.work == "batch" else tier for tier in asked.simulate.tiers
    ]
    return replace(scenario, asked=replace(asked, simulate=replace(asked.simulate, tiers=tuple(tiers))))


def _of(made: Plan, draw: int) -> Plan:
    parts = {name: getattr(made, name) for name in ("data", "inputs")}
    return replace(made, **{name: one.isel(draw=draw) if "draw" in one.dims else one for name, one in parts.items()})
