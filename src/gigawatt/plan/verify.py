"""Is a plan lawful? Every limit seen again, from the decisions and their money, without the planner's equations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gigawatt.plan.plan import Plan
from gigawatt.programme import money, opening
from gigawatt.programme.tranches import cash_at_start_usd, milestones
from gigawatt.quarters import quarter_number
from gigawatt.scenario.schema import CustomerFinancing, Scenario, VendorFinancing
from gigawatt.solver import UNITS

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
    """Every violation of supply, ramp, target, lead time, capacity, demand, cash, covenant, debt, milestones, leases,
    what is owed to vendor and customer, and of what holds distributions back."""
    found = []
    periods = plan.data.period.values
    for limit, excess, scale in _excesses(scenario, plan):
        share = np.max(np.asarray(excess, dtype=float).reshape(len(periods), -1), axis=1, initial=-np.inf) / scale
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
    free = money.free_cash_flow(plan.lines).values
    ahead, back = advanced_usd(scenario, -money.total(plan.lines.racks_usd).values)
    yield from _cash(scenario, plan, free + ahead - back)
    yield from _distributions(scenario, plan, free, back)
    yield from _rent(scenario, plan, -plan.lines.rent_usd.transpose("period", "site").values)


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
    life = scenario.asked.finance.rack_life_count
    before = opening.cohorts_count(plan.inputs).transpose("before", "site", "platform").values
    every = np.concatenate([before, plan.data.install_count.transpose("period", "site", "platform").values])
    ends = range(len(before), len(every) + 1)
    return np.array([every[max(0, end - life) : end].sum(axis=0) for end in ends])


def _work(scenario: Scenario, plan: Plan) -> Iterator[tuple[str, np.ndarray, float]]:
    data, given = plan.data, plan.inputs
    standing = _standing_count(scenario, plan).sum(axis=1)
    before, stock = standing[:-1], standing[1:]
    busy = data.work_count.sum("use_case").values
    busy = busy + data.train_count.sum("run").values[:, None, :] + data.research_count.sum("experiment").values
    yield "racks in service", busy - (stock + before)[:, None, :] / 2, max(float(stock.max()), 1.0)
    rate = given.rack_tokens_per_s.values * given.utilisation_frac.values * float(given.availability_frac)
    served = np.einsum("tbgk,tgk->tbk", data.work_count.values, rate)
    hours = given.hours_frac.values
    asked_for = given.demand_tokens_per_s.values
    scale = max(float(asked_for.max()), 1.0)
    yield "demand of the quarter", np.einsum("tbk,b->tk", served, hours) - asked_for, scale
    block = served - asked_for[:, None, :] * given.block_ratio.values.T[None]
    yield "demand of the block", block * given.interactive.values, scale
    packages = np.einsum("tgr,g->tr", data.train_count.values, given.packages_per_rack_count.values)
    allowed = given.run_gang_count.values * given.run_window.values
    yield "gangs and windows of runs", packages - allowed, max(float(given.run_gang_count.values.max(initial=0)), 1.0)


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
            max(step.amount_usd, 1.0),
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


def _cash(scenario: Scenario, plan: Plan, flow_usd: np.ndarray) -> Iterator[tuple[str, np.ndarray, float]]:
    """Cash is what was there and all that came and went since; flow_usd: free cash flow, with what vendor and customer
    bring and take."""
    data, start = plan.data, scenario.asked.at_start
    cash = np.concatenate([[cash_at_start_usd(scenario.asked)], data.cash_usd.values])
    debt = np.concatenate([[start.debt_usd], data.debt_usd.values])
    flow = flow_usd + data.tranche_usd.values.sum(axis=0) - data.interest_usd.values - data.distribution_usd.values
    scale = max(float(np.abs(cash).max()), float(debt.max()), UNITS["usd"])
    yield "cash is what came and went", np.abs(np.diff(cash) - np.diff(debt) - flow), scale


def advanced_usd(scenario: Scenario, racks_usd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What vendor and customer bring in each quarter, and what goes back to them in level parts [USD], (quarters,)."""
    asked, count = scenario.asked, racks_usd.size
    vendor, customer = asked.capital.vendor, asked.capital.customer
    came, went = np.zeros(count), np.zeros(count)
    start = quarter_number(scenario.quarters[0])
    sums: list[tuple[int, float, VendorFinancing | CustomerFinancing]] = []
    if vendor is not None:
        sums += [(n, vendor.share_frac * usd, vendor) for n, usd in enumerate(racks_usd.tolist())]
        loans = asked.at_start.vendor_loans
        sums += [(quarter_number(loan.lent_date) - start, loan.amount_usd, vendor) for loan in loans]
    if customer is not None:
        sums.append((quarter_number(customer.paid_date) - start, customer.amount_usd, customer))
    for quarter, amount, terms in sums:
        parts, rate = round(4 * terms.term_years), (1 + terms.rate_per_year) ** 0.25 - 1
        part = amount / parts if rate == 0 else amount * rate / (1 - (1 + rate) ** -parts)
        came[quarter : quarter + 1] += amount if quarter >= 0 else 0.0
        went[max(quarter + 1, 0) : max(quarter + 1 + parts, 0)] += part
    return came, went


