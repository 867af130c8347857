"""What is wrong with a question about a machine, by its field: ranges, names, and what the kernels refuse."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from gigawatt import units
from gigawatt.catalog import load, to_tokens
from gigawatt.catalog.tables import keys_of
from gigawatt.errors import CalibrationError, CatalogError, Fault, nearest
from gigawatt.study.question import wrong

# Lengths beyond it are slips, and no number of a computer would hold what follows from them.
MOST_LENGTH_TOKENS = 1e9
# So of packages, of tokens of a run, of a price of a GPU-hour, and of a time that somebody waits.
MOST_PACKAGES_COUNT, MOST_RUN_TOKENS, MOST_USD_PER_H, MOST_WAIT_S = 1e9, 1e20, 1e6, 1e6
# Fields whose key says their unit, so that they have no suffix.
UNITS = {"tokens": "tokens", "usd_per_mtok": "usd_per_mtok", "usd_per_gpu_hour": "usd_per_h"}


def out_of_range(question: object, most: Mapping[str, float]) -> Iterator[Fault]:
    """Faults of fields that are not above 0, or more than they may be; what is not asked for has none."""
    for name, limit in most.items():
        value = getattr(question, name)
        if value is None or (0 < value <= limit and math.isfinite(value)):
            continue
        key, suffix = (name, UNITS[name]) if name in UNITS else units.split(name)
        at_most = f" and at most {units.show(limit, suffix)}" if math.isfinite(limit) else ""
        yield wrong_value(key, value, suffix, f"{units.SUFFIXES[suffix].example}, above 0{at_most}")


def wrong_value(key: str, value: float, suffix: str, expected: str) -> Fault:
    """A fault of a number, which is told with its unit."""
    given = units.show(value, suffix) if math.isfinite(value) else f"{value:g}"
    return Fault(path=key, given=given, expected=expected, asked=True)


def looked_up(question: object, kinds: Mapping[str, str], faults: list[Fault]) -> list[Any]:
    """The records of the catalog that fields of a question name, None with a fault for a name that nobody knows.

    A part of which too little is published is a fault too. kinds: field → kind. Raises CatalogError where the catalog
    itself is at fault.
    """
    records = list[Any]()
    for name, kind in kinds.items():
        try:
            found = load.get(kind, getattr(question, name))
        except CatalogError as error:
            if any(fault.path != kind for fault in error.faults):
                raise
            faults += [replace(fault, path=name, asked=True) for fault in error.faults]
            records.append(None)
        else:
            records.append(found)
            if kind == "accelerators" and to_tokens.unpublished(found):
                faults.append(replace(to_tokens.unpublished_fault(found), path=name, asked=True))
    return records


def unknown_engine(name: str, known: Iterable[str]) -> Iterator[Fault]:
    """A fault where software is named that no calibration knows."""
    engines = list(known)
    if name and name not in engines:
        near = nearest(name, {engine: (engine,) for engine in engines}) or engines
        yield wrong("engine", name, f"one of {', '.join(near)}")


@contextmanager
def told_of(question: object) -> Iterator[None]:
    """Faults that kernels find are those of the fields that they name."""
    try:
        yield
    except CalibrationError as error:
        keys = keys_of(type(question))
        raise CalibrationError(
            replace(fault, asked=fault.asked or fault.path in keys) for fault in error.faults
        ) from None
