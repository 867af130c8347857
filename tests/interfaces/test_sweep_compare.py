"""`sweep` and `compare` as other programs rely on them."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

BRIEF = ["--set", "horizon.report_end=2027Q4", "--set", "horizon.end=2028Q2", "--workers", "1", "--vary", "demand"]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gigawatt", *arguments]


def gigawatt(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "80"}
    return subprocess.run(command(*arguments), capture_output=True, text=True, cwd=cwd, env=env)


def payload(run: subprocess.CompletedProcess[str]) -> Any:
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("\n") == 1, run.stdout[:200]
    return json.loads(run.stdout)


def faults(run: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    assert run.returncode == 2, run.stderr
    assert run.stdout == ""
    return json.loads(run.stderr.strip().splitlines()[-1])["error"]["items"]


def test_a_sweep_is_one_json_object_and_a_folder(tmp_path: Path) -> None:
    found = payload(gigawatt("sweep", "one-campus", *BRIEF, "--draws", "3", "--out", "s", "--json", cwd=tmp_path))
    keys = {"gigawatt", "scenario", "hash", "notes", "draws", "outputs", "tornado", "first_order", "evpi_usd", "digest"}
    assert keys <= set(found)
    assert set(found["outputs"]["npv_usd"]) == {"p10", "p50", "p90", "mean"}
    names = ("report.html", "tornado.svg", "value.svg", "power.svg", "debt.svg", "summary.json", "futures.csv")
    assert all((tmp_path / "s" / name).stat().st_size > 100 for name in names)
    with (tmp_path / "s" / "futures.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["draw"] for row in rows] == ["0", "1", "2"]
    assert {"drawn_demand", "value_usd", "cash_out_frac"} <= set(rows[0])
    assert all(Path(tmp_path, path).exists() for path in found["files"].values())

    again = gigawatt("sweep", "one-campus", *BRIEF, "--draws", "3", "--out", "s", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "lived through" not in again.stderr
    assert "What it hangs on" in again.stdout
    assert max(map(len, again.stdout.splitlines())) <= 80


@pytest.mark.slow
def test_a_comparison_is_one_json_object_and_a_folder(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(
        '[programme]\ntarget = "60 MW"\n[capital.tranches]\nmost = "300 million USD"\n', encoding="utf-8"
    )
    (tmp_path / "stated.toml").write_text("", encoding="utf-8")
    asked = ["compare", "stated.toml", "small.toml", "--scenario", "one-campus", *BRIEF, "--futures", "3"]
    found = payload(gigawatt(*asked, "--out", "c", "--json", cwd=tmp_path))
    assert sorted(row["name"] for row in found["strategies"]) == ["small", "stated"]
    means = [row["value_usd"]["mean"] for row in found["strategies"]]
    assert means == sorted(means, reverse=True)
    assert [set(row) for row in found["breaks"]] == 2 * [
        {"strategy", "meaning", "share_frac", "rule", "conditions", "coverage_frac", "density_frac"}
    ]
    assert (tmp_path / "c" / "regret.svg").is_file()
    with (tmp_path / "c" / "futures.csv").open() as stream:
        for row in csv.DictReader(stream):
            assert min(float(row["stated.regret_usd"]), float(row["small.regret_usd"])) == 0

    told = gigawatt(*asked, "--out", "c", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "Which futures break which strategy" in told.stdout
    assert max(map(len, told.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "path", "expected"),
    [
        (["sweep", "one-campus", "--vary", "demnd"], "--vary", 'did you mean "demand"'),
        (["sweep", "one-campus", "--draws", "0"], "--draws", "1 to"),
        (["sweep", "one-campus", "--set", "uncertainty.demand.p10=3"], "uncertainty.demand", "p10 ≤ p90"),
        (["compare", "wait-for-ruben"], "STRATEGY", 'did you mean "wait-for-rubin"'),
    ],
)
def test_mistakes_are_exit_code_2(arguments: list[str], path: str, expected: str, tmp_path: Path) -> None:
    (item,) = faults(gigawatt(*arguments, "--json", cwd=tmp_path))
    assert item["path"] == path
    assert expected in item["expected"]
    assert not list(tmp_path.iterdir())


def test_an_override_that_names_no_field(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[programme]\ntargt = "60 MW"\n', encoding="utf-8")
    (item,) = faults(gigawatt("compare", "a.toml", "--scenario", "one-campus", "--json", cwd=tmp_path))
    assert item["path"] == "a: programme.targt"
    assert 'did you mean "target"' in item["expected"]


def test_a_sweep_above_its_budget_is_refused_with_the_estimate(tmp_path: Path) -> None:
    asked = ["sweep", "one-campus", *BRIEF, "--draws", "1000000", "--budget", "1 min", "--json"]
    (item,) = faults(gigawatt(*asked, cwd=tmp_path))
    assert item["path"] == "--budget"
    assert "1,000,004 futures at" in item["expected"]


@pytest.mark.slow
def test_ctrl_c_keeps_whole_batches(tmp_path: Path) -> None:
    asked = command("sweep", "one-campus", *BRIEF[:4], "--draws", "2000", "--workers", "2", "--out", "s", "--json")
    run = subprocess.Popen(asked, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("s/batches/draws/*.nc")):  # however long that takes on a busy machine
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    out, error = run.communicate(timeout=600)
    assert (run.returncode, out) == (130, ""), error
    assert "the same command goes on" in error
    assert "Traceback" not in error
    assert not list(tmp_path.rglob(".*"))
