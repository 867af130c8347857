"""What one more of each limit is worth, and which limits bind when.

Worth is a finite difference: loosen a limit by a stated step, hold the milestones' dates, solve again. The dual is the
worth of the first unit only; both are given for the whole step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt.ndarrays import Floats
from gigawatt.quarters import SECONDS_PER_QUARTER
from gigawatt.scenario.schema import Asked
from gigawatt.solver import NOISE, UNITS, Program

STEP_W = 1e8
STEP_RACKS = 100.0
STEP_USD = 1e9
# Smallest worth of one more unit in a quarter, as a share of what the unit costs, at which its limit is said to bind.
BINDS_FRAC = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Value of loosening one limit: of the step as a whole, and as if all of it were worth its first unit [USD]."""

    limit: str
    step: str
    value_usd: float
    first_unit_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A limit that binds in a quarter, with what a unit more in that quarter would be worth."""

    period: str
    limit: str
    site: str
    value: float
    unit: str


def worth(program: Program, data: xr.Dataset, asked: Asked) -> tuple[Worth, ...]:
    """Worth of every limit that could be loosened, dearest first; the program is left as it was.

    Only for objectives in dollars; platforms and sites without supply or power in a quarter are left out of the step.
    """
    base = program.solve_lp()
    found = []
    steps = tuple(_steps(data, asked))
    firsts = [float((program.dual(row).values * by).sum()) for row, _, _, by in steps]
    for (row, limit, step, by), first in zip(steps, firsts, strict=True):
        # What more of a limit is worth is concave: nothing where its first unit is worth nothing.
        worthless = abs(first) < NOISE
        value = 0.0 if worthless else _loosened(program, row, by) - base
        # The optimum is known to 1e-7 of itself only.
        value = 0.0 if abs(value) < NOISE * max(1.0, abs(base)) else value
        first = 0.0 if worthless else first
        found.append(Worth(limit=limit, step=step, value_usd=value * UNITS["usd"], first_unit_usd=first * UNITS["usd"]))
    return tuple(sorted(found, key=lambda item: -item.value_usd))


def _loosened(program: Program, row: str, by: Floats) -> float:
    """The objective with more of a limit, billion USD."""
    program.loosen(row, by)
    try:
        return program.solve_lp()
    finally:
        program.loosen(row, -by)


def _steps(data: xr.Dataset, asked: Asked) -> Iterator[tuple[str, str, str, Floats]]:
    """Row, limit in words, step in words, and the step in solver units on the axes of the row, for every limit."""
    power, money = STEP_W / UNITS["w"], STEP_USD / UNITS["usd"]
    ramps = data.ramp_w.transpose("period", "site").values > 0
    for n, site in enumerate(data.site.values):
        here = power * ramps * (np.arange(ramps.shape[1]) == n)
        yield "ramp", f"grid power at {site}", "0.1 GW from its first energised quarter", here
    ships = data.supply_count.transpose("period", "pool").values > 0
    for n, pool in enumerate(data.pool.values):
        here = STEP_RACKS / UNITS["racks"] * ships * (np.arange(ships.shape[1]) == n)
        if here.any():
            yield "supply", f"supply of {pool}", "100 racks a quarter while it ships", here
    every = np.ones(data.sizes["period"])
    yield "target", "target of the programme", "0.1 GW", power * every
    yield "cash_balance", "opening cash", "1 billion USD", money * (np.arange(every.size) == 0)
    if asked.capital.debt_rate_per_year is not None:
        yield "debt_limit", "limit of debt", "1 billion USD", money * every
        yield "covenant", "debt beside the covenant", "1 billion USD", money * every


def binding(program: Program, data: xr.Dataset) -> tuple[Binding, ...]:
    """The limits that bind in each quarter: one more unit then would be worth at least `BINDS_FRAC` of what it costs.

    Values are present values of one more unit in that quarter alone. A cheaper site that is full while others are not
    thus does not count as grid power that binds.
    """
    found = []
    for row, (limit, unit, factor, least) in _binding_rows(data).items():
        if row not in program.given.limits:
            continue
        dual = program.dual(row) * factor
        if row == "supply":
            dual = dual.where(data.supply_count > 0, 0.0)
        if row == "ramp":
            dual = dual.where(data.ramp_w > 0, 0.0)
        if row == "demand_in_block":
            dual = dual.sum("block")
        found += _rows(dual, limit, unit, least)
    order = {period: n for n, period in enumerate(data.period.values)}
    return tuple(sorted(found, key=lambda item: (order[item.period], item.limit, -item.value)))


def _binding_rows(data: xr.Dataset) -> dict[str, tuple[str, str, float, float]]:
    """Constraint → limit in words, unit of its worth, factor from solver units to that, and the least that counts."""
    watt, usd = UNITS["usd"] / UNITS["w"], UNITS["usd"]
    shell = BINDS_FRAC * float(data.shell_usd_per_w.max())
    price = data.price_usd_per_mtok.where(data.price_usd_per_mtok > 0).min()
    token = BINDS_FRAC * float(price) / 1e6 * SECONDS_PER_QUARTER
    return {
        "supply": ("supply", "USD per rack", usd / UNITS["racks"], BINDS_FRAC * float(data.rack_price_usd.min())),
        "ramp": ("grid power", "USD per W", watt, shell),
        "target": ("target", "USD per W", watt, shell),
        "covenant": ("debt covenant", "USD per USD", 1.0, BINDS_FRAC),
        "debt_limit": ("debt limit", "USD per USD", 1.0, BINDS_FRAC),
        "minimum_cash": ("cash", "USD per USD", -1.0, BINDS_FRAC),
        "demand_in_block": ("demand", "USD per token/s", usd / UNITS["tokens_per_s"], token),
    }


def _rows(dual: xr.DataArray, limit: str, unit: str, least: float) -> list[Binding]:
    found = []
    for at in np.argwhere(dual.values > max(least, NOISE)):
        names = {str(dim): str(dual[dim].values[index]) for dim, index in zip(dual.dims, at, strict=True)}
        other = names.get("pool") or names.get("use_case")
        found.append(
            Binding(
                period=names["period"],
                limit=f"{limit} of {other}" if other else limit,
                site=names.get("site", ""),
                value=float(dual.values[tuple(at)]),
                unit=unit,
            )
        )
    return found
