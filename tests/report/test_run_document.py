"""The document of a run: every part in its place, brief on a terminal, whole on a page, complete in files."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gigawatt.report import names, views, words
from gigawatt.report.document import Depth, Document, Exhibit, Facts, Paragraph
from gigawatt.report.documents import run as told
from gigawatt.report.writers import csv, page, web
from gigawatt.scenario.load import loads
from gigawatt.study.note import Note
from gigawatt.study.result import Result
from gigawatt.study.run.answer import answer_of
from gigawatt.study.run.yardsticks import yardsticks


@pytest.fixture(scope="module")
def document(result: Result) -> Document:
    return told.document(answer_of(result))


def test_its_sections(document: Document) -> None:
    titles = [section.title for section in document.sections]
    assert titles == [
        "What gets built",
        "Where the money comes from",
        "Who is served",
        "What it earns and costs",
        "What stands in the way",
        "What one more is worth",
        "Lived through",
        "The fleet",
        "What this rests on",
    ]
    assert all(section.parts for section in document.sections)


def test_its_head(document: Document, result: Result) -> None:
    assert document.lead == words.headline(views.view(result))
    assert document.names == (result.scenario.name, result.scenario.hash[:8])
    assert result.scenario.hash in document.made
    assert document.tiles
    assert len(document.tiles) % 4 == 0
    assert "by the end of" not in {tile.value for tile in document.tiles}


def test_a_terminal_has_what_it_had(document: Document) -> None:
    brief = [part for part in document.parts() if part.depth == Depth.BRIEF]
    names = [
        part.table.name if isinstance(part, Exhibit) and part.table else getattr(part, "name", "") for part in brief
    ]
    assert names == [
        "power-by-platform",
        "tranches",
        "capital",
        "classes",
        "money",
        "revenue-per-power",
        "yardsticks",
        "yardstick-bases",
        "in-the-way",
        "worth",
        "plan-against-simulation",
    ]


def test_every_chart_has_its_table_and_says_something(document: Document) -> None:
    exhibits = [part for part in document.parts() if isinstance(part, Exhibit)]
    for one in exhibits:
        assert one.says.endswith("."), one.name
        assert one.table is not None
        assert one.table.rows, one.name
    names = [one.table.name for one in exhibits if one.table is not None]
    assert len(names) == len(set(names))
    assert len(document.charts()) >= 14


def test_files_have_everything(document: Document) -> None:
    tables = document.tables()
    for name in (
        *("power-by-platform-quarters", "power-by-site-quarters", "racks-quarters", "racks-bought-quarters"),
        *("gpus-quarters", "tokens-quarters", "statements", "books", "numbers", "headline-figures", "classes"),
    ):
        assert name in tables, name
    for name in ("gpus", "racks", "racks-bought"):  # users 11
        assert tables[name].depth == Depth.FULL
    assert set(csv.texts(document)) == set(tables)


def test_it_is_strict_json(document: Document) -> None:
    text = json.dumps(web.plain(document), allow_nan=False)
    assert "What gets built" in text


def test_names_are_addresses(document: Document) -> None:
    for name in (*document.tables(), *document.charts(), *(section.slug for section in document.sections)):
        assert name == "".join(c for c in name.lower() if c.isascii() and (c.isalnum() or c == "-")), name


def test_the_same_result_gives_the_same_page(result: Result, document: Document) -> None:
    slower = replace(result, plan=replace(result.plan, wall_s=result.plan.wall_s + 1))
    assert page.render(told.document(answer_of(slower))) == page.render(document)


def test_a_result_without_limits_or_worth(result: Result) -> None:
    bare = told.document(answer_of(replace(result, plan=replace(result.plan, worth=(), binds=()))))
    html = page.render(bare)
    assert "Nothing but demand is in the way of this plan." in html
    assert "One more of any limit would be worth nothing to this plan." in html


def test_notes_are_kept_and_escaped(result: Result) -> None:
    note = Note(code="x", path="", text='<script>alert("x")</script> from 2027Q1')
    found = told.document(answer_of(replace(result, notes=(note,))))
    assert found.notes == ('<script>alert("x")</script> from Q1 2027',)
    assert "&lt;script&gt;" in page.render(found)


def test_sources_stay_off_the_terminal(document: Document) -> None:
    assert document.sources
    assert document.sources_depth == Depth.FULL


def test_no_sentence_stands_twice_above_a_picture(document: Document) -> None:
    said = [part.says for part in document.parts() if isinstance(part, Exhibit)]
    assert len(said) == len(set(said))


def test_a_source_is_listed_once(result: Result) -> None:
    large = replace(result, scenario=loads(result.scenario.toml, {"programme.target": "1 GW"}))
    found = told.document(answer_of(large)).sources
    assert len({(source.title, source.url, source.date) for source in found}) == len(found)
    assert list(found) == sorted(found, key=lambda source: (source.title, source.url, source.date))
    past = views.historic_source()
    assert past.title in [source.title for source in found]


def test_it_tells_power_to_serve_and_a_gigawatt_year_on_each_basis(document: Document, result: Result) -> None:
    found = yardsticks(result.scenario, result.plan.inputs)
    listed = document.tables()["yardsticks"]
    last = found.rows[-1]
    power = names.power(result.scenario)
    assert listed.rows[-1][2:] == (
        last.serving_apart_facility_w,
        last.serving_together_facility_w,
        last.owned_at_capital_cost_facility_usd_per_gw_year * power.gw,
        last.needed_at_discount_facility_usd_per_gw_year * power.gw,
    )
    assert "facility power" in listed.title
    explained = next(part for part in document.parts() if isinstance(part, Facts) and part.name == "yardstick-bases")
    assert {words_ for _, words_ in explained.pairs} <= set(found.bases.values())


def test_it_says_so_where_no_platform_can_do_all_of_the_work(result: Result) -> None:
    inputs = result.plan.inputs
    unable = replace(result.plan, inputs=inputs.assign(rack_tokens_per_s=0 * inputs.rack_tokens_per_s))
    made = told.document(answer_of(replace(result, plan=unable)))
    assert "yardsticks" not in made.tables()
    said = [part.text for part in made.parts() if isinstance(part, Paragraph)]
    assert words.yardsticks(views.view(result), ()) in said
