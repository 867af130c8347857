"""What OpenCost answers to /allocation: cost and hours of GPUs by workload, for one window or several [1].

No real answer of a cluster with GPUs is at hand: fields and their meaning are those of OpenCost's own source and of the
specification of its interface, and this reader is tested on tables with these fields.

`totalCost` has OpenCost's adjustments in it, and the shares of idle and shared cost where the question asked for them.
Idle capacity ("__idle__"), volumes that nothing mounts ("__unmounted__") and what has no label ("__unallocated__") are
cost of their own; the GPU hours of idle capacity are no allocation and are not read.

References
----------
1. OpenCost, core/pkg/opencost/allocation_json.go and docs/swagger.json, github.com/opencost/opencost, commit 5f653330.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import read_json
from gigawatt.readers.clock import milliseconds
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, ReadingSeries, Rejected, Remark, key_of
from gigawatt.readers.single_readings import SingleReading, in_blocks

EXPECTED = 'an answer of OpenCost to /allocation: {"code": 200, "data": [{name: {"window": …, "totalCost": …}, …}]}'
ANSWERED = 200
IDLE = "__idle__"
USD = "USD"
# What GPU feature discovery calls the label of a node's GPUs, as Prometheus spells it.
GPU_LABEL = "nvidia_com_gpu_product"


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
    """Allocations as readings of cost and GPU time, each of the window that was asked for, counted as lines from 1.

    `asked.unit` is the currency that OpenCost is set to; USD where it is not stated, with a remark. Raises CatalogError
    where the file cannot be read or is no answer to /allocation.
    """
    return in_blocks(_items(_allocations(file), asked))


def _allocations(file: Path) -> list[tuple[str, Any]]:
    """Every allocation of every window, with the name that it stands under."""
    answer = read_json(file)
    given = ""
    if not isinstance(answer, dict) or "data" not in answer:
        given = "another JSON file"
    elif answer.get("code", ANSWERED) != ANSWERED:
        given = f"an error: {str(answer.get('message') or answer['code'])[:160]}"
    elif not isinstance(answer["data"], list) or not all(isinstance(one, dict | None) for one in answer["data"]):
        given = "other data, such as that of /allocation/summary or /assets"
    if given:
        raise CatalogError([Fault(path=str(file), given=given, expected=EXPECTED)])
    return [item for one in answer["data"] for item in (one or {}).items()]


def _items(allocations: list[tuple[str, Any]], asked: FileAsked) -> Iterator[SingleReading | Rejected | Remark]:
    taken = 0
    for line, (name, allocation) in enumerate(allocations, start=1):
        try:
            readings = list(_readings(name, allocation, line, asked))
        except ValueError as error:
            yield Rejected(line=line, reason=f"{name[:80]}: {error}")
            continue
        taken += 1
        yield from readings
    yield Remark(code="allocations", text=f"Allocations taken: {taken:,}; lines are their numbers in the file.")
    if not asked.unit:
        text = f"The file does not say its currency, which is whatever OpenCost is set to: taken as {USD}."
        yield Remark(code="currency", text=text)


def _readings(name: str, allocation: Any, line: int, asked: FileAsked) -> Iterator[SingleReading]:
    """Cost of an allocation, and its GPU time where it has any. Raises ValueError, which says what is wrong with it."""
    if not isinstance(allocation, dict):
        raise ValueError("no allocation")
    properties = _table(allocation, "properties")
    window = _table(allocation, "window")
    start_ms, end_ms = (_time(window, edge, asked) for edge in ("start", "end"))
    if end_ms < start_ms:
        raise ValueError("its window ends before it starts")
    cluster = str(properties.get("cluster") or "")
    within = str(properties.get("namespace") or name.removeprefix(f"{cluster}/"))
    place = {
        "site": asked.site,
        "subject": "/".join(dict.fromkeys(filter(None, (cluster, within)))),
        "platform": str(_table(properties, "labels").get(GPU_LABEL) or ""),
    }
    # The window's start and the name are what an allocation is known by: a day asked for at noon is mended at night.
    times = {"line": line, "start_ms": start_ms, "end_ms": end_ms, "key": key_of(name)}
    cost = _number(allocation, "totalCost")
    if cost is None:
        raise ValueError("no totalCost")
    unit = asked.unit or USD
    yield SingleReading(series=ReadingSeries(quantity="cost", unit=unit, **place), value=cost, **times)
    hours = _number(allocation, "gpuHours")
    if hours and not name.endswith(IDLE):
        if hours < 0:
            raise ValueError(f"gpuHours is {hours:g}, below 0")
        yield SingleReading(series=ReadingSeries(quantity="gpu_time", unit="h", **place), value=hours, **times)


def _table(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = of.get(key) or {}
    if not isinstance(found, dict):
        raise ValueError(f"{key} is no table")
    return found


def _time(window: Mapping[str, Any], edge: str, asked: FileAsked) -> int:
    """An edge of a window, for which OpenCost writes the text "null" where it is open."""
    text = str(window.get(edge) or "null")
    if text == "null":
        raise ValueError(f"its window has no {edge}")
    try:
        return milliseconds(text, asked.utc_offset_s)
    except ValueError as error:
        raise ValueError(f"window {edge}: {error}") from None


def _number(allocation: Mapping[str, Any], key: str) -> float | None:
    """A number of an allocation; None where it is null, which OpenCost writes for what is no number."""
    found = allocation.get(key)
    if found is None:
        return None
    try:
        number = math.nan if isinstance(found, bool) or not isinstance(found, int | float) else float(found)
    except OverflowError:  # a whole number beyond all floating-point numbers
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{key} is no number of finite size")
    return number
