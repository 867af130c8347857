"""Who works where: nothing from nothing, nobody beyond what is asked, the plan reproduced where the tide is flat."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lives import Lived

from gigawatt.plan import flows
from gigawatt.simulate import expected, sharing, tide

PERIODS, HOURS = 2, 6


def jobs(seed: int, platforms: int = 3, alike: bool = False) -> tuple[sharing.Jobs, np.ndarray]:
    """Random jobs, two interactive and two flexible, on racks that the plan's own never exceed; and those racks.

    alike: every platform is the same multiple as good at every job.
    """
    draw = np.random.default_rng(seed)
    rate = draw.uniform(0.5, 2, (PERIODS, platforms, 4))
    if alike:
        rate = draw.uniform(0.5, 2, (PERIODS, platforms, 1)) * draw.uniform(0.5, 2, (PERIODS, 1, 4))
    own = draw.uniform(0, 1, (PERIODS, HOURS, platforms, 4)) * draw.integers(0, 2, (PERIODS, 1, platforms, 4))
    flexible = np.array([False, False, True, True])
    capacity = np.einsum("thgj,tgj->thj", own, rate)
    asked = draw.uniform(0, 6, (PERIODS, HOURS, 4))
    asked[..., 2:] = asked[..., 2:].mean(axis=1, keepdims=True)
    promised = np.where(flexible, capacity.mean(axis=1, keepdims=True), draw.uniform(0, 1, (PERIODS, 1, 4)) * asked)
    asked = np.maximum(asked, promised)
    free = own.sum(axis=3) + draw.uniform(0, 2, (PERIODS, 1, platforms)) * draw.integers(0, 2)
    use = sharing.Jobs(
        rate_per_s=rate,
        own_count=own,
        asked_per_s=asked,
        promised_per_s=promised,
        value_usd_per_h=draw.uniform(0, 1, (PERIODS, 4)),
        flexible=flexible,
    )
    return use, free


def done(use: sharing.Jobs, free: np.ndarray) -> np.ndarray:
    return np.einsum("thgj,tgj->thj", sharing.share(use, free), use.rate_per_s)


@given(seed=st.integers(0, 10_000))
def test_no_more_racks_work_than_are_free(seed: int) -> None:
    use, free = jobs(seed)
    work = sharing.share(use, free)
    assert work.min() >= 0
    assert np.all(work.sum(axis=3) <= free * (1 + 1e-12) + 1e-12)


@given(seed=st.integers(0, 10_000))
def test_nobody_gets_more_than_he_asks_for(seed: int) -> None:
    use, free = jobs(seed)
    served = done(use, free)
    assert np.all(served[..., ~use.flexible] <= use.asked_per_s[..., ~use.flexible] * (1 + 1e-9))
    flexible = np.s_[..., use.flexible]
    assert np.all(served[flexible].mean(axis=1) <= use.asked_per_s[flexible].mean(axis=1) * (1 + 1e-9))


@given(seed=st.integers(0, 10_000))
def test_racks_are_idle_only_where_nobody_asks(seed: int) -> None:
    use, free = jobs(seed)
    served, idle = done(use, free), (free - sharing.share(use, free).sum(axis=3)).sum(axis=2)
    short = (use.asked_per_s - served)[..., ~use.flexible].max(axis=2)
    assert np.all((idle < 1e-9) | (short < 1e-9))


@given(seed=st.integers(0, 10_000), more=st.floats(0, 5), platform=st.integers(0, 2))
def test_more_racks_never_serve_less(seed: int, more: float, platform: int) -> None:
    use, free = jobs(seed, alike=True)
    extra = free.copy()
    extra[:, :, platform] += more
    before, after = done(use, free).mean(axis=1), done(use, extra).mean(axis=1)
    assert np.all(after >= before - 1e-9)


@given(seed=st.integers(0, 10_000))
def test_no_racks_serve_nobody(seed: int) -> None:
    use, free = jobs(seed)
    assert not sharing.share(use, np.zeros_like(free)).any()


@given(seed=st.integers(0, 10_000))
def test_the_promise_is_kept_before_anybody_gets_more(seed: int) -> None:
    """Idle racks beyond the promise of one class are never those that another's promise lacks in that hour."""
    use, free = jobs(seed)
    served = done(use, free)
    interactive = ~use.flexible
    lacks = (use.promised_per_s - served)[..., interactive].max(axis=2) > 1e-9
    gains = (served - use.promised_per_s)[..., interactive].max(axis=2) > 1e-9
    assert not np.any(lacks & gains)


def test_the_plan_is_reproduced_where_the_tide_is_flat_within_its_blocks(lived: Lived) -> None:
    """Cross-route agreement: with the planner's two-block tide, every class gets what the plan gives it."""
    plan, availability = lived.plan, lived.scenario.asked.operations.availability_frac
    data = plan.inputs
    _, peak = tide.tide(data, lived.scenario.asked)
    flat = np.where(peak[:, None], *data.block_ratio.transpose("block", "use_case").values[:, None, :])
    flat = np.where(data.interactive.values > 0, flat, 1.0)
    up = expected.fleet(plan.data, availability).up_count.sum(axis=1)
    use = sharing.jobs(plan.data, data, flat, peak, up, availability)
    # The racks of the plan and no others: what it leaves idle would serve more.
    served = done(use, use.own_count.sum(axis=3)).mean(axis=1)
    planned = flows.mean_tokens_per_s(plan.data.served_tokens_per_s, data).transpose("period", "use_case").values
    assert np.allclose(served[:, : data.sizes["use_case"]], planned, rtol=1e-6, atol=1e-6 * planned.max())


def test_the_dearest_class_takes_idle_racks_first() -> None:
    one = np.ones((1, 1, 1, 2))
    use = sharing.Jobs(
        rate_per_s=one[0],
        own_count=0 * one,
        asked_per_s=one[0],
        promised_per_s=one[0],
        value_usd_per_h=np.array([[1.0, 2.0]]),
        flexible=np.array([False, False]),
    )
    assert sharing.share(use, np.full((1, 1, 1), 1.5)).ravel() == pytest.approx([0.5, 1.0])
    other = replace(use, value_usd_per_h=np.array([[2.0, 1.0]]))
    assert sharing.share(other, np.full((1, 1, 1), 1.5)).ravel() == pytest.approx([1.0, 0.5])


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_sharing_leaves_its_arguments_alone(seed: int) -> None:
    use, free = jobs(seed)
    kept = use.own_count.copy(), free.copy()
    sharing.share(use, free)
    assert np.array_equal(kept[0], use.own_count)
    assert np.array_equal(kept[1], free)
