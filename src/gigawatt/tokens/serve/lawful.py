"""Replicas that an engine starts: how a model may be spread over the packages of a scale-up domain to serve it.

Tensor parallelism gives every rank the same number of query heads, and of KV heads a whole number or copies of one
[1]. A group of experts holds whole experts, or equal slices of them; where the groups do not divide the experts, some
experts are held twice [2]. A domain holds whole replicas, and what is left of it stands idle.

References
----------
[1] W. Kwon et al., "Efficient memory management for large language model serving with PagedAttention", SOSP 2023, as
    vLLM, SGLang and TensorRT-LLM check it when they start.
[2] DeepSeek-AI, "DeepSeek-V3 technical report" (32 redundant experts beside 256), 2024, arXiv:2412.19437, section 3.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from gigawatt.errors import Fault
from gigawatt.tokens.model.blocks import Block, Floats, Transformer
from gigawatt.tokens.model.roofline import Chip
from gigawatt.tokens.serve.steady import ServingLayout

# Deepest pipeline that is searched.
_DEEPEST_COUNT = 8
# Most copies of experts that groups hold beside the experts themselves in a layout that is searched [2].
_MOST_SPARE_FRAC = 32 / 256


def serving_layouts(chip: Chip, transformer: Transformer) -> ServingLayout:
    """Every replica that an engine starts, of as many packages as divide a scale-up domain or as a power of two.

    Copies of attention only pay where experts are shared, so dense models have one. Experts spread over the whole
    stage, or over as many groups as share them out. Pipelines are searched over the widest stages only, for models
    that one domain does not hold: no measured row has a pipeline.
    """
    routed = [block for block in transformer.blocks if block.routed]
    sizes = _sizes(chip.scale_up_packages_count)
    tensors = list(filter(_splitting(transformer), sizes))
    stages = [
        (tensor, stage // tensor, spread)
        for stage in (sizes if routed else tensors)
        if (spread := _spread_count(routed, stage))
        for tensor in (tensors if routed else [stage])
        if stage % tensor == 0
    ]
    widest = max(tensor * data for tensor, data, _ in stages)
    depths = [2**n for n in range(_DEEPEST_COUNT.bit_length()) if 2**n <= transformer.layers_count]
    rows = [
        (tensor, data, spread, depth)
        for tensor, data, spread in stages
        for depth in (depths if tensor * data == widest else depths[:1])
    ]
    tensor_count, data_count, expert_count, pipeline_count = np.array(rows, dtype=float).T
    return ServingLayout(
        tensor_count=tensor_count, data_count=data_count, expert_count=expert_count, pipeline_count=pipeline_count
    )


def layout_faults(
    chip: Chip,
    transformer: Transformer,
    *,
    tp_count: int | None = None,
    dp_count: int | None = None,
    ep_count: int | None = None,
    pp_count: int | None = None,
) -> Iterator[Fault]:
    """Why no engine starts a stated layout, axis by axis, with the nearest counts that it takes; None is not stated."""
    name, domain, stage = transformer.name, chip.scale_up_packages_count, (tp_count or 1) * (dp_count or 1)
    experts = min((block.experts_count for block in transformer.blocks if block.routed), default=1)
    own = f"the experts of {name}" if experts > 1 else f"for {name} routes nothing"
    spread = (stage, "tensor × data packages") if stage <= experts else (experts, own)
    heads = f"ranks share the {_heads(transformer)} of {name} evenly"
    yield from _unlawful("tp", tp_count, domain, f"the scale-up domain of {chip.name}", heads, _splitting(transformer))
    yield from _unlawful("ep", ep_count, *spread, f"groups divide tensor × data = {stage}", _dividing(stage))
    yield from _unlawful("pp", pp_count, transformer.layers_count, f"the blocks of {name}", "", lambda _: True)


def idle_count(domain_count: Floats, replica_count: Floats) -> Floats:
    """Packages that whole replicas do not fill: of one domain, or of those that a replica wider than one takes."""
    held = _held_count(domain_count, replica_count)
    return held - held // replica_count * replica_count


def working_frac(domain_count: Floats, replica_count: Floats) -> Floats:
    """Share of the packages of scale-up domains that whole replicas fill; the others stand idle."""
    return 1 - idle_count(domain_count, replica_count) / _held_count(domain_count, replica_count)


def _held_count(domain_count: Floats, replica_count: Floats) -> Floats:
    """Packages of the domains that a replica reaches into."""
    return np.ceil(np.asarray(replica_count, dtype=float) / domain_count) * domain_count


def _sizes(domain_count: int) -> list[int]:
    """Powers of two up to a domain, and its divisors."""
    powers = [2**power for power in range(domain_count.bit_length()) if 2**power <= domain_count]
    return sorted({*powers, *_divisors(domain_count)})


def _divisors(count: int) -> list[int]:
    small = [size for size in range(1, math.isqrt(count) + 1) if count % size == 0]
    return sorted({*small, *(count // size for size in small)})


def _splitting(transformer: Transformer) -> Callable[[int], bool]:
    """Whether so many ranks share out the heads of every block."""
    return lambda count: all(_shared_out(block, count) for block in transformer.blocks)


def _dividing(whole_count: int) -> Callable[[int], bool]:
    return lambda count: whole_count % count == 0


def _shared_out(block: Block, tensor_count: int) -> bool:
    """Whether ranks share out a block's heads: query heads evenly, KV heads evenly or each copied equally often.

    Where there is but one latent vector or group of keys it is copied to each rank; other groups of keys of linear
    attention are not copied.
    """
    if block.heads_count % tensor_count:
        return False
    groups = 1 if block.attention in ("mla", "none") else max(block.kv_heads_count, 1)
    copied = groups == 1 or (block.attention == "gqa" and tensor_count % groups == 0)
    return copied or groups % tensor_count == 0


def _spread_count(routed: Iterable[Block], stage_count: int) -> int:
    """Most groups of a stage that share out experts, each cut into equal slices in its group; 0 where none do.

    1 where nothing is routed.
    """
    blocks = list(routed)
    if not blocks:
        return 1
    return next((size for size in reversed(_divisors(stage_count)) if _spread(blocks, stage_count, size)), 0)


def _spread(blocks: Iterable[Block], stage_count: int, groups_count: int) -> bool:
    return all(
        groups_count <= block.experts_count
        and block.ffn_count % (stage_count // groups_count) == 0
        and -block.experts_count % groups_count <= _MOST_SPARE_FRAC * block.experts_count
        for block in blocks
    )


def _unlawful(
    key: str, count: int | None, most_count: int, limit: str, rule: str, lawful: Callable[[int], bool]
) -> Iterator[Fault]:
    """A fault of an axis beyond its limit or against its rule, with the nearest counts that are lawful; 1 always is."""
    if count is None or (count <= most_count and lawful(count)):
        return
    below = next(size for size in range(min(count - 1, most_count), 0, -1) if lawful(size))
    above = next((size for size in range(count + 1, most_count + 1) if lawful(size)), None)
    near = str(below) if above is None else f"{below} or {above}"
    if count > most_count:
        near = f"at most {most_count}, {limit}" + (f", such as {near}" if below < most_count else "")
    else:
        near = f"{near}: {rule}"
    yield Fault(path=key, given=str(count), expected=near)


def _heads(transformer: Transformer) -> str:
    """Heads of a model in words, with its KV heads where they count: "28 query heads and 4 KV heads"."""
    blocks = [block for block in transformer.blocks if block.heads_count]
    heads = sorted({block.heads_count for block in blocks})
    groups = sorted({block.kv_heads_count for block in blocks if block.attention in ("gqa", "linear")})
    said = f"{' and '.join(map(str, heads))} query heads"
    return f"{said} and {' and '.join(map(str, groups))} KV heads" if groups else said
