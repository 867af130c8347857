"""A document as plain data for the web: what every page shows, with each figure beside its text."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gigawatt.report.document import Depth, Document, Exhibit, Facts, Paragraph, Part, Table
from gigawatt.report.writers.csv import is_figure


def plain(document: Document, most: Depth = Depth.DATA) -> dict[str, Any]:
    """Strict JSON data: a part has a kind, a table its values in SI and as they are shown, a chart its two drawings.

    most: how deep a part may lie to be told.
    """
    return {
        "title": document.title,
        "language": document.language,
        "names": list(document.names),
        "lead": document.lead,
        "tiles": [asdict(tile) for tile in document.tiles],
        "sections": [
            {
                "slug": section.slug,
                "title": section.title,
                "lead": section.lead,
                "parts": [_part(part) for part in section.parts if part.depth <= most],
            }
            for section in document.sections
        ],
        "notes": list(document.notes),
        "sources": [asdict(source) for source in document.sources],
        "made": document.made,
    }


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Paragraph):
        return {"kind": "paragraph", "text": part.text, "tone": part.tone, "depth": part.depth.name.lower()}
    if isinstance(part, Facts):
        pairs = [list(pair) for pair in part.pairs]
        depth = part.depth.name.lower()
        return {"kind": "facts", "name": part.name, "title": part.title, "pairs": pairs, "depth": depth}
    if isinstance(part, Table):
        return {"kind": "table", **_table(part)}
    return _exhibit(part)


def _exhibit(part: Exhibit) -> dict[str, Any]:
    return {
        "kind": "exhibit",
        "name": part.name,
        "says": part.says,
        "shows": part.shows,
        "half": part.half,
        "depth": part.depth.name.lower(),
        "chart": None if part.chart is None else {"wide": part.chart.wide, "narrow": part.chart.narrow},
        "table": None if part.table is None else _table(part.table),
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title,
        "columns": [{"title": column.title, "unit": column.suffix} for column in table.columns],
        "rows": [[v if isinstance(v, str) or is_figure(v) else None for v in row] for row in table.rows],
        "texts": table.texts(),
        "strong": list(table.strong),
        "depth": table.depth.name.lower(),
    }
