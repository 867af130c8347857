"""The tools are the verbs, with the fields of their questions."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from gigawatt.catalog.tables import keys_of
from gigawatt.interfaces.mcp import own
from gigawatt.interfaces.mcp.serving import described
from gigawatt.interfaces.mcp.tools import CONFIRM, OWN, PLACES, UNITS, tools
from gigawatt.study.question import named_in
from gigawatt.study.verbs import VERBS, Verb


def _with_key(value: Any, key: str) -> bool:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (isinstance(value, dict) and key in value) or any(_with_key(entry, key) for entry in below)


def test_every_verb_is_a_tool_and_every_other_tool_is_the_doors_own() -> None:
    assert {verb.function for verb in VERBS} == {tool.name for tool in tools().values() if tool.verb is not None}
    assert set(tools()) == {verb.function for verb in VERBS} | {tool.name for tool in OWN}
    assert len(VERBS) >= 15


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_tool_has_the_fields_of_its_verb_and_a_token_where_it_asks(verb: Verb) -> None:
    tool = tools()[verb.function]
    fields = set(tool.schema()["properties"])
    assert fields == set(keys_of(verb.question())) | ({CONFIRM} if tool.asks else set())
    assert tool.asks == (verb.long or bool(verb.folder) or verb.changes != "nothing")


@pytest.mark.parametrize("name", list(tools()))
def test_a_schema_is_whole_in_itself_and_lawful(name: str) -> None:
    schema = tools()[name].schema()
    assert not _with_key(schema, "$ref")
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    jsonschema.Draft202012Validator.check_schema(schema)
    assert all(entry["description"] for entry in schema["properties"].values())


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_what_a_text_names_is_said_as_this_door_means_it(verb: Verb) -> None:
    properties = tools()[verb.function].schema()["properties"]
    for key, thing in named_in(verb.question()).items():
        assert properties[key]["description"].endswith(PLACES[thing])


@pytest.mark.parametrize("name", list(tools()))
def test_a_tool_says_what_it_does_and_how_units_are_written(name: str) -> None:
    told = described(tools()[name])
    assert told.description is not None
    assert told.description.startswith(tools()[name].says)
    assert UNITS in told.description
    assert told.annotations is not None
    assert told.annotations.read_only_hint == (not tools()[name].asks and name != "job_cancel")
    assert told.annotations.open_world_hint is False


def test_only_what_is_not_easily_undone_is_called_destructive() -> None:
    found = {name for name, tool in tools().items() if tool.does == "destroys"}
    assert found == {"ledger_approve", "ledger_disburse", "job_cancel", "result_remove", "scenario_remove"}


def test_every_tool_of_the_doors_own_is_done_and_checked_before_it_is_proposed() -> None:
    assert set(own.DOES) == {tool.name for tool in OWN}
    assert set(own.CHECKS) == {tool.name for tool in OWN if tool.asks}


def test_all_tools_together_leave_room_for_a_conversation() -> None:
    told = [described(tool).model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools().values()]
    assert len(json.dumps(told)) < 80_000
