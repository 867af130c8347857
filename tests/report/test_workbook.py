"""The workbook: formulas have their values, cells are in SI under formats that show units, text is no formula."""

from __future__ import annotations

import io
import math
import re
import time
import zipfile
from xml.etree import ElementTree

import pytest

from gigawatt.report.document import Column, Depth, Document, Facts, Paragraph, Section, Sum, Table, Value
from gigawatt.report.formats import PERCENT, Scale, scale
from gigawatt.report.writers import workbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# Cell → (formula, value, number format).
Cells = dict[str, tuple[str | None, float | str, str]]


def opened(content: bytes) -> dict[str, Cells]:
    """Sheet → cells, as a reader of the file finds them."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        part = {name: ElementTree.fromstring(book.read(f"xl/{name}.xml")) for name in ("workbook", "styles")}
        shared = "xl/sharedStrings.xml"
        texts = [_text(one) for one in ElementTree.fromstring(book.read(shared))] if shared in book.namelist() else []
        patterns = {
            str(one.get("numFmtId")): str(one.get("formatCode")) for one in part["styles"].iter(f"{MAIN}numFmt")
        }
        cells_of = part["styles"].find(f"{MAIN}cellXfs")
        assert cells_of is not None
        styles = [patterns.get(str(one.get("numFmtId")), "General") for one in cells_of]
        names = [str(sheet.get("name")) for sheet in part["workbook"].iter(f"{MAIN}sheet")]
        roots = [ElementTree.fromstring(book.read(f"xl/worksheets/sheet{n}.xml")) for n in range(1, len(names) + 1)]
    return {
        name: {str(c.get("r")): _cell(c, texts, styles) for c in root.iter(f"{MAIN}c") if len(c)}
        for name, root in zip(names, roots, strict=True)
    }


def _cell(cell: ElementTree.Element, texts: list[str], styles: list[str]) -> tuple[str | None, float | str, str]:
    style = styles[int(cell.get("s", 0))]
    if cell.get("t") == "inlineStr":
        return None, _text(cell), style
    value = str(cell.findtext(f"{MAIN}v"))
    if cell.get("t") == "s":
        return None, texts[int(value)], style
    return cell.findtext(f"{MAIN}f"), float(value), style


def _text(element: ElementTree.Element) -> str:
    return "".join(str(one.text or "") for one in element.iter(f"{MAIN}t"))


def of(table: Table) -> Cells:
    """The one sheet of a document of one table, after the first."""
    document = Document(title="One", sections=(Section(slug="a", title="Section", parts=(table,)),))
    _, (_, cells) = opened(workbook.render(document)).items()
    return cells


def table(column: Column, *values: Value, title: str = "What") -> Table:
    rows = tuple((str(n), value) for n, value in enumerate(values))
    return Table(name="one", title=title, columns=(Column(title=""), column), rows=rows)


def head_and_cell(column: Column, *values: Value) -> tuple[float | str, float | str, str]:
    """Title of the figures, and value and format of the first of them."""
    cells = of(table(column, *values))
    row = next(int(at[1:]) for at, (_, value, _) in cells.items() if value == "0" and at[0] == "A")
    _, value, pattern = cells[f"B{row}"]
    return cells[f"B{row - 1}"][1], value, pattern


@pytest.fixture(scope="module")
def sheets(handmade: Document) -> dict[str, Cells]:
    return opened(workbook.render(handmade))


def split(cell: str) -> tuple[int, int]:
    match = re.fullmatch(r"([A-Z]+)(\d+)", cell)
    assert match
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - 64
    return column, int(match[2])


def evaluate(formula: str, cells: Cells) -> float:
    """What a sum of cells and of blocks of cells comes to."""
    total = 0.0
    for left, right in re.findall(r"([A-Z]+\d+)(?::([A-Z]+\d+))?", formula):
        (x0, y0), (x1, y1) = split(left), split(right or left)
        for at, (_, value, _) in cells.items():
            x, y = split(at)
            if x0 <= x <= x1 and y0 <= y <= y1 and not isinstance(value, str):
                total += value
    return total


def test_sheets(sheets: dict[str, Cells]) -> None:
    assert list(sheets) == [
        "Summary",
        "Power",
        "Money",
        "Every line",
        "Work",
        "On the ground",
        "In many futures",
        "Sources",
    ]


def test_the_first_sheet_says_what_the_page_says_first(sheets: dict[str, Cells], handmade: Document) -> None:
    said = [str(value) for _, value, _ in sheets["Summary"].values()]
    tiles = [text for tile in handmade.tiles for text in (tile.label, tile.value, tile.note) if text]
    assert {handmade.title, *tiles, *handmade.notes} <= set(said)
    assert handmade.lead in " ".join(said)


def test_every_table_is_there(sheets: dict[str, Cells], handmade: Document) -> None:
    held = {str(value) for cells in sheets.values() for _, value, _ in cells.values()}
    for one in handmade.tables().values():
        assert one.title in held
        assert {str(row[0]) for row in one.rows if isinstance(row[0], str) and row[0]} <= held
    assert {source.title for source in handmade.sources} <= {str(value) for _, value, _ in sheets["Sources"].values()}


def test_every_formula_has_its_value(sheets: dict[str, Cells]) -> None:
    found = 0
    for cells in sheets.values():
        for at, (formula, value, _) in cells.items():
            if formula is not None:
                assert evaluate(formula, cells) == pytest.approx(value, rel=1e-9), (at, formula)
                found += 1
    assert found == 12 + 11 + 1  # two rows by year, one of which begins with a balance, and a long table


def test_a_balance_adds_the_year_before() -> None:
    columns = (Column(title="USD"), *(Column(title=str(year), suffix="usd") for year in (2026, 2027, 2028)))
    rows: tuple[tuple[Value, ...], ...] = (("in", 5.0, 2.0, 1.0), ("out", -1.0, -1.0, -4.0), ("cash", 4.0, 5.0, 2.0))
    sums = {2: Sum(rows=(0, 1), carried=True)}
    cells = of(Table(name="cash", title="Cash", columns=columns, rows=rows, sums=sums, strong=(2,)))
    assert [cells[at][:2] for at in ("B7", "C7", "D7")] == [("B5+B6", 4.0), ("C5+C6+B7", 5.0), ("D5+D6+C7", 2.0)]


def test_many_rows_are_added_as_a_block_and_what_is_no_sum_stays_a_figure() -> None:
    one = table(Column(title="USD", suffix="usd"), *map(float, range(6)), 15.0, 16.0)
    cells = of(Table(name="a", title="A", columns=one.columns, rows=one.rows, sums={6: Sum(rows=tuple(range(6)))}))
    assert cells["B11"][:2] == ("SUM(B5:B10)", 15.0)
    cells = of(Table(name="a", title="A", columns=one.columns, rows=one.rows, sums={7: Sum(rows=(0, 1))}))
    assert cells["B12"][:2] == (None, 16.0)


@pytest.mark.parametrize(
    ("column", "value", "head", "cell", "pattern"),
    [
        (Column(title="2026", suffix="w", scale=scale("w", [2e9])), 1.5e9, "2026, GW", 1.5e9, "#,##0.00,,,"),
        (Column(title="Power, GW", suffix="w", scale=scale("w", [2e9])), 1.5e9, "Power, GW", 1.5e9, "#,##0.00,,,"),
        (Column(title="Price", suffix="usd_per_wh", scale=scale("usd_per_wh", [])), 6.5e-5, "Price, USD/MWh", 65, "0"),
        (Column(title="Price", suffix="usd_per_wh"), 6.5e-5, "Price, USD/MWh", 65, "#,##0"),
        (Column(title="Share", suffix="frac", scale=PERCENT), 0.123, "Share", 0.123, "0.0 %"),
        (Column(title="Share", suffix="frac"), 0.123, "Share", 0.123, "0.0 %"),
        (Column(title="Amount", suffix="usd"), 4.65e10, "Amount [USD]", 4.65e10, "#,##0"),
        (Column(title="Racks", suffix="count"), 3.0, "Racks", 3.0, "#,##0"),
        (Column(title="Work", suffix="flop"), 1e27, "Work [FLOP]", 1e27, "0.00E+00"),
        (
            Column(title="Delay", suffix="s", scale=Scale(size=86400.0, unit="days", digits=1)),
            172800.0,
            "Delay, days",
            2.0,
            "#,##0.0",
        ),
    ],
)
def test_cells_hold_si_under_a_format_that_shows_the_unit(
    column: Column, value: float, head: str, cell: float, pattern: str
) -> None:
    """users 8: 959,999,999.99 stood beside "MW"."""
    found_head, found_cell, found_pattern = head_and_cell(column, value)
    assert (found_head, found_cell) == (head, pytest.approx(cell))
    assert found_pattern.partition(";")[0].endswith(pattern)


def test_nothing_is_an_empty_cell_and_words_stay_words() -> None:
    cells = of(table(Column(title="USD", suffix="usd"), None, math.nan, "none", 1.0))
    assert "B5" not in cells
    assert "B6" not in cells
    assert cells["B7"][1] == "none"


def test_text_is_no_formula(sheets: dict[str, Cells]) -> None:
    """A name in a scenario may be anything."""
    (cell,) = [found for found in sheets["Every line"].values() if str(found[1]).startswith("=")]
    assert cell[0] is None
    short = of(table(Column(title="@SUM(1)"), "=1+1", "+1", "https://example.org", "\x07bell & <b>"))
    assert not [formula for formula, _, _ in short.values() if formula]


def test_a_long_table_is_whole_and_can_be_filtered(handmade: Document, sheets: dict[str, Cells]) -> None:
    one, cells = handmade.tables()["every-line"], sheets["Every line"]
    assert cells["G3"][0] == "SUBTOTAL(109,G5:G304)"
    for at, row in enumerate(one.rows, start=5):
        assert [cells[f"{letter}{at}"][1] for letter in "ABCDEFG"] == list(row)
    with zipfile.ZipFile(io.BytesIO(workbook.render(handmade))) as book:
        sheet = book.read("xl/worksheets/sheet4.xml").decode()
    assert '<autoFilter ref="A4:G304"/>' in sheet
    assert 'topLeftCell="B5"' in sheet
    assert '<dimension ref="A1:G304"/>' in sheet
    strange = tuple((f"\x07 <{n}> & =1", 1.5 if n else None) for n in range(workbook.LONG + 1))
    many = Table(name="many", title="Many", columns=(Column(title="A"), Column(title="B", suffix="w")), rows=strange)
    found = of(many)
    assert (found["A6"][1], found["B6"][1]) == (" <1> & =1", 1.5)
    assert "B5" not in found


def test_names_of_sheets_are_short_and_differ() -> None:
    titles = ("A title: of two parts, the second long", "A/B [c]?*", "History", "summary", "x" * 40, "x" * 40)
    one = table(Column(title="B"), "b")
    parts = tuple(
        Section(slug=str(n), title=title, parts=(Table(name=f"t{n}", title="T", columns=one.columns, rows=one.rows),))
        for n, title in enumerate(titles)
    )
    names = list(opened(workbook.render(Document(title="Names", sections=parts))))
    assert names == ["Summary", "A title", "A B c", "History 2", "summary 2", "x" * 31, f"{'x' * 29} 2"]


def test_words_of_a_section_stand_with_its_tables() -> None:
    facts = Facts(name="f", title="Asked", pairs=(("Target", "10 GW"),), depth=Depth.DATA)
    parts = (Paragraph(text="A word. " * 40), facts)
    section = Section(slug="a", title="A", lead="The lead.", parts=parts)
    _, (_, cells) = opened(workbook.render(Document(title="Words", sections=(section,)))).items()
    said = [str(value) for _, value, _ in cells.values()]
    assert said[:2] == ["A", "The lead."]
    assert all(len(text) <= workbook.LINE for text in said)
    assert said[-2:] == ["Target", "10 GW"]


def test_the_same_document_gives_the_same_bytes(handmade: Document) -> None:
    before = workbook.render(handmade)
    time.sleep(1.1)  # a clock that got into the file would show
    assert workbook.render(handmade) == before


def test_an_empty_document_is_a_workbook() -> None:
    assert list(opened(workbook.render(Document(title="Nothing")))) == ["Summary"]
