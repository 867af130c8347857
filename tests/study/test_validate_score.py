"""Bars for the errors over a file of measured rows, and the one shape of all validations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import Fault, InputError
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.job import Cancelled, Job
from gigawatt.study.validate.score import Validation

KINDS = ("inference", "training", "energy", "facility", "runs", "serving", "schedules")
HEAD = "operator_or_case,metric,value,unit,period,src,conf"
FIELDS = {
    *("gigawatt", "scenario", "hash", "notes", "rows", "evaluated", "coverage_frac", "mape_frac", "median_frac"),
    *("p90_frac", "bias_frac", "baseline_mape_frac", "rank_correlation", "band_coverage_frac", "parameters_fitted"),
    *("by", "skipped", "overhead_mape_frac"),
}
# What one kind of rows has besides.
ALSO = {
    "inference": {"tpot", "tpot_disaggregated", "tpot_wide"},
    "energy": {"at_measured_rate"},
    "serving": {
        *("tpot", "ttft_closed", "tpot_closed", "ttft_disaggregated", "tpot_disaggregated", "ttft_p99", "tpot_p99"),
    },
}


@pytest.fixture(scope="module")
def halls(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two rows, of which one has no facility that stands for it."""
    file = tmp_path_factory.mktemp("rows") / "mine.csv"
    rows = ("Meta Lulea,PUE,1.1,,2021,a,B", "Halls of Atlantis,PUE,1.1,,2021,a,B")
    file.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return str(file)


@pytest.fixture(scope="module", params=KINDS)
def found(request: pytest.FixtureRequest, halls: str) -> Validation:
    """The points that are shipped, and two facilities."""
    file = {"file": halls} if request.param == "facility" else {}
    return verbs.ask(f"validate {request.param}", **file, max_mape="0.1%", min_coverage="50%")


@pytest.mark.parametrize("kind", ["inference", "training"])
def test_shipped_rows_are_all_answered(kind: str) -> None:
    scores = verbs.ask(f"validate {kind}").scores
    assert scores.rows == scores.evaluated > 50
    assert scores.mape_frac < 0.2


def test_every_validation_has_the_same_fields(found: Validation) -> None:
    told = plain(found)
    assert set(told) == FIELDS | ALSO.get(found.what, set())
    assert {"gpu", "model", "engine", "source"} <= set(told["by"])
    facility = {"metric", "plant", "fitted", "facility", "overhead", "water"}
    groups = {"facility": facility, "runs": {"fitted"}, "schedules": {"stage", "site"}}.get(found.what, set())
    assert set(told["by"]) == {"gpu", "model", "engine", "source"} | groups
    assert len(found.scored) + len(found.skipped) == len(found.cells) == told["rows"]


def test_a_missed_bar_is_said_and_one_that_is_reached_is_not(found: Validation) -> None:
    assert list(found.head.missed) == [f"max_mape = 0.10 %: the mean error is {100 * found.scores.mape_frac:.2f} %"]


@pytest.mark.parametrize(
    ("bars", "missed"),
    [
        ({"min_coverage": "90%"}, ["min_coverage = 90.00 %: the coverage is 50.00 %"]),
        ({"min_coverage": 0.5, "max_mape": 0.5}, []),
        ({"max_mape": "150%"}, []),
        ({}, []),
        ({"max_mape": 0, "min_coverage": 1}, ["max_mape", "min_coverage"]),
    ],
)
def test_bars(halls: str, bars: dict[str, Any], missed: list[str]) -> None:
    found = verbs.ask("validate facility", halls, **bars).head.missed
    assert [line[: len(start)] for line, start in zip(found, missed, strict=True)] == missed


def test_a_figure_that_does_not_exist_reaches_no_bar(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text(f"{HEAD}\nFrontier,IT power,8-30,MW,2021,a,B\n")
    found = verbs.ask("validate facility", str(file), max_mape="90%", min_coverage="10%").head.missed
    assert found == (
        "max_mape = 90.00 %: the mean error is none",
        "min_coverage = 10.00 %: the coverage is none",
    )


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("max_mape", "little", "a bare number or a percentage"),
        ("max_mape", "-1", "not negative"),
        ("max_mape", "inf", "a bare number"),
        ("min_coverage", "-1", "not negative"),
        ("min_coverage", "1.5", "a share from 0 to 1"),
    ],
)
def test_a_bar_that_is_none(key: str, value: str, expected: str) -> None:
    with pytest.raises(InputError) as error:
        verbs.ask("validate facility", **{key: value})
    (fault,) = error.value.faults
    assert fault == Fault(path=key, given=f'"{value}"', expected=fault.expected, asked=True)
    assert expected in fault.expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"\x00\xff" * 99, b"", b"a,b\n1,2\n"])
def test_a_file_that_is_no_such_table_is_bad_input(tmp_path: Path, kind: str, content: bytes) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.csv"):
        verbs.ask(f"validate {kind}", str(file))


@pytest.mark.parametrize("kind", KINDS)
def test_who_waits_hears_what_is_done_and_may_stop_it(kind: str) -> None:
    heard: list[str] = []
    with pytest.raises(InputError):
        verbs.ask(f"validate {kind}", "none.csv", job=Job(progress=lambda words, _: heard.append(words)))
    assert heard[0].startswith("predicting the ")
    with pytest.raises(Cancelled):
        verbs.ask(f"validate {kind}", job=Job(cancelled=lambda: True))
