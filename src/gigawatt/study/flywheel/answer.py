"""What the flywheel comes to, as figures: its numbers with their grades, the past, the loop from two starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from gigawatt import tokens
from gigawatt.errors import Fault, ScenarioError
from gigawatt.plan.exact import exact
from gigawatt.plan.plan import quiet
from gigawatt.plan.search import ENDED
from gigawatt.quarters import QUARTERS_PER_YEAR
from gigawatt.scenario.flywheel import PATH, Flywheel
from gigawatt.scenario.schema import Scenario
from gigawatt.study import drift, implausible
from gigawatt.study.flywheel.backtest import backtest, curves, fitted, mean_error_frac, past
from gigawatt.study.flywheel.loop import LEAST_DEMAND, MOST_DEMAND, Progress, Spin, done_flop, spin, users_count
from gigawatt.study.summary import strict
from gigawatt.units import split

# The other start, beside the one asked for: the scenario as it stands.
AS_IT_STANDS = 1.0
# Fixed points that differ by less are one: each is known to the loop's tolerance, and plans to their gap.
SAME_FRAC = 0.05
# Share of the trend's error below which the wheel's is clearly less.
CLEARLY_BETTER = 0.8
ELASTICITIES = (
    "users_odds_ratio",
    "user_tokens_ratio",
    "token_price_ratio",
    "research_elasticity_ratio",
    "capital_per_revenue_ratio",
)
# Of these, what two points of the past give.
FITTED = ("users_odds_ratio", "user_tokens_ratio", "capital_per_revenue_ratio")


@exact()
def figures(
    scenario: Scenario,
    *,
    start_ratio: float = 0.5,
    damping_frac: float = 0.8,
    only_backtest: bool = False,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """The fields of `gigawatt flywheel --json`; what the loop gives is empty with only_backtest.

    start_ratio: first guess of demand over the scenario's. damping_frac: share of each step that is taken.
    Raises ScenarioError for bad input, Infeasible where hard limits conflict.
    """
    wheel = _wheel(scenario, only_backtest=only_backtest)
    _check_options(start_ratio, damping_frac)
    history = scenario.records.history[wheel.history]
    rows = backtest(wheel, history)
    notes = _past_notes(rows)
    loop: dict[str, Any] = {"iterations": [], "converged": None, "fixed_point": None}
    if not only_backtest:
        starts = sorted({start_ratio, AS_IT_STANDS})
        spins = [spin(scenario, wheel, start, damping_frac, progress) for start in starts]
        loop = _loop(scenario, wheel, spins)
        notes |= _loop_notes(spins)
    return strict(
        {
            "gigawatt": version("gigawatt"),
            "scenario": scenario.name,
            "hash": scenario.hash,
            "notes": [
                *({"code": code, "path": PATH, "text": text} for code, text in notes.items()),
                *(asdict(note) for note in (*implausible.notes(scenario.implausible), *drift.notes(scenario))),
            ],
            "company": history.name,
            "elasticities": _numbers(scenario, wheel),
            "backtest": rows,
            "curves": curves(wheel, history),
            **loop,
        }
    )


def _wheel(scenario: Scenario, *, only_backtest: bool) -> Flywheel:
    wheel, asked = scenario.asked.flywheel, scenario.asked
    if wheel is None:
        expected = f"a table [{PATH}] with its elasticities, such as that of loi-2025-09"
        raise ScenarioError([Fault(path=PATH, given="missing", expected=expected)])
    if not (only_backtest or asked.training_runs or asked.experiments):
        expected = "a run or experiments: without them capability does not depend on the plan (--backtest needs none)"
        raise ScenarioError([Fault(path="training_runs", given="none", expected=expected)])
    return wheel


def _check_options(start_ratio: float, damping_frac: float) -> None:
    faults = []
    if not LEAST_DEMAND <= start_ratio <= MOST_DEMAND:
        expected = f"a factor on the scenario's demand, from {LEAST_DEMAND:g} to {MOST_DEMAND:g}"
        faults.append(Fault(path="--start", given=f"{start_ratio:g}", expected=expected))
    if not 0 < damping_frac <= 1:
        expected = "the share of each step that is taken, above 0 and at most 1"
        faults.append(Fault(path="--damping", given=f"{damping_frac:g}", expected=expected))
    if faults:
        raise ScenarioError(faults)


def _numbers(scenario: Scenario, wheel: Flywheel) -> list[dict[str, Any]]:
    """Every number of the wheel with its grade and source, and what the past gives where it gives one."""
    given = fitted(wheel, past(scenario.records.history[wheel.history]))
    rows = []
    for name in [field for field in Flywheel.__slots__ if field != "history"]:
        evidence = scenario.evidence.get(f"{PATH}.{name}")
        rows.append(
            {
                "name": split(name)[0],
                "unit": split(name)[1],
                "value": getattr(wheel, name),
                "elasticity": name in ELASTICITIES,
                "fitted": getattr(given, name) if name in FITTED else None,
                "grade": evidence.grade if evidence else None,
                "source": evidence.source.url if evidence and evidence.source else None,
                "low": evidence.low if evidence else None,
                "high": evidence.high if evidence else None,
                "note": evidence.note if evidence else "",
            }
        )
    return rows


def _loop(scenario: Scenario, wheel: Flywheel, spins: Sequence[Spin]) -> dict[str, Any]:
    """The turns, and the fixed point that the scenario as it stands leads to."""
    chosen = next(one for one in spins if one.start_ratio == AS_IT_STANDS)
    converged = all(one.converged for one in spins)
    ends = np.log([one.demand.volume_ratio[: scenario.reported_count] for one in spins])
    first, last = chosen.turns[0], chosen.turns[-1]
    return {
        "iterations": [asdict(turn) for one in spins for turn in one.turns],
        "converged": converged,
        "fixed_point": {
            "same_from_every_start": bool(np.ptp(ends, axis=0).max() < SAME_FRAC) if converged else None,
            "gain_ratio": _gain(spins),
            "demand_ratio": last.demand_ratio,
            "peak_w": last.peak_w,
            "npv_usd": last.npv_usd,
            "first_peak_w": first.peak_w,
            "first_npv_usd": first.npv_usd,
            "chain": _chain(scenario, wheel, chosen),
        },
    }


def _gain(spins: Sequence[Spin]) -> float | None:
    """What a turn leaves of a difference in demand, in logarithms: below 1 it dies out, above 1 it grows."""
    if len(spins) < 2:
        return None
    low, high = (one.turns[0] for one in spins)
    return float(np.log(high.response_ratio / low.response_ratio) / np.log(high.demand_ratio / low.demand_ratio))


def _chain(scenario: Scenario, wheel: Flywheel, of: Spin) -> list[dict[str, Any]]:
    """Each link at the last quarter of each reported year; revenue and capital are those of the year."""
    quarters = scenario.quarters[: scenario.reported_count]
    before, done = wheel.research_before_flop, done_flop(of.plan)
    passed = np.arange(done.size) / QUARTERS_PER_YEAR
    effective = tokens.effective_flop(before + done, passed, wheel.algorithmic_progress_per_year)
    orders = tokens.orders_count(effective, before)
    presumed = users_count(scenario)
    users = presumed * tokens.users_ratio(presumed / wheel.people_count, wheel.users_odds_ratio, of.ahead_count)
    books, power = of.accounts.statements, of.plan.data.facility_w.sum("site")
    rows = []
    for year in sorted({quarter[:4] for quarter in quarters}):
        at = [n for n, quarter in enumerate(quarters) if quarter.startswith(year)]
        rows.append(
            {
                "year": year,
                "power_w": float(power[at[-1]]),
                "research_flop": float(done[at[-1]]),
                "research_of_asked_ratio": float(10 ** of.ahead_count[at[-1]]),
                "orders_count": float(orders[at[-1]]),
                "weekly_users_count": float(users[at[-1]]) or None,
                "demand_ratio": float(of.demand.volume_ratio[at[-1]]),
                "revenue_usd": float(books.revenue[at].sum()),
                "capex_usd": -float(books.investing_cash[at].sum()),
            }
        )
    return rows


def _past_notes(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What a reader must know before trusting what the past says of the wheel."""
    texts = {
        "two_points": "Capital per revenue, the odds of a user and what tokens and price make together are set on two "
        "points each, exactly: nothing is left over to test them on but what is held out. All growth of those years is "
        "laid to capability; awareness, distribution and rivals are in it too.",
    }
    wheel, trend = mean_error_frac(rows), mean_error_frac(rows, "trend_error_frac")
    if wheel is not None and trend is not None:
        better = wheel < CLEARLY_BETTER * trend
        texts["trend"] = (
            f"What was held out is missed by {wheel:.0%} in the mean; growth at the rate of the points that set the "
            f"wheel, simply continued, misses it by {trend:.0%}. "
            f"The wheel {'does better than a trend' if better else 'cannot be told from a trend by the past'}."
        )
    return texts | _spending(rows)


