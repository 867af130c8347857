"""The terminal: narrow, plain, readable aloud."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from gigawatt.report.document import Column, Depth, Document, Exhibit, Facts, Paragraph, Section, Table
from gigawatt.report.formats import PERCENT, scale
from gigawatt.report.writers import terminal

FILES = {"folder": "gigawatt-runs/x", "report": "gigawatt-runs/x/report.html", "csv": "gigawatt-runs/x/csv"}


def printed(document: Document, width: int = 80, *, colours: bool = False) -> str:
    out = io.StringIO()
    system = "standard" if colours else None
    console = Console(
        file=out,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=colours or None,
        color_system=system,
    )
    terminal.show(document, FILES, console)
    return out.getvalue()


def of(*parts: Paragraph | Facts | Table | Exhibit) -> Document:
    return Document(title="One", sections=(Section(slug="a", title="Section", parts=parts),))


def plain(*rows: tuple[str, str], heads: tuple[str, str] = ("", "")) -> Table:
    return Table(name="a", title="", columns=tuple(Column(title=head) for head in heads), rows=rows)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits_and_ends_no_line_with_blanks(handmade: Document, width: int) -> None:
    lines = printed(handmade, width).splitlines()
    assert all("https://" in line for line in lines if len(line) > width)
    assert not [line for line in lines if line != line.rstrip()]
    assert not [line for line in lines if "\x1b" in line]


def test_it_says_what_a_reader_needs(handmade: Document) -> None:
    text = printed(handmade)
    said = " ".join(text.split())
    for words in (handmade.title, *handmade.names, handmade.lead, *handmade.notes):
        assert words in said
    for part in handmade.parts():
        if isinstance(part, Exhibit):
            assert part.says in said
    for heading in ("What was asked", "To keep in mind", "Sources", "Files"):
        assert heading in text.splitlines()
    assert FILES["report"] in text
    assert FILES["csv"] not in text
    assert "Every line of the books" not in text


def test_an_exhibit_is_its_title_its_sentence_and_its_table(handmade: Document) -> None:
    lines = printed(handmade).splitlines()
    at = lines.index("Abilene is full by 2028.")
    assert lines[at - 1] == "Abilene and others by year"
    assert lines[at + 1].split() == ["MW", "2026", "2027", "2028", "2029", "2030", "2031"]
    assert lines[at + 3].split() == ["Abilene", "12", "25", "38", "50", "62", "75"]


def test_years_are_thinned_to_what_there_is_room_for(handmade: Document) -> None:
    narrow, wide = printed(handmade).splitlines(), printed(handmade, 120).splitlines()
    at = next(n for n, line in enumerate(narrow) if line.startswith("Statements by year"))
    assert narrow[at] == "Statements by year, real USD of 2025, every 2 years"
    assert narrow[at + 1].split() == ["billion", "USD", "2027", "2029", "2031", "2033", "2035", "2037"]
    at = wide.index("Statements by year, real USD of 2025")
    assert len(wide[at + 1].split()) == 2 + 12


@pytest.mark.parametrize("rows", [1, 2])
def test_a_terminal_shows_a_part_of_a_table(rows: int) -> None:
    unit = scale("w", [1e9])
    columns = (Column(title="Site"), Column(title="Power, GW", suffix="w", scale=unit), Column(title="Why"))
    table = Table(
        name="a",
        title="Sites",
        columns=columns,
        rows=(("Abilene", 1e9, "grid"), ("Pecos", 5e8, "water"), ("Shackelford", 1e8, "land")),
        brief_rows=rows,
        brief_columns=(0, 1),
    )
    text = printed(of(table))
    assert [name in text for name in ("Abilene", "Pecos", "Shackelford")] == [True, rows == 2, False]
    assert "grid" not in text
    assert "1.00" in text


def test_a_table_without_heads_has_no_head_line() -> None:
    lines = printed(of(plain(("energy", "64 kWh"), ("water", "1 l")))).splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("energy"))
    assert (lines[at - 1], lines[at + 1].split()) == ("", ["water", "1", "l"])
    assert "─" not in "".join(lines)
    headed = printed(of(plain(("energy", "64 kWh"), heads=("What", "How much"))))
    assert "─" in headed


def test_two_columns_wrap() -> None:
    long = " ".join(["a sentence that goes on"] * 8)
    for document in (of(plain(("energy", long))), of(Facts(name="f", title="", pairs=(("energy", long),)))):
        lines = printed(document, 60).splitlines()
        assert max(map(len, lines)) <= 60
        assert long in " ".join(" ".join(lines).replace("energy", "").split())
        assert sum("energy" in line for line in lines) == 1


def test_long_terms_leave_room_for_what_they_are() -> None:
    term = "sites.abilene.power.granted.after.the.second.substation.is.built"
    lines = printed(of(Facts(name="f", title="", pairs=((term, "1.2 GW of facility power"),)))).splitlines()
    assert any(line.endswith("1.2 GW of facility power") for line in lines)
    assert max(map(len, lines)) <= 80


def test_an_address_or_path_longer_than_a_line_stays_whole() -> None:
    path = f"/data/{'a-long-name/' * 9}llama.toml"
    for part in (Facts(name="f", title="", pairs=(("file", path),)), Paragraph(text=f"Written to {path} at last")):
        assert path in printed(of(part))


def test_a_row_of_many_figures_stays_within_the_line() -> None:
    titles = ("Median, %", "MAPE, %", "Bias, %", "Baseline, %")
    columns = (Column(title="Source"), *(Column(title=title, suffix="frac", scale=PERCENT) for title in titles))
    rows = ((name := "publication.datacentremagazine.com", 0.483, 0.01, -0.396, 0.2),)
    table = Table(name="a", title="", columns=columns, rows=rows)
    for width in (60, 80):
        lines = printed(of(table), width).splitlines()
        assert max(map(len, lines)) <= width
        row = next(line for line in lines if line.startswith(name[:10]))
        assert row.split()[-4:] == ["48.3", "1.0", "−39.6", "20.0"]


@pytest.mark.parametrize("count", [8, 30])
def test_more_columns_than_fit_are_folded(count: int) -> None:
    columns = (Column(title="Class"), *(Column(title=f"Quarter {n}", suffix="ratio") for n in range(count)))
    table = Table(name="a", title="", columns=columns, rows=(("Assistant", *(0.125,) * count),))
    found = terminal.widths(table, table.texts(), 60)
    assert min(found) >= 1
    assert sum(found) <= max(60 - 3 * count, count + 1)


def test_the_longest_cells_get_most_room() -> None:
    short, long = "20 USD/MWh to 40 USD/MWh", "rounded by hand from public climate normals of the nearest station"
    columns = tuple(Column(title=title) for title in ("Number", "Value", "Note"))
    table = Table(name="a", title="", columns=columns, rows=(("climate.daily_amplitude", short, long),))
    name, value, note = terminal.widths(table, table.texts(), 80)
    assert (name, name + value + note) == (23, 80 - 2 * 3)
    assert note > 1.5 * value


def test_what_is_deeper_is_not_shown() -> None:
    parts = (
        Paragraph(text="brief"),
        Paragraph(text="full", depth=Depth.FULL),
        Paragraph(text="data", depth=Depth.DATA),
    )
    assert printed(of(*parts)).split() == ["One", "brief", "Files", *WRITTEN]


WRITTEN = ["folder", "gigawatt-runs/x", "report", "gigawatt-runs/x/report.html"]


def test_verdicts_have_colours_where_there_are_any(handmade: Document) -> None:
    assert "\x1b[1;32mThe plan holds" in printed(handmade, colours=True)
    assert "[bold]as it is[/bold]" in printed(replace(handmade, lead="[bold]as it is[/bold]"), colours=True)
