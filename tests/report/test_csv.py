"""CSV: figures in SI under heads that name their unit, every table of a document."""

from __future__ import annotations

import csv as reader
import math

from gigawatt.report.document import Column, Document, Table, united
from gigawatt.report.writers import csv

ROWS = (("one, two", 1.5e9, 6.5e-5, 0.5, None), ('a "word"', 2.5e8, 1e-5, 0.25, "none"))
COLUMNS = (
    Column(title="Name"),
    Column(title="Power", suffix="w"),
    Column(title="Price", suffix="usd_per_wh"),
    Column(title="Part", suffix="frac"),
    Column(title="Racks", suffix="count"),
)


def test_figures_are_in_si_under_heads_that_say_so() -> None:
    table = Table(name="a", title="A", columns=united(COLUMNS, ROWS), rows=ROWS)
    head, *rows = reader.reader(csv.text(table).splitlines())
    assert head == ["Name", "Power [W]", "Price [USD/Wh]", "Part [share]", "Racks"]
    assert rows == [
        ["one, two", "1500000000.0", "6.5e-05", "0.5", ""],
        ['a "word"', "250000000.0", "1e-05", "0.25", "none"],
    ]


def test_what_is_no_number_is_left_empty() -> None:
    columns = (Column(title="A"), Column(title="B", suffix="w"))
    table = Table(name="a", title="A", columns=columns, rows=(("a", math.nan), ("b", None), ("c", 0.1 + 0.2)))
    assert csv.text(table) == "A,B [W]\na,\nb,\nc,0.30000000000000004\n"


def test_a_unit_that_is_a_title_is_not_said_twice() -> None:
    columns = united((Column(title="GW"), Column(title="2026", suffix="w")), (("a", 1e9),))
    table = Table(name="a", title="A", columns=columns, rows=(("a", 1e9),))
    assert csv.heads(table)[1] == "2026 [W]"


def test_every_table_of_a_document(handmade: Document) -> None:
    found = csv.texts(handmade)
    assert list(found) == list(handmade.tables())
    for name, text in found.items():
        rows = list(reader.reader(text.splitlines()))
        assert len(rows) == len(handmade.tables()[name].rows) + 1
        assert len({len(row) for row in rows}) == 1


def test_text_is_no_formula_and_figures_below_zero_stay_figures() -> None:
    texts = ("=1+1", "+cmd|' /C calc'!A0", "@x", "-2+3", "\t=1", "'=1", "'it", "a=1")
    rows = tuple((text, -1.5) for text in texts)
    table = Table(name="a", title="A", columns=united((Column(title="=Name"), Column(title="Sum")), rows), rows=rows)
    head, *cells = reader.reader(csv.text(table).splitlines())
    assert head == ["'=Name", "Sum"]
    assert {figure for _, figure in cells} == {"-1.5"}
    assert not [text for text, _ in cells if text[0] in "=+-@\t"]
    assert [csv.unmarked(text) for text, _ in cells] == list(texts)
