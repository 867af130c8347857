"""Binary heaps in arrays, each element of which knows its place: engines by their next event, slots by their end."""

from __future__ import annotations

from gigawatt.tokens.serve.kernel.compiled import inner


@inner()
def engine_up(engines, events, i):  # type: ignore[no-untyped-def]
    """Move an engine towards the root while its event is before its parent's; the lower number first on ties."""
    e = events[i]
    at = engines[e].to_s
    while i > 0:
        parent = (i - 1) >> 1
        p = events[parent]
        if engines[p].to_s < at or (engines[p].to_s == at and p < e):
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
    at = engines[e].to_s
    while True:
        child = 2 * i + 1
        if child >= count:
            break
        c = events[child]
        if child + 1 < count:
            d = events[child + 1]
            if engines[d].to_s < engines[c].to_s or (engines[d].to_s == engines[c].to_s and d < c):
                child, c = child + 1, d
        if at < engines[c].to_s or (at == engines[c].to_s and e < c):
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
def send_in(sends, sent_s, count, slot, at_s):  # type: ignore[no-untyped-def]
    """Put a slot that is on its way between pools into the heap of those."""
    i = count
    while i > 0:
        parent = (i - 1) >> 1
        if sent_s[parent] < at_s or (sent_s[parent] == at_s and sends[parent] < slot):
            break
        sends[i], sent_s[i] = sends[parent], sent_s[parent]
        i = parent
    sends[i], sent_s[i] = slot, at_s


@inner()
def send_out(sends, sent_s, count):  # type: ignore[no-untyped-def]
    """Take the first of those on their way; `count` includes it."""
    slot, at_s = sends[count - 1], sent_s[count - 1]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= count - 1:
            break
        if child + 1 < count - 1 and sent_s[child + 1] < sent_s[child]:
            child += 1
        if at_s <= sent_s[child]:
            break
        sends[i], sent_s[i] = sends[child], sent_s[child]
        i = child
    sends[i], sent_s[i] = slot, at_s
