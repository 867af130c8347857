"""A document on a terminal: short tables under their sentences, that can be read aloud.

Plain text where standard output is no terminal, and never wider than the terminal (80 columns where there is none).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from gigawatt.report.document import Depth, Document, Exhibit, Facts, Paragraph, Part, Table

if TYPE_CHECKING:
    from rich.console import Console

# Columns of years that have room at 80 columns.
YEARS_AT_80 = 8
FIGURE_WIDTH = 12
GAP = 3
# What is made of an answer that a reader opens.
OPENED = ("report", "workbook", "predictions", "folder")
TONES = {"good": "bold green", "fair": "bold yellow", "bad": "bold red", "": ""}


def console(width: int | None = None) -> Console:
    """Standard output; `width` columns where given."""
    import sys

    from rich.console import Console

    if width is None and not sys.stdout.isatty():
        width = 80
    return Console(width=width, highlight=False, emoji=False, markup=False, soft_wrap=False)


def show(document: Document, files: Mapping[str, str], out: Console | None = None) -> None:
    """Print a document as far as a terminal shows it, and where its files are, by name as they were written."""
    out = out or console()
    _sentences(out, document.title, "bold")
    if document.names:
        _line(out, " · ".join(document.names), "dim")
    _sentences(out, document.lead)
    for part in document.parts():
        if part.depth == Depth.BRIEF:
            _show(out, part)
    _pairs(out, "To keep in mind", [("–", note) for note in document.notes])
    sources = [(source.date, f"{source.title} {source.url}".strip()) for source in document.sources]
    if document.sources_depth == Depth.BRIEF:
        _pairs(out, "Sources", sources)
    _pairs(out, "Files", [(name, path) for name, path in files.items() if name in OPENED])


def _show(out: Console, part: Part) -> None:
    if isinstance(part, Paragraph):
        _sentences(out, part.text, TONES[part.tone])
    elif isinstance(part, Facts):
        _pairs(out, part.title, [(term or "–", text) for term, text in part.pairs])
    elif isinstance(part, Table):
        _section(out, part, "")
    elif isinstance(part, Exhibit):
        if part.table is None:
            _sentences(out, part.says)
        else:
            _section(out, part.table, part.says)


def _sentences(out: Console, text: str, style: str = "") -> None:
    if text:
        out.print()
        _line(out, text, style)


def _line(out: Console, text: str, style: str = "") -> None:
    """Words, over as many lines as they take."""
    for line in _text(text, style).wrap(out, out.width):
        line.rstrip()
        out.print(line)


def _section(out: Console, table: Table, says: str) -> None:
    """A titled table under what it says."""
    if not (table.rows or says):
        return
    out.print()
    shown = shortened(table, YEARS_AT_80 if out.width < 100 else 2 * YEARS_AT_80)
    if shown.title:
        _line(out, shown.title, "bold")
    if says:
        _line(out, says)
    if table.rows:
        _trimmed(out, _rich(shown, out.width))


def shortened(table: Table, most: int) -> Table:
    """What a terminal shows of a table, with at most so many columns of years."""
    if table.brief_rows is not None:
        table = replace(table, rows=table.rows[: table.brief_rows])
    if table.brief_columns is not None:
        table = table.only(*table.brief_columns)
    return thinned(table, most) if table.thin else table


def thinned(table: Table, most: int) -> Table:
    """A table by year with at most so many years: every second, third … and the last."""
    count = len(table.columns) - 1
    step = -(-count // most)
    kept = [0, *range(1 + (count - 1) % step, count + 1, step)]
    title = table.title if step == 1 else f"{table.title}, every {step} years"
    return replace(table.only(*kept), title=title)


def _rich(table: Table, width: int) -> Any:
    """The table in rich's form: words to the left, figures to the right and whole, the rest wrapped to the width."""
    from rich import box
    from rich.table import Table as RichTable

    texts = table.texts()
    longest = [max(len(text) for text in column) for column in zip(*texts, strict=True)]
    words = [max(map(len, column.title.split()), default=0) for column in table.columns]
    least = [max(cells, word) for cells, word in zip(longest, words, strict=True)]
    room = width - sum(least[1:]) - GAP * (len(least) - 1)
    headed = any(column.title for column in table.columns)
    shown = RichTable(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1), header_style="bold", show_header=headed
    )
    for n, column in enumerate(table.columns):
        figures = bool(column.suffix) and n > 0
        side: Literal["left", "right"] = "right" if figures else "left"
        whole = least[n] if figures and least[n] <= FIGURE_WIDTH else None
        one_line = n == 0 and least[0] <= room
        shown.add_column(_text(column.title), justify=side, overflow="fold", no_wrap=one_line, min_width=whole)
    for n, row in enumerate(texts):
        shown.add_row(*(_text(text) for text in row), style="bold" if n in table.strong else None)
    return shown


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text(text, style=style)


def _pairs(out: Console, title: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Terms and what they stand for, the second hanging beside the first."""
    if not pairs:
        return
    from rich.table import Table as RichTable

    out.print()
    if title:
        _line(out, title, "bold")
    grid = RichTable.grid(padding=(0, 1))
    half = out.width // 2
    grid.add_column(no_wrap=all(len(term) <= half for term, _ in pairs), overflow="fold", max_width=half)
    grid.add_column(overflow="fold")
    for term, text in pairs:
        grid.add_row(_text(term), _text(text))
    _trimmed(out, grid)


def _trimmed(out: Console, shown: Any) -> None:
    """Print what rich lays out, without the blanks with which it fills its lines."""
    from rich.text import Text

    for parts in out.render_lines(shown, pad=False):
        line = Text.assemble(*((part.text, part.style or "") for part in parts))
        line.rstrip()
        out.print(line, no_wrap=True, crop=False)
