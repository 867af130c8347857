"""Throughput of a language model on accelerators in continuous batching, under a limit on time per output token.

A replica of t × d packages serves B requests at a time: attention is split t ways by tensor parallelism and copied d
times (each copy serves B / d requests), routed experts are spread over e groups of packages. Each of the B requests
needs one prefill of its prompt and one decode step per output token, so that in steady state all of them pass in

    T = osl · t_decode(B) + B · t_prefill,    throughput = B · osl / T,    TPOT = T / osl

with lengths isl (prompt) and osl (output) [1]. Both phases are a sum over the parts of every block (projections,
attention, feed-forward, experts), each the larger of its compute and memory time [2], plus communication and latency.
B is a fluid mean: real-valued, with prompts of different requests packed into full prefill passes.

References
----------
[1] G.-I. Yu et al., "Orca: a distributed serving system for transformer-based generative models", OSDI 2022.
[2] S. Williams, A. Waterman, D. Patterson, "Roofline", CACM 52(4), 2009, doi:10.1145/1498765.1498785.
[3] R. Pope et al., "Efficiently scaling transformer inference", MLSys 2023, arXiv:2211.05102.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from gigawatt.tokens.blocks import (
    BF16_BYTES,
    CACHE_BYTES,
    WEIGHT_BYTES,
    Block,
    Floats,
    Precision,
    Transformer,
    attended_count,
    attention_params_count,
    cache_bytes,
    cache_shards_count,
    covered_experts_count,
    dense_params_count,
    expert_params_count,
    expert_width_count,
    mean_attended_count,
    score_flop,
    split_width_count,
    whole_width_count,
)
from gigawatt.tokens.roofline import Chip, all_reduce_s, all_to_all_s, attention_flops, peak_flops

Binding = Literal["compute", "memory", "network", "latency"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceEfficiency:
    """What share of the peaks is reached, and what time no peak explains.

    compute_frac and fp4_compute_frac: of the matrix peak, in eight or more bits and in four; expert_compute_ratio:
    what routed experts reach of that (uneven loads, small products); attention_frac: of the attention peak;
    memory_frac, network_frac: of the bandwidths; usable_memory_frac: of the memory, for weights and cache;
    activation_passes_ratio: how often values between two matrix products move to memory and back; block_latency_s:
    launch time per block; expert_latency_s: more of it where a block has routed experts; collective_latency_s: per
    collective; step_overhead_s: scheduler, per step; prefill_tokens: tokens packed into one prefill pass per
    data-parallel group; output_spread_ratio: mean square over squared mean of the output lengths in the traffic, 1
    where all are equal (most benchmarks) and 2 where they are exponential.
    """

    compute_frac: float
    fp4_compute_frac: float
    expert_compute_ratio: float
    attention_frac: float
    memory_frac: float
    network_frac: float
    usable_memory_frac: float
    activation_passes_ratio: float
    block_latency_s: float
    expert_latency_s: float
    collective_latency_s: float
    step_overhead_s: float
    prefill_tokens: float
    output_spread_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingLayout:
    """How a replica is spread: tensor_count × data_count packages, routed experts over expert_count groups of them.

    Fields are whole numbers or equal-shaped arrays of them.
    """

    tensor_count: Floats
    data_count: Floats
    expert_count: Floats

    @property
    def packages_count(self) -> Floats:
        """Packages in one replica."""
        return self.tensor_count * self.data_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Time of one pass by what takes it [s]; the pass takes their sum."""

    compute_s: Floats
    memory_s: Floats
    network_s: Floats
    latency_s: Floats

    @property
    def total_s(self) -> Floats:
        """Time of the pass [s]."""
        return self.compute_s + self.memory_s + self.network_s + self.latency_s

    def plus(self, other: Phases, weight_ratio: Floats = 1.0) -> Phases:
        """This pass and `weight_ratio` of another."""
        sums = {
            entry.name: getattr(self, entry.name) + weight_ratio * getattr(other, entry.name) for entry in fields(self)
        }
        return Phases(**sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Work of one pass of a data-parallel group: its tokens, what each attends to, and the cache that it reads.

    context_tokens: earlier tokens per sequence; sequences_count: sequences whose cache is read (0 in prefill, where
    keys and values are at hand); absorbed: MLA as decoded.
    """

    tokens: Floats
    context_tokens: Floats
    sequences_count: Floats
    absorbed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyState:
    """Continuous batching of one replica in steady state; arrays broadcast over layouts and batches."""

    tokens_per_s: Floats
    tpot_s: Floats
    ttft_s: Floats
    memory_bytes: Floats
    phases: Phases


def steady_state(
    chip: Chip,
    transformer: Transformer,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    precision: Precision,
    input_tokens: Floats,
    output_tokens: Floats,
    batch_count: Floats,
) -> SteadyState:
    """Steady state of a replica with `batch_count` requests in flight.

    tokens_per_s: output tokens per second and package; tpot_s: time per output token T / osl, prefill of the other
    requests included; ttft_s: one prefill pass and one step, without queueing; memory_bytes: per package, weights
    and the mean cache; phases: time of all B requests' passes, T, by cause. Memory is reported, not checked.
    """
    fill = prefill(chip, transformer, efficiency, layout, precision=precision, input_tokens=input_tokens)
    context = mean_context_tokens(efficiency, input_tokens, output_tokens)
    step = decode(
        chip, transformer, efficiency, layout, precision=precision, context_tokens=context, batch_count=batch_count
    )
    span = _span(step, fill, output_tokens, batch_count)
    tpot = span.total_s / output_tokens
    cache = cache_memory_bytes(transformer, layout, precision, context) * batch_count / layout.data_count
    return SteadyState(
        tokens_per_s=batch_count / tpot / layout.packages_count,
        tpot_s=tpot,
        ttft_s=_pass_share(efficiency, layout, input_tokens) * fill.total_s + step.total_s,
        memory_bytes=weight_memory_bytes(transformer, layout, precision) + cache,
        phases=span,
    )


def _span(step: Phases, fill: Phases, output_tokens: Floats, batch_count: Floats) -> Phases:
    """T by cause: osl decode steps and one prefill of every request."""
    none = Phases(compute_s=0.0, memory_s=0.0, network_s=0.0, latency_s=0.0)
    return none.plus(step, output_tokens).plus(fill, batch_count)


def mean_context_tokens(efficiency: InferenceEfficiency, input_tokens: Floats, output_tokens: Floats) -> Floats:
    """Mean length of the caches in flight, isl + E[osl²] / (2 E[osl]): long outputs are in flight for longer."""
    return np.asarray(input_tokens, dtype=float) + efficiency.output_spread_ratio * np.asarray(output_tokens) / 2


def decode(
    chip: Chip,
    transformer: Transformer,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    precision: Precision,
    context_tokens: Floats,
    batch_count: Floats,
) -> Phases:
    """One decode step of `batch_count` requests of a replica: one token each."""
    group = np.asarray(batch_count, dtype=float) / layout.data_count
    work = Pass(tokens=group, context_tokens=context_tokens, sequences_count=group, absorbed=True)
    return _pass(chip, transformer, efficiency, layout, precision, work)


def prefill(
    chip: Chip,
    transformer: Transformer,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    precision: Precision,
    input_tokens: Floats,
) -> Phases:
    """Prefill of one request's prompt: its part of full passes of `prefill_tokens` per data-parallel group."""
    prompt = np.asarray(input_tokens, dtype=float)
    tokens = np.maximum(prompt, efficiency.prefill_tokens)
    work = Pass(tokens=tokens, context_tokens=prompt, sequences_count=0.0, absorbed=False)
    whole = _pass(chip, transformer, efficiency, layout, precision, work)
    return Phases(compute_s=0.0, memory_s=0.0, network_s=0.0, latency_s=0.0).plus(
        whole, prompt / tokens / layout.data_count
    )


def _pass_share(efficiency: InferenceEfficiency, layout: ServingLayout, input_tokens: Floats) -> Floats:
    """How many requests' worth of prefill one pass holds, and so one prompt waits for."""
    prompt = np.asarray(input_tokens, dtype=float)
    return np.maximum(prompt, efficiency.prefill_tokens) / prompt * layout.data_count


def _pass(
    chip: Chip,
    transformer: Transformer,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    precision: Precision,
    work: Pass,
) -> Phases:
    """One forward pass through every block and the output embedding."""
    machine = _Machine.of(chip, efficiency, precision)
    compute: Floats = 0.0
    memory: Floats = 0.0
    network: Floats = 0.0
    for block in transformer.blocks:
        flop_s, byte_s = _block_parts_s(machine, block, transformer.hidden_count, layout, precision, work)
        compute = compute + block.count * np.where(flop_s > byte_s, flop_s, 0.0).sum(axis=0)
        memory = memory + block.count * np.where(flop_s > byte_s, 0.0, byte_s).sum(axis=0)
        network = network + block.count * _block_network_s(chip, efficiency, block, transformer, layout, work)
    head_s = transformer.hidden_count * transformer.vocabulary_count * BF16_BYTES / machine.bytes_per_s
    return Phases(
        compute_s=compute,
        memory_s=memory + head_s / layout.tensor_count,
        network_s=network,
        latency_s=_latency_s(efficiency, transformer, layout),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    """Rates that are reached: matrix products and attention [FLOP/s], memory [B/s]; moves per activation value."""

    matrix_flops: float
    expert_flops: float
    score_flops: float
    bytes_per_s: float
    passes_ratio: float

    @staticmethod
    def of(chip: Chip, efficiency: InferenceEfficiency, precision: Precision) -> _Machine:
        share = efficiency.fp4_compute_frac if precision == "fp4" else efficiency.compute_frac
        peak = share * peak_flops(chip, precision, inference=True)
        return _Machine(
            matrix_flops=peak,
            expert_flops=efficiency.expert_compute_ratio * peak,
            score_flops=efficiency.attention_frac * attention_flops(chip, precision, inference=True),
            bytes_per_s=efficiency.memory_frac * chip.hbm_bandwidth_bytes_per_s,
            passes_ratio=efficiency.activation_passes_ratio,
        )


def _block_parts_s(
    machine: _Machine, block: Block, hidden_count: int, layout: ServingLayout, precision: Precision, work: Pass
) -> tuple[Floats, Floats]:
    """Compute and memory time [s] of a block; first axis: projections, attention, feed-forward, experts, moves."""
    tensor, replica = layout.tensor_count, layout.packages_count
    projections, dense = attention_params_count(block, hidden_count), dense_params_count(block, hidden_count)
    expert = expert_params_count(block, hidden_count)
    batch = work.tokens * layout.data_count
    flop = (
        2.0 * projections * work.tokens / tensor,
        _score_flop(block, work) / tensor,
        2.0 * dense * work.tokens / tensor,
        2.0 * expert * block.experts_active_count * batch / replica,
        0.0,
    )
    rates = (machine.matrix_flops, machine.score_flops, machine.matrix_flops, machine.expert_flops, 1.0)
    weight = WEIGHT_BYTES[precision]
    byte = (
        projections * weight / tensor,
        _cache_traffic_bytes(block, layout, precision, work),
        dense * weight / tensor,
        expert * weight * covered_experts_count(block, batch) / replica,
        machine.passes_ratio * _moved_bytes(block, hidden_count, layout, work),
    )
    shape = np.broadcast_shapes(*(np.shape(part) for part in (*flop, *byte)))
    flop_s = [np.broadcast_to(part, shape) / rate for part, rate in zip(flop, rates, strict=True)]
    byte_s = [np.broadcast_to(part, shape) / machine.bytes_per_s for part in byte]
    return np.stack(flop_s), np.stack(byte_s)


def _score_flop(block: Block, work: Pass) -> Floats:
    """FLOPs of scores and values of a pass: every token attends to its context (its half, on average, in prefill)."""
    attended = attended_count if work.absorbed else mean_attended_count
    return score_flop(block, absorbed=work.absorbed) * work.tokens * attended(block, work.context_tokens)


def _cache_traffic_bytes(block: Block, layout: ServingLayout, precision: Precision, work: Pass) -> Floats:
    """Cache that a rank reads for its sequences, and writes for its tokens."""
    values = work.sequences_count * attended_count(block, work.context_tokens) + work.tokens
    return values * cache_bytes(block, precision) / cache_shards_count(block, layout.tensor_count)


def _moved_bytes(block: Block, hidden_count: int, layout: ServingLayout, work: Pass) -> Floats:
    """Activations of a rank between matrix products, in BF16: whole at the seams, split inside."""
    split = split_width_count(block) / layout.tensor_count + whole_width_count(hidden_count)
    experts = expert_width_count(block, hidden_count) / layout.tensor_count
    return BF16_BYTES * work.tokens * (split + experts)


def _block_network_s(
    chip: Chip,
    efficiency: InferenceEfficiency,
    block: Block,
    transformer: Transformer,
    layout: ServingLayout,
    work: Pass,
) -> Floats:
    """Communication of one block: an all-reduce after attention and after feed-forward, or dispatch and combine.

    Where attention is copied (d > 1) a rank sends each of its tokens to the packages of the k experts, in eight bits,
    and gets them back in sixteen; otherwise every rank has every token and the outputs are reduced.
    """
    width = transformer.hidden_count
    reduce_s = all_reduce_s(chip, work.tokens * width * BF16_BYTES, layout.tensor_count, 1)
    if not block.routed:
        return 2 * reduce_s / efficiency.network_frac
    sent_bytes = (CACHE_BYTES["fp8"] + BF16_BYTES) * width
    own = work.tokens / layout.tensor_count
    copies = layout.packages_count / np.maximum(layout.expert_count, 1)
    exchange_s = all_to_all_s(chip, sent_bytes * copies, own, block.experts_active_count, layout.expert_count, copies)
    last_s = np.where(np.asarray(layout.data_count) > 1, exchange_s, reduce_s)
    return (reduce_s + last_s) / efficiency.network_frac


def _latency_s(efficiency: InferenceEfficiency, transformer: Transformer, layout: ServingLayout) -> Floats:
    """Time of a pass that no bandwidth explains: scheduler, launches, and two collectives per block if n > 1."""
    talks = np.asarray(layout.packages_count) > 1
    per_block = efficiency.block_latency_s + 2 * talks * efficiency.collective_latency_s
    routed_count = sum(block.count for block in transformer.blocks if block.routed)
    routed_s = routed_count * efficiency.expert_latency_s
    return np.asarray(efficiency.step_overhead_s + routed_s + transformer.layers_count * per_block, dtype=float)


def weight_memory_bytes(transformer: Transformer, layout: ServingLayout, precision: Precision) -> Floats:
    """Weights per package: experts split over the replica, all else t ways; embeddings stay in BF16."""
    hidden = transformer.hidden_count
    split, spread = 0, 0
    for block in transformer.blocks:
        split += block.count * (attention_params_count(block, hidden) + dense_params_count(block, hidden))
        spread += block.count * block.experts_count * expert_params_count(block, hidden)
    tables = (1 if transformer.tied_embeddings else 2) * hidden * transformer.vocabulary_count * BF16_BYTES
    weight = WEIGHT_BYTES[precision]
    return (split * weight + tables) / layout.tensor_count + spread * weight / layout.packages_count


def cache_memory_bytes(
    transformer: Transformer, layout: ServingLayout, precision: Precision, context_tokens: Floats
) -> Floats:
    """Cache per package and request of its data-parallel group, at a given length."""
    total: Floats = 0.0
    for block in transformer.blocks:
        each = cache_bytes(block, precision) * attended_count(block, context_tokens)
        total = total + block.count * each / cache_shards_count(block, layout.tensor_count)
    return total


def largest_batch_count(
    chip: Chip,
    transformer: Transformer,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    precision: Precision,
    input_tokens: Floats,
    output_tokens: Floats,
) -> Floats:
    """Requests whose weights and mean caches fit the usable memory of a replica; negative where the weights do not.

    A layout fits where it holds at least one request per copy of attention (data_count).
    """
    context = mean_context_tokens(efficiency, input_tokens, output_tokens)
    weights = weight_memory_bytes(transformer, layout, precision)
    each = cache_memory_bytes(transformer, layout, precision, context)
    return (efficiency.usable_memory_frac * chip.hbm_capacity_bytes - weights) / each * layout.data_count
