"""Strategies in the same futures: what may come of each, how much it is regretted, and which futures break it.

One figure decides: the value, which is net present value with terminal value. Its mean ranks the strategies, regret
and the worth of knowing are taken of it, and what is shown is it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.account import contracts
from gigawatt.exact import exact
from gigawatt.ndarrays import Floats
from gigawatt.scenario.schema import Scenario
from gigawatt.scenario.strategy import Strategy, load_strategies
from gigawatt.study.answer import SPREAD, UNTOLD, Head, copied, head_of
from gigawatt.study.futures import statistics, store
from gigawatt.study.futures.batches import Group
from gigawatt.study.futures.burdens import PartyBurden, burdens
from gigawatt.study.futures.campaign import Campaign, campaign
from gigawatt.study.futures.draws import drawing
from gigawatt.study.futures.ensemble import Ensemble, ensemble
from gigawatt.study.futures.quantiles import FutureOutcomes, QuantileDates, dates, left_out, outcomes, with_value
from gigawatt.study.futures.question import CompareQuestion
from gigawatt.study.futures.rules import Condition, find_rule
from gigawatt.study.futures.statistics import Quantiles, quantiles
from gigawatt.study.futures.sweep import notes
from gigawatt.study.job import Job
from gigawatt.study.opened import scenario_of
from gigawatt.study.question import refuse, wrong

Flags = NDArray[np.bool_]

# Where trouble comes to fewer or more futures than this, a strategy's worst ones are what breaks it.
LEAST_BROKEN_FRAC, MOST_BROKEN_FRAC, WORST_FRAC = 0.05, 0.60, 0.20
MOST_STRATEGIES = 50
TROUBLE, WORST = "cash runs out or it is worth less than nothing", "it is worth least: its worst fifth"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedStrategy:
    """What may come of a strategy. first_gw_date, peak_debt_usd: in half of the futures."""

    name: str
    title: str
    hash: str
    value_usd: Quantiles
    """Net present value with terminal value, which decides."""
    npv_usd: Quantiles
    first_gw_date: str | None
    peak_debt_usd: float
    p_cash_out_frac: float
    regret_max_usd: float
    regret_mean_usd: float
    best_frac: float
    """In how many futures none is worth more."""
    outputs: FutureOutcomes
    target_date: QuantileDates | None = None
    """When the programme's target stands: first days of the quarters by whose ends it does."""
    p_target_frac: float | None = None
    """In how many futures the target stands before the end."""
    cost_of_capital_per_year: Quantiles | None = None
    """What debt, leased shells and equity cost together, each by what it finances."""
    burdens: tuple[PartyBurden, ...] | None = None
    """What each party puts in, gets and may lose; None where no strategy states a contract that shares risk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The futures that break a strategy: what that means, their share of all futures, and the rule that finds them.

    coverage_frac: share of them that the rule finds; density_frac: share of what it finds that are such. All of the
    rule is None where there is none.
    """

    strategy: str
    meaning: str
    share_frac: float
    rule: str | None
    conditions: tuple[Condition, ...] | None
    coverage_frac: float | None
    density_frac: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a comparison found."""

    head: Head = field(metadata=SPREAD)
    seed: int
    futures: int
    """Futures that each strategy lived through."""
    target_w: float
    strategies: tuple[ComparedStrategy, ...]
    """The most valuable on average first."""
    breaks: tuple[Break, ...]
    evpi_usd: Mapping[str, float]
    """By quantity, the dearest first: what it is worth to know it before choosing among the strategies."""
    evpi_all_usd: float
    """The same for all of the future."""
    digest: str
    """Of every number that was lived through."""
    tables: Mapping[str, xr.Dataset] = field(metadata=UNTOLD)
    """By strategy: outcomes by draw in which every strategy has a value."""
    regret_usd: Mapping[str, Floats] = field(metadata=UNTOLD)
    """By strategy and draw."""


def answer(question: CompareQuestion, job: Job) -> Comparison:
    """What may come of the strategies that are asked about."""
    return compare(*asked_of(question), question, job)


def asked_of(question: CompareQuestion) -> tuple[Scenario, list[Strategy]]:
    """The scenario and its strategies. Raises ScenarioError where there are too many, before any of them is read."""
    _check_count(question.strategies)
    scenario, _ = scenario_of(question.scenario, question.set)
    return scenario, load_strategies(question.strategies, scenario)


@exact()
def compare(scenario: Scenario, strategies: Sequence[Strategy], question: CompareQuestion, job: Job) -> Comparison:
    """Plan each strategy once and live through all of them in the same futures of the scenario.

    Raises ScenarioError for what cannot be asked so, Infeasible where hard limits of a strategy conflict, Cancelled
    where the job is.
    """
    _check_count(strategies)
    of = ensemble(question, scenario, job)
    numbers, future = range(of.futures_count), drawing(scenario, of.seed, of.vary)
    groups = [Group(name=one.name, case=one.name, numbers=numbers, future=future) for one in strategies]
    lived = campaign({one.name: one.scenario for one in strategies}, groups, of, job, "compare")
    job.say("working out regrets and what breaks each strategy")
    return _found(scenario, strategies, lived, of)


def _check_count(strategies: Sequence[object]) -> None:
    if len(strategies) > MOST_STRATEGIES:
        refuse([wrong("strategies", len(strategies), f"at most {MOST_STRATEGIES} of them")])


def _found(scenario: Scenario, strategies: Sequence[Strategy], lived: Campaign, of: Ensemble) -> Comparison:
    held = with_value({one.name: lived.tables[one.name] for one in strategies}, of.counted)
    ranked = sorted(strategies, key=lambda one: -float(held[one.name].value_usd.mean()))
    tables = {one.name: held[one.name] for one in ranked}
    values = np.stack([table.value_usd.values for table in tables.values()])
    regrets = dict(zip(tables, statistics.regret_usd(values), strict=True))
    drawn = tables[ranked[0].name].drawn
    shared = any(contracts.stated(one.scenario.asked) for one in strategies)
    said = (*notes(scenario, lived.cases), *left_out(of.futures_count, values.shape[1], of.counted))
    return Comparison(
        head=head_of(scenario, said),
        seed=of.seed,
        futures=of.futures_count,
        target_w=scenario.asked.programme.target_w,
        strategies=tuple(_compared(one, tables[one.name], regrets[one.name], shared) for one in ranked),
        breaks=tuple(breaking(name, table) for name, table in tables.items()),
        evpi_usd=statistics.evppi_usd([str(name) for name in drawn.quantity.values], drawn.values, values),
        evpi_all_usd=statistics.evpi_usd(values),
        digest=store.digest(lived.tables),
        tables=tables,
        regret_usd=regrets,
    )


def _compared(strategy: Strategy, table: xr.Dataset, regret_usd: Floats, shared: bool) -> ComparedStrategy:
    told, late = outcomes(table), table.target_quarter_count.values
    return copied(
        ComparedStrategy,
        strategy,
        told,
        hash=strategy.scenario.hash,
        first_gw_date=told.first_gw_date.p50,
        peak_debt_usd=told.peak_debt_usd.p50,
        regret_max_usd=float(regret_usd.max()),
        regret_mean_usd=float(regret_usd.mean()),
        best_frac=float(np.mean(regret_usd == 0)),
        outputs=told,
        target_date=dates(table, late),
        p_target_frac=float(np.isfinite(late).mean()),
        cost_of_capital_per_year=quantiles(table.cost_of_capital_per_year.values),
        burdens=burdens(table) if shared else None,
    )


def breaking(strategy: str, table: xr.Dataset) -> Break:
    """Which futures break a strategy, and the rule that tells them from the others."""
    flags, meaning = broken(table)
    names = [str(name) for name in table.quantity.values]
    rule = find_rule(names, table.drawn.values, flags)
    return Break(
        strategy=strategy,
        meaning=meaning,
        share_frac=float(flags.mean()),
        rule=None if rule is None else rule.words(),
        conditions=None if rule is None else rule.conditions,
        coverage_frac=None if rule is None else rule.coverage_frac,
        density_frac=None if rule is None else rule.density_frac,
    )


def broken(table: xr.Dataset) -> tuple[Flags, str]:
    """Futures in which cash runs out or the value is below 0; the worst fifth where those are next to none, or most."""
    values = table.value_usd.values
    trouble = (table.cash_out_frac.values > 0) | (values < 0)
    if LEAST_BROKEN_FRAC <= trouble.mean() <= MOST_BROKEN_FRAC:
        return trouble, TROUBLE
    often = f"; {TROUBLE} in {trouble.mean():.0%}" if trouble.mean() > MOST_BROKEN_FRAC else ""
    return values <= np.quantile(values, WORST_FRAC), WORST + often
