"""Lines come in pieces of bounded size, packed or not; what is no text, or cut off, is refused by its line."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from gigawatt.errors import Fault
from gigawatt.readers.traces.pieces import MOST_LINE_BYTES, line_pieces

Refused = Callable[[Callable[[], object]], tuple[Fault, ...]]


def write(folder: Path, data: bytes) -> Path:
    path = folder / "trace.csv"
    path.write_bytes(data)
    return path


def text(path: Path, size_bytes: int = 7) -> bytes:
    pieces = list(line_pieces(path, size_bytes))
    line = 1
    for piece in pieces:
        assert piece.first_line == line
        assert piece.data.endswith(b"\n")
        line += piece.lines_count
    return b"".join(piece.data for piece in pieces)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("size_bytes", [1, 7, 1 << 20])
def test_pieces_are_the_lines_of_the_file(tmp_path: Path, packed: bool, size_bytes: int) -> None:
    data = b"\xef\xbb\xbfa,b\r\n1,2\r\n\n33,44\n5,\xc3\xa9"
    path = write(tmp_path, gzip.compress(data) if packed else data)
    expected = b"a,b\n1,2\n\n33,44\n5,\xc3\xa9\n"
    if size_bytes > 2:
        assert text(path, size_bytes) == expected
    else:
        assert text(path, size_bytes).removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n") == expected


def test_what_was_read_is_told_of_the_file_as_it_lies(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"1,2\n" * 100_000))
    assert [piece.read_bytes for piece in line_pieces(path)][-1] == path.stat().st_size


def test_memory_is_bounded_by_the_piece_and_not_by_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"1700000000000,1024,10\n" * 500_000))
    sizes = [len(piece.data) for piece in line_pieces(path)]
    assert sum(sizes) == 22 * 500_000
    assert max(sizes) <= (1 << 20) + 22


@pytest.mark.parametrize(
    ("data", "given"),
    [
        (b"a,b\n\x00\x01\n", "binary data"),
        (b"a,b\n\xff\xfe\n", "binary data"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00", "text in UTF-16"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"PK\x03\x04\x14\x00", "a zip archive"),
        (b"\x28\xb5\x2f\xfd\x04", "a file packed with zstd"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of Git LFS in place of the file"),
        (b"x" * (MOST_LINE_BYTES + (2 << 20)), "a line 1 that is longer than 4 MB"),
    ],
)
def test_what_is_no_text_is_named(tmp_path: Path, refused: Refused, data: bytes, given: str) -> None:
    path = write(tmp_path, data)
    (fault,) = refused(lambda: list(line_pieces(path)))
    assert fault.path == str(path)
    assert fault.given.startswith(given)
    assert fault.expected == "lines of CSV or JSON in UTF-8, perhaps gzipped"


def test_a_packed_file_that_is_cut_off_says_after_which_line(tmp_path: Path, refused: Refused) -> None:
    lines = b"".join(b"%d,%d\n" % (n * 7919 % 1000003, n * 104729 % 1000003) for n in range(100_000))
    path = write(tmp_path, gzip.compress(lines)[:-5000])
    read: list[int] = []

    def drain() -> None:
        for piece in line_pieces(path, 1 << 16):
            read.append(piece.lines_count)

    (fault,) = refused(drain)
    assert fault.given == f"a gzipped file that is cut off after line {sum(read)}"
    assert 0 < sum(read) < 100_000
    assert fault.expected == "a whole file"


def test_a_packed_file_that_is_broken_is_refused(tmp_path: Path, refused: Refused) -> None:
    data = bytearray(gzip.compress(b"1,2\n" * 1000))
    data[20] ^= 0xFF
    (fault,) = refused(lambda: list(line_pieces(write(tmp_path, bytes(data)))))
    assert fault.given.startswith("a gzipped file that is broken after line 0")


def test_a_folder_and_a_file_that_is_not_there_are_refused(tmp_path: Path, refused: Refused) -> None:
    assert refused(lambda: list(line_pieces(tmp_path)))[0].given == "a folder"
    (fault,) = refused(lambda: list(line_pieces(tmp_path / "none.csv")))
    assert (fault.given, fault.expected) == ("No such file or directory", "a readable trace")
