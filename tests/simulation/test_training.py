"""Training runs as gangs: placed as planned where racks stand, waiting below their least, one run before the next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lives import Lived, by_hour, quarters

from gigawatt import tokens
from gigawatt.programme import money
from gigawatt.simulation import racks, training

SEEDS = st.integers(0, 10_000)


def gangs(*held_count: float, least_frac: float = 0.5) -> training.Gangs:
    """Runs that hold so many racks of one pair in one quarter."""
    held = np.array([[held_count]])
    return training.Gangs(
        racks_count=held, gangs_count=np.ones_like(held), rack_flops=np.ones_like(held), least_frac=least_frac
    )


def working(of: training.Gangs, *up_count: float) -> list[list[float]]:
    """Racks at work of each run, hour by hour."""
    return training.working(of, 0, np.array(up_count)[:, None])[:, 0].tolist()


def test_a_gang_shrinks_with_what_is_up_and_waits_below_its_least() -> None:
    assert working(gangs(10.0), 12, 10, 7, 5, 4.9, 0) == [[10], [10], [7], [5], [0], [0]]
    assert working(gangs(10.0, least_frac=0.9), 9, 8.9) == [[9], [0]]


def test_runs_share_a_pair_in_their_order() -> None:
    assert working(gangs(10.0, 6.0), 20, 16, 14, 12, 8, 4) == [[10, 6], [10, 6], [10, 4], [10, 0], [8, 0], [0, 4]]


@given(seed=SEEDS)
def test_gangs_never_hold_more_than_is_up_or_than_they_want(seed: int) -> None:
    draw = np.random.default_rng(seed)
    held = draw.uniform(0, 10, (1, 4, 3))
    of = training.Gangs(racks_count=held, gangs_count=held, rack_flops=held, least_frac=draw.uniform(0, 1))
    up = draw.uniform(0, 30, (6, 4))
    found = training.working(of, 0, up)
    assert found.min() >= 0
    assert np.all(found.sum(axis=2) <= up * (1 + 1e-12))
    assert np.all(found <= held)
    assert np.all((found == 0) | (found >= of.least_frac * held * (1 - 1e-12)))


@given(seed=SEEDS)
def test_racks_of_runs_are_placed_as_planned_where_racks_stand(seed: int) -> None:
    """All of them while their platform has room, on no more racks than a pair has, largest pairs first."""
    draw = np.random.default_rng(seed)
    platform = np.array([0, 1, 0, 1, 0])
    stock = draw.uniform(0, 100, (3, 5)).round()
    room = np.stack([stock[:, platform == of].sum(axis=1) for of in range(2)], axis=1)
    planned = room[..., None] * draw.dirichlet(np.ones(3), (3, 2))[..., :2] * draw.uniform(0, 1)
    placed = training._placed(planned, platform, stock)
    assert placed.min() >= 0
    assert np.all(placed.sum(axis=2) <= stock * (1 + 1e-12))
    for of in range(2):
        assert placed[:, platform == of].sum(axis=1) == pytest.approx(planned[:, of], abs=1e-9)
        taken, there = placed[:, platform == of].sum(axis=2), stock[:, platform == of]
        for used, most in zip(taken, there, strict=True):
            order = np.argsort(-most, kind="stable")
            full = used[order] >= most[order] - 1e-9
            # After the first pair with room to spare, no other is touched.
            assert not np.any(used[order][1:][~np.logical_and.accumulate(full)[:-1]] > 1e-9)


def test_gangs_hold_the_working_racks_of_the_plan(with_research: Lived) -> None:
    plan, scenario = with_research.plan, with_research.scenario
    at = racks.pairs(plan)
    stock = money.mean_stock(plan.data.stock_count).transpose("period", "site", "platform").values
    of = training.gangs(scenario, plan, at, stock[:, at.site, at.platform])
    planned = plan.data.train_count.sum("platform").values * scenario.asked.operations.availability_frac
    assert planned.max() > 0
    assert of.racks_count.sum(axis=1) == pytest.approx(planned, rel=1e-9)
    packages = of.racks_count * at.packages_count[:, None]
    most = plan.inputs.run_gang_count.values
    assert np.all(packages <= of.gangs_count * most * (1 + 1e-12))
    assert np.all(packages[of.gangs_count > 1] > ((of.gangs_count - 1) * most)[of.gangs_count > 1])


def test_a_gang_does_what_the_plan_counts_with_less_what_its_own_size_loses(with_research: Lived) -> None:
    """In representative weeks: the plan's operations over the goodput of the largest gang, times that of this one; both
    are means over quarters, one by operations and one by racks."""
    plan, operations = with_research.plan, with_research.scenario.asked.operations
    summary = with_research.timeline.summary
    row = next(row for row in summary.plan_vs_sim if row.item == "training: small")
    largest = tokens.effective_frac(
        plan.inputs.run_gang_count.values,
        operations.package_failures_per_h,
        operations.checkpoint_s,
        operations.restart_s,
    )
    assert row.simulated / row.plan == pytest.approx(summary.goodput_frac / largest.item(), rel=1e-4)


def test_gangs_walked_through_faults_do_what_is_expected_of_them(with_research: Lived) -> None:
    """Every hour of all quarters that train, against their representative weeks."""
    trains = np.flatnonzero(with_research.plan.data.train_count.sum(["platform", "run"]).values)
    found = by_hour(with_research, quarters(with_research, trains[0], trains[-1] + 1)).summary
    mean = with_research.timeline.summary
    assert found.goodput_frac == pytest.approx(mean.goodput_frac, abs=0.002)
    assert found.goodput_frac < 1
