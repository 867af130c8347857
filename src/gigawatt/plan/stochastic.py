"""A plan for several futures at once: what is ordered now is the same in all of them, what follows fits each.

Two stages, in extensive form [1]. Every future is a branch: the planner's own equations, with its own demand, prices,
throughput and rates. In the first `decided_count` quarters orders of racks and shells are the same in all branches; a
branch in which chips or power slip has them so many quarters later. All else is recourse: where racks are placed, what
they do, what is ordered afterwards, what is borrowed. Tranches are released pro rata, so that it stays linear:

    max (1 − β) Σ p_s v_s + β (η − Σ p_s u_s / α),    u_s ≥ η − v_s,    u_s ≥ 0
    taken_s + cancelled_s = ordered, for racks and shells of the quarters that are decided now

The second term is the mean of v in the worst share α of the futures, CVaR [2]; β is its weight. What is cancelled in a
branch costs a share of its price there, for racks must be placed where there is power, and power may be late.

Money that a branch lacks although its limits of debt are reached is found at a price: `RESCUE_RATIO` dollars of
objective a dollar, so that no order is impossible for one bad future, and none is cheap.

References
----------
[1] J. R. Birge, F. Louveaux, "Introduction to Stochastic Programming", 2nd ed., Springer, 2011, chapters 2 and 4:
    wait-and-see ≥ here-and-now ≥ the mean future's plan, evaluated.
[2] R. T. Rockafellar, S. Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2(3), 2000,
    doi:10.21314/JOR.2000.038.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats
from gigawatt.plan.search import state
from gigawatt.programme.book import discounts
from gigawatt.scenario.schema import Asked
from gigawatt.solver import (
    SMALLEST,
    UNITS,
    Matrices,
    NoPlan,
    SolverFailure,
    check_matrices,
    cost,
    hand_over,
    settle,
    silent,
    sure,
)

Columns = NDArray[np.int32]

# Objective that a dollar costs which no lender gives.
RESCUE_RATIO = 1.0
# Share of the price that an order costs which is cancelled.
CANCEL_FRAC = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is ordered: over platforms or sites, in a unit of the solver, and which slip of a branch delays it."""

    over: str
    unit: str
    slip: str


