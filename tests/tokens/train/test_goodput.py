import heapq
import json
from dataclasses import replace

import numpy as np
import pytest
from closed_forms import segment_s
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.errors import CalibrationError
from gigawatt.tokens.train.goodput import (
    HotSpares,
    Replicas,
    Synchronous,
    best_interval_s,
    blocked_frac,
    effective_frac,
    goodput_frac,
    hot_spare_frac,
    replica_frac,
    spares_count,
)
from gigawatt.units import HOUR_S

LLAMA_3_FAILURES_PER_H = 1.97e-5
# Half width of a 99.9 % interval, in standard errors, for 39 degrees of freedom and more.
ERRORS_COUNT = 3.56
META = Replicas(checkpoint_s=0.0, restart_s=600.0, stall_s=180.0, replicas_count=24)
STEPFUN_FAILURES_PER_H = 584 / (345 * 24) / 3200
STEPFUN_REPAIR_S = 132.8 * HOUR_S
SPARES = HotSpares(checkpoint_s=10.0, swap_s=300.0, spares_count=17, node_packages_count=8, repair_s=STEPFUN_REPAIR_S)


def test_segment_by_hand():
    rate, interval, checkpoint, restart = 1e-4, 1800.0, 60.0, 600.0
    expected = np.exp(0.06) * (np.exp(0.186) - 1) / 1e-4
    assert segment_s(rate, interval, checkpoint, restart) == pytest.approx(expected)
    assert segment_s(1.0, 1e6, checkpoint, restart) == np.inf
    assert segment_s(0.0, interval, checkpoint, restart) == pytest.approx(1860)


def test_segment_agrees_with_a_simulation():
    rng = np.random.Generator(np.random.Philox(7))
    rate, span, restart = 1 / 3000, 2000.0, 500.0
    times = [_simulate(rng, rate, span, restart) for _ in range(20_000)]
    error = 3.3 * np.std(times) / np.sqrt(len(times))
    # The renewal formula counts one restart before the first segment too, as after the failure that preceded it.
    assert np.mean(times) == pytest.approx(float(segment_s(rate, span, 0.0, restart)), abs=error)


def _simulate(rng, rate, span, restart):
    """Restart after each failure (itself failing), then the whole span again, until both pass without a failure."""
    total = 0.0
    while True:
        failure = rng.exponential(1 / rate)
        if failure >= span:
            return total + span
        total += failure
        while (again := rng.exponential(1 / rate)) < restart:
            total += again
        total += restart


def test_best_interval_beats_its_neighbours():
    rate, checkpoint, restart = 1e-4, 60.0, 600.0
    best = float(best_interval_s(rate, checkpoint))
    cost = lambda interval: float(segment_s(rate, interval, checkpoint, restart)) / interval  # noqa: E731 (one formula)
    assert cost(best) < cost(best * 1.01)
    assert cost(best) < cost(best * 0.99)
    assert best == pytest.approx(np.sqrt(2 * checkpoint / rate), rel=0.05)


def test_no_failures_no_loss():
    assert best_interval_s(0.0, 60.0) == np.inf
    assert effective_frac(16384, 0.0, 60.0, 600.0) == 1


def test_free_checkpoints_lose_restarts_only():
    assert effective_frac(3600, 1.0, 0.0, 0.1) == pytest.approx(np.exp(-0.1), rel=1e-6)


def test_llama_3_was_effective_for_more_than_90_percent():
    assert 0.9 < effective_frac(16384, LLAMA_3_FAILURES_PER_H, 10.0, 300.0) < 0.95


def test_never_negative_where_young_is():
    gangs = np.array([1e5, 2e5, 1e6, 1e7, 1e9, 1e12])
    shares = effective_frac(gangs, LLAMA_3_FAILURES_PER_H, 120.0, 1800.0)
    assert (shares > 0).all()
    assert (np.diff(shares) <= 0).all()


@settings(deadline=None)
@given(st.floats(1, 1e7), st.floats(1e-8, 1e-3), st.floats(0, 3600), st.floats(0, 36000), st.floats(1, 100))
def test_share_is_in_the_unit_interval_and_falls_with_the_gang(packages, failures, checkpoint, restart, factor):
    share = effective_frac(packages, failures, checkpoint, restart)
    assert 0 < share <= 1
    assert effective_frac(packages * factor, failures, checkpoint, restart) <= share * (1 + 1e-9)


