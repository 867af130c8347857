"""A document on a terminal: short tables under their sentences, that can be read aloud.

Plain text where standard output is no terminal, and never wider than the terminal (80 columns where there is none), but
for an address or a path that is longer: it stays whole, to be copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal

from gigawatt.report.document import Depth, Document, Exhibit, Facts, Paragraph, Part, Table
from gigawatt.report.language import words

if TYPE_CHECKING:
    from rich.console import Console

# Columns of years that have room at 80 columns.
YEARS_AT_80 = 8
# Cells up to here are figures or a few words, and stay on one line.
SHORT = 12
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
    out, say = out or console(), words(document.language)
    _sentences(out, document.title, "bold")
    if document.names:
        _line(out, " · ".join(document.names), "dim")
    _sentences(out, document.lead)
    for part in document.parts():
        if part.depth == Depth.BRIEF:
            _show(out, part)
    _pairs(out, say("To keep in mind"), [("–", note) for note in document.notes])
    sources = [(source.date, f"{source.title} {source.url}".strip()) for source in document.sources]
    if document.sources_depth == Depth.BRIEF:
        _pairs(out, say("Sources"), sources)
    _pairs(out, say("Files"), [(say(name), path) for name, path in files.items() if name in OPENED])


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
    for line in wrapped(text, out.width):
        out.print(_text(line, style), soft_wrap=True)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of words, of which one that is longer than a line is not cut."""
    from rich.cells import cell_len

    lines = []
    for given in text.splitlines():
        line = ""
        for word in given.split():
            longer = f"{line} {word}".strip()
            if line and cell_len(longer) > width:
                lines.append(line)
            line = word if line and cell_len(longer) > width else longer
        lines.append(line)
    return lines


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
    say = words(table.columns[0].language)
    title = table.title if step == 1 else say("{}, every {} years", table.title, step)
    return replace(table.only(*kept), title=title)


def _rich(table: Table, width: int) -> Any:
    """The table in rich's form: words to the left, figures to the right and whole, the rest wrapped to the width."""
    from rich import box
    from rich.table import Table as RichTable

    texts = table.texts()
    headed = any(column.title for column in table.columns)
    shown = RichTable(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1), header_style="bold", show_header=headed
    )
    for n, (column, room) in enumerate(zip(table.columns, widths(table, texts, width), strict=True)):
        side: Literal["left", "right"] = "right" if _figures(table, n) else "left"
        shown.add_column(_text(column.title), justify=side, overflow="fold", width=room)
    for n, row in enumerate(texts):
        shown.add_row(*(_text(text) for text in row), style="bold" if n in table.strong else None)
    return shown


def _figures(table: Table, n: int) -> bool:
    return bool(table.columns[n].suffix) and n > 0


def widths(table: Table, texts: Sequence[Sequence[str]], width: int) -> list[int]:
    """How wide each column is, so that all of them fit.

    Short cells and words stay whole where there is room, then names in the first column; what is left goes where cells
    take most lines.
    """
    heads = [column.title for column in table.columns]
    cells = [[row[n] for row in texts] for n in range(len(heads))]
    longest = [max(map(len, column), default=0) for column in cells]
    most = [max(len(head), cell, 1) for head, cell in zip(heads, longest, strict=True)]
    least = [
        max(_word(head), *(len(cell) if len(cell) <= SHORT else _word(cell) for cell in column), 1)
        for head, column in zip(heads, cells, strict=True)
    ]
    room = width - GAP * (len(heads) - 1)
    named = [max(least[0], longest[0]), *least[1:]]
    if sum(least) > room:
        return _shared(room, [max(1, min(one, room // len(least))) for one in least], least)
    return _shared(room, named if sum(named) <= room else least, most)


def _word(text: str) -> int:
    """The longest word."""
    return max(map(len, text.split()), default=0)


def _shared(room: int, least: Sequence[int], most: Sequence[int]) -> list[int]:
    """Widths from least to most that fill the room, with as few lines in the longest cell as can be."""
    found = list(least)
    while sum(found) < min(room, sum(most)):
        found[max(range(len(most)), key=lambda n: most[n] / found[n])] += 1
    return found


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text(text, style=style)


def _pairs(out: Console, title: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Terms and what they stand for, the second hanging beside the first."""
    if not pairs:
        return
    from rich.cells import cell_len

    out.print()
    if title:
        _line(out, title, "bold")
    terms = [[line.plain.rstrip() for line in _text(term).wrap(out, out.width // 2)] for term, _ in pairs]
    hang = max(cell_len(line) + 1 for lines in terms for line in [*lines, ""]) if any(map(any, terms)) else 0
    for lines, (_, text) in zip(terms, pairs, strict=True):
        for term, line in zip_longest(lines, wrapped(text, out.width - hang), fillvalue=""):
            blank = hang - cell_len(term)
            out.print(f"{term}{' ' * blank}{line}".rstrip(), soft_wrap=True)


def _trimmed(out: Console, shown: Any) -> None:
    """Print what rich lays out, without the blanks with which it fills its lines."""
    from rich.text import Text

    for parts in out.render_lines(shown, pad=False):
        line = Text.assemble(*((part.text, part.style or "") for part in parts))
        line.rstrip()
        out.print(line, no_wrap=True, crop=False)
