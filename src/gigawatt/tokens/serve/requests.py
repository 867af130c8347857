"""The request simulator: a pod is started, chunks of requests go in, outcomes come out, and totals are told.

    state = start(pod)
    outcomes = serve(state, requests)  # again and again, in order of time
    rest = finish(state)
    totals(state)

What happens is in `kernel/`, compiled; here its arrays are made and made longer. Memory grows with what is in the pod
at a time, and not with what came through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CalibrationError, Fault
from gigawatt.tokens.model.sizes import ModelCosts
from gigawatt.tokens.serve.drafting import with_drafts
from gigawatt.tokens.serve.kernel import state as of
from gigawatt.tokens.serve.kernel.loop import GAP_FROM_S, GAPS_PER_E, advance, compact
from gigawatt.tokens.serve.layouts import Deployment
from gigawatt.tokens.serve.pods import BLOCK_TOKENS, STATUSES, Engine, Floats64, Ints64, Outcomes, Pod, Requests
from gigawatt.tokens.serve.steady import cache_memory_bytes, held_tokens, weight_memory_bytes
from gigawatt.tokens.serve.step_times import PackagePower, StepTimes, step_times

__all__ = [
    "BLOCK_TOKENS",
    "STATUSES",
    "Engine",
    "Outcomes",
    "PackagePower",
    "Pod",
    "PodState",
    "PodTotals",
    "Requests",
    "StepTimes",
    "engine",
    "finish",
    "serve",
    "start",
    "step_times",
    "totals",
]

ROUTINGS = ("round-robin", "least-loaded", "prefix-aware")
# Bins of the histogram of time between tokens, and windows of the series.
_GAPS_COUNT, _WINDOWS_COUNT = 1600, 512
_FIRST_WINDOW_S = 0.1
_SLOTS_COUNT = 1024
# Requests that all ranks of a pod together may run at once.
MOST_PLACES = 2**26
# Largest number of tokens of a request, and of blocks of a rank.
MOST_TOKENS = 2**40


@dataclass(slots=True, kw_only=True)
class PodState:
    """A pod at work; `setup` and `state` are the kernel's, `begun` says whether anything has come."""

    pod: Pod
    setup: of.Setup
    state: of.PodArrays
    last_arrival_s: float = -np.inf
    begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PodTotals:
    """What a pod has done so far, all its engines together.

    span_s: from the first arrival to now; busy_s: engine-seconds with an iteration under way, of which prefill_s and
    decode_s by kind; engines_count: engines (pipeline groups counted each); energy_j: of all packages, idle ones
    included; *_count: requests by what became of them; tokens_in, tokens_out: of prompts that came, and of completed
    answers; tokens_cached: of prompts, known when first let in; tokens_read: computed, recomputation included; kv_*:
    blocks in use over all blocks; running_mean_count, waiting_mean_count: requests, over the span; gap_edges_s,
    gap_count: histogram of the time between tokens; window_s, window_running_count, window_waiting_count,
    window_kv_frac: means by window of time.
    """

    span_s: float
    engines_count: int
    busy_s: float
    prefill_s: float
    decode_s: float
    energy_j: float
    arrived_count: int
    completed_count: int
    rejected_count: int
    shed_count: int
    too_long_count: int
    under_way_count: int
    preemptions_count: int
    tokens_in: int
    tokens_cached: int
    tokens_read: int
    tokens_out: int
    kv_peak_frac: float
    kv_mean_frac: float
    running_mean_count: float
    waiting_mean_count: float
    gap_edges_s: Floats64
    gap_count: Ints64
    window_s: float
    window_running_count: Floats64
    window_waiting_count: Floats64
    window_kv_frac: Floats64

    @property
    def utilisation_frac(self) -> float:
        """Engine-seconds busy over all of them."""
        return self.busy_s / (self.engines_count * self.span_s) if self.span_s > 0 else 0.0


