"""Throughput of a language model on accelerators in continuous batching, under a limit on time per output token.

A replica of t × d × p packages serves B requests at a time: attention is split t ways by tensor parallelism and
copied d times (each copy serves B / d requests), routed experts are spread over e groups of packages, and the blocks
are cut into p stages, each of which works on a p-th of the requests. Each of the B requests needs one prefill of its
prompt and one decode step per output token (or per s of them, where steps draft and verify), so that in steady state
all of them pass in

    T = osl / s · t_decode(B / p) + α · B / p · t_prefill,    throughput = B · osl / T

with lengths isl (prompt) and osl (output), and α the part of prefill that does not ride along with decode steps [1].
A request's tokens after the first take T without its own prefill. Its first takes that prefill, the step under way, and
the prompts ahead of it, as in a queue with random arrivals and services whose load is the share of time that the
prefills of the others take: a request alone waits for nobody. Copies of attention are ranks with schedulers of their
own, which step together.
Of a prompt a share c may be found in a cache of prefixes. It is not read again, but is attended to and held like the
rest: prefill is a pass over isl (1 - c) tokens, each of which attends to (1 + c) isl / 2 in the mean [4].
Both phases are a sum over the parts of every block (projections, attention, feed-forward, experts), each by its
compute and memory time [2], plus communication and latency. B is a fluid mean: real-valued, with prompts of different
requests packed into full prefill passes.

Every argument is a number or an array with one entry per case; arrays broadcast. `Machine` and `ModelCosts` may hold
arrays too (`costs.stack`, `costs.take`), so that one call answers for many models on many parts.

References
----------
[1] G.-I. Yu et al., "Orca: a distributed serving system for transformer-based generative models", OSDI 2022; A.
    Agrawal et al., "Taming throughput-latency tradeoff in LLM inference with Sarathi-Serve", OSDI 2024.
[2] S. Williams, A. Waterman, D. Patterson, "Roofline", CACM 52(4), 2009, doi:10.1145/1498765.1498785.
[3] R. Pope et al., "Efficiently scaling transformer inference", MLSys 2023, arXiv:2211.05102.
[4] L. Zheng et al., "SGLang: efficient execution of structured language model programs" (RadixAttention), NeurIPS
    2024, arXiv:2312.07104.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from gigawatt.tokens.model.blocks import BF16_BYTES, FP8_BYTES, Floats
from gigawatt.tokens.model.roofline import Machine, all_reduce_s, all_to_all_s
from gigawatt.tokens.model.sizes import (
    BlockCosts,
    ModelCosts,
    attended_count,
    cached_values_count,
    mean_attended_count,
)
from gigawatt.tokens.serve.drafting import PLAIN, Drafting, with_drafts

Binding = Literal["compute", "memory", "network", "latency"]

# Longest queue that the approximation is asked about, and the least part of steps that has a prompt.
HEAVIEST_FRAC = 1 - 1 / 128
_RARELY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceEfficiency:
    """What share of the peaks is reached, and what time no peak explains; numbers, or arrays over cases.

    compute_frac: of the matrix peak; tile_tokens: rows that an expert's product computes in vain (uneven loads, padded
    tiles); half_width_count: width of a rank's part of an expert at which its products run at half their rate;
    attention_frac, decode_attention_frac: of the attention peak, in prefill and in decode; memory_frac,
    network_frac: of the bandwidths; usable_memory_frac: of the memory, for weights and cache; serial_frac: part of the
    shorter of compute and memory time that does not hide behind the longer; activation_passes_ratio: how often values
    between two matrix products move to memory and back; block_latency_s: launches per block; expert_latency_s: more of
    it where a block has routed experts;
    collective_latency_s: per collective and doubling of its ranks; step_overhead_s: scheduler, per step;
    request_overhead_s: the same per request of a rank in the step; admission_s: per request, once; host_step_s,
    host_request_s: what the host needs for a step, which hides behind a slower device; prefill_tokens: tokens packed
    into one prefill pass of a rank; prefill_share_frac: α above; stall_frac: how far ranks prefill one after the other,
    0 where all take their prompts in the same pass; reserve_frac: part of the tokens to come that a request's pages
    hold; output_spread_ratio: mean square over squared mean of the output lengths in the traffic, 1 where all are equal
    (most benchmarks) and 2 where they are exponential; time_ratio: what the state of the software makes of all times.
    """

    compute_frac: Floats
    expert_compute_ratio: Floats
    expert_memory_ratio: Floats
    tile_tokens: Floats
    half_width_count: Floats
    attention_frac: Floats
    decode_attention_frac: Floats
    memory_frac: Floats
    network_frac: Floats
    usable_memory_frac: Floats
    serial_frac: Floats
    activation_passes_ratio: Floats
    block_latency_s: Floats
    expert_latency_s: Floats
    collective_latency_s: Floats
    hop_latency_s: Floats
    step_overhead_s: Floats
    request_overhead_s: Floats
    admission_s: Floats
    host_step_s: Floats
    host_request_s: Floats
    prefill_tokens: Floats
    prefill_share_frac: Floats
    stall_frac: Floats
    reserve_frac: Floats
    output_spread_ratio: Floats
    time_ratio: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingLayout:
    """How a replica is spread: tensor × data × pipeline packages, routed experts over expert_count groups of them.

    Fields are whole numbers or equal-shaped arrays of them.
    """

    tensor_count: Floats
    data_count: Floats
    expert_count: Floats
    pipeline_count: Floats

    @property
    def stage_count(self) -> Floats:
        """Packages of one pipeline stage."""
        return self.tensor_count * self.data_count

    @property
    def packages_count(self) -> Floats:
        """Packages in one replica."""
        return self.stage_count * self.pipeline_count


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

    def plus(self, other: Phases, weight_ratio: Floats) -> Phases:
        """This pass and `weight_ratio` of another."""
        sums = {
            entry.name: getattr(self, entry.name) + weight_ratio * getattr(other, entry.name) for entry in fields(self)
        }
        return Phases(**sums)

    def times(self, weight_ratio: Floats) -> Phases:
        """So many of this pass."""
        return Phases(**{entry.name: weight_ratio * getattr(self, entry.name) for entry in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Work of one pass of a rank (a copy of attention): its tokens, what each attends to, the cache that it reads.

    ranks_count: ranks that work in the pass, whose tokens meet in the experts; context_tokens: earlier tokens per
    sequence; sequences_count: sequences whose cache is read (0 in prefill, where keys and values are at hand);
    absorbed: MLA as decoded.
    """

    tokens: Floats
    ranks_count: Floats
    context_tokens: Floats
    sequences_count: Floats
    absorbed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The prompt of a request: its tokens, and the share of them that is found in a cache of prefixes [0 … 1)."""

    input_tokens: Floats
    cached_frac: Floats

    @property
    def read_tokens(self) -> Floats:
        """Tokens that prefill passes over."""
        return np.asarray(self.input_tokens, dtype=float) * (1 - np.asarray(self.cached_frac, dtype=float))

    @property
    def context_tokens(self) -> Floats:
        """Length of a prompt, read whole, whose tokens attend to as many in the mean as those that are read here."""
        return np.asarray(self.input_tokens, dtype=float) * (1 + np.asarray(self.cached_frac, dtype=float))


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyState:
    """Continuous batching of one replica in steady state; arrays broadcast over cases.

    tokens_per_s: output tokens per second and package; tpot_s: time per output token after the first, prefill of the
    other requests included; ttft_s: time to the first; step_s: one decode step; prefill_s: what one request's prefill
    takes of the replica's time; memory_bytes: per package, weights and room for the tokens held; phases: T by cause.
    """

    tokens_per_s: Floats
    tpot_s: Floats
    ttft_s: Floats
    step_s: Floats
    prefill_s: Floats
    memory_bytes: Floats
    phases: Phases


def steady_state(
    machine: Machine,
    model: ModelCosts,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    input_tokens: Floats,
    output_tokens: Floats,
    batch_count: Floats,
    drafting: Drafting = PLAIN,
    cached_frac: Floats = 0.0,
) -> SteadyState:
    """Steady state of a replica with `batch_count` requests in flight. Memory is reported, not checked.

    cached_frac: share of a prompt's tokens that is found in a cache of prefixes, below 1.
    """
    context = mean_context_tokens(efficiency, input_tokens, output_tokens)
    alpha, group = efficiency.prefill_share_frac, batch_count / layout.pipeline_count
    step = decode(machine, model, efficiency, layout, context_tokens=context, batch_count=group, drafting=drafting)
    own_count = group / layout.data_count
    steps = output_tokens / drafting.tokens_per_step_ratio
    prompt = Prompt(input_tokens=input_tokens, cached_frac=cached_frac)
    whole, passes, share = _prefill_pass(machine, model, efficiency, layout, prompt, own_count / steps)
    span = step.times(steps).plus(whole, alpha * group * share)
    span = replace(span, latency_s=span.latency_s + efficiency.admission_s * batch_count / layout.data_count)
    cycle_s, step_s, pass_s = span.total_s, step.total_s, whole.total_s
    prefill_s, first_s = pass_s * share, pass_s * np.maximum(passes, 1.0)
    others = np.maximum(1 - 1 / own_count, 0.0)
    load = np.minimum(alpha * group * prefill_s * others / cycle_s, HEAVIEST_FRAC)
    held = held_tokens(efficiency, input_tokens, output_tokens)
    loaded = with_drafts(model, drafting)
    cache = cache_memory_bytes(machine, loaded, layout, held) * own_count
    return SteadyState(
        tokens_per_s=batch_count * output_tokens / cycle_s / layout.packages_count,
        tpot_s=(cycle_s - alpha * np.minimum(first_s, group * prefill_s)) / output_tokens,
        ttft_s=first_s + others * step_s + prefill_s * load / (1 - load),
        step_s=step_s,
        prefill_s=prefill_s,
        memory_bytes=weight_memory_bytes(machine, loaded, layout) + cache,
        phases=span,
    )


def mean_context_tokens(efficiency: InferenceEfficiency, input_tokens: Floats, output_tokens: Floats) -> Floats:
    """Mean length of the caches in flight, isl + E[osl²] / (2 E[osl]): long outputs are in flight for longer."""
    return np.asarray(input_tokens, dtype=float) + efficiency.output_spread_ratio * np.asarray(output_tokens) / 2


def held_tokens(efficiency: InferenceEfficiency, input_tokens: Floats, output_tokens: Floats) -> Floats:
    """Tokens that a request's pages hold on average: its context so far, and `reserve_frac` of what is to come.

    At any moment as many tokens of an answer are to come, in the mean, as are there, E[osl²] / (2 E[osl]) each.
    """
    context = mean_context_tokens(efficiency, input_tokens, output_tokens)
    return context + efficiency.reserve_frac * (context - np.asarray(input_tokens))


def decode(
    machine: Machine,
    model: ModelCosts,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    context_tokens: Floats,
    batch_count: Floats,
    drafting: Drafting = PLAIN,
) -> Phases:
    """One decode step of `batch_count` requests of a replica: one token each, or its drafts and one more.

    Drafts are made one after the other, each in a pass over the blocks that draft. A step takes no less than its host,
    which hides behind the device where that is slower.
    """
    group = np.asarray(batch_count, dtype=float) / layout.data_count
    parts = machine, model, efficiency, layout
    return decode_step(
        *parts, context_tokens=context_tokens, rank_count=group, ranks_ratio=layout.data_count, drafting=drafting
    )


def decode_step(
    machine: Machine,
    model: ModelCosts,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    context_tokens: Floats,
    rank_count: Floats,
    ranks_ratio: Floats,
    drafting: Drafting = PLAIN,
) -> Phases:
    """`decode` of ranks of unequal load: the fullest has rank_count requests, all of them ranks_ratio times that."""
    group = np.asarray(rank_count, dtype=float)
    work = Pass(
        tokens=group * (1 + drafting.drafted_count),
        ranks_count=ranks_ratio,
        context_tokens=context_tokens,
        sequences_count=group,
        absorbed=True,
    )
    step = _pass(machine, model, efficiency, layout, work)
    if drafting.drafts:
        engine = replace(efficiency, step_overhead_s=0.0, request_overhead_s=0.0)
        draft = _pass(machine, drafting.model, engine, layout, replace(work, tokens=group))
        step = step.plus(draft, drafting.drafted_count)
    waits_s = efficiency.host_step_s + efficiency.host_request_s * group - step.total_s
    return replace(step, latency_s=step.latency_s + np.maximum(waits_s, 0.0))


def prefill_chunk(
    machine: Machine,
    model: ModelCosts,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    tokens: Floats,
    context_tokens: Floats,
    ranks_ratio: Floats,
) -> Phases:
    """A pass over so many prompt tokens of the fullest rank, and ranks_ratio times that of all.

    context_tokens: length of a prompt, read whole, whose tokens attend to as many. What ranks without a prompt lose is
    as in `steady_state`: between nothing and the whole pass, by `stall_frac`.
    """
    apart = layout.data_count / np.asarray(ranks_ratio, dtype=float)
    ranks = layout.data_count / (1 + efficiency.stall_frac * (apart - 1))
    work = Pass(tokens=tokens, ranks_count=ranks, context_tokens=context_tokens, sequences_count=0.0, absorbed=False)
    return _pass(machine, model, efficiency, layout, work).times(ranks_ratio / ranks)


def prefill(
    machine: Machine,
    model: ModelCosts,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    input_tokens: Floats,
    waiting_count: Floats = 1.0,
    cached_frac: Floats = 0.0,
) -> Phases:
    """Prefill of one request's prompt, its part of passes that `waiting_count` prompts of its group share."""
    prompt = Prompt(input_tokens=input_tokens, cached_frac=cached_frac)
    whole, _, share = _prefill_pass(machine, model, efficiency, layout, prompt, waiting_count)
    return whole.times(share)


