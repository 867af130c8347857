"""A scenario that would fill the memory is refused where it is read, with its size and the limit."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from gigawatt.errors import ScenarioError
from gigawatt.scenario.check_size import decisions_count, tranches_count
from gigawatt.scenario.load import load

MANY = {
    "programme.target": "100 GW",
    "capital.tranches.milestones": [],
    "capital.tranches.every": "100 W",
    "capital.tranches.amount": "1000 USD",
    "capital.tranches.most": "20 trillion USD",
}


def refused(overrides: dict[str, Any]) -> str:
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", overrides)
    return str(caught.value)


def test_tranches_by_the_million_are_refused_before_they_are_listed() -> None:
    assert "capital.tranches.every = 1,000,000,000 tranches: expected at most 500" in refused(MANY)


def test_a_plan_of_too_many_decisions_is_refused() -> None:
    table = tomllib.loads(load("one-campus").toml)
    first = {group: next(iter(table[group].values())) for group in ("platforms", "use_cases")}
    many = {f"{group}.x{n}": value for group, value in first.items() for n in range(150)}
    assert load("one-campus", {path: many[path] for path in list(many)[:2]})
    found = refused(many | {"horizon.end": "2065Q4"})
    assert "158 quarters, 1 sites, 152 platforms" in found
    assert "expected a plan of at most 500,000 decisions" in found


def test_hours_of_too_many_sites_are_refused_where_each_is_lived_through() -> None:
    sites = {f"s{n}": {"site": "abilene", "ramp": {"2026Q4": "1 MW"}} for n in range(600)}
    whole = {"sites": sites, "operations.package_failures": "1e-7 /h"}
    assert "50,000,000 of them, or expected" in refused(whole | {"simulate.mode": "stochastic"})
    assert len(load("one-campus", whole).asked.sites) == 601


def test_more_failures_than_can_be_drawn_are_refused_where_each_is_drawn() -> None:
    rate = {"operations.package_failures": "1 /h"}
    found = refused(rate | {"simulate.mode": "stochastic"})
    assert "operations.package_failures = 1 /h, which is up to" in found
    assert "at most 200,000,000 where each is drawn" in found
    assert load("one-campus", rate).asked.operations.package_failures_per_h == 1


def test_the_size_of_a_preset_is_counted() -> None:
    asked = load("loi-2025-09").asked
    assert tranches_count(asked) == 10
    assert decisions_count(asked) == 38 * (5 * (10 + 2 * 13) + 10)
