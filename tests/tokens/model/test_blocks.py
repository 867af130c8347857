from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import DENSE, DENSE_BLOCK, LATENT_BLOCK, ROUTED, ROUTED_BLOCK

from gigawatt.tokens import active_params_count, costs, total_params_count, training_flop
from gigawatt.tokens.model import blocks
from gigawatt.tokens.model.sizes import attended_count, block_costs, cached_values_count, mean_attended_count

SPARSE_BLOCK = replace(LATENT_BLOCK, selected_count=2048, index_heads_count=64, index_dim_count=128)
# DeepSeek-V4 Flash: one vector of 512 for all heads, a window of 128, and vectors of 4 and of 128 tokens beside it.
COMPRESSED_BLOCK = replace(
    LATENT_BLOCK,
    heads_count=64,
    head_dim_count=512,
    value_dim_count=512,
    kv_rank_count=512,
    rope_dim_count=0,
    window_count=128,
    compression_ratio=4,
    selected_count=512,
    index_heads_count=64,
    index_dim_count=128,
)
COARSE_BLOCK = replace(COMPRESSED_BLOCK, compression_ratio=128, selected_count=0, index_heads_count=0)


def test_params_of_a_dense_model_are_llama_3_8b():
    assert total_params_count(DENSE) == pytest.approx(8.03e9, rel=1e-3)
    assert active_params_count(DENSE) == total_params_count(DENSE) - 4096 * 128256


def test_routed_model_uses_fewer_params_than_it_has():
    expert = 3 * 4096 * 2048
    assert blocks.expert_params_count(ROUTED_BLOCK, 4096) == expert
    assert total_params_count(ROUTED) - active_params_count(ROUTED) == 32 * 60 * expert + 4096 * 128256


def test_tied_embeddings_count_once():
    tied = replace(DENSE, tied_embeddings=True)
    assert total_params_count(DENSE) - total_params_count(tied) == 4096 * 128256


def test_cache_bytes():
    assert blocks.cache_bytes(DENSE_BLOCK, "bf16") == 2 * 8 * 128 * 2
    assert blocks.cache_bytes(DENSE_BLOCK, "fp8") == 2 * 8 * 128
    assert blocks.cache_bytes(LATENT_BLOCK, "fp4") == 512 + 64


def test_window_limits_what_is_attended():
    window = replace(DENSE_BLOCK, window_count=128)
    assert blocks.attended_count(window, 1000.0) == 128
    assert blocks.attended_count(window, 100.0) == 100
    assert blocks.mean_attended_count(DENSE_BLOCK, 1000.0) == 500
    exact = np.minimum(np.arange(1000) + 0.5, 128).mean()
    assert blocks.mean_attended_count(window, 1000.0) == pytest.approx(exact, rel=1e-6)


def test_absorbed_latent_attention_costs_more_per_cached_token():
    assert blocks.score_flop(LATENT_BLOCK, absorbed=True) == 2 * 128 * (2 * 512 + 64)
    assert blocks.score_flop(LATENT_BLOCK, absorbed=False) == 2 * 128 * (128 + 64 + 128)
    assert blocks.score_flop(DENSE_BLOCK, absorbed=True) == blocks.score_flop(DENSE_BLOCK, absorbed=False)


def test_uncompressed_query_of_latent_attention():
    plain = replace(LATENT_BLOCK, q_rank_count=0)
    difference = 1536 * (4096 + 128 * 192) - 4096 * 128 * 192
    assert blocks.attention_params_count(LATENT_BLOCK, 4096) - blocks.attention_params_count(plain, 4096) == difference


def covered_experts_count(block, batch_tokens):
    """Experts of a block that a batch touches, E·(1 - (1 - k/E)^B), for uniform independent routing."""
    return block.experts_count * -np.expm1(batch_tokens * blocks.missed_log_ratio(block))


@settings(deadline=None)
@given(st.floats(1, 1e6), st.integers(1, 64))
def test_coverage_is_between_the_active_experts_and_all(batch, active):
    block = replace(ROUTED_BLOCK, experts_active_count=active)
    covered = float(covered_experts_count(block, batch))
    assert active * (1 - 1e-9) <= covered <= 64
    assert covered <= min(64, active * batch) * (1 + 1e-9)


def test_coverage_by_hand():
    assert covered_experts_count(ROUTED_BLOCK, 2.0) == pytest.approx(64 * (1 - (60 / 64) ** 2))
    assert covered_experts_count(DENSE_BLOCK, 2.0) == 0


