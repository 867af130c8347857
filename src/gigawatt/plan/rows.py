"""Linear forms, and the rows and objective of a programme that are made of them.

They say what linopy's own expressions say, and become rows of its model. But each step of an expression aligns,
broadcasts and copies a table, for a hundred tables; a form is a list until its rows are made, and takes a tenth of the
time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import linopy
import numpy as np
import pandas as pd
import xarray as xr
from linopy.csr import Grid, coo_to_csr
from numpy.typing import NDArray

from gigawatt.errors import SolverFailure

Weight = xr.DataArray | float
MEETS = {"=": np.equal, "<=": np.less_equal, ">=": np.greater_equal}
# What stands for no variable among labels.
NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A sum of variables times numbers: weights, and the labels of variables, each on the axes that it has.

    Arrays stand on the right of it, as in form × array. What the rows do not have is summed over when they are made, so
    that Σ over an axis is never written.
    """

    terms: tuple[tuple[Weight, xr.DataArray], ...]

    def __add__(self, other: Form) -> Form:
        return Form(self.terms + other.terms)

    def __neg__(self) -> Form:
        return self * -1.0

    def __sub__(self, other: Form) -> Form:
        return self + -other

    def __mul__(self, by: Weight) -> Form:
        return Form(tuple((weight * by, labels) for weight, labels in self.terms))

    __rmul__ = __mul__

    def at(self, axis: str, places: NDArray[Any]) -> Form:
        """The form at some places of an axis only."""

        def some(array: Weight) -> Any:
            return array.sel({axis: places}) if isinstance(array, xr.DataArray) and axis in array.dims else array

        return Form(tuple((some(weight), some(labels)) for weight, labels in self.terms))


def form(variable: linopy.Variable, **renamed: str) -> Form:
    """A variable as it is, with other names for some of its axes."""
    return Form(((1.0, variable.labels.rename(renamed)),))


def before(variable: linopy.Variable, quarters: int = 1) -> Form:
    """A variable some quarters earlier, without what stood before the horizon: a number, on the right of a row."""
    return Form(((1.0, variable.labels.shift(period=quarters, fill_value=NONE)),))


def change(variable: linopy.Variable) -> Form:
    """A stock less what it was a quarter earlier."""
    return form(variable) - before(variable)


def mean(variable: linopy.Variable) -> Form:
    """A stock's mean over a quarter, half of opening and closing: what starts in a quarter works half of it."""
    return 0.5 * form(variable) + 0.5 * before(variable)


def add_rows(
    model: linopy.Model, name: str, axes: Sequence[pd.Index[Any]], left: Form, sign: str, right: Weight = 0.0
) -> None:
    """A row for each place on `axes`: the form there, summed over the axes that it has besides, and its limit.

    sign: "=", "<=" or ">=". Labels have to agree exactly. A row without a variable is left out; raises SolverFailure
    where 0 does not meet it.
    """
    place = xr.DataArray(
        np.arange(np.prod([len(axis) for axis in axes], dtype=int)).reshape([len(axis) for axis in axes]),
        coords={str(axis.name): axis for axis in axes},
        dims=[str(axis.name) for axis in axes],
    )
    weights, labels, rows = (np.concatenate(part) for part in zip(*_entries(left, place), strict=True))
    shape = (place.size, int(labels.max(initial=0)) + 1)
    coefficients = coo_to_csr(weights, rows, labels, shape, model)
    limit = right if isinstance(right, xr.DataArray) else xr.DataArray(float(right))
    _, limit = xr.align(place, limit, join="exact", copy=False)
    limits = np.ravel(np.broadcast_to(_spread(limit, place.sizes), place.shape))
    if not MEETS[sign](0.0, limits[np.diff(coefficients.indptr) == 0]).all():
        raise SolverFailure(f"{name} has a row without a variable that 0 does not meet")
    made = linopy.CSRConstraint(
        coefficients,
        np.arange(place.size),
        limits,
        sign,
        Grid.from_coords(axes),
        model,
    )
    model.add_constraints(made, name=name, freeze=True)


def add_objective(model: linopy.Model, value: Form) -> None:
    """Make the most of a form."""
    weights, labels, _ = (np.concatenate(part) for part in zip(*_entries(value, xr.DataArray(0)), strict=True))
    terms = xr.Dataset({"coeffs": ("_term", weights), "vars": ("_term", labels)})
    model.add_objective(linopy.LinearExpression(terms, model), sense="max")


def _entries(left: Form, place: xr.DataArray) -> list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Weight, label and row of every variable of each term of a form."""
    found = []
    for given, labels in left.terms:
        weight = given if isinstance(given, xr.DataArray) else xr.DataArray(given)
        parts = xr.align(weight, labels, place, join="exact", copy=False)
        sizes = dict(place.sizes) | dict(labels.sizes) | dict(weight.sizes)
        spread = np.broadcast_arrays(*(_spread(part, sizes) for part in parts))
        there = spread[1] != NONE
        found.append((spread[0][there], spread[1][there], spread[2][there]))
    return found


def _spread(array: xr.DataArray, sizes: Any) -> NDArray[Any]:
    """An array with all of these axes in their order, of length one where it has none."""
    own = array.transpose(*(axis for axis in sizes if axis in array.dims))
    return own.values.reshape([size if axis in array.dims else 1 for axis, size in sizes.items()])