packages = st.floats(1, 1e7)
failures = st.floats(0, 1e-3)
stalls = st.floats(0, 3600)
restarts = st.floats(0, 36000)
replicas = st.integers(1, 1000)
factors = st.floats(1, 100)
ROUNDING = 1 + 1e-9


def test_one_replica_is_the_synchronous_gang():
    gangs = np.array([1e3, 1e5, 1e7])
    one = Replicas(checkpoint_s=60.0, restart_s=600.0, stall_s=20.0, replicas_count=1)
    same = effective_frac(gangs, LLAMA_3_FAILURES_PER_H, 60.0, 600.0)
    assert replica_frac(one, gangs, LLAMA_3_FAILURES_PER_H) == pytest.approx(same, rel=1e-12)
    synchronous = Synchronous(checkpoint_s=60.0, restart_s=600.0)
    share = goodput_frac(synchronous, packages_count=gangs, failures_per_package_h=LLAMA_3_FAILURES_PER_H)
    assert (share == same).all()


def test_replicas_by_hand():
    """Five replicas, two failures an hour: no failure of anything in 3 minutes, none of its own in 7 more."""
    five = Replicas(checkpoint_s=0.0, restart_s=600.0, stall_s=180.0, replicas_count=5)
    expected = np.exp(-2 * 3 / 60 - 2 / 5 * 7 / 60)
    assert replica_frac(five, 1000, 0.002) == pytest.approx(expected)


def test_spares_by_hand():
    """One failure a day, one day of repair, one spare: B(2, 1) = (1/2) / (1 + 1 + 1/2) of the time is spent waiting."""
    spare = HotSpares(checkpoint_s=0.0, swap_s=0.0, spares_count=1, node_packages_count=8, repair_s=24 * HOUR_S)
    assert hot_spare_frac(spare, 240, 1 / 24 / 240) == pytest.approx(240 / 248 * (1 - 0.2), rel=1e-6)
    none = replace(spare, spares_count=0)
    assert hot_spare_frac(none, 240, 1 / 24 / 240) == pytest.approx(1 / 2, rel=1e-6)


def test_erlang_by_hand():
    assert blocked_frac(np.array([0, 1, 2, 2]), np.array([2.0, 2.0, 2.0, 0.0])) == pytest.approx([1, 2 / 3, 2 / 5, 0])


def test_meta_at_100_000_packages():
    """Published: 44 % at a stall of 10 minutes, 80 % at 3. The first pins the rate (a failure in 12 minutes).

    The second then follows: 78.2 % if the replica that is out costs nothing, 76.3 % if it is one of 24 for 10 minutes.
    The paper's own 18 minutes between failures leave 44 % by 1 - 10/18, and 83 % by 1 - 3/18.
    """
    rate = -np.log(0.44) / 600 * HOUR_S / 1e5
    assert effective_frac(1e5, rate, 0.0, 600.0) == pytest.approx(0.44)
    assert replica_frac(META, 1e5, rate) == pytest.approx(0.763, abs=0.001)
    assert replica_frac(META, 1e5, rate) == pytest.approx(0.80, abs=0.04)
    assert replica_frac(replace(META, restart_s=180.0), 1e5, rate) == pytest.approx(0.80, abs=0.02)


def test_stepfun_spares():
    """400 nodes, of which 2.34 % are out on average: 9.4 nodes; 17 spares suffice 99 % of the time."""
    mean = 3200 * STEPFUN_FAILURES_PER_H * STEPFUN_REPAIR_S / HOUR_S
    assert mean / 400 == pytest.approx(0.0234, abs=0.0001)
    shares = np.array([0.5, 0.9, 0.99, 0.999])
    assert spares_count(3200, STEPFUN_FAILURES_PER_H, STEPFUN_REPAIR_S, shares) == pytest.approx([9, 13, 17, 20])
    assert hot_spare_frac(SPARES, 3200, STEPFUN_FAILURES_PER_H) == pytest.approx(0.93, abs=0.01)


def test_faults_of_stepfun_come_in_bursts(data_dir):
    """What the docstring of spares_count warns of: the mean holds, the spread of a Poisson number does not."""
    events = json.loads((data_dir / "traces" / "stepfun_infinitehbd_fault_trace.json").read_text())
    days, steps = np.array(
        sorted((event["event_time"], 1 if event["event_type"] == "fault_start" else -1) for event in events)
    ).T
    away, spans = np.cumsum(steps)[:-1], np.diff(days)
    mean = np.average(away, weights=spans)
    assert mean == pytest.approx(3200 * STEPFUN_FAILURES_PER_H * STEPFUN_REPAIR_S / HOUR_S, rel=0.01)
    assert np.average((away - mean) ** 2, weights=spans) / mean == pytest.approx(5.7, abs=0.1)
    assert np.average(away <= 17, weights=spans) == pytest.approx(0.83, abs=0.005)
    assert np.average(away <= 31, weights=spans) > 0.99


