"""The one door to HiGHS: a linopy model in, numbers by name out, and honest statuses.

Inside the solver, units are GW, billion USD, thousand racks, billion tokens per second and 1e27 FLOP, because watts
against dollars would span twenty orders of magnitude; `UNITS` is the only place that knows.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import highspy
import linopy
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.errors import SolverFailure as SolverFailure

Floats = NDArray[np.float64]

# One solver unit in SI (or in racks).
UNITS = {"w": 1e9, "usd": 1e9, "racks": 1e3, "tokens_per_s": 1e9, "flop": 1e27}
# Iterations after which a start from the last basis is given up, and the most of a start from scratch.
WARM_ITERATIONS, ITERATIONS = 20_000, 2**31 - 1
# Below this a dual or a value is solver noise, not a limit that binds.
NOISE = 1e-7
# What HiGHS adds to the diagonal of a quadratic objective: small enough to leave six digits of a dual.
REGULARISED = 1e-9

NO_PLAN = (
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
    highspy.HighsModelStatus.kTimeLimit,
)
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

linopy.options["semantics"] = "v1"


@dataclass(slots=True)
class Program:
    """A linopy model passed to HiGHS once; bounds and right-hand sides may then be changed and solved again."""

    model: linopy.Model
    highs: Any = field(init=False)
    _columns: dict[int, int] = field(init=False)
    _rows: dict[int, int] = field(init=False)
    _values: Floats = field(init=False)
    _duals: Floats = field(init=False)

    def __post_init__(self) -> None:
        matrices = self.model.matrices
        self.highs = _pass(matrices, self.model.objective.sense)
        self._columns = _positions(matrices.vlabels)
        self._rows = _positions(matrices.clabels)
        self._values = np.zeros(0)
        self._duals = np.zeros(0)

    def solve_lp(self, seconds: float = 600.0) -> float:
        """Solve with integrality relaxed or all integers fixed; the optimal objective, which may be convex quadratic.

        Raises NoPlan where HiGHS proves infeasibility or the time runs out, SolverFailure where it gives up otherwise.
        """
        self.highs.setOptionValue("solve_relaxation", True)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + seconds)
        self.highs.setOptionValue("simplex_iteration_limit", WARM_ITERATIONS)
        self.highs.run()
        status = self.highs.getModelStatus()
        if status in (highspy.HighsModelStatus.kUnknown, highspy.HighsModelStatus.kIterationLimit):
            self.highs.clearSolver()  # the last basis was a start that led nowhere: once more from scratch
            self.highs.setOptionValue("simplex_iteration_limit", ITERATIONS)
            self.highs.run()
            status = self.highs.getModelStatus()
        if status in NO_PLAN:
            raise NoPlan
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverFailure(f"HiGHS stopped with status {self.highs.modelStatusToString(status)}")
        solution = self.highs.getSolution()
        self._values = np.array(solution.col_value)
        self._duals = np.array(solution.row_dual)
        return float(self.highs.getInfo().objective_function_value)

    def solve_mip(self, start: Floats, seconds: float, gap: float) -> tuple[float, float, str]:
        """Improve on the feasible `start` for at most `seconds` or until `gap` (absolute, in the objective's unit).

        Returns objective, proven bound and "optimal" (gap reached) or "time_limit".
        """
        self.highs.setOptionValue("solve_relaxation", False)
        self.highs.setOptionValue("simplex_iteration_limit", ITERATIONS)
        for search in START_IS_GOOD:
            self.highs.setOptionValue(search, False)
        self.highs.setOptionValue("mip_abs_gap", gap)
        self.highs.setOptionValue("mip_rel_gap", 0.0)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(seconds, 0.1))
        solution = highspy.HighsSolution()
        solution.col_value = list(start)
        self.highs.setSolution(solution)
        self.highs.run()
        status = self.highs.getModelStatus()
        info = self.highs.getInfo()
        names = {
            highspy.HighsModelStatus.kOptimal: "optimal",
            highspy.HighsModelStatus.kTimeLimit: "time_limit",
        }
        if status not in names or info.primal_solution_status != 2:  # 2: a feasible point is at hand
            raise SolverFailure(f"HiGHS stopped with status {self.highs.modelStatusToString(status)}")
        self._values = np.array(self.highs.getSolution().col_value)
        ended = float(info.objective_function_value), float(info.mip_dual_bound), names[status]
        self.highs.clearSolver()  # what branch and bound leaves behind is a poor start for a linear programme
        return ended

    @property
    def values(self) -> Floats:
        """Every column of the last solution."""
        return self._values

    def value(self, name: str) -> xr.DataArray:
        """A variable of the last solution, with its dimensions, in solver units."""
        return self._fill(self.model.variables[name].labels, self._columns, self._values)

    def dual(self, name: str) -> xr.DataArray:
        """What one more unit of a limit is worth, in the unit of a maximised objective.

        HiGHS gives the change of the objective with the right-hand side: ≥ 0 for a binding ≤ limit.
        """
        return self._fill(self.model.constraints[name].labels, self._rows, self._duals)

    @staticmethod
    def _fill(labels: xr.DataArray, positions: dict[int, int], numbers: Floats) -> xr.DataArray:
        flat = [numbers[positions[label]] if label in positions else 0.0 for label in labels.values.ravel().tolist()]
        return xr.DataArray(np.reshape(flat, labels.shape), coords=labels.coords, dims=labels.dims)

    def bound(self, name: str, lower: xr.DataArray, upper: xr.DataArray) -> None:
        """Set the bounds of a variable."""
        labels = self.model.variables[name].labels
        columns = self._at(labels, self._columns)
        lows = lower.transpose(*labels.dims).values.ravel().astype(float)
        highs = upper.transpose(*labels.dims).values.ravel().astype(float)
        self.highs.changeColsBounds(len(columns), columns, lows, highs)

    def loosen(self, name: str, by: xr.DataArray) -> None:
        """Add `by` to the right-hand side of ≤ rows (and of the upper side of equalities, which then move)."""
        labels = self.model.constraints[name].labels
        rows = self._at(labels, self._rows)
        steps = by.broadcast_like(labels).transpose(*labels.dims).values.ravel()
        lp = self.highs.getLp()
        for row, step in zip(rows, steps, strict=True):
            if step:
                self.highs.changeRowBounds(int(row), lp.row_lower_[row] + step, lp.row_upper_[row] + step)

    @staticmethod
    def _at(labels: xr.DataArray, positions: dict[int, int]) -> NDArray[np.int32]:
        return np.array([positions[label] for label in labels.values.ravel().tolist()], dtype=np.int32)


def _pass(matrices: Any, sense: str) -> Any:
    """The matrices in a silent HiGHS. linopy's own way sets options after the model and lets a banner out."""
    highs = silent()
    highs.addVars(len(matrices.vlabels), matrices.lb, matrices.ub)
    whole = np.flatnonzero(matrices.vtypes != "C").astype(np.int32)
    highs.changeColsIntegrality(len(whole), whole, np.ones(len(whole), dtype=np.uint8))
    highs.changeColsCost(len(matrices.c), np.arange(len(matrices.c), dtype=np.int32), matrices.c)
    rows = matrices.A.tocsr()
    lower = np.where(matrices.sense != "<", matrices.b, -np.inf)
    upper = np.where(matrices.sense != ">", matrices.b, np.inf)
    highs.addRows(rows.shape[0], lower, upper, rows.nnz, rows.indptr, rows.indices, rows.data)
    if sense == "max":
        highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
    if matrices.Q is not None:
        _pass_hessian(highs, matrices)
    return highs


def _pass_hessian(highs: Any, matrices: Any) -> None:
    """The quadratic part of the objective, ½·xᵀQx, by its lower triangle; HiGHS takes it with continuous columns."""
    if (matrices.vtypes != "C").any():
        raise SolverFailure("HiGHS solves no quadratic programme with integers")
    whole = matrices.Q.tocoo()
    order = np.lexsort((whole.row, whole.col))
    order = order[(whole.row >= whole.col)[order]]
    starts = np.searchsorted(whole.col[order], np.arange(whole.shape[0] + 1))
    triangle = int(highspy.HessianFormat.kTriangular)
    highs.setOptionValue("qp_regularization_value", REGULARISED)
    highs.passHessian(
        whole.shape[0], order.size, triangle, starts, whole.row[order].astype(np.int32), whole.data[order]
    )


def silent() -> Any:
    """A HiGHS that prints nothing; its first instance writes a banner to standard output before any option is set."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        highs: Any = highspy.Highs()  # type: ignore[no-untyped-call] # no types in highspy
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("random_seed", 0)
    return highs


class NoPlan(Exception):  # noqa: N818 (caught inside plan/, where the limits in conflict are then named)
    """No point meets every limit, or none was found in time."""


def _positions(labels: Any) -> dict[int, int]:
    return {int(label): n for n, label in enumerate(np.asarray(labels))}


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
