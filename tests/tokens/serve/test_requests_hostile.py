"""Requests that nobody meant to send: a clear error and nothing served, or the right outcome at the edge."""

from dataclasses import replace

import numpy as np
import pytest
from small_pods import BLOCK_TOKENS, flat_times, piece, plain, served

from gigawatt.errors import CalibrationError
from gigawatt.tokens.serve.pods import STATUSES, Engine, Pod, Requests
from gigawatt.tokens.serve.requests import finish, serve, start, totals

COMPLETED, TOO_LONG = 0, len(STATUSES) - 1


def pod_of(engines_count=1, **changes):
    one = Engine(
        times=flat_times(1.0, 1.0),
        ranks_count=1,
        blocks_count=8,
        most_requests_count=4,
        budget_tokens=16,
        block_tokens=BLOCK_TOKENS,
    )
    return Pod(engine=replace(one, **changes), engines_count=engines_count, hash_tokens=8)


BAD = {
    "arrival_s": [
        ([np.nan, 1.0], "nan"),
        ([0.0, np.inf], "inf"),
        ([-1.0, 0.0], "-1"),
        ([1.0, 0.5], "0.5"),
    ],
    "input_tokens": [([4, 0], "0"), ([4, -3], "-3")],
    "output_tokens": [([4, 0], "0"), ([-2, 4], "-2")],
}


@pytest.mark.parametrize(("field", "values", "seen"), [(f, *case) for f, cases in BAD.items() for case in cases])
def test_values_that_no_request_has_are_refused(field, values, seen):
    requests = plain([0.0, 1.0], [4, 4], [2, 2])
    bad = replace(requests, **{field: np.array(values, dtype=getattr(requests, field).dtype)})
    state = start(pod_of())
    with pytest.raises(CalibrationError, match=rf"requests\[.\].{field.removesuffix('_s')}") as error:
        serve(state, bad)
    assert seen in str(error.value)
    # nothing was taken in: the pod goes on as if it had not been asked
    outcomes = served_by(state, requests)
    assert outcomes.index.tolist() == [0, 1]
    assert totals(state).arrived_count == 2


def served_by(state, requests):
    first = serve(state, requests)
    rest = finish(state)
    return replace(rest, **{name: np.concatenate([getattr(first, name), getattr(rest, name)]) for name in ("index",)})


def test_a_chunk_that_begins_before_the_last_one_ended_is_refused():
    state = start(pod_of())
    serve(state, plain([5.0], 4, 2))
    with pytest.raises(CalibrationError, match="arrival"):
        serve(state, plain([4.0], 4, 2))


@pytest.mark.parametrize("field", ["input_tokens", "output_tokens"])
def test_columns_of_unequal_length_are_refused(field):
    requests = plain([0.0, 1.0], [4, 4], [2, 2])
    with pytest.raises(CalibrationError, match=field):
        serve(start(pod_of()), replace(requests, **{field: np.array([4])}))


@pytest.mark.parametrize(
    "ends",
    [[1], [2, 1], [1, 3], [-1, 2], [1, 1]],
    ids=["one too few", "falling", "beyond the last hash", "negative", "before the last hash"],
)
def test_ends_of_hashes_that_do_not_fit_are_refused(ends):
    requests = replace(
        plain([0.0, 1.0], [8, 8], [2, 2]), hashes=np.array([1, 2]), hash_ends=np.array(ends), hash_tokens=8
    )
    with pytest.raises(CalibrationError, match="hash_ends"):
        serve(start(pod_of(prefix_cached=True)), requests)


def test_hashes_of_other_lengths_than_whole_blocks_are_refused():
    requests = replace(plain([0.0], 8, 2), hashes=np.array([1]), hash_ends=np.array([1]), hash_tokens=6)
    with pytest.raises(CalibrationError, match="hash_tokens"):
        serve(start(pod_of(prefix_cached=True)), requests)
    with pytest.raises(CalibrationError, match="hash tokens"):
        start(replace(pod_of(prefix_cached=True), hash_tokens=6))


def test_no_requests_are_served_in_no_time():
    run = served(pod_of(), plain([], [], []))
    assert len(run.outcomes) == 0
    assert totals(run.state).arrived_count == 0
    assert totals(run.state).busy_s == 0.0


def test_no_requests_between_others_change_nothing():
    requests = plain([0.0, 1.0], 4, 3)
    run = served(pod_of(), requests, cuts=[0, 1, 1, 1, 2, 2])
    assert run.outcomes.finished_s.tolist() == served(pod_of(), requests).outcomes.finished_s.tolist()


def test_instants_far_from_zero_keep_their_order():
    at_s = 2.0**40
    outcomes = served(pod_of(), plain([at_s, at_s], 4, 3)).outcomes
    assert (outcomes.finished_s - at_s).tolist() == [3.0, 3.0]
    far = served(pod_of(), plain([0.0, 1e12], 4, 3))
    assert (far.outcomes.e2e_s).tolist() == [3.0, 3.0]
    assert totals(far.state).busy_s == 6.0


def test_many_requests_of_one_instant_are_let_in_in_their_order():
    outcomes = served(pod_of(most_requests_count=1), plain(np.zeros(50), 4, 2)).outcomes
    assert outcomes.first_token_s.tolist() == [2.0 * n + 1 for n in range(50)]


def test_one_engine_of_one_block_serves_what_fits_it():
    run = served(pod_of(blocks_count=1), plain([0.0, 0.0, 0.0, 0.0], [4, 1, 3, 4], [1, 4, 3, 2]))
    assert run.outcomes.status.tolist() == [COMPLETED, COMPLETED, TOO_LONG, TOO_LONG]
    assert run.outcomes.finished_s[:2].tolist() == [1.0, 5.0]
    assert totals(run.state).kv_peak_frac == 1.0


