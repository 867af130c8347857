"""Parquet as rows of text, exactly as the file has its numbers and times."""

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.parquet_rows import is_parquet, parquet_header, parquet_rows
from gigawatt.readers.readings import Rejected

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def write(folder: Path, **columns: object) -> Path:
    path = folder / "rows.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_values_are_text_as_exact_as_they_are(tmp_path: Path) -> None:
    day = dt.datetime(2026, 1, 1)
    path = write(
        tmp_path,
        decimal=pa.array([Decimal("12.5"), None], pa.decimal128(38, 17)),
        number=pa.array([0.1, float("nan")]),
        utc=pa.array([day, None], pa.timestamp("us", "UTC")),
        naive=pa.array([day, None], pa.timestamp("ns")),
        word=pa.array(["a", None]).dictionary_encode(),
        old=pa.array([b"\xc3\xa4", None]),
        tags=pa.array([{"team": "train"}, None]),
    )
    assert parquet_header(path, "a table") == ["decimal", "number", "utc", "naive", "word", "old", "tags"]
    first, second = parquet_rows(path)
    assert first == (
        1,
        [
            "12.50000000000000000",
            "0.1",
            "2026-01-01 00:00:00.000000Z",
            "2026-01-01 00:00:00.000000000",
            "a",
            "ä",
            '{"team": "train"}',
        ],
    )
    assert second == (2, [""] * 7)


def test_a_file_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    assert is_parquet(write(tmp_path, a=[1]))
    (tmp_path / "text.parquet").write_text("a,b\n")
    assert not is_parquet(tmp_path / "text.parquet")


def test_a_broken_file_is_refused_or_ends_where_it_breaks(tmp_path: Path) -> None:
    path = write(tmp_path, a=list(range(50_000)))
    data = path.read_bytes()
    path.write_bytes(data[:1_000])
    with pytest.raises(CatalogError, match="expected a table"):
        parquet_header(path, "a table")
    path.write_bytes(data[:100] + bytes(1_000) + data[1_100:])
    *_, last = parquet_rows(path)
    assert isinstance(last, Rejected)


def test_without_pyarrow_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, a=[1])
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(CatalogError, match=r"pyarrow to read it with \(the extra gigawatt\[parquet\]\)"):
        parquet_header(path, "a table")


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(CatalogError, match="the column a twice"):
        parquet_header(path, "a table")