ORDERS = {
    "install": Kind(over="platform", unit="racks", slip="chip_slip_count"),
    "energise": Kind(over="site", unit="w", slip="power_slip_count"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One future: the planner's arrays and rates in it, its probability, and by how many quarters orders come late."""

    data: xr.Dataset
    asked: Asked
    weight_frac: float
    chip_slip_count: int = 0
    power_slip_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Equations:
    """A branch as a solver takes it, stated once for every programme that it is a part of.

    matrices: of its own programme, checked.
    """

    branch: Branch
    matrices: Matrices


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedged:
    """What is decided now, and what it comes to.

    values_usd: of each branch, the planner's objective less the price of money that lenders do not give. orders: racks
    (period, platform) and facility power (period, site) of the decided quarters, as ordered, in racks and W.
    """

    values_usd: Floats
    orders: Mapping[str, xr.DataArray]

    def expected_usd(self, branches: Sequence[Equations]) -> float:
        """Mean value over the branches."""
        return float(self.values_usd @ [one.branch.weight_frac for one in branches])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A branch in the common programme: its first column, and what each of its columns adds to its value."""

    offset: int
    costs: Floats


def equations(branch: Branch) -> Equations:
    """The planner's own equations of a branch. Raises SolverFailure where a number of them is none."""
    matrices = state(branch.data, branch.asked).matrices
    check_matrices(matrices)
    return Equations(branch=branch, matrices=matrices)


def hedge(
    branches: Sequence[Equations],
    decided_count: int,
    *,
    cancel_frac: float = CANCEL_FRAC,
    tail_weight_frac: float = 0.0,
    tail_frac: float = 0.2,
    fixed: Mapping[str, xr.DataArray] | None = None,
) -> Hedged:
    """The orders of the first quarters that are best over all branches.

    cancel_frac: share of the price that an order costs which a branch does not take. tail_weight_frac: β, the weight of
    the worst tail_frac (α) of the futures. fixed: orders that are placed instead of the best ones, as `Hedged.orders`.
    Raises NoPlan where a hard limit other than money cannot be met.
    """
    highs = silent()
    settle(highs, solve_relaxation=True)  # tranches come pro rata, whatever a branch says
    sure(highs.changeObjectiveSense(highspy.ObjSense.kMaximize), "the sense of the objective")
    data = branches[0].branch.data
    ordered = {name: _order(highs, data, name, decided_count, fixed) for name in ORDERS}
    parts = [_add(highs, one, ordered, cancel_frac) for one in branches]
    weights = np.array([one.branch.weight_frac for one in branches])
    _objective(highs, parts, weights, tail_weight_frac, tail_frac)
    solved = _solved(highs)
    values = [float(part.costs @ solved[part.offset : part.offset + len(part.costs)]) for part in parts]
    orders = {name: _labelled(data, name, solved[columns]) for name, columns in ordered.items()}
    return Hedged(values_usd=np.array(values) * UNITS["usd"], orders=orders)


def wait_and_see(branches: Sequence[Equations]) -> Floats:
    """Value of each branch if it were known in advance [USD]: a bound on what any decision now can reach."""
    return np.array([hedge([branch], 0).values_usd[0] for branch in branches])


def _order(
    highs: Any, data: xr.Dataset, name: str, decided_count: int, fixed: Mapping[str, xr.DataArray] | None
) -> Columns:
    """Add what is ordered in the decided quarters, shape (quarter, platform or site); its columns."""
    shape = (decided_count, data.sizes[ORDERS[name].over])
    first, size = highs.getNumCol(), shape[0] * shape[1]
    low = np.zeros(size) if fixed is None else fixed[name].values.ravel() / UNITS[ORDERS[name].unit]
    sure(highs.addVars(size, low, np.full(size, np.inf) if fixed is None else low), f"orders of {name}")
    return np.arange(first, first + size, dtype=np.int32).reshape(shape)


def _add(highs: Any, of: Equations, ordered: Mapping[str, Columns], cancel_frac: float) -> _Part:
    """Add the equations of a branch, money that no lender gives, and what it takes of the orders."""
    branch, offset, first_row = of.branch, highs.getNumCol(), highs.getNumRow()
    hand_over(highs, of.matrices)
    discount = discounts(branch.data, branch.asked).values
    costs = [of.matrices.costs, -RESCUE_RATIO * discount]
    for row in of.matrices.limits["cash_balance"].numbers.tolist():
        _column(highs, {first_row + row: -1.0})
    for name, columns in ordered.items():
        late = getattr(branch, ORDERS[name].slip)
        taken = (offset + of.matrices.variables[name].numbers[late:][: len(columns)]).tolist()
        price = _price(branch.data, branch.asked, name) * discount[:, None]
        costs.append(-cancel_frac * _taken(highs, columns, taken, price[late:]))
    return _Part(offset=offset, costs=np.concatenate(costs))


def _taken(highs: Any, ordered: Columns, taken: Sequence[Sequence[int]], price: Floats) -> Floats:
    """Add rows taken + cancelled = ordered, as far as the horizon reaches; the price of each that is cancelled."""
    prices = []
    for orders, columns, each in zip(ordered.tolist(), taken, price.tolist(), strict=False):
        for order, column, one in zip(orders, columns, each, strict=True):
            row = highs.getNumRow()
            entries = np.array([column, order], dtype=np.int32)
            sure(highs.addRow(0.0, 0.0, 2, entries, np.array([1.0, -1.0])), "what is taken of an order")
            _column(highs, {row: 1.0})
            prices.append(one)
    return np.array(prices)


def _price(data: xr.Dataset, asked: Asked, name: str) -> Floats:
    """What a solver unit of an order costs in each quarter [billion USD], (quarter, platform or site)."""
    if name == "install":
        racks = data.rack_price_usd.transpose("period", "platform").values * (1 + asked.finance.network_frac)
        return np.asarray(racks * UNITS["racks"] / UNITS["usd"])
    shells = data.shell_usd_per_w.values * UNITS["w"] / UNITS["usd"]
    return np.broadcast_to(shells, (data.sizes["period"], len(shells)))


def _column(highs: Any, entries: Mapping[int, float], cost: float = 0.0, least: float = 0.0) -> int:
    """Add a variable of at least `least` with its entries by row; its column."""
    rows = np.array(list(entries), dtype=np.int32)
    sure(highs.addCol(cost, least, np.inf, len(rows), rows, np.array(list(entries.values()))), "a variable")
    return int(highs.getNumCol()) - 1


def _objective(highs: Any, parts: Sequence[_Part], weights: Floats, tail_weight_frac: float, tail_frac: float) -> None:
    """Mean value, and the mean of the worst share of the futures."""
    for part, weight in zip(parts, weights.tolist(), strict=True):
        columns = np.arange(part.offset, part.offset + len(part.costs), dtype=np.int32)
        cost(highs, columns, (1 - tail_weight_frac) * weight * part.costs, "costs of a future")
    if not tail_weight_frac:
        return
    level = _column(highs, {}, tail_weight_frac, -np.inf)
    for part, weight in zip(parts, weights.tolist(), strict=True):
        below = _column(highs, {}, -tail_weight_frac * weight / tail_frac)
        some = np.flatnonzero(part.costs)
        columns = np.concatenate([some + part.offset, [level, below]]).astype(np.int32)
        entries = np.concatenate([part.costs[some], [-1.0, 1.0]])
        # Costs that are too small for a row are left out of it: they are below the solver's tolerance of a value.
        kept = np.abs(entries) > SMALLEST
        sure(highs.addRow(0.0, np.inf, int(kept.sum()), columns[kept], entries[kept]), "the worst futures")


def _solved(highs: Any) -> Floats:
    """Every column of the optimum."""
    sure(highs.run(), "the plan for several futures")
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:  # which of the two presolve cannot tell
        settle(highs, presolve="off")
        sure(highs.run(), "the plan for several futures")
        status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        raise NoPlan
    if status != highspy.HighsModelStatus.kOptimal:
        raise SolverFailure(f"HiGHS stopped with status {highs.modelStatusToString(status)}")
    return np.array(highs.getSolution().col_value)


def _labelled(data: xr.Dataset, name: str, values: Floats) -> xr.DataArray:
    """Orders with their dimensions, in racks or W."""
    kind = ORDERS[name]
    coords = {"period": data.period.values[: len(values)], kind.over: data[kind.over].values}
    return xr.DataArray(np.maximum(values, 0.0) * UNITS[kind.unit], dims=("period", kind.over), coords=coords)
