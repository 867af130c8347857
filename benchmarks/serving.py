"""The request simulator and what it costs: figures of benchmarks/run.py.

Requests are drawn, or read, before; a small pod of the same kind has run, so that nothing compiles. CPU-seconds are
those of `serve` and `finish`, on one core.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gigawatt import tokens
from gigawatt.catalog import load, to_tokens
from gigawatt.readers import traces
from gigawatt.tokens.serve import requests as simulator
from gigawatt.tokens.serve.pods import Engine, Outcomes, Pod, Requests

Figures = dict[str, float]
CHUNK_COUNT, CALLS_COUNT = 50_000, 5
# Means [tokens] and spreads of the logarithm of Azure's conversations of 2023, and longest of either.
INPUT, OUTPUT, MOST_TOKENS = (1155, 0.9), (211, 0.9), 8000
CONVERSATIONS = "traces/AzureLLMInferenceTrace_2023_conv.csv"


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a simulation took and did."""

    cpu_s: float
    requests_count: int
    totals: simulator.PodTotals

    @property
    def per_cpu_s(self) -> float:
        """Requests per CPU-second."""
        return self.requests_count / self.cpu_s


def engine(
    model: str, part: str, *, tensor: int, precision: str = "bf16", most_requests: int = 256, **settings: Any
) -> Engine:
    """One replica of a model of the catalog, as the planner has it."""
    weights, package = load.get("models", model), load.get("accelerators", part)
    calibration = load.get("inference_calibrations", "as-of-2026")
    deployment = tokens.Deployment(
        machine=tokens.machine(to_tokens.chip(package), precision),
        model=tokens.costs(to_tokens.transformer(weights)),
        efficiency=to_tokens.inference_efficiency(calibration, package, weights, precision),
        layout=tokens.ServingLayout(tensor_count=tensor, data_count=1, expert_count=1, pipeline_count=1),
        traffic=tokens.Traffic(input_tokens=float(INPUT[0]), output_tokens=float(OUTPUT[0])),
    )
    return simulator.engine(
        deployment, most_requests_count=most_requests, most_context_tokens=2.0 * MOST_TOKENS, **settings
    )


