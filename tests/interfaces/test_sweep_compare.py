"""`sweep`, `compare` and `hedge` on the command line: one object, a folder, and faults as options are spelled."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BRIEF = ["--set", "horizon.report_end=2027Q2", "--set", "horizon.end=2027Q4", "--workers", "1", "--vary", "demand"]
Gigawatt = Callable[..., Any]


def rows(file: Path) -> list[dict[str, str]]:
    with file.open() as stream:
        return list(csv.DictReader(stream))


def test_a_sweep_is_one_json_object_and_a_folder(gigawatt: Gigawatt, tmp_path: Path) -> None:
    asked = ["sweep", "one-campus", *BRIEF, "--draws", "3", "--out", tmp_path / "s"]
    ended = gigawatt(*asked, "--json")
    found = ended.answer
    assert ended.out.count("\n") == 1
    keys = {"gigawatt", "scenario", "hash", "notes", "draws", "outputs", "tornado", "first_order", "evpi_usd", "digest"}
    assert keys <= set(found)
    assert "4 of 4 futures lived through, about 0 s left (100 %)" in ended.told
    charts = [f"charts/{name}.svg" for name in ("tornado", "value", "power", "debt")]
    names = ("report.html", "workbook.xlsx", "summary.json", "tables/outcomes.csv", *charts)
    assert all((tmp_path / "s" / name).stat().st_size > 100 for name in names)
    drawn = rows(tmp_path / "s" / "tables" / "futures.csv")
    assert [row["Future"] for row in drawn] == ["0", "1", "2"]
    assert {"Demand, of what is stated", "Value [USD]", "Cash runs out [share]"} <= set(drawn[0])
    assert all(Path(path).exists() for path in found["files"].values())

    again = gigawatt(*asked)
    assert again.code == 0, again.told
    assert "lived through" not in again.told
    assert "What it hangs on" in again.out
    assert str(tmp_path / "s" / "report.html") in "".join(again.out.split())
    assert max(map(len, again.out.replace(str(tmp_path), "").splitlines())) <= 80

    more = [*asked[: asked.index("--draws")], "--draws", "100000", "--out", tmp_path / "s", "--budget", "1 min"]
    refused = gigawatt(*more, "--json")
    assert (refused.code, refused.out) == (2, "")
    assert "99,997 futures at" in refused.faults["--budget"]["expected"]


@pytest.mark.slow
def test_a_comparison_is_one_json_object_and_a_folder(gigawatt: Gigawatt, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(
        '[programme]\ntarget = "60 MW"\n[capital.tranches]\nmost = "300 million USD"\n', encoding="utf-8"
    )
    (tmp_path / "stated.toml").write_text("", encoding="utf-8")
    files = [tmp_path / "stated.toml", tmp_path / "small.toml"]
    asked = ["compare", *files, "--scenario", "one-campus", *BRIEF, "--futures", "3", "--out", tmp_path / "c"]
    found = gigawatt(*asked, "--json").answer
    assert sorted(row["name"] for row in found["strategies"]) == ["small", "stated"]
    means = [row["value_usd"]["mean"] for row in found["strategies"]]
    assert means == sorted(means, reverse=True)
    assert [set(row) for row in found["breaks"]] == 2 * [
        {"strategy", "meaning", "share_frac", "rule", "conditions", "coverage_frac", "density_frac"}
    ]
    assert (tmp_path / "c" / "charts" / "regret.svg").is_file()
    for row in rows(tmp_path / "c" / "tables" / "futures.csv"):
        assert min(float(row["stated: Regret [USD]"]), float(row["small: Regret [USD]"])) == 0

    told = gigawatt(*asked)
    assert told.code == 0, told.told
    assert "Which futures break which strategy" in told.out
    assert max(map(len, told.out.replace(str(tmp_path), "").splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "path", "expected"),
    [
        ("sweep one-campus --vary demnd", "--vary", 'did you mean "demand"'),
        ("sweep one-campus --draws 0", "--draws", "1 to"),
        ("sweep one-campus --plan-time 12", "--plan-time", "a duration"),
        ("sweep one-campus --scheduler tcp://127.0.0.1", "--scheduler", "Dask scheduler"),
        ("sweep one-campus --set uncertainty.demand.p10=3", "uncertainty.demand", "p10 ≤ p90"),
        ("compare wait-for-ruben", "STRATEGIES", 'did you mean "wait-for-rubin"'),
        ("hedge one-campus --tail-weight 1", "--tail-weight", "from 0 to below 1"),
        ("hedge one-campus --futures 1", "--futures", "from 2 to"),
    ],
)
def test_mistakes_are_exit_code_2(gigawatt: Gigawatt, words: str, path: str, expected: str) -> None:
    if "--scheduler" in words:
        pytest.importorskip("distributed", reason="needs the extra gigawatt[dask]")
    ended = gigawatt(*words.split(), "--json")
    assert (ended.code, ended.out) == (2, "")
    assert set(ended.faults) == {path}
    assert expected in ended.faults[path]["expected"]


def test_an_override_that_names_no_field(gigawatt: Gigawatt, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[programme]\ntargt = "60 MW"\n', encoding="utf-8")
    ended = gigawatt("compare", tmp_path / "a.toml", "--scenario", "one-campus", "--json")
    assert ended.code == 2
    assert 'did you mean "target"' in ended.faults["a: programme.targt"]["expected"]


@pytest.mark.slow
def test_ctrl_c_keeps_whole_batches(tmp_path: Path) -> None:
    words = ["sweep", "one-campus", *BRIEF[:4], "--draws", "2000", "--workers", "2", "--out", "s", "--json"]
    asked = [sys.executable, "-m", "gigawatt", *words]
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
