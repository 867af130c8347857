"""A document as an Excel workbook: figures in SI units under formats that show them in billions and gigawatts.

Sums are formulas that carry their value, so that the file reads the same in a viewer that does not calculate; its
creation date is fixed, so that the same document gives the same bytes. Text is never read as a formula.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gigawatt.report.document import Column, Document, Exhibit, Facts, Paragraph, Part, Section, Sum, Table, Value
from gigawatt.report.formats import Scale, scale
from gigawatt.report.language import words
from gigawatt.report.writers import csv
from gigawatt.report.writers.csv import is_figure

if TYPE_CHECKING:
    from gigawatt.report.writers.sheets import Sheets

CREATED = datetime(2025, 9, 22)
# Decimal commas of a number format divide by a thousand each.
COMMAS = {1.0: "", 1e3: ",", 1e6: ",,", 1e9: ",,,", 1e12: ",,,,", 1e15: ",,,,,"}
# Tables with more rows than this have a sheet to themselves.
LONG = 200
# Characters of a line of text; of the first column, of another, and of any column.
LINE, FIRST, OTHER, LEAST = 110, 60, 48, 10
# From how many rows on a sum names a block of cells instead of each.
BLOCK = 4


def render(document: Document) -> bytes:
    """The bytes of the workbook, made in memory."""
    import xlsxwriter

    from gigawatt.report.writers.sheets import Sheets

    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": document.title, "comments": document.made, "created": CREATED})
        sheets = Sheets(book)
        _summary(sheets, document)
        for section in document.sections:
            _section(sheets, section, document.tables())
        _sources(sheets, document)
    return content.getvalue()


def _summary(sheets: Sheets, document: Document) -> None:
    """Title, names, lead, first figures and notes."""
    say = words(document.language)
    page = _Page(sheets, sheets.add(say("Summary"), document.title))
    page.lines([" · ".join(document.names), document.lead, document.made], soft=True)
    tiles = tuple((tile.label, tile.value, tile.note) for tile in document.tiles)
    if tiles:
        heads = tuple(Column(title=say(title)) for title in ("Figure", "Value", "What it is"))
        page.table(Table(name="tiles", title="", columns=heads, rows=tiles))
    if document.notes:
        page.heading(say("To keep in mind"))
        page.lines(document.notes)
    page.fit()


def _section(sheets: Sheets, section: Section, tables: dict[str, Table]) -> None:
    """A sheet with a section's tables one below the other; those with many rows follow on sheets of their own."""
    found = {id(part): table for part in section.parts if (table := _table(part, tables)) is not None}
    long = [table for table in found.values() if _is_long(table)]
    if len(long) < len(found):
        page = _Page(sheets, sheets.add(section.title, section.title))
        page.lines([section.lead], soft=True)
        for part in section.parts:
            if isinstance(part, Paragraph):
                page.lines([part.text])
            elif (table := found.get(id(part))) is not None and table not in long:
                page.heading(table.title)
                page.lines([part.says, part.shows] if isinstance(part, Exhibit) else [], soft=True)
                page.table(table)
        page.sheet.freeze_panes(0, 1)
        page.fit()
    for table in long:
        _long(sheets, table)


def _table(part: Part, tables: dict[str, Table]) -> Table | None:
    if isinstance(part, Exhibit):
        return part.table
    return tables[part.name] if isinstance(part, Table | Facts) else None


def _is_long(table: Table) -> bool:
    return len(table.rows) > LONG and not table.sums


def _long(sheets: Sheets, table: Table) -> None:
    """A sheet with one table that can be filtered; of money, the sum of the rows that a filter leaves."""
    from gigawatt.report.writers.sheets import LongSheet

    page = _Page(sheets, sheets.add(table.name.replace("-", " ").capitalize(), table.title, LongSheet))
    sheet, shown = page.sheet, page.shown(table)
    head, last = 3, 3 + len(table.rows)
    page.head(head, table.columns, shown)
    columns = list(zip(*table.rows, strict=True))
    sheet.hold(head + 1, [one.held(column) for one, column in zip(shown, columns, strict=True)], page.styles(shown))
    money = [n for n, column in enumerate(table.columns) if n and column.suffix == "usd"]
    for n in money:
        block = f"{_at(head + 1, n)}:{_at(last, n)}"
        total = math.fsum(_figures(columns[n])) / shown[n].size
        sheet.write_formula(head - 1, n, f"=SUBTOTAL(109,{block})", sheets.number(shown[n].pattern), total)
    if money:
        sheet.write_string(head - 1, 0, "Sum of the rows shown", sheets.soft)
    sheet.autofilter(head, 0, last, len(columns) - 1)
    sheet.freeze_panes(head + 1, 1)
    page.fit()


