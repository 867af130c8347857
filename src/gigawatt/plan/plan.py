"""Scenario → Plan: the physical plan, its financing, what binds and what one more is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.errors import Conflict, Infeasible
from gigawatt.exact import exact
from gigawatt.plan import financing, search, split, work
from gigawatt.plan.declared import DECISIONS
from gigawatt.plan.worth import Binding, Worth, binding, worth
from gigawatt.programme import advances, arrays, book, counted, money, opening, tranches
from gigawatt.programme.declared import MONEY, check
from gigawatt.progress import Progress, quiet
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.solver import UNITS, NoPlan, Program

# Of a solver unit (a watt, a millionth of a rack, a token per second): less of a decision is the solver's rounding.
CRUMB = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to build, when, where, what it serves, and with which money.

    data: decisions, what follows from them, and their financing, in SI units. inputs: the arrays that they were made
    from. lines: money of the decisions, as `money.lines` makes it, once and here; whoever changes the decisions gives
    their lines with them. objective, bound and gap are in `unit`; values in dollars are present values over the solved
    horizon. status: "optimal" (proven to the gap that was asked for), or "work_limit" or "time_limit", which
    ended the search before that. by_clock: whether the clock, which only guards it, cut it short, proven or not.
    """

    data: xr.Dataset
    inputs: xr.Dataset
    lines: xr.Dataset
    objective: float
    bound: float
    unit: str
    status: str
    by_clock: bool
    wall_s: float
    penalties_usd: float
    worth: tuple[Worth, ...]
    binds: tuple[Binding, ...]

    @property
    def ended(self) -> str | None:
        """What ended the search early, a key of `search.ENDED`; None where it went its way."""
        return "time_limit" if self.by_clock else None if self.status == "optimal" else self.status

    @property
    def gap(self) -> float:
        return max(self.bound - self.objective, 0.0)

    @property
    def gap_frac(self) -> float:
        return self.gap / max(abs(self.objective), 1e-12)


@exact()
def make(scenario: Scenario, progress: Progress = quiet, *, with_worth: bool = True) -> Plan:
    """Plan a scenario.

    with_worth: also solve for what one more of each limit is worth.
    Raises Infeasible, naming the limits in conflict, where no plan meets every hard limit.
    """
    asked = scenario.asked
    progress("working out throughput, PUE and prices")
    data = arrays.arrays(scenario)
    return plan_inputs(data, asked, progress, with_worth=with_worth)


@exact()
def plan_inputs(data: xr.Dataset, asked: Asked, progress: Progress, *, with_worth: bool = True) -> Plan:
    """Plan from the arrays of a scenario, as `make` does."""
    try:
        found = search.search(data, asked, progress)
    except NoPlan:
        raise Infeasible(conflicts(data, asked)) from None
    program = found.program
    scale = UNITS["usd"] if asked.objective != "tokens" else 1e15
    stands = 0.0 if asked.objective == "tokens" else _kept_usd(data, asked)
    penalties = _penalties_usd(program, data, asked)
    result = _decisions(program, data, asked)
    search.free(program)
    binds = binding(program, data)
    progress("arranging the financing")
    lines = money.lines(result, data, asked)
    result = result.merge(_money(result, lines, data, asked))
    valued: tuple[Worth, ...] = ()
    if with_worth and asked.objective != "tokens":
        progress("working out what one more is worth")
        valued = worth(program, data, asked)
    return Plan(
        data=check(result, DECISIONS),
        inputs=data,
        lines=check(lines, MONEY),
        objective=found.objective * scale + stands,
        bound=found.bound * scale + stands,
        unit="tokens" if asked.objective == "tokens" else "USD",
        status=found.status,
        by_clock=found.by_clock,
        wall_s=found.wall_s,
        penalties_usd=penalties,
        worth=valued,
        binds=binds,
    )


def _kept_usd(data: xr.Dataset, asked: Asked) -> float:
    """Present value of what stands at the end of what stood at the start [USD]: whatever is decided, it is the same."""
    end = dollars.discount_ratio(asked.finance.discount_per_year, data.sizes["period"] / 4)
    return opening.terminal_usd(data, asked) * float(end)


