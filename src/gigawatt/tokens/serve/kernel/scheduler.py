"""What a rank does with its requests: letting them in, making room for their tokens, setting them back, ending them."""

from __future__ import annotations

import numpy as np

from gigawatt.tokens.serve.kernel.compiled import inner
from gigawatt.tokens.serve.kernel.heaps import send_in, slot_out, slot_up
from gigawatt.tokens.serve.kernel.prefix import find, leave, make_room, take
from gigawatt.tokens.serve.kernel.state import (
    BLOCK_STEPS,
    BLOCK_TOKENS,
    BLOCKS,
    BUDGET,
    CHUNKED,
    HANDOVER_S,
    HASH_BLOCKS,
    HASH_TOKENS,
    MOST,
    NONE,
    PREFIX,
    PREFIX_AWARE,
    READS_ONLY,
    RESERVE,
    ROUTING,
    SHED_AFTER_S,
    TAU,
    TRANSFER_S,
)

COMPLETED, REJECTED, SHED, TOO_LONG = 0, 1, 2, 3


@inner()
def blocks_of(tokens, block_tokens):  # type: ignore[no-untyped-def]
    """Blocks that hold so many tokens."""
    return (tokens + block_tokens - 1) // block_tokens


@inner()
def grown_count(first, end, phase, period):  # type: ignore[no-untyped-def]
    """Steps n of first <= n < end that are `phase` modulo `period`."""
    return (end - phase + period - 1) // period - (first - phase + period - 1) // period


@inner()
def push_back(state, g, slot):  # type: ignore[no-untyped-def]
    """Put a slot at the end of a rank's queue."""
    rank = state.ranks[g]
    state.slots[slot].next = NONE
    if rank.head == NONE:
        rank.head = slot
    else:
        state.slots[rank.tail].next = slot
    rank.tail = slot
    rank.waiting += 1
    state.totals[0].waiting += 1


@inner()
def pop_head(state, g):  # type: ignore[no-untyped-def]
    """Take the first slot off a rank's queue."""
    rank = state.ranks[g]
    slot = rank.head
    rank.head = state.slots[slot].next
    if rank.head == NONE:
        rank.tail = NONE
    rank.waiting -= 1
    state.totals[0].waiting -= 1
    return slot


@inner()
def record(state, slot, status, finished_s):  # type: ignore[no-untyped-def]
    """Write down what became of a request and free its slot; in a closed loop the next one may come."""
    one, totals = state.slots[slot], state.totals[0]
    out = state.outcomes[totals.outcomes]
    out.index, out.arrival, out.first = one.index, one.arrival, one.first
    out.finished, out.input, out.output = finished_s, one.input, one.output
    out.cached, out.preempted, out.status = one.cached, one.preempted, status
    totals.outcomes += 1
    totals.credit += 1
    if status == COMPLETED:
        totals.completed += 1
        totals.tokens_out += one.output
    elif status == REJECTED:
        totals.rejected += 1
    elif status == SHED:
        totals.shed += 1
    else:
        totals.too_long += 1
    one.next = totals.free_slot
    totals.free_slot = slot


@inner()
def _link(state, g, slot):  # type: ignore[no-untyped-def]
    """Make a slot the newest that a rank runs."""
    rank, one = state.ranks[g], state.slots[slot]
    one.older, one.newer = rank.newest, NONE
    if rank.newest != NONE:
        state.slots[rank.newest].newer = slot
    rank.newest = slot
    rank.running += 1
    state.totals[0].running += 1


@inner()
def leave_rank(setup, state, pool, g, slot):  # type: ignore[no-untyped-def]
    """End the run of a slot at a rank: its blocks are free, its place among the running is closed."""
    rank, one = state.ranks[g], state.slots[slot]
    if one.newer == NONE:
        rank.newest = one.older
    else:
        state.slots[one.newer].older = one.older
    if one.older != NONE:
        state.slots[one.older].newer = one.newer
    rank.running -= 1
    state.totals[0].running -= 1
    held = one.private
    if one.place != NONE:
        period = setup.counts[pool, BLOCK_STEPS]
        held += grown_count(one.start, rank.step, one.phase, period)
        state.phases[g, one.phase] -= 1
    used = rank.private + rank.in_use
    rank.private -= held
    for i in range(one.hash0 + one.shared - 1, one.hash0 - 1, -1):
        leave(state, g, state.hashes[i], setup.router[HASH_BLOCKS])
    one.shared = 0
    state.totals[0].kv_blocks -= used - rank.private - rank.in_use
    rank.try_in = 1


