"""What documents say of the ledger: what is due, what it waits for, charts with their tables, the head everywhere."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest

from gigawatt.report import reports
from gigawatt.report.document import Document, Paragraph
from gigawatt.report.writers import csv, page
from gigawatt.study import verbs

Ask = Callable[..., Any]
AT = ["site=example-campus", "at=2026-03-10"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Ask a ledger with one milestone that is met, of its own."""
    folder = tmp_path_factory.mktemp("ledger")
    where = {"database": str(folder / "a.db"), "as_": "ada"}

    def ask(word: str, *places: Any, **values: Any) -> Any:
        asked = where if word not in ("status", "facts", "verify") else {"database": where["database"]}
        return verbs.ask(f"ledger {word}", *places, **{**asked, **values})

    ask("init", "one-campus")
    for state, power in (("announced", 100), ("contracted", 80), ("energised", 40), ("it_loaded", 34)):
        said = [*AT, f"state={state}", f"power={power} MW", "basis=facility"]
        ask("record", "site", said, source="letter")
    ask("record", "racks", [*AT, "platform=gb300", "racks=200"], source="note")
    tested = [*AT, "platform=gb300", "racks=200", "throughput=10 Mtokens/s", "held=80 h"]
    ask("record", "test", tested, source="protocol")
    for way, item, amount in (("in", "equity", 900), ("out", "racks", 750)):
        money = [f"direction={way}", f"item={item}", f"amount={amount} million USD", "at=2026-03-10"]
        ask("record", "money", money, source="bank")
    ask("record", "work", ["use_case=assistant", "served=3 Ttokens", "at=2026-03-31"], source="books")
    ask("approve", "1")
    return ask


def told(word: str, answer: Any) -> Document:
    return reports.document(verbs.named(f"ledger {word}"), answer)


def test_what_stands_in_words_tables_and_pictures(kept: Ask) -> None:
    document = told("status", kept("status"))
    assert "1 of 2 milestones are met" in document.lead
    assert "is met, 1 approval to go" in document.lead
    assert set(document.charts()) == {"counted", "stages", "money"}
    assert set(document.charts()) < set(document.tables())
    stages = document.charts()["stages"].alone
    for words in ("announced", "IT-loaded", "100 MW", "34 MW"):
        assert words in stages
    assert [row[1] for row in document.tables()["stages"].rows] == ["announced", "contracted", "energised", "IT-loaded"]
    evidence = document.tables()["evidence"].rows
    assert [(row[0], row[-1]) for row in evidence] == [("example-campus", "racks")]
    assert "`gigawatt ledger approve 1`" in document.lead
    (missing,) = [part.text for part in document.parts() if isinstance(part, Paragraph)]
    assert "for racks" in missing
    assert "With all of it milestone 2 is still short by" in missing
    milestones = [row[:2] for row in document.tables()["milestones"].rows]
    assert milestones[0] == ("1: 30 MW", "met, 1 approval to go")
    assert str(milestones[1][1]).startswith("short by")


def test_every_document_is_a_page_and_a_table(kept: Ask) -> None:
    answers = {
        "init": kept("init", "one-campus"),
        "facts": kept("facts"),
        "verify": kept("verify"),
        "record": kept("record", "racks", [*AT, "platform=gb300", "racks=1"], source="late"),
        "approve": kept("approve", "1", as_="ben"),
        "disburse": kept("disburse", "1"),
        "status": kept("status"),
    }
    for word, answer in answers.items():
        document = told(word, answer)
        assert escape(document.title) in page.fragment(document)
        for table in document.tables().values():
            assert csv.heads(table)
        assert dict(document.tables()["head"].rows)["head, to be kept elsewhere"] == answer.head_
    assert told("approve", answers["approve"]).lead.startswith(
        "Approved by ben: milestone 1, 30 MW. It is due: `gigawatt"
    )
    assert told("disburse", answers["disburse"]).lead.startswith("Disbursed: ")
    assert told("disburse", kept("disburse", "1")).lead.startswith("Disbursed before: ")