def _sources(sheets: Sheets, document: Document) -> None:
    """Where the numbers were read."""
    if document.sources:
        say = words(document.language)
        titles = ("Source", "Date", "Numbers read there", "Address")
        columns = tuple(Column(title=say(title), suffix="count" if n == 2 else "") for n, title in enumerate(titles))
        rows = tuple((one.title, one.date, one.numbers_count, one.url) for one in document.sources)
        page = _Page(sheets, sheets.add(say("Sources"), say("Sources")))
        page.table(Table(name="sources", title="", columns=columns, rows=rows))
        page.fit()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """How a column stands in cells: its head, what its figures are divided by there, their number format, and how wide
    they are."""

    title: str
    size: float = 1.0
    pattern: str = ""
    width: int = 0

    def held(self, values: Sequence[Value]) -> Sequence[Value]:
        """What the cells of a column hold."""
        return values if self.size == 1.0 else [v if isinstance(v, str | None) else v / self.size for v in values]


def _show(column: Column, values: Sequence[Value], said: str) -> _Shown:
    """How a column stands in cells. said: other words that may name the unit."""
    if not column.suffix:
        return _Shown(title=column.title)
    if column.suffix == "frac":
        return _Shown(title=column.title, pattern="0.0 %", width=9)
    figures = _figures(values)
    usual = scale(column.suffix, figures)
    unit = column.scale or (usual if usual.size < 1 else _bare(figures))
    title = csv.head(column) if column.scale is None and unit.size == 1 else _titled(column, unit, said)
    largest = max(map(abs, figures), default=0.0)
    if unit.digits < 0:
        return _Shown(title=title, pattern="0.00E+00", width=10)
    digits = f"#,##0.{'0' * unit.digits}".rstrip(".") + COMMAS.get(unit.size, "")
    pattern, width = f"{digits};[Red]-{digits};0", len(f"{largest / unit.size:,.{unit.digits}f}") + 2
    return _Shown(title=title, size=1.0 if unit.size in COMMAS else unit.size, pattern=pattern, width=width)


def _bare(figures: Sequence[float]) -> Scale:
    """Figures as they are, with digits after the point as they need them; fewer than none for an exponent."""
    largest = max(map(abs, figures), default=0.0)
    if largest >= 1e15 or 0 < largest < 1e-3:
        digits = -1
    elif largest >= 1e4 or all(value == int(value) for value in figures):
        digits = 0
    else:
        digits = 2 if largest >= 1 else 4
    return Scale(size=1.0, unit="", digits=digits)


def _titled(column: Column, unit: Scale, said: str) -> str:
    named = not unit.unit or re.search(rf"(?<!\w){re.escape(unit.unit)}(?!\w)", f"{column.title} {said}")
    return column.title if named else f"{column.title}, {unit.unit}"


def _figures(values: Iterable[Value]) -> list[float]:
    return [v for v in values if is_figure(v)]