def engine(
    deployment: Deployment,
    *,
    most_requests_count: int,
    most_context_tokens: float,
    budget_tokens: int | None = None,
    chunked: bool = True,
    prefix_cached: bool = False,
    reserve_frac: float | None = None,
    power: PackagePower | None = None,
) -> Engine:
    """The engine that a deployment in one layout (numbers, not arrays) runs.

    most_requests_count: of a rank; most_context_tokens: longest prompt and answer; budget_tokens, reserve_frac: those
    of the efficiencies where None. A rank's cache has as many blocks as hold the requests of the deployment's mean
    lengths that fit by the planner's own sizes. Where attention sees a window, w - 1 + budget tokens of a request are
    held, for a pass writes its own before the oldest go: so vLLM reserves them. Raises CalibrationError where the
    weights leave no room.
    """
    efficiency, layout, traffic = deployment.efficiency, deployment.layout, deployment.traffic
    budget = int(efficiency.prefill_tokens) if budget_tokens is None else budget_tokens
    times = step_times(
        deployment.machine,
        deployment.model,
        efficiency,
        layout,
        most_requests_count=most_requests_count,
        most_context_tokens=most_context_tokens,
        most_chunk_tokens=budget,
        drafting=traffic.drafting,
        power=power,
    )
    return Engine(
        times=times,
        ranks_count=int(layout.data_count),
        blocks_count=_blocks_count(deployment, budget),
        most_requests_count=most_requests_count,
        budget_tokens=budget,
        stages_count=int(layout.pipeline_count),
        chunked=chunked,
        reserve_frac=float(efficiency.reserve_frac if reserve_frac is None else reserve_frac),
        prefix_cached=prefix_cached,
    )


def _blocks_count(deployment: Deployment, budget_tokens: int) -> int:
    """Blocks of cache of a rank, each of a group of pipeline stages its share."""
    machine, efficiency, layout = deployment.machine, deployment.efficiency, deployment.layout
    traffic = deployment.traffic
    loaded = with_drafts(deployment.model, traffic.drafting)
    usable = efficiency.usable_memory_frac * machine.hbm_capacity_bytes
    free = float(usable - weight_memory_bytes(machine, loaded, layout))
    held = float(held_tokens(efficiency, traffic.input_tokens, traffic.output_tokens))
    each = float(cache_memory_bytes(machine, _with_pass(loaded, budget_tokens), layout, held))
    count = int(free / each * held / BLOCK_TOKENS)
    if count < 1:
        given = f"{max(free, 0.0) / 1e9:.3g} GB left for caches in a package"
        raise CalibrationError([Fault(path="model", given=given, expected="weights that leave room for a request")])
    return count


def _with_pass(model: ModelCosts, budget_tokens: int) -> ModelCosts:
    """A model whose windows hold the tokens of a pass beside those that are seen."""
    held = [
        np.where(np.asarray(block.held_count) > 0, block.held_count - 1 + budget_tokens, 0.0) for block in model.blocks
    ]
    blocks = tuple(replace(block, held_count=count) for block, count in zip(model.blocks, held, strict=True))
    return replace(model, blocks=blocks)


