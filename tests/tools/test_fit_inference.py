"""The calibration of inference is what its tool makes of the measured rows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog import load

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import fit_inference


@pytest.mark.slow
def test_a_refit_gives_the_shipped_file(data_dir: Path) -> None:
    shipped = load.get("inference_calibrations", "as-of-2026")
    files = fit_inference.read(data_dir / "measurements")
    cases = [case for group in files.values() for case in group]
    task = fit_inference.problem(cases)
    values = fit_inference.fit(task, np.ones(len(cases), dtype=bool))
    found = fit_inference.calibrated(task.origin, task.bases, values)
    for name in fit_inference.PRIORS:
        assert getattr(found, name) == pytest.approx(getattr(shipped, name), rel=2e-3), name
    assert [one.name for one in found.offsets] == [one.name for one in shipped.offsets]
    for one, other in zip(found.offsets, shipped.offsets, strict=True):
        assert one.time_ratio == pytest.approx(other.time_ratio, rel=2e-3), one.name
    assert [one.name for one in found.states] == [one.name for one in shipped.states]
    for one, other in zip(found.states, shipped.states, strict=True):
        assert one.yearly_time_ratio == pytest.approx(other.yearly_time_ratio, rel=2e-3), one.name
    assert shipped.rows_count == len(cases)
    assert shipped.parameters_count == len(values)


def test_every_parameter_has_a_prior_that_the_record_knows() -> None:
    shipped = load.get("inference_calibrations", "as-of-2026")
    assert all(hasattr(shipped, name) for name in fit_inference.PRIORS)
    assert {offset.family for offset in shipped.offsets} == set(fit_inference.FAMILIES)


def test_what_is_left_out_is_told_of_every_file() -> None:
    shipped = load.get("inference_calibrations", "as-of-2026")
    files = (*fit_inference.FILES, fit_inference.ENERGY_FILE)
    kinds = ("nothing", "pairs", "models", "GPUs", "sources")
    assert [one.name for one in shipped.left_out] == [f"{kind}, {file}" for kind in kinds for file in files]
    assert sum(one.rows_count for one in shipped.left_out[:3]) == shipped.rows_count
