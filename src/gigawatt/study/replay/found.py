"""What a replay found, as its answer tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gigawatt.study.answer import SPREAD, UNTOLD, Head
from gigawatt.study.predict.serving_layout import ReplicaLayout
from gigawatt.study.replay.intervals import Span
from gigawatt.study.replay.price import TokenPrice
from gigawatt.study.replay.question import ReplayQuestion

Floats64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyFigures:
    """A time over all requests that were completed: its mean, median, ninth decile and 99th percentile."""

    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyIntervals:
    """From where to where each figure of a time lies with 95 % confidence; None where nothing says how sure it is."""

    mean: Span | None
    p50: Span | None
    p90: Span | None
    p99: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPoint:
    """A rate of arrival, and what users wait for at it.

    ttft_p99_s, tpot_p99_s: of all requests, those that are rejected or dropped waiting for ever, which is None;
    goodput_frac: of requests within the limits; is_within: whether P99 is.
    """

    requests_per_s: float
    ttft_p99_s: float | None
    tpot_p99_s: float | None
    goodput_frac: float
    is_within: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PodsFound:
    """The fewest replicas with which P99 is within the limits.

    least_replicas_count, least_prefill_replicas_count: replicas, of two pools those of each; least_gpus_count: GPUs of
    them; least_usd_per_h: what they cost an hour; with_: times and goodput with them; without: with one fewer, None
    where there is none fewer.
    """

    least_replicas_count: int
    least_prefill_replicas_count: int
    least_gpus_count: int
    least_usd_per_h: float | None
    with_: CapacityPoint
    without: CapacityPoint | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSeries:
    """A pod over time, a value for each window: requests that run, those that wait, and the share of cache in use."""

    window_s: float
    running_count: Floats64
    waiting_count: Floats64
    kv_frac: Floats64


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitCurve:
    """A time that users wait for as a cumulative curve: at each of `value_s` the share of requests below it."""

    value_s: Floats64
    below_frac: Floats64


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayAnswer:
    """What became of the requests of a trace; what is not known is None, and so is what is not asked for.

    Counts, tokens and shares of cache are those of one run; where there are several with seeds of their own, of the
    first. Times, goodput, energy and their intervals are of all runs: a figure is its mean over them.

    trace: the file, or what arrivals are like; engine: software; layout: of a replica, prefill_layout: of one that
    reads prompts in a pool of its own. requests: that arrived; completed, rejected (at a full queue), shed (after a
    long wait), under_way (at the end): what became of them. ttft_s: time to the first token; tpot_s: mean time per
    token after it, of requests with more than one; e2e_s: to the last; itl_s: between one token and the next, over
    all tokens. tokens_cached: of tokens_in, found in the cache. goodput_frac: of requests that ended, completed within
    the limits. utilisation_frac: time in which engines work over all their time. kv_peak_frac, kv_mean_frac: blocks of
    cache in use; batch_mean_count: requests that an engine runs, waiting_mean_count: requests that wait in the pod.
    interval_basis: what the intervals come from. cpu_s: time of the processor that the replay took. partial: whether
    it was interrupted, so that all figures are of what was done until then.
    """

    head: Head = field(metadata=SPREAD)
    trace: str
    model: str
    gpu: str
    precision: str
    engine: str
    routing: str
    layout: ReplicaLayout
    prefill_layout: ReplicaLayout | None
    replicas_count: int
    prefill_replicas_count: int
    gpus_count: int
    requests: int
    completed: int
    rejected: int
    shed: int
    under_way: int
    span_s: float
    requests_per_s: float | None
    ttft_s: LatencyFigures
    tpot_s: LatencyFigures
    e2e_s: LatencyFigures
    itl_s: LatencyFigures
    ttft_interval_s: LatencyIntervals
    tpot_interval_s: LatencyIntervals
    e2e_interval_s: LatencyIntervals
    interval_basis: str
    replications: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    prefix_hit_frac: float
    tokens_per_s: float | None
    goodput_frac: float | None
    goodput_interval_frac: Span | None
    utilisation_frac: float | None
    batch_mean_count: float | None
    waiting_mean_count: float | None
    kv_peak_frac: float
    kv_mean_frac: float | None
    preemptions: int
    energy_j_per_request: float | None
    energy_interval_j_per_request: Span | None
    energy_basis: str | None
    price: TokenPrice | None
    cpu_s: float
    partial: bool
    capacity_requests_per_s: float | None = None
    capacity_interval_requests_per_s: Span | None = None
    curve: tuple[CapacityPoint, ...] | None = None
    pods: PodsFound | None = None
    asked: ReplayQuestion = field(metadata=UNTOLD)
    waits: Mapping[str, WaitCurve] = field(metadata=UNTOLD)
    series: PodSeries = field(metadata=UNTOLD)