def start(pod: Pod, *, concurrency_count: int = 0) -> PodState:
    """A pod at rest. concurrency_count: requests that are in it at all times, the next one coming when one is done;
    their times of arrival do not count then. 0 for requests that come when they come."""
    pools = [(pod.engine, pod.engines_count)]
    if pod.prefill is not None:
        pools.insert(0, (pod.prefill, pod.prefill_engines_count))
    _check(pod, pools)
    engines = [count * pool.stages_count for pool, count in pools]
    ranks = sum(count * pool.ranks_count for count, (pool, _) in zip(engines, pools, strict=True))
    setup = _setup(pod, pools, engines, concurrency_count)
    most = max(pool.most_requests_count for pool, _ in pools)
    prefix = any(pool.prefix_cached for pool, _ in pools)
    hash_blocks = int(setup.router[of.HASH_BLOCKS])
    entries = max(pool.blocks_count for pool, _ in pools) // hash_blocks + 2 if prefix else 1
    table = 1 << int(2 * entries - 1).bit_length()
    records = np.zeros(ranks, of.RANK)
    for name in ("head", "tail", "newest", "partial", "whole", "last_whole", "oldest_entry", "newest_entry"):
        records[name] = of.NONE
    fleet = np.zeros(sum(engines), of.ENGINE)
    fleet["place"] = of.NONE
    totals = np.zeros(1, of.TOTALS)
    totals["free_slot"], totals["window_s"], totals["credit"] = of.NONE, _FIRST_WINDOW_S, concurrency_count
    newer = np.tile(np.arange(1, entries + 1, dtype=np.int32), (ranks, 1))
    newer[:, -1] = of.NONE
    state = of.PodArrays(
        slots=np.zeros(_SLOTS_COUNT, of.SLOT),
        ranks=records,
        engines=fleet,
        heap=np.zeros((ranks, most), np.int32),
        events=np.zeros(len(fleet), np.int32),
        sends=np.zeros(_SLOTS_COUNT, np.int32),
        sent_s=np.zeros(_SLOTS_COUNT),
        turns=np.zeros(2, np.int64),
        phases=np.zeros((ranks, int(setup.counts[:, of.BLOCK_STEPS].max())), np.int64),
        keys=np.zeros((ranks, table), np.int64),
        entries=np.full((ranks, table), of.NONE, np.int32),
        entry_key=np.zeros((ranks, entries), np.int64),
        entry_uses=np.zeros((ranks, entries), np.int64),
        entry_older=np.full((ranks, entries), of.NONE, np.int32),
        entry_newer=newer,
        hashes=np.zeros(_SLOTS_COUNT if prefix else 1, np.int64),
        outcomes=np.zeros(_SLOTS_COUNT, of.OUTCOME),
        gaps_count=np.zeros(_GAPS_COUNT, np.int64),
        series=np.zeros((_WINDOWS_COUNT, 3)),
        totals=totals,
    )
    return PodState(pod=pod, setup=setup, state=state)


def _too_many(pools: list[tuple[Engine, int]]) -> Iterator[Fault]:
    """More places for requests than a pod is simulated with."""
    places = sum(count * one.stages_count * one.ranks_count * one.most_requests_count for one, count in pools)
    if places > MOST_PLACES:
        given = f"{places:,} requests at once, by replicas, their ranks and stages, and what each runs"
        yield Fault(path="replicas", given=given, expected=f"at most {MOST_PLACES:,}")


def _check(pod: Pod, pools: list[tuple[Engine, int]]) -> None:
    faults = [fault for pool, count in pools for fault in _pool_faults(pod, pool, count)]
    waits = {
        "handover": pod.handover_s,
        "transfer": pod.transfer_s_per_token,
        "most waiting": pod.most_waiting_count,
        "shed after": pod.shed_after_s,
    }
    faults += [_below(name, value) for name, value in waits.items() if not value >= 0]
    if not faults:
        faults += _too_many(pools)
    if pod.routing not in ROUTINGS:
        faults.append(Fault(path="routing", given=str(pod.routing), expected=", ".join(ROUTINGS)))
    if faults:
        raise CalibrationError(faults)


def _below(path: str, value: float) -> Fault:
    return Fault(path=path, given=f"{value:g}", expected="0 or more")


def _pool_faults(pod: Pod, pool: Engine, count: int) -> list[Fault]:
    """What is wrong with engines of a pool, so many of them."""
    named = {
        "engines": count,
        "ranks": pool.ranks_count,
        "blocks": pool.blocks_count,
        "block tokens": pool.block_tokens,
        "most requests": pool.most_requests_count,
        "budget": pool.budget_tokens,
    }
    faults = [
        Fault(path=name, given=f"{value}", expected="a whole number of 1 or more")
        for name, value in named.items()
        if not (float(value).is_integer() and value >= 1)
    ]
    if not pool.reserve_frac >= 0:
        faults.append(_below("reserve", pool.reserve_frac))
    if pool.prefix_cached and pod.hash_tokens % pool.block_tokens:
        expected = f"a multiple of the {pool.block_tokens} tokens of a block"
        faults.append(Fault(path="hash tokens", given=f"{pod.hash_tokens}", expected=expected))
    for name in ("decode_s", "prefill_s", "decode_j", "prefill_j"):
        table = getattr(pool.times, name)
        wrong = ~(np.isfinite(table) & ((table > 0) | ((table == 0) & (name != "decode_s"))))
        if wrong.any():
            given, least = f"{table[wrong][0]:g}", "more than 0" if name == "decode_s" else "0 or more"
            faults.append(Fault(path=f"step times, {name}", given=given, expected=f"finite numbers of {least}"))
    return faults


