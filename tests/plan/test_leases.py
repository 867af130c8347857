"""Rent as a lease states it: laws of leases in the plan, toys that a hand can check, and what verify finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from toy import asked, toy

from gigawatt import dollars
from gigawatt.account.accounts import account
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan, plan_inputs
from gigawatt.plan.verify import verify
from gigawatt.programme import landlords, money, rents
from gigawatt.programme.arrays import arrays
from gigawatt.progress import quiet
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario

SITE = "example-campus"
LEASE = f"sites.{SITE}.lease"
SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q1"}
GUARANTEE = {
    "guarantor": "NVIDIA",
    "cap": "1 billion USD",
    "guaranteed": "90 %",
    "term": "20 years",
    "default": "3 %/year",
    "recovery": "60 %",
    "guaranteed_rate": "7 %/year",
}


def read(over: dict[str, Any]) -> Scenario:
    return load("one-campus", SHORT | over)


def made(scenario: Scenario) -> Plan:
    return plan.make(scenario, with_worth=False)


def same(one: Plan, other: Plan) -> None:
    assert one.objective == other.objective
    xr.testing.assert_identical(one.data, other.data)


def gap_rel(scenario: Scenario, planned: Plan) -> float:
    """How far the objective is from what the books say."""
    values = account(scenario, planned).values
    told = values.npv_usd + values.terminal_value_usd - values.penalties_usd
    return abs(told - planned.objective) / abs(planned.objective)


@pytest.fixture(scope="module")
def leased() -> Plan:
    return made(read({f"sites.{SITE}.ownership": "lease"}))


@pytest.mark.parametrize(
    "over",
    [
        {LEASE: {}},
        {LEASE: {"escalator": "3 %/year"}, "finance.inflation": "3 %/year"},
        {LEASE: {"term": "15 years", "termination": "2 years", "way_out": "1 years"}},
        {LEASE: {}, "capital.guarantee": GUARANTEE | {"cap": "0 USD"}},
        {LEASE: {}, "capital.guarantee": GUARANTEE | {"covered_power": "0 W"}},
        {LEASE: {}, "capital.guarantee": GUARANTEE | {"guaranteed_rate": "10 %/year"}},
    ],
    ids=str,
)
def test_a_lease_that_states_nothing_more_is_the_leased_site_that_there_was(leased: Plan, over: dict[str, Any]) -> None:
    same(made(read(over)), leased)


def test_the_stated_rent_is_that_of_the_owners_capital_where_it_is_the_same(leased: Plan) -> None:
    """12.5 USD/W of shell at 10 % over 15 years is 1.6434 USD/W a year; a month per W of IT is that × PUE / 12."""
    rent = float(leased.inputs.yearly_rent_usd_per_w[0])
    assert rent == pytest.approx(12.5 * 0.1 / (1 - 1.1**-15), rel=1e-12)
    monthly = rent * float(leased.inputs.pue_peak_ratio[0]) / 12
    data = arrays(read({LEASE: {"monthly_rent_it": f"{monthly!r} USD/W"}}))
    assert float(data.yearly_rent_usd_per_w[0]) == pytest.approx(rent, rel=1e-12)


def test_what_a_site_is_provisioned_for_stands_in_for_its_peak_pue() -> None:
    scenario = read({LEASE: {"monthly_rent_it": "120 USD/kW"}})
    site = replace(scenario.records.sites[SITE], provisioned_ratio=1.25)
    data = arrays(replace(scenario, records=replace(scenario.records, sites={SITE: site})))
    assert float(data.pue_peak_ratio[0]) == 1.25
    assert float(data.yearly_rent_usd_per_w[0]) == pytest.approx(12 * 0.120 / 1.25)
    assert float(data.pue_mean_ratio[0]) == float(arrays(scenario).pue_mean_ratio[0])


def with_lease(data: xr.Dataset, **arrays: Any) -> xr.Dataset:
    """A toy with rent of 4 USD/W a year, and arrays of a lease at its sites."""
    figures = {name: (("site",), np.broadcast_to(value, 2).astype(float)) for name, value in arrays.items()}
    return data.assign(figures)


def test_rent_grows_from_the_quarter_in_which_a_watt_is_energised() -> None:
    """1 MW in the first quarter and 1 MW in the third, 1 USD a quarter and W, growing by 21 % a year (4.88 % a
    quarter): ½; g; g² + ½; g³ + g."""
    data = with_lease(toy(4, yearly_rent_usd_per_w=4.0), rent_growth_per_year=0.21)
    energise = xr.zeros_like(data.ramp_w)
    energise[0, 0] = energise[2, 0] = 1e6
    mean = money.mean_stock(energise.cumsum("period"))
    found = rents.rent_usd(energise, mean, data).sel(site="north").values
    g = 1.21**0.25
    assert found == pytest.approx(1e6 * np.array([0.5, g, g**2 + 0.5, g**3 + g]), rel=1e-12)


def test_the_minimum_is_paid_of_what_is_delivered_until_its_term_ends() -> None:
    """2 MW are delivered, 80 % of their rent is the least; a term of two quarters ends in the middle of the third."""
    data = with_lease(toy(4, yearly_rent_usd_per_w=4.0, ramp_w=2e6), minimum_take_frac=[0.8, 0.0])
    data.lease_count[:] = 2
    least = rents.minimum_usd(data)
    assert least.sel(site="north").values == pytest.approx(1.6e6 * np.array([0.5, 1.0, 0.5, 0.0]))
    assert not least.sel(site="south").any()


def test_a_plan_pays_the_minimum_of_power_that_it_has_no_use_for() -> None:
    """Racks of 1 MW earn 2 million USD a quarter and cost 1 million; a W costs 1 USD of rent a year.

    Ten racks are all there are. Of 100 MW delivered half is the least: 6.25 and 12.5 million USD in two quarters.
    """
    supply = np.zeros((2, 2))
    supply[0, 0] = 10
    base = toy(2, yearly_rent_usd_per_w=[1.0, 1.0], ramp_w=[1e8, 0.0], supply_count=supply)
    question = asked()
    free = plan_inputs(base, question, quiet, with_worth=False)
    bound = plan_inputs(with_lease(base, minimum_take_frac=0.5), question, quiet, with_worth=False)
    # Ten racks: capital 10, revenue 10 × (1 + 2), rent of 10 MW at ¼ USD a quarter: 1.25 and 2.5 million USD.
    assert free.objective == pytest.approx(1e6 * (30 - 10 - 1.25 - 2.5))
    assert bound.objective == pytest.approx(1e6 * (30 - 10 - 6.25 - 12.5))
    assert float(bound.data.install_count.sum()) == pytest.approx(10)


@pytest.mark.parametrize(
    "over",
    [
        {LEASE: {"escalator": "4 %/year"}, "finance.inflation": "2 %/year"},
        {LEASE: {"escalator": "1 %/year", "minimum_take": "100 %"}, "programme.target": "60 MW"},
        {
            LEASE: {"minimum_take": "90 %", "term": "1 years", "monthly_rent_it": "160 USD/kW"},
            "programme.target": "60 MW",
        },
        {LEASE: {"monthly_rent_it": "180 USD/kW"}, "capital.guarantee": GUARANTEE, f"sites.{SITE}.sunk": "10 MW"},
    ],
    ids=str,
)
def test_the_objective_is_the_books_and_every_limit_is_kept(over: dict[str, Any]) -> None:
    scenario = read(over)
    planned = made(scenario)
    assert gap_rel(scenario, planned) < 1e-6
    assert verify(scenario, planned) == []


@pytest.mark.parametrize("term", ["5 years", "15 years", "20 years"])
@pytest.mark.parametrize("escalator", ["-2 %/year", "0 %/year", "5 %/year"])
def test_whatever_the_terms_the_owner_earns_its_capital_back(term: str, escalator: str) -> None:
    """A rent that grows begins lower, and one of a short lease higher: at the lease rate all are worth the same."""
    data = arrays(read({LEASE: {"term": term, "escalator": escalator}}))
    years, growth = float(term.split()[0]), float(escalator.split()[0]) / 100
    first = float(data.yearly_rent_usd_per_w[0])
    worth = dollars.level_rent_value_usd(first, years, 0.10, growth)
    level = dollars.level_rent_value_usd(12.5 * 0.1 / (1 - 1.1**-years), years, 0.10, 0.0)
    assert worth == pytest.approx(level, rel=1e-12)


def test_a_dearer_lease_is_never_worth_more() -> None:
    rent = {"monthly_rent_it": "160 USD/kW"}
    level = made(read({LEASE: rent}))
    grows = made(read({LEASE: rent | {"escalator": "4 %/year"}, "finance.inflation": "2 %/year"}))
    least = made(read({LEASE: {"minimum_take": "100 %"}, "programme.target": "60 MW"}))
    loose = made(read({LEASE: {}, "programme.target": "60 MW"}))
    assert grows.objective < level.objective
    assert least.objective < loose.objective


def test_verify_sees_a_minimum_that_is_not_paid() -> None:
    scenario = read({LEASE: {"minimum_take": "100 %"}, "programme.target": "60 MW"})
    planned = made(scenario)
    less = planned.data.assign(energise_w=0.7 * planned.data.energise_w, shell_w=0.7 * planned.data.shell_w)
    unpaid = planned.inputs.assign(minimum_take_frac=xr.zeros_like(planned.inputs.sunk_w))
    limit = "minimum rent of leases"
    paid, short = (money.lines(less, inputs, scenario.asked) for inputs in (planned.inputs, unpaid))
    assert limit not in {found.limit for found in verify(scenario, replace(planned, data=less, lines=paid))}
    unlawful = verify(scenario, replace(planned, data=less, inputs=unpaid, lines=short))
    assert limit in {found.limit for found in unlawful}


def test_no_minimum_of_what_is_later_than_the_way_out_binds() -> None:
    """20 MW are there from the first quarter on, and 80 more are late."""
    terms = {"minimum_take": "100 %", "way_out": "0.5 years"}
    ramp = {f"sites.{SITE}.ramp": {"2026Q3": "20 MW", "2027Q1": "100 MW"}}
    late, in_time = (arrays(read({LEASE: terms, f"sites.{SITE}.slip": slip, **ramp})) for slip in (3, 2))
    assert late.delivered_w.values.max() == 20e6
    assert in_time.delivered_w.values.max() > 50e6
    quarter = 20e6 * float(late.yearly_rent_usd_per_w[0]) / 4
    assert rents.minimum_usd(late).values[:, 0] == pytest.approx([quarter / 2] + [quarter] * (late.sizes["period"] - 1))


def test_what_was_on_time_is_owed_however_late_the_rest_may_be() -> None:
    """All of the campus stands in the first quarter: a slip moves nothing, and lets nobody out."""
    terms = {"minimum_take": "100 %", "way_out": "0.25 years"}
    here, late = (arrays(read({LEASE: terms, f"sites.{SITE}.slip": slip})) for slip in (0, 2))
    assert rents.minimum_usd(late).equals(rents.minimum_usd(here))


def test_in_a_future_the_minimum_follows_delivery_and_ends_beyond_the_way_out() -> None:
    ramp = {"2026Q3": "20 MW", "2027Q3": "100 MW"}
    scenario = read({LEASE: {"minimum_take": "100 %", "way_out": "0.5 years"}, f"sites.{SITE}.ramp": ramp})
    data = arrays(scenario)
    later = landlords.delivered_later(data, scenario.asked, 1.5)
    step = data.delivered_w.values[:, 0]
    assert later.delivered_w.values[2, 0] == pytest.approx(0.5 * (step[0] + step[1]))
    assert float(later.delivered_w[0, 0]) == step[0]
    assert float(rents.minimum_usd(later).sum()) < float(rents.minimum_usd(data).sum())
    out = landlords.delivered_later(data, scenario.asked, 2.5).delivered_w.values
    assert (out == step[0]).all()


def test_a_guarantee_lowers_what_the_owners_capital_asks_for_by_the_loss_that_it_covers() -> None:
    """With 60 % recovered and 90 % guaranteed it pays 30 of 40 % that are lost: three quarters earn 7 %."""
    data = arrays(read({LEASE: {}, "capital.guarantee": GUARANTEE | {"cap": "100 billion USD"}}))
    rate = 0.75 * 0.07 + 0.25 * 0.10
    assert float(data.yearly_rent_usd_per_w[0]) == pytest.approx(12.5 * rate / (1 - (1 + rate) ** -15), rel=1e-12)


def test_half_of_the_power_covered_and_a_cap_that_is_short_are_shares_of_the_capital() -> None:
    scenario = read({LEASE: {}})
    data = arrays(scenario)
    it = float(data.ramp_w.max() / data.pue_peak_ratio[0])
    value = float(data.ramp_w.max()) * dollars.level_rent_value_usd(
        float(data.yearly_rent_usd_per_w[0]), 15.0, scenario.asked.finance.lease_rate_per_year, 0.0
    )
    half = GUARANTEE | {"covered_power": f"{it / 2!r} W"}
    # Of the covered half: value of what is still to come, odds of a failure by then, and its present value.
    quarters = np.arange(60)
    left = (1 - 1.1 ** -((60 - quarters - 1) / 4)) / (1 - 1.1**-15) / 2
    odds = np.exp(-0.03 / 4 * quarters) * 1.1 ** -((quarters + 0.5) / 4)
    for cap in (1e12, 0.1 * value):
        rent = arrays(read({LEASE: {}, "capital.guarantee": half | {"cap": f"{cap!r} USD"}})).yearly_rent_usd_per_w[0]
        lower = float(rent) / float(data.yearly_rent_usd_per_w[0])  # of the rent, and so of the value that may be lost
        share = 0.5 * (odds @ np.minimum(0.3 * lower * value * left, cap)) / (odds @ (0.4 * lower * value * left))
        rate = share * 0.07 + (1 - share) * 0.10
        assert float(rent) == pytest.approx(12.5 * rate / (1 - (1 + rate) ** -15), rel=2e-3)


@pytest.mark.parametrize(
    "never", [{"guaranteed": "40 %"}, {"recovery": "100 %"}, {"cap": "0 USD"}, {"covered": "0 %"}], ids=str
)
def test_a_guarantee_that_never_pays_saves_nothing(leased: Plan, never: dict[str, str]) -> None:
    same(made(read({LEASE: {}, "capital.guarantee": GUARANTEE | never})), leased)


def test_a_cap_lowers_rent_until_it_is_above_all_that_is_promised_and_no_further() -> None:
    caps = [f"{usd} million USD" for usd in (50, 100, 200, 400, 800, 1600, 1e6)]
    found = [arrays(read({LEASE: {}, "capital.guarantee": GUARANTEE | {"cap": cap}})) for cap in caps]
    asked = [float(data.yearly_rent_usd_per_w[0]) for data in found]
    assert asked == sorted(asked, reverse=True)
    assert asked[0] > asked[1] > asked[-1]
    # At the lower rent 30 % of the value, which is what the guarantor may have to pay, are below the last caps.
    most = 0.3 * float(found[-1].ramp_w.max()) * dollars.level_rent_value_usd(asked[-1], 15.0, 0.10, 0.0)
    assert most < 800e6
    assert asked[4] == asked[5] == asked[6]


def test_a_guarantee_of_a_quarter_saves_little() -> None:
    short, long = (
        float(arrays(read({LEASE: {}, "capital.guarantee": GUARANTEE | {"term": term}})).yearly_rent_usd_per_w[0])
        for term in ("0.25 years", "20 years")
    )
    none = float(arrays(read({LEASE: {}})).yearly_rent_usd_per_w[0])
    assert 0 < none - short < 0.05 * (none - long)


def test_shells_that_stood_pay_what_their_rent_has_grown_to() -> None:
    opening = {"shells": [{"site": SITE, "paid": "2025Q3", "power": "20 MW"}]}
    over = {LEASE: {"escalator": "5 %/year"}, "opening": opening, f"sites.{SITE}.ramp": {"2026Q3": "40 MW"}}
    data = arrays(read(over))
    first = float(rents.standing_usd(data)[0, 0])
    assert first == pytest.approx(20e6 * float(data.yearly_rent_usd_per_w[0]) / 4 * 1.05)