def _prefill_pass(
    machine: Machine,
    model: ModelCosts,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    prompt: Prompt,
    waiting_count: Floats,
) -> tuple[Phases, Floats, Floats]:
    """A prefill pass of a replica, the passes that a prompt takes on its rank, and its share of those of all ranks.

    A pass takes the prompts that wait, one at least, up to `prefill_tokens`; a longer prompt takes several. Ranks step
    together, so that a pass on one stalls all: of d ranks of which each has a prompt in a part p of the steps,
    1 - (1 - p)^d of the steps are stalled, against p where all take theirs together. `stall_frac` is where between the
    two an engine comes out. Keys and values that are found are at hand, as are those of earlier passes of a prompt.
    """
    read = prompt.read_tokens
    tokens = np.minimum(read * np.maximum(waiting_count, 1.0), efficiency.prefill_tokens)
    passes = read / tokens
    often = np.clip(waiting_count * passes, _RARELY, 1.0)
    apart = -np.expm1(layout.data_count * np.log1p(-np.minimum(often, 1 - _RARELY))) / often
    ranks = layout.data_count / (1 + efficiency.stall_frac * (np.maximum(apart, 1.0) - 1))
    context = prompt.context_tokens
    work = Pass(tokens=tokens, ranks_count=ranks, context_tokens=context, sequences_count=0.0, absorbed=False)
    return _pass(machine, model, efficiency, layout, work), passes, passes / ranks


