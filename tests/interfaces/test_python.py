"""Python and notebooks: every verb is a function, every answer shows itself."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

import gigawatt as gw
from gigawatt.interfaces.python import Answered
from gigawatt.study import verbs
from gigawatt.study.verbs import VERBS

SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q2"}


@pytest.fixture(scope="module")
def campus() -> gw.Answered:
    return gw.run("one-campus", SHORT)


def test_every_verb_is_a_function_with_its_words() -> None:
    for verb in VERBS:
        asked = getattr(gw, verb.function)
        assert asked.__name__ == verb.function
        assert asked.__doc__.startswith(verb.title)
        assert verb.function in gw.__all__
    with pytest.raises(AttributeError, match="no_such_verb"):
        gw.no_such_verb  # noqa: B018 (the access is the test)


def test_a_run_has_its_parts(campus: gw.Answered) -> None:
    assert campus.headline["installed_facility_w"] == campus.answer.headline.installed_facility_w
    assert campus.plan.data.facility_w.sizes["period"] > 4
    assert campus.solver.status == campus.plan.status
    assert "timeline" in dir(campus)
    with pytest.raises(AttributeError, match="the answer of run has no 'tokens'"):
        campus.tokens  # noqa: B018 (the access is the test)


def test_a_table_is_a_frame_with_units_in_its_columns(campus: gw.Answered) -> None:
    for name in campus.tables:
        frame = campus.frame(name)
        assert len(frame.columns) == len(campus.document.tables()[name].columns) - 1
        assert len(frame) == len(campus.document.tables()[name].rows)
    money = campus.frame("money")
    assert all(column.endswith(" [USD]") for column in money.columns)
    assert {"Revenue", "Free cash flow"} <= set(money.index)
    assert money.loc["Revenue"].max() == campus.document.tables()["money"].rows[0][-1]
    with pytest.raises(KeyError, match='did you mean "money"'):
        campus.frame("mony")


def test_a_chart_shows_itself(campus: gw.Answered) -> None:
    for name in campus.charts:
        svg = campus.chart(name)._repr_svg_()
        assert ElementTree.fromstring(svg).tag.endswith("svg")
        assert "<style>" in svg
        assert name in campus.document.charts()


def test_an_answer_shows_itself(campus: gw.Answered) -> None:
    shown = campus._repr_html_()
    assert shown is not None
    assert campus.document.title in shown
    assert "<svg" in shown
    assert "<html" not in shown
    text = repr(campus)
    assert text.splitlines()[0] == campus.document.title
    assert len(text) < 2000
    assert len(repr(campus.result)) < 200
    assert "charts: " in text


def test_an_answer_is_written_as_a_command_line_does(campus: gw.Answered, tmp_path: Path) -> None:
    folder = campus.write(tmp_path / "campus")
    assert {"report.html", "workbook.xlsx", "summary.json", "tables", "charts"} <= {
        one.name for one in folder.iterdir()
    }
    again = gw.load_result(folder)
    assert again.headline == campus.headline
    assert again.document.title == campus.document.title


def test_a_scenario_in_memory_is_run() -> None:
    scenario = gw.load_scenario("one-campus", SHORT)
    found = gw.run(scenario)
    assert found.provenance["hash"] == scenario.hash


def test_small_verbs_show_themselves_too(tmp_path: Path) -> None:
    found = gw.catalog_list(kind="cooling", out=tmp_path / "cooling")
    assert (tmp_path / "cooling" / "report.html").is_file()
    assert found.frame(found.tables[0]).shape[0] > 2
    with pytest.raises(gw.OutputError, match="a file"):
        gw.catalog_list(kind="cooling", out=tmp_path / "cooling" / "report.html")


def test_a_folder_that_is_not_free_is_refused_before_anything_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "theirs").write_text("")
    said = ["site=a", "platform=gb300", "racks=3", "at=2026-01-01"]
    with pytest.raises(gw.OutputError):
        gw.ledger_record("racks", said, source="note", database=str(tmp_path / "a.db"), out=tmp_path / "busy")
    assert not (tmp_path / "a.db").exists()


def test_an_answer_that_is_no_report_says_so(tmp_path: Path) -> None:
    verb = verbs.named("export focus")
    with pytest.raises(gw.ScenarioError, match="no folder"):
        gw.export_focus("nowhere", out=tmp_path / "out")
    with pytest.raises(gw.ScenarioError, match="makes a report"):
        Answered(verb, None).write(tmp_path / "out")
    assert not (tmp_path / "out").exists()
