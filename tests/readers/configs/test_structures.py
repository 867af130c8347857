"""The table of structures: what blocks come to, held against published counts and those of transformers' classes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from gigawatt.catalog.records import Model, ModelBlock
from gigawatt.catalog.to_tokens import transformer
from gigawatt.readers.configs.keys import class_defaults
from gigawatt.readers.configs.structures import SAME, STRUCTURES
from gigawatt.readers.huggingface import read_config
from gigawatt.tokens.model.blocks import Transformer, active_params_count, cache_width_count, total_params_count

COUNTS = Path(__file__).with_name("class_counts.csv")
CASES = (
    *("deepseek-v4-flash", "devstral-small-2-24b", "exaone-4.0-32b", "gemma-4-26b-a4b", "gemma3n-text", "jamba"),
    *("glm-4.7-flash-mlp-layer-types", "glm-5.2", "kimi-linear-48b-a3b", "lfm2.5-vl-1.6b", "llama-3.2-90b-vision"),
    *("llama-3.3-nemotron-super-49b", "longcat-flash", "mimo-7b", "minimax-m3", "nemotron-3-nano-resaved"),
    *("qwen2.5-vl-7b", "qwen3-8b-window-after-layer-28", "qwen3-vl-235b-a22b", "qwen3-vl-8b", "smollm3"),
)
# LongCat-Flash is published with 560 billion parameters, at most 31.3 billion of them active; its class in transformers
# 5.24.0, of which the case counts 741 billion, makes gate and up matrices for its 256 empty experts too.
PUBLISHED = {"longcat-flash": (560e9, 31.3e9)}
# Kimi-K3's text part, of the shapes of whose checkpoint the parameters below are the sum.
KIMI_K3 = {
    "model_type": "kimi_linear",
    "first_k_dense_replace": 1,
    "hidden_size": 7168,
    "intermediate_size": 33792,
    "kv_lora_rank": 512,
    "linear_attn_config": {
        "full_attn_layers": [*range(4, 93, 4), 93],
        "head_dim": 128,
        "num_heads": 96,
        "short_conv_kernel_size": 4,
        "use_full_rank_gate": True,
    },
    "mla_use_output_gate": True,
    "moe_intermediate_size": 3072,
    "num_attention_heads": 96,
    "num_experts": 896,
    "num_experts_per_token": 16,
    "num_hidden_layers": 93,
    "num_shared_experts": 2,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "routed_expert_hidden_size": 3584,
    "tie_word_embeddings": False,
    "v_head_dim": 128,
    "vocab_size": 163840,
}


def counts() -> list[tuple[str, int, int]]:
    lines = [line for line in COUNTS.read_text().splitlines() if not line.startswith("#")]
    return [(row["family"], int(row["total"]), int(row["active"])) for row in csv.DictReader(lines)]


def read(config: Any) -> Transformer:
    found = read_config(config)
    return transformer(
        Model(
            id="m",
            name="m",
            vendor="v",
            release_date="2026-11-29",
            hidden_count=found.hidden_count,
            vocabulary_count=found.vocabulary_count,
            tied_embeddings=found.tied_embeddings,
            lookup_params_count=found.lookup_params_count,
            total_params_count=0.0,
            active_params_count=0.0,
            blocks=tuple(ModelBlock(**block) for block in found.blocks),
        )
    )


@pytest.mark.parametrize("name", CASES)
class TestPublicConfigurations:
    """Right counts of cases/configs, each with its source there."""

    def test_parameters_and_cache_are_right(self, data_dir: Path, name: str) -> None:
        case = json.loads((data_dir / "cases" / "configs" / f"{name}.json").read_text())
        right, model = case["right"], read(case["config"])
        total, active = PUBLISHED.get(name, (right["total_params"], right["active_params"]))
        assert total_params_count(model) == pytest.approx(total, rel=2e-3)
        assert active_params_count(model) == pytest.approx(active, rel=2e-3)
        cached = sum(block.count * cache_width_count(block) for block in model.blocks)
        assert cached == right["cached_values_per_token_all_layers"]

    def test_layers_of_each_kind_are_counted(self, data_dir: Path, name: str) -> None:
        case = json.loads((data_dir / "cases" / "configs" / f"{name}.json").read_text())
        twice = 2 if name == "longcat-flash" else 1  # two layers of attention in each
        right = {}
        for row in case["right"]["layers"]:
            key = (row["cached_values_per_token"] // twice, row["window"])
            right[key] = right.get(key, 0) + twice * row["count"]
        found: dict[tuple[int, int | None], int] = {}
        for block in read(case["config"]).blocks:
            window = block.window_count if not block.compression_ratio and not block.cache_shared else 0
            key = (cache_width_count(block), window or None)
            found[key] = found.get(key, 0) + block.count
        assert found == right


@pytest.mark.parametrize(("family", "total", "active"), counts(), ids=[row[0] for row in counts()])
def test_what_a_file_leaves_out_is_that_of_the_class(family: str, total: int, active: int) -> None:
    """A part that states nothing has the sizes, and the kinds of layers, of its class in transformers."""
    model = read({"model_type": family, "text_config": {"model_type": family}})
    assert total_params_count(model) == pytest.approx(total, rel=2e-3)
    assert active_params_count(model) == pytest.approx(active, rel=5e-3)


def test_kimi_k3_has_the_parameters_of_its_checkpoint() -> None:
    """Shapes of Kimi-K3's weights, as listed with its public configuration: experts in a latent space, gates."""
    hidden, inner = 7168, 12288
    experts = 896 * 3 * 3072 * 3584
    others = 896 * hidden + 2 * 3584 * hidden + 3 * 6144 * hidden
    delta = 4 * inner * hidden + 128 * (hidden + inner) + 96 * hidden + inner * hidden
    latent = 1536 * (hidden + 18432) + 576 * hidden + 24576 * 512 + 2 * inner * hidden
    ends = 2 * 163840 * hidden + 3 * 33792 * hidden
    model = read({"model_type": "kimi_k3", "text_config": KIMI_K3})
    assert total_params_count(model) == pytest.approx(
        92 * (experts + others) + 69 * delta + 24 * latent + ends, rel=1e-4
    )
    assert sum(block.count * cache_width_count(block) for block in model.blocks) == 24 * 576


def test_every_default_is_of_a_family_of_the_table() -> None:
    assert set(class_defaults()) <= set(STRUCTURES)
    assert set(SAME.values()) <= set(STRUCTURES)
    assert not set(SAME) & set(STRUCTURES)
