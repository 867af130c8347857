"""A result as a folder: report, workbook, tables and data, all of it at once or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gigawatt.plan.exact import exact
from gigawatt.report.datasets import write_csv
from gigawatt.study.answer import plain
from gigawatt.study.result import whole_folder

if TYPE_CHECKING:
    from gigawatt.study.run.answer import RunAnswer
    from gigawatt.study.simulation.answer import SimulationAnswer

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
        write_csv(result, place / "csv")
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
