"""What a replay's document says and draws: percentiles, curves, capacity, the pod over time, and what a token costs."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gigawatt.report.document import Document, Exhibit, Facts
from gigawatt.report.documents import replay
from gigawatt.report.writers import csv, terminal
from gigawatt.study import verbs
from gigawatt.study.replay.found import ReplayAnswer

HEAD = "timestamp_ms,input_length,output_length\n"
Drawn = Callable[..., Document]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> ReplayAnswer:
    file = tmp_path_factory.mktemp("traces") / "users.csv"
    file.write_text(HEAD + "".join(f"{150 * n},{200 + n},{10 + n % 90}\n" for n in range(300)))
    asked: dict[str, Any] = {"ttft": "200 ms", "tpot": "20 ms", "find_capacity": True, "pods": True}
    return verbs.ask("replay", str(file), model="llama-3.1-8b", gpu="h100-sxm", tp=1, replicas=2, **asked)


@pytest.fixture(scope="module")
def document(found: ReplayAnswer) -> Document:
    return replay.document(found)


def printed(of: Document, width: int = 80) -> str:
    out = io.StringIO()
    terminal.show(of, {}, Console(file=out, width=width, highlight=False, markup=False, emoji=False))
    assert max(map(len, out.getvalue().splitlines())) <= width
    return " ".join(out.getvalue().split())


def exhibits(of: Document) -> dict[str, Exhibit]:
    return {part.name: part for part in of.parts() if isinstance(part, Exhibit)}


def facts(of: Document, name: str) -> dict[str, str]:
    (one,) = (part for part in of.parts() if isinstance(part, Facts) and part.name == name)
    return dict(one.pairs)


def test_a_terminal_shows_the_figures_and_no_curves(document: Document, found: ReplayAnswer) -> None:
    said = printed(document)
    words = (
        "users.csv on 2 replicas of llama-3.1-8b",
        "All 300 requests were completed",
        "TTFT",
        "P99",
        "fewest replicas",
    )
    for word in (*words, "requests/s", "USD/Mtoken", "blocks of consecutive arrivals"):
        assert word in said
    assert all(note.text in said for note in found.head.notes)
    assert "Share of requests" not in said


def test_every_chart_is_drawn_wide_and_narrow_with_its_table(document: Document) -> None:
    drawn = exhibits(document)
    assert list(drawn) == ["waits", "capacity-ttft", "capacity-tpot", "requests", "cache"]
    for exhibit in drawn.values():
        assert exhibit.table is not None
        assert len(exhibit.table.rows) > 5
        assert exhibit.chart is not None
        for text in (exhibit.chart.wide, exhibit.chart.narrow):
            assert text.startswith("<svg")
            assert "nan" not in text.lower()
    assert len(csv.texts(document)) == len(document.tables())


def test_the_limits_and_the_capacity_stand_in_the_charts(document: Document) -> None:
    drawn = exhibits(document)
    for name, words in {
        "waits": ("TTFT limit, 200 ms", "TPOT limit, 20 ms", "End to end"),
        "capacity-ttft": ("limit, 200 ms", "capacity"),
        "capacity-tpot": ("limit, 20 ms", "capacity"),
    }.items():
        chart = drawn[name].chart
        assert chart is not None
        assert all(word in chart.wide for word in words)


def test_a_curve_agrees_with_the_percentiles(document: Document, found: ReplayAnswer) -> None:
    table = document.tables()["waits"]
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["99 %"] == pytest.approx((found.ttft_s.p99, found.tpot_s.p99, found.e2e_s.p99), rel=1e-3)
    assert rows["50 %"] == pytest.approx((found.ttft_s.p50, found.tpot_s.p50, found.e2e_s.p50), rel=1e-3)


def test_what_is_in_a_figure_stands_beside_it(document: Document, found: ReplayAnswer) -> None:
    assert found.price is not None
    told, served = facts(document, "price"), facts(document, "served")
    assert told["a GPU-hour"].endswith(str(found.price.usd_basis))
    assert told["all of it"].endswith(found.price.shared_basis)
    assert served["energy"].endswith(str(found.energy_basis))
    assert served["requests"] == "300, all completed"


def test_requests_that_are_lost_are_said(found: ReplayAnswer) -> None:
    lost = replace(found, completed=280, rejected=7, shed=8, under_way=5, partial=True)
    document = replay.document(lost)
    assert (
        "280 completed, 7 rejected, 8 dropped after a wait, 5 still under way" in facts(document, "served")["requests"]
    )
    assert document.lead.startswith("Interrupted: of what was replayed until then, 280 of 300 requests were completed")


def test_a_replay_without_limits_price_and_searches_is_told(found: ReplayAnswer) -> None:
    asked = replace(found.asked, ttft_s=None, tpot_s=None, find_capacity=False, pods=False)
    bare = replace(found, asked=asked, capacity_requests_per_s=None, curve=None, pods=None, price=None)
    document = replay.document(replace(bare, energy_j_per_request=None))
    assert [section.slug for section in document.sections] == ["waits", "pod"]
    assert facts(document, "served")["energy"] == "not known"
    assert "no limit is stated" in document.tiles[2].note
    printed(document)


def test_a_replay_of_which_nothing_was_completed_is_told(found: ReplayAnswer) -> None:
    none = type(found.ttft_s)(mean=None, p50=None, p90=None, p99=None)
    empty = replace(found, completed=0, ttft_s=none, tpot_s=none, e2e_s=none, itl_s=none, goodput_frac=0.0)
    assert "No request was completed." in printed(replay.document(empty))


def test_files_of_a_folder_open_by_themselves(found: ReplayAnswer, document: Document, tmp_path: Path) -> None:
    from gigawatt.report import folder

    files = folder.write(found, document, tmp_path / "out", beside=False, kind="report of replay")
    page = Path(files["report"]).read_text()
    assert page.count("<svg") >= 10
    assert "What users wait for" in page
