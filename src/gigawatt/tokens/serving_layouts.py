"""Replicas that an engine starts: how a model may be spread over the packages of a scale-up domain to serve it."""

from __future__ import annotations

import numpy as np

from gigawatt.tokens.blocks import Transformer
from gigawatt.tokens.inference import ServingLayout
from gigawatt.tokens.roofline import Chip

# Deepest pipeline that is searched.
_DEEPEST_COUNT = 8


def serving_layouts(chip: Chip, transformer: Transformer) -> ServingLayout:
    """Every replica of 1, 2, 4, … packages and of the whole scale-up domain, by tensor-parallel width and stages.

    Copies of attention only pay where experts are shared, so dense models have one. Experts spread over the whole
    stage, or over as many packages as there are experts. Pipelines are searched over whole domains only, for models
    that one domain does not hold: no measured row has a pipeline.
    """
    experts = max(block.experts_count if block.routed else 0 for block in transformer.blocks)
    heads = max(block.heads_count for block in transformer.blocks)
    domain = chip.scale_up_packages_count
    rows = []
    for stage in _sizes(domain):
        for tensor in _sizes(domain):
            if stage % tensor or tensor > heads or not (experts or tensor == stage):
                continue
            spread = _divisor(stage, experts) if experts else 1
            depths = [depth for depth in _sizes(transformer.layers_count) if depth <= _DEEPEST_COUNT]
            rows += [(tensor, stage // tensor, spread, depth) for depth in depths if depth == 1 or stage == domain]
    tensor_count, data_count, expert_count, pipeline_count = np.array(rows, dtype=float).T
    return ServingLayout(
        tensor_count=tensor_count, data_count=data_count, expert_count=expert_count, pipeline_count=pipeline_count
    )


def _sizes(domain_count: int) -> list[int]:
    """Powers of two up to a domain, and the domain itself."""
    powers = [2**power for power in range(domain_count.bit_length()) if 2**power <= domain_count]
    return sorted({*powers, domain_count})


def _divisor(packages_count: int, experts_count: int) -> int:
    """Largest divisor of a replica that does not exceed the experts."""
    return max(size for size in range(1, packages_count + 1) if packages_count % size == 0 and size <= experts_count)
