"""Is a plan lawful? Every limit looked at again, from the decisions alone, without the planner's equations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gigawatt.plan import flows, opening
from gigawatt.plan.milestones import milestones
from gigawatt.plan.plan import Plan
from gigawatt.plan.solve import UNITS
from gigawatt.scenario.schema import Scenario

# Largest excess that is the solver's rounding, as a share of the limit's own scale.
TOLERANCE_FRAC = 1e-6
# Quarters from power to money at most, as the schema has it.
LONGEST_LAG = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A limit that a plan exceeds, where, and by what share of its scale."""

    limit: str
    period: str
    excess_ratio: float


def verify(scenario: Scenario, plan: Plan) -> list[Violation]:
    """Every violation of supply, ramp, target, lead time, capacity, demand, cash, covenant, debt, milestones, and of
    what holds distributions back."""
    found = []
    periods = plan.data.period.values
    for limit, excess, scale in _excesses(scenario, plan):
        share = np.max(np.asarray(excess, dtype=float).reshape(len(periods), -1), axis=1) / scale
        found += [
            Violation(limit=limit, period=str(periods[n]), excess_ratio=float(share[n]))
            for n in np.flatnonzero(~(share <= TOLERANCE_FRAC))  # what is no number keeps no limit
        ]
    return found


def _excesses(scenario: Scenario, plan: Plan) -> Iterator[tuple[str, np.ndarray, float]]:
    """Limit in words, by how much it is exceeded in each quarter (rows), and the scale to judge that by."""
    yield from _power(scenario, plan)
    yield from _work(scenario, plan)
    yield from _capital(scenario, plan)
    yield from _distributions(scenario, plan)


def _power(scenario: Scenario, plan: Plan) -> Iterator[tuple[str, np.ndarray, float]]:
    asked, data, given = scenario.asked, plan.data, plan.inputs
    install = data.install_count.values
    bought = np.einsum("tsg,gp->tp", install, given.in_pool_count.values)
    yield "supply", bought - given.supply_count.values, max(float(given.supply_count.max()), 1.0)
    stock = _standing_count(scenario, plan)[1:]
    facility = np.einsum("tsg,g,s->ts", stock, given.rack_it_w.values, given.pue_peak_ratio.values)
    scale = asked.programme.target_w
    yield "power within shells", facility - data.shell_w.values, scale
    yield "ramp", data.shell_w.values - given.ramp_w.values, scale
    stood = opening.shells_at_start_w(given).values
    paid_for = stood + np.cumsum(data.energise_w.values, axis=0)
    yield "shells are paid for over their lead time", data.shell_w.values - paid_for, scale
    it_only = asked.programme.power_basis == "it"
    total = np.einsum("tsg,g->t", stock, given.rack_it_w.values) if it_only else facility.sum(axis=1)
    yield "target", total - scale, scale
    yield "nothing negative", -np.minimum(install, 0).reshape(len(install), -1), max(float(install.max()), 1.0)


def _standing_count(scenario: Scenario, plan: Plan) -> np.ndarray:
    """Racks in service before the first quarter and at the end of each, (quarter, site, platform): all those of the
    last quarters of a life, whether the plan bought them or they stood before it."""
    life = round(4 * scenario.asked.finance.rack_life_years)
    before = opening.cohorts_count(plan.inputs).transpose("before", "site", "platform").values
    every = np.concatenate([before, plan.data.install_count.transpose("period", "site", "platform").values])
    ends = range(len(before), len(every) + 1)
    return np.array([every[max(0, end - life) : end].sum(axis=0) for end in ends])


def _work(scenario: Scenario, plan: Plan) -> Iterator[tuple[str, np.ndarray, float]]:
    data, given = plan.data, plan.inputs
    standing = _standing_count(scenario, plan).sum(axis=1)
    before, stock = standing[:-1], standing[1:]
    busy = data.work_count.sum("use_case").values
    if "train_count" in data:
        busy = busy + data.train_count.sum("run").values[:, None, :]
    if "research_count" in data:
        busy = busy + data.research_count.sum("experiment").values
    yield "racks in service", busy - (stock + before)[:, None, :] / 2, max(float(stock.max()), 1.0)
    rate = given.rack_tokens_per_s.values * given.utilisation_frac.values
    served = np.einsum("tbgk,tgk->tbk", data.work_count.values, rate)
    hours = given.hours_frac.values
    asked_for = given.demand_tokens_per_s.values
    scale = max(float(asked_for.max()), 1.0)
    yield "demand of the quarter", np.einsum("tbk,b->tk", served, hours) - asked_for, scale
    block = served - asked_for[:, None, :] * given.block_ratio.values.T[None]
    yield "demand of the block", block * given.interactive.values, scale
    if "train_count" in data:
        packages = np.einsum("tgr,g->tr", data.train_count.values, given.packages_per_rack_count.values)
        allowed = given.run_gang_count.values * given.run_window.values
        yield "gangs and windows of runs", packages - allowed, max(float(given.run_gang_count.max()), 1.0)


