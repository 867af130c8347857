"""Validations as a person reads them, and the file with every row and what was predicted of it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from gigawatt.errors import OutputError
from gigawatt.report import accuracy
from gigawatt.study import verbs
from gigawatt.study.validate.score import Validation

HEAD = "operator_or_case,metric,value,unit,period,src,conf"
# A hall, one that says that it uses no water, other work, and a hall that nobody knows.
ROWS = (
    "Meta Lulea,PUE,1.1,,2021,a,B",
    "Hall with dry coolers,WUE,0,L/kWh,2021,a,B",
    "Google,energy,30,TWh,2024,a,B",
    "Atlantis,PUE,1.1,,2021,a,B",
)


@pytest.fixture(scope="module")
def facilities(tmp_path_factory: pytest.TempPathFactory) -> Validation:
    file = tmp_path_factory.mktemp("rows") / "mine.csv"
    file.write_text("\n".join([HEAD, *ROWS]) + "\n")
    return verbs.ask("validate facility", str(file))


@pytest.fixture(scope="module")
def trained() -> Validation:
    return verbs.ask("validate training")


def test_a_person_reads_it(facilities: Validation, capsys: pytest.CaptureFixture[str]) -> None:
    accuracy.show(facilities, {"predictions": "out.csv"}, 80)
    out = capsys.readouterr().out
    text = " ".join(out.split())
    for words in ("facility", "the median of the other rows", "By plant", "cooling towers use", "in out.csv"):
        assert words in text
    assert "By gpu" not in text
    assert max(map(len, out.splitlines())) <= 80


def test_rows_that_are_not_answered_are_counted(facilities: Validation, capsys: pytest.CaptureFixture[str]) -> None:
    accuracy.show(facilities, {}, 200)
    text = capsys.readouterr().out
    assert "neither PUE nor water: energy (other work, not eligible)     1" in text
    assert "no facility in the catalog has a name like Atlantis          1" in text


def test_a_row_without_an_answer_has_its_reason(facilities: Validation) -> None:
    *_, last = csv.DictReader(accuracy.predictions(facilities).splitlines())
    assert (last["measured"], last["note"]) == ("", "no facility in the catalog has a name like Atlantis")


def test_every_row_stands_with_its_prediction(trained: Validation) -> None:
    rows = list(csv.DictReader(accuracy.predictions(trained).splitlines()))
    assert len(rows) == trained.scores.rows
    assert list(rows[0]) == [*trained.cells[0], *accuracy.PREDICTED]
    for row, cells, scored in zip(rows, trained.cells, trained.scored, strict=True):
        assert {name: row[name] for name in cells} == cells
        assert float(row["p50"]) == pytest.approx(scored.p50, rel=1e-5)
        assert float(row["error_frac"]) == pytest.approx(scored.p50 / scored.measured - 1, abs=1e-4)


def test_a_table_without_rows_has_a_head_alone(facilities: Validation) -> None:
    bare = replace(facilities, cells=(), scored=(), skipped=())
    assert accuracy.predictions(bare) == ",".join(accuracy.PREDICTED) + "\n"


def test_only_a_table_of_ours_is_written_over(facilities: Validation, tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    accuracy.check_predictions(place)
    place.write_text(accuracy.predictions(facilities))
    accuracy.check_predictions(place)
    place.write_text("operator_or_case,metric\nGoogle,PUE\n")
    with pytest.raises(OutputError, match="not written here"):
        accuracy.check_predictions(place)
    with pytest.raises(OutputError, match="a file in a folder that exists"):
        accuracy.check_predictions(tmp_path / "none" / "out.csv")