def _setup(pod: Pod, pools: list[tuple[Engine, int]], engines: list[int], concurrency_count: int) -> of.Setup:
    counts, limits = np.zeros((2, 11), np.int64), np.zeros((2, 4))
    for row, ((pool, _), count) in enumerate(zip(pools, engines, strict=True)):
        tau = pool.times.tokens_per_step_ratio
        counts[row] = (
            count,
            pool.ranks_count,
            pool.most_requests_count,
            pool.blocks_count,
            pool.block_tokens,
            max(int(pool.block_tokens / tau), 1),
            pool.budget_tokens,
            pool.chunked,
            pool.prefix_cached,
            len(pools) == 2 and row == 0,
            bool(np.any(pool.times.decode_j) or np.any(pool.times.prefill_j)),
        )
        reserve = 0.0 if counts[row, of.READS_ONLY] else pool.reserve_frac
        limits[row] = reserve, tau, pool.times.mixed_frac, pool.times.admission_s
    size = pools[0][0].block_tokens
    router = np.array(
        [
            ROUTINGS.index(pod.routing),
            pod.most_waiting_count,
            pod.hash_tokens // size,
            pod.hash_tokens,
            concurrency_count,
        ],
        np.int64,
    )
    times = [pool.times for pool, _ in pools]
    shape = np.array([(*each.decode_s.shape, len(each.chunk_tokens)) for each in times], np.int64)
    return of.Setup(
        counts=counts,
        limits=limits,
        router=router,
        waits=np.array([pod.shed_after_s, pod.handover_s, pod.transfer_s_per_token]),
        shape=shape,
        batch=_together([each.batch_count for each in times]),
        batch_at=_batch_at(times),
        ratio=_together([each.ranks_ratio for each in times]),
        context=_together([each.context_tokens for each in times]),
        chunk=_together([each.chunk_tokens for each in times]),
        decode_s=_together([each.decode_s for each in times]),
        decode_j=_together([each.decode_j for each in times]),
        prefill_s=_together([each.prefill_s for each in times]),
        prefill_j=_together([each.prefill_j for each in times]),
    )


def _together(arrays: list[Floats64]) -> Floats64:
    """Arrays of pools as one, each filled up with zeros to the size of the largest."""
    shape = np.max([each.shape for each in arrays], axis=0)
    found = np.zeros((len(arrays), *shape))
    for row, each in enumerate(arrays):
        found[row][tuple(slice(0, size) for size in each.shape)] = each
    return found


def _batch_at(times: list[StepTimes]) -> NDArray[np.int64]:
    """By pool and whole batch, the knot at or below it."""
    most = int(max(each.batch_count[-1] for each in times))
    found = [np.searchsorted(each.batch_count, np.arange(most + 1), side="right") - 1 for each in times]
    last = [len(each.batch_count) - 2 for each in times]
    return np.array([np.clip(row, 0, max(end, 0)) for row, end in zip(found, last, strict=True)], np.int64)


