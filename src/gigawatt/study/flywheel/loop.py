"""The loop over plan and demand: does a plan, with the research that it affords, earn the demand that it was made for?

A scenario's demand presumes that the research which it asks for is done. In a turn the demand of quarter t is the
scenario's times f[t], research is asked for in proportion to f[t]^e, and a plan is made. With F*[t] the research
compute that the scenario asks for before quarter t, F[t] what the plan does, and F0 what had been done when both begin,

    d[t] = log10((F0 + F[t]) / (F0 + F*[t]))           orders of effective compute, as against the scenario's
    r[t] = users_ratio(s[t], o, d[t]) · g^d[t]         demand that comes back; s: share of people who are users
    q[t] = p^d[t]                                      its price over the scenario's
    f ← f · (r / f)^λ    until |r / f − 1| < 1 %       in every quarter; λ: damping; q likewise

Algorithmic progress is in both and cancels. A run counts when its window ends, for what was trained of it. The way
back, revenue → capital → compute, is the plan's own: its cash, debt and tranches. The planner does not know that
research brings demand: it does research for the penalties and worths of the scenario.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.account.accounts import Accounts, account
from gigawatt.ndarrays import Floats
from gigawatt.plan.plan import Plan, plan_inputs
from gigawatt.programme import work_done
from gigawatt.programme.arrays import arrays
from gigawatt.progress import Progress, quiet
from gigawatt.quarters import sample
from gigawatt.scenario.flywheel import Flywheel
from gigawatt.scenario.schema import Scenario

CLOSE_FRAC = 0.01
MOST_TURNS = 12
# Demand beyond these is no longer that of the scenario; the loop does not follow it there.
LEAST_DEMAND, MOST_DEMAND = 0.01, 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRatios:
    """What is asked for and at which price, over the scenario's own, by quarter."""

    volume_ratio: Floats
    price_ratio: Floats

    def moved(self, response: AskedRatios, damping_frac: float) -> AskedRatios:
        """A share of the way, in logarithms, to what comes back."""
        volume = self.volume_ratio * (response.volume_ratio / self.volume_ratio) ** damping_frac
        price = self.price_ratio * (response.price_ratio / self.price_ratio) ** damping_frac
        return AskedRatios(volume_ratio=np.clip(volume, LEAST_DEMAND, MOST_DEMAND), price_ratio=price)

    def off_frac(self, response: AskedRatios) -> float:
        """How far what comes back is from what was planned for, in the quarter where it is farthest."""
        volume = np.abs(response.volume_ratio / self.volume_ratio - 1)
        return float(max(volume.max(), np.abs(response.price_ratio / self.price_ratio - 1).max()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn: a plan for a demand, and the demand that its research brings back.

    demand_ratio, response_ratio: of the last reported quarter. change_frac: the largest of all quarters.
    """

    start_ratio: float
    number: int
    peak_w: float
    npv_usd: float
    demand_ratio: float
    response_ratio: float
    change_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spin:
    """The turns from one start; of the last one the plan, its books, its demand, and `ahead_count` of its research."""

    turns: tuple[Turn, ...]
    plan: Plan
    accounts: Accounts
    demand: AskedRatios
    ahead_count: Floats

    @property
    def start_ratio(self) -> float:
        return self.turns[0].start_ratio

    @property
    def converged(self) -> bool:
        return self.turns[-1].change_frac < CLOSE_FRAC


def spin(
    scenario: Scenario, wheel: Flywheel, start_ratio: float, damping_frac: float, progress: Progress = quiet
) -> Spin:
    """Turn the wheel from a demand of start_ratio times the scenario's, until it stands or `MOST_TURNS` are made."""
    base = arrays(scenario)
    count = base.sizes["period"]
    demand = AskedRatios(volume_ratio=np.full(count, start_ratio), price_ratio=np.ones(count))
    turns: list[Turn] = []
    while True:
        progress(f"from {start_ratio:g} times the demand, turn {len(turns) + 1}")
        made = plan_inputs(asked_for(base, wheel, demand), scenario.asked, quiet, with_worth=False)
        books = account(scenario, made)
        ahead = ahead_count(base, made, wheel)
        response = coming_back(wheel, users_count(scenario), ahead)
        last = scenario.reported_count - 1
        turn = Turn(
            start_ratio=start_ratio,
            number=len(turns) + 1,
            peak_w=books.headline.installed_facility_w,
            npv_usd=books.values.npv_usd,
            demand_ratio=float(demand.volume_ratio[last]),
            response_ratio=float(response.volume_ratio[last]),
            change_frac=demand.off_frac(response),
        )
        turns.append(turn)
        if turn.change_frac < CLOSE_FRAC or turn.number == MOST_TURNS:
            return Spin(turns=tuple(turns), plan=made, accounts=books, demand=demand, ahead_count=ahead)
        demand = demand.moved(response, damping_frac)


def asked_for(base: xr.Dataset, wheel: Flywheel, demand: AskedRatios) -> xr.Dataset:
    """The scenario's arrays with a demand's tokens and prices, and research in proportion to its volume."""
    volume, price = (xr.DataArray(values, dims="period") for values in (demand.volume_ratio, demand.price_ratio))
    research = volume**wheel.research_elasticity_ratio
    return base.assign(
        demand_tokens_per_s=base.demand_tokens_per_s * volume,
        price_usd_per_mtok=base.price_usd_per_mtok * price,
        experiment_wish_flop=base.experiment_wish_flop * research,
        run_volume_flop=base.run_volume_flop * xr.DataArray(research.values[_ends(base)], dims="run"),
    )


def coming_back(wheel: Flywheel, users: Floats, ahead: Floats) -> AskedRatios:
    """The demand of research that is so many orders of magnitude ahead of the scenario's (behind: below 0), by quarter.

    users: weekly users that the scenario presumes, 0 where it counts none.
    """
    grown = tokens.users_ratio(users / wheel.people_count, wheel.users_odds_ratio, ahead)
    return AskedRatios(
        volume_ratio=grown * tokens.grown_ratio(wheel.user_tokens_ratio, ahead),
        price_ratio=tokens.grown_ratio(wheel.token_price_ratio, ahead),
    )


def users_count(scenario: Scenario) -> Floats:
    """Weekly users of the scenario by quarter, of its largest class of people; 0 where it counts none."""
    people = [use.people for use in scenario.asked.use_cases.values() if use.people is not None]
    users = [sample(one.weekly_users_count, scenario.quarters, "log") for one in people]
    return np.asarray(np.max(users, axis=0)) if users else np.zeros(len(scenario.quarters))


def ahead_count(base: xr.Dataset, made: Plan, wheel: Flywheel) -> Floats:
    """Orders of magnitude of a plan's research compute before each quarter over what the scenario asks for."""
    before = wheel.research_before_flop
    wished = _summed(base, base.experiment_wish_flop.sum("experiment").values, base.run_volume_flop.values)
    return tokens.orders_count(before + done_flop(made), before + wished)


def done_flop(made: Plan) -> Floats:
    """Research compute that a plan has done before each quarter [FLOP]."""
    data, given = made.data, made.inputs
    trained, tried = work_done.trained_flop(data, given), work_done.tried_flop(data, given)
    return _summed(given, tried.sum("experiment").values, trained.sum("period").values)


def _summed(data: xr.Dataset, tried_flop: Floats, trained_flop: Floats) -> Floats:
    """Experiments of each quarter and runs at the end of their windows, summed up to before each quarter."""
    flow = np.array(tried_flop, dtype=float)
    np.add.at(flow, _ends(data), trained_flop)
    return np.concatenate([[0.0], np.cumsum(flow)[:-1]])


def _ends(data: xr.Dataset) -> NDArray[np.intp]:
    """The last quarter of each run's window, as a position."""
    return np.asarray(data.run_window.cumsum("period").argmax("period").values, dtype=np.intp)
