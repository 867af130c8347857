"""A benchmark's run of an engine by the request simulator: its tables of step times, its requests, what clients waited.

Tables are made once for all cases of one engine on one kind of part with one model and layout. What the simulator does
not have is added to its times to the first token: the time in front of the engine, the wait of an engine that looks for
new requests only every so many steps, and that of prompts which are held back until more can be read together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.catalog import records
from gigawatt.study.validate.serving_cases import Sending, ServingCase, deployments, engine_of, sending
from gigawatt.tokens.serve.requests import BLOCK_TOKENS, Engine, Pod, Requests
from gigawatt.tokens.serve.simulator import finish, serve, start
from gigawatt.tokens.serve.steady import cache_memory_bytes, held_tokens, weight_memory_bytes
from gigawatt.tokens.serve.step_times import StepTimes, step_times

# Seed of the lengths: a benchmark has one too, and ten rounds leave little to chance.
SEED = 0
# Rounds of requests before the measured ones, which leave their prompts with an engine that knows them again.
WARM_ROUNDS = 2
# Tokens by which a prompt is known again.
KNOWN_TOKENS = 64
# Blocks of a rank whose weights are said to leave no room, though it ran: more than any run holds.
PLENTY_COUNT = 2**40

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingRun:
    """One run, ready to be simulated: its engine, what is sent, and how long one decode step takes [s]."""

    engine: Engine
    sending: Sending
    input_tokens: float
    output_tokens: float
    step_s: float
    median: bool


def runs_of(
    cases: Sequence[ServingCase], inference: records.InferenceCalibration, calibration: records.ServingCalibration
) -> list[ServingRun]:
    """The run of every case."""
    asked = deployments(cases, inference, calibration.usable_memory_frac)
    sent = [sending(case, one.layout, calibration) for case, one in zip(cases, asked, strict=True)]
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for n, (case, one) in enumerate(zip(cases, asked, strict=True)):
        alike[_kind(case, one)].append(n)
    tables: dict[int, StepTimes] = {}
    for places in alike.values():
        table = _table(asked[places[0]], [cases[n] for n in places], [sent[n] for n in places])
        tables |= dict.fromkeys(places, table)
    return [_run(case, asked[n], sent[n], tables[n], calibration) for n, case in enumerate(cases)]


def _kind(case: ServingCase, one: tokens.Deployment) -> tuple[object, ...]:
    """What the step times of a case depend on."""
    served, layout = case.served, one.layout
    spread = layout.tensor_count, layout.data_count, layout.expert_count, layout.pipeline_count
    row, drafted = served.row, one.traffic.drafting.drafted_count
    which = served.accelerator.id, served.model.id, served.precision, row.engine, row.release, row.year
    return (*which, *map(float, spread), float(drafted))


def _table(one: tokens.Deployment, cases: Sequence[ServingCase], sent: Sequence[Sending]) -> StepTimes:
    return step_times(
        one.machine,
        one.model,
        one.efficiency,
        one.layout,
        most_requests_count=max(each.most_requests_count for each in sent),
        most_context_tokens=max(case.served.input_tokens + case.served.output_tokens for case in cases),
        most_chunk_tokens=max(each.budget_tokens for each in sent),
        drafting=one.traffic.drafting,
    )


def _run(
    case: ServingCase,
    one: tokens.Deployment,
    sent: Sending,
    times: StepTimes,
    calibration: records.ServingCalibration,
) -> ServingRun:
    packing = engine_of(calibration, case.served.row.engine)
    ranks = int(one.layout.data_count)
    prompt, answer = case.served.input_tokens, case.served.output_tokens
    engine = Engine(
        times=times,
        ranks_count=ranks,
        blocks_count=_blocks_count(one, calibration.usable_memory_frac, prompt + answer),
        most_requests_count=sent.most_requests_count,
        budget_tokens=sent.budget_tokens,
        chunked=packing.chunked,
        reserve_frac=packing.reserve_frac,
        prefix_cached=sent.prompts_known_count > 0,
    )
    batch = sent.most_requests_count / ranks
    return ServingRun(
        engine=engine,
        sending=sent,
        input_tokens=prompt,
        output_tokens=answer,
        step_s=_step_s(times, batch, prompt + answer / 2),
        median=case.statistic == "median",
    )


def _blocks_count(one: tokens.Deployment, usable_frac: float, longest_tokens: float) -> int:
    """Blocks of cache of a rank; plenty where the weights leave no room for two requests, for the row did run."""
    machine, layout = one.machine, one.layout
    held = float(held_tokens(one.efficiency, one.traffic.input_tokens, one.traffic.output_tokens))
    weights = weight_memory_bytes(machine, one.model, layout)
    free = usable_frac * float(machine.hbm_capacity_bytes) - float(weights)
    count = int(free / float(cache_memory_bytes(machine, one.model, layout, held)) * held / BLOCK_TOKENS)
    return count if count * BLOCK_TOKENS > 2 * longest_tokens else PLENTY_COUNT


def _step_s(times: StepTimes, batch_count: float, context_tokens: float) -> float:
    """Time of a decode step [s] of full ranks."""
    row = times.decode_s[-1][np.searchsorted(times.batch_count, batch_count).clip(0, len(times.batch_count) - 1)]
    return float(np.interp(context_tokens, times.context_tokens, row))


def simulated(
    run: ServingRun, prefill_ratio: float, calibration: records.ServingCalibration
) -> tuple[float, float]:
    """Times to the first token and per token [s] of a run, without what is in front of the engine.

    prefill_ratio: time that prompts take over that of the tables.
    """
    times = run.engine.times
    engine = replace(run.engine, times=replace(times, prefill_s=times.prefill_s * prefill_ratio))
    pod = Pod(engine=engine, engines_count=1, hash_tokens=KNOWN_TOKENS)
    sent = run.sending
    state = start(pod, concurrency_count=sent.concurrency_count)
    if sent.prompts_known_count:
        serve(state, _requests(run, WARM_ROUNDS * sent.concurrency_count, 0))
        finish(state)
    requests = _requests(run, sent.requests_count, WARM_ROUNDS * sent.concurrency_count)
    found = serve(state, requests), finish(state)
    ttft_s, tpot_s = (np.concatenate([getattr(each, name) for each in found]) for name in ("ttft_s", "tpot_s"))
    middle = np.median if run.median else np.mean
    looks_s = calibration.look_frac * (sent.look_count - 1) / 2 * run.step_s
    gathered_s = calibration.gather_frac * sent.gather_count / 2 * run.step_s
    return float(middle(ttft_s)) + looks_s + gathered_s, float(middle(tpot_s))


def _requests(run: ServingRun, count: int, first: int) -> Requests:
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


def _asked(run: ServingRun) -> tuple[float, float]:
    return run.input_tokens, run.output_tokens


def _lengths(drawn: np.random.Generator, longest_tokens: float, shortest_frac: float, count: int) -> Ints:
    return drawn.integers(max(int(longest_tokens * shortest_frac), 1), int(longest_tokens) + 1, count)
