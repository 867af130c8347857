from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import CHIP

from gigawatt.errors import CalibrationError
from gigawatt.tokens import peak_flops
from gigawatt.tokens.model import roofline


def test_inference_takes_the_higher_fp4_figure():
    assert peak_flops(CHIP, "fp4", inference=True) == 6e15
    assert peak_flops(CHIP, "fp4", inference=False) == 4e15
    assert peak_flops(replace(CHIP, fp4_inference_flops=None), "fp4", inference=True) == 4e15


def test_precision_that_a_part_lacks_names_those_that_it_has():
    with pytest.raises(CalibrationError, match=r'precision = "fp4": expected .* test chip supports: bf16, fp8'):
        peak_flops(replace(CHIP, fp4_flops=None, fp4_inference_flops=None), "fp4", inference=False)


def test_weights_of_eight_bits_compute_as_the_part_can():
    plain = replace(CHIP, fp8_flops=None)
    assert peak_flops(plain, "fp8", inference=True) == plain.bf16_flops
    assert peak_flops(plain, "int8", inference=True) == plain.bf16_flops
    assert peak_flops(replace(plain, int8_flops=1.5e15), "int8", inference=True) == 1.5e15
    assert peak_flops(CHIP, "int8", inference=True) == CHIP.fp8_flops


def test_what_is_only_unpacked_is_no_precision_to_train_in():
    for precision in ("fp8", "int8"):
        with pytest.raises(CalibrationError, match=f'precision = "{precision}"'):
            peak_flops(replace(CHIP, fp8_flops=None), precision, inference=False)


def test_attention_computes_in_eight_bits_in_inference_and_sixteen_in_training():
    assert roofline.attention_flops(CHIP, "fp4", inference=True) == 2e15
    assert roofline.attention_flops(CHIP, "bf16", inference=True) == 1e15
    assert roofline.attention_flops(CHIP, "fp8", inference=False) == 1e15
    assert roofline.attention_flops(replace(CHIP, bf16_flops=None), "fp8", inference=False) == 1e15


def test_ring_bandwidth_is_the_smaller_of_nvlink_and_the_cards_of_a_domain():
    assert roofline.ring_bandwidth_bytes_per_s(CHIP, 8, 1) == 9e11
    assert roofline.ring_bandwidth_bytes_per_s(CHIP, 16, 1) == 8e11
    assert roofline.ring_bandwidth_bytes_per_s(CHIP, 16, 4) == 2e11
    assert roofline.ring_bandwidth_bytes_per_s(CHIP, 16, 64) == 1e11


def test_one_rank_does_not_talk():
    assert roofline.all_reduce_s(CHIP, 1e9, 1, 1) == 0
    assert roofline.all_to_all_s(CHIP, 2.0, 1e6, 8, 1, 1) == 0


def test_all_reduce_by_hand():
    assert roofline.all_reduce_s(CHIP, 9e11, 4, 1) == pytest.approx(2 * 3 / 4)


def test_all_to_all_sends_once_per_domain_by_card():
    near = roofline.all_to_all_s(CHIP, 1.0, 9e11, 1, 8, 1)
    assert near == pytest.approx(7 / 8)
    far = roofline.all_to_all_s(CHIP, 1.0, 9e11, 1, 16, 1)
    assert far == pytest.approx(9 / 2)


@settings(deadline=None)
@given(st.integers(1, 256), st.integers(1, 16))
def test_distinct_groups_are_at_most_the_others_and_the_draws(groups, draws):
    distinct = float(roofline.distinct_count(groups, draws))
    assert 0 <= distinct <= min(groups - 1, draws) + 1e-9