def _pass(
    machine: Machine, model: ModelCosts, efficiency: InferenceEfficiency, layout: ServingLayout, work: Pass
) -> Phases:
    """One forward pass through every block and the output embedding."""
    compute: Floats = 0.0
    memory: Floats = 0.0
    network: Floats = 0.0
    bytes_per_s = efficiency.memory_frac * machine.hbm_bandwidth_bytes_per_s
    passes_s = efficiency.activation_passes_ratio / bytes_per_s
    for block in model.blocks:
        bound: Floats = 0.0
        busy = _moved_bytes(block, layout, work) * passes_s
        for flop_s, byte_s in _block_parts_s(machine, efficiency, block, layout, work, bytes_per_s):
            whole = np.maximum(flop_s, byte_s) + efficiency.serial_frac * np.minimum(flop_s, byte_s)
            bound = bound + whole * (flop_s > byte_s)
            busy = busy + whole
        compute = compute + block.count * bound
        memory = memory + block.count * (busy - bound)
        network = network + block.count * _block_network_s(machine, efficiency, block, model, layout, work)
    head_s = model.head_params_count * BF16_BYTES / bytes_per_s / layout.tensor_count
    phases = Phases(
        compute_s=compute,
        memory_s=memory + head_s,
        network_s=network,
        latency_s=_latency_s(efficiency, model, layout, work),
    )
    return phases.times(efficiency.time_ratio)


