"""Small engines, pods and requests by hand or drawn, and runs of them, for the tests of the request simulator."""

from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from gigawatt.tokens.serve.pods import Engine, Outcomes, Pod, Requests
from gigawatt.tokens.serve.requests import finish, serve, start
from gigawatt.tokens.serve.step_times import StepTimes

HASH_TOKENS, BLOCK_TOKENS = 8, 4


def flat_times(decode_s=1.0, prefill_s=1.0, *, by_batch=False, by_chunk=False, **changes):
    """Step times that do not depend on context; a decode step and a pass in proportion to their size, or not at all."""
    knots = np.array([1.0, 2.0])
    decode, prefill = (
        np.broadcast_to((each_s * (knots if grows else np.ones(2)))[None, :, None], (1, 2, 1)).copy()
        for each_s, grows in ((decode_s, by_batch), (prefill_s, by_chunk))
    )
    times = StepTimes(
        batch_count=knots,
        ranks_ratio=np.ones(1),
        context_tokens=np.ones(1),
        chunk_tokens=knots,
        decode_s=decode,
        decode_j=0.0 * decode,
        prefill_s=prefill,
        prefill_j=0.0 * prefill,
        mixed_frac=1.0,
        admission_s=0.0,
        tokens_per_step_ratio=1.0,
        idle_w=0.0,
    )
    return replace(times, **changes)


def drawn_times(seed, *, exact, tokens_per_step_ratio=1.0):
    """Random step times that grow with all that they depend on.

    exact: whole multiples of 1/64 s that depend on no mean, so that sums of them have no rounding in any order.
    """
    rng = np.random.default_rng(seed)
    counts, chunks = np.array([1.0, 2.0, 4.0]), np.array([1.0, 9.0])
    ratios, contexts = (np.ones(1), np.ones(1)) if exact else (np.array([1.0, 2.0]), np.array([1.0, 20.0, 52.0]))

    def table(sizes):
        places = len(ratios), len(sizes), len(contexts)
        steps = rng.integers(1, 40, places) / 64 if exact else rng.uniform(0.01, 1.0, places)
        steps[:, 1:] *= np.diff(sizes)[None, :, None]
        return np.cumsum(np.cumsum(np.cumsum(steps, 0), 1), 2)

    decode, prefill = table(counts), table(chunks)
    return StepTimes(
        batch_count=counts,
        ranks_ratio=ratios,
        context_tokens=contexts,
        chunk_tokens=chunks,
        decode_s=decode,
        decode_j=2 * decode,
        prefill_s=prefill,
        prefill_j=3 * prefill,
        mixed_frac=0.5,
        admission_s=0.0625 * rng.integers(0, 2),
        tokens_per_step_ratio=tokens_per_step_ratio,
        idle_w=10.0,
    )


@st.composite
def engines(draw, times, *, prefix_cached):
    return Engine(
        times=times,
        ranks_count=draw(st.integers(1, 2)),
        blocks_count=draw(st.integers(6, 24)),
        most_requests_count=draw(st.sampled_from([1, 3, 8])),
        budget_tokens=draw(st.sampled_from([1, 5, 16, 48])),
        block_tokens=BLOCK_TOKENS,
        chunked=draw(st.booleans()),
        reserve_frac=draw(st.sampled_from([0.0, 0.0, 0.5])),
        prefix_cached=prefix_cached,
    )


@st.composite
def pods(draw, *, exact):
    tau = draw(st.sampled_from([1.0, 1.0, 2.0]))
    times = drawn_times(draw(st.integers(0, 2**16)), exact=exact, tokens_per_step_ratio=tau)
    prefix_cached = draw(st.booleans())
    two_pools = draw(st.booleans())
    return Pod(
        hash_tokens=HASH_TOKENS,
        engine=draw(engines(times, prefix_cached=prefix_cached)),
        engines_count=draw(st.integers(1, 3)),
        routing=draw(st.sampled_from(["round-robin", "least-loaded", "prefix-aware"])),
        prefill=draw(engines(times, prefix_cached=prefix_cached)) if two_pools else None,
        prefill_engines_count=draw(st.integers(1, 2)) if two_pools else 0,
        handover_s=0.25 * two_pools,
        transfer_s_per_token=0.03125 * two_pools,
        most_waiting_count=draw(st.sampled_from([2**62, 2**62, 3])),
        shed_after_s=draw(st.sampled_from([np.inf, np.inf, 40.0])),
    )


@st.composite
def traces(draw, *, exact, most_count):
    """Requests of a few conversations, drawn by a seed: prompts of one begin alike."""
    count, rng = draw(st.integers(1, most_count)), np.random.default_rng(draw(st.integers(0, 2**16)))
    longest, most_gap = draw(st.sampled_from([6, 24, 40])), draw(st.sampled_from([2, 8, 64]))
    inputs, outputs = rng.integers(1, longest + 1, count), rng.integers(1, 21, count)
    gaps = rng.integers(0, most_gap, count) if exact else rng.uniform(0, most_gap, count) * rng.integers(0, 2, count)
    hashes = [
        1000 * talk + np.arange(tokens // HASH_TOKENS)
        for talk, tokens in zip(rng.integers(0, 3, count), inputs, strict=True)
    ]
    return Requests(
        arrival_s=np.cumsum(gaps / 8),
        input_tokens=inputs,
        output_tokens=outputs,
        hashes=np.concatenate(hashes).astype(np.int64),
        hash_ends=np.cumsum([len(each) for each in hashes]),
        hash_tokens=HASH_TOKENS,
    )


def plain(arrival_s, input_tokens, output_tokens):
    """Requests without hashes."""
    arrival_s, input_tokens, output_tokens = np.broadcast_arrays(arrival_s, input_tokens, output_tokens)
    return Requests(
        arrival_s=arrival_s.astype(np.float64),
        input_tokens=input_tokens.astype(np.int64),
        output_tokens=output_tokens.astype(np.int64),
    )


def piece(requests, first, end):
    """The requests from `first` to before `end`."""
    hashes, hash_ends = requests.hashes, requests.hash_ends
    if hashes is not None:
        begins = int(hash_ends[first - 1]) if first else 0
        ends = hash_ends[first:end] - begins
        hashes, hash_ends = hashes[begins : begins + int(ends[-1])] if len(ends) else hashes[:0], ends
    return Requests(
        arrival_s=requests.arrival_s[first:end],
        input_tokens=requests.input_tokens[first:end],
        output_tokens=requests.output_tokens[first:end],
        hashes=hashes,
        hash_ends=hash_ends,
        hash_tokens=requests.hash_tokens,
    )


def joined(parts):
    return Outcomes(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Outcomes)})


@dataclass
class Served:
    """Outcomes in order of `index`, those under way at the end left out, and the state of the pod after it."""

    outcomes: Outcomes
    state: object


def served(pod, requests, *, cuts=(), concurrency=0, until_s=np.inf):
    """Requests through a pod, in pieces that end at `cuts`."""
    state = start(pod, concurrency_count=concurrency)
    bounds = [0, *cuts, len(requests)]
    parts = [serve(state, piece(requests, a, b)) for a, b in pairwise(bounds)]
    outcomes = joined([*parts, finish(state, until_s)])
    order = np.argsort(outcomes.index, kind="stable")
    return Served(Outcomes(**{f.name: getattr(outcomes, f.name)[order] for f in fields(Outcomes)}), state)
