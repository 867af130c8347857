"""Memory of a training run: weights, gradients, optimizer state, activations kept for the backward pass, and buffers.

References
----------
[1] V. Korthikanti et al., "Reducing activation recomputation in large transformer models", 2022, arXiv:2205.05198.
[2] S. Rajbhandari et al., "ZeRO: memory optimizations toward training trillion parameter models", SC 2020,
    arXiv:1910.02054.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.tokens.model.blocks import BF16_BYTES, FP32_BYTES, Floats
from gigawatt.tokens.train.records import STATE_BYTES, TrainingRun, params_owned, params_per_rank


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingMemory:
    """What a package of the first stage holds, by its parts.

    weights_bytes: in BF16; gradients_bytes: in FP32; optimizer_bytes: FP32 master weights and two moments;
    activations_bytes: kept for the backward pass; buffers_bytes: the logits of one micro-batch.
    """

    weights_bytes: Floats
    gradients_bytes: Floats
    optimizer_bytes: Floats
    activations_bytes: Floats
    buffers_bytes: Floats


def training_memory(run: TrainingRun) -> TrainingMemory:
    """The memory of a run by its parts; they sum to `memory_bytes`."""
    held, owned, buffers = _fixed(run)
    seams, inner = _activations(run)
    return TrainingMemory(
        weights_bytes=BF16_BYTES * held,
        gradients_bytes=FP32_BYTES * held,
        optimizer_bytes=STATE_BYTES * owned,
        activations_bytes=seams + (1 - np.asarray(run.layout.recompute_frac)) * inner,
        buffers_bytes=buffers,
    )


def memory_bytes(run: TrainingRun) -> Floats:
    """Bytes that a package of the first stage holds."""
    fixed, seams, inner = memory_parts(run)
    return fixed + seams + (1 - np.asarray(run.layout.recompute_frac)) * inner


def least_recompute_frac(run: TrainingRun) -> Floats:
    """Smallest share of recomputation at which the run fits, in [0, 1]; 1 where it does not fit even so."""
    return fitted(run)[0]


def fitted(run: TrainingRun) -> tuple[Floats, Floats]:
    """The smallest share of recomputation at which the run fits, as `least_recompute_frac`, and the bytes held then."""
    fixed, seams, inner = memory_parts(run)
    kept = fixed + seams
    usable = run.habits.usable_memory_frac * run.machine.hbm_capacity_bytes
    again = np.clip((kept + inner - usable) / np.maximum(inner, 1), 0, 1)
    return again, kept + (1 - again) * inner


def memory_parts(run: TrainingRun) -> tuple[Floats, Floats, Floats]:
    """What is held at any rate; activations kept at any rate; and those kept unless they are computed again."""
    held, owned, buffers = _fixed(run)
    seams, inner = _activations(run)
    return STATE_BYTES * owned + (BF16_BYTES + FP32_BYTES) * held + buffers, seams, inner


def _fixed(run: TrainingRun) -> tuple[Floats, Floats, Floats]:
    """Parameters that a package holds, and those whose state it owns [2]; bytes of the logits, which count once."""
    layout = run.layout
    plain, routed = params_per_rank(run)
    owned, whole = params_owned(run), plain + routed
    held = whole + np.asarray(layout.sharded_frac) * (owned - whole)
    logits = run.model.head_params_count / run.model.hidden_count * (BF16_BYTES + FP32_BYTES)
    return held, owned, run.rank_tokens / layout.cut_count * logits


def _activations(run: TrainingRun) -> tuple[Floats, Floats]:
    """Bytes between blocks and within them.

    A stage holds the activations of as many micro-batches as are in flight: p of the first, and more the more chunks
    it has [1].
    """
    layout = run.layout
    seams: Floats = 0.0
    inner: Floats = 0.0
    for block in run.model.blocks:
        seams = seams + block.count * BF16_BYTES * run.model.hidden_count
        inner = inner + block.count * BF16_BYTES * (block.kept_width_count - run.model.hidden_count)
    stages = np.asarray(layout.pipeline_count, dtype=float)
    flight = np.minimum(stages + (stages - 1) / layout.chunk_count, run.micro_batches_count)
    scale = flight * run.rank_tokens / layout.cut_count
    return seams * scale, inner * scale
