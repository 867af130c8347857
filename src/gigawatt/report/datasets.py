"""The datasets of a result as CSV: tidy tables, one for each set of dimensions, straight from the arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gigawatt.report.hours import daily
from gigawatt.study.result import Result, datasets

# A table of CSV with more rows than this helps nobody.
MOST_ROWS = 50_000
# Rows that are written at once.
BLOCK_ROWS = 5_000
# What a moment of whole seconds ends with.
WHOLE_SECONDS = ".000000000"
# Text with one of these stands in quotes, its own quotes twice.
QUOTE = '"'
SPECIAL = re.compile(r'[",\r\n]')


def write_csv(result: Result, place: Path) -> None:
    """Write every dataset of a result to a new folder, a file for each of its tidy tables.

    Numbers are the shortest that read back as the same; what is no number is left empty.
    """
    place.mkdir()
    for name, data in _listed(result).items():
        for labels, table in tidy(data):
            with (place / f"{'.'.join((name, *labels))}.csv").open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines(table))


def _listed(result: Result) -> dict[str, xr.Dataset]:
    """The datasets as they are listed.

    Of long timelines less: tokens by class only, of longer ones means of days. timeline.nc has all of it.
    """
    found, data = datasets(result), result.timeline.data
    if data.served_tokens_per_s.size > MOST_ROWS:
        found["timeline"] = data.assign(served_tokens_per_s=data.served_tokens_per_s.sum("pair", skipna=False))
    if data.stock_count.size > MOST_ROWS:
        found["timeline.daily"] = daily(found.pop("timeline"))
    outages = result.timeline.outages
    labels = {name: ("outage", outages[f"{name}_name"].values[outages[name].values]) for name in ("pair", "kind")}
    return found | {"outages": outages.assign(labels)}


def tidy(data: xr.Dataset) -> Iterator[tuple[tuple[str, ...], xr.Dataset]]:
    """A dataset as tables, one for each set of dimensions, named by it: its variables, in the order of its dimensions.

    A dimension without labels, such as the rows of the long table, names nothing and is no column; a set with an empty
    dimension, such as the training runs of a scenario without any, is left out.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, line in data.data_vars.items():
        order = tuple(str(dim) for dim in data.dims if dim in line.dims)
        groups.setdefault(order, []).append(str(name))
    for dims, names in sorted(groups.items()):
        if dims and all(data.sizes[dim] for dim in dims):
            yield tuple(dim for dim in dims if dim in data.coords), data[names].transpose(*dims)


def lines(table: xr.Dataset) -> Iterator[str]:
    """A table as CSV, some rows at a time: labels, what stands beside them, then a column for each variable.

    Neighbours that lack a dimension are put side by side before they are repeated over it.
    """
    dims = next(iter(table.data_vars.values())).dims
    labels = [dim for dim in dims if dim in table.coords]
    names = [*labels, *(name for name in table.coords if name not in labels), *table.data_vars]
    yield ",".join(_quoted(str(name)) for name in names) + "\n"
    shape = [table.sizes[dim] for dim in dims]
    parts = []
    for own, some in groupby(names, key=lambda name: table.variables[name].dims):
        lines = [table.variables[name].values for name in some]
        if own != dims:
            rows = zip(*(texts(line).reshape(-1).tolist() for line in lines), strict=True)
            lines = [np.array([",".join(row) for row in rows], dtype=object)]
        spread = [n if dim in own else 1 for dim, n in zip(dims, shape, strict=True)]
        parts += [(own == dims, np.broadcast_to(line.reshape(spread), shape)) for line in lines]
    step = max(BLOCK_ROWS * shape[0] // prod(shape), 1)
    for start in range(0, shape[0], step):
        here = ((plain, line[start : start + step]) for plain, line in parts)
        block = [texts(line) if plain else line for plain, line in here]
        rows = zip(*(line.reshape(-1).tolist() for line in block), strict=True)
        yield "\n".join(map(",".join, rows)) + "\n"


def texts(values: NDArray[Any]) -> NDArray[np.object_]:
    """Values as CSV has them: what is there more than once is put into words once."""
    kind, flat = values.dtype.kind, np.ascontiguousarray(values).reshape(-1)
    if kind not in "fM":
        plain = flat.tolist()
        said = {value: _quoted(str(value)) for value in set(plain)}
        return np.array([said[value] for value in plain], dtype=object).reshape(values.shape)
    bits, at = np.unique(flat.view(f"u{flat.itemsize}"), return_inverse=True)  # −0 is not 0
    known = bits.view(flat.dtype)
    words = np.array(_moments(known) if kind == "M" else _numbers(known), dtype=object)
    words[np.isnan(known)] = ""
    return words[at].reshape(values.shape)


def _quoted(text: str) -> str:
    return f'"{text.replace(QUOTE, 2 * QUOTE)}"' if SPECIAL.search(text) else text


def _numbers(values: NDArray[Any]) -> list[str]:
    """The shortest numbers that read back as the same."""
    return [repr(value) for value in values.tolist()] if values.dtype == float else [str(value) for value in values]


def _moments(values: NDArray[Any]) -> list[str]:
    moments = np.datetime_as_string(values.astype("datetime64[ns]")).tolist()
    return [moment.replace("T", " ").removesuffix(WHOLE_SECONDS) for moment in moments]
