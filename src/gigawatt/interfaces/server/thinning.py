"""Arrays of a result by quarter and hour, thinned so that peaks stay: mean, least and most of each stretch of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigawatt import units
from gigawatt.interfaces.server import names, results
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.ndarrays import Floats
from gigawatt.report import thin
from gigawatt.report.formats import si

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbers:
    """An array as it was read: its dimensions, its numbers, and what the places of each dimension are called."""

    dims: tuple[str, ...]
    values: Floats
    labels: Mapping[str, NDArray[Any]]


def arrays(settings: Settings, store: ServerStore, id_: str) -> list[ArrayView]:
    """Every array of a result. Raises Refused."""
    place = results.folder(settings, store, id_)
    return [view for stage in STAGES for view in views(place, stage)]


def array(
    settings: Settings,
    store: ServerStore,
    id_: str,
    stage: str,
    variable: str,
    points: int = 500,
    only: Mapping[str, str] | None = None,
) -> ArrayLines:
    """An array at so many points. only: names of dimensions of which one line is told. Raises Refused."""
    place = results.folder(settings, store, id_)
    there = {view.variable: view for view in views(place, stage)} if stage in STAGES else {}
    if not there:
        known = [one for one in STAGES if views(place, one)]
        raise names.refused("absent", "stage", stage, f"one of {names.listed(known, stage[: names.MOST_LABEL])}")
    if variable not in there:
        expected = f"one of {names.listed(there, variable[: names.MOST_LABEL])}"
        raise names.refused("absent", "variable", variable, expected)
    if points < 1:
        raise names.refused("wrong", "points", str(points), "1 or more")
    from gigawatt.study import netcdf

    with netcdf.opened(place / f"{stage}.nc") as data:
        line = _chosen(_line(data, stage, variable), only or {})
        weight = data.variables[WEIGHT][...] if WEIGHT in data.variables and "time" in line.dims else None
    return _thinned(there[variable], line, weight, min(points, MOST_POINTS), settings.limits.answer_bytes)


def views(place: Path, stage: str) -> tuple[ArrayView, ...]:
    file = place / f"{stage}.nc"
    return _listed(stage, *results.state(file)) if results.is_file(file) else ()


@lru_cache(maxsize=200)
def _listed(stage: str, file: Path, changed: int, size: int) -> tuple[ArrayView, ...]:
    from gigawatt.study import netcdf

    del changed, size
    with netcdf.opened(file) as data:
        if stage == "accounts":
            line = _line(data, stage, MONEY)
            return (_view(stage, MONEY, dict(zip(line.dims, line.values.shape, strict=True))),)
        apart = netcdf.beside(data)
        return tuple(
            _view(stage, name, dict(zip(line.dimensions, line.shape, strict=True)))
            for name, line in data.variables.items()
            if name not in apart and line.dtype.kind in "fiu" and 0 not in line.shape
        )


def _view(stage: str, name: str, dims: Mapping[str, int]) -> ArrayView:
    suffix = units.split(name)[1] or (MONEY if stage in ("accounts", "statements") else "")
    return ArrayView(stage=stage, variable=name, unit=si(suffix), dims=dims)


def _line(data: Any, stage: str, variable: str) -> _Numbers:
    """An array of a stage; of the accounts' long table the sums by quarter and item."""
    if stage == "accounts":
        periods, row = np.unique(data.variables["period"][...].astype(str), return_inverse=True)
        items, column = np.unique(data.variables["item"][...].astype(str), return_inverse=True)
        sums = np.zeros((len(periods), len(items)))
        np.add.at(sums, (row, column), data.variables["usd"][...])
        return _Numbers(dims=("period", "item"), values=sums, labels={"period": periods, "item": items})
    line = data.variables[variable]
    labels = {
        dim: data.variables[dim][...] if dim in data.variables else np.arange(size)
        for dim, size in zip(line.dimensions, line.shape, strict=True)
    }
    return _Numbers(dims=line.dimensions, values=np.asarray(line[...], dtype=float), labels=labels)


def _chosen(line: _Numbers, only: Mapping[str, str]) -> _Numbers:
    """The lines of an array that are asked for. Raises Refused."""
    for dim, name in only.items():
        if dim not in line.dims or dim in ALONG:
            known = [one for one in line.dims if one not in ALONG]
            raise names.refused("absent", "only", dim, f"one of {names.listed(known, dim[: names.MOST_LABEL])}")
        labels = [str(label) for label in line.labels[dim]]
        if name not in labels:
            raise names.refused("absent", dim, name, f"one of {names.listed(labels, name[: names.MOST_LABEL])}")
        at = labels.index(name)
        values = line.values.take([at], axis=line.dims.index(dim))
        line = replace(line, values=values, labels={**line.labels, dim: line.labels[dim][at : at + 1]})
    return line


def _thinned(view: ArrayView, line: _Numbers, weight: Floats | None, points: int, most_bytes: int) -> ArrayLines:
    along = next((dim for dim in ALONG if dim in line.dims), "")
    values = np.moveaxis(line.values, line.dims.index(along), 0) if along else line.values[np.newaxis]
    others = [dim for dim in line.dims if dim != along]
    table = values.reshape(len(values), -1)
    edges = thin.edges(len(table), min(points, _room(table.shape[1], most_bytes)))
    columns = _columns(table, edges, np.ones(len(table)) if weight is None else np.asarray(weight, dtype=float))
    moments = line.labels[along] if along else [""]
    return ArrayLines(
        array=view,
        along=along,
        at=tuple(str(moments[edge]) for edge in edges[:-1]),
        steps_count=tuple(np.diff(edges).tolist()),
        lines=tuple(
            ArrayLine(of={dim: str(line.labels[dim][n]) for dim, n in zip(others, at, strict=True)}, **columns(number))
            for number, at in enumerate(np.ndindex(*values.shape[1:]))
        ),
    )


def _room(lines: int, most_bytes: int) -> int:
    """Points for which a response has room. Raises Refused where it has none."""
    room = (most_bytes // NUMBER_BYTES - 20 * lines) // (3 * lines + 2)
    if room < 1:
        raise Refused("long", "only", f"{lines:,} lines", "fewer of them: name one of a dimension")
    return room


def _columns(table: Floats, edges: NDArray[np.int64], weight: Floats) -> Any:
    """A function from a line to its numbers, thinned."""
    is_thin = len(edges) - 1 < len(table)

    def column(n: int) -> dict[str, tuple[float | None, ...] | None]:
        if not is_thin:
            return {"mean": _numbers(table[:, n]), "least": None, "most": None}
        found = thin.columns(table[:, n], weight, edges)
        return {"mean": _numbers(found.mean), "least": _numbers(found.least), "most": _numbers(found.most)}

    return column


def _numbers(values: Floats) -> tuple[float | None, ...]:
    return tuple(value if np.isfinite(value) else None for value in values.tolist())
