"""A run end to end: the promised JSON, the same answer twice, a folder that is whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import gigawatt as gw
from gigawatt.errors import OutputError, ScenarioError
from gigawatt.scenario.load import load as load_scenario
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.job import Cancelled, Job
from gigawatt.study.result import Result, datasets, load, saving
from gigawatt.study.run.answer import answer_of

SHORT = {"horizon.report_end": "2028Q2", "horizon.end": "2028Q4"}


@pytest.fixture(scope="module")
def result() -> Result:
    return gw.run("one-campus", SHORT)


def test_the_answer_keeps_its_promise(result: Result) -> None:
    found = plain(answer_of(result))
    assert set(found) == {
        *(
            "gigawatt",
            "scenario",
            "hash",
            "headline",
            "solver",
            "worth",
            "binds",
            "tranches",
            "checks",
            "notes",
            "calls",
            "contracts",
            "yardsticks",
        ),
    }
    assert set(found["solver"]) >= {"status", "objective", "bound", "gap_frac", "gap_usd", "wall_s"}
    assert all(set(item) == {"limit", "step", "value_usd", "first_unit_usd"} for item in found["worth"])
    assert all(set(item) == {"period", "limit", "site", "value", "unit"} for item in found["binds"])
    fields = {"milestone_w", "energised_period", "released_period", "amount_usd"}
    assert all(set(item) == fields for item in found["tranches"])
    assert found["checks"]["objective_vs_accounts_rel"] < 1e-6
    assert found["checks"]["plan_feasible"] is True
    assert found["headline"]["irr_roots_frac"] == [found["headline"]["irr_frac"]]
    assert found["headline"]["equity_irr_roots_frac"] == [found["headline"]["equity_irr_frac"]]
    assert found["worth"]
    assert found["binds"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_released_never_before_energised(result: Result) -> None:
    for item in plain(answer_of(result))["tranches"]:
        if item["released_period"]:
            assert item["released_period"] > item["energised_period"]


def test_two_runs_give_identical_numbers(result: Result) -> None:
    again = gw.run("one-campus", SHORT)
    one, two = plain(answer_of(result)), plain(answer_of(again))
    for found in (one, two):
        found["solver"].pop("wall_s")
    assert json.dumps(one) == json.dumps(two)
    xr.testing.assert_identical(result.plan.data, again.plan.data)
    xr.testing.assert_identical(result.timeline.data, again.timeline.data)
    xr.testing.assert_identical(result.accounts.table, again.accounts.table)


def test_a_saved_result_reads_back(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "saved")
    back = load(folder)
    assert back.scenario.hash == result.scenario.hash
    assert plain(answer_of(back)) == plain(answer_of(result))
    assert back.scenario == result.scenario
    assert back.accounts.values == result.accounts.values
    for name, data in datasets(result).items():
        xr.testing.assert_identical(datasets(back)[name], data)
    result.save(folder)  # over an earlier result: replaced
    assert sorted(path.name for path in tmp_path.iterdir()) == ["saved"]


def test_other_peoples_folders_are_left_alone(result: Result, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(OutputError, match="out = "):
        result.save(tmp_path)
    file = tmp_path / "mine.txt"
    with pytest.raises(OutputError, match="a file"):
        result.save(file)
    assert file.read_text() == "precious"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_save_leaves_nothing(result: Result, tmp_path: Path, stop: type[BaseException]) -> None:
    def interrupted() -> None:
        with saving(result, tmp_path / "out") as folder:
            (folder / "half.txt").write_text("half")
            raise stop

    with pytest.raises(stop):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_result_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"result\.json"):
        load(tmp_path)


def test_a_broken_result_is_said_so(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "saved")
    (folder / "result.json").write_text("{")
    with pytest.raises(ScenarioError, match=r"result\.json"):
        load(folder)


@pytest.mark.parametrize("objective", ["tokens", "welfare"])
def test_objectives_serve_what_they_say(result: Result, objective: str) -> None:
    other = gw.run("one-campus", SHORT | {"objective": objective})
    share = result.scenario.asked.operations.peak_block_frac
    hours = np.array([share, 1 - share])  # of the blocks
    served = {
        name: float((r.plan.data.served_tokens_per_s.sum(("period", "use_case")).values * hours).sum())
        for name, r in (("npv", result), ("other", other))
    }
    assert other.accounts.values.npv_usd <= result.accounts.values.npv_usd * (1 + 1e-6)
    if objective == "tokens":
        assert served["other"] >= served["npv"] * (1 - 1e-6)
    else:
        worth = [r.accounts.values for r in (result, other)]
        sums = [v.npv_usd + v.terminal_value_usd - v.penalties_usd + v.social_value_usd for v in worth]
        assert sums[1] >= sums[0] * (1 - 1e-6)
        assert plain(answer_of(other))["checks"]["objective_vs_accounts_rel"] < 1e-6


def test_a_result_whose_question_was_changed_is_refused(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "saved")
    file = folder / "scenario.toml"
    file.write_text(file.read_text().replace('end = "2028Q4"', 'end = "2029Q4"'))
    with pytest.raises(ScenarioError, match=r"scenario\.toml = changed after it was written"):
        load(folder)


def test_a_folder_is_looked_at_before_any_work(tmp_path: Path) -> None:
    """With a job that is cancelled at its first step, nothing else can be said."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "mine.txt").write_text("precious")
    over = {"horizon.report_end": "2026Q4", "horizon.end": "2027Q2"}
    hash_ = load_scenario("one-campus", over).hash
    (tmp_path / f"one-campus-{hash_[:8]}").write_text("a file")
    for job in (
        Job(folder=tmp_path / "theirs", cancelled=lambda: True),
        Job(runs=tmp_path, cancelled=lambda: True),
    ):
        with pytest.raises(OutputError) as caught:
            verbs.ask("run", "one-campus", set=over, job=job)
        assert [(fault.path, fault.asked) for fault in caught.value.faults] == [("out", True)]
    with pytest.raises(Cancelled):
        verbs.ask("run", "one-campus", set=over, job=Job(folder=tmp_path / "new", cancelled=lambda: True))
    assert not (tmp_path / "new").exists()
