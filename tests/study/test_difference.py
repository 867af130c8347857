"""Two results set against each other: figures, power and accounts agree with the results, and every place is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.errors import ScenarioError
from gigawatt.report.documents import difference as told
from gigawatt.scenario.load import load
from gigawatt.study import verbs
from gigawatt.study.difference.answer import ResultDifference, difference
from gigawatt.study.difference.asked import THERE, otherwise
from gigawatt.study.result import Result
from gigawatt.study.run.stages import run

SHORT = {"horizon.report_end": "2027Q2", "horizon.end": "2027Q4"}
LONGER = {"horizon.report_end": "2027Q3", "horizon.end": "2028Q1"}


@pytest.fixture(scope="module")
def results() -> tuple[Result, Result]:
    return run("one-campus", SHORT), run("one-campus", LONGER | {"programme.target": "60 MW"})


@pytest.fixture(scope="module")
def found(results: tuple[Result, Result]) -> ResultDifference:
    return difference(*results)


def test_a_result_does_not_differ_from_itself(results: tuple[Result, Result]) -> None:
    same = difference(results[0], results[0])
    assert same.asked == ()
    assert same.head.notes == ()
    rows = [row.difference_value for row in same.headline] + [row.difference_w for row in (*same.power, *same.sites)]
    rows += [row.difference_usd for row in (*same.totals, *same.accounts)]
    assert {row for row in rows if row is not None} == {0.0}
    assert [row.later_days for row in same.dates if row.a_date] == [0] * sum(bool(row.a_date) for row in same.dates)
    document = told.document(same)
    assert "Their first figures are the same." in document.lead
    assert {tile.value for tile in document.tiles} == {"the same"}


def test_the_other_way_round_every_sign_turns(results: tuple[Result, Result], found: ResultDifference) -> None:
    turned = difference(results[1], results[0])
    for one, other in zip(found.headline, turned.headline, strict=True):
        assert one.difference_value == (None if other.difference_value is None else -other.difference_value)
    for line, back in zip(found.totals, turned.totals, strict=True):
        assert line.difference_usd == -(back.difference_usd or 0.0)


def test_figures_power_and_books_are_those_of_the_results(
    results: tuple[Result, Result], found: ResultDifference
) -> None:
    capex = next(row for row in found.headline if row.item == "capex_usd")
    assert (capex.a_value, capex.b_value) == tuple(one.headline["capex_usd"] for one in results)
    investing = next(row for row in found.totals if row.item == "investing_cash")
    assert (investing.a_usd, investing.b_usd) == pytest.approx((-(capex.a_value or 0), -(capex.b_value or 0)))
    assert investing.relative_frac == pytest.approx((investing.difference_usd or 0) / abs(investing.a_usd or 1))
    last = found.power[-1]
    assert (last.period, last.a_w, last.difference_w) == ("2027Q3", None, None)
    assert last.b_w == pytest.approx(float(results[1].plan.data.facility_w.sum("site").sel(period="2027Q3")))
    cash = {row.item: row for row in found.totals}["cash"]
    assert cash.a_usd == pytest.approx(float(results[0].accounts.statements.cash.sel(period="2027Q2")))


def test_what_was_asked_otherwise_is_told_as_a_file_states_it(found: ResultDifference) -> None:
    places = {row.path: (row.a, row.b) for row in found.asked}
    assert places["programme.target"][1] == "60 MW"
    assert places["horizon.report_end"] == ("2027Q2", "2027Q3")
    assert [note.code for note in found.head.notes] == ["windows"]


def test_what_only_one_has_is_one_place() -> None:
    one, other = load("one-campus"), load("three-sites")
    places = {row.path: (row.a, row.b) for row in otherwise(one.asked, other.asked)}
    assert places["sites.example-river"] == (None, THERE)
    assert all(None in pair or pair[0] != pair[1] for pair in places.values())


def test_its_document_shows_both_and_holds_a_quarter_that_one_lacks(found: ResultDifference) -> None:
    document = told.document(found)
    assert [section.slug for section in document.sections] == ["asked", "headline", "power", "accounts"]
    assert set(document.charts()) == {"shares", "power", "cash"}
    power = document.tables()["power"].texts()
    assert power[-1][0] == "Q3 2027"
    assert power[-1][1] == power[-1][3] == "–"
    assert any("Q2 2027" in note for note in document.notes)


def test_both_places_without_a_result_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScenarioError) as error:
        verbs.ask("difference", "one-campus", "nowhere")
    assert [fault.path for fault in error.value.faults] == ["a", "b"]
    with pytest.raises(ScenarioError, match=r"result\.json"):
        verbs.ask("difference", str(tmp_path / "empty"), "nowhere")