def serve(state: PodState, requests: Requests) -> Outcomes:
    """Take requests in, work up to the last arrival, and tell what is done by then.

    Raises CalibrationError for requests that are not in order, have no tokens, or no finite time.
    """
    _check_requests(state, requests)
    totals = state.state.totals
    count = len(requests)
    closed = state.setup.router[of.CONCURRENCY] > 0
    if count and not state.begun:
        first = 0.0 if closed else float(requests.arrival_s[0])
        totals["clock_s"], totals["begun_s"], state.begun = first, first, True
    hashed = state.setup.counts[:, of.PREFIX].any() and requests.hashes is not None
    ends = requests.hash_ends if hashed and requests.hash_ends is not None else np.zeros(0, np.int64)
    _make_longer(state, count, requests.hashes if hashed and requests.hashes is not None else None)
    lengths = np.column_stack([requests.input_tokens, requests.output_tokens]).astype(np.int64)
    arrivals = np.ascontiguousarray(requests.arrival_s, dtype=np.float64)
    advance(state.setup, state.state, arrivals, lengths, np.ascontiguousarray(ends, dtype=np.int64), False, np.inf)
    if len(ends):
        totals["hashes_used"] += int(ends[-1])
    if count and not closed:
        state.last_arrival_s = float(requests.arrival_s[-1])
    return _outcomes(state)


def finish(state: PodState, until_s: float = np.inf) -> Outcomes:
    """Work on without further arrivals, up to an instant or until nothing is left; tell what is done by then."""
    _make_longer(state, 0, None)
    none = np.zeros(0)
    advance(state.setup, state.state, none, np.zeros((0, 2), np.int64), np.zeros(0, np.int64), True, until_s)
    return _outcomes(state)


def _make_longer(state: PodState, count: int, hashes: Ints64 | None) -> None:
    """Make room for so many more requests and their hashes."""
    now, totals = state.state, state.state.totals[0]
    done = sum(int(totals[name]) for name in ("completed", "rejected", "shed", "too_long"))
    live = int(totals["arrived"]) - done
    needed = live + count
    if needed > len(now.slots):
        more = 1 << (needed - 1).bit_length()
        now = now._replace(
            slots=_longer(now.slots, more), sends=_longer(now.sends, more), sent_s=_longer(now.sent_s, more)
        )
    if needed > len(now.outcomes):
        now = now._replace(outcomes=np.zeros(len(now.slots), of.OUTCOME))
    if hashes is not None:
        if int(totals["hashes_used"]) + len(hashes) > len(now.hashes):
            kept = compact(now)
            used = int(kept.size)
            more = 1 << (2 * (used + len(hashes)) - 1).bit_length()
            now = now._replace(hashes=_longer(kept, more))
            totals["hashes_used"] = used
        now.hashes[int(totals["hashes_used"]) : int(totals["hashes_used"]) + len(hashes)] = hashes
    state.state = now


def _longer(array: of.Array, count: int) -> of.Array:
    found = np.zeros(count, array.dtype)
    found[: len(array)] = array[:count]
    return found


def _check_requests(state: PodState, requests: Requests) -> None:
    arrival_s = np.asarray(requests.arrival_s)
    faults = _hash_faults(state.pod, requests) if requests.hashes is not None else []
    if len(arrival_s) and state.setup.router[of.CONCURRENCY] == 0:
        late = np.diff(arrival_s, prepend=state.last_arrival_s) < 0
        untold = ~(np.isfinite(arrival_s) & (arrival_s >= 0))
        for wrong, expected in ((untold, "a finite time of 0 s or later"), (late, "a time not before the last one")):
            if wrong.any():
                n = int(np.argmax(wrong))
                faults.append(Fault(path=f"requests[{n}].arrival", given=f"{arrival_s[n]:g} s", expected=expected))
    for name in ("input_tokens", "output_tokens"):
        tokens = np.asarray(getattr(requests, name))
        if tokens.shape != arrival_s.shape:
            given, expected = f"{len(tokens)} entries", f"{len(arrival_s)}, one for each arrival"
            faults.append(Fault(path=f"requests.{name}", given=given, expected=expected))
        wrong = ~((tokens >= 1) & (tokens <= MOST_TOKENS))
        if wrong.any():
            n = int(np.argmax(wrong))
            expected = f"from 1 to {MOST_TOKENS} tokens"
            faults.append(Fault(path=f"requests[{n}].{name}", given=f"{tokens[n]} tokens", expected=expected))
    if faults:
        raise CalibrationError(faults)


