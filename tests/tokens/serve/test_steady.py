from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import CHIP, DENSE, DENSE_BLOCK, LATENT, MODELS, ROUTED, SERVING

from gigawatt.tokens import (
    Drafting,
    ServingLayout,
    Transformer,
    costs,
    decode,
    largest_batch_count,
    machine,
    prefill,
    stack,
    steady_state,
    take,
)
from gigawatt.tokens.serve.drafting import PLAIN, draft_costs
from gigawatt.tokens.serve.steady import weight_memory_bytes


def layout_of(tensor=1, data=1, expert=1, pipeline=1):
    return ServingLayout(tensor_count=tensor, data_count=data, expert_count=expert, pipeline_count=pipeline)


ONE, SPREAD = layout_of(), layout_of(2, 4, 8)
PART = machine(CHIP, "fp8")


def state(
    model=DENSE,
    layout=ONE,
    batch_count=16.0,
    chip=CHIP,
    efficiency=SERVING,
    input_tokens=1000.0,
    output_tokens=500.0,
    drafting=PLAIN,
):
    return steady_state(
        machine(chip, "fp8"),
        costs(model),
        efficiency,
        layout,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        batch_count=batch_count,
        drafting=drafting,
    )


def test_decode_of_a_small_batch_reads_weights_and_cache_once():
    ideal = replace(
        SERVING,
        memory_frac=1.0,
        serial_frac=0.0,
        activation_passes_ratio=0.0,
        block_latency_s=0.0,
        step_overhead_s=0.0,
        request_overhead_s=0.0,
    )
    step = decode(PART, costs(DENSE), ideal, ONE, context_tokens=1000.0, batch_count=1.0)
    weights = 32 * (41_943_040 + 3 * 4096 * 14336) + 2 * 4096 * 128256
    cache = 1001 * 32 * 2 * 8 * 128
    assert step.total_s == pytest.approx((weights + cache) / 8e12)
    assert step.compute_s == 0
    assert step.network_s == 0


def test_prefill_is_bound_by_compute():
    fill = prefill(PART, costs(DENSE), SERVING, ONE, input_tokens=16384.0)
    assert fill.compute_s > fill.memory_s > 0


def test_steady_state_is_osl_steps_and_the_prefill_of_every_request():
    result = state()
    step = decode(PART, costs(DENSE), SERVING, ONE, context_tokens=1250.0, batch_count=16.0)
    fill = prefill(PART, costs(DENSE), SERVING, ONE, input_tokens=1000.0)
    whole = 500 * step.total_s + 16 * (0.8 * fill.total_s + 1e-3)
    assert result.phases.total_s == pytest.approx(whole)
    assert result.tpot_s == pytest.approx((whole - 0.8 * fill.total_s) / 500)
    assert result.tokens_per_s == pytest.approx(16 * 500 / result.phases.total_s)


def alone(model, layout, **lengths):
    lengths = {"input_tokens": 1000.0, "output_tokens": 500.0} | lengths
    return steady_state(PART, costs(model), SERVING, layout, batch_count=1.0, **lengths)


@pytest.mark.parametrize("prompt", [100.0, 8192.0, 100_000.0])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_request_alone_waits_for_nobody(model, prompt):
    """TPOT = (end − first token) / (n − 1), as vllm PR 17802 has it: the step, and what takes in the request."""
    layout = layout_of(tensor=2)
    result = alone(model, layout, input_tokens=prompt)
    fill = prefill(PART, costs(model), SERVING, layout, input_tokens=prompt)
    assert result.tpot_s == pytest.approx(result.step_s + SERVING.admission_s / 500)
    assert result.ttft_s == pytest.approx(fill.total_s)


@pytest.mark.parametrize("ranks", [8, 32, 64])
def test_ranks_schedule_side_by_side(ranks):
    """Sixteen requests a rank take a scheduler the same time however many ranks there are."""
    wide = layout_of(data=ranks, expert=ranks)
    step = decode(PART, costs(ROUTED), SERVING, wide, context_tokens=1250.0, batch_count=16.0 * ranks)
    one = decode(PART, costs(ROUTED), SERVING, layout_of(data=2, expert=2), context_tokens=1250.0, batch_count=32.0)
    hops = 2 * SERVING.hop_latency_s * np.log2(ranks / 2) * costs(ROUTED).layers_count
    assert step.latency_s == pytest.approx(one.latency_s + hops)


def test_a_prefill_on_one_rank_stalls_its_group():
    """Where ranks do not prefill together, more of a group's steps wait for one of them; two ranks less than eight."""
    together, apart = (replace(SERVING, stall_frac=frac) for frac in (0.0, 1.0))
    for ranks in (1, 2, 8):
        layout = layout_of(data=ranks, expert=ranks)
        lengths = {"input_tokens": 1000.0, "output_tokens": 500.0, "batch_count": ranks * 16.0}
        rates = [
            steady_state(PART, costs(ROUTED), efficiency, layout, **lengths).tokens_per_s
            for efficiency in (together, apart)
        ]
        assert (rates[1] < rates[0]) == (ranks > 1)


