"""Whatever is killed at whatever moment, a rerun gives the undisturbed answer and leaves no litter."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gigawatt.study.futures.store import OURS
from gigawatt.study.result import load

SHORT = ["--set", "horizon.report_end=2027Q2", "--set", "horizon.end=2027Q4"]
RUN = ["run", "one-campus", *SHORT, "--out", "out", "--json"]
SWEEP = ["sweep", "one-campus", *SHORT, "--vary", "demand", "--draws", "24", "--workers", "2", "--out", "out", "--json"]
PATIENCE_S = 600.0

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the workers of a process in /proc")


def command(asked: list[str]) -> list[str]:
    return [sys.executable, "-m", "gigawatt", *asked]


def begun(asked: list[str], cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command(asked), cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def answer(asked: list[str], cwd: Path) -> Any:
    done = subprocess.run(command(asked), cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    found.pop("files")
    found.get("solver", {}).pop("wall_s", None)
    return found


def waited(for_what: Callable[[], object], process: subprocess.Popen[Any] | None = None) -> None:
    """Until it is so, or the process has ended: the moment of a kill is a state, not a time."""
    until = time.monotonic() + PATIENCE_S
    while not for_what() and (process is None or process.poll() is None):
        assert time.monotonic() < until
        time.sleep(0.005)


def children(pid: int) -> list[int]:
    return [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def is_gone(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def killed(process: subprocess.Popen[bytes]) -> None:
    """Killed, with every worker gone soon after."""
    below = children(process.pid)
    process.kill()
    process.wait()
    waited(lambda: all(is_gone(child) for child in below))


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], tuple[Any, float]]:
    """The answer of a command that nobody disturbs, and how long it takes [s]."""
    found: dict[str, tuple[Any, float]] = {}

    def undisturbed(asked: list[str]) -> tuple[Any, float]:
        if asked[0] not in found:
            began = time.monotonic()
            told = answer(asked, tmp_path_factory.mktemp("calm"))
            found[asked[0]] = told, time.monotonic() - began
        return found[asked[0]]

    return undisturbed


Calm = Callable[[list[str]], tuple[Any, float]]


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_writes(calm: Calm, tmp_path: Path) -> None:
    """faults K13: at files that it writes, over an earlier result, then run again."""
    assert answer(RUN, tmp_path) == calm(RUN)[0]
    other = [*RUN, "--set", "seed=7"]
    for file in ("plan.nc", "csv"):
        process = begun(other, tmp_path)
        waited(lambda name=file: list(tmp_path.glob(f".gigawatt-part-*/new/{name}")), process)
        killed(process)
        assert load(tmp_path / "out").provenance["seed"] in ("1", "7")
    assert answer(RUN, tmp_path) == calm(RUN)[0]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert load(tmp_path / "out").provenance["seed"] == "1"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_is_killed_at_any_moment(calm: Calm, tmp_path: Path, seed: int) -> None:
    """faults K13: at moments drawn by chance, some of them before anything is written."""
    undisturbed, took_s = calm(RUN)
    chance = random.Random(seed)
    for _ in range(2):
        process = begun(RUN, tmp_path)
        time.sleep(chance.uniform(0.3, 1.1) * took_s)
        killed(process)
    assert answer(RUN, tmp_path) == undisturbed
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert load(tmp_path / "out").provenance["seed"] == "1"


def kept(folder: Path) -> int:
    return len(list(folder.glob("out/batches/*/*.nc")))


def is_tidy(folder: Path) -> bool:
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    return bool(names) and all(OURS.fullmatch(name) for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_sweep_that_is_killed_goes_on(calm: Calm, tmp_path: Path, seed: int) -> None:
    """faults K2, K13: killed while it plans, and after so many batches; what it was doing is done by the next."""
    undisturbed, _ = calm(SWEEP)
    chance = random.Random(seed)
    process = begun(SWEEP, tmp_path)
    waited((tmp_path / "out").exists, process)
    time.sleep(chance.uniform(0.0, 2.0))
    killed(process)
    for count in sorted(chance.sample(range(1, 20), 2)):
        process = begun(SWEEP, tmp_path)
        waited(lambda least=count: kept(tmp_path) >= least, process)
        killed(process)
    assert answer(SWEEP, tmp_path) == undisturbed
    assert is_tidy(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_sweep_whose_workers_are_killed_ends_as_if_they_were_not(calm: Calm, tmp_path: Path, seed: int) -> None:
    """faults K2: workers killed one after the other, at moments drawn by chance; it neither hangs nor changes."""
    undisturbed, _ = calm(SWEEP)
    chance = random.Random(seed)
    process = subprocess.Popen(command(SWEEP), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for count in sorted(chance.sample(range(1, 14), 2)):
        waited(lambda least=count: kept(tmp_path) >= least, process)
        workers = [child for child in children(process.pid) if is_worker(child)]
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)
    out, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, told
    found = json.loads(out)
    found.pop("files")
    assert found == undisturbed
    assert is_tidy(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def is_worker(pid: int) -> bool:
    """Not the process that multiprocessing keeps for shared resources."""
    try:
        return re.search(r"multiprocessing.spawn", Path(f"/proc/{pid}/cmdline").read_text()) is not None
    except OSError:
        return False
