"""Kinds of layers, by each of the keys that say them."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.huggingface import read_config

SIZES = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "num_hidden_layers": 8,
    "max_position_embeddings": 32768,
    "sliding_window": 512,
    "vocab_size": 32000,
}
MIXED = SIZES | {"n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 256}


def windowed(kind: str, **keys: Any) -> int:
    """Layers under a window."""
    blocks = read_config(SIZES | {"model_type": kind} | keys).blocks
    return sum(block["count"] for block in blocks if block.get("window_count"))


def routed(kind: str, **keys: Any) -> int:
    """Layers with experts."""
    blocks = read_config(MIXED | {"model_type": kind} | keys).blocks
    return sum(block["count"] for block in blocks if block.get("experts_count"))


@pytest.mark.parametrize(
    ("kind", "keys", "count"),
    [
        ("mistral", {}, 8),
        ("mistral", {"sliding_window": None}, 0),
        ("mistral", {"sliding_window": 32768}, 0),
        ("qwen2", {}, 0),
        ("qwen2", {"use_sliding_window": True, "max_window_layers": 5}, 3),
        ("qwen3", {"use_sliding_window": True, "max_window_layers": 8}, 0),
        ("qwen3_moe", MIXED | {"use_sliding_window": True}, 8),
        ("qwen2_moe", MIXED | {"use_sliding_window": True, "max_window_layers": 5}, 3),
        ("exaone4", {}, 6),
        ("exaone4", {"sliding_window_pattern": "LG"}, 4),
        ("exaone4", {"sliding_window_pattern": 8}, 7),
        ("exaone4", {"sliding_window": None}, 0),
        ("cohere2", {"layer_types": ["sliding_attention", "full_attention"] * 4}, 4),
        ("mimo_v2_flash", MIXED | {"v_head_dim": 64, "hybrid_layer_pattern": [0, 1, 1, 1, 1, 0, 1, 1]}, 6),
        ("olmo3", {}, 6),
    ],
)
def test_windows(kind: str, keys: dict[str, Any], count: int) -> None:
    assert windowed(kind, **keys) == count


@pytest.mark.parametrize(
    ("kind", "keys", "count"),
    [
        ("glm4_moe", {"first_k_dense_replace": 3}, 5),
        ("glm4_moe", {"mlp_layer_types": ["dense"] * 2 + ["sparse"] * 6, "first_k_dense_replace": 3}, 6),
        ("deepseek_v3", {"first_k_dense_replace": 1, "moe_layer_freq": 2}, 3),
        ("mimo_v2_flash", {"moe_layer_freq": [0, 0, 0, 1, 1, 1, 1, 1]}, 5),
        ("qwen3_moe", {"decoder_sparse_step": 2, "mlp_only_layers": [1]}, 3),
        ("step3p5", {"moe_layers_enum": "4,5,6"}, 3),
        ("jamba", {"expert_layer_period": 4, "expert_layer_offset": 1}, 2),
        ("gemma4", {"enable_moe_block": False}, 0),
        ("llama", {}, 0),
    ],
)
def test_experts(kind: str, keys: dict[str, Any], count: int) -> None:
    assert routed(kind, **keys) == count


def test_entries_beyond_the_layers_are_those_of_drafts() -> None:
    types = ["full_attention"] * 9
    assert windowed("cohere2", layer_types=types, num_mtp_modules=1) == 0
    with pytest.raises(CatalogError, match="layer_types = 9 entries"):
        windowed("cohere2", layer_types=types)


def test_layers_of_their_own_sizes() -> None:
    """transformers 5 saves what single layers have instead."""
    blocks = read_config(SIZES | {"model_type": "llama", "per_layer_config": {"7": {"num_key_value_heads": 8}}}).blocks
    assert [(block["count"], block["kv_heads_count"]) for block in blocks] == [(7, 2), (1, 8)]


@pytest.mark.parametrize(
    ("kind", "keys", "path"),
    [
        ("exaone4", {"sliding_window_pattern": "LXG"}, "sliding_window_pattern"),
        ("glm4_moe", MIXED | {"mlp_layer_types": ["odd"] * 8}, "mlp_layer_types"),
        ("glm4_moe", MIXED | {"moe_layer_freq": [1, 0]}, "moe_layer_freq"),
        ("step3p5", MIXED | {"moe_layers_enum": "4,x"}, "moe_layers_enum"),
        ("kimi_linear", MIXED | {"linear_attn_config": {"full_attn_layers": 4}}, "linear_attn_config"),
        (
            "minimax_m3_vl",
            MIXED | {"sparse_attention_config": {"sparse_attention_freq": [1]}},
            "sparse_attention_config",
        ),
        ("glm_moe_dsa", MIXED | {"indexer_types": ["half"] * 8}, "indexer_types"),
        ("deepseek_v4", MIXED | {"compress_ratios": ["many"] * 8}, "compress_ratios"),
        ("nemotron-nas", {"block_configs": [{}] * 8}, "block_configs"),
        ("llama", {"layer_types": ["linear_attention"] * 8}, "layer_types"),
    ],
)
def test_what_cannot_be_read_is_named(kind: str, keys: dict[str, Any], path: str) -> None:
    with pytest.raises(CatalogError) as caught:
        read_config(SIZES | {"model_type": kind} | keys)
    assert path in [fault.path for fault in caught.value.faults]
