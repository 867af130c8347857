"""`gigawatt flywheel`: tables, one JSON object, a drawing, and a clear error for each mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from gigawatt.interfaces.cli import app

KEYS = {
    *("gigawatt", "scenario", "hash", "notes", "company", "elasticities", "backtest", "curves"),
    *("iterations", "converged", "fixed_point", "files"),
}
# Nothing comes back but what was asked for: two turns are enough.
STILL = """
name = "still"
extends = "one-campus"

[horizon]
report_end = "2027Q4"
end = "2028Q2"

[experiments.daily]
title = "Daily experiments"
grade = "assumed"
model = "llama-3.1-70b"
precision = "fp8"
gang = 1000
wish = "1e25 FLOP"
worth = "0.30 USD/EFLOP"
floor = "30 %"
floor_penalty = "3 USD/EFLOP"

[flywheel]
grade = "assumed"
history = "openai"
users_odds = 1.0
user_tokens = 1.0
token_price = 1.0
research_elasticity = 1.0
capital_per_revenue = 7.6
algorithmic_progress = "200 %/year"
hardware_progress = "34 %/year"
compute_cost = "38 USD/W"
people = 5.5e9
research_before = "1e26 FLOP"
"""


def flywheel(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["flywheel", *arguments])


def parsed(text: str) -> Any:
    def refuse(word: str) -> float:
        raise ValueError(f"{word} is not strict JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def still(tmp_path: Path) -> str:
    file = tmp_path / "still.toml"
    file.write_text(STILL, encoding="utf-8")
    return str(file)


def test_the_past_as_json() -> None:
    run = flywheel("--backtest", "--json")
    assert run.exit_code == 0, run.output
    found = parsed(run.stdout)
    assert set(found) == KEYS
    assert {row["held_out"] for row in found["backtest"]} == {True, False}
    row = next(row for row in found["backtest"] if (row["what"], row["date"]) == ("compute", "2025-12-31"))
    assert row["error_frac"] == pytest.approx(row["predicted"] / row["published"] - 1)
    assert found["iterations"] == []
    assert found["converged"] is None


def test_another_elasticity_is_another_past() -> None:
    run = flywheel("--backtest", "--json", "--set", "flywheel.users_odds=1")
    rows = [row for row in parsed(run.stdout)["backtest"] if row["what"] == "weekly users"]
    assert {round(row["predicted"]) for row in rows} == {100_000_000}


def test_the_past_on_a_terminal_fits_eighty_columns() -> None:
    run = flywheel("--backtest")
    assert run.exit_code == 0, run.output
    assert max(map(len, run.stdout.splitlines())) <= 80
    for words in ("Set on 2023 to 2024 alone", "−5.3%", "set", "derived", "cannot be told from a trend"):
        assert words in run.stdout


@pytest.mark.slow
def test_the_loop_from_two_starts_with_a_drawing(still: str, tmp_path: Path) -> None:
    drawing = tmp_path / "wheel.svg"
    run = flywheel(still, "--damping", "1", "--json", "--out", str(drawing))
    assert run.exit_code == 0, run.output
    found = parsed(run.stdout)
    assert [(turn["start_ratio"], turn["number"]) for turn in found["iterations"]] == [(0.5, 1), (0.5, 2), (1.0, 1)]
    assert found["converged"]
    assert found["fixed_point"]["same_from_every_start"]
    assert found["fixed_point"]["demand_ratio"] == 1.0
    assert found["fixed_point"]["gain_ratio"] == 0.0
    assert [row["year"] for row in found["fixed_point"]["chain"]] == ["2026", "2027"]
    assert found["files"] == {"chart": str(drawing)}
    circles = [node for node in ElementTree.parse(drawing).iter() if node.tag.endswith("circle")]
    assert len(circles) == 3 + len(found["backtest"]) + len(found["iterations"])


def test_the_loop_on_a_terminal(still: str) -> None:
    run = flywheel(still, "--damping", "1", "--start", "1")
    assert run.exit_code == 0, run.output
    assert "comes to rest" in run.stdout
    assert "Once around" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["--damping", "0"], "--damping"),
        (["--damping", "1.5"], "--damping"),
        (["--start", "0"], "--start"),
        (["--out", "no/such/folder/wheel.svg"], "--out"),
        (["--set", "flywheel.users_odds=-1"], "flywheel.users_odds"),
        (["one-campus"], "flywheel"),
    ],
)
def test_bad_input_names_its_path(arguments: list[str], path: str) -> None:
    run = flywheel(*arguments, "--json")
    assert run.exit_code == 2
    assert [item["path"] for item in parsed(run.stderr)["error"]["items"]] == [path]
    assert run.stdout == ""
