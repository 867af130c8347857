"""Help and completion as a user meets them: the order of a user's work, every field, an example that can be typed."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from gigawatt.catalog import load as catalog
from gigawatt.catalog.described import descriptions
from gigawatt.interfaces import cli
from gigawatt.interfaces.options import key_of
from gigawatt.scenario.load import allocation_presets, presets
from gigawatt.scenario.strategy import shipped
from gigawatt.study.catalog.listing import KINDS
from gigawatt.study.claims.statements import pike_statements, statements
from gigawatt.study.question import read
from gigawatt.study.verbs import GROUPS, VERBS, Verb

Call = Callable[..., Any]


def flat(text: str) -> str:
    """Help without its frames and line breaks."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", text).split())


def test_groups_and_commands_stand_in_the_order_of_the_work(gigawatt: Call) -> None:
    """users 7: help began with allocate and simulate."""
    text = flat(gigawatt("--help").out)
    found = []
    for group, title in GROUPS.items():
        found.append(text.index(f" {title} "))
        for word in dict.fromkeys(verb.name.split()[0] for verb in VERBS if verb.group == group):
            found.append(text.index(f" {word} ", found[-1]))
    assert found == sorted(found)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_shows_every_field_with_its_sentence(verb: Verb, gigawatt: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    text = flat(gigawatt(*verb.name.split(), "--help").out)
    said = descriptions(verb.question())
    for entry in fields(verb.question()):
        key = key_of(entry.name)
        name = key.upper() if key in verb.positional else f"--{key.replace('_', '-')}"
        place = text.index(f" {name} ")
        assert said[entry.name].endswith("."), entry.name
        assert text.index(flat(said[entry.name]), place) - place < 200, entry.name
    assert verb.title in text
    assert text.endswith(f"Example: {verb.example}")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_an_example_is_a_question(verb: Verb, gigawatt: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(cli, "_answer", lambda verb, given: asked.append((verb, given)))
    program, *words = shlex.split(verb.example.partition(" > ")[0])
    ended = gigawatt(*words)
    assert (program, ended.code, ended.told) == ("gigawatt", 0, "")
    ((named, given),) = asked
    assert named is verb
    keys = {key_of(entry.name) for entry in fields(verb.question())}
    assert read(verb.question(), cli._values({key: value for key, value in given.items() if key in keys}))


@pytest.fixture
def completed(gigawatt: Call, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """What is offered for the last word of a line, as bash asks for it."""

    def offered(line: str) -> list[str]:
        words = line.split(" ")
        monkeypatch.setenv("_GIGAWATT_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        ended = gigawatt()
        assert (ended.code, ended.told) == (0, "")
        return ended.out.split()

    return offered


PRECISIONS = ("bf16", "fp8", "int8", "fp4", "mxfp4", "int4")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("run ", lambda: presets()),
        ("run one", lambda: ["one-campus"]),
        ("sweep ", lambda: presets()),
        ("allocate ", lambda: [*presets(), *allocation_presets()]),
        ("compare ", lambda: shipped()),
        ("compare wait-for-rubin --scenario ", lambda: presets()),
        ("predict inference --gpu ", lambda: catalog.ids("accelerators")),
        ("predict inference --model ", lambda: catalog.ids("models")),
        ("predict inference --model llama-3.1-8b --precision ", lambda: PRECISIONS),
        ("predict training --engine Mega", lambda: ["Megatron-Bridge", "Megatron-LM", "Megatron-Core"]),
        ("predict bridge --site ", lambda: catalog.ids("sites")),
        ("simulate --events ", lambda: ["all"]),
        ("catalog list ", lambda: KINDS),
        ("catalog show gb300", lambda: ["gb300-nvl72", "gb300-rents"]),
        ("claims --only ", lambda: [*statements().claims, *pike_statements().claims]),
        ("claims --of ", lambda: ["letter", "ports-pike"]),
        ("schema predict_", lambda: ["predict_inference", "predict_training", "predict_gigawatt", "predict_bridge"]),
        ("catalog ", lambda: ["list", "show", "import-model"]),
        ("", lambda: [*dict.fromkeys(verb.name.split()[0] for verb in VERBS), *cli.DOORS]),
    ],
)
def test_names_are_completed(
    line: str, names: Callable[[], Sequence[str]], completed: Callable[[str], list[str]]
) -> None:
    """users 7: completion knew no presets, GPUs or models."""
    assert completed(f"gigawatt {line}") == list(names())


@pytest.mark.parametrize("line", ["run --out ", "check one-campus --set ", "catalog import-model "])
def test_places_and_figures_are_left_to_the_shell(line: str, completed: Callable[[str], list[str]]) -> None:
    assert completed(f"gigawatt {line}") == []


def test_a_broken_catalog_offers_nothing(
    completed: Callable[[str], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(catalog.OWN_FOLDER, str(tmp_path))
    for cached in (catalog._loaded, catalog.later_days, catalog._names, catalog._files):
        cached.cache_clear()
    assert completed("gigawatt catalog show h1") == []
    monkeypatch.delenv(catalog.OWN_FOLDER)
    for cached in (catalog._loaded, catalog.later_days, catalog._names, catalog._files):
        cached.cache_clear()


def test_bash_completes(tmp_path: Path) -> None:
    """The script that `gigawatt --install-completion` puts in place, as bash runs it."""
    program, bash = Path(sys.executable).with_name("gigawatt"), shutil.which("bash")
    if bash is None or not program.exists():
        pytest.skip("bash, or the installed program, is not here")
    script = """
        eval "$(_GIGAWATT_COMPLETE=source_bash "$1")"
        COMP_WORDS=(gigawatt check one) COMP_CWORD=2
        _gigawatt_completion "$1"
        echo "${COMPREPLY[@]}"
    """
    run = subprocess.run([bash, "-c", script, "bash", program], capture_output=True, text=True, cwd=tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "one-campus\n", "")
