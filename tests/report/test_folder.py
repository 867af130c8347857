"""The folder: everything or nothing, CSV that reads back, refusal of what is no result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gigawatt.errors import OutputError
from gigawatt.report import datasets as listed
from gigawatt.report import folder, page, workbook
from gigawatt.study.result import Result, datasets
from gigawatt.study.run.answer import answer_of


def test_every_file_that_is_named_is_there(result: Result, written: Path) -> None:
    found = folder.files(written)
    assert list(found)[:3] == ["folder", "report", "workbook"]
    assert all(Path(file).exists() for file in found.values())
    assert {file.name for file in written.glob("*.nc")} == {f"{name}.nc" for name in (*datasets(result), "hours")}


def test_nothing_is_left_beside_it(written: Path) -> None:
    assert [file.name for file in written.parent.iterdir()] == [written.name]


def test_the_summary_is_strict_json(written: Path, result: Result) -> None:
    found = json.loads((written / "summary.json").read_text(encoding="utf-8"))
    assert found["hash"] == result.scenario.hash
    assert found["headline"]["capex_usd"] == result.headline["capex_usd"]


def test_csv_reads_back(written: Path, result: Result) -> None:
    for name, data in datasets(result).items():
        seen: set[str] = set()
        for dims, _ in listed.tidy(data):
            table = pd.read_csv(written / "csv" / f"{'.'.join((name, *dims))}.csv")
            for variable in set(table.columns) & set(map(str, data.data_vars)):
                seen.add(variable)
                line = data[variable]
                order = [str(dim) for dim in data.dims if dim in line.dims]
                values = line.transpose(*order).values.reshape(-1)
                np.testing.assert_array_equal(table[variable].to_numpy().astype(values.dtype), values)
        whole = {str(name) for name, line in data.data_vars.items() if line.size and line.dims}
        assert seen == whole


@pytest.mark.parametrize("broken", ["page", "workbook", "csv"])
def test_a_failure_leaves_nothing(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def fail(*_: object) -> str:
        raise KeyboardInterrupt

    owner, name = {"page": (page, "render"), "workbook": (workbook, "write"), "csv": (folder, "write_csv")}[broken]
    monkeypatch.setattr(owner, name, fail)
    with pytest.raises(KeyboardInterrupt):
        folder.write(answer_of(result), tmp_path / "runs" / "x")
    assert list((tmp_path / "runs").iterdir()) == []


def test_an_earlier_result_is_kept_until_the_new_one_is_whole(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "x"
    folder.write(answer_of(result), place)
    before = (place / "report.html").read_bytes()

    def fail(*_: object) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(page, "render", fail)
    with pytest.raises(OSError, match="disk full"):
        folder.write(answer_of(result), place)
    assert (place / "report.html").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x"]


def test_other_peoples_folders_are_refused(result: Result, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(OutputError, match="a folder with other files"):
        folder.write(answer_of(result), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]
