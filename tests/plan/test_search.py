"""Branch and bound over the dates of tranches: against every schedule tried, its limits, and how it splits."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest

from gigawatt.exact import exact
from gigawatt.plan import search
from gigawatt.plan.search import Effort, Releases, Schedules, every_schedule, halves, improve, trial
from gigawatt.programme.arrays import arrays
from gigawatt.scenario.load import load
from gigawatt.solver import ITERATIONS, Clock, Program

EFFORT = Effort(clock=Clock(600.0), iterations_count=ITERATIONS)


def stated() -> tuple[Program, Schedules]:
    """A programme with two tranches, and all its schedules."""
    scenario = load("one-campus")
    with exact():
        program = Program(search.state(arrays(scenario).isel(period=slice(None, 12)), scenario.asked))
    return program, every_schedule(program, program.solve_lp())


def never(program: Program) -> Releases:
    """The plan without any tranche, or nothing where there is none."""
    lower, _ = program.bounds("released")
    return trial(program, (lower.shape[1],) * lower.shape[0], EFFORT)


@pytest.fixture(scope="module")
def best_of_all() -> float:
    program, root = stated()
    quarters = range(root.shares.shape[1] + 1)
    dates = combinations_with_replacement(quarters, root.first.size)
    return max(trial(program, each, EFFORT).objective for each in dates)


def test_the_best_of_every_schedule_is_found_and_proven(best_of_all: float) -> None:
    program, root = stated()
    found, bound, ended = improve(program, never(program), EFFORT, 1e-6, root, 1_000)
    assert found.objective == pytest.approx(best_of_all, abs=1e-6)
    assert ended == "optimal"
    assert found.objective <= bound <= found.objective + 1e-6


def test_a_wider_gap_is_proven_to_half_of_it(best_of_all: float) -> None:
    program, root = stated()
    found, bound, ended = improve(program, never(program), EFFORT, 0.2, root, 1_000)
    assert ended == "optimal"
    assert best_of_all <= bound <= found.objective + 0.1 + 1e-9


@pytest.mark.parametrize(("nodes", "seconds", "said"), [(1, 600.0, "work_limit"), (1_000, 0.0, "time_limit")])
def test_a_limit_ends_it_with_a_bound_that_holds(best_of_all: float, nodes: int, seconds: float, said: str) -> None:
    program, root = stated()
    effort = replace(EFFORT, clock=Clock(seconds))
    found, bound, ended = improve(program, never(program), effort, 1e-6, root, nodes)
    assert ended == said
    assert max(found.objective, best_of_all) <= bound <= root.bound


def test_every_schedule_is_in_one_half() -> None:
    shares = np.array([[0.0, 1.0, 1.0, 1.0], [0.0, 0.25, 0.5, 1.0], [0.0, 0.0, 0.2, 0.2]])
    part = Schedules(first=np.zeros(3, dtype=int), last=np.full(3, 4), bound=1.0, shares=shares)
    for dates in combinations_with_replacement(range(5), 3):
        within = [(half.first <= dates).all() and (dates <= half.last).all() for half in halves(part)]
        assert sum(within) == 1, dates
    after, by = halves(part)
    assert (by.last.tolist(), after.first.tolist()) == ([2, 2, 4], [0, 3, 3])


def test_dates_are_the_quarters_in_which_tranches_come() -> None:
    shares = np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0 - 1e-9], [0.0, 0.0, 0.0]])
    part = Schedules(first=np.zeros(3, dtype=int), last=np.full(3, 3), bound=0.0, shares=shares)
    assert part.whole
    assert part.dates == (1, 2, 3)
    assert not replace(part, shares=shares / 2).whole


def test_what_cannot_stand_has_no_column() -> None:
    """Racks that do not ship yet do no work; all of it is in the programme from the quarter in which they may."""
    scenario = load("three-sites")
    with exact():
        data = arrays(scenario)
        given = search.state(data, scenario.asked).matrices
        ships = ((data.supply_count > 0) * data.in_pool_count).sum("pool").transpose("period", "platform").values > 0
    there = given.variables["stock"].numbers >= 0
    first = ships.argmax(axis=0)
    assert (there.argmax(axis=0) == first).all()