def _block_parts_s(
    machine: Machine,
    efficiency: InferenceEfficiency,
    block: BlockCosts,
    layout: ServingLayout,
    work: Pass,
    bytes_per_s: Floats,
) -> tuple[tuple[Floats, Floats], ...]:
    """Compute and memory time [s] of a block's projections and dense feed-forward, attention, and experts."""
    tensor, stage = layout.tensor_count, layout.stage_count
    matrix = efficiency.compute_frac * machine.matrix_flops
    reached = efficiency.decode_attention_frac if work.absorbed else efficiency.attention_frac
    score = reached * machine.score_flops
    plain = block.attention_params_count + block.dense_params_count
    batch = work.tokens * work.ranks_count
    covered = block.experts_count * -np.expm1(batch * block.miss_log_ratio)
    rows = block.experts_active_count * batch + efficiency.tile_tokens * covered
    expert = block.expert_params_count / stage
    width = np.maximum(block.ffn_count * layout.expert_count / stage, 1.0)
    return (
        (2 * plain * work.tokens / tensor / matrix, plain * machine.weight_bytes / tensor / bytes_per_s),
        (_score_flop(block, work) / tensor / score, _cache_traffic_bytes(machine, block, layout, work) / bytes_per_s),
        (
            2 * expert * rows * (1 + efficiency.half_width_count / width) / (efficiency.expert_compute_ratio * matrix),
            expert * machine.weight_bytes * covered / (efficiency.expert_memory_ratio * bytes_per_s),
        ),
    )


