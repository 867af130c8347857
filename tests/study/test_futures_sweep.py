"""Sweeps: the same numbers for any number of workers, whole batches in the store, and a way to go on from them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import nan
from pathlib import Path
from unittest.mock import patch

import pytest
import xarray as xr

from gigawatt.account.accounts import account
from gigawatt.errors import ScenarioError
from gigawatt.plan import plan
from gigawatt.plan.plan import Plan, quiet
from gigawatt.scenario.load import load
from gigawatt.scenario.schema import Scenario
from gigawatt.study.futures import batches, store, sweep
from gigawatt.study.futures.batches import Group, PlannedCase
from gigawatt.study.futures.budget import Estimate, check_budget, read_budget
from gigawatt.study.futures.question import Asking, check_asking, drawing

FEW = Asking(futures_count=6, workers_count=1, vary=("demand",))


def lived(brief: Scenario, brief_plan: Plan, workers: int, executor: ThreadPoolExecutor | None = None) -> xr.Dataset:
    found: list[xr.Dataset] = []
    batches.run(
        {"a": PlannedCase(scenario=brief, plan=brief_plan)},
        [Group(name="draws", case="a", numbers=range(6), future=drawing(brief, Asking(futures_count=6)))],
        lambda _, table: found.append(table),
        workers_count=workers,
        executor=executor,
        progress=quiet,
    )
    return store.joined(found)


@pytest.fixture(scope="module")
def brief_plan(brief: Scenario) -> Plan:
    return plan.make(brief, with_worth=False)


@pytest.fixture(scope="module")
def alone(brief: Scenario, brief_plan: Plan) -> xr.Dataset:
    return lived(brief, brief_plan, 1)


@pytest.mark.parametrize("workers", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_any_number_of_workers_gives_the_same_numbers(
    brief: Scenario, brief_plan: Plan, alone: xr.Dataset, workers: int
) -> None:
    assert alone.draw.values.tolist() == list(range(6))
    found = lived(brief, brief_plan, workers)
    assert store.digest({"draws": found}) == store.digest({"draws": alone})


def test_any_executor_gives_the_same_numbers(brief: Scenario, brief_plan: Plan, alone: xr.Dataset) -> None:
    with ThreadPoolExecutor(2) as executor:
        assert lived(brief, brief_plan, 2, executor).equals(alone)


@pytest.mark.slow
def test_a_stopped_sweep_goes_on_from_what_is_there(brief: Scenario, tmp_path: Path) -> None:
    """Stopped after its first batches: they are whole, no plan is made again, and the outcome is that of one go."""
    asking = replace(FEW, out=tmp_path / "s")

    def stop(text: str) -> None:
        if "lived through" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), patch.object(batches, "PAUSE_S", 0.0):
        sweep.sweep(brief, asking, stop)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "s").rglob("*.nc")}
    assert len(files) == 3  # two of the plan, one batch
    said: list[str] = []
    found = sweep.sweep(brief, asking, said.append)
    assert not any("stating the plan" in text for text in said)
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert found.digest == sweep.sweep(brief, FEW).digest
    more = sweep.sweep(brief, replace(asking, futures_count=8))
    assert more.table.isel(draw=slice(0, 6)).equals(found.table)


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
    asking = replace(FEW, futures_count=24)
    said: list[str] = []
    found = sweep.sweep(campus, replace(asking, out=folder), said.append)
    assert found.digest == sweep.sweep(campus, asking).digest
    assert not any("of 24 futures" in text for text in said)


def test_a_store_of_another_question_is_refused(brief: Scenario, tmp_path: Path) -> None:
    sweep.sweep(brief, Asking(futures_count=2, workers_count=1, vary=("demand",), out=tmp_path / "s"))
    others = [
        (brief, Asking(futures_count=2, seed=9, vary=("demand",), out=tmp_path / "s"), "seed 1 there, 9 asked"),
        (brief, Asking(futures_count=2, vary=("price",), out=tmp_path / "s"), "vary"),
        (load("one-campus", {"programme.target": "90 MW"}), Asking(futures_count=2, out=tmp_path / "s"), "hash"),
    ]
    before = sorted((tmp_path / "s").rglob("*"))
    for scenario, asking, word in others:
        with pytest.raises(ScenarioError, match=word):
            sweep.sweep(scenario, asking)
    assert sorted((tmp_path / "s").rglob("*")) == before


def test_a_folder_with_other_things_is_refused(brief: Scenario, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ScenarioError, match="a folder with other files"):
        sweep.sweep(brief, Asking(futures_count=2, out=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_broken_batch_is_named(brief: Scenario, tmp_path: Path) -> None:
    asking = Asking(futures_count=2, workers_count=1, vary=("demand",), out=tmp_path / "s")
    sweep.sweep(brief, asking)
    file = next((tmp_path / "s" / "batches" / "draws").glob("*.nc"))
    file.write_bytes(b"not a file of numbers")
    with pytest.raises(ScenarioError, match=file.name):
        sweep.sweep(brief, asking)


def test_what_a_sweep_says(brief: Scenario) -> None:
    """users 17: 25.8 (`run`) and 25.4 (`sweep`, "as stated"): each is told for what it is; and all futures counted."""
    said: list[str] = []
    swept = sweep.sweep(brief, FEW, said.append)
    found = sweep.summary(swept)
    values = account(brief, swept.case.plan).values
    assert found["planned"]["value_usd"] == values.npv_usd + values.terminal_value_usd
    assert found["planned"]["value_usd"] != found["stated"]["value_usd"]
    assert any(text.endswith("(6 of draws, 3 of tornado, 1 of stated)") for text in said)
    assert {"draws", "outputs", "tornado", "first_order", "evpi_usd", "digest"} <= set(found)
    assert found["draws"] == 6
    # users 17: more are lived through than are drawn, and each number says what it counts.
    assert found["lived_count"] == {"draws": 6, "tornado": 3, "stated": 1}
    assert found["first_order"] is None
    assert set(found["evpi_usd"]) == {swing["name"] for swing in found["tornado"]} == {"demand"}
    value = found["outputs"]["value_usd"]
    assert value["p10"] <= value["p50"] <= value["p90"]
    assert found["outputs"]["first_gw_date"] == {"p10": None, "p50": None, "p90": None}
    assert found["stated"]["value_usd"] != value["p50"]


def test_a_quantity_without_a_value_is_no_swing_and_is_said() -> None:
    """faults K17: a hole at one end of one quantity; the others stay, the widest first."""
    values, drawn = [5.0, 4.0, 6.0, nan, 7.0, 1.0, 9.0], [[0.0] * 3] * 7
    table = xr.Dataset({"value_usd": ("draw", values), "drawn": (("draw", "quantity"), drawn)})
    names = ["demand", "price", "throughput"]
    assert [swing.name for swing in sweep._tornado(names, table)] == ["throughput", "demand"]
    (note,) = sweep._no_swing(names, sweep._tornado(names, table))
    assert (note.code, note.path) == ("no_value", "uncertainty.price")
    (hole,) = sweep._holes(table)
    assert hole.text.startswith("Futures of the Saltelli design without a value: 1.")


@pytest.mark.slow
def test_full_indices_on_request(brief: Scenario) -> None:
    asking = Asking(futures_count=2, workers_count=1, vary=("price", "chip_slip"), saltelli_count=4)
    found = sweep.sweep(brief, asking)
    assert found.first_order[0].name == "price"
    assert found.first_order[0].total_frac is not None


@pytest.mark.parametrize(
    ("asking", "path"),
    [
        (Asking(futures_count=0), "--draws"),
        (Asking(futures_count=1, workers_count=0), "--workers"),
        (Asking(futures_count=1, seed=-1), "--seed"),
        (Asking(futures_count=1, saltelli_count=3), "--saltelli"),
        (Asking(futures_count=1, vary=("demnd",)), "--vary"),
        (Asking(futures_count=1, budget="soon"), "--budget"),
        (Asking(futures_count=1, budget="-1"), "--budget"),
        (Asking(futures_count=1, plan_time="12"), "--plan-time"),
    ],
)
def test_what_cannot_be_asked(brief: Scenario, asking: Asking, path: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        check_asking(asking, brief)
    assert [fault.path for fault in caught.value.faults] == [path]


def test_nothing_uncertain_is_nothing_to_sweep() -> None:
    with pytest.raises(ScenarioError, match="at least one quantity"):
        check_asking(Asking(futures_count=1), load("one-campus", {"uncertainty": False, "correlations": False}))


@pytest.mark.parametrize(("budget", "enough"), [("9 min", True), ("8 min", False), ("0.3", True), ("0.2", False)])
def test_a_budget_is_time_on_the_clock_or_of_all_cpus(budget: str, enough: bool) -> None:
    """1,000 futures of 1 s on 2 workers: 8.3 minutes on the clock, 0.28 hours of CPU."""
    cost = Estimate(futures_count=1000, each_s=1.0, workers_count=2)
    if enough:
        check_budget(read_budget(budget), cost)
        return
    with pytest.raises(ScenarioError, match="about 8 min on 2 workers"):
        check_budget(read_budget(budget), cost)
