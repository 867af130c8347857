"""What one token costs in one transformer block: parameters, FLOPs, bytes of weights, of cache and of activations.

References
----------
[1] A. Vaswani et al., "Attention is all you need", 2017, arXiv:1706.03762.
[2] J. Ainslie et al., "GQA: training generalized multi-query transformer models", 2023, arXiv:2305.13245.
[3] DeepSeek-AI, "DeepSeek-V2" (multi-head latent attention), 2024, arXiv:2405.04434.
[4] Open Compute Project, "OCP microscaling formats (MX) specification v1.0", 2023, and NVIDIA's NVFP4 (one FP8 scale
    per 16 values).
[5] V. Korthikanti et al., "Reducing activation recomputation in large transformer models", 2022, arXiv:2205.05198.
[6] T. Dao, A. Gu, "Transformers are SSMs" (Mamba-2), 2024, arXiv:2405.21060; S. Yang et al., "Gated delta networks",
    2024, arXiv:2412.06464.
[7] DeepSeek-AI, "DeepSeek-V3.2-Exp" (sparse attention with a lightning indexer), 2025.
[8] DeepSeek-AI, "DeepSeek-V4" (compressed sparse and heavily compressed attention), 2026.
[9] W. Brandon et al., "Reducing transformer key-value cache size with cross-layer attention", 2024, arXiv:2405.12981.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Precision = Literal["bf16", "fp8", "int8", "fp4", "mxfp4", "int4"]
Floats = float | NDArray[np.float64]

# Bytes that one value takes in a format, block scales included [4].
BF16_BYTES = 2.0
FP8_BYTES = 1.0
NVFP4_BYTES = (8.0 + 1.0) / 16.0
MXFP4_BYTES = (16.0 + 1.0) / 32.0
# One FP16 scale per 128 four-bit values, as GPTQ and AWQ group them.
INT4_BYTES = 0.5 + 2.0 / 128.0
FP32_BYTES = 4.0
WEIGHT_BYTES: dict[Precision, float] = {
    "bf16": BF16_BYTES,
    "fp8": FP8_BYTES,
    "int8": FP8_BYTES,
    "fp4": NVFP4_BYTES,
    "mxfp4": MXFP4_BYTES,
    "int4": INT4_BYTES,
}
# Keys and values are cached in eight bits where weights and activations have eight or four.
CACHE_BYTES: dict[Precision, float] = {
    "bf16": BF16_BYTES,
    "fp8": FP8_BYTES,
    "int8": FP8_BYTES,
    "fp4": FP8_BYTES,
    "mxfp4": BF16_BYTES,
    "int4": BF16_BYTES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`count` equal blocks: an attention part and a feed-forward part.

    Attention: "gqa" [2] (kv_heads_count = heads_count is multi-head attention [1]); "mla" [3], where the cache
    holds one vector of kv_rank_count + rope_dim_count per token, head_dim_count excludes the rotary part, and
    q_rank_count = 0 means an uncompressed query; "linear" [6]: kv_heads_count groups of keys and queries of
    head_dim_count values, heads_count heads of value_dim_count values with a gate as wide, and per sequence a state
    of head_dim × value_dim per head instead of a cache; "none". window_count = 0: every earlier token is attended;
    selected_count > 0: only so many, picked by index_heads_count heads of index_dim_count values that look at all
    [7], or by those of an earlier block where index_shared; compression_ratio > 0: every so many tokens are kept as
    one vector beside the window, the index keys too, and selected_count are picked among those [8]; cache_shared:
    keys and values are those of an earlier block [9]; output_gate: a gate as wide as the heads' values.
    attention_params_count > 0: what attention has in all, where the sizes imply another number.
    Feed-forward: ffn_count is the width of the dense part, or of one expert where experts_count > 0;
    ffn_matrices_count is 3 for gated and 2 for plain parts; shared_ffn_count is the width of the shared experts.
    A block with one expert has nothing to route and is dense.
    """

    count: int
    attention: Literal["gqa", "mla", "linear", "none"]
    heads_count: int
    kv_heads_count: int
    head_dim_count: int
    value_dim_count: int
    kv_rank_count: int
    rope_dim_count: int
    q_rank_count: int
    window_count: int
    selected_count: int
    index_heads_count: int
    index_dim_count: int
    index_shared: bool
    compression_ratio: int
    cache_shared: bool
    attention_params_count: int
    output_gate: bool
    ffn_count: int
    ffn_matrices_count: int
    experts_count: int
    experts_active_count: int
    shared_ffn_count: int

    @property
    def routed(self) -> bool:
        """Whether tokens choose among experts."""
        return self.experts_count > 1

    @property
    def dense_ffn_count(self) -> int:
        """Width of the feed-forward part that every token passes."""
        return self.shared_ffn_count if self.routed else self.ffn_count + self.shared_ffn_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """A language model: a list of blocks between an input and an output embedding.

    lookup_params_count: parameters of further tables, of which a token takes a row and multiplies nothing.
    """

    name: str
    hidden_count: int
    vocabulary_count: int
    tied_embeddings: bool
    lookup_params_count: int
    blocks: tuple[Block, ...]

    @property
    def layers_count(self) -> int:
        """Blocks in all."""
        return sum(block.count for block in self.blocks)


