"""The kernel tells the same story as the plain-Python reference, event by event."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from reference_pod import run
from small_pods import pods, served, traces

RELATIVE = 1e-9
# Exact where the sums of step times are exact, so that events of one instant stay at one instant; other tables in cases
# in which no two events are so near that rounding could swap them.
MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def apart(events_s):
    """Whether no two events are at nearly the same instant."""
    instants_s = np.sort(events_s)
    return bool(np.all(np.diff(instants_s) > RELATIVE * np.maximum(instants_s[1:], 1.0)))


def agree(pod, requests, cuts=(), concurrency=0, *, exact=True):
    left, state = run(pod, requests, concurrency)
    assume(exact or apart(state.events_s))
    jobs = sorted(left, key=lambda job: job.index)
    outcomes = served(pod, requests, cuts=cuts, concurrency=concurrency).outcomes
    assert [job.index for job in jobs] == outcomes.index.tolist()
    assert [job.status for job in jobs] == outcomes.status.tolist()
    assert [job.preemptions for job in jobs] == outcomes.preemptions_count.tolist()
    assert [job.cached or 0 for job in jobs] == outcomes.cached_tokens.tolist()
    for name, there in (("arrival_s", "arrival_s"), ("first_s", "first_token_s"), ("finish_s", "finished_s")):
        np.testing.assert_allclose(
            getattr(outcomes, there), [getattr(job, name) for job in jobs], rtol=RELATIVE, atol=0, err_msg=there
        )


@st.composite
def cases(draw, *, exact, most_count=30):
    pod, requests = draw(pods(exact=exact)), draw(traces(exact=exact, most_count=most_count))
    cuts = sorted(draw(st.lists(st.integers(0, len(requests)), max_size=4)))
    return pod, requests, cuts, draw(st.sampled_from([0, 0, 1, 3, 7]))


@MANY
@given(case=cases(exact=True))
def test_events_of_one_instant_are_taken_in_the_same_order(case):
    agree(*case)


@MANY
@given(case=cases(exact=False))
def test_event_times_are_those_of_the_reference(case):
    agree(*case, exact=False)


@pytest.mark.slow
@settings(MANY, max_examples=3000)
@given(case=cases(exact=True, most_count=60))
def test_events_of_one_instant_are_taken_in_the_same_order_in_long_cases(case):
    agree(*case)


@pytest.mark.slow
@settings(MANY, max_examples=3000)
@given(case=cases(exact=False, most_count=60))
def test_event_times_are_those_of_the_reference_in_long_cases(case):
    agree(*case, exact=False)
