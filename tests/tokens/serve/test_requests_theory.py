"""The simulator at the limits that queueing theory knows, inside 99.9 % confidence intervals of replications.

A request of one prompt token and n tokens of answer holds an engine that runs one at a time for n steps: a server of an
M/G/1 queue. An engine whose steps take as long as they have requests shares itself among them: processor sharing. One
whose steps take the same time whatever they hold has as many servers as places.

1. L. Kleinrock, Queueing Systems, vol. 1, Wiley 1975: M/M/1, M/D/1 and Pollaczek–Khinchine (5.6), M/M/c (3.4); vol. 2,
   1976: M/G/1 under processor sharing (4.4).
"""

from math import factorial

import numpy as np
import pytest
from scipy.stats import t
from small_pods import flat_times, plain, served

from gigawatt.tokens.serve.pods import Engine, Pod
from gigawatt.tokens.serve.requests import totals

TOKENS, SERVICE_S = 1000, 1.0
REPLICATIONS, CONFIDENCE = 16, 0.999


def engine(times, most_requests_count):
    return Engine(
        times=times,
        ranks_count=1,
        blocks_count=2**40,
        most_requests_count=most_requests_count,
        budget_tokens=2**20,
    )


ONE_AT_A_TIME = engine(flat_times(SERVICE_S / TOKENS, SERVICE_S / TOKENS), 1)
SHARED = engine(flat_times(SERVICE_S / TOKENS, SERVICE_S / TOKENS, by_batch=True, by_chunk=True), 1024)


def exponential(rng, count):
    """Answers whose lengths are as near to exponential as whole numbers are."""
    return rng.geometric(1 / TOKENS, count)


def equal(_rng, count):
    return np.full(count, TOKENS)


def bimodal(rng, count):
    return np.where(rng.random(count) < 0.9, TOKENS // 10, TOKENS * 91 // 10)


def replications(one, load, lengths, value, *, count=20_000, servers=1):
    """A value of each of independent runs at a load of the engine."""
    found = []
    for seed in range(REPLICATIONS):
        rng = np.random.default_rng([seed, int(1000 * load)])
        arrival_s = np.cumsum(rng.exponential(SERVICE_S / load / servers, count))
        run = served(Pod(engine=one, engines_count=1), plain(arrival_s, 1, lengths(rng, count)))
        found.append(value(run))
    return np.array(found)


def assert_inside(values, expected, precise_frac=0.05):
    """The expected value lies in the confidence interval of the values, and that is no wider than a part of it."""
    half = t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    assert half < precise_frac * expected
    assert values.mean() == pytest.approx(expected, abs=half)


def settled(values):
    """Values without those of the requests that came while the queue filled."""
    return values[len(values) // 10 :]


def wait_s(run):
    return settled(run.outcomes.ttft_s - SERVICE_S / TOKENS).mean()


def sojourn_s(run):
    return settled(run.outcomes.e2e_s).mean()


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_waits_of_exponential_work_are_those_of_m_m_1(load):
    values = replications(ONE_AT_A_TIME, load, exponential, wait_s)
    assert_inside(values, SERVICE_S * load / (1 - load), 0.1)


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_waits_of_equal_work_are_those_of_m_d_1(load):
    values = replications(ONE_AT_A_TIME, load, equal, wait_s)
    assert_inside(values, SERVICE_S * load / (1 - load) / 2)


def test_waits_of_uneven_work_are_those_of_pollaczek_and_khinchine():
    second = 0.9 * 0.1**2 + 0.1 * 9.1**2
    values = replications(ONE_AT_A_TIME, 0.5, bimodal, wait_s)
    assert_inside(values, 0.5 * second / (1 - 0.5) / 2, 0.1)


@pytest.mark.parametrize("load", [0.2, 0.5, 0.8])
def test_an_engine_is_busy_for_the_load_that_is_offered(load):
    def busy_frac(run):
        counted = totals(run.state)
        return counted.busy_s / counted.span_s

    assert_inside(replications(ONE_AT_A_TIME, load, exponential, busy_frac), load)


@pytest.mark.parametrize("lengths", [equal, exponential, bimodal])
def test_a_shared_engine_is_insensitive_to_how_uneven_the_work_is(lengths):
    values = replications(SHARED, 0.6, lengths, sojourn_s, count=25_000)
    assert_inside(values, SERVICE_S / (1 - 0.6), 0.1)


def test_a_shared_engine_slows_short_and_long_requests_by_the_same_factor():
    for tokens in (TOKENS // 10, TOKENS * 91 // 10):

        def of_these(run, tokens=tokens):
            kept = settled(run.outcomes.output_tokens) == tokens
            return settled(run.outcomes.e2e_s)[kept].mean()

        values = replications(SHARED, 0.6, bimodal, of_these, count=15_000)
        assert_inside(values, tokens / TOKENS * SERVICE_S / (1 - 0.6), 0.1)


def test_waits_for_one_of_many_places_are_those_of_m_m_c():
    servers, load = 8, 0.8
    offered = servers * load
    last = offered**servers / factorial(servers) / (1 - load)
    waits = last / (sum(offered**k / factorial(k) for k in range(servers)) + last)
    # prompts ride along with decode steps, so that a step takes the same time whatever it holds
    times = flat_times(SERVICE_S / TOKENS, SERVICE_S / TOKENS, mixed_frac=0.0)
    values = replications(engine(times, servers), load, exponential, wait_s, servers=servers)
    assert_inside(values, waits * SERVICE_S / servers / (1 - load), 0.15)


def test_a_closed_loop_keeps_an_engine_busy_all_the_time():
    run = served(Pod(engine=SHARED, engines_count=1), plain(np.zeros(400), 1, TOKENS), concurrency=10)
    counted = totals(run.state)
    assert counted.busy_s == pytest.approx(counted.span_s, rel=1e-12)
    assert counted.span_s == pytest.approx(400 * SERVICE_S, rel=1e-9)
