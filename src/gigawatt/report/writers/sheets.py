"""The sheets of a workbook: their names, the few formats that they share, and one for tables of thousands of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from gigawatt.report.document import Value
from gigawatt.report.writers.csv import is_figure

A4 = 9
# Characters of a sheet's name at most, and those that it must not have; of a cell's text at most.
NAME, FORBIDDEN = 31, str.maketrans("[]:*?/\\", "       ")
TEXT = 32_767
# What XML cannot hold.
CONTROLS = dict.fromkeys(n for n in range(32) if chr(n) not in "\t\n\r")


class LongSheet(Worksheet):  # type: ignore[misc]  # the library has no types
    """A sheet with one long table, which becomes text column by column: cell by cell, as the library does it, the books
    of a programme cost four times as much, and were half of the workbook."""

    below: tuple[int, Sequence[Sequence[Value]], Sequence[Any], Mapping[str, int]] | None = None

    def hold(self, first: int, columns: Sequence[Sequence[Value]], styles: Sequence[Any]) -> None:
        """Put columns, each in its format, from a row on, below all that is written otherwise."""
        texts = Counter(value for column in columns for value in column if isinstance(value, str))
        numbers = {text: self._number(text, count) for text, count in texts.items()}
        self.below = (first, columns, styles, numbers)
        self.dim_rowmax = first + len(columns[0]) - 1

    def _number(self, text: str, count: int) -> int:
        """The number of a text among those of the workbook, where it stands `count` times more."""
        self.str_table.count += count - 1
        return int(self.str_table._get_shared_string_index(text.translate(CONTROLS)[:TEXT]))

    def _write_rows(self) -> None:
        super()._write_rows()
        if self.below is not None:
            first, columns, styles, numbers = self.below
            cells = [
                _cells(xl_col_to_name(n), first + 1, column, style and style._get_xf_index(), numbers)
                for n, (column, style) in enumerate(zip(columns, styles, strict=True))
            ]
            rows = enumerate(map("".join, zip(*cells, strict=True)), start=first + 1)
            self.fh.write("".join([f'<row r="{row}">{found}</row>' for row, found in rows]))


def _cells(
    letter: str, first: int, values: Sequence[Value], style: int | None, numbers: Mapping[str, int]
) -> list[str]:
    styled = f' s="{style}"' if style else ""
    return [
        f'<c r="{letter}{row}" t="s"><v>{numbers[value]}</v></c>'
        if isinstance(value, str)
        else f'<c r="{letter}{row}"{styled}><v>{float(value)!r}</v></c>'
        if is_figure(value)
        else ""
        for row, value in enumerate(values, start=first)
    ]


class Sheets:
    """The sheets of a workbook, and their formats."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.name = book.add_format({"bold": True, "font_size": 12})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
        self.figure_head = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom", "align": "right"}
        )
        self.soft = book.add_format({"font_color": "#526173"})
        self.text = book.add_format({"valign": "top"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.strong = book.add_format({"bold": True, "top": 1, "valign": "top"})
        self._numbers: dict[tuple[str, bool], Any] = {}
        self._taken = {"history"}  # a name that Excel keeps for itself

    def add(self, name: str, title: str, kind: type[Worksheet] = Worksheet) -> Any:
        """A new sheet, for paper in landscape, under a title."""
        sheet = self.book.add_worksheet(self._free(name), kind)
        sheet.write_string(0, 0, title, self.title)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        return sheet

    def number(self, pattern: str, *, strong: bool = False) -> Any:
        """The format of a figure."""
        key = (pattern, strong)
        if key not in self._numbers:
            style = {"num_format": pattern or "General", "valign": "top"} | ({"bold": True, "top": 1} if strong else {})
            self._numbers[key] = self.book.add_format(style)
        return self._numbers[key]

    def _free(self, wanted: str) -> str:
        """A name that no sheet has yet, as much of what is wanted as there is room for."""
        wanted = wanted if len(wanted) <= NAME else wanted.partition(":")[0]
        wanted = " ".join(wanted.translate(FORBIDDEN).split()).strip("'") or "Sheet"
        name, count = _cut(wanted, NAME), 1
        while name.casefold() in self._taken:
            count += 1
            name = f"{_cut(wanted, NAME - len(str(count)) - 1)} {count}"
        self._taken.add(name.casefold())
        return name


def _cut(text: str, most: int) -> str:
    """As many whole words as there is room for."""
    return text if len(text) <= most else (text[: most + 1].rpartition(" ")[0] or text[:most]).rstrip(" ,'")
