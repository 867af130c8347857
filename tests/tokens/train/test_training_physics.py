"""Every term of a training step by itself: which way it goes, and what it comes to where it must vanish."""

from dataclasses import astuple, replace

import numpy as np
import pytest
from machines import CHIP, DENSE, ROUTED, TRAINING

from gigawatt.tokens import Layout
from gigawatt.tokens.model.roofline import REFERENCE_W_PER_FLOPS, torus_hops_count
from gigawatt.tokens.model.sizes import costs
from gigawatt.tokens.train.layouts import layout_grid
from gigawatt.tokens.train.memory import memory_bytes, training_memory
from gigawatt.tokens.train.network import block_network_s, data_s, domains_count
from gigawatt.tokens.train.records import TrainingRun, training_machine
from gigawatt.tokens.train.steps import CHUNK_COUNT, step_of, training_token_flop, uneven_ratio

ONE = Layout(
    tensor_count=1.0,
    pipeline_count=1.0,
    context_count=1.0,
    data_count=8.0,
    expert_count=1.0,
    chunk_count=1.0,
    micro_batch_count=1.0,
    recompute_frac=0.0,
)


def run(model=DENSE, *, chip=CHIP, sequence_tokens=8192.0, habits=TRAINING, precision="bf16", **layout):
    return TrainingRun(
        machine=training_machine(chip, precision, habits),
        model=costs(model),
        layout=replace(ONE, **layout),
        habits=habits,
        sequence_tokens=sequence_tokens,
        global_batch_tokens=sequence_tokens * 64,
    )


def with_habits(**change):
    return replace(TRAINING, **change)


def compute_s(found):
    return float(step_of(found, 1e15).compute_s)


def test_experts_of_one_rank_are_never_uneven():
    for model in (DENSE, ROUTED):
        found = run(model)
        assert all(uneven_ratio(found, block) == 1 for block in found.model.blocks)


def test_more_expert_ranks_are_more_uneven_and_even_software_is_not():
    loads = []
    for ranks in (2.0, 8.0, 32.0):
        found = run(ROUTED, expert_count=ranks, data_count=32.0)
        loads.append(float(uneven_ratio(found, found.model.blocks[-1])))
    assert 1 < loads[0] < loads[1] < loads[2]
    forced = run(ROUTED, habits=with_habits(uneven_ratio=0.0), expert_count=32.0, data_count=32.0)
    assert uneven_ratio(forced, forced.model.blocks[-1]) == 1


