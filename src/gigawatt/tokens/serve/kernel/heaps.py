"""Binary heaps in arrays, each element of which knows its place: engines by their next event, slots by their end."""

from __future__ import annotations

from gigawatt.tokens.serve.kernel.compiled import inner
from gigawatt.tokens.serve.kernel.state import STARTING


@inner()
def before(engines, e, other):  # type: ignore[no-untyped-def]
    """Whether the event of one engine is before another's: at an instant ends before starts, then by number."""
    if engines[e].to_s != engines[other].to_s:
        return engines[e].to_s < engines[other].to_s
    if (engines[e].does == STARTING) != (engines[other].does == STARTING):
        return engines[other].does == STARTING
    return e < other


@inner()
def engine_up(engines, events, i):  # type: ignore[no-untyped-def]
    """Move an engine towards the root while its event is before its parent's."""
    e = events[i]
    while i > 0:
        parent = (i - 1) >> 1
        p = events[parent]
        if before(engines, p, e):
            break
        events[i] = p
        engines[p].place = i
        i = parent
    events[i] = e
    engines[e].place = i


@inner()
def engine_down(engines, events, count, i):  # type: ignore[no-untyped-def]
    """Move an engine away from the root while a child's event is before its own."""
    e = events[i]
    while True:
        child = 2 * i + 1
        if child >= count:
            break
        c = events[child]
        if child + 1 < count and before(engines, events[child + 1], c):
            child, c = child + 1, events[child + 1]
        if before(engines, e, c):
            break
        events[i] = c
        engines[c].place = i
        i = child
    events[i] = e
    engines[e].place = i


@inner()
def slot_up(slots, heap, i):  # type: ignore[no-untyped-def]
    """Move a slot towards the root while it is done before its parent; the earlier request first on ties."""
    s = heap[i]
    done, index = slots[s].done, slots[s].index
    while i > 0:
        parent = (i - 1) >> 1
        p = heap[parent]
        if slots[p].done < done or (slots[p].done == done and slots[p].index < index):
            break
        heap[i] = p
        slots[p].place = i
        i = parent
    heap[i] = s
    slots[s].place = i


@inner()
def slot_down(slots, heap, count, i):  # type: ignore[no-untyped-def]
    """Move a slot away from the root while a child is done before it."""
    s = heap[i]
    done, index = slots[s].done, slots[s].index
    while True:
        child = 2 * i + 1
        if child >= count:
            break
        c = heap[child]
        if child + 1 < count:
            d = heap[child + 1]
            if slots[d].done < slots[c].done or (slots[d].done == slots[c].done and slots[d].index < slots[c].index):
                child, c = child + 1, d
        if done < slots[c].done or (done == slots[c].done and index < slots[c].index):
            break
        heap[i] = c
        slots[c].place = i
        i = child
    heap[i] = s
    slots[s].place = i


@inner()
def slot_out(slots, heap, count, i):  # type: ignore[no-untyped-def]
    """Take the element at a place out of a heap of `count`."""
    last = heap[count - 1]
    if i < count - 1:
        heap[i] = last
        slots[last].place = i
        slot_up(slots, heap, i)
        slot_down(slots, heap, count - 1, slots[last].place)


@inner()
def _sooner(slots, sends, sent_s, a, b):  # type: ignore[no-untyped-def]
    """Whether the a-th of those on their way is there before the b-th; the earlier request first on ties."""
    if sent_s[a] != sent_s[b]:
        return sent_s[a] < sent_s[b]
    return slots[sends[a]].index < slots[sends[b]].index


@inner()
def send_in(slots, sends, sent_s, count, slot, at_s):  # type: ignore[no-untyped-def]
    """Put a slot that is on its way between pools into the heap of those, `count` so far."""
    i = count
    sends[i], sent_s[i] = slot, at_s
    while i > 0 and _sooner(slots, sends, sent_s, i, (i - 1) >> 1):
        parent = (i - 1) >> 1
        sends[i], sends[parent] = sends[parent], sends[i]
        sent_s[i], sent_s[parent] = sent_s[parent], sent_s[i]
        i = parent


@inner()
def send_out(slots, sends, sent_s, count):  # type: ignore[no-untyped-def]
    """Take the first of those on their way; `count` includes it."""
    sends[0], sent_s[0] = sends[count - 1], sent_s[count - 1]
    i, child = 0, 1
    while child < count - 1:
        if child + 1 < count - 1 and _sooner(slots, sends, sent_s, child + 1, child):
            child += 1
        if not _sooner(slots, sends, sent_s, child, i):
            break
        sends[i], sends[child] = sends[child], sends[i]
        sent_s[i], sent_s[child] = sent_s[child], sent_s[i]
        i, child = child, 2 * child + 1