def _score_flop(block: BlockCosts, work: Pass) -> Floats:
    """FLOPs of scores and values of a pass: every token attends to its context (its half, on average, in prefill)."""
    if work.absorbed:
        attended = attended_count(block, work.context_tokens)
        per_token = block.decode_score_flop * attended + block.index_flop * work.context_tokens
    else:
        mean = mean_attended_count(block, work.context_tokens)
        per_token = block.prefill_score_flop * mean + block.index_flop * work.context_tokens / 2
    return work.tokens * (per_token + block.state_flop)


def _cache_traffic_bytes(machine: Machine, block: BlockCosts, layout: ServingLayout, work: Pass) -> Floats:
    """Cache and state that a rank reads for its sequences, and writes for its tokens."""
    attended = attended_count(block, work.context_tokens)
    keys = block.cache_width_count - block.index_width_count
    read = work.sequences_count * (keys * attended + block.index_width_count * work.context_tokens)
    cached = (read + work.tokens * block.cache_width_count) / _shards_count(block, layout)
    state = 2 * work.sequences_count * block.state_width_count / layout.tensor_count
    return machine.cache_bytes * cached + BF16_BYTES * state


def _shards_count(block: BlockCosts, layout: ServingLayout) -> Floats:
    """Parts that a cache is cut into; beyond them ranks hold copies. A block that occurs no times has none."""
    return np.maximum(np.minimum(layout.tensor_count, block.shards_count), 1.0)


def _moved_bytes(block: BlockCosts, layout: ServingLayout, work: Pass) -> Floats:
    """Activations of a rank between matrix products, in BF16: whole at the seams, split inside."""
    split = (block.split_width_count + block.expert_width_count) / layout.tensor_count
    return BF16_BYTES * work.tokens * (split + block.seam_width_count)


