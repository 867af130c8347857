"""Documents in another language: every message, figures and names as they should be, nothing left in English."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from gigawatt.report import language
from gigawatt.report.charts import marks
from gigawatt.report.charts.chart import About
from gigawatt.report.charts.columns import columns
from gigawatt.report.charts.periods import Series
from gigawatt.report.document import Column, Document, Exhibit, Paragraph, Section, Table, Tile, quoting, table
from gigawatt.report.documents import run as told
from gigawatt.report.formats import scale
from gigawatt.report.language import LANGUAGES, said, unsaid, words
from gigawatt.report.languages.figures import told as figured
from gigawatt.report.languages.speech import MOST_TEXTS_COUNT, speech
from gigawatt.report.writers import csv, page, terminal, text, web
from gigawatt.study.numbers import CitedSource
from gigawatt.study.result import Result
from gigawatt.study.run.answer import answer_of

HOLE = re.compile(r"\{\d+\}")
# Names of a preset's own things, which no language changes.
NAMES = {"Example campus", "assistant", "documents", "trtllm", "blackwell", "rubin"}


def catalogue(code: str) -> Catalog:
    with files("gigawatt.report.languages").joinpath(f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def small(**parts: object) -> Document:
    return Document(title="Sources", **parts)  # type: ignore[arg-type]


def test_catalogues_have_the_same_messages() -> None:
    assert [[one.id for one in catalogue(code)] for code in LANGUAGES[1:]] == [[one.id for one in catalogue("en")]]


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_every_message_is_translated_with_the_same_holes(code: str) -> None:
    messages = [one for one in catalogue(code) if one.id]
    assert [one.id for one in messages if not one.string] == []
    assert [one.id for one in messages if set(HOLE.findall(one.id)) != set(HOLE.findall(str(one.string)))] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Llama 3.1 405B at 1,234.5 tokens/s", "Llama 3.1 405B at 1.234,5 tokens/s"),
        ("PUE 1.18", "PUE 1,18"),
        ("0.25", "0,25"),
        ("−12,345", "−12.345"),
        ("vLLM 0.8", "vLLM 0.8"),
        ("2026-11-29", "2026-11-29"),
        ("Gigawatt 0.12.1", "Gigawatt 0.12.1"),
        ("sm_90, GB200", "sm_90, GB200"),
        ("https://example.org/1.5", "https://example.org/1.5"),
        ("`--set x=1.5`", "`--set x=1.5`"),
    ],
)
def test_figures_are_written_so_and_names_versions_and_dates_stay(given: str, expected: str) -> None:
    assert figured(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("To keep in mind", "Yang perlu diingat"),
        ("by the end of Q3 2027", "pada akhir Q3 2027"),
        ("12.5 billion USD", "12,5 miliar USD"),
        ("892 trillion tokens/day", "892 triliun token/hari"),
        ("1,234 MW", "1.234 MW"),
        ("7.5 %/year", "7,5 %/tahun"),
        ("14 July 2028", "14 Juli 2028"),
        ("grid power at Abilene", "daya jaringan di Abilene"),
        ("Cost, billion USD", "Biaya, miliar USD"),
        ("GB300 NVL72: 1.23 GW", "GB300 NVL72: 1,23 GW"),
        ("NVIDIA GB300 NVL72", "NVIDIA GB300 NVL72"),
        ("", ""),
    ],
)
def test_a_text_is_said_by_its_message_its_parts_and_its_figures(given: str, expected: str) -> None:
    assert speech("id").say(given) == expected


def test_holes_hold_what_is_said_in_turn_and_sentences_are_said_one_by_one() -> None:
    found = speech("id").say("No debt is drawn. Debt peaks at 12.5 billion USD in Q3 2027.")
    assert (
        found
        == f"{speech('id').say('No debt is drawn.')} {speech('id').say('Debt peaks at 12.5 billion USD in Q3 2027.')}"
    )
    assert "12,5 miliar USD" in found
    assert "Debt" not in found


def test_what_nobody_translated_stays_whole_and_is_reported() -> None:
    strange = "Whatever somebody else wrote in 1,000.5 words of their own."
    assert speech("id").say(strange) == strange
    assert unsaid(small(lead=strange), "id") == [strange]
    assert unsaid(small(lead="No debt is drawn."), "id") == []


def test_a_message_with_what_its_holes_hold() -> None:
    assert words("en")("{} of {}", "a", "b") == "a of b"
    assert words("id")("{} of {}", "a", 1.5) == "a dari 1,5"
    assert words("en")("a {brace} that is no hole") == "a {brace} that is no hole"


def test_every_text_of_a_document_is_said_but_quotations_and_titles_of_sources() -> None:
    notes = quoting(
        table("notes", "Sources", {"Source": "", "Note": "", "Cost": "usd"}, [("Total", "cash", 1.5e9)]), "Note"
    )
    source = CitedSource(title="cash", url="https://example.org/cash", date="2026-01-01", numbers_count=1)
    made = small(
        lead="No debt is drawn.",
        names=("one-campus",),
        tiles=(Tile(label="Total", value="1.5 GW", note="cash"),),
        sections=(Section(slug="cash", title="Sources", lead="cash", parts=(Paragraph(text="cash"), notes)),),
        notes=("No debt is drawn.",),
        sources=(source,),
    )
    found = said(made, "id")
    assert (found.title, found.language, found.names) == ("Sumber", "id", ("one-campus",))
    assert found.sources == (source,)
    assert found.tiles == (Tile(label="Total", value="1,5 GW", note="kas"),)
    paragraph, listed = found.sections[0].parts
    assert found.sections[0].slug == "cash"
    assert paragraph == Paragraph(text="kas")
    assert isinstance(listed, Table)
    assert listed.texts() == [["Total", "cash", "1,5 miliar USD"]]
    assert said(made, "en") is made


def test_units_of_columns_are_said_with_their_titles_and_heads_of_files_follow() -> None:
    unit = scale("usd", [25e9])
    column = Column(title=f"Cost, {unit.unit}", suffix="usd", scale=unit)
    made = small(
        sections=(
            Section(slug="a", title="", parts=(Table(name="a", title="", columns=(column,), rows=((25.5e9,),)),)),
        )
    )
    (found,) = said(made, "id").tables().values()
    assert found.columns[0].title == "Biaya, miliar USD"
    assert found.texts() == [["25,5"]]
    assert csv.heads(found) == ["Biaya [USD]"]


def test_charts_are_said_when_they_are_drawn_and_nothing_else_is() -> None:
    about = About(name="cash", title="Sources", description="No debt is drawn.")
    chart = columns(
        about, ("2026Q1", "2026Q2"), [Series(name="cash", values=(1500.0, 1000.5), colour=0)], "billion USD"
    )
    made = small(
        sections=(Section(slug="a", title="", parts=(Exhibit(name="cash", says="", table=None, chart=chart),)),)
    )
    drawing = said(made, "id").charts()["cash"].wide
    assert "<title id=" in drawing
    assert ">Sumber</title>" in drawing
    assert "miliar USD" in drawing
    assert "billion" not in drawing
    assert ">1.500<" in drawing
    assert ">billion USD<" in chart.wide
    assert marks.said("cash") == "cash"


def test_words_of_a_drawing_are_cut_after_they_are_said_and_said_once() -> None:
    with marks.spoken(lambda text: f"{text} {text}"):
        cut = marks.fitting("a word or two", 60.0)
        assert cut.endswith("…")
        assert marks.said(cut) == cut
        assert marks.width_of("a word") == marks.width_of(marks.Final("a word a word"))
    with pytest.raises(ZeroDivisionError), marks.spoken(str.upper):
        raise ZeroDivisionError
    assert marks.said("a") == "a"


def test_writers_say_their_own_words() -> None:
    made = said(
        small(
            lead="No debt is drawn.",
            notes=("cash",),
            sources=(CitedSource(title="T", url="", date="", numbers_count=2),),
        ),
        "id",
    )
    shown = page.render(made)
    assert '<html lang="id">' in shown
    assert ">Yang perlu diingat</h2>" in shown
    assert "2 angka</span>" in shown
    assert "Yang perlu diingat:" in text.written(made)
    assert web.plain(made)["language"] == "id"
    years = Table(
        name="y",
        title="cash",
        columns=tuple(Column(title=str(n), language="id") for n in range(20)),
        rows=(),
        thin=True,
    )
    assert terminal.thinned(years, 8).title == "cash, setiap 3 tahun"


def test_a_whole_report_of_one_campus_leaves_nothing_in_english(result: Result) -> None:
    made = told.document(answer_of(result))
    assert set(unsaid(made, "id")) - NAMES == set()
    shown = re.sub(
        r"<(style|script).*?</\1>|<section id=\"sources\".*", "", page.render(said(made, "id")), flags=re.DOTALL
    )
    assert re.findall(r"\b(?:the|of|and|with|which|is|are)\b", re.sub(r"<[^>]*>", " ", shown)) == []


def test_a_headline_is_far_from_the_most_that_is_looked_into() -> None:
    """Every new message with holes is one more way to cut a text: a long sentence once ran out of them."""
    text = (
        "The programme reaches its target of 100 MW by the end of Q4 2028, with 100 MW of facility power in service at "
        "its peak; it spends 3.92 billion USD of capital by the end of Q4 2030, and is worth 2.47 billion USD today, "
        "or 3.18 billion USD with the value of what stands at the end."
    )
    speech.cache_clear()
    room = [MOST_TEXTS_COUNT]
    assert not speech("id").told(text, 0, room).left
    assert room[0] > MOST_TEXTS_COUNT / 2


def test_every_text_of_a_report_has_a_message(result: Result) -> None:
    made = told.document(answer_of(result))
    assert set(unsaid(made, "en")) - NAMES == set()
    assert replace(said(made, "id"), language="en") != made
    assert language.said(said(made, "id"), "id").language == "id"
