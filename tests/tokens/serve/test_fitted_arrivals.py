"""A fit finds the load that a stream was drawn from, and says what no load can be fitted to."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gigawatt.errors import ScenarioError
from gigawatt.tokens.serve.arrivals import Client, Gaps, OfferedLoad, gap_cv_ratio, generate, joined
from gigawatt.tokens.serve.fitted_arrivals import fit, fitted_gaps, stream_figures
from gigawatt.tokens.serve.lengths import Lengths

LENGTHS = Lengths(
    input_tokens=1155,
    input_deviation_ratio=0.8,
    most_input_tokens=14_050,
    output_tokens=211,
    output_deviation_ratio=0.7,
    most_output_tokens=1_000,
    correlation_ratio=0.3,
)
PROFILE = (0.5, 1.5, 1.0)


def drawn(gaps, count=20_000, profile=PROFILE):
    client = Client(name="all", rate_per_s=12.0, gaps=gaps, lengths=LENGTHS, profile_ratio=profile)
    return joined(list(generate(OfferedLoad(clients=(client,)), seed=11, requests_count=count)))


def fit_of(gaps, **asked):
    requests = drawn(gaps, **asked)
    return fit(requests.arrival_s, requests.input_tokens, requests.output_tokens)


@pytest.mark.parametrize(
    "gaps",
    [
        Gaps(family="poisson"),
        Gaps(family="gamma", cv_ratio=0.6),
        Gaps(family="gamma", cv_ratio=2.0),
        Gaps(family="weibull", cv_ratio=0.6),
        Gaps(family="weibull", cv_ratio=2.0),
    ],
)
def test_family_variation_and_lengths_are_found_again(gaps):
    (client,) = fit_of(gaps).clients
    assert (client.gaps.family, client.gaps.pause_frac) == (gaps.family, 0)
    assert client.gaps.cv_ratio == pytest.approx(gaps.cv_ratio, rel=0.05)
    assert client.rate_per_s == pytest.approx(12, rel=0.05)
    np.testing.assert_allclose(client.profile_ratio, PROFILE, rtol=0.1)
    found = client.lengths
    assert found.input_tokens == pytest.approx(1155, rel=0.03)
    assert found.output_tokens == pytest.approx(211, rel=0.03)
    assert found.input_deviation_ratio == pytest.approx(0.8, abs=0.03)
    assert found.output_deviation_ratio == pytest.approx(0.7, abs=0.03)
    assert found.correlation_ratio == pytest.approx(0.3, abs=0.03)


def test_pauses_are_told_from_gaps():
    gaps = Gaps(family="gamma", cv_ratio=1.5, pause_frac=0.02, paused_frac=0.7, pause_cv_ratio=1.0)
    (client,) = fit_of(gaps).clients
    assert client.gaps.family == "gamma"
    assert client.gaps.cv_ratio == pytest.approx(1.5, rel=0.05)
    assert client.gaps.pause_frac == pytest.approx(0.02, rel=0.1)
    assert client.gaps.paused_frac == pytest.approx(0.7, rel=0.1)
    assert client.gaps.pause_cv_ratio == pytest.approx(1.0, rel=0.1)


def test_the_variation_of_a_fit_is_that_of_the_trace():
    """Whatever the likelihood says: long gaps are few, and waits hang on them."""
    rng = np.random.default_rng(3)
    gaps = np.where(rng.random(5_000) < 0.01, rng.lognormal(4, 1, 5_000), rng.lognormal(0, 0.5, 5_000))
    assert gap_cv_ratio(fitted_gaps(gaps)) == pytest.approx(gaps.std() / gaps.mean(), rel=1e-6)


def test_figures_of_a_stream_by_hand():
    arrival_s = np.concatenate([np.arange(0, 600, 6.0), np.arange(600, 1_200, 2.0), [1_200.0]])
    inputs = np.arange(1, len(arrival_s) + 1)
    found = stream_figures(arrival_s, inputs, np.full(len(arrival_s), 7))
    assert (found.requests_count, found.span_s) == (401, 1_200)
    assert found.peak_ratio == 300 / 200
    assert found.window_gap_cv_ratio == pytest.approx((0, 0), abs=1e-12)
    gaps = np.diff(arrival_s)
    assert found.gap_cv_ratio == pytest.approx(gaps.std() / gaps.mean())
    assert (found.input_tokens, found.input_p50_tokens) == (201, 201)
    assert (found.output_tokens, found.output_p99_tokens) == (7, 7)
    counts = np.repeat([10, 30], 10)
    assert found.dispersion_ratio[2] == pytest.approx(counts.var() / counts.mean())


def test_a_stream_of_one_window_has_no_peak_and_no_profile():
    requests = drawn(Gaps(family="poisson"), count=500, profile=())
    assert math.isnan(stream_figures(requests.arrival_s, requests.input_tokens, requests.output_tokens).peak_ratio)
    of = fit(requests.arrival_s, requests.input_tokens, requests.output_tokens)
    assert of.clients[0].profile_ratio == ()
    assert of.clients[0].rate_per_s * of.span_s == pytest.approx(500)


def test_the_last_window_counts_for_the_part_that_it_is_covered():
    requests = drawn(Gaps(family="poisson"), count=16_000, profile=())
    of = fit(requests.arrival_s, requests.input_tokens, requests.output_tokens)
    assert len(of.clients[0].profile_ratio) == 3
    assert of.span_s < 3 * 600
    np.testing.assert_allclose(of.clients[0].profile_ratio, 1, atol=0.1)


def test_lengths_that_are_all_alike_are_fitted():
    requests = drawn(Gaps(family="poisson"), count=300, profile=())
    (client,) = fit(requests.arrival_s, np.full(300, 500), np.full(300, 20)).clients
    assert client.lengths.input_tokens == 500
    assert client.lengths.input_deviation_ratio == client.lengths.output_deviation_ratio == 0
    assert client.lengths.correlation_ratio == 0


GOOD = np.cumsum(np.random.default_rng(0).random(200))
BAD = [
    (np.array([]), None, None, "0 requests", "at least 100"),
    (GOOD[:99], None, None, "99 requests", "at least 100"),
    (GOOD[::-1], None, None, "times out of order", "instants in order"),
    (np.full(200, 3.0), None, None, "times out of order", "not all the same"),
    (np.where(GOOD > 9, math.nan, GOOD), None, None, "times out of order", "instants in order"),
    (GOOD, np.zeros(200), None, "0 tokens", "at least 1 token"),
    (GOOD, None, np.full(200, -4), "-4 tokens", "at least 1 token"),
    (GOOD, np.full(200, math.nan), None, "nan tokens", "at least 1 token"),
    (GOOD, np.ones(7), None, "200, 7, 200", "as many arrivals as prompts and answers"),
]


@pytest.mark.parametrize(("arrival_s", "inputs", "outputs", "given", "expected"), BAD)
def test_what_no_load_can_be_fitted_to_is_said(arrival_s, inputs, outputs, given, expected):
    ones = np.ones(len(arrival_s))
    columns = arrival_s, ones if inputs is None else inputs, ones if outputs is None else outputs
    for what in (fit, stream_figures):
        with pytest.raises(ScenarioError) as caught:
            what(*columns)
        (fault,) = caught.value.faults
        assert fault.given == given
        assert expected in fault.expected


def test_windows_and_gaps_that_make_no_sense_are_refused():
    with pytest.raises(ScenarioError, match=r"window = 0 s: expected a time above 0"):
        fit(GOOD, np.ones(200), np.ones(200), window_s=0)
    with pytest.raises(ScenarioError, match=r"equal gaps: expected gaps that vary"):
        fit(np.arange(200.0), np.ones(200), np.ones(200))
    with pytest.raises(ScenarioError, match=r"3 gaps: expected at least 100 requests"):
        fitted_gaps([1.0, 2.0, 3.0])
