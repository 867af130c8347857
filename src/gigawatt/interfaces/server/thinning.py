"""Arrays of a result by quarter and hour, thinned so that peaks stay: mean, least and most of each stretch of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigawatt import units
from gigawatt.interfaces.server import names, results
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import Store
from gigawatt.report.formats import si

Floats = NDArray[np.float64]

# Stages whose arrays are told, by their files; long tables of rows are told as tables.
STAGES = ("plan", "inputs", "timeline", "accounts", "statements")
# Dimensions along which steps follow each other, and how long each of them weighs.
ALONG, WEIGHT = ("time", "period"), "weight_h"
MOST_POINTS = 5_000
# Of a number in JSON.
NUMBER_BYTES = 24
# Lines of statements are money, and so is the table of the accounts.
MONEY = "usd"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayView:
    """An array of a result, without its numbers."""

    stage: str
    """Of which stage: plan, inputs, timeline, accounts or statements."""
    variable: str
    """Its name."""
    unit: str
    """Unit of its numbers; "" for bare ones."""
    dims: Mapping[str, int]
    """How many there are of each of its dimensions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayLine:
    """Numbers along one line of an array; what is no number is None."""

    of: Mapping[str, str]
    """Which line it is: a name for each dimension but the one that it goes along."""
    mean: tuple[float | None, ...]
    """Mean of each point's steps, each by how long it lasts; the steps themselves where a point is one."""
    least: tuple[float | None, ...] | None
    """The least of each point's steps; None where each point is one step."""
    most: tuple[float | None, ...] | None
    """The most of each point's steps; None where each point is one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayLines:
    """An array of a result, at as many points as were asked for."""

    array: ArrayView
    """Which it is."""
    along: str
    """The dimension that its lines go along; "" for one that has a single point."""
    at: tuple[str, ...]
    """Where each point begins: a quarter, or a moment in UTC; of representative weeks, which hour."""
    steps_count: tuple[int, ...]
    """How many steps each point stands for."""
    lines: tuple[ArrayLine, ...]
    """Its lines."""


def arrays(settings: Settings, store: Store, id_: str) -> list[ArrayView]:
    """Every array of a result. Raises Refused."""
    place = results.folder(settings, store, id_)
    return [view for stage in STAGES for view in _views(place, stage)]


def array(
    settings: Settings,
    store: Store,
    id_: str,
    stage: str,
    variable: str,
    points: int = 500,
    only: Mapping[str, str] | None = None,
) -> ArrayLines:
    """An array at so many points. only: names of dimensions of which one line is told. Raises Refused."""
    place = results.folder(settings, store, id_)
    there = {view.variable: view for view in _views(place, stage)} if stage in STAGES else {}
    if not there:
        known = [one for one in STAGES if _views(place, one)]
        raise names.refused("absent", "stage", stage, f"one of {names.listed(known, stage[: names.MOST_LABEL])}")
    if variable not in there:
        expected = f"one of {names.listed(there, variable[: names.MOST_LABEL])}"
        raise names.refused("absent", "variable", variable, expected)
    if points < 1:
        raise names.refused("wrong", "points", str(points), "1 or more")
    from gigawatt.study import netcdf

    with netcdf.opened(place / f"{stage}.nc") as data:
        line = _chosen(_array(data, stage, variable), only or {})
        weight = data[WEIGHT].values if WEIGHT in data.variables and "time" in line.dims else None
        return _thinned(there[variable], line, weight, min(points, MOST_POINTS), settings.limits.answer_bytes)


def _views(place: Path, stage: str) -> list[ArrayView]:
    from gigawatt.study import netcdf

    if not results.is_file(place / f"{stage}.nc"):
        return []
    with netcdf.opened(place / f"{stage}.nc") as data:
        if stage == "accounts":
            return [_view(stage, MONEY, _array(data, stage, MONEY))]
        lines = ((str(name), line) for name, line in data.data_vars.items())
        return [_view(stage, name, line) for name, line in lines if line.dtype.kind in "fiu" and line.size]


def _view(stage: str, name: str, line: Any) -> ArrayView:
    suffix = units.split(name)[1] or (MONEY if stage in ("accounts", "statements") else "")
    dims = {str(dim): int(size) for dim, size in line.sizes.items()}
    return ArrayView(stage=stage, variable=name, unit=si(suffix), dims=dims)


def _array(data: Any, stage: str, variable: str) -> Any:
    """An array of a stage; of the accounts' long table the sums by quarter and item."""
    if stage != "accounts":
        return data[variable]
    from xarray import DataArray

    periods, row = np.unique(data["period"].values.astype(str), return_inverse=True)
    items, column = np.unique(data["item"].values.astype(str), return_inverse=True)
    sums = np.zeros((len(periods), len(items)))
    np.add.at(sums, (row, column), data["usd"].values)
    return DataArray(sums, dims=("period", "item"), coords={"period": periods, "item": items})


