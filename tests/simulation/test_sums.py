"""Totals of quarters as plain arrays: the sums of the labelled table, whole and in part."""

import numpy as np
import pytest
import xarray as xr

from gigawatt.simulation.sums import Sums


@pytest.fixture
def table() -> xr.Dataset:
    counts = np.arange(6.0).reshape(2, 3)
    return xr.Dataset(
        {
            "energy_wh": (("site", "period"), counts),
            "hours_h": ("period", [1.0, 2.0, 4.0]),
            "ramp_w": ("site", [5.0, 7.0]),
        },
        coords={"site": ["a", "b"], "period": ["2026Q3", "2026Q4", "2027Q1"]},
    )


def test_the_quarter_comes_first_and_sums_are_those_of_the_table(table: xr.Dataset) -> None:
    found = Sums.of(table)
    assert found["energy_wh"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert found.total("energy_wh") == 15
    assert found.by_name("energy_wh") == {"a": 3, "b": 12}


def test_a_part_has_its_quarters_and_what_has_none_whole(table: xr.Dataset) -> None:
    found = Sums.of(table).part(slice(1, 3))
    assert found.names["period"] == ("2026Q4", "2027Q1")
    assert found.total("hours_h") == 6
    assert found.by_name("energy_wh") == {"a": 3, "b": 9}
    assert found["ramp_w"].tolist() == [5, 7]
