"""The layouts that a training run can take, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.model.blocks import Transformer
from gigawatt.tokens.train.records import Layout

Counts = NDArray[np.float64]
LAYOUT_NAMES = tuple(entry.name for entry in fields(Layout))
# Sequences per micro-batch that are tried.
MOST_MICRO_BATCH_COUNT = 16
# Tokens of a sequence that context parallelism leaves to a rank: two blocks of a causal kernel, one from either end.
LEAST_RANK_TOKENS = 256
# Blocks of the fullest chunk over the mean that a search goes up to.
FULLEST_RATIO = 1.1


def layouts_of(
    transformer: Transformer,
    *,
    domain_count: int,
    packages_count: float,
    global_batch_count: float,
    sequence_tokens: float,
    stated: Mapping[str, float],
) -> Layout:
    """Every layout of powers of two that a run can take; what is `stated` (by field of `Layout`) is held.

    Tensor parallelism stays inside of a scale-up domain of `domain_count` and divides the heads; a chunk holds a block
    at least, and none many more than another; experts are spread over a divisor of them, and no more ranks than there
    are copies. The number of copies is what is left of the packages: fluid where they are no multiple. Recomputation is
    0 where it is not stated. Empty where the packages or the batch allow none.
    """
    heads = max(1, min((block.heads_count for block in transformer.blocks if block.heads_count), default=1))
    experts = max(block.experts_count if block.routed else 1 for block in transformer.blocks)
    layers = transformer.layers_count
    axes = {
        "tensor_count": _dividing(heads, min(domain_count, heads)),
        "pipeline_count": _powers(min(layers, packages_count)),
        "context_count": _powers(max(1, min(domain_count, sequence_tokens / LEAST_RANK_TOKENS))),
        "expert_count": _dividing(experts, min(experts, packages_count)),
        "chunk_count": _powers(layers),
        "micro_batch_count": _powers(min(MOST_MICRO_BATCH_COUNT, max(1, global_batch_count))),
        "sharded_frac": np.array([0.0, 1.0]),
        "recompute_frac": np.array([0.0]),
    }
    axes |= {name: np.array([float(value)]) for name, value in stated.items() if name in axes}
    # Axes that broadcast: the grid itself is never made, only what is kept of it.
    grid = dict(zip(axes, np.meshgrid(*axes.values(), indexing="ij", sparse=True), strict=True))
    grid["data_count"] = packages_count / (grid["tensor_count"] * grid["pipeline_count"] * grid["context_count"])
    keep = _possible(grid, layers, global_batch_count, stated)
    return Layout(**{entry.name: np.broadcast_to(grid[entry.name], keep.shape)[keep] for entry in fields(Layout)})


def _possible(
    grid: Mapping[str, Counts], layers_count: int, global_batch_count: float, stated: Mapping[str, float]
) -> NDArray[np.bool_]:
    pipeline, chunk, data = grid["pipeline_count"], grid["chunk_count"], grid["data_count"]
    keep = np.ones(np.broadcast_shapes(*(line.shape for line in grid.values())), dtype=bool)
    keep &= (data >= 1 - np.finfo(np.float32).eps) & (
        data * grid["micro_batch_count"] <= global_batch_count * (1 + 1e-9)
    )
    if "chunk_count" not in stated:
        parts = pipeline * chunk
        fullest = np.ceil(layers_count / parts) * parts
        even = (fullest <= FULLEST_RATIO * layers_count) | ((chunk == 1) & ("pipeline_count" in stated))
        keep &= even & ((pipeline > 1) | (chunk == 1))
    if "expert_count" not in stated:
        keep &= grid["expert_count"] <= data * grid["context_count"] * grid["tensor_count"]
    if "sharded_frac" not in stated:
        keep &= (pipeline == 1) | (grid["sharded_frac"] == 0)
    return keep


def _dividing(whole_count: int, largest_count: float) -> Counts:
    """Those powers of two up to a largest that divide a whole."""
    powers = _powers(largest_count)
    return powers[whole_count % powers == 0]


def _powers(largest_count: float) -> Counts:
    """1, 2, 4, … up to a largest."""
    return np.exp2(np.arange(int(largest_count).bit_length(), dtype=float))