def _rent(scenario: Scenario, plan: Plan, paid_usd: np.ndarray) -> Iterator[tuple[str, np.ndarray, float]]:
    """What is paid of a lease is at least its minimum, counted delivery by delivery; paid_usd: (quarter, site)."""
    given, least = plan.inputs, np.zeros_like(paid_usd)
    for n, (site, use) in enumerate(scenario.asked.sites.items()):
        lease = use.lease
        late = lease is not None and lease.way_out_years is not None and use.slip_count > 4 * lease.way_out_years
        if lease is None or not lease.minimum_take_frac:
            continue
        growth = ((1 + lease.escalator_per_year) / (1 + scenario.asked.finance.inflation_per_year)) ** 0.25
        rent = float(given.yearly_rent_usd_per_w.sel(site=site)) / 4 * lease.minimum_take_frac
        stood = float(opening.start_shell_w(given).sel(site=site))  # these pay as `paid_usd` says, and at least as much
        power, ages = stood, np.arange(len(paid_usd))
        ramp = given.ramp_w.sel(site=site).values
        years = scenario.asked.finance.lease_life_years if lease.term_years is None else lease.term_years
        for quarter, there in enumerate((np.minimum(ramp, ramp[0]) if late else ramp).tolist()):
            term = ages[: max(0, min(len(ages) - quarter, round(4 * years)))]
            shares = np.where(term == 0, 0.5, growth**term)
            least[quarter : quarter + term.size, n] += max(there - power, 0.0) * rent * shares
            power = max(power, there)
    yield "minimum rent of leases", least - paid_usd, max(float(paid_usd.max(initial=0.0)), UNITS["usd"] / 1e3)


def _distributions(
    scenario: Scenario, plan: Plan, free: np.ndarray, back_usd: np.ndarray
) -> Iterator[tuple[str, np.ndarray, float]]:
    """What is paid out before the power that locks it up stands, or after a year that does not cover debt service, that
    of vendor and customer with it."""
    capital, data = scenario.asked.capital, plan.data
    paid, debt, interest = (data[name].values for name in ("distribution_usd", "debt_usd", "interest_usd"))
    power = data.facility_w.sum("site").values
    scale = max(float(data.cash_usd.values.max()), UNITS["usd"])
    stood = float(opening.start_facility_w(plan.inputs).sum())
    stands = [power[:n].max(initial=stood) for n in range(power.size)]
    locked = np.array(stands) < capital.lock_up_frac * power.max(initial=stood) * (1 - TOLERANCE_FRAC)
    yield "nothing paid out before completion", paid * locked, scale
    service = (
        back_usd + interest + np.maximum(np.concatenate([[scenario.asked.at_start.debt_usd], debt[:-1]]) - debt, 0.0)
    )
    years = [slice(max(n - 3, 0), n + 1) for n in range(paid.size)]
    short = [capital.distribution_cover_ratio * service[year].sum() - free[year].sum() for year in years]
    yield "nothing paid out without cover", np.where(np.array(short) > TOLERANCE_FRAC * scale, paid, 0.0), scale
    yield "nothing paid out where it is kept", paid * (capital.distribution == "none"), scale
