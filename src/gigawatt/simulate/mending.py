"""The event kernel: which faults take racks out, who mends them, and when they are back. Compiled once, then cached.

One site at a time, in continuous time: faults in their order, each on a rack that works, mended first come, first
served by a limited number of crews and with a limited stock of parts. There is no step of time, so an outage lasts as
long as it lasts and a fault counts when it happens.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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
    stock, and a part that is used comes back after part_lead_h. An array without entries limits nothing. A crew waits
    with its fault for the part.
    """
    begins, ends = np.full(time_h.size, np.nan), np.full(time_h.size, np.nan)
    back_h = np.zeros(racks_count)
    for n in range(time_h.size):
        if time_h[n] < back_h[rack[n]]:
            continue
        sort = kind[n]
        begin = time_h[n] + detect_h[sort]
        if takes_part[sort] and parts_h.size:
            begin = max(begin, parts_h[0])
        if crew_h[sort] > 0 and crews_h.size:
            begin = max(begin, crews_h[0])
            _busy_until(crews_h, begin + min(crew_h[sort], repair_h[n]))
        if takes_part[sort] and parts_h.size:
            _busy_until(parts_h, begin + part_lead_h)
        begins[n], ends[n] = begin, begin + repair_h[n]
        if whole[sort]:
            back_h[rack[n]] = ends[n]
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
