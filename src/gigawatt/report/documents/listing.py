"""What there is to ask about: the catalog, and the scenarios and strategies that ship."""

from __future__ import annotations

from collections.abc import Sequence

from gigawatt.report.document import Column, Document, Section, Table
from gigawatt.study.catalog.listing import SHIPPED, CatalogListing, ListedThing

COLUMNS = (
    Column(title="Id"),
    Column(title="Name"),
    Column(title="By"),
    Column(title="Numbers", suffix="count"),
    Column(title="Assumed", suffix="count"),
)


def document(found: CatalogListing) -> Document:
    """A table a kind."""
    tables = [_kind(kind, things) for kind, things in found.catalog.items()]
    return Document(
        title="What there is to ask about",
        sections=tuple(Section(slug=table.name, title=table.title, parts=(table,)) for table in tables),
        notes=tuple(note.text for note in found.head.notes),
        made=f"Gigawatt {found.head.gigawatt}",
    )


def _kind(kind: str, things: Sequence[ListedThing]) -> Table:
    """Things of one kind; of files that ship, no more than their names."""
    rows = tuple((row.id, row.name, row.by, row.numbers_count, row.assumed_count) for row in things)
    title = kind.replace("_", " ").capitalize()
    table = Table(name=kind.replace("_", "-"), title=title, columns=COLUMNS, rows=rows)
    return table.only(0, 1) if kind in SHIPPED else table
