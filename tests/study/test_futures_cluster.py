"""Sweeps on a Dask cluster: the same numbers as at home, though a worker is lost on the way."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import dask
import pytest
import xarray as xr

from gigawatt.errors import ScenarioError
from gigawatt.scenario.schema import Scenario
from gigawatt.study.futures import sweep
from gigawatt.study.futures.cluster import connected
from gigawatt.study.futures.question import SweepQuestion
from gigawatt.study.job import Job

distributed = pytest.importorskip("distributed", reason="needs the extra gigawatt[dask]")


def test_no_scheduler_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gigawatt.study.futures.cluster.TIMEOUT_S", 0.2)
    with pytest.raises(ScenarioError, match="the address of a Dask scheduler"), connected("tcp://127.0.0.1:9"):
        pass


@pytest.mark.parametrize("address", ["127.0.0.1", "tcp://127.0.0.1:9"])
def test_an_address_that_is_refused_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str
) -> None:
    """distributed 2026.8 keeps a default client that could not connect, as long as anybody holds its exception; dask's
    own setting stays as well, and xarray 2026.9 then takes its locks from there."""
    monkeypatch.setattr("gigawatt.study.futures.cluster.TIMEOUT_S", 0.2)
    with pytest.raises(ScenarioError) as held, connected(address):
        pass
    assert dask.config.get("scheduler", None) is None
    with pytest.raises(ValueError, match="No clients found"):
        distributed.default_client()
    xr.Dataset({"a": ("x", [1, 2])}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    del held


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_worker_of_another_version_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gigawatt.study.futures.cluster.here", lambda: "9.9")
    local = {"n_workers": 1, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with (
        distributed.LocalCluster(**local) as cluster,
        pytest.raises(ScenarioError, match=r"workers of version 9\.9"),
        connected(cluster.scheduler_address),
    ):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_lost_worker_changes_nothing(brief: Scenario) -> None:
    question = SweepQuestion(draws_count=40, workers_count=2, vary=("demand", "price"))
    local = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    killed: list[int] = []
    with distributed.LocalCluster(**local) as cluster, connected(cluster.scheduler_address) as found:
        assert found.workers_count == 2

        def kill(words: str, share_frac: float | None) -> None:
            if "lived through" in words and share_frac != 1 and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        job = Job(progress=kill, executor=found.executor, workers_count=found.workers_count)
        far = sweep.sweep(brief, question, job)
    assert killed
    assert far.digest == sweep.sweep(brief, question, Job()).digest
