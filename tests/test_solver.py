"""The door to HiGHS: limits of work and of time, statuses, what it would drop in silence, and curved objectives."""

from __future__ import annotations

from collections.abc import Callable

import linopy
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from gigawatt import solver
from gigawatt.solver import GivenUp, NoPlan, Program, SolverFailure, settle, sure


def along(values: list[float], dim: str = "i") -> xr.DataArray:
    return xr.DataArray(values, dims=dim, coords={dim: np.arange(len(values))})


def knapsack(count: int = 30) -> linopy.Model:
    """Things of many sizes in a sack of half of them all: enough to branch."""
    draws = np.random.default_rng(1)
    model = linopy.Model()
    taken = model.add_variables(binary=True, coords=[pd.RangeIndex(count, name="i")], name="taken")
    for n in range(4):
        size = draws.integers(30, 100, count).astype(float)
        model.add_constraints((taken * along(list(size))).sum() <= size.sum() / 2, name=f"sack_{n}")
    model.add_objective((taken * along(list(draws.integers(50, 100, count).astype(float)))).sum(), sense="max")
    return model


def seconds_allowed(program: Program) -> float:
    return float(program.highs.getOptionValue("time_limit")[1])


def test_seconds_of_a_mip_are_those_of_one_run() -> None:
    """faults K14: HiGHS counts the time of a mixed-integer run from its own start, however much was spent before."""
    program = Program(knapsack())
    for _ in range(3):
        program.solve_lp()
        program.solve_mip(np.zeros(30), 0.0, 50, seconds=7.0)
        assert seconds_allowed(program) == 7.0


def test_seconds_of_a_linear_programme_come_on_top_of_all_before() -> None:
    """faults K14: HiGHS counts the time of linear programmes over all runs of one instance."""
    program = Program(knapsack())
    for _ in range(3):
        program.solve_mip(np.zeros(30), 0.0, 50)
        before = program.highs.getRunTime()
        program.solve_lp(seconds=7.0)
        assert before + 7.0 <= seconds_allowed(program) <= program.highs.getRunTime() + 7.0


def test_branch_and_bound_ends_at_its_limit_of_nodes_and_twice_alike() -> None:
    """users 1: work ends a search, not time."""
    found = []
    for _ in range(2):
        program = Program(knapsack())
        found.append(program.solve_mip(np.zeros(30), 0.0, 2))
    assert found[0] == found[1]
    assert found[0][2] == "work_limit"
    assert found[0][1] > found[0][0]


def test_one_thread_whatever_the_machine_has() -> None:
    """users 1: with as many threads as there are cores, branch and bound finds another plan on another machine."""
    highs = Program(knapsack()).highs
    assert highs.getOptionValue("threads")[1] == 1
    assert highs.getOptionValue("parallel")[1] == "off"


def test_iterations_give_a_linear_programme_up() -> None:
    program = Program(knapsack())
    with pytest.raises(GivenUp):
        program.solve_lp(iterations_count=0)
    assert program.solve_lp() > 0


def one_row(coefficient: float, limit: float = 1.0) -> linopy.Model:
    model = linopy.Model()
    power = model.add_variables(lower=0, upper=10, coords=[pd.RangeIndex(2, name="i")], name="power")
    model.add_constraints((power * along([coefficient, 1.0])).sum() >= limit, name="floor")
    model.add_objective(power.sum())
    return model


@pytest.mark.parametrize("coefficient", [2e15, 1e-10, -1e-12, float("inf")])
def test_a_coefficient_that_would_be_dropped_is_named(coefficient: float) -> None:
    """faults K15: HiGHS drops a row with 2e15 and an entry of 1e-10, and solves without."""
    with pytest.raises(SolverFailure, match=r"coefficient .*floor.*power"):
        Program(one_row(coefficient))


def empty_row() -> linopy.Model:
    model = one_row(1.0)
    model.add_constraints((model.variables["power"] * along([0.0, 0.0])).sum() >= 1, name="hollow")
    return model


def endless_cost() -> linopy.Model:
    model = one_row(1.0)
    model.add_objective((model.variables["power"] * along([1.0, 1e21])).sum(), overwrite=True)
    return model


@pytest.mark.parametrize(("make", "named"), [(empty_row, "hollow"), (endless_cost, "power")])
def test_what_cannot_be_stated_is_named(make: Callable[[], linopy.Model], named: str) -> None:
    """faults K15: a row without a coefficient that nought does not meet, a cost that is none."""
    with pytest.raises(SolverFailure, match=named):
        Program(make())


def test_a_row_of_noughts_that_nought_meets_is_none() -> None:
    """faults K15: the check refuses no programme that is one."""
    model = one_row(1.0)
    model.add_constraints((model.variables["power"] * along([0.0, 0.0])).sum() <= 1, name="hollow")
    assert Program(model).solve_lp() == pytest.approx(1.0)


def test_bounds_that_are_not_taken_are_a_failure() -> None:
    """faults K15: every answer of HiGHS is looked at."""
    program = Program(one_row(1.0))
    with pytest.raises(SolverFailure, match="bounds of power"):
        program.bound("power", 1e21, 2e21)


def own_rows() -> linopy.Model:
    """At least one of each of two."""
    model = linopy.Model()
    power = model.add_variables(lower=0, upper=10, coords=[pd.RangeIndex(2, name="i")], name="power")
    model.add_constraints(power >= 1, name="floor")
    model.add_objective(power.sum())
    return model


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2e15, 1e-10])
def test_a_coefficient_that_is_changed_to_none_is_named(value: float) -> None:
    """faults K15: HiGHS takes one that is no number, and ends with "unknown"."""
    with pytest.raises(SolverFailure, match=r"coefficient .* of power in floor"):
        Program(own_rows()).coefficient("floor", "power", value)