def attention_params_count(block: Block, hidden_count: int) -> int:
    """Parameters of the projections of one block's attention (queries, keys, values, gate, indexer, output)."""
    if block.attention_params_count:
        return block.attention_params_count
    values = block.heads_count * block.value_dim_count
    gates = values if block.output_gate or block.attention == "linear" else 0
    index = block.index_dim_count * (hidden_count + block.index_heads_count * (block.q_rank_count or hidden_count))
    index_count = index if _indexes(block) else 0
    return _projection_params_count(block, hidden_count) + (gates + values) * hidden_count + index_count


def _projection_params_count(block: Block, hidden_count: int) -> int:
    """Queries, keys and values."""
    heads, width = block.heads_count, block.head_dim_count
    if block.attention == "gqa":
        return hidden_count * (heads * width + block.kv_heads_count * (width + block.value_dim_count))
    if block.attention == "linear":
        return hidden_count * (2 * block.kv_heads_count * width + heads * block.value_dim_count)
    queries = heads * (width + block.rope_dim_count)
    rank = block.q_rank_count
    query = rank * (hidden_count + queries) if rank else hidden_count * queries
    down = hidden_count * (block.kv_rank_count + block.rope_dim_count)
    return query + down + block.kv_rank_count * heads * (width + block.value_dim_count)


def dense_params_count(block: Block, hidden_count: int) -> int:
    """Feed-forward parameters that every token of one block uses: the dense part, or shared experts and router."""
    router = block.experts_count if block.routed else 0
    return hidden_count * (block.ffn_matrices_count * block.dense_ffn_count + router)


def expert_params_count(block: Block, hidden_count: int) -> int:
    """Parameters of one routed expert; 0 where a block has none."""
    return block.ffn_matrices_count * hidden_count * block.ffn_count if block.routed else 0


def total_params_count(transformer: Transformer) -> int:
    """Matrix parameters of a model, embeddings included (norms and biases, below 0.1 %, are left out)."""
    tables = _embedding_params_count(transformer) + transformer.lookup_params_count
    return _params_count(transformer, routed=False) + tables


def active_params_count(transformer: Transformer) -> int:
    """Parameters that one token passes: the active experts only, the output embedding and the tables of its blocks."""
    return _multiplied_params_count(transformer) + transformer.lookup_params_count


def _multiplied_params_count(transformer: Transformer) -> int:
    return _params_count(transformer, routed=True) + transformer.hidden_count * transformer.vocabulary_count


def _params_count(transformer: Transformer, *, routed: bool) -> int:
    hidden = transformer.hidden_count
    total = 0
    for block in transformer.blocks:
        experts = block.experts_active_count if routed else block.experts_count
        each = attention_params_count(block, hidden) + dense_params_count(block, hidden)
        total += block.count * (each + experts * expert_params_count(block, hidden))
    return total


