"""`gigawatt allocate` from outside: the object that other programs read, the page a person reads, the drawing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from gigawatt.interfaces.cli import app

RUN = CliRunner()
CONTRACT = {
    *("gigawatt", "scenario", "hash", "notes", "capacity_w", "allocation", "lambda_left", "lambda_right"),
    *("physical_abundance_w", "economic_abundance_w", "exchange", "curve"),
}


def found(*words: str) -> Any:
    answer = RUN.invoke(app, ["allocate", *words, "--json"])
    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout.count("\n") == 1
    return json.loads(answer.stdout)


def test_the_contract_of_the_json_object() -> None:
    figures = found("six-classes", "--capacity", "10 GW")
    assert set(figures) >= CONTRACT
    assert figures["capacity_w"] == 10e9
    assert round(figures["lambda_left"], 3) == 0.497
    for row in figures["allocation"]:
        assert set(row) >= {"use_case", "power_w", "served_frac", "floor_frac", "marginal"}
    assert all(set(row) >= {"capacity_w", "lambda"} for row in figures["curve"])
    assert all(set(note) == {"code", "path", "text"} for note in figures["notes"])


def test_two_runs_give_the_same_bytes() -> None:
    one, other = (RUN.invoke(app, ["allocate", "six-classes", "--json"]).stdout for _ in range(2))
    assert one == other


def test_a_person_reads_it() -> None:
    answer = RUN.invoke(app, ["allocate", "six-classes", "--capacity", "10 GW"])
    assert answer.exit_code == 0
    text = " ".join(answer.stdout.split())
    assert "one gigawatt more is worth 0.497 value units a year" in text
    assert "From 16 GW on, nobody has to choose" in text
    assert "up to 9.97 GW (economic abundance); 10 GW is more than that" in text
    assert "10,000 tutor-hours more of Tutoring cost 2 candidate screens of Cancer research" in text
    assert max(len(line) for line in answer.stdout.splitlines()) <= 80


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--capacity", "16 GW", "--fairness", "log"), "one less would cost 0.7 value units"),
        (("--capacity", "20 GW"), "would go to nobody"),
        (("--set", "allocation.cost=9 /GW"), "none is worth that"),
        (("--set", "allocation.cost=false"), "physical abundance). Who gets"),
        (("--set", "allocation.classes.media.tier=2"), "class tier power"),
        (("--fairness", "alpha=2"), "without limit"),
    ],
)
def test_what_it_says(words: tuple[str, ...], says: str) -> None:
    answer = RUN.invoke(app, ["allocate", "six-classes", *words])
    assert answer.exit_code == 0, answer.stderr
    assert says in " ".join(answer.stdout.split())


@pytest.mark.parametrize("rule", ["quadratic", "log", "max-min"])
def test_the_drawing(rule: str, tmp_path: Path) -> None:
    out = tmp_path / "who.svg"
    figures = found("six-classes", "--fairness", rule, "--out", str(out))
    assert figures["files"] == {"chart": str(out)}
    drawing = ElementTree.fromstring(out.read_text())
    words = "".join(drawing.itertext())
    for name in ("economic abundance", "physical abundance: 16 GW", "Cancer research", "cost"):
        assert name in words
    assert "nan" not in out.read_text()
    assert "inf" not in out.read_text()


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("six-classes", "--capacity", "-2 GW"), "--capacity"),
        (("six-classes", "--fairness", "fair"), "--fairness"),
        (("one-campus", "--period", "1999Q1"), "--period"),
        (("six-classes", "--set", "allocation.classes.chat.floor=9 GW"), "allocation.classes.chat.floor"),
        (("six-classes", "--out", "no-folder/who.svg"), "--out"),
        (("six-clases",), "SCENARIO"),
    ],
)
def test_bad_input_is_exit_code_2(words: tuple[str, ...], path: str) -> None:
    answer = RUN.invoke(app, ["allocate", *words])
    assert answer.exit_code == 2, (answer.stdout, answer.exception)
    assert answer.stdout == ""
    assert path in answer.stderr
    as_json = RUN.invoke(app, ["allocate", *words, "--json"])
    assert [item["path"] for item in json.loads(as_json.stderr)["error"]["items"]] == [path]


def test_another_verb_says_which_one_it_is_for() -> None:
    for verb in ("run", "check", "sources"):
        answer = RUN.invoke(app, [verb, "six-classes"])
        assert answer.exit_code == 2
        assert "gigawatt allocate six-classes" in answer.stderr
