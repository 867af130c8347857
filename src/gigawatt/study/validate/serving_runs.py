"""A benchmark's run of an engine by the request simulator: its tables of step times, its requests, what clients waited.

Tables are made once for all cases of one engine on one kind of part with one model and layout. What the simulator does
not have is added to its times to the first token: the time in front of the engine, the wait of an engine that looks for
new requests only every so many steps, and that of prompts which are held back until more can be read together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.catalog import records
from gigawatt.ndarrays import Ints
from gigawatt.study.validate.serving_cases import (
    ClosedForm,
    LatencyCase,
    Sending,
    Statistic,
    deployments,
    engine_of,
    families,
    sending,
)
from gigawatt.tokens.model.blocks import Floats
from gigawatt.tokens.serve.pods import BLOCK_TOKENS, Engine, Pod, Requests
from gigawatt.tokens.serve.requests import finish, serve, start
from gigawatt.tokens.serve.steady import cache_memory_bytes, held_tokens, weight_memory_bytes
from gigawatt.tokens.serve.step_times import StepTimes, step_times

# Longest request over one of the stated lengths up to which tables have knots; beyond it they go on straight.
LONGEST_RATIO = 2.0
# Seed of the lengths: a benchmark has one too, and ten rounds leave little to chance.
SEED = 0
# Rounds of requests before the measured ones, which leave their prompts with an engine that knows them again.
WARM_ROUNDS = 2
# Tokens by which a prompt is known again.
KNOWN_TOKENS = 64
# Of the requests' times, by what a row tells of them.
QUANTILES = {"median": 0.5, "p99": 0.99}
# Blocks of a rank whose weights are said to leave no room, though it ran: more than any run holds.
PLENTY_COUNT = 2**22

Floats64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRun:
    """One run, ready to be simulated: its pod, what is sent, and how long one decode step takes [s].

    closed_form_s: time to the first token by the steady state [s]; families: what it has in common with other runs;
    statistic: which of its requests' times are measured; ttft_limit_s, tpot_limit_s: what they are below, for a result
    of MLPerf that is published kept its limits.
    """

    pod: Pod
    sending: Sending
    input_tokens: float
    output_tokens: float
    step_s: float
    closed_form_s: float
    families: Mapping[str, str]
    statistic: Statistic
    ttft_limit_s: float
    tpot_limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePool:
    """A pool of engines alike, as the planner has it."""

    machine: tokens.Machine
    model: tokens.ModelCosts
    efficiency: tokens.InferenceEfficiency
    layout: tokens.ServingLayout
    traffic: tokens.Traffic
    engines_count: int


def runs_of(
    cases: Sequence[LatencyCase], inference: records.InferenceCalibration, calibration: records.ServingCalibration
) -> list[LatencyRun | None]:
    """The run of every case; None where no layout holds the model."""
    asked = deployments(cases, inference)
    held = [n for n, one in enumerate(asked) if one is not None]
    runs = _runs_of([cases[n] for n in held], [one for one in asked if one is not None], calibration)
    found: list[LatencyRun | None] = [None] * len(cases)
    for n, run in zip(held, runs, strict=True):
        found[n] = run
    return found


def _runs_of(
    cases: Sequence[LatencyCase], asked: Sequence[ClosedForm], calibration: records.ServingCalibration
) -> list[LatencyRun]:
    parts = [_parts(one.deployment) for one in asked]
    sent = [
        sending(case, own[-1].layout, one.rate_per_s, calibration)
        for case, own, one in zip(cases, parts, asked, strict=True)
    ]
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for n, case in enumerate(cases):
        for part in parts[n]:
            alike[_kind(case, part)].append(n)
    tables = {}
    for kind, places in alike.items():
        part = next(part for part in parts[places[0]] if _kind(cases[places[0]], part) == kind)
        tables[kind] = _table(part, [cases[n] for n in places], [sent[n] for n in places])
    return [
        replace(
            _run(case, parts[n], sent[n], [tables[_kind(case, part)] for part in parts[n]], calibration),
            closed_form_s=asked[n].ttft_s,
        )
        for n, case in enumerate(cases)
    ]


def _parts(one: tokens.Deployment | tokens.ServingPools) -> tuple[EnginePool, ...]:
    """What decodes, last, and before it what reads prompts where that is a pool of its own."""
    if isinstance(one, tokens.Deployment):
        return (_pool(one, one.layout, 1.0),)
    return _pool(one, one.prefill, one.prefill_count), _pool(one, one.decode, one.decode_count)


def _pool(
    one: tokens.Deployment | tokens.ServingPools, layout: tokens.ServingLayout, engines_count: Floats | float
) -> EnginePool:
    return EnginePool(
        machine=one.machine,
        model=one.model,
        efficiency=one.efficiency,
        layout=layout,
        traffic=one.traffic,
        engines_count=int(engines_count),
    )


def _kind(case: LatencyCase, part: EnginePool) -> tuple[object, ...]:
    """What the step times of a case depend on."""
    served, layout = case.served, part.layout
    spread = layout.tensor_count, layout.data_count, layout.expert_count, layout.pipeline_count
    row, drafted = served.row, part.traffic.drafting.drafted_count
    which = served.accelerator.id, served.model.id, served.precision, row.engine, row.release, row.year
    return (*which, *map(float, spread), float(drafted))


def _table(part: EnginePool, cases: Sequence[LatencyCase], sent: Sequence[Sending]) -> StepTimes:
    return step_times(
        part.machine,
        part.model,
        part.efficiency,
        part.layout,
        most_requests_count=max(each.most_requests_count for each in sent),
        most_context_tokens=LONGEST_RATIO * max(case.served.input_tokens + case.served.output_tokens for case in cases),
        most_chunk_tokens=max(each.budget_tokens for each in sent),
        drafting=part.traffic.drafting,
    )


def _run(
    case: LatencyCase,
    parts: Sequence[EnginePool],
    sent: Sending,
    times: Sequence[StepTimes],
    calibration: records.ServingCalibration,
) -> LatencyRun:
    packing = engine_of(calibration, case.served.row.engine)
    prompt, answer = case.served.input_tokens, case.served.output_tokens
    engines = [
        Engine(
            times=table,
            ranks_count=int(part.layout.data_count),
            blocks_count=_blocks_count(part, calibration.usable_memory_frac, prompt + answer),
            most_requests_count=sent.most_requests_count,
            budget_tokens=sent.budget_tokens,
            stages_count=int(part.layout.pipeline_count),
            chunked=packing.chunked,
            reserve_frac=packing.reserve_frac,
            prefix_cached=sent.prompts_known_count > 0,
        )
        for part, table in zip(parts, times, strict=True)
    ]
    last = parts[-1]
    batch = sent.most_requests_count / (last.engines_count * float(last.layout.data_count))
    return LatencyRun(
        pod=_pod(engines, parts),
        sending=sent,
        input_tokens=prompt,
        output_tokens=answer,
        step_s=_step_s(times[-1], batch, prompt + answer / 2),
        closed_form_s=0.0,
        families=families(case, last.layout),
        statistic=case.statistic,
        ttft_limit_s=_limit_s(case, case.served.row.ttft_limit_s),
        tpot_limit_s=_limit_s(case, case.served.row.tpot_limit_s),
    )


def _limit_s(case: LatencyCase, limit_s: float | None) -> float:
    return np.inf if limit_s is None or case.statistic != "p99" else limit_s


def _pod(engines: Sequence[Engine], parts: Sequence[EnginePool]) -> Pod:
    pod = Pod(engine=engines[-1], engines_count=parts[-1].engines_count, hash_tokens=KNOWN_TOKENS)
    if len(parts) == 1:
        return pod
    return replace(pod, prefill=engines[0], prefill_engines_count=parts[0].engines_count)


def _blocks_count(part: EnginePool, usable_frac: float, longest_tokens: float) -> int:
    """Blocks of cache of a rank; plenty where the weights leave no room for two requests, for the row did run."""
    machine, layout, traffic = part.machine, part.layout, part.traffic
    held = float(held_tokens(part.efficiency, traffic.input_tokens, traffic.output_tokens))
    weights = weight_memory_bytes(machine, part.model, layout)
    free = usable_frac * float(machine.hbm_capacity_bytes) - float(weights)
    count = int(free / float(cache_memory_bytes(machine, part.model, layout, held)) * held / BLOCK_TOKENS)
    return count if count * BLOCK_TOKENS > 2 * longest_tokens else PLENTY_COUNT


def _step_s(times: StepTimes, batch_count: float, context_tokens: float) -> float:
    """Time of a decode step [s] of full ranks."""
    row = times.decode_s[-1][np.searchsorted(times.batch_count, batch_count).clip(0, len(times.batch_count) - 1)]
    return float(np.interp(context_tokens, times.context_tokens, row))


def simulated(run: LatencyRun, prefill_ratio: float, calibration: records.ServingCalibration) -> tuple[float, float]:
    """Times to the first token and per token [s] of a run, without what is in front of the engine.

    prefill_ratio: time that prompts take over that of the tables.
    """
    pod, sent = run.pod, run.sending
    scaled = replace(pod, engine=_slower(pod.engine, prefill_ratio))
    if pod.prefill is not None:
        scaled = replace(scaled, prefill=_slower(pod.prefill, prefill_ratio))
    state = start(scaled, concurrency_count=sent.concurrency_count)
    if sent.prompts_known_count:
        serve(state, _requests(run, WARM_ROUNDS * sent.concurrency_count, 0))
        finish(state)
    if sent.concurrency_count:
        requests = _requests(run, sent.requests_count, WARM_ROUNDS * sent.concurrency_count)
    else:
        requests = _at_random(run, calibration.server_spread_ratio)
    found = serve(state, requests), finish(state)
    ttft_s, tpot_s = (np.concatenate([getattr(each, name) for each in found]) for name in ("ttft_s", "tpot_s"))
    looks_s = calibration.look_frac * (sent.look_count - 1) / 2 * run.step_s
    gathered_s = calibration.gather_frac * sent.gather_count / 2 * run.step_s
    first_s = sent.first_pass_s * sent.concurrency_count / sent.requests_count * (run.statistic == "mean")
    return (
        min(_told(ttft_s, run.statistic) + looks_s + gathered_s + first_s, run.ttft_limit_s),
        min(_told(tpot_s, run.statistic), run.tpot_limit_s),
    )


def _told(times_s: Floats64, statistic: Statistic) -> float:
    return float(np.mean(times_s) if statistic == "mean" else np.quantile(times_s, QUANTILES[statistic]))


def _slower(engine: Engine, prefill_ratio: float) -> Engine:
    return replace(engine, times=replace(engine.times, prefill_s=engine.times.prefill_s * prefill_ratio))


def _at_random(run: LatencyRun, spread_ratio: float) -> Requests:
    """Requests that come at random at a rate, of lognormal lengths; spread_ratio: mean square over squared mean."""
    drawn, count = np.random.default_rng(SEED), run.sending.requests_count
    deviation = np.sqrt(np.log(spread_ratio))
    prompts, answers = (
        np.maximum(drawn.lognormal(np.log(mean) - deviation**2 / 2, deviation, count), 1.0).astype(np.int64)
        for mean in _asked(run)
    )
    arrival_s = np.cumsum(drawn.exponential(1 / run.sending.rate_per_s, count))
    return Requests(arrival_s=arrival_s, input_tokens=prompts, output_tokens=answers)


def _requests(run: LatencyRun, count: int, first: int) -> Requests:
    """So many requests of a benchmark; first: how many were sent before."""
    sent, drawn = run.sending, np.random.default_rng(SEED)
    known = sent.prompts_known_count
    lengths = [_lengths(drawn, tokens_count, sent.shortest_frac, max(count, known)) for tokens_count in _asked(run)]
    which = (first + np.arange(count)) % known if known else np.arange(count)
    prompts, answers = (each[which] for each in lengths)
    hashes, ends = None, None
    if known:
        blocks = prompts // KNOWN_TOKENS
        ends = np.cumsum(blocks)
        inside = np.arange(int(ends[-1])) - np.repeat(ends - blocks, blocks)
        hashes = np.repeat(which + 1, blocks) * (int(run.input_tokens) + 1) + inside
    return Requests(
        arrival_s=np.zeros(count),
        input_tokens=prompts,
        output_tokens=answers,
        hashes=hashes,
        hash_ends=ends,
        hash_tokens=KNOWN_TOKENS,
    )


def _asked(run: LatencyRun) -> tuple[float, float]:
    return run.input_tokens, run.output_tokens


def _lengths(drawn: np.random.Generator, longest_tokens: float, shortest_frac: float, count: int) -> Ints:
    return drawn.integers(max(int(longest_tokens * shortest_frac), 1), int(longest_tokens) + 1, count)
