"""Hugging Face configurations: that they become the blocks of the shipped files, and that bad ones are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gigawatt.catalog import load
from gigawatt.catalog.model_file import model_toml
from gigawatt.catalog.records import Model, ModelBlock
from gigawatt.errors import CatalogError
from gigawatt.readers.huggingface import FAMILIES, read_config

ADDRESS = "https://example.org/config.json"
LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
    "vocab_size": 128256,
}
MLA = {
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "kv_lora_rank": 512,
    "moe_intermediate_size": 2048,
    "moe_layer_freq": 1,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 61,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "tie_word_embeddings": False,
    "v_head_dim": 128,
}
V3 = MLA | {
    "model_type": "deepseek_v3",
    "first_k_dense_replace": 3,
    "n_routed_experts": 256,
    "num_attention_heads": 128,
    "num_key_value_heads": 128,
    "num_nextn_predict_layers": 1,
    "vocab_size": 129280,
}
QWEN_MOE = {
    "model_type": "qwen3_moe",
    "decoder_sparse_step": 1,
    "head_dim": 128,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "mlp_only_layers": [],
    "moe_intermediate_size": 768,
    "num_attention_heads": 32,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 48,
    "num_key_value_heads": 4,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "use_sliding_window": False,
    "vocab_size": 151936,
}
NEXT = {
    "model_type": "qwen3_next",
    "decoder_sparse_step": 1,
    "full_attention_interval": 4,
    "head_dim": 256,
    "hidden_size": 2048,
    "intermediate_size": 5120,
    "linear_key_head_dim": 128,
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 32,
    "linear_value_head_dim": 128,
    "moe_intermediate_size": 512,
    "num_attention_heads": 16,
    "num_experts": 512,
    "num_experts_per_tok": 10,
    "num_hidden_layers": 48,
    "num_key_value_heads": 2,
    "shared_expert_intermediate_size": 512,
    "vocab_size": 151936,
}
NEMOTRON = {
    "model_type": "nemotron_h",
    "head_dim": 128,
    "hidden_size": 2688,
    "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME",
    "intermediate_size": 1856,
    "mamba_head_dim": 64,
    "mamba_num_heads": 64,
    "moe_intermediate_size": 1856,
    "moe_shared_expert_intermediate_size": 3712,
    "n_groups": 8,
    "n_routed_experts": 128,
    "num_attention_heads": 32,
    "num_experts_per_tok": 6,
    "num_hidden_layers": 52,
    "num_key_value_heads": 2,
    "ssm_state_size": 128,
    "tie_word_embeddings": False,
    "vocab_size": 131072,
}
ULTRA = NEMOTRON | {
    "hidden_size": 8192,
    "hybrid_override_pattern": None,
    "layers_block_type": ["mamba", "moe"] * 48 + ["attention"] * 12,
    "mamba_num_heads": 256,
    "moe_intermediate_size": 5120,
    "moe_latent_size": 2048,
    "moe_shared_expert_intermediate_size": 10240,
    "n_routed_experts": 512,
    "num_attention_heads": 64,
    "num_experts_per_tok": 22,
    "num_nextn_predict_layers": 1,
}
# Configurations as published, without the keys that say nothing about the architecture → the shipped model.
CONFIGS: dict[str, dict[str, Any]] = {
    "llama-3.1-8b": LLAMA,
    "mistral-7b": LLAMA | {"model_type": "mistral", "vocab_size": 32768, "sliding_window": None},
    "qwen2.5-7b": LLAMA
    | {
        "model_type": "qwen2",
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "max_position_embeddings": 131072,
        "num_attention_heads": 28,
        "num_hidden_layers": 28,
        "num_key_value_heads": 4,
        "sliding_window": 131072,
        "use_sliding_window": False,
        "vocab_size": 152064,
    },
    "qwen3-0.6b": LLAMA
    | {
        "model_type": "qwen3",
        "head_dim": 128,
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "num_attention_heads": 16,
        "num_hidden_layers": 28,
        "tie_word_embeddings": True,
        "vocab_size": 151936,
    },
    "phi-3-medium": LLAMA
    | {
        "model_type": "phi3",
        "hidden_size": 5120,
        "intermediate_size": 17920,
        "max_position_embeddings": 131072,
        "num_attention_heads": 40,
        "num_hidden_layers": 40,
        "num_key_value_heads": 10,
        "sliding_window": 131072,
        "vocab_size": 32064,
    },
    "mixtral-8x7b": LLAMA
    | {"model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 2, "vocab_size": 32000},
    "qwen3-30b-a3b": QWEN_MOE,
    "deepseek-v3": V3,
    "deepseek-v3.2": V3
    | {"model_type": "deepseek_v32", "index_head_dim": 128, "index_n_heads": 64, "index_topk": 2048},
    "deepseek-v2-lite": V3
    | {
        "model_type": "deepseek_v2",
        "first_k_dense_replace": 1,
        "hidden_size": 2048,
        "intermediate_size": 10944,
        "moe_intermediate_size": 1408,
        "n_routed_experts": 64,
        "n_shared_experts": 2,
        "num_attention_heads": 16,
        "num_experts_per_tok": 6,
        "num_hidden_layers": 27,
        "num_nextn_predict_layers": 0,
        "q_lora_rank": None,
        "vocab_size": 102400,
    },
    "kimi-k2": {
        "model_type": "kimi_k25",
        "text_config": MLA
        | {
            "model_type": "kimi_k2",
            "first_k_dense_replace": 1,
            "n_routed_experts": 384,
            "num_attention_heads": 64,
            "vocab_size": 163840,
        },
        "vision_config": {"hidden_size": 1152},
    },
    "glm-5": V3
    | {
        "model_type": "glm_moe_dsa",
        "hidden_size": 6144,
        "index_head_dim": 128,
        "index_n_heads": 32,
        "index_topk": 2048,
        "intermediate_size": 12288,
        "num_attention_heads": 64,
        "num_hidden_layers": 78,
        "q_lora_rank": 2048,
        "qk_nope_head_dim": 192,
        "v_head_dim": 256,
        "vocab_size": 154880,
    },
    "glm-4.5": {
        "model_type": "glm4_moe",
        "first_k_dense_replace": 3,
        "head_dim": 128,
        "hidden_size": 5120,
        "intermediate_size": 12288,
        "moe_intermediate_size": 1536,
        "n_routed_experts": 160,
        "n_shared_experts": 1,
        "num_attention_heads": 96,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 92,
        "num_key_value_heads": 8,
        "num_nextn_predict_layers": 1,
        "tie_word_embeddings": False,
        "vocab_size": 151552,
    },
    "minimax-m2": {
        "model_type": "minimax_m2",
        "attn_type_list": [1] * 62,
        "head_dim": 128,
        "hidden_size": 3072,
        "intermediate_size": 1536,
        "num_attention_heads": 48,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 62,
        "num_key_value_heads": 8,
        "num_local_experts": 256,
        "shared_intermediate_size": 0,
        "vocab_size": 200064,
    },
    "minimax-m1": {
        "model_type": "minimax_m1",
        "attn_type_list": [0, 0, 0, 0, 0, 0, 0, 1] * 10,
        "head_dim": 128,
        "hidden_size": 6144,
        "intermediate_size": 9216,
        "num_attention_heads": 64,
        "num_experts_per_tok": 2,
        "num_hidden_layers": 80,
        "num_key_value_heads": 8,
        "num_local_experts": 32,
        "shared_intermediate_size": 0,
        "vocab_size": 200064,
    },
    "gpt-oss-120b": {
        "model_type": "gpt_oss",
        "head_dim": 64,
        "hidden_size": 2880,
        "intermediate_size": 2880,
        "layer_types": ["sliding_attention", "full_attention"] * 18,
        "max_position_embeddings": 131072,
        "num_attention_heads": 64,
        "num_experts_per_tok": 4,
        "num_hidden_layers": 36,
        "num_key_value_heads": 8,
        "num_local_experts": 128,
        "sliding_window": 128,
        "tie_word_embeddings": False,
        "vocab_size": 201088,
    },
    "gemma-2-9b": {
        "model_type": "gemma2",
        "head_dim": 256,
        "hidden_size": 3584,
        "intermediate_size": 14336,
        "max_position_embeddings": 8192,
        "num_attention_heads": 16,
        "num_hidden_layers": 42,
        "num_key_value_heads": 8,
        "sliding_window": 4096,
        "vocab_size": 256000,
    },
    "gemma-3-27b": {
        "model_type": "gemma3",
        "text_config": {
            "model_type": "gemma3_text",
            "head_dim": 128,
            "hidden_size": 5376,
            "intermediate_size": 21504,
            "num_attention_heads": 32,
            "num_hidden_layers": 62,
            "num_key_value_heads": 16,
            "sliding_window": 1024,
            "vocab_size": 262208,
        },
    },
    "llama-4-maverick": {
        "model_type": "llama4",
        "text_config": {
            "model_type": "llama4_text",
            "attention_chunk_size": 8192,
            "head_dim": 128,
            "hidden_size": 5120,
            "interleave_moe_layer_step": 2,
            "intermediate_size": 8192,
            "intermediate_size_mlp": 16384,
            "max_position_embeddings": 1048576,
            "num_attention_heads": 40,
            "num_experts_per_tok": 1,
            "num_hidden_layers": 48,
            "num_key_value_heads": 8,
            "num_local_experts": 128,
            "tie_word_embeddings": False,
            "vocab_size": 202048,
        },
    },
    "qwen3-next-80b-a3b": NEXT,
    "qwen3.5-397b-a17b": {
        "model_type": "qwen3_5_moe",
        "text_config": NEXT
        | {
            "model_type": "qwen3_5_moe_text",
            "hidden_size": 4096,
            "layer_types": [*["linear_attention"] * 3, "full_attention"] * 15,
            "linear_num_value_heads": 64,
            "moe_intermediate_size": 1024,
            "mtp_num_hidden_layers": 1,
            "num_attention_heads": 32,
            "num_hidden_layers": 60,
            "shared_expert_intermediate_size": 1024,
            "vocab_size": 248320,
        },
    },
    "nemotron-3-nano": NEMOTRON,
    "nemotron-3-ultra": ULTRA,
    "mpt-7b": {
        "model_type": "mpt",
        "attn_config": {"attn_impl": "flash", "kv_n_heads": None},
        "d_model": 4096,
        "expansion_ratio": 4,
        "n_heads": 32,
        "n_layers": 32,
        "vocab_size": 50368,
    },
    "mpt-125m": {
        "model_type": "gpt2",
        "n_embd": 768,
        "n_head": 12,
        "n_inner": None,
        "n_layer": 12,
        "vocab_size": 50368,
    },
}


def imported(tmp_path: Path, config: dict[str, Any]) -> Model:
    file = tmp_path / "model.toml"
    file.write_text(
        model_toml(read_config(config), name="An imported model", source=ADDRESS, read="2026-11-24"), encoding="utf-8"
    )
    return load.read_file(Model, file)


def faults(config: Any) -> dict[str, str]:
    with pytest.raises(CatalogError) as caught:
        read_config(config)
    return {fault.path: fault.given for fault in caught.value.faults}


def in_order(blocks: tuple[ModelBlock, ...]) -> list[str]:
    return sorted(map(repr, blocks))


@pytest.mark.parametrize("id_", CONFIGS)
class TestShippedModels:
    def test_its_configuration_gives_its_blocks(self, tmp_path: Path, id_: str) -> None:
        shipped, model = load.get("models", id_), imported(tmp_path, CONFIGS[id_])
        assert in_order(model.blocks) == in_order(shipped.blocks)
        assert (model.hidden_count, model.vocabulary_count) == (shipped.hidden_count, shipped.vocabulary_count)
        assert model.tied_embeddings == shipped.tied_embeddings

    def test_its_parameters_are_those_of_its_blocks(self, tmp_path: Path, id_: str) -> None:
        model = imported(tmp_path, CONFIGS[id_])
        assert model.total_params_count == pytest.approx(load.get("models", id_).total_params_count, rel=0.025)
        assert model.evidence["total_params_count"].grade == "derived"


class TestReading:
    def test_blocks_for_drafts_are_counted(self) -> None:
        assert read_config(V3).draft_blocks_count == 1
        assert read_config(LLAMA).draft_blocks_count == 0

    def test_many_hybrid_layers_are_read_in_one_pass(self) -> None:
        """faults K13: the pattern of a hybrid was read again for every layer, 10,000 times 10,000 parts."""

        class Layers(list[str]):
            passes_count = 0

            def __iter__(self) -> Iterator[str]:
                self.passes_count += 1
                return super().__iter__()

        layers = Layers(["M"] * 9_999 + ["*"])
        model = read_config(NEMOTRON | {"hybrid_override_pattern": layers})
        assert [block["count"] for block in model.blocks] == [9_999, 1]
        assert layers.passes_count == 1

    def test_many_different_layers_are_counted_without_comparing_each_with_all(self) -> None:
        widths = list(range(64, 10_064))
        model = read_config(LLAMA | {"num_hidden_layers": 10_000, "intermediate_size": widths})
        assert [block["ffn_count"] for block in model.blocks] == widths

    def test_many_unknown_keys_are_told(self) -> None:
        assert len(read_config(LLAMA | {f"unknown_{n}": n for n in range(20_000)}).unread) == 20_000

    def test_keys_that_change_no_size_are_not_told(self) -> None:
        silent = {"rope_theta": 1e6, "torch_dtype": "bfloat16", "bos_token_id": 1, "initializer_range": 0.02}
        assert read_config(LLAMA | silent | {"odd_blocks": 3, "unused": None}).unread == ("odd_blocks",)

    def test_a_whole_file_states_its_main_sizes_and_a_part_may_leave_them_to_its_class(self) -> None:
        part = {"model_type": "gemma3_text", "hidden_size": 2560, "num_hidden_layers": 34, "intermediate_size": 10240}
        model = read_config({"model_type": "gemma3", "text_config": part})
        assert model.vocabulary_count == 262_208
        assert ("num_attention_heads", 8) in model.assumed
        assert set(faults(part)) == {"num_attention_heads", "vocab_size"}


class TestMistakes:
    @pytest.mark.parametrize("kind", ["", "bert", "Llama 3", None, 7])
    def test_an_unknown_family_is_told_the_known(self, kind: Any) -> None:
        with pytest.raises(CatalogError, match=r"model_type.*one of .*deepseek_v2"):
            read_config(LLAMA | {"model_type": kind})

    @pytest.mark.parametrize("key", ["hidden_size", "vocab_size", "num_attention_heads", "intermediate_size"])
    def test_a_missing_key_is_named(self, key: str) -> None:
        assert faults({name: value for name, value in LLAMA.items() if name != key})[key] == "missing"

    @pytest.mark.parametrize("value", ["4096", 4096.5, -1, 0, True, [4096], 10**12])
    def test_a_wrong_number_is_named(self, value: Any) -> None:
        assert list(faults(LLAMA | {"hidden_size": value})) == ["hidden_size"]

    def test_all_are_told_at_once(self) -> None:
        assert set(faults({"model_type": "deepseek_v32", "num_hidden_layers": 2})) >= {
            "hidden_size",
            "vocab_size",
            "num_attention_heads",
            "intermediate_size",
        }

    @pytest.mark.parametrize(
        ("config", "path"),
        [
            ([], "config"),
            (LLAMA | {"num_key_value_heads": 7}, "num_key_value_heads"),
            (LLAMA | {"num_hidden_layers": 10**8}, "num_hidden_layers"),
            (LLAMA | {"layer_types": ["full_attention"]}, "layer_types"),
            (LLAMA | {"layer_types": ["odd"] * 32}, "layer_types"),
            (LLAMA | {"layer_types": [["full_attention"]] * 32}, "layer_types"),
            (LLAMA | {"tie_word_embeddings": "yes"}, "tie_word_embeddings"),
            (QWEN_MOE | {"mlp_only_layers": 3}, "mlp_only_layers"),
            (CONFIGS["mpt-7b"] | {"expansion_ratio": "wide"}, "expansion_ratio"),
            (QWEN_MOE | {"num_experts_per_tok": 200}, "num_experts_per_tok"),
            (CONFIGS["gemma-2-9b"] | {"sliding_window": None}, "sliding_window"),
            (NEMOTRON | {"hybrid_override_pattern": "MXM"}, "hybrid_override_pattern"),
            (NEMOTRON | {"hybrid_override_pattern": None}, "hybrid_override_pattern"),
        ],
    )
    def test_a_contradiction_is_named(self, config: Any, path: str) -> None:
        assert path in faults(config)

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_no_configuration_raises_anything_else(self, data: st.DataObject) -> None:
        config = dict(data.draw(st.sampled_from(list(CONFIGS.values()))))
        config["model_type"] = data.draw(st.sampled_from(sorted(FAMILIES)))
        for key in data.draw(st.lists(st.sampled_from(sorted(config)), max_size=4)):
            config[key] = data.draw(
                st.none() | st.integers(-3, 40) | st.text(max_size=3) | st.lists(st.none(), max_size=3)
            )
        with suppress(CatalogError):
            assert model_toml(read_config(config), name="m", source=ADDRESS, read="2026-11-24")
