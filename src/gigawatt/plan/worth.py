"""What one more of each limit is worth, and which limits bind when.

Worth is a finite difference: loosen a limit by a stated step, hold the milestones' dates, solve again. The dual is the
worth of the first unit only; both are given for the whole step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt.plan.solve import NOISE, UNITS, Program
from gigawatt.scenario.schema import Asked

STEP_W = 1e8
STEP_RACKS = 100.0
STEP_USD = 1e9
# Smallest worth of a limit in a quarter, billion USD per unit, at which it is said to bind.
BINDS = 1e-5


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
    duals = {name: program.dual(name) for name, *_ in _steps(data, asked)}
    for row, limit, step, by in _steps(data, asked):
        first = float((duals[row] * by).sum())
        program.loosen(row, by)
        value = program.solve_lp() - base
        program.loosen(row, -by)
        # The optimum is known to 1e-7 of itself only.
        value = 0.0 if abs(value) < NOISE * max(1.0, abs(base)) else value
        first = 0.0 if abs(first) < NOISE else first
        found.append(Worth(limit=limit, step=step, value_usd=value * UNITS["usd"], first_unit_usd=first * UNITS["usd"]))
    program.solve_lp()
    return tuple(sorted(found, key=lambda item: -item.value_usd))


def _steps(data: xr.Dataset, asked: Asked) -> Iterator[tuple[str, str, str, xr.DataArray]]:
    """Row, limit in words, step in words, and the step in solver units, for every limit."""
    power = STEP_W / UNITS["w"]
    for site in data.site.values:
        here = xr.where((data.site == site) & (data.ramp_w > 0), power, 0.0)
        yield "ramp", f"grid power at {site}", "0.1 GW from its first energised quarter", here
    for pool in data.pool.values:
        here = xr.where((data.pool == pool) & (data.supply_count > 0), STEP_RACKS / UNITS["racks"], 0.0)
        if float(here.sum()) > 0:
            yield "supply", f"supply of {pool}", "100 racks a quarter while it ships", here
    every = xr.DataArray(np.ones(data.sizes["period"]), dims="period", coords={"period": data.indexes["period"]})
    yield "target", "target of the programme", "0.1 GW", power * every
    money = STEP_USD / UNITS["usd"]
    first = every.where(data.period == data.period[0], 0.0)
    yield "cash_balance", "opening cash", "1 billion USD", money * first
    if asked.capital.debt_rate_per_year is not None:
        yield "debt_limit", "limit of debt", "1 billion USD", money * every
        yield "covenant", "debt beside the covenant", "1 billion USD", money * every


def binding(program: Program, data: xr.Dataset) -> tuple[Binding, ...]:
    """The limits with a positive dual in each quarter, dearest first; a unit is worth its value today."""
    rows = {
        "supply": ("supply", "USD per rack", UNITS["usd"] / UNITS["racks"]),
        "ramp": ("grid power", "USD per W", UNITS["usd"] / UNITS["w"]),
        "target": ("target", "USD per W", UNITS["usd"] / UNITS["w"]),
        "covenant": ("debt covenant", "USD per USD", 1.0),
        "debt_limit": ("debt limit", "USD per USD", 1.0),
        "minimum_cash": ("cash", "USD per USD", -1.0),
        "demand_in_block": ("demand", "USD per token/s", UNITS["usd"] / UNITS["tokens_per_s"]),
    }
    found = []
    for row, (limit, unit, factor) in rows.items():
        if row not in program.model.constraints:
            continue
        dual = program.dual(row)
        if row == "supply":
            dual = dual.where(data.supply_count > 0, 0.0)
        if row == "demand_in_block":
            dual = dual.sum("block")
        found += _rows(dual, limit, unit, factor)
    order = {period: n for n, period in enumerate(data.period.values)}
    return tuple(sorted(found, key=lambda item: (order[item.period], item.limit, -item.value)))


def _rows(dual: xr.DataArray, limit: str, unit: str, factor: float) -> list[Binding]:
    flat = dual.stack(all_=dual.dims)
    sign = 1.0 if factor > 0 else -1.0
    strong = flat[(flat * sign).values > BINDS]
    found = []
    for keys, value in zip(strong.all_.values, strong.values, strict=True):
        at = dict(zip(dual.dims, keys if isinstance(keys, tuple) else (keys,), strict=True))
        other = next((str(at[name]) for name in ("pool", "use_case") if name in at), "")
        found.append(
            Binding(
                period=str(at["period"]),
                limit=f"{limit} of {other}" if other else limit,
                site=str(at.get("site", "")),
                value=float(value * factor),
                unit=unit,
            )
        )
    return found
