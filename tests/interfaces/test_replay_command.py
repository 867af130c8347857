"""`replay` from outside: its JSON, its files, its faults, and what Ctrl-C leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SERVED = ("--model", "llama-3.1-8b", "--gpu", "h100-sxm", "--tp", "1", "--replicas", "2")
Called = Callable[..., Any]


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    file = tmp_path / "users.csv"
    lines = (f"{250 * n},{300 + n},{20 + n % 50}\n" for n in range(200))
    file.write_text("timestamp_ms,input_length,output_length\n" + "".join(lines))
    return file


def test_it_is_one_object_and_a_folder(gigawatt: Called, trace: Path, tmp_path: Path) -> None:
    limits = ("--ttft", "1s", "--tpot", "50ms", "--find-capacity")
    found = gigawatt("replay", trace, *SERVED, *limits, "--out", tmp_path / "out", "--json").answer
    assert (found["requests"], found["completed"], found["partial"]) == (200, 200, False)
    assert found["capacity_requests_per_s"] > found["requests_per_s"]
    assert Path(found["files"]["report"]).is_file()
    drawn = {file.stem for file in (tmp_path / "out" / "charts").iterdir()}
    assert drawn == {"waits", "requests", "cache", "capacity-ttft", "capacity-tpot"}


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("--replicas", "0"), "--replicas"),
        (("--find-capacity",), "--find-capacity"),
        (("--find-capacity", "--ttft", "1 ms"), "--ttft"),
        (("--model", "llama-3.1-405b"), "--model"),
        (("--routing", "at random"), "--routing"),
    ],
)
def test_bad_input_is_named_as_it_is_typed(gigawatt: Called, trace: Path, words: tuple[str, ...], path: str) -> None:
    ended = gigawatt("replay", trace, *SERVED, *words, "--json")
    assert ended.code == 2
    assert path in ended.faults


def test_a_trace_that_is_not_there_is_named_by_its_place(gigawatt: Called) -> None:
    ended = gigawatt("replay", "absent.csv", *SERVED, "--json")
    assert (ended.code, list(ended.faults)) == (2, ["TRACE"])


def test_an_interruption_leaves_a_partial_summary() -> None:
    """The first Ctrl-C, while requests are replayed: what was done by then, on standard output, and exit code 130."""
    asked = ("azure-conversation-2023", *SERVED, "--replicas", "40", "--requests", "50000000", "--replications", "1")
    command = [sys.executable, "-m", "gigawatt", "replay", *asked, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while "replaying" not in said:
            said = process.stderr.readline()
            assert said
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=300)
    assert process.returncode == 130
    found = json.loads(out)
    assert found["partial"] is True
    assert 0 < found["requests"] < 50_000_000
    assert found["completed"] + found["under_way"] == found["requests"]
