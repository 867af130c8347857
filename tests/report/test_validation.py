"""What documents say of validations, and the table with every row and what was predicted of it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from gigawatt.errors import OutputError
from gigawatt.report import folder
from gigawatt.report.document import Exhibit
from gigawatt.report.documents import validation
from gigawatt.report.reports import TABLE_HEADS
from gigawatt.report.writers.csv import text
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


def predictions(found: Validation) -> str:
    return text(validation.document(found).tables()["predictions"])


def test_the_error_stands_beside_that_of_the_baseline(facilities: Validation) -> None:
    document, scores = validation.document(facilities), facilities.scores
    assert "2 of 4 rows answered" in document.lead
    assert "the median of the other rows (the baseline)" in document.lead
    assert scores.mape_frac is not None
    assert f"the mean error (MAPE) is {100 * scores.mape_frac:.1f} %" in document.lead
    assert dict(document.tables()["totals"].rows)["mean absolute error (MAPE)"] == f"{100 * scores.mape_frac:.1f} %"
    assert "by-plant" in document.tables()
    assert "by-gpu" not in document.tables()
    assert any("cooling towers use" in note for note in document.notes)


def test_a_group_is_drawn_with_its_baseline(trained: Validation) -> None:
    document = validation.document(trained)
    (models,) = (part for part in document.parts() if isinstance(part, Exhibit) and part.name == "by-model")
    assert models.table is not None
    assert models.chart is not None
    scored = trained.scores.by["model"] or ()
    assert [row[0] for row in models.table.rows] == [row.name for row in scored]
    assert "12 in all" in models.shows
    drawn = models.chart.alone
    assert sum(f">{row.name}<" in drawn for row in scored) == validation.DRAWN
    worst = max(scored, key=lambda row: row.mape_frac or 0.0)
    assert f">{worst.name}<" in drawn
    assert worst.name in models.says
    most = max((row for row in scored if f">{row.name}<" in drawn), key=lambda row: row.rows)
    assert most.baseline_mape_frac is not None
    assert f"{100 * most.baseline_mape_frac:.1f} %" in drawn


def test_a_baseline_far_off_is_told_in_words(trained: Validation) -> None:
    far = tuple(replace(row, baseline_mape_frac=20.0) for row in trained.scores.by["model"] or ())
    document = validation.document(replace(trained, scores=replace(trained.scores, by={"model": far})))
    drawn = document.charts()["by-model"].alone
    assert "(baseline 2,000.0 %)" in drawn
    assert "<circle" not in drawn
    assert ">baseline<" not in drawn


def test_rows_that_are_not_answered_are_counted(facilities: Validation) -> None:
    rows = set(validation.document(facilities).tables()["not-answered"].rows)
    assert ("neither PUE nor water: energy (other work, not eligible)", 1) in rows
    assert ("no facility in the catalog has a name like Atlantis", 1) in rows


def test_nothing_that_is_answered_has_figures_all_the_same(facilities: Validation) -> None:
    empty = replace(facilities.scores, evaluated=0, mape_frac=None, baseline_mape_frac=None, by={})
    document = validation.document(replace(facilities, scores=empty, scored=()))
    assert "the mean error (MAPE) is – where" in document.lead


def test_a_row_without_an_answer_has_its_reason(facilities: Validation) -> None:
    *_, last = csv.DictReader(predictions(facilities).splitlines())
    assert (last["measured"], last["note"]) == ("", "no facility in the catalog has a name like Atlantis")


def test_every_row_stands_with_its_prediction(trained: Validation) -> None:
    rows = list(csv.DictReader(predictions(trained).splitlines()))
    assert len(rows) == trained.scores.rows
    assert list(rows[0]) == [*trained.cells[0], *TABLE_HEADS]
    for row, cells, scored in zip(rows, trained.cells, trained.scored, strict=True):
        assert {name: row[name] for name in cells} == cells
        assert float(row["p50"]) == pytest.approx(scored.p50, rel=1e-5)
        assert float(row["error_frac"]) == pytest.approx(scored.p50 / scored.measured - 1, abs=1e-4)


def test_a_table_without_rows_has_a_head_alone(facilities: Validation) -> None:
    bare = replace(facilities, cells=(), scored=(), skipped=())
    assert predictions(bare) == ",".join(TABLE_HEADS) + "\n"


def test_only_a_table_of_ours_is_written_over(facilities: Validation, tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    folder.check_table(place, TABLE_HEADS)
    place.write_text(predictions(facilities))
    folder.check_table(place, TABLE_HEADS)
    place.write_text("operator_or_case,metric\nGoogle,PUE\n")
    with pytest.raises(OutputError, match="not written here"):
        folder.check_table(place, TABLE_HEADS)
    with pytest.raises(OutputError, match="a file in a folder that exists"):
        folder.check_table(tmp_path / "none" / "out.csv", TABLE_HEADS)
