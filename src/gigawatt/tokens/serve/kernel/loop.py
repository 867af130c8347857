"""The event loop of a pod: arrivals, caches on their way between pools, and ends of iterations, in order of time."""

from __future__ import annotations

import numpy as np

from gigawatt.tokens.serve.kernel.compiled import inner, outer, plain, sources_digest
from gigawatt.tokens.serve.kernel.heaps import engine_down, engine_up, send_out
from gigawatt.tokens.serve.kernel.prefix import known_count
from gigawatt.tokens.serve.kernel.scheduler import (
    REJECTED,
    TOO_LONG,
    admit,
    blocks_of,
    emit,
    end_steps,
    grow,
    growth,
    make_way,
    most_steps,
    push_back,
    record,
)
from gigawatt.tokens.serve.kernel.state import (
    ADMISSION_S,
    BLOCK_STEPS,
    BLOCK_TOKENS,
    BLOCKS,
    CHUNKED,
    CONCURRENCY,
    DECODING,
    ENGINES,
    HASH_TOKENS,
    IDLE,
    MIXED,
    MIXED_FRAC,
    MOST,
    MOST_WAITING,
    NONE,
    POWERED,
    PREFIX_AWARE,
    RANKS,
    READS_ONLY,
    ROUND_ROBIN,
    ROUTING,
    STARTING,
    TAU,
    UNEVEN_COUNT,
)
from gigawatt.tokens.serve.kernel.tables import pass_at, run_sum, steps_until

# Bins of the time between tokens: so many for a factor of e, from the first edge on.
GAP_FROM_S, GAPS_PER_E = 1e-5, 100


