"""Which layouts a training software starts: what divides what, and why a stated one is refused.

References
----------
[1] D. Narayanan et al., "Efficient large-scale language model training on GPU clusters using Megatron-LM", SC 2021,
    doi:10.1145/3458817.3476209 (tensor ranks share heads, stages in virtual chunks share blocks).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gigawatt.errors import Fault
from gigawatt.tokens.model.blocks import Transformer
from gigawatt.tokens.train.layouts import LEAST_RANK_TOKENS

# What the parts of a layout are called where people state them.
AXES = {
    "tensor_count": "tp",
    "pipeline_count": "pp",
    "context_count": "cp",
    "expert_count": "ep",
    "chunk_count": "vp",
    "micro_batch_count": "micro_batch",
}
# Blocks that the two embeddings may stand for where blocks are dealt out to stages.
SPARE_BLOCKS_COUNT = 2


def layout_faults(
    transformer: Transformer,
    stated: Mapping[str, float],
    *,
    packages_count: float,
    sequence_tokens: float,
    global_batch_count: float | None = None,
    drafts_count: int = 0,
) -> list[Fault]:
    """Why no training software starts the layout that is `stated` (by field of `Layout`); empty where one does.

    Tensor ranks divide the heads (keys and values are copied where their heads are fewer); stages, in their virtual
    chunks, divide the blocks, draft blocks and as many of the embeddings as help counted in [1]; context ranks leave a
    kernel two blocks of a sequence; expert ranks divide the experts and the packages of a stage; all of them divide
    the packages; copies of the model times the micro-batch divide the batch, where one is given.
    """
    size = {name: round(stated.get(name, 1)) for name in AXES}
    cut = size["tensor_count"] * size["pipeline_count"] * size["context_count"]
    refusals = {
        **dict(_model_refusals(transformer, size, drafts_count)),
        **dict(_gang_refusals(size, cut, packages_count, sequence_tokens)),
    }
    if global_batch_count is not None and packages_count % cut == 0:
        copies = packages_count / cut
        if global_batch_count % (copies * size["micro_batch_count"]):
            expected = f"a divisor of {global_batch_count / copies:g}, the sequences of a step per copy of the model"
            refusals["micro_batch_count"] = expected
    return [
        Fault(path=AXES[name], given=f"{size[name]}", expected=expected, asked=True)
        for name, expected in refusals.items()
        if name in stated
    ]


def splits(layers_count: int, parts_count: float) -> bool:
    """Whether blocks, with as many of the embeddings as help, can be dealt out evenly to so many parts."""
    if parts_count == 1:
        return True
    return any((layers_count + spare) % parts_count == 0 for spare in range(SPARE_BLOCKS_COUNT + 1))


def _model_refusals(transformer: Transformer, size: Mapping[str, int], drafts_count: int) -> Iterator[tuple[str, str]]:
    """Parts of a layout that do not divide what they share of the model, and what is expected of each."""
    tensor, stages, chunks, experts = (
        size[name] for name in ("tensor_count", "pipeline_count", "chunk_count", "expert_count")
    )
    heads = min((block.heads_count for block in transformer.blocks if block.heads_count), default=1)
    if heads % tensor:
        yield "tensor_count", f"a divisor of {heads}, the heads of {transformer.name}"
    layers = transformer.layers_count
    dealt = any(splits(layers + drafts, stages * chunks) for drafts in {0, drafts_count})
    blocks = f"{layers} blocks of {transformer.name}, embeddings counted as blocks or not"
    if stages > layers or not dealt:
        yield ("chunk_count" if chunks > 1 else "pipeline_count"), f"stages × chunks that divide the {blocks}"
    if chunks > 1 and stages == 1:
        yield "chunk_count", "1 where there is one stage"
    each = min((block.experts_count for block in transformer.blocks if block.routed), default=1)
    if each % experts:
        yield "expert_count", f"a divisor of {each}, the experts of {transformer.name}"


def _gang_refusals(
    size: Mapping[str, int], cut_count: int, packages_count: float, sequence_tokens: float
) -> Iterator[tuple[str, str]]:
    """Parts of a layout that do not divide the packages or leave too little of a sequence."""
    most = max(1, int(sequence_tokens / LEAST_RANK_TOKENS))
    if size["context_count"] > most:
        yield "context_count", f"at most {most}: {LEAST_RANK_TOKENS} tokens of a sequence for each"
    elif packages_count % cut_count:
        name = max(("tensor_count", "pipeline_count", "context_count"), key=lambda axis: size[axis])
        yield name, f"tensor × pipeline × context (now {cut_count}) that divides {packages_count:g} packages"
    elif (packages_count / size["pipeline_count"]) % size["expert_count"]:
        yield "expert_count", f"a divisor of {packages_count / size['pipeline_count']:g}, the packages of a stage"
