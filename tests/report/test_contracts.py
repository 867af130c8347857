"""Leases, the guarantee and advances in a report: one section, lines of the books, notes; nothing without them."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.report import contracts, tables, views
from gigawatt.report.document import Facts, Section
from gigawatt.report.documents.run import document
from gigawatt.report.views import View
from gigawatt.study.run.answer import RunAnswer, answer_of
from gigawatt.study.run.stages import run

SITE = "example-campus"
OVER: dict[str, Any] = {
    "horizon.report_end": "2027Q4",
    "horizon.end": "2028Q1",
    f"sites.{SITE}.lease": {"term": "19 years", "minimum_take": "80 %", "termination": "10 years"},
    "capital.guarantee": {
        "guarantor": "NVIDIA",
        "cap": "300 million USD",
        "guaranteed": "90 %",
        "term": "20 years",
        "default": "3 %/year",
        "recovery": "60 %",
        "guaranteed_rate": "7 %/year",
    },
    "capital.vendor": {"vendor": "NVIDIA", "share": "30 %", "rate": "6 %/year", "term": "3 years"},
    "capital.customer": {
        "customer": "A cloud",
        "amount": "100 million USD",
        "paid": "2026Q4",
        "rate": "4 %/year",
        "term": "3 years",
    },
}


@pytest.fixture(scope="module")
def told() -> RunAnswer:
    return answer_of(run("one-campus", OVER))


@pytest.fixture(scope="module")
def v(told: RunAnswer) -> View:
    return views.view(told.result)


@pytest.fixture(scope="module")
def section(v: View) -> Section:
    found = contracts.section(v)
    assert found is not None
    return found


def test_the_answer_holds_what_the_section_tells(told: RunAnswer, section: Section) -> None:
    assert told.checks.plan_feasible
    assert told.contracts is not None
    assert told.contracts.guarantee is not None
    shown = {part.name: part for part in section.parts if isinstance(part, Facts)}["guarantee"]
    pairs = dict(shown.pairs)
    assert pairs["Most that it ever pays"] == "300 million USD"
    assert pairs["Would pay at most"].startswith("270 million USD")
    assert pairs["Owner's return on what is covered"] == "7 %/year in place of 10 %/year"
    assert section.lead.startswith(
        "Here shells of one site are leased; NVIDIA guarantees their value; NVIDIA lends on racks"
    )
    found = document(told)
    assert [one.slug for one in found.sections].count("contracts") == 1
    assert "contracts" in found.charts()


def test_the_lines_of_the_books_add_up(v: View) -> None:
    table = tables.statements(v)
    labels = [str(row[0]) for row in table.rows]
    assert labels.count("Lent by the vendor of racks") == 1
    assert table.sums is not None
    for name in ("Financing cash flow", "Owed to the vendor of racks at the end"):
        at = labels.index(name)
        total = table.sums[at]
        carried = 0.0
        for column in range(1, len(table.columns)):
            summed = sum(float(table.rows[n][column] or 0) for n in total.rows)  # type: ignore[arg-type] # figures
            assert float(table.rows[at][column] or 0) == pytest.approx(summed + carried, abs=1e3)  # type: ignore[arg-type]
            carried = float(table.rows[at][column] or 0) if total.carried else 0.0  # type: ignore[arg-type]


def test_notes_say_what_is_owed_contingent_and_assumed(told: RunAnswer) -> None:
    notes = {note.code: note.text for note in told.result.notes}
    assert "a tenant that left then would owe" in notes["leases"]
    assert "contingent and on no balance sheet here" in notes["guarantee"]
    assert "the hazard of the tenant's failure (3 %/year)" in notes["guarantee_assumed"]
    assert "whose covenant and limit do not count it" in notes["vendor_credit"]
    assert "A cloud is still owed service" in notes["customer_owed"]


def test_without_contracts_there_is_no_section_and_no_line_of_them() -> None:
    plain = answer_of(run("one-campus", {key: OVER[key] for key in ("horizon.report_end", "horizon.end")}))
    shown = views.view(plain.result)
    assert plain.contracts is None
    assert contracts.section(shown) is None
    labels = {str(row[0]) for row in tables.statements(shown).rows}
    assert not labels & {tables.LINES[name] for name in ("vendor_drawn", "lease_liability", "customer_owed")}
    assert not {"leases", "guarantee", "vendor_credit"} & {note.code for note in plain.result.notes}
