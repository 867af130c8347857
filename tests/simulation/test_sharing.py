"""Who works where: nothing from nothing, nobody beyond what is asked, the plan reproduced where the tide is flat."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lives import Lived

from gigawatt.programme import money
from gigawatt.simulation import racks, sharing, tide

HOURS = 6
SEEDS = st.integers(0, 10_000)


def jobs(seed: int, pairs: int = 3, alike: bool = False) -> tuple[sharing.Jobs, np.ndarray]:
    """Random jobs, two interactive, then two flexible in a tier each, on racks that the plan's own never exceed; and
    those racks.

    alike: every pair is the same multiple as good at every job.
    """
    draw = np.random.default_rng(seed)
    rate = draw.uniform(0.5, 2, (pairs, 4))
    if alike:
        rate = draw.uniform(0.5, 2, (pairs, 1)) * draw.uniform(0.5, 2, 4)
    own = draw.uniform(0, 1, (HOURS, pairs, 4)) * draw.integers(0, 2, (pairs, 4))
    flexible = np.array([False, False, True, True])
    capacity = np.einsum("hpj,pj->hj", own, rate)
    asked = draw.uniform(0, 6, (HOURS, 4))
    asked[:, 2:] = asked[:, 2:].mean(axis=0)
    promised = np.where(flexible, capacity.mean(axis=0), draw.uniform(0, 1, 4) * asked)
    free = own.sum(axis=2) + draw.uniform(0, 2, pairs) * draw.integers(0, 2)
    use = sharing.Jobs(
        rate_per_s=rate,
        own_count=own,
        asked_per_s=np.maximum(asked, promised),
        promised_per_s=promised,
        value_usd_per_h=draw.uniform(0, 1, 4),
        flexible=flexible,
        tiers=(~flexible, np.arange(4) == 2, np.arange(4) == 3),
    )
    return use, free


def done(use: sharing.Jobs, free: np.ndarray) -> np.ndarray:
    return np.einsum("hpj,pj->hj", sharing.share(use, free), use.rate_per_s)


@given(seed=SEEDS)
def test_no_more_racks_work_than_are_free(seed: int) -> None:
    use, free = jobs(seed)
    work = sharing.share(use, free)
    assert work.min() >= 0
    assert np.all(work.sum(axis=2) <= free * (1 + 1e-12) + 1e-12)


@given(seed=SEEDS)
def test_nobody_gets_more_than_he_asks_for(seed: int) -> None:
    use, free = jobs(seed)
    served = done(use, free)
    assert np.all(served[:, ~use.flexible] <= use.asked_per_s[:, ~use.flexible] * (1 + 1e-9))
    over_hours = served[:, use.flexible].mean(axis=0)
    assert np.all(over_hours <= use.asked_per_s[:, use.flexible].mean(axis=0) * (1 + 1e-9))


@given(seed=SEEDS)
def test_racks_are_idle_only_where_nobody_asks(seed: int) -> None:
    use, free = jobs(seed)
    served, idle = done(use, free), (free - sharing.share(use, free).sum(axis=2)).sum(axis=1)
    short = (use.asked_per_s - served)[:, ~use.flexible].max(axis=1)
    assert np.all((idle < 1e-9) | (short < 1e-9))


@given(seed=SEEDS, more=st.floats(0, 5), pair=st.integers(0, 2))
def test_more_racks_never_serve_less(seed: int, more: float, pair: int) -> None:
    use, free = jobs(seed, alike=True)
    extra = free.copy()
    extra[:, pair] += more
    assert np.all(done(use, extra).mean(axis=0) >= done(use, free).mean(axis=0) - 1e-9)


@given(seed=SEEDS)
def test_no_racks_serve_nobody(seed: int) -> None:
    use, free = jobs(seed)
    assert not sharing.share(use, np.zeros_like(free)).any()


@given(seed=SEEDS)
def test_the_promise_is_kept_before_anybody_gets_more(seed: int) -> None:
    """Idle racks beyond the promise of one class are never those that another's promise lacks in that hour."""
    use, free = jobs(seed)
    served = done(use, free)
    lacks = (use.promised_per_s - served)[:, ~use.flexible].max(axis=1) > 1e-9
    gains = (served - use.promised_per_s)[:, ~use.flexible].max(axis=1) > 1e-9
    assert not np.any(lacks & gains)


