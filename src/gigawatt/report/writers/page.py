"""One self-contained HTML page: no network, no font but those of the reader's machine, and one small script of our own
that reads charts out. Its policy allows that script and our style sheet by their digests, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from typing import Any

from gigawatt.report.charts.chart import style_sheet
from gigawatt.report.document import Depth, Document, Exhibit, Part, Section

_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|[kMGTPE]?Wh?\b|(?:million|billion|trillion)\b|USD|t\b|[kMGTPE]?tokens))|(?<=lion) (?=USD)"
)


def render(document: Document) -> str:
    """A document as HTML."""
    place = _templates()
    css, script = style_sheet() + place.get_template("page.css").render(), place.get_template("readout.js").render()
    return place.get_template("page.html.j2").render(
        document=document,
        sections=[
            {"slug": section.slug, "title": section.title, "lead": section.lead, "rows": rows(section)}
            for section in document.sections
            if any(part.depth < Depth.DATA for part in section.parts) or section.lead
        ],
        css=css,
        script=script,
        policy=policy(css, script),
    )


@cache
def _templates() -> Any:
    from jinja2 import Environment, PackageLoader

    place = Environment(
        loader=PackageLoader("gigawatt.report.writers"), autoescape=True, trim_blocks=True, keep_trailing_newline=True
    )
    place.filters["whole"] = whole
    return place


def policy(css: str, script: str) -> str:
    """What a page may load and run: its own style sheet and script, and nothing from anywhere."""
    return f"default-src 'none'; style-src {_digest(css)}; script-src {_digest(script)}; base-uri 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def whole(text: str) -> str:
    """Text whose figures stay on one line with their units."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", text)


def rows(section: Section) -> list[list[tuple[Part, str]]]:
    """What a page shows of a section in rows, each part with its kind: two half exhibits share a row."""
    found: list[list[tuple[Part, str]]] = []
    for part in (part for part in section.parts if part.depth < Depth.DATA):
        if _half(part) and found and len(found[-1]) == 1 and _half(found[-1][0][0]):
            found[-1].append((part, type(part).__name__))
        else:
            found.append([(part, type(part).__name__)])
    return found


def _half(part: Part) -> bool:
    return isinstance(part, Exhibit) and part.half
