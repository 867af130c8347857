"""What an answer looks like, whoever reads it: a document of paragraphs, facts, tables and exhibits.

One function for each answer makes it (report/documents/); the writers (report/writers/) put it on a terminal, a page,
in a workbook, in CSV files or in JSON for the web. Figures are in SI units throughout, and shown as `formats` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Literal, get_args

from gigawatt.report.charts.chart import Chart
from gigawatt.report.formats import Scale, cell, scale
from gigawatt.study.numbers import CitedSource

Value = float | str | None
# Languages that a document can be told in, by their ISO 639-1 code.
Language = Literal["en", "id"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
# Of a column: a suffix of units.SUFFIXES, "" for text, with a scale where one unit is settled for all of it.
Unit = str | tuple[str, Scale]


class Depth(IntEnum):
    """How far a reader has to go to see a part."""

    BRIEF = 0
    """Everywhere, on a terminal too."""
    FULL = 1
    """On a page and in files."""
    DATA = 2
    """In files only: workbook, CSV and JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its title, and the unit of its figures (a suffix of units.SUFFIXES; "" is text).

    scale: one unit for the whole column, named in its title or in the table's; None writes a unit in each cell.
    language: in which figures are written, and their units said; texts of cells are said already. quoted: texts of its
    cells are the words of others, or keys, and are told in no other language.
    """

    title: str
    suffix: str = ""
    scale: Scale | None = None
    language: Language = "en"
    quoted: bool = False

    def text(self, value: Value) -> str:
        """A cell as it is shown."""
        if isinstance(value, str):
            return value
        if self.scale is not None:
            return say_figure(self.scale.text(value), self.language)
        return "–" if value is None else say_figure(cell(value, self.suffix), self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A row that is the sum of others, so that a workbook holds a formula. carried: the row's value in the column
    before is added, as for a balance."""

    rows: tuple[int, ...]
    carried: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of values in SI units under titled columns; the first column names the rows.

    name: by which files, notebooks and the web call it, unique in a document. strong: rows that stand out, such as
    totals. sums: by row, what it adds up. thin: columns are years, of which a narrow reader is shown every second,
    third … and the last. brief_rows, brief_columns: all that a terminal shows; None for everything.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    strong: tuple[int, ...] = ()
    sums: Mapping[int, Sum] | None = None
    thin: bool = False
    brief_rows: int | None = None
    brief_columns: tuple[int, ...] | None = None
    depth: Depth = Depth.BRIEF

    def only(self, *kept: int) -> Table:
        """The same table with some of its columns."""
        columns = tuple(self.columns[n] for n in kept)
        return replace(self, columns=columns, rows=tuple(tuple(row[n] for n in kept) for row in self.rows))

    def texts(self) -> list[list[str]]:
        """Every cell as it is shown."""
        return [[c.text(v) for c, v in zip(self.columns, row, strict=True)] for row in self.rows]


def say_figure(text: str, language: Language) -> str:
    """A quantity with its unit in a language."""
    if language == "en":
        return text
    from gigawatt.report.languages.speech import speech

    return speech(language).say(text)


def table(name: str, title: str, columns: Mapping[str, Unit], rows: Sequence[tuple[Value, ...]], **shown: Any) -> Table:
    """A table of columns by title; what else it has is `shown`."""
    pairs = ((title, kind if isinstance(kind, tuple) else (kind, None)) for title, kind in columns.items())
    heads = tuple(Column(title=title, suffix=suffix, scale=unit) for title, (suffix, unit) in pairs)
    return Table(name=name, title=title, columns=heads, rows=tuple(rows), **shown)


def quoting(found: Table, *titles: str) -> Table:
    """A table of which the texts of some columns stay as they are in every language."""
    columns = tuple(replace(one, quoted=True) if one.title in titles else one for one in found.columns)
    return replace(found, columns=columns)


def in_units(found: Table) -> Table:
    """A table with one unit for each of its columns."""
    return replace(found, columns=united(found.columns, found.rows))


def united(columns: Sequence[Column], rows: Sequence[tuple[Value, ...]]) -> tuple[Column, ...]:
    """The columns with one unit for each that holds figures, named in its title."""
    found = []
    for n, column in enumerate(columns):
        if not column.suffix or column.scale is not None:
            found.append(column)
            continue
        unit = scale(column.suffix, [v for row in rows if not isinstance(v := row[n], str)])
        title = f"{column.title}, {unit.unit}" if unit.unit else column.title
        found.append(Column(title=title, suffix=column.suffix, scale=unit))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What is to be seen, in a sentence (says), what is shown, with unit and period (shows), a chart of it where there
    is one, and the figures behind it. half: on a wide page two stand in a row."""

    name: str
    says: str
    table: Table | None
    shows: str = ""
    chart: Chart | None = None
    half: bool = False
    depth: Depth = Depth.BRIEF


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Terms and what they are; a term of nothing is an item of a list."""

    name: str
    title: str
    pairs: tuple[tuple[str, str], ...]
    depth: Depth = Depth.BRIEF


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Sentences. tone: "good", "fair" or "bad" for a verdict, "" for plain words."""

    text: str
    tone: str = ""
    depth: Depth = Depth.BRIEF


Part = Paragraph | Facts | Table | Exhibit


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a document. slug: its address on the page. lead: what a reader of the page has to know; a terminal,
    which has no room for it, shows the parts alone."""

    slug: str
    title: str
    parts: tuple[Part, ...]
    lead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A first figure: its label, the figure, and what it is. name: by which pages choose it, that of its headline."""

    label: str
    value: str
    note: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All that a reader is shown of an answer. names: of scenario, hash and the like, below the title. lead: the answer
    in a few sentences. sources_depth: how far one has to go to see the sources. made: by what, from what. language: in
    which all of it is told, and writers say their own words."""

    title: str
    names: tuple[str, ...] = ()
    lead: str = ""
    tiles: tuple[Tile, ...] = ()
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[CitedSource, ...] = ()
    sources_depth: Depth = Depth.BRIEF
    made: str = ""
    language: Language = "en"

    def parts(self) -> Iterator[Part]:
        """Every part, in order."""
        for section in self.sections:
            yield from section.parts

    def tables(self) -> dict[str, Table]:
        """Every table by name, those behind exhibits and facts among them."""
        found = {}
        for part in self.parts():
            table = part.table if isinstance(part, Exhibit) else _tabled(part)
            if table is not None:
                found[table.name] = table
        return found

    def charts(self) -> dict[str, Chart]:
        """Every chart by the name of its exhibit."""
        exhibits = (part for part in self.parts() if isinstance(part, Exhibit))
        return {part.name: part.chart for part in exhibits if part.chart is not None}


def _tabled(part: Paragraph | Facts | Table) -> Table | None:
    if isinstance(part, Facts):
        columns = (Column(title="What"), Column(title="Is"))
        return Table(name=part.name, title=part.title, columns=columns, rows=part.pairs, depth=part.depth)
    return part if isinstance(part, Table) else None
