"""Requests on a pod: what users wait for where the fluid pool of the fleet says only how many tokens are served.

The fleet is a fluid: a rack at work on a class serves it at a steady rate (`tokens.serve`, before any derating by
service objectives). A pod is some of the engines that these racks hold, each offered the fleet's load as requests that
come one by one: arrivals of a renewal process, Poisson where gaps have a squared coefficient of variation of 1; prompts
of the mean length; answers drawn with the mean and the mean square that the steady state counts with, by a Poisson law
whose mean is drawn from a gamma law, which is the geometric law (the exponential of whole tokens) at a spread of 2.

A pod begins empty. Twice the requests come for as long as it takes, by the rates of the steady state, until as many are
in it as at the load; it settles, requests count for some time, more of them come while the last of these are served,
and what is left is worked off, so that no wait is cut short. Means over independent replications have a confidence
interval by Student's t [1].

References
----------
[1] A. M. Law, "Simulation Modeling and Analysis", 5th ed., McGraw-Hill 2015, sections 9.4 and 9.5.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.ndarrays import Floats
from gigawatt.simulation.failures import REQUESTS, Key, stream
from gigawatt.simulation.user_wait import Estimated
from gigawatt.tokens.serve import requests
from gigawatt.tokens.serve.pods import Outcomes, Pod, Requests

Way = tokens.Serving | tokens.Disaggregated

# A replication: settling times until it counts, stays of a request while it counts, and after that.
SETTLING_RATIO, COUNTED_RATIO, AFTER_RATIO = 4.0, 5.0, 2.0
# Half width of a 95 % interval in standard errors of so many replications: Student's t.
REPLICATIONS_COUNT, ERRORS_COUNT = 8, 2.365
# Requests of a replication that are aimed at, those that count at least, and engines of a pod at most.
AIMED_COUNT, LEAST_COUNT, MOST_ENGINES_COUNT = 20_000, 500, 64
# Longest answer that tables are made for, in mean ones.
LONGEST_RATIO = 16
# Shares of the largest batch at which the steady state is known.
_FILLED_FRAC = np.geomspace(1 / 1024, 1.0, 41)


@dataclass(frozen=True, slots=True, kw_only=True)
class PodTraffic:
    """What is asked of a pod, as the plan has it.

    input_tokens, output_tokens: mean lengths; spread_ratio: mean square over squared mean of answers; burstiness_ratio:
    standard deviation over mean of the gaps between arrivals; tpot_s, ttft_s: limits that a good answer meets.
    """

    input_tokens: float
    output_tokens: float
    spread_ratio: float
    tpot_s: float
    ttft_s: float = math.inf
    burstiness_ratio: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingUnit:
    """The least that serves as the plan does: an engine, or two pools, and its steady state by how full it is.

    pod: of one unit; batch_count: requests in it, rising up to its largest batch; requests_per_s: that it then serves,
    (batch_count,); packages_count: accelerators that it takes.
    """

    pod: Pod
    batch_count: Floats
    requests_per_s: Floats
    packages_count: float

    @property
    def most_per_s(self) -> float:
        """Requests per second in steady state at the largest batch."""
        return float(self.requests_per_s[-1])

    def stay_s(self, load_frac: float) -> float:
        """Time that a request is in the unit at a load, by the steady state."""
        rate = min(load_frac, 1.0) * self.most_per_s
        return float(np.interp(rate, self.requests_per_s, self.batch_count / self.requests_per_s))

    def filling_s(self, load_frac: float) -> float:
        """Time in which twice the requests of a load fill an empty unit up to its steady state."""
        rate = min(load_frac, 1.0) * self.most_per_s
        knots = np.append(self.requests_per_s[self.requests_per_s < rate], rate)
        held = np.interp(knots, self.requests_per_s, self.batch_count)
        return float(np.trapezoid(1 / (2 * rate - knots), held))

    def settling_s(self, load_frac: float) -> float:
        """Time in which the unit comes e-fold nearer to its steady state: d(requests in it) / d(rate)."""
        rate = min(load_frac, 1.0) * self.most_per_s
        return float(np.interp(rate, self.requests_per_s, np.gradient(self.batch_count, self.requests_per_s)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRun:
    """One replication. Percentiles and goodput_frac are NaN where no request counts.

    offered_tokens_per_s, served_tokens_per_s: of the pod, from when it has filled until arrivals end; ttft_s, tpot_s:
    P50 and P99 of the requests that count; goodput_frac: of these within the limits; waiting_count: mean queue of an
    engine; under_way_count: requests in the pod when arrivals end; requests_count: that count.
    """

    offered_tokens_per_s: float
    served_tokens_per_s: float
    ttft_s: tuple[float, float]
    tpot_s: tuple[float, float]
    goodput_frac: float
    waiting_count: float
    under_way_count: float
    requests_count: int


def unit(case: tokens.ServingCase, way: Way) -> ServingUnit:
    """The engines that serve a case as the plan does: its layout, its largest batch, its memory.

    A replica of several pipeline stages is as many engines, each with its part of the requests.
    """
    return _pools(case, way) if isinstance(way, tokens.Disaggregated) else _engine(case, way)


def _engine(case: tokens.ServingCase, way: tokens.Serving) -> ServingUnit:
    layout, deployment = way.layout, replace(case, layouts=way.layout).deployment()
    stages, output = float(layout.pipeline_count), float(case.traffic.output_tokens)
    most = _whole(way.batch_count / float(layout.data_count) / stages)
    engine = requests.engine(
        deployment,
        most_requests_count=most,
        most_context_tokens=_longest_tokens(case),
        # The planner's passes hold so many tokens of prompts; an engine counts one of each request that decodes too.
        budget_tokens=round(float(deployment.efficiency.prefill_tokens)) + most,
    )
    batches = way.batch_count * _FILLED_FRAC
    packages = float(layout.packages_count) / stages
    return ServingUnit(
        pod=Pod(engine=replace(engine, stages_count=1), engines_count=1),
        batch_count=batches / stages,
        requests_per_s=np.asarray(deployment.state(batches).tokens_per_s) * packages / output,
        packages_count=packages,
    )


def _pools(case: tokens.ServingCase, way: tokens.Disaggregated) -> ServingUnit:
    pools, held = way.pools, float(way.state.batch_count)
    most = _whole(held / way.decode_busy_frac / float(pools.decode.data_count * pools.decode.pipeline_count))
    longest = _longest_tokens(case)
    prefill, decode = (
        tokens.Deployment(
            machine=pools.machine,
            model=pools.model,
            efficiency=pools.efficiency,
            layout=layout,
            traffic=pools.traffic,
        )
        for layout in (pools.prefill, pools.decode)
    )
    pod = Pod(
        engine=requests.engine(decode, most_requests_count=most, most_context_tokens=longest),
        engines_count=round(float(pools.decode_count)),
        prefill=requests.engine(prefill, most_requests_count=most, most_context_tokens=longest, chunked=False),
        prefill_engines_count=round(float(pools.prefill_count)),
        handover_s=float(pools.handover_s),
        transfer_s_per_token=float(pools.transfer_s() - pools.handover_s) / float(pools.traffic.input_tokens),
    )
    state = pools.state(held * _FILLED_FRAC)
    flow_per_s = np.asarray(state.requests_per_s)
    return ServingUnit(
        pod=pod,
        batch_count=held * _FILLED_FRAC * float(pools.decode_count) + flow_per_s * np.asarray(state.ttft_s),
        requests_per_s=flow_per_s,
        packages_count=float(pools.packages_count),
    )


def _longest_tokens(case: tokens.ServingCase) -> float:
    """A prompt with an answer that hardly any of those drawn exceeds; tables go on beyond it."""
    return float(case.traffic.input_tokens + LONGEST_RATIO * case.traffic.output_tokens)


def _whole(count: float) -> int:
    """Requests of a rank: rounded up, for a rank that may not take the last part of one would never be full."""
    return max(math.ceil(count - 1e-9), 1)


def pod_of(
    one: ServingUnit, load_frac: float, most_count: float = math.inf, aimed_count: float = AIMED_COUNT
) -> tuple[Pod, int]:
    """A pod of so many units that a replication has about as many requests as are aimed at, and how many they are.

    most_count: units that there are.
    """
    each = max(load_frac * one.most_per_s * sum(_phases_s(one, load_frac)), 1.0)
    most = min(most_count, MOST_ENGINES_COUNT // one.pod.engines_count)
    count = max(min(math.floor(aimed_count / each), math.floor(most)), 1)
    prefill = count * one.pod.prefill_engines_count
    return replace(one.pod, engines_count=count * one.pod.engines_count, prefill_engines_count=prefill), count


def _phases_s(one: ServingUnit, load_frac: float) -> tuple[float, float, float]:
    """How long a replication fills, counts and goes on."""
    stay_s, filling_s = one.stay_s(load_frac), one.filling_s(load_frac)
    return filling_s + SETTLING_RATIO * one.settling_s(load_frac), COUNTED_RATIO * stay_s, AFTER_RATIO * stay_s


def replications(
    one: ServingUnit,
    traffic: PodTraffic,
    load_frac: float,
    *,
    seed: int,
    key: Key,
    units_count: float = math.inf,
    aimed_count: float = AIMED_COUNT,
    count: int = REPLICATIONS_COUNT,
) -> Iterator[PodRun]:
    """Independent replications of a pod at a load: requests asked for over those of the steady state.

    seed, key: of their random streams, the same runs for the same ones. units_count: that there are; a pod has no more.
    aimed_count: requests of each.
    """
    if not load_frac > 0:
        yield from [NOTHING] * count
        return
    pod, units = pod_of(one, load_frac, units_count, aimed_count)
    rate_per_s = load_frac * units * one.most_per_s
    fills_s, counts_s, after_s = _phases_s(one, load_frac)
    times_s = one.filling_s(load_frac), fills_s, max(counts_s, LEAST_COUNT / rate_per_s), after_s
    for number in range(count):
        yield _run(pod, traffic, rate_per_s, times_s, stream(seed, (*key, number), REQUESTS))


def _run(
    pod: Pod,
    traffic: PodTraffic,
    rate_per_s: float,
    times_s: tuple[float, float, float, float],
    chance: np.random.Generator,
) -> PodRun:
    """One replication (module docstring). times_s: for which twice the requests come, and how long each phase lasts."""
    surge_s, filled_s, counts_s, after_s = times_s
    counted_s = filled_s + counts_s
    asked = drawn(traffic, rate_per_s, counted_s + after_s, chance, surge_s=surge_s)
    cut = int(np.searchsorted(asked.arrival_s, filled_s))
    state = requests.start(pod)
    requests.serve(state, _part(asked, slice(None, cut)))
    before = requests.totals(state)
    found = [requests.serve(state, _part(asked, slice(cut, None)))]
    after = requests.totals(state)
    found.append(requests.finish(state))
    seen = zip(*(_counted(one, filled_s, counted_s, traffic) for one in found), strict=True)
    ttft_s, tpot_s, good = (np.concatenate(parts) for parts in seen)
    span_s, engines = after.span_s - before.span_s, pod.engines_count + pod.prefill_engines_count
    waiting = after.waiting_mean_count * after.span_s - before.waiting_mean_count * before.span_s
    return PodRun(
        offered_tokens_per_s=float(asked.output_tokens[cut:].sum()) / span_s,
        served_tokens_per_s=(after.tokens_out - before.tokens_out) / span_s,
        ttft_s=_middle_and_tail(ttft_s),
        tpot_s=_middle_and_tail(tpot_s),
        goodput_frac=float(np.mean(good)) if len(good) else math.nan,
        waiting_count=waiting / span_s / engines,
        under_way_count=float(after.under_way_count),
        requests_count=len(good),
    )


NOTHING = PodRun(
    offered_tokens_per_s=0.0,
    served_tokens_per_s=0.0,
    ttft_s=(math.nan, math.nan),
    tpot_s=(math.nan, math.nan),
    goodput_frac=math.nan,
    waiting_count=0.0,
    under_way_count=0.0,
    requests_count=0,
)


def _part(asked: Requests, some: slice) -> Requests:
    cut = {name: getattr(asked, name)[some] for name in ("arrival_s", "input_tokens", "output_tokens")}
    return replace(asked, **cut)


def _counted(
    found: Outcomes, from_s: float, until_s: float, traffic: PodTraffic
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Times to the first token and per token of the requests of a time that are completed, and which of all are good.

    What is rejected or dropped is not good.
    """
    mine = (found.arrival_s >= from_s) & (found.arrival_s < until_s)
    done = mine & (found.status == 0)
    good = (found.status == 0) & (found.ttft_s <= traffic.ttft_s) & (found.tpot_s <= traffic.tpot_s)
    longer = done & (found.output_tokens > 1)
    return found.ttft_s[done], found.tpot_s[longer], good[mine]


