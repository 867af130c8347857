"""The programme in numbers is the one that linopy makes of the same statement: matrices, bounds and limits, by name."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import linopy
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from gigawatt.errors import SolverFailure
from gigawatt.exact import exact
from gigawatt.plan import search
from gigawatt.plan.rows import Decided, Form, LinearModel, add_rows, add_variables, before, form, mean
from gigawatt.programme.arrays import arrays
from gigawatt.scenario.load import load
from gigawatt.solver import NONE, Program

PERIOD, SITE = pd.Index(["2026Q3", "2026Q4", "2027Q1"], name="period"), pd.Index(["north", "south"], name="site")


def in_linopy(stated: LinearModel) -> linopy.Model:
    """The same statement as a model of linopy, by its own expressions."""
    model = linopy.Model()
    labels = np.concatenate([_variable(model, name, one).ravel() for name, one in stated.variables.items()])
    labels = np.append(labels[labels >= 0], -1)  # of each column in order, and of none
    for name, limit in stated.limits.items():
        names = [axis.name for axis in limit.axes]
        left = reduce(
            add, (_term(model, labels, term, limit.axes).sum(_beside(term, names)) for term in limit.left.terms)
        )
        right = _labelled(np.reshape(limit.right, [len(axis) for axis in limit.axes]), limit.axes)
        model.add_constraints(left, limit.sign, right, name=name)
    value = reduce(add, (_term(model, labels, term, ()).sum(_beside(term, [])) for term in stated.value.terms))
    model.add_objective(value, sense="max")
    return model


def _labelled(values: np.ndarray, axes: Any) -> xr.DataArray:
    return xr.DataArray(values, coords=list(axes), dims=[axis.name for axis in axes])


def _variable(model: linopy.Model, name: str, one: Decided) -> np.ndarray:
    there = one.columns.values != NONE
    lower, upper = np.zeros(there.shape), np.zeros(there.shape)
    lower[there], upper[there] = one.lower, one.upper
    low, high, mask = (_labelled(part, one.axes) for part in (lower, upper, there))
    made = model.add_variables(lower=low, upper=high, coords=list(one.axes), name=name, integer=one.whole, mask=mask)
    return np.asarray(made.labels.values)


def _beside(term: Any, names: list[Any]) -> list[str]:
    """Axes that a term has and its rows have not."""
    return [dim for dim in {**term[1].sizes, **getattr(term[0], "sizes", {})} if dim not in names]


def _term(model: linopy.Model, labels: np.ndarray, term: Any, axes: Any) -> linopy.LinearExpression:
    """Weight times variable on all axes of both, labelled as the rows are where they have the axis, by number else."""
    weight, columns = (part if isinstance(part, xr.Variable) else xr.Variable((), part) for part in term)
    known = {axis.name: axis for axis in axes}
    both = {**columns.sizes, **weight.sizes}
    coords = {dim: known.get(dim, np.arange(size)) for dim, size in both.items()}
    full = (part.set_dims(both).transpose(*both) for part in (weight, columns))
    coeffs, places = (xr.DataArray(part.values, coords=coords, dims=list(both)) for part in full)
    terms = xr.Dataset({"coeffs": coeffs.astype(float), "vars": places.copy(data=labels[places.values])})
    return linopy.LinearExpression(terms.expand_dims("_term", axis=-1), model)


CASES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("one-campus", {}),
    ("three-sites", {}),
    ("one-campus", {"finance.tax": "21 %"}),
    ("one-campus", {"objective": "tokens"}),
    ("three-sites", {"objective": "welfare", "programme.inference_most": 0.6}),
    ("one-campus", {"capital.tranches": False}),
    ("one-campus", {"capital.tranches.release": "pro_rata"}),
    ("one-campus", {"programme.power_basis": "it"}),
)
LARGE = ("loi-2025-09", "stargate-2026-11", "equity-2026-02", "ports-pike-2026-08")


@pytest.mark.parametrize(
    ("preset", "changes"),
    [*CASES, *(pytest.param(preset, {}, marks=pytest.mark.slow) for preset in LARGE)],
)
def test_numbers_are_those_that_linopy_makes(preset: str, changes: dict[str, Any]) -> None:
    scenario = load(preset, changes)
    with exact():
        stated = search.state(arrays(scenario), scenario.asked)
        fast, slow = (Program(one).given for one in (stated, in_linopy(stated)))
    for name in ("costs", "entries", "lower", "upper", "low", "high"):
        assert getattr(fast, name) == pytest.approx(getattr(slow, name), rel=1e-12), name
    for name in ("starts", "columns", "whole"):
        assert (getattr(fast, name) == getattr(slow, name)).all(), name
    for one, other in ((fast.variables, slow.variables), (fast.limits, slow.limits)):
        assert list(one) == list(other)
        assert all((one[name].numbers == other[name].numbers).all() for name in one)


def small() -> LinearModel:
    """Three quarters of two sites: power that starts and stands, and money."""
    model = LinearModel()
    add_variables(model, "placed", [PERIOD, SITE], upper=5.0)
    add_variables(model, "cash", [PERIOD], lower=-np.inf)
    return model


def test_a_form_is_summed_over_what_its_rows_have_not() -> None:
    model = small()
    price = xr.Variable("site", [2.0, 3.0])
    add_rows(model, "paid", [PERIOD], form(model.variables["cash"]) - form(model.variables["placed"]) * price, "=")
    found = model.matrices
    assert found.columns.tolist() == [0, 1, 6, 2, 3, 7, 4, 5, 8]
    assert found.entries.tolist() == [-2.0, -3.0, 1.0] * 3
    assert found.low.tolist() == found.high.tolist() == [0.0] * 3


def test_the_first_quarter_has_nothing_before_it() -> None:
    """v1 semantics of linopy dropped that row in silence."""
    model = small()
    add_rows(model, "mean", [PERIOD], mean(model.variables["cash"]), "<=", 1.0)
    found = model.matrices
    assert found.starts.tolist() == [0, 1, 3, 5]
    assert found.columns.tolist() == [6, 6, 7, 7, 8]


def test_terms_of_one_place_are_one_number_and_none_where_they_cancel() -> None:
    model = small()
    cash = form(model.variables["cash"])
    add_rows(model, "twice", [PERIOD], cash + cash * 2.0, "<=", 6.0)
    add_rows(model, "never", [PERIOD], cash - cash, "<=", 6.0)
    found = model.matrices
    assert found.entries.tolist() == [3.0] * 3
    assert (found.limits["never"].numbers == NONE).all()


@pytest.mark.parametrize(("sign", "right"), [("<=", -1.0), (">=", 1.0), ("=", 1.0), ("=", -1.0)])
def test_a_row_without_a_variable_that_nought_does_not_meet_is_named(sign: str, right: float) -> None:
    model = small()
    add_rows(model, "hollow", [PERIOD], before(model.variables["cash"], 3), sign, right)
    with pytest.raises(SolverFailure, match=r"hollow\[2026Q3\]"):
        Program(model)


def test_a_variable_is_where_it_is_said_to_be() -> None:
    model = small()
    there = xr.Variable("period", [0.0, 1.0, 1.0])
    made = add_variables(model, "late", [PERIOD, SITE], there=there)
    assert made.columns.values.tolist() == [[NONE, NONE], [9, 10], [11, 12]]
    model.value = form(made)
    add_rows(model, "most", [PERIOD, SITE], form(made), "<=", 2.0)
    program = Program(model)
    assert program.solve_lp() == pytest.approx(8.0)
    assert program.value("late").values.tolist() == [[0.0, 0.0], [2.0, 2.0], [2.0, 2.0]]


def test_axes_that_do_not_agree_in_length_are_refused() -> None:
    model = small()
    add_rows(model, "wrong", [PERIOD], form(model.variables["cash"]) * xr.Variable("period", [1.0, 2.0]), "<=", 1.0)
    with pytest.raises(ValueError, match=r"reshape|mismatch|broadcast"):
        _ = model.matrices


def test_labels_of_a_row_name_it_in_a_fault() -> None:
    model = small()
    add_rows(model, "steep", [SITE], form(model.variables["placed"]) * xr.Variable("site", [1.0, 2e15]), "<=", 1.0)
    with pytest.raises(SolverFailure, match=r"steep\[south\], placed\[2026Q3, south\]"):
        Program(model)


def test_an_empty_axis_has_no_columns_and_no_rows() -> None:
    model = small()
    none = pd.Index([], name="run")
    trained = add_variables(model, "train", [PERIOD, none])
    add_rows(model, "gang", [none], form(trained), "<=", 1.0)
    assert model.matrices.low.size == 0
    assert Form(()).terms == ()
