from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import CHIP, DENSE, DENSE_BLOCK, LATENT, MODELS, ROUTED, SERVING

from gigawatt.tokens import ServingLayout, Transformer, decode, largest_batch_count, prefill, steady_state
from gigawatt.tokens.inference import weight_memory_bytes

ONE = ServingLayout(tensor_count=1, data_count=1, expert_count=1)
SPREAD = ServingLayout(tensor_count=2, data_count=4, expert_count=8)


def state(
    model=DENSE, layout=ONE, batch_count=16.0, chip=CHIP, efficiency=SERVING, input_tokens=1000.0, output_tokens=500.0
):
    return steady_state(
        chip,
        model,
        efficiency,
        layout,
        precision="fp8",
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        batch_count=batch_count,
    )


def test_decode_of_a_small_batch_reads_weights_and_cache_once():
    ideal = replace(
        SERVING,
        memory_frac=1.0,
        activation_passes_ratio=0.0,
        block_latency_s=0.0,
        step_overhead_s=0.0,
    )
    step = decode(CHIP, DENSE, ideal, ONE, precision="fp8", context_tokens=1000.0, batch_count=1.0)
    weights = 32 * (41_943_040 + 3 * 4096 * 14336) + 2 * 4096 * 128256
    cache = 1001 * 32 * 2 * 8 * 128
    assert step.total_s == pytest.approx((weights + cache) / 8e12)
    assert step.compute_s == 0
    assert step.network_s == 0


def test_prefill_is_bound_by_compute():
    fill = prefill(CHIP, DENSE, SERVING, ONE, precision="fp8", input_tokens=16384.0)
    assert fill.compute_s > fill.memory_s > 0


def test_steady_state_is_osl_steps_and_one_prefill_per_request():
    result = state()
    step = decode(CHIP, DENSE, SERVING, ONE, precision="fp8", context_tokens=1250.0, batch_count=16.0)
    fill = prefill(CHIP, DENSE, SERVING, ONE, precision="fp8", input_tokens=1000.0)
    assert result.phases.total_s == pytest.approx(500 * step.total_s + 16 * fill.total_s)
    assert result.tpot_s == pytest.approx(result.phases.total_s / 500)
    assert result.tokens_per_s == pytest.approx(16 * 500 / result.phases.total_s)


def test_per_package_and_per_replica():
    result = state(ROUTED, SPREAD, 64.0)
    assert result.tokens_per_s * 8 * result.tpot_s == pytest.approx(64)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_one_package_does_not_talk(model):
    assert state(model, ONE).phases.network_s == 0


def test_one_expert_equals_the_dense_model():
    single = replace(DENSE, blocks=(replace(DENSE_BLOCK, experts_count=1, experts_active_count=1),))
    assert state(single) == state(DENSE)


def test_spread_of_outputs_lengthens_the_mean_cache():
    spread = replace(SERVING, output_spread_ratio=2.0)
    assert state(efficiency=spread).tpot_s > state().tpot_s
    assert state(efficiency=spread).memory_bytes > state().memory_bytes


def test_memory_and_largest_batch_agree():
    kinds = {"precision": "fp8", "input_tokens": 1000.0, "output_tokens": 500.0}
    most = float(largest_batch_count(CHIP, LATENT, SERVING, SPREAD, **kinds))
    assert state(LATENT, SPREAD, most).memory_bytes == pytest.approx(0.9 * 192e9)


def test_weights_are_spread_and_the_latent_cache_is_not():
    whole = weight_memory_bytes(LATENT, ONE, "fp8")
    eight = weight_memory_bytes(LATENT, ServingLayout(tensor_count=8, data_count=1, expert_count=8), "fp8")
    assert eight == pytest.approx(whole / 8)


def test_arrays_broadcast_over_layouts():
    tensor = np.array([1.0, 2.0, 4.0, 8.0])
    many = state(DENSE, ServingLayout(tensor_count=tensor, data_count=np.ones(4), expert_count=np.ones(4)))
    for index, size in enumerate(tensor):
        one = state(DENSE, ServingLayout(tensor_count=size, data_count=1, expert_count=1))
        assert many.tokens_per_s[index] == pytest.approx(one.tokens_per_s)
        assert many.phases.total_s[index] == pytest.approx(one.phases.total_s)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(MODELS),
    st.floats(8, 4096),
    st.floats(1.0, 4.0),
    st.sampled_from(
        [
            "bf16_flops",
            "fp8_flops",
            "hbm_bandwidth_bytes_per_s",
            "scale_up_bandwidth_bytes_per_s",
            "nic_bandwidth_bytes_per_s",
        ]
    ),
)
def test_a_better_machine_is_never_slower(model: Transformer, batch, factor, name):
    better = replace(CHIP, **{name: getattr(CHIP, name) * factor})
    assert state(model, SPREAD, batch, better).tpot_s <= state(model, SPREAD, batch).tpot_s * (1 + 1e-12)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(MODELS), st.floats(8, 1e4), st.floats(1.0, 8.0))
def test_a_larger_batch_serves_no_less_and_takes_no_less_per_token(model, batch, factor):
    small, large = state(model, SPREAD, batch), state(model, SPREAD, batch * factor)
    assert large.tokens_per_s >= small.tokens_per_s * (1 - 1e-12)
    assert large.tpot_s >= small.tpot_s * (1 - 1e-12)