def test_one_expert_is_a_dense_block():
    single = replace(DENSE_BLOCK, experts_count=1, experts_active_count=1)
    for cost in (
        blocks.dense_params_count,
        blocks.expert_params_count,
        blocks.expert_width_count,
        blocks.kept_width_count,
    ):
        assert cost(single, 4096) == cost(DENSE_BLOCK, 4096)
    assert blocks.split_width_count(single) == blocks.split_width_count(DENSE_BLOCK)


def test_training_flop_is_six_per_active_param_and_causal_attention():
    attention = 3 * 32 * 2 * 32 * 256 * 8192 / 2
    assert training_flop(DENSE, 8192) == pytest.approx(6 * active_params_count(DENSE) + attention)


class TestCompressedAttention:
    """Values from the cache of transformers 5.24.0's DeepseekV4 class: a vector and an index key for four tokens."""

    def test_a_token_adds_its_share_of_a_vector_and_of_an_index_key(self):
        assert blocks.cache_width_count(COMPRESSED_BLOCK) == (512 + 128) / 4
        assert blocks.cache_width_count(COARSE_BLOCK) == 512 / 128

    def test_a_million_tokens_of_deepseek_v4_flash_are_3443_million_values(self):
        window = replace(COARSE_BLOCK, compression_ratio=0)
        layers = ((2, window), (21, COMPRESSED_BLOCK), (20, COARSE_BLOCK))
        kept = sum(count * cached_values_count(block_costs(block, 4096), 1e6) for count, block in layers)
        assert kept == pytest.approx(3443e6, rel=1e-3)

    def test_the_window_and_the_picked_vectors_are_attended_to(self):
        assert blocks.attended_count(COMPRESSED_BLOCK, 1024.0) == 128 + 1024 / 4
        assert blocks.attended_count(COMPRESSED_BLOCK, 1e6) == 128 + 512
        assert blocks.attended_count(COARSE_BLOCK, 1e6) == 128 + 1e6 / 128

    def test_the_mean_of_a_sequence_is_that_of_its_tokens(self):
        exact = np.mean(blocks.attended_count(COMPRESSED_BLOCK, np.arange(8000) + 0.5))
        assert blocks.mean_attended_count(COMPRESSED_BLOCK, 8000.0) == pytest.approx(exact, rel=1e-4)

    def test_the_indexer_looks_at_compressed_vectors(self):
        assert blocks.index_flop(COMPRESSED_BLOCK) == blocks.index_flop(SPARSE_BLOCK) / 4


def test_a_block_with_the_index_of_another_keeps_no_index_keys():
    """reports 10: GLM-5.2's shared indexers."""
    shared = replace(SPARSE_BLOCK, index_shared=True)
    assert (blocks.cache_width_count(SPARSE_BLOCK), blocks.cache_width_count(shared)) == (704, 576)
    assert blocks.index_flop(shared) == 0
    assert blocks.attention_params_count(shared, 4096) == blocks.attention_params_count(LATENT_BLOCK, 4096)
    assert blocks.attended_count(shared, 1e6) == 2048


def test_a_block_with_the_cache_of_another_reads_it_and_keeps_none():
    shared = replace(DENSE_BLOCK, cache_shared=True)
    plain, costs_of = block_costs(DENSE_BLOCK, 4096), block_costs(shared, 4096)
    assert blocks.cache_width_count(shared) == 0
    assert cached_values_count(costs_of, 1000.0) == 0
    assert costs_of.cache_width_count == plain.cache_width_count
    assert attended_count(costs_of, 1000.0) == 1000


def test_stated_parameters_of_attention_stand_for_those_of_its_sizes():
    assert blocks.attention_params_count(replace(DENSE_BLOCK, attention_params_count=10**6), 4096) == 10**6


def test_tables_that_are_looked_up_are_counted_and_not_multiplied():
    looked = replace(DENSE, lookup_params_count=10**9)
    assert total_params_count(looked) - total_params_count(DENSE) == 10**9
    assert training_flop(looked, 8192) == training_flop(DENSE, 8192)
    assert costs(looked).table_params_count - costs(DENSE).table_params_count == 10**9


@pytest.mark.parametrize("block", [DENSE_BLOCK, SPARSE_BLOCK, COMPRESSED_BLOCK, COARSE_BLOCK])
@pytest.mark.parametrize("tokens", [1.0, 100.0, 5000.0, 1e6])
def test_costs_and_blocks_agree_on_what_is_seen(block, tokens):
    plain = block_costs(block, 4096)
    assert attended_count(plain, tokens) == blocks.attended_count(block, tokens)
    assert mean_attended_count(plain, tokens) == blocks.mean_attended_count(block, tokens)
