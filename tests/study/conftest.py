"""The small programme, planned once for all tests of a worker, and a sweep of it as its folder keeps it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import xarray as xr

from gigawatt.plan import plan
from gigawatt.plan.plan import Plan
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.study.futures import budget
from gigawatt.study.futures.batches import PlannedCase, live
from gigawatt.study.futures.draws import drawing
from gigawatt.study.futures.question import SweepQuestion
from gigawatt.study.futures.store import open_store
from gigawatt.study.futures.sweep import Sweep, sweep
from gigawatt.study.job import Job

BRIEF = {"horizon.report_end": "2027Q2", "horizon.end": "2027Q4", "capital.tranches.release": "pro_rata"}
SWEPT_COUNT, ALONE_COUNT = 6, 4


@pytest.fixture(scope="session")
def campus() -> Scenario:
    return load("one-campus")


@pytest.fixture(scope="session")
def brief_set() -> dict[str, str]:
    """What makes the small programme brief."""
    return BRIEF


@pytest.fixture(scope="session")
def brief() -> Scenario:
    """The same to the end of 2027, with tranches in proportion, for what asks for many futures."""
    return load("one-campus", BRIEF)


@pytest.fixture(scope="session")
def campus_plan(campus: Scenario) -> Plan:
    return plan.make(campus, with_worth=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A sweep, the question it answers, the folder that keeps it, and what was said meanwhile."""

    question: SweepQuestion
    found: Sweep
    folder: Path
    said: list[tuple[str, float | None]]


@pytest.fixture(scope="session")
def swept(brief: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    question = SweepQuestion(draws_count=SWEPT_COUNT, workers_count=1, vary=("demand",))
    folder, said = tmp_path_factory.mktemp("sweeps") / "s", list[tuple[str, Any]]()
    with patch.object(budget, "TOGETHER", 3):  # so that something is left for batches
        found = sweep(brief, question, Job(folder=folder, progress=lambda *told: said.append(told)))
    return Kept(question=question, found=found, folder=folder, said=said)


@pytest.fixture(scope="session")
def brief_plan(swept: Kept) -> Plan:
    """The plan of the brief programme, as the folder of the sweep keeps it."""
    question = json.loads((swept.folder / "question.json").read_text())
    found = open_store(swept.folder, question).plan("one-campus")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def alone(brief: Scenario, brief_plan: Plan) -> xr.Dataset:
    """Futures of the brief plan, lived through in this process and in one go."""
    future = drawing(brief, brief.asked.seed)
    return live(PlannedCase(scenario=brief, plan=brief_plan), [future(number) for number in range(ALONE_COUNT)])


@pytest.fixture
def folder(swept: Kept, tmp_path: Path) -> Path:
    """The folder of a sweep, to be changed at will."""
    return Path(shutil.copytree(swept.folder, tmp_path / "s"))
