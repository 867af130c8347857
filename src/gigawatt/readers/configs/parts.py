"""The attention part of one layer as sizes, by the names of the catalog's `ModelBlock`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gigawatt.readers.configs.keys import MOST_COUNT, Keys, brief
from gigawatt.readers.configs.structures import Structure

# Values of a head of Mamba-2, in which those of Mamba are grouped.
HEAD_VALUES_COUNT = 64
# A block of equal layers, or what a layer says of it, by the names of the catalog's `ModelBlock`.
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer of a configuration: its number from 0, and the kind of its attention."""

    keys: Keys
    structure: Structure
    number: int
    kind: str

    @property
    def hidden(self) -> int:
        """Width of the hidden state."""
        return self.keys.whole("hidden_size")


Part = Callable[[Layer], Row]


def attention(at: Layer) -> Row:
    """The attention part of a layer."""
    if at.kind in ("moe", "mlp"):
        return {"attention": "none"}
    if at.kind == "linear":
        if at.structure.linear not in PARTS:
            at.keys.fault("layer_types", "linear_attention", "a family that has linear layers")
            return {"attention": "none"}
        return PARTS[at.structure.linear](at)
    if at.kind == "cross":
        return crossed(at)
    if at.kind == "indexed" and at.structure.attention == "grouped":
        return block_indexed(at)
    return PARTS[at.structure.attention](at)


def _size(at: Layer, name: str, default: int | None = None) -> int:
    """A size of attention: that of the kind of layer where it has one of its own."""
    own = at.structure.by_kind.get(at.kind, {}).get(name)
    if own is not None and at.keys.get(own) is not None:
        return at.keys.whole(own, at.number)
    return at.keys.whole(name, at.number, default=default)