@given(seed=SEEDS, scarce_frac=st.floats(1e-3, 1))
def test_a_tier_gets_racks_only_where_those_before_it_have_their_promise(seed: int, scarce_frac: float) -> None:
    use, free = jobs(seed)
    work = sharing.share(use, free * scarce_frac)
    served = np.einsum("hpj,pj->hj", work, use.rate_per_s)
    lacks = (use.promised_per_s - served)[:, ~use.flexible].max(axis=1) > 1e-9
    assert np.all(work[lacks][..., use.flexible] < 1e-9)


def test_the_plan_is_reproduced_where_the_tide_is_flat_within_its_blocks(lived: Lived) -> None:
    """Cross-route agreement: with the planner's two-block tide, every class gets what the plan gives it."""
    plan, asked = lived.plan, lived.scenario.asked
    data, at = plan.inputs, racks.pairs(plan)
    _, peak = tide.tide(data, asked)
    flat = np.where(peak[:, None], *data.block_ratio.transpose("block", "use_case").values[:, None, :])
    flat = np.where(data.interactive.values > 0, flat, 1.0)
    stock = money.mean_stock(plan.data.stock_count).transpose("period", "site", "platform").values
    stock = stock[:, at.site, at.platform]
    order = [tier.work for tier in reversed(asked.simulate.tiers)]
    work = sharing.work(plan.data, data, stock, at.platform, asked.operations.availability_frac, order)
    # The racks of the plan and no others: what it leaves idle would serve more.
    quarters = [sharing.jobs(work, period, flat, peak) for period in range(data.sizes["period"])]
    served = np.stack([done(use, use.own_count.sum(axis=2)).mean(axis=0) for use in quarters])
    planned = money.mean_tokens_per_s(plan.data.served_tokens_per_s, data).transpose("period", "use_case").values
    assert np.allclose(served[:, : data.sizes["use_case"]], planned, rtol=1e-6, atol=1e-6 * planned.max())


def one_rack_and_a_half(*value_usd_per_h: float, **changes: object) -> list[float]:
    """Racks of each of two classes that ask for one rack each, where there is one and a half."""
    one = np.ones((1, 1, 2))
    use = sharing.Jobs(
        rate_per_s=one[0],
        own_count=0 * one,
        asked_per_s=one[0],
        promised_per_s=one[0],
        value_usd_per_h=np.array(value_usd_per_h),
        flexible=np.zeros(2, dtype=bool),
        tiers=(np.ones(2, dtype=bool),),
    )
    return sharing.share(replace(use, **changes), np.full((1, 1), 1.5)).ravel().tolist()


def test_the_dearest_class_takes_idle_racks_first() -> None:
    assert one_rack_and_a_half(1.0, 2.0) == pytest.approx([0.5, 1.0])
    assert one_rack_and_a_half(2.0, 1.0) == pytest.approx([1.0, 0.5])


def test_the_tier_that_slows_last_is_served_first_however_cheap() -> None:
    first, second = np.array([True, False]), np.array([False, True])
    assert one_rack_and_a_half(1.0, 2.0, tiers=(first, second)) == pytest.approx([1.0, 0.5])
    assert one_rack_and_a_half(1.0, 2.0, tiers=(second, first)) == pytest.approx([0.5, 1.0])


@settings(max_examples=20)
@given(seed=SEEDS)
def test_sharing_leaves_its_arguments_alone(seed: int) -> None:
    use, free = jobs(seed)
    kept = use.own_count.copy(), free.copy()
    sharing.share(use, free)
    assert np.array_equal(kept[0], use.own_count)
    assert np.array_equal(kept[1], free)