@inner()
def begin_decoding(setup, state, pool, g, slot, held_tokens):  # type: ignore[no-untyped-def]
    """Let a slot whose `held_tokens` are in its blocks write tokens from the rank's next step on."""
    rank, one = state.ranks[g], state.slots[slot]
    tau, period = setup.limits[pool, TAU], setup.counts[pool, BLOCK_STEPS]
    size = setup.counts[pool, BLOCK_TOKENS]
    one.start = rank.step
    one.done = rank.step + np.int64(np.ceil((one.output - one.made) / tau))
    slack = blocks_of(held_tokens, size) * size - held_tokens
    one.phase = (rank.step + min(np.int64(slack / tau), period - 1)) % period
    state.phases[g, one.phase] += 1
    place = rank.decoding
    state.heap[g, place] = slot
    one.place = place
    slot_up(state.slots, state.heap[g], place)
    rank.decoding += 1
    rank.context += one.input + one.made


@inner()
def end_decoding(setup, state, pool, g, slot):  # type: ignore[no-untyped-def]
    """Take a slot out of those that write tokens, and count what it has made (all of them where it is done)."""
    rank, one = state.ranks[g], state.slots[slot]
    tau = setup.limits[pool, TAU]
    steps = rank.step - one.start
    slot_out(state.slots, state.heap[g], rank.decoding, one.place)
    rank.decoding -= 1
    rank.context -= one.input + one.made + tau * steps
    rank.to_come -= one.output - one.made - tau * steps
    if rank.decoding == 0:
        rank.context = 0.0
    if rank.step >= one.done:
        one.made = one.output
    else:
        one.made += np.int64(tau * steps)


@inner()
def set_back(setup, state, pool, g):  # type: ignore[no-untyped-def]
    """Preempt the running request of a rank that was let in last; it is read anew from the front of the queue."""
    rank = state.ranks[g]
    slot = rank.newest
    one = state.slots[slot]
    if one.place != NONE:
        end_decoding(setup, state, pool, g, slot)
    else:
        rank.partial = NONE
        rank.to_come -= one.output - one.made
    leave_rank(setup, state, pool, g, slot)
    one.place = NONE
    one.preempted += 1
    one.sent = 0
    one.next = rank.head
    rank.head = slot
    if rank.tail == NONE:
        rank.tail = slot
    rank.waiting += 1
    state.totals[0].waiting += 1
    state.totals[0].preemptions += 1
    rank.set_back = 1


@inner()
def growth(setup, state, pool, g):  # type: ignore[no-untyped-def]
    """Blocks that a rank's next decode step writes into anew."""
    rank = state.ranks[g]
    return state.phases[g, rank.step % setup.counts[pool, BLOCK_STEPS]] if rank.decoding > 0 else 0


@inner()
def make_way(setup, state, pool, g):  # type: ignore[no-untyped-def]
    """Set requests of a rank back until there are blocks for its next decode step."""
    rank = state.ranks[g]
    rank.set_back = 0
    while growth(setup, state, pool, g) > setup.counts[pool, BLOCKS] - rank.private - rank.in_use:
        set_back(setup, state, pool, g)
    if rank.kept > 0:
        # what is kept goes now, so that no request that is let in counts on it
        make_room(state, g, setup.counts[pool, BLOCKS] - growth(setup, state, pool, g), setup.router[HASH_BLOCKS])


@inner()
def grow(setup, state, pool, g, blocks):  # type: ignore[no-untyped-def]
    """Take so many blocks for the tokens that a rank writes."""
    rank = state.ranks[g]
    rank.private += blocks
    state.totals[0].kv_blocks += blocks
    if rank.kept > 0:
        make_room(state, g, setup.counts[pool, BLOCKS], setup.router[HASH_BLOCKS])


