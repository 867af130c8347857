"""Records of the request simulator: what a pod of engines is, what is asked of it, and what became of it.

A pod is a number of equal engines behind a router, or two pools of them where prompts are read by one and answers
written by the other. An engine is a replica that batches continuously: ranks (copies of attention) with a scheduler and
a cache of blocks each, which step together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gigawatt.tokens.serve.step_times import StepTimes

Floats64 = NDArray[np.float64]
Ints64 = NDArray[np.int64]
Routing = Literal["round-robin", "least-loaded", "prefix-aware"]

# What became of a request, by its code in `Outcomes.status`.
STATUSES = ("completed", "rejected", "shed", "too long")
# Tokens of a block of cache, as engines have them.
BLOCK_TOKENS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One engine: how long its iterations take, what it holds, and how its scheduler packs them.

    times: by batch and context (`step_times`); ranks_count: copies of attention; blocks_count: blocks of cache of each
    rank, of block_tokens tokens; most_requests_count: requests that a rank runs at once; budget_tokens: tokens of a
    rank in an iteration; stages_count: pipeline stages, each group of whose requests is an engine of its own; chunked:
    prompts are cut to the budget and ride along with decode steps, else an iteration reads whole prompts or writes
    answers; reserve_frac: part of the tokens to come that must be free for a request to be let in; prefix_cached:
    blocks of prompts that are known are not read again.
    """

    times: StepTimes
    ranks_count: int
    blocks_count: int
    most_requests_count: int
    budget_tokens: int
    stages_count: int = 1
    block_tokens: int = BLOCK_TOKENS
    chunked: bool = True
    reserve_frac: float = 0.0
    prefix_cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """Engines behind a router. With `prefill`, a pool of those reads the prompts and `engine` writes the answers.

    handover_s, transfer_s_per_token: time to move the cache of a prompt between pools; most_waiting_count: requests
    that may wait at an engine, beyond which new ones are rejected; shed_after_s: longest wait before a request is
    dropped; hash_tokens: tokens of a block of prompt that has a hash.
    """

    engine: Engine
    engines_count: int
    routing: Routing = "least-loaded"
    prefill: Engine | None = None
    prefill_engines_count: int = 0
    handover_s: float = 0.0
    transfer_s_per_token: float = 0.0
    most_waiting_count: int = 2**62
    shed_after_s: float = np.inf
    hash_tokens: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Requests in order of arrival, one entry each.

    hashes: identities of the blocks of hash_tokens tokens that prompts are made of, those of all requests one after the
    other; hash_ends: where those of each request end; both None where they are not known.
    """

    arrival_s: Floats64
    input_tokens: Ints64
    output_tokens: Ints64
    hashes: Ints64 | None = None
    hash_ends: Ints64 | None = None
    hash_tokens: int = 512

    def __len__(self) -> int:
        return len(self.arrival_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of requests, in the order in which they were done; `index` is a request's place in all that came.

    status: 0 completed, 1 rejected on arrival, 2 shed after a wait, 3 longer than
    a cache holds (STATUSES); first_token_s, finished_s: instants, NaN
    where there is none; cached_tokens: of its prompt, not read again; preemptions_count: times it was set back.
    """

    index: Ints64
    status: NDArray[np.int8]
    arrival_s: Floats64
    first_token_s: Floats64
    finished_s: Floats64
    input_tokens: Ints64
    output_tokens: Ints64
    cached_tokens: Ints64
    preemptions_count: Ints64

    def __len__(self) -> int:
        return len(self.index)

    @property
    def ttft_s(self) -> Floats64:
        """Time to the first token [s]."""
        return self.first_token_s - self.arrival_s

    @property
    def tpot_s(self) -> Floats64:
        """Mean time per token after the first [s]; 0 where there is one token."""
        return (self.finished_s - self.first_token_s) / np.maximum(self.output_tokens - 1, 1)

    @property
    def e2e_s(self) -> Floats64:
        """Time from arrival to the last token [s]."""
        return self.finished_s - self.arrival_s
