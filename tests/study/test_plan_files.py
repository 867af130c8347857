"""A plan taken apart and put together: the same, whoever keeps it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
import xarray as xr

import gigawatt as gw
from gigawatt.plan.plan import Plan
from gigawatt.study import plan_files
from gigawatt.study.futures.store import open_store
from gigawatt.study.result import load


@pytest.fixture(scope="module")
def result() -> gw.Result:
    return gw.run("one-campus", {"horizon.report_end": "2027Q4", "horizon.end": "2028Q2"})


def same(one: Plan, two: Plan) -> None:
    for name in (entry.name for entry in fields(Plan)):
        if name in plan_files.PARTS:
            xr.testing.assert_identical(getattr(one, name), getattr(two, name))
        else:
            assert getattr(one, name) == getattr(two, name), name


def test_every_array_is_a_part_and_all_else_is_plain(result: gw.Result) -> None:
    arrays = {entry.name for entry in fields(Plan) if isinstance(getattr(result.plan, entry.name), xr.Dataset)}
    assert arrays == set(plan_files.PARTS) == set(plan_files.parts(result.plan))
    figures = json.loads(json.dumps(plan_files.figures(result.plan)))
    assert not set(figures) & arrays
    same(plan_files.whole(plan_files.parts(result.plan), figures), result.plan)


def test_a_result_and_a_store_give_back_the_same_plan(result: gw.Result, tmp_path: Path) -> None:
    assert result.plan.worth
    assert result.plan.binds
    same(load(result.save(tmp_path / "result")).plan, result.plan)
    store = open_store(tmp_path / "store", {"kind": "sweep", "gigawatt": "0", "hash": "0"})
    assert store.plan("mine") is None
    store.keep_plan("mine", result.plan)
    found = store.plan("mine")
    assert found is not None
    same(found, result.plan)


def test_a_part_that_is_not_there_is_told(result: gw.Result) -> None:
    parts = plan_files.parts(result.plan)
    with pytest.raises(TypeError, match="inputs"):
        plan_files.whole({"data": parts["data"]}, plan_files.figures(result.plan))
