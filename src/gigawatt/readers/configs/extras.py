"""What some families have beside attention and feed-forward: more parameters of a layer, or a cache that is shared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from gigawatt.readers.configs.keys import Keys
from gigawatt.readers.configs.parts import Layer, Row, shares_index
from gigawatt.readers.configs.structures import Structure
from gigawatt.tokens.model.blocks import Block, attention_params_count

# What a part adds to the parameters of a layer, and what else it says of it.
Extra = Callable[[Layer, Row], tuple[int, Row]]


def with_extras(at: Layer, row: Row) -> Row:
    """An attention part with the further parts of its family."""
    added, said = 0, dict(row)
    for name in at.structure.extras:
        if name in PARTS and ("heads_count" in row or name not in OF_HEADS):
            params, more = PARTS[name](at, row)
            added += params
            said |= more
    if added:
        said["attention_params_count"] = max(_implied_params_count(row, at.hidden) + added, 1)
    return said


def _implied_params_count(row: Row, hidden: int) -> int:
    sizes: dict[str, Any] = {entry.name: 0 for entry in fields(Block)} | row
    values = row.get("value_dim_count") or row.get("head_dim_count", 0)
    return attention_params_count(Block(**sizes | {"value_dim_count": values}), hidden)


def _layer_inputs(at: Layer, _row: Row) -> tuple[int, Row]:
    """Gemma 3n, 4: an embedding of every layer, projected from the token's and into the layer's stream."""
    width = at.keys.whole("hidden_size_per_layer_input", default=0, least=0)
    return 3 * at.hidden * width, {}


def _shared_keys(at: Layer, row: Row) -> tuple[int, Row]:
    """Gemma 4: layers that take keys and values of earlier ones, and values that are the at.keys."""
    heads = at.hidden * row["kv_heads_count"] * row["head_dim_count"]
    if shares_cache(at):
        return -2 * heads, {"cache_shared": True}
    return (-heads, {}) if at.kind == "full" and at.keys.flag("attention_k_eq_v") else (0, {})


def shares(at: Layer) -> tuple[bool, bool]:
    """Whether a layer takes the cache, and the index, of an earlier one."""
    indexed = at.structure.attention == "indexed"
    return "shared_keys" in at.structure.extras and shares_cache(at), indexed and shares_index(at)


def shares_cache(at: Layer) -> bool:
    """Whether a layer takes the keys and values of an earlier one."""
    shared = at.keys.whole("num_kv_shared_layers", default=0, least=0)
    return shared > 0 and at.number >= at.keys.whole("num_hidden_layers") - shared


def _alternating_updates(at: Layer, _row: Row) -> tuple[int, Row]:
    """Gemma 3n: streams beside the main one, and a low-rank residual."""
    hidden, streams = at.hidden, at.keys.whole("altup_num_inputs")
    layers = at.keys.whole("num_hidden_layers")
    mixing = hidden * streams + streams**2 + streams**3
    ends = round(2 * (streams - 1) * hidden * hidden / layers)
    return mixing + ends + 2 * hidden * at.keys.whole("laurel_rank"), {}


def _hyper_connections(at: Layer, _row: Row) -> tuple[int, Row]:
    """DeepSeek-V4: mixing of the streams before either part of a layer."""
    streams = at.keys.whole("hc_mult")
    return 2 * (2 + streams) * streams * streams * at.hidden, {}


def _plain_hyper_connections(at: Layer, _row: Row) -> tuple[int, Row]:
    """Hunyuan 4: the same without mixing among the streams."""
    streams = at.keys.whole("hc_mult")
    return 2 * 2 * streams * streams * at.hidden, {}


def _head_gate(at: Layer, row: Row) -> tuple[int, Row]:
    """A gate of one value for each head, or for each of its values; none in linear layers."""
    wide = at.keys.stated("gating") not in (None, True, "per-head")
    values = row["head_dim_count"] if wide else 1
    return (0 if at.kind == "linear" else at.hidden * row["heads_count"] * values), {}


def _gated_query(at: Layer, row: Row) -> tuple[int, Row]:
    """A.X K2: queries and a gate from a vector twice as long, and norms with a low-rank gate."""
    rank, heads = row.get("q_rank_count", 0), row["heads_count"]
    queries, values = row["head_dim_count"] + row["rope_dim_count"], row["value_dim_count"]
    norms = 2 * 2 * at.hidden * at.keys.whole("gated_norm_rank")
    return rank * heads * (queries + 2 * values) + norms, {}


PARTS: dict[str, Extra] = {
    "layer_inputs": _layer_inputs,
    "shared_keys": _shared_keys,
    "alternating_updates": _alternating_updates,
    "hyper_connections": _hyper_connections,
    "plain_hyper_connections": _plain_hyper_connections,
    "head_gate": _head_gate,
    "gated_query": _gated_query,
}

# Parts that a layer without heads does not have.
OF_HEADS = ("shared_keys", "head_gate", "gated_query")


def lookup_params_count(keys: Keys, structure: Structure) -> int:
    """Parameters of tables of which a token takes a row: positions, or the embeddings of every layer."""
    if "positions" in structure.extras:
        return keys.whole("max_position_embeddings", default=0, least=0) * keys.whole("hidden_size")
    if "layer_inputs" not in structure.extras:
        return 0
    width = keys.whole("hidden_size_per_layer_input", default=0, least=0)
    rows = keys.whole("vocab_size_per_layer_input", default=0, least=0)
    return width * rows * keys.whole("num_hidden_layers")