def drawn(
    count: int, rate_per_s: float, *, output: tuple[float, float] = OUTPUT, documents: int = 0
) -> Iterator[Requests]:
    """Poisson arrivals of lognormal lengths, in chunks. Of `documents`, if there are any, a tenth of the prompts begin
    with the one of their number, so that their blocks of 512 tokens may be known."""
    random = np.random.default_rng(0)
    now_s, new = 0.0, 1 << 40
    for first in range(0, count, CHUNK_COUNT):
        size = min(CHUNK_COUNT, count - first)
        arrival_s = now_s + np.cumsum(random.exponential(1.0 / rate_per_s, size))
        now_s = float(arrival_s[-1])
        asked, answered = (
            np.clip(random.lognormal(np.log(mean) - spread**2 / 2, spread, size), 1, MOST_TOKENS).astype(np.int64)
            for mean, spread in (INPUT, output)
        )
        known: dict[str, Any] = {}
        if documents:
            ends = np.cumsum(-(-asked // 512))
            block = np.arange(ends[-1]) - np.repeat(np.concatenate([[0], ends[:-1]]), np.diff(ends, prepend=0))
            document = np.repeat(random.integers(0, documents, size), np.diff(ends, prepend=0))
            known = {"hashes": np.where(document < documents // 2, document * 16 + block, new + np.arange(ends[-1]))}
            known["hash_ends"] = ends
            new += int(ends[-1])
        yield Requests(arrival_s=arrival_s, input_tokens=asked, output_tokens=answered, **known)


def simulate(pod: Pod, chunks: Iterable[Requests]) -> tuple[Spent, list[Outcomes]]:
    """Serve all requests, and time that; chunks are made outside the time."""
    state, spent_s, count, done = simulator.start(pod), 0.0, 0, []
    for chunk in chunks:
        started = time.process_time()
        done.append(simulator.serve(state, chunk))
        spent_s += time.process_time() - started
        count += len(chunk)
    started = time.process_time()
    done.append(simulator.finish(state))
    spent_s += time.process_time() - started
    return Spent(cpu_s=spent_s, requests_count=count, totals=simulator.totals(state)), done


def warm(pod: Pod, *, documents: int = 0) -> None:
    """Compile all that a pod uses."""
    simulate(pod, drawn(300, 4.0, documents=documents))


def _median(pod: Pod, chunks: list[Requests]) -> Spent:
    runs = [simulate(pod, chunks)[0] for _ in range(CALLS_COUNT)]
    return sorted(runs, key=lambda run: run.cpu_s)[CALLS_COUNT // 2]


def requests() -> Figures:
    """Plain continuous batching: whole prompts, no cache of prefixes; eight replicas at about 0.8 of their capacity."""
    pod = Pod(engine=engine("llama-2-70b", "a100", tensor=4, chunked=False), engines_count=8)
    warm(pod)
    spent = _median(pod, list(drawn(200_000, 28.0)))
    return {
        "serving_requests_per_cpu_s": spent.per_cpu_s,
        "serving_requests_running_count": spent.totals.running_mean_count / pod.engines_count,
    }


def full() -> Figures:
    """With chunked prefill, a cache of prefixes, and memory so short that some requests are set back for room."""
    settings = {"chunked": True, "prefix_cached": True, "budget_tokens": 2048, "reserve_frac": 0.0}
    whole = engine("llama-2-70b", "a100", tensor=4, **settings)
    pod = Pod(engine=replace(whole, blocks_count=2_000), engines_count=8, routing="prefix-aware")
    warm(pod, documents=100)
    spent = _median(pod, list(drawn(200_000, 20.0, documents=100)))
    totals = spent.totals
    return {
        "serving_full_requests_per_cpu_s": spent.per_cpu_s,
        "serving_full_cached_frac": totals.tokens_cached / totals.tokens_in,
        "serving_full_preemptions_ratio": totals.preemptions_count / totals.completed_count,
    }


def token_events() -> Figures:
    """Answers of 4,000 tokens on average: runs of decode steps without a change are leapt over."""
    pod = Pod(engine=engine("llama-2-70b", "a100", tensor=4), engines_count=8)
    warm(pod)
    spent = _median(pod, list(drawn(50_000, 1.6, output=(4000, 0.5))))
    return {
        "serving_token_events_per_cpu_s": spent.totals.tokens_out / spent.cpu_s,
        "serving_token_events_running_count": spent.totals.running_mean_count / pod.engines_count,
    }


def conversations(count: int) -> Requests:
    """The first requests of Azure's conversation trace of 2023, from the data folder (GIGAWATT_DATA)."""
    default = Path(__file__).resolve().parents[1] / ".." / "shared"
    folder = Path(os.environ.get("GIGAWATT_DATA", default))
    return next(iter(traces.read_trace(folder / CONVERSATIONS, chunk_count=count).chunks))


def azure() -> Figures:
    """Its first 10,000 requests on 64 replicas of Llama 2 70B on four A100 each; reading the trace told apart."""
    spent = []
    for _ in range(CALLS_COUNT + 1):
        started = time.process_time()
        asked = conversations(10_000)
        spent.append(time.process_time() - started)
    replica = engine("llama-2-70b", "a100", tensor=4, budget_tokens=512, most_requests=128)
    pod = Pod(engine=replica, engines_count=64, routing="round-robin")
    warm(pod)
    return {
        "azure_conv_64_cpu_s": _median(pod, [asked]).cpu_s,
        "azure_conv_64_read_cpu_s": statistics.median(spent[1:]),
    }


def memory(name: str, count: int) -> Figures:
    """Peak memory of a process that draws, serves and counts so many requests, chunk by chunk."""
    pod = Pod(engine=engine("llama-2-70b", "a100", tensor=4), engines_count=8)
    state, done = simulator.start(pod), 0
    for chunk in drawn(count, 28.0):
        done += len(simulator.serve(state, chunk))
    done += len(simulator.finish(state))
    if done != count:
        raise SystemExit(f"{done:,} of {count:,} requests were done")
    return {name: float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)}
