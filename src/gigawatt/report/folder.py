"""A result as a folder: report, workbook, tables and data, all of it at once or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from gigawatt.plan.exact import exact
from gigawatt.report.hours import daily, dated
from gigawatt.study.answer import plain
from gigawatt.study.result import Result, datasets, whole_folder

if TYPE_CHECKING:
    import pandas as pd

    from gigawatt.study.run.answer import RunAnswer
    from gigawatt.study.simulation.answer import SimulationAnswer

# A table of CSV with more rows than this helps nobody.
MOST_ROWS = 50_000
# Datasets of a result, by the name of their files.
DATA = ("plan", "inputs", "timeline", "outages", "accounts", "statements", "classes", "platforms")


@exact()
def write(answer: RunAnswer | SimulationAnswer, folder: Path) -> dict[str, str]:
    """Write everything that an answer and its result say; returns name → path, folder first.

    Raises OutputError where the folder holds something else, OSError where it cannot be written. A failure in the
    middle leaves nothing behind.
    """
    from gigawatt.report import page, workbook

    result = answer.result
    with whole_folder(result, folder) as place:
        (place / "report.html").write_text(page.render(result), encoding="utf-8")
        workbook.write(result, place / "workbook.xlsx")
        (place / "summary.json").write_text(_summary(answer), encoding="utf-8")
        _write_tables(result, place / "csv")
    return files(folder)


def _summary(answer: RunAnswer | SimulationAnswer) -> str:
    """The answer as JSON, without the time that it took: the same result gives the same bytes."""
    found = plain(answer)
    if "solver" in found:
        found["solver"]["wall_s"] = None
    return f"{json.dumps(found, allow_nan=False, ensure_ascii=False)}\n"


def files(folder: Path) -> dict[str, str]:
    """Name → path of what `write` writes."""
    data = {name: f"{name}.nc" for name in DATA}
    found = {
        "report": "report.html",
        "workbook": "workbook.xlsx",
        "summary": "summary.json",
        "csv": "csv",
        "scenario": "scenario.toml",
        "resolved": "resolved.json",
        "result": "result.json",
    }
    return {"folder": str(folder)} | {name: str(folder / file) for name, file in (found | data).items()}


def _write_tables(result: Result, place: Path) -> None:
    place.mkdir()
    for name, data in _listed(result).items():
        for dims, table in tidy(data):
            table.to_csv(place / f"{'.'.join((name, *dims))}.csv", index=False, lineterminator="\n")


def _listed(result: Result) -> dict[str, xr.Dataset]:
    """The datasets as they are listed.

    Of long timelines less: tokens by class only, of longer ones means of days. timeline.nc has all of it.
    """
    found, data = datasets(result), result.timeline.data
    if data.served_tokens_per_s.size > MOST_ROWS:
        found["timeline"] = data.assign(served_tokens_per_s=data.served_tokens_per_s.sum("pair"))
    if data.stock_count.size > MOST_ROWS and dated(result):
        found["timeline.daily"] = daily(found.pop("timeline"))
    outages = result.timeline.outages
    labels = {name: ("outage", outages[f"{name}_name"].values[outages[name].values]) for name in ("pair", "kind")}
    return found | {"outages": outages.assign(labels)}


def tidy(data: xr.Dataset) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    """A dataset as tidy tables, one for each set of dimensions, named by it: labels first, then a column a variable.

    A dimension without labels, such as the rows of the long table, names nothing and is no column; a set with an empty
    dimension, such as the training runs of a scenario without any, is left out.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, line in data.data_vars.items():
        order = tuple(str(dim) for dim in data.dims if dim in line.dims)
        groups.setdefault(order, []).append(str(name))
    for dims, names in sorted(groups.items()):
        if not dims or not all(data.sizes[dim] for dim in dims):
            continue
        labels = tuple(dim for dim in dims if dim in data.coords)
        chosen = data[names].transpose(*dims)
        beside = [str(name) for name in chosen.coords if name not in dims]
        yield labels, chosen.to_dataframe(dim_order=list(dims)).reset_index()[[*labels, *beside, *names]]
