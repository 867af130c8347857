"""One training gang through consecutive hours: what failures, checkpoints and restarts leave of its time.

The gang works for an interval τ, stalls for a checkpoint C, and so on. A failure that hits it loses the work since the
last checkpoint, then costs a restart R; one that hits within a restart begins it anew, one within a checkpoint loses
the interval that it was to keep. Under a Poisson process this is the renewal of `tokens.goodput_frac` [1]. Of the
failures of U racks up, of which the gang works on n, each hits it with probability n/U.

What is not chance:
- A gang waits in an hour without working racks, and a wait ends in a restart. An hour's racks are those of its
  beginning, so a wait begins at the end of an hour and is planned: the work so far is kept, at no extra stall.
- A number of working racks that changes but is not 0 costs nothing, and no failure hits a waiting gang.
- The work since the last checkpoint is kept when the window ends.

Between two hits within an hour all is determined: a position x in the cycle of τ + C moves on by the time that
passes, and the work done up to it is ⌊x / (τ + C)⌋·τ + min(x mod (τ + C), τ). So the cost is that of hours, failures
and hours undone, however short the interval.

References
----------
[1] J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", FGCS 22(3), 2006,
    doi:10.1016/j.future.2004.11.016.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gigawatt.ndarrays import Floats

# restart still to go [h], time since the last checkpoint ended [h], hour in which that was, work kept in that hour [h]
_State = tuple[float, float, int, float]

_KEPT, _LOST, _CHECKPOINT, _RESTART, _WAITING = range(5)
# Below it an interval is lost in the rounding of an hour; checkpoints that cost nothing may come as close as this.
_SHORTEST_H = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class GangHours:
    """What became of each hour of a gang; shape (hours,), and kept, lost, checkpoint, restart and waiting sum to 1.

    kept_h: work that no failure destroyed, in the hour in which it was done; lost_h: work that one did; checkpoint_h:
    stalls, those of checkpoints that a failure cut off among them; waiting_h: 0 or 1. progress_h: kept work in hours
    at full speed, kept_h × speed_ratio. hits_count: failures that hit the gang.
    """

    progress_h: Floats
    kept_h: Floats
    lost_h: Floats
    checkpoint_h: Floats
    restart_h: Floats
    waiting_h: Floats
    hits_count: NDArray[np.int64]


def walk(
    *,
    event_h: Floats,
    draw_frac: Floats,
    working_count: Floats,
    up_count: Floats,
    speed_ratio: Floats,
    interval_h: float,
    checkpoint_h: float,
    restart_h: float,
    starts_cold: bool,
) -> GangHours:
    """The hours of a gang.

    event_h: sorted times of the failures of all racks of its kind and site, in hours since the window began, in
    [0, hours); draw_frac: a uniform number in [0, 1) for each, which hits where it is below working / up. Of each hour:
    working_count, racks that the gang works on, 0 where it waits; up_count, racks up, at least as many; speed_ratio,
    its speed over that without a cap, in [0, 1]. interval_h: time at work between two checkpoints, may be infinite;
    checkpoint_h: stall per checkpoint; restart_h: from failure to the first repeated step. starts_cold: the first
    hour at work begins with a restart. Raises ValueError where an argument is out of range.
    """
    events, draws = np.asarray(event_h, dtype=float), np.asarray(draw_frac, dtype=float)
    working, up = np.asarray(working_count, dtype=float), np.asarray(up_count, dtype=float)
    speed = np.asarray(speed_ratio, dtype=float)
    _check_events(events, draws, len(working))
    _check_hours(working, up, speed)
    _check_durations(interval_h, checkpoint_h, restart_h)
    interval = max(float(interval_h), _SHORTEST_H)
    first_restart = float(restart_h) if starts_cold else 0.0
    parts, hits = _walk(events, draws, working, up, interval, float(checkpoint_h), float(restart_h), first_restart)
    return GangHours(
        progress_h=parts[_KEPT] * speed,
        kept_h=parts[_KEPT],
        lost_h=parts[_LOST],
        checkpoint_h=parts[_CHECKPOINT],
        restart_h=parts[_RESTART],
        waiting_h=parts[_WAITING],
        hits_count=hits,
    )


def _check_events(events: Floats, draws: Floats, hours_count: int) -> None:
    if events.shape != draws.shape or events.ndim != 1:
        raise ValueError(f"event_h, draw_frac of shapes {events.shape}, {draws.shape}: expected one draw an event")
    # Comparisons that a NaN fails, so that it is refused too.
    if not (np.all(events[:1] >= 0) and np.all(events[1:] >= events[:-1]) and np.all(events[-1:] < hours_count)):
        raise ValueError(f"event_h: expected times in order, from 0 to below {hours_count} h")
    if not np.all((draws >= 0) & (draws < 1)):
        raise ValueError("draw_frac: expected numbers from 0 to below 1")


def _check_hours(working: Floats, up: Floats, speed: Floats) -> None:
    if not working.shape == up.shape == speed.shape or working.ndim != 1:
        shapes = f"{working.shape}, {up.shape}, {speed.shape}"
        raise ValueError(f"working_count, up_count, speed_ratio of shapes {shapes}: expected one value for each hour")
    if not np.all((working >= 0) & (working <= up) & np.isfinite(up)):
        raise ValueError("working_count: expected numbers from 0 to up_count, which is finite")
    if not np.all((speed >= 0) & (speed <= 1)):
        raise ValueError("speed_ratio: expected numbers from 0 to 1")


def _check_durations(interval_h: float, checkpoint_h: float, restart_h: float) -> None:
    if not interval_h >= 0:
        raise ValueError(f"interval_h = {interval_h:g}: expected at least 0")
    for name, value in (("checkpoint_h", checkpoint_h), ("restart_h", restart_h)):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} = {value:g}: expected a finite number of at least 0")


@njit(cache=True)
def _walk(
    events: Floats,
    draws: Floats,
    working: Floats,
    up: Floats,
    interval: float,
    checkpoint: float,
    restart: float,
    first_restart: float,
) -> tuple[Floats, NDArray[np.int64]]:
    """Time by part and hour, (5, hours) in hours, and hits by hour."""
    hours_count, events_count = len(working), len(events)
    parts, hits = np.zeros((5, hours_count)), np.zeros(hours_count, dtype=np.int64)
    state: _State = (first_restart, 0.0, 0, 0.0)
    event = 0
    for hour in range(hours_count):
        now, end = float(hour), float(hour + 1)
        if working[hour] == 0:
            parts[_WAITING, hour] = 1.0
            state = (restart, 0.0, hour + 1, 0.0)
            now = end
        while event < events_count and events[event] < end:
            if now < end and draws[event] * up[hour] < working[hour]:
                state = _work(parts, hour, events[event] - now, state, interval, checkpoint)
                _lose(parts, hour, state)
                now, hits[hour] = events[event], hits[hour] + 1
                state = (restart, 0.0, hour, parts[_KEPT, hour])
            event += 1
        state = _work(parts, hour, end - now, state, interval, checkpoint)
    return parts, hits


@njit(cache=True)
def _work(parts: Floats, hour: int, duration: float, state: _State, interval: float, checkpoint: float) -> _State:
    """Let time pass without a hit, within one hour: restart what is to be restarted, then go round the cycle.

    Work is booked as kept at once; `_lose` takes back what a hit destroys.
    """
    restart, before, since_hour, safe = state
    restarting = min(restart, duration)
    left = duration - restarting
    after, kept_before = before + left, parts[_KEPT, hour]
    whole = math.floor(after / (interval + checkpoint))
    if whole > 0:
        after = max(after - whole * (interval + checkpoint), 0.0)
        since_hour, safe = hour, kept_before + (whole * interval - min(before, interval))
        parts[_KEPT, hour] = safe
        before = 0.0
    parts[_KEPT, hour] += min(after, interval) - min(before, interval)
    parts[_RESTART, hour] += restarting
    parts[_CHECKPOINT, hour] += max(left - (parts[_KEPT, hour] - kept_before), 0.0)
    return restart - restarting, after, since_hour, safe


@njit(cache=True)
def _lose(parts: Floats, hour: int, state: _State) -> None:
    """Take back the work since the last checkpoint, hour by hour."""
    _, _, since_hour, safe = state
    for undone in range(since_hour, hour + 1):
        parts[_LOST, undone] += parts[_KEPT, undone] - safe
        parts[_KEPT, undone], safe = safe, 0.0
