"""The walk through a year of the ledger: its commands run as they stand, in their order, and come to what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ledger-year.md").read_text(encoding="utf-8")
MW, MILLION = 1e6, 1e6

pytestmark = pytest.mark.slow


def blocks() -> list[str]:
    return re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def shell(command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("year")
    for block in blocks():
        shell(block, folder)
    return folder


def asked(folder: Path, command: str) -> dict[str, Any]:
    return json.loads(shell(f"gigawatt {command} --json", folder))


def test_the_first_two_tranches_are_paid_and_no_third(walked: Path) -> None:
    rows = asked(walked, "ledger status")["milestones"]
    paid = [(row["milestone_w"], row["met"], row["disbursed_usd"]) for row in rows[:3]]
    assert paid == [(20 * MW, True, 200 * MILLION), (40 * MW, True, 200 * MILLION), (60 * MW, False, None)]
    assert rows[0]["approved_by"] == ["ada", "ben"]


def test_what_counts_is_what_the_page_says(walked: Path) -> None:
    evidence = {row["site"]: row for row in asked(walked, "ledger status")["milestones"][0]["evidence"]}
    counted = {site: round(row["counted_w"] / MW, 1) for site, row in evidence.items()}
    assert counted == {"example-campus": 24.2, "example-coast": 4.0, "example-river": 14.7}


def test_the_book_is_proven(walked: Path) -> None:
    proof = asked(walked, "ledger verify")
    assert proof["ok"] is True
    assert proof["first_bad"] is None


def test_a_meter_is_refused_where_the_page_says_so_and_counts_once(walked: Path, tmp_path: Path) -> None:
    took = asked(tmp_path, f"ledger import {walked}/year/facility-meter.csv --kind meter")
    assert f"{took['added'] + took['duplicates'] + len(took['rejected']):,}" == "12,698"
    assert (took["duplicates"], [row["line"] for row in took["rejected"]]) == (1, [5_002, 12_699])
    again = asked(tmp_path, f"ledger import {walked}/year/facility-meter.csv --kind meter")
    assert (again["added"], again["duplicates"]) == (0, took["added"] + 1)


def test_the_plan_that_is_made_anew_starts_from_what_stands(walked: Path) -> None:
    told = json.loads((walked / "replanned" / "summary.json").read_text(encoding="utf-8"))
    assert told["scenario"].startswith("three-sites")
