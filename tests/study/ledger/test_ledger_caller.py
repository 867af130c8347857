"""Whoever a door has made sure of stands in the ledger as who recorded, and speaks for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import LedgerError
from gigawatt.ledger import book as books
from gigawatt.readers.readings import FileEvent, ReadingSeries
from gigawatt.study.job import Job

from .conftest import START_MS, block

Ask = Callable[..., Any]
BEN = Job(who="Ben Ali")
RACKS = ["site=example-campus", "platform=gb300", "racks=4", "at=2026-03-02"]
METER = ReadingSeries(quantity="facility_energy", unit="Wh", site="example-campus", subject="m1")


def recorded(place: str = "gigawatt.db") -> list[tuple[str, str, bool]]:
    """Kind, who and whether that is certain, of every fact."""
    with books.reading(books.address(place)) as book:
        return [(entry.fact.kind, entry.who, entry.authenticated) for entry in books.read(book)]


def codes(answer: Any) -> set[str]:
    return {note.code for note in answer.head.notes}


def test_every_writing_verb_records_whom_the_door_is_sure_of(ask: Ask, reads: Callable[..., None]) -> None:
    reads(
        block([1e6, 2e6], METER),
        FileEvent(line=4, kind="racks", happened_ms=START_MS, values={"site": "a", "platform": "b", "racks": "1"}),
    )
    Path("meter.csv").write_text("whatever")
    ask("init", "one-campus", job=BEN)
    found = ask("record", "racks", RACKS, source="note", job=BEN)
    ask("import", "meter.csv", kind="meter", job=BEN)
    assert (found.who, found.authenticated) == ("Ben Ali", True)
    kinds = ["terms", "racks", "readings", "racks"]
    assert recorded() == [(kind, "Ben Ali", True) for kind in kinds]


def test_what_is_released_carries_who_and_no_note_that_this_is_uncertain(met: Ask) -> None:
    for job in (Job(who="ada"), BEN):
        found = met("approve", "1", job=job)
        assert (found.who, found.authenticated) == (job.who, True)
        assert "unauthenticated" not in codes(found)
    paid = met("disburse", "1", job=BEN)
    assert (paid.authenticated, paid.milestone.disbursed_by, codes(paid)) == (True, "Ben Ali", set())
    last = [("approval", "ada", True), ("approval", "Ben Ali", True), ("disbursement", "Ben Ali", True)]
    assert recorded()[-3:] == last


def test_one_person_who_is_certain_is_one_approval_by_whatever_name(met: Ask) -> None:
    met("approve", "1", job=BEN)
    again = met("approve", "1", as_=" BEN  ali", job=BEN)
    assert (again.added, codes(again)) == (False, {"approved_before"})
    by_word = met("approve", "1", as_="ben ali")
    assert (by_word.added, by_word.milestone.approved_by) == (False, ("Ben Ali",))
    with pytest.raises(LedgerError, match="the approval of 2 people"):
        met("disburse", "1", job=BEN)


WORDS = [
    ("init", (), {}),
    ("record", ("racks", RACKS), {"source": "note"}),
    ("import", ("meter.csv",), {"kind": "meter"}),
    ("approve", ("1",), {}),
    ("disburse", ("1",), {}),
]


@pytest.mark.parametrize(("word", "places", "values"), WORDS, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("name", ["ada", "Ben Alі", "", "x" * 500])
def test_nobody_speaks_for_another(ask: Ask, word: str, places: Any, values: dict[str, Any], name: str) -> None:
    Path("meter.csv").write_text("whatever")
    with pytest.raises(LedgerError) as caught:
        ask(word, *places, **values, as_=name, job=BEN)
    (fault,) = caught.value.faults
    assert (fault.path, fault.asked, fault.given.isprintable()) == ("as", True, True)
    assert fault.expected.startswith("Ben Ali, who asks")
    assert not Path("gigawatt.db").exists()


def test_a_name_beside_other_faults_is_told_with_them(ask: Ask) -> None:
    with pytest.raises(LedgerError) as caught:
        ask("record", "racks", ["racks=many"], as_="ada", job=BEN)
    assert {"as", "source", "site", "platform"} <= {fault.path for fault in caught.value.faults}
