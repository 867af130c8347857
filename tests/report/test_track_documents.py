"""Plan against actual, and a plan made anew, as they are told: sentences, figures and pictures of what happened."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from gigawatt.report import folder
from gigawatt.report.document import Document
from gigawatt.report.documents import reconciliation, reforecast
from gigawatt.report.writers import csv, page, terminal
from gigawatt.study.job import Job
from gigawatt.study.result import Result
from gigawatt.study.run.stages import run
from gigawatt.study.track.causes import Deviation
from gigawatt.study.track.forecast import ForecastMilestone
from gigawatt.study.track.reconcile import Reconciliation, reconciled
from gigawatt.study.track.reforecast import Reforecast
from gigawatt.study.track.reforecast import reforecast as made_anew

sys.path.insert(0, str(Path(__file__).parents[1] / "study" / "track"))

from campus_ledgers import END, OVER, SET, as_planned, known


@pytest.fixture(scope="module")
def tracked() -> Result:
    return run("one-campus", SET)


@pytest.fixture(scope="module")
def held(tracked: Result) -> Reconciliation:
    return reconciled(tracked, known(as_planned(tracked, OVER, late=0.6, rate=0.75, price=0.9, until=END)))


@pytest.fixture(scope="module")
def anew(tracked: Result) -> Reforecast:
    seen = known(as_planned(tracked, OVER, late=0.6, rate=0.75, until=END))
    return made_anew(tracked, seen, "2025Q4", Job())


def printed(document: Document, width: int = 80) -> str:
    out = io.StringIO()
    terminal.show(document, {}, Console(file=out, width=width))
    return out.getvalue()


def whole(document: Document) -> None:
    """A document can be written by every writer, and its pictures stand alone."""
    assert page.render(document).count("<svg") >= 2
    assert csv.texts(document)
    for chart in document.charts().values():
        assert chart.alone.startswith("<svg")
        assert "NaN" not in chart.alone + chart.narrow


def test_a_reconciliation_is_told(held: Reconciliation) -> None:
    document = reconciliation.document(held)
    whole(document)
    told = " ".join(printed(document).split())
    for words in (
        "fewer than planned",
        "mostly by late or missing power",
        "behind its plan",
        "in eight outcomes of ten",
        held.ledger.head,
    ):
        assert words in told
    assert {"power", "bridge-tokens", "bridge-revenue", "bridge-cash", "earned", "coming"} <= set(document.charts())
    assert {"sites", "racks", "causes", "classes", "money", "milestones", "slips"} <= set(document.tables())


def test_a_bridge_adds_up_to_what_is_shown(held: Reconciliation) -> None:
    rows = reconciliation.document(held).tables()["bridge-revenue"].rows
    figures = [float(str(row[1])) for row in rows]
    assert sum(figures[:-1]) == pytest.approx(figures[-1])


def test_as_planned_is_said_in_so_many_words() -> None:
    same = Deviation(planned=5.0, actual=5.0, power=0.0, racks=0.0, per_rack=0.0, price=0.0, other=0.0)
    assert reconciliation.said(same, "tokens", "tokens served") == "Tokens served are as planned."


def test_a_milestone_out_of_sight_is_said_to_be() -> None:
    never = ForecastMilestone(
        number=1,
        milestone_w=1e9,
        amount_usd=1e9,
        short_by_w=5e8,
        planned_date=None,
        p10_date="2029-01-01",
        p50_date=None,
        p90_date=None,
        waits_for="power",
        reached_frac=0.2,
    )
    assert "half of all outcomes" in reconciliation.when(never)


def test_a_ledger_of_no_quarter_is_told(tracked: Result) -> None:
    document = reconciliation.document(reconciled(tracked, known([], "2024-02-01T00:00:00.000Z")))
    assert "coming" in document.charts()
    assert "No quarter of the plan is over" in " ".join(printed(document).split())


def test_a_reforecast_is_told(anew: Reforecast, tmp_path: Path) -> None:
    document = reforecast.document(anew)
    whole(document)
    told = " ".join(printed(document).split())
    for words in ("less than the old plan's remainder", "Tranches that are to come", "What is believed now"):
        assert words in told
    assert {"power", "tokens", "cash"} <= set(document.charts())
    written = folder.write(anew, document, tmp_path / "anew")
    assert Path(written["report"]).is_file()
    assert Path(written["result"]).is_file()
