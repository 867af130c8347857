"""Memory of a training run: weights, gradients, optimizer state, and the activations kept for the backward pass.

References
----------
[1] V. Korthikanti et al., "Reducing activation recomputation in large transformer models", 2022, arXiv:2205.05198.
[2] S. Rajbhandari et al., "ZeRO: memory optimizations toward training trillion parameter models", SC 2020,
    arXiv:1910.02054.
"""

from __future__ import annotations

import numpy as np

from gigawatt.tokens.blocks import BF16_BYTES, FP32_BYTES, Floats
from gigawatt.tokens.training_run import STATE_BYTES, TrainingRun, params_per_rank


def memory_bytes(run: TrainingRun) -> Floats:
    """Bytes that a package of the first stage holds."""
    fixed, seams, inner = memory_parts(run)
    return fixed + seams + (1 - np.asarray(run.layout.recompute_frac)) * inner


def least_recompute_frac(run: TrainingRun) -> Floats:
    """Smallest share of recomputation at which the run fits, in [0, 1]; 1 where it does not fit even so."""
    fixed, seams, inner = memory_parts(run)
    usable = run.habits.usable_memory_frac * run.machine.hbm_capacity_bytes
    return np.clip((fixed + seams + inner - usable) / np.maximum(inner, 1), 0, 1)


def memory_parts(run: TrainingRun) -> tuple[Floats, Floats, Floats]:
    """Weights (BF16), gradients (FP32) and state [2]; activations kept at any rate; and those kept unless recomputed.

    A stage holds the activations of as many micro-batches as are in flight: p of the first, and more the more chunks
    it has [1]. Logits are counted once.
    """
    layout = run.layout
    plain, routed = params_per_rank(run)
    owned = plain / layout.ranks_count + routed / layout.copies_count
    spread = np.asarray(layout.sharded_frac)
    held = (1 - spread) * (plain + routed) + spread * owned
    seams: Floats = 0.0
    inner: Floats = 0.0
    for block in run.model.blocks:
        seams = seams + block.count * BF16_BYTES * run.model.hidden_count
        inner = inner + block.count * BF16_BYTES * (block.kept_width_count - run.model.hidden_count)
    stages = np.asarray(layout.pipeline_count, dtype=float)
    flight = np.minimum(stages + (stages - 1) / layout.chunk_count, run.micro_batches_count)
    tokens = run.rank_tokens / layout.tensor_count
    logits = tokens * run.model.head_params_count / run.model.hidden_count * (BF16_BYTES + FP32_BYTES) / stages
    scale = flight * tokens / stages
    return STATE_BYTES * owned + (BF16_BYTES + FP32_BYTES) * held + logits, seams * scale, inner * scale
