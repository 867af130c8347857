"""`gigawatt simulate` as a user has it: one JSON object, a page for people, a folder, and faults by their path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gigawatt.interfaces.cli import app

EVENT = "2027-08-14T10:00/4h site=example-campus -50%"
SHORT = ["--set", "horizon.report_end=2027Q4", "--set", "horizon.end=2028Q2"]


def gigawatt(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of `gigawatt run`."""
    folder = tmp_path_factory.mktemp("runs") / "campus"
    assert gigawatt("run", "one-campus", *SHORT, "--out", str(folder), "--json").exit_code == 0
    return folder


def test_an_event_is_one_json_object_and_twice_the_same(campus: Path) -> None:
    command = ("simulate", str(campus), "--event", EVENT, "--json")
    run, again = gigawatt(*command), gigawatt(*command)
    assert run.exit_code == 0, run.stderr
    assert run.stdout == again.stdout
    assert run.stdout.count("\n") == 1
    found = json.loads(run.stdout)
    assert found["events"] == [EVENT]
    assert (found["step_s"], found["from"], found["to"]) == (300, "2027-08-13", "2027-08-16")
    assert found["during"]["facility_w"] == pytest.approx(found["without"]["facility_w"] / 2, rel=5e-3)
    assert found["curtailed_wh"] == pytest.approx(4 * found["during"]["curtailed_w"], rel=1e-6)
    assert {"use_case", "tokens", "flop", "usd", "event_frac"} == set(found["cut"][0])
    assert "living through" in run.stderr
    assert found["files"] is None


def test_a_person_reads_what_it_cost(campus: Path) -> None:
    run = gigawatt("simulate", str(campus), "--event", EVENT)
    assert run.exit_code == 0, run.stderr
    for words in ("gives up", "What the event costs", "Plan against simulation", "of rack-hours work", "seed 1"):
        assert words in run.stdout


def test_the_folder_is_a_result_and_is_lived_through_again(campus: Path, tmp_path: Path) -> None:
    out = tmp_path / "lived"
    command = ("--from", "2027Q3", "--to", "2027Q3", "--seed", "3", "--json")
    run = gigawatt("simulate", str(campus), *command, "--events", "all", "--out", str(out))
    assert run.exit_code == 0, run.stderr
    found = json.loads(run.stdout)
    assert Path(found["files"]["report"]).is_file()
    assert "The fleet" in (out / "report.html").read_text(encoding="utf-8")
    assert (out / "csv" / "outages.csv").is_file()
    again = json.loads(gigawatt("simulate", str(out), *command).stdout)
    assert again["hash"] == found["hash"]
    assert again["served"] == found["served"]


def test_a_folder_of_somebody_else_is_refused(campus: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    run = gigawatt("simulate", str(campus), "--out", str(tmp_path), "--json")
    assert run.exit_code == 2
    assert json.loads(run.stderr)["error"]["items"][0]["path"] == "--out"
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["--event", EVENT, "--mode", "expected"], "--event"),
        (["--event", EVENT.replace("example-", "exampel-")], "--event"),
        (["--step", "7min"], "--step"),
        (["--seed", "-1"], "--seed"),
        (["--from", "2027Q4", "--to", "2027Q1"], "--from"),
        (["--set", "programme.target=1 GW"], "programme.target"),
    ],
)
def test_bad_input_is_exit_code_2_with_its_path(campus: Path, arguments: list[str], path: str) -> None:
    run = gigawatt("simulate", str(campus), *arguments, "--json")
    assert run.exit_code == 2
    assert run.stdout == ""
    error = json.loads(run.stderr)["error"]
    assert [item["path"] for item in error["items"]] == [path]


def test_a_folder_that_is_no_result_is_refused(tmp_path: Path) -> None:
    run = gigawatt("simulate", str(tmp_path))
    assert run.exit_code == 2
    assert "a folder with result.json" in run.stderr