class _Page:
    """A sheet that is filled from top to bottom."""

    def __init__(self, sheets: Sheets, sheet: Any) -> None:
        self.sheets, self.sheet = sheets, sheet
        self.row = 1
        self.widths: dict[int, int] = defaultdict(lambda: LEAST)

    def lines(self, texts: Sequence[str], *, soft: bool = False) -> None:
        """Text, as many rows as it takes."""
        for text in texts:
            for line in textwrap.wrap(text, LINE):
                self.sheet.write_string(self.row, 0, line, self.sheets.soft if soft else self.sheets.text)
                self.row += 1

    def heading(self, text: str) -> None:
        """The title of what follows."""
        self.row += 1
        if text:
            self.sheet.write_string(self.row, 0, text, self.sheets.name)
            self.row += 1

    def shown(self, table: Table) -> list[_Shown]:
        """How each column stands in cells; the widths follow."""
        columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
        said = f"{table.title} {table.columns[0].title}"
        shown = [_show(column, values, said) for column, values in zip(table.columns, columns, strict=True)]
        for n, (one, values) in enumerate(zip(shown, columns, strict=True)):
            longest = max((len(v) for v in values if isinstance(v, str)), default=0) + 1
            word = max(map(len, one.title.split()), default=0) + 1
            width = min(max(longest, word, one.width), FIRST if n == 0 else OTHER)
            self.widths[n] = max(self.widths[n], width)
        return shown

    def styles(self, shown: Sequence[_Shown]) -> list[Any]:
        """The format of each column's figures."""
        return [self.sheets.number(one.pattern) if one.pattern else None for one in shown]

    def head(self, row: int, columns: Sequence[Column], shown: Sequence[_Shown]) -> None:
        """The titles of columns."""
        for n, (column, one) in enumerate(zip(columns, shown, strict=True)):
            style = self.sheets.figure_head if column.suffix and n else self.sheets.head
            self.sheet.write_string(row, n, one.title, style)

    def table(self, table: Table) -> None:
        """A table below all that is there."""
        shown = self.shown(table)
        if any(one.title for one in shown):
            self.head(self.row, table.columns, shown)
            self.row += 1
        for n, cell in enumerate(table.rows):
            for at, value in enumerate(cell):
                self._cell(self.row + n, at, value, shown[at], strong=n in table.strong)
        for row, total in (table.sums or {}).items():
            for at, formula, value in _formulas(table, row, total, self.row):
                style = self.sheets.number(shown[at].pattern, strong=row in table.strong)
                self.sheet.write_formula(self.row + row, at, formula, style, value / shown[at].size)
        self.row += len(table.rows) + 1

    def _cell(self, row: int, at: int, value: Value, shown: _Shown, *, strong: bool) -> None:
        if isinstance(value, str):
            long = len(value) > (OTHER if at else FIRST)
            style = self.sheets.strong if strong else self.sheets.wrapped if long else self.sheets.text
            self.sheet.write_string(row, at, value, style)
        elif is_figure(value):
            self.sheet.write_number(row, at, value / shown.size, self.sheets.number(shown.pattern, strong=strong))
        elif strong:
            self.sheet.write_blank(row, at, None, self.sheets.strong)

    def fit(self) -> None:
        """Make columns as wide as what they hold."""
        for at, width in self.widths.items():
            self.sheet.set_column(at, at, width)


def _formulas(table: Table, row: int, total: Sum, first: int) -> Iterator[tuple[int, str, float]]:
    """Column, formula and value of each cell of a row that is a sum. One that is not stays as it is: the balance that a
    programme opens with has no column before it."""
    for at, column in enumerate(table.columns):
        value = table.rows[row][at]
        if not at or not column.suffix or isinstance(value, str | None):
            continue
        parts = [(k, at) for k in total.rows] + ([(row, at - 1)] if total.carried and at > 1 else [])
        addends = [table.rows[k][n] for k, n in parts]
        sizes = _figures(addends)
        most = max(map(abs, sizes), default=0.0)
        if any(isinstance(v, str) for v in addends) or not math.isclose(math.fsum(sizes), value, abs_tol=1e-9 * most):
            continue
        yield at, f"={_summed([(first + k, n) for k, n in parts], total)}", value


def _summed(cells: Sequence[tuple[int, int]], total: Sum) -> str:
    count = len(total.rows)
    rows = [row for row, _ in cells[:count]]
    if count >= BLOCK and rows == list(range(rows[0], rows[0] + count)):
        block = f"SUM({_at(*cells[0])}:{_at(*cells[count - 1])})"
        return "+".join([block, *(_at(*cell) for cell in cells[count:])])
    return "+".join(_at(*cell) for cell in cells)


def _at(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(row, column))
