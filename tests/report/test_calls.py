"""Calls of the grid under contracts: page, terminal and JSON say the same, and a note where they ask for nothing."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gigawatt.report import calls, views
from gigawatt.report.documents import run as told
from gigawatt.report.writers import page, terminal
from gigawatt.study.answer import plain
from gigawatt.study.result import Result, load
from gigawatt.study.run.answer import answer_of
from gigawatt.study.run.stages import run
from gigawatt.study.site_notes import IDLE_CALLS, NO_CALLS

CONTRACT = "sites.example-campus.curtailment"
SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q2"}


def ran(**terms: str) -> Result:
    given = {"hours": "2 %", "depth": "40 %", "longest": "4 h", "grade": "assumed"} | terms
    return run("one-campus", {**SHORT, CONTRACT: given})


@pytest.fixture(scope="module")
def called() -> Result:
    return ran()


@pytest.fixture(scope="module")
def idle() -> Result:
    return ran(depth="10 %", depth_of="connection")


def shown(result: Result) -> str:
    out = io.StringIO()
    terminal.show(told.document(answer_of(result)), {}, Console(file=out, width=120))
    return out.getvalue()


def test_run_tells_what_calls_ask_get_and_cost(called: Result) -> None:
    """users 3: calls, hours, energy, tokens, USD lost and USD per energy, in JSON, on the terminal and on the page."""
    found = plain(answer_of(called))["calls"]
    (site,) = found["sites"]
    assert site["calls_count"] > 0
    assert site["called_h"] > site["calls_count"]
    assert site["slowed_wh"] == pytest.approx(site["asked_wh"], rel=1e-3)
    assert found["usd"] == pytest.approx(sum(row["usd"] for row in found["lost"]))
    assert found["usd_per_wh"] == pytest.approx(found["usd"] / (site["slowed_wh"] + site["battery_wh"]))
    table = calls.sites(views.view(called))
    assert table is not None
    assert table.rows[0][:3] == ("Example campus", site["calls_count"], site["called_h"])
    text, html = shown(called), page.render(told.document(answer_of(called)))
    assert 'id="calls"' in html
    for said in (table.title, f"{found['usd_per_wh'] * 1e6:,.0f}"):
        assert said in text
        assert said in html
    assert (
        "calls of the grid take"
        in {row.item: row.cause for row in called.timeline.summary.plan_vs_sim}["facility energy"]
    )
    assert not {note.code for note in called.notes} & {IDLE_CALLS, NO_CALLS}


def test_a_call_that_asks_for_nothing_is_a_note(idle: Result) -> None:
    """users 3: nothing happened for a year, and nothing said so."""
    (note,) = [note for note in idle.notes if note.code == IDLE_CALLS]
    assert note.path == CONTRACT
    assert 'depth_of = "draw" asks for a share of what it would draw' in note.text
    assert "ask for nothing" in calls.cost(views.view(idle))
    assert calls.lost(views.view(idle)) is None
    found = answer_of(idle).calls
    assert found is not None
    assert found.usd_per_wh is None


def test_a_contract_that_is_never_called_is_a_note() -> None:
    result = ran(hours="0 %")
    assert [note.path for note in result.notes if note.code == NO_CALLS] == [CONTRACT]
    assert answer_of(result).calls is None
    assert "calls" not in {section.slug for section in told.document(answer_of(result)).sections}


def test_calls_open_from_a_folder(called: Result, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = called.save(tmp_path_factory.mktemp("saved") / "called")
    assert load(folder).timeline.summary == called.timeline.summary
