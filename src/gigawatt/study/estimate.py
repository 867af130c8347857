"""What an answer will take, told from the size of its question before anything is worked out.

What a unit of each kind of work takes was measured once, on one kind of machine, and stands in paces.toml with the day
and how far estimates were off. A sweep or a comparison tells more closely, once its first futures are lived through.

>>> from gigawatt.study import verbs
>>> from gigawatt.study.schema.question import SchemaQuestion
>>> estimate(verbs.named("schema"), SchemaQuestion()).basis
'a moment, as it was measured on 2026-11-29'
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from os import cpu_count
from typing import Any

from gigawatt.scenario.schema import Scenario
from gigawatt.study.sizes import QuestionSize, weeks_count
from gigawatt.study.verbs import Verb

# Work of futures, which may be spread over workers.
SPREAD_KINDS = ("futures", "future_weeks", "future_plans", "future_programme")
# Work before all other: to start, to read and to load; the same of each further process; all of a moment's verb.
START, WORKERS, MOMENT = "start", "workers", "moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What an answer will take."""

    cpu_s: float
    """Time of all CPUs together."""
    wall_s: float
    """Time on the clock, where so many CPUs are free as work can be spread over."""
    memory_bytes: float
    """Most memory of all processes together."""
    basis: str
    """Of what size it is told, and from which measurements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a unit of one kind of work takes."""

    cpu_s: float
    """Time of all CPUs together."""
    memory_bytes: float = 0.0
    """Memory that is held for it until the answer is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paces:
    """What units of work take, when and on what that was measured, and how far estimates were off."""

    measured_date: str
    """Day of the measurements."""
    machine: str
    """What they were made on."""
    within_ratio: float
    """The most that an estimate and what was measured were apart, over the cases of benchmarks/estimates.py."""
    each: Mapping[str, Pace]
    """By kind of work."""


@cache
def paces() -> Paces:
    """The paces that ship with Gigawatt."""
    table: dict[str, Any] = tomllib.loads((files("gigawatt.study") / "paces.toml").read_text())
    each = {kind: Pace(**{"cpu_s": 0.0} | pace) for kind, pace in table.pop("each").items()}
    return Paces(each=each, **table)


def estimate(verb: Verb, question: Any) -> Estimate:
    """What the answer of a verb to a question will take.

    Raises ScenarioError, CatalogError or LedgerError for a question that the verb refuses before it begins.
    """
    size = counted(verb, question)
    known = paces()
    taken = {kind: count * known.each[kind].cpu_s for kind, count in size.counts.items()}
    cpu_s = sum(taken.values())
    workers = max(min(size.workers_count, cpu_count() or 1), 1)
    spread_s = sum(taken.get(kind, 0.0) for kind in SPREAD_KINDS)
    words = f"{size.words}, as it was measured on {known.measured_date}"
    return Estimate(
        cpu_s=cpu_s,
        wall_s=cpu_s - spread_s * (1 - 1 / workers),
        memory_bytes=sum(count * known.each[kind].memory_bytes for kind, count in size.counts.items()),
        basis=words
        if MOMENT in size.counts
        else f"{words} on {known.machine}: within a factor of {known.within_ratio:g}",
    )


def futures_s(scenario: Scenario, count: int) -> float:
    """Time of all CPUs that futures of one plan take, each lived through alone."""
    each = paces().each
    return count * (each["futures"].cpu_s + weeks_count(scenario) * each["future_weeks"].cpu_s)


def counted(verb: Verb, question: Any) -> QuestionSize:
    """How much work a question asks for, with the start of every process."""
    size = verb.size(question)
    if size is None:
        return QuestionSize(counts={MOMENT: 1.0}, words="a moment")
    workers = 0 if size.workers_count == 1 else size.workers_count
    return replace(size, counts={START: 1.0, WORKERS: float(workers)} | dict(size.counts))
