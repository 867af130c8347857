"""A public Hugging Face configuration (`config.json`) as plain values: the sizes of a model and of its blocks.

Layers are read one by one and equal ones are counted, so that windows, experts and hybrids come out as blocks.
What a configuration leaves to the defaults of a library is a fault here, but for a few that all files leave out
(`FAMILIES`, `TIED`): what is read is known, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gigawatt.errors import CatalogError, Fault

T = TypeVar("T")
# A block of equal layers, or what a layer says of it, by the names of the catalog's `ModelBlock`.
Row = dict[str, Any]
MOST_LAYERS_COUNT = 10_000
MOST_COUNT = 10**9
# Where a configuration of several parts keeps that of its language model.
_PARTS = ("text_config", "language_config", "llm_config")
# Families that tie the output embedding to the input's where the file does not say.
TIED = frozenset({"gemma", "gemma2", "gemma3", "gpt2", "mpt"})
# Other names of common keys, by family.
_RENAMED: dict[str, dict[str, str]] = {
    "gpt2": {"n_embd": "hidden_size", "n_layer": "num_hidden_layers", "n_head": "num_attention_heads"},
    "mpt": {"d_model": "hidden_size", "n_layers": "num_hidden_layers", "n_heads": "num_attention_heads"},
}
_EXPERTS = ("n_routed_experts", "num_local_experts", "num_experts")
_ACTIVE = ("num_experts_per_tok", "num_experts_per_token")
_KINDS = {
    "full_attention": "full",
    "sliding_attention": "window",
    "chunked_attention": "window",
    "linear_attention": "linear",
}
_HYBRID = {"M": "mamba", "E": "moe", "*": "attention", "-": "mlp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """A model as its configuration states it; blocks in the order in which they first appear, each with its `count`."""

    hidden_count: int
    vocabulary_count: int
    tied_embeddings: bool
    draft_blocks_count: int
    blocks: tuple[Row, ...]


@dataclass(slots=True)
class _Config:
    """Keys of a configuration; what is missing or no whole number is noted, and 1 stands for it."""

    table: Mapping[str, Any]
    family: _Family
    faults: list[Fault] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What every layer asks for, made for the first one."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def has(self, *keys: str) -> bool:
        return any(self.table.get(key) is not None for key in keys)

    def whole(self, *keys: str, default: int | None = None, least: int = 1) -> int:
        """The first of `keys` that is stated, as a whole number of at least `least`."""
        key = next((key for key in keys if self.has(key)), None)
        if key is None:
            return default if default is not None else self.fault(keys[0], "missing", "a whole number")
        value = self.table[key]
        number = isinstance(value, int) and not isinstance(value, bool)
        if not number or not least <= value <= MOST_COUNT:
            return self.fault(key, _brief(value), f"a whole number from {least} to {MOST_COUNT}")
        return int(value)

    def fault(self, key: str, given: str, expected: str) -> int:
        if all(fault.path != key for fault in self.faults):
            self.faults.append(Fault(path=key, given=given, expected=expected))
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """How the models of one `model_type` are built.

    layer: attention of a layer by its number; feed-forward parts are common to all but hybrids, whose layers hold
    one part alone. full_every_count: every so many-th layer attends to all of the context, where the file does not
    say; output_gate, sparse: attention has a gate, an indexer.
    """

    attention: Callable[[_Config, int], Row]
    feed_forward: Callable[[_Config, int], Row]
    experts: bool = False
    matrices_count: int = 3
    full_every_count: int = 0
    output_gate: bool = False
    sparse: bool = False


def read_config(config: Any) -> ModelConfig:
    """What a parsed `config.json` says of its language model.

    Raises CatalogError with one fault per key that is missing or wrong, or where the family is not known.
    """
    if not isinstance(config, Mapping):
        raise CatalogError([Fault(path="config", given=_brief(config), expected="a table of keys")])
    table, kind = _text_part(config)
    reader = _Config(_renamed(table, kind), _family(kind))
    found = _model(reader, kind)
    if reader.faults:
        raise CatalogError(reader.faults)
    return found


def _brief(value: object) -> str:
    try:
        text = " ".join(str(value).split())
    except ValueError:  # Python writes no whole number of thousands of digits
        text = "a number of thousands of digits"
    text = text if len(text) <= 60 else text[:57] + "..."
    return f'"{text}"' if isinstance(value, str) else text


def _text_part(config: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The language model's keys, and its family: `model_type` without the mark of a nested part."""
    part: Mapping[str, Any] = next((config[key] for key in _PARTS if isinstance(config.get(key), Mapping)), {})
    table = {key: value for key, value in config.items() if not isinstance(value, Mapping) or key == "attn_config"}
    table |= part
    kind = str(part.get("model_type") or config.get("model_type") or "")
    return table, kind.lower().removesuffix("_text")


