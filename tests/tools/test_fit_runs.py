"""The calibration of whole runs is what its tool makes of the published runs and today's steps."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog.load import get
from gigawatt.readers.whole_run_rows import read_whole_run_rows
from gigawatt.study.validate.runs import read_measured
from gigawatt.study.validate.score import shipped

TOOL = Path(__file__).parents[2] / "tools" / "fit_runs.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("fit_runs", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fit_runs"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def runs():
    found, skipped = read_measured(read_whole_run_rows(shipped("runs")))
    assert not skipped
    return found


def took(run, ratio):
    """A run that took so many times its bare hours."""
    return replace(run, row=replace(run.row, package_hours_count=ratio * run.bare_h))


def test_the_file_is_what_a_fit_makes_of_today_s_steps(tool, runs):
    """Run tools/fit_runs.py after every change of the calibration of steps."""
    assert tool.differs(tool.finished(runs), get("run_calibrations", tool.CALIBRATION)) == []


def test_a_loss_that_all_runs_have_is_found_but_for_what_the_prior_takes(tool, runs):
    found = tool.fit([took(run, 1.5) for run in runs])
    assert found.loss == pytest.approx(np.log(1.5), abs=0.03)
    assert found.growth == pytest.approx(0, abs=1e-6)


def test_a_power_of_size_is_found_and_shrunk_and_never_below_nothing(tool, runs):
    grown = tool.fit([took(run, 2 * (run.bare_h / 1e6) ** -0.1) for run in runs])
    assert 0.05 < grown.growth <= 0.1
    assert tool.fit([took(run, 2 * (run.bare_h / 1e6) ** 0.1) for run in runs]).growth == 0


def test_one_run_that_is_far_off_moves_little(tool, runs):
    plain = tool.fit([took(run, 1.3) for run in runs]).loss
    odd = tool.fit([took(runs[0], 10), *(took(run, 1.3) for run in runs[1:])]).loss
    assert plain < odd < plain + 0.1


def test_few_runs_that_agree_are_no_proof_of_a_narrow_scatter(tool, runs):
    agreeing = tool.finished([took(run, 1.22) for run in runs[:3]])
    assert agreeing.deviation_ratio > tool.SCATTER / 2
    assert agreeing.left_out_mape_frac < 0.05


def test_the_file_is_written_with_the_numbers_that_are_read_from_it(tool):
    known = get("run_calibrations", tool.CALIBRATION)
    text = tool.render(known, tool.OUT.read_text())
    assert text == tool.OUT.read_text()
    with pytest.raises(ValueError, match="rows is 2 times in the file"):
        tool.render(known, f"{text}\nrows = 3\n")
    assert tool.differs(replace(known, rows_count=8), known) == [
        "rows_count is 9 in the file, 8 by a fit to today's steps"
    ]
