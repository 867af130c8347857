"""A document as plain text: what a terminal shows, without a width and without its lines."""

from __future__ import annotations

from gigawatt.report.document import Depth, Document
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
