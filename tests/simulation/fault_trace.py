"""Faults of the nodes of a cluster from a JSON trace: starts and ends to outages, mistakes named by file and entry.

The format is that of the InfiniteHBD trace [1]: a list of events in order of time, each with `node_id`, `event_time`
(days), `event_type` (fault_start or fault_end) and `fault_type` (Level, Class, Desc). An end belongs to the earliest
open fault of the same node and type. A node may have several faults at once, and nodes without faults do not appear.

References
----------
[1] StepFun, InfiniteHBD fault trace, github.com/stepfun-ai/InfiniteHBD-Trace.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import read_json

Floats = NDArray[np.float64]

HOURS_PER_DAY = 24.0
# Later times have no hour in floating point.
MOST_DAYS = sys.float_info.max / HOURS_PER_DAY
START, END = "fault_start", "fault_end"
TYPE_KEYS = ("Level", "Class", "Desc")
MOST_FAULTS_COUNT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultTrace:
    """Faults in order of their start, each with one entry in every field but nodes.

    nodes: ids of the nodes with faults; node: index into them. start_h, end_h: hours on the clock of the trace, end_h
    infinite where the fault outlasts it. level, category, description: what the trace calls Level, Class and Desc.
    """

    nodes: tuple[str, ...]
    node: NDArray[np.intp]
    start_h: Floats
    end_h: Floats
    level: tuple[str, ...]
    category: tuple[str, ...]
    description: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    place: str
    node: str
    time_h: float
    starts: bool
    kind: tuple[str, ...]


def read_fault_trace(path: Path) -> FaultTrace:
    """The faults of a trace.

    Raises CatalogError where the file cannot be read, an event is incomplete, its time is no number of at least 0 or
    is before that of the event above it, or a fault ends that has not begun.
    """
    faults: list[Fault] = []
    events = [_event(entry, f"{path.name} event {n}", faults) for n, entry in enumerate(_entries(path), start=1)]
    kept = [event for event in events if event is not None]
    outages = [] if faults else _outages(kept, faults)
    if faults:
        raise CatalogError(faults[:MOST_FAULTS_COUNT])
    nodes = {name: n for n, name in enumerate(dict.fromkeys(start.node for start, _ in outages))}
    level, category, description = zip(*(start.kind for start, _ in outages), strict=True) if outages else ((), (), ())
    return FaultTrace(
        nodes=tuple(nodes),
        node=np.array([nodes[start.node] for start, _ in outages], dtype=np.intp),
        start_h=np.array([start.time_h for start, _ in outages], dtype=float),
        end_h=np.array([end_h for _, end_h in outages], dtype=float),
        level=level,
        category=category,
        description=description,
    )


def merged(trace: FaultTrace) -> tuple[NDArray[np.intp], Floats, Floats]:
    """The times in which a node had at least one fault: index of the node, start [h] and end [h] of each time."""
    firsts: list[int] = []
    ends_h: list[float] = []
    for n in np.lexsort((trace.start_h, trace.node)):
        if firsts and trace.node[n] == trace.node[firsts[-1]] and trace.start_h[n] <= ends_h[-1]:
            ends_h[-1] = max(ends_h[-1], trace.end_h[n])
        else:
            firsts.append(n)
            ends_h.append(trace.end_h[n])
    first = np.array(firsts, dtype=np.intp)
    return trace.node[first], trace.start_h[first], np.array(ends_h, dtype=float)


def _entries(path: Path) -> list[Any]:
    found = read_json(path)
    if not isinstance(found, list):
        raise CatalogError([Fault(path=path.name, given=_brief(found), expected="a list of events")])
    return found


def _event(entry: Any, place: str, faults: list[Fault]) -> _Event | None:
    """One event, or None and what is wrong with it."""
    before = len(faults)
    if not isinstance(entry, dict):
        faults.append(Fault(path=place, given=_brief(entry), expected="an object with node_id and event_time"))
        return None
    values: list[Any] = [entry.get(key) for key in ("node_id", "event_time", "event_type", "fault_type")]
    node, time, sort, kind = values
    if not isinstance(node, str) or not node:
        faults.append(Fault(path=f"{place} node_id", given=_brief(node), expected="the name of a node"))
    if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time <= MOST_DAYS:
        faults.append(Fault(path=f"{place} event_time", given=_brief(time), expected="days, a number of at least 0"))
    if sort not in (START, END):
        faults.append(Fault(path=f"{place} event_type", given=_brief(sort), expected=f"{START} or {END}"))
    if not isinstance(kind, dict) or not all(isinstance(kind.get(key), str) for key in TYPE_KEYS):
        faults.append(Fault(path=f"{place} fault_type", given=_brief(kind), expected=f"texts {', '.join(TYPE_KEYS)}"))
    if len(faults) > before:
        return None
    type_of = tuple(kind[key] for key in TYPE_KEYS)
    return _Event(place=place, node=node, time_h=time * HOURS_PER_DAY, starts=sort == START, kind=type_of)


def _outages(events: list[_Event], faults: list[Fault]) -> list[tuple[_Event, float]]:
    """The start of each fault, with the hour of its end."""
    starts: list[_Event] = []
    ends_h: list[float] = []
    open_faults: dict[tuple[str, tuple[str, ...]], deque[int]] = defaultdict(deque)
    latest_h = 0.0
    for event in events:
        if event.time_h < latest_h:
            given = f"day {event.time_h / HOURS_PER_DAY:g}"
            expected = f"at least day {latest_h / HOURS_PER_DAY:g} of the events above"
            faults.append(Fault(path=f"{event.place} event_time", given=given, expected=expected))
        latest_h = max(latest_h, event.time_h)
        waiting = open_faults[event.node, event.kind]
        if event.starts:
            waiting.append(len(starts))
            starts.append(event)
            ends_h.append(math.inf)
        elif waiting:
            ends_h[waiting.popleft()] = event.time_h
        else:
            given = f"the end of {event.kind[1]} on {event.node}"
            faults.append(Fault(path=event.place, given=given, expected="a start of this fault before its end"))
    return list(zip(starts, ends_h, strict=True))


def _brief(value: Any) -> str:
    """What was seen, short enough for a line."""
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
