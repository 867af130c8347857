"""One self-contained HTML page: no network, no font but those of the reader's machine, and one small script of our own
that reads charts out. Its policy allows that script and our style sheet by their digests, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from gigawatt.report.charts.chart import style_sheet
from gigawatt.report.document import Depth, Document
from gigawatt.report.language import words
from gigawatt.report.writers import web

if TYPE_CHECKING:
    from jinja2 import Environment

_SIZES = r"million|billion|trillion|juta|miliar|triliun"
_UNIT = re.compile(
    rf"(?<=\d) (?=(?:%|[kMGTPE]?Wh?\b|(?:{_SIZES})\b|USD|t\b|[kMGTPE]?tokens?))|(?<=lion) (?=USD)|(?<=juta) (?=USD)"
    r"|(?<=miliar) (?=USD)|(?<=triliun) (?=USD)|(?<=\bQ\d) (?=\d{4}\b)"
)
_CODE = re.compile(r"`([^`]+)`")


# Paper, which is the page's own: rules of it would reach all of a notebook.
PAPER = "@page { size: A4; margin: 15mm 14mm 16mm; }\n"


def render(document: Document) -> str:
    """A document as an HTML page."""
    return _filled(document, alone=True)


def fragment(document: Document) -> str:
    """A document as a part of another page, such as a notebook: one element whose style sheet reaches nothing else."""
    return _filled(document, alone=False)


def _filled(document: Document, *, alone: bool) -> str:
    css, script = _style_sheet() + PAPER * alone, template("readout.js")
    told = {"document": web.plain(document, Depth.FULL), "css": css, "script": script, "policy": policy(css, script)}
    return environment().get_template("page.html.j2").render(alone=alone, say=words(document.language), **told)


@cache
def _style_sheet() -> str:
    """Of charts and page, without comments and empty lines."""
    css = re.sub(r"/\*.*?\*/", "", style_sheet() + template("page.css"), flags=re.DOTALL)
    return "".join(f"{line.strip()}\n" for line in css.splitlines() if line.strip())


@cache
def template(name: str) -> str:
    """The text of a file beside the templates."""
    return files("gigawatt.report.writers").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def environment() -> Any:
    """Where templates are found, those of parts of a document among them."""
    from jinja2 import Environment, PackageLoader

    place = Environment(
        loader=PackageLoader("gigawatt.report.writers"), autoescape=True, trim_blocks=True, keep_trailing_newline=True
    )
    equip(place)
    return place


def equip(place: Environment) -> None:
    """Give a place of templates what those of parts of a document need."""
    place.filters |= {"whole": whole, "in_rows": _in_rows}
    place.tests["shown"] = _shown


def policy(css: str, script: str) -> str:
    """What a page may load and run: its own style sheet and script, and nothing from anywhere."""
    own = f"style-src {_digest(css)}; script-src {_digest(script)}"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def whole(text: str) -> Markup:
    """Text as markup: figures stay on one line with their units, quarters with their years, and what stands between
    backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", _UNIT.sub("\N{NO-BREAK SPACE}", str(escape(text)))))


def _shown(section: Mapping[str, Any]) -> bool:
    """Whether a page has anything to show of a section."""
    return bool(section["parts"] or section["lead"])


def _in_rows(parts: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Parts in rows: two half exhibits share one."""
    found: list[list[Mapping[str, Any]]] = []
    for part in parts:
        if part.get("half") and found and len(found[-1]) == 1 and found[-1][0].get("half"):
            found[-1].append(part)
        else:
            found.append([part])
    return found
