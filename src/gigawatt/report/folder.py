"""An answer as a folder: page, workbook, tables, charts and figures, all of it at once or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gigawatt.exact import exact
from gigawatt.report.document import Document, Table
from gigawatt.report.writers import csv, page, workbook
from gigawatt.study.answer import plain
from gigawatt.study.files import check_file, refused, sealed, write_whole
from gigawatt.study.result import DATA, Result, check_out, saving
from gigawatt.study.workshop import whole_folder

# The file that says whose folder it is, and what it says.
MARKER, KIND = "report.json", "report"
PAGE, WORKBOOK, SUMMARY, TABLES, CHARTS, CSV = (
    "report.html",
    "workbook.xlsx",
    "summary.json",
    "tables",
    "charts",
    "csv",
)
# Of names by which a file is meant, not a folder.
ENDINGS = (".csv", ".html", ".json", ".md", ".pdf", ".png", ".svg", ".txt", ".xlsx", ".zip")


def check(folder: Path, kind: str = KIND) -> None:
    """Refuse a folder that holds something else, or cannot be written, or is named as a file is.

    kind: what a folder that may be replaced calls itself. Raises OutputError, or OSError.
    """
    if folder.suffix.lower() in ENDINGS and not folder.is_dir():
        raise refused("out", f"{folder}: the name of a file", "a folder, for there are several files to be written")
    check_out(folder, MARKER, kind)


@exact()
def write(answer: Any, document: Document, folder: Path, *, beside: bool = False, kind: str = KIND) -> dict[str, str]:
    """Write everything that an answer says; returns name → path, folder first.

    A result brings its data; beside: to a folder of the answer's own making, file by file; kind: what another folder
    calls itself. Raises OutputError where the folder holds something else, OSError where it cannot be written: a
    failure in the middle leaves nothing behind.
    """
    contents = _contents(answer, document)
    result = getattr(answer, "result", None)
    if beside:
        for name, content in contents.items():
            (folder / name).parent.mkdir(exist_ok=True)
            write_whole(folder / name, content, beside=folder)
        return files(folder, contents)
    if isinstance(result, Result):
        from gigawatt.report.datasets import write_csv

        with saving(result, folder) as place:
            _fill(place, contents)
            write_csv(result, place / CSV)
        return files(folder, contents) | {name: str(folder / file) for name, file in {"csv": CSV, **DATA}.items()}
    _write_alone(contents, folder, kind)
    return files(folder, contents)


def _write_alone(contents: dict[str, bytes], folder: Path, kind: str) -> None:
    check(folder, kind)
    with whole_folder(folder) as new:
        _fill(new, contents)
        names = sorted(path.relative_to(new).as_posix() for path in new.rglob("*"))
        (new / MARKER).write_text(sealed({"kind": kind, "files": [*names, MARKER]}), encoding="utf-8")
        check(folder, kind)  # again: a user may have put something there in the meantime


def _fill(place: Path, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(content)


def _contents(answer: Any, document: Document) -> dict[str, bytes]:
    """What every folder holds, by name."""
    found = {PAGE: page.render(document).encode(), WORKBOOK: workbook.render(document), SUMMARY: _summary(answer)}
    found |= {f"{TABLES}/{name}.csv": text.encode() for name, text in csv.texts(document).items()}
    return found | {f"{CHARTS}/{name}.svg": chart.alone.encode() for name, chart in document.charts().items()}


def _summary(answer: Any) -> bytes:
    """The answer as JSON, without the time that it took: the same question gives the same bytes."""
    found = plain(answer)
    if isinstance(found.get("solver"), dict):
        found["solver"]["wall_s"] = None
    return f"{json.dumps(found, allow_nan=False, ensure_ascii=False)}\n".encode()


def files(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    """Name → path of what is written for every answer."""
    names = {"report": PAGE, "workbook": WORKBOOK, "summary": SUMMARY, "tables": TABLES}
    names |= {"charts": CHARTS} if any(name.startswith(CHARTS) for name in contents) else {}
    return {"folder": str(folder)} | {name: str(folder / file) for name, file in names.items()}


def check_table(place: Path, heads: tuple[str, ...]) -> None:
    """Refuse, before any work is done, a place for rows of a table that cannot be written, or holds another file.

    heads: the last titles of the table, by which an earlier one is known. Raises OutputError, or OSError.
    """
    check_file(place, "predictions", lambda text: tuple(text.partition("\n")[0].split(",")[-len(heads) :]) == heads)


def write_table(table: Table, place: Path) -> dict[str, str]:
    """Write a table as CSV; returns its name → place."""
    write_whole(place, csv.text(table))
    return {table.name: str(place)}
