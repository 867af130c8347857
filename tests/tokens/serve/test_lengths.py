"""Log-normal lengths: means after rounding and clipping are those asked for, and moments are met by a fit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gigawatt.tokens.serve.lengths import (
    Lengths,
    clipped_moments,
    drawn_lengths,
    fitted_lengths,
    length_faults,
    log_median,
)

CHAT = Lengths(
    input_tokens=1155,
    input_deviation_ratio=0.8,
    most_input_tokens=14_050,
    output_tokens=211,
    output_deviation_ratio=0.7,
    most_output_tokens=1_000,
    correlation_ratio=0.3,
)
Z_999 = 3.29  # of the normal distribution, on both sides


@pytest.mark.parametrize(
    ("mean_tokens", "deviation_ratio", "most_tokens"),
    [(1155, 0.8, 14_050), (28, 1.34, 1_899), (3.5, 1.0, 50), (12_000, 1.1, 126_195), (400, 2.0, 500), (1.2, 0.5, 9)],
)
def test_means_of_what_is_drawn_are_those_asked_for(mean_tokens, deviation_ratio, most_tokens):
    lengths = replace(
        CHAT, input_tokens=mean_tokens, input_deviation_ratio=deviation_ratio, most_input_tokens=most_tokens
    )
    drawn, _ = drawn_lengths(lengths, np.random.default_rng(1), 400_000)
    assert drawn.dtype == np.int64
    assert drawn.min() >= 1
    assert drawn.max() <= most_tokens
    assert abs(drawn.mean() - mean_tokens) < Z_999 * drawn.std() / math.sqrt(len(drawn))


@pytest.mark.parametrize(
    ("middle", "deviation_ratio", "most_tokens"), [(1.0, 0.9, 40), (5.0, 1.2, 2_000), (0.1, 2, 300)]
)
def test_moments_are_the_sums_over_whole_tokens(middle, deviation_ratio, most_tokens):
    """By brute force: chances of every whole length."""
    edges = np.log(np.arange(1, most_tokens) + 0.5)
    below = [0.5 * math.erfc((middle - edge) / (deviation_ratio * math.sqrt(2))) for edge in edges]
    chances = np.diff([0.0, *below, 1.0])
    values = np.arange(1, most_tokens + 1)
    expected = values @ chances, values**2 @ chances
    assert clipped_moments(middle, deviation_ratio, most_tokens) == pytest.approx(expected, rel=1e-4)


def test_without_a_cap_the_mean_is_the_textbook_s():
    median = log_median(5_000, 0.5, 10**9)
    assert math.exp(median + 0.5**2 / 2) == pytest.approx(5_000, rel=1e-6)


def test_a_fit_meets_mean_and_mean_square():
    for deviation_ratio in (0.2, 0.8, 1.6):
        median = log_median(700, deviation_ratio, 8_000)
        mean, square = clipped_moments(median, deviation_ratio, 8_000)
        assert fitted_lengths(mean, square, 8_000) == pytest.approx((700, deviation_ratio), rel=1e-5)


def test_lengths_without_scatter_are_all_alike():
    lengths = replace(CHAT, input_deviation_ratio=0, input_tokens=500, output_deviation_ratio=0, output_tokens=7)
    inputs, outputs = drawn_lengths(lengths, np.random.default_rng(0), 100)
    assert set(inputs) == {500}
    assert set(outputs) == {7}


@pytest.mark.parametrize("correlation_ratio", [-0.6, 0.0, 0.6])
def test_logarithms_are_correlated_as_asked(correlation_ratio):
    lengths = replace(CHAT, correlation_ratio=correlation_ratio, most_output_tokens=10**6, most_input_tokens=10**6)
    inputs, outputs = drawn_lengths(lengths, np.random.default_rng(3), 200_000)
    found = np.corrcoef(np.log(inputs), np.log(outputs))[0, 1]
    assert abs(math.atanh(found) - math.atanh(correlation_ratio)) < Z_999 / math.sqrt(200_000) + 2e-3


def test_draws_go_on_where_they_ended():
    draw, other = np.random.default_rng(5), np.random.default_rng(5)
    whole = np.array(drawn_lengths(CHAT, draw, 1_000))
    parts = np.concatenate([np.array(drawn_lengths(CHAT, other, count)) for count in (1, 400, 599)], axis=1)
    np.testing.assert_array_equal(whole, parts)


BAD = [
    ({"input_tokens": 0}, "here.input", "0 tokens", "a mean between 1 and the most, 14,050 tokens"),
    ({"input_tokens": math.nan}, "here.input", "nan tokens", "a mean between 1 and the most, 14,050 tokens"),
    ({"output_tokens": 1_000}, "here.output", "1000 tokens", "a mean between 1 and the most, 1,000 tokens"),
    ({"most_output_tokens": 0}, "here.most_output", "0 tokens", "1 to 1e+09 tokens"),
    ({"input_deviation_ratio": -1}, "here.input_deviation", "-1", "0 to 6"),
    ({"output_deviation_ratio": 7}, "here.output_deviation", "7", "0 to 6"),
    ({"correlation_ratio": 1}, "here.correlation", "1", "between -1 and 1"),
]


@pytest.mark.parametrize(("changed", "path", "given", "expected"), BAD)
def test_what_is_not_lawful_is_said(changed, path, given, expected):
    (fault,) = length_faults("here", replace(CHAT, **changed))
    assert (fault.path, fault.given, fault.expected) == (path, given, expected)
    assert list(length_faults("here", CHAT)) == []
