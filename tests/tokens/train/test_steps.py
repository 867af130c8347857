from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import CHIP, DENSE, DENSE_BLOCK, MODELS, ROUTED, TRAINING

from gigawatt.errors import CalibrationError
from gigawatt.tokens import Layout, best_training, peak_flops, step, training_flop, training_layouts

PLAIN = Layout(
    tensor_count=1,
    pipeline_count=1,
    context_count=1,
    data_count=1,
    expert_count=1,
    chunk_count=1,
    micro_batch_count=1,
    recompute_frac=0,
)


def one(model=DENSE, layout=PLAIN, chip=CHIP, batch_tokens=8192.0 * 64, precision="bf16"):
    return step(
        chip,
        model,
        layout,
        TRAINING,
        precision=precision,
        sequence_tokens=8192.0,
        global_batch_tokens=batch_tokens,
        packages_count=layout.packages_count,
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_mfu_is_model_flops_over_the_peak(model):
    result = one(model)
    assert result.tokens_per_s == pytest.approx(8192 * 64 / result.step_s)
    assert result.model_flops == pytest.approx(training_flop(model, 8192) * result.tokens_per_s)
    assert result.mfu_frac == pytest.approx(result.model_flops / peak_flops(CHIP, "bf16", inference=False))
    assert 0 < result.mfu_frac < TRAINING.gemm_frac


def test_causes_sum_to_the_step():
    layout = replace(PLAIN, tensor_count=2, pipeline_count=4, data_count=4, expert_count=4, chunk_count=2)
    result = one(ROUTED, layout)
    parts = result.compute_s + result.network_s + result.bubble_s + result.optimizer_s
    assert parts == pytest.approx(result.step_s)
    assert result.network_s > 0
    assert result.bubble_s > 0


def test_one_package_does_not_talk_and_has_no_bubble():
    result = one(ROUTED)
    assert result.network_s == 0
    assert result.bubble_s == 0


def test_bubble_by_hand():
    result = one(layout=replace(PLAIN, pipeline_count=4, chunk_count=2), batch_tokens=8192.0 * 8)
    busy_s = result.step_s - result.bubble_s - result.optimizer_s
    assert result.bubble_s / busy_s == pytest.approx(3 / (2 * 8))


def test_recomputation_costs_time_and_saves_memory():
    again = one(layout=replace(PLAIN, recompute_frac=1))
    assert again.step_s > one().step_s
    assert again.memory_bytes < one().memory_bytes


def test_more_copies_hold_less_state_each():
    assert one(layout=replace(PLAIN, data_count=8)).memory_bytes < one().memory_bytes


def test_one_expert_equals_the_dense_model():
    single = replace(DENSE, blocks=(replace(DENSE_BLOCK, experts_count=1, experts_active_count=1),))
    assert one(single) == one()


def test_wider_experts_are_closer_to_the_dense_rate():
    wide = replace(ROUTED, blocks=tuple(replace(block, ffn_count=2 * block.ffn_count) for block in ROUTED.blocks))
    assert one(wide).mfu_frac > one(ROUTED).mfu_frac


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(MODELS),
    st.floats(1.0, 4.0),
    st.sampled_from(
        ["bf16_flops", "hbm_bandwidth_bytes_per_s", "scale_up_bandwidth_bytes_per_s", "nic_bandwidth_bytes_per_s"]
    ),
)
def test_a_better_machine_is_never_slower(model, factor, name):
    layout = replace(PLAIN, tensor_count=2, pipeline_count=2, data_count=16, expert_count=16)
    better = replace(CHIP, **{name: getattr(CHIP, name) * factor})
    assert one(model, layout, better).step_s <= one(model, layout).step_s * (1 + 1e-12)


def test_layout_must_multiply_to_the_packages():
    with pytest.raises(CalibrationError, match="layout = tensor × pipeline × context × data = 1: expected 2 packages"):
        step(
            CHIP,
            DENSE,
            PLAIN,
            TRAINING,
            precision="bf16",
            sequence_tokens=8192.0,
            global_batch_tokens=8192.0,
            packages_count=2,
        )


def test_batch_must_hold_one_micro_batch_per_copy():
    with pytest.raises(CalibrationError, match=r"global_batch = 0\.5 micro-batches per replica: expected 1 or more"):
        one(layout=replace(PLAIN, data_count=2), batch_tokens=8192.0)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_best_layout_fits_and_is_no_slower_than_any_that_does(model):
    best = best_training(CHIP, model, TRAINING, precision="fp8", packages_count=64)
    layouts = training_layouts(CHIP, model, 64, TRAINING)
    every = step(
        CHIP,
        model,
        layouts,
        TRAINING,
        precision="fp8",
        sequence_tokens=8192.0,
        global_batch_tokens=4e6,
        packages_count=64,
    )
    fits = np.asarray(every.memory_bytes) <= 0.92 * 192e9
    assert best.step.step_s == pytest.approx(np.asarray(every.step_s)[fits].min())
    assert best.step.memory_bytes <= 0.92 * 192e9
    assert best.layout.packages_count == 64
    assert best.model_flops == best.step.model_flops


def test_gangs_that_are_no_power_of_two():
    best = best_training(CHIP, DENSE, TRAINING, precision="fp8", packages_count=100)
    assert best.layout.packages_count == pytest.approx(100)


def test_larger_gangs_of_a_fixed_batch_do_not_gain_utilisation():
    shares = [
        best_training(CHIP, DENSE, TRAINING, precision="fp8", packages_count=n).step.mfu_frac for n in (64, 256, 1024)
    ]
    assert shares == sorted(shares, reverse=True)


def test_model_that_does_not_fit():
    with pytest.raises(
        CalibrationError, match=r"packages = 1: [\d.]+ GB per package for routed: expected at most .* more packages"
    ):
        best_training(CHIP, ROUTED, TRAINING, precision="fp8", packages_count=1)


def test_no_packages_and_no_batch():
    with pytest.raises(CalibrationError, match="packages = 0: expected 1 or more"):
        best_training(CHIP, DENSE, TRAINING, precision="fp8", packages_count=0)
    with pytest.raises(CalibrationError, match="a batch of at least one sequence per copy"):
        best_training(CHIP, DENSE, replace(TRAINING, global_batch_tokens=100.0), precision="fp8", packages_count=8)


def test_precision_that_the_part_lacks():
    with pytest.raises(CalibrationError, match="supports: bf16, fp8"):
        best_training(replace(CHIP, fp4_flops=None), DENSE, TRAINING, precision="fp4", packages_count=8)
