"""What sweeps and comparisons share: plans made once, an estimate before anything is lived through, and a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.errors import Infeasible
from gigawatt.plan import plan
from gigawatt.scenario.schema import Scenario
from gigawatt.study.futures import budget
from gigawatt.study.futures.batches import Group, PlannedCase, live, run
from gigawatt.study.futures.budget import check_budget, estimate
from gigawatt.study.futures.ensemble import Ensemble
from gigawatt.study.futures.store import Store, joined, open_store
from gigawatt.study.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Cases by name, and the table of outcomes of each group."""

    cases: Mapping[str, PlannedCase]
    tables: Mapping[str, xr.Dataset]


def campaign(scenarios: Mapping[str, Scenario], groups: Sequence[Group], of: Ensemble, job: Job, kind: str) -> Campaign:
    """Plan each scenario once and live through the futures of every group, as far as the job's folder lacks them.

    Raises ScenarioError where the folder is of another question or the estimate is above the budget.
    """
    store = None if job.folder is None else open_store(job.folder, _question(scenarios, of, kind))
    found: dict[str, list[xr.Dataset]] = {}
    for group in groups:
        table = None if store is None else store.table(group.name)
        found[group.name] = [] if table is None else [table]

    def keep(name: str, table: xr.Dataset) -> None:
        found[name].append(table)
        if store is not None:
            store.keep(name, table)

    def left() -> list[Group]:
        return [_missing(group, found[group.name]) for group in groups]

    cases: dict[str, PlannedCase] = {}
    # In a folder that is gone on with the first futures that are left may be those of any case.
    first = next((group.case for group in left() if group.numbers), None)
    for name, scenario in scenarios.items():
        try:
            cases[name] = replace(_case(name, _timed(scenario, of), store, job), anew=of.replan)
        except Infeasible as error:
            if len(scenarios) == 1:
                raise
            raise Infeasible(replace(one, limit=f"{name}: {one.limit}") for one in error.conflicts) from None
        if name == first:
            _begin(cases[name], left(), of, job, keep)
    run(cases, left(), keep, job, of.workers_count)
    tables = {group.name: _asked_for(group, joined(found.pop(group.name))) for group in groups}
    return Campaign(cases=cases, tables=tables)


def _question(scenarios: Mapping[str, Scenario], of: Ensemble, kind: str) -> dict[str, Any]:
    """What decides every number in a store."""
    return {
        "kind": kind,
        "gigawatt": version("gigawatt"),
        "hash": {name: scenario.hash for name, scenario in scenarios.items()},
        "seed": of.seed,
        "vary": sorted(of.vary) or None,
        "replan": of.replan,
    }


def _timed(scenario: Scenario, of: Ensemble) -> Scenario:
    """The scenario with another limit on the search of its plan; its identity stays."""
    if of.plan_time_s is None:
        return scenario
    asked = scenario.asked
    return replace(scenario, asked=replace(asked, solver=replace(asked.solver, time_limit_s=of.plan_time_s)))


def _case(name: str, scenario: Scenario, store: Store | None, job: Job) -> PlannedCase:
    made = None if store is None else store.plan(name)
    if made is None:
        made = plan.make(scenario, lambda text: job.say(f"{name}: {text}"), with_worth=False)
        if store is not None:
            store.keep_plan(name, made)
    return PlannedCase(scenario=scenario, plan=made)


def _missing(group: Group, tables: Sequence[xr.Dataset]) -> Group:
    there = {int(number) for table in tables for number in table.draw.values}
    return replace(group, numbers=[number for number in group.numbers if number not in there])


def _asked_for(group: Group, table: xr.Dataset) -> xr.Dataset:
    """The futures of a group, of a folder that may have more: the table itself where they are all."""
    numbers = np.asarray(group.numbers)
    return table if np.array_equal(numbers, table.draw.values) else table.sel(draw=numbers)


def _begin(
    case: PlannedCase, groups: Sequence[Group], of: Ensemble, job: Job, keep: Callable[[str, xr.Dataset], None]
) -> None:
    """Keep the first few futures, say what all of them will cost, and refuse what is above the budget."""
    left = [group for group in groups if group.numbers]
    if left:
        total = sum(len(group.numbers) for group in left)
        few = budget.FEW if of.replan else budget.TOGETHER
        cost, table = estimate(
            lambda count: live(case, left[0].futures(count)), total, of.workers_count, min(few, len(left[0].numbers))
        )
        kinds = ", ".join(f"{len(group.numbers):,} of {group.name}" for group in left)
        job.say(f"{cost.words()} ({kinds})")
        check_budget(of.budget, cost)
        keep(left[0].name, table)
