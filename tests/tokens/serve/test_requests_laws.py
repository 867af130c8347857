"""What holds for every pod and every trace: nothing is lost, nothing is made twice, more is never worse on average."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_pods import BLOCK_TOKENS, drawn_times, flat_times, piece, plain, pods, served, traces

from gigawatt.tokens.serve.pods import STATUSES, Engine, Outcomes, Pod, Requests
from gigawatt.tokens.serve.requests import finish, serve, start, totals

LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
COMPLETED = STATUSES.index("completed")
UNHURRIED = {"most_waiting_count": 2**62, "shed_after_s": np.inf}


def same(a, b, but=()):
    for field in fields(Outcomes):
        if field.name not in but:
            np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name), err_msg=field.name)


def pod_of(engines_count=1, routing="least-loaded", **changes):
    """Engines in which blocks are short, so that requests are set back."""
    one = Engine(
        times=drawn_times(7, exact=False),
        ranks_count=1,
        blocks_count=20,
        most_requests_count=8,
        budget_tokens=16,
        block_tokens=BLOCK_TOKENS,
    )
    return Pod(engine=replace(one, **changes), engines_count=engines_count, routing=routing, hash_tokens=8)


def poisson(seed, count=300, each_s=8.0):
    rng = np.random.default_rng(seed)
    arrival_s = np.cumsum(rng.exponential(each_s, count))
    return plain(arrival_s, rng.integers(1, 40, count), rng.integers(1, 20, count))


def test_a_request_alone_takes_its_passes_and_its_steps():
    times = flat_times(0.5, 2.0, admission_s=0.25)
    pod = replace(pod_of(times=times, budget_tokens=16), handover_s=0.0)
    outcomes = served(pod, plain([10.0], 40, 5)).outcomes
    assert outcomes.first_token_s.tolist() == [10.0 + 0.25 + 3 * 2.0]
    assert outcomes.finished_s.tolist() == [10.0 + 0.25 + 3 * 2.0 + 4 * 0.5]


def test_prompts_ride_along_and_slow_the_steps_of_others():
    times = flat_times(0.5, 2.0, mixed_frac=0.25)
    outcomes = served(pod_of(times=times), plain([0.0, 2.25], [4, 8], [3, 2])).outcomes
    # a pass, a step that was under way when the second came, and one with a quarter of its pass
    assert outcomes.finished_s.tolist() == [2.0 + 0.5 + 1.0, 2.0 + 0.5 + 1.0 + 0.5]
    assert outcomes.first_token_s.tolist() == [2.0, 3.5]


def test_whole_prompts_are_read_while_no_answer_is_written():
    times = flat_times(0.5, 2.0)
    outcomes = served(pod_of(times=times, chunked=False), plain([0.0, 2.25], [4, 8], [3, 2])).outcomes
    assert outcomes.first_token_s.tolist() == [2.0, 4.5]
    assert outcomes.finished_s.tolist() == [5.0, 5.0]


def test_the_request_let_in_last_is_set_back_where_blocks_run_out():
    pod = pod_of(times=flat_times(1.0, 1.0), blocks_count=4)
    outcomes = served(pod, plain([0.0, 0.0], [7, 7], [5, 4])).outcomes
    # both hold 2 of the 4 blocks; the step in which both would need a third sets the second back
    assert outcomes.preemptions_count.tolist() == [0, 1]
    assert outcomes.first_token_s.tolist() == [1.0, 1.0]
    # the first is done after 4 more steps; then 9 tokens are read anew, which makes the third token, and one step more
    assert outcomes.finished_s.tolist() == [5.0, 7.0]


def test_a_known_prefix_is_not_read_again():
    pod = pod_of(times=flat_times(1.0, 1.0, by_chunk=True), prefix_cached=True, budget_tokens=64)
    hashes = np.array([1, 2, 1, 2, 3])
    requests = replace(plain([0.0, 100.0], [16, 27], 1), hashes=hashes, hash_ends=np.array([2, 5]), hash_tokens=8)
    run = served(pod, requests)
    assert run.outcomes.cached_tokens.tolist() == [0, 16]
    assert run.outcomes.ttft_s.tolist() == [16.0, 11.0]
    assert totals(run.state).tokens_cached == 16


@LAWS
@given(pod=pods(exact=False), requests=traces(exact=False, most_count=30), until_s=st.sampled_from([0.0, 20.0, np.inf]))
def test_every_request_and_every_token_is_counted_once(pod, requests, until_s):
    run = served(pod, requests, until_s=until_s)
    outcomes, counted = run.outcomes, totals(run.state)
    done = outcomes.status == COMPLETED
    assert len(np.unique(outcomes.index)) == len(outcomes)
    assert counted.arrived_count == len(requests)
    assert counted.under_way_count == len(requests) - len(outcomes)
    assert until_s < np.inf or counted.under_way_count == 0
    assert counted.completed_count == done.sum()
    assert counted.rejected_count + counted.shed_count + counted.too_long_count == (~done).sum()
    assert counted.tokens_in == requests.input_tokens.sum()
    if until_s == np.inf:
        assert counted.tokens_out == outcomes.output_tokens[done].sum()
        assert counted.preemptions_count == outcomes.preemptions_count.sum()
    if until_s == np.inf and not counted.preemptions_count and not counted.shed_count:
        read = outcomes.input_tokens - outcomes.cached_tokens
        assert counted.tokens_read == read[done].sum()


@LAWS
@given(pod=pods(exact=False), requests=traces(exact=False, most_count=30))
def test_blocks_and_instants_stay_within_bounds(pod, requests):
    run = served(pod, requests)
    outcomes, counted = run.outcomes, totals(run.state)
    done = outcomes.status == COMPLETED
    assert 0.0 <= counted.kv_mean_frac <= counted.kv_peak_frac + 1e-9 <= 1.0 + 2e-9
    assert counted.window_kv_frac.min(initial=0.0) >= 0.0
    assert counted.window_kv_frac.max(initial=0.0) <= 1.0 + 1e-9
    assert np.all(outcomes.first_token_s[done] > outcomes.arrival_s[done])
    assert np.all(outcomes.finished_s[done] >= outcomes.first_token_s[done])
    assert np.all(np.isnan(outcomes.finished_s[~done]))
    assert np.all(outcomes.cached_tokens <= outcomes.input_tokens - 1)
    assert counted.prefill_s + counted.decode_s == pytest.approx(counted.busy_s, rel=1e-9)
    engines_count = pod.engines_count + pod.prefill_engines_count
    assert counted.busy_s <= engines_count * counted.span_s * (1 + 1e-9)


@LAWS
@given(pod=pods(exact=False), requests=traces(exact=False, most_count=30), tau=st.sampled_from([1.3, 1.7, 2.6, 3.0]))
def test_drafts_of_any_length_lose_no_request_and_no_block(pod, requests, tau):
    def drafting(engine):
        return replace(engine, times=replace(engine.times, tokens_per_step_ratio=tau))

    run = served(replace(pod, engine=drafting(pod.engine), prefill=pod.prefill and drafting(pod.prefill)), requests)
    counted = totals(run.state)
    assert counted.under_way_count == 0
    assert counted.kv_peak_frac <= 1.0
    assert run.state.state.ranks["private"].tolist() == [0] * len(run.state.state.ranks)


@LAWS
@given(pod=pods(exact=False), requests=traces(exact=False, most_count=30))
def test_requests_inside_are_their_times_inside_added_up(pod, requests):
    pod = replace(pod, **UNHURRIED, handover_s=0.0, transfer_s_per_token=0.0)
    run = served(pod, requests)
    counted = totals(run.state)
    inside_s = (counted.waiting_mean_count + counted.running_mean_count) * counted.span_s
    assert inside_s == pytest.approx(np.nansum(run.outcomes.e2e_s), rel=1e-9, abs=1e-9)


@LAWS
@given(pod=pods(exact=False), requests=traces(exact=False, most_count=30))
def test_an_engine_works_whenever_a_request_is_there(pod, requests):
    pod = replace(pod, **UNHURRIED, engines_count=1, prefill=None, prefill_engines_count=0)
    run = served(pod, requests)
    done = run.outcomes.status == COMPLETED
    from_s, to_s = run.outcomes.arrival_s[done], run.outcomes.finished_s[done]
    latest_s = np.maximum.accumulate(np.append(0.0, to_s))
    there_s = np.maximum(latest_s[1:] - np.maximum(from_s, latest_s[:-1]), 0.0).sum()
    assert totals(run.state).busy_s == pytest.approx(there_s, rel=1e-9, abs=1e-9)


@LAWS
@given(pod=pods(exact=False), requests=traces(exact=False, most_count=20), factor=st.sampled_from([0.25, 8.0]))
def test_all_times_scale_together(pod, requests, factor):
    def slower(engine):
        times = engine.times
        scaled = {name: factor * getattr(times, name) for name in ("decode_s", "prefill_s", "admission_s")}
        return replace(engine, times=replace(times, **scaled))

    scaled = replace(
        pod,
        engine=slower(pod.engine),
        prefill=pod.prefill and slower(pod.prefill),
        handover_s=factor * pod.handover_s,
        transfer_s_per_token=factor * pod.transfer_s_per_token,
        shed_after_s=factor * pod.shed_after_s,
    )
    there = served(scaled, replace(requests, arrival_s=factor * requests.arrival_s)).outcomes
    here = served(pod, requests).outcomes
    instants = ("arrival_s", "first_token_s", "finished_s")
    same(here, there, but=instants)
    for name in instants:  # powers of two round nothing
        np.testing.assert_array_equal(factor * getattr(here, name), getattr(there, name))


@LAWS
@given(pod=pods(exact=False), requests=traces(exact=False, most_count=30), seed=st.integers(0, 2**16))
def test_other_names_of_hashes_change_nothing(pod, requests, seed):
    rng = np.random.default_rng(seed)
    known, place = np.unique(requests.hashes, return_inverse=True)
    names = np.unique(rng.integers(-(2**63), 2**63, len(known) + 8))
    rng.shuffle(names)
    there = served(pod, replace(requests, hashes=names[: len(known)][place.reshape(-1)]))
    same(served(pod, requests).outcomes, there.outcomes)


@LAWS
@given(pod=pods(exact=False), requests=traces(exact=False, most_count=20), concurrency=st.sampled_from([0, 1, 4]))
def test_a_trace_served_one_by_one_is_the_trace_served_at_once(pod, requests, concurrency):
    cuts = range(len(requests) + 1)
    at_once, one_by_one = (served(pod, requests, cuts=each, concurrency=concurrency) for each in ((), cuts))
    same(at_once.outcomes, one_by_one.outcomes)
    assert totals(at_once.state).busy_s == totals(one_by_one.state).busy_s


def test_outcomes_come_in_the_order_in_which_requests_are_done():
    pod, requests = pod_of(2), poisson(0)
    state, parts = start(pod), []
    for first in range(0, len(requests), 7):
        parts.append(serve(state, piece(requests, first, first + 7)))
    parts.append(finish(state))
    ends_s = np.concatenate([part.finished_s for part in parts])
    assert np.all(np.diff(ends_s[~np.isnan(ends_s)]) >= 0)


def test_use_rises_with_load_and_is_slot_time_over_slots_and_time():
    uses = []
    for each_s in (60.0, 30.0, 20.0, 14.0):
        run = served(pod_of(2), poisson(1, each_s=each_s))
        counted = totals(run.state)
        uses.append((counted.busy_s / counted.span_s / 2, counted.running_mean_count / 16))
    assert np.all(np.diff(uses, axis=0) > 0)
    assert np.all(np.array(uses) < 1)


def mean_wait_s(pod, each_s, seeds=range(12)):
    waits = []
    for seed in seeds:
        outcomes = served(pod, poisson(seed, each_s=each_s)).outcomes
        waits.append(outcomes.ttft_s[outcomes.status == COMPLETED].mean())
    return np.array(waits)


def test_more_engines_wait_less():
    waits = np.array([mean_wait_s(pod_of(count), 24.0) for count in (1, 2, 3, 4)])
    assert np.all(np.diff(waits, axis=0) < 0)


def test_more_blocks_wait_less_on_average():
    waits = np.array([mean_wait_s(pod_of(2, blocks_count=count), 12.0) for count in (16, 24, 48, 96)])
    assert np.all(np.diff(waits.mean(axis=1)) <= 0)


def test_the_least_loaded_engine_serves_no_worse_than_each_in_turn():
    in_turn, least = (mean_wait_s(pod_of(3, routing), 10.0) for routing in ("round-robin", "least-loaded"))
    assert least.mean() < in_turn.mean()


def test_a_pool_without_cache_of_prefixes_ignores_hashes():
    requests = poisson(2, 40)
    ends = np.arange(1, 41)
    hashed = Requests(
        arrival_s=requests.arrival_s,
        input_tokens=requests.input_tokens,
        output_tokens=requests.output_tokens,
        hashes=np.ones(40, dtype=np.int64),
        hash_ends=ends,
        hash_tokens=8,
    )
    same(served(pod_of(2), requests).outcomes, served(pod_of(2), hashed).outcomes)
