"""One result of `one-campus`, and its folder as written, for every test of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigawatt.report import folder
from gigawatt.study.result import Result
from gigawatt.study.run import run


@pytest.fixture(scope="session")
def result() -> Result:
    return run("one-campus")


@pytest.fixture(scope="session")
def written(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report") / "one-campus"
    folder.write(result, place)
    return place
