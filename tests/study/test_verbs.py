"""The table of verbs: every door is a loop over it, every field of a question is documented."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gigawatt import units
from gigawatt.catalog.described import descriptions
from gigawatt.interfaces import cli
from gigawatt.study import verbs
from gigawatt.study.verbs import GROUPS, VERBS, Verb

DESIGN = Path(__file__).parents[2] / "docs" / "design.md"
NAMES = [verb.name for verb in VERBS]


def commands() -> dict[str, Any]:
    """Every command of the command line by its words."""
    found = {}
    for name, command in get_command(cli.application(VERBS)).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {word}": one for word, one in inner.items()}
    return found


def test_every_door_has_the_same_verbs() -> None:
    assert sorted(commands()) == sorted([*NAMES, *cli.DOORS])
    for verb in VERBS:
        assert getattr(verbs, verb.function).__doc__ == verb.title
    assert {verb.group for verb in VERBS} == set(GROUPS)
    with pytest.raises(KeyError, match="no verb is called 'plan': run, check"):
        verbs.ask("plan")
    with pytest.raises(AttributeError, match="no_such_verb"):
        verbs.no_such_verb  # noqa: B018 (the access is the test)


@pytest.mark.parametrize("verb", VERBS, ids=NAMES)
def test_every_field_is_an_option_with_its_sentence(verb: Verb) -> None:
    record, words = verb.question(), descriptions(verb.question())
    shown = {one.name.rstrip("_"): one for one in commands()[verb.name].params}
    for entry in fields(record):
        key = units.split(entry.name)[0].rstrip("_")
        assert words[entry.name].endswith("."), f"{entry.name} has no sentence"
        assert len(words[entry.name].split()) > 2, f"{entry.name} has no sentence"
        option = shown.pop(key)
        assert option.help.replace("\\[", "[").removesuffix(" [required]") == words[entry.name]
        assert (option.param_type_name == "argument") == (key in verb.positional)
    assert set(shown) <= {"out", "predictions", "scheduler", "json", "lang", "help"}
    assert callable(verb.answer)


@pytest.mark.parametrize("verb", VERBS, ids=NAMES)
def test_an_example_is_a_command_that_reads(verb: Verb, gigawatt_words: Callable[[str], list[str]]) -> None:
    """Its words name the verb, and each option is one of its own."""
    words = gigawatt_words(verb.example)
    assert [word.name for word in cli.named(words)] == [verb.name]
    known = {name for one in commands()[verb.name].params for name in one.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.fixture
def gigawatt_words() -> Callable[[str], list[str]]:
    import shlex

    def split(example: str) -> list[str]:
        program, *words = shlex.split(example.partition(" > ")[0])
        assert program == "gigawatt"
        return words

    return split


def test_a_verb_is_a_module_and_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of docs/design.md, as it stands there."""
    shown = DESIGN.read_text(encoding="utf-8").partition("<!-- a verb -->")[2].partition("<!-- end -->")[0]
    module_text, row_text = re.findall(r"```python\n(.*?)```", shown, re.DOTALL)
    (tmp_path / "payback.py").write_text(module_text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("gigawatt.study.payback", tmp_path / "payback.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "gigawatt.study.payback", module)
    spec.loader.exec_module(module)
    row = eval(row_text, {"Verb": Verb})
    for place in (verbs, cli):
        monkeypatch.setattr(place, "VERBS", (*VERBS, row))
    assert verbs.payback(capex="46 billion USD", yearly="13 billion USD").payback_years == pytest.approx(46 / 13)
    told = called(monkeypatch, "payback", "--capex", "46 billion USD", "--yearly", "13 billion USD", "--json")
    assert told["payback_years"] == pytest.approx(46 / 13)
    assert told["scenario"] is None


def called(monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """The JSON of a command of this process."""
    said: list[Any] = []
    monkeypatch.setattr(cli, "say", said.append)
    cli.application(cli.named(words))(list(words), standalone_mode=False)
    return json.loads(json.dumps(said[0]))