def _decisions(program: Program, data: xr.Dataset, asked: Asked) -> xr.Dataset:
    """The solver's decisions in SI units, split by site and platform; its rounding, below zero or above, is nought."""
    life = asked.finance.rack_life_count

    def si(name: str, unit: str) -> xr.DataArray:
        decided = program.value(name)
        return decided.where(decided >= CRUMB, 0.0) * UNITS[unit]

    install = split.split(si("install", "racks"), si("placed", "w"), data.rack_it_w)
    stock = split.standing(install, life, opening.standing_count(data, life))
    energise = si("energise", "w")
    some = bool((install > 0).any()) or opening.exists(data)  # without racks there is no work
    it = (stock * data.rack_it_w).sum("platform")
    placed = (install * data.rack_it_w).sum("platform")
    result = xr.Dataset(
        {
            "install_count": install,
            "stock_count": stock.clip(min=0),
            "it_w": it,
            "facility_w": it * data.pue_peak_ratio,
            "energise_w": energise,
            "shell_w": energise.cumsum("period") + opening.shells_at_start_w(data),
            "gross_w": tranches.gross_w(placed, data, asked),
            "gross_facility_w": (placed * data.pue_peak_ratio).sum("site").cumsum("period"),
            "work_count": si("work", "racks") * some,
        }
    )
    for name, dims in (("train", "period platform run"), ("research", "period block platform experiment")):
        some_work = name in program.given.variables
        result[f"{name}_count"] = si(name, "racks") * some if some_work else _none(data, dims.split())
    result["served_tokens_per_s"] = (result.work_count * counted.tokens_per_s(data)).sum("platform")
    return result


def _none(data: xr.Dataset, dims: Sequence[str]) -> xr.DataArray:
    """Racks at work on nothing, of dimensions one of which is empty."""
    shape = [data.sizes[dim] for dim in dims]
    return xr.DataArray(np.zeros(shape), dims=dims, coords={dim: data.indexes[dim] for dim in dims})


def _money(result: xr.Dataset, lines: xr.Dataset, data: xr.Dataset, asked: Asked) -> xr.Dataset:
    """Financing of the decisions, through the accounts' own formulae."""
    receipts = financing.releases(result.gross_w, asked, data)
    power = result.facility_w.sum("site")
    free, start = money.free_cash_flow(lines), float(opening.start_facility_w(data).sum())
    ahead = advances.lines(-money.total(lines.racks_usd), asked)
    financed = financing.finance(free, receipts.sum("milestone"), power, asked, start, ahead)
    return financed.assign(tranche_usd=receipts, book_usd=book.book_usd(money.capital_usd(lines), data, asked))


def _penalties_usd(program: Program, data: xr.Dataset, asked: Asked) -> float:
    factors = work.penalty_factors(data, book.discounts(data, asked))
    total = sum(float((program.value(name) * factor).sum()) for name, factor in factors.items() if factor.size)
    return total * UNITS["usd"]


def conflicts(data: xr.Dataset, asked: Asked) -> list[Conflict]:
    """Which hard limits cannot be met, and by how much: each made soft at a price above all others."""
    soft = data.copy()
    price = 1e3 * float(data.price_usd_per_mtok.max())
    soft["floor_penalty_usd_per_mtok"] = xr.where(data.hard > 0, price, data.floor_penalty_usd_per_mtok)
    soft["hard"] = xr.zeros_like(data.hard)
    soft["run_penalty_usd"] = xr.where(data.run_hard > 0, 1e15, data.run_penalty_usd)
    soft["run_hard"] = xr.zeros_like(data.run_hard)
    program = Program(search.state(soft, asked))
    try:
        program.solve_lp()
    except NoPlan:
        return [Conflict(limit="capital.minimum_cash", period="", site="", short_by=np.nan, unit="USD")]
    found = []
    missing = program.value("missing_tokens") * UNITS["tokens_per_s"]
    for use_case in data.use_case.values[data.hard.values > 0]:
        for period in data.period.values:
            short = float(missing.sel(use_case=use_case, period=period))
            if short > 1e-6 * float(data.demand_tokens_per_s.sel(use_case=use_case, period=period)):
                path = f"use_cases.{use_case}.floor"
                found.append(Conflict(limit=path, period=str(period), site="", short_by=short, unit="tokens/s"))
    for run in data.run.values[data.run_hard.values > 0]:
        short = float(program.value("missing_run").sel(run=run) * data.run_volume_flop.sel(run=run))
        if short > 0:
            end = str(data.run_window.sel(run=run).cumsum("period").idxmax("period").values)
            found.append(
                Conflict(limit=f"training_runs.{run}.volume", period=end, site="", short_by=short, unit="FLOP")
            )
    if not found:  # nothing is missed where tranches may come in shares
        return [Conflict(limit="capital.tranches.release", period="", site="", short_by=np.nan, unit="USD")]
    return found + _in_the_way(program, data, {conflict.period for conflict in found})


def _in_the_way(program: Program, data: xr.Dataset, periods: set[str]) -> list[Conflict]:
    """The limits that bind where something hard is missed: what stands in its way, short by nothing themselves."""
    seen: dict[tuple[str, str], Binding] = {}
    for item in binding(program, data):
        if item.period in periods and not item.limit.startswith("demand"):
            seen.setdefault((item.limit, item.site), item)
    return [
        Conflict(limit=f"limit reached: {item.limit}", period=item.period, site=item.site, short_by=0.0, unit="")
        for item in seen.values()
    ]
