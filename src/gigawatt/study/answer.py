"""What every answer has: one head, and one way to become plain data.

An answer is a frozen record of figures in SI, named with their units. Fields marked `UNTOLD` are for a report, and no
part of the data; those marked `SPREAD` hold a record, or a mapping, whose fields stand beside the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from importlib.metadata import version
from pathlib import PurePath
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np

from gigawatt.scenario.schema import Scenario
from gigawatt.study.note import Note

UNTOLD = {"told": False}
SPREAD = {"spread": True}

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What every answer begins with: who gives it, to which scenario (None: to none), and what a reader has to know."""

    gigawatt: str = field(default_factory=lambda: version("gigawatt"))
    scenario: str | None = None
    hash: str | None = None
    notes: tuple[Note, ...] = ()
    missed: tuple[str, ...] = field(default=(), metadata=UNTOLD)
    """Bars that were asked for and are missed, a line each."""


def head_of(scenario: Scenario, notes: tuple[Note, ...] = ()) -> Head:
    """The head of an answer about a scenario."""
    return Head(scenario=scenario.name, hash=scenario.hash, notes=notes)


def copied(cls: type[T], *sources: object, **own: Any) -> T:
    """A record that passes on fields of others, each from the first that has it, beside what is its own."""
    names = [entry.name for entry in fields(cls) if entry.name not in own]  # type: ignore[arg-type]
    passed = {name: getattr(one, name) for one in reversed(sources) for name in names if hasattr(one, name)}
    return cls(**passed, **own)


def plain(value: Any) -> Any:
    """An answer, or a part of one, as strict JSON data: what does not exist, or is not finite, is null."""
    if is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, PurePath) else value


def _record(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in fields(value):
        item = getattr(value, entry.name)
        if entry.metadata.get("spread"):
            found |= dict.fromkeys(_names(type(value), entry.name)) if item is None else plain(item)
        elif entry.metadata.get("told", True):
            found[entry.name.rstrip("_")] = plain(item)
    return found


def _names(cls: type, name: str) -> list[str]:
    """What a spread record that is not there would have told."""
    hint = get_type_hints(cls)[name]
    kind = next(arg for arg in get_args(hint) if arg is not type(None))
    return [entry.name.rstrip("_") for entry in fields(kind) if entry.metadata.get("told", True)]