def _embedding_params_count(transformer: Transformer) -> int:
    tables = 1 if transformer.tied_embeddings else 2
    return tables * transformer.hidden_count * transformer.vocabulary_count


def cache_width_count(block: Block) -> int:
    """Values that one block caches for each further token: keys and values, MLA's one latent vector [3], index keys.

    A window stops growing; where tokens are compressed it is their share of a vector and of an index key [8].
    """
    if block.cache_shared:
        return 0
    if block.compression_ratio:
        return round((vector_width_count(block) + _index_key_count(block)) / block.compression_ratio)
    return vector_width_count(block) + _index_key_count(block)


def vector_width_count(block: Block) -> int:
    """Values of the keys and values of one token, or of several that are compressed, without the indexer's."""
    if block.attention == "mla":
        return block.kv_rank_count + block.rope_dim_count
    return block.kv_heads_count * (block.head_dim_count + block.value_dim_count) if _caches(block) else 0


def index_width_count(block: Block) -> float:
    """Values of the indexer's keys per token; 0 where a block has no indexer of its own."""
    return _index_key_count(block) / max(block.compression_ratio, 1)


def _index_key_count(block: Block) -> int:
    return block.index_dim_count if _indexes(block) else 0


def _indexes(block: Block) -> bool:
    return block.selected_count > 0 and not block.index_shared


def _caches(block: Block) -> bool:
    return block.attention in ("gqa", "mla")


def state_width_count(block: Block) -> int:
    """Values that one block of linear attention keeps per sequence, whatever its length [6]."""
    return block.heads_count * block.head_dim_count * block.value_dim_count if block.attention == "linear" else 0


def cache_bytes(block: Block, precision: Precision) -> float:
    """Bytes that one block caches per token."""
    return cache_width_count(block) * CACHE_BYTES[precision]


def near_count(block: Block) -> float:
    """Most earlier tokens that a block attends to one by one."""
    picked = 0 if block.compression_ratio else block.selected_count
    return min((float(limit) for limit in (block.window_count, picked) if limit), default=float(np.inf))


def held_count(block: Block) -> float:
    """Most earlier tokens that a block caches one by one."""
    return 0.0 if block.cache_shared else float(block.window_count or np.inf)


def compressed_ratio(block: Block) -> float:
    """Vectors that a block makes of a token when it compresses; 0 where it does not."""
    return 1.0 / block.compression_ratio if block.compression_ratio else 0.0


def picked_count(block: Block) -> float:
    """Most compressed vectors that a block attends to."""
    return float(block.selected_count or np.inf)


def attended_count(block: Block, context_tokens: Floats) -> Floats:
    """Vectors that a token after `context_tokens` others attends to in one block."""
    return seen_count(context_tokens, near_count(block), compressed_ratio(block), picked_count(block))


def mean_attended_count(block: Block, sequence_tokens: Floats) -> Floats:
    """Mean of `attended_count` over the tokens of one causal sequence."""
    return mean_seen_count(sequence_tokens, near_count(block), compressed_ratio(block), picked_count(block))


def seen_count(context_tokens: Floats, near: Floats, compressed: Floats, picked: Floats) -> Floats:
    """Vectors seen: of tokens one by one up to `near`, and `compressed` a token up to `picked`."""
    seen = np.minimum(context_tokens, near)
    return seen + np.minimum(context_tokens * compressed, picked) if np.any(compressed) else seen


def mean_seen_count(sequence_tokens: Floats, near: Floats, compressed: Floats, picked: Floats) -> Floats:
    """Mean of `seen_count` over the tokens of one causal sequence: s/2, or w - w²/(2s) under a limit w < s."""
    seen = _mean_below(sequence_tokens, near)
    return seen + _mean_below(sequence_tokens * compressed, picked) if np.any(compressed) else seen


