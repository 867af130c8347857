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
    seen = known(as_planned(tracked, OVER, late=0.6, rate=0.8, until=END))
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


def test_the_last_quarter_is_first_in_every_table_of_sites_and_classes(held: Reconciliation) -> None:
    tables = reconciliation.document(held).tables()
    for name, column in (("sites", 1), ("racks", 2), ("causes", 1), ("classes", 1)):
        quarters = list(dict.fromkeys(str(row[column]) for row in tables[name].rows))
        assert quarters[0] == "Q3 2025", name
        assert quarters[-1] == "Q1 2024", name


def test_figures_that_are_held_against_one_another_have_one_unit(held: Reconciliation) -> None:
    tables = reconciliation.document(held).tables()
    for name, suffix in (("causes", "tokens"), ("classes", "tokens"), ("sites", "w"), ("sites", "wh")):
        units = {one.scale.unit for one in tables[name].columns if one.suffix == suffix and one.scale is not None}
        assert len(units) == 1, (name, suffix)
        assert all(units <= {one.title.rpartition(", ")[2]} for one in tables[name].columns if one.suffix == suffix)


def test_what_is_to_come_is_shown_until_nothing_changes_any_more(held: Reconciliation) -> None:
    assert held.forecast is not None
    power = held.forecast.power
    last = reconciliation.last_change(power)
    assert 1 < last < len(power) - 1
    assert len(reconciliation.document(held).tables()["coming"].rows) == last + 1
    for row in power[last:]:
        assert (row.p10_w, row.p90_w) == pytest.approx((power[-1].p10_w, power[-1].p90_w), rel=1e-3)
    assert reconciliation.last_change(power[-2:]) == 1


def test_a_ledger_is_dated_to_the_minute(held: Reconciliation, anew: Reforecast) -> None:
    for document in (reconciliation.document(held), reforecast.document(anew)):
        told = printed(document)
        assert "Happened by 2025-09-30\n" in told
        assert ".999Z" not in told
    assert "before Q4 2025" not in printed(reforecast.document(anew))


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
