"""A layout that is searched, or let through, is one that an engine starts; what a domain cannot fill stands idle."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import CHIP, DENSE, DENSE_BLOCK, LATENT, LATENT_BLOCK, MODELS, ROUTED, ROUTED_BLOCK

from gigawatt.catalog import load, to_tokens
from gigawatt.tokens import idle_count, layout_faults, serving_layouts, working_frac

RACK = replace(CHIP, scale_up_packages_count=72)
# 28 query heads with 4 KV heads, as Qwen2.5 7B has; 14 with 2, as Qwen2.5 0.5B; 24 with 8, as Llama 3.2 3B.
ODD = [replace(DENSE_BLOCK, heads_count=heads, kv_heads_count=groups) for heads, groups in ((28, 4), (14, 2), (24, 8))]
# Groups of keys of linear attention are not copied; one that all heads share is.
LINEAR = replace(DENSE_BLOCK, attention="linear", heads_count=64)


def widths(model, chip=RACK):
    return sorted({int(size) for size in serving_layouts(chip, model).tensor_count})


def replicas(model, chip=RACK):
    return sorted({int(size) for size in serving_layouts(chip, model).stage_count})


def of(*blocks):
    return replace(DENSE, blocks=blocks)


def paths(model, chip=RACK, **stated):
    return [fault.path for fault in layout_faults(chip, model, **stated)]


def test_replicas_divide_the_domain_or_are_powers_of_two():
    assert replicas(ROUTED) == [1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 32, 36, 64, 72]
    assert replicas(ROUTED, CHIP) == [1, 2, 4, 8]
    assert replicas(ROUTED, replace(CHIP, scale_up_packages_count=20)) == [1, 2, 4, 5, 8, 10, 16, 20]
    assert (serving_layouts(RACK, DENSE).data_count == 1).all()


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([ODD[0]], [1, 2, 4]),
        ([ODD[1]], [1, 2]),
        ([ODD[2]], [1, 2, 4, 8, 24]),
        ([DENSE_BLOCK], [1, 2, 4, 8, 16, 32]),
        ([DENSE_BLOCK, ODD[0]], [1, 2, 4]),
        ([LATENT_BLOCK], [1, 2, 4, 8, 16, 32, 64]),
        ([LINEAR], [1, 2, 4, 8]),
        ([replace(LINEAR, kv_heads_count=1)], [1, 2, 4, 8, 16, 32, 64]),
    ],
)
def test_ranks_share_out_the_heads_of_every_block(blocks, expected):
    assert widths(of(*blocks)) == expected


@pytest.mark.parametrize(("experts", "wide"), [(256, 72), (128, 72), (160, 36), (64, 36), (16, 9)])
def test_groups_share_out_the_experts_with_few_of_them_held_twice(experts, wide):
    block = replace(LATENT_BLOCK, experts_count=experts, ffn_count=14336)
    layouts = serving_layouts(RACK, of(block))
    assert set(layouts.expert_count[layouts.stage_count == 72]) == {wide}
    assert (layouts.stage_count % layouts.expert_count == 0).all()
    assert (14336 % (layouts.stage_count / layouts.expert_count) == 0).all()


def test_a_replica_that_can_cut_no_expert_is_not_searched():
    """Eight experts of 14,336 values: neither nine packages nor seventy-two have equal slices of them."""
    found = replicas(of(replace(ROUTED_BLOCK, experts_count=8, ffn_count=14336)))
    assert {9, 18, 36, 72}.isdisjoint(found)
    assert {8, 12, 24, 64} <= set(found)


def test_pipelines_are_of_the_widest_stages():
    for model in MODELS:
        layouts = serving_layouts(RACK, model)
        deep = layouts.pipeline_count > 1
        assert set(layouts.pipeline_count) == {1, 2, 4, 8}
        assert set(layouts.stage_count[deep]) == {layouts.stage_count.max()}
    assert serving_layouts(RACK, of(replace(ODD[0], count=3))).pipeline_count.max() == 2


@pytest.mark.parametrize("part", ["h100", "gb300-nvl72", "feynman", "tpu-ironwood", "h100-pcie", "gh200"])
def test_every_layout_that_is_searched_is_let_through_where_it_is_stated(part):
    chip = to_tokens.chip(load.get("accelerators", part))
    for name in ("qwen2.5-7b", "llama-3.1-405b", "deepseek-r1", "gpt-oss-120b", "mixtral-8x7b", "nemotron-3-super"):
        model = to_tokens.transformer(load.get("models", name))
        found = serving_layouts(chip, model)
        axes = np.stack([found.tensor_count, found.data_count, found.expert_count, found.pipeline_count]).T.astype(int)
        assert len(axes) <= 300
        for tp, dp, ep, pp in axes.tolist():
            assert not paths(model, chip, tp_count=tp, dp_count=dp, ep_count=ep, pp_count=pp)


def test_the_faults_of_all_axes_come_at_once():
    assert paths(ROUTED, tp_count=80, dp_count=2, ep_count=161, pp_count=99) == ["tp", "ep", "pp"]
    assert paths(ROUTED, tp_count=3, dp_count=2, ep_count=4) == ["tp", "ep"]
    assert paths(ROUTED) == paths(LATENT, tp_count=64, ep_count=64, pp_count=32) == []


@pytest.mark.parametrize(
    ("domain", "replica", "idle", "share"),
    [
        (72, 16, 8, 64 / 72),
        (72, 64, 8, 64 / 72),
        (72, 32, 8, 64 / 72),
        (72, 9, 0, 1.0),
        (72, 72, 0, 1.0),
        (72, 128, 16, 128 / 144),
        (72, 144, 0, 1.0),
        (8, 4, 0, 1.0),
        (8, 16, 0, 1.0),
        (8, 12, 4, 12 / 16),
        (1, 1, 0, 1.0),
        (2, 8, 0, 1.0),
        (8960, 1024, 768, 8192 / 8960),
        (9216, 1024, 0, 1.0),
    ],
)
def test_what_does_not_fill_a_domain_stands_idle(domain, replica, idle, share):
    assert idle_count(domain, replica) == idle
    assert working_frac(domain, replica) == pytest.approx(share)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_more_than_half_of_the_domains_that_replicas_reach_into_works(domain, replica):
    share = float(working_frac(domain, replica))
    assert 0.5 < share <= 1.0
    assert float(idle_count(domain, replica)) < min(domain, replica) + 1e-9