def _hash_faults(pod: Pod, requests: Requests) -> list[Fault]:
    """What is wrong with the hashes of a chunk, where it has some."""
    faults = []
    if requests.hash_tokens != pod.hash_tokens:
        given, expected = f"{requests.hash_tokens} tokens", f"blocks of {pod.hash_tokens} tokens as the pod has"
        faults.append(Fault(path="requests.hash_tokens", given=given, expected=expected))
    hashes, ends = np.asarray(requests.hashes), np.asarray(() if requests.hash_ends is None else requests.hash_ends)
    if (
        len(ends) != len(requests)
        or np.any(np.diff(ends, prepend=0) < 0)
        or (ends[-1] if len(ends) else 0) != len(hashes)
    ):
        given = f"{len(ends)} ends up to {max(ends, default=0)}"
        expected = f"an end for each of {len(requests)} requests, none before the last, up to {len(hashes)} hashes"
        faults.append(Fault(path="requests.hash_ends", given=given, expected=expected))
    return faults


def _outcomes(state: PodState) -> Outcomes:
    totals = state.state.totals
    done = state.state.outcomes[: int(totals["outcomes"][0])].copy()
    totals["outcomes"] = 0
    return Outcomes(
        index=done["index"],
        status=done["status"].astype(np.int8),
        arrival_s=done["arrival"],
        first_token_s=done["first"],
        finished_s=done["finished"],
        input_tokens=done["input"],
        output_tokens=done["output"],
        cached_tokens=done["cached"],
        preemptions_count=done["preempted"],
    )


def totals(state: PodState) -> PodTotals:
    """What the pod has done up to its last event."""
    now, pod = state.state, state.pod
    sums = {name: now.totals[0][name].item() for name in of.TOTALS.names or ()}
    counts = state.setup.counts
    span_s = sums["clock_s"] - sums["begun_s"]
    engines = int(counts[:, of.ENGINES].sum())
    blocks = float((counts[:, of.ENGINES] * counts[:, of.RANKS] * counts[:, of.BLOCKS]).sum())
    idle_w = [pool.times.idle_w for pool in (pod.prefill, pod.engine) if pool]
    whole_w = float(np.dot(counts[: len(idle_w), of.ENGINES], idle_w))
    # busy time by pool is not kept: pools idle alike
    idle_j = whole_w / engines * max(engines * span_s - sums["busy_s"], 0.0)
    done = sums["completed"] + sums["rejected"] + sums["shed"] + sums["too_long"]
    window_s = sums["window_s"]
    used = min(int(np.ceil(span_s / window_s)), len(now.series)) if span_s > 0 else 0
    width = np.full(used, window_s)
    if used:
        width[-1] = span_s - (used - 1) * window_s
    means = now.series[:used] / width[:, None] if used else now.series[:0]
    return PodTotals(
        span_s=span_s,
        engines_count=engines,
        busy_s=sums["busy_s"],
        prefill_s=sums["prefill_s"],
        decode_s=sums["decode_s"],
        energy_j=sums["energy_j"] + idle_j,
        arrived_count=sums["arrived"],
        completed_count=sums["completed"],
        rejected_count=sums["rejected"],
        shed_count=sums["shed"],
        too_long_count=sums["too_long"],
        under_way_count=sums["arrived"] - done,
        preemptions_count=sums["preemptions"],
        tokens_in=sums["tokens_in"],
        tokens_cached=sums["tokens_cached"],
        tokens_read=sums["tokens_read"],
        tokens_out=sums["tokens_out"],
        kv_peak_frac=sums["kv_peak_blocks"] / blocks,
        kv_mean_frac=sums["kv_block_s"] / blocks / span_s if span_s > 0 else 0.0,
        running_mean_count=sums["running_s"] / span_s if span_s > 0 else 0.0,
        waiting_mean_count=sums["waiting_s"] / span_s if span_s > 0 else 0.0,
        gap_edges_s=GAP_FROM_S * np.exp(np.arange(_GAPS_COUNT + 1) / GAPS_PER_E),
        gap_count=now.gaps_count.copy(),
        window_s=window_s,
        window_running_count=means[:, 0].copy(),
        window_waiting_count=means[:, 1].copy(),
        window_kv_frac=means[:, 2] / blocks,
    )
