"""Tables of a document as CSV: the same titles, figures in SI units that the head names."""

from __future__ import annotations

import csv
import io
import math
from typing import TypeGuard

from gigawatt.report.document import Column, Document, Table, Value
from gigawatt.report.formats import si


def texts(document: Document) -> dict[str, str]:
    """CSV by the name of each table."""
    return {name: text(table) for name, table in document.tables().items()}


def text(table: Table) -> str:
    """A table as CSV."""
    found = io.StringIO()
    rows = csv.writer(found, lineterminator="\n")
    rows.writerow(heads(table))
    rows.writerows([v if isinstance(v, str) or is_figure(v) else None for v in row] for row in table.rows)
    return found.getvalue()


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
