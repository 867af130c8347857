"""`gigawatt flywheel` from outside: one JSON object, its options, a folder, and a clear error for each mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

KEYS = {
    *("gigawatt", "scenario", "hash", "notes", "company", "elasticities", "backtest", "curves", "settings"),
    *("iterations", "converged", "fixed_point", "files"),
}


def test_the_past_as_json_with_a_folder(gigawatt: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "wheel"
    words = ("--backtest", "--set", "flywheel.users_odds=1", "--out", out)
    found = gigawatt("flywheel", *words, "--json").answer
    assert set(found) == KEYS
    assert found["files"]["folder"] == str(out)
    assert (found["iterations"], found["converged"], found["fixed_point"]) == ([], None, None)
    assert {round(row["predicted"]) for row in found["backtest"] if row["what"] == "weekly users"} == {100_000_000}
    assert ElementTree.parse(out / "charts" / "weekly-users.svg").getroot().tag.endswith("svg")
    assert (out / "tables" / "weekly-users.csv").exists()


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["--damping", "0"], "--damping"),
        (["--damping", "1.5"], "--damping"),
        (["--start", "0"], "--start"),
        (["--backtest", "--fitted-until", "2024-01-01"], "--fitted-until"),
        (["--backtest", "--fitted-until", "yesterday"], "--fitted-until"),
        (["--out", __file__], "--out"),
        (["--set", "flywheel.users_odds=-1"], "flywheel.users_odds"),
        (["one-campus"], "flywheel"),
    ],
)
def test_bad_input_names_its_path(gigawatt: Callable[..., Any], words: list[str], path: str) -> None:
    ended = gigawatt("flywheel", *words, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert list(ended.faults) == [path]
