"""Published training runs against predicted GPU-hours: what a row asks, what is fitted, and why a row has no answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.catalog.load import get
from gigawatt.errors import CatalogError
from gigawatt.study import verbs
from gigawatt.study.validate.runs import validate_runs
from gigawatt.study.validate.score import Validation

HEAD = "model,gpu,gpus,precision,trillion_tokens,sequence,million_batch,million_gpu_hours,source"
LLAMA = "llama-2-7b,a100,1024,bf16,2,4096,4,0.184320,paper"


def validate(folder: Path, *rows: str) -> Validation:
    file = folder / "runs.csv"
    file.write_text("\n".join([HEAD, *rows]) + "\n")
    return validate_runs(file)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Validation:
    """A run that was fitted, one that was not, and two that have no answer."""
    return validate(
        tmp_path_factory.mktemp("runs"),
        LLAMA,
        "llama-2-7b,a100,512,,1,,,0.1,mine",
        "no-such,a100,512,bf16,1,4096,4,0.1,mine",
        "llama-2-7b,a100,512,fp8,1,4096,4,0.1,mine",
    )


def test_a_row_is_answered_as_predict_training_answers(found: Validation) -> None:
    (row, _) = found.scored
    asked = {"model": "llama-2-7b", "gpu": "a100", "gpus": 1024, "tokens": "2T", "sequence": "4096", "batch": "4M"}
    hours = verbs.ask("predict training", **asked).run.gpu_h
    assert (row.p10, row.p50, row.p90) == pytest.approx((hours.p10 / 1e6, hours.p50 / 1e6, hours.p90 / 1e6))
    assert row.measured == pytest.approx(0.18432)
    assert row.p10 < row.p50 < row.p90


def test_a_run_that_was_fitted_is_marked(found: Validation) -> None:
    assert [row.groups["fitted"] for row in found.scored] == ["yes", "no"]
    assert {group.name: group.rows for group in found.scores.by["fitted"] or ()} == {"yes": 1, "no": 1}


def test_the_baseline_is_a_constant_share_of_the_peak_without_anything_else(found: Validation) -> None:
    first, second = found.scored
    assert first.baseline is not None
    assert second.baseline is not None
    # Half the tokens; a little less attention where the sequence is as long as the usual recipe's.
    assert first.baseline / second.baseline == pytest.approx(2, rel=0.1)


def test_what_cannot_be_trained_lowers_the_coverage(found: Validation) -> None:
    assert found.scores.coverage_frac == 0.5
    reasons = [row.reason for row in found.skipped]
    assert "no-such" in reasons[0]
    assert "precision" in reasons[1]
    assert all(row.eligible for row in found.skipped)


def test_what_left_out_runs_show_is_said(found: Validation) -> None:
    (note,) = found.head.notes
    known = get("run_calibrations", "as-of-2026")
    assert note.code == "left_out"
    assert note.text.startswith("1 of the rows answered were fitted.")
    assert f"{100 * known.left_out_mape_frac:.0f} % off in the mean" in note.text


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(CatalogError, match="no column model"):
        validate_runs(file)