@inner()
def _known(setup, state, pool, g, slot):  # type: ignore[no-untyped-def]
    """Blocks of a prompt that a rank knows from its start on, and how many of them nobody uses."""
    one = state.slots[slot]
    known, unused = 0, 0
    if setup.counts[pool, PREFIX] == 0:
        return known, unused
    most = min(one.hash1 - one.hash0, one.input // setup.router[HASH_TOKENS])
    while known < most:
        entry = find(state.keys, state.entries, g, state.hashes[one.hash0 + known])
        if entry == NONE:
            break
        if state.entry_uses[g, entry] == 0:
            unused += 1
        known += 1
    return known, unused


@inner()
def _take_blocks(setup, state, pool, g, slot, known, held):  # type: ignore[no-untyped-def]
    """Take the blocks of a prompt: those of its hashes are shared, the rest are its own."""
    rank, one = state.ranks[g], state.slots[slot]
    hash_blocks = setup.router[HASH_BLOCKS]
    used = rank.private + rank.in_use
    shared = 0
    if setup.counts[pool, PREFIX] == 1:
        shared = min(one.hash1 - one.hash0, one.input // setup.router[HASH_TOKENS])
    for i in range(known):
        take(state, g, state.hashes[one.hash0 + i], hash_blocks)
    one.private = blocks_of(held, setup.counts[pool, BLOCK_TOKENS]) - shared * hash_blocks
    rank.private += one.private
    if rank.kept > 0:
        held_back = growth(setup, state, pool, g) + (shared - known) * hash_blocks
        make_room(state, g, setup.counts[pool, BLOCKS] - held_back, hash_blocks)
    for i in range(known, shared):
        take(state, g, state.hashes[one.hash0 + i], hash_blocks)
    one.shared = shared
    state.totals[0].kv_blocks += rank.private + rank.in_use - used


@inner()
def admit(setup, state, pool, g, now_s):  # type: ignore[no-untyped-def]
    """Let requests of a rank's queue in, and say how many prompt tokens are read in the coming iteration."""
    rank, totals = state.ranks[g], state.totals[0]
    size, blocks = setup.counts[pool, BLOCK_TOKENS], setup.counts[pool, BLOCKS]
    chunked, budget = setup.counts[pool, CHUNKED] == 1, setup.counts[pool, BUDGET]
    rank.chunk, rank.let_in, rank.chunk_context, rank.whole = 0, 0, 0.0, NONE
    left = budget - rank.decoding if chunked else budget
    if rank.partial != NONE and left > 0:
        left -= _read(state, g, rank.partial, left)
    while rank.try_in == 1 and rank.set_back == 0:
        slot = rank.head
        if slot == NONE or rank.running >= setup.counts[pool, MOST]:
            rank.try_in = 0
            break
        one = state.slots[slot]
        if left <= 0 and one.sent == 0:
            break
        if now_s - one.arrival > setup.waits[SHED_AFTER_S] and one.first != one.first:
            state.engines[_engine_of(setup, g)].load -= 1
            record(state, pop_head(state, g), SHED, np.nan)
            continue
        prompt = one.input + one.made - one.sent
        held = prompt + one.sent * np.int64(np.ceil(setup.limits[pool, TAU]))  # with room for its first step
        known, unused = _known(setup, state, pool, g, slot)
        needed = blocks_of(held, size) - known * setup.router[HASH_BLOCKS]
        free = blocks - rank.private - rank.in_use - growth(setup, state, pool, g)
        free -= unused * setup.router[HASH_BLOCKS] + needed
        to_come = one.output - one.made
        if free < 0 or (rank.running > 0 and size * free < setup.limits[pool, RESERVE] * (rank.to_come + to_come)):
            rank.try_in = 0
            break
        hit = min(known * setup.router[HASH_TOKENS], prompt - 1) if one.sent == 0 else 0
        if not chunked and one.sent == 0 and rank.chunk > 0 and prompt - hit > left:
            break
        pop_head(state, g)
        _take_blocks(setup, state, pool, g, slot, known, held)
        _link(state, g, slot)
        rank.let_in += 1
        rank.to_come += to_come
        one.prompt, one.read, one.place = prompt, hit, NONE
        if one.sent == 1:
            _arrive(setup, state, pool, g, slot, now_s)
            continue
        if one.preempted == 0:
            one.cached = hit
            totals.tokens_cached += hit
        left -= _read(state, g, slot, left if chunked else prompt)


@inner()
def _engine_of(setup, g):  # type: ignore[no-untyped-def]
    """The engine that a rank is of."""
    first = setup.counts[0, 0] * setup.counts[0, 1]
    if g < first:
        return g // setup.counts[0, 1]
    return setup.counts[0, 0] + (g - first) // setup.counts[1, 1]


@inner()
def _arrive(setup, state, pool, g, slot, now_s):  # type: ignore[no-untyped-def]
    """Let a request whose prompt another pool has read write tokens in the iteration that begins."""
    rank, one = state.ranks[g], state.slots[slot]
    one.first = now_s
    if one.made >= one.output:
        rank.to_come -= one.output - one.made
        leave_rank(setup, state, pool, g, slot)
        state.engines[_engine_of(setup, g)].load -= 1
        record(state, slot, COMPLETED, now_s)
        return
    begin_decoding(setup, state, pool, g, slot, one.prompt)
    if one.phase == rank.step % setup.counts[pool, BLOCK_STEPS]:
        # the block that it writes into first is counted with those of the step
        one.private -= 1
        rank.private -= 1
        state.totals[0].kv_blocks -= 1


@inner()
def _read(state, g, slot, most):  # type: ignore[no-untyped-def]
    """Read up to so many more tokens of a prompt in the coming iteration; returns how many."""
    rank, one = state.ranks[g], state.slots[slot]
    some = min(one.prompt - one.read, most)
    rank.chunk_context += some * (2.0 * one.read + some)
    rank.chunk += some
    one.read += some
    state.totals[0].tokens_read += some
    if one.read == one.prompt:
        one.next = NONE
        if rank.whole == NONE:
            rank.whole = slot
        else:
            state.slots[rank.last_whole].next = slot
        rank.last_whole = slot
        rank.partial = NONE
    else:
        rank.partial = slot
    return some


@inner()
def finish(setup, state, pool, e, g, slot, now_s):  # type: ignore[no-untyped-def]
    """A request has all its tokens."""
    leave_rank(setup, state, pool, g, slot)
    state.engines[e].load -= 1
    record(state, slot, COMPLETED, now_s)


@inner()
def emit(setup, state, pool, e, g, now_s):  # type: ignore[no-untyped-def]
    """Prompts of a rank that were read whole in the iteration that ends make a token each, or go to the other pool."""
    rank = state.ranks[g]
    slot = rank.whole
    rank.whole = NONE
    while slot != NONE:
        one = state.slots[slot]
        following = one.next
        one.made += 1
        rank.to_come -= 1
        if setup.counts[pool, READS_ONLY] == 1:
            rank.to_come -= one.output - one.made
            leave_rank(setup, state, pool, g, slot)
            state.engines[e].load -= 1
            one.sent = 1
            at_s = now_s + setup.waits[HANDOVER_S] + setup.waits[TRANSFER_S] * one.input
            send_in(state.slots, state.sends, state.sent_s, state.totals[0].sending_count, slot, at_s)
            state.totals[0].sending_count += 1
        else:
            if one.first != one.first:
                one.first = now_s
            if one.made >= one.output:
                finish(setup, state, pool, e, g, slot, now_s)
            else:
                begin_decoding(setup, state, pool, g, slot, one.prompt)
        slot = following


@inner()
def end_steps(setup, state, pool, e, g, steps, now_s):  # type: ignore[no-untyped-def]
    """So many decode steps of a rank are over: its counts go on, and the requests that are done leave.

    Returns the blocks taken after the first step.
    """
    rank = state.ranks[g]
    if rank.decoding == 0:
        return 0
    tau, period = setup.limits[pool, TAU], setup.counts[pool, BLOCK_STEPS]
    first, grown = rank.step + 1, 0
    rank.step += steps
    if steps > 1:
        cycles = (steps - 1) // period
        for n in range(first + cycles * period, first + steps - 1):
            grown += state.phases[g, n % period]
        grown += cycles * rank.decoding
        grow(setup, state, pool, g, grown)
        totals = state.totals[0]
        totals.kv_peak_blocks = max(totals.kv_peak_blocks, totals.kv_blocks)
    rank.context += tau * rank.decoding * steps
    rank.to_come -= tau * rank.decoding * steps
    while rank.decoding > 0 and state.slots[state.heap[g, 0]].done <= rank.step:
        slot = state.heap[g, 0]
        end_decoding(setup, state, pool, g, slot)
        finish(setup, state, pool, e, g, slot, now_s)
    return grown


@inner()
def most_steps(setup, state, pool, g, most):  # type: ignore[no-untyped-def]
    """Decode steps that a rank can take, at most so many, until one of its requests is done or its blocks are full.

    The blocks of the first step are taken already. Where the router asks for known prefixes, those that are kept count
    as full, for it must see which of them are gone.
    """
    rank = state.ranks[g]
    if rank.decoding == 0:
        return most
    most = min(most, state.slots[state.heap[g, 0]].done - rank.step)
    period = setup.counts[pool, BLOCK_STEPS]
    free = setup.counts[pool, BLOCKS] - rank.private - rank.in_use
    if setup.router[ROUTING] == PREFIX_AWARE:
        free = max(free - rank.kept, 0)
    if free >= rank.decoding * ((most - 1) // period + 1):
        return most
    cycles = free // rank.decoding
    free -= cycles * rank.decoding
    steps = 1 + cycles * period
    while steps < most:
        needed = state.phases[g, (rank.step + steps) % period]
        if needed > free:
            break
        free -= needed
        steps += 1
    return min(steps, most)
