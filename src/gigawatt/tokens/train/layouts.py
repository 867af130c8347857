"""The layouts that a training run can take, as arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.model.blocks import Floats, Transformer
from gigawatt.tokens.train.records import Layout

Counts = NDArray[np.float64]
LAYOUT_NAMES = tuple(entry.name for entry in fields(Layout))
# What a layout cuts by depth, and whether weights are spread, which hang on one another.
STAGES = ("pipeline_count", "chunk_count", "sharded_frac")
# Sequences per micro-batch that are tried.
MOST_MICRO_BATCH_COUNT = 16
# Tokens of a sequence that context parallelism leaves to a rank: two blocks of a causal kernel, one from either end.
LEAST_RANK_TOKENS = 256
# Blocks of the fullest chunk over the mean that a search goes up to.
FULLEST_RATIO = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutGrid:
    """Layouts as a grid that is not laid out, so that each figure of a run has only the axes that it hangs on.

    layout: its fields are arrays that broadcast against one another; possible: which places of the grid a run can take.
    """

    layout: Layout
    possible: NDArray[np.bool_]

    def listed(self) -> Layout:
        """Those that a run can take, as arrays of one dimension."""
        return _each(lambda name: self._whole(name)[self.possible])

    def at(self, place: tuple[np.intp, ...]) -> Layout:
        """The layout at one place, in numbers."""
        return _each(lambda name: float(self._whole(name)[place]))

    def _whole(self, name: str) -> Counts:
        return np.broadcast_to(getattr(self.layout, name), self.possible.shape)


def _each(value: Callable[[str], Floats]) -> Layout:
    return Layout(**{name: value(name) for name in LAYOUT_NAMES})


def layout_grid(
    transformer: Transformer,
    *,
    domain_count: int,
    packages_count: float,
    global_batch_count: float,
    sequence_tokens: float,
    stated: Mapping[str, float],
) -> LayoutGrid:
    """Every layout of powers of two that a run can take; what is `stated` (by field of `Layout`) is held.

    Tensor parallelism stays inside of a scale-up domain of `domain_count` and divides the heads; a chunk holds a block
    at least, and none many more than another; experts are spread over a divisor of them, and no more ranks than there
    are copies. The number of copies is what is left of the packages: fluid where they are no multiple. Recomputation is
    0 where it is not stated. None is possible where the packages or the batch allow none.
    """
    heads = max(1, min((block.heads_count for block in transformer.blocks if block.heads_count), default=1))
    experts = max(block.experts_count if block.routed else 1 for block in transformer.blocks)
    layers = transformer.layers_count
    axes = {
        "tensor_count": _dividing(heads, min(domain_count, heads)),
        "context_count": _powers(max(1, min(domain_count, sequence_tokens / LEAST_RANK_TOKENS))),
        "micro_batch_count": _powers(min(MOST_MICRO_BATCH_COUNT, max(1, global_batch_count))),
        "recompute_frac": np.array([0.0]),
        "expert_count": _dividing(experts, min(experts, packages_count)),
        "pipeline_count": _powers(min(layers, packages_count)),
        "chunk_count": _powers(layers),
        "sharded_frac": np.array([0.0, 1.0]),
    }
    axes |= {name: np.array([float(value)]) for name, value in stated.items() if name in axes}
    # One axis for the three that hang on one another, of which few places are possible: the longest, so the innermost.
    cuts = product(*(axes.pop(name) for name in STAGES))
    stages = np.array([cut for cut in cuts if _even(cut, layers, stated)]).reshape(-1, len(STAGES))
    *lines, stage = np.ix_(*axes.values(), np.arange(len(stages)))
    grid = dict(zip(axes, lines, strict=True)) | {name: stages[:, n][stage] for n, name in enumerate(STAGES)}
    grid["data_count"] = packages_count / (grid["tensor_count"] * grid["pipeline_count"] * grid["context_count"])
    return LayoutGrid(layout=Layout(**grid), possible=_possible(grid, global_batch_count, stated))


def _even(stage: tuple[float, ...], layers_count: int, stated: Mapping[str, float]) -> bool:
    """Whether a run can be cut so by depth: into chunks that are about alike, its weights spread only where uncut."""
    pipeline, chunk, sharded = stage
    parts = pipeline * chunk
    fullest = math.ceil(layers_count / parts) * parts
    even = fullest <= FULLEST_RATIO * layers_count or (chunk == 1 and "pipeline_count" in stated)
    in_chunks = "chunk_count" in stated or (even and (pipeline > 1 or chunk == 1))
    return in_chunks and ("sharded_frac" in stated or pipeline == 1 or sharded == 0)


def _possible(grid: Mapping[str, Counts], global_batch_count: float, stated: Mapping[str, float]) -> NDArray[np.bool_]:
    data = grid["data_count"]
    batched = data * grid["micro_batch_count"] <= global_batch_count * (1 + 1e-9)
    keep = (data >= 1 - np.finfo(np.float32).eps) & batched
    if "expert_count" not in stated:
        keep = keep & (grid["expert_count"] <= data * grid["context_count"] * grid["tensor_count"])
    return np.broadcast_to(keep, np.broadcast_shapes(*(line.shape for line in grid.values())))


def _dividing(whole_count: int, largest_count: float) -> Counts:
    """Those powers of two up to a largest that divide a whole."""
    powers = _powers(largest_count)
    return powers[whole_count % powers == 0]


def _powers(largest_count: float) -> Counts:
    """1, 2, 4, … up to a largest."""
    return np.exp2(np.arange(int(largest_count).bit_length(), dtype=float))
