"""What a scenario asks, before it is solved."""

from __future__ import annotations

import json

import pytest

from gigawatt.plan.inputs import inputs
from gigawatt.scenario.load import load
from gigawatt.study.answer import plain
from gigawatt.study.check.answer import outline


@pytest.mark.parametrize("name", ["one-campus", "loi-2025-09"])
def test_outline_is_strict_json_and_complete(name: str) -> None:
    scenario = load(name)
    found = plain(outline(scenario))
    json.dumps(found, allow_nan=False)
    assert found["hash"] == scenario.hash
    assert [site["site"] for site in found["sites"]] == list(scenario.asked.sites)
    assert [use["use_case"] for use in found["use_cases"]] == list(scenario.asked.use_cases)
    assert sum(found["grades"].values()) == found["numbers_count"] == len(scenario.evidence)


def test_outline_shows_what_the_planner_will_see() -> None:
    scenario = load("one-campus")
    found, data = plain(outline(scenario)), inputs(scenario).isel(period=scenario.reported_count - 1)
    assert [site["last_w"] for site in found["sites"]] == data.ramp_w.values.tolist()
    assert [use["last_tokens_per_s"] for use in found["use_cases"]] == data.demand_tokens_per_s.values.tolist()
    assert [use["last_usd_per_mtok"] for use in found["use_cases"]] == data.price_usd_per_mtok.values.tolist()


def test_overrides_are_seen() -> None:
    found = plain(outline(load("one-campus", {"programme.target": "50 MW", "capital.tranches": False})))
    assert found["programme"]["target_w"] == 50e6
    assert found["capital"]["tranches"] == []
    assert found["capital"]["release"] is None
