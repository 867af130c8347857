"""The calibration of serving is what its tool makes of the measured rows."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog import load, records
from gigawatt.study.validate.score import shipped
from gigawatt.study.validate.serving import SERVING, predict

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import fit_serving

KNOWN: records.ServingCalibration = load.load("serving_calibrations", SERVING)
FILES = ("inference.csv", "inference-2026.csv")


@pytest.fixture(scope="module")
def task() -> fit_serving.Problem:
    """The rows that ship, prompts at every speed."""
    return fit_serving.problem([shipped("serving")], KNOWN)


def shipped_values(task: fit_serving.Problem) -> np.ndarray:
    """What the tool would have fitted, by the shipped file."""
    known = {(one.family, one.name): one for one in KNOWN.offsets}
    own = [known[name] for name in task.names]
    ratios = [one.prefill_ratio for one in own], [one.frontend_ratio for one in own]
    return np.log([*ratios[0], *ratios[1], KNOWN.prefill_ratio, KNOWN.frontend_s])


def test_slopes_are_those_of_what_is_minimised(task: fit_serving.Problem) -> None:
    values = shipped_values(task) + 0.05
    rows = np.ones(len(task.cases), dtype=bool)
    for logarithmic in (True, False):
        loss, slope = fit_serving._loss(task, rows, values, logarithmic)
        for place in (0, len(task.names) + 1, -2, -1):
            moved = values.copy()
            moved[place] += 1e-6
            there, _ = fit_serving._loss(task, rows, moved, logarithmic)
            assert (there - loss) / 1e-6 == pytest.approx(slope[place], rel=1e-3, abs=1e-3)


def test_times_between_speeds_are_those_of_the_simulator(task: fit_serving.Problem) -> None:
    """The file's errors are of interpolated times; what `validate serving` says is simulated."""
    ttft, tpot, _ = fit_serving.predicted(task, shipped_values(task))
    simulated = np.log(predict(task.runs, KNOWN))
    assert np.median(np.abs(ttft - simulated[:, 0])) < 0.02
    assert np.median(np.abs(tpot - simulated[:, 1])) < 0.01


def test_a_fit_of_few_rows_stays_near_the_mean_and_is_nearer_to_them(task: fit_serving.Problem) -> None:
    rows = np.ones(len(task.cases), dtype=bool)
    plain = np.zeros(2 * len(task.names) + 2)
    plain[-1] = np.log(fit_serving.FRONTEND_S)
    found = fit_serving.fit(task, rows)
    assert np.median(np.abs(fit_serving._errors(task, found)[0])) < np.median(
        np.abs(fit_serving._errors(task, plain)[0])
    )
    assert np.max(np.abs(found[: len(task.names)])) < 5 * fit_serving.PREFILL_PRIOR


def test_the_same_measurement_twice_is_in_one_part(task: fit_serving.Problem) -> None:
    twice = replace(task, cases=(*task.cases, *task.cases))
    parts = fit_serving.folds(twice, 2)
    assert parts[: len(task.cases)] == parts[len(task.cases) :]
    assert set(parts) == {0, 1}


@pytest.mark.slow
def test_a_refit_gives_the_shipped_file(data_dir: Path) -> None:
    whole = fit_serving.problem([data_dir / "measurements" / name for name in FILES], KNOWN)
    values = fit_serving.fit(whole, np.ones(len(whole.cases), dtype=bool))
    assert (KNOWN.rows_count, KNOWN.parameters_count) == (len(whole.cases), values.size)
    first, each = fit_serving._errors(whole, values)
    told = {one.name: one for one in KNOWN.left_out}
    for name, off in (("nothing, TTFT", first), ("nothing, TPOT", each)):
        assert np.mean(np.abs(np.expm1(off))) == pytest.approx(told[name].mape_frac, rel=0.02)
    assert np.exp(values[-2]) == pytest.approx(KNOWN.prefill_ratio, rel=0.02)
