"""Strategies in the same futures: what may come of each, how much it is regretted, and which futures break it.

One figure decides: the value, which is net present value with terminal value. Its mean ranks the strategies, regret
and the worth of knowing are taken of it, and what is shown is it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.errors import Fault, ScenarioError
from gigawatt.plan.exact import exact
from gigawatt.plan.plan import quiet
from gigawatt.scenario.schema import Scenario
from gigawatt.scenario.strategy import Strategy
from gigawatt.study.futures import statistics, store
from gigawatt.study.futures.batches import Group, PlannedCase
from gigawatt.study.futures.campaign import Progress, campaign
from gigawatt.study.futures.quantiles import left_out, outcomes, with_value
from gigawatt.study.futures.question import Asking, check_asking, drawing, seed_of, timed
from gigawatt.study.futures.rules import Rule, find_rule
from gigawatt.study.futures.sweep import notes
from gigawatt.study.note import Note
from gigawatt.study.summary import strict

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Where trouble comes to fewer or more futures than this, a strategy's worst ones are what breaks it.
LEAST_BROKEN_FRAC, MOST_BROKEN_FRAC, WORST_FRAC = 0.05, 0.60, 0.20
MOST_STRATEGIES = 50
TROUBLE, WORST = "cash runs out or it is worth less than nothing", "it is worth least: its worst fifth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The futures that break a strategy: what that means, their share of all futures, and the rule that finds them."""

    strategy: str
    meaning: str
    share_frac: float
    rule: Rule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a comparison found. strategies: the most valuable on average first. tables: outcomes by draw of each, where
    every strategy has a value; regret_usd: (strategy, draw). futures_count: lived through by each.

    evppi_usd, evpi_usd: of knowing one quantity, or all of the future, before choosing among the strategies.
    """

    scenario: Scenario
    strategies: tuple[Strategy, ...]
    cases: Mapping[str, PlannedCase]
    seed: int
    tables: Mapping[str, xr.Dataset]
    futures_count: int
    regret_usd: Floats
    breaks: tuple[Break, ...]
    evppi_usd: dict[str, float]
    evpi_usd: float
    digest: str
    notes: tuple[Note, ...]


@exact()
def compare(
    scenario: Scenario,
    strategies: Sequence[Strategy],
    asking: Asking,
    progress: Progress = quiet,
    executor: Executor | None = None,
) -> Comparison:
    """Plan each strategy once and live through all of them in the same futures of the scenario, see `Asking`.

    Raises ScenarioError for what cannot be asked so, Infeasible where hard limits of a strategy conflict.
    """
    check_asking(asking, scenario)
    if len(strategies) > MOST_STRATEGIES:
        expected = f"at most {MOST_STRATEGIES} strategies"
        raise ScenarioError([Fault(path="STRATEGY", given=f"{len(strategies)}", expected=expected)])
    numbers, future = range(asking.futures_count), drawing(scenario, asking)
    groups = [Group(name=one.name, case=one.name, numbers=numbers, future=future) for one in strategies]
    scenarios = {strategy.name: timed(strategy.scenario, asking.plan_time) for strategy in strategies}
    lived = campaign(scenarios, groups, asking, "compare", progress, executor)
    progress("working out regrets and what breaks each strategy")
    held = with_value({strategy.name: lived.tables[strategy.name] for strategy in strategies})
    ranked = sorted(strategies, key=lambda strategy: -float(held[strategy.name].value_usd.mean()))
    tables = {strategy.name: held[strategy.name] for strategy in ranked}
    values = np.stack([table.value_usd.values for table in tables.values()])
    table = tables[ranked[0].name]
    names = [str(name) for name in table.quantity.values]
    return Comparison(
        scenario=scenario,
        strategies=tuple(ranked),
        cases=lived.cases,
        seed=seed_of(scenario, asking),
        tables=tables,
        futures_count=asking.futures_count,
        regret_usd=statistics.regret_usd(values),
        breaks=tuple(breaking(strategy.name, tables[strategy.name]) for strategy in ranked),
        evppi_usd=statistics.evppi_usd(names, table.drawn.values, values),
        evpi_usd=statistics.evpi_usd(values),
        digest=store.digest(lived.tables),
        notes=(*notes(scenario, lived.cases), *left_out(asking.futures_count, values.shape[1])),
    )


def breaking(strategy: str, table: xr.Dataset) -> Break:
    """Which futures break a strategy, and the rule that tells them from the others."""
    flags, meaning = broken(table)
    names = [str(name) for name in table.quantity.values]
    rule = find_rule(names, table.drawn.values, flags)
    return Break(strategy=strategy, meaning=meaning, share_frac=float(flags.mean()), rule=rule)


def broken(table: xr.Dataset) -> tuple[Flags, str]:
    """Futures in which cash runs out or the value is below 0; the worst fifth where those are next to none, or most."""
    values = table.value_usd.values
    trouble = (table.cash_out_frac.values > 0) | (values < 0)
    if LEAST_BROKEN_FRAC <= trouble.mean() <= MOST_BROKEN_FRAC:
        return trouble, TROUBLE
    return values <= np.quantile(values, WORST_FRAC), WORST


def summary(found: Comparison) -> dict[str, Any]:
    """The fields of `gigawatt compare --json`, files aside; what does not exist is null."""
    rows = zip(found.strategies, found.regret_usd, strict=True)
    return strict(
        {
            "gigawatt": version("gigawatt"),
            "scenario": found.scenario.name,
            "hash": found.scenario.hash,
            "seed": found.seed,
            "futures": found.futures_count,
            "target_w": found.scenario.asked.programme.target_w,
            "strategies": [_strategy(strategy, found.tables[strategy.name], regret) for strategy, regret in rows],
            "breaks": [_break(item) for item in found.breaks],
            "evpi_usd": found.evppi_usd,
            "evpi_all_usd": found.evpi_usd,
            "digest": found.digest,
            "notes": [asdict(note) for note in found.notes],
        }
    )


def _strategy(strategy: Strategy, table: xr.Dataset, regret_usd: Floats) -> dict[str, Any]:
    told = outcomes(table)
    middle = {name: told[name]["p50"] for name in ("first_gw_date", "peak_debt_usd")}
    return {
        "name": strategy.name,
        "title": strategy.title,
        "hash": strategy.scenario.hash,
        "value_usd": told["value_usd"],
        "npv_usd": told["npv_usd"],
        **middle,
        "p_cash_out_frac": told["p_cash_out_frac"],
        "regret_max_usd": float(regret_usd.max()),
        "regret_mean_usd": float(regret_usd.mean()),
        "best_frac": float(np.mean(regret_usd == 0)),
        "outputs": told,
    }


def _break(item: Break) -> dict[str, Any]:
    rule = item.rule
    return {
        "strategy": item.strategy,
        "meaning": item.meaning,
        "share_frac": item.share_frac,
        "rule": None if rule is None else rule.words(),
        "conditions": None if rule is None else [asdict(condition) for condition in rule.conditions],
        "coverage_frac": None if rule is None else rule.coverage_frac,
        "density_frac": None if rule is None else rule.density_frac,
    }
