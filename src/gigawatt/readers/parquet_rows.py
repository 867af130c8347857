"""Tables in Parquet files as a stream of rows of text, read with pyarrow, which is loaded only then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from gigawatt.errors import CatalogError, Fault
from gigawatt.files import opened
from gigawatt.readers.readings import Rejected

BATCH_COUNT = 4_096
MAGIC = b"PAR1"
# What stands for "no value": a number that is none is what data frames write for it.
NULLS = {None: "", "nan": ""}


def is_parquet(file: Path) -> bool:
    """Whether a file begins as Parquet does. Raises CatalogError where it cannot be read."""
    with opened(file, "file") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def parquet_header(file: Path, expected: str) -> list[str]:
    """The columns of a Parquet file.

    expected: what the file should be, in words. Raises CatalogError where pyarrow is not installed, the file is broken
    or a column is there twice.
    """
    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError:
        need = "pyarrow to read it with (the extra gigawatt[parquet]), or the same rows as CSV"
        raise CatalogError([Fault(path=str(file), given="a Parquet file", expected=need)]) from None
    try:
        with parquet.ParquetFile(file) as table:
            names = list(table.schema_arrow.names)
    except (OSError, ValueError) as error:  # pyarrow's own are both
        raise CatalogError([Fault(path=str(file), given=str(error)[:160], expected=expected)]) from None
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        given = f"the column {', '.join(twice)} twice"
        raise CatalogError([Fault(path=str(file), given=given, expected=expected)])
    return names


def parquet_rows(file: Path) -> Iterator[tuple[int, list[str]] | Rejected]:
    """The rows of a Parquet file as text, counted from 1; what is null is "".

    Numbers and times are written as exactly as the file has them, a time without a zone without one.
    """
    parquet: Any = import_module("pyarrow.parquet")
    count = 0
    try:
        with parquet.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=BATCH_COUNT):
                for cells in zip(*map(_texts, batch.columns), strict=True):
                    count += 1
                    yield count, list(cells)
    except (OSError, ValueError) as error:
        reason = f"the file breaks off here, and nothing after it is read: {str(error)[:160]}"
        yield Rejected(line=count + 1, reason=reason)


def _texts(column: Any) -> list[str]:
    """A column's values as text; nested ones, such as tags, as JSON."""
    arrow: Any = import_module("pyarrow")
    kind = column.type
    if arrow.types.is_nested(kind):
        return ["" if value is None else json.dumps(value, default=str) for value in column.to_pylist()]
    if arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind):
        return ["" if value is None else value.decode(errors="replace") for value in column.to_pylist()]
    return [NULLS.get(value, value) for value in column.cast(arrow.string()).to_pylist()]
