"""`validate facility` from outside, as a user or a program sees it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gigawatt.interfaces.cli import app

RUN = CliRunner()
HEAD = "operator_or_case,metric,value,unit,period,src,conf"
FIELDS = {
    *("gigawatt", "scenario", "hash", "notes", "rows", "evaluated", "coverage_frac", "mape_frac", "median_frac"),
    *("p90_frac", "bias_frac", "baseline_mape_frac", "rank_correlation", "band_coverage_frac", "parameters_fitted"),
    *("by", "skipped"),
}


def written(folder: Path, *rows: str) -> str:
    file = folder / "mine.csv"
    file.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return str(file)


def test_shipped_rows_as_json() -> None:
    answer = RUN.invoke(app, ["validate", "facility", "--json"])
    assert answer.exit_code == 0, answer.stderr
    figures = json.loads(answer.stdout)
    assert set(figures) == FIELDS
    assert figures["rows"] == figures["evaluated"] >= 20
    assert {"gpu", "model", "engine", "source", "metric", "plant", "fitted"} <= set(figures["by"])


def test_a_person_reads_it() -> None:
    answer = RUN.invoke(app, ["validate", "facility"], env={"COLUMNS": "80"})
    assert answer.exit_code == 0
    text = " ".join(answer.stdout.split())
    for words in ("facility", "the median of the other rows", "By plant", "cooling towers use"):
        assert words in text
    assert max(map(len, answer.stdout.splitlines())) <= 80


def test_a_missed_bar_is_exit_code_4_and_the_figures_are_there() -> None:
    answer = RUN.invoke(app, ["validate", "facility", "--max-mape", "1%", "--json"])
    assert answer.exit_code == 4
    assert "--max-mape 1.00%" in answer.stderr
    assert json.loads(answer.stdout)["mape_frac"] > 0.01
    assert RUN.invoke(app, ["validate", "facility", "--max-mape", "90%", "--min-coverage", "0.5"]).exit_code == 0


def test_missed_coverage(tmp_path: Path) -> None:
    file = written(tmp_path, "Google,PUE,1.1,,2021,a,B", "Halls of Atlantis,PUE,1.1,,2021,a,B")
    answer = RUN.invoke(app, ["validate", "facility", file, "--min-coverage", "90%"])
    assert answer.exit_code == 4
    assert "the coverage is 50.00%" in answer.stderr


def test_predictions_hold_every_row(tmp_path: Path) -> None:
    file = written(tmp_path, "Google,PUE,1.04-1.06,,2021,a,B", "Google,energy,30,TWh,2024,a,B")
    out = tmp_path / "out.csv"
    assert RUN.invoke(app, ["validate", "facility", file, "--predictions", str(out), "--json"]).exit_code == 0
    first, second = csv.DictReader(out.read_text().splitlines())
    assert (first["operator_or_case"], first["measured"]) == ("Google", "1.05")
    assert float(first["p10"]) < float(first["p50"]) < float(first["p90"])
    assert second["p50"] == ""
    assert second["note"] == "neither PUE nor water: energy"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("none.csv",), "none.csv"),
        (("--max-mape", "small"), "--max-mape"),
        (("--min-coverage", "-1"), "--min-coverage"),
        (("--predictions", "no-folder/out.csv"), "--predictions"),
    ],
)
def test_bad_input(words: tuple[str, ...], named: str) -> None:
    answer = RUN.invoke(app, ["validate", "facility", *words])
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert named in answer.stderr


@pytest.mark.parametrize("content", [b"\x00\xff" * 99, b"", b"a,b\n1,2\n", f"{HEAD}\nGoogle,PUE,0.5,,,a,B\n".encode()])
def test_a_file_that_is_no_such_table_is_bad_input(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    answer = RUN.invoke(app, ["validate", "facility", str(file), "--json"])
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert json.loads(answer.stderr)["error"]["kind"] == "CatalogError"
