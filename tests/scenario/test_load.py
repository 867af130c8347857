"""Presets load, files extend each other, overrides apply, and a scenario's identity is that of its values."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.scenario.load import load, loads, presets


@pytest.mark.parametrize("name", presets())
def test_every_preset_loads_with_evidence_for_every_number(name: str) -> None:
    scenario = load(name)
    assert scenario.evidence
    for path, evidence in scenario.evidence.items():
        assert evidence.source or evidence.grade in ("assumed", "derived"), path


def test_the_text_reads_back_to_the_same_scenario() -> None:
    scenario = load("loi-2025-09", {"programme.target": "2 GW", "use_cases.media": False})
    again = loads(scenario.toml)
    assert again.hash == scenario.hash
    assert "media" not in again.asked.use_cases


def test_identity_follows_values_and_not_wording() -> None:
    base = load("one-campus")
    assert load("one-campus", {"programme.target": "0.1 GW"}).hash == base.hash
    assert load("one-campus", {"programme.target": "99 MW"}).hash != base.hash
    assert load("one-campus", {"solver.time_limit": "1 s"}).hash == base.hash


def test_a_file_extends_a_preset(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('extends = "one-campus"\n[programme]\ntarget = "50 MW"\n')
    scenario = load(str(file))
    assert scenario.name == "mine"
    assert scenario.asked.programme.target_w == 50e6


def test_a_slip_moves_what_is_still_to_come() -> None:
    slipped = load("loi-2025-09").records.sites["abilene"].ramp_w
    assert slipped.periods[0] == "2026Q2"
    assert load("loi-2025-09").asked.sites["abilene"].slip_count == 2


def test_defaults_are_the_letter_of_intent() -> None:
    scenario = load()
    assert scenario.name == "loi-2025-09"
    assert scenario.quarters[0] == "2026Q3"
    assert scenario.quarters[-1] == "2035Q4"
    assert scenario.reported_count == 30


@pytest.mark.parametrize("use_case", ["tutoring"])
def test_a_use_case_is_one_table(use_case: str) -> None:
    asked = load("one-campus").asked
    table = {
        "title": "Tutoring",
        "model": "gpt-oss-120b",
        "precision": "fp4",
        "input": "500 tokens",
        "output": "500 tokens",
        "tpot": "40 ms",
        "load": "interactive",
        "utilisation": "70 %",
        "peak_to_mean": 1.2,
        "demand": "1 Mtokens/s",
        "price": "0.2 USD/Mtoken",
        "segments": [{"share": 1.0, "price": 1.0}],
        "social_weight": 3.0,
    }
    scenario = load("one-campus", {f"use_cases.{use_case}": table})
    assert list(scenario.asked.use_cases) == [*asked.use_cases, use_case]


def test_what_a_base_had_taken_away_stays_away() -> None:
    scenario = load("equity-2026-02")
    assert scenario.asked.capital.tranches is None
    again = loads(scenario.toml)
    assert again.asked.capital.tranches is None
    assert again.hash == scenario.hash
