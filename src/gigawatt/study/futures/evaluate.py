"""What a plan comes to in one future: live through it as it is realised, keep its books, see whether the cash lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import dollars
from gigawatt.account.metrics import GIGAWATT_W
from gigawatt.plan import advances, financing, flows, milestones
from gigawatt.plan.inputs import SECONDS_PER_QUARTER
from gigawatt.plan.plan import Plan, plan_inputs, quiet
from gigawatt.scenario.schema import Scenario
from gigawatt.simulation.outdoors import SiteYear
from gigawatt.simulation.timeline import lived_totals
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
    "served_tokens",
    "unserved_frac",
    "peak_debt_usd",
    "short_usd",
    "cash_out_frac",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureOutcome:
    """A plan in a future.

    npv_usd: unlevered, over the solved horizon; terminal_value_usd: beside it. first_gw_quarter_count: quarters from
    the start of the plan to the first at whose end a gigawatt is in service, NaN where none is. served_tokens: over
    the solved horizon; unserved_frac: of tokens asked for. power_w, debt_usd: at the end of each quarter, facility
    power of racks in service, and debt with what its limits do not allow. short_usd: the most by which debt passes its
    limits; cash_out_frac: 1 where that is more than the minimum of cash that is kept for it, else 0.
    """

    npv_usd: float
    terminal_value_usd: float
    first_gw_quarter_count: float
    served_tokens: float
    unserved_frac: float
    power_w: Floats
    debt_usd: Floats
    short_usd: float
    cash_out_frac: float

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
    return outcome(scenario_in(scenario, future), out.plan, out.paid_count, years)


def evaluate_anew(
    scenario: Scenario, inputs: xr.Dataset, future: Future, years: list[SiteYear] | None = None
) -> FutureOutcome:
    """A future that is known before anything is ordered: a plan of its own, with tranches in proportion.

    inputs: the planner's arrays as the scenario states them; years: as in `evaluate`.
    Raises Infeasible where hard limits conflict in this future.
    """
    known = branch(scenario, inputs, future, 1.0)
    made = plan_inputs(known.data, known.asked, quiet, with_worth=False)
    return outcome(scenario_in(scenario, future), made, made.data.install_count, years)


def outcome(
    asked_as: Scenario, made: Plan, paid_count: xr.DataArray, years: list[SiteYear] | None = None
) -> FutureOutcome:
    """What a plan comes to as it stands: lived through, its books, its debt. paid_count: racks paid in each quarter."""
    sums = lived_totals(asked_as, made, years)
    served = sums.served_tokens / SECONDS_PER_QUARTER
    per_block = served.expand_dims(block=made.inputs.block.values).transpose("period", "block", "use_case")
    data = made.data.assign(served_tokens_per_s=per_block)
    lines = flows.flows(data.assign(install_count=paid_count), made.inputs, asked_as.asked)
    free = flows.free_cash_flow(lines)
    rate = asked_as.asked.finance.discount_per_year
    end = float(dollars.discount_ratio(rate, free.size / 4))
    power = data.facility_w.sum("site").values
    reached = np.flatnonzero(power >= GIGAWATT_W * (1 - 1e-6))
    revolved = _revolved(asked_as, data, made.inputs, lines, free)
    wanted = float(sums.demand_tokens.sum())
    return FutureOutcome(
        npv_usd=dollars.npv(free.values, rate),
        terminal_value_usd=flows.final_usd(lines, made.inputs, asked_as.asked) * end,
        first_gw_quarter_count=float(reached[0]) if reached.size else nan,
        served_tokens=float(sums.served_tokens.sum()),
        unserved_frac=float(sums.unserved_tokens.sum()) / wanted if wanted > 0 else 0.0,
        power_w=power,
        debt_usd=revolved.debt_usd,
        short_usd=float(revolved.short_usd.max()),
        cash_out_frac=float(revolved.short_usd.max() > asked_as.asked.capital.minimum_cash_usd),
    )


def _revolved(
    scenario: Scenario, data: xr.Dataset, inputs: xr.Dataset, lines: xr.Dataset, free: xr.DataArray
) -> dollars.Revolved:
    """Cash and debt under the scenario's limits, with the tranches that the gigawatts release."""
    asked, capital = scenario.asked, scenario.asked.capital
    capex = {
        "racks": -flows.total(lines.racks_usd) - flows.total(lines.network_usd),
        "shells": -flows.total(lines.shells_usd),
    }
    book = financing.book_usd(capex, inputs, asked)
    receipts = financing.releases(data.gross_w, asked, inputs).sum("milestone")
    ahead = advances.lines(-flows.total(lines.racks_usd), asked)
    return dollars.revolve(
        (free + receipts).values + advances.net_usd(ahead, free.size),
        np.minimum(book.values * capital.covenant_frac, capital.debt_limit_usd),
        opening_usd=milestones.cash_at_start_usd(asked),
        opening_debt_usd=asked.at_start.debt_usd,
        minimum_usd=capital.minimum_cash_usd,
        quarter_rate_ratio=float(dollars.quarter_rate_ratio(capital.debt_rate_per_year or 0.0)),
    )
