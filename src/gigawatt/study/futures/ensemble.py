"""The futures that a sweep or a comparison lives through: how many, what differs in them, and what they may cost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from gigawatt.errors import Fault
from gigawatt.scenario.schema import Scenario
from gigawatt.study.answer import copied
from gigawatt.study.estimate import futures_s
from gigawatt.study.futures.budget import Budget, read_budget, span_words
from gigawatt.study.futures.question import CompareQuestion, SweepQuestion
from gigawatt.study.job import Job
from gigawatt.study.question import refuse, unknown, wrong

MOST_FUTURES, MOST_WORKERS, MOST_SALTELLI = 1_000_000, 1024, 65_536
MOST_PLAN_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Futures of one seed, and how they are lived through.

    counted: the key of the question that says how many there are. vary: the quantities that differ from what is stated,
    all where empty. replan: a plan of its own in each future, as if it were known. plan_time_s: for the search of each
    plan, the scenario's where None. budget: the most that may be spent. workers_count: at work at the same time.
    """

    counted: str
    futures_count: int
    seed: int
    vary: tuple[str, ...]
    replan: bool
    plan_time_s: float | None
    budget: Budget | None
    workers_count: int


def ensemble(question: SweepQuestion | CompareQuestion, scenario: Scenario, job: Job) -> Ensemble:
    """The futures that a question asks for. Raises ScenarioError with everything that is wrong with them."""
    counted, count = _counted(question)
    workers = job.workers_count or question.workers_count
    budget, faults = None, [*_unlawful(question, scenario), *_unknown(question, list(scenario.asked.uncertainty))]
    if question.budget is not None:
        try:
            budget = read_budget(question.budget)
        except ValueError as error:
            faults.append(wrong("budget", question.budget, str(error)))
    refuse(faults)
    return copied(
        Ensemble,
        question,
        counted=counted,
        futures_count=count,
        seed=scenario.asked.seed if question.seed is None else question.seed,
        budget=budget,
        workers_count=workers or os.cpu_count() or 1,
    )


def _counted(question: SweepQuestion | CompareQuestion) -> tuple[str, int]:
    """The key that says how many futures there are, and how many."""
    if isinstance(question, SweepQuestion):
        return "draws", question.draws_count
    return "futures", question.futures_count


def _unlawful(question: SweepQuestion | CompareQuestion, scenario: Scenario) -> Iterator[Fault]:
    """Counts that are out of bounds, those of futures with what they would take."""
    counted, count = _counted(question)
    if not 1 <= count <= MOST_FUTURES:
        yield wrong(counted, count, f"1 to {MOST_FUTURES:,}{_taken(scenario, count)}")
    if question.plan_time_s is not None and not 0 < question.plan_time_s <= MOST_PLAN_S:
        yield wrong("plan_time", f"{question.plan_time_s:g} s", "a duration above 0, at most 30 days")
    if question.workers_count is not None and not 1 <= question.workers_count <= MOST_WORKERS:
        yield wrong("workers", question.workers_count, f"1 to {MOST_WORKERS}")
    if question.seed is not None and question.seed < 0:
        yield wrong("seed", question.seed, "a whole number not below 0")
    base = question.saltelli_count if isinstance(question, SweepQuestion) else 0
    if base > MOST_SALTELLI or base & (base - 1):
        yield wrong("saltelli", base, f"a power of 2, at most {MOST_SALTELLI:,}{_taken(scenario, base)}")


def _taken(scenario: Scenario, count: int) -> str:
    """What so many futures would take, where that says more than their number."""
    return f"; so many would take some {span_words(futures_s(scenario, count))} of CPU" if count > MOST_FUTURES else ""


def _unknown(question: SweepQuestion | CompareQuestion, known: list[str]) -> Iterator[Fault]:
    """Quantities that the scenario does not call uncertain, or that it calls none so."""
    if not known:
        yield Fault(path="uncertainty", given="nothing", expected="at least one quantity in [uncertainty]")
        return
    for name in question.vary:
        if name not in known:
            yield unknown("vary", name, known)
