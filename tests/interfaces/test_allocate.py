"""`gigawatt allocate` from outside: the object that other programs read, its options, the folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

CONTRACT = {
    *("gigawatt", "scenario", "hash", "notes", "capacity_w", "allocation", "lambda_left", "lambda_right"),
    *("physical_abundance_w", "economic_abundance_w", "exchange", "curve"),
}


def test_the_contract_of_the_json_object(gigawatt: Callable[..., Any]) -> None:
    ended = gigawatt("allocate", "six-classes", "--capacity", "10 GW", "--json")
    assert ended.out.count("\n") == 1
    figures = ended.answer
    assert set(figures) >= CONTRACT
    assert figures["files"] is None
    assert figures["capacity_w"] == 10e9
    assert round(figures["lambda_left"], 3) == 0.497
    for row in figures["allocation"]:
        assert set(row) >= {"use_case", "power_w", "served_frac", "floor_frac", "marginal"}
    assert all(set(row) >= {"capacity_w", "lambda"} for row in figures["curve"])
    assert all(set(note) == {"code", "path", "text"} for note in figures["notes"])


def test_two_runs_give_the_same_bytes(gigawatt: Callable[..., Any]) -> None:
    one, other = (gigawatt("allocate", "six-classes", "--json").out for _ in range(2))
    assert one == other


def test_every_option_is_heard(gigawatt: Callable[..., Any]) -> None:
    words = ("--set", "allocation.cost=0.6 /GW", "--period", "2029Q2", "--fairness", "alpha=2", "--capacity", "60 MW")
    found = gigawatt("allocate", "one-campus", *words, "--json").answer
    assert (found["scenario"], found["period"], found["fairness"]) == ("one-campus", "2029Q2", "alpha=2")
    assert (found["capacity_w"], found["cost_value_per_gw_year"]) == (60e6, pytest.approx(0.6))


def test_a_folder_is_written_and_named(gigawatt: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "who"
    files = gigawatt("allocate", "six-classes", "--out", out, "--json").answer["files"]
    assert files["folder"] == str(out)
    assert "Cancer research" in Path(files["report"]).read_text(encoding="utf-8")
    assert "Cancer research" in "".join(ElementTree.parse(out / "charts" / "served.svg").getroot().itertext())
    assert (out / "tables" / "shares.csv").read_text(encoding="utf-8").startswith("Class,Power [W]")
    assert files["report"] in "".join(gigawatt("allocate", "six-classes", "--out", out).out.split())


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("six-classes", "--capacity", "-2 GW"), "--capacity"),
        (("six-classes", "--fairness", "fair"), "--fairness"),
        (("one-campus", "--period", "1999Q1"), "--period"),
        (("six-classes", "--set", "allocation.classes.chat.floor=9 GW"), "allocation.classes.chat.floor"),
        (("six-classes", "--out", __file__), "--out"),
        (("six-clases",), "SCENARIO"),
    ],
)
def test_bad_input_is_exit_code_2(gigawatt: Callable[..., Any], words: tuple[str, ...], path: str) -> None:
    ended = gigawatt("allocate", *words)
    assert (ended.code, ended.out) == (2, "")
    assert path in ended.told
    assert list(gigawatt("allocate", *words, "--json").faults) == [path]


@pytest.mark.parametrize("verb", ["run", "check", "sources"])
def test_another_verb_says_which_one_it_is_for(gigawatt: Callable[..., Any], verb: str) -> None:
    ended = gigawatt(verb, "six-classes")
    assert ended.code == 2
    assert "gigawatt allocate six-classes" in ended.told
