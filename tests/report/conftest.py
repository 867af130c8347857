"""A document made by hand, one result of `one-campus`, and its folder as written, for every test of the report."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from gigawatt.report import folder
from gigawatt.report.document import Document
from gigawatt.study.result import Result
from gigawatt.study.run.answer import answer_of
from gigawatt.study.run.stages import run

SHORT = {"horizon.report_end": "2027Q4", "horizon.end": "2028Q2"}


@pytest.fixture(scope="session")
def handmade() -> Document:
    """A document with every kind of part and every form of chart."""
    spec = importlib.util.spec_from_file_location("handmade", Path(__file__).with_name("handmade.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Document = module.document()
    return found


@pytest.fixture(scope="session")
def result() -> Result:
    return run("one-campus")


@pytest.fixture(scope="session")
def written(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from gigawatt.report.documents import run as told

    place = tmp_path_factory.mktemp("report") / "one-campus"
    answer = answer_of(result)
    folder.write(answer, told.document(answer), place)
    return place


@pytest.fixture(scope="session")
def nothing() -> Result:
    """A programme that pays for nothing (faults K3)."""
    unpaid = {"demand.price_scale": "0.2", "use_cases.assistant.floor": "0 %"}
    return run("one-campus", SHORT | unpaid)


@pytest.fixture(scope="session")
def late() -> Result:
    """A site without power until the second quarter of 2027 (users 10)."""
    return run("one-campus", SHORT | {"sites.example-campus.ramp": {"2027Q1": "0 MW", "2027Q2": "50 MW"}})
