from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.errors import CalibrationError
from gigawatt.tokens.train.goodput import effective_frac
from gigawatt.tokens.train.whole_runs import (
    Holding,
    Learners,
    Learning,
    RunShare,
    adapter_ratio,
    adapter_tuning_flop,
    asynchronous_update,
    bare_package_hours_count,
    full_tuning_flop,
    run_share_frac,
    synchronous_update,
    training_run,
)

HOLDING = Holding(
    packages_count=1000,
    spare_packages_count=24,
    failures_per_package_h=2e-5,
    it_w=1500.0,
    overhead_ratio=1.2,
    energy_usd_per_wh=5e-5,
    package_usd_per_h=3.0,
)
LEARNING = Learning(
    prompts_count=512,
    samples_count=16,
    prompt_tokens=1000.0,
    response_tokens=9000.0,
    epochs_count=1,
    params_count=40e9,
    scoring_params_count=40e9,
)
LEARNERS = Learners(
    packages_count=256,
    tokens_per_s=3000.0,
    model_flops=4e14,
    tail_ratio=1.5,
    transfer_s=10.0,
    package_usd_per_h=3.0,
)
SHARE = RunShare(
    explained_frac=0.7,
    growth_ratio=0.05,
    middle_package_hours_count=1e6,
    least_package_hours_count=1e5,
    most_package_hours_count=1e7,
)
BAD = [0.0, -1.0, np.nan, np.inf]


def test_a_run_by_hand():
    """1,024 packages at 5e14 and 80 %: 4.096e17 a second, so 10 days are 3.538944e23."""
    run = training_run(HOLDING, run_flop=3.538944e23, model_flops=5e14, goodput_frac=0.8)
    assert run.days_count == pytest.approx(10)
    assert run.package_hours_count == pytest.approx(1024 * 240)
    assert run.it_wh == pytest.approx(1024 * 240 * 1500)
    assert run.facility_wh == pytest.approx(1.2 * run.it_wh)
    assert run.energy_usd == pytest.approx(1024 * 240 * 1500 * 1.2 * 5e-5)
    assert run.packages_usd == pytest.approx(1024 * 240 * 3)
    assert run.usd == pytest.approx(run.energy_usd + run.packages_usd)
    assert run.interruptions_count == pytest.approx(1000 * 240 * 2e-5)


def test_llama_3_405b_took_31_million_package_hours():
    """Model card: 30.84 million hours of H100 for 3.8e25 FLOP; 400 TFLOPS each (table 4), failures as measured."""
    goodput = effective_frac(16384, 1.97e-5, 10.0, 300.0)
    holding = replace(HOLDING, packages_count=16384, spare_packages_count=0, failures_per_package_h=1.97e-5)
    run = training_run(holding, run_flop=3.8e25, model_flops=400e12, goodput_frac=goodput)
    assert run.package_hours_count == pytest.approx(30.84e6, rel=0.1)
    ran = training_run(holding, run_flop=54 * 86400 * 16384 * 4e14, model_flops=4e14, goodput_frac=1.0)
    assert ran.interruptions_count == pytest.approx(419, rel=0.01)


def test_what_is_neither_step_nor_interruption_takes_longer_and_costs_more():
    bare = training_run(HOLDING, run_flop=1e24, model_flops=5e14, goodput_frac=0.8)
    whole = training_run(HOLDING, run_flop=1e24, model_flops=5e14, goodput_frac=0.8, share_frac=0.5)
    for name in ("wall_s", "package_hours_count", "it_wh", "facility_wh", "usd", "interruptions_count"):
        assert getattr(whole, name) == pytest.approx(2 * getattr(bare, name))
    hours = bare_package_hours_count(run_flop=1e24, model_flops=5e14, goodput_frac=0.8)
    assert hours == pytest.approx(bare.package_hours_count)
    with pytest.raises(CalibrationError, match="share = 120 %: expected more than 0 %, at most 100 %, finite"):
        training_run(HOLDING, run_flop=1e24, model_flops=5e14, goodput_frac=0.8, share_frac=1.2)


def test_a_share_grows_with_the_run_between_the_runs_that_were_fitted():
    assert run_share_frac(SHARE, 1e6) == pytest.approx(0.7)
    assert run_share_frac(SHARE, np.array([2e6, 1e7])) == pytest.approx(0.7 * np.array([2, 10]) ** 0.05)
    assert run_share_frac(SHARE, 1.0) == run_share_frac(SHARE, 1e5) < 0.7
    assert run_share_frac(SHARE, 1e12) == run_share_frac(SHARE, 1e7)


def test_a_share_is_never_more_than_all():
    assert run_share_frac(replace(SHARE, explained_frac=1.0), 1e7) == 1.0


def test_runs_broadcast():
    sizes = np.array([1000.0, 2000.0])
    run = training_run(
        replace(HOLDING, packages_count=sizes), run_flop=1e24, model_flops=5e14, goodput_frac=np.array([[0.9], [0.8]])
    )
    assert run.wall_s.shape == run.usd.shape == (2, 2)
    assert (np.diff(run.wall_s, axis=0) > 0).all()
    assert (np.diff(run.wall_s, axis=1) < 0).all()


@settings(deadline=None)
@given(st.floats(1e20, 1e28), st.floats(1e13, 1e16), st.floats(0.01, 1), st.floats(1, 1e6), st.floats(1, 3))
def test_doing_it_with_more_packages_costs_the_same(flop, rate, goodput, count, pue):
    few = replace(HOLDING, packages_count=count, spare_packages_count=0, overhead_ratio=pue)
    many = replace(few, packages_count=2 * count)
    one = training_run(few, run_flop=flop, model_flops=rate, goodput_frac=goodput)
    two = training_run(many, run_flop=flop, model_flops=rate, goodput_frac=goodput)
    assert two.wall_s == pytest.approx(one.wall_s / 2)
    assert two.usd == pytest.approx(one.usd)
    assert two.interruptions_count == pytest.approx(one.interruptions_count)
    assert one.it_wh <= one.facility_wh


