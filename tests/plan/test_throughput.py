"""What a platform cannot do is noted and planned around; what no platform can do is the scenario's fault."""

from __future__ import annotations

import pytest

import gigawatt as gw
from gigawatt.errors import ScenarioError
from gigawatt.plan.throughput import rack_rates
from gigawatt.scenario.load import load

SHORT = {"horizon.report_end": "2027Q1", "horizon.end": "2027Q2"}
HOPPER = {"accelerator": "h100", "pool": "blackwell", "price_change": "0 %/year", "price_base": "2026Q3"}


def test_a_part_without_the_precision_serves_nothing_and_that_is_noted() -> None:
    result = gw.run("one-campus", SHORT | {"platforms.hopper": HOPPER})
    assert float(result.plan.inputs.rack_tokens_per_s.sel(platform="hopper").sum()) == 0
    assert float(result.plan.data.install_count.sel(platform="hopper").sum()) == 0
    said = [note.text for note in result.notes if note.code == "unable"]
    assert len(said) == 2
    assert all("hopper" in text and "fp4" in text for text in said)


def test_work_that_no_platform_can_do_is_named_with_its_path() -> None:
    with pytest.raises(ScenarioError) as caught:
        rack_rates(load("one-campus", {"use_cases.assistant.tpot": "0.01 ms", "use_cases.documents.tpot": "0.01 ms"}))
    paths = [fault.path for fault in caught.value.faults]
    assert paths == ["use_cases.assistant.tpot", "use_cases.documents.tpot"]
    assert "ms or more" in caught.value.faults[0].expected
