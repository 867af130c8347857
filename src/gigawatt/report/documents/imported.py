"""A model file that was made from a public configuration."""

from __future__ import annotations

from gigawatt.report.document import Document, Paragraph, Section
from gigawatt.study.catalog.importing import ImportedModel


def document(found: ImportedModel) -> Document:
    """Where the file is, and what the model in it comes to."""
    counts = (found.total_params_count, found.active_params_count)
    total, active = (f"{count / 1e9:.4g} billion" for count in counts)
    cached = f"{found.cached_values_per_token_count:,} cached values a token"
    text = f"{found.path}: {found.name}, {total} parameters, {active} active, {cached}"
    parts = (Paragraph(text=text),)
    return Document(
        title="A model of the catalog",
        sections=(Section(slug="model", title=found.name, parts=parts),),
        notes=tuple(note.text for note in found.head.notes),
    )