def grouped(at: Layer) -> Row:
    """Multi-head or grouped attention, under a window where the layer has one."""
    heads = _size(at, "num_attention_heads")
    width = _size(at, "head_dim", default=max(at.hidden // heads, 1))
    row = {
        "attention": "gqa",
        "heads_count": heads,
        "kv_heads_count": _groups_count(at, heads),
        "head_dim_count": width,
        "output_gate": at.structure.output_gate,
    }
    values = _size(at, "v_head_dim", default=width)
    row |= {"value_dim_count": values} if values != width else {}
    return row | window(at.keys, at.kind)


def _groups_count(at: Layer, heads: int) -> int:
    """Heads of keys and values; one where all queries share it (Falcon, StarCoder)."""
    own = at.structure.by_kind.get(at.kind, {}).get("num_key_value_heads")
    if at.keys.flag("multi_query") and not at.keys.flag("new_decoder_architecture"):
        return 1
    times = at.structure.window_groups_ratio if at.kind == "window" and at.keys.get(own or "") is None else 1
    return times * _size(at, "num_key_value_heads", default=heads)


def window(keys: Keys, kind: str) -> Row:
    """The window of a layer, where it is shorter than the longest context."""
    if kind != "window":
        return {}
    size = keys.whole("sliding_window")
    seen = keys.whole("max_position_embeddings", default=MOST_COUNT)
    return {"window_count": size} if size < seen else {}


def crossed(at: Layer) -> Row:
    """Attention to a picture (mllama): parameters, and nothing that is kept or scored for a token of text."""
    row = grouped(at)
    heads, groups, width = row["heads_count"], row["kv_heads_count"], row["head_dim_count"]
    return {"attention": "none", "attention_params_count": at.hidden * 2 * width * (heads + groups)}


def block_indexed(at: Layer) -> Row:
    """Grouped attention to the blocks of tokens that an indexer picks (MiniMax-M3)."""
    table = at.keys.stated("sparse_attention_config")
    sizes = at.keys.once("block_index", lambda: _index_sizes(at.keys, table if isinstance(table, Mapping) else {}))
    return grouped(at) | sizes


def _index_sizes(keys: Keys, table: Mapping[str, Any]) -> Row:
    names = {
        "index_n_heads": "sparse_num_index_heads",
        "index_head_dim": "sparse_index_dim",
        "index_block_size": "sparse_block_size",
        "index_topk_blocks": "sparse_topk_blocks",
    }
    found = {}
    for name, inner in names.items():
        value = table.get(inner)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_COUNT:
            found[name] = value
            continue
        if value is not None:
            keys.fault("sparse_attention_config", f"{inner} = {brief(value)}", "whole numbers")
        found[name] = keys.whole(name)
    return {
        "selected_count": found["index_topk_blocks"] * found["index_block_size"],
        "index_heads_count": found["index_n_heads"],
        "index_dim_count": found["index_head_dim"],
    }


def latent(at: Layer) -> Row:
    """Multi-head latent attention."""
    heads = at.keys.whole("num_attention_heads")
    row: Row = {
        "attention": "mla",
        "heads_count": heads,
        "kv_heads_count": heads,
        "head_dim_count": at.keys.whole("qk_nope_head_dim"),
        "value_dim_count": at.keys.whole("v_head_dim"),
        "kv_rank_count": at.keys.whole("kv_lora_rank"),
        "rope_dim_count": at.keys.whole("qk_rope_head_dim"),
    }
    if at.keys.get("q_lora_rank") is not None:  # null is an uncompressed query
        row["q_rank_count"] = at.keys.whole("q_lora_rank")
    if at.structure.output_gate or at.keys.flag("output_gate"):
        row["output_gate"] = True
    for same in ("num_key_value_heads", "head_dim", "qk_head_dim"):  # which the ranks say already
        at.keys.stated(same)
    return row | window(at.keys, at.kind)


def indexed(at: Layer) -> Row:
    """Latent attention to the tokens that an indexer picks, its own or that of an earlier layer."""
    row = latent(at) | {"selected_count": at.keys.whole("index_topk")}
    if shares_index(at):
        return row | {"index_shared": True}
    return row | {
        "index_heads_count": at.keys.whole("index_n_heads"),
        "index_dim_count": at.keys.whole("index_head_dim"),
    }


def shares_index(at: Layer) -> bool:
    """Whether a layer takes the tokens that an earlier one picked."""
    return at.keys.once("index_shared", lambda: _shares(at.keys, at.structure.index_every_count))(at.number)


def _shares(keys: Keys, every_count: int) -> Callable[[int], bool]:
    """Whether a layer takes the tokens that an earlier one picked."""
    count = keys.whole("num_hidden_layers")
    for key in ("indexer_types", "index_topk_pattern"):
        value = keys.stated(key)
        if value is None:
            continue
        given = list(value) if isinstance(value, str) and len(value) <= count else keys.words(key, count) or []
        for word in given:
            if word not in ("full", "shared", "F", "S"):
                keys.fault(key, brief(word), "layers of full and shared, or F and S")
        return lambda n: n < len(given) and given[n] in ("shared", "S")
    every = keys.whole("index_topk_freq", default=every_count)
    offset = keys.whole("index_skip_topk_offset", default=2, least=0)
    return lambda n: max(n - offset + 1, 0) % every != 0


def compressed(at: Layer) -> Row:
    """DeepSeek-V4: one vector for all heads, of each token in a window and of several tokens beyond it."""
    hidden, heads, width = at.hidden, at.keys.whole("num_attention_heads"), at.keys.whole("head_dim")
    rank, groups, inner = at.keys.whole("q_lora_rank"), at.keys.whole("o_groups"), at.keys.whole("o_lora_rank")
    params = rank * (hidden + heads * width) + hidden * width + heads * width * inner + groups * inner * hidden
    row: Row = {
        "attention": "mla",
        "heads_count": heads,
        "kv_heads_count": heads,
        "head_dim_count": width,
        "value_dim_count": width,
        "kv_rank_count": width,
        "q_rank_count": rank,
        "window_count": at.keys.whole("sliding_window"),
    }
    if at.kind == "compressed":
        params += 2 * hidden * width
        row["compression_ratio"] = _rate(at.keys, "heavily_compressed_attention", "compress_rate_hca", 128)
    if at.kind == "picked":
        index, index_heads = at.keys.whole("index_head_dim"), at.keys.whole("index_n_heads")
        params += 2 * hidden * 2 * (width + index) + rank * index_heads * index + hidden * index_heads
        row |= {
            "compression_ratio": _rate(at.keys, "compressed_sparse_attention", "compress_rate_csa", 4),
            "selected_count": at.keys.whole("index_topk"),
            "index_heads_count": index_heads,
            "index_dim_count": index,
        }
    at.keys.stated("num_key_value_heads")  # which is the one vector
    return row | {"attention_params_count": params}


def _rate(keys: Keys, word: str, key: str, default: int) -> int:
    """Tokens of a compressed vector."""
    rates = keys.get("compress_rates")
    value = rates.get(word) if isinstance(rates, Mapping) else None
    if isinstance(value, int) and 0 < value <= MOST_COUNT:
        return value
    return keys.whole(key, default=default)


def delta(at: Layer) -> Row:
    """A gated delta net (Qwen3-Next)."""
    return {
        "attention": "linear",
        "heads_count": at.keys.whole("linear_num_value_heads"),
        "kv_heads_count": at.keys.whole("linear_num_key_heads"),
        "head_dim_count": at.keys.whole("linear_head_dim"),
        "value_dim_count": at.keys.whole("linear_value_head_dim"),
    }


def lightning(at: Layer) -> Row:
    """Lightning attention (MiniMax-Text-01): linear, with as many at.keys as queries."""
    heads = at.keys.whole("num_attention_heads")
    width = at.keys.whole("head_dim", default=max(at.hidden // heads, 1))
    return _linear(heads, heads, width, width)


def _linear(heads: int, groups: int, width: int, values: int) -> Row:
    sizes = {"heads_count": heads, "kv_heads_count": groups, "head_dim_count": width, "value_dim_count": values}
    return {"attention": "linear", **sizes}


def mamba2(at: Layer) -> Row:
    """A state space of many heads (Mamba-2)."""
    heads = at.keys.whole("mamba_num_heads")
    if at.keys.get("mamba_head_dim") in (None, "auto"):
        width = max(at.hidden * at.keys.whole("mamba_expand", default=2) // heads, 1)
    else:
        width = at.keys.whole("mamba_head_dim")
    return _linear(heads, at.keys.whole("n_groups"), at.keys.whole("ssm_state_size"), width)


def mamba1(at: Layer) -> Row:
    """A state space of a value at a time (Mamba), written as heads of as many values as those of Mamba-2 have."""
    hidden, state = at.hidden, at.keys.whole("mamba_d_state")
    inner = hidden * at.keys.whole("mamba_expand")
    rank = at.keys.get("mamba_dt_rank")
    steps = -(-hidden // 16) if rank in (None, "auto") else at.keys.whole("mamba_dt_rank")
    params = 3 * hidden * inner + inner * (2 * steps + 3 * state + at.keys.whole("mamba_d_conv"))
    values = HEAD_VALUES_COUNT if inner % HEAD_VALUES_COUNT == 0 else 1
    return _linear(inner // values, 1, state, values) | {"attention_params_count": params}


def kda(at: Layer) -> Row:
    """Kimi delta attention: a delta net whose decay, and whose gate unless it says otherwise, are of low rank."""
    heads, width = _kda_sizes(at)
    values, low = heads * width, width * (at.hidden + heads * width)
    table = at.keys.stated("linear_attn_config")
    full = isinstance(table, Mapping) and table.get("use_full_rank_gate") is True
    gate = at.hidden * values if full else low
    return _linear(heads, heads, width, width) | {
        "attention_params_count": 4 * at.hidden * values + low + gate + at.hidden * heads
    }


def full_kda(at: Layer) -> Row:
    """Kimi delta attention with a decay and a gate of full rank (Ling 2.5)."""
    heads = at.keys.whole("linear_num_heads", default=at.keys.whole("num_attention_heads"))
    width = at.keys.whole("linear_head_dim", default=at.keys.whole("head_dim"))
    return _linear(heads, heads, width, width) | {"attention_params_count": at.hidden * (6 * heads * width + heads)}


def _kda_sizes(at: Layer) -> tuple[int, int]:
    """Heads and their width, in a table of their own or not."""
    table = at.keys.stated("linear_attn_config")
    sizes = []
    for name, key in (("num_heads", "linear_num_heads"), ("head_dim", "linear_head_dim")):
        value = table.get(name) if isinstance(table, Mapping) else None
        if value is not None and not (isinstance(value, int) and 0 < value <= MOST_COUNT):
            at.keys.fault("linear_attn_config", f"{name} = {brief(value)}", "whole numbers")
        sizes.append(value if isinstance(value, int) and value > 0 else at.keys.whole(key))
    return sizes[0], sizes[1]


def convolution(at: Layer) -> Row:
    """A gated convolution over a few tokens (LFM2); what it keeps of them is too little to count."""
    hidden = at.hidden
    length = at.keys.whole("conv_L_cache", default=0, least=0)
    return {"attention": "none", "attention_params_count": 4 * hidden * hidden + length * hidden}


def searched(at: Layer) -> Row:
    """What a search left of attention in each layer (Nemotron-NAS)."""
    part = searched_part(at.keys, at.number, "attention")
    if part.get("no_op"):
        return {"attention": "none"}
    hidden, heads = at.hidden, at.keys.whole("num_attention_heads")
    if part.get("replace_with_linear"):
        return {"attention": "none", "attention_params_count": hidden * hidden}
    group = part.get("n_heads_in_group")
    if not isinstance(group, int) or not 0 < group <= heads:
        group = at.keys.fault("block_configs", f"n_heads_in_group = {brief(group)}", f"a number from 1 to {heads}")
    return grouped(at) | {"kv_heads_count": heads // group}


def searched_part(keys: Keys, layer: int, name: str) -> Mapping[str, Any]:
    """What a list of blocks says of one part of a layer."""
    blocks = keys.once("blocks", lambda: keys.words("block_configs", keys.whole("num_hidden_layers")) or [])
    block = blocks[layer] if layer < len(blocks) else None
    part = block.get(name) if isinstance(block, Mapping) else None
    if isinstance(part, Mapping):
        return part
    keys.fault("block_configs", "missing" if block is None else brief(block), f"a table with {name} for each layer")
    return {"no_op": True}


PARTS: dict[str, Part] = {
    "grouped": grouped,
    "latent": latent,
    "indexed": indexed,
    "compressed": compressed,
    "searched": searched,
    "delta": delta,
    "lightning": lightning,
    "mamba1": mamba1,
    "mamba2": mamba2,
    "kda": kda,
    "full_kda": full_kda,
    "convolution": convolution,
}