def test_the_busiest_rank_is_the_largest_of_sums_of_loads():
    """Against draws: independent expert loads, the largest of the ranks' sums over the mean."""
    experts, ranks, deviation = 64, 16, 0.2
    draws = 1 + deviation * np.random.default_rng(1).standard_normal((4000, ranks, experts // ranks))
    largest = draws.mean(axis=2).max(axis=1).mean()
    found = run(ROUTED, habits=with_habits(uneven_ratio=deviation), expert_count=float(ranks), data_count=16.0)
    block = replace(found.model.blocks[-1], experts_count=float(experts))
    assert float(uneven_ratio(found, block)) - 1 == pytest.approx(largest - 1, rel=0.35)


def test_tokens_in_vain_cost_where_experts_are_many_and_tokens_few():
    def waste_s(**layout):
        padded = run(ROUTED, habits=with_habits(tile_count=200.0), **layout)
        exact = run(ROUTED, habits=with_habits(tile_count=0.0), **layout)
        return compute_s(padded) / compute_s(exact) - 1

    assert waste_s(expert_count=1.0) > waste_s(expert_count=8.0) > 0
    assert waste_s(micro_batch_count=1.0) > waste_s(micro_batch_count=4.0)


def test_context_that_waits_costs_attention_alone_and_nothing_in_one_rank():
    waiting, ready = with_habits(context_waste_ratio=1.0), with_habits(context_waste_ratio=0.0)
    assert compute_s(run(habits=waiting)) == pytest.approx(compute_s(run(habits=ready)))
    long = {"sequence_tokens": 131072.0, "context_count": 8.0}
    slow, fast = compute_s(run(habits=waiting, **long)), compute_s(run(habits=ready, **long))
    assert fast < slow < (2 - 1 / 8) * fast


def test_keys_travel_by_card_once_context_ranks_leave_their_domain():
    near = run(sequence_tokens=131072.0, context_count=8.0)
    far = run(sequence_tokens=131072.0, context_count=8.0, tensor_count=8.0)
    blocks = near.model.blocks[0], far.model.blocks[0]
    alone = run(sequence_tokens=131072.0, tensor_count=8.0)
    context_s = float(block_network_s(far, blocks[1], 1.0)) - float(block_network_s(alone, blocks[1], 1.0)) / 8
    shards = min(8.0, float(blocks[1].shards_count))
    assert context_s * shards > float(block_network_s(near, blocks[0], 1.0))


def test_tensor_ranks_beyond_the_key_heads_copy_them():
    few, many = (run(context_count=8.0, tensor_count=tensor) for tensor in (1.0, 8.0))
    block = replace(few.model.blocks[0], shards_count=2.0)
    whole = replace(block, shards_count=8.0)
    assert float(block_network_s(many, block, 1.0)) > float(block_network_s(many, whole, 1.0))
    assert float(block_network_s(few, block, 1.0)) == pytest.approx(float(block_network_s(few, whole, 1.0)))


def test_a_switch_is_one_link_and_a_torus_is_more_the_larger_it_is():
    machine = run().machine
    assert float(torus_hops_count(machine, 4096.0)) == 1
    hops = [float(torus_hops_count(replace(machine, torus_axes_count=3.0), ranks)) for ranks in (8.0, 512.0, 4096.0)]
    assert hops == pytest.approx([1.5, 6, 12])


def test_rings_within_a_domain_pass_no_other_and_many_domains_are_slower():
    assert float(domains_count(run(data_count=8.0))) == 1
    assert float(domains_count(run(data_count=64.0, tensor_count=8.0))) == 64
    calm, busy = with_habits(hop_latency_s=0.0, congestion_ratio=0.0), TRAINING
    inside = [float(data_s(run(habits=habits, data_count=8.0), 0.0)) for habits in (calm, busy)]
    across = [float(data_s(run(habits=habits, data_count=1024.0), 0.0)) for habits in (calm, busy)]
    assert inside[0] == pytest.approx(inside[1])
    assert across[1] > across[0] > 0


def test_wider_gradients_take_longer_to_exchange():
    half, single = (float(data_s(run(habits=with_habits(gradient_bytes=each)), 0.0)) for each in (2.0, 4.0))
    assert single / half == pytest.approx((4 + 2) / (2 + 2))


def test_a_part_with_fewer_watts_for_its_peak_is_slower_in_its_products():
    flops = CHIP.bf16_flops
    rated = [
        run(chip=replace(CHIP, tdp_w=share * REFERENCE_W_PER_FLOPS * flops)).machine.matrix_flops
        for share in (0.5, 1.0, 2.0)
    ]
    plain = run(chip=replace(CHIP, tdp_w=None)).machine.matrix_flops
    assert rated[0] < rated[1] < rated[2]
    assert rated[1] == pytest.approx(plain)


def test_memory_is_the_sum_of_its_parts():
    for model in (DENSE, ROUTED):
        found = run(model, tensor_count=2.0, pipeline_count=2.0, recompute_frac=0.5)
        parts = training_memory(found)
        assert sum(float(part) for part in astuple(parts)) == pytest.approx(float(memory_bytes(found)))
        assert min(map(float, (parts.weights_bytes, parts.optimizer_bytes, parts.activations_bytes))) > 0


def test_one_package_of_a_dense_model_holds_sixteen_bytes_a_parameter_and_two():
    """BF16 weights, FP32 gradients, master weights and two moments, as ZeRO counts them with FP32 gradients."""
    found = training_memory(run(data_count=1.0))
    params = float(found.weights_bytes) / 2
    assert float(found.gradients_bytes) == pytest.approx(4 * params)
    assert float(found.optimizer_bytes) == pytest.approx(12 * params)


def test_conventions_of_model_flops():
    model = costs(DENSE)
    by = {name: float(training_token_flop(model, 8192.0, name)) for name in ("parameters", "causal", "full")}
    assert by["full"] - by["parameters"] == pytest.approx(2 * (by["causal"] - by["parameters"]))
    assert float(training_token_flop(model, 1e-9, "full")) == pytest.approx(by["parameters"])


def test_many_layouts_are_worked_out_as_few_are():
    counts = np.exp2(np.arange(CHUNK_COUNT + 3) % 4)
    many = step_of(run(data_count=counts), 1e15)
    few = step_of(run(data_count=counts[:4]), 1e15)
    assert many.step_s.shape == counts.shape
    assert many.step_s[-3:] == pytest.approx(few.step_s[:3])
    assert many.memory_bytes[4:8] == pytest.approx(few.memory_bytes)


def test_a_search_keeps_to_what_software_starts():
    found = layout_grid(
        ROUTED, domain_count=64, packages_count=64.0, global_batch_count=256.0, sequence_tokens=8192.0, stated={}
    ).listed()
    heads = min(block.heads_count for block in ROUTED.blocks if block.heads_count)
    experts = max(block.experts_count for block in ROUTED.blocks)
    parts = found.pipeline_count * found.chunk_count
    assert np.all(heads % found.tensor_count == 0)
    assert np.all(experts % found.expert_count == 0)
    assert np.all(np.ceil(ROUTED.layers_count / parts) * parts <= 1.1 * ROUTED.layers_count)
