"""The command line as other programs rely on it: one JSON object on stdout, faults on stderr, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SHORT = ["--set", "horizon.report_end=2028Q2", "--set", "horizon.end=2028Q4"]


def gigawatt(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gigawatt", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env={**os.environ, "COLUMNS": "100"})


def payload(run: subprocess.CompletedProcess[str]) -> Any:
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("\n") == 1, run.stdout[:200]
    return json.loads(run.stdout)


def test_run_writes_a_report_and_one_json_object(tmp_path: Path) -> None:
    found = payload(gigawatt("run", "one-campus", *SHORT, "--json", cwd=tmp_path))
    assert found["scenario"] == "one-campus"
    folder = tmp_path / "gigawatt-runs" / f"one-campus-{found['hash'][:8]}"
    assert Path(tmp_path, found["files"]["report"]).is_file()
    assert Path(tmp_path, found["files"]["workbook"]).is_file()
    assert {"scenario.toml", "resolved.json", "plan.nc", "timeline.nc"} <= {path.name for path in folder.iterdir()}


def test_run_tells_a_person(tmp_path: Path) -> None:
    run = gigawatt("run", "one-campus", *SHORT, "--out", "mine", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "One campus of 100 MW" in run.stdout
    assert "What binds" in run.stdout
    assert (tmp_path / "mine" / "report.html").is_file()


def test_bad_input_is_exit_code_2_with_every_path(tmp_path: Path) -> None:
    over = ["--set", "programme.target=1.2 MWh", "--set", "finance.discont=0.1"]
    run = gigawatt("run", "one-campus", *over, cwd=tmp_path)
    assert run.returncode == 2
    assert run.stdout == ""
    assert "programme.target" in run.stderr
    assert 'did you mean "discount"' in run.stderr
    assert "Traceback" not in run.stderr
    as_json = gigawatt("run", "one-campus", *over, "--json", cwd=tmp_path)
    error = json.loads(as_json.stderr)["error"]
    assert error["kind"] == "ScenarioError"
    assert {item["path"] for item in error["items"]} == {"programme.target", "finance.discont"}
    assert all(set(item) == {"path", "given", "expected"} for item in error["items"])
    assert list(tmp_path.iterdir()) == []


def test_infeasible_is_exit_code_3(tmp_path: Path) -> None:
    over = [
        *("--set", "use_cases.assistant.floor=1.0", "--set", "use_cases.assistant.hard=true"),
        *("--set", "sites.example-campus.ramp=2 MW"),
    ]
    run = gigawatt("run", "one-campus", *SHORT, *over, "--json", cwd=tmp_path)
    assert run.returncode == 3
    error = json.loads(run.stderr.splitlines()[-1])["error"]
    assert error["kind"] == "Infeasible"
    assert all(set(item) == {"limit", "period", "site", "short_by", "unit"} for item in error["items"])


def test_a_folder_of_somebody_else_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    run = gigawatt("run", "one-campus", "--out", ".", cwd=tmp_path)
    assert run.returncode == 2
    assert "solving" not in run.stderr


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gigawatt", "run", "one-campus"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "stating the plan" in line:
            break
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert list(tmp_path.rglob("*")) in ([], [tmp_path / "gigawatt-runs"])


def test_a_polite_kill_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gigawatt", "run", "one-campus", "--out", "result"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "writing the report" in line:
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert [path.name for path in tmp_path.iterdir()] in ([], ["result"])
    if not list(tmp_path.iterdir()):
        assert process.returncode == 128 + signal.SIGTERM


def test_results_replace_each_other_but_not_the_folder_one_is_in(tmp_path: Path) -> None:
    for _ in range(2):
        payload(gigawatt("run", "one-campus", *SHORT, "--out", "mine", "--json", cwd=tmp_path))
    inside = gigawatt("run", "one-campus", *SHORT, "--out", ".", cwd=tmp_path / "mine")
    assert inside.returncode == 2
    assert "where you are" in inside.stderr
    assert (tmp_path / "mine" / "report.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
