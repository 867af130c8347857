"""Disaggregated serving: one pool of replicas reads prompts, another writes answers, and caches move between them.

Each pool has a layout of its own on the kernels of `inference`. A request waits for a prefill replica, is prefilled,
has its cache sent over the fabric, and is decoded; nothing but decode steps is in the time per output token, and

    TTFT = queue + prefill + transfer,    X = D · b / ((osl - 1) · TPOT(b)),    X <= P · most of a prefill replica

with X requests per second through P prefill and D decode replicas of b requests each [1, 2]. The queue is the
approximation of Sakasegawa for P servers with random arrivals and services [3]. Throughput is per package of both
pools. In a closed loop of a given concurrency a request is in either pool, so that N = X · TTFT + D · b; the load that
an arriving request meets is that of the N - 1 others [4]. Such a loop starts with all of its requests at once, and
those of one length stay together: at least a share κ of the time in which prefill takes all N is waited.
A prefix that is found in a cache is found by the pool that reads, which sends it with the rest of the prompt.

References
----------
[1] Y. Zhong et al., "DistServe: disaggregating prefill and decoding for goodput-optimized large language model
    serving", OSDI 2024, arXiv:2401.09670.
[2] P. Patel et al., "Splitwise: efficient generative LLM inference using phase splitting", ISCA 2024, arXiv:2311.18677.
[3] H. Sakasegawa, "An approximation formula L_q = α ρ^β / (1 - ρ)", Annals of the Institute of Statistical
    Mathematics 29, 1977, doi:10.1007/BF02532776.
[4] M. Reiser, S. Lavenberg, "Mean-value analysis of closed multichain queuing networks", JACM 27(2), 1980,
    doi:10.1145/322186.322195.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.model.blocks import Floats
from gigawatt.tokens.model.roofline import Machine
from gigawatt.tokens.model.sizes import ModelCosts
from gigawatt.tokens.serve.drafting import with_drafts
from gigawatt.tokens.serve.layouts import Traffic
from gigawatt.tokens.serve.steady import (
    InferenceEfficiency,
    Phases,
    ServingLayout,
    cache_memory_bytes,
    decode,
    largest_batch_count,
    mean_context_tokens,
    prefill,
    weight_memory_bytes,
)

# Halvings of the logarithmic range of batches: far below the width of any measured error.
_HALVINGS_COUNT = 24
# Longest queue that the approximation is asked about.
HEAVIEST_FRAC = 1 - 1 / 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolsState:
    """Two pools in steady state; arrays broadcast over cases.

    tokens_per_s: output tokens per second and package of both pools; requests_per_s: of the whole; batch_count:
    requests that a decode replica holds; tpot_s: one decode step over the tokens that it adds; queue_s, prefill_s,
    transfer_s: parts of the time to the first token; prefill_busy_frac: load of the prefill pool; step, prompt: decode
    step and prefill of one prompt by cause.
    """

    tokens_per_s: Floats
    requests_per_s: Floats
    batch_count: Floats
    tpot_s: Floats
    queue_s: Floats
    prefill_s: Floats
    transfer_s: Floats
    prefill_busy_frac: Floats
    step: Phases
    prompt: Phases

    @property
    def ttft_s(self) -> Floats:
        """Time to the first token [s]."""
        return self.queue_s + self.prefill_s + self.transfer_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingPools:
    """A prefill and a decode pool with what they serve; every field a number or arrays with one entry per case.

    prefill, decode: layout of a replica; prefill_count, decode_count: replicas; handover_s: time that no bandwidth
    explains between two pools, for a request; surge_frac: κ above.
    """

    machine: Machine
    model: ModelCosts
    efficiency: InferenceEfficiency
    prefill: ServingLayout
    decode: ServingLayout
    prefill_count: Floats
    decode_count: Floats
    handover_s: Floats
    surge_frac: Floats
    traffic: Traffic

    @property
    def packages_count(self) -> Floats:
        """Packages of both pools."""
        return self.prefill_count * self.prefill.packages_count + self.decode_count * self.decode.packages_count

    def prompt(self, waiting_count: Floats) -> Phases:
        """Time of a prefill replica that one prompt takes, where so many wait for each copy of attention."""
        return prefill(
            self.machine,
            self.model,
            self.efficiency,
            self.prefill,
            input_tokens=self.traffic.input_tokens,
            waiting_count=waiting_count,
            cached_frac=self.traffic.cached_frac,
        )

    def most_prompts_per_s(self) -> Floats:
        """Prompts per second of all prefill replicas where passes are full."""
        full = self.prompt(np.inf).total_s + self.efficiency.admission_s / self.prefill.data_count
        return self.prefill_count * self.prefill.pipeline_count / full

    def capacity_count(self) -> Floats:
        """Requests that the memory of a decode replica holds; negative where the weights do not fit."""
        return largest_batch_count(
            self.machine,
            self.model,
            self.efficiency,
            self.decode,
            input_tokens=self.traffic.input_tokens,
            output_tokens=self.traffic.output_tokens,
            drafting=self.traffic.drafting,
        )

    def decode_memory_bytes(self, batch_count: Floats) -> Floats:
        """Memory per package of a decode replica with so many requests: weights, those of drafts too, and caches."""
        held = with_drafts(self.model, self.traffic.drafting)
        weights = weight_memory_bytes(self.machine, held, self.decode)
        usable = self.efficiency.usable_memory_frac * self.machine.hbm_capacity_bytes
        return weights + batch_count / self.capacity_count() * (usable - weights)

    def prefill_fits(self) -> NDArray[np.bool_]:
        """Whether the weights and one prompt fit a prefill replica."""
        weights = weight_memory_bytes(self.machine, self.model, self.prefill)
        cache = cache_memory_bytes(self.machine, self.model, self.prefill, self.traffic.input_tokens)
        usable = self.efficiency.usable_memory_frac * self.machine.hbm_capacity_bytes
        return np.asarray(weights + cache <= usable)

    def fits(self) -> NDArray[np.bool_]:
        """Whether a prompt fits a prefill replica, and a request for each copy and stage a decode replica."""
        return np.asarray(self.prefill_fits() & (self.capacity_count() >= self.smallest_count()))

    def smallest_count(self) -> Floats:
        """One request per copy of attention and stage of a decode replica."""
        return self.decode.data_count * self.decode.pipeline_count

    def transfer_s(self) -> Floats:
        """The cache of a prompt from one pool to the other [s]: over NVLink inside one scale-up domain, else by NIC.

        Every package of a copy of attention sends the part of the cache that it holds.
        """
        sent = cache_memory_bytes(self.machine, self.model, self.prefill, self.traffic.input_tokens)
        near = np.asarray(self.packages_count) <= self.machine.scale_up_packages_count
        link = np.where(near, self.machine.scale_up_bandwidth_bytes_per_s, self.machine.nic_bandwidth_bytes_per_s)
        return self.handover_s + sent / (link * self.efficiency.network_frac)

    def tpot(self, batch_count: Floats) -> tuple[Phases, Floats]:
        """A decode step of replicas that hold so many requests, and the time per output token [s]."""
        traffic = self.traffic
        context = mean_context_tokens(self.efficiency, traffic.input_tokens, traffic.output_tokens)
        step = decode(
            self.machine,
            self.model,
            self.efficiency,
            self.decode,
            context_tokens=context,
            batch_count=batch_count / self.decode.pipeline_count,
            drafting=traffic.drafting,
        )
        taken_s = self.efficiency.admission_s * batch_count / self.smallest_count() / traffic.output_tokens
        return step, step.total_s / traffic.drafting.tokens_per_step_ratio + taken_s

    def flow_per_s(self, batch_count: Floats, tpot_s: Floats) -> Floats:
        """Requests per second of all decode replicas; the first token of each comes from prefill."""
        return self.decode_count * batch_count / (np.maximum(np.asarray(self.traffic.output_tokens) - 1, 1.0) * tpot_s)

    def alone_s(self) -> Floats:
        """Prefill of a prompt that does not wait, by the one rank that has it [s]."""
        return self.prompt(1.0).total_s * self.prefill.data_count + self.efficiency.admission_s

    def waits_count(self, load: Floats) -> Floats:
        """Prompts of the whole prefill pool that an arriving one waits for, at a load of it (module docstring)."""
        met = np.minimum(load, HEAVIEST_FRAC)
        return met ** (np.sqrt(2 * (self.prefill_count + 1.0)) - 1) / (1 - met)

    def state(self, batch_count: Floats, concurrency_count: Floats = np.inf) -> PoolsState:
        """Steady state with so many requests in each decode replica, of so many that there are at all."""
        step, tpot_s = self.tpot(batch_count)
        flow, most = self.flow_per_s(batch_count, tpot_s), self.most_prompts_per_s()
        whole = np.asarray(concurrency_count, dtype=float)
        surge = self.surge_frac * (np.where(np.isfinite(whole), whole, 1.0) - 1)
        return PoolsState(
            tokens_per_s=flow * self.traffic.output_tokens / self.packages_count,
            requests_per_s=flow,
            batch_count=batch_count,
            tpot_s=tpot_s,
            queue_s=np.maximum(self.waits_count(flow / most * (1 - 1 / whole)), surge) / most,
            prefill_s=self.alone_s(),
            transfer_s=self.transfer_s(),
            prefill_busy_frac=flow / most,
            step=step,
            prompt=self.prompt(1.0),
        )


def closed_loop(pools: ServingPools, concurrency_count: Floats) -> PoolsState:
    """The state of pools with so many requests in them at all times (module docstring), by bisection of the batch.

    What neither pool can take waits: where the memory of decode is full or prefill is at its most, the rest queues. A
    loop that runs fits: where the weights alone would not, memory sets no limit.
    """
    whole = np.asarray(concurrency_count, dtype=float)
    capacity = np.asarray(pools.capacity_count(), dtype=float)
    capacity = np.where(capacity >= pools.smallest_count(), capacity, np.inf)
    high = np.log(np.minimum(whole / pools.decode_count, capacity))
    low = high - np.log(whole) - np.log(pools.decode_count) - 10.0
    for _ in range(_HALVINGS_COUNT + 8):
        middle = (low + high) / 2
        state = pools.state(np.exp(middle), whole)
        held = pools.decode_count * np.exp(middle) + state.requests_per_s * state.ttft_s
        within = (held <= whole) & (state.prefill_busy_frac <= HEAVIEST_FRAC)
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    found = pools.state(np.exp(low), whole)
    rest = whole - pools.decode_count * found.batch_count - found.requests_per_s * found.ttft_s
    late = np.maximum(rest, 0.0) / found.requests_per_s
    return PoolsState(
        **{**{name: getattr(found, name) for name in PoolsState.__slots__}, "queue_s": found.queue_s + late}
    )
