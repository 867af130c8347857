"""The verb that gives schemas: of files and of questions by their names, and nothing but the schema."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gigawatt.catalog.described import descriptions
from gigawatt.errors import ScenarioError
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.schema.record import FILES, schema_for
from gigawatt.study.verbs import VERBS, Verb
from gigawatt.units import split


@pytest.mark.parametrize("of", FILES)
def test_a_file_has_the_schema_of_its_kind(of: str) -> None:
    assert plain(verbs.schema(of)) == schema_for(of)


def test_a_scenario_is_meant_where_nothing_is_named() -> None:
    assert plain(verbs.schema()) == schema_for("scenario")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_verb_has_the_schema_of_its_question(verb: Verb) -> None:
    found = plain(verbs.schema(verb.name))
    assert found == plain(verbs.schema(verb.function))
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    said = descriptions(verb.question())
    names = {split(entry.name)[0].rstrip("_"): entry.name for entry in fields(verb.question())}
    assert set(names) <= set(found["properties"])
    for key, name in names.items():
        assert found["properties"][key]["description"].startswith(said[name])


def test_a_name_that_is_nearly_right() -> None:
    with pytest.raises(ScenarioError, match='did you mean "predict inference"') as caught:
        verbs.schema("predict inferense")
    assert [(fault.path, fault.asked) for fault in caught.value.faults] == [("of", True)]
