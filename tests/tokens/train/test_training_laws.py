"""Laws of training: better machines are never slower, parts sum, nothing talks alone, one case is many cases' first."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import CHIP, DENSE, MODELS, ROUTED, TRAINING

from gigawatt.tokens import Layout, best_training
from gigawatt.tokens.model.sizes import costs, stack, take
from gigawatt.tokens.train.layouts import layout_grid
from gigawatt.tokens.train.memory import least_recompute_frac, memory_bytes
from gigawatt.tokens.train.records import TrainingRun, training_machine
from gigawatt.tokens.train.steps import step_of, step_parts, training_token_flop

LAYOUT = Layout(
    tensor_count=2.0,
    pipeline_count=2.0,
    context_count=1.0,
    data_count=16.0,
    expert_count=8.0,
    chunk_count=1.0,
    micro_batch_count=1.0,
    recompute_frac=0.0,
)
PRECISIONS = ("bf16", "fp8", "mxfp8", "fp4")


def run(model=DENSE, layout=LAYOUT, chip=CHIP, precision="fp8", efficiency=TRAINING):
    return TrainingRun(
        machine=training_machine(chip, precision, efficiency),
        model=costs(model),
        layout=layout,
        habits=efficiency,
        sequence_tokens=8192.0,
        global_batch_tokens=8192.0 * 128,
    )


def time_s(**asked):
    return float(sum(step_parts(run(**asked))))


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(MODELS),
    st.floats(1.0, 8.0),
    st.sampled_from(PRECISIONS),
    st.sampled_from(
        [
            ("bf16_flops", "fp8_flops", "fp4_flops"),
            ("hbm_bandwidth_bytes_per_s",),
            ("scale_up_bandwidth_bytes_per_s",),
            ("nic_bandwidth_bytes_per_s",),
        ]
    ),
    st.floats(0.0, 1.0),
)
def test_a_better_machine_is_never_slower(model, factor, precision, names, sharded):
    layout = replace(LAYOUT, sharded_frac=sharded)
    better = replace(CHIP, **{name: getattr(CHIP, name) * factor for name in names})
    worse_s = time_s(model=model, layout=layout, precision=precision)
    assert time_s(model=model, layout=layout, chip=better, precision=precision) <= worse_s * (1 + 1e-12)


@settings(deadline=None, max_examples=10)
@given(st.sampled_from(MODELS), st.floats(1.0, 4.0))
def test_more_memory_never_lowers_the_best(model, factor):
    larger = replace(CHIP, hbm_capacity_bytes=CHIP.hbm_capacity_bytes * factor)
    best = best_training(CHIP, model, TRAINING, precision="fp8", packages_count=128)
    assert best_training(
        larger, model, TRAINING, precision="fp8", packages_count=128
    ).model_flops >= best.model_flops * (1 - 1e-9)


@given(
    st.sampled_from(MODELS), st.sampled_from(["tensor_count", "pipeline_count", "data_count"]), st.sampled_from([2, 4])
)
def test_more_packages_hold_no_more_each(model, name, factor):
    more = replace(LAYOUT, **{name: getattr(LAYOUT, name) * factor})
    assert memory_bytes(run(model, more)) <= memory_bytes(run(model)) * (1 + 1e-12)


@given(st.sampled_from(MODELS), st.floats(0, 1), st.floats(0, 1))
def test_recomputation_saves_memory_and_takes_time(model, one, other):
    less, more = sorted((one, other))
    assert memory_bytes(run(model, replace(LAYOUT, recompute_frac=more))) <= memory_bytes(
        run(model, replace(LAYOUT, recompute_frac=less))
    )
    assert time_s(model=model, layout=replace(LAYOUT, recompute_frac=more)) >= time_s(
        model=model, layout=replace(LAYOUT, recompute_frac=less)
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_least_recomputation_fills_the_memory(model):
    small = replace(CHIP, hbm_capacity_bytes=memory_bytes(run(model)) / TRAINING.usable_memory_frac * 0.9)
    share = least_recompute_frac(run(model, chip=small))
    assert 0 < share < 1
    filled = memory_bytes(run(model, replace(LAYOUT, recompute_frac=share)))
    assert filled == pytest.approx(TRAINING.usable_memory_frac * small.hbm_capacity_bytes)


def test_spread_weights_take_less_memory_and_talk_more():
    spread = replace(LAYOUT, sharded_frac=1.0)
    assert memory_bytes(run(layout=spread)) < memory_bytes(run())
    assert step_parts(run(layout=spread))[1] > step_parts(run())[1]


def test_without_tensor_parallelism_its_links_do_not_matter():
    alone = replace(LAYOUT, tensor_count=1.0, pipeline_count=1.0, data_count=1.0, expert_count=1.0)
    slow = replace(CHIP, scale_up_bandwidth_bytes_per_s=1.0, nic_bandwidth_bytes_per_s=1.0)
    assert time_s(model=DENSE, layout=alone, chip=slow) == time_s(model=DENSE, layout=alone)


def test_times_scale_with_the_ratio():
    assert time_s(efficiency=replace(TRAINING, time_ratio=1.5)) == pytest.approx(1.5 * time_s())


def test_many_cases_are_each_as_if_alone():
    places = np.array([0, 1, 2, 1])
    machines = stack([training_machine(CHIP, precision, TRAINING) for precision in PRECISIONS])
    layouts = Layout(**{entry.name: np.full(4, float(getattr(LAYOUT, entry.name))) for entry in fields(Layout)})
    many = TrainingRun(
        machine=take(machines, np.arange(4)),
        model=take(stack([costs(model) for model in MODELS]), places),
        layout=layouts,
        habits=TRAINING,
        sequence_tokens=8192.0,
        global_batch_tokens=8192.0 * 128,
    )
    peaks = np.array([1e15, 2e15, 2e15, 4e15])
    together = step_of(many, peaks)
    for n, place in enumerate(places):
        alone = step_of(run(MODELS[place], precision=PRECISIONS[n]), peaks[n])
        for entry in fields(alone):
            assert np.asarray(getattr(together, entry.name))[n] == pytest.approx(getattr(alone, entry.name)), entry.name


def test_model_flops_agree_with_the_blocks():
    from gigawatt.tokens import training_flop

    for model in MODELS:
        assert training_token_flop(costs(model), 8192.0) == pytest.approx(training_flop(model, 8192.0))


def asked(**stated):
    return layout_grid(
        ROUTED, domain_count=8, packages_count=64, global_batch_count=256, sequence_tokens=8192.0, stated=stated
    ).listed()


def test_layouts_multiply_to_the_packages_and_keep_what_is_stated():
    every = asked()
    assert np.all(every.packages_count == 64)
    assert np.all(np.asarray(every.tensor_count) <= 8)
    held = asked(tensor_count=4.0, micro_batch_count=2.0)
    assert set(np.asarray(held.tensor_count)) == {4.0}
    assert set(np.asarray(held.micro_batch_count)) == {2.0}
    assert np.size(asked(tensor_count=128.0).data_count) == 0
