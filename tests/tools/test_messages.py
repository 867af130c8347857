"""The catalogues of messages are what the code says: nothing more, nothing less."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "messages.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def collected(tool: ModuleType, code: str) -> list[str]:
    texts = tool._of_code(ast.parse(code), Path("/gigawatt/report/some.py"), "all")
    return [message for text in texts if tool._is_message(message := tool.normal(text))]


def test_every_message_of_the_code_is_in_every_catalogue_and_no_other(tool: ModuleType) -> None:
    found = tool.messages()
    for code in ("en", "id"):
        place = tool.LANGUAGES / f"{code}.po"
        assert place.read_bytes() == tool.merged(place, code, found), f"run tools/messages.py: {place.name} is stale"


def test_expressions_are_holes_and_choices_of_words_are_messages_of_their_own(tool: ModuleType) -> None:
    code = "x = f\"{a} {'binds' if one else 'bind'} at {b.c}, in {d:,.0f} GW\""
    assert collected(tool, code) == ["{0} binds at {1}, in {2} GW", "{0} bind at {1}, in {2} GW"]


def test_what_is_no_text_for_people_is_left_out(tool: ModuleType) -> None:
    code = '''
"""A module that says nothing."""
def some(name: "a name") -> "a text":
    """What it does."""
    raise ValueError("our own bug")
KEYS = {"a_key": 1, "some.path": 2}
x = KEYS["two words"] if kind == "three whole words" else name.split("and so on")
'''
    assert collected(tool, code) == []


def test_a_sentence_before_is_a_message_of_its_own(tool: ModuleType) -> None:
    assert collected(tool, 'x = f"{first}No debt is drawn."') == ["No debt is drawn."]


def test_templates_and_data_are_read(tool: ModuleType) -> None:
    assert list(tool._of_template("""<p>{{ say("One of {}", a) }} {{ say('Two') }}</p> {{ essay("no") }}""")) == [
        "One of {}",
        "Two",
    ]
    data = {
        "title": "A plan",
        "sources": {"a": {"title": "A name", "url": "https://example.org"}},
        "x": [{"claim": "It is."}],
    }
    assert list(tool._of_data(data)) == ["A plan", "It is."]