def _family(kind: str) -> _Family:
    if kind not in FAMILIES:
        given = _brief(kind) if kind else "missing"
        raise CatalogError([Fault(path="model_type", given=given, expected=f"one of {', '.join(sorted(FAMILIES))}")])
    return FAMILIES[kind]


def _renamed(table: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The keys by their common names; MPT and GPT-2 leave the width of feed-forward parts to a factor of four."""
    names = _RENAMED.get(kind, {})
    keys = {names.get(key, key): value for key, value in table.items()}
    if names:
        ratio, hidden = keys.get("expansion_ratio") or 4, keys.get("hidden_size")
        wide = hidden * ratio if isinstance(hidden, int) and isinstance(ratio, int) else ratio
        keys["intermediate_size"] = keys.get("n_inner") or wide
        attention = keys.get("attn_config")
        keys.setdefault("num_key_value_heads", attention.get("kv_n_heads") if isinstance(attention, Mapping) else None)
    return keys


def _model(config: _Config, kind: str) -> ModelConfig:
    hidden, vocabulary = config.whole("hidden_size"), config.whole("vocab_size")
    found = ModelConfig(
        blocks=tuple(row | {"count": count} for row, count in _rows(config)),
        hidden_count=hidden,
        vocabulary_count=vocabulary,
        tied_embeddings=_tied(config, kind),
        draft_blocks_count=config.whole("num_nextn_predict_layers", "mtp_num_hidden_layers", default=0, least=0),
    )
    for block in found.blocks:
        _check(config, block)
    return found


def _tied(config: _Config, kind: str) -> bool:
    given = config.table.get("tie_word_embeddings", kind in TIED)
    if not isinstance(given, bool):
        config.fault("tie_word_embeddings", _brief(given), "true or false")
    return bool(given)


def _check(config: _Config, block: Row) -> None:
    heads, keys = block.get("heads_count", 0), block.get("kv_heads_count", 0)
    if keys and heads % keys:
        config.fault("num_key_value_heads", str(keys), f"a divisor of {heads} heads")
    experts, active = block.get("experts_count", 0), block.get("experts_active_count", 0)
    if active > experts:
        config.fault(_ACTIVE[0], str(active), f"at most {experts} experts")


def _rows(config: _Config) -> list[tuple[Row, int]]:
    """Distinct layers in the order in which they first appear, with how many there are of each."""
    rows: list[tuple[Row, int]] = []
    for layer in range(_layers_count(config)):
        row = config.family.attention(config, layer) | config.family.feed_forward(config, layer)
        at = next((n for n, (known, _) in enumerate(rows) if known == row), None)
        if at is None:
            rows.append((row, 1))
        else:
            rows[at] = (row, rows[at][1] + 1)
    return rows


def _layers_count(config: _Config) -> int:
    patterned = config.family is FAMILIES["nemotron_h"]
    count = len(_pattern(config)) if patterned else config.whole("num_hidden_layers")
    if count > MOST_LAYERS_COUNT:
        config.fault("num_hidden_layers", str(count), f"at most {MOST_LAYERS_COUNT} layers")
        return 0
    for key in ("layer_types", "attn_type_list"):
        given = config.table.get(key)
        if given is not None and (not isinstance(given, list) or len(given) != count):
            config.fault(key, _brief(given), f"a list of {count} layers")
            return 0
    return count


def _grouped(config: _Config, layer: int) -> Row:
    """Multi-head or grouped attention, under a window where the layer has one."""
    heads = config.whole("num_attention_heads")
    row = {
        "attention": "gqa",
        "heads_count": heads,
        "kv_heads_count": config.whole("num_key_value_heads", default=heads),
        "head_dim_count": config.whole("head_dim", default=max(config.whole("hidden_size") // heads, 1)),
        "output_gate": config.family.output_gate,
    }
    window = config.whole("sliding_window", "attention_chunk_size") if _kind(config, layer) == "window" else 0
    seen = config.whole("max_position_embeddings", default=MOST_COUNT)
    return row | ({"window_count": window} if 0 < window < seen else {})


def _kind(config: _Config, layer: int) -> str:
    """Whether a layer attends to all ("full"), within a window ("window") or through a state ("linear")."""
    if config.has("layer_types"):
        given = str(config.table["layer_types"][layer])
        if given not in _KINDS:
            config.fault("layer_types", _brief(given), f"layers of {', '.join(_KINDS)}")
        return _KINDS.get(given, "full")
    if config.has("attn_type_list"):
        return "full" if config.table["attn_type_list"][layer] else "linear"
    if config.has("full_attention_interval"):
        return "linear" if (layer + 1) % config.whole("full_attention_interval") else "full"
    windows = config.has("sliding_window", "attention_chunk_size") and config.table.get("use_sliding_window", True)
    every = config.whole("sliding_window_pattern", default=config.family.full_every_count, least=0)
    return "window" if (windows or every) and (not every or (layer + 1) % every) else "full"


def _latent(config: _Config, _layer: int) -> Row:
    """Multi-head latent attention, with an indexer where the family has sparse attention."""
    heads = config.whole("num_attention_heads")
    row: Row = {
        "attention": "mla",
        "heads_count": heads,
        "kv_heads_count": heads,
        "head_dim_count": config.whole("qk_nope_head_dim"),
        "value_dim_count": config.whole("v_head_dim"),
        "kv_rank_count": config.whole("kv_lora_rank"),
        "rope_dim_count": config.whole("qk_rope_head_dim"),
    }
    if "q_lora_rank" not in config.table or config.has("q_lora_rank"):  # null is an uncompressed query
        row["q_rank_count"] = config.whole("q_lora_rank")
    if config.family.sparse:
        row["selected_count"] = config.whole("index_topk")
        row["index_heads_count"] = config.whole("index_n_heads")
        row["index_dim_count"] = config.whole("index_head_dim")
    return row


def _delta_net(config: _Config, layer: int) -> Row:
    """Gated delta nets among gated attention (Qwen3-Next)."""
    if not config.has("layer_types", "full_attention_interval"):
        config.fault("layer_types", "missing", "a list of layers, or full_attention_interval")
    if _kind(config, layer) != "linear":
        return _grouped(config, layer)
    return {
        "attention": "linear",
        "heads_count": config.whole("linear_num_value_heads"),
        "kv_heads_count": config.whole("linear_num_key_heads"),
        "head_dim_count": config.whole("linear_key_head_dim"),
        "value_dim_count": config.whole("linear_value_head_dim"),
    }


def _lightning(config: _Config, layer: int) -> Row:
    """Lightning attention (MiniMax-Text-01): linear, with as many keys as queries."""
    if not config.has("layer_types", "attn_type_list"):
        config.fault("attn_type_list", "missing", "a list of layers")
    if _kind(config, layer) != "linear":
        return _grouped(config, layer)
    heads, width = config.whole("num_attention_heads"), config.whole("head_dim")
    return {
        "attention": "linear",
        "heads_count": heads,
        "kv_heads_count": heads,
        "head_dim_count": width,
        "value_dim_count": width,
    }


def _feed_forward(config: _Config, layer: int) -> Row:
    """The dense part of a layer, or its experts."""
    matrices = {"ffn_matrices_count": config.family.matrices_count}
    if not _routed(config, layer):
        key = "intermediate_size_mlp" if config.has("intermediate_size_mlp") else "intermediate_size"
        return matrices | {"ffn_count": config.whole(key)}
    width = config.whole("moe_intermediate_size", "intermediate_size")
    return matrices | {
        "ffn_count": width,
        "experts_count": config.whole(*_EXPERTS),
        "experts_active_count": config.whole(*_ACTIVE),
        "shared_ffn_count": _shared_count(config, width),
    }


def _shared_count(config: _Config, width: int) -> int:
    """Width of the experts that every token passes; Llama 4 has one and does not say so."""
    stated = ("shared_expert_intermediate_size", "shared_intermediate_size")
    if config.has(*stated):
        return config.whole(*stated, least=0)
    implied = 1 if config.has("interleave_moe_layer_step") else 0
    return width * config.whole("n_shared_experts", default=implied, least=0)


def _routed(config: _Config, layer: int) -> bool:
    """Whether a layer has experts, by whichever of the keys for it a file has."""
    if not config.family.experts:
        return False
    dense = config.once("dense", lambda: _dense(config))
    first = config.whole("first_k_dense_replace", default=0, least=0)
    every = config.whole("decoder_sparse_step", "interleave_moe_layer_step", default=1)
    return layer >= first and layer not in dense and (layer + 1) % every == 0


def _dense(config: _Config) -> frozenset[int]:
    """Layers that have no experts."""
    given = config.table.get("mlp_only_layers") or []
    if not isinstance(given, list) or not all(isinstance(layer, int) for layer in given):
        config.fault("mlp_only_layers", _brief(given), "a list of layers")
        return frozenset()
    return frozenset(given)


def _pattern(config: _Config) -> list[str]:
    """Layers of a hybrid: one part each, written as a word or as a letter."""
    return config.once("pattern", lambda: _parts(config))


def _parts(config: _Config) -> list[str]:
    given = config.table.get("hybrid_override_pattern") or config.table.get("layers_block_type")
    if not isinstance(given, str | list) or not 0 < len(given) <= MOST_LAYERS_COUNT:
        config.fault("hybrid_override_pattern", "missing" if given is None else _brief(given), "layers M, E, * and -")
        return []
    parts = [_HYBRID.get(str(part), str(part)) for part in given]
    for part in parts:
        if part not in _HYBRID.values():
            config.fault("hybrid_override_pattern", _brief(part), "layers M, E, * and -")
    return parts


def _hybrid_attention(config: _Config, layer: int) -> Row:
    """Mamba-2, attention or none (Nemotron-H)."""
    part = _pattern(config)[layer]
    if part == "attention":
        return _grouped(config, layer)
    if part != "mamba":
        return {"attention": "none"}
    return {
        "attention": "linear",
        "heads_count": config.whole("mamba_num_heads"),
        "kv_heads_count": config.whole("n_groups"),
        "head_dim_count": config.whole("ssm_state_size"),
        "value_dim_count": config.whole("mamba_head_dim"),
    }


def _hybrid_feed_forward(config: _Config, layer: int) -> Row:
    """Experts, a plain part or nothing.

    Experts in a latent space are written as wide as the model has room for: their parameters are kept, and the
    projections into and out of the space join the shared part.
    """
    part = _pattern(config)[layer]
    if part == "mlp":
        return {"ffn_matrices_count": 2, "ffn_count": config.whole("intermediate_size")}
    if part != "moe":
        return {"ffn_count": 0}
    hidden = config.whole("hidden_size")
    latent = config.whole("moe_latent_size", default=hidden)
    shared = config.whole("moe_shared_expert_intermediate_size", default=0, least=0)
    return {
        "ffn_matrices_count": 2,
        "ffn_count": round(config.whole("moe_intermediate_size") * latent / hidden),
        "experts_count": config.whole(*_EXPERTS),
        "experts_active_count": config.whole(*_ACTIVE),
        "shared_ffn_count": shared + (latent if latent != hidden else 0),
    }


_DENSE = _Family(attention=_grouped, feed_forward=_feed_forward)
_MIXED = _Family(attention=_grouped, feed_forward=_feed_forward, experts=True)
_LATENT = _Family(attention=_latent, feed_forward=_feed_forward, experts=True)
_SPARSE = _Family(attention=_latent, feed_forward=_feed_forward, experts=True, sparse=True)
_LINEAR = _Family(attention=_lightning, feed_forward=_feed_forward, experts=True)
_PLAIN = _Family(attention=_grouped, feed_forward=_feed_forward, matrices_count=2)
# `model_type` of a configuration → how its models are built.
FAMILIES: dict[str, _Family] = {
    **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3", "phi3", "gemma", "granite", "olmo2"), _DENSE),
    **dict.fromkeys(("gpt2", "mpt", "nemotron"), _PLAIN),
    **dict.fromkeys(("mixtral", "qwen2_moe", "qwen3_moe", "glm4_moe", "minimax_m2", "phimoe"), _MIXED),
    **dict.fromkeys(("deepseek_v2", "deepseek_v3", "kimi_k2", "kimi_k25", "glm4_moe_lite"), _LATENT),
    **dict.fromkeys(("deepseek_v32", "glm_moe_dsa"), _SPARSE),
    **dict.fromkeys(("minimax", "minimax_text_01", "minimax_m1"), _LINEAR),
    "gemma2": _Family(attention=_grouped, feed_forward=_feed_forward, full_every_count=2),
    "gemma3": _Family(attention=_grouped, feed_forward=_feed_forward, full_every_count=6),
    "gpt_oss": _Family(attention=_grouped, feed_forward=_feed_forward, experts=True, full_every_count=2),
    "llama4": _Family(attention=_grouped, feed_forward=_feed_forward, experts=True, full_every_count=4),
    "qwen3_5": _Family(attention=_delta_net, feed_forward=_feed_forward, output_gate=True),
    "qwen3_5_moe": _Family(attention=_delta_net, feed_forward=_feed_forward, experts=True, output_gate=True),
    "qwen3_next": _Family(attention=_delta_net, feed_forward=_feed_forward, experts=True, output_gate=True),
    "nemotron_h": _Family(attention=_hybrid_attention, feed_forward=_hybrid_feed_forward),
}
