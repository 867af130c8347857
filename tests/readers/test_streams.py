"""CSV of any length: a header, rows with their lines, and what is wrong with a line told of that line."""

import os
from pathlib import Path

import pytest

from gigawatt.errors import CatalogError
from gigawatt.readers.readings import Rejected
from gigawatt.readers.streams import csv_header, csv_rows, opened


def write(folder: Path, data: bytes) -> Path:
    path = folder / "rows.csv"
    path.write_bytes(data)
    return path


def test_rows_stand_on_the_line_that_they_start_on(tmp_path: Path) -> None:
    path = write(tmp_path, b'\xef\xbb\xbfa , b\r\n1,"x\r\ny"\r\n\r\n2,z')
    assert csv_header(path, "a table") == ["a", "b"]
    assert list(csv_rows(path)) == [(2, ["1", "x\r\ny"]), (5, ["2", "z"])]


def test_a_bad_row_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    items = list(csv_rows(write(tmp_path, b'a,b\n1\n2,3\n"x"y,4\n5,6\n')))
    assert [item.line for item in items if isinstance(item, Rejected)] == [2, 4]
    assert [item for item in items if not isinstance(item, Rejected)] == [(3, ["2", "3"]), (5, ["5", "6"])]


@pytest.mark.parametrize("end", [b'7,"8', b"7,\xff\n9,9\n"])
def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path, end: bytes) -> None:
    *before, last = csv_rows(write(tmp_path, b"a,b\n" + b"1,2\n" * 20_000 + end))
    assert isinstance(last, Rejected)
    assert before[0] == (2, ["1", "2"])


@pytest.mark.parametrize(
    ("data", "given"),
    [
        (b"", "an empty file"),
        (b"\n\n", "an empty file"),
        (b"\xff\xfea\x00", "text in UTF-16"),
        (b"\x80\x81", "binary data"),
        (b"a,a,b\n", "the column a twice"),
    ],
)
def test_what_has_no_header_is_refused(tmp_path: Path, data: bytes, given: str) -> None:
    with pytest.raises(CatalogError, match="expected a table of things") as error:
        csv_header(write(tmp_path, data), "a table of things")
    assert error.value.faults[0].given == given


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert list(csv_rows(write(tmp_path, b"a,b\n"))) == []


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, given in ((tmp_path, "a folder"), (pipe, "a pipe"), (tmp_path / "none", "No such file")):
        with pytest.raises(CatalogError, match=given):
            opened(path, "CSV file")
