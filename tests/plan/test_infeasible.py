"""Hard limits that conflict are named, with what is missing and what stands in the way."""

from __future__ import annotations

import pytest

from gigawatt.errors import Infeasible
from gigawatt.plan import plan
from gigawatt.scenario.load import load


def test_a_hard_floor_beyond_the_grid_is_infeasible() -> None:
    over = {
        "use_cases.assistant.floor": 1.0,
        "use_cases.assistant.hard": True,
        "sites.example-campus.ramp": "2 MW",
        "horizon.report_end": "2027Q1",
        "horizon.end": "2027Q2",
    }
    with pytest.raises(Infeasible) as caught:
        plan.make(load("one-campus", over))
    conflicts = caught.value.conflicts
    short = [item for item in conflicts if item.limit == "use_cases.assistant.floor"]
    assert short
    assert all(item.short_by > 0 and item.unit == "tokens/s" for item in short)
    assert any("grid power" in item.limit and item.site == "example-campus" for item in conflicts)
