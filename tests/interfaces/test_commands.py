"""What every command has in common: it speaks to people and to programs, and says what is wrong with either."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
QUICK = [
    ["check", "one-campus"],
    ["sources", "one-campus"],
    ["catalog", "list"],
    ["catalog", "list", "models"],
    ["catalog", "show", "NVIDIA GB200 NVL72"],
    ["claims", "--only", "largest"],
    ["schema"],
    ["schema", "predict inference"],
]


@pytest.mark.parametrize("command", QUICK, ids=" ".join)
def test_every_command_speaks_to_people_and_programs(command: list[str], gigawatt: Call) -> None:
    ended = gigawatt(*command, "--json")
    assert ended.answer
    assert ended.out.count("\n") == 1, ended.out[:200]
    people = gigawatt(*command)
    assert people.code == 0, people.told
    assert len(people.out.splitlines()) > 3


def test_a_schema_is_the_same_for_people_and_programs(gigawatt: Call) -> None:
    """It is meant for a file, `gigawatt schema > scenario.schema.json`, and has nothing beside it."""
    assert json.loads(gigawatt("schema").out) == gigawatt("schema", "--json").answer
    assert "gigawatt" not in gigawatt("schema", "--json").answer


@pytest.mark.parametrize(
    ("command", "path", "expected"),
    [
        (["catalog", "show", "gb20 nvl72"], "THING", "gb200-nvl72"),
        (["catalog", "list", "model"], "KIND", 'did you mean "models"?'),
        (["claims", "--only", "ten_gigawatts"], "--only", 'did you mean "ten_gw"?'),
        (["schema", "stratgy"], "OF", 'did you mean "strategy"?'),
        (["check", "one-campu"], "SCENARIO", 'did you mean "one-campus"?'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_unknown_names_are_exit_code_2_with_the_nearest(
    command: list[str], path: str, expected: str, gigawatt: Call
) -> None:
    ended = gigawatt(*command, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert expected in ended.faults[path]["expected"]
    people = gigawatt(*command)
    assert people.code == 2
    assert people.told.startswith(f"error: {path} = ")


def test_a_model_is_imported_where_out_says(gigawatt: Call, tmp_path: Path) -> None:
    config = tmp_path / "mine.json"
    shape = {"hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 2, "vocab_size": 1000}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 4, "tie_word_embeddings": False}
    config.write_text(json.dumps({"model_type": "llama", **shape, **heads}))
    found = gigawatt("catalog", "import-model", config, "--out", tmp_path, "--json").answer
    assert found["path"] == str(tmp_path / "mine.toml")
    people = gigawatt("catalog", "import-model", config, "--out", tmp_path, "--name", "tiny")
    assert f"{tmp_path / 'tiny.toml'}: tiny, 0.0002" in " ".join(people.out.split())
    again = gigawatt("catalog", "import-model", config, "--out", tmp_path / "none", "--json")
    assert (again.code, set(again.faults)) == (2, {"--out"})


def test_version(gigawatt: Call) -> None:
    assert gigawatt("--version").out.startswith("gigawatt ")


@pytest.mark.parametrize("command", [["run", "--bogus"], ["bogus"], ["catalog", "show"]], ids=" ".join)
def test_a_mistaken_command_is_json_too(command: list[str], gigawatt: Call) -> None:
    ended = gigawatt(*command, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert json.loads(ended.told)["error"]["kind"] == "UsageError"
    people = gigawatt(*command)
    assert people.code == 2
    assert "Usage" in people.told
