"""Every mistaken or hostile scenario gets one clear error per fault, with the field's path, all in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import ScenarioError
from gigawatt.quarters import Course as Series
from gigawatt.quarters import arriving
from gigawatt.scenario.load import load, parse_override

CASES: list[tuple[str, Any, str, str]] = [
    # override, value, path of the fault, words of what is expected
    ("programme.targt", "2 GW", "programme.targt", 'did you mean "target"'),
    ("programme.target", "1.2 MWh", "programme.target", "a power (W, kW, MW, GW)"),
    ("programme.target", 1200, "programme.target", "a power (W, kW, MW, GW)"),
    ("programme.target", "-1 GW", "programme.target", "not negative"),
    ("programme.target", "nan GW", "programme.target", "a power"),
    ("programme.target", "1e999 GW", "programme.target", "finite"),
    ("programme.target", "0 MW", "programme.target", "at least 100 W; plausible is 1 MW to 200 GW"),
    ("programme.power_basis", "utility", "programme.power_basis", "'facility' or 'it'"),
    ("horizon.end", "2026Q1", "horizon.end", "a quarter not before"),
    ("horizon.report_end", "2026Q1", "horizon.report_end", "a quarter not before 2026Q3"),
    ("horizon.end", "2099Q4", "horizon.end", "at most 160 quarters"),
    ("horizon.start", "summer", "horizon.start", "a quarter such as"),
    ("capital.tranches", {"milestones": [{"power": "50 MW", "amount": "1 billion USD"}]}, "capital.tranches", "either"),
    ("capital.debt_rate", False, "capital.debt_rate", "a yearly rate"),
    ("capital.debt_rate", "-1 %/year", "capital.debt_rate", "at least 0 %/year"),
    ("capital.minimum_cash", "2 billion USD", "capital.minimum_cash", "at most the opening cash"),
    ("capital.tranches.lag", 0, "capital.tranches.lag", "at least 1;"),
    ("sites.example-campus.ramp", "0 MW", "sites.example-campus.ramp", "power energised by 2031Q4"),
    ("use_cases.assistant.demand", "0 Mtokens/s", "use_cases.assistant.demand", "demand above 0"),
    ("use_cases.assistant.model", "lama-3", "use_cases.assistant.model", "a name in the catalog"),
    ("use_cases.assistant.peak_to_mean", 4.0, "use_cases.assistant.peak_to_mean", "from 1 to 3"),
    ("use_cases.assistant.utilisation", "120 %", "use_cases.assistant.utilisation", "a share from 0 to 1"),
    ("use_cases.assistant.segments", [{"share": 0.5, "price": 1.0}], "use_cases.assistant.segments", "sum to 1"),
    ("use_cases.assistant.price", False, "use_cases.assistant", "either people, or a demand and a price"),
    ("platforms.gb300.accelerator", "mi455x-helios", "platforms.gb300.accelerator", "known rack power"),
    ("platforms.gb300.pool", "intel", "platforms.gb300.pool", "one of"),
    ("finance.rack_life", "1.1 years", "finance.rack_life", "whole number of quarters"),
    ("operations.load_factor", 0, "operations.load_factor", "at least 1 %"),
    ("operations.inference_calibration", "guess", "operations.inference_calibration", "a name in the catalog"),
    ("operations.derating_calibration", "guess", "operations.derating_calibration", "a name in the catalog"),
    ("operations.slo_derating", "perhaps", "operations.slo_derating", "a valid boolean"),
    ("operations.router_engines", 0, "operations.router_engines", "at least 1"),
    ("use_cases.assistant.burstiness", 0, "use_cases.assistant.burstiness", "at least 0.05"),
    ("use_cases.assistant.ttft", "-1 s", "use_cases.assistant.ttft", "not negative"),
    ("use_cases.assistant.ttft", "soon", "use_cases.assistant.ttft", "a duration"),
    ("regions.americas.share", 0.5, "regions", "sum to 1"),
    ("objective", "profit", "objective", "'npv'"),
]


@pytest.mark.parametrize(("path", "value", "at", "expected"), CASES)
def test_one_fault_one_clear_error(path: str, value: Any, at: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", {path: value})
    assert [fault.path for fault in caught.value.faults] == [at], str(caught.value)
    assert expected in caught.value.faults[0].expected, str(caught.value)


def test_milestone_beyond_the_programme() -> None:
    over = {
        "capital.tranches.every": False,
        "capital.tranches.amount": False,
        "capital.tranches.most": False,
        "capital.tranches.milestones": [{"power": "1 GW", "amount": "1 billion USD"}],
    }
    with pytest.raises(ScenarioError, match=r"milestones\[0\].power = .* at most the programme's target of 0.1 GW"):
        load("one-campus", over)


def test_no_platform_in_the_horizon() -> None:
    with pytest.raises(ScenarioError, match="at least one platform with supply in the horizon"):
        load("one-campus", {"pools.vera_rubin.supply": 0, "pools.blackwell.supply": {"2040Q1": 0}})


def test_all_faults_are_reported_in_one_go() -> None:
    with pytest.raises(ScenarioError) as caught:
        load(
            "one-campus",
            {"programme.target": "1 MWh", "horizon.end": "2000Q1", "finance.discont": 0.1, "platforms.gb300.pool": "x"},
        )
    paths = {fault.path for fault in caught.value.faults}
    assert {"programme.target", "horizon.end", "finance.discont", "platforms.gb300.pool"} <= paths


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("binary.toml", b"\x80\x81\xff\x00", "UTF-8"),
        ("huge.toml", b"# " + b"x" * 5_000_000, "at most 4 MB"),
        ("broken.toml", b"[programme\ntarget = 1", "valid TOML"),
        ("deep.toml", b"a = " + b"[" * 5000 + b"]" * 5000, "valid TOML"),
        ("empty.toml", b"", "a value"),
    ],
)
def test_unreadable_files(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        load(str(file))
    assert any(expected in fault.expected for fault in caught.value.faults), str(caught.value)


def test_no_such_scenario_names_the_nearest() -> None:
    with pytest.raises(ScenarioError, match='did you mean "one-campus"'):
        load("one-campuss")


def test_extending_oneself_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "circle.toml"
    file.write_text(f'extends = "{file}"\n')
    with pytest.raises(ScenarioError, match="no circle"):
        load(str(file))


@pytest.mark.parametrize("text", ["programme.target", "=2 GW", ""])
def test_override_without_path_or_value(text: str) -> None:
    with pytest.raises(ScenarioError, match="PATH=VALUE"):
        parse_override(text)


@pytest.mark.parametrize(
    ("text", "value"), [("a.b=2 GW", "2 GW"), ("a=3", 3), ("a=true", True), ('a="x"', "x"), ("a={ b = 1 }", {"b": 1})]
)
def test_override_values_read_as_toml_where_they_can(text: str, value: Any) -> None:
    assert parse_override(text)[1] == value


def test_override_through_a_value_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"name\.x"):
        load("one-campus", {"name.x": 1})


MORE: list[tuple[str, Any, str]] = [
    ("sites.example-campus.ramp", {}, "at least one quarter"),
    ("sites.example-campus.ramp", {"2040Q1": "100 MW"}, "power energised by 2031Q4"),
    ("sites.example-campus.sunk", "200 MW", "at most the 100 MW"),
    ("finance.non_compute", 1, "less than all"),
    ("platforms.gb300.price_change", "-100 %/year", "at least -50 %/year"),
    ("capital.tranches.lag", 1000, "at most 160"),
    ("capital.tranches.every", "300 MW", "the programme's target"),
    ("capital.opening_cash", "1e300 USD", "at most"),
    ("use_cases.assistant.floor_penalty", "1e30 USD/Mtoken", "at most"),
    ("operations.peak_block", 1, "at most 99 %"),
    ("operations.busiest", "99 h", "at most 24 h"),
    ("regions.emea.utc_offset", "100 h", "at most 14 h"),
    ("demand.price_scale", 1e9, "at most 10,000"),
    ("dollar_year", 1, "1990"),
    ("name", "../../escaped", "letters"),
    ("name", "", "letters"),
    ("extends", "nope", "scenario file only"),
]


@pytest.mark.parametrize(("path", "value", "expected"), MORE, ids=lambda item: str(item)[:30])
def test_hostile_values_are_faults_too(path: str, value: Any, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("one-campus", {path: value})
    assert any(fault.path == path and expected in fault.expected for fault in caught.value.faults), str(caught.value)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_names_that_no_file_can_have(name: str) -> None:
    with pytest.raises(ScenarioError, match="one of the presets"):
        load(name)


def test_power_arrives_with_its_ramp_and_its_slip() -> None:
    base = load("one-campus").records.sites["example-campus"]
    assert arriving(base.ramp_w, ["2026Q3", "2026Q4"], 4).tolist() == [100e6, 100e6]
    ramp = Series(periods=("2027Q1", "2027Q3"), values=(50e6, 100e6))
    assert arriving(ramp, ["2026Q3", "2027Q1", "2027Q2", "2027Q3"]).tolist() == [0, 50e6, 75e6, 100e6]
    assert arriving(ramp, ["2026Q3", "2027Q1", "2027Q2", "2027Q3"], 2).tolist() == [0, 0, 0, 50e6]
    assert arriving(ramp, ["2027Q1", "2027Q2", "2027Q3"], 1).tolist() == [50e6, 50e6, 75e6]
