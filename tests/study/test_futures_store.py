"""The folder of a sweep: whose it is, and whether what is in it is as it was written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.errors import OutputError
from gigawatt.scenario.schema import Scenario
from gigawatt.study.futures import sweep
from gigawatt.study.futures.question import SweepQuestion
from gigawatt.study.futures.store import open_store
from gigawatt.study.job import Job


def ask(brief: Scenario, folder: Path) -> sweep.Sweep:
    question = SweepQuestion(draws_count=2, workers_count=1, vary=("demand",))
    return sweep.sweep(brief, question, Job(folder=folder))


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_store_is_only_what_we_write(folder: Path) -> None:
    assert tree(folder)[:3] == ["batches", "batches/draws", tree(folder)[2]]
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".nc", ".json"}


@pytest.mark.parametrize("marker", ["", "{", "[]", "[1, 2]", "3", "{}", '{"kind": "quiz"}', "[" * 100_000])
def test_a_question_of_anyone_makes_no_store(brief: Scenario, tmp_path: Path, marker: str) -> None:
    """faults K1, K8: a folder that holds a file question.json of anyone's; one that is a list, or no JSON."""
    folder = tmp_path / "quiz"
    folder.mkdir()
    (folder / "question.json").write_text(marker)
    (folder / "report.html").write_text("mine")
    with pytest.raises(OutputError, match=r"question\.json"):
        ask(brief, folder)
    assert tree(folder) == ["question.json", "report.html"]
    assert (folder / "report.html").read_text() == "mine"


@pytest.mark.parametrize("name", ["notes.txt", "plans/mine.toml", "batches/draws/mine.nc", "deep/er"])
def test_what_a_user_adds_to_a_store_is_named(brief: Scenario, folder: Path, name: str) -> None:
    """faults K1: nothing is written beside what is not ours."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("mine")
    before = tree(folder)
    with pytest.raises(OutputError, match=name):
        ask(brief, folder)
    assert tree(folder) == before


@pytest.mark.parametrize(
    ("pattern", "change"),
    [
        ("batches/draws/*.nc", lambda file: file.write_bytes(b"not a file of numbers")),
        ("batches/draws/*.nc", lambda file: file.write_bytes(file.read_bytes()[:-1])),
        ("batches/draws/*.nc", lambda file: shutil.copy(next(file.parents[1].glob("tornado/*.nc")), file)),
        ("plans/*-data.nc", lambda file: file.write_bytes(b"")),
        ("plans/*.json", lambda file: file.write_text("[]")),
        ("plans/*.json", lambda file: file.write_text(json.dumps({**json.loads(file.read_text()), "objective": 1e12}))),
        ("plans/*-inputs.nc", Path.unlink),
    ],
)
def test_what_was_changed_is_not_believed(
    brief: Scenario, folder: Path, pattern: str, change: Callable[[Path], object]
) -> None:
    """faults K11, K8: a batch that is broken or of another shape, a plan that was changed; the fault names the file."""
    file = next(path for path in folder.glob(pattern))
    change(file)
    with pytest.raises(OutputError) as caught:
        ask(brief, folder)
    assert file.name in str(caught.value)


def test_a_batch_of_another_question_is_not_taken(brief: Scenario, folder: Path, swept: Any, tmp_path: Path) -> None:
    """faults K11: whole and of the right shape, but from a sweep with another seed."""
    question = {**json.loads((folder / "question.json").read_text()), "seed": 9}
    open_store(tmp_path / "other", question).keep("draws", swept.found.table)
    for file in (tmp_path / "other" / "batches" / "draws").iterdir():
        shutil.copy(file, folder / "batches" / "draws")
    with pytest.raises(OutputError, match="of another question"):
        ask(brief, folder)


def test_a_store_of_an_earlier_layout_is_not_gone_on_with(brief: Scenario, folder: Path) -> None:
    """It holds no lines of money, and its batches would be mixed with others."""
    marker = folder / "question.json"
    marker.write_text(
        json.dumps({key: value for key, value in json.loads(marker.read_text()).items() if key != "format"})
    )
    with pytest.raises(OutputError, match=r"of another question \(format None there, 2 asked\)"):
        ask(brief, folder)