def test_spares_are_the_fewest():
    """Against a sum of Poisson terms, one by one."""
    for mean in (0.01, 0.5, 3.0, 40.0):
        term, total, fewest = np.exp(-mean), np.exp(-mean), 0
        while total < 0.99:
            fewest += 1
            term *= mean / fewest
            total += term
        assert spares_count(1000, mean / 1000, HOUR_S, 0.99) == fewest
    assert spares_count(1000, 0.0, HOUR_S, 0.99) == 0


@pytest.mark.parametrize("spread", ["fixed", "long"])
def test_spares_agree_with_a_simulation(spread):
    """Erlang's formula holds for any distribution of repairs; here all equal, or log-normal as StepFun's."""
    rng = np.random.Generator(np.random.Philox(11))
    gap, swap, repair, spares = 1000.0, 200.0, 3000.0, 3
    draw = {"fixed": lambda: repair, "long": lambda: rng.lognormal(np.log(repair) - 1 / 2, 1.0)}[spread]
    shares = [_spares_run(rng, gap, swap, spares, draw) for _ in range(60)]
    machine = HotSpares(checkpoint_s=0.0, swap_s=swap, spares_count=spares, node_packages_count=1, repair_s=repair)
    predicted = hot_spare_frac(machine, 1000, HOUR_S / gap / 1000) * (1000 + spares) / 1000
    error = ERRORS_COUNT * np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert np.mean(shares) == pytest.approx(float(predicted), abs=error)
    assert error < 0.01


def _spares_run(rng, gap_s, swap_s, spares, draw_s):
    """Failures of a running gang; each sends a node to repair, and the gang waits while more than `spares` are away."""
    away, clock, work, start = [], 0.0, 0.0, 0.0
    for number in range(1200):
        if number == 200:
            work, start = 0.0, clock
        ran = rng.exponential(gap_s)
        clock += ran
        work += max(ran - swap_s, 0.0)
        heapq.heappush(away, clock + draw_s())
        while away and away[0] <= clock:
            heapq.heappop(away)
        if len(away) > spares:
            clock = heapq.heappop(away)
    return work / (clock - start)


def test_replicas_agree_with_a_simulation():
    rng = np.random.Generator(np.random.Philox(12))
    gap, restart, stall, count = 1000.0, 2500.0, 150.0, 4
    runs = [_replicas_run(rng, gap, restart, stall, count) for _ in range(60)]
    shares, losses = np.array(runs).T
    machine = Replicas(checkpoint_s=0.0, restart_s=restart, stall_s=stall, replicas_count=count)
    errors = ERRORS_COUNT * np.std(runs, axis=0, ddof=1) / np.sqrt(len(runs))
    assert np.mean(shares) == pytest.approx(float(replica_frac(machine, 1000, HOUR_S / gap / 1000)), abs=errors[0])
    up = np.exp(-restart / gap / count)
    rate = up * (1 - up) ** (count - 1) / (1 - (1 - up) ** count) / gap
    assert np.mean(losses) == pytest.approx(rate, abs=errors[1])
    assert errors[0] < 0.01


def _replicas_run(rng, gap_s, restart_s, stall_s, count):
    """Share of replicas' time at work, and losses of the last replica up per time with one up, failure by failure."""
    back, going, clock, work, lost, some = [0.0] * count, 0.0, 0.0, 0.0, 0, 0.0
    for gap, struck in zip(rng.exponential(gap_s, 2000), rng.integers(count, size=2000), strict=True):
        failure = clock + gap
        work += sum(max(failure - max(own, going, clock), 0.0) for own in back) / count
        some += max(failure - max(clock, min(back)), 0.0)
        lost += [number for number, own in enumerate(back) if own <= failure] == [struck]
        back[struck], going, clock = failure + restart_s, failure + stall_s, failure
    return work / clock, lost / some


