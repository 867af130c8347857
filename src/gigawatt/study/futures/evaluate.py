"""What a plan comes to in one future: live through it as it is realised, keep its books, see whether the cash lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
import xarray as xr

from gigawatt import dollars
from gigawatt.account import contracts
from gigawatt.ndarrays import Floats
from gigawatt.plan import financing
from gigawatt.plan.plan import Plan, plan_inputs
from gigawatt.programme import advances, book, money, opening, tranches
from gigawatt.programme.site_mix import counted_w
from gigawatt.progress import quiet
from gigawatt.quarters import SECONDS_PER_QUARTER, first_reached
from gigawatt.scenario.schema import Asked, Scenario
from gigawatt.simulation import racks
from gigawatt.simulation.outdoors import SiteYear, site_years
from gigawatt.simulation.served import ServedTokens, served
from gigawatt.study.futures.burdens import Lived, Owner, asked_ratio, borne, owners
from gigawatt.study.futures.draws import Future
from gigawatt.study.futures.hedging import branch
from gigawatt.study.futures.realised import DRAW, Realised, realised, scenario_in
from gigawatt.units import GIGAWATT_W

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
    """A plan held to in a future: nothing is planned anew. Arguments as of `evaluate_all`."""
    return evaluate_all(scenario, plan, [future], years)[0]


def evaluate_all(
    scenario: Scenario, plan: Plan, futures: Sequence[Future], years: list[SiteYear] | None = None
) -> list[FutureOutcome]:
    """A plan held to in each of many futures, lived through together: what is alike in them is done once.

    years: weather and hourly prices of the sites, which no future changes, where the caller has them already.
    """
    out = realised(plan, scenario.asked, futures)
    return _outcomes(scenario, out, racks.pairs(plan), futures, years)


def evaluate_anew(
    scenario: Scenario, inputs: xr.Dataset, future: Future, years: list[SiteYear] | None = None
) -> FutureOutcome:
    """A future that is known before anything is ordered: a plan of its own, with tranches in proportion.

    inputs: the planner's arrays as the scenario states them; years: as in `evaluate_all`.
    Raises Infeasible where hard limits conflict in this future.
    """
    known = branch(scenario, inputs, future, 1.0)
    made = plan_inputs(known.data, known.asked, quiet, with_worth=False)
    one = replace(made, data=made.data.expand_dims(DRAW))
    return _outcomes(
        scenario, Realised(plan=one, paid_count=one.data.install_count), racks.pairs(made), [future], years
    )[0]


def _outcomes(
    scenario: Scenario, out: Realised, at: racks.Pairs, futures: Sequence[Future], years: list[SiteYear] | None
) -> list[FutureOutcome]:
    """What plans come to as they are realised: lived through, their books, their debt, who bears what.

    at: pairs of site and platform that may hold racks.
    """
    scenarios = [scenario_in(scenario, future) for future in futures]
    sums = served(scenarios, out.plan, at, site_years(scenario) if years is None else years)
    every = _booked(scenario, out, sums)
    lived = [_lived(*one, every, draw) for draw, one in enumerate(zip(scenarios, futures, strict=True))]
    return [_outcome(one, every, sums, draw) for draw, one in enumerate(lived)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Booked:
    """Plans as they were lived through in many futures, each in or at the end of every quarter, (draw, quarters).

    lines_usd: sums of their lines of money, by name; receipts_usd: from tranches; book_usd: book value; power_w,
    counted_w: facility power in service, and power on the programme's basis. let_w: facility power that is let, by
    site; owners: of the shells there. inputs: of the plans.
    """

    lines_usd: Mapping[str, Floats]
    receipts_usd: Floats
    book_usd: Floats
    power_w: Floats
    counted_w: Floats
    let_w: Mapping[str, Floats]
    owners: Mapping[str, Owner]
    inputs: xr.Dataset


def _booked(scenario: Scenario, out: Realised, sums: ServedTokens) -> _Booked:
    """The money of plans in many futures. No line of money hangs on a rate that differs between them."""
    data, inputs, asked = out.plan.data, out.plan.inputs, scenario.asked
    tokens = np.repeat((sums.served_tokens / SECONDS_PER_QUARTER)[:, :, None], inputs.sizes["block"], axis=2)
    coords = {name: inputs[name].values for name in ("period", "block", "use_case")}
    per_block = xr.DataArray(tokens, dims=(DRAW, *coords), coords=coords)
    each = money.lines(data.assign(served_tokens_per_s=per_block, install_count=out.paid_count), inputs, asked)
    lines = {name: money.total(line) for name, line in each.items()}
    capex = money.capital_usd(lines)
    owned = owners(scenario, inputs)
    return _Booked(
        lines_usd={str(name): _by_quarter(line) for name, line in lines.items()},
        receipts_usd=_by_quarter(financing.releases(data.gross_w, asked, inputs).sum("milestone")),
        book_usd=_by_quarter(book.book_usd(capex, inputs, asked)),
        power_w=_by_quarter(counted_w(data, "facility")),
        counted_w=_by_quarter(counted_w(data, asked.programme.power_basis)),
        let_w={
            site: contracts.most_w(_by_quarter(data.shell_w.sel(site=site)), contracts.least_w(inputs, site))
            for site in owned
        },
        owners=owned,
        inputs=inputs,
    )


def _by_quarter(values: xr.DataArray) -> Floats:
    return np.asarray(values.transpose(DRAW, "period").values)


def _lived(scenario: Scenario, future: Future, every: _Booked, draw: int) -> Lived:
    """One of the plans as it was lived through."""
    asked, rate = scenario.asked, scenario.asked.finance.discount_per_year
    lines, receipts = {name: line[draw] for name, line in every.lines_usd.items()}, every.receipts_usd[draw]
    flow = np.sum([lines[name] for name in money.LINES], axis=0)
    ahead = _advanced(-lines["racks_usd"], every.inputs, asked)
    end = float(dollars.discount_ratio(rate, flow.size / 4))
    left = money.left_usd(-lines["racks_usd"] - lines["network_usd"], -lines["shells_usd"], asked).sum()
    return Lived(
        scenario=scenario,
        lines_usd=lines,
        receipts_usd=receipts,
        book_usd=every.book_usd[draw],
        advanced=ahead,
        revolved=_revolved(asked, flow + receipts + advances.net_usd(ahead, flow.size), every.book_usd[draw]),
        npv_usd=dollars.npv(flow, rate),
        terminal_value_usd=(float(left) + opening.terminal_usd(every.inputs, asked)) * end,
        asked_ratio=asked_ratio(future),
        owners=every.owners,
        let=[one for site, owner in every.owners.items() for one in owner.letting.lets(every.let_w[site][draw])],
    )


def _advanced(racks_usd: Floats, inputs: xr.Dataset, asked: Asked) -> dict[str, advances.Advanced]:
    """What is advanced by whom; racks_usd: price of the racks that are paid in each quarter."""
    if asked.capital.vendor is None and asked.capital.customer is None:
        return {}
    coords = {"period": inputs.period.values}
    return advances.lines(xr.DataArray(racks_usd, dims="period", coords=coords), asked)


def _outcome(lived: Lived, every: _Booked, sums: ServedTokens, draw: int) -> FutureOutcome:
    asked, shared = lived.asked, borne(lived)
    wanted, short = float(sums.demand_tokens[draw].sum()), float(lived.revolved.short_usd.max())
    return FutureOutcome(
        npv_usd=lived.npv_usd,
        terminal_value_usd=lived.terminal_value_usd,
        first_gw_quarter_count=_first_reach(every.power_w[draw], GIGAWATT_W),
        target_quarter_count=_first_reach(every.counted_w[draw], asked.programme.target_w),
        served_tokens=float(sums.served_tokens[draw].sum()),
        unserved_frac=float(sums.unserved_tokens[draw].sum()) / wanted if wanted > 0 else 0.0,
        power_w=every.power_w[draw],
        debt_usd=lived.revolved.debt_usd,
        short_usd=short,
        cash_out_frac=float(short > asked.capital.minimum_cash_usd),
        stakes_usd=shared.stakes_usd,
        cost_of_capital_per_year=shared.cost_of_capital_per_year,
    )


def _first_reach(power_w: Floats, mark_w: float) -> float:
    reached = first_reached(power_w, mark_w)
    return nan if reached is None else float(reached)


def _revolved(asked: Asked, flow_usd: Floats, book_usd: Floats) -> dollars.Revolved:
    """Cash and debt under the scenario's limits. flow_usd: of each quarter, with tranches and what others advance."""
    capital = asked.capital
    return dollars.revolve(
        flow_usd,
        np.minimum(book_usd * capital.covenant_frac, capital.debt_limit_usd),
        opening_usd=tranches.cash_at_start_usd(asked),
        opening_debt_usd=asked.at_start.debt_usd,
        minimum_usd=capital.minimum_cash_usd,
        quarter_rate_ratio=float(dollars.quarter_rate_ratio(capital.debt_rate_per_year or 0.0)),
    )
