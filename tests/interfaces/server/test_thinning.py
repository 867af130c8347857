"""Arrays are thinned on the server, and peaks stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from sqlalchemy import insert

from gigawatt.interfaces.server import jobs, thinning
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.settings import ServerLimits, Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.interfaces.server.tables import JOBS
from gigawatt.study import netcdf

ID = "0123456789abcdef0123456789abcdef"
HOURS = 10_007
QUARTERS = ["2026Q3", "2026Q4"]


def timeline() -> xr.Dataset:
    time = np.datetime_as_string(np.datetime64("2026-07-01T00:00", "m") + 60 * np.arange(HOURS)).astype(str)
    power = np.ones((HOURS, 2), dtype=np.float32)
    power[5_000, 0], power[6_000, 0], power[7_000, 1] = 100.0, -3.0, np.nan
    lines = {"it_w": (("time", "site"), power), "never_w": ("time", np.full(HOURS, np.nan, dtype=np.float32))}
    weight = np.where(np.arange(HOURS) % 2, 3.0, 1.0)
    return xr.Dataset(lines, coords={"time": time, "site": ["a", "b"], "weight_h": ("time", weight)})


def accounts() -> xr.Dataset:
    columns = {"period": ["2026Q3", "2026Q4", "2026Q3"], "item": ["revenue", "energy", "revenue"]}
    return xr.Dataset({"usd": ("row", [1.0, -2.0, 4.0]), **{name: ("row", texts) for name, texts in columns.items()}})


@pytest.fixture
def place(settings: Settings, store: ServerStore) -> Path:
    """A result with arrays."""
    row = {"id": ID, "verb": "run", "question": "{}", "order": "{}", "who": "ada", "state": "done", "created": "2026"}
    with store.writing() as connection:
        connection.execute(insert(JOBS).values(**row, estimate_cpu_s=1.0))
    folder = jobs.folder_of(settings, ID)
    folder.mkdir(parents=True)
    plan = xr.Dataset({"debt_usd": ("period", [1.0, 2.0]), "lead_count": 3.0}, coords={"period": QUARTERS})
    statements = xr.Dataset({"rent": ("period", [0, 7])}, coords={"period": QUARTERS})
    for name, data in {"timeline": timeline(), "accounts": accounts(), "plan": plan, "statements": statements}.items():
        (folder / f"{name}.nc").write_bytes(netcdf.written(data))
    return folder


def refused(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as raised:
        act()
    assert raised.value.given.isprintable()
    return raised.value


@pytest.mark.usefixtures("place")
def test_arrays_are_listed_with_their_units(settings: Settings, store: ServerStore) -> None:
    found = {(one.stage, one.variable): (one.unit, one.dims) for one in thinning.arrays(settings, store, ID)}
    assert found == {
        ("plan", "debt_usd"): ("USD", {"period": 2}),
        ("plan", "lead_count"): ("", {}),
        ("timeline", "it_w"): ("W", {"time": HOURS, "site": 2}),
        ("timeline", "never_w"): ("W", {"time": HOURS}),
        ("accounts", "usd"): ("USD", {"period": 2, "item": 2}),
        ("statements", "rent"): ("USD", {"period": 2}),
    }


@pytest.mark.usefixtures("place")
def test_peaks_stay_and_steps_count_by_how_long_they_last(settings: Settings, store: ServerStore) -> None:
    found = thinning.array(settings, store, ID, "timeline", "it_w", 100)
    first, second = found.lines
    assert (first.of, second.of) == ({"site": "a"}, {"site": "b"})
    assert first.most is not None
    assert first.least is not None
    assert (len(found.at), max(first.most), min(first.least)) == (100, 100.0, -3.0)
    assert (found.along, found.at[0], sum(found.steps_count)) == ("time", "2026-07-01T00:00", HOURS)
    assert set(second.mean) == {1.0}  # a moment without a number counts for nothing
    total = np.average(timeline()["it_w"].values[:, 0], weights=timeline()["weight_h"].values)
    edges = np.concatenate([[0], np.cumsum(found.steps_count)])
    weights = np.add.reduceat(timeline()["weight_h"].values, edges[:-1])
    assert np.average(first.mean, weights=weights) == pytest.approx(total)


@pytest.mark.usefixtures("place")
def test_what_has_fewer_points_is_told_as_it_is(settings: Settings, store: ServerStore) -> None:
    found = thinning.array(settings, store, ID, "plan", "debt_usd", 100)
    assert (found.lines[0].mean, found.lines[0].least, found.at) == ((1.0, 2.0), None, tuple(QUARTERS))
    single = thinning.array(settings, store, ID, "plan", "lead_count")
    assert (single.lines[0].mean, single.at, single.along) == ((3.0,), ("",), "")


@pytest.mark.usefixtures("place")
def test_accounts_are_sums_by_quarter_and_item(settings: Settings, store: ServerStore) -> None:
    found = thinning.array(settings, store, ID, "accounts", "usd")
    assert {line.of["item"]: line.mean for line in found.lines} == {"revenue": (5.0, 0.0), "energy": (0.0, -2.0)}


@pytest.mark.usefixtures("place")
def test_what_is_no_number_is_none(settings: Settings, store: ServerStore) -> None:
    (line,) = thinning.array(settings, store, ID, "timeline", "never_w", 10).lines
    assert set(line.mean) == {None}
    assert line.most is not None
    assert set(line.most) == {None}


@pytest.mark.usefixtures("place")
def test_one_line_is_told_where_one_is_asked_for(settings: Settings, store: ServerStore) -> None:
    found = thinning.array(settings, store, ID, "timeline", "it_w", 10, {"site": "b"})
    assert [line.of for line in found.lines] == [{"site": "b"}]
    for only in ({"site": "c"}, {"time": "2026-07-01T00:00"}, {"\x1b": "b"}, {"site": "x" * 10_000}):
        assert (
            refused(lambda only=only: thinning.array(settings, store, ID, "timeline", "it_w", 10, only)).why == "absent"
        )


@pytest.mark.usefixtures("place")
def test_no_array_is_longer_than_a_response_may_be(settings: Settings, store: ServerStore) -> None:
    small = replace(settings, limits=ServerLimits(answer_bytes=5_000))
    found = thinning.array(small, store, ID, "timeline", "it_w", 10**9)
    assert len(found.at) > 5
    assert len(json.dumps(asdict(found))) <= 5_000
    tiny = replace(settings, limits=ServerLimits(answer_bytes=100))
    assert refused(lambda: thinning.array(tiny, store, ID, "timeline", "it_w")).why == "long"


@pytest.mark.usefixtures("place")
def test_a_stage_or_variable_that_is_none_is_refused(settings: Settings, store: ServerStore) -> None:
    for stage in ("", "outages", "../timeline", "timeline.nc", "/etc/passwd", "\0", "%2e%2e", "x" * 10_000):
        assert "timeline" in refused(lambda stage=stage: thinning.array(settings, store, ID, stage, "it_w")).expected
    for variable in ("", "time", "weight_h", "values", "__class__", "\0", "x" * 10_000):
        assert "it_w" in refused(lambda name=variable: thinning.array(settings, store, ID, "timeline", name)).expected
    assert refused(lambda: thinning.array(settings, store, ID, "timeline", "it_w", 0)).why == "wrong"


def test_a_link_in_the_place_of_arrays_is_not_followed(
    settings: Settings, store: ServerStore, place: Path, tmp_path: Path
) -> None:
    (place / "timeline.nc").rename(tmp_path / "timeline.nc")
    (place / "timeline.nc").symlink_to(tmp_path / "timeline.nc")
    assert {one.stage for one in thinning.arrays(settings, store, ID)} == {"plan", "accounts", "statements"}
    assert refused(lambda: thinning.array(settings, store, ID, "timeline", "it_w")).why == "absent"
