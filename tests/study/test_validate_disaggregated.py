"""Rows of disaggregated serving: how they tell their pools, and what is read where they do not."""

from __future__ import annotations

import pytest

from gigawatt.study.validate.disaggregated_cases import drafted_counts, pools_of, searched

HEADS = 128


def test_workers_are_read_as_they_are_told():
    text = "prefill 1x(tp1 dp8 moe_tp1 ep8); decode 5x(tp8 dp1 moe_tp1 ep8)"
    assert pools_of(text, HEADS, True) == (((1, 1, 8, 8, 1), (5, 8, 1, 8, 1)),)


def test_what_stands_around_a_layout_is_passed_over():
    text = "disagg: prefill 40x(tp1 dp1 moe_tp1 ep1); decode 6x(tp4 dp1 moe_tp1 ep1) AMBIGUOUS"
    assert pools_of(text, 64, False) == (((40, 1, 1, 1, 1), (6, 4, 1, 1, 1)),)


def test_a_worker_with_stages_has_them():
    assert pools_of("prefill 2x(tp4 pp2); decode 1x(tp8)", HEADS, True) == (((2, 4, 1, 1, 2), (1, 8, 1, 1, 1)),)


@pytest.mark.parametrize(
    ("text", "prefill", "decode"),
    [
        ("prefill 4 tp4; decode 40 ep8", {(1, 4, 1, 4, 1), (1, 1, 4, 4, 1)}, {(5, 8, 1, 8, 1), (5, 1, 8, 8, 1)}),
        ("prefill 12 tp12; decode 20 ep4", {(3, 4, 1, 4, 1), (3, 1, 4, 4, 1)}, {(5, 4, 1, 4, 1), (5, 1, 4, 4, 1)}),
        ("prefill 28 tp8; decode 32 ep16", {(7, 4, 1, 4, 1), (7, 1, 4, 4, 1)}, {(2, 16, 1, 16, 1), (2, 1, 16, 16, 1)}),
        ("prefill 4 tp4; decode 68 ep1", {(1, 4, 1, 4, 1), (1, 1, 4, 4, 1)}, {(17, 4, 1, 4, 1), (17, 1, 4, 4, 1)}),
    ],
)
def test_packages_and_a_width_are_whole_workers_of_either_reading(text, prefill, decode):
    found = pools_of(text, HEADS, True)
    assert {first for first, _ in found} == prefill
    assert {second for _, second in found} == decode


def test_a_dense_model_has_one_reading():
    assert pools_of("prefill 4 tp4; decode 8 tp8", 64, False) == (((1, 4, 1, 1, 1), (1, 8, 1, 1, 1)),)


@pytest.mark.parametrize("text", ["", "tp8", "prefill; decode", "prefill 4; decode many", "1x(tp8)"])
def test_a_text_that_tells_no_pools_has_no_reading(text):
    assert pools_of(text, HEADS, True) == ()


def test_pools_that_are_not_told_are_searched():
    assert {decode[2] for _, decode in searched(True)} == {8, 16, 32}
    assert {decode[1:4] for _, decode in searched(False)} == {(8, 1, 1), (16, 1, 1), (32, 1, 1)}


def test_a_row_that_drafts_has_depths_to_choose_from():
    assert drafted_counts("closed loop disagg") == (0,)
    assert min(drafted_counts("closed loop agg mtp")) >= 1
