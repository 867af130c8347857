"""Hours of a result over a window: what its timeline says of every step, of all or of one, told apart or summed.

A file takes longer to open than a window of it to draw, so what was read last is kept in memory, up to a bound.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gigawatt.interfaces.server import names, results, thinning
from gigawatt.interfaces.server.asked import Refused
from gigawatt.interfaces.server.settings import Settings
from gigawatt.interfaces.server.store import ServerStore
from gigawatt.quarters import QUARTER, first_day, last_day
from gigawatt.report.charts.marks import COLOURS
from gigawatt.report.hourly import EACH, GREY, HOURLY, MOST_LINES, OTHERS, Hourly, HourlyLines

Floats: TypeAlias = NDArray[np.float64]

STAGE, TIME, WEIGHT = "timeline", "time", "weight_h"
# What lines of a dimension are told apart by: the way, and the labels that say so.
WAYS: Mapping[str, Mapping[str, str]] = {
    "site": {"site": "site"},
    "pair": {"site": "pair_site", "platform": "pair_platform"},
    "use_case": {"use_case": "use_case"},
    "kind": {"kind": "kind"},
    "run": {"run": "run"},
    "experiment": {"experiment": "experiment"},
}
# Below such a share of the most that a line has, next to nothing runs, and a ratio to it says nothing.
SLIGHT_FRAC = 0.01
MOST_MEMORY_BYTES = 128_000_000
# Steps of a window at least, and numbers of a table at most.
LEAST_STEPS = 6
MOST_FIGURES = 2_000_000
# A moment of a timeline with dates, or its beginning; of representative weeks; a step by its number.
_DATED = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d)?)?)?)?")
_WEEKS = re.compile(r"\d{4}(Q[1-4]( \d{1,3})?)?")
_STEP = re.compile(r"step:(\d{1,9})")
_AFTER = "~"  # behind whatever a moment goes on with


@dataclass(frozen=True, slots=True, kw_only=True)
class HourQuestion:
    """Which hours are asked for."""

    variable: str = "facility_w"
    """One of report.hourly.HOURLY."""
    by: str | None = None
    """What lines are told apart by; "" for one line of all; None for what is usual."""
    only: Mapping[str, str] = field(default_factory=dict)
    """Of this site, platform, class … alone: a way of telling apart, and a label."""
    from_: str = ""
    """First moment, or the beginning of one, or "step:N"; "" for the first of all."""
    to: str = ""
    """Last moment, or the beginning of one, included; "step:N" is not included; "" for the last of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that can be drawn of a result."""

    variable: str
    """By which it is asked for."""
    what: Hourly
    """What it is."""
    ways: tuple[str, ...]
    """What its lines can be told apart by; "" for one line of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What can be drawn of a result."""

    variables: tuple[Offer, ...]
    """Each of them."""
    labels: Mapping[str, Mapping[str, str]]
    """Of each way of telling lines apart, what there is by key, and what that is called."""
    moments: tuple[str, str]
    """The first moment of its timeline, and the last."""


class Memory:
    """What was read last, up to so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        """Nothing yet."""
        self._most, self._size = most_bytes, 0
        self._kept = OrderedDict[Any, NDArray[Any]]()
        self._lock = threading.Lock()

    def get(self, key: Any, read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """What is kept under a key, or is read now."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = read()
        found.flags.writeable = False
        with self._lock:
            if key not in self._kept and found.nbytes <= self._most:
                self._kept[key] = found
                self._size += found.nbytes
            while self._size > self._most:
                self._size -= self._kept.popitem(last=False)[1].nbytes
        return found


_MEMORY = Memory(MOST_MEMORY_BYTES)


@dataclass(frozen=True, slots=True)
class _Source:
    """The timeline of a result: its file and what tells it from a later one, and its arrays."""

    state: tuple[Path, int, int]
    dims: Mapping[str, tuple[str, ...]]

    def array(self, name: str) -> NDArray[Any]:
        """One of its arrays, as it was written; texts as texts."""
        return _MEMORY.get((self.state, name), lambda: self._read(name))

    def _read(self, name: str) -> NDArray[Any]:
        from gigawatt.study import netcdf

        with netcdf.opened(self.state[0]) as data:
            found = np.asarray(data.variables[name][...])
        return found.astype(str) if found.dtype == object else found


def _source(settings: Settings, store: ServerStore, id_: str) -> _Source:
    place = results.folder(settings, store, id_)
    dims = {view.variable: tuple(view.dims) for view in thinning.views(place, STAGE)}
    dims = {name: known for name, known in dims.items() if TIME in known}
    if not dims:
        raise names.refused("wrong", "result", id_, "a result whose plan was lived through, of run or simulate")
    return _Source(results.state(place / f"{STAGE}.nc"), dims)


def offers(settings: Settings, store: ServerStore, id_: str) -> Offers:
    """What can be drawn of a result. Raises Refused."""
    source = _source(settings, store, id_)
    called = _called(settings, store, id_)
    variables = tuple(
        Offer(variable=name, what=what, ways=_ways(source, what))
        for name, what in HOURLY.items()
        if what.reads in source.dims and (what.over or what.reads) in source.dims
    )
    labels: dict[str, dict[str, str]] = {}
    for dim in {dim for dims in source.dims.values() for dim in dims if dim in WAYS}:
        for way, holder in WAYS[dim].items():
            labels[way] = {key: called.get((way, key), key) for key in _keys(source, holder)}
    moments = source.array(TIME)
    order = {way: n for n, way in enumerate(("site", "platform", "use_case", "kind", "run", "experiment"))}
    ordered = dict(sorted(labels.items(), key=lambda pair: order[pair[0]]))
    return Offers(variables=variables, labels=ordered, moments=(str(moments[0]), str(moments[-1])))


def hours(settings: Settings, store: ServerStore, id_: str, asked: HourQuestion) -> HourlyLines:
    """The hours that are asked for. Raises Refused."""
    source = _source(settings, store, id_)
    what = HOURLY.get(asked.variable)
    if what is None or what.reads not in source.dims or (what.over or what.reads) not in source.dims:
        known = [name for name, one in HOURLY.items() if one.reads in source.dims]
        raise names.refused("absent", "variable", asked.variable, f"one of {names.listed(known, asked.variable)}")
    by = _way(source, what, asked)
    _check_only(source, what, asked)
    called = _called(settings, store, id_)
    moments = source.array(TIME)
    first, last = window(moments, asked.from_, asked.to)
    of = tuple(called.get((way, key), key) for way, key in asked.only.items())
    return _hours(source, what, asked, by, slice(first, last), of, called)


def _hours(
    source: _Source,
    what: Hourly,
    asked: HourQuestion,
    by: str,
    steps: slice,
    of: tuple[str, ...],
    called: Mapping[tuple[str, str], str],
) -> HourlyLines:
    keys, over = _folded(source, what.reads, by, asked.only)
    under = _folded(source, what.over, by, asked.only)[1] if what.over else None
    held = over if under is None else under
    known = _known(held)
    lines = _shown(held, known)
    rest = [n for n in known if n not in lines] if what.whole else []
    lines = [n for n in lines if n in _known(held[steps])] or lines  # of those, which hold something in the window
    moments = source.array(TIME)
    step_h = _step_h(moments)
    weight = source.array(WEIGHT)[steps, np.newaxis]
    top, slight_count = _picked(over[steps], lines, rest), 0
    if under is not None:
        below = _picked(under[steps], lines, rest)
        slight = SLIGHT_FRAC * _picked(under.max(axis=0, keepdims=True), lines, rest)
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.where(below > slight, top / below, np.nan)
        slight_count = int(((below > 0) & ~(below > slight)).any(axis=1).sum())
        values, weight = (1 - values if what.rest else values), weight * below
    else:
        values = top * (EACH[what.each][0] / step_h) if what.each else top
    labels = [called.get((by, keys[n]), keys[n]) if by else what.title for n in lines]
    return HourlyLines(
        what=what,
        by=by,
        of=of,
        names=(*labels, *([OTHERS] if rest else [])),
        colours=(*(n % COLOURS for n in lines), *([GREY] if rest else [])),
        values=values,
        weight=np.broadcast_to(weight, values.shape),
        moments=moments[steps],
        first=steps.start,
        count=len(over),
        step_h=step_h,
        slight_count=slight_count,
        left_out_count=0 if what.whole else len(known) - len(_shown(held, known)),
    )


def _picked(values: NDArray[Any], lines: Sequence[int], rest: Sequence[int]) -> Floats:
    """The lines that are shown, and the sum of the others where there are any."""
    found = values[:, lines].astype(float)
    return np.column_stack([found, values[:, rest].astype(float).sum(axis=1)]) if rest else found


def _known(values: NDArray[Any]) -> list[int]:
    """Lines that hold anything at all; all of them where none does."""
    found = np.flatnonzero((np.nan_to_num(values) != 0).any(axis=0)).tolist()
    return found or list(range(values.shape[1]))


def _shown(values: NDArray[Any], known: Sequence[int]) -> list[int]:
    """Lines that are told apart: all, or those that hold most, in their own order."""
    if len(known) <= MOST_LINES:
        return list(known)
    sums = np.nan_to_num(values).sum(axis=0, dtype=float)
    return sorted(sorted(known, key=lambda n: -sums[n])[: MOST_LINES - 1])


def _folded(source: _Source, name: str, by: str, only: Mapping[str, str]) -> tuple[list[str], NDArray[Any]]:
    """Keys and lines of an array: those of one way of telling apart, all else added up, (step, line)."""
    dims = [dim for dim in source.dims[name] if dim != TIME]
    holder = next((WAYS[dim][by] for dim in dims if by in WAYS.get(dim, {})), "")
    keys = _keys(source, holder) if holder else [""]
    key = (source.state, name, by, tuple(sorted(only.items())))
    return keys, _MEMORY.get(key, lambda: _fold(source, name, dims, by, only))


def _fold(source: _Source, name: str, dims: Sequence[str], by: str, only: Mapping[str, str]) -> NDArray[Any]:
    values = np.moveaxis(source.array(name), source.dims[name].index(TIME), 0)
    for axis, dim in reversed(list(enumerate(dims, start=1))):
        members = _members(source, dim, values.shape[axis], by, only)
        values = np.moveaxis(np.tensordot(values, members, axes=(axis, 0)), -1, axis)
    # One dimension at most has more than one line left.
    return np.ascontiguousarray(values.reshape(len(values), -1))


def _members(source: _Source, dim: str, size: int, by: str, only: Mapping[str, str]) -> NDArray[np.float32]:
    """Which place of a dimension is of which line, (place, line)."""
    ways = WAYS.get(dim, {})
    own = np.ones(size, dtype=bool)
    for way, holder in ways.items():
        if way in only:
            own &= source.array(holder) == only[way]
    if by not in ways:
        return own[:, np.newaxis].astype(np.float32)
    labels = source.array(ways[by])
    return np.array([(labels == key) & own for key in _keys(source, ways[by])], dtype=np.float32).T


def _keys(source: _Source, holder: str) -> list[str]:
    """The labels of a way of telling apart, each once."""
    return list(dict.fromkeys(source.array(holder).tolist()))


def _ways(source: _Source, what: Hourly) -> tuple[str, ...]:
    """What lines can be told apart by; whatever adds up has one line of all, which comes first."""
    dims = source.dims[what.reads]
    found = [way for dim in dims for way, holder in WAYS.get(dim, {}).items() if len(_keys(source, holder)) > 1]
    return ("", *found) if what.whole or not found else tuple(found)


def _way(source: _Source, what: Hourly, asked: HourQuestion) -> str:
    ways = _ways(source, what)
    if asked.by is None or (not asked.by and ways[0]):  # what does not add up has no line of all
        return ways[0]
    if asked.by not in ways:
        known = ", ".join(way for way in ways if way) or "nothing"
        raise names.refused("absent", "by", asked.by, f"one of {known}, for {asked.variable}")
    return asked.by


def _check_only(source: _Source, what: Hourly, asked: HourQuestion) -> None:
    """Raises Refused for a way that the array has not, or a label that there is not."""
    holders = {way: holder for dim in source.dims[what.reads] for way, holder in WAYS.get(dim, {}).items()}
    for way, key in asked.only.items():
        if way not in holders:
            raise names.refused("absent", "only", way, f"one of {names.listed(holders, way)}, for {asked.variable}")
        keys = _keys(source, holders[way])
        if key not in keys:
            raise names.refused("absent", "only", f"{way}={key}", f"one of {names.listed(keys, key)}")


def _step_h(moments: NDArray[np.str_]) -> float:
    """Length of a step [h]; representative weeks have hours."""
    if len(moments) < 2 or "T" not in str(moments[0]):
        return 1.0
    first, second = (np.datetime64(str(moment)) for moment in moments[:2])
    return float((second - first) / np.timedelta64(1, "m")) / 60


def window(moments: NDArray[np.str_], from_: str, to: str) -> tuple[int, int]:
    """The first step of a window, and the first after it: `LEAST_STEPS` at least. Raises Refused."""
    count, least = len(moments), min(LEAST_STEPS, len(moments))
    first, last = _at(moments, "from", from_, 0), _at(moments, "to", to, count)
    if first >= last:
        expected = f"moments within {moments[0]} to {moments[-1]}, the first before the last"
        raise names.refused("wrong", "from", f"{from_} to {to}", expected)
    length = max(last - first, least)
    first = min(max((first + last - length) // 2, 0), count - length)
    return first, first + length


def _at(moments: NDArray[np.str_], key: str, text: str, otherwise: int) -> int:
    """Which step a moment begins, or for the end of a window, which follows it."""
    text = text.strip().removesuffix("Z")
    if not text:
        return otherwise
    numbered = _STEP.fullmatch(text)
    if numbered:
        return min(int(numbered[1]), len(moments))
    dated = "T" in str(moments[0])
    if dated and QUARTER.fullmatch(text):
        text = first_day(text) if key == "from" else last_day(text)
    if not (_DATED if dated else _WEEKS).fullmatch(text):
        example = "2028, 2028Q3, 2028-07, 2028-07-14 or 2028-07-14T16:00" if dated else "2028, 2028Q3 or 2028Q3 040"
        raise names.refused("wrong", key, text, f"a moment such as {example}")
    if key == "from":
        return int(np.searchsorted(moments, text, "left"))
    return int(np.searchsorted(moments, text + _AFTER, "right"))


def check_table(found: HourlyLines) -> None:
    """Raises Refused where a table of hours would be longer than a response may be."""
    if found.values.size > MOST_FIGURES:
        raise Refused("long", "from", f"{found.values.size:,} figures", f"at most {MOST_FIGURES:,}: a shorter window")


def _called(settings: Settings, store: ServerStore, id_: str) -> Mapping[tuple[str, str], str]:
    """What sites, platforms, classes and runs of a result are called, by way and key."""
    place = results.folder(settings, store, id_) / "resolved.json"
    return _names(*results.state(place)) if results.is_file(place) else {}


@lru_cache(maxsize=32)
def _names(place: Path, changed: int, size: int) -> Mapping[tuple[str, str], str]:
    del changed, size
    kept = json.loads(place.read_bytes())
    records, asked = kept["records"], kept["asked"]
    found = {("site", key): site["name"].partition(" (")[0] for key, site in records["sites"].items()}
    for key, one in records["accelerators"].items():
        found["platform", key] = one["name"].removeprefix(f"{one['vendor']} ")
    for way, group in (("use_case", "use_cases"), ("run", "training_runs"), ("experiment", "experiments")):
        found |= {(way, key): one["title"] for key, one in asked[group].items()}
    return found
