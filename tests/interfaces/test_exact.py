"""No command joins arrays but by exact labels, from question to report; each leaves settings as it found them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import linopy
import pytest
import xarray as xr

pytestmark = pytest.mark.as_found
BRIEF = {"horizon.report_end": "2027Q1", "horizon.end": "2027Q2"}
SET = [word for name, value in BRIEF.items() for word in ("--set", f"{name}={value}")]
ALONE = ["--workers", "1"]
MEETINGS = ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "le", "lt", "ge", "gt", "and", "or")

COMMANDS = {
    "run": ["run", "one-campus", *SET, "--json", "--out"],
    "sweep": ["sweep", "one-campus", "--draws", "2", "--vary", "demand", *ALONE, *SET, "--out"],
    "compare": ["compare", "wait-for-rubin", "--scenario", "one-campus", "--futures", "2", *ALONE, *SET, "--out"],
}


@pytest.fixture(autouse=True)
def as_found() -> Iterator[None]:
    """Settings of a user, before and after."""
    with xr.set_options(arithmetic_join="left", keep_attrs=True):
        yield
        found = xr.get_options()
        assert (found["arithmetic_join"], found["keep_attrs"]) == ("left", True)
        assert linopy.options["semantics"] == "legacy"


@pytest.fixture
def meetings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How arrays were joined, each time that two of them met in arithmetic."""
    seen: list[str] = []

    def watched(met: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def meet(one: Any, other: Any) -> Any:
            if isinstance(other, xr.DataArray | xr.Dataset):
                seen.append(xr.get_options()["arithmetic_join"])
            return met(one, other)

        return meet

    for kind in (xr.DataArray, xr.Dataset):
        for name in MEETINGS:
            monkeypatch.setattr(kind, f"__{name}__", watched(getattr(kind, f"__{name}__")))
    return seen


@pytest.fixture
def done(gigawatt: Callable[..., Any]) -> Callable[..., None]:
    """Give a command, which ends well."""

    def ended(*command: str | Path) -> None:
        found = gigawatt(*command)
        assert found.code == 0, found.told

    return ended


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_its_report(name: str, meetings: list[str], done: Callable[..., None], tmp_path: Path) -> None:
    done(*COMMANDS[name], tmp_path / "out")
    assert set(meetings) == {"exact"}


def test_what_a_person_reads(meetings: list[str], done: Callable[..., None], tmp_path: Path) -> None:
    done("run", "one-campus", *SET, "--out", tmp_path / "run")
    done("simulate", tmp_path / "run", "--out", tmp_path / "simulated")
    done("check", "one-campus")
    done("allocate", tmp_path / "run")
    assert set(meetings) == {"exact"}


@pytest.mark.slow
def test_a_hedge(meetings: list[str], done: Callable[..., None]) -> None:
    done("hedge", "one-campus", "--futures", "2", "--decided", "2", *SET)
    assert set(meetings) == {"exact"}


def test_a_question_says_nothing_on_standard_output() -> None:
    """In a process of its own: HiGHS writes its banner once in each."""
    code = f"import gigawatt; gigawatt.run('one-campus', {BRIEF})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == ""
