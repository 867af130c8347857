"""The accuracy page's part about the flywheel: its figures are the wheel's, and what its text claims of them is so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import accuracy_flywheel

from gigawatt.study.flywheel.backtest import PastSetting


@pytest.fixture(scope="module")
def by_year() -> tuple[PastSetting, ...]:
    return accuracy_flywheel.found()


def test_every_figure_stands_beside_what_each_setting_says(by_year: tuple[PastSetting, ...]) -> None:
    head, *rows = accuracy_flywheel.figures(by_year)
    assert head[3::3] == ["2023 to 2024: predicted", "2023 to 2025: predicted"]
    assert len(rows) == len(by_year[0].rows)
    said = {(row[0], row[1]): row[2:] for row in rows}
    assert said["weekly users", "2026-08-06"][:4] == ["1 billion", "1.37 billion", "+37.3 %", "+65.0 %"]
    assert said["weekly users", "2026-08-06"][4:] == ["1.73 billion", "+73.0 %", "+104.6 %"]
    assert said["compute", "2025-12-31"][4:] == ["–"] * 3


def test_means_by_series(by_year: tuple[PastSetting, ...]) -> None:
    rows = accuracy_flywheel.means(by_year)[1:]
    assert [(row[0], row[2]) for row in rows if row[2].startswith("all")] == [
        ("2023 to 2024", "all, 10"),
        ("2023 to 2025", "all, 4"),
    ]
    assert rows[-1][3] == f"{100 * (by_year[1].error_mean_frac or 0):.1f} %"


def test_what_the_text_claims(by_year: tuple[PastSetting, ...]) -> None:
    """Sentences of the page that no figure is put into."""
    short = {(row[0], row[2].partition(",")[0]): row[5] for row in accuracy_flywheel.means(by_year)[1:]}
    for years in ("2023 to 2024", "2023 to 2025"):
        assert short[years, "weekly users"] == "yes"
        assert short[years, "yearly revenue"] == "no"
    last = [{row.what: row for row in one.rows} for one in by_year]
    for one in last:
        users, revenue = one["weekly users"], one["yearly revenue"]
        assert 0 < users.error_frac < users.trend_error_frac
        assert revenue.predicted / users.predicted < 0.6 * revenue.published / users.published
    assert last[1]["weekly users"].error_frac > last[0]["weekly users"].error_frac
    assert abs(last[1]["yearly revenue"].error_frac) < 0.2


def test_the_figure_that_the_first_setting_leaves_out() -> None:
    last = accuracy_flywheel.with_every_figure("2024-12-31")[-1]
    assert (last.what, last.date, last.held_out) == ("weekly users", "2026-08-06", True)
    assert last.error_frac == pytest.approx(0.234, abs=0.002)


def test_the_words_below_the_tables(by_year: tuple[PastSetting, ...]) -> None:
    text = accuracy_flywheel.after(by_year)
    assert max(map(len, text.splitlines())) <= 120
    words = " ".join(text.split())
    for said in (
        "1.37 billion and 1.73 billion weekly users",
        "at least 40 billion USD",
        "22 and 21 USD a year",
        "where 40",
    ):
        assert said in words
