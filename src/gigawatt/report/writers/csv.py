"""Tables of a document as CSV: the same titles, figures in SI units that the head names.

A text that a spreadsheet would take for a formula stands behind an apostrophe; figures, also those below zero, stay so.
"""

from __future__ import annotations

import csv
import io
import math
import re
from typing import TypeGuard

from gigawatt.report.document import Column, Document, Table, Value
from gigawatt.report.formats import si

# What a formula begins with, to one spreadsheet or another.
_FORMULA = tuple("=+-@\t\r")
_MARK = "'"
# A figure that was written as text is one to a spreadsheet too.
_FIGURE = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def texts(document: Document) -> dict[str, str]:
    """CSV by the name of each table."""
    return {name: text(table) for name, table in document.tables().items()}


def text(table: Table) -> str:
    """A table as CSV."""
    found = io.StringIO()
    rows = csv.writer(found, lineterminator="\n")
    rows.writerow(map(marked, heads(table)))
    rows.writerows(map(_cell, row) for row in table.rows)
    return found.getvalue()


def marked(words: str) -> str:
    """A text as a cell that no spreadsheet calculates.

    >>> marked("=1+1"), marked("'=1+1"), marked("a=1"), marked("-0.3")
    ("'=1+1", "''=1+1", 'a=1', '-0.3')
    """
    starts = words.lstrip(_MARK).startswith(_FORMULA)
    return _MARK + words if starts and not _FIGURE.fullmatch(words) else words


def unmarked(cell: str) -> str:
    """The text that a cell was made of."""
    return cell.removeprefix(_MARK) if cell.lstrip(_MARK).startswith(_FORMULA) else cell


def _cell(value: Value) -> Value:
    if isinstance(value, str):
        return marked(value)
    return value if is_figure(value) else None


def heads(table: Table) -> list[str]:
    """What columns are called where their figures are in SI: the title, and the unit in brackets, "Debt [USD]".

    A unit that heads the names of rows, as it may where people read, is left out.
    """
    shown = {column.scale.unit for column in table.columns if column.scale is not None}
    return ["" if column.title in shown else head(column) for column in table.columns]


def head(column: Column) -> str:
    """What a column is called where its figures are in SI."""
    unit = column.scale.unit if column.scale is not None else ""
    title = column.title.removesuffix(f", {unit}") if unit else column.title
    title = "" if title == unit else title
    symbol = si(column.suffix)
    return f"{title} [{symbol}]".strip() if symbol else title


def is_figure(value: Value) -> TypeGuard[float]:
    """Whether a value is a finite number."""
    return value is not None and not isinstance(value, str) and math.isfinite(value)