def _mean_below(most: Floats, limit: Floats) -> Floats:
    reached = np.minimum(most, limit)
    return reached - reached * reached / (2 * np.maximum(most, np.finfo(float).tiny))


def score_flop(block: Block, *, absorbed: bool) -> float:
    """FLOPs of scores and weighted values per token and attended token in one block.

    absorbed: MLA as decoded, with the up-projections moved onto the query and the output, so that every head works
    on the cached latent itself [3]: more FLOPs, and the cache is read once for all heads.
    """
    if not _caches(block):
        return 0.0
    if block.attention == "gqa":
        return 2.0 * block.heads_count * (block.head_dim_count + block.value_dim_count)
    if absorbed:
        return 2.0 * block.heads_count * (2 * block.kv_rank_count + block.rope_dim_count)
    return 2.0 * block.heads_count * (block.head_dim_count + block.rope_dim_count + block.value_dim_count)


def index_flop(block: Block) -> float:
    """FLOPs of the indexer of sparse attention per token and earlier token, attended or not [7]."""
    return 2.0 * block.index_heads_count * index_width_count(block)


def state_flop(block: Block) -> float:
    """FLOPs per token that linear attention spends on its state: decay, update and read [6]."""
    return 2.0 * (1 + 2) * state_width_count(block)


def missed_log_ratio(block: Block) -> float:
    """log(1 - k/E), of the chance that a token passes by an expert; 0 where nothing is routed.

    At k = E the finite stand-in underflows to a chance of zero for any batch of a token or more.
    """
    if not block.routed:
        return 0.0
    share = block.experts_active_count / block.experts_count
    return float(np.log1p(-share)) if share < 1 else float(np.log(np.finfo(float).tiny))


def whole_width_count(hidden_count: int) -> int:
    """Values per token at a block's seams: the hidden vector in and out of attention and feed-forward."""
    return 2 * 2 * hidden_count


def split_width_count(block: Block) -> int:
    """Values per token inside of attention and of the dense feed-forward part, which tensor parallelism splits."""
    heads = block.heads_count * (block.head_dim_count + block.rope_dim_count + block.value_dim_count)
    cached = (
        vector_width_count(block) + _index_key_count(block) + (block.q_rank_count if block.attention == "mla" else 0)
    )
    if block.attention == "linear":
        cached = 2 * block.kv_heads_count * block.head_dim_count
        heads = 2 * block.heads_count * block.value_dim_count
    return heads + cached + block.ffn_matrices_count * block.dense_ffn_count


def expert_width_count(block: Block, hidden_count: int) -> int:
    """Values per token in and out of its active experts and between them; 0 where nothing is routed."""
    if not block.routed:
        return 0
    return block.experts_active_count * (2 * hidden_count + block.ffn_matrices_count * block.ffn_count)


def kept_width_count(block: Block, hidden_count: int) -> int:
    """Values per token that training keeps for the backward pass of one block.

    Norms and activation functions are computed again from their inputs: a seam keeps one hidden vector of two, a
    feed-forward part one intermediate fewer than it has matrices [5].
    """
    kept = whole_width_count(hidden_count) // 2 + split_width_count(block) - block.dense_ffn_count
    return kept + _expert_kept_count(block, hidden_count)


def _expert_kept_count(block: Block, hidden_count: int) -> int:
    if not block.routed:
        return 0
    return block.experts_active_count * (hidden_count + (block.ffn_matrices_count - 1) * block.ffn_count)


def training_flop(transformer: Transformer, sequence_tokens: Floats) -> Floats:
    """Model FLOPs of one training token: three passes of 2·(active parameters) + causal attention (recompute excluded).

    This is the numerator of model FLOP utilisation (MFU) as Megatron and NeMo report it.
    """
    scores = sum(
        block.count
        * (score_flop(block, absorbed=False) * mean_attended_count(block, sequence_tokens) + state_flop(block))
        for block in transformer.blocks
    )
    return (1 + 2) * (2 * _multiplied_params_count(transformer) + scores)
