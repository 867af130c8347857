"""GPU-hours of published training runs, first token to last: predicted over stated, and the band."""

from __future__ import annotations

import numpy as np
import pytest

from gigawatt.catalog.load import get
from gigawatt.study import verbs
from gigawatt.study.validate.score import Validation


@pytest.fixture(scope="module")
def found() -> Validation:
    return verbs.ask("validate runs")


def test_whole_runs_are_neither_too_short_nor_too_long(found: Validation) -> None:
    """reports 4: steps alone were 0.34 to 0.94 of what runs took, every run below 1."""
    ratios = [row.p50 / row.measured for row in found.scored]
    assert len(ratios) == 9
    assert 0.9 <= np.median(ratios) <= 1.1
    assert min(ratios) < 1 < max(ratios)
    assert (found.scores.band_coverage_frac or 0.0) >= 0.7


def test_a_run_that_a_refit_had_not_seen_is_in_the_band_four_times_in_five() -> None:
    known = get("run_calibrations", "as-of-2026")
    assert 0.9 <= known.left_out_median_ratio <= 1.1
    assert known.left_out_band_frac >= 0.75
    assert known.left_out_mape_frac < 0.3
