"""Power caps: the curve and its inverse, the best split, caps on a fleet, and the fit."""

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


class TestFleet:
    def test_racks_by_hand(self) -> None:
        assert watts.racks_within(1e6, 100e3, 1.25, [1.0, 0.8]).tolist() == [8, 10]

    @given(st.floats(1e6, 1e9), st.floats(1e4, 5e5), st.floats(1, 2), st.floats(0.3, 1))
    def test_the_racks_fit_and_one_more_does_not(
        self, limit_w: float, rack_w: float, overhead: float, cap: float
    ) -> None:
        count = watts.racks_within(limit_w, rack_w, overhead, cap)
        assert count * rack_w * overhead * cap <= limit_w * (1 + 1e-8)
        assert (count + 1) * rack_w * overhead * cap > limit_w

    def test_the_cap_keeps_the_racks_within(self) -> None:
        cap = watts.cap_within(1e6, [4, 8, 16], 100e3, 1.25)
        assert cap == pytest.approx([1, 1, 0.5])

    def test_no_cap_is_no_power(self) -> None:
        with pytest.raises(ValueError, match="cap_frac = 0"):
            watts.racks_within(1e6, 1e5, 1.2, 0.0)

    @given(st.lists(st.floats(1, 1000), min_size=1, max_size=20), st.floats(0.05, 1.5))
    def test_the_common_cap_spends_the_budget(self, draws: list[float], share: float) -> None:
        budget = share * sum(draws)
        cap = watts.common_cap(draws, budget)
        held = np.minimum(draws, cap)
        assert held.sum() == pytest.approx(min(budget, sum(draws)))
        assert cap <= max(draws) + 1e-9


class TestFit:
    @pytest.mark.parametrize(("loss", "exponent"), [(0.9, 2.0), (1.2, 1.35), (0.4, 3.0)])
    def test_a_curve_is_found_again(self, loss: float, exponent: float) -> None:
        truth = PowerCurve(loss_ratio=loss, exponent_ratio=exponent, least_frac=0.5)
        power = np.linspace(0.5, 0.95, 8)
        left = watts.performance(truth, power)
        found = watts.fit_curve(power, left, left, np.ones(8), least_frac=0.5)
        assert found.loss_ratio == pytest.approx(loss)
        assert found.exponent_ratio == pytest.approx(exponent)

    def test_a_range_is_met_by_any_value_in_it(self) -> None:
        power = np.array([0.6, 0.8, 0.9])
        left = watts.performance(CURVE, power)
        below, above = np.array([0, 0.05, 0]), np.array([0, 0.01, 0])
        found = watts.fit_curve(power, left - below, left + above, np.ones(3), least_frac=0.4)
        assert watts.performance(found, power[[0, 2]]) == pytest.approx(left[[0, 2]], abs=2e-4)

    @pytest.mark.parametrize("name", CLASSES)
    def test_the_catalog_holds_what_its_points_give(self, name: str) -> None:
        record = get("power_curves", name)
        found = to_watts.refit_power_curve(record)
        assert found.exponent_ratio == pytest.approx(record.exponent_ratio)
        assert found.loss_ratio == pytest.approx(record.loss_ratio, abs=5e-4)

    @pytest.mark.parametrize("name", CLASSES)
    def test_the_catalog_holds_the_curves_of_parts(self, name: str) -> None:
        record = get("power_curves", name)
        found = to_watts.refit_part_curves(record)
        assert [entry.part for entry in record.parts] == list(found)
        for entry in record.parts:
            assert entry.loss_ratio == pytest.approx(found[entry.part].loss_ratio, abs=5e-4)
            assert entry.exponent_ratio == pytest.approx(found[entry.part].exponent_ratio)

    def test_few_points_stay_near_the_common_curve_and_many_leave_it(self) -> None:
        truth = PowerCurve(loss_ratio=1.1, exponent_ratio=1.6, least_frac=0.4)
        power = np.linspace(0.5, 0.95, 30)
        left = watts.performance(truth, power)
        few = watts.fit_curve_near(CURVE, power[-1:], left[-1:], left[-1:], noise_frac=0.02)
        many = watts.fit_curve_near(CURVE, power, left, left, noise_frac=0.005)
        assert few.loss_ratio == pytest.approx(CURVE.loss_ratio, rel=0.05)
        assert many.loss_ratio == pytest.approx(truth.loss_ratio, rel=0.02)
        assert many.exponent_ratio == pytest.approx(truth.exponent_ratio, rel=0.02)

    def test_a_part_without_points_has_the_common_curve(self) -> None:
        record = get("power_curves", "training")
        common, volta = to_watts.power_curve_of(record), to_watts.power_curve_of(record, "v100", "volta")
        assert to_watts.power_curve_of(record, "mi355x", "cdna4") == common
        assert (common.loss_ratio, volta.least_frac) == (record.loss_ratio, record.least_frac)
        assert volta.loss_ratio != common.loss_ratio
