"""The calibration of power is what its tool makes of the measured rows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog import load

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import fit_power


@pytest.fixture(scope="module")
def task(data_dir: Path) -> fit_power.Problem:
    return fit_power.problem(data_dir / "measurements" / "energy-2026.csv")


def test_a_refit_gives_the_shipped_file(task: fit_power.Problem) -> None:
    shipped = load.load("power_calibrations", "as-of-2026")
    found = fit_power.fit(task, shipped.exponent_ratio)
    for name in fit_power.PRIORS:
        assert getattr(found, name) == pytest.approx(getattr(shipped, name), rel=5e-3, abs=5e-3), name
    for one, other in zip(found.architectures, shipped.architectures, strict=True):
        assert (one.architecture, one.rows_count) == (other.architecture, other.rows_count)
        for name in fit_power.PRIORS:
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=5e-3, abs=5e-3), name
    assert (shipped.rows_count, shipped.parameters_count) == (len(task.cases), found.parameters_count)


def test_errors_on_left_out_models_stand_in_the_file(task: fit_power.Problem) -> None:
    shipped = load.load("power_calibrations", "as-of-2026")
    errors = fit_power.left_out(task, [case.model.id for case in task.cases], shipped.exponent_ratio)
    assert np.mean(np.abs(np.expm1(errors))) == pytest.approx(shipped.left_out_model_mape_frac, rel=0.02)


def test_an_architecture_of_no_rows_is_the_mean(task: fit_power.Problem) -> None:
    hopper = np.array([case.accelerator.architecture == "hopper" for case in task.cases])
    found = fit_power.fit(task.only(hopper), 0.5)
    assert [entry.architecture for entry in found.architectures] == ["hopper"]
    assert np.all(np.isfinite(fit_power.log_errors(task.only(~hopper), found)))


def test_least_squares_hold_at_nothing_what_comes_out_below() -> None:
    left, right = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]]), np.array([3.0, 2.0, 1.0])
    assert fit_power._not_negative(left, right) == pytest.approx([2.0, 0.0])
