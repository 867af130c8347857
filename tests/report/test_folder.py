"""The folder: everything or nothing, the same bytes for the same question, refusal of what is not ours."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gigawatt.errors import OutputError
from gigawatt.report import folder
from gigawatt.report.document import Document
from gigawatt.report.writers import csv, page, workbook
from gigawatt.study.answer import Head
from gigawatt.study.result import Result, datasets


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer of one figure, and of the time that it took."""

    head: Head
    power_w: float = 1e10
    solver: dict[str, float | None]


ANSWER = Answer(head=Head(), solver={"gap_frac": 0.01, "wall_s": 1.5})
ALWAYS = ["charts", "report.html", "report.json", "summary.json", "tables", "workbook.xlsx"]


def files(place: Path) -> dict[str, bytes]:
    return {file.relative_to(place).as_posix(): file.read_bytes() for file in place.rglob("*") if file.is_file()}


def test_it_holds_page_workbook_summary_tables_and_charts(handmade: Document, tmp_path: Path) -> None:
    named = folder.write(ANSWER, handmade, tmp_path / "x")
    assert list(named) == ["folder", "report", "workbook", "summary", "tables", "charts"]
    assert all(Path(place).exists() for place in named.values())
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ALWAYS
    assert {path.stem for path in (tmp_path / "x" / "tables").iterdir()} == set(handmade.tables())
    assert {path.stem for path in (tmp_path / "x" / "charts").iterdir()} == set(handmade.charts())
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_charts_stand_alone(handmade: Document, tmp_path: Path) -> None:
    folder.write(ANSWER, handmade, tmp_path / "x")
    for file in (tmp_path / "x" / "charts").iterdir():
        root = ElementTree.parse(file).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.find("{http://www.w3.org/2000/svg}style") is not None


def test_the_summary_is_strict_json_without_the_time(handmade: Document, tmp_path: Path) -> None:
    folder.write(ANSWER, handmade, tmp_path / "x")
    found = json.loads((tmp_path / "x" / "summary.json").read_text(encoding="utf-8"))
    assert found["power_w"] == 1e10
    assert found["solver"] == {"gap_frac": 0.01, "wall_s": None}


def test_the_same_question_gives_the_same_bytes(handmade: Document, tmp_path: Path) -> None:
    slower = replace(ANSWER, solver={"gap_frac": 0.01, "wall_s": 9.0})
    folder.write(ANSWER, handmade, tmp_path / "one")
    folder.write(slower, handmade, tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_second_answer_takes_the_place_of_the_first(handmade: Document, tmp_path: Path) -> None:
    folder.write(ANSWER, handmade, tmp_path / "x")
    folder.write(ANSWER, Document(title="Little"), tmp_path / "x")
    assert sorted(files(tmp_path / "x")) == ["report.html", "report.json", "summary.json", "workbook.xlsx"]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("broken", [page, workbook, csv])
def test_a_failure_leaves_what_was_there(
    handmade: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: object
) -> None:
    folder.write(ANSWER, handmade, tmp_path / "x")
    before = files(tmp_path)

    def fail(*_: object) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(broken, "texts" if broken is csv else "render", fail)
    for place in ("x", "new"):
        with pytest.raises(OSError, match="disk full"):
            folder.write(ANSWER, handmade, tmp_path / place)
    assert files(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_disk_that_fills_up_leaves_what_was_there(
    handmade: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(ANSWER, handmade, tmp_path / "x")
    before = files(tmp_path)
    written = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.suffix == ".xlsx":
            raise OSError("disk full")
        return written(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="disk full"):
        folder.write(ANSWER, handmade, tmp_path / "x")
    monkeypatch.undo()
    assert files(tmp_path) == before


def test_other_peoples_folders_are_refused(handmade: Document, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(OutputError, match="a folder with other files") as caught:
        folder.write(ANSWER, handmade, tmp_path)
    assert [fault.path for fault in caught.value.faults] == ["out"]
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]


def test_the_folder_of_another_verb_is_refused(handmade: Document, tmp_path: Path) -> None:
    folder.write(ANSWER, handmade, tmp_path / "x", kind="report of claims")
    before = files(tmp_path)
    with pytest.raises(OutputError, match="an empty folder, or a report of predict bridge and nothing else"):
        folder.check(tmp_path / "x", "report of predict bridge")
    folder.check(tmp_path / "x", "report of claims")
    assert files(tmp_path) == before


def test_what_was_added_to_ours_is_kept(handmade: Document, tmp_path: Path) -> None:
    folder.write(ANSWER, handmade, tmp_path / "x")
    (tmp_path / "x" / "tables" / "mine.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(OutputError, match="mine"):
        folder.check(tmp_path / "x")


@pytest.mark.parametrize("name", ["chart.svg", "report.HTML", "table.csv"])
def test_a_name_of_a_file_is_no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="the name of a file: expected a folder") as caught:
        folder.check(tmp_path / name)
    assert [fault.path for fault in caught.value.faults] == ["out"]
    (tmp_path / "there").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="a folder that can be written"):
        folder.check(tmp_path / "there")
    (tmp_path / "site.html").mkdir()
    folder.check(tmp_path / "site.html")


def test_beside_what_an_answer_keeps_itself(handmade: Document, tmp_path: Path) -> None:
    (tmp_path / "batches").mkdir()
    named = folder.write(ANSWER, handmade, tmp_path, beside=True)
    kept = {*ALWAYS, "batches"} - {"report.json"}
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert all(Path(place).exists() for place in named.values())
    before = files(tmp_path)
    folder.write(ANSWER, handmade, tmp_path, beside=True)
    assert files(tmp_path) == before


def test_a_result_brings_its_data(written: Path, result: Result) -> None:
    assert {file.name for file in written.glob("*.nc")} == {f"{name}.nc" for name in (*datasets(result), "hours")}
    assert {"report.html", "workbook.xlsx", "summary.json", "tables", "csv", "result.json"} <= {
        path.name for path in written.iterdir()
    }
    assert [file.name for file in written.parent.iterdir()] == [written.name]
    found = json.loads((written / "summary.json").read_text(encoding="utf-8"))
    assert found["hash"] == result.scenario.hash
    assert found["headline"]["capex_usd"] == result.headline["capex_usd"]
