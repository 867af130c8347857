"""What the flywheel comes to: its numbers with their grades, the past, the loop from two starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from gigawatt import tokens
from gigawatt.catalog.dated import is_day
from gigawatt.catalog.records import Evidence, History
from gigawatt.errors import Fault, ScenarioError
from gigawatt.exact import exact
from gigawatt.plan.search import ENDED
from gigawatt.quarters import QUARTERS_PER_YEAR
from gigawatt.scenario.flywheel import PATH, Flywheel
from gigawatt.scenario.schema import Scenario
from gigawatt.study import drift, implausible
from gigawatt.study.answer import SPREAD, Head, head_of
from gigawatt.study.flywheel.backtest import (
    BacktestRow,
    PastCurve,
    PastSetting,
    backtest,
    curves,
    error_mean_frac,
    settings,
    trend_error_mean_frac,
    verdict,
    year_ends,
)
from gigawatt.study.flywheel.fit import SetWheel, fitted
from gigawatt.study.flywheel.loop import LEAST_DEMAND, MOST_DEMAND, Spin, Turn, done_flop, spin, users_count
from gigawatt.study.flywheel.past import SERIES, Past, past
from gigawatt.study.flywheel.question import FlywheelQuestion
from gigawatt.study.job import Job
from gigawatt.study.note import Note
from gigawatt.study.opened import scenario_of
from gigawatt.study.question import refuse, wrong
from gigawatt.units import split

# Steps so small that the wheel stands before it has turned.
LEAST_DAMPING = 0.05
# The other start, beside the one asked for: the scenario as it stands.
AS_IT_STANDS = 1.0
# Fixed points that differ by less are one: each is known to the loop's tolerance, and plans to their gap.
SAME_FRAC = 0.05
ELASTICITIES = (
    "users_odds_ratio",
    "user_tokens_ratio",
    "token_price_ratio",
    "research_elasticity_ratio",
    "capital_per_revenue_ratio",
)
# Of these, what the past gives.
FITTED = ("users_odds_ratio", "user_tokens_ratio", "capital_per_revenue_ratio")


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelNumber:
    """A number of the wheel in `unit`, with its evidence and its range; fitted: what the past gives, where it does.

    elasticity: whether it is a power or a factor that links two quantities.
    """

    name: str
    unit: str
    value: float
    elasticity: bool
    fitted: float | None
    grade: str | None
    source: str | None
    low: float | None
    high: float | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedYear:
    """Each link at the last quarter of a reported year; revenue and capital are those of the year.

    research_flop: since the plan began. research_of_asked_ratio: what is done over what the scenario asks for, with
    what was done before. orders_count: orders of magnitude of effective compute since the plan began.
    """

    year: str
    power_w: float
    research_flop: float
    research_of_asked_ratio: float
    orders_count: float
    weekly_users_count: float | None
    demand_ratio: float
    revenue_usd: float
    capex_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPoint:
    """Where the scenario as it stands leads to, and where it began; None where the loop does not come to rest.

    gain_ratio: what a turn leaves of a difference in demand, in logarithms: below 1 it dies out, above 1 it grows.
    """

    same_from_every_start: bool | None
    gain_ratio: float | None
    demand_ratio: float
    peak_w: float
    npv_usd: float
    first_peak_w: float
    first_npv_usd: float
    chain: tuple[TurnedYear, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlywheelAnswer:
    """The wheel held against a company's past, and turned with a plan; without a plan there are no turns.

    settings: the same past predicted by the wheel as its points set it, up to one year end and up to later ones.
    """

    head: Head = field(metadata=SPREAD)
    company: str
    elasticities: tuple[WheelNumber, ...]
    backtest: tuple[BacktestRow, ...]
    curves: tuple[PastCurve, ...]
    settings: tuple[PastSetting, ...]
    iterations: tuple[Turn, ...] = ()
    converged: bool | None = None
    fixed_point: FixedPoint | None = None


@exact()
def answer(question: FlywheelQuestion, job: Job) -> FlywheelAnswer:
    """Hold a wheel against the past and, unless only that is asked for, turn it with plans from two starts.

    Raises ScenarioError for bad input, Infeasible where hard limits conflict.
    """
    refuse(faults_of(question))
    scenario = scenario_of(question.scenario, question.set)[0]
    wheel = _wheel(scenario, question)
    starts = [] if question.backtest else sorted({question.start_ratio, AS_IT_STANDS})
    history = scenario.records.history[wheel.history]
    refuse(_too_early_or_late(question.fitted_until_date, history))
    known = past(history, question.fitted_until_date)
    given = fitted(wheel, known)
    turned = given if question.fitted_until_date else SetWheel(wheel=wheel, levels=known.first)
    rows, by_year = backtest(turned, known), settings(wheel, history)
    spins = [spin(scenario, turned.wheel, start, question.damping_frac, job.say) for start in starts]
    texts = _past_notes(rows, known, by_year, history) | (_loop_notes(spins) if spins else {})
    notes = [Note(code=code, path=PATH, text=text) for code, text in texts.items()]
    return FlywheelAnswer(
        head=head_of(scenario, (*notes, *implausible.notes(scenario.implausible), *drift.notes(scenario))),
        company=history.name,
        elasticities=tuple(_numbers(scenario, turned.wheel, given.wheel, question.fitted_until_date)),
        backtest=rows,
        curves=curves(turned, known),
        settings=by_year,
        iterations=tuple(turn for one in spins for turn in one.turns),
        converged=all(one.converged for one in spins) if spins else None,
        fixed_point=_fixed_point(scenario, turned.wheel, spins) if spins else None,
    )


def faults_of(question: FlywheelQuestion) -> Iterator[Fault]:
    """What is wrong with how the wheel is to be turned."""
    if not LEAST_DEMAND <= question.start_ratio <= MOST_DEMAND:
        expected = f"a factor on the scenario's demand, from {LEAST_DEMAND:g} to {MOST_DEMAND:g}"
        yield wrong("start", question.start_ratio, expected)
    if not LEAST_DAMPING <= question.damping_frac <= 1:
        yield wrong("damping", question.damping_frac, f"the share of each step that is taken, {LEAST_DAMPING:g} to 1")
    if question.fitted_until_date is not None and not is_day(question.fitted_until_date):
        yield wrong("fitted_until", question.fitted_until_date, "a day, such as 2025-12-31")


def _too_early_or_late(day: str | None, history: History) -> Iterator[Fault]:
    """A day to which too little is known to set a wheel, or after which nothing judges it."""
    powers = [point.day_date for point in history.points if point.power_w and point.yearly_revenue_usd]
    users = [point.day_date for point in history.points if point.weekly_users_count]
    if day is None or len(powers) < 2 or len(users) < 2:
        return
    first, last = max(sorted(powers)[1], sorted(users)[1]), max(point.day_date for point in history.points)
    if not first <= day < last:
        yield wrong("fitted_until", day, f"a day from {first}, to set the wheel, to before {last}, to judge it")


def _wheel(scenario: Scenario, question: FlywheelQuestion) -> Flywheel:
    wheel, asked = scenario.asked.flywheel, scenario.asked
    if wheel is None:
        expected = f"a table [{PATH}] with its elasticities, such as that of loi-2025-09"
        raise ScenarioError([Fault(path=PATH, given="missing", expected=expected)])
    if not (question.backtest or asked.training_runs or asked.experiments):
        expected = "a run or experiments: without them capability does not depend on the plan (a backtest needs none)"
        raise ScenarioError([Fault(path="training_runs", given="none", expected=expected)])
    return wheel


def _numbers(scenario: Scenario, wheel: Flywheel, given: Flywheel, until: str | None) -> Iterator[WheelNumber]:
    """Every number of the wheel with its grade and source, and what the past gives where it gives one."""
    for name in [entry for entry in Flywheel.__slots__ if entry != "history"]:
        evidence = scenario.evidence.get(f"{PATH}.{name}")
        if until is not None and name in FITTED:
            evidence = Evidence(grade="derived", note=f"set on what was published to {until}")
        key, unit = split(name)
        yield WheelNumber(
            name=key,
            unit=unit,
            value=getattr(wheel, name),
            elasticity=name in ELASTICITIES,
            fitted=getattr(given, name) if name in FITTED else None,
            grade=evidence.grade if evidence else None,
            source=evidence.source.url if evidence and evidence.source else None,
            low=evidence.low if evidence else None,
            high=evidence.high if evidence else None,
            note=evidence.note if evidence else "",
        )


def _fixed_point(scenario: Scenario, wheel: Flywheel, spins: Sequence[Spin]) -> FixedPoint:
    """Where the scenario as it stands leads to."""
    chosen = next(one for one in spins if one.start_ratio == AS_IT_STANDS)
    ends = np.log([one.demand.volume_ratio[: scenario.reported_count] for one in spins])
    same = bool(np.ptp(ends, axis=0).max() < SAME_FRAC)
    first, last = chosen.turns[0], chosen.turns[-1]
    return FixedPoint(
        same_from_every_start=same if all(one.converged for one in spins) else None,
        gain_ratio=_gain(spins),
        demand_ratio=last.demand_ratio,
        peak_w=last.peak_w,
        npv_usd=last.npv_usd,
        first_peak_w=first.peak_w,
        first_npv_usd=first.npv_usd,
        chain=tuple(_chain(scenario, wheel, chosen)),
    )


def _gain(spins: Sequence[Spin]) -> float | None:
    if len(spins) < 2:
        return None
    low, high = (one.turns[0] for one in spins)
    return float(np.log(high.response_ratio / low.response_ratio) / np.log(high.demand_ratio / low.demand_ratio))


def _chain(scenario: Scenario, wheel: Flywheel, of: Spin) -> Iterator[TurnedYear]:
    quarters = scenario.quarters[: scenario.reported_count]
    before, done = wheel.research_before_flop, done_flop(of.plan)
    passed = np.arange(done.size) / QUARTERS_PER_YEAR
    effective = tokens.effective_flop(before + done, passed, wheel.algorithmic_progress_per_year)
    orders = tokens.orders_count(effective, before)
    presumed = users_count(scenario)
    users = presumed * tokens.users_ratio(presumed / wheel.people_count, wheel.users_odds_ratio, of.ahead_count)
    books, power = of.accounts.statements, of.plan.data.facility_w.sum("site")
    for year in sorted({quarter[:4] for quarter in quarters}):
        at = [n for n, quarter in enumerate(quarters) if quarter.startswith(year)]
        yield TurnedYear(
            year=year,
            power_w=float(power[at[-1]]),
            research_flop=float(done[at[-1]]),
            research_of_asked_ratio=float(10 ** of.ahead_count[at[-1]]),
            orders_count=float(orders[at[-1]]),
            weekly_users_count=float(users[at[-1]]) or None,
            demand_ratio=float(of.demand.volume_ratio[at[-1]]),
            revenue_usd=float(books.revenue[at].sum()),
            capex_usd=-float(books.investing_cash[at].sum()),
        )


def _past_notes(
    rows: Sequence[BacktestRow], known: Past, by_year: Sequence[PastSetting], history: History
) -> dict[str, str]:
    """What a reader must know before trusting what the past says of the wheel."""
    texts = {"two_points": _how_set(known)}
    wheel, continued = error_mean_frac(rows), trend_error_mean_frac(rows)
    if wheel is not None and continued is not None:
        texts["trend"] = (
            f"What was held out is missed by {100 * wheel:.0f} % in the mean; growth at the rate of the points that "
            f"set the wheel, simply continued, misses it by {100 * continued:.0f} %. {verdict(wheel, continued)}"
        )
    texts |= {f"set_to_{one.fitted_until_date}": _setting_words(one) for one in by_year[1:]}
    unmet = len(year_ends(history)) + 1 - len(by_year)
    if unmet:
        texts["no_wheel"] = (
            f"Points to {unmet} of the later year ends are met by no wheel: what it would say is left out."
        )
    return texts | _spending(rows)


def _how_set(known: Past) -> str:
    counts = [len(known.setting(name)) for name in SERIES]
    how = "two points each, exactly"
    if max(counts) > 2:
        how = f"{sum(counts)} figures, by least squares of logarithms, with the levels of the series"
    return (
        f"Capital per revenue, the odds of a user and what tokens and price make together are set on {how}: nothing is "
        "left over to test them on but what is held out. All growth of those years is laid to capability; awareness, "
        "distribution and rivals are in it too."
    )


def _setting_words(of: PastSetting) -> str:
    wheel, continued = of.error_mean_frac, of.trend_error_mean_frac
    if wheel is None or continued is None:
        return f"Set on figures to {of.fitted_until_date} the wheel is judged by nothing."
    return (
        f"Set on the {of.figures_count} figures to {of.fitted_until_date}, by least squares of logarithms, the wheel "
        f"misses the {len(of.rows)} that came after by {100 * wheel:.0f} % in the mean, their continued growth by "
        f"{100 * continued:.0f} %. {verdict(wheel, continued)}"
    )


def _spending(rows: Sequence[BacktestRow]) -> dict[str, str]:
    """Revenue a user, where both are held out in one month: what of the error in revenue is none of users."""
    held = {(row.what, row.date[:7]): row for row in rows if row.held_out}
    months = sorted(month for what, month in held if what == "yearly revenue" and ("weekly users", month) in held)
    if not months:
        return {}
    revenue, users = held["yearly revenue", months[-1]], held["weekly users", months[-1]]
    published, predicted = revenue.published / users.published, revenue.predicted / users.predicted
    return {
        "spending": f"In {date.fromisoformat(users.date):%B %Y} a weekly user brought {published:,.0f} USD a year "
        f"where the wheel says {predicted:,.0f}; the error in revenue is this one times that in users."
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
