"""The prefix cache of a rank: known blocks of prompts by hash, shared while in use, the least recently used first out.

A hash is found by open addressing with linear probing; an entry that goes leaves no gap in the probes after it.
"""

from __future__ import annotations

import numpy as np

from gigawatt.tokens.serve.kernel.compiled import inner
from gigawatt.tokens.serve.kernel.state import NONE

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


@inner()
def home(key, size):  # type: ignore[no-untyped-def]
    """Where the probes of a hash begin in a table of `size`, a power of two."""
    mixed = np.uint64(key) * _MIX
    return np.int64((mixed ^ (mixed >> _HALF)) & np.uint64(size - 1))


@inner()
def find(keys, entries, g, key):  # type: ignore[no-untyped-def]
    """The entry of a hash at a rank, NONE where it has none."""
    size = keys.shape[1]
    i = home(key, size)
    while entries[g, i] != NONE:
        if keys[g, i] == key:
            return entries[g, i]
        i = (i + 1) & (size - 1)
    return NONE


@inner()
def known_count(state, g, hash0, most):  # type: ignore[no-untyped-def]
    """How many of the first `most` blocks from `hash0` on a rank knows, up to the first that it does not."""
    count = 0
    while count < most and find(state.keys, state.entries, g, state.hashes[hash0 + count]) != NONE:
        count += 1
    return count


@inner()
def _unlink(state, g, entry):  # type: ignore[no-untyped-def]
    rank = state.ranks[g]
    older, newer = state.entry_older[g, entry], state.entry_newer[g, entry]
    if older == NONE:
        rank.oldest_entry = newer
    else:
        state.entry_newer[g, older] = newer
    if newer == NONE:
        rank.newest_entry = older
    else:
        state.entry_older[g, newer] = older


@inner()
def _forget(state, g, entry):  # type: ignore[no-untyped-def]
    """Take an entry out of the table of a rank."""
    keys, entries = state.keys, state.entries
    size = keys.shape[1]
    i = home(state.entry_key[g, entry], size)
    while entries[g, i] != entry:
        i = (i + 1) & (size - 1)
    j = i
    while True:
        j = (j + 1) & (size - 1)
        if entries[g, j] == NONE:
            break
        first = home(keys[g, j], size)
        if ((j - first) & (size - 1)) >= ((j - i) & (size - 1)):
            keys[g, i], entries[g, i] = keys[g, j], entries[g, j]
            i = j
    entries[g, i] = NONE
    rank = state.ranks[g]
    state.entry_newer[g, entry] = rank.free_entry
    rank.free_entry = entry


@inner()
def make_room(state, g, blocks, hash_blocks):  # type: ignore[no-untyped-def]
    """Let unused entries of a rank go until its cache holds no more than `blocks`."""
    rank = state.ranks[g]
    while rank.private + rank.in_use + rank.kept > blocks and rank.oldest_entry != NONE:
        entry = rank.oldest_entry
        _unlink(state, g, entry)
        _forget(state, g, entry)
        rank.kept -= hash_blocks


@inner()
def take(state, g, key, hash_blocks):  # type: ignore[no-untyped-def]
    """Use the block of a hash at a rank, known or new."""
    rank = state.ranks[g]
    entry = find(state.keys, state.entries, g, key)
    if entry != NONE:
        if state.entry_uses[g, entry] == 0:
            _unlink(state, g, entry)
            rank.kept -= hash_blocks
            rank.in_use += hash_blocks
        state.entry_uses[g, entry] += 1
        return
    entry = rank.free_entry
    rank.free_entry = state.entry_newer[g, entry]
    state.entry_key[g, entry] = key
    state.entry_uses[g, entry] = 1
    rank.in_use += hash_blocks
    size = state.keys.shape[1]
    i = home(key, size)
    while state.entries[g, i] != NONE:
        i = (i + 1) & (size - 1)
    state.keys[g, i], state.entries[g, i] = key, entry


@inner()
def leave(state, g, key, hash_blocks):  # type: ignore[no-untyped-def]
    """End a use of the block of a hash; what nobody uses is kept until its room is needed."""
    rank = state.ranks[g]
    entry = find(state.keys, state.entries, g, key)
    state.entry_uses[g, entry] -= 1
    if state.entry_uses[g, entry] > 0:
        return
    rank.in_use -= hash_blocks
    rank.kept += hash_blocks
    newest = rank.newest_entry
    state.entry_older[g, entry] = newest
    state.entry_newer[g, entry] = NONE
    if newest == NONE:
        rank.oldest_entry = entry
    else:
        state.entry_newer[g, newest] = entry
    rank.newest_entry = entry
