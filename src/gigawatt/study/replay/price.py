"""What a token costs, by its kind: the cost of GPU-hours shared by the time that prompts and answers take.

All GPUs are paid for from the first arrival to the end, busy or not. Of that, prompts bear the share of busy time in
which they are read and answers the rest; of two pools each bears its own. Tokens of prompts that are found in the cache
take no pass of their own, but those that are read attend to them: cached tokens bear what that adds to the time of
reading.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.tokens.serve.step_times import StepTimes
from gigawatt.units import HOUR_S

TOKENS_PER_MTOK = 1e6
SHARED_BASIS = (
    "all GPUs from the first arrival to the end; by the time that prompts are read and answers are written, cached "
    "tokens by what attending to them adds"
)
POOLS_BASIS = (
    "all GPUs from the first arrival to the end; prompts by those of the pool that reads, answers by those of the "
    "pool that writes, cached tokens by what attending to them adds"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrice:
    """What tokens cost; None where there are none of a kind.

    usd_per_h: price of a GPU-hour, usd_basis: what is in it; usd: cost of the whole replay; input_usd_per_mtok:
    of prompt tokens that are read; cached_usd_per_mtok: of those that are found; output_usd_per_mtok: of answers;
    shared_basis: how the cost is shared among them.
    """

    usd_per_h: float
    usd_basis: str | None
    usd: float
    input_usd_per_mtok: float | None
    cached_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    shared_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDone:
    """What a replay took and gave, as far as its cost hangs on it.

    gpus_count: GPUs that are paid for, of which readers_count are in a pool that reads prompts, 0 where there is none;
    span_s: from the first arrival to the end; prefill_s, decode_s: time of engines; requests_count: requests that were
    read; read_tokens, cached_tokens, output_tokens: of all of them.
    """

    gpus_count: int
    readers_count: int
    span_s: float
    prefill_s: float
    decode_s: float
    requests_count: int
    read_tokens: float
    cached_tokens: float
    output_tokens: float


def priced(work: WorkDone, times: StepTimes, usd_per_h: float, usd_basis: str | None) -> TokenPrice:
    """The cost of a replay, and of a million tokens of each kind."""
    usd = work.gpus_count * work.span_s / HOUR_S * usd_per_h
    reading, found = _reading_frac(work), _cached_frac(work, times)
    return TokenPrice(
        usd_per_h=usd_per_h,
        usd_basis=usd_basis,
        usd=usd,
        input_usd_per_mtok=_each(usd * reading * (1 - found), work.read_tokens),
        cached_usd_per_mtok=_each(usd * reading * found, work.cached_tokens),
        output_usd_per_mtok=_each(usd * (1 - reading), work.output_tokens),
        shared_basis=POOLS_BASIS if work.readers_count else SHARED_BASIS,
    )


def _reading_frac(work: WorkDone) -> float:
    """Share of the cost that prompts bear."""
    if work.readers_count:
        return work.readers_count / work.gpus_count
    busy_s = work.prefill_s + work.decode_s
    return work.prefill_s / busy_s if busy_s > 0 else 0.0


def _each(usd: float, tokens: float) -> float | None:
    return usd / tokens * TOKENS_PER_MTOK if tokens > 0 else None


def _cached_frac(work: WorkDone, times: StepTimes) -> float:
    """Share of the time of reading that attending to cached tokens adds, for the mean request."""
    if not work.cached_tokens > 0 or not work.requests_count or not work.read_tokens > 0:
        return 0.0
    read, cached = work.read_tokens / work.requests_count, work.cached_tokens / work.requests_count
    alone, beside = _pass_s(times, read, read), _pass_s(times, read, read + 2 * cached)
    return max(1 - alone / beside, 0.0)


def _pass_s(times: StepTimes, tokens: float, context_tokens: float) -> float:
    """Time of a pass over the tokens of one rank [s], from the table; its last knots where it goes beyond them."""
    chunk = min(tokens, float(times.chunk_tokens[-1]))
    by_chunk = [np.interp(context_tokens, times.context_tokens, row) for row in times.prefill_s[0]]
    return float(np.interp(chunk, times.chunk_tokens, by_chunk))