def _capital(scenario: Scenario, plan: Plan) -> Iterator[tuple[str, np.ndarray, float]]:
    asked, data = scenario.asked, plan.data
    capital = asked.capital
    cash, debt = data.cash_usd.values, data.debt_usd.values
    scale = max(float(np.abs(cash).max()), float(debt.max()), UNITS["usd"])
    yield "minimum cash", capital.minimum_cash_usd - cash, scale
    yield "limit of debt", debt - capital.debt_limit_usd, scale
    yield "covenant", debt - capital.covenant_frac * data.book_usd.values, scale
    use = capital.tranches
    if use is None:
        return
    ratio = plan.inputs.pue_peak_ratio.values if use.power_basis == "facility" else np.ones(plan.inputs.sizes["site"])
    before, start, drawn = _before(scenario, plan, ratio)
    gross = start + np.cumsum(np.einsum("tsg,g,s->t", data.install_count.values, plan.inputs.rack_it_w.values, ratio))
    seen = np.concatenate([before[before.size - use.lag_count :], gross])[: gross.size]
    paid = np.cumsum(data.tranche_usd.values, axis=1)
    below = 0.0
    for n, step in enumerate(milestones(asked)):
        share = np.clip((seen - below) / (step.power_w - below), 0, 1)
        lawful = share if use.release == "pro_rata" else (share >= 1 - TOLERANCE_FRAC).astype(float)
        had = np.clip((drawn - below) / (step.power_w - below), 0, 1)
        yield (
            f"tranche of {step.power_w / 1e9:g} GW before its power",
            paid[n] + had * step.amount_usd - np.maximum(lawful, had) * step.amount_usd,
            step.amount_usd,
        )
        below = step.power_w


def _before(scenario: Scenario, plan: Plan, ratio: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Power ever installed at the end of each quarter before the plan, at its start, and up to which tranches were
    paid [W]; ratio: power on the tranches' basis per IT power, (site,)."""
    use, given = scenario.asked.at_start, plan.inputs
    cohorts = opening.cohorts_count(given).transpose("before", "site", "platform").values
    added = np.einsum("bsg,g,s->b", cohorts, given.rack_it_w.values, ratio)
    start = added.sum() if use.gross_w is None else use.gross_w
    earlier = start - added.sum() + np.cumsum(np.concatenate([np.zeros(LONGEST_LAG), added]))
    return earlier, float(start), use.released_w


def _distributions(scenario: Scenario, plan: Plan) -> Iterator[tuple[str, np.ndarray, float]]:
    """What is paid out before the power that locks it up stands, or after a year that does not cover debt service."""
    capital, data = scenario.asked.capital, plan.data
    paid, debt, interest = (data[name].values for name in ("distribution_usd", "debt_usd", "interest_usd"))
    power = data.facility_w.sum("site").values
    scale = max(float(data.cash_usd.values.max()), UNITS["usd"])
    stood = float(opening.start_facility_w(plan.inputs).sum())
    stands = [power[:n].max(initial=stood) for n in range(power.size)]
    locked = np.array(stands) < capital.lock_up_frac * power.max(initial=stood) * (1 - TOLERANCE_FRAC)
    yield "nothing paid out before completion", paid * locked, scale
    free = flows.free_cash_flow(flows.flows(data, plan.inputs, scenario.asked)).values
    service = interest + np.maximum(np.concatenate([[scenario.asked.at_start.debt_usd], debt[:-1]]) - debt, 0.0)
    years = [slice(max(n - 3, 0), n + 1) for n in range(paid.size)]
    short = [capital.distribution_cover_ratio * service[year].sum() - free[year].sum() for year in years]
    yield "nothing paid out without cover", np.where(np.array(short) > TOLERANCE_FRAC * scale, paid, 0.0), scale
    yield "nothing paid out where it is kept", paid * (capital.distribution == "none"), scale