def _spending(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Revenue a user, where both are held out on one day: what of the error in revenue is none of users."""
    held = {(row["what"], row["date"]): row for row in rows if row["held_out"]}
    days = sorted(day for what, day in held if what == "yearly revenue" and ("weekly users", day) in held)
    if not days:
        return {}
    revenue, users = held["yearly revenue", days[-1]], held["weekly users", days[-1]]
    published, predicted = (revenue[key] / users[key] for key in ("published", "predicted"))
    return {
        "spending": f"On {days[-1]} a weekly user brought {published:,.0f} USD a year where the wheel says "
        f"{predicted:,.0f}; the error in revenue is this one times that in users."
    }


def _loop_notes(spins: Sequence[Spin]) -> dict[str, str]:
    """What a reader must know before trusting the fixed point."""
    texts = {
        "presumed": "A scenario's demand presumes the research that it asks for: a plan that does all of it keeps the "
        "demand, one that does less loses some. The planner does not know that research brings demand, and does it for "
        "the scenario's penalties and worths.",
    }
    ends = np.concatenate([one.demand.volume_ratio for one in spins])
    if ends.min() <= LEAST_DEMAND or ends.max() >= MOST_DEMAND:
        texts["runaway"] = (
            f"Demand ran to the bounds of the loop, {LEAST_DEMAND:g} to {MOST_DEMAND:g} times the scenario's: what "
            "stands there is no fixed point."
        )
    for status, (_, why) in ENDED.items():
        if any(one.plan.ended == status for one in spins):
            texts[status] = f"The search of a last plan ended {why}: the fixed point is known to its gap."
    return texts