def _middle_and_tail(values: Floats) -> tuple[float, float]:
    """P50 and P99; NaN where there is nothing."""
    if not len(values):
        return math.nan, math.nan
    middle, tail = np.quantile(values, (0.5, 0.99))
    return float(middle), float(tail)


def drawn(
    traffic: PodTraffic, rate_per_s: float, until_s: float, chance: np.random.Generator, *, surge_s: float = 0.0
) -> Requests:
    """Requests that arrive at a mean rate up to a moment; none where the rate is 0.

    surge_s: for how long twice as many come at first.
    """
    arrival_s = _arrivals(rate_per_s, until_s, traffic.burstiness_ratio, chance)
    if surge_s > 0:
        arrival_s = np.sort(np.concatenate([arrival_s, _arrivals(rate_per_s, surge_s, 1.0, chance)]))
    count = len(arrival_s)
    return Requests(
        arrival_s=arrival_s,
        input_tokens=_lengths(traffic.input_tokens, 1.0, count, chance),
        output_tokens=_lengths(traffic.output_tokens, traffic.spread_ratio, count, chance),
    )


def _arrivals(rate_per_s: float, until_s: float, burstiness_ratio: float, chance: np.random.Generator) -> Floats:
    """Instants of a renewal process whose gaps follow a gamma law [s]."""
    found, last_s, square = [np.zeros(0)], 0.0, burstiness_ratio**2
    while rate_per_s > 0 and last_s < until_s:
        mean_count = rate_per_s * (until_s - last_s)
        some = math.ceil(mean_count + 4 * burstiness_ratio * math.sqrt(mean_count) + 1)
        gaps_s = chance.gamma(1 / square, square / rate_per_s, some)
        found.append(last_s + np.cumsum(gaps_s))
        last_s = float(found[-1][-1])
    whole = np.concatenate(found)
    return whole[whole < until_s]


