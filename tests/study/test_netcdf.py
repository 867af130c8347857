"""Datasets as files: read back as they were, in the same order, by any reader of NetCDF."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from gigawatt.study import netcdf


@pytest.fixture(params=["whole", "packed"])
def data(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> xr.Dataset:
    if request.param == "packed":
        monkeypatch.setattr(netcdf, "PACKED_BYTES", 0)
    return xr.Dataset(
        {
            "w": (("time", "site"), np.array([[1.5, np.nan], [-0.0, np.inf], [3.0, 4.0]])),
            "served_tokens": (("time", "run", "site"), np.zeros((3, 0, 2))),
            "count": ("row", np.arange(4, dtype=np.int16)),
            "share": ("site", np.array([0.1, 0.2], dtype=np.float32)),
            "hard": ("site", np.array([True, False])),
            "moment": ("row", np.array(["2028-07-14T05:06:07"] * 4, dtype="datetime64[ns]")),
            "said": ("row", ["a", "", "é, “b”", "two\nlines"]),
            "one": ((), 2.5),
        },
        coords={
            "time": ["a", "b", "c"],
            "quarter": ("time", ["q1", "q1", "q2"]),
            "site": ["x", "y"],
            "run": np.array([], dtype=str),
        },
        attrs={"unable": "x cannot\ny cannot", "none": ""},
    )


def test_a_dataset_reads_back_as_it_was(data: xr.Dataset, tmp_path: Path) -> None:
    content = netcdf.written(data)
    (tmp_path / "data.nc").write_bytes(content)
    for back in (netcdf.read(content), netcdf.read(tmp_path / "data.nc")):
        xr.testing.assert_identical(back, data)
        assert list(back.data_vars) == list(data.data_vars)
        assert list(back.coords) == list(data.coords)
        assert dict(back.sizes) == dict(data.sizes)
        assert {name: line.dtype for name, line in back.data_vars.items() if line.dtype.kind in "fiMb"} == {
            name: line.dtype for name, line in data.data_vars.items() if line.dtype.kind in "fiMb"
        }


def test_the_same_dataset_gives_the_same_bytes(data: xr.Dataset) -> None:
    assert netcdf.written(data) == netcdf.written(data.copy(deep=True))


def test_every_dimension_is_one_of_netcdf(data: xr.Dataset, tmp_path: Path) -> None:
    """What a general writer would have written reads the same."""
    data.to_netcdf(tmp_path / "other.nc", engine="h5netcdf", invalid_netcdf=False)
    xr.testing.assert_identical(netcdf.read(netcdf.written(data)), netcdf.read(tmp_path / "other.nc"))


def test_a_file_is_written_without_a_library_of_clusters() -> None:
    """xarray 2026.9 imports dask.distributed, where it is, at its first to_netcdf (findings/xarray-loads-dask)."""
    code = "import sys, xarray; from gigawatt.study import netcdf; netcdf.written(xarray.Dataset({'w': ('x', [1.0])}));"
    code += "sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