def test_energy_is_told_from_the_last_quarter_back_and_no_column_is_empty(kept: Ask, tmp_path: Path) -> None:
    meter = tmp_path / "meter.csv"
    days = ("2026-03-30T00:00Z", "2026-03-31T00:00Z", "2026-04-01T00:00Z", "2026-04-02T00:00Z")
    meter.write_text(
        "timestamp,kwh\n" + "".join(f"{day},{20_000 + n}\n" for n, day in enumerate(days)), encoding="utf-8"
    )
    kept("import", str(meter), kind="meter", site="example-campus", subject="main")
    energy = told("status", kept("status")).tables()["energy"]
    assert [column.title for column in energy.columns] == ["Quarter", "Site", "Facility, MWh"]
    assert [row[0] for row in energy.rows] == ["Q2 2026", "Q1 2026"]


def test_a_day_is_told_without_its_last_millisecond(kept: Ask) -> None:
    names = told("status", kept("status", at="2026-03-31")).names
    assert "what had happened by 2026-03-31" in names


def test_the_example_says_how_each_of_its_files_is_imported() -> None:
    from gigawatt.report.documents import ledger_example
    from gigawatt.study.answer import Head
    from gigawatt.study.ledger.example import Example, files

    found = ledger_example.document(Example(head=Head(), folder=Path("year"), written=tuple(files())))
    assert "Nothing of it happened" in found.lead
    assert [row[0] for row in found.tables()["files"].rows] == list(files())


def test_many_sites_are_drawn_together(kept: Ask) -> None:
    for n in range(9):
        said = [f"site=s{n}", "at=2026-03-10", "state=announced", "power=1 MW", "basis=facility"]
        kept("record", "site", said, source="letter")
    exhibit = told("status", kept("status")).charts()["stages"]
    assert "109 MW" in exhibit.alone
    assert "s3" not in exhibit.alone


def test_what_was_altered_is_told_with_its_place() -> None:
    from gigawatt.study.answer import Head
    from gigawatt.study.ledger.verifying import VerifiedLedger

    found = VerifiedLedger(
        head=Head(),
        database="a.db",
        ok=False,
        facts=2,
        readings=0,
        head_="0" * 64,
        head_number=None,
        first_bad=3,
        reason="it cannot be read",
    )
    (verdict, *_) = told("verify", found).parts()
    assert (verdict.tone, verdict.text) == ("bad", "The ledger is not what it was: fact 3: it cannot be read.")  # type: ignore[union-attr]


def test_an_import_tells_what_was_refused_and_why() -> None:
    from gigawatt.readers.readings import Rejected
    from gigawatt.study.answer import Head
    from gigawatt.study.ledger.taking import ImportedFile, ImportTotals

    found = ImportedFile(
        head=Head(),
        database="a.db",
        file="meter.csv",
        kind="meter",
        dry_run=True,
        added=3,
        duplicates=1,
        corrected=0,
        rejected_count=3,
        rejected=tuple(Rejected(line=n, reason="no number" if n < 4 else "late") for n in (2, 3, 4)),
        totals=ImportTotals(gpu_h=None, energy_wh=18e6, usd=None, tokens=None),
        first="2026-01-01T00:00:00.000Z",
        last="2026-01-01T03:30:00.000Z",
        numbers=("1 to 3",),
        head_="0" * 64,
    )
    document = told("import", found)
    assert document.lead.startswith("3 readings and events would be added; 1 was there already; 3 lines")
    assert document.tables()["reasons"].rows == (("no number", 2, 2), ("late", 1, 4))
    assert ("recorded as", "facts 1 to 3") in document.tables()["totals"].rows
    assert ("energy", "18 MWh") in document.tables()["totals"].rows
    assert ("time", "2026-01-01 to 2026-01-01 03:30 UTC") in document.tables()["totals"].rows
