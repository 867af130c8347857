"""Slips of the presets are those of real sites: the median at each site's stage, and what is left beyond it."""

from __future__ import annotations

import pytest

from gigawatt.catalog.load import get
from gigawatt.catalog.records import SiteSchedules
from gigawatt.scenario.load import load
from gigawatt.study.validate.lateness import default_slips, promises, slips_beyond, stages

RECORD: SiteSchedules = get("schedules", "stargate")
NAMED = {
    "ports-pike-2026-08": {"ports_pike"},
    "loi-2025-09": {"abilene", "shackelford", "dona_ana", "port_washington", "saline", "milam", "lordstown", "uae"},
    "stargate-2026-11": {
        *("abilene", "shackelford", "dona_ana", "port_washington", "saline", "milam", "lordstown"),
        *("ports_pike", "camellia"),
    },
}


@pytest.mark.parametrize("preset", NAMED)
def test_a_site_slips_by_the_median_of_its_stage(preset: str) -> None:
    scenario, slips, stage = load(preset), default_slips(promises(RECORD)), stages(RECORD)
    told = {site: use.slip_count for site, use in scenario.asked.sites.items() if not site.startswith("assumed")}
    assert told == {site: slips[stage[site]] for site in NAMED[preset]}
    assert {scenario.evidence[f"sites.{site}.slip_count"].grade for site in told} == {"derived"}


@pytest.mark.parametrize("preset", NAMED)
def test_futures_add_what_is_left_beyond_the_median(preset: str) -> None:
    spread, beyond = load(preset).asked.uncertainty["power_slip"], slips_beyond(promises(RECORD))
    assert list(spread.values) == list(beyond)
    assert list(spread.weights) == pytest.approx(list(beyond.values()), abs=5e-4)


def test_on_the_day_of_the_letter_slips_were_assumed() -> None:
    scenario = load("loi-2025-09", {"as_of": "2025-09-22"})
    assert {use.slip_count for use in scenario.asked.sites.values()} == {2}
    assert list(scenario.asked.uncertainty["power_slip"].weights) == [0.3, 0.3, 0.2, 0.2]
