"""The numbers of a scenario: values beside their paths, grades counted, sources once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.sources.answer import ScenarioSources, rests_on


@pytest.fixture(scope="module", params=["one-campus", "loi-2025-09"])
def asked(request: pytest.FixtureRequest) -> tuple[Scenario, ScenarioSources]:
    scenario = load(request.param)
    return scenario, rests_on(scenario)


@pytest.fixture(scope="module")
def rows() -> dict[str, Any]:
    return {row["path"]: row for row in plain(verbs.sources("one-campus"))["numbers"]}


def test_every_number_has_its_value_and_unit(asked: tuple[Scenario, ScenarioSources]) -> None:
    scenario, found = asked
    json.dumps(plain(found), allow_nan=False)
    assert len(found.numbers) == len(scenario.evidence) == sum(found.grades.values())
    assert [row.path for row in found.numbers if row.value is None or not row.unit] == []
    assert {row.path for row in found.numbers} == set(scenario.evidence)
    assert {row.thing for row in found.numbers} >= {f"catalog.models.{key}" for key in scenario.records.models}
    assert found.assumed_frac == found.grades["assumed"] / len(found.numbers)


def test_sources_stand_once(asked: tuple[Scenario, ScenarioSources]) -> None:
    scenario, found = asked
    keys = [(source.title, source.url, source.date) for source in found.sources]
    assert len(keys) == len(set(keys))
    read = sum(evidence.source is not None for evidence in scenario.evidence.values())
    assert sum(source.numbers_count for source in found.sources) == read


def test_values_are_those_of_the_records(rows: dict[str, Any]) -> None:
    assert rows["programme.target_w"]["value"] == 100e6
    assert rows["catalog.accelerators.gb300.rack_power_w"]["value"] == 132e3
    assert rows["catalog.accelerators.gb300.rack_power_w"]["unit"] == "w"
    assert rows["pools.blackwell.supply_count"]["value"]["2026Q3"] == pytest.approx(
        load("one-campus").asked.pools["blackwell"].supply_count.values[0]
    )
    assert set(rows["catalog.accelerators.gb300.fp4_flops"]["source"]) == {"url", "date", "title"}


def test_a_number_belongs_to_a_thing(rows: dict[str, Any]) -> None:
    assert rows["programme.target_w"]["thing"] == "programme"
    assert rows["pools.blackwell.supply_count"]["thing"] == "pools.blackwell"
    assert rows["catalog.models.deepseek-r1.blocks.0.count"]["thing"] == "catalog.models.deepseek-r1"
    assert rows["catalog.models.deepseek-r1.blocks.0.count"]["unit"] == "count"


def test_overrides_are_listed_as_they_stand() -> None:
    found = verbs.sources("one-campus", set={"programme.target": {"value": "50 MW", "grade": "assumed"}})
    assert next(row.value for row in found.numbers if row.path == "programme.target_w") == 50e6
    assert found.head.scenario == "one-campus"
    assert found.head.hash != verbs.sources("one-campus").head.hash
