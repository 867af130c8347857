"""The calibration of training is what its tool makes of the measured rows."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog.load import get

TOOL = Path(__file__).parents[2] / "tools" / "fit_training.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("fit_training", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fit_training"] = module
    spec.loader.exec_module(module)
    return module


def test_the_file_is_what_a_fit_makes_of_the_rows(tool, data_dir):
    found, base = tool.load([data_dir / "measurements" / path.name for path in tool.FILES])
    best = tool.fit(found, np.ones(len(found.rows), dtype=bool), base)
    new, old = tool.finished(found, best, base), get("training_calibrations", tool.CALIBRATION)
    for name in tool.PRIORS:
        assert getattr(new, name) == pytest.approx(getattr(old, name), rel=0.02), name
    assert [(entry.family, entry.name, entry.rows_count) for entry in new.offsets] == [
        (entry.family, entry.name, entry.rows_count) for entry in old.offsets
    ]
    ratios = [entry.time_ratio for entry in (*new.offsets, *new.engines)]
    assert ratios == pytest.approx([entry.time_ratio for entry in (*old.offsets, *old.engines)], rel=0.01)
    assert (new.rows_count, new.parameters_count) == (old.rows_count, old.parameters_count)


def test_a_fit_finds_what_it_was_made_with(tool):
    random = np.linspace(-1, 1, 40)
    members = np.stack([random > 0, random <= 0], axis=1).astype(float)
    truth = np.array([0.3, 0.05, -0.05])

    def errors(values):
        return (random**2 * (values[0] - truth[0]) - members @ (values[1:] - truth[1:])) / tool.SCALE

    found = tool.descend(
        errors, np.zeros(3), tool.Prior(np.zeros(3), np.full(3, 10.0)), members / tool.SCALE, np.ones(40)
    )
    assert found == pytest.approx(truth, abs=1e-3)


def test_a_file_keeps_its_sources(tool):
    text = tool.OUT.read_text(encoding="utf-8")
    calibration = get("training_calibrations", tool.CALIBRATION)
    again = tool.render(calibration, text, tool.Counter({"a": 1}))
    assert again.partition("\n[sources.")[2] == text.partition("\n[sources.")[2]
    assert again.count("[[engines]]") == len(calibration.engines)
