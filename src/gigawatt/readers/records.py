"""Facts that people keep in a sheet, as CSV: a column `kind`, one `at`, and a column for every key that a kind has.

    kind,at,site,platform,racks,source
    racks,2026-02-25,example-river,gb300,40,delivery note 17

What a cell says is read as `gigawatt ledger record` reads it; an empty cell says nothing. `source` names the document
of the row, which is the file itself where it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gigawatt.errors import CatalogError, Fault
from gigawatt.readers.clock import day_or_time
from gigawatt.readers.readings import FileAsked, FileEvent, ReadingBlock, Rejected, Remark
from gigawatt.readers.streams import csv_header, csv_rows

# What every row says; of its other columns the kind decides.
NEEDED = ("kind", "at")
_EXPECTED = f"a head with the columns {' and '.join(NEEDED)}"


def read(file: Path, asked: FileAsked) -> Iterator[ReadingBlock | FileEvent | Rejected | Remark]:
    """Every row as an event. Raises CatalogError where the file is no CSV with those columns."""
    head = [word.lower() for word in csv_header(file, _EXPECTED)]
    missing = [name for name in NEEDED if name not in head]
    if missing:
        raise CatalogError([Fault(path=f"{file}: {name}", given="missing", expected=_EXPECTED) for name in missing])
    for row in csv_rows(file):
        if isinstance(row, Rejected):
            yield row
        elif any(cell.strip() for cell in row[1]):
            yield _event(*row, head, asked)


def _event(line: int, cells: list[str], head: list[str], asked: FileAsked) -> FileEvent | Rejected:
    said = {name: cell.strip() for name, cell in zip(head, cells, strict=True) if name and cell.strip()}
    try:
        at_ms = day_or_time(said.pop("at", ""), asked.utc_offset_s)
    except ValueError as error:
        return Rejected(line=line, reason=f"at: {error}")
    return FileEvent(line=line, kind=said.pop("kind", ""), happened_ms=at_ms, values=dict(said))
