"""The command line as other programs rely on it: one JSON object on stdout, faults on stderr, exit codes, signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SHORT = ["--set", "horizon.report_end=2026Q4", "--set", "horizon.end=2027Q2"]
Gigawatt = Callable[..., Any]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command is given in an empty folder."""
    monkeypatch.chdir(tmp_path)


def test_run_writes_a_report_and_one_json_object(gigawatt: Gigawatt, tmp_path: Path) -> None:
    run = gigawatt("run", "one-campus", *SHORT, "--json")
    found = run.answer
    assert run.out.count("\n") == 1
    assert found["scenario"] == "one-campus"
    folder = tmp_path / "gigawatt-runs" / f"one-campus-{found['hash'][:8]}"
    assert found["files"]["folder"] == str(folder.relative_to(tmp_path))
    assert all(Path(file).exists() for file in found["files"].values())
    assert {"scenario.toml", "resolved.json", "plan.nc", "timeline.nc"} <= {path.name for path in folder.iterdir()}
    del found["files"]
    found["solver"]["wall_s"] = None
    assert json.loads(Path(folder, "summary.json").read_text(encoding="utf-8")) == found


def test_run_tells_a_person_and_results_replace_each_other(
    gigawatt: Gigawatt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = gigawatt("run", "one-campus", *SHORT, "--out", "mine")
    assert run.code == 0, run.told
    assert "One campus of 100 MW" in run.out
    assert "What binds" in run.out
    assert "mine/report.html" in run.out
    assert gigawatt("run", "one-campus", *SHORT, "--out", "mine", "--json").answer["files"]["folder"] == "mine"
    monkeypatch.chdir(tmp_path / "mine")
    inside = gigawatt("run", "one-campus", *SHORT, "--out", ".")
    assert inside.code == 2
    assert "where you are" in inside.told
    assert (tmp_path / "mine" / "report.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_bad_input_is_exit_code_2_with_every_path(gigawatt: Gigawatt, tmp_path: Path) -> None:
    over = ["--set", "programme.target=1.2 MWh", "--set", "finance.discont=0.1"]
    run = gigawatt("run", "one-campus", *over)
    assert run.code == 2
    assert run.out == ""
    assert "programme.target" in run.told
    assert 'did you mean "discount"' in run.told
    as_json = gigawatt("run", "one-campus", *over, "--json")
    assert json.loads(as_json.told)["error"]["kind"] == "ScenarioError"
    assert set(as_json.faults) == {"programme.target", "finance.discont"}
    assert all(set(item) == {"path", "given", "expected"} for item in as_json.faults.values())
    assert list(tmp_path.iterdir()) == []


def test_infeasible_is_exit_code_3(gigawatt: Gigawatt) -> None:
    over = [
        *("--set", "use_cases.assistant.floor=1.0", "--set", "use_cases.assistant.hard=true"),
        *("--set", "sites.example-campus.ramp=2 MW"),
    ]
    run = gigawatt("run", "one-campus", *SHORT, *over, "--json")
    assert run.code == 3
    error = json.loads(run.told.splitlines()[-1])["error"]
    assert error["kind"] == "Infeasible"
    assert all(set(item) == {"limit", "period", "site", "short_by", "unit"} for item in error["items"])


def test_a_folder_of_somebody_else_is_refused_before_any_work(gigawatt: Gigawatt, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "notes.txt").write_text("mine")
    run = gigawatt("run", "one-campus", "--out", "theirs")
    assert run.code == 2
    assert "a folder with other files (notes.txt)" in run.told
    assert "solving" not in run.told
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def begun(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gigawatt", *words]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def waited(process: subprocess.Popen[str], words: str) -> None:
    """Until a command says that it is about something."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    process = begun("run", "one-campus")
    waited(process, "stating the plan")
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert list(tmp_path.rglob("*")) in ([], [tmp_path / "gigawatt-runs"])


def test_a_polite_kill_leaves_nothing(tmp_path: Path) -> None:
    process = begun("run", "one-campus", *SHORT, "--out", "result")
    waited(process, "writing the report")
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert [path.name for path in tmp_path.iterdir()] in ([], ["result"])
    if not list(tmp_path.iterdir()):
        assert process.returncode == 128 + signal.SIGTERM


def test_a_process_that_ends_looks_for_no_circles_among_what_goes_anyway() -> None:
    code = """
import atexit, gc, sys
atexit.register(lambda: print(gc.get_freeze_count() > 0, gc.get_threshold()[0] > 10_000))
sys.argv = ["gigawatt", "--version"]
from gigawatt.interfaces.cli import main
main()
"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.splitlines()[-1] == "True True"
