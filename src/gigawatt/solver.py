"""The one door to HiGHS: a programme in, numbers by name out, and honest statuses.

Inside the solver, units are GW, billion USD, thousand racks, billion tokens per second and 1e27 FLOP, because watts
against dollars would span twenty orders of magnitude; `UNITS` is the only place that knows.

A search is limited by work (iterations, nodes), so that it ends alike on every machine; seconds are a guard that says
so. HiGHS runs on one thread, for the number of cores would change what branch and bound finds.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import highspy
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gigawatt.errors import SolverFailure as SolverFailure
from gigawatt.ndarrays import Floats

if TYPE_CHECKING:
    import linopy  # whoever states a programme with it has loaded it

Columns = NDArray[np.int32]

# One solver unit in SI (or in racks).
UNITS = {"w": 1e9, "usd": 1e9, "racks": 1e3, "tokens_per_s": 1e9, "flop": 1e27}
# Iterations after which a start from the last basis is given up, and the most of a start from scratch, or of nodes.
WARM_ITERATIONS, ITERATIONS = 20_000, 2**31 - 1
# Guard of one linear programme [s]: hundreds of times what the largest takes.
GUARD_S = 600.0
# Below this a dual or a value is solver noise, not a limit that binds.
NOISE = 1e-7
# What HiGHS takes for a coefficient and for a cost; beyond these it drops an entry or a row.
SMALLEST, LARGEST, DEAREST = 1e-9, 1e15, 1e20
# What HiGHS adds to the diagonal of a quadratic objective, the most that this is scaled up by, if its largest number is
# 1 or more, for its least curvature to be 1 beside that, the iterations it may take, and the share of the objective by
# which its optimum may be missed.
REGULARISED, MOST_SCALE, QP_ITERATIONS, OPTIMAL = 1e-9, 1e6, 100_000, 1e-6

Status = highspy.HighsModelStatus
# What a second run from scratch may settle: the last basis led nowhere, or presolve could not tell which of two it is.
UNSETTLED = (Status.kUnknown, Status.kIterationLimit, Status.kUnboundedOrInfeasible)
GIVEN_UP = (Status.kIterationLimit, Status.kTimeLimit)
ENDS = {Status.kOptimal: "optimal", Status.kSolutionLimit: "work_limit", Status.kTimeLimit: "time_limit"}
# Searches of HiGHS for a first plan: they take two thirds of the time, and the start that it is given is near the best.
START_IS_GOOD = (
    "mip_allow_restart",
    "mip_heuristic_run_feasibility_jump",
    "mip_heuristic_run_rens",
    "mip_heuristic_run_rins",
    "mip_heuristic_run_root_reduced_cost",
    "mip_heuristic_run_shifting",
    "mip_heuristic_run_zi_round",
)


# What stands for no column or row among their numbers: the last place, which holds nought where numbers are looked up.
NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Where the columns of a variable are, or the rows of a limit.

    axes: labels along each of its dimensions. numbers: of the column or row at each place, `NONE` where there is none.
    """

    axes: tuple[pd.Index[Any], ...]
    numbers: NDArray[np.int64]

    def filled(self, values: Floats) -> xr.DataArray:
        """Values of all columns or rows at their places, 0 where there is none."""
        return xr.DataArray(np.append(values, 0.0)[self.numbers], coords=self.axes, dims=[ax.name for ax in self.axes])

    def labels(self, number: int) -> str:
        """The labels of a column or row that is among these."""
        at = np.argwhere(self.numbers == number)[0]
        return ", ".join(str(axis[place]) for axis, place in zip(self.axes, at, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrices:
    """A programme in numbers: the best of costs·x + ½·xᵀQx with low ≤ A·x ≤ high and lower ≤ x ≤ upper.

    costs, lower, upper, whole: of each column; whole: whether it takes whole numbers only. starts, columns, entries: A
    by row, without noughts: row n has those from starts[n] to starts[n + 1]. low, high: of each row. curvature: Q, a
    sparse matrix, or None. most: whether the best is the most. variables, limits: name → where its columns or rows are.
    """

    costs: Floats
    lower: Floats
    upper: Floats
    whole: NDArray[np.bool_]
    starts: Columns
    columns: Columns
    entries: Floats
    low: Floats
    high: Floats
    curvature: Any
    most: bool
    variables: Mapping[str, Places]
    limits: Mapping[str, Places]

    @property
    def matrices(self) -> Matrices:
        """Itself: what a `Program` is made of."""
        return self

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of each entry."""
        return np.repeat(np.arange(self.low.size), np.diff(self.starts))


class HasMatrices(Protocol):
    """What a `Program` is made of: `Matrices`, a statement of them, or a model of linopy."""

    @property
    def matrices(self) -> Any: ...


def _matrices(model: HasMatrices | linopy.Model) -> Matrices:
    """The matrices of a programme however it is stated. Raises SolverFailure where HiGHS would misread a number."""
    given: Any = model.matrices
    found = given if isinstance(given, Matrices) else _of_linopy(model, given)
    check_matrices(found)
    return found


def _of_linopy(model: Any, given: Any) -> Matrices:
    """What linopy makes of a model. Its labels leave gaps between numbers of columns and rows."""
    by_row = given.A.tocsr(copy=True)
    by_row.eliminate_zeros()
    return Matrices(
        costs=given.c,
        lower=given.lb,
        upper=given.ub,
        whole=given.vtypes != "C",
        starts=by_row.indptr,
        columns=by_row.indices,
        entries=by_row.data,
        low=np.where(given.sense != "<", given.b, -np.inf),
        high=np.where(given.sense != ">", given.b, np.inf),
        curvature=given.Q,
        most=model.objective.sense == "max",
        variables=_places(model.variables, given.vlabels),
        limits=_places(model.constraints, given.clabels),
    )


def _places(named: Any, labels: NDArray[np.int64]) -> dict[str, Places]:
    """Where variables or constraints of linopy are among the columns or rows that have these labels."""
    numbers = np.full(int(labels.max(initial=-1)) + 2, NONE)
    numbers[labels] = np.arange(labels.size)
    found = {}
    for name in named:
        own = named[name].labels
        axes = tuple(own.get_index(dim) for dim in own.dims)
        # Of a constraint without a variable no label is among those given.
        found[name] = Places(axes=axes, numbers=numbers[np.minimum(own.values, numbers.size - 1)])
    return found


@dataclass(slots=True)
class Program:
    """A programme passed to HiGHS once; bounds and right-hand sides may then be changed and solved again."""

    model: HasMatrices | linopy.Model
    given: Matrices = field(init=False)
    highs: Any = field(init=False)
    iterations_count: int = field(init=False, default=0)
    _scale: float = field(init=False)
    _low: Floats = field(init=False)
    _high: Floats = field(init=False)
    _values: Floats = field(init=False)
    _duals: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.given = _matrices(self.model)
        curved = self.given.curvature is not None
        self._scale = _scale(self.given.costs, self.given.curvature)
        self.highs = silent()
        if self.given.most and not curved:
            self._scale = -self._scale  # only where it minimises does HiGHS stop at a bound
        elif self.given.most:
            sure(self.highs.changeObjectiveSense(highspy.ObjSense.kMaximize), "the sense of the objective")
        hand_over(self.highs, self.given, self._scale)
        if curved:
            _hand_over_curvature(self.highs, self.given, self._scale)
        self._low, self._high = self.given.low.copy(), self.given.high.copy()
        self._values = np.zeros(0)
        self._duals = np.zeros(0)

    def solve_lp(self, iterations_count: int = ITERATIONS, seconds: float = GUARD_S, least: float = -np.inf) -> float:
        """Solve with integrality relaxed or all integers fixed; the optimal objective, which may be convex quadratic.

        least: of a maximised objective, what a point has to be worth to be of any use. Raises NoPlan where no point
        meets every limit, or none of them is worth that; GivenUp at the limit of iterations or, guarding these, of wall
        time, and SolverFailure where HiGHS ends otherwise.
        """
        settle(self.highs, objective_bound=np.inf if least == -np.inf else least * self._scale)
        # The time of a linear programme counts all runs, however many.
        settle(self.highs, solve_relaxation=True, time_limit=self.highs.getRunTime() + seconds)
        status = self._run_lp(min(iterations_count, WARM_ITERATIONS))
        if status in UNSETTLED:
            self.restart()
            settle(self.highs, presolve="off" if status == Status.kUnboundedOrInfeasible else "choose")
            status = self._run_lp(iterations_count)
            settle(self.highs, presolve="choose")
        if status in GIVEN_UP:
            raise GivenUp(f"{self.iterations_count:,} iterations or {seconds:g} s")
        if status in (Status.kInfeasible, Status.kObjectiveBound):
            raise NoPlan
        if status != Status.kOptimal:
            raise SolverFailure(f"HiGHS stopped with status {self.highs.modelStatusToString(status)}")
        solution = self.highs.getSolution()
        self._values = np.array(solution.col_value)
        self._duals = np.array(solution.row_dual) / self._scale
        if self.given.curvature is not None:
            self._check_optimality()
        return self.objective

    def _run_lp(self, iterations_count: int) -> Any:
        settle(self.highs, simplex_iteration_limit=iterations_count)
        ended = self.highs.run()
        self.iterations_count = max(int(self.highs.getInfo().simplex_iteration_count), 0)
        # An error is a start that led nowhere, which it may say with any status.
        return Status.kUnknown if ended == ERROR else self.highs.getModelStatus()

    def restart(self) -> None:
        """Forget the last basis: a poor start where much has changed since."""
        sure(self.highs.clearSolver(), "a start from scratch")

    def solve_mip(
        self, start: Floats, gap: float, nodes_count: int, seconds: float = GUARD_S
    ) -> tuple[float, float, str]:
        """Improve on the feasible `start`, if it is not empty, until `gap` (absolute, in the objective's unit) or for
        at most `nodes_count` nodes, guarded by `seconds` of wall time.

        Returns objective, proven bound and "optimal" (gap reached), "work_limit" or "time_limit". Raises NoPlan where
        no point meets every limit, SolverFailure where HiGHS ends otherwise.
        """
        settle(self.highs, solve_relaxation=False, simplex_iteration_limit=ITERATIONS)
        settle(self.highs, mip_abs_gap=gap, mip_rel_gap=0.0, mip_max_nodes=min(nodes_count, ITERATIONS))
        # The time of a mixed-integer programme is that of this run alone.
        settle(self.highs, time_limit=max(seconds, 0.1), **dict.fromkeys(START_IS_GOOD, False))
        basis = self.highs.getBasis()
        if start.size:
            solution = highspy.HighsSolution()
            solution.col_value = list(start)
            # It warns of a start that it has to complete.
            sure(self.highs.setSolution(solution), "the start of branch and bound", (WARNING,))
        sure(self.highs.run(), "branch and bound", (WARNING,))
        status, info = self.highs.getModelStatus(), self.highs.getInfo()
        if status == Status.kInfeasible:
            raise NoPlan
        if status not in ENDS or info.primal_solution_status != 2:  # 2: a feasible point is at hand
            raise SolverFailure(f"HiGHS stopped with status {self.highs.modelStatusToString(status)}")
        self._values = np.array(self.highs.getSolution().col_value)
        ended = info.objective_function_value / self._scale, info.mip_dual_bound / self._scale, ENDS[status]
        self.restart()
        if basis.valid:  # what is asked next is nearer to what was asked before
            sure(self.highs.setBasis(basis), "the basis before branch and bound")
        return ended

    @property
    def objective(self) -> float:
        """Objective of the last solution, as the model states it."""
        linear = float(self.given.costs @ self._values)
        curved = self.given.curvature
        return linear if curved is None else linear + 0.5 * float(self._values @ (curved @ self._values))

    @property
    def values(self) -> Floats:
        """Every column of the last solution."""
        return self._values

    def value(self, name: str) -> xr.DataArray:
        """A variable of the last solution, with its dimensions, in solver units."""
        return self.given.variables[name].filled(self._values)

    def dual(self, name: str) -> xr.DataArray:
        """What one more unit of a limit is worth, in the unit of a maximised objective.

        HiGHS gives the change of the objective with the right-hand side: ≥ 0 for a binding ≤ limit.
        """
        return self.given.limits[name].filled(self._duals)

    def columns(self, name: str) -> Columns:
        """Every column of a variable, in the order of its axes. Of a variable that has one at each place."""
        return self.given.variables[name].numbers.ravel().astype(np.int32)

    def bounds(self, name: str) -> tuple[Floats, Floats]:
        """The least and the most of a variable as the model states it, on its axes."""
        columns = self.given.variables[name].numbers
        return self.given.lower[columns], self.given.upper[columns]

    def bound(self, name: str, lower: NDArray[Any] | float, upper: NDArray[Any] | float) -> None:
        """Set the bounds of a variable, in the order of its axes."""
        columns = self.columns(name)
        lows, highs = (np.broadcast_to(np.ravel(one).astype(float), columns.shape) for one in (lower, upper))
        sure(self.highs.changeColsBounds(columns.size, columns, lows, highs), f"bounds of {name}")

    def lean(self, name: str, by: float) -> None:
        """Of points that are worth the same, prefer those with more of a variable (less, where `by` is negative).

        by: what the solver adds to its cost, small against it. Objectives are still those that the model states.
        """
        columns = self.columns(name)
        cost(self.highs, columns, (self.given.costs[columns] + by) * self._scale, f"costs of {name}")

    def loosen(self, name: str, by: NDArray[Any]) -> None:
        """Add `by`, in the order of their axes, to the right-hand side of ≤ rows and of equalities, which then move."""
        numbers = self.given.limits[name].numbers
        steps = np.broadcast_to(by, numbers.shape)
        some = (steps != 0) & (numbers != NONE)
        rows, added = numbers[some].astype(np.int32), steps[some]
        self._low[rows] += added
        self._high[rows] += added
        sure(self.highs.changeRowsBounds(rows.size, rows, self._low[rows], self._high[rows]), f"limits of {name}")

    def coefficient(self, row: str, variable: str, value: float) -> None:
        """Set the coefficient of each column of a variable in its own row: one row, one column."""
        what = f"the coefficient {value:g} of {variable} in {row}"
        for at, column in zip(self.given.limits[row].numbers.ravel(), self.columns(variable), strict=True):
            # HiGHS takes one that is no number.
            sure(ERROR if np.isnan(value) else self.highs.changeCoeff(int(at), int(column), value), what)

    def _check_optimality(self) -> None:
        """Raise SolverFailure where the duals do not prove that the point of a quadratic programme is the best.

        With reduced costs g and duals y, no point is better by more than Σ g⁺(u − x) + g⁻(x − l), over columns and,
        with y for g, over rows [S. Boyd, L. Vandenberghe, "Convex Optimization", Cambridge, 2004, section 5.5].
        """
        given = self.given  # of a programme that was not loosened since
        sign = 1.0 if given.most else -1.0
        duals = sign * self._duals
        priced = np.bincount(given.columns, given.entries * duals[given.rows], minlength=given.costs.size)
        reduced = sign * (given.costs + given.curvature @ self._values) - priced
        rows = np.bincount(given.rows, given.entries * self._values[given.columns], minlength=given.low.size)
        better, rising = 0.0, 0.0
        for slope, at, low, high in (
            (reduced, self._values, given.lower, given.upper),
            (duals, rows, given.low, given.high),
        ):
            room = np.where(slope > 0, high - at, at - low)
            bounded = np.isfinite(room)
            better += float(np.abs(slope[bounded]) @ np.maximum(room[bounded], 0.0))
            rising = max(rising, float(np.abs(slope[~bounded]).max(initial=0.0)))
        if better > OPTIMAL * max(1.0, abs(self.objective)) / self._scale or rising > OPTIMAL / self._scale:
            raise SolverFailure(f"HiGHS calls a point optimal that may be bettered by {max(better, rising):.2g}")


def check_matrices(matrices: Matrices) -> None:
    """Raise SolverFailure, naming the row or column, for what HiGHS would drop or misread without an error.

    It drops entries below `SMALLEST` and whole rows with one above `LARGEST`, and takes a cost that is no number.
    """
    sizes = np.abs(matrices.entries)
    for at in np.flatnonzero(~((sizes > SMALLEST) & (sizes < LARGEST)))[:1].tolist():
        row, column = int(matrices.rows[at]), int(matrices.columns[at])
        where = f"{_name(matrices.limits, row)}, {_name(matrices.variables, column)}"
        value = float(matrices.entries[at])
        raise SolverFailure(f"coefficient {value:g} of {where}: expected between {SMALLEST:g} and {LARGEST:g} in size")
    for column in np.flatnonzero(~(np.abs(matrices.costs) < DEAREST))[:1].tolist():
        raise SolverFailure(f"cost {matrices.costs[column]:g} of {_name(matrices.variables, column)}")
    for what, numbers, places in (
        ("lower bound", matrices.lower, matrices.variables),
        ("upper bound", matrices.upper, matrices.variables),
        ("right-hand side", np.where(np.isnan(matrices.low), matrices.low, matrices.high), matrices.limits),
    ):
        for at in np.flatnonzero(np.isnan(numbers))[:1].tolist():
            raise SolverFailure(f"{what} of {_name(places, at)} is no number")
    # A limit without a variable that 0 does not meet is a fault of whoever stated it: no plan can meet it.
    empty = np.diff(matrices.starts) == 0
    for row in np.flatnonzero(empty & ((matrices.low > 0) | (matrices.high < 0)))[:1].tolist():
        raise SolverFailure(f"{_name(matrices.limits, row)} has no variable, and 0 does not meet it")


def _name(named: Mapping[str, Places], number: int) -> str:
    """The name of a column or a row, with its labels."""
    name, places = next((name, places) for name, places in named.items() if (places.numbers == number).any())
    return f"{name}[{places.labels(number)}]" if places.axes else name


def hand_over(highs: Any, matrices: Matrices, scale: float = 1.0) -> None:
    """Columns, costs, whole numbers and rows of checked matrices, after those that a HiGHS has already.

    scale: what the objective is multiplied by.
    """
    first, count = highs.getNumCol(), matrices.costs.size
    columns = np.arange(first, first + count, dtype=np.int32)
    sure(highs.addVars(count, matrices.lower, matrices.upper), "variables")
    whole = columns[matrices.whole]
    if whole.size:
        sure(highs.changeColsIntegrality(len(whole), whole, np.ones(len(whole), dtype=np.uint8)), "whole numbers")
    cost(highs, columns, matrices.costs * scale, "costs")
    rows, entries = matrices.low.size, matrices.entries.size
    starts, places = matrices.starts, matrices.columns + first
    sure(highs.addRows(rows, matrices.low, matrices.high, entries, starts, places, matrices.entries), "rows")


def _scale(costs: Floats, curvature: Any) -> float:
    """What makes the least curvature of a quadratic objective 1, beside what HiGHS adds to it; 1 without curvature."""
    if curvature is None:
        return 1.0
    diagonal = np.abs(curvature.diagonal())
    largest = max(float(np.abs(costs).max(initial=0.0)), float(diagonal.max(initial=0.0)))
    most = MOST_SCALE / min(largest, 1.0) if largest else 1.0
    return float(np.clip(1 / np.min(diagonal, where=diagonal > 0, initial=1.0), 1.0, most))


def _hand_over_curvature(highs: Any, matrices: Matrices, scale: float) -> None:
    """The quadratic part of the objective, ½·xᵀQx, by its lower triangle; HiGHS takes it with continuous columns."""
    if matrices.whole.any():
        raise SolverFailure("HiGHS solves no quadratic programme with integers")
    whole = matrices.curvature.tocoo()
    order = np.lexsort((whole.row, whole.col))
    order = order[(whole.row >= whole.col)[order]]
    starts = np.searchsorted(whole.col[order], np.arange(whole.shape[0] + 1))
    triangle = int(highspy.HessianFormat.kTriangular)
    settle(highs, qp_regularization_value=REGULARISED, qp_iteration_limit=QP_ITERATIONS)
    rows, values = whole.row[order].astype(np.int32), whole.data[order] * scale
    sure(highs.passHessian(whole.shape[0], order.size, triangle, starts, rows, values), "the curvature")


def cost(highs: Any, columns: Columns, costs: Floats, what: str) -> None:
    """Set the costs of columns, of which HiGHS would take one that is no number."""
    known = np.abs(costs) < DEAREST
    sure(highs.changeColsCost(len(columns), columns, costs) if known.all() else ERROR, what)


OK, WARNING, ERROR = highspy.HighsStatus.kOk, highspy.HighsStatus.kWarning, highspy.HighsStatus.kError


def sure(status: Any, what: str, also: tuple[Any, ...] = ()) -> None:
    """Raise SolverFailure, naming what was handed over or run, where HiGHS did not take it as it is.

    also: statuses beside kOk that are as good.
    """
    if status != OK and status not in also:
        raise SolverFailure(f"HiGHS answered {str(status).rpartition('.')[2]} to {what}")


def silent() -> Any:
    """A HiGHS that prints nothing, on one thread."""
    highs = _Silent()  # type: ignore[no-untyped-call] # no types in highspy
    settle(highs, random_seed=0, threads=1, parallel="off")
    return highs


class _Silent(highspy.Highs):
    """A HiGHS that is told to print nothing before anything is asked of it.

    Its constructor enables callbacks, and the first thing that is asked of HiGHS in a process writes a banner to
    standard output, so that an option set after it comes too late.
    """

    def enableCallbacks(self) -> None:  # noqa: N802 (the name is HiGHS's)
        settle(self, output_flag=False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def settle(highs: Any, **options: bool | int | float | str) -> None:
    """Set options of a HiGHS. Raises SolverFailure for one that it does not take, which it says in no other way."""
    for name, value in options.items():
        sure(highs.setOptionValue(name, value), f"the option {name}")


class NoPlan(Exception):  # noqa: N818 (caught inside plan/, where the limits in conflict are then named)
    """No point meets every limit."""


class GivenUp(SolverFailure):
    """A programme reached its limit of iterations, or the guard of wall time; a search goes on with what it has."""


@dataclass(slots=True)
class Clock:
    """Wall time left of a budget [s]."""

    budget_s: float
    started_s: float = field(default_factory=time.perf_counter)

    @property
    def spent_s(self) -> float:
        return time.perf_counter() - self.started_s

    @property
    def left_s(self) -> float:
        return self.budget_s - self.spent_s
