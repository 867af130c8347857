"""What a plan comes to in one future: live through it as it is realised, keep its books, see whether the cash lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.account.metrics import GIGAWATT_W
from gigawatt.plan import financing
from gigawatt.plan.plan import Plan, plan_inputs, quiet
from gigawatt.programme import advances, book, money, tranches
from gigawatt.programme.arrays import SECONDS_PER_QUARTER
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.simulate.outdoors import SiteYear
from gigawatt.simulate.timeline import lived_totals
from gigawatt.study.futures.burdens import Lived, asked_ratio, borne
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.hedging import branch
from gigawatt.study.futures.realised import realised, scenario_in

Floats = NDArray[np.float64]

# Figures of an outcome that are one number, in the order in which they are told.
FIGURES = (
    "npv_usd",
    "terminal_value_usd",
    "value_usd",
    "installed_w",
    "first_gw_quarter_count",
    "target_quarter_count",
    "served_tokens",
    "unserved_frac",
    "peak_debt_usd",
    "short_usd",
    "cash_out_frac",
    "cost_of_capital_per_year",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureOutcome:
    """A plan in a future.

    npv_usd: unlevered, over the solved horizon; terminal_value_usd: beside it. first_gw_quarter_count: quarters from
    the start of the plan to the first at whose end a gigawatt is in service, NaN where none is; target_quarter_count:
    to that of the programme's target. served_tokens: over the solved horizon; unserved_frac: of tokens asked for.
    power_w, debt_usd: at the end of each quarter, facility power of racks in service, and debt with what its limits do
    not allow. short_usd: the most by which debt passes its limits; cash_out_frac: 1 where that is more than the minimum
    of cash that is kept for it, else 0. cost_of_capital_per_year, stakes_usd: what capital costs, and what each party
    bears, as `burdens` has them.
    """

    npv_usd: float
    terminal_value_usd: float
    first_gw_quarter_count: float
    target_quarter_count: float
    served_tokens: float
    unserved_frac: float
    power_w: Floats
    debt_usd: Floats
    short_usd: float
    cash_out_frac: float
    cost_of_capital_per_year: float
    stakes_usd: Floats

    @property
    def value_usd(self) -> float:
        """What regret is taken of: net present value with terminal value."""
        return self.npv_usd + self.terminal_value_usd

    @property
    def installed_w(self) -> float:
        """The most facility power that is in service at once."""
        return float(self.power_w.max())

    @property
    def peak_debt_usd(self) -> float:
        """The highest debt."""
        return float(self.debt_usd.max())

    def figures(self) -> Mapping[str, float]:
        """Every figure of `FIGURES` by name."""
        return {name: getattr(self, name) for name in FIGURES}


def evaluate(scenario: Scenario, plan: Plan, future: Future, years: list[SiteYear] | None = None) -> FutureOutcome:
    """A plan held to in a future: nothing is planned anew.

    years: weather and hourly prices of the sites, which no future changes, where the caller has them already.
    """
    out = realised(plan, scenario.asked, future)
    return outcome(scenario_in(scenario, future), out.plan, out.paid_count, years, asked_ratio(future))


def evaluate_anew(
    scenario: Scenario, inputs: xr.Dataset, future: Future, years: list[SiteYear] | None = None
) -> FutureOutcome:
    """A future that is known before anything is ordered: a plan of its own, with tranches in proportion.

    inputs: the planner's arrays as the scenario states them; years: as in `evaluate`.
    Raises Infeasible where hard limits conflict in this future.
    """
    known = branch(scenario, inputs, future, 1.0)
    made = plan_inputs(known.data, known.asked, quiet, with_worth=False)
    return outcome(scenario_in(scenario, future), made, made.data.install_count, years, asked_ratio(future))


def outcome(
    asked_as: Scenario,
    made: Plan,
    paid_count: xr.DataArray,
    years: list[SiteYear] | None = None,
    ratio: float = 1.0,
) -> FutureOutcome:
    """What a plan comes to as it stands: lived through, its books, its debt, who bears what.

    paid_count: racks paid in each quarter. ratio: what is asked of it, in money, over what is stated.
    """
    asked, sums = asked_as.asked, lived_totals(asked_as, made, years)
    served = sums.served_tokens / SECONDS_PER_QUARTER
    per_block = served.expand_dims(block=made.inputs.block.values).transpose("period", "block", "use_case")
    data = made.data.assign(served_tokens_per_s=per_block)
    lines = money.lines(data.assign(install_count=paid_count), made.inputs, asked)
    lived = _booked(asked_as, replace(made, data=data, lines=lines), ratio)
    wanted, shared = float(sums.demand_tokens.sum()), borne(lived)
    return FutureOutcome(
        npv_usd=lived.npv_usd,
        terminal_value_usd=lived.terminal_value_usd,
        **_dates(data, asked),
        served_tokens=float(sums.served_tokens.sum()),
        unserved_frac=float(sums.unserved_tokens.sum()) / wanted if wanted > 0 else 0.0,
        power_w=data.facility_w.sum("site").values,
        debt_usd=lived.revolved.debt_usd,
        short_usd=float(lived.revolved.short_usd.max()),
        cash_out_frac=float(lived.revolved.short_usd.max() > asked.capital.minimum_cash_usd),
        stakes_usd=shared.stakes_usd,
        cost_of_capital_per_year=shared.cost_of_capital_per_year,
    )


def _booked(scenario: Scenario, plan: Plan, ratio: float) -> Lived:
    """A plan as it was lived through, with its lines of money, its debt and what it is worth."""
    asked, data, inputs, lines = scenario.asked, plan.data, plan.inputs, plan.lines
    free, receipts = money.free_cash_flow(lines), financing.releases(data.gross_w, asked, inputs).sum("milestone")
    ahead, rate = advances.lines(-money.total(lines.racks_usd), asked), asked.finance.discount_per_year
    return Lived(
        scenario=scenario,
        plan=plan,
        receipts_usd=receipts.values,
        advanced=ahead,
        revolved=_revolved(asked, inputs, lines, (free + receipts).values + advances.net_usd(ahead, free.size)),
        npv_usd=dollars.npv(free.values, rate),
        terminal_value_usd=money.final_usd(lines, inputs, asked) * float(dollars.discount_ratio(rate, free.size / 4)),
        asked_ratio=ratio,
    )


def _dates(data: xr.Dataset, asked: Asked) -> dict[str, float]:
    """Quarters to the first gigawatt, and to the target, on the basis on which the programme counts it."""
    facility_w = data.facility_w.sum("site").values
    counted_w = facility_w if asked.programme.power_basis == "facility" else data.it_w.sum("site").values
    return {
        "first_gw_quarter_count": _first_reach(facility_w, GIGAWATT_W),
        "target_quarter_count": _first_reach(counted_w, asked.programme.target_w),
    }


def _first_reach(power_w: Floats, mark_w: float) -> float:
    reached = np.flatnonzero(power_w >= mark_w * (1 - 1e-6))
    return float(reached[0]) if reached.size else nan


def _revolved(asked: Asked, inputs: xr.Dataset, lines: xr.Dataset, flow_usd: Floats) -> dollars.Revolved:
    """Cash and debt under the scenario's limits. flow_usd: of each quarter, with tranches and what others advance."""
    capital = asked.capital
    capex = {
        "racks": -money.total(lines.racks_usd) - money.total(lines.network_usd),
        "shells": -money.total(lines.shells_usd),
    }
    booked = book.book_usd(capex, inputs, asked)
    return dollars.revolve(
        flow_usd,
        np.minimum(booked.values * capital.covenant_frac, capital.debt_limit_usd),
        opening_usd=tranches.cash_at_start_usd(asked),
        opening_debt_usd=asked.at_start.debt_usd,
        minimum_usd=capital.minimum_cash_usd,
        quarter_rate_ratio=float(dollars.quarter_rate_ratio(capital.debt_rate_per_year or 0.0)),
    )
