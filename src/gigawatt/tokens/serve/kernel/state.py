"""State of a pod while it works: arrays of records for requests, ranks and engines, and what is counted on the way.

A slot is a request that is in the pod; a rank has a queue and a cache; an engine has ranks that step together. Lists
are linked by slot number, -1 where they end.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NONE = -1
# What an engine does: nothing; about to start; an iteration that reads prompts; a run of decode steps.
IDLE, STARTING, MIXED, DECODING = 0, 1, 2, 3
# Fields of `Setup.counts`, one row a pool, and of `Setup.limits`.
ENGINES, RANKS, MOST, BLOCKS, BLOCK_TOKENS, BLOCK_STEPS, BUDGET, CHUNKED, PREFIX, READS_ONLY, POWERED = range(11)
RESERVE, TAU, MIXED_FRAC, ADMISSION_S = range(4)
# Fields of `Setup.router`, and of `Setup.waits`.
ROUTING, MOST_WAITING, HASH_BLOCKS, HASH_TOKENS, CONCURRENCY = range(5)
SHED_AFTER_S, HANDOVER_S, TRANSFER_S = range(3)
ROUND_ROBIN, LEAST_LOADED, PREFIX_AWARE = 0, 1, 2
# An engine is passed over for its known prefix where it has so many requests more than the least loaded.
UNEVEN_COUNT = 32

SLOT = np.dtype(
    [
        ("arrival", "f8"),
        ("first", "f8"),
        ("index", "i8"),
        ("input", "i8"),
        ("output", "i8"),
        ("made", "i8"),
        ("prompt", "i8"),
        ("read", "i8"),
        ("start", "i8"),
        ("done", "i8"),
        ("private", "i8"),
        ("hash0", "i8"),
        ("hash1", "i8"),
        ("shared", "i8"),
        ("cached", "i4"),
        ("preempted", "i4"),
        ("next", "i4"),
        ("older", "i4"),
        ("newer", "i4"),
        ("place", "i4"),
        ("phase", "i4"),
        ("sent", "i4"),
    ]
)
RANK = np.dtype(
    [
        ("context", "f8"),
        ("to_come", "f8"),
        ("chunk_context", "f8"),
        ("step", "i8"),
        ("private", "i8"),
        ("in_use", "i8"),
        ("kept", "i8"),
        ("waiting", "i8"),
        ("running", "i8"),
        ("decoding", "i8"),
        ("chunk", "i8"),
        ("let_in", "i8"),
        ("head", "i4"),
        ("tail", "i4"),
        ("newest", "i4"),
        ("partial", "i4"),
        ("whole", "i4"),
        ("last_whole", "i4"),
        ("try_in", "i4"),
        ("set_back", "i4"),
        ("oldest_entry", "i4"),
        ("newest_entry", "i4"),
        ("free_entry", "i4"),
    ]
)
ENGINE = np.dtype(
    [
        ("from_s", "f8"),
        ("to_s", "f8"),
        ("context", "f8"),
        ("energy_j", "f8"),
        ("prefill_s", "f8"),
        ("load", "i8"),
        ("steps", "i8"),
        ("fullest", "i8"),
        ("decoding", "i8"),
        ("does", "i4"),
        ("place", "i4"),
    ]
)
OUTCOME = np.dtype(
    [
        ("index", "i8"),
        ("arrival", "f8"),
        ("first", "f8"),
        ("finished", "f8"),
        ("input", "i8"),
        ("output", "i8"),
        ("cached", "i8"),
        ("preempted", "i8"),
        ("status", "i8"),
    ]
)
TOTALS = np.dtype(
    [
        (name, "f8")
        for name in (
            "clock_s",
            "begun_s",
            "busy_s",
            "prefill_s",
            "decode_s",
            "energy_j",
            "kv_block_s",
            "running_s",
            "waiting_s",
            "window_s",
        )
    ]
    + [
        (name, "i8")
        for name in (
            "arrived",
            "completed",
            "rejected",
            "shed",
            "too_long",
            "preemptions",
            "tokens_in",
            "tokens_cached",
            "tokens_read",
            "tokens_out",
            "running",
            "waiting",
            "sending",
            "kv_blocks",
            "kv_peak_blocks",
            "credit",
            "slots_used",
            "free_slot",
            "heap_count",
            "sending_count",
            "outcomes",
            "hashes_used",
        )
    ]
)
Array = NDArray[Any]


class Setup(NamedTuple):
    """What does not change; the first axis is the pool where there is one."""

    counts: Array
    limits: Array
    router: Array
    waits: Array
    shape: Array
    batch: Array
    batch_at: Array
    ratio: Array
    context: Array
    chunk: Array
    decode_s: Array
    decode_j: Array
    prefill_s: Array
    prefill_j: Array


class PodArrays(NamedTuple):
    """What changes: records, heaps, caches and counts (see the dtypes above).

    heap: by rank, slots in order of the step in which they are done; events: engines in order of their next event;
    sends, sent_s: slots between pools, in order of arrival; turns: by pool, the next engine in turn; phases: by rank
    and step, requests that need a block then; keys, entries: by rank, a table from hash to entry; entry_*: hash, uses,
    and neighbours in order of last use; gaps_count: histogram of time between tokens; series: by window, sums over
    time.
    """

    slots: Array
    ranks: Array
    engines: Array
    heap: Array
    events: Array
    sends: Array
    sent_s: Array
    turns: Array
    phases: Array
    keys: Array
    entries: Array
    entry_key: Array
    entry_uses: Array
    entry_older: Array
    entry_newer: Array
    hashes: Array
    outcomes: Array
    gaps_count: Array
    series: Array
    totals: Array
