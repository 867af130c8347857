"""Tokens that a step adds by what holds at each position, and what drafts for a model."""

from __future__ import annotations

import numpy as np
import pytest
from machines import DENSE

from gigawatt.tokens.model.sizes import costs, stack, take
from gigawatt.tokens.serve.drafting import PLAIN, Drafting, draft_costs, with_drafts


def test_nothing_that_holds_leaves_one_token_a_step():
    assert Drafting(drafted_count=3, accepted_frac=0.0).tokens_per_step_ratio == 1
    assert PLAIN.tokens_per_step_ratio == 1


def test_all_that_holds_adds_every_drafted_token():
    assert Drafting(drafted_count=3, accepted_frac=1.0).tokens_per_step_ratio == 4


def test_alike_positions_follow_the_geometric_sum():
    found = Drafting(drafted_count=3, accepted_frac=0.9).tokens_per_step_ratio
    assert found == pytest.approx((1 - 0.9**4) / (1 - 0.9))


def test_a_falling_chance_follows_the_positions():
    found = Drafting(drafted_count=3, accepted_frac=0.9, kept_ratio=0.5).tokens_per_step_ratio
    assert found == pytest.approx(1 + 0.9 + 0.9 * 0.45 + 0.9 * 0.45 * 0.225)


def test_cases_of_different_depth_stand_side_by_side():
    found = Drafting(drafted_count=np.array([0, 1, 3]), accepted_frac=np.array([0.9, 0.8, 0.5])).tokens_per_step_ratio
    assert found == pytest.approx([1, 1.8, 1 + 0.5 + 0.25 + 0.125])


def test_a_draft_has_blocks_like_the_last_and_no_tables_of_its_own():
    whole, drafts = costs(DENSE), draft_costs(costs(DENSE), 2)
    assert drafts.layers_count == drafts.blocks[0].count == 2
    assert drafts.table_params_count == 0
    assert drafts.head_params_count == whole.head_params_count
    assert draft_costs(whole, 0).layers_count == 1
    assert drafts.blocks[0].dense_params_count > whole.blocks[-1].dense_params_count


def test_a_case_that_drafts_and_one_that_does_not_stack():
    drafts = Drafting(drafted_count=2, accepted_frac=0.8, model=draft_costs(costs(DENSE), 1))
    both = stack([PLAIN, drafts])
    held = with_drafts(stack([costs(DENSE)] * 2), both)
    assert take(both, np.array([1])).model.blocks[0].count == 1
    assert held.blocks[-1].count.tolist() == [0, 1]
