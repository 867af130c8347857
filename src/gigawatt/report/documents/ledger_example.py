"""The files of the generated year, and what each is."""

from __future__ import annotations

from gigawatt.report.document import Document, Section, table
from gigawatt.study.ledger.example import WHAT, Example


def document(found: Example) -> Document:
    """Where the files are, and which command takes each."""
    rows = [(name, *WHAT[name]) for name in found.written]
    part = table("files", f"In {found.folder}", {"File": "", "What it is": "", "Imported as": ""}, rows)
    return Document(
        title="A year of three sites, generated",
        lead="The files of a year of the programme three-sites, to learn the ledger with. Nothing of it happened.",
        sections=(Section(slug="files", title="Files", parts=(part,)),),
    )
