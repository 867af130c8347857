"""One thing of the catalog: what it is, and every number with its range, grade and source."""

from __future__ import annotations

from gigawatt.report.document import Depth, Document, Facts, Part, Section
from gigawatt.report.documents.sources import changes, data, numbers
from gigawatt.study.catalog.entry import CatalogEntry


def document(found: CatalogEntry) -> Document:
    """A thing of the catalog."""
    known = f"Also known as {', '.join(found.aliases)}." if found.aliases else ""
    said = {True: "yes", False: "no"}
    pairs = tuple(
        (name.replace("_", " "), said[value] if isinstance(value, bool) else value)
        for name, value in found.facts.items()
        if value != ""
    )
    facts = [Facts(name="facts", title="", pairs=pairs, depth=Depth.FULL)] if pairs else []
    known = f"{known} Known from {found.known_date}." if found.known_date else known
    parts: list[Part] = [*facts, *numbers(found.numbers), data(found.numbers)]
    return Document(
        title=found.name,
        names=(found.kind, found.id),
        lead=f"{found.description} {known}".strip(),
        sections=(
            Section(slug="numbers", title="What is known", parts=tuple(parts)),
            *(Section(slug="changes", title="What became known later", parts=(one,)) for one in changes(found.changes)),
        ),
        notes=tuple(note.text for note in found.head.notes),
        sources=found.sources,
        made=f"Gigawatt {found.head.gigawatt}",
    )
