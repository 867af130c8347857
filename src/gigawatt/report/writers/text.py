"""A document as plain text without a width, for a reader that is no terminal: an assistant, a log, a message.

A line for each sentence, term and row; cells stand between bars. What a terminal shows of a table, in as many words.
"""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.report.document import Depth, Document, Exhibit, Facts, Paragraph, Part, Table
from gigawatt.report.language import words
from gigawatt.report.writers.terminal import shortened

# Columns of years, and rows, that are shown of a table.
YEARS, ROWS = 16, 20


def written(document: Document) -> str:
    """Title, names, lead, tiles, every brief part, notes and sources."""
    return "\n".join(line for line in _lines(document) if line)


def _lines(document: Document) -> Iterator[str]:
    say = words(document.language)
    yield from (document.title, " · ".join(document.names), document.lead)
    for tile in document.tiles:
        yield f"{tile.label}: {tile.value}{f' ({tile.note})' if tile.note else ''}"
    for part in document.parts():
        if part.depth == Depth.BRIEF:
            yield from _part(part)
    yield from _list(say("To keep in mind:"), document.notes)
    yield from _list(say("Sources:"), [f"{one.date} {one.title} {one.url}".strip() for one in document.sources])


def _part(part: Part) -> Iterator[str]:
    if isinstance(part, Paragraph):
        yield part.text
    elif isinstance(part, Facts):
        yield from _list(_head(part.title), [f"{term}: {text}" if term else text for term, text in part.pairs])
    elif isinstance(part, Exhibit):
        yield part.says
        yield from _table(part.table) if part.table is not None else ()
    else:
        yield from _table(part)


def _table(table: Table) -> Iterator[str]:
    shown = shortened(table, YEARS)
    if not shown.rows:
        return
    yield _head(shown.title)
    yield " | ".join(column.title for column in shown.columns)
    yield from (" | ".join(cells) for cells in shown.texts()[:ROWS])
    if len(shown.rows) > ROWS:
        yield words(table.columns[0].language)("… and {} more rows", len(shown.rows) - ROWS)


def _head(title: str) -> str:
    return title and f"{title}:"


def _list(title: str, lines: list[str] | tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield title
        yield from (f"- {line}" for line in lines)
