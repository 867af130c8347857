"""A scenario as a result's folder keeps it."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from gigawatt.scenario import kept
from gigawatt.scenario.load import load, presets


@pytest.mark.parametrize("name", presets())
def test_records_are_kept_as_dataclasses_have_them(name: str) -> None:
    scenario = load(name)
    plain = kept.plain(scenario)
    assert plain["asked"] == asdict(scenario.asked)
    assert plain["records"] == asdict(replace(scenario.records, series={}))
    assert plain["evidence"]
    assert all(plain["evidence"][path] == asdict(scenario.evidence[path]) for path in plain["evidence"])