def test_a_request_that_fills_the_cache_to_the_last_token_is_served_and_one_more_is_too_long():
    outcomes = served(pod_of(), plain([0.0, 0.0], [20, 20], [13, 14])).outcomes
    assert outcomes.status.tolist() == [COMPLETED, TOO_LONG]
    assert outcomes.preemptions_count.tolist() == [0, 0]


def test_requests_that_fill_the_cache_together_are_not_set_back():
    outcomes = served(pod_of(), plain([0.0, 0.0], 8, 9)).outcomes
    assert outcomes.preemptions_count.tolist() == [0, 0]


def test_a_budget_of_one_token_reads_a_prompt_token_by_token():
    outcomes = served(pod_of(budget_tokens=1), plain([0.0, 0.0], [5, 2], [3, 2])).outcomes
    # the second is read only where the first does not write, for its token is the budget
    assert outcomes.first_token_s.tolist() == [5.0, 9.0]
    assert outcomes.finished_s.tolist() == [7.0, 10.0]


def test_one_token_of_answer_is_out_with_the_prompt():
    outcomes = served(pod_of(), plain([0.0], 4, 1)).outcomes
    assert outcomes.first_token_s.tolist() == outcomes.finished_s.tolist() == [1.0]
    assert outcomes.tpot_s.tolist() == [0.0]


def test_many_ranks_take_one_request_each():
    outcomes = served(pod_of(ranks_count=64, most_requests_count=1), plain(np.zeros(128), 4, 3)).outcomes
    assert outcomes.finished_s.tolist() == [3.0] * 64 + [6.0] * 64


def test_the_longest_answers_are_served_without_waiting_for_each_token():
    outcomes = served(pod_of(blocks_count=2**60), plain([0.0], 1, 2**40)).outcomes
    assert outcomes.finished_s.tolist() == [2.0**40]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("ranks_count", 0, "ranks = 0"),
        ("blocks_count", 0, "blocks = 0"),
        ("most_requests_count", 0, "most requests = 0"),
        ("budget_tokens", 0, "budget = 0"),
        ("block_tokens", 0, "block tokens = 0"),
        ("reserve_frac", -0.1, "reserve = -0.1"),
        ("reserve_frac", np.nan, "reserve = nan"),
    ],
)
def test_engines_that_cannot_serve_are_refused(field, value, told):
    with pytest.raises(CalibrationError, match=told):
        start(pod_of(**{field: value}))


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("engines_count", 0, "engines = 0"),
        ("routing", "by name", "routing = by name"),
        ("handover_s", -1.0, "handover = -1"),
        ("transfer_s_per_token", np.nan, "transfer = nan"),
        ("most_waiting_count", -1, "most waiting = -1"),
        ("shed_after_s", -1.0, "shed after = -1"),
    ],
)
def test_pods_that_cannot_serve_are_refused(field, value, told):
    with pytest.raises(CalibrationError, match=told):
        start(replace(pod_of(), **{field: value}))


@pytest.mark.parametrize("value", [np.nan, -1.0, np.inf])
def test_step_times_that_are_no_times_are_refused(value):
    times = flat_times(1.0, 1.0)
    with pytest.raises(CalibrationError, match="decode_s"):
        start(pod_of(times=replace(times, decode_s=np.full_like(times.decode_s, value))))


def test_a_pod_works_on_after_a_stop():
    state = start(pod_of())
    requests = plain([0.0, 100.0], 4, 3)
    serve(state, piece(requests, 0, 1))
    assert len(finish(state, 2.5)) == 0
    assert totals(state).under_way_count == 1
    assert finish(state, 3.0).finished_s.tolist() == [3.0]
    assert serve(state, piece(requests, 1, 2)).index.tolist() == []
    assert finish(state).finished_s.tolist() == [103.0]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_trace():
    """Resident memory after the first chunk and after 5 million requests, some of them with a cache of prefixes."""
    from resource import RUSAGE_SELF, getrusage

    count, chunks = 50_000, 100
    one = replace(pod_of(4).engine, blocks_count=256, most_requests_count=32, prefix_cached=True)
    state, peaks = start(replace(pod_of(4), engine=one)), []
    rng = np.random.default_rng(0)
    for n in range(chunks):
        arrival_s = n * count + np.arange(count) * 1.0
        hashes = rng.integers(0, 2**62, count)
        serve(
            state,
            Requests(
                arrival_s=arrival_s,
                input_tokens=rng.integers(8, 16, count),
                output_tokens=rng.integers(1, 20, count),
                hashes=hashes,
                hash_ends=np.arange(1, count + 1),
                hash_tokens=8,
            ),
        )
        peaks.append(getrusage(RUSAGE_SELF).ru_maxrss)
    assert totals(state).under_way_count < 1000
    assert peaks[-1] - peaks[9] < 8 * 1024  # KiB


@pytest.mark.parametrize("tau", [1.0, 1.7, 2.0, 3.0])
def test_no_request_is_lost_where_drafted_steps_outrun_a_small_cache(tau):
    """Set back in its last step by its own drafts, a request that ran alone waited for ever."""
    rng = np.random.default_rng(int(10 * tau))
    times = replace(flat_times(1.0, 1.0), tokens_per_step_ratio=tau)
    for _ in range(60):
        count = 40
        arrivals = np.sort(rng.uniform(0, 60, count))
        run = served(
            pod_of(times=times, blocks_count=int(rng.integers(8, 16)), most_requests_count=3),
            plain(arrivals, rng.integers(1, 20, count), rng.integers(1, 20, count)),
        )
        counted = totals(run.state)
        assert counted.under_way_count == 0
        assert counted.kv_peak_frac <= 1.0
        assert counted.completed_count > 0
