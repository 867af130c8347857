"""The accuracy page's part about energy: its bars are those that were set, and each says whether it is reached."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import accuracy_energy

from gigawatt.catalog import load
from gigawatt.study.validate.energy import POWER, validate_energy
from gigawatt.study.validate.score import shipped


def test_bars_and_text() -> None:
    power = load.load("power_calibrations", POWER)
    bars = accuracy_energy.bars(validate_energy(shipped("energy")), power)
    named = {title: (value, reached(value), bar) for title, value, reached, bar in bars}
    assert named["mean error, at the measured throughput"][1:] == (True, "≤ 20 %")
    assert named["the same, model left out"][0] == power.left_out_model_mape_frac
    assert [bar for _, _, bar in named.values()][:2] == ["≤ 30 %", "≤ 20 %"]
    assert f"u^{power.exponent_ratio:g}" in accuracy_energy.text(power)
