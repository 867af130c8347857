"""Linear forms, and the programme that is stated with them: variables, limits and what is to be the most.

They are written as linopy's own expressions are, on arrays whose axes have names. But each step of those aligns labels,
broadcasts and copies a table, for a hundred tables; a form is a list until the whole programme becomes numbers, and
takes a hundredth of the time. All arrays of a programme are of one data set, in which labels agree: here the names of
axes and their lengths do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.solver import NONE, Matrices, Places

Numbers = NDArray[np.int64]
Weight = xr.DataArray | xr.Variable | float
Axes = Sequence["pd.Index[Any]"]


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A sum of variables times numbers: weights, and the columns of variables, each on the axes that it has.

    Arrays stand on the right of it, as in form × array. What the rows do not have is summed over when they are made, so
    that Σ over an axis is never written.
    """

    terms: tuple[tuple[xr.Variable | float, xr.Variable], ...]

    def __add__(self, other: Form) -> Form:
        return Form(self.terms + other.terms)

    def __neg__(self) -> Form:
        return self * -1.0

    def __sub__(self, other: Form) -> Form:
        return self + -other

    def __mul__(self, by: Weight) -> Form:
        factor = by.variable if isinstance(by, xr.DataArray) else by
        return Form(tuple((weight * factor, columns) for weight, columns in self.terms))

    __rmul__ = __mul__

    def at(self, axis: str, places: Numbers | slice) -> Form:
        """The form at some places of an axis only."""

        def some(array: xr.Variable | float) -> Any:
            return array.isel({axis: places}) if isinstance(array, xr.Variable) and axis in array.dims else array

        return Form(tuple((some(weight), some(columns)) for weight, columns in self.terms))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decided:
    """A variable of a programme.

    axes: labels along each of its dimensions. columns: number of its column at each place, `NONE` where it has none.
    lower, upper: bounds of its columns, in their order. whole: whether it takes whole numbers only.
    """

    axes: Axes
    columns: xr.Variable
    lower: Floats
    upper: Floats
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limited:
    """A limit of a programme: a row for each place on its axes.

    axes: labels along each of its dimensions. left: what is limited. sign: "=", "<=" or ">=". right: by what, at each
    place in order.
    """

    axes: Axes
    left: Form
    sign: str
    right: Floats


@dataclass(slots=True, kw_only=True, eq=False)
class LinearModel:
    """A linear programme as it is stated: what is decided and what limits it, by name and in order, and its value."""

    variables: dict[str, Decided] = field(default_factory=dict)
    limits: dict[str, Limited] = field(default_factory=dict)
    value: Form = field(default_factory=lambda: Form(()))
    columns_count: int = 0

    @property
    def matrices(self) -> Matrices:
        """The programme in numbers. Rows without a variable are left out where 0 meets them."""
        return _matrices(self)


def add_variables(
    model: LinearModel,
    name: str,
    axes: Axes,
    lower: Weight = 0.0,
    upper: Weight = np.inf,
    *,
    whole: bool = False,
    there: Weight = 1.0,
) -> Decided:
    """A variable with a column for each place on `axes`, or for each where it is `there`, above nought."""
    sizes = _sizes(axes)
    is_there = np.broadcast_to(_spread(there, sizes) > 0, tuple(sizes.values()))
    columns = np.where(is_there, model.columns_count + np.cumsum(is_there).reshape(is_there.shape) - 1, NONE)
    low, high = (np.broadcast_to(_spread(bound, sizes), is_there.shape)[is_there] for bound in (lower, upper))
    made = Decided(axes=axes, columns=xr.Variable(tuple(sizes), columns), lower=low, upper=high, whole=whole)
    model.variables[name] = made
    model.columns_count += low.size
    return made


def add_rows(model: LinearModel, name: str, axes: Axes, left: Form, sign: str, right: Weight = 0.0) -> None:
    """A row for each place on `axes`: the form there, summed over the axes that it has besides, and its limit.

    sign: "=", "<=" or ">=".
    """
    sizes = _sizes(axes)
    limits = np.broadcast_to(_spread(right, sizes), tuple(sizes.values())).ravel()
    model.limits[name] = Limited(axes=axes, left=left, sign=sign, right=limits)


def form(variable: Decided, **renamed: str) -> Form:
    """A variable as it is, with other names for some of its axes."""
    columns = variable.columns
    return Form(((1.0, xr.Variable([renamed.get(str(dim), dim) for dim in columns.dims], columns.values)),))


def before(variable: Decided, quarters: int = 1) -> Form:
    """A variable some quarters earlier, without what stood before the horizon: a number, on the right of a row."""
    return Form(((1.0, variable.columns.shift(period=quarters, fill_value=NONE)),))


