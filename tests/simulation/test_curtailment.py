"""Less power than would be drawn: budgets kept, tiers cut in their order, and nothing changed where there is enough."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt import watts
from gigawatt.simulation import curtailment

STEPS, SITES, TIERS = 5, 2, 4
CURVES = [
    watts.PowerCurve(loss_ratio=loss, exponent_ratio=exponent, least_frac=least)
    for loss, exponent, least in ((0.8, 1.5, 0.5), (0.7, 2.0, 0.4), (1.0, 1.0, 0.6), (0.6, 1.8, 0.5))
]
LEAST_FRAC = np.array([curve.least_frac for curve in CURVES])


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Any]:
    """Power of tiers and of idle racks, some of them nothing, and a budget between nothing and all."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    tier_w = random.uniform(0, 1e7, (STEPS, SITES, TIERS)) * random.integers(0, 2, (STEPS, SITES, TIERS))
    idle_w = random.uniform(0, 1e6, (STEPS, SITES)) * random.integers(0, 2, (STEPS, SITES))
    budget_w = (tier_w.sum(axis=2) + idle_w) * random.uniform(0, 1.2, (STEPS, SITES))
    stopped = random.random((STEPS, SITES, TIERS)) < draw(st.sampled_from([0.0, 0.2]))
    return {"tier_w": tier_w, "idle_w": idle_w, "budget_w": budget_w, "stopped": stopped, "least_frac": LEAST_FRAC}


def kept_w(case: dict[str, Any], slowed: curtailment.Slowed) -> np.ndarray:
    return (case["tier_w"] * slowed.power_frac).sum(axis=2) + case["idle_w"] * slowed.idle_frac


@given(case=wishes())
def test_what_is_kept_is_within_the_budget_and_all_of_it_where_work_lacks_power(case: dict[str, Any]) -> None:
    kept = kept_w(case, curtailment.slow(**case))
    wanted = np.where(case["stopped"], 0.0, case["tier_w"]).sum(axis=2) + case["idle_w"]
    assert kept == pytest.approx(np.minimum(wanted, case["budget_w"]), rel=1e-9, abs=1e-3)


@given(case=wishes())
def test_a_tier_is_cut_only_where_those_before_it_have_stopped(case: dict[str, Any]) -> None:
    slowed = curtailment.slow(**case)
    runs = (case["tier_w"] > 0) & ~case["stopped"]
    cut = runs & (slowed.power_frac < 1 - 1e-9)
    for tier in range(TIERS):
        before = slowed.power_frac[..., :tier] * case["tier_w"][..., :tier]
        assert np.all(before[cut[..., tier]] < 1e-3)
        assert np.all((slowed.idle_frac * case["idle_w"])[cut[..., tier]] < 1e-3)


@given(case=wishes())
def test_without_a_budget_nothing_changes_but_for_what_its_price_stops(case: dict[str, Any]) -> None:
    slowed = curtailment.slow(**case | {"budget_w": np.full((STEPS, SITES), np.inf)})
    assert np.all(slowed.idle_frac == 1)
    assert np.array_equal(slowed.power_frac, np.where(case["stopped"] & (case["tier_w"] > 0), 0.0, 1.0))


@given(case=wishes(), share_frac=st.floats(0, 1))
def test_less_power_never_keeps_more_of_a_tier(case: dict[str, Any], share_frac: float) -> None:
    more, less = (curtailment.slow(**case | {"budget_w": case["budget_w"] * share}) for share in (1, share_frac))
    assert np.all(less.power_frac <= more.power_frac + 1e-12)
    assert np.all(less.idle_frac <= more.idle_frac + 1e-12)


@given(power_frac=st.floats(0, 1))
def test_speeds_are_shares_and_power_buys_them(power_frac: float) -> None:
    power = np.full((1, 1, TIERS), power_frac)
    running, pace = curtailment.speeds(power, CURVES)
    assert np.all((running >= 0) & (running <= 1))
    assert np.all((pace > 0) & (pace <= 1))
    # What runs draws what is left: its racks at the cap, or those that are not stopped at the least cap.
    assert running * np.maximum(power, LEAST_FRAC) == pytest.approx(power, abs=1e-12)


@given(powers=st.lists(st.floats(0, 1), min_size=2, max_size=2).map(sorted))
def test_more_power_never_does_less_work(powers: list[float]) -> None:
    less, more = (np.prod(curtailment.speeds(np.full((1, 1, TIERS), power), CURVES), axis=0) for power in powers)
    assert np.all(less <= more + 1e-12)


def test_by_hand() -> None:
    """One tier of 10 W whose racks stop below 4 W, one of 20 W, and 2 W of idle racks."""
    tiers, idle = np.array([[[10.0, 20.0]]]), np.array([[2.0]])
    expected = {32: (1, 1, 1), 31: (1, 1, 0.5), 27: (0.7, 1, 0), 22: (0.2, 1, 0), 15: (0, 0.75, 0), 0: (0, 0, 0)}
    for budget, (first, second, idle_frac) in expected.items():
        found = curtailment.slow(
            tiers, idle, np.array([[float(budget)]]), np.zeros((1, 1, 2), dtype=bool), np.array([0.4, 0.5])
        )
        assert found.power_frac.ravel() == pytest.approx([first, second])
        assert found.idle_frac.item() == pytest.approx(idle_frac)
    running, pace = curtailment.speeds(np.array([[[0.2, 0.7]]]), CURVES[:2])
    assert running.ravel() == pytest.approx([0.4, 1])
    assert pace[0, 0, 0] == pytest.approx(1 - 0.8 * 0.5**1.5)
