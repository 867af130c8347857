"""Files of any length as streams of rows; what breaks in the middle is a line that is not taken, never a traceback."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import no_utf_8, opened
from gigawatt.readers.readings import Rejected

if TYPE_CHECKING:
    from _csv import Reader  # csv's own type, which it does not name


def csv_header(file: Path, expected: str) -> list[str]:
    """The first line of a CSV file in UTF-8 that is not empty.

    expected: what the file should be, in words. Raises CatalogError where it has no such line, or a name in it twice.
    """
    with opened(file, "CSV file") as stream:
        rows = _reader(stream)
        try:
            header = [name.strip() for name in next((row for row in rows if row), [])]
            given = _no_header(header)
        except UnicodeDecodeError:
            stream.seek(0)
            given = no_utf_8(stream.read(2))
        except csv.Error as error:
            given = str(error)
    if given:
        raise CatalogError([Fault(path=str(file), given=given, expected=expected)])
    return header


def csv_rows(file: Path) -> Iterator[tuple[int, list[str]] | Rejected]:
    """The rows below the header of a CSV file, each with the line that it starts on, without empty ones.

    A row of another length than the header, or with loose quotes, is rejected, and the rest of the file read on.
    """
    with opened(file, "CSV file") as stream:
        rows = _reader(stream)
        width = len(next((row for row in rows if row), []))
        while True:
            line = rows.line_num + 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Rejected(line=line, reason=f"quotes that do not close: {error}")
            except UnicodeDecodeError:
                yield Rejected(line=line, reason="no text in UTF-8; from here on the file is not read")
                return
            else:
                if len(cells) == width:
                    yield line, cells
                elif cells:
                    yield Rejected(line=line, reason=f"{len(cells)} cells, and the header has {width}")


def _reader(stream: BinaryIO) -> Reader:
    return csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""), strict=True)


def _no_header(header: list[str]) -> str:
    """Why a line is no header; "" where it is one."""
    # Sheets leave commas behind for columns that nobody filled.
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if not any(header):
        return "an empty file"
    return f"the column {', '.join(twice)} twice" if twice else ""
