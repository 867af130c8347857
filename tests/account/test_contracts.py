"""What leases and guarantees come to: against closed forms, figures of a hand, and the laws of a guarantee."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from gigawatt import dollars
from gigawatt.account import contracts
from gigawatt.account.accounts import account
from gigawatt.account.contracts import Contracts
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Guarantee, Lease, Scenario

SITE = "example-campus"
LEASE = f"sites.{SITE}.lease"
TERMS = {
    "monthly_rent_it": "150 USD/kW",
    "term": "10 years",
    "escalator": "4 %/year",
    "minimum_take": "80 %",
    "termination": "3 years",
}
GUARANTEE = {
    "guarantor": "NVIDIA",
    "cap": "300 million USD",
    "covered_power": "40 MW",
    "guaranteed": "90 %",
    "term": "20 years",
    "default": "3 %/year",
    "recovery": "60 %",
    "guaranteed_rate": "7 %/year",
}
OVER: dict[str, Any] = {
    "horizon.report_end": "2027Q4",
    "horizon.end": "2028Q1",
    LEASE: TERMS,
    "finance.inflation": "2 %/year",
    "capital.guarantee": GUARANTEE,
}


@pytest.fixture(scope="module")
def kept() -> tuple[Scenario, Plan]:
    scenario = load("one-campus", OVER)
    return scenario, plan.make(scenario, with_worth=False)


def flat(kept: tuple[Scenario, Plan]) -> Plan:
    """The plan as if it had energised 50 MW in its first quarter and nothing after it."""
    data = kept[1].data.copy(deep=True)
    data.energise_w[:] = 0.0
    data.energise_w[0, 0] = 50e6
    data.shell_w[:] = 50e6
    inputs = kept[1].inputs.assign(minimum_take_frac=xr.zeros_like(kept[1].inputs.sunk_w))
    return replace(kept[1], data=data, inputs=inputs)


def terms(scenario: Scenario, **changed: Any) -> Scenario:
    """The same question with other terms of the guarantee, for the same plan."""
    use = scenario.asked.capital.guarantee
    assert use is not None
    capital = replace(scenario.asked.capital, guarantee=replace(use, **changed))
    return replace(scenario, asked=replace(scenario.asked, capital=capital))


def lease(scenario: Scenario, **changed: Any) -> Scenario:
    """The same question with other terms of the lease, for the same plan."""
    use = scenario.asked.sites[SITE]
    sites = {SITE: replace(use, lease=replace(use.lease or Lease(), **changed))}
    return replace(scenario, asked=replace(scenario.asked, sites=sites))


def found(scenario: Scenario, planned: Plan) -> Contracts:
    what = contracts.contracts(scenario, planned)
    assert what is not None
    return what


def guarantee(scenario: Scenario) -> Guarantee:
    use = scenario.asked.capital.guarantee
    assert use is not None
    return use


def test_a_scenario_without_contracts_has_none_and_no_lines_of_them(kept: tuple[Scenario, Plan]) -> None:
    plain = load("one-campus", {key: OVER[key] for key in ("horizon.report_end", "horizon.end")})
    assert contracts.contracts(plain, kept[1]) is None
    planned = plan.make(plain, with_worth=False)
    lines = set(account(plain, planned).statements)
    assert not lines & {*contracts.BALANCES, *contracts.OFF_BALANCE, "vendor_drawn", "customer_paid"}


def test_rent_of_one_delivery_is_worth_its_closed_form(kept: tuple[Scenario, Plan]) -> None:
    """It begins in the middle of its first quarter: half of a growing annuity from that one on, and half of one from
    the next."""
    (one,) = contracts.lets(kept[0], flat(kept), SITE)
    ratio = float(kept[1].inputs.pue_peak_ratio[0])
    assert one.it_w == pytest.approx(50e6 / ratio)
    yearly, growth = 12 * 0.150 * one.it_w, 1.04 / 1.02 - 1
    assert one.rent_usd[:2] == pytest.approx([yearly / 8, yearly / 4 * (1 + growth) ** 0.25])
    assert np.count_nonzero(one.rent_usd) == 41
    assert one.rent_usd[40] == pytest.approx(yearly / 8 * (1 + growth) ** 10)
    times = dollars.mid_quarters_years(one.rent_usd.size)
    today = float(one.rent_usd @ dollars.discount_ratio(0.10, times))
    closed = dollars.level_rent_value_usd(yearly, 10.0, 0.10, growth)
    assert today == pytest.approx(0.5 * closed * (1 + ((1 + growth) / 1.1) ** 0.25), rel=1e-12)


def test_balances_begin_with_the_lease_and_end_with_its_term(kept: tuple[Scenario, Plan]) -> None:
    scenario, planned = lease(kept[0], term_years=1.0), flat(kept)
    lines = contracts.balances(scenario, planned)
    owed, right = lines["lease_liability"].values, lines["right_of_use"].values
    (one,) = contracts.lets(scenario, planned, SITE)
    assert owed[0] == pytest.approx(
        float(one.rent_usd[1:] @ dollars.discount_ratio(0.10, np.arange(one.rent_usd.size - 1) / 4 + 0.125))
    )
    assert owed[3] > 0
    assert owed[4:] == pytest.approx(0)
    assert right[4:] == pytest.approx(0)
    assert (np.diff(right[:5]) < 0).all()
    assert lines["rent_committed"].values[0] == pytest.approx(one.rent_usd[1:].sum())


def test_who_leaves_owes_three_years_of_the_minimum_or_what_is_left_of_it(kept: tuple[Scenario, Plan]) -> None:
    """100 MW are delivered at once. Twelve quarters after the last reported one, at 80 % of rent that grows."""
    scenario, planned = kept
    at, ratio = scenario.reported_count - 1, float(planned.inputs.pue_peak_ratio[0])
    quarter = 0.8 * 3 * 0.150 * 100e6 / ratio
    growth = (1.04 / 1.02) ** 0.25
    charge = sum(quarter * growth**k for k in range(at + 1, at + 13))
    (one,) = found(scenario, planned).leases
    assert one.termination_usd == pytest.approx(charge, rel=1e-9)
    assert one.delivered_w_it == pytest.approx(100e6 / ratio)
    assert one.monthly_rent_usd_per_w_it == pytest.approx(0.150)
    whole = found(lease(scenario, termination_years=None), planned).leases[0]
    assert one.termination_usd < whole.termination_usd <= whole.value_usd
    assert found(scenario, flat(kept)).leases[0].termination_usd == 0


def test_a_guarantee_covers_what_is_delivered_first(kept: tuple[Scenario, Plan]) -> None:
    scenario, planned = kept
    covered = contracts.covered_lets(scenario, planned, guarantee(scenario))
    assert sum(one.it_w for one in covered) == pytest.approx(40e6)
    assert covered[0].began == 0
    everything = contracts.covered_lets(scenario, planned, replace(guarantee(scenario), covered_power_w=None))
    assert sum(one.it_w for one in everything) == pytest.approx(80e6 / float(planned.inputs.pue_peak_ratio[0]))


def test_what_a_guarantee_costs_by_hand(kept: tuple[Scenario, Plan]) -> None:
    """The worst is 30 % of the highest lease value of 40 MW; nothing where reletting brings what is promised."""
    scenario, planned = kept
    value = contracts.covered_value_usd(scenario, planned, guarantee(scenario))
    one = found(scenario, planned).guarantee
    assert one is not None
    assert one.worst_usd == pytest.approx(min(0.3 * value.max(), 300e6))
    assert one.promised_usd == pytest.approx(min(0.9 * value.max(), 300e6))
    none = found(terms(scenario, recovery_frac=0.9), planned).guarantee
    assert none is not None
    assert (none.expected_usd, none.worst_usd) == pytest.approx((0, 0), abs=1e-6)


def test_expected_cost_rises_with_failure_and_never_passes_the_worst_or_the_cap(kept: tuple[Scenario, Plan]) -> None:
    scenario, planned = kept
    costs = [found(terms(scenario, default_per_year=rate), planned).guarantee for rate in (0.0, 0.01, 0.03, 0.2, 5.0)]
    expected = [one.expected_usd for one in costs if one is not None]
    assert expected[0] == 0
    assert (np.diff(expected) > 0).all()
    assert all(one.expected_usd <= one.worst_usd <= one.cap_usd for one in costs if one is not None)
    rated = found(terms(scenario, rating_per_year=0.2), planned).guarantee
    assert rated is not None
    assert rated.expected_usd < expected[2]


def test_a_cap_of_nothing_covers_pays_promises_and_saves_nothing(kept: tuple[Scenario, Plan]) -> None:
    scenario = terms(kept[0], cap_usd=0.0)
    one = found(scenario, kept[1]).guarantee
    assert one is not None
    assert (one.covered_w, one.promised_usd, one.expected_usd, one.worst_usd, one.saved_usd) == (0, 0, 0, 0, 0)


def test_what_it_saves_is_the_difference_of_two_rents() -> None:
    """7.75 % in place of 10 % over 15 years: three quarters of an expected loss are covered."""
    over = OVER | {LEASE: {"term": "15 years"}, "finance.inflation": "0 %/year"}
    over["capital.guarantee"] = {**GUARANTEE, "cap": "10 billion USD", "covered_power": "100 GW"}
    scenario = load("one-campus", over)
    planned = plan.make(scenario, with_worth=False)
    one = found(scenario, planned).guarantee
    paid = contracts.rent_table_usd(contracts.lets(scenario, planned, SITE), 1).sum(axis=0)
    today = dollars.npv(paid, scenario.asked.finance.discount_per_year)
    rents = [dollars.recovery_frac(rate, 15.0) for rate in (0.10, 0.0775)]
    assert one is not None
    assert one.saved_usd == pytest.approx(today * (rents[0] / rents[1] - 1), rel=1e-9)


def test_promises_stand_beside_the_books_and_off_the_balance_sheet(kept: tuple[Scenario, Plan]) -> None:
    scenario, planned = kept
    books = account(scenario, planned).statements
    assert float(books.guaranteed.max()) == pytest.approx(300e6)  # the cap
    assert float(books.rent_committed[0]) > float(books.lease_liability[0])
    assert "vendor_owed" not in books
