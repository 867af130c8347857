"""A model as plain numbers: what one block costs, in a form that many models, accelerators and layouts can share.

`costs` turns the blocks of a transformer into numbers once. `stack` lays several such records side by side, and
`take` picks one of them per case, so that one call of a kernel answers for thousands of different models or parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import zip_longest
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.model.blocks import (
    Block,
    Floats,
    Transformer,
    attention_params_count,
    compressed_ratio,
    dense_params_count,
    expert_params_count,
    expert_width_count,
    held_count,
    index_flop,
    index_width_count,
    kept_width_count,
    mean_seen_count,
    missed_log_ratio,
    near_count,
    picked_count,
    score_flop,
    seen_count,
    split_width_count,
    state_flop,
    state_width_count,
    vector_width_count,
    whole_width_count,
)

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCosts:
    """Costs of `count` equal blocks, each per block; numbers, or arrays with one entry per case.

    *_params_count: parameters of attention, of what every token passes after it, and of one routed expert of
    `ffn_count` wide matrices; miss_log_ratio: logarithm of the chance that a token passes by an expert;
    cache_width_count: values cached per token, of which index_width_count are the indexer's; shards_count: parts that
    tensor parallelism can cut the cache into; state_width_count: values kept per sequence; held_count, attended_count:
    most earlier tokens that are cached, and attended to, one by one; compressed_ratio: vectors that are cached
    beside them per token, of which picked_count at most are attended to; prefill_score_flop, decode_score_flop: per
    token and attended token; index_flop: per token and earlier token; state_flop: per token; seam_width_count,
    split_width_count, expert_width_count: values that move per token, at the seams, inside of attention and feed-
    forward, and of the active experts; kept_width_count: values that training keeps.
    """

    count: Floats
    attention_params_count: Floats
    dense_params_count: Floats
    expert_params_count: Floats
    ffn_count: Floats
    experts_count: Floats
    experts_active_count: Floats
    miss_log_ratio: Floats
    cache_width_count: Floats
    index_width_count: Floats
    shards_count: Floats
    state_width_count: Floats
    held_count: Floats
    attended_count: Floats
    compressed_ratio: Floats
    picked_count: Floats
    prefill_score_flop: Floats
    decode_score_flop: Floats
    index_flop: Floats
    state_flop: Floats
    seam_width_count: Floats
    split_width_count: Floats
    expert_width_count: Floats
    kept_width_count: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCosts:
    """Costs of a model: those of its blocks, its hidden width, and its embeddings.

    head_params_count: parameters of the output embedding; table_params_count: of all tables that are looked up.
    """

    hidden_count: Floats
    layers_count: Floats
    head_params_count: Floats
    table_params_count: Floats
    blocks: tuple[BlockCosts, ...]


def costs(transformer: Transformer) -> ModelCosts:
    """The costs of a model."""
    head = transformer.hidden_count * transformer.vocabulary_count
    return ModelCosts(
        hidden_count=float(transformer.hidden_count),
        layers_count=float(transformer.layers_count),
        head_params_count=float(head),
        table_params_count=float((1 if transformer.tied_embeddings else 2) * head + transformer.lookup_params_count),
        blocks=tuple(block_costs(block, transformer.hidden_count) for block in transformer.blocks),
    )


def block_costs(block: Block, hidden_count: int) -> BlockCosts:
    """The costs of one kind of block in a model of a hidden width."""
    return BlockCosts(
        count=float(block.count),
        attention_params_count=float(attention_params_count(block, hidden_count)),
        dense_params_count=float(dense_params_count(block, hidden_count)),
        expert_params_count=float(expert_params_count(block, hidden_count)),
        ffn_count=float(block.ffn_count),
        experts_count=float(block.experts_count if block.routed else 0),
        experts_active_count=float(block.experts_active_count if block.routed else 0),
        miss_log_ratio=missed_log_ratio(block),
        cache_width_count=vector_width_count(block) + index_width_count(block),
        index_width_count=index_width_count(block),
        shards_count=float(1 if block.attention == "mla" else max(block.kv_heads_count, 1)),
        state_width_count=float(state_width_count(block)),
        held_count=held_count(block),
        attended_count=near_count(block),
        compressed_ratio=compressed_ratio(block),
        picked_count=picked_count(block),
        prefill_score_flop=score_flop(block, absorbed=False),
        decode_score_flop=score_flop(block, absorbed=True),
        index_flop=index_flop(block),
        state_flop=state_flop(block),
        seam_width_count=float(whole_width_count(hidden_count)),
        split_width_count=float(split_width_count(block)),
        expert_width_count=float(expert_width_count(block, hidden_count)),
        kept_width_count=float(kept_width_count(block, hidden_count)),
    )


def cached_values_count(block: BlockCosts, context_tokens: Floats) -> Floats:
    """Values that one block caches of a sequence of `context_tokens`."""
    vectors = seen_count(context_tokens, block.held_count, block.compressed_ratio, np.inf)
    if not np.any(block.index_width_count):
        return block.cache_width_count * vectors
    keys = block.cache_width_count - block.index_width_count
    return keys * vectors + block.index_width_count * context_tokens


def attended_count(block: BlockCosts, context_tokens: Floats) -> Floats:
    """Vectors that a token after `context_tokens` others attends to in one block."""
    return seen_count(context_tokens, block.attended_count, block.compressed_ratio, block.picked_count)


def mean_attended_count(block: BlockCosts, sequence_tokens: Floats) -> Floats:
    """Mean of `attended_count` over the tokens of one causal sequence."""
    return mean_seen_count(sequence_tokens, block.attended_count, block.compressed_ratio, block.picked_count)


def stack(records: Sequence[Record]) -> Record:
    """Frozen records of numbers, of one class, as one record of arrays with an entry for each.

    Tuples of records are stacked place by place; where one is shorter, zeros stand in (a block that occurs no times).
    """
    return _join(records[0], records)


def _join(like: Any, values: Sequence[Any]) -> Any:
    if is_dataclass(like) and not isinstance(like, type):
        joined = {}
        for entry in fields(like):
            column = [None if value is None else getattr(value, entry.name) for value in values]
            joined[entry.name] = _join(getattr(like, entry.name), column)
        return type(like)(**joined)
    if isinstance(like, tuple):
        return tuple(_join(next(part for part in parts if part is not None), parts) for parts in zip_longest(*values))
    if isinstance(like, str):
        return ""
    return np.array([0.0 if value is None else value for value in values], dtype=float)


def take(stacked: Record, index: NDArray[np.intp] | slice) -> Record:
    """The record of arrays whose entry i is entry index[i] of a stacked one, or a slice of its entries."""
    return _pick(stacked, index)


def _pick(value: Any, index: NDArray[np.intp] | slice) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        parts = {entry.name: _pick(getattr(value, entry.name), index) for entry in fields(value)}
        return type(value)(**parts)
    if isinstance(value, tuple):
        return tuple(_pick(part, index) for part in value)
    return value[index] if isinstance(value, np.ndarray) else value
