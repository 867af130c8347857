"""The accuracy page's part about serving: its bars are those that were set, and each says whether it is reached."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import accuracy_serving

from gigawatt.catalog import load
from gigawatt.study.validate.score import shipped
from gigawatt.study.validate.serving import SERVING, validate_serving


def test_bars_and_text() -> None:
    known = load.load("serving_calibrations", SERVING)
    found = validate_serving(shipped("serving"))
    bars = {title: (value, reached(value), bar) for title, value, reached, bar in accuracy_serving.bars([found], known)}
    assert [bar for _, _, bar in bars.values()] == ["≤ 25 %", "≤ 15 %", "≤ 15 %"] * 2
    closed = found.also["ttft_closed"]
    assert closed is not None
    assert np.isclose(bars["closed loops: mean error of TTFT"][0], closed.mape_frac)
    assert np.isclose(bars["closed loops: median error of TTFT"][0], closed.median_frac)
    assert f"{known.prefill_ratio:.2f} times as long" in accuracy_serving.text(known)
