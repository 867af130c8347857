"""A document in another language: every text of it said by the catalogue of messages, figures as it writes them.

The code speaks English, and documents are made in it; they are said at the end, so that nobody who makes one has to
think of languages. Names, sources' titles, addresses and code stay as they are.

>>> words("id")("Sources")
'Sumber'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from gigawatt.report.charts import marks
from gigawatt.report.charts.chart import Chart
from gigawatt.report.charts.marks import Frame
from gigawatt.report.document import (
    LANGUAGES,
    Column,
    Document,
    Exhibit,
    Facts,
    Language,
    Paragraph,
    Part,
    Section,
    Table,
    Tile,
    Value,
)
from gigawatt.report.languages.speech import numbered_holes, speech

__all__ = ["LANGUAGES", "Language", "said", "unsaid", "words"]

Say = Callable[[str], str]


def words(language: Language) -> Callable[..., str]:
    """What says a message with what its holes hold: `say("{} of {}", a, b)`. What they hold is said already."""
    if language == "en":
        return lambda message, *given: numbered_holes(message).format(*given) if given else message
    return speech(language).fill


def said(document: Document, language: Language) -> Document:
    """A document in a language."""
    if language == document.language:
        return document
    return _document(document, speech(language).say, language)


def unsaid(document: Document, language: Language) -> list[str]:
    """Texts, and parts of texts, of a document for which a language has no message; names are among them where they
    have words in small letters."""
    left = dict[str, None]()

    def listen(text: str) -> str:
        left.update(dict.fromkeys(speech(language).left(text)))
        return text

    heard = _document(document, listen, language)
    for chart in heard.charts().values():
        _ = chart.wide, chart.narrow
    for table in heard.tables().values():
        for row in table.rows:
            for value, column in zip(row, table.columns, strict=True):
                if not isinstance(value, str):
                    listen(replace(column, language="en").text(value))
    return list(left)


def _document(document: Document, say: Say, language: Language) -> Document:
    return replace(
        document,
        title=say(document.title),
        names=_each(document.names, say),
        lead=say(document.lead),
        tiles=tuple(_tile(tile, say) for tile in document.tiles),
        sections=tuple(_section(section, say, language) for section in document.sections),
        notes=_each(document.notes, say),
        made=say(document.made),
        language=language,
    )


def _each(texts: Sequence[str], say: Say) -> tuple[str, ...]:
    return tuple(map(say, texts))


def _tile(tile: Tile, say: Say) -> Tile:
    return replace(tile, label=say(tile.label), value=say(tile.value), note=say(tile.note))


def _section(section: Section, say: Say, language: Language) -> Section:
    parts = tuple(_part(part, say, language) for part in section.parts)
    return replace(section, title=say(section.title), lead=say(section.lead), parts=parts)


def _part(part: Part, say: Say, language: Language) -> Part:
    match part:
        case Paragraph():
            return replace(part, text=say(part.text))
        case Facts():
            pairs = tuple((say(term), say(text)) for term, text in part.pairs)
            return replace(part, title=say(part.title), pairs=pairs)
        case Table():
            return _table(part, say, language)
    return _exhibit(part, say, language)


def _exhibit(exhibit: Exhibit, say: Say, language: Language) -> Exhibit:
    return replace(
        exhibit,
        says=say(exhibit.says),
        shows=say(exhibit.shows),
        table=None if exhibit.table is None else _table(exhibit.table, say, language),
        chart=None if exhibit.chart is None else _chart(exhibit.chart, say),
    )


def _table(table: Table, say: Say, language: Language) -> Table:
    columns = tuple(_column(one, say, language) for one in table.columns)
    rows = tuple(_row(row, table.columns, say) for row in table.rows)
    return replace(table, title=say(table.title), columns=columns, rows=rows)


def _column(column: Column, say: Say, language: Language) -> Column:
    unit = None if column.scale is None else replace(column.scale, unit=say(column.scale.unit))
    return replace(column, title=say(column.title), scale=unit, language=language)


def _row(row: Sequence[Value], columns: Sequence[Column], say: Say) -> tuple[Value, ...]:
    return tuple(
        say(value) if isinstance(value, str) and not column.quoted else value
        for value, column in zip(row, columns, strict=True)
    )


def _chart(chart: Chart, say: Say) -> Chart:
    about = replace(chart.about, title=say(chart.about.title), description=say(chart.about.description))
    return Chart(about=about, draw=partial(_drawn, chart, say))


def _drawn(chart: Chart, say: Say, frame: Frame) -> tuple[Frame, Sequence[str]]:
    with marks.spoken(say):
        frame, drawn = chart.draw(frame)
        return frame, list(drawn)
