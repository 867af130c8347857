"""Days of a timeline that is too long for tables of hours."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from gigawatt.report import datasets, hours


def weeks(count: int) -> xr.Dataset:
    """Representative weeks of so many quarters: power in the first hours of each day, a failure every hour."""
    names = [f"2027Q{n + 1}" for n in range(count)]
    time = [f"{name} {hour:03}" for name in names for hour in range(168)]
    power = np.tile(np.repeat(np.arange(7.0), 24) + (np.arange(168) % 24 == 0) * 24.0, count)
    return xr.Dataset(
        {
            "it_w": (("time", "site"), power[:, None].astype(np.float32)),
            "failures_count": (("time", "kind"), np.ones((168 * count, 1), np.float32)),
        },
        coords={
            "time": time,
            "quarter": ("time", np.repeat(names, 168)),
            "weight_h": ("time", np.full(168 * count, 13.0)),
            "site": ["a"],
            "kind": ["rack down"],
        },
    )


def test_a_representative_week_has_seven_days() -> None:
    days = hours.daily(weeks(2))
    assert days.day.values.tolist() == [f"2027Q{quarter} {day}" for quarter in (1, 2) for day in range(7)]
    assert days.quarter.values.tolist() == ["2027Q1"] * 7 + ["2027Q2"] * 7
    assert days.it_w.values[:7, 0].tolist() == pytest.approx([1.0, 2, 3, 4, 5, 6, 7])
    assert days.failures_count.values.ravel().tolist() == [24.0] * 14


def test_days_are_tables_as_hours_are() -> None:
    tables = dict(datasets.tidy(hours.daily(weeks(1))))
    assert set(tables) == {("day", "site"), ("day", "kind")}
    assert "".join(datasets.lines(tables["day", "site"])).splitlines()[1] == "2027Q1 0,a,2027Q1,1.0"