def _lengths(mean_tokens: float, spread_ratio: float, count: int, chance: np.random.Generator) -> NDArray[np.int64]:
    """Whole lengths of 1 or more with a mean and a mean square over its square (module docstring).

    A spread that is less than that of a Poisson law is left out: all are as long, up to the rounding of the mean.
    """
    over = (spread_ratio - 1) * mean_tokens**2 - (mean_tokens - 1)
    if over <= 0 or mean_tokens <= 1:
        whole = np.floor(mean_tokens + chance.random(count))
        return np.maximum(whole, 1).astype(np.int64)
    shape = (mean_tokens - 1) ** 2 / over
    return 1 + chance.poisson(chance.gamma(shape, (mean_tokens - 1) / shape, count))


def estimated(values: Sequence[float]) -> Estimated | None:
    """Mean of `REPLICATIONS_COUNT` replications with its interval; None where one has no figure."""
    found = np.asarray(values, dtype=float)
    if len(found) != REPLICATIONS_COUNT:
        raise ValueError(f"{len(found)} replications: expected {REPLICATIONS_COUNT}")
    if not np.isfinite(found).all():
        return None
    mid, width = float(found.mean()), float(ERRORS_COUNT * found.std(ddof=1) / math.sqrt(len(found)))
    return Estimated(low=mid - width, mid=mid, high=mid + width)
