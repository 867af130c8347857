"""What two scenarios ask otherwise, place by place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gigawatt import units
from gigawatt.scenario.schema import Asked
from gigawatt.units import show, suffix_at

# Digits of a number that are told: as many as two numbers need to be seen as two.
DIGITS = 6
# Characters of a text that are told.
MOST_TOLD = 80
# What only one of two scenarios has.
THERE = "there"
_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOtherwise:
    """A place of a scenario at which two differ, as a file states it; None where one has nothing there."""

    path: str
    a: str | None
    b: str | None


def otherwise(a: Asked, b: Asked) -> tuple[AskedOtherwise, ...]:
    """Where two scenarios differ. What only one of them has is one place, however much is in it."""
    return tuple(
        AskedOtherwise(path=_spoken(path), a=_told(path, one), b=_told(path, other))
        for path, one, other in _pairs(_plain(asdict(a)), _plain(asdict(b)), "")
    )


def _plain(value: Any) -> Any:
    """Data with a course by quarter, and lists of records by their place."""
    if isinstance(value, Mapping):
        if set(value) == {"periods", "values"}:
            return dict(zip(value["periods"], value["values"], strict=True))
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        return {str(number): _plain(item) for number, item in enumerate(value, 1)}
    return list(value) if isinstance(value, tuple) else value


def _pairs(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys([*one, *other]):
            yield from _pairs(one.get(key, _MISSING), other.get(key, _MISSING), f"{path}.{key}".lstrip("."))
    elif one != other:
        yield path, one, other


def _spoken(path: str) -> str:
    """A path of fields as keys of a file, without their units."""
    return ".".join(units.split(word)[0] for word in path.split("."))


def _told(path: str, value: Any) -> str | None:
    if value is _MISSING or value is None:
        return None
    if isinstance(value, Mapping):
        return THERE
    if isinstance(value, list):
        return ", ".join(str(_told(path, item)) for item in value)[:MOST_TOLD]
    suffix = suffix_at(path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)[:MOST_TOLD]
    return show(float(value), suffix, DIGITS) if suffix else f"{value:g}"