def test_a_step_takes_no_less_than_its_host():
    slow = replace(SERVING, host_step_s=1.0, host_request_s=0.01)
    step = decode(PART, costs(DENSE), slow, ONE, context_tokens=1250.0, batch_count=16.0)
    assert step.total_s == pytest.approx(1.16)


def test_pages_hold_the_context_so_far_and_a_part_of_what_is_to_come():
    bare, whole = (
        largest_batch_count(
            PART, costs(DENSE), replace(SERVING, reserve_frac=frac), ONE, input_tokens=1000.0, output_tokens=1000.0
        )
        for frac in (0.0, 1.0)
    )
    spread = SERVING.output_spread_ratio * 500
    assert bare / whole == pytest.approx((1000 + spread + 500) / (1000 + spread))


def test_prompts_that_wait_together_share_a_pass():
    alone = prefill(PART, costs(DENSE), SERVING, ONE, input_tokens=100.0)
    shared = prefill(PART, costs(DENSE), SERVING, ONE, input_tokens=100.0, waiting_count=20.0)
    assert shared.total_s < alone.total_s / 2
    long = prefill(PART, costs(DENSE), SERVING, ONE, input_tokens=4 * 8192.0)
    assert long.latency_s == pytest.approx(4 * prefill(PART, costs(DENSE), SERVING, ONE, input_tokens=8192.0).latency_s)


def test_per_package_and_per_replica():
    result = state(ROUTED, SPREAD, 64.0)
    assert result.tokens_per_s * 8 * result.phases.total_s == pytest.approx(64 * 500)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_one_package_does_not_talk(model):
    assert state(model, ONE).phases.network_s == 0


def test_stages_share_the_requests_and_the_weights():
    deep = state(DENSE, layout_of(pipeline=4), 64.0)
    part = state(DENSE, ONE, 16.0)
    assert deep.step_s == pytest.approx(part.step_s)
    assert deep.memory_bytes < part.memory_bytes


def test_drafting_pays_by_what_holds():
    none = Drafting(drafted_count=3, accepted_frac=0.0, model=draft_costs(costs(DENSE), 1))
    most = replace(none, accepted_frac=0.9)
    assert state(drafting=none).tpot_s > state().tpot_s > state(drafting=most).tpot_s


def test_a_draft_is_a_pass_over_the_blocks_that_draft_and_takes_their_memory():
    plain, drafting = state(), Drafting(drafted_count=1, accepted_frac=0.9, model=draft_costs(costs(DENSE), 1))
    deeper = replace(drafting, model=draft_costs(costs(DENSE), 2))
    assert state(drafting=deeper).step_s > state(drafting=drafting).step_s > plain.step_s
    assert state(drafting=deeper).memory_bytes > state(drafting=drafting).memory_bytes > plain.memory_bytes


def test_many_models_and_parts_in_one_call_equal_each_alone():
    parts = [machine(CHIP, precision) for precision in ("bf16", "fp8", "fp4")]
    index = np.array([0, 1, 2, 1])
    models = take(stack([costs(model) for model in MODELS]), index)
    together = steady_state(
        take(stack(parts), index),
        models,
        SERVING,
        SPREAD,
        input_tokens=1000.0,
        output_tokens=500.0,
        batch_count=np.full(4, 64.0),
    )
    for place, which in enumerate(index):
        alone = steady_state(
            parts[which],
            costs(MODELS[which]),
            SERVING,
            SPREAD,
            input_tokens=1000.0,
            output_tokens=500.0,
            batch_count=64.0,
        )
        assert together.tokens_per_s[place] == pytest.approx(float(alone.tokens_per_s))
        assert together.memory_bytes[place] == pytest.approx(float(alone.memory_bytes))


def test_one_expert_equals_the_dense_model():
    single = replace(DENSE, blocks=(replace(DENSE_BLOCK, experts_count=1, experts_active_count=1),))
    assert state(single) == state(DENSE)


def test_spread_of_outputs_lengthens_the_mean_cache():
    spread = replace(SERVING, output_spread_ratio=2.0)
    assert state(efficiency=spread).tpot_s > state().tpot_s


def test_memory_and_largest_batch_agree():
    kinds = {"input_tokens": 1000.0, "output_tokens": 500.0}
    most = float(largest_batch_count(PART, costs(LATENT), SERVING, SPREAD, **kinds))
    assert state(LATENT, SPREAD, most).memory_bytes == pytest.approx(0.9 * 192e9)


def test_weights_are_spread_and_the_latent_cache_is_not():
    whole = weight_memory_bytes(PART, costs(LATENT), ONE)
    eight = weight_memory_bytes(PART, costs(LATENT), layout_of(8, 1, 8))
    assert eight == pytest.approx(whole / 8)


def test_arrays_broadcast_over_layouts():
    tensor = np.array([1.0, 2.0, 4.0, 8.0])
    many = state(DENSE, layout_of(tensor, np.ones(4), np.ones(4), np.ones(4)))
    for index, size in enumerate(tensor):
        one = state(DENSE, layout_of(size))
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