def _block_network_s(
    machine: Machine,
    efficiency: InferenceEfficiency,
    block: BlockCosts,
    model: ModelCosts,
    layout: ServingLayout,
    work: Pass,
) -> Floats:
    """Communication of one block: an all-reduce after attention and after feed-forward, or dispatch and combine.

    Where attention is copied (d > 1) a rank sends each of its tokens to the packages of the k experts, in eight bits,
    and gets them back in sixteen; otherwise every rank has every token and the outputs are reduced.
    """
    reduce_s = all_reduce_s(machine, work.tokens * model.hidden_count * BF16_BYTES, layout.tensor_count, 1)
    spread = (np.asarray(layout.data_count) > 1) & (np.asarray(block.experts_count) > 0)
    if not np.any(spread):
        return 2 * reduce_s / efficiency.network_frac
    sent_bytes = (FP8_BYTES + BF16_BYTES) * model.hidden_count
    own = work.tokens / layout.tensor_count
    copies = layout.stage_count / np.maximum(layout.expert_count, 1)
    active = block.experts_active_count
    exchange_s = all_to_all_s(machine, sent_bytes * copies, own, active, layout.expert_count, copies)
    return (reduce_s + np.where(spread, exchange_s, reduce_s)) / efficiency.network_frac


def _latency_s(efficiency: InferenceEfficiency, model: ModelCosts, layout: ServingLayout, work: Pass) -> Floats:
    """Time of a pass that no bandwidth explains: a rank's scheduler, launches, two collectives per block if n > 1."""
    ranks: Floats = np.asarray(layout.stage_count, dtype=float)
    talk_s: Floats = (ranks > 1) * efficiency.collective_latency_s + np.log2(ranks) * efficiency.hop_latency_s
    per_block = efficiency.block_latency_s + 2 * talk_s
    routed_count: Floats = 0.0
    for block in model.blocks:
        routed_count = routed_count + block.count * np.minimum(block.experts_count, 1.0)
    host_s = efficiency.step_overhead_s + efficiency.request_overhead_s * work.sequences_count
    return host_s + routed_count * efficiency.expert_latency_s + model.layers_count * per_block


def weight_memory_bytes(machine: Machine, model: ModelCosts, layout: ServingLayout) -> Floats:
    """Weights per package: experts split over a stage, all else t ways; embeddings stay in BF16."""
    split: Floats = 0.0
    spread: Floats = 0.0
    for block in model.blocks:
        split = split + block.count * (block.attention_params_count + block.dense_params_count)
        spread = spread + block.count * block.experts_count * block.expert_params_count
    tables = model.table_params_count * BF16_BYTES
    blocks = split * machine.weight_bytes / layout.tensor_count + spread * machine.weight_bytes / layout.stage_count
    return blocks / layout.pipeline_count + tables / layout.tensor_count


def cache_memory_bytes(machine: Machine, model: ModelCosts, layout: ServingLayout, context_tokens: Floats) -> Floats:
    """Cache per package and request of its data-parallel group, at a given length."""
    total: Floats = 0.0
    for block in model.blocks:
        cached = cached_values_count(block, context_tokens) / _shards_count(block, layout)
        state = block.state_width_count / layout.tensor_count
        total = total + block.count * (machine.cache_bytes * cached + BF16_BYTES * state)
    return total


def largest_batch_count(
    machine: Machine,
    model: ModelCosts,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    input_tokens: Floats,
    output_tokens: Floats,
    drafting: Drafting = PLAIN,
) -> Floats:
    """Requests whose weights and caches fit the usable memory of a replica; negative where the weights do not.

    A request's cache grows page by page (`held_tokens`). A layout fits where it holds at least one request per copy of
    attention and stage (data × pipeline).
    """
    held = held_tokens(efficiency, input_tokens, output_tokens)
    loaded = with_drafts(model, drafting)
    weights = weight_memory_bytes(machine, loaded, layout)
    each = cache_memory_bytes(machine, loaded, layout, held) / layout.pipeline_count
    free = efficiency.usable_memory_frac * machine.hbm_capacity_bytes - weights
    return free / each * layout.data_count