@inner()
def tick(state, now_s):  # type: ignore[no-untyped-def]
    """Add what runs, waits and is held since the last event to the sums and the series by window."""
    totals = state.totals[0]
    span_s = now_s - totals.clock_s
    if span_s <= 0:
        return
    totals.running_s += totals.running * span_s
    totals.waiting_s += totals.waiting * span_s
    totals.kv_block_s += totals.kv_blocks * span_s
    series = state.series
    windows = series.shape[0]
    from_s = totals.clock_s - totals.begun_s
    to_s = now_s - totals.begun_s
    while to_s >= windows * totals.window_s:
        for w in range(windows // 2):
            for field in range(series.shape[1]):
                series[w, field] = series[2 * w, field] + series[2 * w + 1, field]
        series[windows // 2 :] = 0.0
        totals.window_s *= 2
    w = int(from_s / totals.window_s)
    while from_s < to_s and w < windows:
        end_s = min((w + 1) * totals.window_s, to_s)
        series[w, 0] += totals.running * (end_s - from_s)
        series[w, 1] += totals.waiting * (end_s - from_s)
        series[w, 2] += totals.kv_blocks * (end_s - from_s)
        from_s = end_s
        w += 1
    totals.clock_s = now_s


@inner()
def _least_loaded(state, first, count):  # type: ignore[no-untyped-def]
    best = first
    for e in range(first + 1, first + count):
        if state.engines[e].load < state.engines[best].load:
            best = e
    return best


@inner()
def _first_rank(setup, e):  # type: ignore[no-untyped-def]
    first = setup.counts[0, ENGINES]
    if e < first:
        return e * setup.counts[0, RANKS]
    return first * setup.counts[0, RANKS] + (e - first) * setup.counts[1, RANKS]


@inner()
def _best_known(setup, state, pool, first, slot):  # type: ignore[no-untyped-def]
    """The rank that knows most of a prompt's start, NONE where none knows any; the least loaded engine's on ties."""
    one = state.slots[slot]
    most = min(one.hash1 - one.hash0, one.input // setup.router[HASH_TOKENS])
    best, longest, load = NONE, 0, 0
    for e in range(first, first + setup.counts[pool, ENGINES]):
        for g in range(_first_rank(setup, e), _first_rank(setup, e) + setup.counts[pool, RANKS]):
            known = known_count(state, g, one.hash0, most)
            if known > longest or (known == longest and known > 0 and state.engines[e].load < load):
                best, longest, load = g, known, state.engines[e].load
    return best


@inner()
def route(setup, state, pool, slot):  # type: ignore[no-untyped-def]
    """The engine and the rank that a request goes to."""
    first = 0 if pool == 0 else setup.counts[0, ENGINES]
    count, ranks = setup.counts[pool, ENGINES], setup.counts[pool, RANKS]
    routing = setup.router[ROUTING]
    if routing == ROUND_ROBIN:
        e = first + state.turns[pool] % count
        state.turns[pool] += 1
    else:
        e = _least_loaded(state, first, count)
        if routing == PREFIX_AWARE and state.slots[slot].hash1 > state.slots[slot].hash0:
            g = _best_known(setup, state, pool, first, slot)
            if g != NONE:
                base = 0 if pool == 0 else setup.counts[0, ENGINES] * setup.counts[0, RANKS]
                other = first + (g - base) // ranks
                if state.engines[other].load < state.engines[e].load + UNEVEN_COUNT:
                    return other, g
    best = _first_rank(setup, e)
    for g in range(best + 1, _first_rank(setup, e) + ranks):
        if state.ranks[g].waiting + state.ranks[g].running < state.ranks[best].waiting + state.ranks[best].running:
            best = g
    return e, best


@inner()
def _schedule(state, e, at_s):  # type: ignore[no-untyped-def]
    """Put an engine's next event into the heap, or move it there."""
    engine, totals = state.engines[e], state.totals[0]
    engine.to_s = at_s
    if engine.place == NONE:
        state.events[totals.heap_count] = e
        totals.heap_count += 1
        engine_up(state.engines, state.events, totals.heap_count - 1)
    else:
        engine_up(state.engines, state.events, engine.place)
        engine_down(state.engines, state.events, totals.heap_count, engine.place)


@inner()
def _idle(state, e):  # type: ignore[no-untyped-def]
    """Take an engine, the first of the heap, out of it."""
    totals = state.totals[0]
    totals.heap_count -= 1
    last = state.events[totals.heap_count]
    state.engines[e].place = NONE
    state.engines[e].does = IDLE
    if last != e:
        state.events[0] = last
        state.engines[last].place = 0
        engine_down(state.engines, state.events, totals.heap_count, 0)


@inner()
def _most_blocks(setup, pool, prompt, answer):  # type: ignore[no-untyped-def]
    """Blocks that a request holds in its last step.

    Where steps write several tokens it is a bound, whenever it is set back: what a rank that runs it alone has to hold.
    """
    size, tau = setup.counts[pool, BLOCK_TOKENS], setup.limits[pool, TAU]
    if tau == 1.0:
        return blocks_of(prompt + answer - 1, size)
    steps = np.int64(np.ceil(answer / tau))
    return blocks_of(prompt, size) + blocks_of(steps, setup.counts[pool, BLOCK_STEPS]) + 3


@inner()
def _too_long(setup, prompt, answer):  # type: ignore[no-untyped-def]
    """Whether the caches of a pool cannot hold what it would of a request."""
    if setup.counts[0, READS_ONLY] == 0:
        return _most_blocks(setup, 0, prompt, answer) > setup.counts[0, BLOCKS]
    if blocks_of(prompt, setup.counts[0, BLOCK_TOKENS]) > setup.counts[0, BLOCKS]:
        return True
    # what comes from the other pool holds the place of a token more
    return _most_blocks(setup, 1, prompt, max(answer, 2)) > setup.counts[1, BLOCKS]


@inner()
def _waiting(setup, state, pool, e):  # type: ignore[no-untyped-def]
    """Requests in the queues of an engine."""
    count, g0 = 0, _first_rank(setup, e)
    for g in range(g0, g0 + setup.counts[pool, RANKS]):
        count += state.ranks[g].waiting
    return count


@inner()
def enter(setup, state, pool, slot, now_s):  # type: ignore[no-untyped-def]
    """A request comes to a pool: it is routed and waits; an engine that decodes stops for it where it can."""
    one = state.slots[slot]
    if pool == 0 and _too_long(setup, one.input, one.output):
        record(state, slot, TOO_LONG, np.nan)
        return
    e, g = route(setup, state, pool, slot)
    engine, rank = state.engines[e], state.ranks[g]
    if pool == 0 and _waiting(setup, state, pool, e) >= setup.router[MOST_WAITING]:
        record(state, slot, REJECTED, np.nan)
        return
    if rank.waiting == 0:
        rank.try_in = 1
    push_back(state, g, slot)
    engine.load += 1
    if engine.does == IDLE:
        engine.does = STARTING
        _schedule(state, e, now_s)
    elif engine.does == DECODING and rank.waiting == 1 and rank.running < setup.counts[pool, MOST]:
        ratio = engine.decoding / engine.fullest
        steps, span_s = steps_until(
            setup,
            pool,
            ratio,
            engine.fullest,
            engine.context,
            setup.limits[pool, TAU],
            engine.steps,
            now_s - engine.from_s,
        )
        if steps < engine.steps:
            engine.steps = steps
            _schedule(state, e, engine.from_s + span_s)


@inner()
def begin(setup, state, pool, e, now_s):  # type: ignore[no-untyped-def]
    """Begin an engine's next iteration, or a run of decode steps; it idles where there is nothing to do."""
    engine, totals = state.engines[e], state.totals[0]
    g0, ranks = _first_rank(setup, e), setup.counts[pool, RANKS]
    decoding, fullest, context = 0, 0, 0.0
    chunk, largest, chunk_context, let_in, again = 0, 0, 0.0, 0, False
    for g in range(g0, g0 + ranks):
        rank = state.ranks[g]
        make_way(setup, state, pool, g)
        admit(setup, state, pool, g, now_s)
        decoding += rank.decoding
        fullest = max(fullest, rank.decoding)
        context += rank.context
        chunk += rank.chunk
        largest = max(largest, rank.chunk)
        chunk_context += rank.chunk_context
        let_in = max(let_in, rank.let_in)
        again = again or (rank.try_in == 1 and rank.waiting > 0)
    decodes = decoding > 0 and (chunk == 0 or setup.counts[pool, CHUNKED] == 1)
    if not decodes and chunk == 0:
        _idle(state, e)
        return
    tau = setup.limits[pool, TAU]
    engine.from_s, engine.prefill_s, engine.energy_j, engine.steps = now_s, 0.0, 0.0, 0
    span_s = let_in * setup.limits[pool, ADMISSION_S]
    engine.does = MIXED
    if chunk > 0:
        part = setup.limits[pool, MIXED_FRAC] if decodes else 1.0
        ratio, length = chunk / largest, chunk_context / chunk
        engine.prefill_s = part * pass_at(setup, setup.prefill_s, pool, ratio, largest, length)
        if setup.counts[pool, POWERED] == 1:
            engine.energy_j = part * pass_at(setup, setup.prefill_j, pool, ratio, largest, length)
    if decodes:
        engine.steps, engine.decoding, engine.fullest = 1, decoding, fullest
        engine.context = context / decoding
        if chunk == 0 and let_in == 0 and not again:
            engine.does, engine.steps = DECODING, 2**40
        for g in range(g0, g0 + ranks):
            if state.ranks[g].decoding > 0:
                grow(setup, state, pool, g, growth(setup, state, pool, g))
                engine.steps = most_steps(setup, state, pool, g, engine.steps)
        span_s += run_sum(setup, setup.decode_s, pool, decoding / fullest, fullest, engine.context, tau, engine.steps)
    totals.kv_peak_blocks = max(totals.kv_peak_blocks, totals.kv_blocks)
    _schedule(state, e, now_s + engine.prefill_s + span_s)


@inner()
def end(setup, state, pool, e):  # type: ignore[no-untyped-def]
    """End an engine's iteration, or run of decode steps, and count it."""
    engine, totals = state.engines[e], state.totals[0]
    g0, now_s = _first_rank(setup, e), engine.to_s
    span_s = now_s - engine.from_s
    totals.busy_s += span_s
    totals.prefill_s += engine.prefill_s
    totals.decode_s += span_s - engine.prefill_s
    totals.energy_j += engine.energy_j
    grown = 0
    if engine.steps > 0:
        if setup.counts[pool, POWERED] == 1:
            ratio, tau = engine.decoding / engine.fullest, setup.limits[pool, TAU]
            totals.energy_j += run_sum(
                setup, setup.decode_j, pool, ratio, engine.fullest, engine.context, tau, engine.steps
            )
        gap = np.int64(np.log(span_s / engine.steps / GAP_FROM_S) * GAPS_PER_E)
        state.gaps_count[min(max(gap, 0), len(state.gaps_count) - 1)] += engine.decoding * engine.steps
        for g in range(g0, g0 + setup.counts[pool, RANKS]):
            grown += end_steps(setup, state, pool, e, g, engine.steps, now_s)
        totals.kv_block_s += 0.5 * grown * span_s
    for g in range(g0, g0 + setup.counts[pool, RANKS]):
        if state.ranks[g].whole != NONE:
            emit(setup, state, pool, e, g, now_s)


@inner()
def _arrival(setup, state, lengths, hash_ends, i, now_s):  # type: ignore[no-untyped-def]
    """The i-th request of a chunk comes."""
    totals = state.totals[0]
    slot = totals.free_slot
    if slot == NONE:
        slot = totals.slots_used
        totals.slots_used += 1
    else:
        totals.free_slot = state.slots[slot].next
    one = state.slots[slot]
    one.arrival, one.first, one.index = now_s, np.nan, totals.arrived
    one.input, one.output, one.made = lengths[i, 0], lengths[i, 1], 0
    one.cached, one.preempted, one.sent, one.place, one.shared = 0, 0, 0, NONE, 0
    one.hash0 = totals.hashes_used + (hash_ends[i - 1] if i > 0 else 0) if len(hash_ends) > 0 else 0
    one.hash1 = totals.hashes_used + hash_ends[i] if len(hash_ends) > 0 else 0
    totals.arrived += 1
    totals.tokens_in += one.input
    enter(setup, state, 0, slot, now_s)


@inner()
def _next_arrival_s(totals, arrivals, i, closed):  # type: ignore[no-untyped-def]
    """When the next request comes: at its time, or in a closed loop at once where one is done and else not yet."""
    if not closed:
        return arrivals[i] if i < len(arrivals) else -np.inf
    if totals.credit == 0:
        return np.inf
    return totals.clock_s if i < len(arrivals) else -np.inf


@inner()
def _sent(setup, state, sent_s):  # type: ignore[no-untyped-def]
    """The first of those on their way between pools is there."""
    totals = state.totals[0]
    slot = state.sends[0]
    send_out(state.slots, state.sends, state.sent_s, totals.sending_count)
    totals.sending_count -= 1
    enter(setup, state, 1, slot, sent_s)


@inner()
def _turn(setup, state, closed, event_s):  # type: ignore[no-untyped-def]
    """The engine whose event is the next ends its iteration and begins another.

    In a closed loop all that end at an instant do so, and requests come in place of those that are done, before any
    engine begins.
    """
    e = state.events[0]
    pool = 0 if e < setup.counts[0, ENGINES] else 1
    if state.engines[e].does != STARTING:
        end(setup, state, pool, e)
        if closed:
            state.engines[e].does = STARTING
            _schedule(state, e, event_s)
            return
    begin(setup, state, pool, e, event_s)


def _loop(digest: int):  # type: ignore[no-untyped-def]
    @outer()
    def advance(setup, state, arrivals, lengths, hash_ends, draining, until_s):  # type: ignore[no-untyped-def]
        """Work through a chunk of arrivals, or, draining, through all that happens up to an instant without any more.

        lengths: tokens of prompt and answer; hash_ends: where the hashes of each request end among those of the chunk.
        Returns the digest of the sources that it was compiled from.
        """
        totals = state.totals[0]
        closed = setup.router[CONCURRENCY] > 0 and not draining
        i = 0
        while True:
            event_s = state.engines[state.events[0]].to_s if totals.heap_count > 0 else np.inf
            sent_s = state.sent_s[0] if totals.sending_count > 0 else np.inf
            arrival_s = np.inf if draining else _next_arrival_s(totals, arrivals, i, closed)
            next_s = min(arrival_s, sent_s, event_s)
            if next_s == np.inf or next_s == -np.inf or next_s > until_s:
                return digest
            tick(state, next_s)
            if arrival_s == next_s:
                if closed:
                    totals.credit -= 1
                _arrival(setup, state, lengths, hash_ends, i, next_s)
                i += 1
            elif sent_s == next_s:
                _sent(setup, state, next_s)
            else:
                _turn(setup, state, closed, next_s)

    return advance


advance = _loop(sources_digest())


@plain()
def compact(state):  # type: ignore[no-untyped-def]
    """The hashes of the requests that are in the pod, one after the other; their slots are told where."""
    slots, totals = state.slots, state.totals[0]
    free = np.zeros(totals.slots_used, np.bool_)
    slot = totals.free_slot
    while slot != NONE:
        free[slot] = True
        slot = slots[slot].next
    size = 0
    for slot in range(totals.slots_used):
        if not free[slot]:
            size += slots[slot].hash1 - slots[slot].hash0
    found, used = np.zeros(size, np.int64), 0
    for slot in range(totals.slots_used):
        if not free[slot]:
            one = slots[slot]
            count = one.hash1 - one.hash0
            found[used : used + count] = state.hashes[one.hash0 : one.hash1]
            one.hash0, one.hash1 = used, used + count
            used += count
    return found
