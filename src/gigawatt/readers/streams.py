"""Files of any length as streams of rows; what breaks in the middle is a line that is not taken, never a traceback."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import check_file
from gigawatt.readers.readings import Rejected

if TYPE_CHECKING:
    from _csv import Reader  # csv's own type, which it does not name

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def opened(file: Path, what: str) -> BinaryIO:
    """A regular file, open for its bytes; what: "CSV file", as an error calls it.

    Raises CatalogError where there is no such file, or where it is a folder, a pipe or a device or cannot be read.
    """
    check_file(file, what)
    return file.open("rb")


def csv_table(file: Path, expected: str) -> tuple[list[str], Iterator[tuple[int, list[str]] | Rejected]]:
    """The header of a CSV file in UTF-8, and its rows, each with the line that it starts on, without empty ones.

    A row of another length than the header, or with loose quotes, is rejected, and the rest of the file read on.

    expected: what the file should be, in words. Raises CatalogError where its first line cannot be read.
    """
    stream = opened(file, "CSV file")
    rows = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""), strict=True)
    try:
        header = [name.strip() for name in next((row for row in rows if row), [])]
        given = "" if any(header) else "an empty file"
    except UnicodeDecodeError:
        given = "text in UTF-16" if _starts(file).startswith(_UTF_16) else "binary data"
    except csv.Error as error:
        given = str(error)
    if not given:
        given = _twice(header)
    if given:
        stream.close()
        raise CatalogError([Fault(path=str(file), given=given, expected=expected)])
    return header, _rows(stream, rows, len(header))


def _starts(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(2)


def _twice(header: list[str]) -> str:
    twice = sorted({name for name in header if header.count(name) > 1})
    return f"the column {', '.join(twice)} twice" if twice else ""


def _rows(stream: BinaryIO, rows: Reader, width: int) -> Iterator[tuple[int, list[str]] | Rejected]:
    with stream:
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
