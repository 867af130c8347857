"""The fit of curves under a power cap: curves are found again, and the catalog holds what its points give."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gigawatt import watts
from gigawatt.catalog import load
from gigawatt.watts import PowerCurve

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import fit_capping

CURVE = PowerCurve(loss_ratio=0.8, exponent_ratio=2.0, least_frac=0.4)


@pytest.mark.parametrize(("loss", "exponent"), [(0.9, 2.0), (1.2, 1.35), (0.4, 3.0)])
def test_a_curve_is_found_again(loss: float, exponent: float) -> None:
    truth = PowerCurve(loss_ratio=loss, exponent_ratio=exponent, least_frac=0.5)
    power = np.linspace(0.5, 0.95, 8)
    left = watts.performance(truth, power)
    found = fit_capping.fit_curve(power, left, left, np.ones(8), least_frac=0.5)
    assert found.loss_ratio == pytest.approx(loss)
    assert found.exponent_ratio == pytest.approx(exponent)


def test_a_range_is_met_by_any_value_in_it() -> None:
    power = np.array([0.6, 0.8, 0.9])
    left = watts.performance(CURVE, power)
    below, above = np.array([0, 0.05, 0]), np.array([0, 0.01, 0])
    found = fit_capping.fit_curve(power, left - below, left + above, np.ones(3), least_frac=0.4)
    assert watts.performance(found, power[[0, 2]]) == pytest.approx(left[[0, 2]], abs=2e-4)


@pytest.mark.parametrize("name", load.ids("power_curves"))
def test_the_catalog_holds_what_its_points_give(name: str) -> None:
    record, (common, *parts) = load.load("power_curves", name), fit_capping.curves(name)
    assert fit_capping.same(*common[1:])
    assert [f"{name} {entry.part}" for entry in record.parts] == [part for part, _, _ in parts]
    for _, found, stated in parts:
        assert fit_capping.same(found, stated)


def test_a_file_with_another_curve_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    other = replace(CURVE, loss_ratio=0.9)
    monkeypatch.setattr(fit_capping, "curves", lambda name: [(name, other, CURVE)])
    assert fit_capping.main() == 1
    assert "loss 0.900, exponent 2.00, but the file 0.800 and 2.00" in capsys.readouterr().out


def test_few_points_stay_near_the_common_curve_and_many_leave_it() -> None:
    truth = PowerCurve(loss_ratio=1.1, exponent_ratio=1.6, least_frac=0.4)
    power = np.linspace(0.5, 0.95, 30)
    left = watts.performance(truth, power)
    few = fit_capping.fit_curve_near(CURVE, power[-1:], left[-1:], left[-1:], noise_frac=0.02)
    many = fit_capping.fit_curve_near(CURVE, power, left, left, noise_frac=0.005)
    assert few.loss_ratio == pytest.approx(CURVE.loss_ratio, rel=0.05)
    assert many.loss_ratio == pytest.approx(truth.loss_ratio, rel=0.02)
    assert many.exponent_ratio == pytest.approx(truth.exponent_ratio, rel=0.02)
