"""Facts that people keep in a sheet, as CSV: a column `kind`, one `at`, and a column for every key that a kind has.

    kind,at,site,platform,racks,source
    racks,2026-02-25,example-river,gb300,40,delivery note 17

What a cell says is read as `gigawatt ledger record` reads it; an empty cell says nothing. `source` names the document
of the row, which is the file itself where it is left out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.clock import milliseconds
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, Rejected, Remark

# What every row says; of its other columns the kind decides.
NEEDED = ("kind", "at")


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
    """Every row as an event. Raises CatalogError where the file is no CSV with those columns."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, strict=True)
        try:
            head = [word.strip().lower() for word in next(rows, [])]
            _check(file, head)
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    yield _event(rows.line_num, head, cells, asked)
        except (csv.Error, UnicodeDecodeError) as error:
            fault = Fault(path=f"{file}: line {rows.line_num}", given=str(error)[:80], expected="CSV in UTF-8")
            raise CatalogError([fault]) from None


def _check(file: Path, head: list[str]) -> None:
    faults = [
        Fault(path=f"{file}: {name}", given="missing", expected=f"a head with the columns {' and '.join(NEEDED)}")
        for name in NEEDED
        if name not in head
    ]
    twice = sorted({name for name in head if name and head.count(name) > 1})
    faults += [Fault(path=f"{file}: {name}", given="two columns", expected="one") for name in twice]
    if faults:
        raise CatalogError(faults)


def _event(line: int, head: list[str], cells: list[str], asked: FileAsked) -> FileEvent | Rejected:
    if len(cells) != len(head):
        return Rejected(line=line, reason=f"{len(cells)} cells below {len(head)} columns")
    said = {name: cell.strip() for name, cell in zip(head, cells, strict=True) if name and cell.strip()}
    try:
        at_ms = milliseconds(said.pop("at", ""), asked.utc_offset_s if _timed(cells[head.index("at")]) else 0.0)
    except ValueError as error:
        return Rejected(line=line, reason=f"at: {error}")
    kind = said.pop("kind", "")
    return FileEvent(line=line, kind=kind, happened_ms=at_ms, values=dict(said))


def _timed(text: str) -> bool:
    """Whether a moment is more than a day, which begins at midnight UTC wherever it is."""
    return ":" in text
