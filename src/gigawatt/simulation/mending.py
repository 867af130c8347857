"""The event kernel: which faults take racks out, who mends them, and when they are back. Compiled once, then cached.

One site at a time, in continuous time: faults in their order, each on a rack that works. A fault is found, gets a part
of a limited stock, and then a crew of a limited number; who is ready first is mended first. A part is ordered when the
fault that needs it is found, so that stock and orders together are always the same number. There is no step of time,
so an outage lasts as long as it lasts and a fault counts when it happens.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def mend(
    time_h: Any,
    rack: Any,
    kind: Any,
    repair_h: Any,
    whole: Any,
    detect_h: Any,
    crew_h: Any,
    takes_part: Any,
    crews_h: Any,
    parts_h: Any,
    part_lead_h: Any,
    racks_count: Any,
) -> Any:
    """When mending of each fault begins and ends [h], two arrays; NaN for a fault on a rack that is out anyway.

    time_h (rising), rack, kind, repair_h: of each fault, shape (faults,); whole, detect_h, crew_h, takes_part: of each
    kind. crews_h: when each crew is first at work, rising, changed on the way; parts_h: the same for each part in
    stock, of which one that is asked for is replaced after part_lead_h. Nothing is limited by an array without entries.
    """
    begins, ends = np.full(time_h.size, np.nan), np.full(time_h.size, np.nan)
    back_h = np.full(racks_count, -np.inf)
    ready = [(np.inf, -1)]  # faults that wait, by the time from which a crew may mend them; the last one waits for ever
    for n in range(time_h.size + 1):
        now = time_h[n] if n < time_h.size else np.inf
        while ready[0][0] <= now and ready[0][1] >= 0:
            begin, fault = heappop(ready)
            sort = kind[fault]
            if crew_h[sort] > 0 and crews_h.size:
                begin = max(begin, crews_h[0])
                _busy_until(crews_h, begin + min(crew_h[sort], repair_h[fault]))
            begins[fault], ends[fault] = begin, begin + repair_h[fault]
            if whole[sort]:
                back_h[rack[fault]] = ends[fault]
        if n == time_h.size or now < back_h[rack[n]]:
            continue
        sort = kind[n]
        begin = time_h[n] + detect_h[sort]
        if takes_part[sort] and parts_h.size:
            there = parts_h[0]
            _busy_until(parts_h, begin + part_lead_h)
            begin = max(begin, there)
        heappush(ready, (begin, n))
        if whole[sort]:
            back_h[rack[n]] = np.inf
    return begins, ends


@njit(cache=True)
def _busy_until(heap: Any, time_h: Any) -> None:
    """Replace the smallest entry of a binary heap, its first, by a time that is no smaller."""
    at, size = 0, heap.size
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= time_h:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = time_h
