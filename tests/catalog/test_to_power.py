"""Fitted shares of power by architecture, and what a package is rated at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gigawatt.catalog import load, to_power
from gigawatt.catalog.records import Accelerator, PowerCalibration

KNOWN: PowerCalibration = load.load("power_calibrations", "as-of-2026")


def part(name: str) -> Accelerator:
    found: Accelerator = load.load("accelerators", name)
    return found


def test_an_architecture_that_was_fitted_has_its_own_shares() -> None:
    hopper = next(entry for entry in KNOWN.architectures if entry.architecture == "hopper")
    assert to_power.power_shares(KNOWN, "hopper").compute_frac == hopper.compute_ratio
    assert to_power.power_deviation_ratio(KNOWN, "hopper") == KNOWN.deviation_ratio


def test_one_that_was_not_has_the_mean_and_a_wider_band() -> None:
    found = to_power.power_shares(KNOWN, "cdna4")
    assert (found.idle_frac, found.memory_frac) == (KNOWN.idle_frac, KNOWN.memory_ratio)
    assert to_power.power_deviation_ratio(KNOWN, "cdna4") > KNOWN.deviation_ratio


def test_the_mean_lies_among_those_that_were_fitted() -> None:
    for name in ("compute_ratio", "memory_ratio"):
        own = [getattr(entry, name) for entry in KNOWN.architectures]
        assert 0.8 * min(own) <= getattr(KNOWN, name) <= 1.2 * max(own)


def test_a_package_is_rated_at_its_share_of_its_server_else_at_its_own_limit() -> None:
    assert to_power.rated_w(part("h200")) == 10_200 / 8
    assert to_power.rated_w(replace(part("h200"), rack_power_w=None)) == 700
    assert to_power.rated_w(replace(part("h200"), rack_power_w=None, tdp_w=None)) is None


def test_a_racks_other_parts_draw_less_than_their_nameplate() -> None:
    assert to_power.others_w(KNOWN, part("b200")) == pytest.approx(KNOWN.others_frac * (14_300 / 8 - 1000))
    assert to_power.others_w(KNOWN, replace(part("b200"), tdp_w=None)) is None
    assert to_power.others_w(KNOWN, replace(part("b200"), rack_power_w=7_000)) == 0
