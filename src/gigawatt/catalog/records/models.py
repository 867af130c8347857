"""Language models as lists of blocks, the traffic of benchmarks, and the law of their loss."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from gigawatt.catalog.records.evidence import EvidenceMap
from gigawatt.units import Plausible

Precision = Literal["bf16", "fp8", "int8", "fp4", "mxfp4", "int4"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBlock:
    """So many equal transformer blocks: an attention and a feed-forward part, each described by its sizes."""

    count: Annotated[int, Plausible(1, 1000, least=1, most=1e5)]
    """Number of such blocks in the model."""
    attention: Literal["gqa", "mla", "linear", "none"]
    """Grouped queries (gqa), latent vectors (mla), linear attention and state spaces (linear), or none."""
    heads_count: Annotated[int, Plausible(1, 1024, zero=True, most=1e5)] = 0
    """Heads of the queries."""
    kv_heads_count: Annotated[int, Plausible(1, 1024, zero=True, most=1e5)] = 0
    """Heads of keys and values, as many as of the queries in multi-head attention; linear: groups of keys."""
    head_dim_count: Annotated[int, Plausible(8, 2048, zero=True, most=1e5)] = 0
    """Values in a head of the keys, in mla without the rotary part."""
    value_dim_count: Annotated[int | None, Plausible(8, 2048, zero=True, most=1e5)] = None
    """Values in a head of the values; left out: as many as in a head of the keys."""
    kv_rank_count: Annotated[int | None, Plausible(8, 16_384, zero=True, most=1e6)] = None
    """Length of the latent vector that mla caches for a token."""
    rope_dim_count: Annotated[int | None, Plausible(4, 2048, zero=True, most=1e5)] = None
    """Length of the rotary part that mla caches beside the latent vector."""
    q_rank_count: Annotated[int | None, Plausible(8, 65_536, zero=True, most=1e6)] = None
    """Length of the latent query of mla; left out: the query is not compressed."""
    window_count: Annotated[int | None, Plausible(16, 1e7, zero=True, most=1e9)] = None
    """Earlier tokens that a block sees; left out: all of them. Compressed: those that it sees one by one."""
    compression_ratio: Annotated[int | None, Plausible(2, 1024, zero=True, most=1e6)] = None
    """Tokens of which the cache keeps one vector, beside those of the window; left out: it keeps each of them."""
    selected_count: Annotated[int | None, Plausible(8, 1e6, zero=True, most=1e9)] = None
    """Earlier tokens, or compressed vectors of them, that sparse attention picks; left out: all of them."""
    index_shared: bool = False
    """Whether an earlier block has picked the tokens, so that this one has no indexer of its own."""
    index_heads_count: Annotated[int | None, Plausible(1, 1024, zero=True, most=1e5)] = None
    """Heads of the indexer that picks tokens for sparse attention."""
    index_dim_count: Annotated[int | None, Plausible(4, 4096, zero=True, most=1e5)] = None
    """Values in a head of the indexer of sparse attention."""
    cache_shared: bool = False
    """Whether the keys and values are those of an earlier block, so that this one caches none."""
    attention_params_count: Annotated[int | None, Plausible(1000, 1e12, zero=True, most=1e15)] = None
    """Parameters beside the feed-forward part, where they are not those that the sizes imply; left out: they are."""
    output_gate: bool = False
    """Whether a gate as wide as the heads stands behind attention."""
    ffn_count: Annotated[int, Plausible(32, 1e6, zero=True, most=1e8)]
    """Width of the dense part, or of one expert where there are experts; 0: there is neither."""
    ffn_matrices_count: Annotated[int, Plausible(2, 3, least=1, most=4)] = 3
    """Matrices of the feed-forward part: 3 where it is gated (SwiGLU), 2 where it is plain."""
    experts_count: Annotated[int, Plausible(1, 10_000, zero=True, most=1e6)] = 0
    """Routed experts among which a token chooses; 0: the block is dense."""
    experts_active_count: Annotated[int, Plausible(1, 1000, zero=True, most=1e6)] = 0
    """Routed experts that a token passes through."""
    shared_ffn_count: Annotated[int, Plausible(32, 1e6, zero=True, most=1e8)] = 0
    """Width of the experts that every token passes through, all together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A transformer language model as a list of blocks with counts, so that MoE, MLA and GQA are data."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    vendor: str
    """Organisation that trained it."""
    aliases: tuple[str, ...] = ()
    """Further names in the wild, by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    release_date: Annotated[str, Plausible(2017, 2045, least=1990, most=2100)]
    """Day of its publication."""
    hidden_count: Annotated[int, Plausible(64, 1e5, least=1, most=1e7)]
    """Width of the hidden state."""
    vocabulary_count: Annotated[int, Plausible(100, 2e6, least=1, most=1e8)]
    """Tokens of the vocabulary."""
    tied_embeddings: bool = False
    """Whether input and output embedding are one table."""
    lookup_params_count: Annotated[int, Plausible(1e6, 1e12, zero=True, most=1e15)] = 0
    """Parameters of further tables, of which a token takes a row without a product (embeddings of every layer)."""
    total_params_count: Annotated[float, Plausible(1e6, 1e15)]
    """Parameters in all, as published."""
    active_params_count: Annotated[float, Plausible(1e6, 1e15)]
    """Parameters that a token passes through, as published."""
    draft_blocks_count: Annotated[int, Plausible(1, 16, zero=True, most=1000)] = 0
    """Blocks trained to draft further tokens (multi-token prediction), outside of the list."""
    blocks: tuple[ModelBlock, ...]
    """Blocks from input to output, equal ones together."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Traffic of a benchmark: mean lengths of its prompts and answers, for rows that do not state them."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    benchmark: str
    """Name of the benchmark, such as "mlperf-inference"."""
    model: str
    """Id of the model that the benchmark runs."""
    aliases: tuple[str, ...] = ()
    """Further names in the wild, by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    input_tokens: Annotated[float, Plausible("1 tokens", "10 Mtokens")]
    """Mean length of a prompt."""
    output_tokens: Annotated[float, Plausible("1 tokens", "1 Mtokens")]
    """Mean length of an answer."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingLaw:
    """Loss against model and data size, L = E + A/N^α + B/D^β."""

    id: str
    """Name by which it is looked up; it is the name of the file."""
    name: str
    """Name that people read, and by which it is looked up too."""
    description: str = ""
    """What it is, in a sentence or two."""
    floor_ratio: Annotated[float, Plausible(0.01, 20, zero=True)]
    """Loss that no model goes below, E, in nats per token."""
    params_scale_ratio: Annotated[float, Plausible(0.1, 1e6)]
    """Scale A of the loss that a small model adds."""
    tokens_scale_ratio: Annotated[float, Plausible(0.1, 1e6)]
    """Scale B of the loss that little data adds."""
    params_exponent_ratio: Annotated[float, Plausible(0.02, 1.5)]
    """Power α with which more parameters lower the loss."""
    tokens_exponent_ratio: Annotated[float, Plausible(0.02, 1.5)]
    """Power β with which more data lower the loss."""
    evidence: EvidenceMap = field(default_factory=dict)
    """Why each of its numbers is believed, by dotted path of its field."""
