"""The numbers of a scenario with grade and source: what its answers rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gigawatt.catalog.records import Evidence
from gigawatt.scenario.resolve import groups
from gigawatt.scenario.schema import Scenario
from gigawatt.study import evidence
from gigawatt.study.answer import SPREAD, Head, head_of
from gigawatt.study.changed import ChangedNumber, since_announced
from gigawatt.study.check.answer import notes
from gigawatt.study.job import Job
from gigawatt.study.numbers import CitedSource, GradedNumber, cited, number
from gigawatt.study.opened import scenario_of
from gigawatt.study.sources.question import SourcesQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSources:
    """Every number of a scenario, how many carry each grade, the share that is assumed, and every source once."""

    head: Head = field(metadata=SPREAD)
    numbers: tuple[GradedNumber, ...]
    grades: Mapping[str, int]
    assumed_frac: float
    changes: tuple[ChangedNumber, ...]
    """Numbers that became known since what is planned was announced; empty where the scenario states no day of it."""
    sources: tuple[CitedSource, ...]


def answer(question: SourcesQuestion, job: Job) -> ScenarioSources:
    """The numbers of the scenario that is asked about."""
    del job  # it takes a moment
    return rests_on(scenario_of(question.scenario, question.set)[0])


def rests_on(scenario: Scenario) -> ScenarioSources:
    """What a scenario rests on."""
    rows = numbers(scenario)
    return ScenarioSources(
        head=head_of(scenario, notes(scenario)),
        numbers=rows,
        grades=evidence.grades(scenario),
        assumed_frac=sum(row.grade == "assumed" for row in rows) / max(len(rows), 1),
        changes=since_announced(scenario),
        sources=cited(scenario.evidence.values()),
    )


def numbers(scenario: Scenario) -> tuple[GradedNumber, ...]:
    """Every number of a scenario, and of the records that it names, by path."""
    return tuple(_used(scenario, *item) for item in sorted(scenario.evidence.items()))


def _used(scenario: Scenario, path: str, known: Evidence) -> GradedNumber:
    thing = _thing(scenario, path)
    if not thing.startswith("catalog."):
        return number(scenario.asked, path, known, thing)
    _, group, key = thing.split(".", 2)
    record = groups(scenario.records)[group][key]
    return number(record, path.removeprefix(f"{thing}."), known, thing, prefix=f"{thing}.")


def _thing(scenario: Scenario, path: str) -> str:
    """What a number belongs to, as a prefix of its path: a record of the catalog, or a table of the scenario."""
    words = path.split(".")
    if words[0] != "catalog":
        return ".".join(words[: min(len(words) - 1, 2)])
    # A key of the scenario may hold a full stop: llama-3.1-70b.
    keys = groups(scenario.records)[words[1]]
    prefix = f"catalog.{words[1]}."
    return prefix + max((key for key in keys if path.startswith(f"{prefix}{key}.")), key=len)
