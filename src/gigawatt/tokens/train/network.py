"""How long the packages of a training run talk: tensor, context, expert, pipeline and data parallelism.

Within a block nothing can be computed before its communication is done, but for what software overlaps; gradients and
weights of other blocks travel while one is computed, as far as that takes long enough [1, 2]. A ring passes every
domain in turn, and a network of many domains is slower than their cards: switches are shared, and the slowest link
counts [3].

References
----------
[1] V. Korthikanti et al., "Reducing activation recomputation in large transformer models", 2022, arXiv:2205.05198.
[2] S. Rajbhandari et al., "ZeRO: memory optimizations toward training trillion parameter models", SC 2020,
    arXiv:1910.02054.
[3] Z. Jiang et al., "MegaScale: scaling large language model training to more than 10,000 GPUs", NSDI 2024.
[4] H. Liu, M. Zaharia, P. Abbeel, "Ring attention with blockwise transformers for near-infinite context", 2023,
    arXiv:2310.01889; the keys of one block pass all context ranks.
"""

from __future__ import annotations

import numpy as np

from gigawatt.tokens.model.blocks import BF16_BYTES, Floats
from gigawatt.tokens.model.roofline import all_reduce_s, all_to_all_s, gather_s
from gigawatt.tokens.model.sizes import BlockCosts
from gigawatt.tokens.train.records import PASSES_COUNT, TrainingRun, params_per_rank


def block_network_s(run: TrainingRun, block: BlockCosts, uneven_ratio: Floats) -> Floats:
    """Tensor, context and expert communication of one block for one micro-batch, forward and backward [s]."""
    layout, machine, hidden = run.layout, run.machine, run.model.hidden_count
    payload = run.rank_tokens * hidden * BF16_BYTES
    # All-gather and reduce-scatter around attention and around feed-forward, in both directions [1].
    tensor = 2 * 2 * all_reduce_s(machine, payload, layout.tensor_count, 1)
    # Keys and values of the whole sequence, forward and again backward, and their gradients [4]; copied where tensor
    # ranks outnumber their heads.
    shards = np.minimum(layout.tensor_count, np.maximum(block.shards_count, 1))
    keys = run.rank_tokens * layout.context_count * block.cache_width_count * BF16_BYTES / shards
    context = PASSES_COUNT * gather_s(machine, keys, layout.context_count, layout.tensor_count)
    if not np.any(block.experts_count):
        return tensor + context
    # Dispatch and combine in both directions; eight bits on the way out where the matrices have them.
    own = run.rank_tokens / layout.tensor_count
    pair_bytes = (machine.weight_bytes + BF16_BYTES) * hidden
    exchange = all_to_all_s(machine, pair_bytes, own, block.experts_active_count, layout.expert_count, 1)
    return tensor + context + 2 * uneven_ratio * exchange


def pipeline_s(run: TrainingRun) -> Floats:
    """Handing one micro-batch from stage to stage, forward and backward, once per chunk; by network card [s]."""
    layout = run.layout
    payload = run.rank_tokens * run.model.hidden_count * BF16_BYTES / layout.tensor_count
    moves = 2 * np.asarray(layout.chunk_count) * (np.asarray(layout.pipeline_count) > 1)
    return moves * payload / run.machine.nic_bandwidth_bytes_per_s


def data_s(run: TrainingRun, busy_s: Floats) -> Floats:
    """Exposed time of reducing gradients and gathering weights: what exceeds the computation that can hide it [s].

    Shared parameters over all d·c ranks; an expert's over the d·c / e ranks that hold a copy. Spread weights are
    gathered forward and backward, and their gradients scattered, for every micro-batch.
    """
    layout, machine, overlap = run.layout, run.machine, run.habits.overlap_frac
    plain, routed = params_per_rank(run)
    spread = np.asarray(layout.sharded_frac)
    # Gradients and weights once a step; where weights are spread, those twice, and all of it for every micro-batch.
    times = 1 + spread * (run.micro_batches_count - 1)
    size = (run.habits.gradient_bytes + BF16_BYTES * (1 + spread)) * times
    talk = gather_s(machine, plain * size, layout.ranks_count, layout.tensor_count)
    if np.any(routed):
        talk = talk + gather_s(machine, routed * size, layout.copies_count, layout.expert_count)
    domains = domains_count(run)
    rings = run.model.layers_count * run.habits.hop_latency_s / layout.pipeline_count * (2 + spread) * times
    talk = talk * (1 + run.habits.congestion_ratio * np.log2(domains)) + rings * (domains - 1)
    return np.maximum((1 - overlap) * talk, talk - overlap * busy_s)


def domains_count(run: TrainingRun) -> Floats:
    """Scale-up domains that the data ranks of one part of the weights lie in; a torus counts as one."""
    layout = run.layout
    inside = np.maximum(run.machine.scale_up_packages_count / np.asarray(layout.tensor_count, dtype=float), 1)
    return np.maximum(layout.ranks_count / inside, 1)
