"""Leases, the guarantee, vendor and customer financing in a scenario's file: what they may say, and every fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gigawatt.errors import ScenarioError
from gigawatt.scenario import kept
from gigawatt.scenario.load import load, loads
from gigawatt.scenario.resolve import resolved
from gigawatt.scenario.schema import Lease, Scenario

SITE = "example-campus"
LEASE = f"sites.{SITE}.lease"
GUARANTEE = {
    "guarantor": "NVIDIA",
    "cap": "1 billion USD",
    "guaranteed": "90 %",
    "term": "20 years",
    "default": "3 %/year",
    "recovery": "60 %",
    "guaranteed_rate": "7 %/year",
}
VENDOR = {"vendor": "NVIDIA", "share": "30 %", "rate": "6 %/year", "term": "3 years"}
CUSTOMER = {
    "customer": "A cloud",
    "amount": "100 million USD",
    "paid": "2026Q4",
    "rate": "4 %/year",
    "term": "2 years",
}
ALL = {
    LEASE: {"monthly_rent_it": "150 USD/kW", "term": "20 years", "escalator": "3 %/year", "minimum_take": "80 %"},
    "finance.inflation": "2 %/year",
    "capital.guarantee": GUARANTEE,
    "capital.vendor": VENDOR,
    "capital.customer": CUSTOMER,
}


def faults(over: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", over)
    return {fault.path: str(fault) for fault in caught.value.faults}


def leased(over: dict[str, Any] | None = None) -> Scenario:
    return load("one-campus", {LEASE: {}} | (over or {}))


def test_a_scenario_without_contracts_is_the_question_that_it_was() -> None:
    """Its identity is that of the version before there were any."""
    plain = load("one-campus")
    values = resolved(plain.asked, plain.records)
    assert not {"guarantee", "vendor", "customer"} & set(values["asked"]["capital"])
    assert "inflation_per_year" not in values["asked"]["finance"]
    assert not any("lease" in site for site in values["asked"]["sites"].values())
    assert not any("provisioned_ratio" in site for site in values["records"]["sites"].values())
    whole = load("one-campus", ALL)
    values = resolved(whole.asked, whole.records)
    assert {"guarantee", "vendor", "customer"} < set(values["asked"]["capital"])
    assert whole.hash != plain.hash


def test_contracts_are_read_in_si_and_survive_the_file_of_a_result_and_their_own_text() -> None:
    scenario = load("one-campus", ALL)
    lease = scenario.asked.sites[SITE].lease
    assert lease is not None
    assert (lease.monthly_rent_usd_per_w_it, lease.term_years, lease.minimum_take_frac) == (0.15, 20.0, 0.8)
    capital = scenario.asked.capital
    assert capital.guarantee is not None
    assert capital.guarantee.cap_usd == 1e9
    assert capital.vendor is not None
    assert capital.vendor.share_frac == 0.3
    assert capital.customer is not None
    assert capital.customer.amount_usd == 1e8
    values = json.loads(json.dumps(kept.plain(scenario)))
    assert kept.restored(values, kept.hours(scenario), scenario.toml).asked == scenario.asked
    assert loads(scenario.toml).hash == scenario.hash


def test_a_site_with_a_lease_is_leased() -> None:
    assert load("one-campus").records.sites[SITE].ownership == "own"
    scenario = leased()
    assert scenario.records.sites[SITE].ownership == "lease"
    assert scenario.asked.sites[SITE].lease == Lease()


@pytest.mark.parametrize(
    ("over", "path", "expected"),
    [
        ({LEASE: {}, f"sites.{SITE}.ownership": "own"}, f"sites.{SITE}.ownership", "because a lease is stated"),
        ({LEASE: {"minimum_take": "120 %"}}, f"{LEASE}.minimum_take", "0 to 1"),
        ({LEASE: {"monthly_rent_it": "150 USD"}}, f"{LEASE}.monthly_rent_it", "money per power"),
        ({LEASE: {"monthly_rent_it": "150 kUSD/W"}}, f"{LEASE}.monthly_rent_it", "money per power"),
        ({LEASE: {"term": "7.1 years"}}, f"{LEASE}.term", "whole number of quarters"),
        ({LEASE: {"term": "0 years"}}, f"{LEASE}.term", "at least"),
        ({LEASE: {"term": "5 years", "termination": "6 years"}}, f"{LEASE}.termination", "at most the term"),
        ({LEASE: {"way_out": "-1 years"}}, f"{LEASE}.way_out", "not negative"),
        ({LEASE: {"rent": "1 USD/W"}}, f"{LEASE}.rent", "monthly_rent_it"),
        ({"finance.inflation": "200 %/year"}, "finance.inflation", "at most"),
        ({"capital.guarantee": GUARANTEE}, "capital.guarantee", "at least one leased site"),
        (
            {"capital.guarantee": GUARANTEE | {"sites": [SITE]}},
            "capital.guarantee.sites[0]",
            "a site that is leased",
        ),
        (
            {LEASE: {}, "capital.guarantee": GUARANTEE | {"sites": ["example-campsu"]}},
            "capital.guarantee.sites[0]",
            SITE,
        ),
        (
            {LEASE: {}, "capital.guarantee": GUARANTEE | {"sites": [SITE, SITE]}},
            "capital.guarantee.sites[1]",
            "each site once",
        ),
        (
            {LEASE: {}, "capital.guarantee": GUARANTEE | {"guaranteed_rate": "12 %/year"}},
            "capital.guarantee.guaranteed_rate",
            "at most the lease_rate",
        ),
        (
            {LEASE: {}, "capital.guarantee": GUARANTEE | {"term": "0.3 years"}},
            "capital.guarantee.term",
            "whole number of quarters",
        ),
        ({LEASE: {}, "capital.guarantee": GUARANTEE | {"cap": "-1 USD"}}, "capital.guarantee.cap", "not negative"),
        (
            {LEASE: {}, "capital.guarantee": GUARANTEE | {"default": "-1 %/year"}},
            "capital.guarantee.default",
            "at least 0 %/year",
        ),
        ({LEASE: {}, "capital.guarantee": {"guarantor": "NVIDIA"}}, "capital.guarantee.cap", "money"),
        ({"capital.vendor": VENDOR | {"term": "0.3 years"}}, "capital.vendor.term", "whole number of quarters"),
        ({"capital.vendor": VENDOR | {"share": 2}}, "capital.vendor.share", "0 to 1"),
        ({"capital.vendor": VENDOR | {"rate": "-5 %/year"}}, "capital.vendor.rate", "at least 0 %/year"),
        ({"capital.customer": CUSTOMER | {"paid": "soon"}}, "capital.customer.paid", "a quarter such as"),
        ({"capital.customer": CUSTOMER | {"paid": "2026Q2"}}, "capital.customer.paid", "not before 2026Q3"),
        ({"capital.customer": CUSTOMER | {"paid": "2059Q1"}}, "capital.customer.paid", "not after"),
        ({"capital.customer": CUSTOMER | {"term": "1.3 years"}}, "capital.customer.term", "whole number of quarters"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_a_fault_with_its_path(over: dict[str, Any], path: str, expected: str) -> None:
    found = faults(over)
    assert path in found
    assert expected in found[path]


def test_what_was_paid_before_the_horizon_needs_an_opening_state() -> None:
    over = {"capital.customer": CUSTOMER | {"paid": "2026Q2"}, "opening": {"cash": "500 million USD"}}
    assert load("one-campus", over).asked.capital.customer is not None
