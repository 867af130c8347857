"""How a sweep or a comparison is asked for, and what may be wrong with it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gigawatt import units
from gigawatt.errors import Fault, ScenarioError
from gigawatt.scenario.schema import Scenario
from gigawatt.study.futures.budget import read_budget
from gigawatt.study.futures.draws import Future, draw

MOST_FUTURES, MOST_WORKERS, MOST_SALTELLI = 1_000_000, 1024, 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How futures are to be lived through.

    seed: the scenario's where None. workers_count: as many as there are cores where None. vary: the quantities that
    differ from what is stated, all where empty. budget: the most that may be spent, a duration ("10 min") or hours of
    CPU ("0.5"). plan_time: for the search of each plan, the scenario's where None. saltelli_count: base sample of
    full Saltelli indices, 0 for none. replan: a plan of its own in each future, as if it were known. out: the folder
    of the store, None to keep nothing.
    """

    futures_count: int
    seed: int | None = None
    workers_count: int | None = None
    vary: tuple[str, ...] = ()
    budget: str | None = None
    plan_time: str | None = None
    saltelli_count: int = 0
    replan: bool = False
    out: Path | None = None

    @property
    def workers(self) -> int:
        """Workers that are used."""
        return os.cpu_count() or 1 if self.workers_count is None else self.workers_count


def check_asking(asking: Asking, scenario: Scenario) -> None:
    """Raises ScenarioError with everything that is wrong with how a sweep is asked for."""
    known = list(scenario.asked.uncertainty)
    faults = []
    if not known:
        faults.append(Fault(path="uncertainty", given="nothing", expected="at least one quantity in [uncertainty]"))
    if not 1 <= asking.futures_count <= MOST_FUTURES:
        faults.append(Fault(path="--draws", given=f"{asking.futures_count}", expected=f"1 to {MOST_FUTURES:,}"))
    if not 1 <= asking.workers <= MOST_WORKERS:
        faults.append(Fault(path="--workers", given=f"{asking.workers_count}", expected=f"1 to {MOST_WORKERS}"))
    if asking.seed is not None and asking.seed < 0:
        faults.append(Fault(path="--seed", given=f"{asking.seed}", expected="a whole number not below 0"))
    count = asking.saltelli_count
    if count and (not 0 < count <= MOST_SALTELLI or count & (count - 1)):
        faults.append(Fault(path="--saltelli", given=f"{count}", expected=f"a power of 2, at most {MOST_SALTELLI}"))
    for name in asking.vary if known else ():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            near = f'; did you mean "{close[0]}"?' if close else ""
            faults.append(Fault(path="--vary", given=f'"{name}"', expected=f"one of {', '.join(known)}{near}"))
    faults += _unreadable(asking)
    if faults:
        raise ScenarioError(faults)


def _unreadable(asking: Asking) -> list[Fault]:
    found = []
    if asking.plan_time is not None:
        try:
            units.parse(asking.plan_time, "s")
        except ValueError as error:
            found.append(Fault(path="--plan-time", given=f'"{asking.plan_time}"', expected=str(error)))
    if asking.budget is not None:
        try:
            read_budget(asking.budget)
        except ValueError as error:
            found.append(Fault(path="--budget", given=f'"{asking.budget}"', expected=str(error)))
    return found


def timed(scenario: Scenario, plan_time: str | None) -> Scenario:
    """The scenario with another limit on the search of its plan; its identity stays."""
    if plan_time is None:
        return scenario
    asked = scenario.asked
    solver = replace(asked.solver, time_limit_s=units.parse(plan_time, "s"))
    return replace(scenario, asked=replace(asked, solver=solver))


def drawing(scenario: Scenario, asking: Asking) -> Callable[[int], Future]:
    """The futures that are asked for, by number: the same for every strategy."""
    seed, count, names = seed_of(scenario, asking), len(scenario.quarters), asking.vary or None
    return lambda number: draw(scenario.asked, seed, number, count, names)


def seed_of(scenario: Scenario, asking: Asking) -> int:
    """The seed of the futures."""
    return scenario.asked.seed if asking.seed is None else asking.seed
