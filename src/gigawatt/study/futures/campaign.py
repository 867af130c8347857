"""What sweeps and comparisons share: plans made once, an estimate before anything is lived through, and a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import xarray as xr

from gigawatt.errors import Infeasible
from gigawatt.plan import plan
from gigawatt.plan.plan import quiet
from gigawatt.scenario.schema import Scenario
from gigawatt.study.futures.batches import Group, PlannedCase, live, run
from gigawatt.study.futures.budget import check_budget, estimate, read_budget
from gigawatt.study.futures.question import Asking, seed_of
from gigawatt.study.futures.store import Store, joined, open_store

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Cases by name, and the table of outcomes of each group."""

    cases: Mapping[str, PlannedCase]
    tables: Mapping[str, xr.Dataset]


def campaign(
    scenarios: Mapping[str, Scenario],
    groups: Sequence[Group],
    asking: Asking,
    kind: str,
    progress: Progress = quiet,
    executor: Executor | None = None,
) -> Campaign:
    """Plan each scenario once and live through the futures of every group, as far as the store has not got them.

    Raises ScenarioError where the store is of another question or the estimate is above the budget.
    """
    store = None if asking.out is None else open_store(asking.out, _question(scenarios, asking, kind))
    found: dict[str, list[xr.Dataset]] = {}
    for group in groups:
        table = None if store is None else store.table(group.name)
        found[group.name] = [] if table is None else [table]
    left = [_missing(group, found[group.name]) for group in groups]
    cases: dict[str, PlannedCase] = {}
    for name, scenario in scenarios.items():
        try:
            cases[name] = replace(_case(name, scenario, store, progress), anew=asking.replan)
        except Infeasible as error:
            raise _of(name, error) if len(scenarios) > 1 else error from None
        if len(cases) == 1:
            _estimate(cases[name], left, asking, progress)

    def keep(name: str, table: xr.Dataset) -> None:
        found[name].append(table)
        if store is not None:
            store.keep(name, table)

    run(cases, left, keep, workers_count=asking.workers, executor=executor, progress=progress)
    return Campaign(cases=cases, tables={group.name: _wanted(group, found[group.name]) for group in groups})


def _of(strategy: str, error: Infeasible) -> Infeasible:
    return Infeasible(replace(conflict, limit=f"{strategy}: {conflict.limit}") for conflict in error.conflicts)


def _question(scenarios: Mapping[str, Scenario], asking: Asking, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "gigawatt": version("gigawatt"),
        "hash": {name: scenario.hash for name, scenario in scenarios.items()},
        "seed": seed_of(next(iter(scenarios.values())), asking),
        "vary": sorted(asking.vary) or None,
        "replan": asking.replan,
    }


def _case(name: str, scenario: Scenario, store: Store | None, progress: Progress) -> PlannedCase:
    made = None if store is None else store.plan(name)
    if made is None:
        made = plan.make(scenario, lambda text: progress(f"{name}: {text}"), with_worth=False)
        if store is not None:
            store.keep_plan(name, made)
    return PlannedCase(scenario=scenario, plan=made)


def _missing(group: Group, tables: Sequence[xr.Dataset]) -> Group:
    there = {int(number) for table in tables for number in table.draw.values}
    return replace(group, numbers=[number for number in group.numbers if number not in there])


def _wanted(group: Group, tables: list[xr.Dataset]) -> xr.Dataset:
    return joined(tables).sel(draw=list(group.numbers))


def _estimate(case: PlannedCase, groups: Sequence[Group], asking: Asking, progress: Progress) -> None:
    """Say what the futures will cost, and refuse what is above the budget."""
    left = [group for group in groups if group.numbers]
    if left:
        total = sum(len(group.numbers) for group in left)
        cost = estimate(lambda count: live(case, left[0].futures(count)), total, asking.workers)
        kinds = ", ".join(f"{len(group.numbers):,} of {group.name}" for group in left)
        progress(f"{cost.words()} ({kinds})")
        check_budget(None if asking.budget is None else read_budget(asking.budget), cost)
