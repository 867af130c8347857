"""Measured rows of disaggregated serving as cases for the kernel: two pools stated, or searched where a row is silent.

A row tells its pools as workers ("prefill 1x(tp1 dp8 moe_tp1 ep8); decode 5x(tp8 dp1 moe_tp1 ep8)") or as packages and
a width ("prefill 4 tp4; decode 40 ep8"). Where it is silent on how attention is spread over a decode worker, whether it
is split or copied is searched, and the better one is taken, as whoever published the row did. Closed loops send random
prompts, on which drafts hold less than on text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gigawatt import tokens
from gigawatt.catalog import load, records, to_tokens
from gigawatt.ndarrays import Floats

if TYPE_CHECKING:
    from gigawatt.study.validate.inference_cases import InferenceCase

DISAGGREGATED = ("closed loop disagg", "closed loop disagg mtp")
# Drafted tokens that are searched where a row only says that it drafts: engines advise three, fewer in large batches.
DRAFTED_COUNTS = (1, 2, 3)
POOLS = re.compile(r"prefill (?P<prefill>[^;]+); *decode (?P<decode>[^;]+)")
WORKERS = re.compile(r"(\d+)x\((?:[^)]*?)tp(\d+)(?: dp(\d+))?(?: moe_tp(\d+))?(?: ep(\d+))?(?: pp(\d+))?[^)]*\)")
PACKAGES = re.compile(r"(\d+) +(tp|ep|dp)(\d+)")
# Widths of a worker and replicas of a pool that are searched where a row says nothing.
PREFILL_COUNTS, DECODE_COUNTS, REPLICAS_COUNTS = (4, 8, 16), (8, 16, 32), (1, 2, 4, 8)

# Replicas, and packages of one by tensor, data, expert and pipeline.
Pool = tuple[int, int, int, int, int]


def drafted_counts(scenario: str) -> tuple[int, ...]:
    """Tokens that a row of a scenario may have drafted in a step."""
    return DRAFTED_COUNTS if scenario.endswith("mtp") else (0,)


def pools_of(text: str, heads_count: int, routed: bool) -> tuple[tuple[Pool, Pool], ...]:
    """The pools that a row may mean, prefill and decode of each; empty where it does not tell them."""
    found = POOLS.search(text)
    if not found:
        return ()
    prefill = _workers(found["prefill"], 0, heads_count, routed)
    width = prefill[0][1] * prefill[0][2] if prefill else 0
    decode = _workers(found["decode"], width, heads_count, routed)
    return tuple(product(prefill, decode))


def _workers(text: str, width_count: int, heads_count: int, routed: bool) -> tuple[Pool, ...]:
    """Readings of one pool; width_count: packages of the other pool's worker, for a pool that does not tell its own."""
    stated = WORKERS.match(text.strip())
    if stated:
        count, tensor, data, _, expert, pipeline = (int(part or 1) for part in stated.groups())
        return ((count, tensor, data, expert, pipeline),)
    told = PACKAGES.match(text.strip())
    if not told:
        return ()
    packages, width = int(told[1]), int(told[3])
    width = math.gcd(packages, width if width > 1 else max(width_count, 1))
    if told[2] == "tp":
        width = math.gcd(width, heads_count)
    spread = width if routed else 1
    split: Pool = (packages // width, math.gcd(width, heads_count), width // math.gcd(width, heads_count), spread, 1)
    copied: Pool = (packages // width, 1, width, spread, 1)
    return tuple(dict.fromkeys((split, copied) if routed else (split,)))


def searched(routed: bool) -> tuple[tuple[Pool, Pool], ...]:
    """Pools of a row that tells none: copies of attention where experts are shared, else tensor groups."""

    def pool(count: int, width: int) -> Pool:
        return (count, 1, width, width, 1) if routed else (count, width, 1, 1, 1)

    sizes = product(PREFILL_COUNTS, DECODE_COUNTS, *[REPLICAS_COUNTS] * 2)
    return tuple((pool(first, prefill), pool(second, decode)) for prefill, decode, first, second in sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedPools:
    """Cases side by side, one entry for each reading of each: `own` is the case of an entry, `first` its first entry.

    place: where the cases are among all rows' cases; pools: everything but efficiencies and acceptance, which a
    calibration gives; told: whether the row tells its pools, which then ran.
    """

    cases: tuple[InferenceCase, ...]
    place: NDArray[np.intp]
    pools: tokens.ServingPools
    concurrency_count: Floats
    told: NDArray[np.bool_]
    own: NDArray[np.intp]
    first: NDArray[np.intp]


def stacked_pools(everything: Sequence[InferenceCase]) -> StackedPools | None:
    """The arrays of those cases that are disaggregated, None where none is."""
    place = [n for n, case in enumerate(everything) if case.row.scenario in DISAGGREGATED]
    cases = [everything[n] for n in place]
    if not cases:
        return None
    readings = [(n, *pools, drafted) for n, case in enumerate(cases) for pools, drafted in _readings(case)]
    own = np.array([n for n, *_ in readings], dtype=np.intp)
    names = sorted({case.model.id for case in cases})
    models = [load.load("models", name) for name in names]
    which = np.array([names.index(case.model.id) for case in cases], dtype=np.intp)[own]
    machines = tokens.stack(
        [tokens.machine(to_tokens.chip(case.accelerator), case.precision) for case in cases]  # type: ignore[arg-type]
    )
    prefill, decode = (np.array([reading[side] for reading in readings], dtype=float).T for side in (1, 2))
    drafted = np.array([reading[3] for reading in readings], dtype=float)
    drafting = tokens.Drafting(
        drafted_count=drafted,
        accepted_frac=0.0,
        model=tokens.take(tokens.stack([to_tokens.draft_costs(model) for model in models]), which),
    )
    return StackedPools(
        cases=tuple(cases),
        place=np.array(place, dtype=np.intp),
        pools=tokens.ServingPools(
            machine=tokens.take(machines, own),
            model=tokens.take(tokens.stack([tokens.costs(to_tokens.transformer(model)) for model in models]), which),
            efficiency=None,  # type: ignore[arg-type]
            prefill=_layout(prefill),
            decode=_layout(decode),
            prefill_count=prefill[0],
            decode_count=decode[0],
            handover_s=0.0,
            surge_frac=0.0,
            traffic=tokens.Traffic(
                input_tokens=np.array([case.input_tokens for case in cases])[own],
                output_tokens=np.array([case.output_tokens for case in cases])[own],
                drafting=drafting,
            ),
        ),
        concurrency_count=np.array([case.row.batch_count or 0.0 for case in cases])[own],
        told=np.array([bool(POOLS.search(case.row.parallel)) for case in cases])[own],
        own=own,
        first=np.searchsorted(own, np.arange(len(cases))),
    )


def _readings(case: InferenceCase) -> list[tuple[tuple[Pool, Pool], int]]:
    routed = any(block.experts_count > 1 for block in case.model.blocks)
    heads = max(block.heads_count for block in case.model.blocks)
    told = pools_of(case.row.parallel, heads, routed)
    pools = told or searched(routed)
    return list(product(pools, drafted_counts(case.row.scenario)))


def _layout(pool: Floats) -> tokens.ServingLayout:
    return tokens.ServingLayout(tensor_count=pool[1], data_count=pool[2], expert_count=pool[3], pipeline_count=pool[4])


def disaggregated(
    arrays: StackedPools, efficiency: tokens.InferenceEfficiency, calibration: records.InferenceCalibration
) -> tuple[tokens.ServingPools, tokens.PoolsState]:
    """Every entry and its state at its concurrency; efficiency: one entry each."""
    traffic = arrays.pools.traffic
    drafting = replace(
        traffic.drafting,
        accepted_frac=calibration.random_acceptance_frac,
        kept_ratio=calibration.random_kept_ratio,
    )
    pools = replace(
        arrays.pools,
        efficiency=efficiency,
        handover_s=calibration.handover_s,
        surge_frac=calibration.surge_frac,
        traffic=replace(traffic, drafting=drafting),
    )
    return pools, tokens.closed_loop(pools, arrays.concurrency_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedServing:
    """Cases by the best of their readings: output tokens per second and package, time per output token, and packages
    of a group that decodes together."""

    tokens_per_s: Floats
    tpot_s: Floats
    group_count: Floats


def predict_disaggregated(
    arrays: StackedPools, efficiency: tokens.InferenceEfficiency, calibration: records.InferenceCalibration
) -> PredictedServing:
    """Every case by the best of its readings; pools that ran fit."""
    pools, state = disaggregated(arrays, efficiency, calibration)
    rate = np.where(arrays.told | pools.fits(), state.tokens_per_s, np.finfo(np.float32).tiny)
    best = best_entries(rate, arrays.own, arrays.first)
    return PredictedServing(
        tokens_per_s=rate[best],
        tpot_s=np.asarray(state.tpot_s)[best],
        group_count=np.asarray(pools.decode.stage_count)[best],
    )


def best_entries(rates: Floats, own: NDArray[np.intp], first: NDArray[np.intp]) -> NDArray[np.intp]:
    """The entry of the highest rate of every case; own: the case of each entry, first: the first entry of each case."""
    top = np.flatnonzero(rates == np.maximum.reduceat(rates, first)[own])
    return top[np.searchsorted(own[top], np.arange(len(first)))]
