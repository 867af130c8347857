"""Datasets as the bytes of NetCDF files, and back.

A file is laid out as NetCDF-4 lays HDF5 out, and any reader of NetCDF opens it. It is written through h5py, for what a
general writer looks at and imports takes ten times as long as the numbers themselves.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import h5netcdf
    import xarray as xr

# Datasets above this size are packed: years of hours shrink to a third in a second.
PACKED_BYTES = 4_000_000
PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
# What NetCDF-4 calls a dimension that has no labels, before its size, and how it counts moments.
UNLABELLED = "This is a netCDF dimension but not a netCDF variable."
MOMENTS = {"units": "nanoseconds since 1970-01-01", "calendar": "proleptic_gregorian"}


def written(data: xr.Dataset) -> bytes:
    """A dataset as the bytes of a NetCDF file: made in memory, for the HDF5 library ends the process on a full disk."""
    import h5py  # eleven megabytes of library, when the planner has given its own back

    packing = PACKED if data.nbytes > PACKED_BYTES else {}
    with h5py.File("data.nc", "w", driver="core", backing_store=False, track_order=True) as file:
        file.attrs.update({str(name): str(text) for name, text in data.attrs.items()})
        beside = [str(name) for name in data.coords if name not in data.dims]
        if beside:
            file.attrs["coordinates"] = " ".join(beside)
        for dim, size in data.sizes.items():
            if dim not in data.variables:
                file.create_dataset(str(dim), shape=(size,), dtype=">f4").make_scale(f"{UNLABELLED}{size:10}")
        made = {name: _variable(file, str(name), line, packing) for name, line in data.variables.items()}
        for number, dim in enumerate(map(str, data.sizes)):
            if dim in made:
                made[dim].make_scale(dim)
            file[dim].attrs["_Netcdf4Dimid"] = np.int32(number)
        for name, line in data.variables.items():
            for axis, dim in enumerate(line.dims if name not in data.dims else ()):
                made[name].dims[axis].attach_scale(file[str(dim)])
        file.flush()
        return bytes(file.id.get_file_image())


def _variable(file: Any, name: str, line: xr.Variable, packing: dict[str, Any]) -> Any:
    import h5py

    values, attributes = _plain(line.values)
    kind = h5py.string_dtype() if values.dtype == object else values.dtype
    made = file.create_dataset(name, data=values, dtype=kind, **(packing if values.ndim and values.size else {}))
    made.attrs.update(attributes)
    return made


def _plain(values: NDArray[Any]) -> tuple[NDArray[Any], dict[str, str]]:
    """Values as numbers or objects of text, and what says how they are to be read."""
    match values.dtype.kind:
        case "U":
            return values.astype(object), {}
        case "M":
            return values.astype("datetime64[ns]").astype(np.int64), MOMENTS
        case "b":
            return values.astype(np.int8), {"dtype": "bool"}
    return values, {}


def read(file: Path | bytes) -> xr.Dataset:
    """A dataset from a file, or from its bytes."""
    import xarray as xr  # who looks at single arrays needs nothing of it

    with xr.open_dataset(io.BytesIO(file) if isinstance(file, bytes) else file, engine="h5netcdf") as data:
        return data.load()


@contextmanager
def opened(file: Path) -> Iterator[h5netcdf.File]:
    """The variables of a file, of which nothing is read but what is looked at, until the block ends.

    A dataset of labels takes a hundred times as long to open as one array of it takes to read.
    """
    import h5netcdf

    with h5netcdf.File(file, "r", decode_vlen_strings=True) as data:
        yield data


def beside(data: h5netcdf.File) -> frozenset[str]:
    """Names of what stands beside the arrays of an open file: labels of dimensions, and what goes with them."""
    return frozenset({*data.dimensions, *str(data.attrs.get("coordinates", "")).split()})