def change(variable: Decided) -> Form:
    """A stock less what it was a quarter earlier."""
    return form(variable) - before(variable)


def mean(variable: Decided) -> Form:
    """A stock's mean over a quarter, half of opening and closing: what starts in a quarter works half of it."""
    return 0.5 * form(variable) + 0.5 * before(variable)


def _matrices(model: LinearModel) -> Matrices:
    """A stated programme in numbers, rows and columns in the order in which they were stated."""
    blocks = [_entries(limit.left, _sizes(limit.axes)) for limit in model.limits.values()]
    counts = [limit.right.size for limit in model.limits.values()]
    firsts = np.cumsum([0, *counts])
    rows = np.concatenate([first + block[2] for first, block in zip(firsts, blocks, strict=False)])
    weights, columns = (np.concatenate([block[n] for block in blocks]) for n in (0, 1))
    rows, columns, entries = _summed(rows, columns, weights, model.columns_count)
    right = np.concatenate([limit.right for limit in model.limits.values()])
    signs = np.repeat([limit.sign for limit in model.limits.values()], counts)
    kept = (np.bincount(rows, minlength=firsts[-1]) > 0) | ~_met_by_nought(signs, right)
    numbers = np.where(kept, np.cumsum(kept) - 1, NONE)
    worth, of, _ = _entries(model.value, {})
    return Matrices(
        costs=np.asarray(np.bincount(of, worth, minlength=model.columns_count), dtype=float),
        lower=np.concatenate([one.lower for one in model.variables.values()]),
        upper=np.concatenate([one.upper for one in model.variables.values()]),
        whole=np.concatenate([np.full(one.lower.size, one.whole) for one in model.variables.values()]),
        starts=np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=firsts[-1])[kept])]).astype(np.int32),
        columns=columns.astype(np.int32),
        entries=entries,
        low=np.where(signs != "<=", right, -np.inf)[kept],
        high=np.where(signs != ">=", right, np.inf)[kept],
        curvature=None,
        most=True,
        variables={
            name: Places(axes=tuple(one.axes), numbers=one.columns.values) for name, one in model.variables.items()
        },
        limits={
            name: Places(
                axes=tuple(one.axes), numbers=numbers[at : at + size].reshape([len(axis) for axis in one.axes])
            )
            for (name, one), at, size in zip(model.limits.items(), firsts, counts, strict=False)
        },
    )


def _met_by_nought(signs: NDArray[np.str_], right: Floats) -> NDArray[np.bool_]:
    """Whether 0 is lawful in each row."""
    return ((signs == ">=") | (right >= 0)) & ((signs == "<=") | (right <= 0))


def _entries(left: Form, sizes: dict[str, int]) -> tuple[Floats, Numbers, Numbers]:
    """Weight, column and row, on axes of these sizes, of every variable of a form, without noughts."""
    place = xr.Variable(tuple(sizes), np.arange(np.prod(list(sizes.values()), dtype=int)).reshape(list(sizes.values())))
    found = [(np.zeros(0), np.zeros(0, dtype=int), np.zeros(0, dtype=int))]
    for weight, columns in left.terms:
        all_sizes = {**sizes, **columns.sizes, **getattr(weight, "sizes", {})}
        spread = np.broadcast_arrays(*(_spread(part, all_sizes) for part in (weight, columns, place)))
        there = (spread[1] != NONE) & (spread[0] != 0)
        found.append((spread[0][there], spread[1][there], spread[2][there]))
    weights, numbers, rows = (np.concatenate(part) for part in zip(*found, strict=True))
    return weights, numbers, rows


def _summed(rows: Numbers, columns: Numbers, weights: Floats, columns_count: int) -> tuple[Numbers, Numbers, Floats]:
    """Entries by row and column, those of one place summed, without noughts."""
    place = rows * columns_count + columns
    order = np.argsort(place, kind="stable")
    place, weights = place[order], weights[order]
    first = np.flatnonzero(np.diff(place, prepend=-1))
    entries = np.add.reduceat(weights, first) if first.size else weights
    some = entries != 0
    rows, columns = np.divmod(place[first][some], columns_count)
    return rows, columns, entries[some]


def _sizes(axes: Axes) -> dict[str, int]:
    return {str(axis.name): len(axis) for axis in axes}


def _spread(array: Weight, sizes: dict[str, int]) -> NDArray[Any]:
    """An array with all of these axes in their order, of length one where it has none."""
    if not isinstance(array, xr.DataArray | xr.Variable):
        return np.reshape(array, [1] * len(sizes))
    own = array.transpose(*(axis for axis in sizes if axis in array.dims))
    return np.reshape(own.values, [size if axis in array.dims else 1 for axis, size in sizes.items()])
