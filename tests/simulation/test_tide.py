"""The daily tide: its mean is one, and its busiest hours hold what the plan calls the peak."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from gigawatt import tokens
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Region
from gigawatt.simulation import tide

ASKED = load("one-campus").asked


@given(ratio=st.floats(1, 2.9), count=st.integers(1, 8))
def test_the_busiest_hours_average_the_ratio_and_all_hours_one(ratio: float, count: int) -> None:
    day = tide.daily_tide_ratio(ratio, count, ASKED)
    assert day.mean() == pytest.approx(1, rel=1e-12)
    assert np.sort(day)[-count:].mean() == pytest.approx(ratio, rel=1e-6)
    assert day.min() >= -1e-12


@given(ratio=st.floats(1, 2.5), offset_h=st.integers(-12, 12))
def test_one_region_has_the_profile_of_the_kernel(ratio: float, offset_h: int) -> None:
    home = {"home": Region(title="Home", share_frac=1.0, utc_offset_h=offset_h)}
    day = tide.daily_tide_ratio(ratio, 8, replace(ASKED, regions=home))
    kernel = tokens.daily_profile_ratio(ratio, 8, ASKED.operations.busiest_h, offset_h)
    assert day == pytest.approx(kernel, abs=1e-6)


def test_the_world_is_busiest_when_most_of_it_is_awake() -> None:
    busiest = int(tide.daily_tide_ratio(1.4, 8, ASKED).argmax())
    local = [(busiest + region.utc_offset_h) % 24 for region in ASKED.regions.values()]
    assert all(7 <= hour <= 23 for hour in local)


def test_batch_classes_ask_evenly_and_interactive_ones_share_their_peak_block() -> None:
    data = xr.Dataset(
        {
            "hours_frac": ("block", [1 / 3, 2 / 3]),
            "interactive": ("use_case", [1.0, 0.0, 1.0]),
            "block_ratio": (("use_case", "block"), [[1.4, 0.8], [1.0, 1.0], [1.6, 0.7]]),
        },
        coords={"block": ["peak", "off_peak"], "use_case": ["a", "b", "c"]},
    )
    day, peak = tide.tide(data, ASKED)
    assert day.shape == (24, 3)
    assert peak.sum() == 8
    assert np.all(day[:, 1] == 1)
    assert np.allclose(day.mean(axis=0), 1)
    assert np.allclose(day[peak].mean(axis=0), [1.4, 1.0, 1.6], rtol=1e-6)
    assert np.allclose(day[~peak].mean(axis=0), [0.8, 1.0, 0.7], rtol=1e-6)
