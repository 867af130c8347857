"""Power caps: the curve, and work that memory and matrix units bind in turn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt import watts
from gigawatt.catalog import to_watts
from gigawatt.catalog.load import get, ids
from gigawatt.watts import PowerCurve

CURVE = PowerCurve(loss_ratio=0.8, exponent_ratio=2.0, least_frac=0.4)
CLASSES = ids("power_curves")
curves = st.builds(
    PowerCurve,
    loss_ratio=st.floats(0.01, 1),
    exponent_ratio=st.floats(1.05, 4),
    least_frac=st.floats(0.1, 0.9),
)


def test_by_hand() -> None:
    assert watts.performance(CURVE, [1, 0.5, 0.4, 0.1]) == pytest.approx([1, 0.8, 0.712, 0.712])


@pytest.mark.parametrize("name", CLASSES)
def test_shipped_curves_rise_to_one_and_are_concave(name: str) -> None:
    curve = to_watts.power_curve_of(get("power_curves", name))
    power = np.linspace(float(curve.least_frac), 1, 200)
    left = watts.performance(curve, power)
    assert left[-1] == 1
    assert (np.diff(left) > 0).all()
    assert (np.diff(left, 2) <= 1e-12).all()
    assert (left >= power).all(), "a cap never costs more than its share of the power"


def test_training_loses_more_than_inference() -> None:
    power = np.linspace(0.55, 0.99, 20)
    left = {name: watts.performance(to_watts.power_curve_of(get("power_curves", name)), power) for name in CLASSES}
    assert (left["training"] < left["inference"]).all()


@given(curves, curves, st.floats(0, 1), st.floats(0, 1))
def test_mixed_work_lies_between_its_kinds(one: PowerCurve, other: PowerCurve, power: float, share: float) -> None:
    mixed = watts.mixed_performance(one, other, power, share)
    ends = [float(watts.performance(curve, power)) for curve in (one, other)]
    assert min(ends) * (1 - 1e-12) <= mixed <= max(ends) * (1 + 1e-12)
    assert watts.mixed_performance(one, other, power, 0) == pytest.approx(ends[0])
    assert watts.mixed_performance(one, other, power, 1) == pytest.approx(ends[1])


def test_mixed_work_by_hand() -> None:
    """Half of the time slows to 0.8 and half to 0.5: 1 / (0.5 / 0.8 + 0.5 / 0.5)."""
    steep = PowerCurve(loss_ratio=2.0, exponent_ratio=2.0, least_frac=0.4)
    assert watts.mixed_performance(CURVE, steep, 0.5, 0.5) == pytest.approx(1 / 1.625)


@given(curves, st.floats(0, 1), st.floats(0, 1))
def test_more_power_is_never_slower(curve: PowerCurve, one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert watts.performance(curve, low) <= watts.performance(curve, high)


def test_one_call_serves_several_classes() -> None:
    both = PowerCurve(
        loss_ratio=np.array([0.8, 1.2]), exponent_ratio=np.array([2.0, 1.5]), least_frac=np.array([0.4, 0.5])
    )
    assert watts.performance(both, np.array([[0.5], [1.0]])) == pytest.approx(
        np.array([[0.8, 1 - 1.2 * 0.5**1.5], [1.0, 1.0]])
    )


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (PowerCurve(loss_ratio=0.0, exponent_ratio=2.0, least_frac=0.5), "loss_ratio = 0"),
        (PowerCurve(loss_ratio=0.5, exponent_ratio=0.9, least_frac=0.5), "exponent_ratio = 0.9"),
        (PowerCurve(loss_ratio=2.0, exponent_ratio=1.0, least_frac=0.4), "least_frac = 0.4"),
        (PowerCurve(loss_ratio=np.nan, exponent_ratio=2.0, least_frac=0.5), "loss_ratio = nan"),
    ],
)
def test_curves_that_cannot_be_are_refused(curve: PowerCurve, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        watts.performance(curve, 1)


@pytest.mark.parametrize("power", [-0.1, 1.1, np.nan])
def test_powers_that_cannot_be_are_refused(power: float) -> None:
    with pytest.raises(ValueError, match="power_frac"):
        watts.performance(CURVE, power)


def test_a_part_without_points_has_the_common_curve() -> None:
    record = get("power_curves", "training")
    common, volta = to_watts.power_curve_of(record), to_watts.power_curve_of(record, "v100", "volta")
    assert to_watts.power_curve_of(record, "mi355x", "cdna4") == common
    assert (common.loss_ratio, volta.least_frac) == (record.loss_ratio, record.least_frac)
    assert volta.loss_ratio != common.loss_ratio
