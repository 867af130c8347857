"""Disaggregated serving as an answer: two pools, what they take of the time to the first token, and what they bring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from gigawatt import tokens
from gigawatt.errors import Fault
from gigawatt.study.answer import SPREAD
from gigawatt.study.note import Note
from gigawatt.study.predict.question import InferenceQuestion
from gigawatt.study.predict.serving_layout import ReplicaLayout, layout_of
from gigawatt.study.question import wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingPool:
    """Equal replicas that do one thing; busy_frac: requests over the most that they take within the limits."""

    layout: ReplicaLayout = field(metadata=SPREAD)
    replicas_count: int
    gpus_count: int
    busy_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolsPrediction:
    """A prefill and a decode pool. queue_s, prefill_s and transfer_s make up the time to the first token.

    decode_gpus_ratio: GPUs of the decode pool for each of the prefill pool; aggregated_tokens_per_s: what a GPU gives
    where each replica does both, None where that cannot be served; gain_frac: by how much two pools give more.
    """

    prefill: ServingPool
    decode: ServingPool
    decode_gpus_ratio: float
    requests_per_s: float
    queue_s: float
    prefill_s: float
    transfer_s: float
    aggregated_tokens_per_s: float | None
    gain_frac: float | None


def alone_faults(asked: InferenceQuestion) -> Iterator[Fault]:
    """Faults of what goes with two pools only, and of what does not go with them."""
    for key, count in (("prefill_gpus", asked.prefill_gpus_count), ("decode_gpus", asked.decode_gpus_count)):
        if count is not None and not asked.disaggregated:
            yield wrong(key, count, "nothing, unless disaggregated")
    if asked.disaggregated and asked.pareto:
        yield wrong("pareto", "true", "nothing, where disaggregated")
    if asked.disaggregated and asked.usd_per_mtok is not None:
        yield wrong("usd_per_mtok", asked.usd_per_mtok, "nothing, where disaggregated: a limit on tpot")


def choice(asked: InferenceQuestion, layouts: tokens.ServingLayout) -> tokens.PoolChoice:
    """What pools are chosen from; a layout that is stated is that of the decode pool."""
    stated = any((asked.tp_count, asked.dp_count, asked.ep_count, asked.pp_count))
    return tokens.PoolChoice(
        prefill_packages_count=asked.prefill_gpus_count,
        decode_packages_count=asked.decode_gpus_count,
        decode_layouts=layouts if stated else None,
    )


def as_serving(found: tokens.Disaggregated) -> tokens.Serving:
    """Two pools as one answer per package: times, and batch and layout of a decode replica.

    phases: what a package of either pool does in the mean; the time in which a prefill pool has no prompt is latency.
    """
    pools, state = found.pools, found.state
    busy = float(state.prefill_busy_frac)
    share = float(pools.prefill_count * pools.prefill.packages_count / pools.packages_count)
    rest = tokens.Phases(compute_s=0.0, memory_s=0.0, network_s=0.0, latency_s=1.0)
    prompt = state.prompt.times(busy / state.prompt.total_s).plus(rest, 1 - busy)
    phases = state.step.times((1 - share) / state.step.total_s).plus(prompt, share)
    times = {entry.name: float(getattr(phases, entry.name)) for entry in fields(tokens.Phases)}
    return tokens.Serving(
        tokens_per_s=float(state.tokens_per_s),
        batch_count=float(state.batch_count),
        tpot_s=float(state.tpot_s),
        ttft_s=float(state.ttft_s),
        memory_bytes=float(pools.decode_memory_bytes(state.batch_count)),
        layout=pools.decode,
        phases=tokens.Phases(**times),
        binds=max(times, key=lambda name: times[name]).removesuffix("_s"),
        limited_by=found.limited_by,
    )


def pools_prediction(found: tokens.Disaggregated, aggregated_tokens_per_s: float | None) -> PoolsPrediction:
    """The pools as an answer tells them."""
    pools, state, plain = found.pools, found.state, aggregated_tokens_per_s
    prefill = _pool(pools.prefill, float(pools.prefill_count), float(state.prefill_busy_frac))
    decode = _pool(pools.decode, float(pools.decode_count), found.decode_busy_frac)
    return PoolsPrediction(
        prefill=prefill,
        decode=decode,
        decode_gpus_ratio=decode.gpus_count / prefill.gpus_count,
        requests_per_s=float(state.requests_per_s),
        queue_s=float(state.queue_s),
        prefill_s=float(state.prefill_s),
        transfer_s=float(state.transfer_s),
        aggregated_tokens_per_s=plain,
        gain_frac=None if plain is None else float(state.tokens_per_s) / plain - 1,
    )


def pools_notes(found: PoolsPrediction) -> Iterator[Note]:
    """How their queue is modelled, and what two pools bring over replicas that do both."""
    queue = "TTFT is a queueing approximation (random arrivals at a pool of equal replicas, Sakasegawa)."
    yield Note(code="queueing", path="ttft_s", text=queue)
    plain, gain = found.aggregated_tokens_per_s, found.gain_frac
    if plain is None or gain is None:
        text = "replicas that do both cannot serve this: two pools can"
    elif gain <= 0:
        text = f"two pools do not pay here: replicas that do both give {1 / (1 + gain) - 1:.1%} more per GPU"
    else:
        text = f"two pools give {gain:.1%} more per GPU than replicas that do both, at the same limits"
    yield Note(code="disaggregated", path="disaggregated", text=text)


def _pool(layout: tokens.ServingLayout, replicas_count: float, busy_frac: float) -> ServingPool:
    replica = layout_of(layout)
    count = int(replicas_count)
    return ServingPool(layout=replica, replicas_count=count, gpus_count=count * replica.packages, busy_frac=busy_frac)