def _chosen(line: Any, only: Mapping[str, str]) -> Any:
    """The lines of an array that are asked for. Raises Refused."""
    for dim, name in only.items():
        if dim not in line.dims or dim in ALONG:
            known = [str(one) for one in line.dims if one not in ALONG]
            raise names.refused("absent", "only", dim, f"one of {names.listed(known, dim[: names.MOST_LABEL])}")
        labels = _labels(line, dim)
        if name not in labels:
            raise names.refused("absent", dim, name, f"one of {names.listed(labels, name[: names.MOST_LABEL])}")
        line = line.isel({dim: [labels.index(name)]})
    return line


def _labels(line: Any, dim: str) -> list[str]:
    return [str(label) for label in (line[dim].values if dim in line.coords else range(line.sizes[dim]))]


def _thinned(view: ArrayView, line: Any, weight: Floats | None, points: int, most_bytes: int) -> ArrayLines:
    along = next((dim for dim in ALONG if dim in line.dims), "")
    others = [str(dim) for dim in line.dims if dim != along]
    values = np.asarray(line.transpose(*([along] if along else []), *others).values, dtype=float)
    steps = values.shape[0] if along else 1
    table = values.reshape(steps, -1)
    lines = table.shape[1]
    edges = _edges(steps, min(points, _room(lines, most_bytes)))
    moments = _labels(line, along) if along else [""]
    columns = _columns(table, edges, np.ones(steps) if weight is None else np.asarray(weight, dtype=float))
    labels = [_labels(line, dim) for dim in others]
    shape = [line.sizes[dim] for dim in others]
    return ArrayLines(
        array=view,
        along=along,
        at=tuple(moments[edge] for edge in edges[:-1]),
        steps_count=tuple(np.diff(edges).tolist()),
        lines=tuple(
            ArrayLine(of=_of(others, labels, np.unravel_index(n, shape) if shape else ()), **columns(n))
            for n in range(lines)
        ),
    )


def _room(lines: int, most_bytes: int) -> int:
    """Points for which a response has room. Raises Refused where it has none."""
    room = (most_bytes // NUMBER_BYTES - 20 * lines) // (3 * lines + 2)
    if room < 1:
        raise Refused("long", "only", f"{lines:,} lines", "fewer of them: name one of a dimension")
    return room


def _edges(steps: int, points: int) -> NDArray[np.int64]:
    """Where each point begins, and where the last ends: stretches of steps as alike as can be."""
    count = min(steps, points)
    return np.arange(count + 1, dtype=np.int64) * steps // count


def _columns(table: Floats, edges: NDArray[np.int64], weight: Floats) -> Any:
    """A function from a line to its numbers, thinned."""
    starts, is_thin = edges[:-1], len(edges) - 1 < len(table)

    def column(n: int) -> dict[str, tuple[float | None, ...] | None]:
        values = table[:, n]
        if not is_thin:
            return {"mean": _numbers(values), "least": None, "most": None}
        counted = np.where(np.isfinite(values), weight, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.add.reduceat(np.nan_to_num(values) * counted, starts) / np.add.reduceat(counted, starts)
        least, most = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
        return {"mean": _numbers(mean), "least": _numbers(least), "most": _numbers(most)}

    return column


def _numbers(values: Floats) -> tuple[float | None, ...]:
    return tuple(value if np.isfinite(value) else None for value in values.tolist())


def _of(dims: list[str], labels: list[list[str]], at: Any) -> dict[str, str]:
    return {dim: names_[n] for dim, names_, n in zip(dims, labels, at, strict=True)}
