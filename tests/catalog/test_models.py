"""Models: that the blocks of a file add up to the parameters that were published."""

from __future__ import annotations

import pytest

from gigawatt.catalog import load
from gigawatt.catalog.records import Model
from gigawatt.catalog.to_tokens import transformer
from gigawatt.tokens.model.blocks import active_params_count, cache_width_count, total_params_count

ALL = [load.load("models", id_) for id_ in load.ids("models")]


def model(name: str) -> Model:
    found = load.get("models", name)
    assert isinstance(found, Model)
    return found


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.id)
class TestEveryModel:
    def test_blocks_add_up_to_the_published_parameters(self, model: Model) -> None:
        assert total_params_count(transformer(model)) == pytest.approx(model.total_params_count, rel=0.02)

    def test_active_blocks_add_up_to_the_published_active_parameters(self, model: Model) -> None:
        """Published counts differ in whether the input embedding belongs to them; some are rounded to 10 billion."""
        computed = active_params_count(transformer(model))
        with_embedding = computed + model.hidden_count * model.vocabulary_count
        nearest = min(computed, with_embedding, key=lambda count: abs(count - model.active_params_count))
        assert nearest == pytest.approx(model.active_params_count, rel=0.05)

    def test_no_more_experts_are_active_than_there_are(self, model: Model) -> None:
        for block in model.blocks:
            assert block.count > 0
            assert 0 <= block.experts_active_count <= block.experts_count
            assert block.heads_count % max(block.kv_heads_count, 1) == 0

    def test_every_block_does_something(self, model: Model) -> None:
        for block in model.blocks:
            assert block.attention != "none" or block.ffn_count > 0
            assert (block.attention == "none") == (block.heads_count == 0)

    def test_latent_attention_states_its_ranks(self, model: Model) -> None:
        """DeepSeek-V2-Lite alone leaves its queries uncompressed; V4's one vector has no rotary part of its own."""
        for block in model.blocks:
            latent = block.attention == "mla"
            ranks = (block.kv_rank_count, block.rope_dim_count or (latent and block.attention_params_count))
            query = block.q_rank_count or model.id == "deepseek-v2-lite"
            assert all((*ranks, query, block.value_dim_count)) if latent else not any(ranks)

    def test_linear_attention_states_its_state(self, model: Model) -> None:
        for block in model.blocks:
            if block.attention == "linear":
                assert block.kv_heads_count
                assert block.head_dim_count
                assert block.value_dim_count

    def test_sparse_attention_states_its_indexer(self, model: Model) -> None:
        for block in model.blocks:
            indexer = (block.index_heads_count, block.index_dim_count)
            assert all(indexer) if block.selected_count and not block.index_shared else not any(indexer)


class TestArchitectures:
    def test_deepseek_r1_is_deepseek_v3(self) -> None:
        assert model("deepseek-r1").blocks == model("deepseek-v3").blocks

    def test_deepseek_v4_keeps_a_share_of_a_vector_for_a_token(self) -> None:
        """Cache of transformers 5.24.0's DeepseekV4 class: 512 under a window, (512 + 128)/4, and 512/128."""
        widths = {
            name: [(block.count, cache_width_count(block)) for block in transformer(model(name)).blocks]
            for name in ("deepseek-v4-flash", "deepseek-v4-pro")
        }
        assert widths["deepseek-v4-flash"] == [(2, 512), (21, 160), (20, 4)]
        assert widths["deepseek-v4-pro"] == [(31, 4), (30, 160)]

    def test_gpt_oss_sees_all_of_the_context_in_every_second_block(self) -> None:
        blocks = model("openai/gpt-oss-120b").blocks
        assert [(block.count, block.window_count) for block in blocks] == [(18, 128), (18, None)]

    def test_llama_3_3_70b_shares_the_blocks_of_3_1(self) -> None:
        assert model("Llama 3.3 70B Instruct") is model("meta-llama/Llama-3.1-70B")

    @pytest.mark.parametrize(
        ("name", "linear", "attention", "alone"),
        [("Qwen3.5-397B-A17B", 45, 15, 0), ("Nemotron 3 Nano", 23, 6, 23), ("MiniMax-Text-01", 70, 10, 0)],
    )
    def test_hybrids_have_their_layers(self, name: str, linear: int, attention: int, alone: int) -> None:
        counts = {"linear": 0, "gqa": 0, "none": 0}
        for block in model(name).blocks:
            counts[block.attention] += block.count
        assert counts == {"linear": linear, "gqa": attention, "none": alone}

    @pytest.mark.parametrize(
        ("name", "window", "windowed", "full"),
        [("Gemma 3 27B", 1024, 52, 10), ("Gemma 2 9B", 4096, 21, 21), ("Llama 4 Maverick", 8192, 36, 12)],
    )
    def test_windows_are_in_most_layers(self, name: str, window: int, windowed: int, full: int) -> None:
        layers = {window: 0, None: 0}
        for block in model(name).blocks:
            layers[block.window_count] += block.count
        assert layers == {window: windowed, None: full}

    def test_the_frontier_model_is_all_assumed(self) -> None:
        assert {evidence.grade for evidence in model("frontier-2027").evidence.values()} == {"assumed"}
