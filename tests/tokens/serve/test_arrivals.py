"""Streams of requests: rates, bursts and seams are those asked for, and a seed is one stream however it is cut."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.errors import ScenarioError
from gigawatt.tokens.serve.arrivals import (
    Client,
    Gaps,
    OfferedLoad,
    clock,
    gap_cv_ratio,
    generate,
    joined,
    load_faults,
    part_of,
    weibull_shape,
)
from gigawatt.tokens.serve.lengths import Lengths
from gigawatt.tokens.serve.sessions import Sessions

LENGTHS = Lengths(
    input_tokens=1155,
    input_deviation_ratio=0.8,
    most_input_tokens=14_050,
    output_tokens=211,
    output_deviation_ratio=0.7,
    most_output_tokens=1_000,
)
SESSIONS = Sessions(
    turns_count=6, pause_s=5, pause_cv_ratio=1.5, system_tokens=1_200, systems_count=3, most_context_tokens=30_000
)
POISSON = Gaps(family="poisson")
BURSTY = Gaps(family="gamma", cv_ratio=1.65, pause_frac=0.02, paused_frac=0.7, pause_cv_ratio=1.2)
LAWS = [
    POISSON,
    Gaps(family="gamma", cv_ratio=0.5),
    Gaps(family="gamma", cv_ratio=2.5),
    Gaps(family="weibull", cv_ratio=0.5),
    Gaps(family="weibull", cv_ratio=2.5),
    BURSTY,
]
T_999_29 = 3.659  # Student's t of 29 degrees of freedom, 99.9 % on both sides
REPLICATIONS = range(30)


def load(gaps=POISSON, *, rate_per_s=5.0, profile=(), sessions=None, window_s=600.0, span_s=3_600.0):
    client = Client(
        name="all", rate_per_s=rate_per_s, gaps=gaps, lengths=LENGTHS, profile_ratio=profile, sessions=sessions
    )
    return OfferedLoad(clients=(client,), window_s=window_s, span_s=span_s)


def drawn(of, **asked):
    return joined(list(generate(of, **asked)))


def agrees(values, expected):
    """Whether the mean of 30 independent replications is what it should be, with 99.9 % confidence."""
    values = np.asarray(values, dtype=np.float64)
    return abs(values.mean() - expected) < T_999_29 * values.std(ddof=1) / math.sqrt(len(values))


@pytest.mark.parametrize("gaps", [*LAWS, Gaps(family="gamma", cv_ratio=5.0)])
def test_rate_is_the_asked_one_from_the_first_second_on(gaps):
    """A process that began with a whole gap would bring up to (CV² - 1) / 2 too many of a hundred."""
    counts = [sum(len(chunk) for chunk in generate(load(gaps), seed=seed, span_s=20)) for seed in range(600)]
    assert abs(np.mean(counts) - 100) < 3.29 * np.std(counts, ddof=1) / math.sqrt(len(counts))


@pytest.mark.parametrize("gaps", LAWS)
def test_gaps_vary_as_asked(gaps):
    """Mean square of gaps over that of the mean, which is what the coefficient of variation is made of."""
    requests = [np.diff(drawn(load(gaps), seed=seed, requests_count=20_000).arrival_s) * 5 for seed in REPLICATIONS]
    assert agrees([each.mean() for each in requests], 1)
    assert agrees([np.mean(each**2) for each in requests], 1 + gap_cv_ratio(gaps) ** 2)


@pytest.mark.parametrize("gaps", [POISSON, Gaps(family="gamma", cv_ratio=0.5), Gaps(family="weibull", cv_ratio=2.5)])
def test_counts_are_dispersed_as_renewal_theory_says(gaps):
    """Over long spans the variance of counts over their mean is CV² (Cox 1962, §4.2)."""
    found = []
    for seed in REPLICATIONS:
        arrival_s = drawn(load(gaps), seed=seed, span_s=40_000).arrival_s
        counts = np.bincount((arrival_s // 200).astype(int), minlength=200)
        found.append(np.var(counts, ddof=1) / 1_000)
    assert abs(np.mean(found) / gap_cv_ratio(gaps) ** 2 - 1) < 0.15


@pytest.mark.parametrize("gaps", [POISSON, Gaps(family="weibull", cv_ratio=2.5), BURSTY])
def test_every_window_has_the_rate_of_the_profile_and_then_again(gaps):
    of = load(gaps, profile=(0.5, 2.0, 0.0, 1.5), window_s=60, rate_per_s=20)
    windows = [
        np.bincount((drawn(of, seed=seed, span_s=480).arrival_s // 60).astype(int), minlength=8) for seed in range(60)
    ]
    means, wide = np.mean(windows, axis=0), 3.5 * np.std(windows, axis=0, ddof=1) / math.sqrt(60)
    expected = np.tile([600, 2_400, 0, 1_800], 2)
    assert np.all(np.abs(means - expected) <= wide)
    assert means[2] == means[6] == 0


def test_streams_join_at_the_edges_of_windows():
    """Equal rates in many windows are one rate: the very same requests."""
    even = load(LAWS[2], profile=(1.0,) * 7, window_s=11.0)
    one, other = drawn(even, seed=4, span_s=700), drawn(load(LAWS[2]), seed=4, span_s=700)
    np.testing.assert_allclose(one.arrival_s, other.arrival_s, rtol=1e-12)
    np.testing.assert_array_equal(one.input_tokens, other.input_tokens)


def test_gaps_across_an_edge_are_those_within():
    """The gap that holds the edge of a window, in expected requests, is like the gap that holds any instant."""
    of = load(Gaps(family="gamma", cv_ratio=2.0), profile=(1.0, 3.0), window_s=100, rate_per_s=2)
    _, elapsed = clock((1.0, 3.0), 100, 2)
    gaps = []
    for seed in range(900):
        passed = [elapsed(float(instant)) for instant in drawn(of, seed=seed, span_s=150).arrival_s]
        after = int(np.searchsorted(passed, 100.0))
        if 0 < after < len(passed):
            gaps.append(passed[after] - passed[after - 1])
    wide = 3.29 * np.std(gaps, ddof=1) / math.sqrt(len(gaps))
    assert abs(np.mean(gaps) - (1 + 2.0**2)) < wide


def test_the_clock_of_a_profile_goes_forth_and_back():
    at, elapsed = clock((0.5, 2.0, 0.0, 1.5), 60.0, 20.0)
    instants = np.array([-130.0, -60.0, 0.0, 30.0, 90.0, 190.0, 239.0, 300.0])
    np.testing.assert_allclose(at(np.array([elapsed(float(t)) for t in instants])), instants, atol=1e-9)


def test_clients_are_superposed():
    """All requests of each, in order, and none else."""
    both = OfferedLoad(clients=(*load(LAWS[2]).clients, *load(POISSON, rate_per_s=1.5).clients))
    whole = drawn(both, seed=9, span_s=2_000)
    assert np.all(np.diff(whole.arrival_s) >= 0)
    first = drawn(load(LAWS[2]), seed=9, span_s=2_000)
    assert set(first.arrival_s) < set(whole.arrival_s)
    assert abs(len(whole) - len(first) - 3_000) < 4 * math.sqrt(3_000)
    counts = [len(drawn(both, seed=seed, span_s=500)) for seed in REPLICATIONS]
    assert agrees(counts, 6.5 * 500)


@settings(max_examples=12, deadline=None)
@given(
    chunk_count=st.integers(1, 3_000),
    gaps=st.sampled_from(LAWS),
    seed=st.integers(0, 2**70),
    sessions=st.sampled_from([None, SESSIONS]),
)
def test_a_seed_is_one_stream_however_it_is_cut(chunk_count, gaps, seed, sessions):
    of = load(gaps, profile=(0.3, 1.7), sessions=sessions)
    whole = drawn(of, seed=seed, requests_count=3_000)
    chunks = list(generate(of, seed=seed, requests_count=3_000, chunk_count=chunk_count))
    assert {len(chunk) for chunk in chunks[:-1]} <= {chunk_count}
    assert len(whole) == 3_000
    same(joined(chunks), whole)


def same(one, other):
    np.testing.assert_array_equal(one.arrival_s, other.arrival_s)
    np.testing.assert_array_equal(one.input_tokens, other.input_tokens)
    np.testing.assert_array_equal(one.output_tokens, other.output_tokens)
    assert (one.hashes is None) == (other.hashes is None)
    if one.hashes is not None:
        np.testing.assert_array_equal(one.hashes, other.hashes)
        np.testing.assert_array_equal(one.hash_ends, other.hash_ends)


def test_another_seed_is_another_stream():
    assert not np.array_equal(
        drawn(load(), seed=1, requests_count=50).arrival_s, drawn(load(), seed=2, requests_count=50).arrival_s
    )


@pytest.mark.parametrize("gaps", [LAWS[2], BURSTY])
def test_a_rate_scaled_keeps_the_draws(gaps):
    """Arrivals of a steady load are the same, closer together: bisection on the rate compares like with like."""
    one, other = (
        drawn(load(gaps), seed=3, requests_count=2_000),
        drawn(load(gaps), seed=3, requests_count=2_000, rate_ratio=4),
    )
    np.testing.assert_allclose(other.arrival_s * 4, one.arrival_s, rtol=1e-12)
    np.testing.assert_array_equal(other.input_tokens, one.input_tokens)


def test_a_rate_scaled_keeps_the_profile():
    of = load(profile=(0.5, 1.5), window_s=100)
    counts = np.bincount((drawn(of, seed=3, span_s=10_000, rate_ratio=10).arrival_s // 100).astype(int) % 2)
    np.testing.assert_allclose(counts, [125_000, 375_000], rtol=0.02)


def test_a_load_ends_with_its_span_or_its_number_whatever_comes_first():
    of = load(span_s=100)
    assert drawn(of, seed=1).arrival_s[-1] < 100
    assert 400 < len(drawn(of, seed=1)) < 600
    assert drawn(of, seed=1, span_s=10).arrival_s[-1] < 10
    assert len(drawn(of, seed=1, requests_count=2_000)) == 2_000
    assert len(drawn(of, seed=1, span_s=10, requests_count=7)) == 7
    assert list(generate(load(rate_per_s=1e-6, span_s=10), seed=1)) == []


def test_chunks_come_without_end_and_one_at_a_time():
    """A load of ten thousand years is begun at once."""
    chunks = list(islice(generate(load(BURSTY, span_s=3e11), seed=1, chunk_count=100), 5))
    assert [len(chunk) for chunk in chunks] == [100] * 5
    assert all(len(chunk.arrival_s.base if chunk.arrival_s.base is not None else []) < 1e6 for chunk in chunks)


def test_parts_and_wholes_of_requests_with_hashes():
    whole = drawn(load(sessions=SESSIONS), seed=6, requests_count=500)
    parts = [part_of(whole, 0, 0), part_of(whole, 0, 13), part_of(whole, 13, 400), part_of(whole, 400, 500)]
    same(joined(parts), whole)


@pytest.mark.parametrize("cv_ratio", [0.05, 0.5, 1.0, 3.0, 13.0])
def test_the_shape_of_a_weibull_law_has_its_variation(cv_ratio):
    shape = weibull_shape(cv_ratio)
    assert math.gamma(1 + 2 / shape) / math.gamma(1 + 1 / shape) ** 2 == pytest.approx(1 + cv_ratio**2, rel=1e-9)
    assert cv_ratio != 1 or shape == pytest.approx(1)


def changed(**fields):
    gaps = {name: fields.pop(name) for name in list(fields) if name in Gaps.__slots__}
    client = load().clients[0]
    return OfferedLoad(clients=(replace(client, gaps=replace(client.gaps, **gaps), **fields),))


BAD = [
    (changed(rate_per_s=0), "clients[0].rate", "0 /s", "above 0"),
    (changed(rate_per_s=-3), "clients[0].rate", "-3 /s", "above 0"),
    (changed(rate_per_s=math.nan), "clients[0].rate", "nan /s", "above 0"),
    (changed(rate_per_s=1e9), "clients[0].rate", "1e+09 /s", "at most 1e+07 /s"),
    (changed(family="gamma", cv_ratio=0), "clients[0].gap_cv", "0", "0.01 to 100"),
    (changed(family="weibull", cv_ratio=1e6), "clients[0].gap_cv", "1e+06", "0.01 to 100"),
    (changed(family="gamma", cv_ratio=math.nan), "clients[0].gap_cv", "nan", "0.01 to 100"),
    (changed(cv_ratio=2), "clients[0].gap_cv", "2", '1, for the family is "poisson"'),
    (changed(family="pareto"), "clients[0].family", '"pareto"', "one of poisson, gamma, weibull"),
    (changed(pause_frac=0.1), "clients[0].pause", "0.1 of gaps and 0 of time", "both above 0, or neither"),
    (changed(pause_frac=1, paused_frac=0.5), "clients[0].pause", "1 of gaps and 0.5 of time", "below 1"),
    (changed(profile_ratio=(1.0, -1.0)), "clients[0].profile", "-1", "at least 0"),
    (changed(profile_ratio=(0.0, 0.0)), "clients[0].profile", "0 in all windows", "one of them above it"),
    (changed(lengths=replace(LENGTHS, output_tokens=0)), "clients[0].output", "0 tokens", "between 1 and the most"),
    (changed(sessions=replace(SESSIONS, turns_count=0)), "clients[0].sessions.turns", "0", "1 to 10,000"),
    (OfferedLoad(clients=()), "clients", "0", "1 to 1,000 clients"),
    (load(window_s=0), "window", "0 s", "a time above 0"),
    (load(span_s=-1), "span", "-1 s", "a time above 0"),
]


@pytest.mark.parametrize(("of", "path", "given_", "expected"), BAD)
def test_what_no_load_can_have_is_refused_before_anything_is_drawn(of, path, given_, expected):
    faults = load_faults(of)
    assert [(fault.path, fault.given) for fault in faults] == [(path, given_)]
    assert expected in faults[0].expected
    with pytest.raises(ScenarioError, match=path.replace("[", r"\[")):
        generate(of, seed=1, requests_count=1)


ASKED = [
    ({"seed": -1}, "seed", "-1", "a whole number of at least 0"),
    ({"span_s": 0}, "span", "0 s", "a time above 0, or a number of requests"),
    ({"span_s": math.inf}, "span", "without end", "a time above 0, or a number of requests"),
    ({"span_s": math.nan}, "span", "nan s", "a time above 0, or a number of requests"),
    ({"requests_count": 0}, "requests", "0", "at least 1"),
    ({"rate_ratio": 0}, "rate_ratio", "0", "a number above 0"),
    ({"rate_ratio": -2}, "rate_ratio", "-2", "a number above 0"),
    ({"chunk_count": 0}, "chunk", "0", "at least 1 request"),
]


@pytest.mark.parametrize(("asked", "path", "given_", "expected"), ASKED)
def test_what_cannot_be_asked_for_is_refused(asked, path, given_, expected):
    with pytest.raises(ScenarioError) as caught:
        generate(load(), **{"seed": 1, **asked})
    (fault,) = caught.value.faults
    assert (fault.path, fault.given, fault.expected, fault.asked) == (path, given_, expected, True)
