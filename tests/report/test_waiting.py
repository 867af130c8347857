"""The table of what users wait for: a row for each class and hour, with intervals, and none where nobody asked."""

from __future__ import annotations

import pytest

from gigawatt.report.document import Table
from gigawatt.report.documents.simulation import document
from gigawatt.simulation.user_wait import Estimated
from gigawatt.study import verbs
from gigawatt.study.simulation.answer import SimulationAnswer

SHORT = {"horizon.report_end": "2027Q2", "horizon.end": "2027Q4"}


@pytest.fixture(scope="module")
def followed() -> SimulationAnswer:
    answer: SimulationAnswer = verbs.ask("simulate", "one-campus", set=SHORT, mode="expected", latency=True)
    return answer


def test_a_row_for_each_class_and_hour(followed: SimulationAnswer) -> None:
    found = document(followed)
    section = next(one for one in found.sections if one.slug == "waits")
    assert "8 independent replications" in section.lead
    (table,) = section.parts
    assert isinstance(table, Table)
    assert len(table.rows) == len(followed.waits)
    columns = [column.title for column in table.columns]
    assert columns[:5] == ["Class", "Hour", "Began, UTC", "Platform", "Load, %"]
    for row, one in zip(table.rows, followed.waits, strict=True):
        assert isinstance(one.ttft_p99_s, Estimated)
        at = columns.index(next(title for title in columns if title.startswith("TTFT P99")))
        assert row[at] == one.ttft_p99_s.mid
        assert row[at + 1] == pytest.approx((one.ttft_p99_s.high - one.ttft_p99_s.low) / 2)
    assert {row[1] for row in table.rows} == {"busiest", "mean"}


def test_no_section_where_nobody_asked() -> None:
    plain: SimulationAnswer = verbs.ask("simulate", "one-campus", set=SHORT, mode="expected")
    assert "waits" not in [section.slug for section in document(plain).sections]
