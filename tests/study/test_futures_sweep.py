"""Sweeps: the same numbers for any number of workers, whole batches in the store, and a way to go on from them."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import xarray as xr

from gigawatt.account.accounts import account
from gigawatt.errors import OutputError, ScenarioError
from gigawatt.plan.plan import Plan
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.study import verbs
from gigawatt.study.answer import plain
from gigawatt.study.futures import batches, budget, store, sweep
from gigawatt.study.futures.batches import Group, PlannedCase
from gigawatt.study.futures.budget import FuturesCost, check_budget, read_budget
from gigawatt.study.futures.draws import drawing
from gigawatt.study.futures.question import SweepQuestion
from gigawatt.study.job import Cancelled, Job

QUESTION = SweepQuestion(draws_count=2, workers_count=1, vary=("demand",))


def lived(brief: Scenario, brief_plan: Plan, workers: int, job: Job) -> xr.Dataset:
    found: list[xr.Dataset] = []
    batches.run(
        {"a": PlannedCase(scenario=brief, plan=brief_plan)},
        [Group(name="draws", case="a", numbers=range(4), future=drawing(brief, brief.asked.seed))],
        lambda _, table: found.append(table),
        job,
        workers,
    )
    return store.joined(found)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_any_number_of_workers_gives_the_same_numbers(
    brief: Scenario, brief_plan: Plan, alone: xr.Dataset, workers: int
) -> None:
    """That two of them do, although they are killed, is part of test_futures_workers.py."""
    found = lived(brief, brief_plan, workers, Job())
    assert store.digest({"draws": found}) == store.digest({"draws": alone})


def test_any_executor_gives_the_same_numbers(brief: Scenario, brief_plan: Plan, alone: xr.Dataset) -> None:
    assert alone.draw.values.tolist() == list(range(4))
    with ThreadPoolExecutor(2) as executor:
        assert lived(brief, brief_plan, 2, Job(executor=executor)).equals(alone)


def test_a_sweep_that_is_cancelled_goes_on_from_what_is_there(brief: Scenario, swept: Any, folder: Path) -> None:
    """Left after its first batches: they are whole, and no plan is made again. Asked for more futures, it has those of
    one go, and one more."""
    shutil.rmtree(folder / "batches" / "draws")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.nc")}
    shares: list[float | None] = []

    def told(words: str, share_frac: float | None) -> None:
        assert "stating the plan" not in words
        shares.append(share_frac)

    job = Job(folder=folder, progress=told, cancelled=lambda: any(share is not None for share in shares))
    with pytest.raises(Cancelled), patch.object(batches, "PAUSE_S", 0.0), patch.object(budget, "TOGETHER", 3):
        sweep.sweep(brief, swept.question, job)
    *unknown, first = shares
    assert set(unknown) == {None}
    assert first == pytest.approx(1 / 3)  # of those that the estimate left
    files = {path: path.stat().st_mtime_ns for path in folder.rglob("*.nc")}
    assert len(files) == len(before) + 3  # the estimate's, the batch that was told of, and the next
    found = sweep.sweep(brief, replace(swept.question, draws_count=7), Job(folder=folder))
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert found.draws == 7
    once = found.table.isel(draw=slice(0, 6))
    assert once.equals(swept.found.table)
    assert store.digest({"draws": once}) == swept.found.digest


def test_a_sweep_says_how_much_of_it_is_done(swept: Any) -> None:
    shares = [share for words, share in swept.said if "lived through" in words]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_what_is_lived_through_for_the_estimate_is_kept(swept: Any) -> None:
    """Three of the ten futures tell what they cost, and are no part of what is then left."""
    (words,) = (words for words, share in swept.said if share == 1)
    assert words == "7 of 7 futures lived through, about 0 s left"


@pytest.mark.slow
def test_what_a_kill_leaves_is_whole_and_used(campus: Scenario, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    command = ["sweep", "one-campus", "--draws", "2000", "--workers", "2", "--vary", "demand"]
    whole = [sys.executable, "-m", "gigawatt", *command, "--out", str(folder)]
    run = subprocess.Popen(whole, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while len(list(folder.glob("batches/draws/*.nc"))) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert len(list(folder.glob("batches/draws/[0-9]*.nc"))) >= 2
    question = replace(QUESTION, draws_count=24)
    said: list[str] = []
    found = sweep.sweep(campus, question, Job(folder=folder, progress=lambda words, _: said.append(words)))
    assert found.digest == sweep.sweep(campus, question, Job()).digest
    assert not any("of 24 futures" in words for words in said)


def test_a_store_of_another_question_is_refused(brief: Scenario, folder: Path) -> None:
    others = [
        (brief, replace(QUESTION, seed=9), "seed 1 there, 9 asked"),
        (brief, replace(QUESTION, vary=("price",)), "vary"),
        (brief, replace(QUESTION, replan=True), "replan"),
        (load("one-campus", {"programme.target": "90 MW"}), QUESTION, "hash"),
    ]
    before = sorted(folder.rglob("*"))
    for scenario, question, word in others:
        with pytest.raises(OutputError, match=word):
            sweep.sweep(scenario, question, Job(folder=folder))
    assert sorted(folder.rglob("*")) == before


def test_a_folder_with_other_things_is_refused(brief: Scenario, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="a folder with other files"):
        sweep.sweep(brief, QUESTION, Job(folder=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_what_a_sweep_says(brief: Scenario, brief_plan: Plan, swept: Any) -> None:
    """users 17: 25.8 (`run`) and 25.4 (`sweep`, "as stated"): each is told for what it is; and all futures counted."""
    found, values = swept.found, account(brief, brief_plan).values
    assert found.planned.value_usd == values.npv_usd + values.terminal_value_usd
    assert found.planned.value_usd != found.stated.value_usd
    assert any(words.endswith("(6 of draws, 3 of tornado, 1 of stated)") for words, _ in swept.said)
    assert found.draws == 6
    # users 17: more are lived through than are drawn, and each number says what it counts.
    assert found.lived_count == {"draws": 6, "tornado": 3, "stated": 1}
    assert found.first_order is None
    assert set(found.evpi_usd) == {swing.name for swing in found.tornado} == {"demand"}
    value = found.outputs.value_usd
    assert value.p10 <= value.p50 <= value.p90
    dates = found.outputs.first_gw_date
    assert (dates.p10, dates.p50, dates.p90) == (None, None, None)
    assert found.stated.value_usd != value.p50
    (swing,) = found.tornado
    assert swing.swing_usd == abs(swing.high_value_usd - swing.low_value_usd)
    assert (swing.low, swing.high, swing.unit) == (pytest.approx(0.6), pytest.approx(1.5), "ratio")


def test_the_data_of_a_sweep(swept: Any) -> None:
    """design 7: the fields that other programs rely on."""
    told = plain(swept.found)
    assert set(told) == {
        *("gigawatt", "scenario", "hash", "notes", "seed", "draws", "lived_count", "target_w", "planned", "stated"),
        *("outputs", "middle_value_usd", "tornado", "first_order", "evpi_usd", "evpi_all_usd", "digest"),
    }
    assert set(told["outputs"]["npv_usd"]) == {"p10", "p50", "p90", "mean"}
    assert {note["code"]: note["path"] for note in told["notes"]}["few_draws"] == "draws"


def test_a_quantity_without_a_value_is_no_swing_and_is_said() -> None:
    """faults K17: a hole at one end of one quantity; the others stay, the widest first."""
    values, drawn = [5.0, 4.0, 6.0, nan, 7.0, 1.0, 9.0], [[0.0] * 3] * 7
    table = xr.Dataset({"value_usd": ("draw", values), "drawn": (("draw", "quantity"), drawn)})
    names = ["demand", "price", "throughput"]
    assert [swing.name for swing in sweep._tornado(names, table)] == ["throughput", "demand"]
    note, hole, few = sweep._gaps(names, sweep._tornado(names, table), table, 7)
    assert (note.code, note.path) == ("no_value", "uncertainty.price")
    assert (hole.path, few.path) == ("saltelli", "draws")
    assert hole.text.startswith("Futures of the Saltelli design without a value: 1.")


@pytest.mark.slow
def test_full_indices_on_request(brief: Scenario) -> None:
    question = SweepQuestion(draws_count=2, workers_count=1, vary=("price", "chip_slip"), saltelli_count=4)
    found = sweep.sweep(brief, question, Job())
    assert found.first_order is not None
    assert found.first_order[0].name == "price"
    assert found.first_order[0].total_frac is not None
    assert found.lived_count["saltelli"] == 4 * (2 + 2)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"draws": 0}, "draws"),
        ({"workers": 0}, "workers"),
        ({"seed": -1}, "seed"),
        ({"saltelli": 3}, "saltelli"),
        ({"vary": ["demnd"]}, "vary"),
        ({"budget": "soon"}, "budget"),
        ({"budget": "-1"}, "budget"),
        ({"plan_time": "12"}, "plan_time"),
    ],
)
def test_what_cannot_be_asked(asked: dict[str, Any], path: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        verbs.ask("sweep", "one-campus", **asked)
    assert [(fault.path, fault.asked) for fault in caught.value.faults] == [(path, True)]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        verbs.ask("sweep", "one-campus", draws=0, vary=["demnd", "prices"], budget="soon", seed=-1)
    assert [fault.path for fault in caught.value.faults] == ["draws", "seed", "vary", "vary", "budget"]


def test_nothing_uncertain_is_nothing_to_sweep() -> None:
    with pytest.raises(ScenarioError, match="at least one quantity"):
        verbs.ask("sweep", "one-campus", set={"uncertainty": False, "correlations": False})


@pytest.mark.parametrize(("most", "enough"), [("9 min", True), ("8 min", False), ("0.3", True), ("0.2", False)])
def test_a_budget_is_time_on_the_clock_or_of_all_cpus(most: str, enough: bool) -> None:
    """1,000 futures of 1 s on 2 workers: 8.3 minutes on the clock, 0.28 hours of CPU."""
    cost = FuturesCost(futures_count=1000, each_s=1.0, workers_count=2)
    if enough:
        check_budget(read_budget(most), cost)
        return
    with pytest.raises(ScenarioError, match="about 8 min on 2 workers"):
        check_budget(read_budget(most), cost)
