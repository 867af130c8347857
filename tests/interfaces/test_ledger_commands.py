"""The ledger on a command line: one object of JSON, what is wrong in the words of the command, an exit code each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
RACKS = ["record", "racks", "site=example-campus", "platform=gb300", "racks=40", "at=2026-03-02", "--source", "note"]


@pytest.fixture
def ledger(gigawatt: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """A command of the ledger, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "ada")
    return lambda *words: gigawatt("ledger", *words)


def test_a_ledger_from_nothing_to_a_proof(ledger: Call) -> None:
    assert ledger("init", "--json").answer["made"] is True
    racks = ledger(*RACKS, "--as", "ben", "--json").answer
    assert (racks["number"], racks["who"], racks["said"]["racks_count"]) == (1, "ben", 40)
    found = ledger("status", "--json").answer
    assert set(found) >= {"gigawatt", "notes", "as_of", "at", "head", "facts_count", "milestones", "sites", "racks"}
    assert found["head"] == racks["head"]
    proof = ledger("verify", "--head", racks["head"], "--json").answer
    assert {key: proof[key] for key in ("ok", "facts", "head", "first_bad")} == {
        "ok": True,
        "facts": 1,
        "head": racks["head"],
        "first_bad": None,
    }


def test_people_are_told_the_head_after_every_write(ledger: Call) -> None:
    for words in (["init"], RACKS, ["facts"], ["status"], ["verify"]):
        ended = ledger(*words)
        assert ended.code == 0, ended.told
    assert "head, to be kept elsewhere" in ledger(*RACKS).out


def test_a_head_that_is_not_there_is_a_bar_that_is_missed(ledger: Call) -> None:
    ledger(*RACKS)
    ended = ledger("verify", "--head", "0" * 64, "--json")
    assert (ended.code, ended.answer["ok"]) == (4, False)
    assert ended.told.splitlines()[-1].startswith("missed: the ledger is not what it was")


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (["record", "rack", "--source", "x"], {"KIND"}),
        (["record", "racks", "colour=red", "racks=x", "nonsense", "--as", " "], {"colour", "racks", "FIELDS", "--as"}),
        (["record", "retraction", "reason=x", "at=2026-01-01"], {"--corrects"}),
        (["record", "racks", "at=2026-03-02T12:00"], {"at", "--source"}),
        (["import", "none.csv", "--kind", "mter"], {"--kind"}),
        (["import", "none.csv", "--kind", "meter", "--utc-offset", "-20 h"], {"--utc-offset"}),
        (["import", "none.csv", "--kind", "meter"], {"none.csv"}),
        (["status"], {"--database"}),
        (["status", "--as-of", "2026-03-01T12:00"], {"--as-of"}),
        (["verify", "--head", "123"], {"--head"}),
        (["approve", "1"], {"--database"}),
        (["init", "one-campsu"], {"SCENARIO"}),
        (["init", "--database", "no/such/folder/x.db", "--test-hours", "3 MW"], {"--test-hours"}),
        (["init", "--database", "postgresql://ada:secret@/"], {"--database"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_exit_code_2_in_the_words_of_the_command(words: list[str], paths: set[str], ledger: Call) -> None:
    ended = ledger(*words, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert paths <= set(ended.faults)
    assert "secret" not in ended.told
    people = ledger(*words)
    assert (people.code, people.told.splitlines()[-1].startswith("error: ")) == (2, True)
    assert not Path("gigawatt.db").exists()


def test_a_file_that_is_no_ledger_is_refused_and_let_be(ledger: Call, tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "other.db")
    raw.execute("CREATE TABLE mine (a)")
    raw.commit()
    raw.close()
    (tmp_path / "text.db").write_text("no database, but a letter of some length\n" * 99)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name, expected in (("other.db", "holds other tables"), ("text.db", "which is no database")):
        for words in (["init"], ["status"], RACKS):
            ended = ledger(*words, "--database", name, "--json")
            assert (ended.code, expected in ended.faults["--database"]["given"]) == (2, True), ended.told
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_layout_of_a_newer_gigawatt_is_refused(ledger: Call, tmp_path: Path) -> None:
    ledger("init")
    raw = sqlite3.connect(tmp_path / "gigawatt.db")
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    for words in (["status"], RACKS, ["verify"]):
        ended = ledger(*words, "--json")
        assert (ended.code, "a newer Gigawatt" in ended.faults["--database"]["expected"]) == (2, True)


def test_a_machine_that_cannot_keep_it_is_exit_code_74(ledger: Call, tmp_path: Path) -> None:
    ledger("init")
    (tmp_path / "gigawatt.db-journal").mkdir()
    ended = ledger(*RACKS, "--json")
    assert (ended.code, ended.out) == (74, "")
    assert "the ledger at gigawatt.db" in ended.told


def test_what_is_not_met_or_not_approved_is_exit_code_2(ledger: Call) -> None:
    ledger("init", "one-campus")
    for word in ("approve", "disburse"):
        ended = ledger(word, "30 MW", "--json")
        assert (ended.code, ended.faults["MILESTONE"]["given"]) == (2, "0 W of 30 MW counts")


def test_a_report_of_what_stands_is_written(ledger: Call, tmp_path: Path) -> None:
    ledger(*RACKS)
    files = ledger("status", "--out", "report", "--json").answer["files"]
    assert "What stands" in (tmp_path / files["report"]).read_text()
