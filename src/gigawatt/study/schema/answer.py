"""The JSON Schema of a file that is read, or of the question of a verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gigawatt.study.answer import SPREAD
from gigawatt.study.job import Job
from gigawatt.study.question import refuse, unknown
from gigawatt.study.schema.question import SchemaQuestion
from gigawatt.study.schema.record import FILES, Json, schema_for, schema_of
from gigawatt.study.verbs import VERBS


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaAnswer:
    """A JSON Schema (2020-12): the answer is the schema itself, and has no head."""

    schema: Mapping[str, Json] = field(metadata=SPREAD)


def answer(question: SchemaQuestion, job: Job) -> SchemaAnswer:
    """The schema of what is asked about. Raises ScenarioError where nothing is called so."""
    del job  # it takes a moment
    verb = next((verb for verb in VERBS if question.of in (verb.name, verb.function)), None)
    if verb is not None:
        return SchemaAnswer(schema=schema_of(verb.question()))
    if question.of not in FILES:
        refuse([unknown("of", question.of, [*FILES, *(verb.name for verb in VERBS)])])
    return SchemaAnswer(schema=schema_for(question.of))