@settings(deadline=None)
@given(packages, failures, stalls, stalls, restarts, replicas, factors)
def test_replicas_bear_failures_better(gang, rate, checkpoint, stall, more, count, factor):
    machine = Replicas(checkpoint_s=checkpoint, restart_s=stall + more, stall_s=stall, replicas_count=count)
    share = replica_frac(machine, gang, rate)
    assert 0 < share <= 1
    assert share * ROUNDING >= effective_frac(gang, rate, checkpoint, stall + more)
    assert replica_frac(machine, gang * factor, rate) <= share * ROUNDING
    assert replica_frac(machine, gang, rate * factor) <= share * ROUNDING
    longer = replace(machine, restart_s=(stall + more) * factor)
    assert replica_frac(longer, gang, rate) <= share * ROUNDING
    assert replica_frac(replace(longer, stall_s=stall * factor), gang, rate) <= share * ROUNDING
    assert replica_frac(machine, gang, 0.0) == 1


@settings(deadline=None)
@given(packages, failures, stalls, restarts, st.integers(0, 50), st.floats(0, 1e7), factors)
def test_spares_cost_what_they_must(gang, rate, checkpoint, swap, spares, repair, factor):
    machine = HotSpares(
        checkpoint_s=checkpoint, swap_s=swap, spares_count=spares, node_packages_count=8, repair_s=repair
    )
    share = hot_spare_frac(machine, gang, rate)
    assert 0 < share <= 1
    assert hot_spare_frac(machine, gang, rate * factor) <= share * ROUNDING
    assert hot_spare_frac(replace(machine, repair_s=repair * factor), gang, rate) <= share * ROUNDING
    assert hot_spare_frac(replace(machine, swap_s=swap * factor), gang, rate) <= share * ROUNDING
    assert hot_spare_frac(machine, gang, 0.0) == pytest.approx(gang / (gang + 8 * spares))
    at_once = replace(machine, repair_s=0.0, spares_count=0)
    assert hot_spare_frac(at_once, gang, rate) == pytest.approx(effective_frac(gang, rate, checkpoint, swap))


@settings(deadline=None)
@given(st.floats(1, 1e5), st.floats(0, 1e-4), st.floats(0, 1e6), st.floats(0, 0.999999), factors)
def test_more_spares_for_more_repairs(gang, rate, repair, coverage, factor):
    count = spares_count(gang, rate, repair, coverage)
    assert count == np.floor(count) >= 0
    assert spares_count(gang, rate / factor, repair, coverage) <= count
    assert spares_count(gang, rate, repair, coverage / factor) <= count
    waiting = blocked_frac(count + 1, gang * rate / HOUR_S * repair)
    assert waiting <= 1 - coverage + 1e-9


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stall_s": 700.0}, "stall = 700 s: expected at most the restart"),
        ({"stall_s": -1.0}, "stall = -1 s: expected at least 0 s, finite"),
        ({"checkpoint_s": np.nan}, "checkpoint = nan: expected at least 0 s"),
        ({"replicas_count": 0}, "replicas = 0: expected at least 1"),
        ({"restart_s": np.array([600.0, np.inf])}, "restart = inf"),
    ],
)
def test_replicas_refuse_what_nobody_means(change, words):
    with pytest.raises(CalibrationError) as caught:
        goodput_frac(replace(META, **change), packages_count=1e5, failures_per_package_h=1e-5)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"spares_count": 1.5}, "spares = 1.5: expected a whole number"),
        ({"spares_count": -1}, "spares = -1: expected at least 0"),
        ({"node_packages_count": 0}, "node_packages = 0: expected at least 1"),
        ({"repair_s": -2.0}, "repair = -2 s"),
    ],
)
def test_spares_refuse_what_nobody_means(change, words):
    with pytest.raises(CalibrationError) as caught:
        goodput_frac(replace(SPARES, **change), packages_count=1e5, failures_per_package_h=1e-5)
    assert words in str(caught.value)


def test_every_mode_refuses_bad_gangs():
    for machine in (META, SPARES, Synchronous(checkpoint_s=10.0, restart_s=300.0)):
        for gang, rate in ((0.0, 1e-5), (np.nan, 1e-5), (1e5, -1e-5), (1e5, np.nan)):
            with pytest.raises(CalibrationError):
                goodput_frac(machine, packages_count=gang, failures_per_package_h=rate)


def test_coverage_is_below_one():
    with pytest.raises(CalibrationError, match="less than 100 %"):
        spares_count(1000, 1e-5, HOUR_S, 1.0)
    with pytest.raises(CalibrationError, match="no more than the gang's packages"):
        spares_count(1000, 1.0, 2 * HOUR_S, 0.9)
