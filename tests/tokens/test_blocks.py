from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import DENSE, DENSE_BLOCK, LATENT_BLOCK, ROUTED, ROUTED_BLOCK

from gigawatt.tokens import active_params_count, blocks, total_params_count, training_flop


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
    assert blocks.cache_shards_count(DENSE_BLOCK, 16) == 8
    assert blocks.cache_shards_count(LATENT_BLOCK, 16) == 1


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


@settings(deadline=None)
@given(st.floats(1, 1e6), st.integers(1, 64))
def test_coverage_is_between_the_active_experts_and_all(batch, active):
    block = replace(ROUTED_BLOCK, experts_active_count=active)
    covered = float(blocks.covered_experts_count(block, batch))
    assert active * (1 - 1e-9) <= covered <= 64
    assert covered <= min(64, active * batch) * (1 + 1e-9)


def test_coverage_by_hand():
    assert blocks.covered_experts_count(ROUTED_BLOCK, 2.0) == pytest.approx(64 * (1 - (60 / 64) ** 2))
    assert blocks.covered_experts_count(DENSE_BLOCK, 2.0) == 0


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
