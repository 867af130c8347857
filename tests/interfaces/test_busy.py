"""The same question has the same answer, whatever else the machine does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# What a busy loop may take at most, so that none is left over.
BUSY = "import time\nend = time.monotonic() + 1200\nwhile time.monotonic() < end: pass"


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that do nothing but take a core each."""
    loops = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def answer(folder: Path) -> dict[str, Any]:
    """JSON of `gigawatt run` of the default scenario, without the time that it took and where it was put."""
    command = [sys.executable, "-m", "gigawatt", "run", "--out", str(folder), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder.parent)
    found: dict[str, Any] = json.loads(run.stdout)
    del found["files"], found["solver"]["wall_s"]
    return found


@pytest.mark.slow
def test_a_busy_machine_gives_the_answer_of_an_idle_one(tmp_path: Path) -> None:
    """users 1: another first gigawatt, tranche and claim on a busy machine, for the search ended at a clock."""
    idle = answer(tmp_path / "idle")
    with busy(os.cpu_count() or 2):
        loaded = answer(tmp_path / "loaded")
    assert json.dumps(loaded) == json.dumps(idle)
    assert idle["solver"]["status"] == "optimal"
    assert not [note for note in idle["notes"] if note["code"] in ("time_limit", "work_limit")]