@pytest.mark.parametrize("by", [float("nan"), float("inf"), 1e21])
def test_a_cost_that_is_changed_to_none_is_named(by: float) -> None:
    """faults K15: with costs that are no number HiGHS calls 10 the least of what has to be 2."""
    with pytest.raises(SolverFailure, match="costs of power"):
        Program(own_rows()).lean("power", by)


def test_more_nodes_than_the_solver_counts_are_as_many_as_it_does() -> None:
    """faults K15: a limit beyond 32 bits was not taken, and the one before stood."""
    program = Program(knapsack())
    program.solve_mip(np.zeros(30), 0.0, 10)
    assert program.solve_mip(np.zeros(30), 0.0, 10**10)[2] == "optimal"
    assert program.highs.getOptionValue("mip_max_nodes")[1] == 2**31 - 1


def test_sure_names_what_was_handed_over() -> None:
    """faults K15."""
    program = Program(one_row(1.0))
    with pytest.raises(SolverFailure, match="kError to a row"):
        sure(program.highs.addRow(0.0, 1.0, 1, np.array([9], dtype=np.int32), np.array([1.0])), "a row")


@pytest.mark.parametrize(
    "option", [{"mip_max_knots": 1}, {"threads": "one"}, {"time_limit": "soon"}, {"mip_max_nodes": -1}]
)
def test_an_option_that_is_not_taken_is_a_failure(option: dict[str, object]) -> None:
    """faults K15: HiGHS goes on with what it had, and says so by a return value alone."""
    with pytest.raises(SolverFailure, match=f"option {next(iter(option))}"):
        settle(Program(one_row(1.0)).highs, **option)  # type: ignore[arg-type]


def test_a_programme_without_bound_is_a_failure_of_the_solver() -> None:
    model = one_row(1.0)
    free = model.add_variables(name="free")
    model.add_objective(free + model.variables["power"].sum(), sense="max", overwrite=True)
    with pytest.raises(SolverFailure, match="Unbounded"):
        Program(model).solve_lp()


def test_limits_that_conflict_are_no_plan() -> None:
    with pytest.raises(NoPlan):
        Program(one_row(1.0, limit=50.0)).solve_lp()


def test_of_points_worth_the_same_the_preferred_is_taken() -> None:
    """A rack of two units for two, or two of one unit for one each: leaning decides, and the objective is as stated."""
    model = linopy.Model()
    large, small = (model.add_variables(lower=0, name=name) for name in ("large", "small"))
    model.add_constraints(2 * large + small >= 6, name="need")
    model.add_objective(2 * large + small)
    program = Program(model)
    for name, expected in (("small", (3.0, 0.0)), ("large", (0.0, 6.0))):
        program.lean(name, 1e-4)
        assert program.solve_lp() == pytest.approx(6.0)
        assert (float(program.value("large")), float(program.value("small"))) == pytest.approx(expected)
        program.lean(name, 0.0)


WORK = [1.0, 2.0, 0.5]


def shares(weights: list[float]) -> linopy.Model:
    """1.7 units of power for three classes of quadratic worth: the analytic answer is below."""
    model = linopy.Model()
    classes = pd.RangeIndex(3, name="i")
    share = model.add_variables(lower=0, upper=1, coords=[classes], name="share")
    power = model.add_variables(lower=0, coords=[classes], name="power")
    model.add_constraints(power - share * along(WORK) == 0, name="served")
    model.add_constraints(power.sum() <= 1.7, name="pool")
    weight = along(weights)
    model.add_objective((share * weight - share * share * (weight / 2)).sum(), sense="max")
    return model


def by_bisection(weights: list[float]) -> tuple[np.ndarray, float]:
    """Shares and price at which Σ work × share = 1.7, where weight × (1 − share) = price × work."""
    low, high = 0.0, 10.0
    for _ in range(200):
        price = (low + high) / 2
        found = np.clip(1 - price * np.array(WORK) / weights, 0, 1)
        low, high = (price, high) if found @ WORK > 1.7 else (low, price)
    return found, price


@pytest.mark.parametrize("curvature", [1.0, 1e-4, 1e-6, 1e-7, 1e-8])
def test_small_curvature_does_not_move_the_optimum(curvature: float) -> None:
    """faults K18: what HiGHS adds to the diagonal moved it by 0.1 % at 1e-6, by 1 % at 1e-7."""
    weights = [1.0, curvature, 3 * curvature]
    program = Program(shares(weights))
    program.solve_lp()
    found, price = by_bisection(weights)
    assert program.value("share").values == pytest.approx(found, rel=1e-6)
    assert float(program.dual("pool")) == pytest.approx(price, rel=1e-6)


@pytest.mark.parametrize("size", [1e-9, 1e-12, 1e9])
def test_the_size_of_an_objective_does_not_move_the_optimum(size: float) -> None:
    """faults K18: where all of it is small, so is what HiGHS adds beside it; it found no end at 1e-9."""
    program = Program(shares([size, size, 3 * size]))
    program.solve_lp()
    found, price = by_bisection([1.0, 1.0, 3.0])
    assert program.value("share").values == pytest.approx(found, rel=1e-6)
    assert float(program.dual("pool")) == pytest.approx(price * size, rel=1e-6)


def test_a_point_that_is_not_the_best_is_not_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """faults K18: the optimality conditions are looked at; with curvature as it is, HiGHS misses them."""
    monkeypatch.setattr(solver, "MOST_SCALE", 1.0)
    monkeypatch.setattr(solver, "REGULARISED", 1e-3)
    with pytest.raises(SolverFailure, match="optimal"):
        Program(shares([1.0, 1e-2, 3e-2])).solve_lp()
