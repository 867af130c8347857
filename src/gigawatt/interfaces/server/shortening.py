"""Answers that are longer than a response may be: their long lists cut, and a note that says which."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

CODE = "shortened"
# What is left of a list or a table at least, of a text, and how often something is cut before nothing is left to cut.
LEAST, LEAST_TEXT, TRIES = 5, 200, 60
HOW = "the file answer.json of the result has all of it, and its tables can be read in pages"
_HEAD = ("gigawatt", "scenario", "hash")


def shortened(data: Mapping[str, Any], most_bytes: int, how: str = HOW) -> dict[str, Any]:
    """An answer of at most so many bytes as JSON; where it is cut, a note of each list says how far, and how to come by
    the rest.

    >>> found = shortened({"draws": list(range(1000)), "notes": []}, 1_000)
    >>> len(found["draws"]) < 1000, found["notes"][0]["path"]
    (True, 'draws')
    """
    found: dict[str, Any] = dict(data)
    if _size(found) <= most_bytes:
        return found
    cuts: dict[str, tuple[int, int]] = {}
    for _ in range(TRIES):
        over = _size(_noted(found, cuts, how)) - most_bytes
        if over <= 0:
            return _noted(found, cuts, how)
        path = _longest(found)
        if path is None:
            break
        found = _cut(found, path, over, cuts)
    return _noted({key: data[key] for key in _HEAD if key in data}, {"": (0, len(data))}, how)


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def _noted(found: dict[str, Any], cuts: Mapping[str, tuple[int, int]], how: str) -> dict[str, Any]:
    """What is left, with a note of each cut."""
    notes = [
        {"code": CODE, "path": path, "text": f"{kept:,} of {all_:,} are told here; {how}."}
        for path, (kept, all_) in cuts.items()
    ]
    there = found.get("notes")
    return {**found, "notes": [*(there if isinstance(there, list) else []), *notes]}


def _longest(found: Any) -> tuple[str | int, ...] | None:
    """Where the part that takes most room stands, of those that can be cut; the outermost of two that hold the same."""
    most, where = 0, None
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), found)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, str):
            least, inner = LEAST_TEXT, []
        elif isinstance(value, Mapping):
            least, inner = LEAST if path else len(value), list(value.items())
        elif isinstance(value, list):
            least, inner = LEAST, list(enumerate(value))
        else:
            continue
        if len(value) > least and (size := _size(value)) > most:
            most, where = size, path
        else:
            stack += [((*path, key), item) for key, item in inner]
    return where


def _cut(found: Any, path: tuple[str | int, ...], over: int, cuts: dict[str, tuple[int, int]]) -> Any:
    """The answer with one part of it cut to what has room."""
    told = ".".join(map(str, path))
    return _at(found, path, lambda value: _less(value, over, told, cuts))


def _at(value: Any, path: tuple[str | int, ...], change: Any) -> Any:
    """A copy of a value in which what stands at a path is changed."""
    if not path:
        return change(value)
    key, *rest = path
    copy: Any = dict(value) if isinstance(value, Mapping) else list(value)
    copy[key] = _at(value[key], tuple(rest), change)
    return copy


def _less(value: Any, over: int, told: str, cuts: dict[str, tuple[int, int]]) -> Any:
    size, count = _size(value), len(value)
    least = LEAST_TEXT if isinstance(value, str) else LEAST
    # A little less than what has room, for the note takes some as well.
    left = max(least, min(count - 1, int(count * max(size - over - 400, 0) / size)))
    cuts[told] = (left, cuts.get(told, (0, count))[1])
    if isinstance(value, Mapping):
        return dict(list(value.items())[:left])
    return value[:left]
