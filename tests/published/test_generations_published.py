"""Vera Rubin beside GB300 as SemiAnalysis measured them on 2026-09-14, against the kernels, which saw none of it.

The bounds are what the kernels reach, with a modest margin, not what one would wish for: the fastest user of GB300 on
TensorRT-LLM is nearly twice as fast as it was measured, and two pools give three to five times the tokens.
"""

from __future__ import annotations

import pytest

from gigawatt.catalog.load import get
from gigawatt.study.validate.generations import FASTEST, WATT, GenerationRow, generations

FOUND = {(row.metric, row.name): row for row in generations()}
TRT, SGL = "Rubin over GB300 on TensorRT-LLM", "Rubin over GB300 on SGLang"


@pytest.mark.parametrize(
    ("key", "most_error"),
    [
        ((WATT, TRT), 0.32),
        ((WATT, SGL), 0.32),
        ((WATT, "Rubin"), 0.12),
        ((WATT, "GB300 on TensorRT-LLM"), 0.30),
        ((WATT, "GB300 on SGLang"), 0.33),
        ((FASTEST, "Rubin"), 0.10),
        ((FASTEST, TRT), 0.45),
        ((FASTEST, "GB300 on TensorRT-LLM"), 0.92),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_one_pool(key: tuple[str, str], most_error: float) -> None:
    error = FOUND[key].error_frac(FOUND[key].one_pool)
    assert error is not None
    assert abs(error) < most_error


@pytest.mark.parametrize(("name", "most_error"), [(TRT, 0.40), (SGL, 0.10)])
def test_ratios_of_two_pools(name: str, most_error: float) -> None:
    row = FOUND[WATT, name]
    error = row.error_frac(row.two_pools)
    assert error is not None
    assert abs(error) < most_error


def test_ratios_are_those_of_the_figures_that_they_are_made_of() -> None:
    for name, other in ((TRT, "GB300 on TensorRT-LLM"), (SGL, "GB300 on SGLang")):
        ratio = FOUND[WATT, "Rubin"].published / FOUND[WATT, other].published
        assert FOUND[WATT, name].published == pytest.approx(ratio, rel=0.001)
    fastest = FOUND[FASTEST, "Rubin"].published / FOUND[FASTEST, "GB300 on TensorRT-LLM"].published
    assert FOUND[FASTEST, TRT].published == pytest.approx(fastest, rel=0.001)


def test_a_package_of_rubin_gives_three_to_four_times_one_of_gb300() -> None:
    """As published; the predicted one is 3.1 and 4.2."""
    watts = get("accelerators", "VR230").all_in_power_w / get("accelerators", "GB300").all_in_power_w
    published, predicted = ([getattr(FOUND[WATT, n], k) * watts for n in (SGL, TRT)] for k in ("published", "one_pool"))
    assert published == pytest.approx([3.25, 4.38], abs=0.02)
    assert min(predicted) > 3
    assert max(predicted) < 4.4


def test_what_cannot_be_served_has_no_error() -> None:
    row = GenerationRow(name="", metric=WATT, unit="", published=2.0, one_pool=3.0, two_pools=None)
    assert row.error_frac(row.one_pool) == pytest.approx(0.5)
    assert row.error_frac(row.two_pools) is None