def test_adapters_cost_two_thirds():
    assert full_tuning_flop(7e9, 1e9) == pytest.approx(42e18)
    assert adapter_tuning_flop(7e9, 0.0, 1e9) == pytest.approx(28e18)
    assert adapter_ratio(7e9, 0.0) == pytest.approx(2 / 3)
    assert adapter_ratio(7e9, 7e7) == pytest.approx(2 / 3 + 0.01)


def test_an_update_by_hand():
    """8,192 rollouts of 9,000 tokens at 3,000/s are 24,576 package-s; 8e7 tokens of 2·40e9 + 6·40e9 FLOP 65,536."""
    apart = asynchronous_update(LEARNING, LEARNERS)
    assert apart.update_s == pytest.approx((24576 + 65536) / 256 + 10)
    assert apart.generating_frac == pytest.approx(24576 / (24576 + 65536))
    assert apart.package_hours_count == pytest.approx(256 * apart.update_s / 3600)
    assert apart.usd == pytest.approx(3 * apart.package_hours_count)
    assert apart.rollout_usd_per_mtok == pytest.approx(3 / 3600 / 3000 * 1e6)
    together = synchronous_update(LEARNING, LEARNERS)
    assert together.update_s == pytest.approx((1.5 * 24576 + 65536) / 256 + 10)
    assert together.rollout_usd_per_mtok == pytest.approx(1.5 * apart.rollout_usd_per_mtok)


def test_apart_is_together_without_a_tail():
    no_tail = replace(LEARNERS, tail_ratio=1.0)
    apart, together = asynchronous_update(LEARNING, no_tail), synchronous_update(LEARNING, no_tail)
    for entry in fields(apart):
        assert getattr(apart, entry.name) == getattr(together, entry.name)


@settings(deadline=None)
@given(st.floats(0.01, 0.99), st.floats(10, 1e5), st.floats(1e9, 1e12))
def test_no_other_split_is_faster(share, rate, params):
    learning, learners = replace(LEARNING, params_count=params), replace(LEARNERS, tokens_per_s=rate)
    best = asynchronous_update(learning, learners)
    took = best.update_s - LEARNERS.transfer_s
    generate = took * 256 * best.generating_frac
    train = took * 256 - generate
    assert max(generate / (256 * share), train / (256 * (1 - share))) >= took * (1 - 1e-9)


@settings(deadline=None)
@given(st.floats(1, 5), st.floats(1, 100))
def test_more_of_the_work_takes_longer(tail, factor):
    learners = replace(LEARNERS, tail_ratio=tail)
    together = synchronous_update(LEARNING, learners)
    assert together.update_s >= asynchronous_update(LEARNING, learners).update_s
    for name in ("prompts_count", "samples_count", "prompt_tokens", "response_tokens", "epochs_count", "params_count"):
        more = replace(LEARNING, **{name: getattr(LEARNING, name) * factor})
        assert synchronous_update(more, learners).update_s >= together.update_s
    faster = replace(learners, tokens_per_s=LEARNERS.tokens_per_s * factor)
    assert synchronous_update(LEARNING, faster).generating_frac <= together.generating_frac * (1 + 1e-12)


def test_updates_broadcast():
    lengths = np.array([1e3, 1e4, 1e5])
    updates = asynchronous_update(replace(LEARNING, response_tokens=lengths), LEARNERS)
    assert updates.update_s.shape == (3,)
    assert (np.diff(updates.generating_frac) > 0).all()


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", ["run_flop", "model_flops", "goodput_frac"])
def test_bad_runs_are_refused(name, bad):
    good = {"run_flop": 1e24, "model_flops": 5e14, "goodput_frac": 0.9}
    with pytest.raises(CalibrationError, match=name.rsplit("_", 1)[0]):
        training_run(HOLDING, **good | {name: bad})


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize(
    ("record", "call"),
    [
        (HOLDING, lambda record: training_run(record, run_flop=1e24, model_flops=5e14, goodput_frac=0.9)),
        (LEARNING, lambda record: asynchronous_update(record, LEARNERS)),
        (LEARNERS, lambda record: synchronous_update(LEARNING, record)),
    ],
    ids=["holding", "learning", "learners"],
)
def test_bad_fields_are_refused(record, call, bad):
    for entry in fields(record):
        broken = replace(record, **{entry.name: np.array([getattr(record, entry.name), bad])})
        with pytest.raises(CalibrationError):
            call(broken)


def test_all_faults_are_told_together():
    with pytest.raises(CalibrationError) as caught:
        training_run(HOLDING, run_flop=0.0, model_flops=np.nan, goodput_frac=0.9)
    assert [fault.path for fault in caught.value.faults] == ["run", "model"]
    with pytest.raises(CalibrationError, match="goodput = 120 %: expected more than 0 %, at most 100 %, finite"):
        training_run(HOLDING, run_flop=1e24, model_flops=5e14, goodput_frac=1.2)
    with pytest.raises(CalibrationError, match=r"overhead = 0.9: expected at least 1"):
        training_run(replace(HOLDING, overhead_ratio=0.9), run_flop=1e24, model_flops=5e14, goodput_frac=0.9)


@pytest.mark.parametrize("bad", BAD)
def test_bad_tuning_is_refused(bad):
    with pytest.raises(CalibrationError):
        full_tuning_flop(bad, 1e9)
    with pytest.raises(CalibrationError):
        adapter_tuning_flop(1e9, 1e6, bad)
