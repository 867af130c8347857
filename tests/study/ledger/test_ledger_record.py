"""What people record: kept with who, when and by which document; what is wrong with it is told at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import LedgerError, ScenarioError

Ask = Callable[..., Any]
SITE = "site=example-campus"
RACKS = [SITE, "platform=gb300", "racks=40", "at=2026-03-02"]


def codes(answer: Any) -> set[str]:
    return {note.code for note in answer.head.notes}


def refused(ask: Ask, kind: str, fields: list[str], **values: Any) -> dict[str, Any]:
    """Faults by path of a fact that is not taken, with nothing recorded."""
    with pytest.raises((LedgerError, ScenarioError)) as caught:
        ask("record", kind, fields, **{"source": "note", **values})
    return {fault.path: fault for fault in caught.value.faults}


def test_a_fact_is_kept_with_who_when_and_by_which_document(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "note.pdf").write_bytes(b"forty racks")
    found = ask("record", "racks", RACKS, source="note.pdf", as_=" Ada  Lovelace ")
    assert (found.number, found.added, found.kind, found.who) == (1, True, "racks", "Ada Lovelace")
    assert found.authenticated is False
    assert found.happened == "2026-03-02T00:00:00.000Z" <= found.recorded
    assert found.said["racks_count"] == 40
    assert (found.source, found.source_sha256) == ("note.pdf", hashlib.sha256(b"forty racks").hexdigest())
    assert codes(found) == {"ledger_made"}
    assert ask("verify", head=found.head_).head_number == 1


def test_the_same_document_under_another_name_says_it_once(ask: Ask, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"forty racks")
    first, again = (ask("record", "racks", RACKS, source=name) for name in ("a.pdf", "b.pdf"))
    assert (again.added, again.number, again.head_) == (False, 1, first.head_)
    assert codes(again) == {"recorded_before"}


def test_a_document_that_is_not_at_hand_is_kept_as_words(ask: Ask) -> None:
    found = ask("record", "racks", RACKS, source="https://example.org/letter")
    assert found.source_sha256 is None
    assert "source_not_at_hand" in codes(found)


def test_a_correction_stands_in_place_of_what_it_names(ask: Ask) -> None:
    ask("record", "racks", RACKS, source="note")
    found = ask("record", "racks", [*RACKS[:2], "racks=41", RACKS[3]], source="recount", corrects="1")
    assert (found.number, ask("status").racks[0].racks_count) == (2, 41)
    listed = ask("facts").facts
    assert (listed[0].corrected_number, listed[1].corrects_number) == (2, 1)
    assert "which is 2" in refused(ask, "racks", [*RACKS[:2], "racks=42", RACKS[3]], corrects="1")["corrects"].expected
    assert refused(ask, "racks", RACKS, corrects="9")["corrects"].given.endswith("no fact")
    withdrawn = ask("record", "retraction", ["reason=they never came", "at=2026-03-09"], corrects=found.head_[:12])
    assert (withdrawn.source, ask("status").racks) == ("they never came", ())


def test_a_retraction_says_what_it_withdraws(ask: Ask) -> None:
    assert set(refused(ask, "retraction", ["reason=wrong", "at=2026-03-09"])) == {"corrects"}


def test_names_that_the_terms_do_not_know_are_noted_with_the_nearest(met: Ask) -> None:
    found = met("record", "racks", ["site=example-campsu", "platform=gb30", "racks=4", "at=2026-03-02"], source="x")
    texts = {note.code: note.text for note in found.head.notes}
    assert 'did you mean "example-campus"?' in texts["unknown_site"]
    assert 'did you mean "gb300"?' in texts["unknown_platform"]


def test_more_power_in_a_later_stage_and_more_racks_than_power_are_noted(met: Ask) -> None:
    loaded = met(
        "record", "site", [SITE, "state=it_loaded", "power=50 MW", "basis=facility", "at=2026-04-01"], source="x"
    )
    assert "50 MW IT-loaded".replace("IT-loaded", "it loaded") in " ".join(note.text for note in loaded.head.notes)
    assert "stage_out_of_order" in codes(loaded)
    racks = met("record", "racks", [*RACKS[:2], "racks=400", RACKS[3]], source="y")
    assert "racks_beyond_power" in codes(racks)


def test_what_is_implausible_is_noted_and_taken(ask: Ask) -> None:
    found = ask(
        "record", "site", [SITE, "state=energised", "power=200 GW", "basis=facility", "at=2026-04-01"], source="x"
    )
    assert "implausible" in codes(found)


@pytest.mark.parametrize(
    ("field", "path", "expected"),
    [
        ("at=2030-01-01", "at", "what has happened"),
        ("at=2026-03-02T12:00", "at", "says no offset from UTC"),
        ("at=0001-01-01", "at", "a year from 1990 to 2150"),
        ("at=yesterday", "at", "a day such as 2026-03-01"),
        ("racks=4.5", "racks", "a whole number"),
        ("racks=-4", "racks", "not negative"),
        ("racks=1e400", "racks", "finite"),
        ("racks=99999999999999999999", "racks", "at most"),
        ("racks=0", "racks", "at least 1"),
        ("site=exämple", "site", "letters of ASCII"),
        ("site=a\x00b", "fields[3]", "without control characters"),
        ("platform=a\x1b[2Jb", "fields[3]", "without control characters"),
        ("colour=red", "colour", "one of the keys"),
        ("rack=4", "rack", 'did you mean "racks"?'),
        ("change=stolen", "change", "'accepted' or 'retired'"),
        (f"site={'x' * 81}", "site", "at most 80"),
        (f"text={'x' * 3000}", "text", "at most 2,000 characters"),
    ],
)
def test_a_field_that_is_wrong_is_named(ask: Ask, field: str, path: str, expected: str) -> None:
    ask("init")
    kept = [one for one in RACKS if one.partition("=")[0] != field.partition("=")[0]]
    with pytest.raises((LedgerError, ScenarioError)) as caught:
        ask("record", "racks", [*kept, field], source="note")
    assert expected in " ".join(fault.expected for fault in caught.value.faults if fault.path == path)
    assert all(fault.given.isprintable() and len(fault.given) < 200 for fault in caught.value.faults)
    assert ask("status").facts_count == 0


def test_everything_wrong_is_told_at_once(ask: Ask) -> None:
    found = refused(
        ask, "racks", ["site=a", "site=b", "nonsense", "racks=x", "at=2026-13-01"], source=" ", database="no/a.db"
    )
    assert set(found) == {"site", "fields", "racks", "platform", "at", "source", "database"}
    assert (found["source"].asked, found["racks"].asked) == (True, False)


def test_a_source_is_needed_and_a_kind_is_one_of_a_few(ask: Ask) -> None:
    assert refused(ask, "racks", RACKS, source=None)["source"].given == "missing"
    assert "'site'" in refused(ask, "rack", RACKS)["kind"].expected
    assert not Path("gigawatt.db").exists()


@pytest.mark.parametrize("kind", ["racks", "retraction"])
def test_a_correction_of_nothing_is_refused_and_no_fact_beside(ask: Ask, kind: str) -> None:
    ask("record", "racks", RACKS, source="note")
    fields = RACKS if kind == "racks" else ["reason=slip", "at=2026-03-03"]
    assert set(refused(ask, kind, fields, corrects="")) == {"corrects"}
    assert ask("facts").facts_count == 1


def test_more_racks_retired_than_accepted_are_noted(ask: Ask) -> None:
    found = ask("record", "racks", [*RACKS, "change=retired"], source="note")
    assert "racks_retired_beyond" in codes(found)
