"""Times of iterations as tables, made by the kernels of the steady state and looked up by the request simulator.

A decode step depends on the requests of a rank and on their mean context; a pass over prompts on its tokens and on the
mean that they attend to. Both are computed by `steady.decode_step` and `steady.prefill_chunk` on a grid and are linear
in between and beyond, so that the sum over a run of steps has a closed form. An iteration with both takes

    t = t_decode(b, x) + α · t_prefill(n, L) + admissions · t_admission

with α the part of prefill that does not ride along with decode steps (1 where nothing decodes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.model.roofline import Machine
from gigawatt.tokens.model.sizes import ModelCosts
from gigawatt.tokens.serve.drafting import PLAIN, Drafting
from gigawatt.tokens.serve.power import PARTS, PowerShares, Utilisation, at_the_peaks, power_frac
from gigawatt.tokens.serve.steady import InferenceEfficiency, Phases, ServingLayout, decode_step, prefill_chunk

Floats64 = NDArray[np.float64]

# Knots: every whole number up to the first, and so much apart, relatively, beyond it.
_WHOLE_COUNT, _APART_FRAC = 16, 0.08
_CONTEXT_FROM_TOKENS, _CHUNK_FROM_TOKENS = 32.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """Times [s] and energies [J] of the iterations of one engine, all its packages together, on a grid.

    batch_count: requests of the fullest rank; ranks_ratio: requests of all ranks over those of the fullest;
    context_tokens: mean context; chunk_tokens: prompt tokens of the fullest rank in a pass. decode_s, decode_j: by
    ranks_ratio, batch_count and context; prefill_s, prefill_j: by ranks_ratio, chunk_tokens and context (the length of
    a prompt, read whole, whose tokens attend to as many). mixed_frac: α above; admission_s: per request let in;
    tokens_per_step_ratio: tokens that a decode step adds to a sequence; idle_w: of all packages.
    """

    batch_count: Floats64
    ranks_ratio: Floats64
    context_tokens: Floats64
    chunk_tokens: Floats64
    decode_s: Floats64
    decode_j: Floats64
    prefill_s: Floats64
    prefill_j: Floats64
    mixed_frac: float
    admission_s: float
    tokens_per_step_ratio: float
    idle_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePower:
    """What a package draws: its limit [W], and the shares of it by how busy its parts are."""

    limit_w: float
    shares: PowerShares


def step_times(
    machine: Machine,
    model: ModelCosts,
    efficiency: InferenceEfficiency,
    layout: ServingLayout,
    *,
    most_requests_count: int,
    most_context_tokens: float,
    most_chunk_tokens: float,
    drafting: Drafting = PLAIN,
    power: PackagePower | None = None,
) -> StepTimes:
    """The tables of one layout (numbers, not arrays). Energies are 0 without `power`.

    most_requests_count: of a rank; most_context_tokens, most_chunk_tokens: of a request, and of a rank in a pass.
    """
    batch = _knots(1.0, most_requests_count, _WHOLE_COUNT)
    chunk = np.unique(np.concatenate([[1.0], _spread(_CHUNK_FROM_TOKENS, most_chunk_tokens)]))
    context = np.concatenate([[1.0], _spread(_CONTEXT_FROM_TOKENS, most_context_tokens)])
    data = float(layout.data_count)
    ratio = np.unique(np.append(2.0 ** np.arange(np.log2(data) + 1), data))
    many = ratio[:, None, None], batch[None, :, None], chunk[None, :, None], context[None, None, :]

    def steps(part: Machine, reached: InferenceEfficiency) -> Phases:
        return decode_step(
            part,
            model,
            reached,
            layout,
            context_tokens=many[3],
            rank_count=many[1],
            ranks_ratio=many[0],
            drafting=drafting,
        )

    def passes(part: Machine, reached: InferenceEfficiency) -> Phases:
        return prefill_chunk(part, model, reached, layout, tokens=many[2], context_tokens=many[3], ranks_ratio=many[0])

    decode_s, prefill_s = (np.ascontiguousarray(each(machine, efficiency).total_s) for each in (steps, passes))
    packages = float(layout.stage_count)
    decode_w, prefill_w = (
        packages * _drawn_w(machine, efficiency, each, span_s, power)
        for each, span_s in ((steps, decode_s), (passes, prefill_s))
    )
    return StepTimes(
        batch_count=batch,
        ranks_ratio=ratio,
        context_tokens=context,
        chunk_tokens=chunk,
        decode_s=decode_s,
        decode_j=decode_w * decode_s,
        prefill_s=prefill_s,
        prefill_j=prefill_w * prefill_s,
        mixed_frac=float(efficiency.prefill_share_frac),
        admission_s=float(efficiency.admission_s),
        tokens_per_step_ratio=float(drafting.tokens_per_step_ratio),
        idle_w=packages * power.limit_w * float(power.shares.idle_frac) if power else 0.0,
    )


def _spread(low: float, high: float) -> Floats64:
    """Knots from `low` to at least `high`, equally far apart by their logarithm."""
    count = int(np.ceil(np.log(max(high / low, 1.0)) / np.log1p(_APART_FRAC))) + 2
    return np.geomspace(low, max(high, low * (1 + _APART_FRAC)), count)


def _knots(low: float, high: float, whole_count: int) -> Floats64:
    """Whole numbers: all up to `whole_count`, and fewer beyond it."""
    whole = np.arange(low, float(min(high, whole_count)) + 1)
    return np.unique(np.concatenate([whole, np.round(_spread(whole[-1], high))]))


def _drawn_w(
    machine: Machine,
    efficiency: InferenceEfficiency,
    work: Callable[[Machine, InferenceEfficiency], Phases],
    span_s: Floats64,
    power: PackagePower | None,
) -> Floats64:
    """Power of a package over every entry of a table, from how long each part would take at its peak."""
    if power is None:
        return np.zeros_like(span_s)
    peaks = at_the_peaks(efficiency)
    computing = work(replace(machine, hbm_bandwidth_bytes_per_s=np.inf), peaks)
    moving = work(replace(machine, matrix_flops=np.inf, score_flops=np.inf), peaks)
    busy = replace(computing, memory_s=moving.memory_s)
    use = Utilisation(**{f"{part}_frac": np.clip(getattr(busy, f"{part}_s") / span_s, 0.0, 1.0) for part in PARTS})
    return power.limit_w * np.asarray(power_frac(power.shares, use))
