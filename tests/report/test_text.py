"""A document as plain text: what a terminal shows, without a width and without its lines."""

from __future__ import annotations

from gigawatt.report.document import Depth, Document, Facts, Section
from gigawatt.report.writers import text


def test_it_says_what_a_terminal_says(handmade: Document) -> None:
    found = text.written(handmade)
    assert found.startswith(handmade.title)
    assert handmade.lead in found
    for note in handmade.notes:
        assert f"- {note}" in found


def test_every_brief_table_has_its_heads_and_rows_and_no_other_is_shown(handmade: Document) -> None:
    lines = text.written(handmade).splitlines()
    for table in handmade.tables().values():
        assert (f"{table.title}:" in lines) == (table.depth == Depth.BRIEF and bool(table.rows)), table.name


def test_no_line_is_empty(handmade: Document) -> None:
    assert all(text.written(handmade).splitlines())


def test_what_has_no_title_has_no_head() -> None:
    facts = Facts(name="facts", title="", pairs=(("head", "ab12"), ("", "an item")))
    document = Document(title="A ledger", sections=(Section(slug="s", title="", parts=(facts,)),))
    assert text.written(document).splitlines() == ["A ledger", "- head: ab12", "- an item"]
