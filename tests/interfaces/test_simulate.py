"""`gigawatt simulate` as a user has it: one JSON object, a page for people, a folder, and faults by their options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gigawatt as gw

EVENT = "2027-08-14T10:00/4h site=example-campus -50%"
SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q2"}
Gigawatt = Callable[..., Any]


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result."""
    return gw.run("one-campus", SHORT).save(tmp_path_factory.mktemp("runs") / "campus")


def test_an_event_is_one_json_object_and_twice_the_same(gigawatt: Gigawatt, campus: Path) -> None:
    command = ("simulate", campus, "--event", EVENT, "--json")
    run, again = gigawatt(*command), gigawatt(*command)
    found = run.answer
    assert run.out == again.out
    assert run.out.count("\n") == 1
    assert found["events"] == [EVENT]
    assert (found["step_s"], found["from"], found["to"]) == (300, "2027-08-13", "2027-08-16")
    assert found["during"]["facility_w"] == pytest.approx(found["without"]["facility_w"] / 2, rel=5e-3)
    assert found["curtailed_wh"] == pytest.approx(4 * found["during"]["curtailed_w"], rel=1e-6)
    assert {"use_case", "tokens", "flop", "usd", "event_frac"} == set(found["cut"][0])
    assert "living through" in run.told
    assert found["files"] is None


def test_a_person_reads_what_it_cost(gigawatt: Gigawatt, campus: Path) -> None:
    run = gigawatt("simulate", campus, "--event", EVENT)
    assert run.code == 0, run.told
    for words in ("gives up", "What the event costs", "Plan against simulation", "of rack-hours work", "seed 1"):
        assert words in run.out


def test_the_folder_is_a_result_and_is_lived_through_again(gigawatt: Gigawatt, campus: Path, tmp_path: Path) -> None:
    out = tmp_path / "lived"
    command = ("--from", "2027Q3", "--to", "2027Q3", "--seed", "3", "--json")
    found = gigawatt("simulate", campus, *command, "--events", "all", "--out", out).answer
    assert Path(found["files"]["report"]).is_file()
    assert "The fleet" in (out / "report.html").read_text(encoding="utf-8")
    assert (out / "csv" / "outages.csv").is_file()
    again = gigawatt("simulate", out, *command).answer
    assert again["hash"] == found["hash"]
    assert again["served"] == found["served"]


def test_a_folder_of_somebody_else_is_refused(gigawatt: Gigawatt, campus: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    run = gigawatt("simulate", campus, "--out", tmp_path, "--json")
    assert run.code == 2
    assert list(run.faults) == ["--out"]
    assert "living" not in run.told
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["--event", EVENT, "--mode", "expected"], "--event"),
        (["--event", EVENT.replace("example-", "exampel-")], "--event"),
        (["--step", "7min"], "--step"),
        (["--seed", "-1"], "--seed"),
        (["--from", "2027Q4", "--to", "2027Q1"], "--from"),
        (["--events", "all"], "--events"),
        (["--set", "programme.target=1 GW"], "programme.target"),
    ],
)
def test_bad_input_is_exit_code_2_with_its_option(
    gigawatt: Gigawatt, campus: Path, arguments: list[str], path: str
) -> None:
    run = gigawatt("simulate", campus, *arguments, "--json")
    assert run.code == 2
    assert run.out == ""
    assert list(run.faults) == [path]


def test_a_folder_that_is_no_result_is_refused(gigawatt: Gigawatt, tmp_path: Path) -> None:
    run = gigawatt("simulate", tmp_path)
    assert run.code == 2
    assert "a folder with result.json" in run.told
