"""Sessions: prompts grow by what was said, share the blocks of what was before, and start anew where they are full."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from gigawatt.tokens.serve.arrivals import Client, Gaps, OfferedLoad, generate, joined
from gigawatt.tokens.serve.lengths import Lengths
from gigawatt.tokens.serve.sessions import HASH_TOKENS, PLACE_BITS, Sessions, session_faults, session_turns, warm_up_s

LENGTHS = Lengths(
    input_tokens=600,
    input_deviation_ratio=0.9,
    most_input_tokens=5_000,
    output_tokens=300,
    output_deviation_ratio=0.7,
    most_output_tokens=2_000,
)
SESSIONS = Sessions(
    turns_count=8, pause_s=5, pause_cv_ratio=1.5, system_tokens=1_200, systems_count=3, most_context_tokens=12_000
)
T_999_29 = 3.659


def load(sessions=SESSIONS, rate_per_s=4.0):
    clients = tuple(
        Client(name=name, rate_per_s=rate_per_s / 2, gaps=Gaps(family="poisson"), lengths=LENGTHS, sessions=sessions)
        for name in ("a", "b")
    )
    return OfferedLoad(clients=clients, span_s=3_600)


def drawn(of, **asked):
    return joined(list(generate(of, seed=5, **asked)))


def turns_of(sessions=SESSIONS, starts_s=(0.0,), end_s=math.inf, seed=0):
    """All turns of sessions that begin at some instants."""

    def starts():
        yield np.array(starts_s)
        while True:
            yield np.array([math.inf])

    (piece,) = session_turns(sessions, LENGTHS, starts(), iter([end_s]), np.random.default_rng(seed))
    return piece


def test_a_prompt_is_the_one_before_with_its_answer_and_new_tokens():
    endless = replace(SESSIONS, most_context_tokens=10**8, turns_count=40)
    arrival_s, turns = turns_of(endless, end_s=1e12)
    assert len(arrival_s) > 5
    added = np.diff(turns.input_tokens) - turns.output_tokens[:-1]
    assert turns.input_tokens[0] > endless.system_tokens
    assert np.all((added >= 1) & (added <= LENGTHS.most_input_tokens))
    assert len(set(turns.context)) == 1


def test_a_context_that_is_full_starts_anew():
    _, turns = turns_of(replace(SESSIONS, turns_count=400), end_s=1e12)
    anew = np.flatnonzero(np.diff(turns.context)) + 1
    assert len(anew) > 3
    assert turns.input_tokens.max() <= SESSIONS.most_context_tokens
    assert turns.input_tokens[anew].max() <= SESSIONS.system_tokens + LENGTHS.most_input_tokens
    before = turns.input_tokens[anew - 1] + turns.output_tokens[anew - 1]
    assert np.all(before + LENGTHS.most_input_tokens > SESSIONS.most_context_tokens)
    np.testing.assert_array_equal(turns.context[anew], anew)


def blocks_of(requests):
    starts = np.concatenate(([0], requests.hash_ends[:-1]))
    return [requests.hashes[low:high].tolist() for low, high in zip(starts, requests.hash_ends, strict=True)]


def test_a_turn_shares_all_full_blocks_of_the_turn_before_and_no_more():
    requests = drawn(load(), span_s=400)
    assert requests.hash_tokens == HASH_TOKENS
    system = SESSIONS.system_tokens // HASH_TOKENS
    by_context = defaultdict(list)
    for blocks, prompt in zip(blocks_of(requests), requests.input_tokens, strict=True):
        assert len(blocks) == prompt // HASH_TOKENS
        assert len(set(blocks)) == len(blocks)
        if len(blocks) > system:
            by_context[blocks[system] >> PLACE_BITS].append(blocks)
    chains = [chain for chain in by_context.values() if len(chain) > 1]
    assert len(chains) > 20
    for chain in chains:
        for shorter, longer in pairwise(chain):
            assert longer[: len(shorter)] == shorter
    own = [set(chain[-1][system:]) for chain in by_context.values()]
    assert sum(map(len, own)) == len(set().union(*own))


def test_sessions_share_the_blocks_of_their_system_prompt_within_a_client():
    requests = drawn(load(), span_s=2_000)
    system = SESSIONS.system_tokens // HASH_TOKENS
    firsts = {tuple(blocks[:system]) for blocks in blocks_of(requests)}
    assert len(firsts) == 2 * SESSIONS.systems_count
    assert len({blocks[0] for blocks in firsts}) == len(firsts)


def test_those_who_have_no_sessions_have_no_blocks():
    of = load()
    mixed = replace(of, clients=(of.clients[0], replace(of.clients[1], sessions=None)))
    requests = drawn(mixed, span_s=500)
    counts = np.diff(requests.hash_ends, prepend=0)
    assert set(counts[requests.input_tokens < SESSIONS.system_tokens]) == {0}
    assert np.count_nonzero(counts) > 100


def test_as_many_turns_come_at_the_start_as_later():
    """Sessions of all ages are under way at 0: rate and mean prompt are those of any other time."""
    early, late = [], []
    of = load(rate_per_s=20)
    for seed in range(30):
        requests = joined(list(generate(of, seed=seed, span_s=200)))
        early.append(np.count_nonzero(requests.arrival_s < 50) / 50)
        late.append(requests.input_tokens[requests.arrival_s < 50].mean() - requests.input_tokens.mean())
    assert abs(np.mean(early) - 20) < T_999_29 * np.std(early, ddof=1) / math.sqrt(30)
    assert abs(np.mean(late)) < T_999_29 * np.std(late, ddof=1) / math.sqrt(30)


def test_turns_and_pauses_are_as_asked():
    starts = tuple(np.arange(20_000) * 1e6)
    arrival_s, _ = turns_of(starts_s=starts, end_s=1e12)
    counts = np.bincount((arrival_s // 1e6).astype(int))
    wide = 3.29 / math.sqrt(len(starts))
    assert abs(counts.mean() - 8) < wide * counts.std()
    assert counts.var() == pytest.approx(8 * 7, rel=0.05)  # of a geometric number
    pauses = np.diff(arrival_s)
    pauses = pauses[pauses < 5e5]
    assert abs(pauses.mean() - 5) < 3.29 * pauses.std() / math.sqrt(len(pauses))
    assert pauses.std() / pauses.mean() == pytest.approx(1.5, rel=0.05)
    assert warm_up_s(SESSIONS) == 10 * 8 * 5


BAD = [
    ({"turns_count": 0.5}, "s.turns", "0.5", "1 to 10,000 in the mean"),
    ({"pause_s": 0}, "s.pause", "0 s", "a time above 0"),
    ({"pause_cv_ratio": 0}, "s.pause_cv", "0", "above 0, and at most 100"),
    ({"systems_count": 0}, "s.systems", "0", "at least 1"),
    ({"system_tokens": 12_000}, "s.system", "12,000 of 12,000 tokens", "a system prompt below the longest context"),
    ({"system_tokens": -1}, "s.system", "-1 of 12,000 tokens", "a system prompt below the longest context"),
]


@pytest.mark.parametrize(("changed", "path", "given", "expected"), BAD)
def test_what_is_not_lawful_is_said(changed, path, given, expected):
    (fault,) = session_faults("s", replace(SESSIONS, **changed))
    assert (fault.path, fault.given) == (path, given)
    assert fault.expected.startswith(expected)
    assert list(session_faults("s", SESSIONS)) == []
