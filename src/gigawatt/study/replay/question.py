"""What can be asked of a replay: which requests, on which engines, under which limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gigawatt.catalog.records import Precision
from gigawatt.study.question import names

Routing = Literal["round-robin", "least-loaded", "prefix-aware"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayQuestion:
    """Requests, the model and the engines that serve them, and the limits that are held."""

    trace: str = field(metadata=names("document"))
    """A file of requests (CSV, or JSON Lines, compressed or not), or arrivals of the catalog that are generated."""
    model: str
    """A model of the catalog, by any of its names."""
    gpu: str
    """An accelerator of the catalog, by any of its names."""
    replicas_count: int | None = None
    """Replicas that serve; where two pools do, those that write answers. Left out only where pods are asked for."""
    prefill_replicas_count: int | None = None
    """Replicas of a pool of its own that reads prompts; every replica does both where nothing is said."""
    precision: Precision = "fp8"
    """Format of weights and cache."""
    engine: str = ""
    """Software, such as trtllm, vllm, sglang or mlperf-trtllm; the part's usual one where nothing is said."""
    tp_count: int | None = None
    """Tensor-parallel packages; where nothing is said of a layout it is the planner's best for the mean request."""
    dp_count: int | None = None
    """Copies of attention, each with a scheduler and a cache of its own."""
    ep_count: int | None = None
    """Groups of packages that experts are spread over."""
    pp_count: int | None = None
    """Stages of the pipeline."""
    draft_count: int = 0
    """Tokens drafted per step (speculation, multi-token prediction)."""
    acceptance_frac: float | None = None
    """Chance that a drafted token holds where those before it do; from published acceptance where nothing is said."""
    routing: Routing = "least-loaded"
    """How requests are given to replicas: in turn, to the one with fewest, or to the one that knows their prefix."""
    prefix_cache: bool = False
    """Keep blocks of prompts that are known, where the trace tells which are alike, and do not read them again."""
    budget_tokens: int | None = None
    """Tokens of a copy of attention in an iteration; that of the calibration where nothing is said."""
    whole_prompts: bool = False
    """Read prompts whole, in iterations of their own, in place of chunks that ride along with decode steps."""
    most_requests_count: int = 256
    """Requests that a copy of attention runs at a time."""
    most_waiting_count: int | None = None
    """Requests that may wait at a replica, beyond which new ones are rejected; no bound where nothing is said."""
    shed_after_s: float | None = None
    """Longest wait, after which a request is dropped; none is where nothing is said."""
    ttft_s: float | None = None
    """Limit on the time to the first token, as "1s": of each request for goodput, of P99 for capacity and pods."""
    tpot_s: float | None = None
    """Limit on the time per output token after the first, as "50ms", of the same."""
    rate_scale_ratio: float = 1.0
    """Times the rate of the trace: 2 lets all arrive in half of the time, bursts kept as they are."""
    as_stamped: bool = False
    """Let requests of one tick of a slow clock arrive at once, as they are stamped, and not spread over the tick."""
    requests_count: int | None = None
    """Requests from the first on; where nothing is said all of a file, or 10,000 that are generated."""
    unfinished: bool = False
    """End with the last arrival: what is under way then is counted, and is in no time or share."""
    seed: int = 0
    """Of arrivals that are generated; of the blocks that intervals are drawn from, where they were recorded."""
    replications_count: int | None = None
    """Runs with seeds of their own, where arrivals are generated, for the intervals; 5 where nothing is said."""
    find_capacity: bool = False
    """Find the highest rate at which P99 is within the limits, by bisection."""
    pods: bool = False
    """Find the fewest replicas with which P99 is within the limits."""
    usd_per_gpu_hour: float | None = None
    """Price of a GPU-hour in USD; that of its hardware where nothing is said."""
    as_of_date: str | None = None
    """Day whose software serves, such as 2025-10-01; the newest that was measured where nothing is said."""
