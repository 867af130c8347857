"""Looking step times up: linear between the knots of a table, and sums over runs of steps in closed form."""

from __future__ import annotations

import numpy as np

from gigawatt.tokens.serve.kernel.compiled import inner
from gigawatt.tokens.serve.kernel.state import Array


@inner()
def segment(knots: Array, count: int, value: float) -> int:
    """The segment that a value is looked up in: the last one that begins at or below it, the first for less."""
    low, size = 0, count - 1
    while size > 1:
        half = size >> 1
        low += half * (knots[low + half] <= value)  # without a branch, for which way it goes cannot be foretold
        size -= half
    return low


@inner()
def corners(shape, ratios, batches, batch_at, pool, ratio, batch):  # type: ignore[no-untyped-def]
    """Rows of a decode table that a batch lies between, and the part of the second of each."""
    b0 = batch_at[pool, min(batch, batch_at.shape[1] - 1)]
    b1 = min(b0 + 1, shape[pool, 1] - 1)
    wide = batches[pool, b1] - batches[pool, b0]
    of_batch = (batch - batches[pool, b0]) / wide if wide > 0 else 0.0
    r0, of_ratio = 0, 0.0
    if shape[pool, 0] > 1:
        r0 = segment(ratios[pool], shape[pool, 0], ratio)
        of_ratio = (ratio - ratios[pool, r0]) / (ratios[pool, r0 + 1] - ratios[pool, r0])
    return r0, of_ratio, b0, b1, of_batch


@inner()
def at_knot(table, pool, r0, of_ratio, b0, b1, of_batch, knot):  # type: ignore[no-untyped-def]
    """A decode table at a knot of context."""
    value = table[pool, r0, b0, knot] * (1 - of_batch) + table[pool, r0, b1, knot] * of_batch
    if of_ratio == 0.0:
        return value
    other = table[pool, r0 + 1, b0, knot] * (1 - of_batch) + table[pool, r0 + 1, b1, knot] * of_batch
    return value * (1 - of_ratio) + other * of_ratio


@inner()
def run_sum(setup, table, pool, ratio, batch, context, tau, steps):  # type: ignore[no-untyped-def]
    """Sum over so many decode steps, each of which makes the mean context longer by tau."""
    c = corners(setup.shape, setup.ratio, setup.batch, setup.batch_at, pool, ratio, batch)
    knots, count = setup.context[pool], setup.shape[pool, 2]
    if count == 1:
        return steps * at_knot(table, pool, c[0], c[1], c[2], c[3], c[4], 0)
    k = segment(knots, count, context)
    low = at_knot(table, pool, c[0], c[1], c[2], c[3], c[4], k)
    total, x = 0.0, context
    while True:
        high = at_knot(table, pool, c[0], c[1], c[2], c[3], c[4], k + 1)
        slope = (high - low) / (knots[k + 1] - knots[k])
        some = steps
        if k + 2 < count and x + tau * (steps - 1) >= knots[k + 1]:
            some = int(np.ceil((knots[k + 1] - x) / tau))
        total += some * (low + slope * (x - knots[k])) + slope * tau * 0.5 * some * (some - 1)
        steps -= some
        if steps <= 0:
            return total
        x += tau * some
        low = high
        k += 1
        while k + 2 < count and knots[k + 1] <= x:
            k += 1
            low = at_knot(table, pool, c[0], c[1], c[2], c[3], c[4], k)


@inner()
def steps_until(setup, pool, ratio, batch, context, tau, steps, span_s):  # type: ignore[no-untyped-def]
    """Fewest of so many decode steps that take at least `span_s`, and what they take; all where none does."""
    c = corners(setup.shape, setup.ratio, setup.batch, setup.batch_at, pool, ratio, batch)
    table, knots, count = setup.decode_s, setup.context[pool], setup.shape[pool, 2]
    if count == 1:
        each = at_knot(table, pool, c[0], c[1], c[2], c[3], c[4], 0)
        some = min(max(int(np.ceil(span_s / each)), 1), steps)
        return some, some * each
    k = segment(knots, count, context)
    low = at_knot(table, pool, c[0], c[1], c[2], c[3], c[4], k)
    total, x, made = 0.0, context, 0
    while True:
        high = at_knot(table, pool, c[0], c[1], c[2], c[3], c[4], k + 1)
        slope = (high - low) / (knots[k + 1] - knots[k])
        some = steps - made
        if k + 2 < count and x + tau * (some - 1) >= knots[k + 1]:
            some = int(np.ceil((knots[k + 1] - x) / tau))
        first, grows = low + slope * (x - knots[k]), slope * tau * 0.5
        whole = some * first + grows * some * (some - 1)
        if total + whole >= span_s or made + some >= steps:
            few, most = 1, some
            while few < most:
                middle = (few + most) // 2
                if total + middle * first + grows * middle * (middle - 1) >= span_s:
                    most = middle
                else:
                    few = middle + 1
            return made + few, total + few * first + grows * few * (few - 1)
        total += whole
        made += some
        x += tau * some
        low = high
        k += 1
        while k + 2 < count and knots[k + 1] <= x:
            k += 1
            low = at_knot(table, pool, c[0], c[1], c[2], c[3], c[4], k)


@inner()
def pass_at(setup, table, pool, ratio, chunk, context):  # type: ignore[no-untyped-def]
    """A prefill table at a chunk of the fullest rank and the context that its tokens attend to."""
    n, m = setup.shape[pool, 3], setup.shape[pool, 2]
    i, j = segment(setup.chunk[pool], n, chunk), segment(setup.context[pool], m, context)
    i1, j1 = min(i + 1, n - 1), min(j + 1, m - 1)
    wide, long = setup.chunk[pool, i1] - setup.chunk[pool, i], setup.context[pool, j1] - setup.context[pool, j]
    a = (chunk - setup.chunk[pool, i]) / wide if wide > 0 else 0.0
    b = (context - setup.context[pool, j]) / long if long > 0 else 0.0
    r, of_ratio = 0, 0.0
    if setup.shape[pool, 0] > 1:
        r = segment(setup.ratio[pool], setup.shape[pool, 0], ratio)
        of_ratio = (ratio - setup.ratio[pool, r]) / (setup.ratio[pool, r + 1] - setup.ratio[pool, r])
    value = (table[pool, r, i, j] * (1 - a) + table[pool, r, i1, j] * a) * (1 - b)
    value += (table[pool, r, i, j1] * (1 - a) + table[pool, r, i1, j1] * a) * b
    if of_ratio == 0.0:
        return value
    other = (table[pool, r + 1, i, j] * (1 - a) + table[pool, r + 1, i1, j] * a) * (1 - b)
    other += (table[pool, r + 1, i, j1] * (1 - a) + table[pool, r + 1, i1, j1] * a) * b
    return value * (1 - of_ratio) + other * of_ratio
